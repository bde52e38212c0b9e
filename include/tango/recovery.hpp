// SPDX-License-Identifier: Apache-2.0
/// \file
/// Recovery: takes over from an endpoint that vanished without leaving: its thread was abandoned, or its process was
/// killed. No published message is changed or published again. Only `DeadConsumer::Evict` gives messages up.
///
///     if (the producer is known to be dead) channel.recover_producer();
///     auto producer = channel.producer();                     // continues with the next sequence number
///
/// The library cannot find out by itself that an endpoint is dead. A timeout is not proof, and neither is a process id.
/// Call these functions only when something that you trust establishes it, such as a lock that the kernel releases. All
/// of them may be interrupted anywhere and called again. What is repaired for a producer is listed in
/// endpoint/recovery.hpp, and for a consumer at `CreditPlacesView::recover`.
///
/// A consumer is identified by its ConsumerId. Ask for the id, then find out whether that consumer is dead, then
/// recover it. If another consumer has taken the place in the meantime, the call does nothing.
///
/// Thread, of the functions called `recover_…`: one at a time, while no other thread uses the dead endpoint. While a
/// producer is recovered, no other one is created.
#pragma once

#include <cstddef>
#include <cstdint>

#include "config.hpp"
#include "consumer_id.hpp"
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
  bool was_held = false;  ///< whether a producer held the channel
  Seq next = 0;           ///< the first sequence number of the next producer
  bool closed = false;    ///< whether the channel is closed
};

namespace detail {

/// `recover_producer`. `store` is null without a DCache. `message_bytes` is the size of every message on a channel
/// without metadata.
template <class Ring, class Store>
TANGO_COLD ProducerRecovery recover_producer(Ring& ring, [[maybe_unused]] Store* store, PublishedSeq& mirror,
                                             Metrics* metrics, [[maybe_unused]] std::size_t message_bytes) noexcept {
  Membership* chunks = nullptr;
  if constexpr (Store::kChunks != 0) {
    chunks = &store->membership;
  }
  const Generation name = ring.control.name();
  const bool is_known = ring.control.channel_kind() != ChannelKind::Unknown;
  TANGO_PRECONDITION((chunks == nullptr || (is_known ? chunks->is_part_of(name) : chunks->may_join(name))) &&
                         mirror.membership.may_join(name),
                     "recover_producer: the DCache and the Fseq are part of the ring's channel");
  const RingHolder holder = ring.control.claim.holder().state;
  const Seq next = ring.position();
  if (holder != RingHolder::None) {
    if (!is_known) {
      // It died while its components joined, and no endpoint relies on them. The next producer may be given others.
      if (chunks != nullptr) {
        chunks->undo_join(name, 0);
      }
      mirror.membership.undo_join(name, 0);
    }
    if constexpr (Store::kChunks != 0) {
      restore_chunks(ring, *store, next);
    }
    ring.control.advance(next);
    mirror.store(next);
    if (metrics != nullptr) {
      if constexpr (Ring::kMetadata) {
        restore_counters(inside(*metrics).producer, ring.slot(next - 1).metadata.read().size(), next);
      } else {
        restore_counters(inside(*metrics).producer, message_bytes, next);
      }
    }
    if (ring.control.stop_requested() && !ring.control.closed()) {
      ring.control.close(next);
    }
    ring.control.leave();  // last: from now on another producer may join; honours a stop that was requested meanwhile
  } else {
    ring.control.answer_stop();  // a producer may have vanished after giving the channel back and before this
  }
  return {holder == RingHolder::Producer, next, ring.control.closed()};
}

}  // namespace detail

/// Gives the channel back on behalf of a dead producer. Everything that it published stays.
///
/// \pre The producer is dead (see the file's head).
/// \pre (checked) The DCache and the Fseq are part of the ring's channel, or of none yet.
/// \return Whether a producer held the channel, and where the next one continues.
///
/// Complexity: O(Depth).
template <std::size_t Depth, std::size_t InlineBytes, class Payload, class Cache>
ProducerRecovery recover_producer(MCache<Depth, InlineBytes, Payload>& mcache, Cache& dcache, Fseq& fseq,
                                  Metrics* metrics = nullptr) noexcept {
  return detail::recover_producer(detail::inside(mcache), &detail::inside(dcache), detail::inside(fseq), metrics, 0);
}
/// The same for a channel without a DCache.
template <std::size_t Depth, std::size_t InlineBytes, class Payload>
ProducerRecovery recover_producer(MCache<Depth, InlineBytes, Payload>& mcache, Fseq& fseq,
                                  Metrics* metrics = nullptr) noexcept {
  using Store = typename NoDCache<Payload>::Store;
  return detail::recover_producer(detail::inside(mcache), static_cast<Store*>(nullptr), detail::inside(fseq), metrics,
                                  0);
}

