// SPDX-License-Identifier: Apache-2.0
// Latency: what is recorded of a stamp, to the tick, as far as 32 bits reach; and on channels of each kind.
#include <array>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <tango/latency.hpp>

#include "support/channel.hpp"
#include "support/endpoints.hpp"
#include "support/fake_clock.hpp"

using namespace tango;
using namespace tango::test;

namespace {

constexpr std::uint64_t kLargest = ~std::uint64_t{0};
constexpr std::uint64_t kAround = std::uint64_t{1} << 32;
constexpr std::uint64_t kAhead = std::uint64_t{1} << 24;

using FakeLatency = Latency<FakeClock>;

std::string printed(const LatencySnapshot& latency, const TickRate& rate) {
  char buffer[1000];
  return std::string{print(latency, rate, buffer)};
}

}  // namespace

TEST_CASE("a latency is the ticks from the stamp to the recording, up to 2^32 - 2^24 of them") {
  FakeLatency latency;
  std::uint64_t count = 0;
  for (const Tick sent :
       {Tick{0}, Tick{1}, Tick{12'345'678'901'234}, kAround - 1, kLargest - kAround, kLargest - 1, kLargest}) {
    for (const std::uint64_t ticks : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, kAround / 2 - 1,
                                      kAround / 2, kAround - kAhead - 1, kAround - kAhead}) {
      FakeClock::time = sent;
      const std::uint32_t ts = stamp<FakeClock>();
      FakeClock::time = sent + ticks;
      const HistogramSnapshot before = latency.snapshot().ticks;
      REQUIRE(latency.record(ts) == ticks);
      const HistogramSnapshot after = latency.snapshot().ticks;
      REQUIRE(after.count() == ++count);
      REQUIRE(after.count_near(ticks) == before.count_near(ticks) + 1);
    }
  }
  CHECK(latency.snapshot().ticks.min() == 0);
  CHECK(latency.snapshot().ticks.max() == kAround - kAhead);
  CHECK(latency.snapshot().negative == 0);
}

TEST_CASE("a stamp ahead of the clock counts as 0 and as negative, and never as 2^64") {
  FakeLatency latency;
  std::uint64_t count = 0;
  for (const Tick now : {Tick{0}, Tick{5}, kAround, kLargest}) {
    for (const std::uint64_t ahead : {std::uint64_t{1}, std::uint64_t{1000}, kAhead - 1}) {
      FakeClock::time = now;
      REQUIRE(latency.record(compress(now + ahead)) == 0);
      REQUIRE(latency.snapshot().negative == ++count);
    }
  }
  CHECK(latency.snapshot().ticks.count() == count);
  CHECK(latency.snapshot().ticks.max() == 0);
}

TEST_CASE("an older stamp comes out a multiple of 2^32 ticks short, in between as negative") {
  FakeLatency latency;
  FakeClock::time = 10 * kAround;
  CHECK(latency.record(compress(FakeClock::time - (kAround - kAhead + 1))) == 0);
  CHECK(latency.snapshot().negative == 1);
  CHECK(latency.record(compress(FakeClock::time - (kAround - 1))) == 0);
  CHECK(latency.snapshot().negative == 2);
  CHECK(latency.record(compress(FakeClock::time - (kAround + 5))) == 5);
  CHECK(latency.record(compress(FakeClock::time - (3 * kAround + 5))) == 5);
  CHECK(latency.snapshot().negative == 2);
}

template <class T>
concept Recordable = requires(FakeLatency& latency, T value) {
  latency.record(value);
};
static_assert(Recordable<std::uint32_t> && Recordable<int>);
static_assert(!Recordable<std::uint64_t> && !Recordable<std::int64_t> && !Recordable<unsigned long long>);  // ticks

TEST_CASE("snapshots merge and have baselines") {
  FakeLatency a;
  FakeLatency b;
  FakeClock::time = 1000;
  a.record(900u);
  a.record(1001u);
  b.record(990u);
  const LatencySnapshot baseline = a.snapshot();
  LatencySnapshot sum = baseline;
  sum += b.snapshot();
  CHECK(sum.ticks.count() == 3);
  CHECK(sum.ticks.max() == 100);
  CHECK(sum.negative == 1);
  a.record(999u);
  a.record(1002u);
  const LatencySnapshot since = a.snapshot().since(baseline);
  CHECK(since.ticks.count() == 2);
  CHECK(since.ticks.max() == 1);
  CHECK(since.negative == 1);
  CHECK(baseline.since(baseline) == LatencySnapshot{});
  CHECK(Latency<FakeClock>{}.snapshot() == LatencySnapshot{});
}

TEST_CASE("it prints in nanoseconds, in 288 bytes at most") {
  FakeLatency latency;
  const TickRate rate{2, 1};
  CHECK(printed(latency.snapshot(), rate) == "count 0 negative 0");
  FakeClock::time = 1000;
  for (std::uint32_t i = 1; i <= 60; ++i) {
    latency.record(1000 - i);
  }
  latency.record(1007u);
  CHECK(printed(latency.snapshot(), rate) ==
        "count 61 negative 1 min 0 ns p50 15 ns p90 27 ns p99 30 ns p99.9 30 ns p99.99 30 ns max 30 ns");
  LatencySnapshot largest = latency.snapshot();
  for (int i = 0; i < 58; ++i) {
    largest += largest;
  }
  CHECK(largest.negative == std::uint64_t{1} << 58);
  largest.negative = kLargest;
  CHECK(printed(largest, TickRate{1, kLargest}).size() <= 288);
  CHECK(printed(largest, TickRate{1, kLargest}).size() > 200);
}

TEMPLATE_TEST_CASE("from publish to consume, on every kind of channel", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 8, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  const auto latency = std::make_unique<FakeLatency>();
  FakeClock::time = kAround - 3;  // over the stamps' wrap
  for (std::uint64_t i = 0; i < 6; ++i) {
    REQUIRE(producer.publish(payload_of(i, i * 20), {.ts = stamp<FakeClock>()}));
    FakeClock::time += 10;
  }
  auto one = consumer.poll();
  REQUIRE(one);
  CHECK(one->ts() == 0xFFFF'FFFDu);
  CHECK(latency->record(one->ts()) == 60);
  one->release();
  std::uint64_t expected = 50;
  CHECK(consumer
            .poll_batch(2,
                        [&](auto& item) {
                          CHECK(latency->record(item.ts()) == expected);
                          expected -= 10;
                        })
            .count == 2);
  producer.stop();
  for (auto& fragment : consumer.fragments()) {
    CHECK(latency->record(fragment.ts()) == expected);
    expected -= 10;
  }
  CHECK(expected == 0);
  const LatencySnapshot snapshot = latency->snapshot();
  CHECK(snapshot.ticks.count() == 6);
  CHECK(snapshot.ticks.min() == 10);
  CHECK(snapshot.ticks.max() == 60);
  CHECK(snapshot.negative == 0);
}
