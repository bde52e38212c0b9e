// SPDX-License-Identifier: Apache-2.0
// What makes the models worth something is checked, too: that a model which shows nothing is refused, that an access
// which cannot be weakened is not passed over, that the tables say SURVIVED and NOT REACHED where it is so.
#include "drivers.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <tango/hidden.hpp>
#include <tango/toy.hpp>
#include <utility>

#include "models.hpp"
#include "rules.hpp"

using namespace tango;
using namespace tango::model;

namespace {

/// One puts something into a box, the other may find it.
struct HandOver {
  static constexpr const char* kName = "hand over";
  static constexpr const char* kBound = "1 value";
  static constexpr const char* kMustReach[] = {"taken", "empty"};
  static constexpr std::uint64_t kExecutions = 2;

  toy::Box box;

  void put() { box.put(7); }
  void take() {
    std::uint64_t value = 0;
    const bool there = box.take(value);
    check(!there || value == 7, "a wrong value");
    reached(there ? "taken" : "empty");
  }
  static auto threads() { return std::vector<ThreadOf<HandOver>>{{"one", &HandOver::put}, {"other", &HandOver::take}}; }
};

/// A word is written twice, in a way that no text of the library shows.
struct Hidden : HandOver {
  static constexpr const char* kName = "hidden";
  static constexpr const char* kMustReach[] = {"done"};
  static constexpr std::uint64_t kExecutions = 1;

  detail::SharedWord word;

  void run() {
    toy::put<detail::memory_order_release>(word);
    reached("done");
  }
  static auto threads() { return std::vector<ThreadOf<Hidden>>{{"only", &Hidden::run}}; }
};

std::string_view planted_here;

/// What is wrong with it depends on what is planted.
struct Planted {
  static constexpr const char* kName = "planted";
  static constexpr const char* kBound = "1 store";
  static constexpr const char* kMustReach[] = {"done"};

  std::uint64_t plain = 0;
  detail::SharedWord word;

  void run() {
    check(planted_here != "a check fails", "it failed");
    if (planted_here == "beyond the checker") {
      detail::copy_bytes(&word, &plain, sizeof plain);
    }
    word.store(1, detail::memory_order_relaxed);
    if (planted_here != "an outcome is lost") {
      reached("done");
    }
  }
  static auto threads() { return std::vector<ThreadOf<Planted>>{{"only", &Planted::run}}; }
};

/// A large number, and a check that fails behind it.
struct Large {
  static constexpr const char* kName = "large";
  static constexpr const char* kBound = "1 load";

  detail::SharedWord word{~std::uint64_t{0} >> 1};

