// SPDX-License-Identifier: Apache-2.0
/// \file
/// Packed messages: many small records in one fragment, with one number, one sig and one timestamp for all of them. For
/// records so small that a slot of their own would cost more than they do.
///
///     producer.publish_packed(ticks, {.sig = kTicks});                  // std::vector<Tick>, array, span
///     …
///     for (const Tick tick : tango::PackedArray<Tick>{fragment->payload()}) use(tick);
///
/// Two layouts, and both sides agree on which (by the sig, say):
///
///     records of one type          record | record | record …             as they lie in an array
///     records of varying size      size, bytes | size, bytes …            size: 4 bytes, native; the bytes padded to 4
///
/// A payload that ends within a record is told (`status`): `PackedTruncated`.
///
/// Walked in place by a reliable consumer. Who may be overrun copies the payload out first (`copy_to`), or loads the
/// records of one type by their offsets and then validates.
///
/// Thread: any; the views read bytes that nobody writes meanwhile.
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

/// What `publish_packed` takes: a contiguous range.
template <class R>
concept PackableRange = requires(const R& range) {
  std::span{range};
};

/// Records of one type, as `publish_packed` lays them out: a random-access sequence of values, each copied out of the
/// payload when it is asked for, whatever its alignment there.
template <Record T>
class PackedArray {
 public:
  /// Goes from record to record: a forward iterator whose elements are values.
  class Iterator {
   public:
    using value_type = T;                    ///< a record
    using difference_type = std::ptrdiff_t;  ///< signed

    Iterator() noexcept = default;
    /// For `PackedArray`.
    explicit Iterator(const std::byte* at) noexcept : at_{at} {}

    [[nodiscard]] T operator*() const noexcept { return value_at(at_); }  ///< the record, copied
    /// To the next one.
    Iterator& operator++() noexcept {
      at_ += sizeof(T);
      return *this;
    }
    /// To the next one; returns where it was.
    Iterator operator++(int) noexcept {
      Iterator before = *this;
      ++*this;
      return before;
    }
    /// Whether both stand at one record.
    friend bool operator==(const Iterator&, const Iterator&) noexcept = default;

   private:
    const std::byte* at_ = nullptr;
  };

  /// Looks at `payload`, which must stay as it is meanwhile. O(1); of bools O(records).
  explicit PackedArray(std::span<const std::byte> payload) noexcept : payload_{payload} {
    if (payload.size() % sizeof(T) == 0 && are_values()) {
      size_ = payload.size() / sizeof(T);
    }
  }

  /// Success, or why there are no records in here: `PackedTruncated` (bytes, those of one record more than are whole);
  /// of bools `TypeMismatch` (bytes, the same), if one of them is none.
  [[nodiscard]] Status status() const noexcept {
    const std::size_t bytes = payload_.size();
    if (const std::size_t rest = bytes % sizeof(T); rest != 0) {
      return {Error::PackedTruncated, bytes, bytes - rest + sizeof(T)};
    }
    return intact() ? Status{} : Status{Error::TypeMismatch, bytes, bytes};
  }

  /// Whether the payload is a whole number of records. If not, somebody sent something else: there are none in here.
  [[nodiscard]] bool intact() const noexcept { return size_ * sizeof(T) == payload_.size(); }

  /// Records.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size() == 0; }  ///< whether there are none

  /// The `i`-th record. Precondition (checked): `i < size()`.
  [[nodiscard]] T operator[](std::size_t i) const noexcept {
    TANGO_PRECONDITION(i < size(), "PackedArray: the record is there");
    return value_at(payload_.data() + i * sizeof(T));
  }

  [[nodiscard]] Iterator begin() const noexcept { return Iterator{payload_.data()}; }  ///< at the first record
  /// Behind the last record.
  [[nodiscard]] Iterator end() const noexcept { return Iterator{payload_.data() + size() * sizeof(T)}; }

