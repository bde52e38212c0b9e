// SPDX-License-Identifier: Apache-2.0
/// \file
/// Admission for the next message, as a producer sees it: slots, which flow control counts in credits, and chunks. Whatever
/// must stop being readable before its chunks are reused is evicted here (the invariant of dcache.hpp).
///
/// Thread: the producer's. `next` is the next number to publish.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../config.hpp"
#include "../error.hpp"
#include "../fctl.hpp"
#include "../mcache.hpp"
#include "../memory/platform.hpp"
#include "../memory/ring_control.hpp"
#include "../seq.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Flow control as a producer keeps it: what it knows of the slowest reliable consumer, and what follows for its
/// credits.
class ProducerFlow {
 public:
  explicit ProducerFlow(Fctl* fctl) noexcept : fctl_{fctl} {}

  [[nodiscard]] Fctl* fctl() const noexcept { return fctl_; }

  /// Everything before this number is known to be consumed.
  [[nodiscard]] Seq consumed() const noexcept { return consumed_; }

  void start(Seq first) noexcept { set(first); }

  /// Messages that may be published from `next` on, as far as is known; negative in a successor that has not looked.
  [[nodiscard]] std::int64_t credits_left(Seq next) const noexcept { return seq_diff(limit_, next); }

  /// Whether messages were waiting for the slowest consumer at the last look: else each is waited for, as like as not.
  /// A sample: there is one look for each time that the credits run out.
  [[nodiscard]] bool streams() const noexcept { return streams_; }

  /// Looks how far the slowest consumer is.
  TANGO_COLD void refill(RingControl& header, Seq next) noexcept {
    set(fctl_->refill(consumed_, header.start, next, header.limit));
    streams_ = next - consumed_ > 1;  // the last one may not have been given back yet by who has answered it
  }

 private:
  void set(Seq consumed) noexcept {
    consumed_ = consumed;
    limit_ = consumed + fctl_->credits();
  }

  Fctl* fctl_;
  Seq consumed_ = 0;
  Seq limit_ = 0;  ///< the first number that may not be published
  bool streams_ = false;
};

/// The absence of it.
struct NoProducerFlow {
  explicit NoProducerFlow(Fctl*) noexcept {}
  static constexpr void start(Seq) noexcept {}
  [[nodiscard]] static constexpr Fctl* fctl() noexcept { return nullptr; }
};

/// `Cache` is a DCache, `Flow` is `Fctl` or `NoFlowControl`.
template <std::size_t Depth, class Cache, class Flow>
class Admission {
  static constexpr bool kFlow = std::is_same_v<Flow, Fctl>;
  static constexpr bool kWords = Cache::kWords;

 public:
  Admission() noexcept = default;
  Admission(MCache<Depth>& mcache, Cache& dcache, Fctl* fctl) noexcept
      : mcache_{&mcache}, dcache_{&dcache}, flow_{fctl} {}

  [[nodiscard]] MCache<Depth>& mcache() const noexcept { return *mcache_; }
  [[nodiscard]] Cache& dcache() const noexcept { return *dcache_; }
  [[nodiscard]] Fctl* fctl() const noexcept { return flow_.fctl(); }

  /// Before the first message of this producer; `fresh`: of the channel.
  void start(bool fresh, Seq next) noexcept {
    if (fresh) {
      fifo().start(next);
    }
    flow_.start(mcache_->header().start);
  }

  /// Messages that slots are free for, as far as the consumers' positions say now; the depth on a lossy channel.
  /// O(consumers).
  [[nodiscard]] std::uint64_t slots(Seq next) noexcept {
    if constexpr (kFlow) {
      flow_.refill(mcache_->header(), next);
      const std::int64_t left = flow_.credits_left(next);
      return left > 0 ? static_cast<std::uint64_t>(left) : 0;
    } else {
      return Depth;
    }
  }

  /// Whether a message of `chunks` chunks may be published now. If so, that many chunks are free and the slots of
  /// whoever held them have been marked.
  [[nodiscard]] TANGO_HOT bool make(std::size_t chunks, Seq next) noexcept {
    if constexpr (kFlow) {
      if (flow_.credits_left(next) <= 0) [[unlikely]] {
        flow_.refill(mcache_->header(), next);
        if (flow_.credits_left(next) <= 0) {
          return false;
        }
      }
    }
    if (chunks == 0 || fifo().fits(chunks, next)) {
      return true;
    }
    if constexpr (kWords) {
      // What the next slot's last owner held is free: opening that slot marks it.
      fifo().take_back(next - Depth + 1, next, holder());
      if (fifo().fits(chunks, next)) {
        return true;
      }
    }
    return make_chunks(chunks, next);
  }

