// SPDX-License-Identifier: Apache-2.0
/// \file
/// Admission: whether there is room for the next message. Room is a slot, which flow control counts in credits, and
/// chunks. Fragments that must stop being readable before their chunks are reused are evicted here (the invariant of
/// dcache.hpp).
///
/// Thread: the producer's. `next` is the next number to publish.
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

/// `Store` is a ChunkStore, `Limit` a CreditLimit or NoCreditLimit.
template <std::size_t Depth, class Store, class Limit>
class Admission {
  static constexpr bool kFlow = std::is_same_v<Limit, CreditLimit>;

 public:
  Admission() noexcept = default;
  Admission(Ring<Depth>& ring, Store& store, const Limit& limit) noexcept
      : ring_{&ring}, store_{&store}, limit_{limit} {}

  [[nodiscard]] Ring<Depth>& ring() const noexcept { return *ring_; }
  [[nodiscard]] Store& store() const noexcept { return *store_; }
  [[nodiscard]] ChunkRing<Store::kChunks> chunks() const noexcept { return ChunkRing<Store::kChunks>{store_->account}; }
  [[nodiscard]] const Limit& limit() const noexcept { return limit_; }

  /// Before the first message of this producer; `fresh`: of the channel.
  void start(bool fresh, Seq next) noexcept {
    if (fresh) {
      chunks().start(next);
    }
    limit_.start(ring_->control.start);
  }

  /// Messages that slots are free for, as far as the consumers' positions say now; the depth on a lossy channel.
  /// O(places in use).
  [[nodiscard]] std::uint64_t slots(Seq next) noexcept {
    if constexpr (kFlow) {
      limit_.refill(ring_->control, next);
      const std::int64_t left = limit_.left(next);
      return left > 0 ? static_cast<std::uint64_t>(left) : 0;
    } else {
      return Depth;
    }
  }

  /// Whether a message that takes `run` chunks may be published now. If so, that many chunks are free and the slots of
  /// the fragments that held them have been marked.
  [[nodiscard]] TANGO_HOT bool admit(std::size_t run, Seq next) noexcept {
    if constexpr (kFlow) {
      if (limit_.left(next) <= 0) [[unlikely]] {
        limit_.refill(ring_->control, next);
        if (limit_.left(next) <= 0) {
          return false;
        }
      }
    }
    if (run == 0 || chunks().fits(run, next)) {
      return true;
    }
    if constexpr (Store::kWords) {
      // The chunks of the next slot's last owner are free: opening that slot marks it.
      chunks().take_back(next - Depth + 1, next, holder());
      if (chunks().fits(run, next)) {
        return true;
      }
    }
    return free_chunks(run, next);
  }

  /// Bytes of the largest message that there is room for, as far as is known; 0 without a slot for it.
  [[nodiscard]] std::size_t largest(Seq next) const noexcept {
    if constexpr (kFlow) {
      if (limit_.left(next) <= 0) {
        return 0;
      }
      const std::size_t bytes = chunks().longest(given_back(next), next, holder()) * Store::kChunkSize;
      return bytes < kInlineBytes ? kInlineBytes : bytes < Store::kMaxPayload ? bytes : Store::kMaxPayload;
    } else {
      return Store::kMaxPayload;
    }
  }

 private:
  /// Everything before this number is known to be given back: a number between `next` less the depth and `next` as long
  /// as there are credits. Clamped, so that every search ends even if a consumer wrote nonsense.
  [[nodiscard]] Seq given_back(Seq next) const noexcept {
    return seq_min(seq_max(limit_.given_back(), next - Depth), next);
  }

  /// Which chunk a fragment in the ring holds.
  [[nodiscard]] auto holder() const noexcept {
    return [ring = ring_](Seq s) noexcept { return static_cast<std::uint32_t>(ring->slot(s).own_place()); };
  }

  /// Frees chunks for a run. False, and nothing has changed for any reader, if reliable consumers hold too many.
  TANGO_COLD bool free_chunks(std::size_t run, Seq next) noexcept {
    if constexpr (kFlow) {
      if (!chunks().would_fit(run, given_back(next), next, holder())) {
        limit_.refill(ring_->control, next);
        if (!chunks().would_fit(run, given_back(next), next, holder())) {
          return false;
        }
      }
    }
    if constexpr (Store::kWords) {
      // Evict, oldest first. With flow control only fragments that were given back are evicted: would_fit saw to that.
      // An evicted slot may lie past the position that was stored last, and Ring::position stops there.
      ring_->control.advance(next);
      while (!chunks().fits(run, next)) {
        evict(chunks().oldest());
        chunks().take_back(chunks().oldest() + 1, next, holder());
      }
    } else {
      chunks().take_back(given_back(next), next, holder());
    }
    return true;
  }

  /// The fragment stops being readable, because its chunks are about to be reused.
  void evict(Seq victim) noexcept {
    ring_->slot(victim).evict(victim, Depth);
    // Relaxed: says where to resume, and a consumer that resumes there validates what it reads.
    ring_->control.oldest.store(victim + 1, memory_order_relaxed);
  }

  Ring<Depth>* ring_ = nullptr;
  Store* store_ = nullptr;
  [[no_unique_address]] Limit limit_;
};

}  // namespace tango::inline TANGO_ABI::detail
