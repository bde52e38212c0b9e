// SPDX-License-Identifier: Apache-2.0
#include "engine.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include "fiber.hpp"
#include "graph.hpp"
#include "shadow.hpp"
#include "sites.hpp"
#include "trace.hpp"

namespace tango::model {

namespace {

/// What the threads share lies here, at the same addresses in every execution.
constexpr std::size_t kSharedBytes = std::size_t{1} << 15;
alignas(4096) std::byte shared[kSharedBytes];
constexpr std::size_t kLocations = kSharedBytes / 8;

[[nodiscard]] bool is_shared(const void* at) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  const auto begin = reinterpret_cast<std::uintptr_t>(&shared);
  return address >= begin && address < begin + kSharedBytes;
}
[[nodiscard]] std::size_t offset_of(const void* at) noexcept {
  return static_cast<std::size_t>(static_cast<const std::byte*>(at) - shared);
}
[[nodiscard]] Location location_of(const void* at) noexcept { return static_cast<Location>(offset_of(at) / 8); }

}  // namespace

/// What exceeds what was known is a reason to explore once more: a load may have waited for too little. Once nothing
/// does, everything that a load could have waited for was known.
class Stores {
 public:
  /// As known when this exploration began: its choices must not change under it.
  [[nodiscard]] std::uint16_t most(std::size_t at) const { return known_[at]; }

  void saw(std::size_t at, std::uint16_t count) {
    if (count > seen_[at]) {
      seen_[at] = count;
      more_ = true;
    }
  }

  /// Whether there was more than known; it is known from now on.
  bool learn() {
    known_ = seen_;
    return std::exchange(more_, false);
  }

 private:
  std::vector<std::uint16_t> known_ = std::vector<std::uint16_t>(kMaxThreads * kLocations);
  std::vector<std::uint16_t> seen_ = known_;
  bool more_ = false;
};

namespace {

class Engine {
 public:
  Engine() : graph_{kLocations}, shadow_{kLocations}, stored_(kMaxThreads * kLocations) {}

  Result explore(const Program& program, const Limits& limits, Stores& known);

  // For the seam. Outside of the threads, words are just words.
  std::uint64_t load(const std::uint64_t& word, Site& site);
  void store(std::uint64_t& word, std::uint64_t value, Site& site);
  bool compare_exchange(std::uint64_t& word, std::uint64_t& expected, std::uint64_t desired, Site& site);
  void fence(Site& site);
  void copy(void* to, const void* from, std::size_t bytes, Site& site);
  void pause();

  Ending await_end_of(std::size_t thread);
  [[nodiscard]] bool vanished(std::size_t thread);

  void begin_attempt();
  void reached(const std::string& outcome) { outcomes_.insert(outcome); }
  void declare_exclusive(Location first, Location last) {
    for (Location location = first; location <= last; ++location) {
      shadow_.declare_exclusive(location);
    }
  }
  void declare_name(std::size_t offset, std::size_t bytes, const char* name) { names_.add(offset, bytes, name); }
  [[noreturn]] void fail(const std::string& text);
  [[noreturn]] void cannot_tell(const std::string& text);

 private:
  enum class Standing : std::uint8_t { Runnable, Waiting, AwaitingEnd, Parked, Ended, Vanished };

  struct Thread {
    Fiber fiber;
    Standing standing = Standing::Runnable;
    Location awaits = 0;           ///< Waiting: for a store there
    EventId since = kNoEvent;      ///< and after this event
    std::size_t awaited = 0;       ///< AwaitingEnd: of this thread
    std::vector<EventId> attempt;  ///< what it read since its attempt began
    bool wrote = false;            ///< since then
  };

  /// Why an execution ended.
  enum class End : std::uint8_t { Running, Complete, Redundant, Failed };

  struct Choice {
    std::uint32_t taken;
    std::uint32_t options;
  };

  // Exploring.
  End execute();
  [[nodiscard]] bool backtrack();
  std::uint32_t choose(std::size_t options);

