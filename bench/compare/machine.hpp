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
  std::string kernel;
  std::string commit;  ///< of this library's source when CMake last looked; "unknown" if there was no git
};

/// Watches the cores for a moment.
Machine look_at_machine();

}  // namespace bench