  /// `next` is about to be published, and what came before it had `bytes` bytes: asks for lines that will be written
  /// some numbers later, if they are known to have been given back, so that the stores to them wait less. To read, not
  /// to write: a line that is asked for to write leaves the consumer's cache at once, and came out slower where it made
  /// a difference. Only with flow control: without, who is looked ahead for may be the consumer. As many lines as the
  /// next payload will take if it is like the last one; but not for more than `kMostAhead` bytes, which a copy asks for
  /// by itself in better time, nor where each message waits for an answer, which such lines delay (all in
  /// bench/README.md).
  TANGO_HOT void look_ahead(Seq next, std::size_t bytes) const noexcept {
    if constexpr (kFlow) {
      if (flow_.credits_left(next) > 2 * kAhead) {
        prefetch(&mcache_->slot(next + kAhead));
        prefetch(dcache_->data(fifo().next_run(1, next + kAhead)));
      }
      if (bytes > kLineSize && bytes <= kMostAhead && flow_.streams()) {
        look_ahead_for_lines(next, bytes);
      }
    }
  }

  /// Bytes of the largest message that there is room for, as far as is known; 0 without a slot for it.
  [[nodiscard]] std::size_t largest(Seq next) const noexcept {
    if constexpr (kFlow) {
      if (flow_.credits_left(next) <= 0) {
        return 0;
      }
      const std::size_t bytes = fifo().longest(consumed(next), next, holder()) * Cache::chunk_size();
      return bytes < kInlineBytes ? kInlineBytes : bytes < Cache::max_payload() ? bytes : Cache::max_payload();
    } else {
      return Cache::max_payload();
    }
  }

 private:
  static constexpr std::int64_t kAhead = 16;        ///< numbers
  static constexpr std::size_t kBytesAhead = 4096;  ///< from the next payload to the one that is looked ahead for
  static constexpr std::size_t kMostAhead = 2048;

  /// A run for such a payload, `kBytesAhead` behind the head. It may hold one that is still to be read, where there are
  /// fewer chunks than the credits are worth: to ask for its lines is slower then, and no harm.
  TANGO_HOT void look_ahead_for_lines(Seq next, std::size_t bytes) const noexcept {
    constexpr std::size_t kDistance = kBytesAhead < Cache::chunk_size() ? 1 : kBytesAhead / Cache::chunk_size();
    // Unsigned: somebody else may have written into the channel's memory, and then it may wrap and the hint is wrong.
    const std::int64_t left = flow_.credits_left(next);
    if (left > 0 && static_cast<std::uint64_t>(left) * bytes > kBytesAhead + bytes) {
      const auto* const lines = dcache_->data(fifo().next_run(Cache::chunks_for(bytes), next + kDistance));
      for (std::size_t at = 0; at < bytes; at += kLineSize) {
        prefetch(lines + at / sizeof *lines);
      }
    }
  }

  [[nodiscard]] typename Cache::Fifo& fifo() const noexcept { return dcache_->fifo(); }

  /// Everything before this number is known to be consumed: a number between `next` less the depth and `next`, as long as
  /// there are credits; also if somebody else wrote into the channel's memory, so that every search through it ends.
  [[nodiscard]] Seq consumed(Seq next) const noexcept { return seq_min(seq_max(flow_.consumed(), next - Depth), next); }

  /// Which chunk a fragment in the ring holds.
  [[nodiscard]] auto holder() const noexcept {
    return [mcache = mcache_](Seq s) noexcept { return static_cast<std::uint32_t>(mcache->slot(s).own_place()); };
  }

  /// Frees chunks for a run of `chunks`; false, and nothing has changed for any reader, if reliable consumers hold too
  /// many.
  TANGO_COLD bool make_chunks(std::size_t chunks, Seq next) noexcept {
    if constexpr (kFlow) {
      if (!fifo().would_fit(chunks, consumed(next), next, holder())) {
        flow_.refill(mcache_->header(), next);
        if (!fifo().would_fit(chunks, consumed(next), next, holder())) {
          return false;
        }
      }
    }
    if constexpr (kWords) {
      // Evict, oldest first. With flow control only consumed fragments give way: would_fit has seen to it. What is
      // evicted may lie behind the position that was stored last, and MCache::position stops there.
      mcache_->header().advance(next);
      while (!fifo().fits(chunks, next)) {
        evict(fifo().oldest());
        fifo().take_back(fifo().oldest() + 1, next, holder());
      }
    } else {
      fifo().take_back(consumed(next), next, holder());
    }
    return true;
  }

  /// The fragment stops being readable, because its chunks are about to be reused.
  void evict(Seq victim) noexcept {
    mcache_->slot(victim).evict(victim, Depth);
    // Relaxed: says where to resume, and whoever resumes there validates what it reads.
    mcache_->header().oldest.store(victim + 1, memory_order_relaxed);
  }

  MCache<Depth>* mcache_ = nullptr;
  Cache* dcache_ = nullptr;
  [[no_unique_address]] std::conditional_t<kFlow, ProducerFlow, NoProducerFlow> flow_{nullptr};
};

}  // namespace tango::inline TANGO_ABI::detail
