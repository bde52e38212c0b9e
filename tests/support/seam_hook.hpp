// SPDX-License-Identifier: Apache-2.0
// A seam (memory/platform.hpp) with the real atomics, whose fences and stores call a hook first: what another thread
// may do between two accesses happens there, in one thread and every time. It shows that a protocol's steps are taken
// and in which order; whether their memory orders suffice is the model checker's question.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <tango/config.hpp>
#include <utility>

namespace tango::test {

/// Called at the next fence, once: what it does may pass fences itself.
inline std::function<void(std::memory_order)> at_next_fence;

/// Called before the next store to the word `before_store_to`, once.
inline const void* before_store_to = nullptr;
inline std::function<void()> at_next_store;

}  // namespace tango::test

namespace tango::inline TANGO_ABI::detail {

struct SharedWord : std::atomic<std::uint64_t> {
  using std::atomic<std::uint64_t>::atomic;
  void store(std::uint64_t value, std::memory_order order = std::memory_order_seq_cst) noexcept {
    if (test::before_store_to == this) {
      test::before_store_to = nullptr;
      std::exchange(test::at_next_store, nullptr)();
    }
    std::atomic<std::uint64_t>::store(value, order);
  }
};

using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

inline void fence(std::memory_order order) noexcept {
  if (const auto hook = std::exchange(test::at_next_fence, nullptr)) {
    hook(order);
  }
  std::atomic_thread_fence(order);
}

inline void copy_bytes(void* to, const void* from, std::size_t bytes) noexcept { __builtin_memcpy(to, from, bytes); }
/// No two calls return the same number.
inline std::uint64_t unique_seed(std::uintptr_t) noexcept {
  static std::uint64_t calls = 0;
  return ++calls;
}

inline void pause() noexcept {}
inline void prefetch_to_write(const void*) noexcept {}

}  // namespace tango::inline TANGO_ABI::detail
