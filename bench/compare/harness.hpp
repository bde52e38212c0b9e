// SPDX-License-Identifier: Apache-2.0
/// \file
/// How queues are compared on a machine that changes its mind within seconds: many short rounds, all queues in each, ratios
/// within the round, then the median and the quartiles over the rounds. Every round starts with the bare ping-pong of two
/// lines, which is what the machine can do at that moment.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <thread>
#include <vector>

#include "../support/threads.hpp"

namespace bench {

/// Where the two threads run; not pinned if there is none.
struct Placement {
  struct Cores {
    int here;
    int there;
  };
  std::optional<Cores> cores;
};

/// Runs `here` on the calling thread and `there` on another, both at once. What they return first (their own setup, a callable) is
/// run once both have it: `both(placement, make_here, make_there)`. Nanoseconds from then until both have ended.
template <class MakeHere, class MakeThere>
double both(const Placement& placement, MakeHere make_here, MakeThere make_there) {
  using Clock = std::chrono::steady_clock;
  std::atomic<int> ready{0};
  const auto meet = [&ready] {
    ready.fetch_add(1);
    spin_until([&ready] { return ready.load() == 2; });
  };
  Clock::time_point ended_there;
  std::thread other{[&] {
    if (placement.cores) {
      pin_to(placement.cores->there);
    }
    auto there = make_there();
    meet();
    there();
    ended_there = Clock::now();
  }};
  if (placement.cores) {
    pin_to(placement.cores->here);
  }
  Clock::time_point began;
  Clock::time_point ended_here;
  {
    auto here = make_here();
    meet();
    began = Clock::now();
    here();
    ended_here = Clock::now();
    other.join();
  }
  return std::chrono::duration<double, std::nano>(std::max(ended_here, ended_there) - began).count();
}

/// Nanoseconds per round trip of two lines and nothing else: the physical limit of the moment.
inline double bare_ping_pong(const Placement& placement, std::uint64_t round_trips) {
  struct alignas(128) Line {
    std::atomic<std::uint64_t> word{0};
  };
  Line ping;
  Line pong;
  const double nanoseconds = both(
      placement,
      [&] {
        return [&] {
          for (std::uint64_t i = 1; i <= round_trips; ++i) {
            ping.word.store(i, std::memory_order_release);
            spin_until([&] { return pong.word.load(std::memory_order_acquire) == i; });
          }
        };
      },
      [&] {
        return [&] {
          for (std::uint64_t i = 1; i <= round_trips; ++i) {
            spin_until([&] { return ping.word.load(std::memory_order_acquire) == i; });
            pong.word.store(i, std::memory_order_release);
          }
        };
      });
  return nanoseconds / static_cast<double>(round_trips);
}

/// What a figure was over the rounds.
struct Spread {
  double median;
  double lower;  ///< quartile
  double upper;  ///< quartile
};

/// Precondition: there are samples.
inline Spread spread_of(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const auto at = [&samples](double quantile) {
    const double place = quantile * static_cast<double>(samples.size() - 1);
    const auto below = static_cast<std::size_t>(place);
    const std::size_t above = std::min(below + 1, samples.size() - 1);
    return std::lerp(samples[below], samples[above], place - static_cast<double>(below));
  };
  return {at(0.5), at(0.25), at(0.75)};
}

/// Sample by sample.
inline std::vector<double> ratios(const std::vector<double>& of, const std::vector<double>& to) {
  std::vector<double> result;
  std::transform(of.begin(), of.end(), to.begin(), std::back_inserter(result),
                 [](double a, double b) { return a / b; });
  return result;
}

}  // namespace bench
