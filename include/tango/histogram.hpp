// SPDX-License-Identifier: Apache-2.0
/// \file
/// Histogram: a log-linear histogram of 64-bit values. Up to 64 every value has its own bucket. From there on each
/// power of two is divided into 32 equal buckets, so a value is known to 1 part in 32 (3.1 %) over the whole range. It
/// takes 15 KiB, of which recording a value touches one or two cache lines.
///
/// Every word has one writer, which uses plain loads and stores (no read-modify-write). Any thread may take a snapshot
/// at any time. Each word of a snapshot is a value that was stored there, but the words need not be from the same
/// instant. To reset, keep a snapshot as the baseline for `since`. An object whose bytes are all 0 is an empty
/// histogram.
///
/// Source: HdrHistogram (Gil Tene), with fixed bounds.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "config.hpp"
#include "memory/counter.hpp"
#include "memory/platform.hpp"
#include "text/text_writer.hpp"

namespace tango::inline TANGO_ABI {

namespace detail {

/// The bounds of the buckets.
struct LogLinear {
  static constexpr unsigned kBits = 5;  ///< 2^5 buckets for each power of two
  static constexpr std::size_t kBuckets = std::size_t{64 - kBits + 1} << kBits;

  [[nodiscard]] static constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
    const unsigned width = width_of(value);
    const unsigned shift = width > kBits + 1 ? width - kBits - 1 : 0;
    return (std::size_t{shift} << kBits) + (value >> shift);
  }

  /// The smallest value in a bucket.
  [[nodiscard]] static constexpr std::uint64_t first_of(std::size_t bucket) noexcept {
    const unsigned shift = shift_of(bucket);
    return (std::uint64_t{bucket} - (std::uint64_t{shift} << kBits)) << shift;
  }

  /// The largest value in a bucket.
  [[nodiscard]] static constexpr std::uint64_t last_of(std::size_t bucket) noexcept {
    return first_of(bucket) + ((std::uint64_t{1} << shift_of(bucket)) - 1);
  }

 private:
  /// The number of binary digits of a value.
  [[nodiscard]] static constexpr unsigned width_of(std::uint64_t value) noexcept {
#if defined(__riscv) && !defined(__riscv_zbb)  // without that instruction, std::bit_width calls a runtime library
    unsigned width = 0;
    for (unsigned half = 32; half != 0; half /= 2) {
      if (value >> half != 0) {
        value >>= half;
        width += half;
      }
    }
    return width + static_cast<unsigned>(value);
#else
    return static_cast<unsigned>(std::bit_width(value));
#endif
  }

  [[nodiscard]] static constexpr unsigned shift_of(std::size_t bucket) noexcept {
    return bucket < (std::size_t{2} << kBits) ? 0 : static_cast<unsigned>(bucket >> kBits) - 1;
  }
};

static_assert(LogLinear::kBuckets == 1920);
static_assert(LogLinear::bucket_of(63) == 63 && LogLinear::bucket_of(64) == 64 && LogLinear::bucket_of(66) == 65);
static_assert(LogLinear::bucket_of(~std::uint64_t{0}) == 1919 && LogLinear::last_of(1919) == ~std::uint64_t{0});

}  // namespace detail

/// The contents of a histogram at one time: a value of 15 KiB.
///
/// Thread: any.
class HistogramSnapshot {
 public:
  constexpr HistogramSnapshot() noexcept = default;

  /// The number of values.
  [[nodiscard]] constexpr std::uint64_t count() const noexcept { return count_; }

  /// The smallest value, exactly; 0 if there are no values.
  [[nodiscard]] constexpr std::uint64_t min() const noexcept { return min_; }
  [[nodiscard]] constexpr std::uint64_t max() const noexcept {
    return max_;
  }  ///< the largest value, exactly; 0 if there are no values

  /// The value that `part` of `whole` of all values do not exceed, rounded up to the end of its bucket: at most 1/32
  /// more than the true one, and never less. `quantile(1, 2)` is the median, `quantile(9999, 10000)` is the 99.99th
  /// percentile, and `quantile(1, 1)` is `max()`. The result is 0 if there are no values. The arguments are two
  /// integers because 99.99 has no exact binary representation, and the rank could come out one too high.
  ///
  /// \pre (checked) part <= whole, whole != 0.
  ///
  /// Complexity: O(buckets).
  [[nodiscard]] constexpr std::uint64_t quantile(std::uint32_t part, std::uint32_t whole) const noexcept {
    TANGO_PRECONDITION(part <= whole && whole != 0, "HistogramSnapshot::quantile: part <= whole, and whole is not 0");
    // count * part / whole, rounded up, in steps that do not overflow.
    const std::uint64_t rest = count_ % whole * part;
    const std::uint64_t rank = count_ / whole * part + rest / whole + (rest % whole != 0 ? 1 : 0);
    if (rank == 0) {
      return min_;
    }
    std::uint64_t seen = 0;
    std::size_t bucket = 0;
    while ((seen += buckets_[bucket]) < rank) {
      ++bucket;
    }
    const std::uint64_t last = detail::LogLinear::last_of(bucket);
    return last < max_ ? last : max_;
  }

  /// The number of values in the bucket of `value`.
  [[nodiscard]] constexpr std::uint64_t count_near(std::uint64_t value) const noexcept {
    return buckets_[detail::LogLinear::bucket_of(value)];
  }

