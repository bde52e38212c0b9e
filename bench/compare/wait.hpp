// SPDX-License-Identifier: Apache-2.0
/// \file
/// The two wait policies that every queue is tried with, and what a thread does that waits in vain.
#pragma once

#include <cstdint>
#include <string_view>
#include <tango/wait.hpp>

namespace bench {

/// Looks in a row after which the other side cannot be running, so that a waiting thread lets others run. Set before
/// any thread is started: 0 where there is one core only.
inline std::uint64_t g_looks_before_yield = 100'000;

/// Lets another thread run; false if the `round`-th look in vain was the last: seconds have gone by.
[[gnu::cold, gnu::noinline]] bool yield_until_hopeless(std::uint64_t round) noexcept;

/// Looks again at once (`kPauses`: after the core's spin hint); gives up when it is hopeless. A tango::WaitStrategy.
template <bool kPauses>
struct Wait {
  static constexpr const char* kName = kPauses ? "pause" : "spin";

  [[gnu::always_inline]] bool idle(std::uint64_t round) noexcept {
    if constexpr (kPauses) {
      tango::Pause{}.idle(round);
    }
    return round < g_looks_before_yield || yield_until_hopeless(round);
  }
};
using SpinWait = Wait<false>;
using PauseWait = Wait<true>;

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

/// Ends the program with exit code 1: `queue` delivered something wrong, or nothing, so no figure of this run counts.
/// At once and from whichever thread it is, because the other side may wait for ever.
[[noreturn]] void void_run(std::string_view queue, std::string_view what) noexcept;

}  // namespace bench
