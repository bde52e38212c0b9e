// SPDX-License-Identifier: Apache-2.0
/// \file
/// How the threads of a benchmark wait for each other.
#pragma once

#include <cstdint>
#include <thread>

namespace bench {

/// Looks again without a pause; yields only when the other side has been silent for so long that it cannot be running.
struct Spin {
  static constexpr std::uint64_t kSpins = 100'000;

  [[gnu::always_inline]] bool idle(std::uint64_t round) noexcept {
    if (round >= kSpins) [[unlikely]] {
      std::this_thread::yield();
    }
    return true;
  }
};

/// Calls `attempt` until it answers true.
template <class Attempt>
[[gnu::always_inline]] inline void spin_until(Attempt attempt) noexcept {
  Spin spin;
  for (std::uint64_t round = 0; !attempt(); ++round) {
    spin.idle(round);
  }
}

}  // namespace bench
