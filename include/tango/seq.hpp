// SPDX-License-Identifier: Apache-2.0
/// \file
/// Cyclic arithmetic on 64-bit sequence numbers. Numbers wrap from 2^64 - 1 to 0, and the sign of the difference of two
/// numbers says which one is earlier. This is correct as long as the two lie less than 2^63 apart. At a billion
/// messages a second, it takes 292 years to publish so many.
///
/// Source: TCP (RFC 1982) and Firedancer's `fd_tango_base.h` (`fd_seq_lt` and related functions).
///
/// Pure functions: any thread, O(1).
#pragma once

#include <cstdint>

#include "config.hpp"

namespace tango::inline TANGO_ABI {

/// A sequence number. Every value is valid; none is reserved.
using Seq = std::uint64_t;

/// How far `a` is after `b`: negative if `a` is the earlier one.
[[nodiscard]] constexpr std::int64_t seq_diff(Seq a, Seq b) noexcept { return static_cast<std::int64_t>(a - b); }

/// Whether `a` is earlier than `b`.
[[nodiscard]] constexpr bool seq_lt(Seq a, Seq b) noexcept { return seq_diff(a, b) < 0; }

/// Whether `a` is earlier than `b` or equal to it.
[[nodiscard]] constexpr bool seq_le(Seq a, Seq b) noexcept { return seq_diff(a, b) <= 0; }

/// The earlier of two numbers.
[[nodiscard]] constexpr Seq seq_min(Seq a, Seq b) noexcept { return seq_lt(a, b) ? a : b; }

/// The later of two numbers.
[[nodiscard]] constexpr Seq seq_max(Seq a, Seq b) noexcept { return seq_lt(a, b) ? b : a; }

}  // namespace tango::inline TANGO_ABI
