// SPDX-License-Identifier: Apache-2.0
/// \file
/// SpeculativeFragment: a message that was received by a consumer which may be overrun. The producer may overwrite its
/// payload at any time. The payload is therefore copied or read word by word, and what was read is valid only if the
/// validation afterwards succeeds.
///
/// A fragment refers to its consumer and its channel. It must be released or destroyed before its consumer is moved or
/// destroyed (checked). It need not be given back.
///
/// Thread: the consumer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "config.hpp"
#include "error.hpp"
#include "memory/inside.hpp"
#include "memory/payload_words.hpp"
#include "memory/slot.hpp"
#include "metadata.hpp"
#include "receive/read_ledger.hpp"
#include "record.hpp"
#include "result.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

/// A fragment that may be overwritten while it is read. Its metadata has been validated; its payload must be validated
/// after reading. It need not be released.
class SpeculativeFragment {
 public:
  SpeculativeFragment() noexcept = default;
  /// For the library itself.
  SpeculativeFragment(detail::Passkey, Seq seq, const detail::SlotWords& words, const detail::SharedWord* payload,
                      const detail::SlotSeq& slot_seq, detail::ReadLedger& ledger) noexcept
      : seq_{seq}, words_{words}, payload_{payload}, slot_seq_{&slot_seq}, valid_{true}, hold_{ledger} {}
  /// Afterwards `other` is empty and no longer valid.
  SpeculativeFragment(SpeculativeFragment&& other) noexcept
      : seq_{std::exchange(other.seq_, 0)},
        words_{std::exchange(other.words_, {})},
        payload_{other.payload_},
        slot_seq_{other.slot_seq_},
        valid_{std::exchange(other.valid_, false)},
        hold_{std::move(other.hold_)} {}
  /// Replaces this fragment. Afterwards `other` is empty and no longer valid.
  SpeculativeFragment& operator=(SpeculativeFragment&& other) noexcept {
    if (this != &other) {
      seq_ = std::exchange(other.seq_, 0);
      words_ = std::exchange(other.words_, {});
      payload_ = other.payload_;
      slot_seq_ = other.slot_seq_;
      valid_ = std::exchange(other.valid_, false);
      hold_ = std::move(other.hold_);
    }
    return *this;
  }

  [[nodiscard]] FragmentMetadata metadata() const noexcept { return words_.metadata(seq_); }  ///< all of its metadata
  [[nodiscard]] Seq seq() const noexcept { return seq_; }                                     ///< its sequence number
  [[nodiscard]] std::uint64_t sig() const noexcept { return words_.sig; }                     ///< the application's tag
  [[nodiscard]] std::size_t size() const noexcept { return words_.size(); }                   ///< bytes of payload
  [[nodiscard]] std::uint32_t ts() const noexcept { return words_.ts(); }  ///< the application's timestamp

  /// Deleted: the payload cannot be read in place.
  void payload() const = delete;  // it may be overwritten while you read: copy_to, as, read, or load and validate
  void text() const = delete;     // it may be overwritten while you read: copy_to, as, read, or load and validate

  /// Copies the payload to the front of `out` and validates it.
  ///
  /// \retval Overrun The payload was overwritten while it was read. The contents of `out` are worthless, and the
  ///         fragment now counts as lost instead of delivered.
  /// \retval BufferTooSmall `out` is smaller than the payload (bytes of the payload, bytes of `out`). Nothing was
  ///         copied.
  /// \return Otherwise success.
  ///
  /// Complexity: O(size).
  TANGO_HOT Status copy_to(std::span<std::byte> out) noexcept {
    if (out.size() < size()) {
      return {Error::BufferTooSmall, size(), out.size()};
    }
    detail::load_words(out.data(), payload_, size());
    return validate() ? Status{} : Status{Error::Overrun};
  }

  /// Copies the payload into `out`, a `Record`, and validates it.
  ///
  /// \retval Overrun As above. `out` is worthless and may not even be a valid `T`.
  /// \retval TypeMismatch As for `as`.
  /// \return Otherwise success.
  ///
  /// Complexity: O(size).
  template <Record T>
  TANGO_HOT Status copy_to(T& out) noexcept {
    return copy_as<T>(detail::bytes_to(out));
  }