  // Scheduling.
  void run_outside(const std::function<void(void*)>& what);
  [[nodiscard]] bool runnable(const Thread& thread);
  [[nodiscard]] std::size_t next_thread();
  [[nodiscard]] bool may_be_stored(ThreadId me, Location location) const;
  [[nodiscard]] End quiet();
  [[nodiscard]] bool may_starve() const;
  [[nodiscard]] bool has_stopped(std::size_t thread) const {
    return threads_[thread].standing == Standing::Ended || threads_[thread].standing == Standing::Vanished;
  }
  [[noreturn]] void leave(End end);
  void to_scheduler() { Fiber::switch_to(threads_[me_].fiber, scheduler_); }
  static void run_thread();

  // Accesses.
  template <class Reads>
  EventId choose_source(Location location, Reads may_read);
  std::uint64_t read(EventId from, std::memory_order order, Site& site);
  void written(std::uint64_t& word, const Clock& before, EventId store);
  void count_store(Location location);
  void added();
  void may_vanish();
  void guard(const Race& race, const char* text);
  void expect_order(const Site& site);
  void guard_atomic(const Clock& before, Location location, bool writes);
  [[nodiscard]] const Clock& now() const { return graph_.view(me_).clock; }

  Graph graph_;
  Shadow shadow_;
  Names names_;
  const Program* program_ = nullptr;
  const std::function<void(void*)>* outside_ = nullptr;  ///< what runs while no thread does
  Limits limits_;
  Stores* known_ = nullptr;

  std::vector<Choice> choices_;
  std::size_t depth_ = 0;

  std::array<Thread, kMaxThreads + 1> threads_;  // the last one runs set-up and what comes after
  Fiber scheduler_;
  ThreadId me_ = 0;
  bool concurrent_ = false;  ///< threads run: accesses are events
  End end_ = End::Running;

