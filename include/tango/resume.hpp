// SPDX-License-Identifier: Apache-2.0
/// \file
/// Resume: where a consumer continues after an overrun. The policy is in receive/resume_policy.hpp.
#pragma once

#include <cstdint>

#include "config.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

/// Where a consumer continues after an overrun.
enum class Resume : std::uint8_t {
  Oldest,  ///< near the oldest intact fragment, with an eighth of what is intact as headroom; after several setbacks in
           ///< a row (overruns, fragments overwritten while they were read) at the latest fragment
  Latest,  ///< at the latest fragment
};

}  // namespace tango::inline TANGO_ABI
