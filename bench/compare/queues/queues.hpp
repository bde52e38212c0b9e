// SPDX-License-Identifier: Apache-2.0
/// \file
/// The queues that can be compared: one .cpp each in this folder. A peer is compiled if CMake found its headers.
#pragma once

#include "../contender.hpp"

namespace bench {

/// This library. `cores`, here and below: how many there are to run threads on.
void enter_tango(Field& field);
void enter_tango_lossy(Field& field, std::size_t cores);

void enter_boost(Field& field);
void enter_moodycamel(Field& field);
void enter_atomic_queue(Field& field, std::size_t cores);
void enter_rigtorp(Field& field);
void enter_mengrao(Field& field);
void enter_drogalis(Field& field);

}  // namespace bench
