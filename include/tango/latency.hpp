// SPDX-License-Identifier: Apache-2.0
/// \file
/// Latency: the time from publish to consume, as an optional metric. The producer stamps its messages, and a consumer
/// records how long ago that was.
///
///     producer.publish(bytes, {.ts = tango::stamp()});       // a tick, when it is published
///     if (auto fragment = consumer.poll()) {
///       latency.record(fragment->ts());                      // the ticks since, when it is consumed
///     }
///
/// The time from `stamp` to `record` is measured, so their places in the program determine its meaning. It is kept in
/// ticks. `print` converts it into nanoseconds (`TickRate`).
///
/// A stamp has 32 bits, so it determines a time only modulo 2^32 ticks (1.4 s at 3 GHz, 4.3 s at 1 GHz). It is taken as
/// the latest such tick that is less than 2^24 ticks ahead of the clock. A latency is correct up to 2^32 - 2^24 ticks.
/// A longer one is recorded too short by a multiple of 2^32 ticks, possibly as a negative one. For queues that hold
/// messages that long, send the whole tick in the payload and record the difference in a `Histogram`.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "clock.hpp"
#include "config.hpp"
#include "histogram.hpp"
#include "memory/counter.hpp"
#include "seq.hpp"
#include "text/text_writer.hpp"

namespace tango::inline TANGO_ABI {

/// The latencies at one time: a value of 15 KiB.
///
/// Thread: any.
struct LatencySnapshot {
  HistogramSnapshot ticks;     ///< the latencies in ticks
  std::uint64_t negative = 0;  ///< those whose stamp was ahead of the clock; counted in `ticks` as 0

  /// Adds `other`: the result is as if one Latency had recorded both.
  constexpr LatencySnapshot& operator+=(const LatencySnapshot& other) noexcept {
    ticks += other.ticks;
    negative += other.negative;
    return *this;
  }

  /// What was recorded since `baseline`, an earlier snapshot of the same Latency: see HistogramSnapshot::since. A
  /// negative latency that was being recorded when the baseline was taken is not in the result's `negative` if the
  /// baseline's `ticks` contain it.
  [[nodiscard]] constexpr LatencySnapshot since(const LatencySnapshot& baseline) const noexcept {
    const HistogramSnapshot recorded = ticks.since(baseline.ticks);
    const std::uint64_t ahead = negative - baseline.negative;
    return {recorded, ahead < recorded.count_near(0) ? ahead : recorded.count_near(0)};
  }

  /// Bucket by bucket.
  friend constexpr bool operator==(const LatencySnapshot&, const LatencySnapshot&) noexcept = default;
};

/// Prints `count 1000 negative 0 min 31 ns p50 80 ns p90 95 ns p99 131 ns p99.9 400 ns p99.99 892 ns max 892 ns` (or
/// `count 0 negative 0`) into `buffer`, truncated to its size. 288 bytes are always enough.
///
/// Complexity: O(buckets).
constexpr std::string_view print(const LatencySnapshot& latency, const TickRate& rate,
                                 std::span<char> buffer) noexcept {
  detail::TextWriter out{buffer};
  out << "count " << latency.ticks.count() << " negative " << latency.negative;
  if (latency.ticks.count() != 0) {
    constexpr std::string_view kUnit = " ns";  // constexpr, so that its length is a constant
    detail::print_quantiles(out, latency.ticks, kUnit, [&rate](std::uint64_t ticks) { return rate.to_ns(ticks); });
  }
  return out.view();
}

/// The latencies of one consumer. `C` is the clock that `record` reads. It must have the same ticks as the clock of the
/// stamps: use `stamp()` with `Latency<>`, and `stamp<SteadyClock>()` with `Latency<SteadyClock>`. Use one Latency for
/// each consumer and add up their snapshots.
template <Clock C = OrderedTickClock>
class alignas(kSeparation) Latency {
 public:
  Latency() noexcept = default;
  Latency(const Latency&) = delete;
  Latency& operator=(const Latency&) = delete;

  /// Records how long ago `ts` was stamped. A stamp that is ahead of the clock, because the cores' clocks disagree,
  /// counts as 0 and as negative. Do not record a message that was not stamped: every `ts` is a valid stamp.
  ///
  /// \return The recorded ticks.
  ///
  /// Thread: the one writer, the consumer's.
  /// Complexity: O(1): reading the clock and `Histogram::record`.
  std::uint64_t record(std::uint32_t ts) noexcept {
    // The reference is moved back, so that of the 2^32 ticks around it all but kAhead are in the past.
    const Tick now = C::now();
    const Tick sent = expand(ts, now + kAhead - (Tick{1} << 31));
    if (seq_lt(now, sent)) [[unlikely]] {
      histogram_.record(0);
      // Release: pairs with `snapshot`.
      negative_.value.store(negative_.read() + 1, detail::memory_order_release);
      return 0;
    }
    histogram_.record(now - sent);
    return now - sent;
  }

  /// Deleted for a tick: the argument is a stamp.
  template <class T>
  requires(sizeof(T) > sizeof(std::uint32_t)) std::uint64_t record(T)
  = delete;

  /// What was recorded so far.
  ///
  /// Thread: any.
  /// Complexity: O(buckets), some microseconds.
  [[nodiscard]] LatencySnapshot snapshot() const noexcept {
    // Before the histogram, which then contains them all. Acquire: pairs with `record`.
    const std::uint64_t negative = negative_.value.load(detail::memory_order_acquire);
    return {histogram_.snapshot(), negative};
  }

 private:
  static constexpr Tick kAhead = Tick{1} << 24;  ///< stamps are less than this ahead of the clock: 6 ms at 3 GHz

  Histogram histogram_;
  detail::Counter negative_;
};

}  // namespace tango::inline TANGO_ABI
