// SPDX-License-Identifier: Apache-2.0
/// \file
/// Constants of the layout, the versioned namespace, and the macros that a user may define before including any header:
///
/// | macro | default | meaning |
/// | --- | --- | --- |
/// | `TANGO_PRECONDITION_FAILED(text)` | print `text` and trap | what a violated precondition does; must not return |
/// | `TANGO_SEAM_HEADER` | none | replaces the atomics, for tests (memory/platform.hpp) |
/// | `TANGO_ABI_TAG` | `std`, or `custom` with an override | last part of the versioned namespace's name |
#pragma once

#include <cstddef>
#include <cstdint>

#include "version.hpp"

#if __cplusplus < 202002L
#error "tango needs C++20: compile with -std=c++20 or newer"
#endif

/// Everything in `tango` is declared in one inline namespace. Its name holds the version, the layout version and a tag.
/// Two parts of one program that were compiled with different versions, or with different overrides of the macros
/// above, therefore use different functions. Without it, the linker would keep one of the two definitions of each
/// function for both parts ([basic.def.odr]). A program that uses more than one override gives each its own
/// `TANGO_ABI_TAG`, an identifier.
#ifndef TANGO_ABI_TAG
#if defined(TANGO_SEAM_HEADER) || defined(TANGO_PRECONDITION_FAILED)
#define TANGO_ABI_TAG custom
#else
#define TANGO_ABI_TAG std
#endif
#endif
/// For `TANGO_ABI`: joins the values of the macros that it is given.
/// @{
#define TANGO_ABI_JOIN(major, minor, patch, layout, tag) v##major##_##minor##_##patch##_layout##layout##_##tag
#define TANGO_ABI_EXPAND(major, minor, patch, layout, tag) TANGO_ABI_JOIN(major, minor, patch, layout, tag)
/// @}
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

/// Bytes of payload in a slot, unless the channel has other slots (slot_layout.hpp): a slot then takes one cache line.
inline constexpr std::size_t kInlineBytes = 32;

/// The largest number of reliable consumers of one channel at a time, unless its flow control has another number of
/// places.
inline constexpr std::size_t kMaxReliableConsumers = 8;

}  // namespace tango::inline TANGO_ABI

/// Called when a checked precondition is violated, in every build. It must not return. `text` is a string literal.
///
/// Default on a target with an operating system: writes the line `tango: precondition failed: <text>` to standard error
/// and traps. Elsewhere: traps.
#ifndef TANGO_PRECONDITION_FAILED
#if __STDC_HOSTED__ && (defined(__unix__) || defined(__APPLE__))
#define TANGO_ASM_NAME(name) TANGO_ASM_JOIN(__USER_LABEL_PREFIX__, name)
#define TANGO_ASM_JOIN(prefix, name) TANGO_ASM_TEXT(prefix) name
#define TANGO_ASM_TEXT(prefix) #prefix

namespace tango::inline TANGO_ABI::detail {

/// POSIX's `write`, under another name in C++. A declaration of `::write` would repeat the one in <unistd.h>: it would
/// have to agree with it on every system, and compilers can warn about the repetition (-Wredundant-decls).
long write_to_file(int file, const void* bytes, unsigned long size) __asm__(TANGO_ASM_NAME("write"));

/// Writes `line` to standard error with one call, and traps. Its length is not an argument: that would be one more
/// instruction at every check.
[[noreturn, gnu::noinline, gnu::cold]] inline void precondition_failed(const char* line) noexcept {
  static_cast<void>(write_to_file(2, line, __builtin_strlen(line)));
  __builtin_trap();
}

}  // namespace tango::inline TANGO_ABI::detail

#undef TANGO_ASM_NAME
#undef TANGO_ASM_JOIN
#undef TANGO_ASM_TEXT

#define TANGO_PRECONDITION_FAILED(text) ::tango::detail::precondition_failed("tango: precondition failed: " text "\n")
#else
#define TANGO_PRECONDITION_FAILED(text) __builtin_trap()
#endif
#endif

/// Checks a precondition in every build. `text` states what the caller must ensure.
#define TANGO_PRECONDITION(condition, text) \
  do {                                      \
    if (!(condition)) [[unlikely]] {        \
      TANGO_PRECONDITION_FAILED(text);      \
    }                                       \
  } while (false)

/// A function on the hot path. Always inlined: a payload's size is often a constant at the call, and copying it then
/// takes a few instructions instead of a call.
#define TANGO_HOT [[gnu::always_inline]]

/// The same for a lambda, between its parameters and its body, where C++20 has no place for a standard attribute.
#define TANGO_HOT_LAMBDA __attribute__((always_inline))

/// A function off the hot path: refill, overrun, join, stop. Never inlined, so that it costs the hot path nothing. Not
/// `gnu::cold`: g++ also treats a function that always calls a cold one as cold. A user's function that creates a
/// Producer and then publishes in a loop would be optimised for size instead of speed.
#define TANGO_COLD [[gnu::noinline]]
