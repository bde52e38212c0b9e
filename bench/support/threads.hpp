// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the threads of a benchmark share: the wait policy and the cores that they run on.
#pragma once

#include <cstdint>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace bench {

/// The wait policy of every benchmark and every queue: spin without a pause; yield only when the other side has been silent
/// for so long that it cannot be running.
struct Spin {
  static constexpr std::uint64_t kSpins = 100'000;

  [[gnu::always_inline]] bool idle(std::uint64_t round) noexcept {
    if (round >= kSpins) [[unlikely]] {
      std::this_thread::yield();
    }
    return true;
  }
};

/// Calls `attempt` until it answers true.
template <class Attempt>
[[gnu::always_inline]] inline void spin_until(Attempt attempt) noexcept {
  Spin spin;
  for (std::uint64_t round = 0; !attempt(); ++round) {
    spin.idle(round);
  }
}

/// The cores that this process may use.
inline std::vector<int> allowed_cores() {
  std::vector<int> cores;
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(core, &set)) {
        cores.push_back(core);
      }
    }
  }
#endif
  return cores;
}

/// Ties the calling thread to a core; whether that worked.
inline bool pin_to(int core) noexcept {
#if defined(__linux__)
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
#else
  static_cast<void>(core);
  return false;
#endif
}

}  // namespace bench