  Large() { declare_name(word, "word"); }
  void run() {
    static_cast<void>(word.load(detail::memory_order_relaxed));
    fail("shown");
  }
  static auto threads() { return std::vector<ThreadOf<Large>>{{"only", &Large::run}}; }
};

/// Waits for what nobody writes.
struct Endless : HandOver {
  static constexpr const char* kMustReach[] = {"taken"};
  void wait() {
    std::uint64_t value = 0;
    until([&] { return box.take(value); });
  }
  static auto threads() { return std::vector<ThreadOf<Endless>>{{"only", &Endless::wait}}; }
};

Scan toy_text() { return scan_headers(TANGO_TOY_INCLUDE); }

bool holds(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

/// What the text of a function body shows: its sites, and strays.
Scan scan_line(std::string_view line) { return scan_text("tango/x.hpp", line); }

}  // namespace

TEST_CASE("complaint: nothing about a program that shows all that it must") {
  const Program program = program_of<HandOver>();
  CHECK(complaint(program, explore(program)) == "");
}

TEST_CASE("complaint: an outcome that must be reached and is not") {
  Program program = program_of<HandOver>();
  program.must_reach.push_back("never");
  CHECK(complaint(program, explore(program)) == "never reached: never");
}

TEST_CASE("complaint: another number of executions than another checker counted") {
  Program program = program_of<HandOver>();
  program.executions = 3;
  CHECK(complaint(program, explore(program)) == "2 executions where there are 3");
}

TEST_CASE("complaint: no execution that is complete") {
  Program program = program_of<Endless>();
  CHECK(holds(complaint(program, explore(program)), "waiting for ever: only"));
  program.must_reach.clear();
  program.executions = 0;
  weakened = Rule::Deadlocks;
  CHECK(complaint(program, explore(program)) == "no execution is complete");
  weakened.reset();
}

TEST_CASE("complaint: the checker's own limits are told apart") {
  planted_here = "beyond the checker";
  const Program program = program_of<Planted>();
  const Result result = explore(program);
  planted_here = {};
  CHECK(result.limit);
  CHECK(complaint(program, result).rfind("beyond the checker: ", 0) == 0);
  CHECK_FALSE(explore(program).limit);

  const Program small = program_of<HandOver>();
  const Result given_up = explore(small, {.paths = 1});
  CHECK(given_up.limit);
  CHECK(holds(given_up.failure, "gave up"));
  const Result endless = explore(small, {.events = 2});
  CHECK(endless.limit);
  CHECK(holds(endless.failure, "no end"));
}

TEST_CASE("a trace keeps its columns apart") {
  const std::string failure = explore(program_of<Large>()).failure;
  INFO(failure);
  CHECK(holds(failure, " word "));
  CHECK(holds(failure, " 9223372036854775807 "));
}

TEST_CASE("mutants: caught, SURVIVED, NOT REACHED, each where it is so") {
  std::ostringstream out;
  const Count count = try_mutants(toy_text(), {program_of<HandOver>()}, {}, out);
  INFO(out.str());
  CHECK_FALSE(count.good());
  CHECK(count.sites == 4);
  CHECK(count.tried == 3);
  CHECK(count.caught == 2);
  CHECK(count.survived == 1);
  CHECK(count.unreached == 1);
  CHECK(count.bad == 0);
  CHECK(holds(out.str(), "SURVIVED    puts_.store("));
  CHECK(holds(out.str(), "NOT REACHED full_.store(0,"));
  CHECK(holds(out.str(), "caught      hand over: this plain read races with event"));
}

TEST_CASE("mutants: a survivor that is listed, and one that is listed and caught") {
  constexpr std::array kListed = {
      Equivalent{"tango/toy.hpp", "puts_.store(", "release -> relaxed", "nobody looks"},
      Equivalent{"tango/toy.hpp", "full_.load(", "acquire -> relaxed", "it is not so"},
  };
  std::ostringstream out;
  const Count count = try_mutants(toy_text(), {program_of<HandOver>()}, kListed, out);
  INFO(out.str());
  CHECK(count.survived == 0);
  CHECK(count.equivalent == 1);
  CHECK(count.bad == 1);
  CHECK(holds(out.str(), "equivalent  nobody looks"));
  CHECK(holds(out.str(), "FAILED listed as equivalent, but caught or gone: tango/toy.hpp full_.load("));
}

TEST_CASE("mutants: nothing is said where a model fails by itself or shows too little") {
  Program program = program_of<HandOver>();
  program.must_reach.push_back("never");
  std::ostringstream out;
  const Count count = try_mutants(toy_text(), {program}, {}, out);
  CHECK(count.bad == 1);
  CHECK(count.tried == 0);
  CHECK(holds(out.str(), "FAILED with nothing made wrong: hand over: never reached: never"));
}

TEST_CASE("mutants: what is executed and stands in no text is a failure") {
  std::ostringstream out;
  const Count count = try_mutants(toy_text(), {program_of<HandOver>(), program_of<Hidden>()}, {}, out);
  INFO(out.str());
  CHECK(count.bad == 1);
  CHECK(holds(out.str(), "FAILED tango/hidden.hpp:13 executes a store release that its text does not show"));
}

TEST_CASE("mutants: an order in no call that is understood is a failure, also where nothing executes it") {
  Scan text = toy_text();
  text.append(scan_line("template <int> void f() { word.fetch_add(1, memory_order_relaxed); }"));
  std::ostringstream out;
  const Count count = try_mutants(text, {program_of<HandOver>()}, {}, out);
  CHECK(count.bad == 1);
  CHECK(holds(out.str(), "FAILED tango/x.hpp:1: memory_order_relaxed belongs to no call that is understood"));
}

TEST_CASE("mutants: sites that cannot be told apart are a failure if there is something to weaken") {
  for (const auto& [line, bad] : {std::pair{"f(a.load(memory_order_acquire), b.load(memory_order_acquire));", 1},
                                  {"f(a.load(memory_order_acquire),\nb.load(memory_order_acquire));", 0},
                                  {"f(a.load(memory_order_relaxed), b.load(memory_order_relaxed));", 0}}) {
    Scan text = toy_text();
    text.append(scan_line(line));
    std::ostringstream out;
    const Count count = try_mutants(text, {program_of<HandOver>()}, {}, out);
    INFO(out.str());
    CHECK(count.bad == static_cast<std::size_t>(bad));
    CHECK(holds(out.str(), "FAILED tango/x.hpp:1 has two sites that look the same") == (bad != 0));
  }
}

TEST_CASE("steps: caught, SURVIVED; a lost outcome is a catch, the checker's own limit is none") {
  constexpr std::array<std::string_view, 4> kSteps = {"a check fails", "an outcome is lost", "beyond the checker",
                                                      "nothing"};
  std::ostringstream out;
  const Count count = try_steps(
      kSteps, [](std::string_view step) { planted_here = step; }, {program_of<Planted>()}, false, out);
  INFO(out.str());
  CHECK_FALSE(count.good());
  CHECK(count.tried == 4);
  CHECK(count.caught == 2);
  CHECK(count.survived == 2);
  CHECK(holds(out.str(), "caught      planted: it failed\n"));
  CHECK(holds(out.str(), "caught      planted: never reached: done\n"));
  CHECK(holds(out.str(), "SURVIVED    (beyond the checker: planted: an atomic access"));
}

TEST_CASE("scan: calls that are understood") {
  const Scan scan = scan_line(
      "a.load(memory_order_acquire); b->store(a.load(detail::memory_order_relaxed) + 1,\n"
      "  std::memory_order_release);  // memory_order_seq_cst\n"
      "detail::fence(detail::memory_order_seq_cst);\n"
      "c.compare_exchange_strong(x, 1, memory_order_acquire, memory_order_relaxed); fseq.store(1);");
  CHECK(scan.strays.empty());
  REQUIRE(scan.sites.size() == 5);
  CHECK(scan.sites[4].operation == Operation::CompareExchange);
  CHECK(scan.sites[4].order == std::memory_order_acquire);
  CHECK(scan.sites[4].failure == std::memory_order_relaxed);
}

TEST_CASE("scan: comments and layout do not matter") {
  const Scan scan = scan_line(
      "slots_[f(i)] . seq /* memory_order_seq_cst */ .\n load ( // (\n memory_order_acquire );\n"
      "print(\"// memory_order_relaxed\"); return detail ::\nfence(memory_order_release);");
  CHECK(scan.strays.empty());
  REQUIRE(scan.sites.size() == 2);
  CHECK(scan.sites[0].text == "slots_[f(i)].seq.load(memory_order_acquire)");
  CHECK(scan.sites[0].first_line == 1);
  CHECK(scan.sites[0].last_line == 3);
  CHECK(scan.sites[1].text == "detail::fence(memory_order_release)");
  CHECK(scan.sites[1].first_line == 4);
  CHECK(scan.sites[1].last_line == 5);
}

TEST_CASE("scan: an order that no such call spells is a stray") {
  for (const std::string_view line : {
           "void f(std::memory_order order) { word.store(1, order); }",
           "word.store(1, b ? memory_order_release : (memory_order_relaxed));",
           "word.store(1, b ? memory_order_release : memory_order_relaxed);",
           "template <int> void f() { word.fetch_add(1, memory_order_relaxed); }",
           "word.compare_exchange_weak(x, 1, memory_order_acquire, memory_order_relaxed);",
           "word.compare_exchange_strong(x, 1, memory_order_acquire);",
           "put<memory_order_release>(word);",
           "constexpr auto kOrder = std::memory_order_release;",
           "using std::memory_order_release;",
           "word.store(1, std::memory_order::release);",
       }) {
    INFO(line);
    CHECK_FALSE(scan_line(line).strays.empty());
  }
}