/// What happens to a dead consumer's position.
enum class DeadConsumer : std::uint8_t {
  Keep,   ///< kept: the producer waits, and the next consumer continues there; messages that the dead consumer had read
          ///< but not given back are delivered again
  Evict,  ///< given up, as by `Consumer::resign`
};

/// The consumer that holds a place, 0 ... `Places` - 1. If no consumer holds it now, the id is that of its last holder,
/// for which `recover_consumer` does nothing, unless it is an orphaned place that is to be evicted.
///
/// \pre (checked) The place exists.
///
/// Thread: any.
template <std::size_t Places>
[[nodiscard]] ConsumerId consumer_in(const BasicFctl<Places>& fctl, std::size_t place) noexcept {
  TANGO_PRECONDITION(place < Places, "consumer_in: the place exists");
  return {place, detail::inside(fctl).places[place].claim.holder().epoch};
}

/// Recovers the place of a dead reliable consumer, and frees its metrics block if it had one.
///
/// \pre (checked) The place exists.
/// \pre The consumer is dead (see the file's head).
/// \return Whether anything was recovered.
///
/// Complexity: O(places), plus O(blocks) with metrics.
template <std::size_t Places>
TANGO_COLD bool recover_consumer(BasicFctl<Places>& fctl, const ConsumerId& consumer,
                                 DeadConsumer what = DeadConsumer::Keep, Metrics* metrics = nullptr) noexcept {
  TANGO_PRECONDITION(consumer.index < Places, "recover_consumer: the place exists");
  auto& flow = detail::inside(fctl);
  const auto found = flow.places[consumer.index].claim.holder();
  if (found.epoch != consumer.epoch || found.state == PlaceState::Free || found.state == PlaceState::Kept ||
      (found.state == PlaceState::Orphaned && what == DeadConsumer::Keep)) {
    return false;
  }
  // An orphaned place has no holder, and so no block: its next consumer may take one at this moment.
  if (metrics != nullptr && found.state != PlaceState::Orphaned) {
    for (detail::ConsumerBlock& block : detail::inside(*metrics).consumers) {
      const auto holder = block.claim.holder();
      if (holder.state != detail::BlockState::Free && holder.tag == consumer.index) {
        block.claim.reset(holder, detail::BlockState::Free);
      }
    }
  }
  return flow.view().recover(consumer.index, found, what == DeadConsumer::Evict);
}

/// The consumer that holds a metrics block, 0 ... `kMaxMeteredConsumers` - 1. If no consumer holds it now, or a
/// reliable one, `recover_observer` does nothing for this id.
///
/// \pre (checked) The block exists.
///
/// Thread: any.
[[nodiscard]] inline ConsumerId observer_in(const Metrics& metrics, std::size_t block) noexcept {
  TANGO_PRECONDITION(block < kMaxMeteredConsumers, "observer_in: the metrics block exists");
  return {block, detail::inside(metrics).consumers[block].claim.holder().epoch};
}

/// Frees the metrics block of a dead consumer that may be overrun. Such a consumer held nothing else.
///
/// \pre (checked) The block exists.
/// \pre The consumer is dead (see the file's head).
/// \return Whether that consumer held the block. False if the block belongs to a reliable consumer, which
///         `recover_consumer` recovers.
///
/// Complexity: O(1).
TANGO_COLD inline bool recover_observer(Metrics& metrics, const ConsumerId& observer) noexcept {
  TANGO_PRECONDITION(observer.index < kMaxMeteredConsumers, "recover_observer: the metrics block exists");
  auto& claim = detail::inside(metrics).consumers[observer.index].claim;
  const auto found = claim.holder();
  return found.epoch == observer.epoch && found.tag == detail::kNoPlace && found.state != detail::BlockState::Free &&
         claim.reset(found, detail::BlockState::Free);
}

}  // namespace tango::inline TANGO_ABI
