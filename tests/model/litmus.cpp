// SPDX-License-Identifier: Apache-2.0
#include "litmus.hpp"

#include "engine.hpp"
#include "tiny.hpp"

namespace tango::model {

std::string wrong(const Litmus& litmus) {
  const TinyProgram tiny = parse(litmus.program);
  const Result result = explore(program_of(tiny));
  std::string text;
  if (!result.failure.empty()) {
    text = result.failure;
  } else if ((result.outcomes.count(std::string{litmus.about}) != 0) != litmus.allowed) {
    text =
        std::string{litmus.about} + (litmus.allowed ? " is allowed and was not found" : " is forbidden and was found");
  } else if (result.outcomes.size() != litmus.outcomes || result.executions != litmus.executions) {
    text = std::to_string(result.outcomes.size()) + " outcomes of " + std::to_string(litmus.outcomes) + ", " +
           std::to_string(result.executions) + " executions of " + std::to_string(litmus.executions) + ":";
    for (const auto& [outcome, count] : result.outcomes) {
      text += ' ' + outcome;
    }
  }
  return text.empty() ? text : std::string{litmus.name} + ": " + text;
}

namespace {

using detail::copy_bytes;
using detail::fence;
using detail::memory_order_acquire;
using detail::memory_order_relaxed;
using detail::memory_order_release;
using detail::memory_order_seq_cst;
using detail::SharedWord;

/// Bytes that two threads share beside words.
struct Shared {
  SharedWord flag;
  SharedWord other;
  SharedWord word;
  alignas(8) std::byte bytes[16] = {};
};

/// A thread of such a program, and what may become of it.
template <class Run>
struct Fated {
  Fate fate;
  Run run;
  void operator()(Shared& shared) const { run(shared); }
};
template <class Run>
Fated(Fate, Run) -> Fated<Run>;

template <class Run>
[[nodiscard]] Fate fate_of(const Run&) {
  return {};
}
template <class Run>
[[nodiscard]] Fate fate_of(const Fated<Run>& thread) {
  return thread.fate;
}

template <class... Threads>
Result result_of(void (*set_up)(Shared&), Threads... threads) {
  Program program;
  program.bytes = sizeof(Shared);
  program.set_up = [set_up](void* at) {
    auto* const shared = ::new (at) Shared;
    if (set_up != nullptr) {
      set_up(*shared);
    }
  };
  char name = 'A';
  (program.threads.push_back(
       {std::string(1, name++), [threads](void* at) { threads(*static_cast<Shared*>(at)); }, fate_of(threads)}),
   ...);
  return explore(program);
}

template <class... Threads>
std::string failure_of(void (*set_up)(Shared&), Threads... threads) {
  return result_of(set_up, threads...).failure;
}

void write(std::byte* to, std::size_t bytes) {
  const std::byte from[16] = {};
  copy_bytes(to, from, bytes);
}
void read(const std::byte* from, std::size_t bytes) {
  std::byte to[16];
  copy_bytes(to, from, bytes);
}

/// A writes and says so, B reads once it has heard it.
template <std::memory_order STORE, std::memory_order LOAD>
std::string passing() {
  return failure_of(
      nullptr,
      [](Shared& s) {
        write(s.bytes, 8);
        s.flag.store(1, STORE);
      },
      [](Shared& s) {
        if (s.flag.load(LOAD) == 1) {
          read(s.bytes, 8);
        }
      });
}

/// The other way round: A reads and says so, B writes.
template <std::memory_order STORE>
std::string giving_back() {
  return failure_of(
      nullptr,
      [](Shared& s) {
        read(s.bytes + 4, 8);
        s.flag.store(1, STORE);
      },
      [](Shared& s) {
        if (s.flag.load(memory_order_acquire) == 1) {
          write(s.bytes, 8);
        }
      });
}

template <std::memory_order STORE>
std::string exclusive_word() {
  return failure_of([](Shared& s) { declare_exclusive(&s.word, sizeof s.word); },
                    [](Shared& s) {
                      s.word.store(7, memory_order_relaxed);
                      s.flag.store(1, STORE);
                    },
                    [](Shared& s) {
                      if (s.flag.load(memory_order_acquire) == 1) {
                        check(s.word.load(memory_order_relaxed) == 7, "not the newest");
                      }
                    });
}

/// A writes and may vanish, B reads once it knows of A's end.
template <bool AWAITS>
std::string taking_over() {
  return failure_of(nullptr, Fated{kMayVanish, [](Shared& s) { write(s.bytes, 8); }}, [](Shared& s) {
    if (AWAITS) {
      static_cast<void>(await_end_of(0));
    }
    read(s.bytes, 8);
  });
}

/// A may vanish before it stores what B waits for; FATE is B's.
template <Fate (*FATE)()>
std::string waiting_for_the_dead() {
  return failure_of(nullptr, Fated{kMayVanish, [](Shared& s) { s.flag.store(1, memory_order_relaxed); }},
                    Fated{FATE(), [](Shared& s) { until([&s] { return s.flag.load(memory_order_relaxed) == 1; }); }});
}
Fate ends() { return {}; }
Fate may_starve() { return kMayStarve; }

/// Stores when it is destroyed.
struct Farewell {
  explicit Farewell(SharedWord& to) : word{to} {}
  Farewell(const Farewell&) = delete;
  Farewell& operator=(const Farewell&) = delete;
  ~Farewell() { word.store(1, memory_order_relaxed); }
  SharedWord& word;
};

/// A sleeps unless it sees that there is work, B wakes who sleeps.
template <std::memory_order FENCE>
std::string sleeping() {
  return failure_of(
      nullptr,
      [](Shared& s) {
        s.other.store(1, memory_order_relaxed);
        fence(FENCE);
        if (s.flag.load(memory_order_relaxed) == 0) {
          until([&s] { return s.word.load(memory_order_relaxed) != 0; });
        }
      },
      [](Shared& s) {
        s.flag.store(1, memory_order_relaxed);
        fence(FENCE);
        if (s.other.load(memory_order_relaxed) != 0) {
          s.word.store(1, memory_order_relaxed);
        }
      });
}

}  // namespace

const std::vector<Finding>& findings() {
  static const std::vector<Finding> all = {
      {"plain bytes, passed on", "", passing<memory_order_release, memory_order_acquire>},
      {"plain bytes, store relaxed", "this plain read races", passing<memory_order_relaxed, memory_order_acquire>},
      {"plain bytes, load relaxed", "this plain read races", passing<memory_order_release, memory_order_relaxed>},
      {"plain bytes, given back", "", giving_back<memory_order_release>},
      {"plain bytes, given back too early", "this plain write races", giving_back<memory_order_relaxed>},
      {"plain bytes, both write", "this plain write races",
       [] {
         return failure_of(
             nullptr, [](Shared& s) { write(s.bytes, 8); }, [](Shared& s) { write(s.bytes + 7, 1); });
       }},
      {"plain bytes, side by side", "",
       [] {
         return failure_of(
             nullptr, [](Shared& s) { write(s.bytes, 4); }, [](Shared& s) { write(s.bytes + 4, 8); });
       }},
      {"plain bytes, both read", "",
       [] {
         return failure_of(
             nullptr, [](Shared& s) { read(s.bytes, 9); }, [](Shared& s) { read(s.bytes, 9); });
       }},
      {"plain read beside an atomic store", "this",
       [] {
         return failure_of(
             nullptr, [](Shared& s) { s.word.store(1, memory_order_release); },
             [](Shared& s) { read(reinterpret_cast<const std::byte*>(&s.word), 8); });
       }},
      {"plain read behind an atomic store", "",
       [] {
         return failure_of(
             nullptr,
             [](Shared& s) {
               s.word.store(1, memory_order_relaxed);
               s.flag.store(1, memory_order_release);
             },
             [](Shared& s) {
               if (s.flag.load(memory_order_acquire) == 1) {
                 std::uint64_t value = 0;
                 copy_bytes(&value, &s.word, 8);
                 check(value == 1, "not what was stored");
               }
             });
       }},
      {"atomic load beside a plain write", "this",
       [] {
         return failure_of(
             nullptr, [](Shared& s) { write(reinterpret_cast<std::byte*>(&s.word), 8); },
             [](Shared& s) { static_cast<void>(s.word.load(memory_order_acquire)); });
       }},
      {"exclusive word, passed on", "", exclusive_word<memory_order_release>},
      {"exclusive word, store relaxed", "this load races", exclusive_word<memory_order_relaxed>},
      {"exclusive word, acquire does not make up for it", "this",
       [] {
         return failure_of([](Shared& s) { declare_exclusive(&s.word, sizeof s.word); },
                           [](Shared& s) { s.word.store(1, memory_order_release); },
                           [](Shared& s) { static_cast<void>(s.word.load(memory_order_acquire)); });
       }},
      {"wake-up", "", sleeping<memory_order_seq_cst>},
      {"wake-up lost", "waiting for ever: A", sleeping<std::memory_order_acq_rel>},
      {"waiting for a store that comes", "",
       [] {
         return failure_of(
             nullptr, [](Shared& s) { s.flag.store(1, memory_order_relaxed); },
             [](Shared& s) { until([&s] { return s.flag.load(memory_order_relaxed) == 1; }); });
       }},
      {"waiting for each other", "waiting for ever: A B",
       [] {
         return failure_of(
             nullptr,
             [](Shared& s) {
               until([&s] { return s.flag.load(memory_order_relaxed) == 1; });
               s.other.store(1, memory_order_relaxed);
             },
             [](Shared& s) {
               until([&s] { return s.other.load(memory_order_relaxed) == 1; });
               s.flag.store(1, memory_order_relaxed);
             });
       }},
      {"plain bytes, taken over", "", taking_over<true>},
      {"plain bytes, taken over too early", "this plain", taking_over<false>},
      {"exclusive word, taken over", "",
       [] {
         return failure_of([](Shared& s) { declare_exclusive(&s.word, sizeof s.word); },
                           Fated{kMayVanish,
                                 [](Shared& s) {
                                   s.word.store(1, memory_order_relaxed);
                                   s.flag.store(1, memory_order_relaxed);
                                 }},
                           [](Shared& s) {
                             const bool ended = await_end_of(0) == Ending::Ended;
                             const std::uint64_t word = s.word.load(memory_order_relaxed);
                             check(!ended || word == 1, "what was stored is lost");
                             check(s.flag.load(memory_order_relaxed) <= word, "the flag without the word");
                             s.word.store(2, memory_order_relaxed);
                           });
       }},
      {"a vanished thread runs no destructors", "",
       [] {
         const Result result = result_of(
             nullptr,
             Fated{kMayVanish,
                   [](Shared& s) {
                     const Farewell farewell{s.flag};
                     s.word.store(1, memory_order_relaxed);
                   }},
             [](Shared& s) {
               const char* const ending = await_end_of(0) == Ending::Vanished ? "vanished" : "ended";
               const std::uint64_t stores = s.word.load(memory_order_relaxed) + s.flag.load(memory_order_relaxed);
               reached(ending + std::to_string(stores));
             });
         const bool right = result.outcomes == std::map<std::string, std::uint64_t>{
                                                   {"vanished0", 1}, {"vanished1", 1}, {"vanished2", 1}, {"ended2", 1}};
         return right ? result.failure : "wrong outcomes";
       }},
      {"waiting for what a vanished thread would have stored", "waiting for ever: B", waiting_for_the_dead<ends>},
      {"the same, and it may", "", waiting_for_the_dead<may_starve>},
      {"one may, another may not", "waiting for ever: B C",
       [] {
         const auto wait = [](Shared& s) { until([&s] { return s.flag.load(memory_order_relaxed) == 1; }); };
         return failure_of(nullptr, Fated{kMayVanish, [](Shared& s) { s.flag.store(1, memory_order_relaxed); }},
                           Fated{kMayStarve, wait}, wait);
       }},
      {"waiting for ever where none vanished", "waiting for ever: B",
       [] {
         return failure_of(
             nullptr, [](Shared&) {},
             Fated{kMayStarve, [](Shared& s) { until([&s] { return s.flag.load(memory_order_relaxed) == 1; }); }});
       }},
      {"a successor does what the vanished thread left", "",
       [] {
         return failure_of(
             nullptr, Fated{kMayVanish, [](Shared& s) { s.flag.store(1, memory_order_relaxed); }},
             [](Shared& s) {
               if (await_end_of(0) == Ending::Vanished && s.flag.load(memory_order_relaxed) == 0) {
                 s.flag.store(1, memory_order_relaxed);
               }
             },
             [](Shared& s) { until([&s] { return s.flag.load(memory_order_relaxed) == 1; }); });
       }},
      {"who is awaited waits for ever", "waiting for ever: A",
       [] {
         return failure_of(
             nullptr, [](Shared& s) { until([&s] { return s.flag.load(memory_order_relaxed) == 1; }); },
             [](Shared& s) {
               static_cast<void>(await_end_of(0));
               s.flag.store(1, memory_order_relaxed);
             });
       }},
      {"each awaits the other's end", "threads wait for each other's end",
       [] {
         return failure_of(
             nullptr, [](Shared&) { static_cast<void>(await_end_of(1)); },
             [](Shared&) { static_cast<void>(await_end_of(0)); });
       }},
      {"its own end", "a wait for the end of what is no other thread",
       [] { return failure_of(nullptr, [](Shared&) { static_cast<void>(await_end_of(0)); }); }},
      {"a loop without end", "no end",
       [] {
         return failure_of(nullptr, [](Shared& s) {
           for (std::uint64_t i = 1;; ++i) {
             s.flag.store(i, memory_order_relaxed);
           }
         });
       }},
      {"a check that fails in one execution", "both see the other",
       [] {
         return failure_of(
             nullptr, [](Shared& s) { s.flag.store(1, memory_order_relaxed); },
             [](Shared& s) { check(s.flag.load(memory_order_relaxed) == 0, "both see the other"); });
       }},
  };
  return all;
}

std::string anything_wrong() {
  for (const Litmus& litmus : kLitmus) {
    if (std::string text = wrong(litmus); !text.empty()) {
      return text;
    }
  }
  for (const Finding& finding : findings()) {
    const std::string failure = finding.run();
    if (finding.expected.empty() ? !failure.empty() : failure.rfind(finding.expected, 0) != 0) {
      return std::string{finding.name} + ": " + (failure.empty() ? "nothing was found" : failure);
    }
  }
  return {};
}

}  // namespace tango::model
