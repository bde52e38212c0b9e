// SPDX-License-Identifier: Apache-2.0
/// \file
/// The workloads by their names, and who takes part in each.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "contender.hpp"

namespace bench {

struct Workload {
  std::string name;
  std::string what;
  Kind kind;
  std::size_t bytes;
  std::size_t capacity;  ///< 0: each queue has the best one of those that it was entered with
  Load load;
  std::size_t runs_per_round = 1;  ///< of each queue; their median is the round's sample
  bool quick = false;              ///< part of --quick

  /// Whether its figure is shown as messages per second, more being better, or as nanoseconds.
  [[nodiscard]] bool is_rate() const { return kind != Kind::RoundTrip && kind != Kind::Paced && kind != Kind::Fanout; }
};

/// All of them, in the order in which they run.
std::vector<Workload> all_workloads();

/// The field's contenders that take part, in the field's order.
std::vector<const Contender*> entrants(const Workload& workload, const Field& field);

}  // namespace bench
