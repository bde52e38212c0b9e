// SPDX-License-Identifier: Apache-2.0
/// \file
/// PackedCounter: a count of messages and the sum of their bytes, with one writer and any number of readers. Counting a
/// message is a single store. Stores leave a core in order, so each additional store delays the cache line that the
/// other side waits for.
///
///     sum            count * 2^40 + bytes, modulo 2^64       stored with every message
///     count, bytes   the marks: recent values of both        stored every 2^21 messages or 2^37 bytes
///
/// A reader takes a mark and adds what the sum has gained since. Both differences are cyclic, as with sequence numbers.
/// They are correct as long as the sum and the marks lie less than 2^23 messages and 2^39 bytes apart. The reader makes
/// sure that at most one new mark was set between its reads. The two then lie less than two marks apart, which is half
/// of what would be too far.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// The words in shared memory.
struct PackedCounter {
  struct Totals {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;
  };

  SharedWord sum{0};
  SharedWord count{0};
  SharedWord bytes{0};

  /// Reads both totals. Repeats if the writer set a mark meanwhile, which takes at least two million messages or 2^37
  /// bytes.
  ///
  /// Thread: any.
  [[nodiscard]] Totals read() const noexcept {
    while (true) {
      // Acquire: pairs with the release store in PackedCounterWriter::mark; the sum is of this mark or later.
      const std::uint64_t marked_count = count.load(memory_order_acquire);
      const std::uint64_t marked_bytes = bytes.load(memory_order_relaxed);
      const std::uint64_t now = sum.load(memory_order_relaxed);
      // Pairs with the release fence in PackedCounterWriter::mark: if the sum or the bytes were from the next mark but
      // one or later, the count would have changed by now.
      fence(memory_order_acquire);
      if (count.load(memory_order_relaxed) == marked_count) {
        return totals(now, {marked_count, marked_bytes});
      }
    }
  }

  static constexpr int kByteBits = 40;
  static constexpr std::uint64_t kOne = std::uint64_t{1} << kByteBits;

  /// The totals that the sum `now` represents, given a recent `mark`.
  [[nodiscard]] static constexpr Totals totals(std::uint64_t now, const Totals& mark) noexcept {
    const std::uint64_t all_bytes = mark.bytes + low_bits(now - mark.bytes, kByteBits);
    const std::uint64_t low_count = (now - all_bytes) >> kByteBits;
    return {mark.count + low_bits(low_count - mark.count, 64 - kByteBits), all_bytes};
  }

 private:
  /// The lowest `bits` bits, as a signed number.
  [[nodiscard]] static constexpr std::uint64_t low_bits(std::uint64_t number, int bits) noexcept {
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(number << (64 - bits)) >> (64 - bits));
  }
};

/// The writer's side.
///
/// Thread: one at a time; the next writer is ordered after the previous one.
class PackedCounterWriter {
 public:
  PackedCounterWriter() noexcept = default;
  explicit PackedCounterWriter(PackedCounter& counter) noexcept : counter_{&counter} {}

  /// Continues from where the previous writer stopped. Returns what was counted so far.
  TANGO_COLD PackedCounter::Totals start() noexcept {
    sum_ = counter_->sum.load(memory_order_relaxed);
    mark_.count = counter_->count.load(memory_order_relaxed);
    mark_.bytes = counter_->bytes.load(memory_order_relaxed);
    mark();
    return mark_;
  }

  /// Counts a message of less than 2^32 bytes. Returns whether a mark is due: then call `mark`.
  [[nodiscard]] TANGO_HOT bool add(std::uint64_t message_bytes) noexcept {
    const std::uint64_t sum = sum_ + PackedCounter::kOne + message_bytes;
    sum_ = sum;
    counter_->sum.store(sum, memory_order_relaxed);  // see PackedCounter::read
    return ((sum - marked_sum_) & kDue) != 0;
  }

  TANGO_COLD void mark() noexcept {
    marked_sum_ = sum_;
    mark_ = PackedCounter::totals(marked_sum_, mark_);
    fence(memory_order_release);  // pairs with the acquire fence in PackedCounter::read
    counter_->bytes.store(mark_.bytes, memory_order_relaxed);
    // Release: pairs with the acquire load in PackedCounter::read. Without it, the sum that a reader finds beside a new
    // mark could be arbitrarily old.
    counter_->count.store(mark_.count, memory_order_release);
  }

 private:
  static constexpr std::uint64_t kDue = PackedCounter::kOne << 21 | std::uint64_t{1} << 37;

  PackedCounter* counter_ = nullptr;
  std::uint64_t sum_ = 0;         ///< the counter's sum, as this writer stored it
  std::uint64_t marked_sum_ = 0;  ///< the sum at the last mark
  PackedCounter::Totals mark_;
};

}  // namespace tango::inline TANGO_ABI::detail
