// SPDX-License-Identifier: Apache-2.0
/// \file
/// ConsumerId: identifies one consumer to the functions of recovery.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "config.hpp"

namespace tango::inline TANGO_ABI {

/// Identifies one holder of a reliable consumer's place, or of the metrics block of a consumer that may be overrun. It
/// differs from the id of every later holder of the same place or block.
struct ConsumerId {
  std::size_t index = 0;    ///< the place, 0 ... `Places` - 1; or the block, 0 ... `kMaxMeteredConsumers` - 1
  std::uint64_t epoch = 0;  ///< the number of times that it had been taken, this time included
  /// Whether both identify the same consumer, if both are of one channel and of the same sort.
  friend constexpr bool operator==(const ConsumerId&, const ConsumerId&) noexcept = default;
};

}  // namespace tango::inline TANGO_ABI
