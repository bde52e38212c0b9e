// SPDX-License-Identifier: Apache-2.0
/// \file
/// What lies inside a Metrics: a block of counters for the producer and one for each of eight consumers. Every counter is
/// written by the holder of its block alone, through plain loads and stores (no read-modify-write).
///
/// How far an endpoint is follows from its counters: stores are what counting costs, so no position is stored. The holders
/// of a block come one after the other and go on counting; `origin` is the sequence number at which one holder alone would
/// have begun. Only the lag is computed from it, which may be wrong in a snapshot that is taken while an endpoint joins.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "claim.hpp"
#include "counter.hpp"
#include "packed_counter.hpp"

namespace tango::inline TANGO_ABI {

/// Consumers that one Metrics can count at a time.
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

/// The place of a consumer that has none, because it may be overrun.
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

  /// Fragments that were polled or lost.
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
