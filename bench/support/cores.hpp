// SPDX-License-Identifier: Apache-2.0
/// \file
/// The cores that a benchmark's threads run on.
#pragma once

#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif

namespace bench {

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
