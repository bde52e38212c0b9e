// SPDX-License-Identifier: Apache-2.0
// Steps of the protocol moved or left out: each must make some model fail. With arguments only the steps that are
// named; what then fails is shown with its execution.
#include "steps.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "models.hpp"

namespace tango::model {

namespace {

std::string_view planted_step;

}  // namespace

bool planted(unsigned edit) noexcept { return kEdits[edit].step == planted_step; }

namespace {

int run(const std::vector<std::string_view>& wanted) {
  std::vector<std::pair<std::uint64_t, Program>> models;
  for (Program& program : all_models()) {
    const Result result = explore(program);
    if (const std::string wrong = complaint(program, result); !wrong.empty()) {
      std::printf("FAILED with nothing planted: %s: %s\n", program.name.c_str(), wrong.c_str());
      return 1;
    }
    models.emplace_back(result.executions + result.redundant, std::move(program));
  }
  std::stable_sort(models.begin(), models.end(), [](const auto& a, const auto& b) { return a.first < b.first; });

  std::vector<std::string_view> steps;
  for (const Edit& edit : kEdits) {
    if (std::find(steps.begin(), steps.end(), edit.step) == steps.end()) {
      steps.push_back(edit.step);
    }
  }
  for (const std::string_view step : wanted) {
    if (std::find(steps.begin(), steps.end(), step) == steps.end()) {
      std::printf("FAILED no such step: %.*s\n", static_cast<int>(step.size()), step.data());
      return 1;
    }
  }
  std::size_t tried = 0;
  std::size_t caught = 0;
  for (const std::string_view step : wanted.empty() ? steps : wanted) {
    planted_step = step;
    ++tried;
    std::string by;
    for (const auto& [size, program] : models) {
      const std::string failure = explore(program).failure;
      if (!failure.empty() && failure.rfind("gave up", 0) != 0) {
        by = program.name + ": " + (wanted.empty() ? failure.substr(0, failure.find('\n')) : failure);
        break;
      }
    }
    caught += !by.empty();
    std::printf("%-56.*s %s\n", static_cast<int>(step.size()), step.data(),
                by.empty() ? "SURVIVED" : ("caught      " + by).c_str());
    std::fflush(stdout);
  }
  std::printf("%zu steps: %zu caught, %zu SURVIVED\n", tried, caught, tried - caught);
  return caught != tried;
}

}  // namespace

}  // namespace tango::model

int main(int count, char** arguments) { return tango::model::run({arguments + 1, arguments + count}); }
