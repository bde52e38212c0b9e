// SPDX-License-Identifier: Apache-2.0
/// \file
/// RingReader: reads messages by their sequence numbers from a ring whose geometry is known only at run time. It stores
/// nothing in the channel, takes no place and does not hold the producer back, so any number of readers may read any
/// kind of channel. What it reads may therefore be overwritten meanwhile, and is valid only if the last step confirms
/// it:
///
/// | step | | order |
/// | --- | --- | --- |
/// | V1 | does the slot hold `s`? | acquire |
/// | V2 | metadata words, each once, into locals; these are checked against the geometry | relaxed |
/// | V3 | payload words, each once | relaxed |
/// | V4 | fence | acquire |
/// | V5 | lossy and observed: does the slot still hold `s`? Reliable: is `limit - credits <= s`? | relaxed |
///
/// Lossy and observed channels: these are the reader's steps of slot.hpp.
///
/// Reliable channels: the producer marks no slot before it writes there, because every consumer has given back what it
/// overwrites. The limit that it announces to joining consumers (credit_places.hpp) serves this reader as well. Let
/// `back` be the sequence number before which, to the producer's knowledge, everything has been given back.
///
/// 1. The producer overwrites a message `s` only if `s < back`. Its slot is reused by `s + depth` or later. A number
///    `n` is written only if `n < back + credits`, and there are at most `depth` credits. Its chunks are reused only
///    for messages before `back` (Admission).
/// 2. `back` starts as the channel's first number, and no message is before that. It grows only in a refill, which
///    first stores a limit of at least `back + credits` (R2) and then passes a fence (R3). The limit is never lowered.
///    By the ring's claim, what an earlier producer stored happens before what its successor stores.
/// 3. So before the first store that overwrites anything of `s` there is a fence, and before that fence a limit with
///    `limit - credits > s`. If V2 or V3 read that store or a later one, the fence R3 synchronises with V4. V5 then
///    reads that limit or a later one, and the message is discarded. As long as there was no refill, `limit - credits`
///    is `start - credits`, and every message passes.
///
/// It follows which messages can be read: those from `limit - credits` on. Earlier ones may be intact, but that cannot
/// be proved.
///
/// Where this is not portable C++: on a reliable channel the bytes of a chunk, and of a slot that a builder made, are
/// written by plain stores, possibly while V3 reads them through atomic words. Formally that is a data race and not a
/// value to discard. In practice it works as a sequence lock does. An aligned load of a word returns some mixture of
/// bytes that were stored there, and compilers move no access across the two fences. The mixture is discarded unless V5
/// proves that there was no such store. All other words (metadata, sequence numbers, and everything on lossy and
/// observed channels) are atomic on both sides.
///
/// Trust: memory safety depends only on the geometry, which is checked before a RingReader is constructed, and on
/// locals. Whether a message is intact depends only on words that the producer writes (slots, limit) and on the credits
/// in the descriptor. No consumer can make a torn message look intact.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../config.hpp"
#include "../metadata.hpp"
#include "../seq.hpp"
#include "payload_words.hpp"
#include "platform.hpp"
#include "ring.hpp"
#include "ring_control.hpp"
#include "slot.hpp"

namespace tango::inline TANGO_ABI::detail {

/// The properties of a ring and its chunks that are part of the type where the type is known. Sizes are in bytes and
/// multiples of 8.
struct RingGeometry {
  std::uint64_t depth = 0;         ///< slots; a power of two, at least 2
  std::uint64_t slot_bytes = 0;    ///< from one slot to the next
  std::uint64_t inline_bytes = 0;  ///< of payload in a slot
  std::uint64_t type_size = 0;     ///< of every message; 0 on a channel of bytes
  std::uint64_t chunks = 0;        ///< a power of two, or 0 if there are none
  std::uint64_t chunk_size = 0;    ///< from one chunk to the next

  /// Whether slots hold metadata: see SlotLayout.
  [[nodiscard]] constexpr bool has_metadata() const noexcept {
    return slot_bytes == inline_bytes + sizeof(SlotMetadata) + sizeof(SlotSeq);
  }

  /// The size of the largest payload: half of the chunks, as ChunkStore::kMaxPayload, or what a slot holds.
  [[nodiscard]] constexpr std::uint64_t max_payload() const noexcept {
    constexpr std::uint64_t kMaxSize = 0xFFFF'FFFFu;
    const std::uint64_t run = chunks / 2 * chunk_size;
    const std::uint64_t most = run < kMaxSize ? run : kMaxSize;
    return most < inline_bytes ? inline_bytes : most;
  }