 private:
  [[nodiscard]] static detail::Image<T> image_at(const std::byte* at) noexcept {
    detail::Image<T> image;
    detail::copy_bytes(image.bytes, at, sizeof(T));
    return image;
  }
  [[nodiscard]] static T value_at(const std::byte* at) noexcept { return image_at(at).value(); }

  [[nodiscard]] bool are_values() const noexcept {
    if constexpr (std::is_same_v<std::remove_cv_t<T>, bool>) {
      for (const std::byte& byte : payload_) {
        if (!image_at(&byte).is_value()) {
          return false;
        }
      }
    }
    return true;
  }

  std::span<const std::byte> payload_;
  std::size_t size_ = 0;
};

/// Records of varying size, as `publish_packed` lays them out: a forward sequence of the records' bytes, in place. A
/// record starts at a multiple of 4 from the payload's start. The walk ends at the first size that points past the
/// payload's end.
class PackedRecords {
 public:
  /// Bytes that a record of `size` takes in the payload.
  [[nodiscard]] static constexpr std::size_t packed_size(std::size_t size) noexcept {
    return kHead + (size + kUnit - 1) / kUnit * kUnit;
  }

  /// Behind the last record.
  struct End {};

  /// Goes from record to record: a forward iterator whose elements are spans.
  class Iterator {
   public:
    using value_type = std::span<const std::byte>;  ///< the bytes of a record
    using difference_type = std::ptrdiff_t;         ///< signed

    Iterator() noexcept = default;
    /// For `PackedRecords`.
    explicit Iterator(std::span<const std::byte> rest) noexcept : rest_{rest} { look(); }

    /// The record, in place.
    [[nodiscard]] std::span<const std::byte> operator*() const noexcept { return rest_.subspan(kHead, size_); }
    /// To the next one.
    Iterator& operator++() noexcept {
      rest_ = rest_.subspan(packed_size(size_));
      look();
      return *this;
    }
    /// To the next one; returns where it was.
    Iterator operator++(int) noexcept {
      Iterator before = *this;
      ++*this;
      return before;
    }
    /// Whether both stand at one record.
    friend bool operator==(const Iterator& a, const Iterator& b) noexcept { return a.rest_.data() == b.rest_.data(); }
    /// Whether there is no further record.
    friend bool operator==(const Iterator& it, End) noexcept { return !it.there_; }

   private:
    friend PackedRecords;

    /// The size that stands here, as far as one does.
    [[nodiscard]] std::uint32_t head() const noexcept {
      std::uint32_t size = 0;
      if (rest_.size() >= kHead) {
        __builtin_memcpy(&size, rest_.data(), kHead);
      }
      return size;
    }

    /// Bytes that the record which starts here says it takes.
    [[nodiscard]] std::uint64_t claimed() const noexcept {
      return kHead + (std::uint64_t{head()} + kUnit - 1) / kUnit * kUnit;
    }

    void look() noexcept {
      const std::uint32_t size = head();
      // The size itself is compared first: a forged one could wrap round when it is padded.
      there_ = rest_.size() >= kHead && size <= rest_.size() - kHead && packed_size(size) <= rest_.size();
      size_ = there_ ? size : 0;
    }

    std::span<const std::byte> rest_;
    std::size_t size_ = 0;
    bool there_ = false;
  };

  /// Looks at `payload`, which must stay as it is meanwhile.
  explicit PackedRecords(std::span<const std::byte> payload) noexcept : payload_{payload} {}

  [[nodiscard]] Iterator begin() const noexcept { return Iterator{payload_}; }  ///< at the first record
  [[nodiscard]] End end() const noexcept { return {}; }                         ///< behind the last record

  /// Success, or `PackedTruncated` (bytes, those that there must be for the record that the walk ended before): somebody
  /// cut it off, or sent something else. O(records).
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

  /// The same: whether the walk ends where the payload does. O(records).
  [[nodiscard]] bool intact() const noexcept { return status().ok(); }

 private:
  static constexpr std::size_t kHead = sizeof(std::uint32_t);
  static constexpr std::size_t kUnit = 4;

  std::span<const std::byte> payload_;
};

}  // namespace tango::inline TANGO_ABI
