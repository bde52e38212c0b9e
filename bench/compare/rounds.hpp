// SPDX-License-Identifier: Apache-2.0
/// \file
/// How queues are compared on a machine that changes its mind within seconds: many short rounds, all queues in each,
/// ratios within the round. Every round starts with the bare ping-pong. Each queue's setting is chosen in pilot rounds,
/// by ratios within the round too, and scored in fresh ones, because the best of many noisy tries is not a result.
#pragma once

#include <cstdint>
#include <optional>
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
  Samples runs{};  ///< of each run, where a sample is the median of several
};

struct Result {
  Workload workload;
  Samples bare{};                ///< the bare ping-pong of each round
  std::vector<Scored> pilots{};  ///< every setting; without any sample where no queue has a choice
  Samples pilot_reference{};     ///< what a pilot round's samples are taken relative to
  std::vector<Scored> queues{};  ///< every queue in its best setting, ours first

  /// The first of the queues: what ratios are taken to.
  [[nodiscard]] const Scored& reference() const { return queues.front(); }
};

/// Precondition: somebody takes part, and our own are in the field before the others.
Result measure(const Workload& workload, const Field& field, const Placement& placement, const Plan& plan);

/// Pilot rounds after which those that clearly lose are given up.
inline constexpr std::size_t kTrialRounds = 2;

/// Whether a setting has taken more than 1.5 times as long as the best of its queue's in each round so far.
/// Precondition: all have samples of the same rounds.
bool clearly_loses(const Scored& pilot, const std::vector<Scored>& pilots);

/// For each pilot round the median sample of those settings that were in all of them: the state of the machine then.
Samples reference_of(const std::vector<Scored>& pilots);

/// A pilot's median ratio to the reference within the rounds; none if it was given up.
std::optional<double> relative(const Scored& pilot, const Samples& reference);

/// Each queue in the setting whose `relative` is least; in its first one if there is none.
std::vector<Scored> choose(const std::vector<Scored>& pilots, const Samples& reference);

}  // namespace bench
