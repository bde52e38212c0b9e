// SPDX-License-Identifier: Apache-2.0
// All models, and what one run of a model says.
#pragma once

#include <string>
#include <vector>

#include "engine.hpp"

namespace tango::model {

/// Every model.
[[nodiscard]] std::vector<Program> all_models();

/// What is wrong with a run; empty if nothing.
[[nodiscard]] inline std::string complaint(const Program& program, const Result& result) {
  if (!result.failure.empty()) {
    return (result.limit ? "beyond the checker: " : "") + result.failure;
  }
  if (const std::string missing = result.missing(program); !missing.empty()) {
    return "never reached: " + missing;
  }
  if (program.executions != 0 && program.executions != result.executions) {
    return std::to_string(result.executions) + " executions where there are " + std::to_string(program.executions);
  }
  return result.executions == 0 ? "no execution is complete" : std::string{};
}

}  // namespace tango::model
