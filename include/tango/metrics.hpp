// SPDX-License-Identifier: Apache-2.0
/// \file
/// Metrics: counters of a channel, as a policy. An endpoint that is given a `Metrics` as its last argument counts in
/// its own block there. An endpoint without one (`NoMetrics`) contains no code for counting.
///
///     line pair 0        the producer's block
///     line pair 1 .. 8   a block per consumer
///
/// Every word has one writer, which uses plain loads and stores (no read-modify-write). Any thread may take a snapshot
/// at any time. Each word of a snapshot is a value that was stored there, but the words need not be from the same
/// instant. Fragments that a consumer finds overwritten after its last poll are counted at its next poll or `release`,
/// or when it leaves.
///
/// Counters are not reset. A `MetricsReader` keeps a baseline of its own instead. The counters of an endpoint that has
/// left stay, and the next endpoint in its block continues from them.
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

/// The counters of a channel at one time. All count fragments unless stated otherwise.
struct MetricsSnapshot {
  std::uint64_t published = 0;        ///< messages published
  std::uint64_t published_bytes = 0;  ///< their payload bytes
  std::uint64_t backpressure = 0;     ///< refusals for lack of credits; a blocking publish that waits counts once
  std::uint64_t consumed = 0;         ///< delivered by all consumers together, and not overwritten while being read
  std::uint64_t consumed_bytes = 0;   ///< their payload bytes
  std::uint64_t filtered = 0;         ///< rejected by a filter
  std::uint64_t overruns = 0;  ///< times that a consumer was overrun or a fragment was overwritten while it was read
  std::uint64_t lost = 0;      ///< fragments lost to overruns
  std::uint64_t rejected = 0;  ///< fragments whose metadata was out of range
  std::uint64_t lag = 0;       ///< published but not yet polled by the slowest consumer; a current value, not a count

  /// What was counted since `baseline`, an earlier snapshot of the same Metrics. The lag is the current one. A fragment
  /// that was consumed before the baseline and found overwritten after it reduces the consumed count by one, but not
  /// below 0.
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

/// Prints all counters into `buffer`, truncated to its size: `published 10 (640 bytes) backpressure 0 consumed 9 (576
/// bytes) filtered 0 overruns 0 lost 0 rejected 0 lag 1`. 320 bytes are always enough.
constexpr std::string_view print(const MetricsSnapshot& m, std::span<char> buffer) noexcept {
  detail::TextWriter out{buffer};
  out << "published " << m.published << " (" << m.published_bytes << " bytes) backpressure " << m.backpressure
      << " consumed " << m.consumed << " (" << m.consumed_bytes << " bytes) filtered " << m.filtered << " overruns "
      << m.overruns << " lost " << m.lost << " rejected " << m.rejected << " lag " << m.lag;
  return out.view();
}

/// The counters of a channel, with a block for each endpoint: see the file's head.
class alignas(kSeparation) Metrics {
 public:
  Metrics() noexcept = default;
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// The current counters.
  ///
  /// Thread: any.
  /// Complexity: O(consumers).
  [[nodiscard]] MetricsSnapshot snapshot() const noexcept {
    MetricsSnapshot s;
    // Consumers first: the producer's position is read later, so it is at or past theirs, except for a consumer that is
    // just joining.
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

/// Reads a Metrics relative to a baseline. Each reader has its own, so resetting one does not affect the others.
///
/// Thread: each reader belongs to one thread. There may be any number of readers.
class MetricsReader {
 public:
  /// Starts with an empty baseline: everything ever counted.
  explicit MetricsReader(const Metrics& metrics) noexcept : metrics_{&metrics} {}
  explicit MetricsReader(const Metrics&&) = delete;  ///< a temporary would not outlive the reader

  /// What was counted since the last reset, or ever if there was none.
  [[nodiscard]] MetricsSnapshot snapshot() const noexcept { return metrics_->snapshot().since(baseline_); }

  /// Makes the current counters the baseline.
  void reset() noexcept { baseline_ = metrics_->snapshot(); }

 private:
  const Metrics* metrics_;
  MetricsSnapshot baseline_;
};

/// In an endpoint's type: no metrics. Nothing is stored, and no code is generated.
struct NoMetrics {};

}  // namespace tango::inline TANGO_ABI
