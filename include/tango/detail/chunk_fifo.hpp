// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which chunks a payload gets: first in, first out.
///
/// The chunks are a ring; a payload takes a contiguous run of them, and the tail of the ring is skipped where a run
/// does not fit before the wrap. Positions are virtual: they count chunks handed out (skipped ones too) and never wrap,
/// so `head - tail` is what is in use.
///
///          tail                head
///     ------|== fragments held =|------------    N chunks, position modulo N
///
/// What is still held is not recorded here: the fragments' own metadata says it, in the slots, and `holder(seq)` looks
/// there. A run is at most half the ring, so with nothing held every payload fits, wherever the head stands.
///
/// Thread: the producer; a successor is ordered after it by the DCache's claim.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../fragment.hpp"
#include "../seq.hpp"

namespace tango::detail {

template <std::size_t N>
class ChunkFifo {
 public:
  /// The longest run, in chunks.
  static constexpr std::size_t kMaxRun = N / 2;

  /// Whether a run of `chunks` is free.
  [[nodiscard]] bool fits(std::size_t chunks) const noexcept { return fits(chunks, tail_); }

  /// Whether it would be, were every fragment before `live` given back.
  template <class Holder>
  [[nodiscard]] bool would_fit(std::size_t chunks, Seq live, const Holder& holder) const noexcept {
    return fits(chunks, oldest_held(live, holder).tail);
  }

  /// The chunk at which the next run of `chunks` starts. Precondition: it fits.
  [[nodiscard]] std::uint32_t next_run(std::size_t chunks) const noexcept {
    return static_cast<std::uint32_t>(run_start(chunks) % N);
  }

  /// Hands the first `used` chunks of that run, at least one, to the fragment `seq`.
  void take(std::size_t chunks, std::size_t used, Seq seq) noexcept {
    if (!holds_any()) {
      oldest_ = seq;
    }
    head_ = run_start(chunks) + used;
    newest_ = seq;
  }

  /// Takes back every run that belongs to a fragment before `live`. `holder(seq)` is the chunk of a fragment that this
  /// fifo served, or `kInlineChunk`. Amortised O(1): each number is looked at once.
  template <class Holder>
  void take_back(Seq live, const Holder& holder) noexcept {
    const Held held = oldest_held(live, holder);
    tail_ = held.tail;
    oldest_ = held.seq;
  }

  /// Whether any run is held.
  [[nodiscard]] bool holds_any() const noexcept { return head_ != tail_; }

  /// The oldest fragment that holds a run, as of the last `take_back`. Precondition: `holds_any()`.
  [[nodiscard]] Seq oldest() const noexcept { return oldest_; }

 private:
  struct Held {
    Seq seq;
    std::uint64_t tail;
  };

  [[nodiscard]] std::uint64_t run_start(std::size_t chunks) const noexcept {
    const std::uint64_t before_wrap = N - head_ % N;
    return chunks <= before_wrap ? head_ : head_ + before_wrap;
  }

  [[nodiscard]] bool fits(std::size_t chunks, std::uint64_t tail) const noexcept {
    return run_start(chunks) + chunks - tail <= N;
  }

  /// The first fragment from `live` on that holds a run, and where that run starts.
  template <class Holder>
  [[nodiscard]] Held oldest_held(Seq live, const Holder& holder) const noexcept {
    if (!holds_any() || seq_lt(newest_, live)) {
      return {live, head_};
    }
    Seq s = seq_max(live, oldest_);
    std::uint32_t chunk = holder(s);
    while (chunk == kInlineChunk && s != newest_) {
      chunk = holder(++s);
    }
    // At most N behind the head and at least 1, so the chunk alone tells the position.
    return {s, head_ - 1 - (head_ - 1 - chunk) % N};
  }

  std::uint64_t head_ = 0;
  std::uint64_t tail_ = 0;
  Seq oldest_ = 0;  ///< no fragment before this one holds a run; counts only if any does
  Seq newest_ = 0;  ///< the last fragment that took a run; counts only if any does
};

}  // namespace tango::detail
