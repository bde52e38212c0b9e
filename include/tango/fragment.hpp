// SPDX-License-Identifier: Apache-2.0
/// \file
/// What travels: a fragment's metadata, and the two ways to hold a received one.
///
/// A `Fragment` comes from a reliable consumer: nothing overwrites it while it is held, so its payload is a span. A
/// `SpeculativeFragment` comes from a consumer that may be overrun: its payload may be overwritten at any time, so it
/// is copied or read word by word, and what was read counts only if the validation at the end says so.
///
/// Thread: the consumer's. A fragment points into its consumer and its channel: it is good until it is released,
/// destroyed or superseded by the next poll, and must be gone before its consumer is moved or destroyed. All of it is
/// checked, but a span of the payload or a `FragmentView` that is kept for longer is not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "config.hpp"
#include "error.hpp"
#include "memory/payload_words.hpp"
#include "memory/slot.hpp"
#include "record.hpp"
#include "result.hpp"
#include "seq.hpp"
#include "text/text_writer.hpp"

namespace tango::inline TANGO_ABI {

// ---------------------------------------------------------------------------------------------------------- metadata

/// Control bits. A message may take several fragments: the first carries SOM, the last EOM, one that takes a single
/// fragment both. As Firedancer's `fd_frag_meta_ctl`.
inline constexpr std::uint16_t kSom = 1;  ///< start of message
inline constexpr std::uint16_t kEom = 2;  ///< end of message
inline constexpr std::uint16_t kErr = 4;  ///< the message is broken; who puts it together drops it

/// Whose message it is stands in the other 13 bits of ctl: fragments of different origins may be interleaved on a
/// channel, those of one origin follow each other. As Firedancer's `FD_FRAG_META_ORIG_MAX`.
inline constexpr std::size_t kMaxOrigins = 8192;

/// The control word of an origin's fragment. Precondition (checked): `origin < kMaxOrigins`.
[[nodiscard]] constexpr std::uint16_t ctl_of(std::size_t origin, std::uint16_t bits = kSom | kEom) noexcept {
  TANGO_PRECONDITION(origin < kMaxOrigins, "ctl_of: origins are numbered 0 ... 8191");
  return static_cast<std::uint16_t>(origin << 3 | (bits & (kSom | kEom | kErr)));
}

/// The origin that a control word names.
[[nodiscard]] constexpr std::size_t origin_of(std::uint16_t ctl) noexcept { return ctl >> 3; }

/// The `chunk` of a payload that travels in its slot: at most `kInlineBytes`, the empty one among them.
inline constexpr std::uint32_t kInlineChunk = 0xFFFF'FFFFu;

/// A fragment's metadata: 32 bytes, as they lie in the ring.
struct FragmentMetadata {
  Seq seq = 0;                 ///< its sequence number
  std::uint64_t sig = 0;       ///< the application's tag, to filter by without touching the payload
  std::uint32_t chunk = 0;     ///< where the payload starts: a chunk of the DCache, or `kInlineChunk`
  std::uint32_t size = 0;      ///< bytes of payload
  std::uint16_t ctl = 0;       ///< `kSom | kEom | kErr`, and the origin: see `ctl_of`
  std::uint16_t reserved = 0;  ///< 0
  std::uint32_t ts = 0;        ///< the application's timestamp, compressed to 32 bits

