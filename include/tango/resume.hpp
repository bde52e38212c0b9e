// SPDX-License-Identifier: Apache-2.0
/// \file
/// Resume: where a consumer that was overrun goes on. The policy is in receive/resume_policy.hpp.
#pragma once

#include <cstdint>

#include "config.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

/// Where a consumer that was overrun goes on.
enum class Resume : std::uint8_t {
  Oldest,  ///< at the oldest fragments still intact, with an eighth of them as headroom; after a few setbacks in a row
           ///< (overruns, fragments overwritten while they were read), at the latest
  Latest,  ///< at the latest fragment
};

}  // namespace tango::inline TANGO_ABI
