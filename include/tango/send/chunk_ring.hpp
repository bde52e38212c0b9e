// SPDX-License-Identifier: Apache-2.0
/// \file
/// ChunkRing: allocates chunks to payloads, first in, first out.
///
/// The chunks form a ring, and a payload takes a contiguous run of them. The tail of the ring is skipped if a run does
/// not fit before the wrap. Positions are virtual: they count chunks handed out, skipped ones included, so
/// `head - tail` chunks are in use.
///
///          tail                head
///     ------|== fragments held =|------------    Chunks chunks, position modulo Chunks
///
/// Which fragments still hold chunks is not recorded here. Their own metadata in the slots shows it, and
/// `first_chunk_of(seq)` reads that. A run is at most half the ring, so with nothing held every payload fits, wherever
/// the head is.
///
/// The head is kept as its distance from the next sequence number. That distance does not change while each message
/// takes one chunk, so such a publish stores nothing here. Stores leave a core in order, and each one delays the later
/// stores that the other side waits for (bench/README.md).
///
/// Thread: the producer's. The ring's claim orders a successor after it. `next` is the next sequence number to publish.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../memory/chunk_store.hpp"
#include "../metadata.hpp"
#include "../seq.hpp"

namespace tango::inline TANGO_ABI::detail {

/// A reference to the account, which is stored in the DCache. `Chunks` is a power of two.
template <std::size_t Chunks>
class ChunkRing {
 public:
  explicit ChunkRing(ChunkAccount& account) noexcept : account_{account} {}

  /// Called before the first message of a channel: nothing is held, and the head is at chunk 0.
  void start(Seq next) noexcept {
    account_.lead = 0 - next;
    account_.tail = 0;
    account_.oldest = next;
  }

  /// Whether a run of `chunks` is free.
  [[nodiscard]] bool fits(std::size_t chunks, Seq next) const noexcept { return fits(chunks, next, account_.tail); }

  /// Whether a run of `chunks` would be free if every fragment before `live` were given back.
  template <class FirstChunkOf>
  [[nodiscard]] bool would_fit(std::size_t chunks, Seq live, Seq next,
                               const FirstChunkOf& first_chunk_of) const noexcept {
    return fits(chunks, next, oldest_held(live, next, first_chunk_of).tail);
  }

  /// The length of the longest free run, in chunks, if every fragment before `live` were given back. It may be more
  /// than half of the ring.
  template <class FirstChunkOf>
  [[nodiscard]] std::size_t longest(Seq live, Seq next, const FirstChunkOf& first_chunk_of) const noexcept {
    const std::uint64_t free = Chunks - (head(next) - oldest_held(live, next, first_chunk_of).tail);
    const std::uint64_t before_wrap = Chunks - head(next) % Chunks;
    const std::uint64_t here = free < before_wrap ? free : before_wrap;
    return here < free - here ? free - here : here;
  }

  /// The position at which the next run of `chunks` starts.
  ///
  /// \pre The run fits.
  [[nodiscard]] std::uint64_t next_run(std::size_t chunks, Seq next) const noexcept {
    const std::uint64_t before_wrap = Chunks - head(next) % Chunks;
    return chunks <= before_wrap ? head(next) : head(next) + before_wrap;
  }

  /// The chunk at a position.
  [[nodiscard]] static std::uint32_t chunk_at(std::uint64_t position) noexcept {
    return static_cast<std::uint32_t>(position % Chunks);
  }

  /// Gives `used` chunks of the run that starts at `position` to the message `next`. Called for every message, also for
  /// one that takes no chunk.
  void take(std::uint64_t position, std::size_t used, Seq next) noexcept {
    const std::uint64_t lead = position + used - (next + 1);
    if (lead != account_.lead) {
      account_.lead = lead;
    }
  }

