// SPDX-License-Identifier: Apache-2.0
/// \file
/// Wait strategies: what a blocking call does between two looks at the channel.
///
/// A strategy is any type with `bool idle(std::uint64_t round) noexcept`. It is called after the `round`-th look in a
/// row that found nothing (from 0), and answers whether to look again: false makes the blocking call give up, so a
/// deadline is a strategy too. `Yield` and `SpinThenYield` need an operating system and live in <tango/yield.hpp>.
///
/// It may use the endpoint that waits, which has nothing open meanwhile: what a producer's strategy publishes comes
/// before the message that waits, and what a consumer's strategy polls is not seen by who waits.
///
/// Thread: the one that waits. A strategy object belongs to one call, or one range, at a time: what it keeps, say a
/// budget, is for all of it. Rounds are counted from 0 for each fragment, and so are those of `Bounded`.
#pragma once

#include <concepts>
#include <cstdint>

#include "config.hpp"
#include "memory/platform.hpp"

namespace tango::inline TANGO_ABI {

/// See the file's head.
template <class S>
concept WaitStrategy = requires(S& strategy, std::uint64_t round) {
  { strategy.idle(round) }
  noexcept->std::same_as<bool>;
};

/// Looks again at once: the lowest latency; takes a whole core and, with SMT, much of its sibling.
struct Busy {
  /// True: look again.
  [[gnu::always_inline]] bool idle(std::uint64_t) noexcept { return true; }
};

/// Looks again after the core's spin hint (pause, isb): a few nanoseconds more, less power, kind to an SMT sibling.
struct Pause {
  /// True, after the hint.
  [[gnu::always_inline]] bool idle(std::uint64_t) noexcept {
    detail::pause();
    return true;
  }
};

/// Gives the core's spin hint `N` times before it looks again ("temporal slipping"). A thread that is right behind the
/// other side takes each line away from it just as it is being written; one that stays away for a while finds several
/// messages when it comes back, and both run at speed: up to some times the throughput of small messages. It costs
/// latency: up to `N` hints, tens of nanoseconds each on many cores, for who had to wait. For streams where the rate
/// counts and not the single message; `N` of 100 or so. Needs no operating system. `Backoff<0>` is `Busy`, `Backoff<1>`
/// `Pause`.
template <unsigned N>
struct Backoff {
  /// True, after `N` hints.
  [[gnu::always_inline]] bool idle(std::uint64_t) noexcept {
    for (unsigned i = 0; i < N; ++i) {
      detail::pause();
    }
    return true;
  }
};

namespace detail {

/// A strategy of one call that is lent to the calls which that one makes.
template <WaitStrategy Strategy>
struct StrategyRef {
  Strategy* strategy;
  [[gnu::always_inline]] bool idle(std::uint64_t round) noexcept { return strategy->idle(round); }
};

}  // namespace detail

/// Gives up after `rounds` looks that found nothing. For loops that must be bounded.
struct Bounded {
  /// `looks` is at least one. There is no default: a bound is a matter of the call.
  constexpr explicit Bounded(std::uint64_t looks) noexcept : rounds{looks} {}

  std::uint64_t rounds;  ///< looks, at least one
  /// True as long as `round + 1 < rounds`.
  bool idle(std::uint64_t round) noexcept {
    detail::pause();
    return round + 1 < rounds;
  }
};

}  // namespace tango::inline TANGO_ABI
