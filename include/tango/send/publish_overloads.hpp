// SPDX-License-Identifier: Apache-2.0
/// \file
/// PublishOverloads: what a producer publishes besides bytes. Text, values, values made in place, batches, and records packed into
/// a message: each becomes bytes here, which the producer's own `publish`, `publish_blocking` or `reserve` sends.
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

/// Part of `Self`, a Producer, whose blocking calls wait as `Waiting` does unless they are told otherwise.
template <class Self, WaitStrategy Waiting>
class PublishOverloads {
 public:
  /// Publishes characters, as bytes are published; no terminator is sent.
  TANGO_HOT Status publish(std::string_view text, MessageInfo info = {}) noexcept {
    return self().publish(detail::text_bytes(text), info);
  }

  /// No text: where a buffer's text ends stands elsewhere, not at its first NUL. Say so: `std::string_view{buffer, n}`.
  template <std::size_t N>
  Status publish(char (&buffer)[N], MessageInfo info = {}) = delete;  // how much of it? std::string_view{buffer, n}

  /// The same for a value, as its bytes: see record.hpp. Of a literal, and of a constant array of characters, what stands
  /// before the first NUL.
  template <detail::Value T>
  TANGO_HOT Status publish(const T& value, MessageInfo info = {}) noexcept {
    return self().publish(detail::value_bytes(value), info);
  }

  /// Publishes a `T` made from `args` (in braces): a large one in place on a reliable channel, else by copy. Errors as
  /// `publish`; then none is made.
  template <class T, class... Args>
  TANGO_HOT Status emplace(MessageInfo info, Args&&... args) noexcept {
    detail::require_record<T>();
    static_assert(noexcept(T{std::declval<Args>()...}), "tango: emplace needs a constructor that is noexcept");
    if constexpr (Self::kWords || sizeof(T) <= kInlineBytes) {
      return self().publish(T{std::forward<Args>(args)...}, info);
    } else {
      static_assert(alignof(T) <= kLineSize, "tango: a chunk is aligned to a line: emplace no type that needs more");
      auto room = self().reserve(sizeof(T));
      if (!room) [[unlikely]] {
        return room.status();
      }
      ::new (static_cast<void*>(room.span().data())) T{std::forward<Args>(args)...};
      return room.commit(info);
    }
  }

  /// Publishes characters as soon as there is room; no terminator is sent.
  template <WaitStrategy Strategy = Waiting>
  TANGO_HOT Status publish_blocking(std::string_view text, MessageInfo info = {}, Strategy strategy = {}) noexcept {
    return self().publish_blocking(detail::text_bytes(text), info, strategy);
  }

  /// No text: as with `publish`.
  template <std::size_t N, WaitStrategy Strategy = Waiting>
  Status publish_blocking(char (&buffer)[N], MessageInfo info = {},
                          Strategy strategy = {}) = delete;  // how much of it? std::string_view{buffer, n}

  /// The same for a value, as its bytes.
  template <detail::Value T, WaitStrategy Strategy = Waiting>
  TANGO_HOT Status publish_blocking(const T& value, MessageInfo info = {}, Strategy strategy = {}) noexcept {
    return self().publish_blocking(detail::value_bytes(value), info, strategy);
  }

  /// Publishes messages in their order, each under a number of its own, until one is refused.
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

  /// Publishes as many records as there is room for, from the first on, packed into one message under one number:
  /// see packed.hpp. `records` is a contiguous range (std::vector, std::array, span, …) of a `Record` type; or of byte
  /// ranges or string views, each a record of its own size.
  ///
  /// `count` says how many records were accepted; unless all were, `status` says why not more: `NoCredits`, or
  /// `PayloadTooLarge` (bytes of all of them packed, the largest payload): the rest needs a further message. No record,
  /// no message. Other errors as `publish`, with a count of 0. O(bytes).
  ///
  /// Where chunks are short, the message is as large as the free ones; none is sent for the few bytes that a slot holds
  /// by itself (`NoCredits`, 0).
  template <PackableRange Records>
  BatchStatus publish_packed(const Records& records, MessageInfo info = {}) noexcept {
    return detail::publish_packed(self(), detail::packing_of(records), info);
  }

  /// Publishes all records, in as few messages as carry them: each as soon as there is room for it whole, with waits as in
  /// `publish_blocking`. `count` says how many records were accepted; `status` why not the next one: `NoCredits` (the
  /// strategy gave up), `PayloadTooLarge` (bytes of this record packed, the largest payload), or as `publish`. O(bytes).
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
