// SPDX-License-Identifier: Apache-2.0
/// \file
/// Constants of the layout, the versioned namespace, and the macros that a user may define before including any header:
///
/// | macro | default | meaning |
/// | --- | --- | --- |
/// | `TANGO_PRECONDITION_FAILED(text)` | print `text`, trap | what a violated precondition does; must not return |
/// | `TANGO_SEAM_HEADER` | none | replaces the atomics, for tests (memory/platform.hpp) |
/// | `TANGO_ABI_TAG` | `std`, or `custom` with an override | last part of the versioned namespace's name |
#pragma once

#include <cstddef>
#include <cstdint>

#include "version.hpp"

#if __cplusplus < 202002L
#error "tango needs C++20: compile with -std=c++20 or newer"
#endif

/// Everything in `tango` is declared in one inline namespace, whose name holds the version, the layout version and a tag.
/// Two parts of one program that were compiled with different versions, or with different overrides of the macros above,
/// therefore use different functions instead of silently sharing one of the two ([basic.def.odr]). A program that uses
/// more than one override gives each of them its own `TANGO_ABI_TAG`, an identifier.
#ifndef TANGO_ABI_TAG
#if defined(TANGO_SEAM_HEADER) || defined(TANGO_PRECONDITION_FAILED)
#define TANGO_ABI_TAG custom
#else
#define TANGO_ABI_TAG std
#endif
#endif
#define TANGO_ABI_JOIN(major, minor, patch, layout, tag) v##major##_##minor##_##patch##_layout##layout##_##tag
#define TANGO_ABI_EXPAND(major, minor, patch, layout, tag) TANGO_ABI_JOIN(major, minor, patch, layout, tag)
/// The inline namespace's name.
#define TANGO_ABI \
  TANGO_ABI_EXPAND(TANGO_VERSION_MAJOR, TANGO_VERSION_MINOR, TANGO_VERSION_PATCH, TANGO_LAYOUT_VERSION, TANGO_ABI_TAG)

static_assert(sizeof(std::size_t) == 8 && alignof(std::uint64_t) == 8,
              "tango needs a 64-bit target: sizes and 64-bit words of 8 bytes each, aligned to 8");

namespace tango::inline TANGO_ABI {

/// Bytes of a cache line: the unit in which slots and chunks are laid out. A constant, not
/// `std::hardware_destructive_interference_size`, which changes with compiler flags: layout is part of the interface.
inline constexpr std::size_t kLineSize = 64;

/// Bytes between words that different threads write. Two cache lines, because adjacent-line prefetchers fetch them in
/// pairs.
inline constexpr std::size_t kSeparation = 2 * kLineSize;

/// The largest payload, in bytes, that is stored in its slot's own cache line and takes no chunk.
inline constexpr std::size_t kInlineBytes = 32;

/// Reliable consumers that one channel can have at a time, unless the flow control is made for another number.
inline constexpr std::size_t kMaxReliableConsumers = 8;

}  // namespace tango::inline TANGO_ABI

/// Called when a precondition that can be checked is violated, in every build. It must not return.
#ifndef TANGO_PRECONDITION_FAILED
#if __STDC_HOSTED__ && defined(__unix__)
extern "C" long write(int, const void*, unsigned long);  // POSIX: one call, and no header of the system

namespace tango::inline TANGO_ABI::detail {

/// Writes `tango: precondition failed: <text>` to standard error in one `write`, and traps.
template <std::size_t Size>
[[noreturn, gnu::noinline, gnu::cold]] inline void precondition_failed(const char (&text)[Size]) noexcept {
  constexpr char kPrefix[] = "tango: precondition failed: ";
  constexpr std::size_t kPrefixSize = sizeof kPrefix - 1;
  char line[kPrefixSize + Size];
  __builtin_memcpy(line, kPrefix, kPrefixSize);
  __builtin_memcpy(line + kPrefixSize, text, Size - 1);
  line[kPrefixSize + Size - 1] = '\n';
  static_cast<void>(::write(2, line, sizeof line));
  __builtin_trap();
}

}  // namespace tango::inline TANGO_ABI::detail

#define TANGO_PRECONDITION_FAILED(text) ::tango::detail::precondition_failed(text)
#else
#define TANGO_PRECONDITION_FAILED(text) __builtin_trap()
#endif
#endif

/// Checks a precondition in every build. `text` says what the caller must have done.
#define TANGO_PRECONDITION(condition, text) \
  do {                                      \
    if (!(condition)) [[unlikely]] {        \
      TANGO_PRECONDITION_FAILED(text);      \
    }                                       \
  } while (false)

/// A function on the hot path. In line at any length: a payload's size is often a constant where it is called, and its
/// copy then takes a few instructions in place of a call.
#define TANGO_HOT [[gnu::always_inline]]

/// A function off the hot path: refill, overrun, join, stop. Kept out of line, so that it costs the hot path nothing.
/// Not `gnu::cold`: g++ takes a function that surely calls a cold one for cold itself, and a user's function that makes
/// a Producer and then publishes in a loop would be made small instead of fast.
#define TANGO_COLD [[gnu::noinline]]
