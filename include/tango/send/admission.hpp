// SPDX-License-Identifier: Apache-2.0
/// \file
/// Admission: decides whether there is room for the next message. Room is a slot, which flow control counts in credits,
/// and chunks. Before chunks are reused, the fragments that hold them are evicted here, so that they can no longer be
/// read (the invariant of dcache.hpp).
///
/// Thread: the producer's. `next` is the next sequence number to publish.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../config.hpp"
#include "../memory/platform.hpp"
#include "../memory/ring.hpp"
#include "../seq.hpp"
#include "chunk_ring.hpp"
#include "credit_limit.hpp"

namespace tango::inline TANGO_ABI::detail {

/// `Store` is a ChunkStore or NoChunkStore, `Limit` a CreditLimit or NoCreditLimit.
template <class Ring, class Store, class Limit>
class Admission {
  static constexpr bool kFlow = std::is_same_v<Limit, CreditLimit>;
  static constexpr bool kChunks = Store::kChunks != 0;

 public:
  Admission() noexcept = default;
  /// `store` is null if there are no chunks.
  Admission(Ring& ring, Store* store, const Limit& limit) noexcept : ring_{&ring}, store_{store}, limit_{limit} {}

  /// The size of the largest payload, in bytes.
  static constexpr std::size_t kMaxPayload =
      Store::kMaxPayload < Ring::kInlineBytes ? Ring::kInlineBytes : Store::kMaxPayload;

  [[nodiscard]] Ring& ring() const noexcept { return *ring_; }
  [[nodiscard]] Store& store() const noexcept { return *store_; }
  [[nodiscard]] ChunkRing<Store::kChunks> chunks() const noexcept { return ChunkRing<Store::kChunks>{store_->account}; }
  [[nodiscard]] const Limit& limit() const noexcept { return limit_; }

  /// Called before the first message of this producer. `fresh`: it is the first of the channel.
  void start([[maybe_unused]] bool fresh, Seq next) noexcept {
    if constexpr (kChunks) {
      if (fresh) {
        chunks().start(next);
      }
    }
    limit_.start(ring_->control.start);
  }

  /// The number of messages for which slots are free, after reading the consumers' positions. The depth on a lossy
  /// channel.
  ///
  /// Complexity: O(places in use).
  [[nodiscard]] std::uint64_t slots(Seq next) noexcept {
    if constexpr (kFlow) {
      limit_.refill(ring_->control, next);
      const std::int64_t left = limit_.left(next);
      return left > 0 ? static_cast<std::uint64_t>(left) : 0;
    } else {
      return Ring::kDepth;
    }
  }

  /// Whether a message that takes `run` chunks may be published now. If so, that many chunks are free, and the slots of
  /// the fragments that held them have been marked.
  [[nodiscard]] TANGO_HOT bool admit([[maybe_unused]] std::size_t run, [[maybe_unused]] Seq next) noexcept {
    if constexpr (kFlow) {
      if (limit_.left(next) <= 0) [[unlikely]] {
        limit_.refill(ring_->control, next);
        if (limit_.left(next) <= 0) {
          return false;
        }
      }
    }
    if constexpr (kChunks) {
      if (run == 0 || chunks().fits(run, next)) {
        return true;
      }
      if constexpr (Store::kWords) {
        // The chunks of the previous owner of the next slot are free: opening that slot marks it.
        chunks().take_back(next - Ring::kDepth + 1, next, first_chunk_of());
        if (chunks().fits(run, next)) {
          return true;
        }
      }
      return free_chunks(run, next);
    } else {
      return true;
    }
  }

  /// The size in bytes of the largest message that there is known room for; 0 without a free slot.
  [[nodiscard]] std::size_t largest([[maybe_unused]] Seq next) const noexcept {
    if constexpr (kFlow) {
      if (limit_.left(next) <= 0) {
        return 0;
      }
      if constexpr (kChunks) {
        const std::size_t bytes = chunks().longest(given_back(next), next, first_chunk_of()) * Store::kChunkSize;
        return bytes < Ring::kInlineBytes ? Ring::kInlineBytes : bytes < kMaxPayload ? bytes : kMaxPayload;
      }
    }
    return kMaxPayload;
  }

 private:
  /// Everything before this number is known to have been given back. It lies between `next - depth` and `next` as long
  /// as there are credits. Clamped, so that every search ends even if a consumer wrote an arbitrary value.
  [[nodiscard]] Seq given_back(Seq next) const noexcept {
    return seq_min(seq_max(limit_.given_back(), next - Ring::kDepth), next);
  }

  /// Returns the first chunk of a fragment in the ring.
  [[nodiscard]] auto first_chunk_of() const noexcept {
    return [ring = ring_](Seq s) noexcept { return static_cast<std::uint32_t>(ring->slot(s).metadata.own_extent()); };
  }

  /// Frees chunks for a run. Returns false if reliable consumers hold too many; nothing has changed for any reader
  /// then.
  TANGO_COLD bool free_chunks(std::size_t run, Seq next) noexcept {
    if constexpr (kFlow) {
      if (!chunks().would_fit(run, given_back(next), next, first_chunk_of())) {
        limit_.refill(ring_->control, next);
        if (!chunks().would_fit(run, given_back(next), next, first_chunk_of())) {
          return false;
        }
      }
    }
    if constexpr (Store::kWords) {
      // Evict, oldest first. With flow control only fragments that were given back are evicted: would_fit made sure of
      // that. An evicted slot may lie past the last stored position, and Ring::position would stop there, so the
      // position is stored first.
      ring_->control.advance(next);
      while (!chunks().fits(run, next)) {
        evict(chunks().oldest());
        chunks().take_back(chunks().oldest() + 1, next, first_chunk_of());
      }
    } else {
      chunks().take_back(given_back(next), next, first_chunk_of());
    }
    return true;
  }

  /// Makes a fragment unreadable, because its chunks are about to be reused.
  void evict(Seq victim) noexcept {
    ring_->slot(victim).seq.evict(victim, Ring::kDepth);
    // Relaxed: a consumer that resumes there validates what it reads.
    ring_->control.oldest.store(victim + 1, memory_order_relaxed);
  }

  Ring* ring_ = nullptr;
  Store* store_ = nullptr;
  [[no_unique_address]] Limit limit_;
};

}  // namespace tango::inline TANGO_ABI::detail
