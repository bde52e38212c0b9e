// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a run says at its end: for people and for programs.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "contender.hpp"
#include "machine.hpp"
#include "options.hpp"
#include "rounds.hpp"
#include "targets.hpp"

namespace bench {

/// All that there is to tell but for the results.
struct Setting {
  Machine machine;
  Placement placement;
  Plan plan;
  Options options;
  std::string date;  ///< when it began, UTC, as ISO 8601

  /// Whether every thread was tied to its core so far.
  [[nodiscard]] bool pinned() const { return !placement.empty() && g_pin_failures.load() == 0; }
};

void print_setting(const Setting& setting, const Field& field);
void print_result(const Result& result);
void print_targets(const std::vector<Target>& targets);
/// What was not as it should be, if there was anything.
void print_warnings(const Setting& setting);

/// All of it, with every sample.
void write_json(std::ostream& out, const Setting& setting, const Field& field, const std::vector<Result>& results,
                const std::vector<Target>& targets);

}  // namespace bench
