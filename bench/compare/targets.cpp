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

/// A percentile of a queue in each round.
const Samples& percentile(const Scored& queue, std::string_view name) {
  static const Samples kNone;
  const auto found =
      std::find_if(queue.also.begin(), queue.also.end(), [name](const auto& also) { return also.first == name; });
  return found == queue.also.end() ? kNone : found->second;
}

/// The peer whose `relative`, a number that is less the faster it is, is the least; null if there is none.
template <class Relative>
const Scored* best_peer(const Result& result, Relative relative) {
  const Scored* best = nullptr;
  for (const Scored& queue : result.queues) {
    if (!queue.contender->ours && (best == nullptr || relative(queue) < relative(*best))) {
      best = &queue;
    }
  }
  return best;
}

/// Calls `judge_peer(ours, best, spread)` with this queue of ours, the peer that is the fastest relative to it, and
/// the spread of the peer's time relative to ours within the rounds.
template <class Judge>
void against_best_peer(const Result& result, Target& target, std::string_view ours, Judge judge_peer) {
  const Scored* const queue = find_queue(result, ours);
  if (queue == nullptr) {
    target.note = std::string{ours} + " did not take part";
    return;
  }
  const auto relative = [queue](const Scored& peer) { return spread_of(ratios(peer.samples, queue->samples)); };
  const Scored* const best = best_peer(result, [&](const Scored& peer) { return relative(peer).median; });
  if (best == nullptr) {
    target.note = "no peer is there";
    return;
  }
  judge_peer(*best, relative(*best));
}

std::string peer_text(const Scored& peer, const Spread& spread) {
  return "best peer " + peer.contender->queue + ", quartiles " + text(spread.lower) + " ... " + text(spread.upper);
}

/// How many times as fast as the best peer `queue` is, at the median.
auto speed_to_best_peer(std::string_view queue) {
  return [queue](const Result& result, Target& target) {
    against_best_peer(result, target, queue, [&](const Scored& peer, const Spread& spread) {
      set(target, spread.median, peer_text(peer, spread));
    });
  };
}

/// The same at the upper quartile: below 1, that peer is faster beyond the spread.
auto no_faster_peer(std::string_view queue) {
  return [queue](const Result& result, Target& target) {
    against_best_peer(result, target, queue, [&](const Scored& peer, const Spread& spread) {
      set(target, spread.upper, peer_text(peer, spread));
    });
  };
}

/// The round trip's time relative to the bare ping-pong.
void against_bare(const Result& result, Target& target) {
  const Spread ours = spread_of(ratios(result.reference().samples, result.bare));
  set(target, ours.median, "quartiles " + text(ours.lower) + " ... " + text(ours.upper));
}

/// Our percentile, at the median of the rounds, relative to the best peer's upper quartile.
auto percentile_to_best_peer(std::string_view name) {
  return [name](const Result& result, Target& target) {
    if (percentile(result.reference(), name).empty()) {
      target.note = "percentiles were not measured";
      return;
    }
    const auto spread = [name](const Scored& queue) { return spread_of(percentile(queue, name)); };
    const Scored* const best = best_peer(result, [&](const Scored& peer) { return spread(peer).median; });
    if (best == nullptr) {
      target.note = "no peer is there";
      return;
    }
    const Spread peer = spread(*best);
    set(target, spread(result.reference()).median / peer.upper,
        "ours " + text(spread(result.reference()).median) + " ns; " + best->contender->queue + " " + text(peer.median) +
            ", quartiles " + text(peer.lower) + " ... " + text(peer.upper));
  };
}

