// SPDX-License-Identifier: Apache-2.0
/// \file
/// Metrics: counters of a channel, as a policy. An endpoint that is given a `Metrics` as its last argument counts in a
/// block of its own there; one that is not has no trace of counting in its object code (`NoMetrics`).
///
///     line pair 0        the producer's block
///     line pair 1 .. 8   a block per consumer
///
/// Every word has one writer and is written by plain loads and stores (no read-modify-write). A snapshot may be taken
/// by any thread at any time; each of its words is a value that stood there, the words need not be of one instant. What
/// a consumer found overwritten after its last poll is told here at its next poll or `release`, or when it leaves.
/// Resetting is a matter of who reads: `MetricsReader` keeps a baseline. Counters of an endpoint that has left stay;
/// who takes its block next goes on counting from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "config.hpp"
#include "error.hpp"
#include "memory/counter.hpp"
#include "memory/packed_counter.hpp"
#include "memory/platform.hpp"
#include "seq.hpp"
#include "text/text_writer.hpp"

namespace tango::inline TANGO_ABI {

/// Consumers that one Metrics can count at a time.
inline constexpr std::size_t kMaxMeteredConsumers = 8;

/// The counters of a channel at some time. All are numbers of fragments, unless said otherwise.
struct MetricsSnapshot {
  std::uint64_t published = 0;        ///< messages published
  std::uint64_t published_bytes = 0;  ///< their payload bytes
  std::uint64_t backpressure = 0;     ///< refusals for want of credits; a blocking publish that waits counts once
  std::uint64_t consumed = 0;         ///< delivered by all consumers together, and not found overwritten afterwards
  std::uint64_t consumed_bytes = 0;   ///< their payload bytes
  std::uint64_t filtered = 0;         ///< skipped because of their `sig`
  std::uint64_t overruns = 0;  ///< times that a consumer was found overrun, or a fragment overwritten while it was read
  std::uint64_t lost = 0;      ///< fragments lost to overruns
  std::uint64_t rejected = 0;  ///< fragments whose metadata was out of range
  std::uint64_t lag = 0;       ///< published, but not yet looked at by the slowest consumer; not a running count

  /// What was counted since `baseline`, an earlier snapshot of the same Metrics. The lag is of now. A fragment that was
  /// consumed before the baseline and found overwritten after it takes one off what was consumed since, down to 0.
  [[nodiscard]] constexpr MetricsSnapshot since(const MetricsSnapshot& baseline) const noexcept {
    return {published - baseline.published,
            published_bytes - baseline.published_bytes,
            backpressure - baseline.backpressure,
            consumed > baseline.consumed ? consumed - baseline.consumed : 0,
            consumed_bytes > baseline.consumed_bytes ? consumed_bytes - baseline.consumed_bytes : 0,
            filtered - baseline.filtered,
            overruns - baseline.overruns,
            lost - baseline.lost,
            rejected - baseline.rejected,
            lag};
  }

  /// Counter by counter.
  friend constexpr bool operator==(const MetricsSnapshot&, const MetricsSnapshot&) noexcept = default;
};

/// Prints `published 10 (640 bytes) backpressure 0 consumed 9 (576 bytes) filtered 0 overruns 0 lost 0 rejected 0 lag
/// 1` into `buffer`, cut off where it ends; 320 bytes hold every one.
constexpr std::string_view print(const MetricsSnapshot& m, std::span<char> buffer) noexcept {
  detail::TextWriter out{buffer};
  out << "published " << m.published << " (" << m.published_bytes << " bytes) backpressure " << m.backpressure
      << " consumed " << m.consumed << " (" << m.consumed_bytes << " bytes) filtered " << m.filtered << " overruns "
      << m.overruns << " lost " << m.lost << " rejected " << m.rejected << " lag " << m.lag;
  return out.view();
}

namespace detail {

/// Who counts in a block.
struct BlockClaim {
  SharedWord word{0};

