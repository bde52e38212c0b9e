// SPDX-License-Identifier: Apache-2.0
/// \file
/// Constants of the layout, and the two macros that a user may set before including any header:
///
/// | macro | default | meaning |
/// | --- | --- | --- |
/// | `TANGO_PRECONDITION_FAILED(text)` | trap | what a violated precondition does; must not return |
/// | `TANGO_SEAM_HEADER` | none | replaces the atomics, for tests (detail/seam.hpp) |
#pragma once

#include <cstddef>
#include <cstdint>

#include "version.hpp"

#if __cplusplus < 202002L
#error "tango needs C++20: compile with -std=c++20 or newer"
#endif

static_assert(sizeof(std::size_t) == 8 && alignof(std::uint64_t) == 8,
              "tango needs a 64-bit target: sizes and 64-bit words of 8 bytes each, aligned to 8");

namespace tango {

/// Bytes that travel together between cores: the unit in which slots and chunks are laid out. A constant, not
/// `std::hardware_destructive_interference_size`: that one changes with compiler flags, and layout is part of the
/// interface.
inline constexpr std::size_t kLineSize = 64;

/// Bytes between words that different threads write. Two lines, because adjacent-line prefetchers fetch lines in pairs.
inline constexpr std::size_t kSeparation = 2 * kLineSize;

/// The largest payload, in bytes, that travels in the slot's own line and takes no chunk.
inline constexpr std::size_t kInlineBytes = 32;

/// Reliable consumers that one channel can have at a time.
inline constexpr std::size_t kMaxReliableConsumers = 8;

}  // namespace tango

/// Called when a precondition that can be checked is violated, in every build. It must not return.
#ifndef TANGO_PRECONDITION_FAILED
#define TANGO_PRECONDITION_FAILED(text) __builtin_trap()
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
