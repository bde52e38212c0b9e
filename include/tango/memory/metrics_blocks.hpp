// SPDX-License-Identifier: Apache-2.0
/// \file
/// The implementation of a Metrics: a block of counters for the producer, and one for each of eight consumers. Only the
/// holder of a block writes its counters, with plain loads and stores (no read-modify-write).
///
/// An endpoint's position is not stored, because the cost of counting is the number of stores. It is computed from the
/// counters instead. The holders of a block follow one another and continue its counters. `origin` is the sequence
/// number at which a single holder would have started. Only the lag is computed from it, and it may be wrong in a
/// snapshot that is taken while an endpoint joins.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "claim.hpp"
#include "counter.hpp"
#include "packed_counter.hpp"

namespace tango::inline TANGO_ABI {

/// The number of consumers that one Metrics can count at a time.
inline constexpr std::size_t kMaxMeteredConsumers = 8;

}  // namespace tango::inline TANGO_ABI

namespace tango::inline TANGO_ABI::detail {

/// The state of a block.
enum class BlockState : std::uint8_t {
  Free = 0,
  Joining = 1,  ///< held; the origin is being written
  Active = 2,   ///< held, and counts towards the lag
  Left = 3,     ///< a producer's block whose holder has left: still counts towards the lag
};

/// The place of a consumer without one: it may be overrun.
inline constexpr std::size_t kNoPlace = 255;

struct alignas(kSeparation) ProducerBlock {
  Claim<BlockState> claim;
  Counter origin;
  PackedCounter published;
  Counter backpressure;
};

struct alignas(kSeparation) ConsumerBlock {
  Claim<BlockState> claim;  ///< its tag is the consumer's place, or `kNoPlace`
  Counter origin;
  Counter consumed;
  Counter consumed_bytes;
  Counter filtered;
  Counter overruns;
  Counter lost;
  Counter rejected;

  /// The number of fragments that were polled or lost.
  [[nodiscard]] std::uint64_t passed() const noexcept {
    return consumed.read() + filtered.read() + lost.read() + rejected.read();
  }
};

struct MetricsBlocks {
  ProducerBlock producer;
  ConsumerBlock consumers[kMaxMeteredConsumers];
};

static_assert(sizeof(MetricsBlocks) == 128 + 8 * 128);

}  // namespace tango::inline TANGO_ABI::detail