  /// The payload as a `T`, validated.
  ///
  /// \retval Overrun As for `copy_to`.
  /// \retval TypeMismatch The message is of another type, or it is a `bool` that is neither 0 nor 1 (bytes of the
  ///         payload, bytes of a `T`).
  /// \return Otherwise the value.
  ///
  /// Complexity: O(size).
  template <class T>
  [[nodiscard]] TANGO_HOT detail::RecordResult<T> as() noexcept {
    return detail::RecordResult<T>{detail::AsBytes{},
                                   [this](std::byte* to) TANGO_HOT_LAMBDA { return copy_as<T>(to); }};
  }

  /// Loads a field of the payload without validating it: a `Record` that starts `offset` bytes from the payload's
  /// start. The value is meaningful only if `validate()` returns true after the last field was loaded. Every bit
  /// pattern must be a valid `T`, because any may be found. For other types (`bool`, and structs that contain one) use
  /// `read`.
  ///
  /// \pre (checked) The field lies within the payload.
  template <class T>
  [[nodiscard]] TANGO_HOT T load(std::size_t offset) const noexcept {
    detail::require_record<T>();
    static_assert(!std::is_same_v<std::remove_cv_t<T>, bool>,
                  "tango: a bool that was overwritten while it was read may be neither true nor false: use read()");
    check_field(offset, sizeof(T));
    return detail::record_from<T>([=, this](std::byte* to)
                                      TANGO_HOT_LAMBDA { detail::gather_words(to, payload_, offset, sizeof(T)); });
  }

  /// Loads a field into `out` and validates it.
  ///
  /// \pre (checked) The field lies within the payload.
  /// \return Whether `out` was set. If not, `out` is worthless and may not even be a valid `T`. Either the fragment was
  ///         overwritten and now counts as lost instead of delivered, or a `bool` was neither 0 nor 1; `validate()`
  ///         distinguishes the two.
  template <class T>
  [[nodiscard]] TANGO_HOT bool read(std::size_t offset, T& out) noexcept {
    detail::require_record<T>();
    check_field(offset, sizeof(T));
    std::byte* const to = detail::bytes_to(out);
    detail::gather_words(to, payload_, offset, sizeof(T));
    return validate() && detail::is_value<T>(to);
  }

  /// Whether everything read from this fragment so far is intact. Once false, it stays false: the fragment has been
  /// overwritten and now counts as lost instead of delivered, even if an earlier read was still in time.
  [[nodiscard]] bool validate() noexcept {
    if (valid_ && !slot_seq_->still_holds(seq_)) [[unlikely]] {
      valid_ = false;
      if (hold_) {
        hold_->miss(size());
      }
    }
    return valid_;
  }

  /// Releases the fragment, which is then empty and no longer valid. This is not necessary before the next poll, but
  /// before the consumer is moved or destroyed. Idempotent.
  void release() noexcept {
    seq_ = 0;
    words_ = {};
    valid_ = false;
    hold_.drop();
  }

 private:
  void check_field(std::size_t offset, std::size_t bytes) const noexcept {
    TANGO_PRECONDITION(offset <= size() && bytes <= size() - offset,
                       "SpeculativeFragment: the field lies within the payload");
  }

  template <class T>
  [[nodiscard]] TANGO_HOT Status copy_as(std::byte* to) noexcept {
    if (size() != sizeof(T)) [[unlikely]] {
      return {Error::TypeMismatch, size(), sizeof(T)};
    }
    detail::load_words(to, payload_, sizeof(T));
    if (!validate()) [[unlikely]] {
      return Error::Overrun;
    }
    return detail::is_value<T>(to) ? Status{} : Status{Error::TypeMismatch, size(), sizeof(T)};
  }

  Seq seq_ = 0;
  detail::SlotWords words_;
  const detail::SharedWord* payload_ = nullptr;
  const detail::SlotSeq* slot_seq_ = nullptr;
  bool valid_ = false;  ///< false once an overwrite was detected
  detail::Hold hold_;
};

}  // namespace tango::inline TANGO_ABI
