// SPDX-License-Identifier: Apache-2.0
/// \file
/// Fragment: a message that a reliable consumer received. Nothing overwrites it while it is held, so its payload is a span,
/// and zero copies are made. (A consumer that may be overrun gets a SpeculativeFragment.)
///
/// A fragment points into its consumer and its channel. It is valid until it is released, destroyed or superseded by the
/// next poll, and must be gone before its consumer is moved or destroyed. All of that is checked; but a span of the
/// payload or a `FragmentView` that is kept for longer is not.
///
/// Thread: the consumer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "config.hpp"
#include "error.hpp"
#include "memory/platform.hpp"
#include "memory/slot.hpp"
#include "metadata.hpp"
#include "receive/read_ledger.hpp"
#include "record.hpp"
#include "result.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

/// A received fragment: its metadata, and its payload in place. Owns nothing; valid as long as the `Fragment` or `Batch`
/// that it belongs to.
class FragmentView {
 public:
  FragmentView() noexcept = default;
  /// For the consumer.
  FragmentView(Seq seq, const detail::SlotWords& words, const std::byte* data) noexcept
      : seq_{seq}, words_{words}, data_{data} {}

  [[nodiscard]] FragmentMetadata metadata() const noexcept { return words_.metadata(seq_); }  ///< all of it
  [[nodiscard]] Seq seq() const noexcept { return seq_; }                                     ///< its sequence number
  [[nodiscard]] std::uint64_t sig() const noexcept { return words_.sig; }                     ///< the application's tag
  [[nodiscard]] std::size_t size() const noexcept { return words_.size(); }                   ///< bytes of payload
  [[nodiscard]] std::uint32_t ts() const noexcept { return words_.ts(); }  ///< the application's timestamp

  /// The payload, in place.
  [[nodiscard]] std::span<const std::byte> payload() const noexcept { return {data_, size()}; }

  /// Copies the payload to the front of `out`, as a SpeculativeFragment does. `BufferTooSmall` (bytes of the payload,
  /// of `out`): nothing was copied. O(size).
  TANGO_HOT Status copy_to(std::span<std::byte> out) const noexcept {
    if (out.size() < size()) [[unlikely]] {
      return {Error::BufferTooSmall, size(), out.size()};
    }
    if (size() != 0) {
      detail::copy_bytes(out.data(), data_, size());
    }
    return {};
  }

  /// The payload as a `T`, by value. `TypeMismatch` (bytes of the payload, of a `T`): it is a message of another type, or
  /// a `bool` in it is neither 0 nor 1.
  template <class T>
  [[nodiscard]] TANGO_HOT detail::RecordResult<T> as() const noexcept {
    if (size() != sizeof(T)) [[unlikely]] {
      return Status{Error::TypeMismatch, size(), sizeof(T)};
    }
    detail::Image<T> image;
    detail::copy_bytes(image.bytes, data_, sizeof(T));
    if (!image.is_value()) [[unlikely]] {
      return Status{Error::TypeMismatch, size(), sizeof(T)};
    }
    return image.value();
  }

  /// The payload as characters, in place.
  [[nodiscard]] std::string_view text() const noexcept { return {reinterpret_cast<const char*>(data_), size()}; }

 private:
  Seq seq_ = 0;
  detail::SlotWords words_;
  const std::byte* data_ = nullptr;
};

template <class F>
requires(std::is_base_of_v<FragmentView, F>) inline constexpr bool kProcessLocal<F> = true;  ///< no Record

/// A fragment that a reliable consumer holds. While it is held, the producer overwrites neither it nor anything after
/// it. Destroying or releasing it, or the consumer's next poll, gives it back: from then on its payload may not be read
/// any more (checked). So there is one at a time; to look at several at once, `poll_batch`.
class Fragment : public FragmentView {
 public:
  Fragment() noexcept = default;
  /// For the consumer.
  Fragment(Seq seq, const detail::SlotWords& words, const std::byte* data, detail::ReadLedger& ledger) noexcept
      : FragmentView{seq, words, data}, hold_{ledger} {}
  /// Afterwards `other` is empty.
  Fragment(Fragment&& other) noexcept
      : FragmentView{std::exchange(static_cast<FragmentView&>(other), {})}, hold_{std::move(other.hold_)} {}
  /// Releases what this one held. Afterwards `other` is empty.
  Fragment& operator=(Fragment&& other) noexcept {
    if (this != &other) {
      release();
      FragmentView::operator=(std::exchange(static_cast<FragmentView&>(other), {}));
      hold_ = std::move(other.hold_);
    }
    return *this;
  }
  ~Fragment() { release(); }

  /// Whether it is held: not given back yet, by whatever way.
  [[nodiscard]] bool held() const noexcept { return hold_ && hold_->released == seq(); }

  /// As of FragmentView. Precondition (checked): it is held, or there is nothing to read. `payload` and `text` not of a
  /// temporary.
  /// @{
  [[nodiscard]] std::span<const std::byte> payload() const& noexcept { return view().payload(); }
  [[nodiscard]] std::string_view text() const& noexcept { return view().text(); }
  void payload() const&& = delete;  // a temporary gives it back at the end of the expression
  void text() const&& = delete;     // a temporary gives it back at the end of the expression
  TANGO_HOT Status copy_to(std::span<std::byte> out) const noexcept { return view().copy_to(out); }
  template <class T>
  [[nodiscard]] TANGO_HOT detail::RecordResult<T> as() const noexcept {
    return view().template as<T>();
  }
  /// @}

  /// Gives the fragment back, and with it every earlier one. Idempotent.
  void release() noexcept {
    if (hold_) {
      hold_->give_back(seq() + 1);
      hold_.drop();
    }
  }

 private:
  /// The ledger is in the reader's own cache lines: the check costs a load and a compare.
  [[nodiscard]] const FragmentView& view() const noexcept {
    TANGO_PRECONDITION(held() || size() == 0, "Fragment: it is held: not released, nor superseded by a later poll");
    return *this;
  }

  detail::Hold hold_;
};

}  // namespace tango::inline TANGO_ABI