  std::vector<std::uint16_t> stored_;  ///< per thread and location, in this execution
  std::vector<std::size_t> stored_at_;
  std::set<std::string> outcomes_;
  std::string failure_;
  bool limit_ = false;  ///< the failure is the checker's
  std::vector<EventId> sources_;
  std::vector<std::uint32_t> places_;
};

Engine& engine() {
  static Engine only;
  return only;
}

// ---------------------------------------------------------------------------------------------------------- exploring

Result Engine::explore(const Program& program, const Limits& limits, Stores& known) {
  program_ = &program;
  limits_ = limits;
  known_ = &known;
  Result result;
  known.learn();  // what an exploration that failed has left behind
  do {
    result = {};
    choices_.clear();
    std::uint64_t paths = 0;
    do {
      switch (execute()) {
        case End::Complete:
          ++result.executions;
          for (const std::string& outcome : outcomes_) {
            ++result.outcomes[outcome];
          }
          break;
        case End::Failed:
          result.failure = failure_;
          result.limit = limit_;
          return result;
        default:
          ++result.redundant;
          break;
      }
      if (++paths == limits_.paths) {
        result.failure = "gave up after " + std::to_string(paths) + " paths";
        result.limit = true;
        return result;
      }
    } while (backtrack());
  } while (known.learn());
  return result;
}

Engine::End Engine::execute() {
  const std::size_t count = program_->threads.size();
  graph_.clear(count);
  shadow_.clear();
  names_.clear();
  outcomes_.clear();
  for (const std::size_t at : stored_at_) {
    stored_[at] = 0;
  }
  stored_at_.clear();
  depth_ = 0;
  limit_ = false;
  end_ = End::Running;

  run_outside(program_->set_up);
  for (std::size_t i = 0; i != count && end_ == End::Running; ++i) {
    threads_[i].standing = Standing::Runnable;
    threads_[i].attempt.clear();
    threads_[i].wrote = false;
    threads_[i].fiber.start(run_thread);
  }
  concurrent_ = true;
  while (end_ == End::Running) {
    const std::size_t next = next_thread();
    if (next == count) {
      end_ = quiet();
      break;
    }
    me_ = static_cast<ThreadId>(next);
    threads_[next].standing = Standing::Runnable;
    Fiber::switch_to(scheduler_, threads_[next].fiber);
  }
  concurrent_ = false;
  if (end_ == End::Complete && program_->after) {
    end_ = End::Running;
    run_outside(program_->after);
    end_ = end_ == End::Running ? End::Complete : end_;
  }
  return end_;
}

/// In a fiber of its own, because it may fail, too.
void Engine::run_outside(const std::function<void(void*)>& what) {
  outside_ = &what;
  me_ = kMaxThreads;
  threads_[me_].fiber.start(run_thread);
  Fiber::switch_to(scheduler_, threads_[me_].fiber);
}

void Engine::run_thread() {
  Engine& self = engine();
  const ThreadId me = self.me_;
  self.may_vanish();
  (me != kMaxThreads ? self.program_->threads[me].run : *self.outside_)(shared);
  self.threads_[me].standing = Standing::Ended;
  self.to_scheduler();
}

bool Engine::backtrack() {
  while (!choices_.empty() && choices_.back().taken + 1 == choices_.back().options) {
    choices_.pop_back();
  }
  if (choices_.empty()) {
    return false;
  }
  ++choices_.back().taken;
  return true;
}

std::uint32_t Engine::choose(std::size_t options) {
  if (options == 1) {
    return 0;
  }
  if (depth_ == choices_.size()) {
    choices_.push_back({0, static_cast<std::uint32_t>(options)});
  }
  return choices_[depth_++].taken;
}

// --------------------------------------------------------------------------------------------------------- scheduling

bool Engine::runnable(const Thread& thread) {
  if (thread.standing == Standing::AwaitingEnd) {
    return has_stopped(thread.awaited);
  }
  if (thread.standing != Standing::Waiting) {
    return thread.standing == Standing::Runnable;
  }
  const std::vector<EventId>& order = graph_.history(thread.awaits, 0).order;
  return std::any_of(order.begin(), order.end(), [&](EventId store) { return store > thread.since; });
}

/// The first that can go on; none also if one waits for what will not come.
std::size_t Engine::next_thread() {
  const std::size_t count = program_->threads.size();
  std::size_t next = count;
  for (std::size_t i = count; i-- != 0;) {
    if (runnable(threads_[i])) {
      next = i;
    } else if (threads_[i].standing == Standing::Waiting &&
               !may_be_stored(static_cast<ThreadId>(i), threads_[i].awaits)) {
      return count;
    }
  }
  return next;
}

/// Whether somebody else may store there later on.
bool Engine::may_be_stored(ThreadId me, Location location) const {
  for (ThreadId other = 0; other != program_->threads.size(); ++other) {
    if (other != me && !has_stopped(other) && threads_[other].standing != Standing::Parked &&
        stored_[other * kLocations + location] < known_->most(other * kLocations + location)) {
      return true;
    }
  }
  return false;
}

/// Whether all threads that wait for ever are allowed to, and one has vanished that they may be waiting for.
bool Engine::may_starve() const {
  bool vanished = false;
  for (std::size_t i = 0; i != program_->threads.size(); ++i) {
    if (threads_[i].standing == Standing::Parked && !program_->threads[i].fate.may_starve) {
      return false;
    }
    vanished = vanished || threads_[i].standing == Standing::Vanished;
  }
  return vanished;
}

/// Nobody can go on.
Engine::End Engine::quiet() {
  bool parked = false;
  bool awaiting = false;
  bool newest = true;
  for (std::size_t i = 0; i != program_->threads.size(); ++i) {
    const Thread& thread = threads_[i];
    if (thread.standing == Standing::Waiting) {
      return End::Redundant;  // for a store that did not come
    }
    awaiting = awaiting || thread.standing == Standing::AwaitingEnd;
    if (thread.standing == Standing::Parked) {
      parked = true;
      newest = newest && std::all_of(thread.attempt.begin(), thread.attempt.end(),
                                     [this](EventId load) { return graph_.is_newest(graph_[load].from); });
    }
  }
  if (!parked && awaiting) {
    limit_ = true;
    failure_ = "threads wait for each other's end\n" + trace(graph_, *program_, names_);
    return End::Failed;
  }
  if (!parked) {
    return End::Complete;
  }
  if (!newest || !holds(Rule::Deadlocks)) {
    return End::Redundant;  // it could have read something newer, and does in another execution
  }
  const bool starving = may_starve();
  std::string text = "waiting for ever:";
  for (std::size_t i = 0; i != program_->threads.size(); ++i) {
    if (threads_[i].standing == Standing::Parked) {
      text += " " + program_->threads[i].name;
      if (starving) {
        reached(program_->threads[i].name + " waits for ever");
      }
    }
  }
  if (starving) {
    return End::Complete;
  }
  failure_ = text + "\n" + trace(graph_, *program_, names_);
  return End::Failed;
}

void Engine::leave(End end) {
  end_ = end;
  to_scheduler();
  __builtin_unreachable();
}

void Engine::fail(const std::string& text) {
  failure_ = text + "\n" + trace(graph_, *program_, names_);
  leave(End::Failed);
}

void Engine::cannot_tell(const std::string& text) {
  limit_ = true;
  fail(text);
}

void Engine::begin_attempt() {
  if (concurrent_) {
    threads_[me_].attempt.clear();
    threads_[me_].wrote = false;
  }
}

void Engine::pause() {
  Thread& thread = threads_[me_];
  if (!concurrent_ || (thread.attempt.empty() && !thread.wrote)) {
    cannot_tell("a wait that looks at nothing");
  }
  if (!thread.wrote) {
    thread.standing = Standing::Parked;
    to_scheduler();
    __builtin_unreachable();
  }
  begin_attempt();
}

/// After each event: here a thread may stop for ever. Its fiber is not entered again.
void Engine::may_vanish() {
  if (concurrent_ && program_->threads[me_].fate.may_vanish && holds(Rule::Vanishing) && choose(2) == 1) {
    graph_.add_vanish(me_);
    threads_[me_].standing = Standing::Vanished;
    to_scheduler();
    __builtin_unreachable();
  }
}

Ending Engine::await_end_of(std::size_t thread) {
  if (!concurrent_ || thread == me_ || thread >= program_->threads.size()) {
    cannot_tell("a wait for the end of what is no other thread");
  }
  while (!has_stopped(thread)) {
    threads_[me_].standing = Standing::AwaitingEnd;
    threads_[me_].awaited = thread;
    to_scheduler();
  }
  const bool vanished = threads_[thread].standing == Standing::Vanished;
  graph_.add_await(me_, static_cast<ThreadId>(thread), vanished);
  added();
  may_vanish();
  return vanished ? Ending::Vanished : Ending::Ended;
}

bool Engine::vanished(std::size_t thread) {
  if (concurrent_ || thread >= program_->threads.size()) {
    cannot_tell("whether a thread has vanished is known once no thread can go on");
  }
  return threads_[thread].standing == Standing::Vanished;
}

// ----------------------------------------------------------------------------------------------------------- accesses

void Engine::guard_atomic(const Clock& before, Location location, bool writes) {
  guard(shadow_.atomic(me_, before, location, writes), writes ? "this store" : "this load");
  if (shadow_.plainly_written(location)) {
    cannot_tell("an atomic access to what was written by a plain one is not modelled");
  }
}

void Engine::expect_order(const Site& site) {
  if (site.order == std::memory_order_seq_cst || site.failure == std::memory_order_seq_cst) {
    cannot_tell("a seq_cst access is not modelled");
  }
}

void Engine::guard(const Race& race, const char* text) {
  if (race) {
    EventId with = 0;
    while (graph_[with].thread != race.thread || graph_[with].tick != race.tick) {
      ++with;
    }
    fail(std::string{text} + " races with event " + std::to_string(with) + " of " +
         program_->threads[race.thread].name);
  }
}

void Engine::added() {
  if (graph_.size() >= limits_.events) {
    cannot_tell("no end: " + std::to_string(limits_.events) + " events");
  }
  if (!graph_.fences_agree()) {
    leave(End::Redundant);
  }
}

/// One of the stores that a load may read, those that are not executed yet among them. `may_read(store)` excludes some.
template <class Reads>
EventId Engine::choose_source(Location location, Reads may_read) {
  if (shadow_.exclusive(location)) {
    return graph_.history(location, 0).order.back();  // anything else would be a race
  }
  Thread& thread = threads_[me_];
  EventId since = kNoEvent;
  while (true) {
    graph_.readable(me_, location, since, sources_);
    sources_.erase(std::remove_if(sources_.begin(), sources_.end(), [&](EventId e) { return !may_read(e); }),
                   sources_.end());
    const bool may_wait = holds(Rule::Waiting) && may_be_stored(me_, location);
    if (sources_.empty() && !may_wait) {
      leave(End::Redundant);
    }
    if (const std::uint32_t taken = choose(sources_.size() + may_wait); taken != sources_.size()) {
      return sources_[taken];
    }
    thread.standing = Standing::Waiting;
    thread.awaits = location;
    thread.since = since = static_cast<EventId>(graph_.size() - 1);
    to_scheduler();
  }
}

std::uint64_t Engine::load(const std::uint64_t& word, Site& site) {
  if (!concurrent_) {
    return word;
  }
  site.reached = true;
  const Location location = location_of(&word);
  expect_order(site);
  static_cast<void>(graph_.history(location, word));
  const std::uint64_t value = read(choose_source(location, [](EventId) { return true; }), site.order, site);
  may_vanish();
  return value;
}

/// A load, or a compare-exchange that fails.
std::uint64_t Engine::read(EventId from, std::memory_order order, Site& site) {
  const Location location = graph_[from].location;
  const Clock before = now();  // what the load itself brings does not make up for a race
  const EventId id = graph_.add_load(me_, from, order, &site);
  added();
  guard_atomic(before, location, false);
  shadow_.mark_atomic(me_, graph_[id].tick, location, true, false);
  threads_[me_].attempt.push_back(id);
  return graph_[id].value;
}

/// After a store: the word itself holds what is newest.
void Engine::written(std::uint64_t& word, const Clock& before, EventId store) {
  added();
  const Location location = location_of(&word);
  const Event& event = graph_[store];
  guard_atomic(before, location, true);
  shadow_.mark_atomic(me_, event.tick, location, event.kind == Kind::Update, true);
  if (graph_.is_newest(store)) {
    word = event.value;
  }
  threads_[me_].wrote = true;
  count_store(location);
}

void Engine::count_store(Location location) {
  const std::size_t at = me_ * kLocations + location;
  stored_at_.push_back(at);
  known_->saw(at, ++stored_[at]);
}

void Engine::store(std::uint64_t& word, std::uint64_t value, Site& site) {
  if (!concurrent_) {
    word = value;
    return;
  }
  site.reached = true;
  const Location location = location_of(&word);
  expect_order(site);
  static_cast<void>(graph_.history(location, word));
  graph_.placeable(me_, location, places_);
  const std::uint32_t place = shadow_.exclusive(location) ? places_.front() : places_[choose(places_.size())];
  const Clock before = now();
  written(word, before, graph_.add_store(me_, location, place, value, site.order, &site));
  may_vanish();
}

bool Engine::compare_exchange(std::uint64_t& word, std::uint64_t& expected, std::uint64_t desired, Site& site) {
  if (!concurrent_) {
    const bool equal = word == expected;
    (equal ? word : expected) = equal ? desired : word;
    return equal;
  }
  site.reached = true;
  const Location location = location_of(&word);
  expect_order(site);
  static_cast<void>(graph_.history(location, word));
  const EventId from = choose_source(
      location, [&](EventId store) { return graph_[store].value != expected || graph_.updatable(store); });
  if (graph_[from].value == expected) {
    const Clock before = now();
    written(word, before, graph_.add_update(me_, from, desired, site.order, &site));
    may_vanish();
    return true;
  }
  expected = read(from, site.failure, site);
  count_store(location);  // it may succeed where somebody waits for that
  may_vanish();
  return false;
}

void Engine::fence(Site& site) {
  if (!concurrent_) {
    return;
  }
  site.reached = true;
  if (!site.dropped) {
    graph_.add_fence(me_, site.order, &site);
    added();
    may_vanish();
  }
}

void Engine::copy(void* to, const void* from, std::size_t bytes, Site& site) {
  bool wrote = false;
  for (const bool writes : {false, true}) {
    const void* const side = writes ? to : from;
    if (!concurrent_ || !is_shared(side) || bytes == 0) {
      continue;
    }
    site.reached = true;
    const Kind kind = writes ? Kind::PlainWrite : Kind::PlainRead;
    const EventId id = graph_.add_plain(me_, kind, location_of(side), static_cast<std::uint32_t>(bytes), &site);
    added();
    const std::size_t first = offset_of(side);
    for (std::size_t at = first; at != first + bytes; ++at) {
      const auto location = static_cast<Location>(at / 8);
      guard(shadow_.plain(me_, now(), location, at % 8, writes), writes ? "this plain write" : "this plain read");
      if (writes && graph_.has_history(location)) {
        cannot_tell("a plain write to what is accessed atomically is not modelled");
      }
      shadow_.mark_plain(me_, graph_[id].tick, location, at % 8, writes);
    }
    threads_[me_].wrote = threads_[me_].wrote || writes;
    wrote = writes;
    if (!writes) {
      may_vanish();
    }
  }
  std::memcpy(to, from, bytes);
  if (wrote) {
    may_vanish();
  }
}

}  // namespace

