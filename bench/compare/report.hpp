// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a run says at its end: for people and for programs.
#pragma once

#include <ostream>
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
};

void print_setting(const Setting& setting, const Field& field);
void print_result(const Result& result);
void print_targets(const std::vector<Target>& targets);

/// All of it, with every sample.
void write_json(std::ostream& out, const Setting& setting, const Field& field, const std::vector<Result>& results,
                const std::vector<Target>& targets);

}  // namespace bench
