// SPDX-License-Identifier: Apache-2.0
// The histogram: every bucket's bounds, quantiles against sorted values, merging, baselines, and snapshots meanwhile.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "support/precondition.hpp"
// First, the above.
#include <tango/histogram.hpp>

#include "support/channel.hpp"

using namespace tango;
using namespace tango::test;
using detail::LogLinear;

namespace {

constexpr std::uint64_t kLargest = ~std::uint64_t{0};

HistogramSnapshot snapshot_of(const std::vector<std::uint64_t>& values) {
  const auto histogram = std::make_unique<Histogram>();
  for (const std::uint64_t value : values) {
    histogram->record(value);
  }
  return histogram->snapshot();
}

std::string printed(const HistogramSnapshot& histogram) {
  char buffer[1000];
  return std::string{print(histogram, buffer)};
}

/// Values of all lengths.
std::vector<std::uint64_t> some(Random& random, std::size_t count) {
  std::vector<std::uint64_t> values(count);
  const unsigned least = static_cast<unsigned>(random.below(64));
  for (std::uint64_t& value : values) {
    value = random() >> (least + random.below(64 - least));
  }
  return values;
}

/// The smallest of the sorted `values` that at least part / whole of them do not exceed.
std::uint64_t true_quantile(const std::vector<std::uint64_t>& values, std::uint64_t part, std::uint64_t whole) {
  const std::uint64_t rank = (values.size() * part + whole - 1) / whole;
  return values[rank == 0 ? 0 : rank - 1];
}

}  // namespace

TEST_CASE("buckets cover all values, without gap or overlap, none wider than 1/32 of what is in it") {
  CHECK(LogLinear::first_of(0) == 0);
  for (std::size_t i = 0; i < LogLinear::kBuckets; ++i) {
    CAPTURE(i);
    const std::uint64_t first = LogLinear::first_of(i);
    const std::uint64_t last = LogLinear::last_of(i);
    REQUIRE(first <= last);
    REQUIRE(LogLinear::bucket_of(first) == i);
    REQUIRE(LogLinear::bucket_of(last) == i);
    REQUIRE(last - first <= first / 32);
    if (i + 1 < LogLinear::kBuckets) {
      REQUIRE(LogLinear::first_of(i + 1) == last + 1);
    } else {
      REQUIRE(last == kLargest);
    }
  }
}

TEST_CASE("an empty histogram") {
  const HistogramSnapshot empty = Histogram{}.snapshot();
  CHECK(empty == HistogramSnapshot{});
  CHECK(empty.count() == 0);
  CHECK(empty.min() == 0);
  CHECK(empty.max() == 0);
  CHECK(empty.quantile(1, 2) == 0);
  CHECK(empty.quantile(1, 1) == 0);
  CHECK(printed(empty) == "count 0");
}

TEST_CASE("memory of zeros is an empty histogram") {
  alignas(Histogram) static std::byte memory[sizeof(Histogram)];
  auto& histogram = *reinterpret_cast<Histogram*>(memory);
  CHECK(histogram.snapshot() == HistogramSnapshot{});
  const auto made = std::make_unique<Histogram>();
  CHECK(std::memcmp(made.get(), memory, sizeof(Histogram)) == 0);
}

