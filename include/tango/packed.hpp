// SPDX-License-Identifier: Apache-2.0
/// \file
/// Packed messages: many small records in one fragment, with one sequence number, one sig and one timestamp for all of
/// them. For records so small that a slot for each would cost more than the record itself.
///
///     producer.publish_packed(ticks, {.sig = kTicks});                  // std::vector<Tick>, array, span
///     …
///     for (const Tick tick : tango::PackedArray<Tick>{fragment->payload()}) use(tick);
///
/// There are two layouts. Both sides must agree on which one is used, for instance by the sig:
///
///     records of one type          record | record | record …             as in an array
///     records of varying size      size, bytes | size, bytes …            size: 4 bytes, native; the bytes padded to 4
///
/// A payload that ends within a record is reported by `status`: `PackedTruncated`.
///
/// A reliable consumer reads the records in place. A consumer that may be overrun first copies the payload (`copy_to`),
/// or loads the records of one type by their offsets and then validates.
///
/// Thread: any. The views read bytes that no thread writes meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "config.hpp"
#include "error.hpp"
#include "memory/platform.hpp"
#include "record.hpp"

namespace tango::inline TANGO_ABI {

/// What `publish_packed` accepts: a contiguous range.
template <class R>
concept PackableRange = requires(const R& range) {
  std::span{range};
};

/// Records of one type, as `publish_packed` lays them out: a random-access sequence of values. Each access copies a
/// record out of the payload, whatever its alignment there.
template <Record T>
class PackedArray {
 public:
  /// A forward iterator over the records, whose elements are values.
  class Iterator {
   public:
    using value_type = T;                    ///< a record
    using difference_type = std::ptrdiff_t;  ///< signed

    Iterator() noexcept = default;
    /// For `PackedArray`.
    explicit Iterator(const std::byte* at) noexcept : at_{at} {}

    [[nodiscard]] T operator*() const noexcept { return value_at(at_); }  ///< the record, copied
    /// Advances to the next record.
    Iterator& operator++() noexcept {
      at_ += sizeof(T);
      return *this;
    }
    /// Advances to the next record. Returns the previous iterator.
    Iterator operator++(int) noexcept {
      Iterator before = *this;
      ++*this;
      return before;
    }
    /// Whether both refer to the same record.
    friend bool operator==(const Iterator&, const Iterator&) noexcept = default;

   private:
    const std::byte* at_ = nullptr;
  };

  /// Views `payload`, which must not change while the view is used.
  ///
  /// Complexity: O(1); for `bool` O(records).
  explicit PackedArray(std::span<const std::byte> payload) noexcept : payload_{payload} {
    if (payload.size() % sizeof(T) == 0 && are_values()) {
      size_ = payload.size() / sizeof(T);
    }
  }

  /// Success, or why this view has no records.
  ///
  /// \retval PackedTruncated The payload ends within a record (bytes of the payload, bytes of the whole records and one
  ///         more).
  /// \retval TypeMismatch The records are `bool`s, and one of them is neither 0 nor 1 (bytes of the payload, twice).
  [[nodiscard]] Status status() const noexcept {
    const std::size_t bytes = payload_.size();
    if (const std::size_t rest = bytes % sizeof(T); rest != 0) {
      return {Error::PackedTruncated, bytes, bytes - rest + sizeof(T)};
    }
    return intact() ? Status{} : Status{Error::TypeMismatch, bytes, bytes};
  }

  /// Whether the payload is a whole number of valid records. If not, it is something else, and this view has no
  /// records.
  [[nodiscard]] bool intact() const noexcept { return size_ * sizeof(T) == payload_.size(); }

  /// The number of records.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }  ///< whether there are none

  /// The `i`-th record.
  ///
  /// \pre (checked) `i < size()`.
  [[nodiscard]] T operator[](std::size_t i) const noexcept {
    TANGO_PRECONDITION(i < size(), "PackedArray: the index is less than size()");
    return value_at(payload_.data() + i * sizeof(T));
  }

  [[nodiscard]] Iterator begin() const noexcept { return Iterator{payload_.data()}; }  ///< at the first record
  /// Past the last record.
  [[nodiscard]] Iterator end() const noexcept { return Iterator{payload_.data() + size() * sizeof(T)}; }

 private:
  [[nodiscard]] static T value_at(const std::byte* at) noexcept {
    return detail::record_from<T>([at](std::byte* to) TANGO_HOT_LAMBDA { detail::copy_bytes(to, at, sizeof(T)); });
  }

