// SPDX-License-Identifier: Apache-2.0
// What is made wrong on purpose, and whether a model notices: orders that are weakened (mutants.cpp), steps that are
// left out or moved (steps.cpp).
//
// Caught is what fails in a model: a race, a failed check, a deadlock. Where the checker comes to its own limit
// (Result::limit) nothing is shown, and nothing is caught. An outcome that a model must reach and no longer does:
//
// - is a catch for a step. The models say what has to be possible, and without the step it no longer is: a producer
//   waits for who has gone, a place is never taken again. Nothing else shows what is only missing. If a step is shown
//   with its executions, a fault in any model is named first.
// - cannot be for a weaker order, which allows all that was allowed before: the checker would be wrong, and the run
//   fails.
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <span>
#include <string_view>
#include <vector>

#include "engine.hpp"
#include "equivalent.hpp"
#include "scan.hpp"

namespace tango::model {

struct Count {
  std::size_t sites = 0;
  std::size_t unreached = 0;
  std::size_t tried = 0;
  std::size_t caught = 0;
  std::size_t equivalent = 0;
  std::size_t survived = 0;
  std::size_t bad = 0;  ///< what makes the run worthless: a model that fails by itself, a site that is not understood
  [[nodiscard]] bool good() const noexcept { return unreached + survived + bad == 0; }
};

/// Every order of `text` weakened, every fence dropped, one at a time. Prints a table.
Count try_mutants(const Scan& text, std::vector<Program> models, std::span<const Equivalent> listed, std::ostream& out);

/// Each step, which `plant` makes wrong. Prints a table; `whole`: with the executions that show it.
Count try_steps(std::span<const std::string_view> steps, const std::function<void(std::string_view)>& plant,
                std::vector<Program> models, bool whole, std::ostream& out);

}  // namespace tango::model
