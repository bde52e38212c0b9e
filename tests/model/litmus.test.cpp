// SPDX-License-Identifier: Apache-2.0
// The checker is checked first: by litmus tests, by random programs against the oracle, and by taking away each of
// its own rules, which these tests must notice.
#include "litmus.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <vector>

#include "engine.hpp"
#include "oracle.hpp"
#include "rules.hpp"
#include "tiny.hpp"

using namespace tango::model;

namespace {

/// A producer may vanish, a successor looks at what it left, and a reader waits for the message.
struct Takeover {
  static constexpr const char* kName = "a takeover";
  static constexpr const char* kBound = "1 message, 1 successor";
  static constexpr const char* kMustReach[] = {"taken over", "published before", "left", "reader waits for ever"};

  tango::detail::SharedWord word;

  void publish() { word.store(7, std::memory_order_release); }
  void take_over() {
    const Ending ending = await_end_of(0);
    const bool published = word.load(std::memory_order_relaxed) == 7;
    check(published || ending == Ending::Vanished, "the message is lost");
    reached(ending == Ending::Ended ? "left" : published ? "published before" : "taken over");
  }
  void look() {
    until([this] { return word.load(std::memory_order_acquire) == 7; });
  }
  void after() { check(word.load(std::memory_order_relaxed) == 7 || vanished(0), "the message is lost"); }
  static std::vector<ThreadOf<Takeover>> threads() {
    return {{"producer", &Takeover::publish, kMayVanish},
            {"successor", &Takeover::take_over},
            {"reader", &Takeover::look, kMayStarve}};
  }
};

}  // namespace

TEST_CASE("litmus: every outcome that is allowed is found, none that is forbidden, each execution once") {
  std::size_t allowed = 0;
  std::size_t forbidden = 0;
  for (const Litmus& litmus : kLitmus) {
    CHECK(wrong(litmus) == "");
    (litmus.allowed ? allowed : forbidden)++;
  }
  CHECK(allowed >= 20);
  CHECK(forbidden >= 20);
}

TEST_CASE("litmus: the oracle agrees") {
  for (const Litmus& litmus : kLitmus) {
    INFO(litmus.name);
    const OracleResult oracle = ask_oracle(parse(litmus.program));
    CHECK(oracle.executions == litmus.executions);
    CHECK(oracle.outcomes.size() == litmus.outcomes);
    CHECK((oracle.outcomes.count(std::string{litmus.about}) != 0) == litmus.allowed);
  }
}

TEST_CASE("litmus: races, deadlocks, lost wake-ups and failed checks are found, and only these") {
  for (const Finding& finding : findings()) {
    INFO(finding.name);
    const std::string failure = finding.run();
    if (finding.expected.empty()) {
      CHECK(failure == "");
    } else {
      CHECK(failure.substr(0, finding.expected.size()) == finding.expected);
    }
  }
}

TEST_CASE("litmus: a failure comes with the execution that shows it") {
  for (const Finding& finding : findings()) {
    if (finding.name == "plain bytes, store relaxed") {
      const std::string failure = finding.run();
      INFO(failure);
      CHECK(failure.find("plain write") != std::string::npos);
      CHECK(failure.find("relaxed") != std::string::npos);
      CHECK(failure.find("litmus.cpp:") != std::string::npos);
    }
  }
}

TEST_CASE("litmus: a model with a thread that may vanish is written like any other") {
  const Program program = program_of<Takeover>();
  const Result result = explore(program);
  CHECK(result.failure == "");
  CHECK(result.missing(program) == "");
  CHECK(result.executions == 3);  // vanished before the store, right after it, ended
}

TEST_CASE("litmus: a trace shows who vanished, and who learnt of it") {
  const TinyProgram tiny = parse("mortal: x=1 rlx | await A; r x rlx");
  Program program = program_of(tiny);
  program.after = [](void*) { check(!vanished(0), "vanished"); };
  const std::string failure = explore(program).failure;
  INFO(failure);
  CHECK(failure.find("A          vanishes") != std::string::npos);
  CHECK(failure.find("B          awaits end") != std::string::npos);
}

TEST_CASE("the checker without one of its rules is caught") {
  for (std::size_t rule = 0; rule != kRules; ++rule) {
    weakened = static_cast<Rule>(rule);
    const std::string found = anything_wrong();
    weakened.reset();
    INFO(name(static_cast<Rule>(rule)));
    CHECK(found != "");
  }
  CHECK(anything_wrong() == "");
}
