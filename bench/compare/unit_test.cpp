// SPDX-License-Identifier: Apache-2.0
// What is made of samples: statistics, how a queue's setting is chosen, how targets are judged, and what is told of
// threads that could not be pinned. From samples that are written down here, so nothing is measured. Exits with 1 if
// something is wrong.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "harness.hpp"
#include "rounds.hpp"
#include "statistics.hpp"
#include "targets.hpp"
#include "workload.hpp"

namespace {

using bench::Contender;
using bench::Result;
using bench::Samples;
using bench::Scored;
using bench::Target;

int failures = 0;

void check(bool right, const char* what, int line) {
  if (!right) {
    std::fprintf(stderr, "unit_test.cpp:%d: %s\n", line, what);
    ++failures;
  }
}
#define CHECK(...) check((__VA_ARGS__), #__VA_ARGS__, __LINE__)

bool near(double a, double b) { return std::abs(a - b) < 1e-9; }

/// Stays where it is, because what is scored points at it.
const Contender& contender(const std::string& queue, const std::string& way = "way") {
  static std::deque<Contender> all;
  return all.emplace_back(Contender{.kind = bench::Kind::Throughput,
                                    .bytes = 64,
                                    .queue = queue,
                                    .way = way,
                                    .policy = "spin",
                                    .capacity = 64,
                                    .ours = queue.starts_with("tango"),
                                    .run = {}});
}

Scored scored(const std::string& queue, Samples samples) {
  return {.contender = &contender(queue), .samples = std::move(samples)};
}

bench::Workload workload(std::string_view name) {
  for (const bench::Workload& each : bench::all_workloads()) {
    if (each.name == name) {
      return each;
    }
  }
  check(false, "there is such a workload", __LINE__);
  return {};
}

Result result(std::string_view name, std::vector<Scored> queues, Samples bare = {}) {
  return {.workload = workload(name), .bare = std::move(bare), .queues = std::move(queues)};
}

/// The target of that name, judged by one workload.
Target judged(std::string_view id, const Result& by) {
  for (const Target& target : bench::judge({by})) {
    if (target.id == id) {
      return target;
    }
  }
  check(false, "there is such a target", __LINE__);
  return {};
}

bool is(const Target& target, double value, bool met) {
  if (!target.value || !near(*target.value, value) || target.met != met) {
    std::fprintf(stderr, "%s: %f, %s\n", target.id.c_str(), target.value.value_or(NAN), target.met ? "met" : "not met");
    return false;
  }
  return true;
}

void test_statistics() {
  CHECK(near(bench::spread_of({3}).median, 3) && near(bench::spread_of({3}).lower, 3));
  const bench::Spread five = bench::spread_of({50, 10, 30, 20, 40});
  CHECK(near(five.lower, 20) && near(five.median, 30) && near(five.upper, 40));
  const bench::Spread even = bench::spread_of({4, 1, 3, 2});
  CHECK(near(even.lower, 1.75) && near(even.median, 2.5) && near(even.upper, 3.25));

  CHECK(bench::ratios({2, 9, 8}, {1, 3, 16}) == Samples{2, 3, 0.5});
  CHECK(bench::ratios({2, 9, 8}, {1, 3}) == Samples{2, 3});  // rounds that only one took part in do not count
  CHECK(bench::ratios({}, {1}).empty());

  const auto histogram = std::make_unique<tango::Histogram>();
  for (std::uint64_t i = 1; i <= 10'000; ++i) {
    histogram->record(i <= 9980 ? 10 : 50 + i % 2);
  }
  const auto percentiles = bench::percentiles_of(histogram->snapshot());
  CHECK(percentiles.size() == 4 && percentiles[0] == std::pair<std::string, double>{"p50", 10});
  CHECK(percentiles[1] == std::pair<std::string, double>{"p99", 10});
  CHECK(percentiles[2] == std::pair<std::string, double>{"p99.9", 50});
  CHECK(percentiles[3] == std::pair<std::string, double>{"max", 51});
}

void test_choice() {
  const auto setting = [](const char* queue, const char* way, Samples samples) {
    return Scored{.contender = &contender(queue, way), .samples = std::move(samples)};
  };
  // The machine is slow in the last rounds. By its absolute median (60 against 40) the first setting of "tango" would
  // lose; within the rounds it is the faster one in three of five.
  const std::vector<Scored> pilots{
      setting("tango", "first", {10, 20, 60, 90, 90}),
      setting("tango", "second", {11, 22, 50, 99, 40}),
      setting("peer", "first", {10, 20, 30, 90, 90}),
      setting("peer", "second", {9, 19, 80, 80, 80}),
      setting("peer", "given up", {1, 1}),
      setting("other", "only", {20, 20, 20, 20, 20}),
  };
  const Samples reference = bench::reference_of(pilots);
  CHECK(reference == Samples{10, 20, 50, 90, 80});  // of those that were in every round
  CHECK(near(bench::relative(pilots[0], reference).value_or(0), 1.0));
  CHECK(near(bench::relative(pilots[1], reference).value_or(0), 1.1));
  CHECK(!bench::relative(pilots[4], reference));

  const std::vector<Scored> chosen = bench::choose(pilots, reference);
  CHECK(chosen.size() == 3);
  CHECK(chosen[0].contender->queue == "tango" && chosen[0].contender->way == "first");
  CHECK(chosen[1].contender->queue == "peer" && chosen[1].contender->way == "second");
  CHECK(chosen[2].contender->way == "only");
  CHECK(chosen[0].samples.empty());  // they are scored in fresh rounds

  // Without pilot rounds: the first of each.
  CHECK(bench::choose(pilots, {})[1].contender->way == "first");

  const std::vector<Scored> trial{
      setting("tango", "best", {10, 20}),       setting("tango", "close", {15, 30}),
      setting("tango", "once", {10, 100}),      setting("tango", "loses", {15.1, 30.1}),
      setting("peer", "much slower", {90, 90}), setting("peer", "slower still", {91, 200}),
  };
  std::string lost;
  for (const Scored& each : trial) {
    lost += bench::clearly_loses(each, trial) ? '1' : '0';
  }
  CHECK(lost == "000100");  // against its own queue, and in each round
}

void test_targets() {
  // At least: our speed relative to the best peer's, at the median; the limit itself counts as met.
  const auto p1 = [](double peer, double other) {
    return judged("P1", result("best_64", {scored("tango", {1, 1, 1}), scored("tango, without metadata", {10, 20, 10}),
                                           scored("peer", {10 * peer, 20 * peer, 1}),
                                           scored("other", {10 * other, 20 * other, 1000})}));
  };
  CHECK(is(p1(1.25, 2), 1.25, true));
  CHECK(is(p1(2, 1.25), 1.25, true));
  CHECK(is(p1(1.24, 2), 1.24, false));
  CHECK(is(p1(1.26, 2), 1.26, true));
  CHECK(p1(2, 1.5).note.find("best peer other") != std::string::npos);
  CHECK(!judged("P1", result("best_64", {scored("tango, without metadata", {10})})).value);  // no peer
  CHECK(!judged("P1", result("best_64", {scored("tango", {10}), scored("peer", {1})})).value);
  CHECK(!judged("P1", result("throughput_64", {scored("tango", {10})})).value);  // other work
  CHECK(is(judged("P1.sig", result("best_64", {scored("tango", {1}), scored("peer", {1})})), 1, true));
  CHECK(is(judged("P2.1024", result("throughput_1024", {scored("tango", {1}), scored("peer", {1.2})})), 1.2, false));
  CHECK(is(judged("P4.bulk", result("bulk_8", {scored("tango", {1}), scored("peer", {2})})), 2, true));

  // At most: relative to the bare ping-pong of the same round.
  const auto p3 = [](double ours) {
    return judged("P3",
                  result("round_trip_8", {scored("tango", {100 * ours, 500 * ours, 100 * ours})}, {100, 500, 100}));
  };
  CHECK(is(p3(0.7), 0.7, true));
  CHECK(is(p3(0.69), 0.69, true));
  CHECK(is(p3(0.71), 0.71, false));

  // A peer is faster only if it is so beyond the quartiles; the value is that quartile, so that it agrees with `met`.
  const auto peers = [](Samples fast) {
    return judged("P3.peers", result("round_trip_8",
                                     {scored("tango", {100, 100, 100, 100, 100}),
                                      scored("slow", {200, 200, 200, 200, 200}), scored("fast", std::move(fast))},
                                     {100, 100, 100, 100, 100}));
  };
  CHECK(is(peers({70, 80, 90, 100, 130}), 1.0, true));
  CHECK(is(peers({70, 80, 90, 99, 130}), 0.99, false));
  CHECK(is(judged("P3b.chunk", result("round_trip_64",
                                      {scored("tango", {9}), scored("tango, in chunks", {2}), scored("peer", {1})})),
           0.5, false));

  const auto p5 = [](double lossy) {
    return judged("P5", result("lossy_64", {scored("tango", {9}), scored("tango, lossy", {lossy}),
                                            scored("tango, in slots", {1}), scored("tango, lossy, in slots", {1})}));
  };
  CHECK(is(p5(10), 0.9, true));
  CHECK(is(p5(18), 0.5, false));
  CHECK(is(judged("P5.slots", result("lossy_64", {scored("tango", {1}), scored("tango, in slots", {4}),
                                                  scored("tango, lossy, in slots", {2})})),
           2, true));

  // Percentiles: our median over the rounds against the upper quartile of the peer whose median is the least.
  const auto p11 = [](double ours) {
    const auto paced = [](const char* queue, Samples p99) {
      Scored made = scored(queue, Samples(p99.size(), 1));
      made.also = {{"p50", Samples(p99.size(), 1)}, {"p99", std::move(p99)}};
      return made;
    };
    return judged("P11.99",
                  result("paced_100k", {paced("tango", {1, ours, 900}), paced("fast", {100, 110, 120, 130, 900}),
                                        paced("slow", {1, 1, 200, 200, 200})}));
  };
  CHECK(is(p11(130), 1, true));
  CHECK(is(p11(143), 1.1, false));
  const auto p7 = [](double on) {
    return judged("P7", result("metrics_64", {scored("tango, metrics off", {100}), scored("tango, metrics on", {on})}));
  };
  CHECK(is(p7(103), 1.03, true));
  CHECK(is(p7(104), 1.04, false));
}

void test_pinning() {
  const auto nothing = [](bench::Turn& turn) { turn.meet(); };
  bench::run_together({}, nothing, nothing);
  CHECK(bench::g_pin_failures.load() == 0);
  bench::run_together({1'000'000, 1'000'000}, nothing, nothing);  // there are no such cores
  CHECK(bench::g_pin_failures.load() == 2);
}

}  // namespace

int main() {
  test_statistics();
  test_choice();
  test_targets();
  test_pinning();
  return failures == 0 ? 0 : 1;
}
