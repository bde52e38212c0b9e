// SPDX-License-Identifier: Apache-2.0
// The oracle: all executions of a tiny program by brute force, straight from the axioms of RC11. It shares nothing
// with the checker: it tries every store for every load and every modification order, and then asks whether the
// result is allowed. Slow, short, and meant to be compared with the paper. A thread that may vanish is cut
// behind each of its steps in turn; and all of a thread happens before an event that awaits its end.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tiny.hpp"

namespace tango::model {

struct OracleResult {
  std::uint64_t executions = 0;
  std::map<std::string, std::uint64_t> outcomes;
};

[[nodiscard]] OracleResult ask_oracle(const TinyProgram& program);

}  // namespace tango::model
