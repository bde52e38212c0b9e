// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which chunks a payload gets: first in, first out.
///
/// The chunks are a ring; a payload takes a contiguous run of them, and the tail of the ring is skipped where a run
/// does not fit before the wrap. Positions are virtual: they count chunks handed out (skipped ones too), so
/// `head - tail` is what is in use.
///
///          tail                head
///     ------|== fragments held =|------------    N chunks, position modulo N
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
#include "../fragment.hpp"
#include "../seq.hpp"

namespace tango::inline TANGO_ABI::detail {

template <std::size_t N>
class ChunkRing {
 public:
  /// The longest run, in chunks.
  static constexpr std::size_t kMaxRun = N / 2;

  /// Before the first message of a channel: nothing is held, and the head is at chunk 0.
  void start(Seq next) noexcept {
    lead_ = 0 - next;
    tail_ = 0;
    oldest_ = next;
  }

  /// Whether a run of `chunks` is free.
  [[nodiscard]] bool fits(std::size_t chunks, Seq next) const noexcept { return fits(chunks, next, tail_); }

  /// Whether it would be, were every fragment before `live` given back.
  template <class Holder>
  [[nodiscard]] bool would_fit(std::size_t chunks, Seq live, Seq next, const Holder& holder) const noexcept {
    return fits(chunks, next, oldest_held(live, next, holder).tail);
  }

  /// The chunks of the longest free run, which may be more than `kMaxRun`, were every fragment before `live` given
  /// back.
  template <class Holder>
  [[nodiscard]] std::size_t longest(Seq live, Seq next, const Holder& holder) const noexcept {
    const std::uint64_t free = N - (head(next) - oldest_held(live, next, holder).tail);
    const std::uint64_t before_wrap = N - head(next) % N;
    const std::uint64_t here = free < before_wrap ? free : before_wrap;
    return here < free - here ? free - here : here;
  }

  /// The chunk at which the next run of `chunks` starts. Precondition: it fits.
  [[nodiscard]] std::uint32_t next_run(std::size_t chunks, Seq next) const noexcept {
    return static_cast<std::uint32_t>(run_start(chunks, next) % N);
  }

  /// Hands the first `used` chunks of that run to the message `next`. For every message, also for those that take none.
  void take(std::size_t chunks, std::size_t used, Seq next) noexcept {
    const std::uint64_t lead = run_start(chunks, next) + used - (next + 1);
    if (lead != lead_) {
      lead_ = lead;
    }
  }

  /// Takes back every run that belongs to a fragment before `live`. `holder(seq)` is the chunk of a fragment that this
  /// fifo served, or `kInlineChunk`. Amortised O(1): each number is looked at once.
  template <class Holder>
  void take_back(Seq live, Seq next, const Holder& holder) noexcept {
    const Held held = oldest_held(live, next, holder);
    tail_ = held.tail;
    oldest_ = held.seq;
  }

  /// Whether any run is held.
  [[nodiscard]] bool holds_any(Seq next) const noexcept { return head(next) != tail_; }

  /// The oldest fragment that holds a run, as of the last `take_back`. Precondition: it found one.
  [[nodiscard]] Seq oldest() const noexcept { return oldest_; }

 private:
  struct Held {
    Seq seq;
    std::uint64_t tail;
  };

  [[nodiscard]] std::uint64_t head(Seq next) const noexcept { return lead_ + next; }

  [[nodiscard]] std::uint64_t run_start(std::size_t chunks, Seq next) const noexcept {
    const std::uint64_t before_wrap = N - head(next) % N;
    return chunks <= before_wrap ? head(next) : head(next) + before_wrap;
  }

  [[nodiscard]] bool fits(std::size_t chunks, Seq next, std::uint64_t tail) const noexcept {
    return run_start(chunks, next) + chunks - tail <= N;
  }

  /// The first fragment from `live` on that holds a run, and where that run starts; or `next` and the head. Ends also if
  /// somebody else wrote into the channel's memory, and `oldest_` lies past `next`.
  template <class Holder>
  [[nodiscard]] Held oldest_held(Seq live, Seq next, const Holder& holder) const noexcept {
    if (holds_any(next)) {
      for (Seq s = seq_max(live, oldest_); seq_lt(s, next); ++s) {
        if (const std::uint32_t chunk = holder(s); chunk != kInlineChunk) {
          // At most N behind the head and at least 1, so the chunk alone tells the position.
          return {s, head(next) - 1 - (head(next) - 1 - chunk) % N};
        }
      }
    }
    return {next, head(next)};
  }

  std::uint64_t lead_ = 0;  ///< the head's position less the next number
  std::uint64_t tail_ = 0;
  Seq oldest_ = 0;  ///< no fragment before this one holds a run
};

}  // namespace tango::inline TANGO_ABI::detail
