// SPDX-License-Identifier: Apache-2.0
#include "workload.hpp"

#include <array>
#include <string>
#include <utility>

namespace bench {

namespace {

/// A payload, and as many messages of it as take 10 to 20 ms.
struct Size {
  std::size_t bytes;
  std::uint64_t count;
};
constexpr std::array<Size, 6> kSizes{
    {{8, 1'000'000}, {64, 600'000}, {256, 250'000}, {1024, 100'000}, {4096, 20'000}, {65536, 1'000}}};
constexpr Size k64 = kSizes[1];
constexpr Size kBulkSize{8, 4'000'000};
constexpr std::uint64_t kRoundTrips = 30'000;
constexpr std::size_t kDepth = 1024;

std::string bytes_text(std::size_t bytes) {
  return bytes < 1024 ? std::to_string(bytes) + " B" : std::to_string(bytes / 1024) + " KiB";
}

}  // namespace

std::vector<Workload> all_workloads() {
  using namespace std::chrono_literals;
  std::vector<Workload> all;
  const auto add = [&all](const std::string& name, const std::string& what, Kind kind, Size size, std::size_t capacity,
                          std::chrono::nanoseconds period = 0ns) -> Workload& {
    return all.emplace_back(Workload{name, what, kind, size.bytes, capacity, {size.count, period}});
  };
  for (const Size& size : kSizes) {
    add("throughput_" + std::to_string(size.bytes), bytes_text(size.bytes) + ", reliable, capacity 1024",
        Kind::Throughput, size, kDepth)
        .quick = size.bytes == 1024;
  }
  for (const Size& size : kSizes) {
    add("best_" + std::to_string(size.bytes),
        bytes_text(size.bytes) + ", reliable, each queue at its best capacity" +
            (size.bytes == 64                          ? " of 64 ... 4096"
             : size.bytes >= 256 && size.bytes <= 4096 ? " of 64, 1024 and " + std::to_string((8 << 20) / size.bytes)
                                                       : " of 64 and 1024"),
        Kind::Throughput, size, 0);
  }
  for (const std::size_t capacity : {64u, 256u, 4096u}) {
    add("capacity_" + std::to_string(capacity), "64 B, reliable, capacity " + std::to_string(capacity),
        Kind::Throughput, k64, capacity);
  }
  for (const Size& size : kSizes) {
    add("lossy_" + std::to_string(size.bytes),
        bytes_text(size.bytes) +
            ", the producer never waits; delivered and validated, against our reliable channel in the same memory",
        Kind::Lossy, size, kDepth);
  }
  add("bulk_8", "8 B in bulk, each queue at its best capacity of 64 ... 4096", Kind::Bulk, kBulkSize, 0);
  add("round_trip_8", "8 B there and back, each queue at its best capacity of 64 and 1024", Kind::RoundTrip,
      {8, kRoundTrips}, 0)
      .quick = true;
  add("round_trip_64", "64 B there and back, each queue at its best capacity of 64 and 1024", Kind::RoundTrip,
      {64, kRoundTrips}, 0);
  add("round_trip_1024", "1 KiB there and back, capacity 64", Kind::RoundTrip, {1024, kRoundTrips}, 64);
  add("paced_100k", "64 B at 100 000/s: latency of one way, capacity 1024", Kind::Paced, {64, 10'000}, kDepth, 10us);
  add("paced_1m", "64 B at 1 000 000/s: latency of one way, capacity 1024", Kind::Paced, {64, 40'000}, kDepth, 1us);
  Workload& metrics = add("metrics_64", "64 B, reliable, with metrics on and off", Kind::Metrics, k64, kDepth);
  metrics.runs_per_round = 6;
  metrics.quick = true;
  add("fanout_64", "64 B, lossy, what a publish costs the producer with 0 ... k consumers", Kind::Fanout, k64, kDepth);
  return all;
}

std::vector<const Contender*> entrants(const Workload& workload, const Field& field) {
  std::vector<const Contender*> result;
  for (const Contender& c : field.contenders) {
    if (c.kind == workload.kind && c.bytes == workload.bytes &&
        (workload.capacity == 0 || c.capacity == workload.capacity)) {
      result.push_back(&c);
    }
  }
  return result;
}

}  // namespace bench
