// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ring: the implementation of an MCache, the control words and the slots.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../seq.hpp"
#include "membership.hpp"
#include "ring_control.hpp"
#include "slot.hpp"

namespace tango::inline TANGO_ABI::detail {

/// The producer stores its position when it reaches a multiple of this, when it evicts and when it leaves. The slots
/// show how far it has advanced since. Storing it with every message would slow down small messages considerably
/// (bench/README.md). At most half the depth, so that between two numbers of one slot there is always such a store.
[[nodiscard]] constexpr std::uint64_t position_stride(std::uint64_t depth) noexcept {
  return depth >= 16 ? 8 : depth / 2;
}

/// The next sequence number that will be published: see MCache::position. `observe(s)` is read-step 1 on the slot of
/// `s`.
///
/// Thread: any.
/// Complexity: reads at most `stride` slots.
template <class Observe>
[[nodiscard]] Seq position_of(const RingControl& control, std::uint64_t stride, const Observe& observe) noexcept {
  Seq next = control.position.load(memory_order_acquire);  // pairs with RingControl::advance
  for (std::uint64_t looks = 0; looks != stride; ++looks) {
    const std::int64_t ahead = seq_diff(observe(next), next);
    if (ahead < 0) {
      break;
    }
    if (ahead > 0) {
      // The slot was overwritten or evicted. Either was preceded by the store of a later position, which `observe` made
      // visible.
      return seq_max(next, control.position.load(memory_order_acquire));
    }
    ++next;
  }
  return next;
}

/// The oldest sequence number that may be in the ring, given the channel's `start` and the next number to publish.
[[nodiscard]] constexpr Seq oldest_in_ring(Seq start, Seq next, std::uint64_t depth) noexcept {
  return next - start < depth ? start : next - depth;
}

/// `Depth` is a power of two and at least 2. `Layout` is a SlotLayout.
template <std::size_t Depth, class Layout>
struct Ring {
  using Slot = detail::Slot<Layout>;

  static constexpr std::uint64_t kDepth = Depth;
  static constexpr std::size_t kInlineBytes = Layout::kPayloadBytes;  ///< the largest payload that a slot holds
  static constexpr bool kMetadata = Layout::kMetadata;

  Ring(Seq start, Generation name, ChannelKind kind) noexcept : control{start, name, kind} {
    for (std::size_t i = 0; i != Depth; ++i) {
      // Marked for the first number from `start` on that maps here: a reader that waits for it sees "not ready".
      slot(start + i).seq.mark(start + i);
    }
  }

  /// See `position_stride`.
  static constexpr std::uint64_t kPositionStride = position_stride(Depth);

  RingControl control;
  alignas(kLineSize) Slot slots[Depth];

  /// The slot of a sequence number.
  [[nodiscard]] Slot& slot(Seq seq) noexcept { return slots[seq & (Depth - 1)]; }
  [[nodiscard]] const Slot& slot(Seq seq) const noexcept { return slots[seq & (Depth - 1)]; }

  /// Called after a publish: everything before `next` was published.
  ///
  /// Thread: the producer's.
  TANGO_HOT void published(Seq next) noexcept {
    if (next % kPositionStride == 0) {
      control.advance(next);
    }
  }

  /// The next sequence number that will be published: see MCache::position.
  ///
  /// Thread: any.
  /// Complexity: reads at most `kPositionStride` slots.
  [[nodiscard]] Seq position() const noexcept {
    return position_of(control, kPositionStride, [this](Seq s) noexcept { return slot(s).seq.observe(); });
  }
};

}  // namespace tango::inline TANGO_ABI::detail
