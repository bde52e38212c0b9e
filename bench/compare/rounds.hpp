// SPDX-License-Identifier: Apache-2.0
/// \file
/// How queues are compared on a machine that changes its mind within seconds: many short rounds, all queues in each,
/// ratios within the round. Every round starts with the bare ping-pong. Each queue's setting is chosen in pilot rounds
/// and scored in fresh ones, because the best of many noisy tries is not a result.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "contender.hpp"
#include "statistics.hpp"
#include "workload.hpp"

namespace bench {

/// How long and how carefully to measure.
struct Plan {
  std::uint64_t rounds = 21;
  std::uint64_t pilots = 9;
  std::uint64_t share = 1;  ///< a run does the workload's count divided by this
  /// A workload starts no further round after this time; it has at least one pilot and one round.
  std::chrono::nanoseconds budget = std::chrono::hours{24};
};

/// A contender and what it took in each round.
struct Scored {
  const Contender* contender;
  Samples samples{};
  std::vector<std::pair<std::string, Samples>> also{};
};

struct Result {
  Workload workload;
  Samples bare{};                ///< the bare ping-pong of each round
  std::vector<Scored> pilots{};  ///< every setting
  std::vector<Scored> queues{};  ///< every queue in its best setting, ours first

  /// The first of the queues: what ratios are taken to.
  [[nodiscard]] const Scored& reference() const { return queues.front(); }
};

/// Precondition: somebody takes part, and our own are in the field before the others.
Result measure(const Workload& workload, const Field& field, const Placement& placement, const Plan& plan);

}  // namespace bench
