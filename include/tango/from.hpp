// SPDX-License-Identifier: Apache-2.0
/// \file
/// From: where a consumer starts to read.
///
///     auto consumer = channel.consumer();                  // From::Oldest
///     auto consumer = channel.consumer(tango::From::Next);
///     auto consumer = channel.consumer(17);                // a sequence number
///
/// | | a consumer that may be overrun | a reliable consumer |
/// | --- | --- | --- |
/// | `From::Oldest` | the oldest message that can still be read | where the last consumer left or died (1) |
/// | `From::Start` | the channel's first number (2) | the channel's first number (3) |
/// | `From::Next` | the next message to be published | the next message to be published |
/// | a number | that number (2) | that number (3) |
///
/// 1. If there was none, the oldest message that is still protected.
/// 2. What has been overwritten counts as lost.
/// 3. Or, if that is later: the oldest message that is still protected; or where the dead consumer was whose place it
///    takes over.
///
/// Pure values: any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "config.hpp"
#include "memory/credit_places.hpp"
#include "memory/inside.hpp"
#include "memory/ring.hpp"
#include "memory/ring_control.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

/// Where a consumer starts: see the file's head.
class From {
 public:
  /// See the table.
  enum Point : std::uint8_t { Oldest, Start, Next };

  /// One of the three points.
  constexpr From(Point point) noexcept : point_{point} {}
  /// A sequence number.
  constexpr From(Seq seq) noexcept : seq_{seq}, is_number_{true} {}

  /// The sequence number at which the consumer wants to start, if the producer is at `position`.
  [[nodiscard]] detail::WantedStart resolve(detail::Passkey, const detail::RingControl& control, Seq position,
                                            std::uint64_t depth, bool reliable) const noexcept {
    if (is_number_) {
      return {seq_};
    }
    if (point_ == Next) {
      return {position};
    }
    if (point_ == Start || reliable) {
      return {control.start, point_ == Oldest};
    }
    // Relaxed: what is read there is validated. Clamped: another process may have written an arbitrary value.
    const Seq intact = control.oldest.load(detail::memory_order_relaxed);
    const Seq in_ring = detail::oldest_in_ring(control.start, position, depth);
    return {seq_min(position, seq_max(intact, in_ring))};
  }

 private:
  Seq seq_ = 0;
  Point point_ = Oldest;
  bool is_number_ = false;
};

}  // namespace tango::inline TANGO_ABI
