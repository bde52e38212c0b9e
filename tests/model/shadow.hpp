// SPDX-License-Identifier: Apache-2.0
// Data races: for each byte of the shared memory, who touched it last and how. Two accesses of which one writes and
// one is plain must be ordered by what happens before what.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "graph.hpp"

namespace tango::model {

/// The last event of each thread that touched something in some way.
class Marks {
 public:
  void set(ThreadId thread, std::uint16_t tick) noexcept { ticks_[thread] = tick; }

  /// A thread whose mark does not happen before `now`, a moment of the thread `me`; or kSetUp.
  [[nodiscard]] ThreadId unordered(ThreadId me, const Clock& now) const noexcept {
    for (ThreadId thread = 0; thread != kMaxThreads; ++thread) {
      if (thread != me && !now.covers(thread, ticks_[thread])) {
        return thread;
      }
    }
    return kSetUp;
  }
  [[nodiscard]] std::uint16_t operator[](ThreadId thread) const noexcept { return ticks_[thread]; }
  [[nodiscard]] bool any() const noexcept { return ticks_ != decltype(ticks_){}; }

 private:
  std::array<std::uint16_t, kMaxThreads> ticks_{};
};

/// The event with which an access races.
struct Race {
  ThreadId thread = kSetUp;
  std::uint16_t tick = 0;
  [[nodiscard]] explicit operator bool() const noexcept { return thread != kSetUp; }
};

class Shadow {
 public:
  explicit Shadow(std::size_t locations) : cells_(locations) {}

  void clear() noexcept { ++run_; }

  /// From now on in this execution, unordered atomic accesses there are races, too.
  void declare_exclusive(Location location) { at(location).exclusive = true; }
  [[nodiscard]] bool exclusive(Location location) { return at(location).exclusive && holds(Rule::ExclusiveWords); }

  /// Whether the location was written by plain stores in this execution.
  [[nodiscard]] bool plainly_written(Location location) {
    for (const Marks& byte : at(location).writes) {
      if (byte.any()) {
        return true;
      }
    }
    return false;
  }

  /// What an atomic access races with.
  [[nodiscard]] Race atomic(ThreadId me, const Clock& now, Location location, bool writes) {
    const Cell& cell = at(location);
    Race race;
    if (holds(Rule::MixedRaces)) {
      for (std::size_t i = 0; i != 8 && !race; ++i) {
        race = first(me, now, cell.writes[i], writes ? &cell.reads[i] : nullptr);
      }
    }
    if (!race && exclusive(location)) {
      race = first(me, now, cell.atomic_writes, writes ? &cell.atomic_reads : nullptr);
    }
    return race;
  }
  void mark_atomic(ThreadId me, std::uint16_t tick, Location location, bool reads, bool writes) {
    Cell& cell = at(location);
    if (reads) {
      cell.atomic_reads.set(me, tick);
    }
    if (writes) {
      cell.atomic_writes.set(me, tick);
    }
  }

  /// What a plain access to one byte of a location races with.
  [[nodiscard]] Race plain(ThreadId me, const Clock& now, Location location, std::size_t byte, bool writes) {
    const Cell& cell = at(location);
    Race race;
    if (holds(Rule::PlainRaces)) {
      race = first(me, now, cell.writes[byte], writes ? &cell.reads[byte] : nullptr);
    }
    if (!race && holds(Rule::MixedRaces)) {
      race = first(me, now, cell.atomic_writes, writes ? &cell.atomic_reads : nullptr);
    }
    return race;
  }
  void mark_plain(ThreadId me, std::uint16_t tick, Location location, std::size_t byte, bool writes) {
    Cell& cell = at(location);
    (writes ? cell.writes : cell.reads)[byte].set(me, tick);
  }

 private:
  struct Cell {
    std::uint32_t run = 0;
    bool exclusive = false;
    Marks atomic_reads;
    Marks atomic_writes;
    std::array<Marks, 8> reads;  ///< plain ones, byte by byte
    std::array<Marks, 8> writes;
  };

  [[nodiscard]] Cell& at(Location location) {
    Cell& cell = cells_[location];
    if (cell.run != run_) {
      cell = {};
      cell.run = run_;
    }
    return cell;
  }

  [[nodiscard]] static Race first(ThreadId me, const Clock& now, const Marks& writes, const Marks* reads) {
    if (const ThreadId thread = writes.unordered(me, now); thread != kSetUp) {
      return {thread, writes[thread]};
    }
    if (reads != nullptr) {
      if (const ThreadId thread = reads->unordered(me, now); thread != kSetUp) {
        return {thread, (*reads)[thread]};
      }
    }
    return {};
  }

  std::vector<Cell> cells_;
  std::uint32_t run_ = 0;
};

}  // namespace tango::model
