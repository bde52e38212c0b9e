// SPDX-License-Identifier: Apache-2.0
/// \file
/// Measures the tick of a clock against a clock whose ticks are nanoseconds. A program with an operating system calls
/// the `calibrate()` of <tango/steady_clock.hpp>. A program without one provides its own reference clock.
///
/// A reading s of the reference between two readings of the clock, `before` and `after`, was taken while the clock
/// showed a value from `before` to `after`. This is called a bracket. The tightest of many brackets at each end, a and
/// b, determine
///
///     nanoseconds that passed   b.s - a.s, give or take the reference's resolution
///     ticks that passed         b.before - a.after  to  b.after - a.before, give or take the clock's resolution
///
/// The error bound is the remaining uncertainty. An interruption makes a bracket wider but not wrong.
#pragma once

#include <cstdint>

#include "clock.hpp"
#include "config.hpp"
#include "error.hpp"
#include "result.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

namespace detail {

/// A clock that is read repeatedly.
template <Clock C>
struct Watched {
  Tick last = C::now();
  std::uint64_t resolution =
      ~std::uint64_t{0};  ///< the smallest step seen: its own, or that from one reading to the next
  Status status;          ///< `ClockBackwards` once that was seen

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

/// A bracket: see the file's head.
struct Bracket {
  Tick before;
  std::uint64_t reference;
  Tick after;
};

/// The tightest of 64 brackets.
template <class C, class R>
[[nodiscard]] Bracket tightest_bracket(Watched<C>& clock, Watched<R>& reference) noexcept {
  Bracket best{};
  for (int i = 0; i < 64; ++i) {
    const Bracket bracket{clock.look(), reference.look(), clock.look()};  // braces: evaluated from left to right
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

/// Measures the tick of `C` against `Reference`, whose tick is a nanosecond, over at least `nanoseconds`. Spins for
/// that long, but for at least two steps of the reference, and for 128 brackets (about 10 us). A longer interval is
/// more accurate: the bound is about the width of two brackets, 100 - 200 ns, divided by `nanoseconds`. It bounds the
/// error of the ratio between the two clocks. The error of the reference comes on top; an operating system may slew its
/// clock by up to 500 ppm.
///
/// Use `OrderedTickClock` and not `TickClock` for `C`. The brackets of a counter that is not read in program order are
/// wrong.
///
/// \retval ClockStuck The clock advanced by no more than its uncertainty, or the reference did not advance in 2^24
///         consecutive readings, about a second (ticks, nanoseconds that passed).
/// \retval ClockBackwards One of the clocks went backwards (the later reading, the earlier one).
/// \return Otherwise the rate.
///
/// Thread: any. The thread may move to another core meanwhile if the cores' clocks agree.
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
