// SPDX-License-Identifier: Apache-2.0
/// \file
/// One run: threads that start together, each on its own core. And the bare ping-pong of two lines, which is what the
/// machine can do at that moment.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

inline double nanoseconds(Clock::duration duration) {
  return std::chrono::duration<double, std::nano>(duration).count();
}

/// The cores of a run's threads, the first one the caller's; empty: not pinned.
using Placement = std::vector<int>;

/// A thread's place in a run.
class Turn {
 public:
  Turn(std::atomic<std::size_t>& arrivals, std::size_t threads) noexcept : arrivals_{&arrivals}, threads_{threads} {}

  /// Returns when all threads of the run have called it as often as this one has.
  void meet() noexcept;

  /// When the last meeting was over, for this thread.
  [[nodiscard]] Clock::time_point began() const noexcept { return began_; }

 private:
  std::atomic<std::size_t>* arrivals_;
  std::size_t threads_;
  Clock::time_point began_{};
};

/// What a thread of a run does: its setup, `meet()`, a warm-up that touches all memory, `meet()` again, and then what
/// is measured.
class Part {
 public:
  /// Refers to `what`, which is called as `what(turn)` and outlives this. No std::function: there are hundreds of hot
  /// loops, and its machinery for each would take the compiler longer than they do.
  template <class What>
  explicit Part(const What& what) noexcept : what_{&what}, call_{&call<What>} {}

  void operator()(Turn& turn) const { call_(what_, turn); }

 private:
  /// Hot, and all of it in this one function: whatever g++ concludes from a loop that is called once in a run, it shall
  /// not make it small instead of fast.
  template <class What>
  [[gnu::hot, gnu::flatten]] static void call(const void* what, Turn& turn) {
    (*static_cast<const What*>(what))(turn);
  }

  const void* what_;
  void (*call_)(const void*, Turn&);
};

/// How often a thread could not be tied to its core since the program's start.
inline std::atomic<std::uint64_t> g_pin_failures{0};

/// Runs the parts at once, the first one on the calling thread. Nanoseconds from their last meeting until the last of
/// them has ended. A run that has not ended after `g_patience_s` seconds ends the program as `void_run` does.
double run_together(const Placement& placement, std::span<const Part> parts);

/// The same for two.
template <class Here, class There>
double run_together(const Placement& placement, Here here, There there) {
  const Part parts[] = {Part{here}, Part{there}};
  return run_together(placement, parts);
}

/// Nanoseconds per round trip of two lines and nothing else: the physical limit of the moment.
double bare_ping_pong(const Placement& placement, std::uint64_t round_trips);

}  // namespace bench