  /// Acquire: pairs with `release`; who comes goes on from the counts of who went.
  TANGO_COLD bool take() noexcept {
    std::uint64_t unclaimed = 0;
    return word.compare_exchange_strong(unclaimed, 1, memory_order_acquire, memory_order_relaxed);
  }
  void release() noexcept { word.store(0, memory_order_release); }
};

// Where an endpoint stands is not kept but follows from its counts: stores are what counting costs. A block's owners
// come one after the other and go on counting, so `origin` is the sequence number at which one owner alone would have
// begun. It matters to the lag only, which may be wrong in a snapshot that is taken while an endpoint is made.

struct alignas(kSeparation) ProducerBlock {
  BlockClaim claim;
  Counter active;  ///< 1 once a producer was there
  Counter origin;
  PackedCounter published;
  Counter backpressure;
};

struct alignas(kSeparation) ConsumerBlock {
  BlockClaim claim;
  Counter active;  ///< 1 while a consumer is there
  Counter origin;
  Counter consumed;
  Counter consumed_bytes;
  Counter filtered;
  Counter overruns;
  Counter lost;
  Counter rejected;

  /// Fragments looked at or lost.
  [[nodiscard]] std::uint64_t passed() const noexcept {
    return consumed.read() + filtered.read() + lost.read() + rejected.read();
  }
};
using ConsumerBlocks = ConsumerBlock[kMaxMeteredConsumers];

}  // namespace detail

/// The counters of a channel, a block for each endpoint: see the file's head.
class alignas(kSeparation) Metrics {
 public:
  Metrics() noexcept = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The counters now. O(consumers); any thread.
  [[nodiscard]] MetricsSnapshot snapshot() const noexcept {
    MetricsSnapshot s;
    // Consumers first: a producer's position that is read later is at or past theirs, but for one that is just joining.
    std::uint64_t next[kMaxMeteredConsumers];
    std::size_t active = 0;
    for (const detail::ConsumerBlock& block : consumers_) {
      s.consumed += block.consumed.read();
      s.consumed_bytes += block.consumed_bytes.read();
      s.filtered += block.filtered.read();
      s.overruns += block.overruns.read();
      s.lost += block.lost.read();
      s.rejected += block.rejected.read();
      if (block.active.value.load(detail::memory_order_acquire) != 0) {  // pairs with ConsumerRecorder::join
        next[active++] = block.origin.read() + block.passed();
      }
    }
    const detail::PackedCounter::Totals published = producer_.published.read();
    s.published = published.count;
    s.published_bytes = published.bytes;
    s.backpressure = producer_.backpressure.read();
    if (producer_.active.value.load(detail::memory_order_acquire) == 0) {  // pairs with ProducerRecorder::join
      return s;
    }
    const Seq position = producer_.origin.read() + s.published;
    for (std::size_t i = 0; i < active; ++i) {
      if (const std::int64_t behind = seq_diff(position, next[i]); behind > static_cast<std::int64_t>(s.lag)) {
        s.lag = static_cast<std::uint64_t>(behind);
      }
    }
    return s;
  }

  /// For endpoints: the blocks.
  [[nodiscard]] detail::ProducerBlock& producer() noexcept { return producer_; }
  /// For endpoints: the consumers' blocks.
  [[nodiscard]] detail::ConsumerBlocks& consumers() noexcept { return consumers_; }

 private:
  detail::ProducerBlock producer_;
  detail::ConsumerBlocks consumers_;
};

static_assert(sizeof(Metrics) == 128 + 8 * 128 && alignof(Metrics) == 128);

/// Reads a Metrics relative to a baseline of its own: what one reader resets, no other reader notices.
///
/// Thread: one per reader; any number of readers.
class MetricsReader {
 public:
  /// Nothing is reset yet: everything ever counted.
  explicit MetricsReader(const Metrics& metrics) noexcept : metrics_{&metrics} {}
  explicit MetricsReader(const Metrics&&) = delete;  ///< no temporary outlives the reader

  /// What was counted since the last reset, or ever.
  [[nodiscard]] MetricsSnapshot snapshot() const noexcept { return metrics_->snapshot().since(baseline_); }

  /// Starts over from here.
  void reset() noexcept { baseline_ = metrics_->snapshot(); }

