// SPDX-License-Identifier: Apache-2.0
// A seam (tango/memory/platform.hpp) that stops before a chosen access to shared memory and lets the other side run
// there. To be named by TANGO_SEAM_HEADER. One thread only: what it shows is what sequential consistency allows.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <tango/config.hpp>
#include <utility>

namespace tango::test {

inline std::int64_t steps_left = -1;     ///< accesses until the interrupt; negative: none is due
inline std::function<void()> interrupt;  ///< what the other side does then

/// Before every access.
inline void step() noexcept {
  if (steps_left >= 0 && steps_left-- == 0) {
    std::exchange(interrupt, nullptr)();
  }
}

/// Runs `act` once for each of its accesses, on what `make()` returns, with `other` before that access; then `check`.
template <class Make, class Act, class Other, class Check>
std::int64_t at_every_step(Make make, Act act, Other other, Check check) {
  for (std::int64_t at = 0;; ++at) {
    auto state = make();
    interrupt = [&] { other(*state); };
    steps_left = at;
    act(*state);
    const bool over = steps_left >= 0;
    steps_left = -1;
    if (over) {
      return at;  // it has no more accesses than that
    }
    check(*state, at);
  }
}

}  // namespace tango::test

namespace tango::inline TANGO_ABI::detail {

using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

class SharedWord {
 public:
  constexpr SharedWord() noexcept = default;
  constexpr SharedWord(std::uint64_t value) noexcept : value_{value} {}
  SharedWord(const SharedWord&) = delete;
  SharedWord& operator=(const SharedWord&) = delete;

  std::uint64_t load(std::memory_order) const noexcept {
    test::step();
    return value_;
  }
  void store(std::uint64_t value, std::memory_order) noexcept {
    test::step();
    value_ = value;
  }
  bool compare_exchange_strong(std::uint64_t& expected, std::uint64_t desired, std::memory_order,
                               std::memory_order) noexcept {
    test::step();
    if (value_ != expected) {
      expected = value_;
      return false;
    }
    value_ = desired;
    return true;
  }

 private:
  std::uint64_t value_ = 0;
};

inline void fence(std::memory_order) noexcept {}

/// In two halves: the other side may run in between.
inline void copy_bytes(void* to, const void* from, std::size_t bytes) noexcept {
  test::step();
  __builtin_memcpy(to, from, bytes / 2);
  test::step();
  __builtin_memcpy(static_cast<std::byte*>(to) + bytes / 2, static_cast<const std::byte*>(from) + bytes / 2,
                   bytes - bytes / 2);
}

/// No two calls return the same number.
inline std::uint64_t unique_seed(std::uintptr_t) noexcept {
  static std::uint64_t calls = 0;
  return ++calls;
}

inline void pause() noexcept {}
inline void prefetch_to_write(const void*) noexcept {}

}  // namespace tango::inline TANGO_ABI::detail
