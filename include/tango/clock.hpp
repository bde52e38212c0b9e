// SPDX-License-Identifier: Apache-2.0
/// \file
/// Time: a clock is a type with `static Tick now() noexcept`. Here are the core's own counter, the 32-bit stamp that
/// travels as a message's `ts`, and the rate that turns ticks into nanoseconds (calibrate.hpp measures it).
///
/// `TickClock` and `OrderedTickClock` read the same counter, which both sides of a channel must share:
///
/// | | counter | ticks | assumed |
/// | --- | --- | --- | --- |
/// | x86-64 | TSC | 2 - 5 GHz | it is invariant and synchronised between the cores (Linux: clocksource `tsc`) |
/// | AArch64 | CNTVCT_EL0 | 24 MHz - 1 GHz | nothing: the architecture has one system counter |
/// | RISC-V 64 | `time` | 1 - 25 MHz, say | the harts' `time` agrees to a tick, as the architecture says |
///
/// Elsewhere, or where the assumption does not hold: `SteadyClock` in <tango/steady_clock.hpp>, or a type of yours.
/// Ticks are cyclic like sequence numbers (`seq_diff`). Any thread, O(1).
#pragma once

#include <concepts>
#include <cstdint>

#include "config.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

/// A reading of a clock: ticks since some moment that only the clock knows.
using Tick = std::uint64_t;

/// See the file's head. Readings that happen one after the other never decrease.
template <class C>
concept Clock = requires {
  { C::now() }
  noexcept->std::same_as<Tick>;
};

// ------------------------------------------------------------------------------------------------------------ clocks

/// The core's counter, as cheaply as it can be read: 5 - 20 ns. Not ordered with what stands around it: the core may
/// read the counter before a load in front of it has got its value, and after a store behind it has begun. It is right
/// for stamping a message: the stamp is taken before the slot that carries it can be stored.
struct TickClock {
#if defined(__x86_64__)
  [[nodiscard, gnu::always_inline]] static Tick now() noexcept { return __builtin_ia32_rdtsc(); }
#elif defined(__aarch64__)
  [[nodiscard, gnu::always_inline]] static Tick now() noexcept {
    Tick tick;
    asm volatile("mrs %0, cntvct_el0" : "=r"(tick));
    return tick;
  }
#elif defined(__riscv) && __riscv_xlen == 64
  [[nodiscard, gnu::always_inline]] static Tick now() noexcept {
    Tick tick;
    asm volatile("rdtime %0" : "=r"(tick));
    return tick;
  }
#else
  static Tick now() noexcept = delete;  // no counter known here: use SteadyClock, or a clock of your own
#endif
};

/// The same counter, read after every load in front of it has got its value. It is right for saying when a message had
/// arrived: `TickClock` may be read while the slot is still on its way, and then makes latencies too short, even
/// negative. It waits for these loads, so it costs what is left of them, and 10 - 20 ns more than `TickClock`.
struct OrderedTickClock {
#if defined(__x86_64__)
  /// lfence: waits for all loads before it; rdtsc starts afterwards (Intel SDM 2B, RDTSC; AMD: as Linux sets it up).
  [[nodiscard, gnu::always_inline]] static Tick now() noexcept {
    std::uint32_t low;
    std::uint32_t high;
    asm volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return Tick{high} << 32 | low;
  }
#elif defined(__aarch64__)
  /// isb: the counter is not read before what a branch depended on has got its value (Arm ARM, "The virtual counter").
  [[nodiscard, gnu::always_inline]] static Tick now() noexcept {
    Tick tick;
    asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(tick) : : "memory");
    return tick;
  }
#elif defined(__riscv) && __riscv_xlen == 64
  /// Reading `time` is device input to a fence (RISC-V unprivileged specification, Zicsr).
  [[nodiscard, gnu::always_inline]] static Tick now() noexcept {
    Tick tick;
    asm volatile("fence r, i\n\trdtime %0" : "=r"(tick) : : "memory");
    return tick;
  }
#else
  static Tick now() noexcept = delete;  // as TickClock
#endif
};

// ------------------------------------------------------------------------------------------------------------ stamps

/// The low half of a tick: what fits into `ts`.
[[nodiscard]] constexpr std::uint32_t compress(Tick tick) noexcept { return static_cast<std::uint32_t>(tick); }

