// SPDX-License-Identifier: Apache-2.0
/// \file
/// Publication: publishes one message into the ring, step by step. The size is checked in `Producer::publish`, and the
/// producer's own state in `Producer::admit`.
/// The hot path of a poll is in receive/read_cursor.hpp, and the slot between the two is in memory/slot.hpp.
///
/// | step | what | where |
/// | --- | --- | --- |
/// | 1 admit | a credit for the slot, chunks for the payload | admission.hpp |
/// | 2 open | mark the slot, release fence: write-steps 1 and 2; only where consumers may be overrun | `open` |
/// | 3 payload | copied into the slot or its chunks, or written in place: write-step 3 | `put`, the caller |
/// | 4 finish | metadata words, then the sequence number: write-steps 3 and 4 | `finish` |
/// | 5 follow-up | counters, position, look-ahead, the producer's Fseq | `finish` |
///
/// A run is a contiguous sequence of chunks. `Recorder` counts for the producer, and `Mirror` is its Fseq.
///
/// Thread: the producer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "../config.hpp"
#include "../memory/payload_words.hpp"
#include "../memory/platform.hpp"
#include "../memory/slot.hpp"
#include "../metadata.hpp"
#include "../seq.hpp"
#include "admission.hpp"
#include "look_ahead.hpp"

namespace tango::inline TANGO_ABI::detail {

/// `Store` is a ChunkStore or NoChunkStore, `Limit` a CreditLimit or NoCreditLimit.
template <class Ring, class Store, class Limit>
class Publication {
  using Slot = typename Ring::Slot;
  using Unit = typename Store::Unit;
  static constexpr bool kChunks = Store::kChunks != 0;

 public:
  Publication() noexcept = default;
  Publication(Ring& ring, Store* store, const Limit& limit) noexcept : room_{ring, store, limit} {}

  [[nodiscard]] Ring& ring() const noexcept { return room_.ring(); }
  [[nodiscard]] Store& store() const noexcept { return room_.store(); }
  [[nodiscard]] Admission<Ring, Store, Limit>& room() noexcept { return room_; }
  [[nodiscard]] const Admission<Ring, Store, Limit>& room() const noexcept { return room_; }

  /// Called before the first message of this producer, which gets the sequence number `next`. `fresh`: that message is
  /// the channel's first.
  void start(bool fresh, Seq next) noexcept {
    next_ = next;
    room_.start(fresh, next);
  }

  /// The sequence number of the next message.
  [[nodiscard]] TANGO_HOT Seq next() const noexcept { return next_; }

  /// The size of the largest payload, in bytes.
  static constexpr std::size_t kMaxPayload = Admission<Ring, Store, Limit>::kMaxPayload;

  /// The largest message, in bytes, that can be written in place in its slot: none if slots are words and chunks are
  /// plain bytes.
  static constexpr std::size_t kMaxInSlot = std::is_same_v<Unit, typename Slot::Unit> ? Ring::kInlineBytes : 0;

  /// The number of chunks that a copied message takes: none if it fits into its slot.
  [[nodiscard]] static constexpr std::size_t run_of_copy(std::size_t size) noexcept {
    return run_of(size, Ring::kInlineBytes);
  }

  /// The same for a message that is written in place.
  [[nodiscard]] static constexpr std::size_t run_of_reservation(std::size_t size) noexcept {
    return run_of(size, kMaxInSlot);
  }

  /// Step 1. Makes room for a message of `run` chunks. False if there is none.
  [[nodiscard]] TANGO_HOT bool admit(std::size_t run) noexcept { return room_.admit(run, next_); }

  /// Steps 2 to 5 for a message that is copied.
  ///
  /// \pre A run of `run_of_copy(payload.size())` was admitted.
  template <class Recorder, class Mirror>
  TANGO_HOT void put(std::span<const std::byte> payload, std::size_t run, const MessageInfo& info, Recorder& recorder,
                     Mirror& mirror) noexcept {
    const Seq next = next_;
    Slot& slot = open(next);
    std::uint32_t chunk = kInlineChunk;
    if constexpr (kChunks) {
      const std::uint64_t position = room_.chunks().next_run(run, next);
      if (run != 0) {
        chunk = room_.chunks().chunk_at(position);
      }
      room_.chunks().take(position, run, next);
    }
    if (run == 0) {
      if constexpr (Ring::kInlineBytes != 0) {  // else it is empty
        copy_in(slot.payload.data(), payload);
      }
    } else if constexpr (kChunks) {
      copy_in(store().data(chunk), payload);
    }
    finish(slot, next, chunk, payload.size(), info, recorder, mirror);
  }

