// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reservation: room in the channel for one message, written in place and then committed.
///
///     if (auto room = producer.reserve(sizeof quote)) {
///       fill(room.span());                                   // a reliable channel: bytes
///       if (auto status = room.commit({.sig = 7}); !status) report(status);
///     }
///
/// Dropped without a commit, it publishes nothing and spends neither a number nor a credit. One at a time per producer;
/// while it is open, publish and reserve answer `ReservationOpen`.
///
/// Thread: the producer's. It must be gone before its producer is moved or destroyed (checked).
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
#include "metadata.hpp"
#include "record.hpp"

namespace tango::inline TANGO_ABI {

/// Writes a payload on a channel where consumers may be overrun: they may be reading the old content of these very
/// words, so every store goes through an atomic word and no span is handed out. What is not written holds old bytes.
/// Good until its reservation is committed or dropped; what is written later goes into a published message.
class WordWriter {
 public:
  WordWriter() noexcept = default;
  /// For the reservation.
  WordWriter(detail::SharedWord* words, std::size_t size) noexcept : words_{words}, size_{size} {}

  /// Bytes that were reserved.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Writes `bytes` at `offset`. Fastest where both are multiples of 8. Precondition (checked): they lie within
  /// `size()`.
  void write(std::size_t offset, std::span<const std::byte> bytes) noexcept {
    TANGO_PRECONDITION(offset <= size_ && bytes.size() <= size_ - offset,
                       "WordWriter::write: within the reserved bytes");
    detail::overwrite_words(words_, offset, bytes.data(), bytes.size());
  }
  /// The same for characters.
  void write(std::size_t offset, std::string_view text) noexcept { write(offset, detail::text_bytes(text)); }

  /// The same for a literal or a constant array: what stands before the first NUL.
  template <std::size_t N>
  void write(std::size_t offset, const char (&text)[N]) noexcept {
    write(offset, detail::text_in(text));
  }
  /// No text: where a buffer's text ends stands elsewhere. Say so: `std::string_view{buffer, n}`.
  template <std::size_t N>
  void write(std::size_t offset, char (&buffer)[N]) = delete;
  /// No text: a null pointer would be taken for some.
  void write(std::size_t offset, std::nullptr_t) = delete;

  /// Writes a field at `offset`: a `Record`. Precondition (checked): it lies within `size()`.
  template <class T>
  void store(std::size_t offset, const T& value) noexcept {
    detail::require_record<T>();
    write(offset, detail::bytes_at(&value, sizeof(T)));
  }

 private:
  detail::SharedWord* words_ = nullptr;
  std::size_t size_ = 0;
};

template <>
inline constexpr bool kProcessLocal<WordWriter> = true;  ///< no Record

/// Room for one message: see the file's head.
template <class Producer>
class [[nodiscard]] Reservation {
 public:
  /// A refused one; made by the producer.
  explicit Reservation(const Status& status) noexcept : status_{status} {}

  /// An open one; made by the producer.
  template <class Unit>
  Reservation(Producer& producer, Unit* data, std::size_t size) noexcept
      : producer_{&producer}, data_{data}, size_{size} {}

  /// Afterwards `other` is closed.
  Reservation(Reservation&& other) noexcept
      : producer_{std::exchange(other.producer_, nullptr)},
        data_{other.data_},
        size_{other.size_},
        status_{std::exchange(other.status_, Error::ReservationClosed)} {}
  /// Drops what this one held. Afterwards `other` is closed.
  Reservation& operator=(Reservation&& other) noexcept {
    if (this != &other) {
      drop();
      producer_ = std::exchange(other.producer_, nullptr);
      data_ = other.data_;
      size_ = other.size_;
      status_ = std::exchange(other.status_, Error::ReservationClosed);
    }
    return *this;
  }
  ~Reservation() { drop(); }

  /// Why there is no room, or success; `ReservationClosed` once it was committed, dropped or moved from.
  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] explicit operator bool() const noexcept { return status_.ok(); }  ///< whether it is open

  /// Bytes that were reserved.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// The reserved bytes, uninitialised; good until the commit. Only on a reliable channel. Precondition (checked): the
  /// reservation is open.
  [[nodiscard]] std::span<std::byte> span() noexcept {
    static_assert(!Producer::kWords,
                  "tango: consumers of this channel may be overrun, so its payload is not handed out as a span: use "
                  "writer()");
    TANGO_PRECONDITION(status_.ok(), "Reservation::span: the reservation is open");
    return {static_cast<std::byte*>(data_), size_};
  }

  /// The reserved words. Only on a lossy or observed channel. Precondition (checked): the reservation is open.
  [[nodiscard]] WordWriter writer() noexcept {
    static_assert(Producer::kWords, "tango: the payload of this channel is plain bytes: use span()");
    TANGO_PRECONDITION(status_.ok(), "Reservation::writer: the reservation is open");
    return {static_cast<detail::SharedWord*>(data_), size_};
  }

  /// Publishes all reserved bytes. Refused with `status()` if the reservation is not open.
  TANGO_HOT Status commit(MessageInfo info = {}) noexcept { return commit_prefix(size_, info); }

  /// Publishes the first `used` bytes; the rest goes back. `CommitTooLarge` (used, reserved): nothing was published and
  /// the reservation stays open.
  TANGO_HOT Status commit_prefix(std::size_t used, MessageInfo info = {}) noexcept {
    if (!status_.ok()) [[unlikely]] {
      return status_;
    }
    if (used > size_) [[unlikely]] {
      return {Error::CommitTooLarge, used, size_};
    }
    status_ = Error::ReservationClosed;
    std::exchange(producer_, nullptr)->commit(used, info);
    return {};
  }

  /// Gives the room back; nothing is published. Idempotent.
  void drop() noexcept {
    if (producer_ != nullptr) {
      std::exchange(producer_, nullptr)->drop_reservation();
      status_ = Error::ReservationClosed;
    }
  }

 private:
  Producer* producer_ = nullptr;
  void* data_ = nullptr;
  std::size_t size_ = 0;
  Status status_;
};

}  // namespace tango::inline TANGO_ABI
