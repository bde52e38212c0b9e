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

/// How many times as fast as a peer we are, at the median; against the peer where that is least.
void against_best_peer(const Result& result, Target& target) {
  const Scored* best = nullptr;
  Spread least{};
  for (const Scored& queue : result.queues) {
    if (!queue.contender->ours) {
      const Spread faster = spread_of(ratios(queue.samples, result.reference().samples));
      if (best == nullptr || faster.median < least.median) {
        best = &queue;
        least = faster;
      }
    }
  }
  if (best == nullptr) {
    target.note = "no peer is there";
  } else {
    set(target, least.median,
        "best peer " + best->contender->queue + ", quartiles " + text(least.lower) + " ... " + text(least.upper));
  }
}

/// The round trip's time relative to the bare ping-pong.
void against_bare(const Result& result, Target& target) {
  const Spread ours = spread_of(ratios(result.reference().samples, result.bare));
  set(target, ours.median, "quartiles " + text(ours.lower) + " ... " + text(ours.upper));
}

/// Our time relative to each peer's; met unless a peer is faster even at the quartile that is best for us.
void no_faster_peer(const Result& result, Target& target) {
  const Scored* fastest = nullptr;
  const Scored* slowest = nullptr;
  const auto median = [&](const Scored* queue) { return spread_of(ratios(queue->samples, result.bare)).median; };
  bool beaten = false;
  double largest = 0;
  for (const Scored& queue : result.queues) {
    if (queue.contender->ours) {
      continue;
    }
    const Spread slower = spread_of(ratios(result.reference().samples, queue.samples));
    beaten = beaten || slower.lower > 1;
    largest = std::max(largest, slower.median);
    fastest = fastest == nullptr || median(&queue) < median(fastest) ? &queue : fastest;
    slowest = slowest == nullptr || median(&queue) > median(slowest) ? &queue : slowest;
  }
  if (fastest == nullptr) {
    target.note = "no peer is there";
    return;
  }
  set(target, largest,
      "relative to the bare ping-pong: fastest " + fastest->contender->queue + " " + text(median(fastest)) +
          ", slowest " + slowest->contender->queue + " " + text(median(slowest)) +
          "; met unless a peer is faster beyond the quartiles");
  target.met = !beaten;
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
      judged(results, "round_trip_8", {"P3.peers", "8 B round trip: time / fastest peer", false, 1}, no_faster_peer),
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
