// SPDX-License-Identifier: Apache-2.0
/// \file
/// The wait policies that every queue is tried with, and what a thread does that waits in vain.
#pragma once

#include <cstdint>
#include <string_view>
#include <tango/wait.hpp>

namespace bench {

/// Looks in a row after which the other side cannot be running, so that a waiting thread lets others run. Set before
/// any thread is started: 0 where there is one core only.
inline std::uint64_t g_looks_before_yield = 100'000;

/// And then this often: seconds, and longer the busier the machine is.
inline std::uint64_t g_yields_before_hopeless = 20'000'000;

/// Lets another thread run; false if the `round`-th look in vain was the last: seconds have gone by.
[[gnu::cold, gnu::noinline]] bool yield_until_hopeless(std::uint64_t round) noexcept;

/// Looks again after so many of the core's spin hints; gives up when it is hopeless. A tango::WaitStrategy.
template <unsigned kPauses>
struct Wait {
  static constexpr const char* kName = kPauses == 0 ? "spin" : kPauses == 1 ? "pause" : "slip";

  [[gnu::always_inline]] bool idle(std::uint64_t round) noexcept {
    constexpr std::uint64_t kLookTakes = kPauses == 0 ? 1 : kPauses;
    tango::Backoff<kPauses>{}.idle(round);
    return round < g_looks_before_yield / kLookTakes || yield_until_hopeless(round);
  }
};
using SpinWait = Wait<0>;
using PauseWait = Wait<1>;
/// Stays away for a while, so that it does not take lines from under the other side's hands. Where the rate counts
/// only: it costs latency.
using SlipWait = Wait<100>;

/// For adapters with calls that wait by themselves and never give up.
struct OwnWait : SpinWait {
  static constexpr const char* kName = "own";
};

/// Calls `attempt` until it answers true; false if the wait was given up.
template <class Wait, class Attempt>
[[gnu::always_inline]] inline bool wait_for(Attempt attempt) noexcept {
  Wait wait;
  for (std::uint64_t round = 0; !attempt(); ++round) {
    if (!wait.idle(round)) [[unlikely]] {
      return false;
    }
  }
  return true;
}

/// Seconds that a run may take. One that has not ended by then is void: some queues' calls wait for ever.
inline unsigned g_patience_s = 120;

/// Whose run it is, for that case.
inline const char* volatile g_running = "the harness";

/// Ends the program with exit code 1: `queue` delivered something wrong, or nothing, so no figure of this run counts.
/// At once and from whichever thread it is, because the other side may wait for ever.
[[noreturn]] void void_run(std::string_view queue, std::string_view what) noexcept;

}  // namespace bench
