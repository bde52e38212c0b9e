// SPDX-License-Identifier: Apache-2.0
/// \file
/// What concerns a channel as a whole: where it starts and ends, who produces, how far it got, who may join. It stands
/// in front of the slots of its MCache, whose head draws the life of a channel (mcache.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../seq.hpp"
#include "claim.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Where the channel stands: the part of the MCache that does not depend on its depth.
struct alignas(kSeparation) RingControl {
  explicit RingControl(Seq first) noexcept
      : start{first}, closed_at{first - 1}, position{first}, oldest{first}, limit{first} {}

  // Written at life events only, so that a consumer which looks at them while it finds nothing shares a line that
  // nobody writes.
  const Seq start;       ///< the first number
  Ownership ownership;   ///< the producer's claim, and the channel's identity
  SharedWord stop{0};    ///< 1 once anyone asked to stop
  SharedWord closed_at;  ///< the number that will never be published; start - 1 as long as the channel is open

  // Written by the producer.
  alignas(kSeparation) SharedWord position;  ///< the next number to publish, as it was lately: see MCache::position
  SharedWord oldest;                         ///< where who was overrun resumes, if later than position - depth: every
                                             ///< fragment before it that held chunks is gone
  SharedWord limit;                          ///< announced: no reliable consumer may start before limit - credits

  /// Everything before `next` was published. Release: pairs with the acquire loads in MCache::position. Thread: who holds
  /// the claim.
  void advance(Seq next) noexcept { position.store(next, memory_order_release); }

  /// Whether the channel is closed. Acquire: pairs with `close`.
  [[nodiscard]] bool closed() const noexcept { return closed_at.load(memory_order_acquire) != start - 1; }

  /// Whether every number before `next` is all that there will be. Acquire: pairs with `close`.
  [[nodiscard]] bool drained(Seq next) const noexcept {
    return closed_at.load(memory_order_acquire) == next && next != start - 1;
  }

  /// Closes the channel: nothing will be published from `at` on. Release: who sees it sees everything before it.
  /// Thread: who holds the claim.
  void close(Seq at) noexcept { closed_at.store(at, memory_order_release); }

  /// Relaxed: carries no data; the claim's handshake below says who answers.
  [[nodiscard]] bool stop_requested() const noexcept { return stop.load(memory_order_relaxed) != 0; }

  /// Asks to stop. Store, fence, look at the claim; a leaving producer does claim, fence, look at stop. Of the two
  /// fences one comes first, so at least one side sees the other, and the claim decides which of them closes.
  TANGO_COLD void ask_to_stop() noexcept {
    stop.store(1, memory_order_relaxed);
    fence(memory_order_seq_cst);  // pairs with the fence in leave
    close_if_unclaimed();
  }

  /// The producer gives the channel back.
  TANGO_COLD void leave() noexcept {
    ownership.release();
    fence(memory_order_seq_cst);  // pairs with the fence in ask_to_stop
    if (stop_requested()) {
      close_if_unclaimed();
    }
  }

 private:
  void close_if_unclaimed() noexcept {
    if (ownership.take(Claim::Closer)) {
      if (!closed()) {
        close(position.load(memory_order_relaxed));  // ordered by the claim, and exact: the last producer left it so
      }
      ownership.release();
    }
  }
};

static_assert(sizeof(RingControl) == 256);
static_assert(offsetof(RingControl, start) == 0 && offsetof(RingControl, ownership) == 8 &&
              offsetof(RingControl, stop) == 24 && offsetof(RingControl, closed_at) == 32 &&
              offsetof(RingControl, position) == 128 && offsetof(RingControl, oldest) == 136 &&
              offsetof(RingControl, limit) == 144);

}  // namespace tango::inline TANGO_ABI::detail
