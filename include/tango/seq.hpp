// SPDX-License-Identifier: Apache-2.0
/// \file
/// Cyclic arithmetic on 64-bit sequence numbers, as in TCP (RFC 1982) and Firedancer's `fd_tango_base.h` (`fd_seq_lt`
/// and its kin): numbers wrap from 2^64 - 1 to 0, and which of two comes first is the sign of their difference. Right
/// as long as two numbers that are compared lie less than 2^63 apart, which at a billion messages a second takes 292
/// years.
///
/// Pure functions: any thread, O(1).
#pragma once

#include <cstdint>

#include "config.hpp"

namespace tango::inline TANGO_ABI {

/// A sequence number. Every number is legal, none is a sentinel.
using Seq = std::uint64_t;

/// How far `a` lies past `b`: negative if it comes first.
[[nodiscard]] constexpr std::int64_t seq_diff(Seq a, Seq b) noexcept { return static_cast<std::int64_t>(a - b); }

/// Whether `a` comes before `b`.
[[nodiscard]] constexpr bool seq_lt(Seq a, Seq b) noexcept { return seq_diff(a, b) < 0; }

/// Whether `a` comes before `b` or is `b`.
[[nodiscard]] constexpr bool seq_le(Seq a, Seq b) noexcept { return seq_diff(a, b) <= 0; }

/// The earlier of two numbers.
[[nodiscard]] constexpr Seq seq_min(Seq a, Seq b) noexcept { return seq_lt(a, b) ? a : b; }

/// The later of two numbers.
[[nodiscard]] constexpr Seq seq_max(Seq a, Seq b) noexcept { return seq_lt(a, b) ? b : a; }

}  // namespace tango::inline TANGO_ABI