  /// Takes back every run that belongs to a fragment before `live`. `first_chunk_of(seq)` is the first chunk of a
  /// fragment to which this ring gave chunks, or `kInlineChunk`.
  ///
  /// Complexity: amortised O(1), because each sequence number is read once.
  template <class FirstChunkOf>
  void take_back(Seq live, Seq next, const FirstChunkOf& first_chunk_of) noexcept {
    const Held held = oldest_held(live, next, first_chunk_of);
    account_.tail = held.tail;
    account_.oldest = held.seq;
  }

  /// The run of one fragment in the ring.
  struct Run {
    std::uint32_t chunk =
        kInlineChunk;  ///< where it starts; `kInlineChunk` if the fragment holds no chunk or was overwritten
    std::size_t chunks = 0;
  };

  /// Rebuilds the account after a producer vanished, from the fragments alone. The producer may have taken chunks for a
  /// message that it never published, and the account may be a mixture of two states. `run(seq)` is called for the
  /// numbers from `next` - 1 down to `first`, and for none before `first`. Idempotent.
  ///
  /// \pre No fragment before `first` can be read any more. Where consumers may be overrun, any fragment in the ring can
  ///      be read: observers still read what reliable consumers have given back. Where all consumers are reliable,
  ///      those from the earliest position that counts on can be read.
  ///
  /// The newest fragment that holds a run gives the head. From there down, each run lies before the one after it, by
  /// less than a whole ring. The last one that is at most a ring behind the head is the oldest that may still be held.
  ///
  /// Complexity: O(next - first).
  template <class RunOf>
  void restore(Seq first, Seq next, const RunOf& run) noexcept {
    std::uint64_t head = 0;
    std::uint64_t tail = 0;
    Seq oldest = next;
    for (Seq s = next; s != first;) {
      const Run held = run(--s);
      if (held.chunk == kInlineChunk) {
        continue;
      }
      if (oldest == next) {
        tail = 2 * Chunks + held.chunk;  // any position of this chunk from which no earlier one becomes negative
        head = tail + held.chunks;
      } else {
        const std::uint64_t before = tail - 1 - (tail - 1 - held.chunk) % Chunks;
        if (head - before > Chunks) {
          break;
        }
        tail = before;
      }
      oldest = s;
    }
    account_ = {head - next, tail, oldest};
  }

  /// Whether any run is held.
  [[nodiscard]] bool holds_any(Seq next) const noexcept { return head(next) != account_.tail; }

  /// The oldest fragment that holds a run, as of the last `take_back`.
  ///
  /// \pre `take_back` found one.
  [[nodiscard]] Seq oldest() const noexcept { return account_.oldest; }

  /// The position after the newest run. (The account keeps its distance from `next`: see the file's head.)
  [[nodiscard]] std::uint64_t head(Seq next) const noexcept { return account_.lead + next; }

 private:
  struct Held {
    Seq seq;
    std::uint64_t tail;
  };

  [[nodiscard]] bool fits(std::size_t chunks, Seq next, std::uint64_t tail) const noexcept {
    return next_run(chunks, next) + chunks - tail <= Chunks;
  }

  /// The first fragment from `live` on that holds a run, and where that run starts; or `next` and the head. The search
  /// also ends if another process corrupted the channel's memory and `oldest` lies past `next`.
  template <class FirstChunkOf>
  [[nodiscard]] Held oldest_held(Seq live, Seq next, const FirstChunkOf& first_chunk_of) const noexcept {
    if (holds_any(next)) {
      for (Seq s = seq_max(live, account_.oldest); seq_lt(s, next); ++s) {
        if (const std::uint32_t chunk = first_chunk_of(s); chunk != kInlineChunk) {
          // It is at most Chunks behind the head and at least 1, so the chunk alone determines the position.
          return {s, head(next) - 1 - (head(next) - 1 - chunk) % Chunks};
        }
      }
    }
    return {next, head(next)};
  }

  ChunkAccount& account_;
};

}  // namespace tango::inline TANGO_ABI::detail
