// SPDX-License-Identifier: Apache-2.0
// A seam (tango/memory/platform.hpp) that hands every access to the checker. To be named by TANGO_SEAM_HEADER.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#define TANGO_PRECONDITION_FAILED(text) ::tango::model::fail(text)

#include <tango/config.hpp>

namespace tango::model {

/// The running execution has failed: it ends here.
[[noreturn]] void fail(const char* text);

// What the checker does for the seam; `file` and `line` say where the call stands.
std::uint64_t load(const std::uint64_t& word, std::memory_order order, const char* file, unsigned line);
void store(std::uint64_t& word, std::uint64_t value, std::memory_order order, const char* file, unsigned line);
bool compare_exchange(std::uint64_t& word, std::uint64_t& expected, std::uint64_t desired, std::memory_order success,
                      std::memory_order failure, const char* file, unsigned line);
void fence(std::memory_order order, const char* file, unsigned line);
void copy(void* to, const void* from, std::size_t bytes, const char* file, unsigned line);
void pause();

/// Whether a step of the protocol is planted wrongly just now: see steps.hpp.
[[nodiscard]] bool planted(unsigned edit) noexcept;

}  // namespace tango::model

namespace tango::inline TANGO_ABI::detail {

using std::memory_order_acquire;
using std::memory_order_relaxed;
using std::memory_order_release;
using std::memory_order_seq_cst;

/// A word that two threads may touch at once. It holds the newest value in modification order.
class SharedWord {
 public:
  constexpr SharedWord() noexcept = default;
  constexpr SharedWord(std::uint64_t value) noexcept : value_{value} {}
  SharedWord(const SharedWord&) = delete;
  SharedWord& operator=(const SharedWord&) = delete;

  std::uint64_t load(std::memory_order order, const char* file = __builtin_FILE(),
                     unsigned line = __builtin_LINE()) const noexcept {
    return model::load(value_, order, file, line);
  }
  void store(std::uint64_t value, std::memory_order order, const char* file = __builtin_FILE(),
             unsigned line = __builtin_LINE()) noexcept {
    model::store(value_, value, order, file, line);
  }
  bool compare_exchange_strong(std::uint64_t& expected, std::uint64_t desired, std::memory_order success,
                               std::memory_order failure, const char* file = __builtin_FILE(),
                               unsigned line = __builtin_LINE()) noexcept {
    return model::compare_exchange(value_, expected, desired, success, failure, file, line);
  }

 private:
  std::uint64_t value_ = 0;
};
static_assert(sizeof(SharedWord) == 8);

inline void fence(std::memory_order order, const char* file = __builtin_FILE(),
                  unsigned line = __builtin_LINE()) noexcept {
  model::fence(order, file, line);
}
inline void copy_bytes(void* to, const void* from, std::size_t bytes, const char* file = __builtin_FILE(),
                       unsigned line = __builtin_LINE()) noexcept {
  model::copy(to, from, bytes, file, line);
}
/// The same in every execution.
inline std::uint64_t unique_seed(std::uintptr_t address) noexcept { return address; }
inline void pause() noexcept { model::pause(); }
inline void prefetch_to_write(const void*) noexcept {}

}  // namespace tango::inline TANGO_ABI::detail
