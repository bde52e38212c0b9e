// SPDX-License-Identifier: Apache-2.0
// Steps of the protocol moved or left out: each must make some model fail. With arguments only the steps that are
// named; what then fails is shown with its execution.
#include "steps.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <string_view>
#include <vector>

#include "drivers.hpp"
#include "models.hpp"

namespace tango::model {

namespace {

std::string_view planted_step;

}  // namespace

bool planted(unsigned edit) noexcept { return kEdits[edit].step == planted_step; }

}  // namespace tango::model

int main(int count, char** arguments) {
  using namespace tango::model;
  std::vector<std::string_view> steps;
  for (const Edit& edit : kEdits) {
    if (std::find(steps.begin(), steps.end(), edit.step) == steps.end()) {
      steps.push_back(edit.step);
    }
  }
  const std::vector<std::string_view> wanted{arguments + 1, arguments + count};
  for (const std::string_view step : wanted) {
    if (std::find(steps.begin(), steps.end(), step) == steps.end()) {
      std::printf("FAILED no such step: %.*s\n", static_cast<int>(step.size()), step.data());
      return 1;
    }
  }
  const auto plant = [](std::string_view step) { planted_step = step; };
  return !try_steps(wanted.empty() ? steps : wanted, plant, all_models(), !wanted.empty(), std::cout).good();
}
