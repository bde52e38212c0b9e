// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <utility>

namespace bench {

namespace {

const Result* find(const std::vector<Result>& results, std::string_view workload) {
  const auto found = std::find_if(results.begin(), results.end(),
                                  [workload](const Result& result) { return result.workload.name == workload; });
  return found == results.end() ? nullptr : &*found;
}

const Scored* find_queue(const Result& result, std::string_view queue) {
  const auto found = std::find_if(result.queues.begin(), result.queues.end(),
                                  [queue](const Scored& scored) { return scored.contender->queue == queue; });
  return found == result.queues.end() ? nullptr : &*found;
}

std::string text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3f", value);
  return buffer;
}

void set(Target& target, double value, std::string note) {
  target.value = value;
  target.met = target.at_least ? value >= target.target : value <= target.target;
  target.note = std::move(note);
}

/// Sets the value from a workload's result, if that is there.
template <class Judge>
Target judged(const std::vector<Result>& results, const char* workload, Target target, Judge judge_result) {
  if (const Result* result = find(results, workload)) {
    judge_result(*result, target);
  } else {
    target.note = std::string{"workload "} + workload + " was not run";
  }
  return target;
}

/// How many times as fast as a peer we are, at the median; against that of `these` where it is least.
template <class These>
void against_fastest(const Result& result, Target& target, const char* name, These these) {
  const Scored* best = nullptr;
  Spread least{};
  for (const Scored& queue : result.queues) {
    if (!queue.contender->ours && these(queue.contender->queue)) {
      const Spread faster = spread_of(ratios(queue.samples, result.reference().samples));
      if (best == nullptr || faster.median < least.median) {
        best = &queue;
        least = faster;
      }
    }
  }
  if (best == nullptr) {
    target.note = std::string{"no "} + name + " is there";
  } else {
    set(target, least.median,
        std::string{"best "} + name + ' ' + best->contender->queue + ", quartiles " + text(least.lower) + " ... " +
            text(least.upper));
  }
}

void against_best_peer(const Result& result, Target& target) {
  against_fastest(result, target, "peer", [](const std::string&) { return true; });
}

/// Queues of elements in a row and indices on lines of their own, so that two lines travel for each message.
void against_index_rings(const Result& result, Target& target) {
  against_fastest(result, target, "index ring", [](const std::string& queue) {
    return queue == "Boost.Lockfree spsc_queue" || queue == "rigtorp/SPSCQueue" || queue == "MengRao SPSCQueue" ||
           queue == "drogalis/SPSC-Queue";
  });
}

/// The round trip's time relative to the bare ping-pong.
void against_bare(const Result& result, Target& target) {
  const Spread ours = spread_of(ratios(result.reference().samples, result.bare));
  set(target, ours.median, "quartiles " + text(ours.lower) + " ... " + text(ours.upper));
}

/// Our time relative to a peer's, at the quartile that is best for us, where it is largest: above 1, that peer is
/// faster beyond the spread.
void no_faster_peer(const Result& result, Target& target) {
  const Scored* fastest = nullptr;
  const Scored* slowest = nullptr;
  const auto median = [&](const Scored* queue) { return spread_of(ratios(queue->samples, result.bare)).median; };
  double largest = 0;
  for (const Scored& queue : result.queues) {
    if (queue.contender->ours) {
      continue;
    }
    largest = std::max(largest, spread_of(ratios(result.reference().samples, queue.samples)).lower);
    fastest = fastest == nullptr || median(&queue) < median(fastest) ? &queue : fastest;
    slowest = slowest == nullptr || median(&queue) > median(slowest) ? &queue : slowest;
  }
  if (fastest == nullptr) {
    target.note = "no peer is there";
    return;
  }
  set(target, largest,
      "relative to the bare ping-pong: fastest " + fastest->contender->queue + " " + text(median(fastest)) +
          ", slowest " + slowest->contender->queue + " " + text(median(slowest)));
}

/// Speed of `queue` relative to the reference.
auto speed_of(const char* queue) {
  return [queue](const Result& result, Target& target) {
    if (const Scored* scored = find_queue(result, queue)) {
      const Spread speed = spread_of(ratios(result.reference().samples, scored->samples));
      set(target, speed.median, "quartiles " + text(speed.lower) + " ... " + text(speed.upper));
    }
  };
}

void cost_of_metrics(const Result& result, Target& target) {
  if (const Scored* on = find_queue(result, "tango, metrics on")) {
    const Spread cost = spread_of(ratios(on->samples, result.reference().samples));
    set(target, cost.median, "time with / without, quartiles " + text(cost.lower) + " ... " + text(cost.upper));
  }
}

/// Never judged, only reported.
void cost_per_consumer(const Result& result, Target& target) {
  target.note =
      "reported only: ns for a publish with 0 ... " + std::to_string(result.queues.size() - 1) + " consumers:";
  for (const Scored& queue : result.queues) {
    target.note += ' ';  // not " " + text(…): g++ 12 at -O3 warns of an overlap that is none (GCC bug 105651)
    target.note += text(spread_of(queue.samples).median);
  }
  if (result.queues.size() < 3) {
    target.note += " (no cores for more)";
  }
}

}  // namespace

std::vector<Target> judge(const std::vector<Result>& results) {
  return {
      judged(results, "best_64", {"P1", "64 B, reliable, best capacities: speed / best peer", true, 1.5},
             against_best_peer),
      judged(results, "throughput_64", {"P1@1024", "64 B, reliable, capacity 1024: speed / best peer", true, 1.25},
             against_best_peer),
      judged(results, "throughput_1024", {"P2", "1 KiB, reliable, capacity 1024: speed / best peer", true, 1.8},
             against_best_peer),
      judged(results, "round_trip_8", {"P3", "8 B round trip: time / bare ping-pong", false, 1.1}, against_bare),
      judged(results, "round_trip_8", {"P3.peers", "8 B round trip: time / each peer, lower quartile", false, 1},
             no_faster_peer),
      judged(results, "round_trip_8", {"P3.rings", "8 B round trip: index rings' time / ours", true, 1.3},
             against_index_rings),
      judged(results, "bulk_8", {"P4", "8 B in bulk: speed / best peer", true, 2}, against_best_peer),
      judged(results, "lossy_64", {"P5", "64 B, lossy, validated copy: speed / our reliable", true, 0.8},
             speed_of("tango, lossy")),
      {.id = "P6",
       .what = "two processes: speed / two threads",
       .target = 0.95,
       .note = "there is no shared memory yet"},
      judged(results, "metrics_64", {"P7", "64 B, metrics on: time / metrics off", false, 1.03}, cost_of_metrics),
      {.id = "P8", .what = "hot paths", .note = "a test of its own, hot_path, disassembles them"},
      judged(results, "fanout_64", {"P9", "64 B, k lossy consumers: a publish", true, 0}, cost_per_consumer),
  };
}

}  // namespace bench