  /// Field by field.
  friend constexpr bool operator==(const FragmentMetadata&, const FragmentMetadata&) noexcept = default;
};

static_assert(sizeof(FragmentMetadata) == 32 && alignof(FragmentMetadata) == 8);
static_assert(offsetof(FragmentMetadata, sig) == 8 && offsetof(FragmentMetadata, chunk) == 16 &&
              offsetof(FragmentMetadata, size) == 20 && offsetof(FragmentMetadata, ctl) == 24 &&
              offsetof(FragmentMetadata, reserved) == 26 && offsetof(FragmentMetadata, ts) == 28);

/// What an application says of a message when it publishes it. The default is a whole message in one fragment.
struct MessageInfo {
  std::uint64_t sig = 0;            ///< the application's tag, to filter by
  std::uint16_t ctl = kSom | kEom;  ///< see `ctl_of`
  std::uint32_t ts = 0;             ///< the application's timestamp: see clock.hpp
};

/// Prints `seq 7 sig 42 chunk 3 size 100 ctl 3 ts 0` (or `chunk inline`) into `buffer`, cut off where it ends; 128
/// bytes hold every one.
constexpr std::string_view print(const FragmentMetadata& metadata, std::span<char> buffer) noexcept {
  detail::TextWriter out{buffer};
  out << "seq " << metadata.seq << " sig " << metadata.sig << " chunk ";
  if (metadata.chunk == kInlineChunk) {
    out << "inline";
  } else {
    out << metadata.chunk;
  }
  out << " size " << metadata.size << " ctl " << metadata.ctl << " ts " << metadata.ts;
  return out.view();
}

namespace detail {

[[nodiscard]] constexpr SlotWords to_words(const FragmentMetadata& m) noexcept {
  return {m.sig, std::uint64_t{m.chunk} | std::uint64_t{m.size} << 32,
          std::uint64_t{m.ctl} | std::uint64_t{m.reserved} << 16 | std::uint64_t{m.ts} << 32};
}

[[nodiscard]] constexpr FragmentMetadata from_words(Seq seq, const SlotWords& w) noexcept {
  return {.seq = seq,
          .sig = w.sig,
          .chunk = w.chunk(),
          .size = w.size(),
          .ctl = static_cast<std::uint16_t>(w.stamp),
          .reserved = static_cast<std::uint16_t>(w.stamp >> 16),
          .ts = w.ts()};
}

/// What a consumer keeps for the fragments that it handed out: they report back here.
struct ReadLedger {
  SharedWord* position = nullptr;  ///< the consumer's place among the reliable ones; none if it may be overrun
  Seq released = 0;                ///< reliable: every number before this one has been given back
  std::uint64_t lost = 0;          ///< numbers that were overwritten before they were read
  std::uint64_t missed = 0;        ///< of these, the ones that were delivered first; not yet in the metrics
  std::uint64_t missed_bytes = 0;  ///< their payload bytes
  std::uint32_t live = 0;          ///< fragments and batches that are still out

  /// Gives back every number before `next`. Release: pairs with the producer's acquire load of the position in
  /// Fctl::minimum, so that what was read here happens before what is written over it.
  void give_back(Seq next) noexcept {
    if (seq_lt(released, next)) {
      released = next;
      position->store(next, memory_order_release);
    }
  }

  /// A fragment that was delivered turned out to be overwritten.
  TANGO_COLD void miss(std::uint64_t bytes) noexcept {
    ++lost;
    ++missed;
    missed_bytes += bytes;
  }
};

/// Move-only handle on an account: counts as one fragment out.
class Hold {
 public:
  Hold() noexcept = default;
  explicit Hold(ReadLedger& account) noexcept : account_{&account} { ++account.live; }
  Hold(Hold&& other) noexcept : account_{std::exchange(other.account_, nullptr)} {}
  Hold& operator=(Hold&& other) noexcept {
    if (this != &other) {
      drop();
      account_ = std::exchange(other.account_, nullptr);
    }
    return *this;
  }
  ~Hold() { drop(); }

  [[nodiscard]] ReadLedger* operator->() const noexcept { return account_; }
  [[nodiscard]] explicit operator bool() const noexcept { return account_ != nullptr; }

  void drop() noexcept {
    if (account_ != nullptr) {
      --account_->live;
      account_ = nullptr;
    }
  }

 private:
  ReadLedger* account_ = nullptr;
};

}  // namespace detail

// ---------------------------------------------------------------------------------------------------------- reliable

/// A received fragment to look at: metadata and the payload where it lies. Does not own anything; good as long as the
/// `Fragment` or `Batch` that it came with.
class FragmentView {
 public:
  FragmentView() noexcept = default;
  /// Made by the consumer.
  FragmentView(Seq seq, const detail::SlotWords& words, const std::byte* data) noexcept
      : seq_{seq}, words_{words}, data_{data} {}