/// The tick that was compressed to `ts`, given any tick near it: right if -2^31 <= tick - reference < 2^31, over the
/// wrap too. One that lies farther away comes out a multiple of 2^32 ticks off. As Firedancer's
/// `fd_frag_meta_ts_decomp`.
[[nodiscard]] constexpr Tick expand(std::uint32_t ts, Tick reference) noexcept {
  const auto distance = static_cast<std::int32_t>(ts - compress(reference));
  return reference + static_cast<Tick>(std::int64_t{distance});
}

/// What a producer stamps a message with: `publish(bytes, {.ts = stamp()})`.
template <Clock C = TickClock>
[[nodiscard, gnu::always_inline]] inline std::uint32_t stamp() noexcept {
  return compress(C::now());
}

// -------------------------------------------------------------------------------------------------------------- rate

/// How long a tick is, and how well that is known.
class TickRate {
 public:
  /// A tick is a nanosecond, as those of `SteadyClock` are.
  constexpr TickRate() noexcept : TickRate{1, 1} {}

  /// `ticks` take `nanoseconds`; true to `error_ppb` parts per billion. Of a counter whose frequency is known:
  /// `TickRate{24'000'000, 1'000'000'000}`. Precondition (checked): neither is 0. O(1), some 400 ns.
  constexpr TickRate(std::uint64_t ticks, std::uint64_t nanoseconds, std::uint64_t error_ppb = 0) noexcept
      : error_ppb_{error_ppb} {
    TANGO_PRECONDITION(ticks != 0 && nanoseconds != 0, "TickRate: some ticks take some nanoseconds");
    // Long division, until the quotient has 64 digits.
    std::uint64_t rest = nanoseconds % ticks;
    multiplier_ = nanoseconds / ticks;
    while (multiplier_ >> 63 == 0) {
      const bool carry = rest >> 63 != 0;
      rest <<= 1;
      multiplier_ <<= 1;
      ++shift_;
      if (carry || rest >= ticks) {
        rest -= ticks;
        multiplier_ |= 1;
      }
    }
    // Rounded up, so that whole results stay whole: 3 of 3 thirds are 1.
    if (rest != 0 && ++multiplier_ == 0) {
      multiplier_ = std::uint64_t{1} << 63;
      --shift_;
    }
  }

  /// How many nanoseconds `ticks` take, rounded down; 2^64 - 1 if they are more. Of the true value t of this rate, it
  /// is floor(t) to floor(t + t / 2^63): wrong by less than 1 ns up to 292 years. Four multiplications, some 4 ns.
  [[nodiscard]] constexpr std::uint64_t to_ns(std::uint64_t ticks) const noexcept {
    // The product has 128 digits: high and low, from products of halves.
    constexpr std::uint64_t kHalf = 0xFFFF'FFFFu;
    const std::uint64_t cross = (ticks & kHalf) * (multiplier_ >> 32) + ((ticks & kHalf) * (multiplier_ & kHalf) >> 32);
    const std::uint64_t other = (ticks >> 32) * (multiplier_ & kHalf) + (cross & kHalf);
    const std::uint64_t high = (ticks >> 32) * (multiplier_ >> 32) + (cross >> 32) + (other >> 32);
    const std::uint64_t low = ticks * multiplier_;
    if (shift_ >= 64) {
      return high >> (shift_ - 64);
    }
    if (high >> shift_ != 0) {
      return ~std::uint64_t{0};
    }
    return shift_ == 0 ? low : high << (64 - shift_) | low >> shift_;
  }

  /// The nanoseconds from one tick to another, negative if `to` comes first; right while they lie less than 2^63 ticks
  /// apart. Rounded towards 0, and at most 2^63 - 1 either way.
  [[nodiscard]] constexpr std::int64_t ns_between(Tick from, Tick to) const noexcept {
    constexpr std::uint64_t kMost = ~std::uint64_t{0} >> 1;
    const bool is_back = seq_lt(to, from);
    const std::uint64_t ns = to_ns(is_back ? from - to : to - from);
    const auto distance = static_cast<std::int64_t>(ns < kMost ? ns : kMost);
    return is_back ? -distance : distance;
  }

  /// By how many parts per billion the rate, and so each duration made with it, may be wrong.
  [[nodiscard]] constexpr std::uint64_t error_ppb() const noexcept { return error_ppb_; }

 private:
  std::uint64_t multiplier_ = 0;  ///< a tick is multiplier / 2^shift nanoseconds; the top digit is 1
  std::uint64_t error_ppb_ = 0;
  unsigned shift_ = 0;  ///< at most 127
};

}  // namespace tango::inline TANGO_ABI
