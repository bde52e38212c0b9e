// SPDX-License-Identifier: Apache-2.0
// The checker: runs a small program again and again until it has seen every execution that RC11 allows, each once.
//
// A program is a state and two or three functions on it, its threads. They run one at a time, each as long as it can,
// and nothing is left to chance but two things, which are tried one after the other: which place in the modification
// order a store takes, and which store a load reads. What a load reads may not have been executed yet: then its
// thread waits until it has. An execution is determined by these choices and determines them, so none is seen twice.
//
// Threads that wait for each other do so through `until` (or the seam's pause): an attempt that found nothing and wrote
// nothing ends its execution there, because one of the others is the same without that attempt. If all that it read was
// the newest there is, and nobody is left who could write, it would wait for ever: that is reported.
//
// A thread that may vanish is a process that may be killed: beside the executions in which it runs to its end there are
// those in which it stops for ever, before its first event or right after any of them. It does nothing more then, not
// even what its destructors would do. Another thread can wait for its end (`await_end_of`), as a successor waits for
// the lock that the kernel releases: all that the first thread did happens before what the other does afterwards.
//
// Limits. No sb ∪ rf cycles: that is RC11, and load buffering, which a compiler or a core may do, is not seen. Where
// that would matter the words are declared exclusive, and any unordered access to them is a failure. No seq_cst
// accesses, only fences. Programs are finite: loops are bounded, or wait. What failed attempts of a wait leave behind
// in their thread's private state is not seen by the attempts that follow. A plain copy is one event: no thread
// vanishes in the middle of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "seam.hpp"

namespace tango::model {

/// What may become of a thread, other than that it runs to its end.
struct Fate {
  bool may_vanish = false;  ///< it may stop for ever after any of its events
  bool may_starve = false;  ///< if another thread has vanished, this one may wait for ever: that is no deadlock
};
inline constexpr Fate kMayVanish = {.may_vanish = true};
inline constexpr Fate kMayStarve = {.may_starve = true};

struct Program {
  std::string name;
  std::string bound;  ///< what there is of it: messages, words, attempts
  std::size_t bytes = 0;
  std::function<void(void*)> set_up;  ///< makes the state, before the threads
  struct Thread {
    std::string name;
    std::function<void(void*)> run;
    Fate fate = {};
  };
  std::vector<Thread> threads;
  std::function<void(void*)> after;     ///< once no thread can go on; may be empty
  std::vector<std::string> must_reach;  ///< outcomes without which the program shows nothing
  std::uint64_t executions = 0;         ///< how many there are, where another checker counted them; else 0
};

/// What a state says of itself: `kName`, `kBound`, `threads()`, and if it wants `after()` and `kMustReach`.
template <class State>
[[nodiscard]] Program program_of() {
  Program program;
  program.name = State::kName;
  program.bound = State::kBound;
  program.bytes = sizeof(State);
  program.set_up = [](void* at) { ::new (at) State; };
  for (const auto& [name, run, fate] : State::threads()) {
    program.threads.push_back({name, [run = run](void* at) { (static_cast<State*>(at)->*run)(); }, fate});
  }
  if constexpr (requires(State & state) { state.after(); }) {
    program.after = [](void* at) { static_cast<State*>(at)->after(); };
  }
  if constexpr (requires { State::kMustReach; }) {
    for (const char* outcome : State::kMustReach) {
      program.must_reach.emplace_back(outcome);
    }
  }
  if constexpr (requires { State::kExecutions; }) {
    program.executions = State::kExecutions;
  }
  return program;
}

template <class State>
struct ThreadOf {
  const char* name;
  void (State::*run)();
  Fate fate = {};
};

/// How often each thread stores to each word, at most. Learnt while exploring: without it every load would have to wait
/// for stores that never come.
class Stores;
[[nodiscard]] std::shared_ptr<Stores> copy_of(const std::shared_ptr<Stores>& stores);

struct Result {
  std::uint64_t executions = 0;  ///< complete ones
  std::uint64_t redundant = 0;   ///< paths that were given up: an attempt that failed, a store that never came
  std::map<std::string, std::uint64_t> outcomes;
  std::string failure;  ///< empty if there was none; else what, and the execution that shows it
  bool limit = false;   ///< the failure is that the checker cannot tell: it says nothing about the program

  /// The first outcome that should have been reached and was not.
  [[nodiscard]] std::string missing(const Program& program) const {
    for (const std::string& outcome : program.must_reach) {
      if (outcomes.count(outcome) == 0) {
        return outcome;
      }
    }
    return {};
  }
};

struct Limits {
  std::uint64_t paths = 3'000'000;  ///< more is a failure
  std::uint32_t events = 4'000;     ///< in one execution; a loop that has no end is a failure
};

/// Explores `program`. `known`, if given, keeps what was learnt for another run of the same program.
[[nodiscard]] Result explore(const Program& program, const Limits& limits = {},
                             std::shared_ptr<Stores>* known = nullptr);

// --------------------------------------------------------------------------------------- for the threads of a program

/// The execution has failed unless `condition`.
inline void check(bool condition, const char* text) {
  if (!condition) {
    fail(text);
  }
}

/// This execution has an outcome. Counted once per execution.
void reached(const std::string& outcome);

/// Tries until `attempt` answers true. A failed attempt that wrote nothing must leave nothing behind.
template <class F>
void until(F attempt);

enum class Ending : std::uint8_t { Ended, Vanished };

/// Waits until another thread of the program has ended or vanished, and returns which. `thread` is its index in
/// `Program::threads`. All that it did happens before what the caller does next. A thread that waits here is never
/// reported as waiting for ever; but the thread that it waits for may be.
Ending await_end_of(std::size_t thread);

/// For what comes after the threads: whether one vanished.
[[nodiscard]] bool vanished(std::size_t thread);

/// For set-up: only one thread at a time may touch these words, even by atomic accesses.
void declare_exclusive(const void* from, std::size_t bytes);

/// For set-up: what the traces call an object.
void declare_name(const void* object, std::size_t bytes, const char* name);
template <class T>
void declare_name(const T& object, const char* name) {
  declare_name(&object, sizeof object, name);
}

/// Begins an attempt of a loop that waits.
void begin_attempt();

template <class F>
void until(F attempt) {
  for (begin_attempt(); !attempt(); pause()) {
  }
}

}  // namespace tango::model