TEST_CASE("the smallest and the largest value are exact") {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1'000'003}, kLargest - 1, kLargest}) {
    const HistogramSnapshot one = snapshot_of({value});
    CHECK(one.count() == 1);
    CHECK(one.min() == value);
    CHECK(one.max() == value);
    CHECK(one.quantile(0, 1) == value);
    CHECK(one.quantile(1, 2) == value);
    CHECK(one.quantile(1, 1) == value);
    CHECK(one.count_near(value) == 1);
  }
  const HistogramSnapshot both = snapshot_of({kLargest, 0, 77'777});
  CHECK(both.min() == 0);
  CHECK(both.max() == kLargest);
  CHECK(both.count_near(77'778) == 1);
  CHECK(both.count_near(90'000) == 0);
}

TEST_CASE("quantiles: never below the true one, above it by 1/32 at most, never above the largest") {
  Random random{4};
  for (int round = 0; round < 300; ++round) {
    std::vector<std::uint64_t> values = some(random, 1 + random.below(3000));
    const HistogramSnapshot snapshot = snapshot_of(values);
    std::sort(values.begin(), values.end());
    REQUIRE(snapshot.count() == values.size());
    REQUIRE(snapshot.min() == values.front());
    REQUIRE(snapshot.max() == values.back());
    for (int i = 0; i < 40; ++i) {
      const std::uint32_t wholes[] = {1, 2, 100, 1000, 10'000, 0xFFFF'FFFFu};
      const std::uint32_t whole = wholes[random.below(6)];
      const auto part = static_cast<std::uint32_t>(random.below(std::uint64_t{whole} + 1));
      const std::uint64_t truth = true_quantile(values, part, whole);
      const std::uint64_t said = snapshot.quantile(part, whole);
      CAPTURE(part, whole, values.size());
      REQUIRE(truth <= said);
      REQUIRE(said - truth <= truth / 32);
      REQUIRE(said <= values.back());
    }
  }
}

TEST_CASE("ranks are exact: one value in ten thousand is beyond the 99.99th percentile, and two are not") {
  std::vector<std::uint64_t> values(9999, 10);
  values.push_back(1'000'000);
  CHECK(snapshot_of(values).quantile(9999, 10'000) == 10);
  values[0] = 1'000'000;
  CHECK(snapshot_of(values).quantile(9999, 10'000) == 1'000'000);
  for (std::uint32_t i = 1; i <= 63; ++i) {
    values.assign(63, 0);
    for (std::uint64_t k = 0; k < 63; ++k) {
      values[k] = k + 1;
    }
    CHECK(snapshot_of(values).quantile(i, 63) == i);
  }
}

TEST_CASE("ranks do not overflow, however many values there are") {
  HistogramSnapshot many = snapshot_of({1, 2, 3, 4});
  for (int i = 0; i < 61; ++i) {
    many += many;  // itself, too
  }
  CHECK(many.count() == std::uint64_t{1} << 63);
  CHECK(many.quantile(1, 2) == 2);
  CHECK(many.quantile(0x8000'0000u, 0xFFFF'FFFFu) == 3);  // just more than half
  CHECK(many.quantile(3, 4) == 3);
  CHECK(many.quantile(0xFFFF'FFFFu, 0xFFFF'FFFFu) == 4);
  CHECK(many.quantile(0, 7) == 1);
}

TEST_CASE("a quantile is a part of a whole") {
  const HistogramSnapshot snapshot = snapshot_of({1});
  CHECK(violates([&] { (void)snapshot.quantile(2, 1); }));
  CHECK(violates([&] { (void)snapshot.quantile(0, 0); }));
  CHECK(!violates([&] { (void)snapshot.quantile(1, 1); }));
}

TEST_CASE("two merged are one that recorded both") {
  Random random{5};
  for (int round = 0; round < 50; ++round) {
    std::vector<std::uint64_t> a = some(random, random.below(100));
    const std::vector<std::uint64_t> b = some(random, random.below(100));
    HistogramSnapshot sum = snapshot_of(a);
    sum += snapshot_of(b);
    HistogramSnapshot other = snapshot_of(b);
    other += snapshot_of(a);
    a.insert(a.end(), b.begin(), b.end());
    REQUIRE(sum == snapshot_of(a));
    REQUIRE(other == sum);
  }
  HistogramSnapshot from_nothing;
  from_nothing += snapshot_of({7, 9});
  CHECK(from_nothing == snapshot_of({7, 9}));
  from_nothing += HistogramSnapshot{};
  CHECK(from_nothing == snapshot_of({7, 9}));
}

TEST_CASE("since a baseline: what was recorded after it, its extremes rounded outwards at most to their buckets") {
  Random random{6};
  for (int round = 0; round < 100; ++round) {
    const auto histogram = std::make_unique<Histogram>();
    for (const std::uint64_t value : some(random, random.below(200))) {
      histogram->record(value);
    }
    const HistogramSnapshot baseline = histogram->snapshot();
    REQUIRE(baseline.since(baseline) == HistogramSnapshot{});
    const std::vector<std::uint64_t> later = some(random, 1 + random.below(50));
    for (const std::uint64_t value : later) {
      histogram->record(value);
    }
    const HistogramSnapshot now = histogram->snapshot();
    const HistogramSnapshot since = now.since(baseline);
    const HistogramSnapshot alone = snapshot_of(later);
    REQUIRE(since.count() == later.size());
    REQUIRE(since.min() <= alone.min());
    REQUIRE(since.max() >= alone.max());
    REQUIRE(LogLinear::bucket_of(since.min()) == LogLinear::bucket_of(alone.min()));
    REQUIRE(LogLinear::bucket_of(since.max()) == LogLinear::bucket_of(alone.max()));
    for (const std::uint64_t value : later) {
      REQUIRE(since.count_near(value) == alone.count_near(value));
    }
    if (baseline.count() == 0 || alone.max() > baseline.max()) {
      REQUIRE(since.max() == alone.max());
    }
    if (baseline.count() == 0 || alone.min() < baseline.min()) {
      REQUIRE(since.min() == alone.min());
    }
  }
}

TEST_CASE("it prints its quantiles, in 224 bytes at most, cut off where the buffer ends") {
  std::vector<std::uint64_t> values;
  for (std::uint64_t i = 1; i <= 60; ++i) {
    values.push_back(i);
  }
  const HistogramSnapshot snapshot = snapshot_of(values);
  CHECK(printed(snapshot) == "count 60 min 1 p50 30 p90 54 p99 60 p99.9 60 p99.99 60 max 60");
  char small[12];
  CHECK(print(snapshot, small) == "count 60 min");

  HistogramSnapshot largest = snapshot_of({kLargest});
  for (int i = 0; i < 63; ++i) {
    largest += largest;
  }
  CHECK(printed(largest).size() <= 224);
  CHECK(printed(largest).size() > 200);
}

TEST_CASE("a snapshot while another thread records is a histogram, too, and misses nothing that is done") {
  constexpr std::uint64_t kValues = 300'000;
  const auto histogram = std::make_unique<Histogram>();
  detail::SharedWord done{0};
  std::thread writer{[&] {
    for (std::uint64_t i = 1; i <= kValues; ++i) {
      histogram->record(i);
      done.store(i, detail::memory_order_release);
    }
  }};
  std::uint64_t last = 0;
  std::uint64_t wrong = 0;
  while (last < kValues && wrong == 0) {
    const std::uint64_t least = done.load(detail::memory_order_acquire);
    const HistogramSnapshot s = histogram->snapshot();
    const std::uint64_t most = done.load(detail::memory_order_acquire) + 1;
    wrong += s.count() < least || s.count() > most || s.count() < last;
    wrong += s.max() < least || (s.count() != 0 && s.max() > most + most / 32);
    wrong += s.quantile(1, 1) != s.max() || s.quantile(1, 2) < s.min() || s.quantile(1, 2) > s.max();
    wrong += least != 0 && s.min() != 1;
    last = s.count();
  }
  writer.join();
  CHECK(wrong == 0);
  CHECK(histogram->snapshot().count() == kValues);
  CHECK(histogram->snapshot().max() == kValues);
}
