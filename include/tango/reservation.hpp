// SPDX-License-Identifier: Apache-2.0
/// \file
/// Reservation: room in the channel for one message, which is written in place and then committed.
///
///     if (auto room = producer.reserve(sizeof quote)) {
///       fill(room.span());                                   // a reliable channel: bytes
///       if (auto status = room.commit({.sig = 7}); !status) report(status);
///     }
///
/// A reservation that is dropped without a commit publishes nothing and uses neither a sequence number nor a credit. A
/// producer has at most one open reservation. While it is open, `publish` and `reserve` return `ReservationOpen`.
///
/// Thread: the producer's. A reservation must be committed, dropped or destroyed before its producer is moved or
/// destroyed (checked).
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
#include "memory/payload_words.hpp"
#include "metadata.hpp"
#include "record.hpp"

namespace tango::inline TANGO_ABI {

/// Writes a payload on a channel where consumers may be overrun. They may still be reading the old content of the same
/// words, so every store is a relaxed atomic store, and no span is handed out. Bytes that are not written keep their
/// old values. Valid until the reservation is committed or dropped: a later write would change a published message.
class WordWriter {
 public:
  WordWriter() noexcept = default;
  /// For the library itself.
  WordWriter(detail::Passkey, detail::SharedWord* words, std::size_t size) noexcept : words_{words}, size_{size} {}

  /// The number of reserved bytes.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Writes `bytes` at `offset`. An offset that is a multiple of 8 is fastest.
  ///
  /// \pre (checked) The bytes lie within `size()`.
  TANGO_HOT void write(std::size_t offset, std::span<const std::byte> bytes) noexcept {
    TANGO_PRECONDITION(offset <= size_ && bytes.size() <= size_ - offset,
                       "WordWriter::write: within the reserved bytes");
    detail::overwrite_words(words_, offset, bytes.data(), bytes.size());
  }
  /// The same for characters.
  TANGO_HOT void write(std::size_t offset, std::string_view text) noexcept { write(offset, detail::text_bytes(text)); }

  /// The same for a literal or a constant array: the characters before the first NUL.
  template <std::size_t N>
  void write(std::size_t offset, const char (&text)[N]) noexcept {
    write(offset, detail::text_in(text));
  }
  /// Deleted: the length of the text in a buffer is not known. Pass `std::string_view{buffer, n}`.
  template <std::size_t N>
  void write(std::size_t offset, char (&buffer)[N]) = delete;
  /// Deleted: a null pointer is not text.
  void write(std::size_t offset, std::nullptr_t) = delete;

  /// Writes a field, a `Record`, at `offset`.
  ///
  /// \pre (checked) The field lies within `size()`.
  template <class T>
  TANGO_HOT void store(std::size_t offset, const T& value) noexcept {
    detail::require_record<T>();
    write(offset, detail::bytes_at(&value, sizeof(T)));
  }

 private:
  detail::SharedWord* words_ = nullptr;
  std::size_t size_ = 0;
};

template <>
inline constexpr bool kProcessLocal<WordWriter> = true;  ///< not a Record

/// Room for one message: see the file's head.
template <class Producer>
class [[nodiscard]] Reservation {
 public:
  /// A reservation that was refused. `status` is not success.
  Reservation(detail::Passkey, const Status& status) noexcept : status_{status} {
    if (status_.ok()) {
      __builtin_unreachable();  // so that compilers do not copy what follows an open reservation for this case
    }
  }

  /// An open reservation.
  template <class Unit>
  Reservation(detail::Passkey, Producer& producer, Unit* data, std::size_t size) noexcept
      : producer_{&producer}, data_{data}, size_{size} {}

  /// Afterwards `other` is closed.
  Reservation(Reservation&& other) noexcept
      : producer_{std::exchange(other.producer_, nullptr)},
        data_{other.data_},
        size_{other.size_},
        status_{std::exchange(other.status_, Error::ReservationClosed)} {}
  /// Drops the reservation that this one held. Afterwards `other` is closed.
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

  /// Success if the reservation is open, or why there is no room. `ReservationClosed` after a commit, a drop or a move.
  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] explicit operator bool() const noexcept { return status_.ok(); }  ///< whether it is open

  /// The number of reserved bytes.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// The reserved bytes, uninitialised. Valid until the commit. Only on a reliable channel.
  ///
  /// \pre (checked) The reservation is open.
  [[nodiscard]] std::span<std::byte> span() noexcept {
    static_assert(!Producer::kWords,
                  "tango: consumers of this channel may be overrun, so its payload is not handed out as a span: use "
                  "writer()");
    TANGO_PRECONDITION(status_.ok(), "Reservation::span: the reservation is open");
    return {static_cast<std::byte*>(data_), size_};
  }

  /// Writes the reserved words. Only on a lossy or observed channel.
  ///
  /// \pre (checked) The reservation is open.
  [[nodiscard]] WordWriter writer() noexcept {
    static_assert(Producer::kWords, "tango: the payload of this channel is plain bytes: use span()");
    TANGO_PRECONDITION(status_.ok(), "Reservation::writer: the reservation is open");
    return {detail::Passkey{}, static_cast<detail::SharedWord*>(data_), size_};
  }

  /// Publishes all reserved bytes.
  ///
  /// \return Success, or `status()` if the reservation is not open.
  TANGO_HOT Status commit(MessageInfo info = {}) noexcept { return commit_prefix(size_, info); }

  /// Publishes the first `used` bytes and gives the rest back.
  ///
  /// \retval CommitTooLarge `used` exceeds the reserved size (used, reserved). Nothing was published, and the
  ///         reservation stays open.
  /// \return Otherwise success, or `status()` if the reservation is not open.
  TANGO_HOT Status commit_prefix(std::size_t used, MessageInfo info = {}) noexcept {
    if (!status_.ok()) [[unlikely]] {
      return status_;
    }
    if (used > size_) [[unlikely]] {
      return {Error::CommitTooLarge, used, size_};
    }
    status_ = Error::ReservationClosed;
    std::exchange(producer_, nullptr)->commit(size_, used, info);
    return {};
  }

  /// Gives the room back without publishing. Idempotent.
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
