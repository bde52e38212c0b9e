// SPDX-License-Identifier: Apache-2.0
#include "../models.hpp"
#include "support.hpp"

namespace tango::model {

// Positions published lazily: the program `credits, given back lazily` by itself; in the library, batches (given back
// together) and what a filter skips (given back before the consumer goes idle). Chunks recycled while they are hot:
// there is no such thing here, chunks are used first in, first out (send/chunk_ring.hpp); their reuse is what the
// models with chunks are about.
std::vector<Program> all_models() {
  std::vector<Program> all;
  add_slot_models(all);
  add_lossy_models(all);
  add_reliable_models(all);
  add_membership_models(all);
  add_recovery_models(all);
  add_object_models(all);
  add_view_models(all);
  add_layout_models(all);
  return all;
}

}  // namespace tango::model
