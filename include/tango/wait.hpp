// SPDX-License-Identifier: Apache-2.0
/// \file
/// Wait strategies: what a blocking call does between two polls of the channel.
///
/// A strategy is any type with `bool idle(std::uint64_t round) noexcept`. It is called after each poll that found
/// nothing. `round` counts these polls from 0. It returns whether to poll again; false makes the blocking call give up.
/// A deadline is therefore a strategy as well. `Yield` and `SpinThenYield` need an operating system and are in
/// <tango/yield.hpp>.
///
/// A strategy may use the endpoint that is waiting, which has no fragment or reservation open at that time. What a
/// producer's strategy publishes comes before the message that waits. What a consumer's strategy polls is not seen by
/// the waiting caller.
///
/// Thread: the one that waits. A strategy object belongs to one call, or to one range, at a time. State that it keeps,
/// such as a time budget, applies to that whole call or range. Rounds, including those of `Bounded`, are counted from 0
/// for each fragment.
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

/// Polls again at once. It has the lowest latency, but takes a whole core and, with SMT, much of its sibling.
struct Busy {
  /// Returns true: poll again.
  [[gnu::always_inline]] bool idle(std::uint64_t) noexcept { return true; }
};

/// Polls again after the core's spin hint (pause, isb). It is a few nanoseconds slower, needs less power and leaves
/// more to an SMT sibling.
struct Pause {
  /// Returns true, after the hint.
  [[gnu::always_inline]] bool idle(std::uint64_t) noexcept {
    detail::pause();
    return true;
  }
};

/// Gives the core's spin hint `N` times before it polls again ("temporal slipping"). A thread that follows right behind
/// the other side takes each cache line away from it just as it is being written. One that stays away for a while finds
/// several messages when it comes back, and both run at full speed: up to several times the throughput of small
/// messages. It costs a waiting thread up to `N` hints of latency, tens of nanoseconds each on many cores. Use it for
/// streams where the rate counts and not the single message, with an `N` of about 100. Needs no operating system.
/// `Backoff<0>` is `Busy`, and `Backoff<1>` is `Pause`.
template <unsigned N>
struct Backoff {
  /// Returns true, after `N` hints.
  [[gnu::always_inline]] bool idle(std::uint64_t) noexcept {
    for (unsigned i = 0; i < N; ++i) {
      detail::pause();
    }
    return true;
  }
};

namespace detail {

/// Refers to the strategy of one call, for the calls which that call makes.
template <WaitStrategy Strategy>
struct StrategyRef {
  Strategy* strategy;
  [[gnu::always_inline]] bool idle(std::uint64_t round) noexcept { return strategy->idle(round); }
};

}  // namespace detail

/// Gives up after `rounds` polls that found nothing. For loops that must be bounded.
struct Bounded {
  /// `looks` is the number of polls, at least one. There is no default, because the bound depends on the call.
  constexpr explicit Bounded(std::uint64_t looks) noexcept : rounds{looks} {}

  std::uint64_t rounds;  ///< polls, at least one
  /// Returns true as long as `round + 1 < rounds`.
  bool idle(std::uint64_t round) noexcept {
    detail::pause();
    return round + 1 < rounds;
  }
};

}  // namespace tango::inline TANGO_ABI