/// Speed of `queue` relative to that of `to`, another one of ours.
auto speed_to(std::string_view queue, std::string_view to) {
  return [queue, to](const Result& result, Target& target) {
    const Scored* const one = find_queue(result, queue);
    const Scored* const other = find_queue(result, to);
    if (one == nullptr || other == nullptr) {
      target.note = std::string{one == nullptr ? queue : to} + " did not take part";
      return;
    }
    const Spread speed = spread_of(ratios(other->samples, one->samples));
    set(target, speed.median, "quartiles " + text(speed.lower) + " ... " + text(speed.upper));
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
  constexpr std::string_view kOurs = "tango";
  constexpr std::string_view kBare = "tango, without metadata";
  const auto by = [&](const char* workload, const char* id, const char* what, bool at_least, double target,
                      auto judge_result) {
    return judged(results, workload, {id, what, at_least, target}, judge_result);
  };
  return {
      by("best_64", "P1", "64 B, best capacities, no metadata: speed / best peer", true, 1.25,
         speed_to_best_peer(kBare)),
      by("best_64", "P1.sig", "the same with sig, ctl and ts", true, 1, speed_to_best_peer(kOurs)),
      by("throughput_64", "P1@1024", "64 B, capacity 1024, no metadata: speed / best peer", true, 1.25,
         speed_to_best_peer(kBare)),
      by("throughput_64", "P1@1024.sig", "the same with sig, ctl and ts", true, 1, speed_to_best_peer(kOurs)),
      by("throughput_256", "P2.256", "256 B, capacity 1024: speed / best peer", true, 1.25, speed_to_best_peer(kOurs)),
      by("throughput_1024", "P2.1024", "1 KiB, capacity 1024: speed / best peer", true, 1.3, speed_to_best_peer(kOurs)),
      by("throughput_4096", "P2.4096", "4 KiB, capacity 1024: speed / best peer", true, 1, speed_to_best_peer(kOurs)),
      by("round_trip_8", "P3", "8 B there and back: time / bare ping-pong", false, 0.7, against_bare),
      by("round_trip_8", "P3.peers", "the same: speed / best peer, upper quartile", true, 1, no_faster_peer(kOurs)),
      by("round_trip_64", "P3b", "64 B there and back, in its slot: speed / best peer", true, 1.15,
         speed_to_best_peer(kOurs)),
      by("round_trip_64", "P3b.chunk", "the same in a chunk: speed / best peer, upper quartile", true, 1,
         no_faster_peer("tango, in chunks")),
      by("round_trip_1024", "P3b.1024", "1 KiB there and back: speed / best peer", true, 1.25,
         speed_to_best_peer(kOurs)),
      by("throughput_8", "P4", "8 B, one by one, no metadata: speed / best peer", true, 1.25,
         speed_to_best_peer(kBare)),
      by("bulk_8", "P4.bulk", "8 B in bulk: speed / best peer", true, 1, speed_to_best_peer(kOurs)),
      by("lossy_64", "P5", "64 B, lossy, validated copy: speed / our reliable", true, 0.9,
         speed_to("tango, lossy", "tango")),
      by("lossy_64", "P5.slots", "the same in slots", true, 0.9, speed_to("tango, lossy, in slots", "tango, in slots")),
      {.id = "P6",
       .what = "two processes: speed / two threads",
       .target = 0.95,
       .note = "there is no shared memory yet"},
      by("metrics_64", "P7", "64 B, metrics on: time / metrics off", false, 1.03, cost_of_metrics),
      {.id = "P8", .what = "hot paths", .note = "a test of its own, hot_path, disassembles them"},
      by("fanout_64", "P9", "64 B, k lossy consumers: a publish", true, 0, cost_per_consumer),
      by("paced_100k", "P11.99", "100 000/s: p99 / best peer's upper quartile", false, 1,
         percentile_to_best_peer("p99")),
      by("paced_100k", "P11.99.9", "100 000/s: p99.9 / best peer's upper quartile", false, 1,
         percentile_to_best_peer("p99.9")),
      by("paced_1m", "P11.1m.99", "1 000 000/s: p99 / best peer's upper quartile", false, 1,
         percentile_to_best_peer("p99")),
      by("paced_1m", "P11.1m.99.9", "1 000 000/s: p99.9 / best peer's upper quartile", false, 1,
         percentile_to_best_peer("p99.9")),
  };
}

}  // namespace bench
