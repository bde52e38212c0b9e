// SPDX-License-Identifier: Apache-2.0
#include "tiny.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "engine.hpp"

namespace tango::model {

namespace {

constexpr std::pair<std::string_view, std::memory_order> kOrders[] = {{"rlx", std::memory_order_relaxed},
                                                                      {"acq", std::memory_order_acquire},
                                                                      {"rel", std::memory_order_release},
                                                                      {"acq_rel", std::memory_order_acq_rel},
                                                                      {"sc", std::memory_order_seq_cst}};
constexpr std::string_view kLocationNames = "xyzw";

[[noreturn]] void refuse(std::string_view text) {
  std::fprintf(stderr, "not a tiny program: %.*s\n", static_cast<int>(text.size()), text.data());
  std::abort();
}

std::memory_order order_of(const std::string& text) {
  for (const auto& [name, order] : kOrders) {
    if (name == text) {
      return order;
    }
  }
  refuse(text);
}
std::string_view short_name(std::memory_order order) {
  return std::find_if(std::begin(kOrders), std::end(kOrders), [=](const auto& o) { return o.second == order; })->first;
}
std::uint8_t location_of(char name) {
  const std::size_t at = kLocationNames.find(name);
  return at == std::string_view::npos ? (refuse({&name, 1}), std::uint8_t{0}) : static_cast<std::uint8_t>(at);
}
std::uint8_t thread_of(char name) {
  const auto thread = static_cast<std::size_t>(name - 'A');
  return thread >= kTinyThreads ? (refuse({&name, 1}), std::uint8_t{0}) : static_cast<std::uint8_t>(thread);
}
std::uint8_t digit(char c) { return static_cast<std::uint8_t>(c - '0'); }

TinyStep step_of(const std::string& text) {
  std::istringstream in{text};
  std::string word;
  in >> word;
  TinyStep step;
  if (word == "?") {
    step.guarded = true;
    in >> word;
  }
  const auto next = [&in] {
    std::string w;
    in >> w;
    return w;
  };
  if (word == "r") {
    step.op = TinyStep::Op::Load;
    step.location = location_of(next().at(0));
  } else if (word == "f") {
    step.op = TinyStep::Op::Fence;
  } else if (word == "await") {
    step.op = TinyStep::Op::Await;
    step.thread = thread_of(next().at(0));
    return step;
  } else if (word == "cas") {
    step.op = TinyStep::Op::CompareExchange;
    step.location = location_of(next().at(0));
    step.expected = digit(next().at(0));
    step.value = digit(next().at(0));
  } else if (word.size() == 3 && word[1] == '=') {
    step.op = TinyStep::Op::Store;
    step.location = location_of(word[0]);
    step.value = digit(word[2]);
  } else {
    refuse(text);
  }
  step.order = order_of(next());
  if (step.op == TinyStep::Op::CompareExchange) {
    step.failure = order_of(next());
  }
  return step;
}

/// Where a tiny program runs.
struct TinyState {
  detail::SharedWord words[kTinyLocations];
  char read[kMaxTinyLoads] = {};  ///< a digit each, or a dash
};

/// One thread of it; what it reads goes to `read`.
void run(const std::vector<TinyStep>& steps, detail::SharedWord* words, char* read) {
  std::uint64_t last = 0;
  for (const TinyStep& step : steps) {
    detail::SharedWord& word = words[step.location];
    const bool skipped = step.guarded && last == 0;
    if (!skipped && step.op == TinyStep::Op::Load) {
      last = word.load(step.order);
    } else if (!skipped && step.op == TinyStep::Op::Store) {
      word.store(step.value, step.order);
    } else if (!skipped && step.op == TinyStep::Op::Fence) {
      detail::fence(step.order);
    } else if (!skipped && step.op == TinyStep::Op::Await) {
      last = await_end_of(step.thread) == Ending::Vanished ? 1 : 0;
    } else if (!skipped) {
      last = step.expected;
      static_cast<void>(word.compare_exchange_strong(last, step.value, step.order, step.failure));
    }
    if (reads(step)) {
      *read++ = skipped ? '-' : static_cast<char>('0' + last);
    }
  }
}

}  // namespace

TinyProgram parse(std::string_view text) {
  TinyProgram program;
  std::istringstream threads{std::string{text}};
  for (std::string thread; std::getline(threads, thread, '|');) {
    constexpr std::string_view kMortal = "mortal:";
    if (const std::size_t at = thread.find(kMortal); at != std::string::npos) {
      program.mortal.at(program.threads.size()) = true;
      thread.erase(0, at + kMortal.size());
    }
    std::vector<TinyStep>& steps = program.threads.emplace_back();
    std::istringstream in{thread};
    for (std::string step; std::getline(in, step, ';');) {
      steps.push_back(step_of(step));
      if (steps.back().op != TinyStep::Op::Fence && steps.back().op != TinyStep::Op::Await) {
        program.locations = std::max<std::size_t>(program.locations, steps.back().location + 1u);
      }
    }
  }
  return program;
}

std::string print(const TinyProgram& program) {
  std::ostringstream out;
  for (std::size_t i = 0; i != program.threads.size(); ++i) {
    out << (i == 0 ? "" : " | ") << (program.mortal[i] ? "mortal: " : "");
    const char* step_end = "";
    for (const TinyStep& step : program.threads[i]) {
      out << std::exchange(step_end, "; ");
      out << (step.guarded ? "? " : "");
      const char location = kLocationNames[step.location];
      switch (step.op) {
        case TinyStep::Op::Load:
          out << "r " << location;
          break;
        case TinyStep::Op::Store:
          out << location << '=' << int{step.value};
          break;
        case TinyStep::Op::Fence:
          out << "f";
          break;
        case TinyStep::Op::CompareExchange:
          out << "cas " << location << ' ' << int{step.expected} << ' ' << int{step.value};
          break;
        case TinyStep::Op::Await:
          out << "await " << static_cast<char>('A' + step.thread);
          continue;
      }
      out << ' ' << short_name(step.order);
      if (step.op == TinyStep::Op::CompareExchange) {
        out << ' ' << short_name(step.failure);
      }
    }
  }
  return out.str();
}

Program program_of(const TinyProgram& tiny) {
  Program program;
  program.name = print(tiny);
  program.bytes = sizeof(TinyState);
  program.set_up = [](void* at) { ::new (at) TinyState; };
  std::size_t loads = 0;
  for (std::size_t i = 0; i != tiny.threads.size(); ++i) {
    const std::vector<TinyStep>& steps = tiny.threads[i];
    program.threads.push_back({std::string(1, static_cast<char>('A' + i)),
                               [&steps, loads](void* at) {
                                 TinyState& state = *static_cast<TinyState*>(at);
                                 run(steps, state.words, state.read + loads);
                               },
                               {.may_vanish = tiny.mortal[i]}});
    loads += static_cast<std::size_t>(std::count_if(steps.begin(), steps.end(), reads));
  }
  program.after = [loads, locations = tiny.locations](void* at) {
    const TinyState& state = *static_cast<TinyState*>(at);
    std::string outcome{state.read, loads};
    std::replace(outcome.begin(), outcome.end(), '\0', '-');
    outcome += '|';
    for (std::size_t i = 0; i != locations; ++i) {
      outcome += static_cast<char>('0' + state.words[i].load(std::memory_order_relaxed));
    }
    reached(outcome);
  };
  return program;
}

}  // namespace tango::model
