// SPDX-License-Identifier: Apache-2.0
// A seam (tango/memory/platform.hpp) that counts pauses; all else is the real thing. To be named by TANGO_SEAM_HEADER.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <tango/config.hpp>

namespace tango::test {

inline std::uint64_t pauses = 0;  ///< one thread's

}  // namespace tango::test

namespace tango::inline TANGO_ABI::detail {

using SharedWord = std::atomic<std::uint64_t>;

using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

inline void fence(std::memory_order order) noexcept { std::atomic_thread_fence(order); }
inline void copy_bytes(void* to, const void* from, std::size_t bytes) noexcept { __builtin_memcpy(to, from, bytes); }
/// No two calls return the same number.
inline std::uint64_t unique_seed(std::uintptr_t) noexcept {
  static std::uint64_t calls = 0;
  return ++calls;
}
inline void pause() noexcept { ++test::pauses; }
inline void prefetch_to_write(const void*) noexcept {}

}  // namespace tango::inline TANGO_ABI::detail
