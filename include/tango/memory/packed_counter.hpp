// SPDX-License-Identifier: Apache-2.0
/// \file
/// PackedCounter: a count of messages and the sum of their bytes, with one writer and any number of readers. Counting one more
/// is a single store: stores leave a core in order, so each one delays the line that the other side waits for.
///
///     sum            count * 2^40 + bytes, modulo 2^64       stored with every message
///     count, bytes   the marks: both as they were lately     stored every 2^21 messages or 2^37 bytes
///
/// A reader takes a mark and adds what the sum has gained since. Both are cyclic differences, as of sequence numbers:
/// right as long as sum and marks lie less than 2^23 messages and 2^39 bytes apart. The reader makes sure that no more
/// than one new mark was set between its reads, so they lie less than two marks apart: half of the way to being
/// wrong.
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

  /// Repeats if the writer set a mark meanwhile, which takes two million messages. Any thread.
  [[nodiscard]] Totals read() const noexcept {
    while (true) {
      // Acquire: pairs with the release store in PackedCounterWriter::mark; the sum is of this mark or later.
      const std::uint64_t marked_count = count.load(memory_order_acquire);
      const std::uint64_t marked_bytes = bytes.load(memory_order_relaxed);
      const std::uint64_t now = sum.load(memory_order_relaxed);
      // Pairs with the release fence in PackedCounterWriter::mark: had the sum or the bytes come from behind the next mark but
      // one, the count would now be another.
      fence(memory_order_acquire);
      if (count.load(memory_order_relaxed) == marked_count) {
        return totals(now, {marked_count, marked_bytes});
      }
    }
  }

  static constexpr int kByteBits = 40;
  static constexpr std::uint64_t kOne = std::uint64_t{1} << kByteBits;

  /// What the sum `now` stands for, near a `mark`.
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

/// The writer's side. Thread: one, and the next one after it.
class PackedCounterWriter {
 public:
  PackedCounterWriter() noexcept = default;
  explicit PackedCounterWriter(PackedCounter& counter) noexcept : counter_{&counter} {}

  /// Goes on from where the writer before was. Returns what was counted so far.
  TANGO_COLD PackedCounter::Totals start() noexcept {
    sum_ = counter_->sum.load(memory_order_relaxed);
    mark_.count = counter_->count.load(memory_order_relaxed);
    mark_.bytes = counter_->bytes.load(memory_order_relaxed);
    mark();
    return mark_;
  }

  /// One more message, of less than 2^32 bytes. Whether a mark is due: then call `mark`.
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
    // Release: pairs with the acquire load in PackedCounter::read. Without it, nothing would bound how old a sum may be
    // that a reader finds beside a new mark.
    counter_->count.store(mark_.count, memory_order_release);
  }

 private:
  static constexpr std::uint64_t kDue = PackedCounter::kOne << 21 | std::uint64_t{1} << 37;

  PackedCounter* counter_ = nullptr;
  std::uint64_t sum_ = 0;         ///< the counter's, as this writer stored it
  std::uint64_t marked_sum_ = 0;  ///< at the last mark
  PackedCounter::Totals mark_;
};

}  // namespace tango::inline TANGO_ABI::detail
