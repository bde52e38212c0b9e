// SPDX-License-Identifier: Apache-2.0
/// \file
/// What runs the comparison: CPU, cores, compiler.
#pragma once

#include <string>
#include <vector>

#include "harness.hpp"

namespace bench {

struct Machine {
  std::string cpu;
  std::vector<int> cores;  ///< that this process may use, the best for a comparison first
  std::size_t free_cores;  ///< of these, how many nobody else uses right now
  std::string compiler;
  std::string flags;
};

/// Watches the cores for a moment.
Machine look_at_machine();

}  // namespace bench