  /// Step 2 for a message that is written in place. Returns where its payload is to be written.
  ///
  /// \pre `run` chunks were admitted.
  [[nodiscard]] TANGO_HOT Unit* reserve([[maybe_unused]] std::size_t run) noexcept {
    const Seq next = next_;
    Slot& slot = open(next);
    if constexpr (kMaxInSlot != 0) {
      if (!kChunks || run == 0) {
        return slot.payload.data();
      }
    }
    if constexpr (kChunks) {
      reserved_ = room_.chunks().next_run(run, next);
      return store().data(room_.chunks().chunk_at(reserved_));
    }
  }

  /// Steps 4 and 5 for the reserved message of `size` bytes, the first `used` bytes of which are sent.
  template <class Recorder, class Mirror>
  TANGO_HOT void commit([[maybe_unused]] std::size_t size, std::size_t used, const MessageInfo& info,
                        Recorder& recorder, Mirror& mirror) noexcept {
    const Seq next = next_;
    std::uint32_t chunk = kInlineChunk;
    if constexpr (kChunks) {
      if (run_of_reservation(size) != 0) {
        const std::size_t run = Store::chunks_for(used);
        if (run != 0) {
          chunk = room_.chunks().chunk_at(reserved_);
        }
        room_.chunks().take(reserved_, run, next);  // of an empty run, a skip of the ring's tail remains
      } else {
        room_.chunks().take(room_.chunks().head(next), 0, next);
      }
    }
    finish(ring().slot(next), next, chunk, used, info, recorder, mirror);
  }

 private:
  [[nodiscard]] static constexpr std::size_t run_of([[maybe_unused]] std::size_t size,
                                                    [[maybe_unused]] std::size_t most_in_slot) noexcept {
    if constexpr (kChunks) {
      return size <= most_in_slot ? 0 : Store::chunks_for(size);
    } else {
      return 0;
    }
  }

  /// Step 3 for a message that is copied.
  TANGO_HOT static void copy_in(SharedWord* to, std::span<const std::byte> payload) noexcept {
    store_words(to, payload.data(), payload.size());
  }
  TANGO_HOT static void copy_in(std::byte* to, std::span<const std::byte> payload) noexcept {
    if (!payload.empty()) {  // the address of an empty payload may be null
      copy_bytes(to, payload.data(), payload.size());
    }
  }

  /// Step 2. If every consumer is reliable, no consumer reads what the slot held before, so it need not be marked.
  TANGO_HOT Slot& open(Seq next) noexcept {
    Slot& slot = ring().slot(next);
    if constexpr (Store::kWords) {
      slot.seq.mark(next);
      fence(memory_order_release);  // write-step 2: pairs with the acquire fence in SlotSeq::still_holds
    }
    return slot;
  }

  /// Steps 4 and 5.
  template <class Recorder, class Mirror>
  TANGO_HOT void finish(Slot& slot, Seq seq, [[maybe_unused]] std::uint32_t chunk, std::size_t size,
                        [[maybe_unused]] const MessageInfo& info, Recorder& recorder, Mirror& mirror) noexcept {
    if constexpr (Ring::kMetadata) {
      slot.metadata.write(SlotWords::of(chunk, static_cast<std::uint32_t>(size), info));
    }
    slot.seq.publish(seq);
    const Seq next = seq + 1;
    next_ = next;
    recorder.published(size);  // before the positions: counting after them made a lossy channel a fifth slower
    ring().published(next);
    if constexpr (std::is_same_v<Limit, CreditLimit>) {
      look_ahead(room_, next, size);
    }
    mirror.store(next);
  }

  Admission<Ring, Store, Limit> room_;
  Seq next_ = 0;
  std::uint64_t reserved_ = 0;  ///< the position of the open reservation's run
};

}  // namespace tango::inline TANGO_ABI::detail
