// SPDX-License-Identifier: Apache-2.0
/// \file
/// PublishOverloads: what a producer publishes besides bytes: text, values, values constructed in place, batches, and
/// records packed into a message. Each becomes bytes here, which the producer's own `publish`, `publish_blocking` or
/// `reserve` sends.
///
/// Thread: the producer's.
#pragma once

#include <cstddef>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include "../config.hpp"
#include "../error.hpp"
#include "../message.hpp"
#include "../metadata.hpp"
#include "../packed.hpp"
#include "../record.hpp"
#include "../wait.hpp"
#include "packing.hpp"

namespace tango::inline TANGO_ABI {

/// A base class of `Self`, a Producer. `Waiting` is the default wait strategy of its blocking calls.
template <class Self, WaitStrategy Waiting>
class PublishOverloads {
 public:
  /// Publishes characters, without a terminator. See `Producer::publish`.
  TANGO_HOT Status publish(std::string_view text, MessageInfo info = {}) noexcept {
    return self().publish(detail::text_bytes(text), info);
  }

  /// Deleted: the length of the text in a buffer is not known. Pass `std::string_view{buffer, n}`.
  template <std::size_t N>
  Status publish(char (&buffer)[N], MessageInfo info = {}) = delete;  // how much of it? std::string_view{buffer, n}

  /// Publishes a value as its bytes: see record.hpp. Of a literal or a constant array of characters, the characters
  /// before the first NUL.
  template <detail::Value T>
  TANGO_HOT Status publish(const T& value, MessageInfo info = {}) noexcept {
    return self().publish(detail::value_bytes(value), info);
  }

  /// Constructs a `T` from `args` (in braces) and publishes it. On a reliable channel it is constructed in place,
  /// unless it fits into its slot and slots are words or less aligned than a `T`; otherwise it is copied.
  ///
  /// \return As `publish`. With an error, no `T` was published.
  template <class T, class... Args>
  TANGO_HOT Status emplace(MessageInfo info, Args&&... args) noexcept {
    detail::require_record<T>();
    static_assert(noexcept(T{std::declval<Args>()...}), "tango: emplace needs a constructor that is noexcept");
    constexpr bool kInChunks = sizeof(T) > Self::kInlineBytes;
    if constexpr (Self::kWords || (!kInChunks && (sizeof(T) > Self::kMaxInSlot || alignof(T) > Self::kSlotAlignment))) {
      return self().publish(T{std::forward<Args>(args)...}, info);
    } else {
      static_assert(!kInChunks || alignof(T) <= kLineSize,
                    "tango: a chunk is aligned to a cache line: a type with a larger alignment cannot be emplaced");
      auto room = self().reserve(sizeof(T));
      if (!room) [[unlikely]] {
        return room.status();
      }
      ::new (static_cast<void*>(room.span().data())) T{std::forward<Args>(args)...};
      return room.commit(info);
    }
  }

  /// Publishes characters, without a terminator, and waits for room. See `Producer::publish_blocking`.
  template <WaitStrategy Strategy = Waiting>
  TANGO_HOT Status publish_blocking(std::string_view text, MessageInfo info = {}, Strategy strategy = {}) noexcept {
    return self().publish_blocking(detail::text_bytes(text), info, strategy);
  }

  /// Deleted: as for `publish`.
  template <std::size_t N, WaitStrategy Strategy = Waiting>
  Status publish_blocking(char (&buffer)[N], MessageInfo info = {},
                          Strategy strategy = {}) = delete;  // how much of it? std::string_view{buffer, n}

  /// The same for a value, as its bytes.
  template <detail::Value T, WaitStrategy Strategy = Waiting>
  TANGO_HOT Status publish_blocking(const T& value, MessageInfo info = {}, Strategy strategy = {}) noexcept {
    return self().publish_blocking(detail::value_bytes(value), info, strategy);
  }

  /// Publishes messages in order, each under its own sequence number, until one is refused. Never waits.
  ///
  /// \return How many were published, and why the next one was not.
  BatchStatus publish_batch(std::span<const Message> messages) noexcept {
    BatchStatus batch;
    for (const Message& message : messages) {
      batch.status = self().publish(message.payload, message.info);
      if (!batch.status.ok()) {
        break;
      }
      ++batch.count;
    }
    return batch;
  }

  /// Packs as many records as there is room for, from the first on, into one message under one sequence number: see
  /// packed.hpp. `records` is a contiguous range (std::vector, std::array, span, …) of a `Record` type, or of byte
  /// ranges or string views, each a record of its own size. Never waits. An empty range publishes no message.
  ///
  /// If chunks are short, the message is as large as the free chunks. No message is sent for the few bytes that fit
  /// into a slot alone (`NoCredits` with a count of 0).
  ///
  /// \return `count` is the number of records published. Unless it is all of them, `status` is the reason: `NoCredits`;
  ///         `PayloadTooLarge` (bytes of all records packed, the largest payload) if the rest needs another message;
  ///         or, with a count of 0, another error of `publish`.
  ///
  /// Complexity: O(bytes).
  template <PackableRange Records>
  BatchStatus publish_packed(const Records& records, MessageInfo info = {}) noexcept {
    return detail::publish_packed(self(), detail::packing_of(records), info);
  }

  /// Publishes all records in as few messages as possible. Waits for room for each message as a whole, as
  /// `publish_blocking` does.
  ///
  /// \return `count` is the number of records published. `status` is why the next one was not: `NoCredits` if the
  ///         strategy gave up; `PayloadTooLarge` (bytes of this record packed, the largest payload); or another error
  ///         of `publish`.
  ///
  /// Complexity: O(bytes).
  template <PackableRange Records, WaitStrategy Strategy = Waiting>
  BatchStatus publish_packed_blocking(const Records& records, MessageInfo info = {}, Strategy strategy = {}) noexcept {
    return detail::publish_packed_blocking(self(), detail::packing_of(records), info,
                                           detail::StrategyRef<Strategy>{&strategy});
  }

 private:
  friend Self;
  PublishOverloads() noexcept = default;

  [[nodiscard]] TANGO_HOT Self& self() noexcept { return static_cast<Self&>(*this); }
};

}  // namespace tango::inline TANGO_ABI