// ---------------------------------------------------------------------------------------------------------- the doors

Result explore(const Program& program, const Limits& limits, std::shared_ptr<Stores>* known) {
  if (program.bytes > kSharedBytes || program.threads.size() > kMaxThreads) {
    Result result;
    result.failure = "too large for the checker";
    result.limit = true;
    return result;
  }
  std::shared_ptr<Stores> own;
  std::shared_ptr<Stores>& stores = known != nullptr ? *known : own;
  if (!stores) {
    stores = std::make_shared<Stores>();
  }
  return engine().explore(program, limits, *stores);
}

std::shared_ptr<Stores> copy_of(const std::shared_ptr<Stores>& stores) { return std::make_shared<Stores>(*stores); }

std::uint64_t load(const std::uint64_t& word, std::memory_order order, const char* file, unsigned line) {
  return engine().load(word, sites().at(file, line, Operation::Load, order));
}
void store(std::uint64_t& word, std::uint64_t value, std::memory_order order, const char* file, unsigned line) {
  engine().store(word, value, sites().at(file, line, Operation::Store, order));
}
bool compare_exchange(std::uint64_t& word, std::uint64_t& expected, std::uint64_t desired, std::memory_order success,
                      std::memory_order failure, const char* file, unsigned line) {
  return engine().compare_exchange(word, expected, desired,
                                   sites().at(file, line, Operation::CompareExchange, success, failure));
}
void fence(std::memory_order order, const char* file, unsigned line) {
  engine().fence(sites().at(file, line, Operation::Fence, order));
}
void copy(void* to, const void* from, std::size_t bytes, const char* file, unsigned line) {
  engine().copy(to, from, bytes, sites().at(file, line, Operation::Copy, std::memory_order_relaxed));
}
void pause() { engine().pause(); }
void begin_attempt() { engine().begin_attempt(); }
Ending await_end_of(std::size_t thread) { return engine().await_end_of(thread); }
bool vanished(std::size_t thread) { return engine().vanished(thread); }
void reached(const std::string& outcome) { engine().reached(outcome); }
void fail(const char* text) { engine().fail(text); }

void declare_exclusive(const void* from, std::size_t bytes) {
  engine().declare_exclusive(location_of(from), location_of(static_cast<const std::byte*>(from) + bytes - 1));
}
void declare_name(const void* object, std::size_t bytes, const char* name) {
  engine().declare_name(offset_of(object), bytes, name);
}

}  // namespace tango::model
