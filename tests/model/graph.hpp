// SPDX-License-Identifier: Apache-2.0
// An execution as RC11 sees it: events, what each load reads, the modification order of each location, and what
// happens before what. Events are added in an order that agrees with sb ∪ rf, so whether an event is consistent with
// those before it is known when it is added and stays so; only the order of the seq_cst fences is looked at as a
// whole.
//
// Sources: Lahav, Vafeiadis, Kang, Hur, Dreyer, "Repairing sequential consistency in C/C++11" (PLDI 2017), whose RC11
// this is, without seq_cst accesses; release sequences as C++20 has them (P0982).
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "rules.hpp"

namespace tango::model {

inline constexpr std::size_t kMaxThreads = 4;

/// Threads are numbered from 0. What was done before they started happens before all they do.
using ThreadId = std::uint8_t;
inline constexpr ThreadId kSetUp = 0xFF;

/// How many events of each thread happen before a point.
class Clock {
 public:
  [[nodiscard]] bool covers(ThreadId thread, std::uint16_t tick) const noexcept {
    return thread == kSetUp || tick <= ticks_[thread];
  }
  [[nodiscard]] std::uint16_t operator[](ThreadId thread) const noexcept { return ticks_[thread]; }
  std::uint16_t advance(ThreadId thread) noexcept { return ++ticks_[thread]; }
  void join(const Clock& other) noexcept {
    for (std::size_t i = 0; i != kMaxThreads; ++i) {
      ticks_[i] = std::max(ticks_[i], other.ticks_[i]);
    }
  }

 private:
  std::array<std::uint16_t, kMaxThreads> ticks_{};
};

/// Vanish is the last event of a thread that stopped for ever. Await is another thread's, which has learnt of an end.
enum class Kind : std::uint8_t { Initial, Load, Store, Update, Fence, PlainRead, PlainWrite, Vanish, Await };

using EventId = std::uint32_t;
inline constexpr EventId kNoEvent = ~EventId{0};

/// A location is a word of eight bytes: its number in the memory that the threads share.
using Location = std::uint32_t;

/// Where in the source an access stands: see sites.hpp.
struct Site;

struct Event {
  Kind kind = Kind::Initial;
  ThreadId thread = kSetUp;
  std::uint16_t tick = 0;  ///< its number in its thread, from 1
  std::memory_order order = std::memory_order_relaxed;
  Location location = 0;
  std::uint32_t place = 0;  ///< stores: how many are older in the modification order. Plain ones: bytes. Await: whom
  EventId from = kNoEvent;  ///< loads: the store that was read
  std::uint64_t value = 0;  ///< written; or read, where nothing is written. Await: whether that one vanished
  const Site* site = nullptr;
  Clock clock;    ///< what happens before it, itself included
  Clock message;  ///< stores: what happens before an acquire load that reads it
};

/// What a thread knows.
struct ThreadView {
  Clock clock;     ///< what happens before its next event
  Clock released;  ///< the clock at its last release fence
  Clock read;      ///< the messages that its loads have read, for its next acquire fence
};

/// The accesses to a location in one execution.
struct History {
  std::uint32_t run = 0;       ///< the execution that this belongs to
  std::vector<EventId> order;  ///< the modification order, the initial store first
  std::vector<EventId> reads;  ///< loads, in the order of execution
};

class Graph {
 public:
  explicit Graph(std::size_t locations) : histories_(locations) {}

  /// Starts over with an empty execution of `threads` threads.
  void clear(std::size_t threads);

  /// The location's history; `initial` is what it held when the threads started.
  [[nodiscard]] const History& history(Location location, std::uint64_t initial) { return touch(location, initial); }

  /// Whether there was any atomic access.
  [[nodiscard]] bool has_history(Location location) const { return histories_[location].run == run_; }

  /// The stores that `thread` may read there now and that were executed after event `since`, the newest first. The
  /// location has a history.
  void readable(ThreadId thread, Location location, EventId since, std::vector<EventId>& out) const;

  /// The places in the modification order that a store by `thread` may take, the newest first.
  void placeable(ThreadId thread, Location location, std::vector<std::uint32_t>& out) const;

  /// Whether a read-modify-write may read `store`: no other has.
  [[nodiscard]] bool updatable(EventId store) const;

  EventId add_load(ThreadId thread, EventId from, std::memory_order order, const Site* site);
  EventId add_store(ThreadId thread, Location location, std::uint32_t place, std::uint64_t value,
                    std::memory_order order, const Site* site);
  EventId add_update(ThreadId thread, EventId from, std::uint64_t value, std::memory_order order, const Site* site);
  EventId add_fence(ThreadId thread, std::memory_order order, const Site* site);
  EventId add_plain(ThreadId thread, Kind kind, Location location, std::uint32_t bytes, const Site* site);
  EventId add_vanish(ThreadId thread);
  EventId add_await(ThreadId thread, ThreadId ended, bool vanished);

  /// Whether the seq_cst fences can be put into one order (psc of RC11 is acyclic).
  [[nodiscard]] bool fences_agree() const;

  [[nodiscard]] const Event& operator[](EventId id) const { return events_[id]; }
  [[nodiscard]] std::size_t size() const noexcept { return events_.size(); }
  [[nodiscard]] const ThreadView& view(ThreadId thread) const { return views_[thread]; }
  [[nodiscard]] bool is_newest(EventId store) const {
    return events_[store].place + 1 == histories_[events_[store].location].order.size();
  }

 private:
  History& touch(Location location, std::uint64_t initial);
  Event& add(Kind kind, ThreadId thread, const Site* site);
  void insert(EventId id, std::uint32_t place);
  void read(ThreadId thread, const Event& store, std::memory_order order);
  [[nodiscard]] Clock message(ThreadId thread, std::memory_order order) const;
  [[nodiscard]] std::uint32_t oldest_place(ThreadId thread, const History& history, Rule stores, Rule loads) const;

  std::vector<Event> events_;
  std::vector<History> histories_;
  std::vector<Location> touched_;
  std::vector<EventId> fences_;  ///< the seq_cst ones
  std::array<ThreadView, kMaxThreads> views_;
  std::uint32_t run_ = 0;
};

[[nodiscard]] constexpr bool acquires(std::memory_order order) noexcept {
  return order == std::memory_order_acquire || order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}
[[nodiscard]] constexpr bool releases(std::memory_order order) noexcept {
  return order == std::memory_order_release || order == std::memory_order_acq_rel || order == std::memory_order_seq_cst;
}

}  // namespace tango::model
