// SPDX-License-Identifier: Apache-2.0
/// \file
/// Time. A clock is a type with `static Tick now() noexcept`. This header has clocks that read the core's own counter,
/// the 32-bit stamp that is sent as a message's `ts`, and the rate that converts ticks into nanoseconds (calibrate.hpp
/// measures it).
///
/// `TickClock` and `OrderedTickClock` read the same counter, which both sides of a channel must share:
///
/// | | counter | ticks | assumption |
/// | --- | --- | --- | --- |
/// | x86-64 | TSC | 2 - 5 GHz | it is invariant and synchronised between the cores (Linux: clocksource `tsc`) |
/// | AArch64 | CNTVCT_EL0 | 24 MHz - 1 GHz | none: the architecture has one system counter |
/// | RISC-V 64 | `time` | typically 1 - 25 MHz | the harts' `time` agrees to a tick, as the architecture requires |
///
/// On other machines, or where the assumption does not hold, use `SteadyClock` in <tango/steady_clock.hpp> or your own
/// clock. Ticks are cyclic like sequence numbers (`seq_diff`).
///
/// Thread: any.
/// Complexity: O(1).
#pragma once

#include <concepts>
#include <cstdint>

#include "config.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

/// A reading of a clock: ticks since an unspecified moment.
using Tick = std::uint64_t;

/// A clock: see the file's head. Consecutive readings never decrease.
template <class C>
concept Clock = requires {
  { C::now() }
  noexcept->std::same_as<Tick>;
};

// ------------------------------------------------------------------------------------------------------------ clocks

/// The core's counter, read as cheaply as possible: 5 - 20 ns. The reading is not ordered with the code around it. The
/// core may read the counter before an earlier load has its value, and after a later store has started. Use it for
/// stamping a message: the stamp is taken before the slot that carries it can be stored.
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

/// The same counter, read after every earlier load has its value. Use it to determine when a message had arrived.
/// `TickClock` may be read while the slot is still being loaded, and then makes latencies too short or even negative.
/// This clock waits for those loads, and takes 10 - 20 ns more than `TickClock` besides.
struct OrderedTickClock {
#if defined(__x86_64__)
  /// lfence waits for all loads before it, and rdtsc starts afterwards (Intel SDM 2B, RDTSC; AMD: as Linux configures
  /// it).
  [[nodiscard, gnu::always_inline]] static Tick now() noexcept {
    std::uint32_t low;
    std::uint32_t high;
    asm volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
    return Tick{high} << 32 | low;
  }
#elif defined(__aarch64__)
  /// After isb, the counter is not read before the values on which an earlier branch depends (Arm ARM, "The virtual
  /// counter").
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

/// The low half of a tick, which fits into `ts`.
[[nodiscard]] constexpr std::uint32_t compress(Tick tick) noexcept { return static_cast<std::uint32_t>(tick); }

/// The tick that was compressed to `ts`, given a tick near it. Correct if -2^31 <= tick - reference < 2^31, also over
/// the wrap. The result for a tick farther away is off by a multiple of 2^32 ticks.
///
/// Source: Firedancer's `fd_frag_meta_ts_decomp`.
[[nodiscard]] constexpr Tick expand(std::uint32_t ts, Tick reference) noexcept {
  const auto distance = static_cast<std::int32_t>(ts - compress(reference));
  return reference + static_cast<Tick>(std::int64_t{distance});
}

/// The stamp of a message: `publish(bytes, {.ts = stamp()})`.
template <Clock C = TickClock>
[[nodiscard, gnu::always_inline]] inline std::uint32_t stamp() noexcept {
  return compress(C::now());
}

// -------------------------------------------------------------------------------------------------------------- rate

/// The duration of a tick, and how accurately it is known.
class TickRate {
 public:
  /// A tick is a nanosecond, as with `SteadyClock`.
  constexpr TickRate() noexcept : TickRate{1, 1} {}

  /// `ticks` ticks take `nanoseconds`, with an error of at most `error_ppb` parts per billion. For a counter of known
  /// frequency: `TickRate{24'000'000, 1'000'000'000}`.
  ///
  /// \pre (checked) Neither number is 0.
  ///
  /// Complexity: O(1), about 400 ns.
  constexpr TickRate(std::uint64_t ticks, std::uint64_t nanoseconds, std::uint64_t error_ppb = 0) noexcept
      : error_ppb_{error_ppb} {
    TANGO_PRECONDITION(ticks != 0 && nanoseconds != 0, "TickRate: neither ticks nor nanoseconds is 0");
    // Long division, until the quotient has 64 binary digits.
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
    // Rounded up, so that whole results stay whole: 3 times a third is 1.
    if (rest != 0 && ++multiplier_ == 0) {
      multiplier_ = std::uint64_t{1} << 63;
      --shift_;
    }
  }

  /// The nanoseconds that `ticks` take, rounded down; 2^64 - 1 if they are more. If t is the exact value at this rate,
  /// the result is between floor(t) and floor(t + t / 2^63), so its error is less than 1 ns up to 292 years.
  ///
  /// Complexity: four multiplications, about 4 ns.
  [[nodiscard]] constexpr std::uint64_t to_ns(std::uint64_t ticks) const noexcept {
    // The product has 128 binary digits, high and low, computed from products of halves.
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

  /// The nanoseconds from one tick to another; negative if `to` is earlier. Correct if the two are less than 2^63 ticks
  /// apart. Rounded towards 0, and at most 2^63 - 1 in either direction.
  [[nodiscard]] constexpr std::int64_t ns_between(Tick from, Tick to) const noexcept {
    constexpr std::uint64_t kMost = ~std::uint64_t{0} >> 1;
    const bool is_back = seq_lt(to, from);
    const std::uint64_t ns = to_ns(is_back ? from - to : to - from);
    const auto distance = static_cast<std::int64_t>(ns < kMost ? ns : kMost);
    return is_back ? -distance : distance;
  }

  /// The largest error of the rate, and of every duration computed with it, in parts per billion.
  [[nodiscard]] constexpr std::uint64_t error_ppb() const noexcept { return error_ppb_; }

 private:
  std::uint64_t multiplier_ = 0;  ///< a tick is multiplier / 2^shift nanoseconds; the top bit is 1
  std::uint64_t error_ppb_ = 0;
  unsigned shift_ = 0;  ///< at most 127
};

}  // namespace tango::inline TANGO_ABI
