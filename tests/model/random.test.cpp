// SPDX-License-Identifier: Apache-2.0
// Random tiny programs: the checker finds the outcomes that the oracle does, and as many executions.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdint>

#include "engine.hpp"
#include "oracle.hpp"
#include "tiny.hpp"

using namespace tango::model;

namespace {

/// xorshift64.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_{seed * 0x9E37'79B9'7F4A'7C15u + 1} {}
  std::size_t below(std::size_t bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ % bound;
  }

 private:
  std::uint64_t state_;
};

/// Makes some threads mortal, one at least, and lets some steps of later threads await the end of earlier ones.
void make_mortal(Random& random, TinyProgram& program) {
  program.mortal[random.below(program.threads.size())] = true;
  for (std::size_t thread = 0; thread != program.threads.size(); ++thread) {
    program.mortal[thread] = program.mortal[thread] || random.below(4) == 0;
    for (TinyStep& step : program.threads[thread]) {
      if (thread != 0 && random.below(4) == 0) {
        step.op = TinyStep::Op::Await;
        step.thread = static_cast<std::uint8_t>(random.below(thread));
      }
    }
  }
}

/// `threads` threads of up to `most` steps on `locations` locations.
TinyProgram random_program(Random& random, std::size_t threads, std::size_t most, std::size_t locations) {
  constexpr std::array kLoads = {std::memory_order_relaxed, std::memory_order_acquire};
  constexpr std::array kStores = {std::memory_order_relaxed, std::memory_order_release};
  constexpr std::array kUpdates = {std::memory_order_relaxed, std::memory_order_acquire, std::memory_order_release,
                                   std::memory_order_acq_rel};
  constexpr std::array kFences = {std::memory_order_acquire, std::memory_order_release, std::memory_order_acq_rel,
                                  std::memory_order_seq_cst, std::memory_order_seq_cst, std::memory_order_seq_cst};
  TinyProgram program;
  program.locations = locations;
  program.threads.resize(threads);
  for (std::vector<TinyStep>& steps : program.threads) {
    steps.resize(1 + random.below(most));
    for (TinyStep& step : steps) {
      step.location = static_cast<std::uint8_t>(random.below(locations));
      step.value = static_cast<std::uint8_t>(1 + random.below(3));
      step.guarded = random.below(4) == 0;
      switch (random.below(10)) {
        case 0:
        case 1:
          step.op = TinyStep::Op::Fence;
          step.order = kFences[random.below(kFences.size())];
          break;
        case 2:
          step.op = TinyStep::Op::CompareExchange;
          step.expected = static_cast<std::uint8_t>(random.below(3));
          step.order = kUpdates[random.below(kUpdates.size())];
          step.failure = kLoads[random.below(kLoads.size())];
          break;
        case 3:
        case 4:
        case 5:
          step.op = TinyStep::Op::Store;
          step.order = kStores[random.below(kStores.size())];
          break;
        default:
          step.op = TinyStep::Op::Load;
          step.order = kLoads[random.below(kLoads.size())];
          break;
      }
    }
  }
  return program;
}

void compare(std::uint64_t seed, std::size_t programs, std::size_t threads, std::size_t most, std::size_t locations,
             bool mortal = false) {
  Random random{seed};
  std::uint64_t executions = 0;
  for (std::size_t i = 0; i != programs; ++i) {
    TinyProgram program = random_program(random, threads, most, locations);
    if (mortal) {
      make_mortal(random, program);
    }
    const OracleResult expected = ask_oracle(program);
    const Result result = explore(program_of(program));
    executions += result.executions;
    if (result.outcomes != expected.outcomes || result.executions != expected.executions || !result.failure.empty()) {
      INFO(print(program));
      CHECK(result.failure == "");
      CHECK(result.executions == expected.executions);
      CHECK(result.outcomes == expected.outcomes);
    }
  }
  CHECK(executions > programs);
}

}  // namespace

TEST_CASE("random programs of two threads: the oracle agrees") {
  compare(1, 6000, 2, 4, 2);
  compare(2, 3000, 2, 5, 2);
}

TEST_CASE("random programs of three threads: the oracle agrees") {
  compare(3, 6000, 3, 3, 2);
  compare(4, 3000, 3, 3, 3);
}

TEST_CASE("random programs whose threads vanish and await each other's end: the oracle agrees") {
  compare(6, 3000, 2, 4, 2, true);
  compare(7, 3000, 3, 3, 2, true);
  compare(8, 1000, 4, 2, 2, true);
}

TEST_CASE("random programs of four threads: the oracle agrees") { compare(5, 2000, 4, 2, 2); }