  [[nodiscard]] FragmentMetadata metadata() const noexcept { return detail::from_words(seq_, words_); }  ///< all of it
  [[nodiscard]] Seq seq() const noexcept { return seq_; }                                                ///< its number
  [[nodiscard]] std::uint64_t sig() const noexcept { return words_.sig; }    ///< the application's tag
  [[nodiscard]] std::size_t size() const noexcept { return words_.size(); }  ///< bytes of payload
  [[nodiscard]] std::uint32_t ts() const noexcept { return words_.ts(); }    ///< the application's timestamp

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
  /// a byte that is no bool.
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
  /// Made by the consumer.
  Fragment(Seq seq, const detail::SlotWords& words, const std::byte* data, detail::ReadLedger& account) noexcept
      : FragmentView{seq, words, data}, receipt_{account} {}
  /// Afterwards `other` is empty.
  Fragment(Fragment&& other) noexcept
      : FragmentView{std::exchange(static_cast<FragmentView&>(other), {})}, receipt_{std::move(other.receipt_)} {}
  /// Releases what this one held. Afterwards `other` is empty.
  Fragment& operator=(Fragment&& other) noexcept {
    if (this != &other) {
      release();
      FragmentView::operator=(std::exchange(static_cast<FragmentView&>(other), {}));
      receipt_ = std::move(other.receipt_);
    }
    return *this;
  }
  ~Fragment() { release(); }

  /// Whether it is held: not given back yet, by whatever way.
  [[nodiscard]] bool held() const noexcept { return receipt_ && receipt_->released == seq(); }

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
    if (receipt_) {
      receipt_->give_back(seq() + 1);
      receipt_.drop();
    }
  }

 private:
  /// The account lies on the reader's own lines: the check costs a load and a compare.
  [[nodiscard]] const FragmentView& view() const noexcept {
    TANGO_PRECONDITION(held() || size() == 0, "Fragment: it is held: not released, nor superseded by a later poll");
    return *this;
  }

  detail::Hold receipt_;
};

// ------------------------------------------------------------------------------------------------------- speculative

/// A fragment that may be overwritten while it is looked at. Its metadata was validated; its payload has to be. Nothing
/// needs to be released.
class SpeculativeFragment {
 public:
  SpeculativeFragment() noexcept = default;
  /// Made by the consumer.
  SpeculativeFragment(Seq seq, const detail::SlotWords& words, const detail::SharedWord* payload,
                      const detail::SharedWord& slot_seq, detail::ReadLedger& account) noexcept
      : seq_{seq}, words_{words}, payload_{payload}, slot_seq_{&slot_seq}, valid_{true}, receipt_{account} {}
  /// Afterwards `other` is empty and no longer valid.
  SpeculativeFragment(SpeculativeFragment&& other) noexcept
      : seq_{std::exchange(other.seq_, 0)},
        words_{std::exchange(other.words_, {})},
        payload_{other.payload_},
        slot_seq_{other.slot_seq_},
        valid_{std::exchange(other.valid_, false)},
        receipt_{std::move(other.receipt_)} {}
  /// Lets go of what this one was. Afterwards `other` is empty and no longer valid.
  SpeculativeFragment& operator=(SpeculativeFragment&& other) noexcept {
    if (this != &other) {
      seq_ = std::exchange(other.seq_, 0);
      words_ = std::exchange(other.words_, {});
      payload_ = other.payload_;
      slot_seq_ = other.slot_seq_;
      valid_ = std::exchange(other.valid_, false);
      receipt_ = std::move(other.receipt_);
    }
    return *this;
  }

  [[nodiscard]] FragmentMetadata metadata() const noexcept { return detail::from_words(seq_, words_); }  ///< all of it
  [[nodiscard]] Seq seq() const noexcept { return seq_; }                                                ///< its number
  [[nodiscard]] std::uint64_t sig() const noexcept { return words_.sig; }    ///< the application's tag
  [[nodiscard]] std::size_t size() const noexcept { return words_.size(); }  ///< bytes of payload
  [[nodiscard]] std::uint32_t ts() const noexcept { return words_.ts(); }    ///< the application's timestamp

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
  /// or a byte that is no bool. `Overrun`: as `copy_to`.
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
      if (receipt_) {
        receipt_->miss(size());
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
    receipt_.drop();
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
  detail::Hold receipt_;
};

}  // namespace tango::inline TANGO_ABI
