// SPDX-License-Identifier: Apache-2.0
/// \file
/// Measures how long a clock's tick is, against a clock whose ticks are nanoseconds. A program with an operating system
/// calls the `calibrate()` of <tango/steady_clock.hpp>; one without gives a reference clock of its own.
///
/// A reading s of the reference that stands between two readings of the clock, before and after, was taken while the
/// clock showed something from `before` to `after`: a bracket. The tightest of many brackets at each end, a and b, tell
///
///     nanoseconds that passed   b.s - a.s, give or take the reference's resolution
///     ticks that passed         b.before - a.after  to  b.after - a.before, give or take the clock's resolution
///
/// and the error bound is what these leave open. Being interrupted widens brackets, it does not falsify them.
#pragma once

#include <cstdint>

#include "clock.hpp"
#include "config.hpp"
#include "error.hpp"
#include "result.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

namespace detail {

/// A clock that is looked at again and again.
template <Clock C>
struct Watched {
  Tick last = C::now();
  std::uint64_t resolution = ~std::uint64_t{0};  ///< the smallest step seen: its own, or that of one look to the next
  Status status;                                 ///< `ClockBackwards` once it was

  Tick look() noexcept {
    const Tick now = C::now();
    const std::uint64_t step = now - last;
    if (seq_lt(now, last)) {
      status = status.ok() ? Status{Error::ClockBackwards, now, last} : status;
    } else if (step != 0 && step < resolution) {
      resolution = step;
    }
    last = now;
    return now;
  }
};

/// See the file's head.
struct Bracket {
  Tick before;
  std::uint64_t reference;
  Tick after;
};

/// The tightest of 64.
template <class C, class R>
[[nodiscard]] Bracket tightest_bracket(Watched<C>& clock, Watched<R>& reference) noexcept {
  Bracket best{};
  for (int i = 0; i < 64; ++i) {
    const Bracket bracket{clock.look(), reference.look(), clock.look()};  // braces: from left to right
    if (i == 0 || bracket.after - bracket.before < best.after - best.before) {
      best = bracket;
    }
  }
  return best;
}

/// a * b / c, rounded up; 2^64 - 1 if it is more. None of them is 0.
[[nodiscard]] constexpr std::uint64_t scale(std::uint64_t a, std::uint64_t b, std::uint64_t c) noexcept {
  const std::uint64_t down = TickRate{c, b}.to_ns(a);
  return down < ~std::uint64_t{0} ? down + 1 : down;
}

}  // namespace detail

/// Measures the tick of `C` against `Reference`, whose tick is a nanosecond, over at least `nanoseconds` of it. Spins
/// for that long (but for two steps of the reference at least), and for 128 brackets, some 10 us. The longer, the more
/// exact: the bound is about what two brackets are wide, 100 - 200 ns, over `nanoseconds`. It bounds the error of the
/// ratio between the two clocks; how wrong the reference is (an operating system may slew its own by up to 500 ppm)
/// comes on top.
///
/// `ClockStuck` (ticks, nanoseconds that passed): the clock advanced by no more than it was uncertain, or the reference
/// stood still for 2^24 looks in a row, about a second. `ClockBackwards` (the later reading, the earlier one): one of
/// them did. A counter that is not read where it stands in the program makes brackets that hold nothing: `C` is
/// `OrderedTickClock`, not `TickClock`.
///
/// Thread: any; it may move to another core meanwhile if the cores' clocks agree.
template <Clock C, Clock Reference>
Result<TickRate> calibrate(std::uint64_t nanoseconds) noexcept {
  constexpr std::uint64_t kBillion = 1'000'000'000;
  constexpr std::uint64_t kPatience = std::uint64_t{1} << 24;
  detail::Watched<C> clock;
  detail::Watched<Reference> reference;
  const auto failed = [&] { return !clock.status.ok() || !reference.status.ok(); };

  const detail::Bracket a = detail::tightest_bracket(clock, reference);
  const auto passed = [&] { return reference.last - a.reference; };
  for (std::uint64_t still = 0; !failed() && (passed() < nanoseconds || passed() <= reference.resolution);) {
    const std::uint64_t last = reference.last;
    clock.look();
    still = reference.look() == last ? still + 1 : 0;
    if (still == kPatience) {
      return Status{Error::ClockStuck, clock.last - a.after, passed()};
    }
  }
  const detail::Bracket b = detail::tightest_bracket(clock, reference);
  if (failed()) {
    return clock.status.ok() ? reference.status : clock.status;
  }

  const std::uint64_t ns = b.reference - a.reference;
  if (b.before - a.after <= clock.resolution) {
    return Status{Error::ClockStuck, b.before - a.after, ns};
  }
  const std::uint64_t fewest = b.before - a.after - clock.resolution;
  const std::uint64_t most = b.after - a.before + clock.resolution;
  const std::uint64_t ticks = fewest + (most - fewest) / 2;
  // With e and f the relative errors of the two intervals, that of their ratio is at most e + f + e f.
  const std::uint64_t of_ticks = detail::scale(most - ticks, kBillion, fewest);
  const std::uint64_t of_reference = detail::scale(reference.resolution, kBillion, ns - reference.resolution);
  const std::uint64_t of_both = detail::scale(of_ticks, of_reference, kBillion);
  std::uint64_t error_ppb = 0;
  for (const std::uint64_t part : {of_ticks, of_reference, of_both}) {
    error_ppb = error_ppb + part < part ? ~std::uint64_t{0} : error_ppb + part;
  }
  return TickRate{ticks, ns, error_ppb};
}

}  // namespace tango::inline TANGO_ABI
