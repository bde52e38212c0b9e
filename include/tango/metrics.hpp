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
#include "memory/inside.hpp"
#include "memory/metrics_blocks.hpp"
#include "seq.hpp"
#include "text/text_writer.hpp"

namespace tango::inline TANGO_ABI {

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
    for (const detail::ConsumerBlock& block : inside_.consumers) {
      s.consumed += block.consumed.read();
      s.consumed_bytes += block.consumed_bytes.read();
      s.filtered += block.filtered.read();
      s.overruns += block.overruns.read();
      s.lost += block.lost.read();
      s.rejected += block.rejected.read();
      if (block.claim.holder().state == detail::BlockState::Active) {  // acquire: pairs with ConsumerRecorder::join
        next[active++] = block.origin.read() + block.passed();
      }
    }
    const detail::PackedCounter::Totals published = inside_.producer.published.read();
    s.published = published.count;
    s.published_bytes = published.bytes;
    s.backpressure = inside_.producer.backpressure.read();
    // Acquire: pairs with ProducerRecorder::join.
    const detail::BlockState state = inside_.producer.claim.holder().state;
    if (state != detail::BlockState::Active && state != detail::BlockState::Left) {
      return s;
    }
    const Seq position = inside_.producer.origin.read() + s.published;
    for (std::size_t i = 0; i < active; ++i) {
      if (const std::int64_t behind = seq_diff(position, next[i]); behind > static_cast<std::int64_t>(s.lag)) {
        s.lag = static_cast<std::uint64_t>(behind);
      }
    }
    return s;
  }

 private:
  friend struct detail::Inside;

  detail::MetricsBlocks inside_;
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

/// The absence of metrics in an endpoint's type: nothing is stored, nothing is executed.
struct NoMetrics {};

}  // namespace tango::inline TANGO_ABI