 private:
  const Metrics* metrics_;
  MetricsSnapshot baseline_;
};

namespace detail {

/// How a producer counts, which is also how it knows its next number: one store says both, so metrics add none to a
/// publish. Thread: the producer's.
class ProducerRecorder {
 public:
  ProducerRecorder() noexcept = default;
  explicit ProducerRecorder(Metrics& metrics) noexcept : block_{&metrics.producer()}, tally_{block_->published} {}

  [[nodiscard]] bool take() noexcept { return block_->claim.take(); }
  void join(Seq position) noexcept {
    marked_ = position;
    block_->origin.write(position - tally_.start().count);
    block_->active.value.store(1, memory_order_release);  // pairs with Metrics::snapshot
  }
  void leave() noexcept { block_->claim.release(); }

  /// The number that the next message gets.
  [[nodiscard]] TANGO_HOT Seq next() const noexcept { return marked_ + tally_.since_mark(); }

  TANGO_HOT void published(std::uint64_t bytes) noexcept {
    if (tally_.add(bytes)) [[unlikely]] {
      marked_ = next();
      tally_.mark();
    }
  }
  void refused() noexcept { block_->backpressure.add(1); }

 private:
  ProducerBlock* block_ = nullptr;
  PackedCounterWriter tally_;
  Seq marked_ = 0;  ///< the next number when the last mark was set
};

/// How a consumer counts. Thread: the consumer's.
class ConsumerRecorder {
 public:
  ConsumerRecorder() noexcept = default;
  explicit ConsumerRecorder(Metrics& metrics) noexcept : metrics_{&metrics} {}

  [[nodiscard]] TANGO_COLD bool take() noexcept {
    for (ConsumerBlock& block : metrics_->consumers()) {
      if (block.claim.take()) {
        block_ = &block;
        return true;
      }
    }
    return false;
  }
  void join(Seq next) noexcept {
    block_->origin.write(next - block_->passed());
    block_->active.value.store(1, memory_order_release);  // pairs with Metrics::snapshot
  }
  void leave() noexcept {
    block_->active.write(0);
    block_->claim.release();
  }

  void delivered(std::uint64_t bytes) noexcept {
    block_->consumed.add(1);
    block_->consumed_bytes.add(bytes);
  }
  void filtered() noexcept { block_->filtered.add(1); }
  void overrun(std::uint64_t lost) noexcept {
    block_->overruns.add(1);
    block_->lost.add(lost);
  }
  void rejected() noexcept { block_->rejected.add(1); }

  /// Takes over what fragments reported: `lost` of those counted as delivered, of `bytes` bytes, were overwritten after
  /// all.
  void missed(std::uint64_t lost, std::uint64_t bytes) noexcept {
    block_->overruns.add(lost);
    block_->lost.add(lost);
    block_->consumed.write(block_->consumed.read() - lost);
    block_->consumed_bytes.write(block_->consumed_bytes.read() - bytes);
  }

 private:
  Metrics* metrics_ = nullptr;
  ConsumerBlock* block_ = nullptr;
};

}  // namespace detail

/// The absence of metrics: nothing is stored, nothing is executed.
struct NoMetrics {};

namespace detail {

/// How a producer without metrics counts: its next number is all that it keeps.
class NoProducerRecorder {
 public:
  static constexpr bool take() noexcept { return true; }
  void join(Seq position) noexcept { next_ = position; }
  static constexpr void leave() noexcept {}
  [[nodiscard]] Seq next() const noexcept { return next_; }
  void published(std::uint64_t) noexcept { ++next_; }
  static constexpr void refused() noexcept {}

 private:
  Seq next_ = 0;
};

/// How a consumer without metrics counts.
struct NoConsumerRecorder {
  static constexpr bool take() noexcept { return true; }
  static constexpr void join(Seq) noexcept {}
  static constexpr void leave() noexcept {}
  static constexpr void delivered(std::uint64_t) noexcept {}
  static constexpr void filtered() noexcept {}
  static constexpr void overrun(std::uint64_t) noexcept {}
  static constexpr void rejected() noexcept {}
  static constexpr void missed(std::uint64_t, std::uint64_t) noexcept {}
};

}  // namespace detail

}  // namespace tango::inline TANGO_ABI