  /// Whether metadata refers to bytes that exist: as ChunkStore::holds.
  [[nodiscard]] constexpr bool holds(std::uint32_t chunk, std::uint32_t size) const noexcept {
    if (chunk == kInlineChunk) {
      return size <= inline_bytes;
    }
    return chunk < chunks && size <= max_payload() && size <= (chunks - chunk) * chunk_size;
  }
};

/// How V5 determines whether a message is intact.
enum class Validation : std::uint8_t {
  SlotNumber,      ///< lossy and observed
  AnnouncedLimit,  ///< reliable
};

/// The outcome of a read.
enum class RingReadStatus : std::uint8_t {
  Ok,
  NotReady,        ///< not published yet
  Overrun,         ///< overwritten, or may have been
  Corrupt,         ///< intact, but its metadata refers to bytes that do not exist
  BufferTooSmall,  ///< intact, but larger than the buffer: its payload was not copied
};

class RingReader {
 public:
  /// `slots` is the first slot and `chunks` the first chunk, both laid out as `geometry` describes. `credits` is used
  /// on reliable channels: 1 to the depth.
  RingReader(const RingControl& control, const RingGeometry& geometry, const SharedWord* slots,
             const SharedWord* chunks, Validation validation, std::uint64_t credits) noexcept
      : control_{&control},
        geometry_{geometry},
        slots_{slots},
        chunks_{chunks},
        validation_{validation},
        credits_{credits} {}

  [[nodiscard]] const RingControl& control() const noexcept { return *control_; }
  [[nodiscard]] const RingGeometry& geometry() const noexcept { return geometry_; }

  /// V1 to V5 for the message `s`. The payload is copied to the front of `out`, where it is valid only with `Ok`.
  /// `words` is also valid with `Corrupt` and `BufferTooSmall`.
  ///
  /// Complexity: O(size).
  [[nodiscard]] RingReadStatus read(Seq s, std::span<std::byte> out, SlotWords& words) const noexcept {
    const SharedWord* const slot = slot_of(s);
    if (const std::int64_t ahead = seq_diff(seq_of(slot).observe(), s); ahead != 0) {
      return ahead < 0 ? RingReadStatus::NotReady : RingReadStatus::Overrun;
    }
    words = geometry_.has_metadata() ? metadata_of(slot).read()
                                     : SlotWords::of(kInlineChunk, static_cast<std::uint32_t>(geometry_.type_size), {});
    const bool in_range = geometry_.holds(words.chunk(), words.size());
    const bool fits = words.size() <= out.size();
    if (in_range && fits) {
      load_words(out.data(), payload_of(slot, words.chunk()), words.size());
    }
    if (!is_intact(slot, s)) {
      return RingReadStatus::Overrun;
    }
    return !in_range ? RingReadStatus::Corrupt : !fits ? RingReadStatus::BufferTooSmall : RingReadStatus::Ok;
  }

  /// As Ring::position.
  [[nodiscard]] Seq position() const noexcept {
    return position_of(*control_, position_stride(geometry_.depth),
                       [this](Seq s) noexcept { return seq_of(slot_of(s)).observe(); });
  }

  /// The oldest message that may be readable, given the producer's `position`; `position` if there is none. Clamped,
  /// because a process may have written an arbitrary value. Relaxed loads: what is read from there on is validated.
  [[nodiscard]] Seq oldest(Seq start, Seq position) const noexcept {
    const Seq in_ring = oldest_in_ring(start, position, geometry_.depth);
    const Seq proved = validation_ == Validation::AnnouncedLimit ? control_->limit.load(memory_order_relaxed) - credits_
                                                                 : control_->oldest.load(memory_order_relaxed);
    return seq_min(position, seq_max(proved, in_ring));
  }

 private:
  [[nodiscard]] const SharedWord* slot_of(Seq s) const noexcept {
    return slots_ + (s & (geometry_.depth - 1)) * (geometry_.slot_bytes / kWordBytes);
  }

  /// The parts of a slot: payload, metadata, sequence number. A word at the start of an object of standard layout is
  /// pointer-interconvertible with it ([basic.compound]/4).
  [[nodiscard]] const SlotMetadata& metadata_of(const SharedWord* slot) const noexcept {
    return *reinterpret_cast<const SlotMetadata*>(slot + geometry_.inline_bytes / kWordBytes);
  }
  [[nodiscard]] const SlotSeq& seq_of(const SharedWord* slot) const noexcept {
    return *reinterpret_cast<const SlotSeq*>(slot + geometry_.slot_bytes / kWordBytes - 1);
  }

  /// The payload of a message.
  ///
  /// \pre The geometry holds a payload that starts there.
  [[nodiscard]] const SharedWord* payload_of(const SharedWord* slot, std::uint32_t chunk) const noexcept {
    return chunk == kInlineChunk ? slot : chunks_ + chunk * (geometry_.chunk_size / kWordBytes);
  }

  /// V4 and V5: see the file's head.
  [[nodiscard]] bool is_intact(const SharedWord* slot, Seq s) const noexcept {
    if (validation_ == Validation::SlotNumber) {
      return seq_of(slot).still_holds(s);
    }
    fence(memory_order_acquire);  // V4, pairs with R3 in CreditPlacesView::refill
    return seq_le(control_->limit.load(memory_order_relaxed) - credits_, s);
  }

  const RingControl* control_;
  RingGeometry geometry_;
  const SharedWord* slots_;
  const SharedWord* chunks_;
  Validation validation_;
  std::uint64_t credits_;
};

}  // namespace tango::inline TANGO_ABI::detail
