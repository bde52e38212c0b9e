// SPDX-License-Identifier: Apache-2.0
// Tiny programs in text, for litmus tests and for comparing the checker with an oracle:
//
//     x=1 rlx; y=1 rel | r y acq; r x rlx            threads, and in them stores and loads
//     f sc                                           a fence: rel, acq, acq_rel or sc
//     cas x 0 1 acq rlx                              a compare-exchange of 0 by 1, its orders if it succeeds or fails
//     ? x=1 rlx                                      only if what its thread read last is not 0
//     mortal: x=1 rlx; y=1 rel | await A; r x rlx    a thread that may vanish, and one that waits for its end
//
// Locations are x, y, z and w, and hold 0 in the beginning; values have one digit.
//
// An outcome is what the loads read, one digit each, in the order in which they stand there, and behind a stroke what
// the locations hold in the end: `10|11`. A load that was skipped is a dash. So is one that a vanished thread did not
// come to, and one right after which it vanished: what it read is lost with it.
//
// Threads are called A, B, C and D. A wait for the end of one is like a load: it reads 1 if that one vanished, else 0.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tango::model {

struct TinyStep {
  enum class Op : std::uint8_t { Load, Store, CompareExchange, Fence, Await } op = Op::Load;
  std::memory_order order = std::memory_order_relaxed;
  std::memory_order failure = std::memory_order_relaxed;
  std::uint8_t location = 0;
  std::uint8_t expected = 0;
  std::uint8_t value = 0;
  std::uint8_t thread = 0;  ///< whose end is awaited
  bool guarded = false;     ///< skipped if what its thread read last is 0
};

/// Whether a step reads: an outcome shows what.
[[nodiscard]] constexpr bool reads(const TinyStep& step) noexcept {
  using Op = TinyStep::Op;
  return step.op == Op::Load || step.op == Op::CompareExchange || step.op == Op::Await;
}

inline constexpr std::size_t kTinyLocations = 4;
inline constexpr std::size_t kTinyThreads = 4;
inline constexpr std::size_t kMaxTinyLoads = 16;

struct TinyProgram {
  std::vector<std::vector<TinyStep>> threads;
  std::size_t locations = 0;                ///< those that are used
  std::array<bool, kTinyThreads> mortal{};  ///< which threads may vanish
};

/// The program that `text` is. What is not one ends the process: texts are written by hand.
[[nodiscard]] TinyProgram parse(std::string_view text);

/// The text that `parse` would read.
[[nodiscard]] std::string print(const TinyProgram& program);

struct Program;
/// The same for the checker. `tiny` must outlive it.
[[nodiscard]] Program program_of(const TinyProgram& tiny);

}  // namespace tango::model
