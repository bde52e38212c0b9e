// SPDX-License-Identifier: Apache-2.0
/// \file
/// A contender: one queue, used in one way, with one wait policy and one capacity, at one kind of work. Its hot loop is
/// compiled for exactly that; what is here is called once for each run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "harness.hpp"

namespace bench {

/// What there is to do.
enum class Kind : std::uint8_t {
  Throughput,  ///< messages one after the other, as fast as they will go; nothing is lost
  Bulk,        ///< the same with whatever the queue has to move many small messages at once
  RoundTrip,   ///< a message there and one back
  Paced,       ///< messages at fixed times: the latency of one way
  Lossy,       ///< the producer never waits; what is delivered was copied out and validated; and reliable, to compare
  Metrics,     ///< throughput with metrics on and off
  Fanout,      ///< what a publish costs the producer with 0 ... k lossy consumers
};

/// How much of it.
struct Load {
  std::uint64_t count;                 ///< messages or round trips
  std::chrono::nanoseconds period{0};  ///< of paced messages
};

/// What a run took: nanoseconds for each message, round trip or publish, or the median latency; and what else was seen.
struct Run {
  double nanoseconds;
  std::vector<std::pair<std::string, double>> also{};  ///< the same names in each run of a contender
};

struct Contender {
  Kind kind;
  std::size_t bytes;
  std::string queue;
  std::string way;     ///< which of the queue's calls are used
  std::string policy;  ///< how its threads wait
  std::size_t capacity;
  bool ours;
  std::function<Run(const Placement&, const Load&)> run;  ///< makes the queue, and does not return if it was wrong

  [[nodiscard]] std::string setting() const { return way + ", " + policy + ", " + std::to_string(capacity); }
};

/// Everyone who takes part, and who is missing.
struct Field {
  std::vector<Contender> contenders{};
  std::vector<std::string> missing{};
  std::vector<std::pair<std::string, std::string>> versions{};  ///< of the peers that are there: name, version
};

}  // namespace bench
