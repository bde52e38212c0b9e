// SPDX-License-Identifier: Apache-2.0
/// \file
/// Recovery: takes over from a producer or a reliable consumer that vanished without leaving: its thread was abandoned, or
/// its process was killed. Nothing that was published is lost, changed, or published again.
///
///     if (the producer is known to be dead) channel.recover_producer();
///     auto producer = channel.producer();                     // goes on with the next number
///
/// The library cannot know by itself that an endpoint is dead: time is no proof, and neither is a process id. Call these
/// functions only when something that you trust says so, such as a lock that the kernel releases. All of them may be
/// interrupted anywhere and called again. What each of them repairs: endpoint/recovery.hpp.
///
/// Thread: one at a time, while no other thread uses the dead endpoint or makes a new one of its kind.
#pragma once

#include <cstddef>
#include <cstdint>

#include "config.hpp"
#include "dcache.hpp"
#include "endpoint/recovery.hpp"
#include "fctl.hpp"
#include "fseq.hpp"
#include "mcache.hpp"
#include "memory/inside.hpp"
#include "metrics.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

/// What `recover_producer` found.
struct ProducerRecovery {
  bool was_held = false;  ///< a producer held the channel; else there was nothing to do
  Seq next = 0;           ///< the number that the next producer begins with
  bool closed = false;    ///< the channel is closed: a stop was requested
};

/// Gives the channel back in a dead producer's stead, with everything that it had published.
///
/// \pre The producer is dead (see the file's head).
/// \return Whether there was one, and where its successor goes on.
///
/// O(Depth).
template <std::size_t Depth, class Cache>
TANGO_COLD ProducerRecovery recover_producer(MCache<Depth>& mcache, Cache& dcache, Fseq& fseq,
                                             Metrics* metrics = nullptr) noexcept {
  auto& ring = detail::inside(mcache);
  const detail::RingHolder holder = ring.control.claim.holder().state;
  const Seq next = ring.position();
  if (holder != detail::RingHolder::None) {
    detail::restore_chunks(ring, detail::inside(dcache), next);
    ring.control.advance(next);
    detail::inside(fseq).store(next);
    if (metrics != nullptr) {
      detail::restore_counters(detail::inside(*metrics).producer, ring.slot(next - 1), next);
    }
    if (ring.control.stop_requested() && !ring.control.closed()) {
      ring.control.close(next);
    }
    ring.control.leave();  // last: from here on another producer may come; answers a stop that was requested meanwhile
  } else {
    ring.control.answer_stop();  // a producer may have vanished between giving the channel back and this
  }
  return {holder == detail::RingHolder::Producer, next, ring.control.closed()};
}

/// What becomes of a dead consumer's position.
enum class DeadConsumer : std::uint8_t {
  Keep,  ///< it is kept: the producer waits, and the next consumer goes on there; messages that the dead one had read and
         ///< not given back are delivered again
  Evict,  ///< it is given up, as by `Consumer::resign`
};

/// Frees a dead reliable consumer's place, and its metrics block if it counted. `place` is 0 ... `Places` - 1.
///
/// \pre The consumer in this place is dead (see the file's head).
/// \return Whether there was a consumer in it.
///
/// O(1); with metrics O(their blocks).
template <std::size_t Places>
TANGO_COLD bool recover_consumer(BasicFctl<Places>& fctl, std::size_t place, DeadConsumer what = DeadConsumer::Keep,
                                 Metrics* metrics = nullptr) noexcept {
  TANGO_PRECONDITION(place < Places, "recover_consumer: the place exists");
  auto& flow = detail::inside(fctl);
  const auto found = flow.places[place].claim.holder();
  if (found.state == detail::PlaceState::Free || found.state == detail::PlaceState::Kept ||
      found.state == detail::PlaceState::Orphaned) {
    return false;
  }
  if (metrics != nullptr) {
    for (detail::ConsumerBlock& block : detail::inside(*metrics).consumers) {
      const auto holder = block.claim.holder();
      if (holder.state != detail::BlockState::Free && holder.tag == place) {
        block.claim.reset(holder, detail::BlockState::Free);
      }
    }
  }
  return flow.view().recover(place, found, what == DeadConsumer::Evict);
}

}  // namespace tango::inline TANGO_ABI
