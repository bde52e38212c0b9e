// SPDX-License-Identifier: Apache-2.0
/// \file
/// The operating system's monotonic clock as a `Clock`, and the calibration of the core's counter against it. Hosted:
/// `<chrono>`.
///
/// Thread: any.
#pragma once

#include <chrono>
#include <cstdint>

#include "calibrate.hpp"
#include "clock.hpp"
#include "config.hpp"

namespace tango::inline TANGO_ABI {

/// `std::chrono::steady_clock` in nanoseconds. It works on every machine, is monotonic, and is the same on all cores
/// and for all processes of the machine. A reading takes 20 - 50 ns. Its rate is `TickRate{}`.
struct SteadyClock {
  /// Nanoseconds since an unspecified start.
  [[nodiscard]] static Tick now() noexcept {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<Tick>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
  }
};

/// Measures a clock's tick against `SteadyClock`. The default interval of 20 ms is accurate to about 10 ppm. Spins
/// meanwhile, so call it at start-up. An interval of 0 or less is as short as possible. Errors and accuracy: see
/// `calibrate<C, Reference>` (calibrate.hpp).
template <Clock C = OrderedTickClock>
Result<TickRate> calibrate(std::chrono::nanoseconds interval = std::chrono::milliseconds{20}) noexcept {
  return calibrate<C, SteadyClock>(interval.count() > 0 ? static_cast<std::uint64_t>(interval.count()) : 0);
}

}  // namespace tango::inline TANGO_ABI