  /// Adds `other`: the result is as if one histogram had recorded the values of both.
  constexpr HistogramSnapshot& operator+=(const HistogramSnapshot& other) noexcept {
    if (other.count_ != 0) {
      min_ = count_ == 0 || other.min_ < min_ ? other.min_ : min_;
      max_ = other.max_ > max_ ? other.max_ : max_;
      count_ += other.count_;
      for (std::size_t i = 0; i < kBuckets; ++i) {
        buckets_[i] += other.buckets_[i];
      }
    }
    return *this;
  }

  /// What was recorded since `baseline`, an earlier snapshot of the same histogram. Its smallest and largest value are
  /// exact if they are new extremes. Otherwise they are rounded outwards, at most to the end of their bucket.
  [[nodiscard]] constexpr HistogramSnapshot since(const HistogramSnapshot& baseline) const noexcept {
    HistogramSnapshot s;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      s.buckets_[i] = buckets_[i] - baseline.buckets_[i];
    }
    s.settle(min_, max_);
    return s;
  }

  /// Bucket by bucket.
  friend constexpr bool operator==(const HistogramSnapshot&, const HistogramSnapshot&) noexcept = default;

 private:
  friend class Histogram;
  static constexpr std::size_t kBuckets = detail::LogLinear::kBuckets;

  /// Counts the values in the buckets. `min` and `max` are either bounds or were read at another moment than the
  /// buckets. Each is used if it lies in the outermost bucket that is not empty; otherwise the outer end of that bucket
  /// is used.
  constexpr void settle(std::uint64_t min, std::uint64_t max) noexcept {
    std::size_t lowest = kBuckets;
    std::size_t highest = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      if (buckets_[i] != 0) {
        count_ += buckets_[i];
        lowest = lowest == kBuckets ? i : lowest;
        highest = i;
      }
    }
    if (count_ != 0) {
      min_ = detail::LogLinear::bucket_of(min) == lowest ? min : detail::LogLinear::first_of(lowest);
      max_ = detail::LogLinear::bucket_of(max) == highest ? max : detail::LogLinear::last_of(highest);
    }
  }

  std::uint64_t buckets_[kBuckets] = {};
  std::uint64_t count_ = 0;
  std::uint64_t min_ = 0;
  std::uint64_t max_ = 0;
};

static_assert(sizeof(HistogramSnapshot) == 1920 * 8 + 24);

namespace detail {

/// Prints everything but the count. `convert` computes the number that is shown for a value, and `unit` follows each
/// number.
template <class F>
constexpr void print_quantiles(TextWriter& out, const HistogramSnapshot& h, std::string_view unit, F convert) noexcept {
  out << " min " << convert(h.min()) << unit << " p50 " << convert(h.quantile(50, 100)) << unit << " p90 "
      << convert(h.quantile(90, 100)) << unit << " p99 " << convert(h.quantile(99, 100)) << unit << " p99.9 "
      << convert(h.quantile(999, 1000)) << unit << " p99.99 " << convert(h.quantile(9999, 10000)) << unit << " max "
      << convert(h.max()) << unit;
}

}  // namespace detail

/// Prints `count 1000 min 61 p50 80 p90 95 p99 131 p99.9 400 p99.99 892 max 892` (or `count 0`) into `buffer`,
/// truncated to its size. 224 bytes are always enough.
///
/// Complexity: O(buckets).
constexpr std::string_view print(const HistogramSnapshot& histogram, std::span<char> buffer) noexcept {
  detail::TextWriter out{buffer};
  out << "count " << histogram.count();
  if (histogram.count() != 0) {
    detail::print_quantiles(out, histogram, {}, [](std::uint64_t value) { return value; });
  }
  return out.view();
}

/// Counts values. One thread records, and any thread takes snapshots: see the file's head.
class alignas(kSeparation) Histogram {
 public:
  Histogram() noexcept = default;
  Histogram(const Histogram&) = delete;
  Histogram& operator=(const Histogram&) = delete;

  /// Counts a value with one store, and one more for each extreme that it sets.
  ///
  /// Thread: the one writer.
  /// Complexity: O(1).
  void record(std::uint64_t value) noexcept {
    if (value > max_.read() || ~value > min_inverted_.read()) [[unlikely]] {
      widen(value);
    }
    // Release: pairs with the fence in `snapshot`; a thread that finds the value in its bucket also finds extremes that
    // include it, even if a previous writer thread stored them.
    detail::Counter& bucket = buckets_[detail::LogLinear::bucket_of(value)];
    bucket.value.store(bucket.read() + 1, detail::memory_order_release);
  }

  /// The current contents: everything recorded before, and some of what is recorded meanwhile. Count and quantiles
  /// always agree. An extreme that is recorded meanwhile may be rounded outwards, at most to the end of its bucket.
  ///
  /// Thread: any.
  /// Complexity: O(buckets), about 2 us.
  [[nodiscard]] HistogramSnapshot snapshot() const noexcept {
    HistogramSnapshot s;
    for (std::size_t i = 0; i < detail::LogLinear::kBuckets; ++i) {
      s.buckets_[i] = buckets_[i].read();
    }
    detail::fence(detail::memory_order_acquire);  // pairs with `record`
    s.settle(~min_inverted_.read(), max_.read());
    return s;
  }

 private:
  TANGO_COLD void widen(std::uint64_t value) noexcept {
    if (value > max_.read()) {
      max_.write(value);
    }
    if (~value > min_inverted_.read()) {
      min_inverted_.write(~value);
    }
  }

  detail::Counter min_inverted_;  ///< inverted, so that 0 means none, and an empty histogram is all zeros
  detail::Counter max_;
  detail::Counter buckets_[detail::LogLinear::kBuckets];
};

static_assert(sizeof(Histogram) == 15488 && alignof(Histogram) == 128);

}  // namespace tango::inline TANGO_ABI
