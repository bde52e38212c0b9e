// SPDX-License-Identifier: Apache-2.0
/// \file
/// What is made of the samples: one per round, so that ratios can be taken within the round.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tango/histogram.hpp>
#include <utility>
#include <vector>

namespace bench {

using Samples = std::vector<double>;

/// What a figure was over the rounds.
struct Spread {
  double median;
  double lower;  ///< quartile
  double upper;  ///< quartile
};

/// Precondition: there are samples.
inline Spread spread_of(Samples samples) {
  std::sort(samples.begin(), samples.end());
  const auto at = [&samples](double quantile) {
    const double place = quantile * static_cast<double>(samples.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, samples.size() - 1);
    return std::lerp(samples[below], samples[above], place - static_cast<double>(below));
  };
  return {at(0.5), at(0.25), at(0.75)};
}

/// Round by round.
inline Samples ratios(const Samples& of, const Samples& to) {
  Samples result(std::min(of.size(), to.size()));
  std::transform(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(result.size()), to.begin(), result.begin(),
                 [](double a, double b) { return a / b; });
  return result;
}

/// Of one round's latencies in nanoseconds, by their names; the median first. They are reported as medians over the
/// rounds. To pool the messages of all rounds would show in which round the hypervisor took a core away for
/// milliseconds, whichever queue was running then.
inline std::vector<std::pair<std::string, double>> percentiles_of(const tango::HistogramSnapshot& latencies) {
  const auto at = [&latencies](std::uint32_t per_ten_thousand) {
    return static_cast<double>(latencies.quantile(per_ten_thousand, 10'000));
  };
  return {{"p50", at(5000)}, {"p99", at(9900)}, {"p99.9", at(9990)}, {"max", at(10'000)}};
}

}  // namespace bench
