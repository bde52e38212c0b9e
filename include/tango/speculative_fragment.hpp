// SPDX-License-Identifier: Apache-2.0
/// \file
/// SpeculativeFragment: a message that a consumer received which may be overrun. The producer may overwrite its payload at
/// any time, so it is copied or read word by word, and what was read counts only if the validation at the end says so.
///
/// A fragment points into its consumer and its channel, and must be gone before its consumer is moved or destroyed
/// (checked). Nothing has to be given back.
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
#include "memory/payload_words.hpp"
#include "memory/slot.hpp"
#include "metadata.hpp"
#include "receive/read_ledger.hpp"
#include "record.hpp"
#include "result.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

/// A fragment that may be overwritten while it is looked at. Its metadata was validated; its payload has to be. Nothing
/// needs to be released.
class SpeculativeFragment {
 public:
  SpeculativeFragment() noexcept = default;
  /// For the consumer.
  SpeculativeFragment(Seq seq, const detail::SlotWords& words, const detail::SharedWord* payload,
                      const detail::SharedWord& slot_seq, detail::ReadLedger& ledger) noexcept
      : seq_{seq}, words_{words}, payload_{payload}, slot_seq_{&slot_seq}, valid_{true}, hold_{ledger} {}
  /// Afterwards `other` is empty and no longer valid.
  SpeculativeFragment(SpeculativeFragment&& other) noexcept
      : seq_{std::exchange(other.seq_, 0)},
        words_{std::exchange(other.words_, {})},
        payload_{other.payload_},
        slot_seq_{other.slot_seq_},
        valid_{std::exchange(other.valid_, false)},
        hold_{std::move(other.hold_)} {}
  /// Lets go of what this one was. Afterwards `other` is empty and no longer valid.
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

  [[nodiscard]] FragmentMetadata metadata() const noexcept { return words_.metadata(seq_); }  ///< all of it
  [[nodiscard]] Seq seq() const noexcept { return seq_; }                                     ///< its sequence number
  [[nodiscard]] std::uint64_t sig() const noexcept { return words_.sig; }                     ///< the application's tag
  [[nodiscard]] std::size_t size() const noexcept { return words_.size(); }                   ///< bytes of payload
  [[nodiscard]] std::uint32_t ts() const noexcept { return words_.ts(); }  ///< the application's timestamp

  /// There is none to look at in place.
  void payload() const = delete;  // it may be overwritten while you read: copy_to, as, read, or load and validate
  void text() const = delete;     // it may be overwritten while you read: copy_to, as, read, or load and validate

  /// Copies the payload to the front of `out` and validates it. `Overrun`: it was overwritten meanwhile, what `out`
  /// holds is worthless, and the fragment has moved from delivered to lost. `BufferTooSmall`: nothing was copied.
  /// O(size).
  TANGO_HOT Status copy_to(std::span<std::byte> out) noexcept {
    if (out.size() < size()) {
      return {Error::BufferTooSmall, size(), out.size()};
    }
    detail::load_words(out.data(), payload_, size());
    return validate() ? Status{} : Status{Error::Overrun};
  }

  /// The payload as a `T`, validated. `TypeMismatch` (bytes of the payload, of a `T`): it is a message of another type,
  /// or a `bool` in it is neither 0 nor 1. `Overrun`: as `copy_to`.
  template <class T>
  [[nodiscard]] TANGO_HOT detail::RecordResult<T> as() noexcept {
    if (size() != sizeof(T)) [[unlikely]] {
      return Status{Error::TypeMismatch, size(), sizeof(T)};
    }
    detail::Image<T> image;
    detail::load_words(image.bytes, payload_, sizeof(T));
    if (!validate()) [[unlikely]] {
      return Status{Error::Overrun};
    }
    if (!image.is_value()) [[unlikely]] {
      return Status{Error::TypeMismatch, size(), sizeof(T)};
    }
    return image.value();
  }

  /// A field of the payload, a `Record` `offset` bytes from its start, not validated: it counts only if `validate()` says so after
  /// the last one that was read. Every bit pattern must be a value of `T`, because any may be found: where that is not
  /// so (bool, and structs that hold one), use `read`. Precondition (checked): the field lies within the payload.
  template <class T>
  [[nodiscard]] T load(std::size_t offset) const noexcept {
    detail::require_record<T>();
    static_assert(!std::is_same_v<std::remove_cv_t<T>, bool>,
                  "tango: a bool that was overwritten while it was read may be neither true nor false: use read()");
    detail::Image<T> image;
    gather(image, offset);
    return image.value();
  }

  /// The same, validated: whether `out` got the field. If not, `out` is as it was and the fragment has moved from
  /// delivered to lost; or, for a bool, the byte there is none (`validate()` tells which).
  template <class T>
  [[nodiscard]] bool read(std::size_t offset, T& out) noexcept {
    detail::require_record<T>();
    detail::Image<T> image;
    gather(image, offset);
    if (!validate() || !image.is_value()) [[unlikely]] {
      return false;
    }
    out = image.value();
    return true;
  }

  /// Whether everything read from this fragment so far was its own. False once is false for ever: it was overwritten
  /// by now, and has moved from delivered to lost (also if an earlier read was still in time).
  [[nodiscard]] bool validate() noexcept {
    if (valid_ && !detail::Slot::still_holds(*slot_seq_, seq_)) [[unlikely]] {
      valid_ = false;
      if (hold_) {
        hold_->miss(size());
      }
    }
    return valid_;
  }

  /// Lets go of it: it is empty and no longer valid. Nothing has to be let go of before the next poll, but what is kept
  /// must be gone before its consumer is moved or destroyed. Idempotent.
  void release() noexcept {
    seq_ = 0;
    words_ = {};
    valid_ = false;
    hold_.drop();
  }

 private:
  template <class T>
  void gather(detail::Image<T>& image, std::size_t offset) const noexcept {
    TANGO_PRECONDITION(offset <= size() && sizeof(T) <= size() - offset,
                       "SpeculativeFragment: the field lies within the payload");
    detail::gather_words(image.bytes, payload_, offset, sizeof(T));
  }

  Seq seq_ = 0;
  detail::SlotWords words_;
  const detail::SharedWord* payload_ = nullptr;
  const detail::SharedWord* slot_seq_ = nullptr;
  bool valid_ = false;  ///< as far as is known
  detail::Hold hold_;
};

}  // namespace tango::inline TANGO_ABI
