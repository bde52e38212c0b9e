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
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "config.hpp"
#include "error.hpp"
#include "memory/inside.hpp"
#include "memory/payload_words.hpp"
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
    return detail::RecordResult<T>{detail::AsBytes{},
                                   [this](std::byte* to) TANGO_HOT_LAMBDA { return copy_as<T>(to); }};
  }

  /// The payload as a `T`, in place. `Alignment`: what payloads are known to be aligned to. On a channel of bytes that
  /// is 8; on a channel of one type, TypedFragment knows it.
  ///
  /// \pre (checked) The payload is so aligned. One that a Reassembler put together is as aligned as its memory.
  /// \retval TypeMismatch As for `as`.
  /// \return Otherwise the value, valid as long as this view.
  ///
  /// Complexity: O(1).
  template <class T, std::size_t Alignment = detail::kWordBytes>
  [[nodiscard]] TANGO_HOT Result<const typename detail::RequireRecord<T>::Type&> view_as() const noexcept {
    static_assert(
        alignof(T) <= Alignment,
        "tango: payloads here may be less aligned than this type, so it cannot be read in place: use as<T>()");
    using Value = typename detail::RequireRecord<T>::Type;
    if (!is_a<T>()) [[unlikely]] {
      return no<T>();
    }
    TANGO_PRECONDITION(reinterpret_cast<std::uintptr_t>(data_) % alignof(T) == 0,
                       "FragmentView::view_as: the payload is aligned to the type");
    return *std::launder(reinterpret_cast<const Value*>(data_));
  }

  /// Copies the payload into `out`, a `Record`.
  ///
  /// \retval TypeMismatch As for `as`. Nothing was copied.
  /// \return Otherwise success.
  ///
  /// Complexity: O(size).
  template <Record T>
  TANGO_HOT Status copy_to(T& out) const noexcept {
    return copy_as<T>(detail::bytes_to(out));
  }

  /// The payload as characters, in place.
  [[nodiscard]] std::string_view text() const noexcept { return {reinterpret_cast<const char*>(data_), size()}; }

 private:
  template <class T>
  [[nodiscard]] TANGO_HOT bool is_a() const noexcept {
    return size() == sizeof(T) && detail::is_value<T>(data_);
  }
  template <class T>
  [[nodiscard]] Status no() const noexcept {
    return {Error::TypeMismatch, size(), sizeof(T)};
  }
  template <class T>
  [[nodiscard]] TANGO_HOT Status copy_as(std::byte* to) const noexcept {
    if (!is_a<T>()) [[unlikely]] {
      return no<T>();
    }
    detail::copy_bytes(to, data_, sizeof(T));
    return {};
  }

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

  /// As in FragmentView. `payload`, `text` and `view_as` are deleted for a temporary.
  ///
  /// \pre (checked) The fragment is held, or its payload is empty.
  /// @{
  [[nodiscard]] std::span<const std::byte> payload() const& noexcept { return checked().payload(); }
  [[nodiscard]] std::string_view text() const& noexcept { return checked().text(); }
  void payload() const&& = delete;  // a temporary gives it back at the end of the expression
  void text() const&& = delete;     // a temporary gives it back at the end of the expression
  template <class T, std::size_t Alignment = detail::kWordBytes>
  [[nodiscard]] TANGO_HOT auto view_as() const& noexcept {
    return checked().template view_as<T, Alignment>();
  }
  template <class T, std::size_t Alignment = detail::kWordBytes>
  void view_as() const&& = delete;  // a temporary gives it back at the end of the expression
  TANGO_HOT Status copy_to(std::span<std::byte> out) const noexcept { return checked().copy_to(out); }
  template <Record T>
  TANGO_HOT Status copy_to(T& out) const noexcept {
    return checked().copy_to(out);
  }
  template <class T>
  [[nodiscard]] TANGO_HOT detail::RecordResult<T> as() const noexcept {
    return checked().template as<T>();
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
  [[nodiscard]] const FragmentView& checked() const noexcept {
    TANGO_PRECONDITION(held() || size() == 0,
                       "Fragment: it is held, that is, neither released nor superseded by a later poll");
    return *this;
  }

  detail::Hold hold_;
};

}  // namespace tango::inline TANGO_ABI
