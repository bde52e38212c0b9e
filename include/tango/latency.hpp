// SPDX-License-Identifier: Apache-2.0
/// \file
/// Latency from publish to consume, as a metric that is there only where it is used: the producer stamps its messages,
/// a consumer records what it took.
///
///     producer.publish(bytes, {.ts = tango::stamp()});       // a tick, when it is published
///     if (auto fragment = consumer.poll()) {
///       latency.record(fragment->ts());                      // the ticks since, when it is consumed
///     }
///
/// What is counted is the time from the stamp to `record`: where the two stand decides what it means. Ticks, not
/// nanoseconds: those are a matter of who prints (`TickRate`).
///
/// A stamp has 32 bits, so it says when only to a multiple of 2^32 ticks (1.4 s at 3 GHz, 4.3 s at 1 GHz). It is taken
/// for the latest tick that is less than 2^24 ticks ahead of the clock: a latency is right up to 2^32 - 2^24 ticks, and
/// one that is longer comes out a multiple of 2^32 ticks short, as any other or as a negative one. For queues that hold
/// messages that long, send the whole tick in the payload and give the difference to a `Histogram`.
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

/// The latencies at some time: a value, of 15 KiB. Any thread.
struct LatencySnapshot {
  HistogramSnapshot ticks;     ///< how long messages took, in ticks
  std::uint64_t negative = 0;  ///< of these, the ones whose stamp lay ahead of the clock; they are in `ticks` as 0

  /// Both together: as if one had recorded what both did.
  constexpr LatencySnapshot& operator+=(const LatencySnapshot& other) noexcept {
    ticks += other.ticks;
    negative += other.negative;
    return *this;
  }

  /// What was recorded since `baseline`, an earlier snapshot of the same Latency. See HistogramSnapshot::since. One that
  /// was being recorded when the baseline was taken is left out of `negative`, too, if it is in the baseline's `ticks`.
  [[nodiscard]] constexpr LatencySnapshot since(const LatencySnapshot& baseline) const noexcept {
    const HistogramSnapshot recorded = ticks.since(baseline.ticks);
    const std::uint64_t ahead = negative - baseline.negative;
    return {recorded, ahead < recorded.count_near(0) ? ahead : recorded.count_near(0)};
  }

  /// Bucket by bucket.
  friend constexpr bool operator==(const LatencySnapshot&, const LatencySnapshot&) noexcept = default;
};

/// Prints `count 1000 negative 0 min 31 ns p50 80 ns p90 95 ns p99 131 ns p99.9 400 ns p99.99 892 ns max 892 ns` (or
/// `count 0 negative 0`) into `buffer`, cut off where it ends; 288 bytes hold every one. O(buckets).
constexpr std::string_view print(const LatencySnapshot& latency, const TickRate& rate,
                                 std::span<char> buffer) noexcept {
  detail::TextWriter out{buffer};
  out << "count " << latency.ticks.count() << " negative " << latency.negative;
  if (latency.ticks.count() != 0) {
    constexpr std::string_view kUnit = " ns";  // a constant, so that its length is
    detail::print_quantiles(out, latency.ticks, kUnit, [&rate](std::uint64_t ticks) { return rate.to_ns(ticks); });
  }
  return out.view();
}

/// One consumer's latencies. `C` is the clock that `record` reads; it must tick with the clock of the stamps:
/// `stamp()` goes with `Latency<>`, `stamp<SteadyClock>()` with `Latency<SteadyClock>`. For several consumers one each;
/// their snapshots add up.
template <Clock C = OrderedTickClock>
class alignas(kSeparation) Latency {
 public:
  Latency() noexcept = default;
  Latency(const Latency&) = delete;
  Latency& operator=(const Latency&) = delete;

  /// Records how long ago `ts` was stamped, and says how many ticks that is. A stamp ahead of the clock (the cores'
  /// clocks disagree) counts as 0 and as negative. A message that was not stamped must not be recorded: each `ts` is a
  /// legal stamp. Costs reading the clock, and `Histogram::record`. O(1). Thread: the one writer, the consumer's.
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

  /// A stamp, not a tick.
  template <class T>
  requires(sizeof(T) > sizeof(std::uint32_t)) std::uint64_t record(T)
  = delete;

  /// What was recorded so far. O(buckets), some microseconds; any thread.
  [[nodiscard]] LatencySnapshot snapshot() const noexcept {
    // Before the histogram, which then holds them all. Acquire: pairs with `record`.
    const std::uint64_t negative = negative_.value.load(detail::memory_order_acquire);
    return {histogram_.snapshot(), negative};
  }

 private:
  static constexpr Tick kAhead = Tick{1} << 24;  ///< stamps are less than this ahead of the clock: 6 ms at 3 GHz

  Histogram histogram_;
  detail::Counter negative_;
};

}  // namespace tango::inline TANGO_ABI
