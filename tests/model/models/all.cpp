// SPDX-License-Identifier: Apache-2.0
#include "../models.hpp"
#include "support.hpp"

namespace tango::model {

std::vector<Program> all_models() {
  std::vector<Program> all;
  add_slot_models(all);
  add_lossy_models(all);
  add_reliable_models(all);
  add_membership_models(all);
  add_object_models(all);
  return all;
}

}  // namespace tango::model
