// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which chunks a payload gets: first in, first out.
///
/// The chunks are a ring; a payload takes a contiguous run of them, and the tail of the ring is skipped where a run
/// does not fit before the wrap. Positions are virtual: they count chunks handed out (skipped ones too), so
/// `head - tail` is what is in use.
///
///          tail                head
///     ------|== fragments held =|------------    Chunks chunks, position modulo Chunks
///
/// What is still held is not recorded here: the fragments' own metadata says it, in the slots, and `holder(seq)` looks
/// there. A run is at most half the ring, so with nothing held every payload fits, wherever the head stands.
///
/// The head is kept as its distance from the next number to publish, which does not change as long as each message
/// takes one chunk: then a publish stores nothing here. Stores leave a core in order, so each of them delays the ones
/// that wait for a line of the other side: two less made 64 B messages 1.2 x as fast where the cores stand far apart
/// (bench/README.md).
///
/// Thread: the producer; a successor is ordered after it by the DCache's claim. `next` is the next number to publish.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../memory/chunk_store.hpp"
#include "../metadata.hpp"
#include "../seq.hpp"

namespace tango::inline TANGO_ABI::detail {

/// `Chunks` is a power of two. A reference to the account, which lies in the DCache.
template <std::size_t Chunks>
class ChunkRing {
 public:
  explicit ChunkRing(ChunkAccount& account) noexcept : account_{account} {}

  /// Before the first message of a channel: nothing is held, and the head is at chunk 0.
  void start(Seq next) noexcept {
    account_.lead = 0 - next;
    account_.tail = 0;
    account_.oldest = next;
  }

  /// Whether a run of `chunks` is free.
  [[nodiscard]] bool fits(std::size_t chunks, Seq next) const noexcept { return fits(chunks, next, account_.tail); }

  /// Whether it would be, were every fragment before `live` given back.
  template <class Holder>
  [[nodiscard]] bool would_fit(std::size_t chunks, Seq live, Seq next, const Holder& holder) const noexcept {
    return fits(chunks, next, oldest_held(live, next, holder).tail);
  }

  /// The chunks of the longest free run, which may be more than half of the ring, were every fragment before `live` given
  /// back.
  template <class Holder>
  [[nodiscard]] std::size_t longest(Seq live, Seq next, const Holder& holder) const noexcept {
    const std::uint64_t free = Chunks - (head(next) - oldest_held(live, next, holder).tail);
    const std::uint64_t before_wrap = Chunks - head(next) % Chunks;
    const std::uint64_t here = free < before_wrap ? free : before_wrap;
    return here < free - here ? free - here : here;
  }

  /// The position at which the next run of `chunks` starts. Precondition: it fits.
  [[nodiscard]] std::uint64_t next_run(std::size_t chunks, Seq next) const noexcept {
    const std::uint64_t before_wrap = Chunks - head(next) % Chunks;
    return chunks <= before_wrap ? head(next) : head(next) + before_wrap;
  }

  /// The chunk at a position.
  [[nodiscard]] static std::uint32_t chunk_at(std::uint64_t position) noexcept {
    return static_cast<std::uint32_t>(position % Chunks);
  }

  /// Hands `used` chunks of the run that starts at `position` to the message `next`. For every message, also for those
  /// that take none.
  void take(std::uint64_t position, std::size_t used, Seq next) noexcept {
    const std::uint64_t lead = position + used - (next + 1);
    if (lead != account_.lead) {
      account_.lead = lead;
    }
  }

  /// Takes back every run that belongs to a fragment before `live`. `holder(seq)` is the chunk of a fragment that this
  /// ring served, or `kInlineChunk`. Amortised O(1): each number is looked at once.
  template <class Holder>
  void take_back(Seq live, Seq next, const Holder& holder) noexcept {
    const Held held = oldest_held(live, next, holder);
    account_.tail = held.tail;
    account_.oldest = held.seq;
  }

  /// What one fragment in the ring says of itself.
  struct Run {
    std::uint32_t chunk = kInlineChunk;  ///< where it starts; `kInlineChunk` if the fragment holds none, or is gone
    std::size_t chunks = 0;
  };

  /// Rebuilds the account after a producer vanished, from the fragments alone: it may have taken chunks for a message
  /// that it never published, and what the account says may be a mixture of two states. `run(seq)` is asked for the
  /// numbers from `next` - 1 down to `first`, and for none before `first`. Idempotent. O(next - first).
  ///
  /// \pre No fragment before `first` can be read any more. Where consumers may be overrun, any fragment in the ring can:
  ///      observers still read what reliable consumers have given back. Where all are reliable, those from the announced
  ///      limit less the credits on can, because a consumer may still join there.
  ///
  /// The newest fragment that holds a run gives the head. From there down, each run lies before the one after it, by less
  /// than a whole ring; the last one that is not more than a ring behind the head is the oldest that may still be held.
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
        tail = 2 * Chunks + held.chunk;  // any position that is this chunk, and none behind it is below 0
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

  /// The oldest fragment that holds a run, as of the last `take_back`. Precondition: it found one.
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

  /// The first fragment from `live` on that holds a run, and where that run starts; or `next` and the head. Ends also if
  /// somebody else wrote into the channel's memory, and `oldest` lies past `next`.
  template <class Holder>
  [[nodiscard]] Held oldest_held(Seq live, Seq next, const Holder& holder) const noexcept {
    if (holds_any(next)) {
      for (Seq s = seq_max(live, account_.oldest); seq_lt(s, next); ++s) {
        if (const std::uint32_t chunk = holder(s); chunk != kInlineChunk) {
          // At most Chunks behind the head and at least 1, so the chunk alone tells the position.
          return {s, head(next) - 1 - (head(next) - 1 - chunk) % Chunks};
        }
      }
    }
    return {next, head(next)};
  }

  ChunkAccount& account_;
};

}  // namespace tango::inline TANGO_ABI::detail
