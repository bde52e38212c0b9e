// SPDX-License-Identifier: Apache-2.0
/// \file
/// Wait strategies that give the core to others. Hosted: `<thread>` is not freestanding.
///
/// Thread: the one that waits.
#pragma once

#include <cstdint>
#include <thread>

#include "config.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// Lets the scheduler run somebody else between two looks. Microseconds of latency when it does.
struct Yield {
  /// True, after the yield.
  bool idle(std::uint64_t) noexcept {
    std::this_thread::yield();
    return true;
  }
};

/// Spins for `spins` looks with the core's spin hint, then yields between looks: low latency while traffic flows, a
/// core for others when it does not.
struct SpinThenYield {
  std::uint64_t spins = 1000;  ///< looks before the first yield
  /// True, after a hint or a yield.
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
