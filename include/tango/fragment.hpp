// SPDX-License-Identifier: Apache-2.0
/// \file
/// Fragment: a message that a reliable consumer received. The producer does not overwrite it while it is held, so its
/// payload is a span in place, without a copy. (A consumer that may be overrun gets a SpeculativeFragment.)
///
/// A fragment refers to its consumer and its channel. It is valid until it is released, destroyed, or superseded by the
/// next poll. It must be destroyed or released before its consumer is moved or destroyed. All of this is checked. Not
/// checked is the use of a span of the payload, or of a `FragmentView`, that is kept for longer.
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
#include "memory/inside.hpp"
#include "memory/platform.hpp"
#include "memory/slot.hpp"
#include "metadata.hpp"
#include "receive/read_ledger.hpp"
#include "record.hpp"
#include "result.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

/// A received fragment: its metadata, and its payload in place. It owns nothing and is valid as long as the `Fragment`
/// or `Batch` that it belongs to.
class FragmentView {
 public:
  FragmentView() noexcept = default;
  /// For the library itself.
  FragmentView(detail::Passkey, Seq seq, const detail::SlotWords& words, const std::byte* data) noexcept
      : seq_{seq}, words_{words}, data_{data} {}

  [[nodiscard]] FragmentMetadata metadata() const noexcept { return words_.metadata(seq_); }  ///< all of its metadata
  [[nodiscard]] Seq seq() const noexcept { return seq_; }                                     ///< its sequence number
  [[nodiscard]] std::uint64_t sig() const noexcept { return words_.sig; }                     ///< the application's tag
  [[nodiscard]] std::size_t size() const noexcept { return words_.size(); }                   ///< bytes of payload
  [[nodiscard]] std::uint32_t ts() const noexcept { return words_.ts(); }  ///< the application's timestamp

  /// The payload, in place.
  [[nodiscard]] std::span<const std::byte> payload() const noexcept { return {data_, size()}; }

  /// Copies the payload to the front of `out`. The same call works on a SpeculativeFragment.
  ///
  /// \retval BufferTooSmall `out` is smaller than the payload (bytes of the payload, bytes of `out`). Nothing was
  ///         copied.
  /// \return Otherwise success.
  ///
  /// Complexity: O(size).
  TANGO_HOT Status copy_to(std::span<std::byte> out) const noexcept {
    if (out.size() < size()) [[unlikely]] {
      return {Error::BufferTooSmall, size(), out.size()};
    }
    if (size() != 0) {
      detail::copy_bytes(out.data(), data_, size());
    }
    return {};
  }

  /// The payload as a `T`, by value.
  ///
  /// \retval TypeMismatch The message is of another type, or it is a `bool` that is neither 0 nor 1 (bytes of the
  ///         payload, bytes of a `T`).
  /// \return Otherwise the value.
  ///
  /// Complexity: O(size).
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
requires(std::is_base_of_v<FragmentView, F>) inline constexpr bool kProcessLocal<F> = true;  ///< not a Record

/// A fragment that a reliable consumer holds. While it is held, the producer overwrites neither it nor any later
/// fragment. It is given back when it is destroyed or released, or when the consumer polls again. From then on its
/// payload must not be read (checked). A consumer therefore holds one fragment at a time. To read several at once, use
/// `poll_batch`.
class Fragment : public FragmentView {
 public:
  Fragment() noexcept = default;
  /// For the library itself.
  Fragment(detail::Passkey key, Seq seq, const detail::SlotWords& words, const std::byte* data,
           detail::ReadLedger& ledger) noexcept
      : FragmentView{key, seq, words, data}, hold_{ledger} {}
  /// Afterwards `other` is empty.
  Fragment(Fragment&& other) noexcept
      : FragmentView{std::exchange(static_cast<FragmentView&>(other), {})}, hold_{std::move(other.hold_)} {}
  /// Releases the fragment that this one held. Afterwards `other` is empty.
  Fragment& operator=(Fragment&& other) noexcept {
    if (this != &other) {
      release();
      FragmentView::operator=(std::exchange(static_cast<FragmentView&>(other), {}));
      hold_ = std::move(other.hold_);
    }
    return *this;
  }
  ~Fragment() { release(); }

  /// Whether it is held: not yet given back in any way.
  [[nodiscard]] bool held() const noexcept { return hold_ && hold_->released == seq(); }

  /// As in FragmentView. `payload` and `text` are deleted for a temporary.
  ///
  /// \pre (checked) The fragment is held, or its payload is empty.
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

  /// Gives back this fragment and every earlier one. Idempotent.
  void release() noexcept {
    if (hold_) {
      hold_->give_back(seq() + 1);
      hold_.drop();
    }
  }

 private:
  /// The ledger is in the reader's own cache lines, so the check costs a load and a compare.
  [[nodiscard]] const FragmentView& view() const noexcept {
    TANGO_PRECONDITION(held() || size() == 0,
                       "Fragment: it is held, that is, neither released nor superseded by a later poll");
    return *this;
  }

  detail::Hold hold_;
};

}  // namespace tango::inline TANGO_ABI
