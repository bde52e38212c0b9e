// SPDX-License-Identifier: Apache-2.0
/// \file
/// Wait strategies that yield the core to other threads. Hosted: `<thread>` is not freestanding.
///
/// Thread: the one that waits.
#pragma once

#include <cstdint>
#include <thread>

#include "config.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// Lets the scheduler run another thread between two polls. That adds microseconds of latency when it happens.
struct Yield {
  /// Returns true, after the yield.
  bool idle(std::uint64_t) noexcept {
    std::this_thread::yield();
    return true;
  }
};

/// Spins for `spins` polls with the core's spin hint, then yields between polls. Latency is low while messages arrive,
/// and the core is free for others when they do not.
struct SpinThenYield {
  std::uint64_t spins = 1000;  ///< polls before the first yield
  /// Returns true, after a hint or a yield.
  bool idle(std::uint64_t round) noexcept {
    if (round < spins) {
      detail::pause();
    } else {
      std::this_thread::yield();
    }
    return true;
  }
};

}  // namespace tango::inline TANGO_ABI
