// SPDX-License-Identifier: Apache-2.0
/// \file
/// What this library has set itself to reach, judged by a run's results.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rounds.hpp"

namespace bench {

struct Target {
  std::string id;
  std::string what;
  bool at_least = true;  ///< the value must be at least the target; else at most
  double target = 0;
  std::optional<double> value{};  ///< none: this run could not judge it
  bool met = false;               ///< if there is a value
  std::string note{};             ///< who the best peer was, or why it was not judged
};

/// Every target; those that these results say nothing about have no value.
std::vector<Target> judge(const std::vector<Result>& results);

}  // namespace bench