  [[nodiscard]] bool are_values() const noexcept {
    if constexpr (std::is_same_v<std::remove_cv_t<T>, bool>) {
      for (const std::byte& byte : payload_) {
        if (!detail::is_value<T>(&byte)) {
          return false;
        }
      }
    }
    return true;
  }

  std::span<const std::byte> payload_;
  std::size_t size_ = 0;
};

/// Records of varying size, as `publish_packed` lays them out: a forward sequence of the bytes of each record, in
/// place. Each record starts at a multiple of 4 from the payload's start. Iteration ends at the first size that reaches
/// past the payload's end.
class PackedRecords {
 public:
  /// The number of bytes that a record of `size` bytes takes in the payload.
  [[nodiscard]] static constexpr std::size_t packed_size(std::size_t size) noexcept {
    return kHead + (size + kUnit - 1) / kUnit * kUnit;
  }

  /// Past the last record.
  struct End {};

  /// A forward iterator over the records, whose elements are spans.
  class Iterator {
   public:
    using value_type = std::span<const std::byte>;  ///< the bytes of a record
    using difference_type = std::ptrdiff_t;         ///< signed

    Iterator() noexcept = default;
    /// For `PackedRecords`.
    explicit Iterator(std::span<const std::byte> rest) noexcept : rest_{rest} { look(); }

    /// The record, in place.
    [[nodiscard]] std::span<const std::byte> operator*() const noexcept { return rest_.subspan(kHead, size_); }
    /// Advances to the next record.
    Iterator& operator++() noexcept {
      rest_ = rest_.subspan(packed_size(size_));
      look();
      return *this;
    }
    /// Advances to the next record. Returns the previous iterator.
    Iterator operator++(int) noexcept {
      Iterator before = *this;
      ++*this;
      return before;
    }
    /// Whether both refer to the same record.
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.rest_.data() == b.rest_.data(); }
    /// Whether there is no further record.
    friend bool operator==(const Iterator& it, End) noexcept { return !it.there_; }

   private:
    friend PackedRecords;

    /// The size of the record here; 0 if the payload ends before it.
    [[nodiscard]] std::uint32_t head() const noexcept {
      std::uint32_t size = 0;
      if (rest_.size() >= kHead) {
        __builtin_memcpy(&size, rest_.data(), kHead);
      }
      return size;
    }

    /// The number of bytes that the record here claims to take.
    [[nodiscard]] std::uint64_t claimed() const noexcept {
      return kHead + (std::uint64_t{head()} + kUnit - 1) / kUnit * kUnit;
    }

    void look() noexcept {
      const std::uint32_t size = head();
      // The size itself is compared first: the padded size of a forged one could wrap.
      there_ = rest_.size() >= kHead && size <= rest_.size() - kHead && packed_size(size) <= rest_.size();
      size_ = there_ ? size : 0;
    }

    std::span<const std::byte> rest_;
    std::size_t size_ = 0;
    bool there_ = false;
  };

  /// Views `payload`, which must not change while the view is used.
  explicit PackedRecords(std::span<const std::byte> payload) noexcept : payload_{payload} {}

  [[nodiscard]] Iterator begin() const noexcept { return Iterator{payload_}; }  ///< at the first record
  [[nodiscard]] End end() const noexcept { return {}; }                         ///< past the last record

  /// Whether the payload is complete.
  ///
  /// \retval PackedTruncated The payload ends within a record: it was truncated, or it is something else (bytes of the
  ///         payload, bytes needed for the record at which iteration ends).
  /// \return Otherwise success.
  ///
  /// Complexity: O(records).
  [[nodiscard]] Status status() const noexcept {
    Iterator it = begin();
    while (it.there_) {
      ++it;
    }
    if (it.rest_.empty()) {
      return {};
    }
    const std::uint64_t before = payload_.size() - it.rest_.size();
    return {Error::PackedTruncated, payload_.size(), before + it.claimed()};
  }

  /// The same as a truth value: whether iteration ends where the payload does.
  ///
  /// Complexity: O(records).
  [[nodiscard]] bool intact() const noexcept { return status().ok(); }

 private:
  static constexpr std::size_t kHead = sizeof(std::uint32_t);
  static constexpr std::size_t kUnit = 4;

  std::span<const std::byte> payload_;
};

}  // namespace tango::inline TANGO_ABI
