// SPDX-License-Identifier: Apache-2.0
/// \file
/// A histogram of latencies, log-linear: every power of two is cut into 64 equal buckets, so a value is known to 1.6 %.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace bench {

/// Its buckets.
struct LogLinear {
  static constexpr std::uint64_t kLimit = std::uint64_t{1} << 40;
  static constexpr unsigned kBits = 6;  // 64 buckets for each power of two
  static constexpr std::size_t kBuckets = (40 - kBits + 1) << kBits;

  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    const unsigned shift = width > kBits + 1 ? width - kBits - 1 : 0;
    return (std::size_t{shift} << kBits) + static_cast<std::size_t>(value >> shift);
  }

  /// The largest value in a bucket.
  [[nodiscard]] static constexpr std::uint64_t end_of(std::size_t bucket) noexcept {
    const std::size_t shift = bucket < (2u << kBits) ? 0 : (bucket >> kBits) - 1;
    return ((std::uint64_t{bucket - (shift << kBits)} + 1) << shift) - 1;
  }
};

static_assert(LogLinear::bucket_of(127) == 127 && LogLinear::end_of(127) == 127);
static_assert(LogLinear::bucket_of(128) == 128 && LogLinear::end_of(128) == 129 && LogLinear::bucket_of(130) == 129);
static_assert(LogLinear::bucket_of(LogLinear::kLimit - 1) == LogLinear::kBuckets - 1 &&
              LogLinear::end_of(LogLinear::kBuckets - 1) == LogLinear::kLimit - 1);

/// Values from 0 to 2^40 - 1 (18 minutes in nanoseconds); larger ones count as that. Recording is O(1) and allocates
/// nothing.
class Histogram : LogLinear {
 public:
  void record(std::uint64_t value) noexcept {
    ++buckets_[bucket_of(value < kLimit ? value : kLimit - 1)];
    ++count_;
    largest_ = value > largest_ ? value : largest_;
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint64_t largest() const noexcept { return largest_; }

  /// The smallest recorded value that at least `quantile` of all values do not exceed, rounded up to its bucket's end.
  [[nodiscard]] std::uint64_t quantile(double quantile) const noexcept {
    const auto rank = static_cast<std::uint64_t>(std::ceil(quantile * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += buckets_[i];
      if (seen != 0 && seen >= rank) {
        return end_of(i) < largest_ ? end_of(i) : largest_;
      }
    }
    return largest_;
  }

 private:
  std::array<std::uint64_t, kBuckets> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace bench
