// SPDX-License-Identifier: Apache-2.0
/// \file
/// The seam: every atomic word, fence, copy of payload bytes, pause and prefetch in this library uses the names below
/// and no others. A test that defines `TANGO_SEAM_HEADER` replaces them with its own, and so runs these very headers
/// under a model checker. Its replacements are 8 bytes as well, so the assertions on layout hold there too.
#pragma once

#include "../config.hpp"

#if defined(TANGO_SEAM_HEADER)

#include TANGO_SEAM_HEADER

#else

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tango::inline TANGO_ABI::detail {

/// A word that several threads may access at the same time.
using SharedWord = std::atomic<std::uint64_t>;
static_assert(SharedWord::is_always_lock_free && sizeof(SharedWord) == 8, "tango needs lock-free 64-bit atomics");

using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

/// A fence between threads.
[[gnu::always_inline]] inline void fence(std::memory_order order) noexcept { std::atomic_thread_fence(order); }

/// Copies plain bytes that no other thread writes meanwhile. The ranges do not overlap.
///
/// On x86-64, a constant size above `kInLine` is hidden from g++. If g++ knows the size it emits `rep movs` instead of
/// calling memcpy, which takes 2 to 4 times as long (bench/README.md).
[[gnu::always_inline]] inline void copy_bytes(void* to, const void* from, std::size_t bytes) noexcept {
#if defined(__x86_64__) && !defined(__clang__)
  constexpr std::size_t kInLine = 256;
  if (__builtin_constant_p(bytes) && bytes > kInLine) {
    asm("" : "+r"(bytes));
  }
#endif
  __builtin_memcpy(to, from, bytes);
}

/// A number that no other call, in this process or in another one, is likely to return. It is made from the cycle
/// counter, the number of earlier calls, and the address of the object that gets it. (A number, not a pointer: g++
/// warns of a pointer to an object that is being constructed.)
[[nodiscard]] inline std::uint64_t unique_seed(std::uintptr_t address) noexcept {
  static std::atomic<std::uint64_t> calls{0};
  std::uint64_t ticks = 0;
#if defined(__x86_64__) || defined(__i386__)
  ticks = __builtin_ia32_rdtsc();
#elif defined(__aarch64__)
  asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
#elif defined(__riscv)
  asm volatile("rdtime %0" : "=r"(ticks));
#endif
  // Relaxed: only the count matters. The terms are multiplied so that they do not cancel each other.
  return ticks + calls.fetch_add(1, std::memory_order_relaxed) * 0xD134'2543'DE82'EF95u +
         address * 0x2545'F491'4F6C'DD1Du;
}

/// Tells the core that this is a spinning loop.
[[gnu::always_inline]] inline void pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  // isb rather than yield: yield is a no-op on most cores, isb waits about as long as x86's pause.
  asm volatile("isb" ::: "memory");
#elif defined(__riscv)
  // The Zihintpause encoding: a fence hint that older cores execute as a no-op.
  asm volatile(".4byte 0x0100000f" ::: "memory");
#endif
}

/// Requests a cache line that this thread will write soon, with the right to write it: other cores lose their copies.
/// This is a hint, which the core may drop.
[[gnu::always_inline]] inline void prefetch_to_write(const void* line) noexcept {
#if defined(__x86_64__)
  // Without -mprfchw, compilers turn the builtin into a prefetch to read. Cores without PREFETCHW ignore it.
  asm volatile("prefetchw %0" : : "m"(*static_cast<const char*>(line)));
#else
  __builtin_prefetch(line, 1, 3);
#endif
}

}  // namespace tango::inline TANGO_ABI::detail

#endif
