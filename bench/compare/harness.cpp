// SPDX-License-Identifier: Apache-2.0
#include "harness.hpp"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

#include "../support/cores.hpp"
#include "wait.hpp"

namespace bench {

bool yield_until_hopeless(std::uint64_t round) noexcept {
  std::this_thread::yield();
  return round < g_looks_before_yield + g_yields_before_hopeless;
}

void void_run(std::string_view queue, std::string_view what) noexcept {
  std::fflush(stdout);
  std::fprintf(stderr, "tango_compare: %.*s: %.*s; this run is void\n", static_cast<int>(queue.size()), queue.data(),
               static_cast<int>(what.size()), what.data());
  std::_Exit(EXIT_FAILURE);
}

void Turn::meet() noexcept {
  // Both orders: whatever each thread did before is seen by all others afterwards.
  const std::size_t meeting = arrivals_->fetch_add(1, std::memory_order_acq_rel) / threads_;
  const std::size_t complete = (meeting + 1) * threads_;
  if (!wait_for<SpinWait>([&] { return arrivals_->load(std::memory_order_acquire) >= complete; })) {
    void_run("the harness", "a thread never came");
  }
  began_ = Clock::now();
}

namespace {

/// Ends the program when a run's time is over, whatever its threads are doing. A signal, because there is no core to
/// spare for a thread that watches.
class Watchdog {
 public:
  Watchdog() noexcept {
    static_cast<void>(std::signal(SIGALRM, give_up));
    alarm(g_patience_s);
  }
  ~Watchdog() { alarm(0); }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  /// What is printed is written at once, as only that may be done in here.
  static void give_up(int) noexcept {
    say("tango_compare: ");
    say(g_running);
    say(": a run did not end; this run is void\n");
    std::_Exit(EXIT_FAILURE);
  }
  static void say(const char* text) noexcept {
    if (write(STDERR_FILENO, text, std::strlen(text)) < 0) {
      std::_Exit(EXIT_FAILURE);
    }
  }
};

}  // namespace

double run_together(const Placement& placement, std::span<const Part> parts) {
  const Watchdog watchdog;
  alignas(128) std::atomic<std::size_t> arrivals{0};
  std::vector<Clock::time_point> began(parts.size());
  std::vector<Clock::time_point> ended(parts.size());
  const auto run = [&](std::size_t i) {
    if (i < placement.size() && !pin_to(placement[i])) {
      g_pin_failures.fetch_add(1, std::memory_order_relaxed);
    }
    Turn turn{arrivals, parts.size()};
    parts[i](turn);
    ended[i] = Clock::now();
    began[i] = turn.began();
  };
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    others.emplace_back(run, i);
  }
  run(0);
  for (std::thread& other : others) {
    other.join();
  }
  return nanoseconds(*std::max_element(ended.begin(), ended.end()) - *std::min_element(began.begin(), began.end()));
}

double bare_ping_pong(const Placement& placement, std::uint64_t round_trips) {
  struct alignas(128) Line {
    std::atomic<std::uint64_t> word{0};
  };
  Line ping;
  Line pong;
  const auto see = [](const Line& line, std::uint64_t value) {
    if (!wait_for<SpinWait>([&] { return line.word.load(std::memory_order_acquire) == value; })) [[unlikely]] {
      void_run("the bare ping-pong", "no answer");
    }
  };
  const double total = run_together(
      placement,
      [&](Turn& turn) {
        turn.meet();
        for (std::uint64_t i = 1; i <= round_trips; ++i) {
          ping.word.store(i, std::memory_order_release);
          see(pong, i);
        }
      },
      [&](Turn& turn) {
        turn.meet();
        for (std::uint64_t i = 1; i <= round_trips; ++i) {
          see(ping, i);
          pong.word.store(i, std::memory_order_release);
        }
      });
  return total / static_cast<double>(round_trips);
}

}  // namespace bench
