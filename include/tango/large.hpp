// SPDX-License-Identifier: Apache-2.0
/// \file
/// Messages larger than a payload, on the sending side: split into fragments that a `Reassembler` puts together again.
///
///     tango::LargeMessage message{bytes, {.sig = kImage}};
///     if (auto status = message.publish(producer); !status) …     // NoCredits: call it again later, it goes on
///
///     number    7     8     9     10    11    12    13          A and B: messages of two origins, interleaved;
///     message   A     B     A     B     A     C     C           C follows A from the same origin
///     ctl      SOM   SOM          EOM  EOM   SOM   EOM
///
/// Not for messages that fit into a payload: those need none of this. Such messages go as one fragment all the same.
///
/// On a lossy channel a message of more fragments than there are slots or chunks overwrites itself, unless its reader
/// keeps up: nothing waits for it. Large messages are for channels with flow control.
///
/// Source: Firedancer `src/tango/fd_tango_base.h`, "Tango messaging concepts".
///
/// Thread: a message and its producer, one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "config.hpp"
#include "error.hpp"
#include "metadata.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// A message on its way into a channel, in as many fragments as it takes. It holds no bytes and no producer: the bytes
/// stay as they are until it is `done()`, and every call is given the same producer.
///
/// Messages of different origins may be under way at a time, on one channel. One origin sends one after the other: who
/// begins a message before the last one is done has cut that one off (`MissingEom` at the receiver).
class LargeMessage {
 public:
  /// `info.sig` and `info.ts` go with every fragment. Of `info.ctl` only the origin counts (`ctl_of`); SOM and EOM are
  /// set here. Fragments carry `fragment_size` bytes, at most the producer's `max_payload()`, and the last one what is
  /// left.
  ///
  /// 0: what fits into a payload goes as one. What does not, in fragments of `max_payload() / 2`, at most 8 KiB: so
  /// there is always one to read while the next is written, and both stay in the cores' caches (1 MiB through 512 KiB
  /// of chunks: 1.7 x the speed of the largest fragments, through 16 KiB: 2 x).
  explicit LargeMessage(std::span<const std::byte> bytes, MessageInfo info = {}, std::size_t fragment_size = 0) noexcept
      : bytes_{bytes}, info_{info}, fragment_size_{fragment_size} {}
  /// The same for characters.
  explicit LargeMessage(std::string_view text, MessageInfo info = {}, std::size_t fragment_size = 0) noexcept
      : LargeMessage{detail::text_bytes(text), info, fragment_size} {}

  /// The same for a literal or a constant array: what stands before the first NUL.
  template <std::size_t N>
  explicit LargeMessage(const char (&text)[N], MessageInfo info = {}, std::size_t fragment_size = 0) noexcept
      : LargeMessage{detail::text_in(text), info, fragment_size} {}
  /// No text: where a buffer's text ends stands elsewhere. Say so: `std::string_view{buffer, n}`.
  template <std::size_t N>
  explicit LargeMessage(char (&buffer)[N], MessageInfo info = {}, std::size_t fragment_size = 0) = delete;
  /// No text: a null pointer would be taken for some.
  explicit LargeMessage(std::nullptr_t, MessageInfo info = {}, std::size_t fragment_size = 0) = delete;

  LargeMessage(LargeMessage&&) = default;  ///< the other is not used any more: it would send the rest once more
  LargeMessage& operator=(LargeMessage&&) = default;  ///< the same

  /// Bytes of the message.
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

  /// Bytes that have been published so far.
  [[nodiscard]] std::size_t sent() const noexcept { return sent_; }

  /// Whether there is nothing left to publish: its last fragment went, or it was aborted.
  [[nodiscard]] bool done() const noexcept { return done_; }

  /// Publishes its next fragment. Once it is done, success, and nothing is published. Never waits.
  ///
  /// `NoCredits`, `Stopped`, `ReservationOpen`, or what the producer's `status` says: nothing was published; after
  /// `NoCredits` and `ReservationOpen` a later call goes on where this one was. O(fragment).
  template <class Producer>
  Status publish_fragment(Producer& producer) noexcept {
    return send(producer, [](auto& to, auto bytes, const MessageInfo& info) { return to.publish(bytes, info); });
  }

  /// Publishes its fragments until it is done or one is refused: see `publish_fragment`. Never waits.
  template <class Producer>
  Status publish(Producer& producer) noexcept {
    Status status;
    while (!done_ && status.ok()) {
      status = publish_fragment(producer);
    }
    return status;
  }

  /// Publishes all that is left, each fragment as soon as there is room: waits for credits until they come, the channel
  /// is stopped (`Stopped`), or `strategy` gives up (`NoCredits`: a later call goes on).
  template <class Producer, WaitStrategy Strategy = typename Producer::DefaultStrategy>
  Status publish_blocking(Producer& producer, Strategy strategy = {}) noexcept {
    Status status;
    while (!done_ && status.ok()) {
      status = send(producer, [&strategy](auto& to, auto bytes, const MessageInfo& info) {
        return to.publish_blocking(bytes, info, detail::StrategyRef<Strategy>{&strategy});
      });
    }
    return status;
  }

  /// Gives it up: if a fragment of it went, publishes an empty one with ERR, so that the receiver drops what it has.
  /// Then it is done. Refused as `publish_fragment`: nothing has changed.
  template <class Producer>
  Status abort(Producer& producer) noexcept {
    if (begun_ && !done_) {
      MessageInfo info = info_;
      info.ctl = ctl_of(origin_of(info_.ctl), kEom | kErr);
      if (const Status status = producer.publish(std::span<const std::byte>{}, info); !status.ok()) {
        return status;
      }
    }
    done_ = true;
    return {};
  }

 private:
  template <class Producer, class Publish>
  Status send(Producer& producer, Publish publish) noexcept {
    static_assert(
        requires { producer.publish(bytes_); },
        "tango: a large message needs a channel of bytes: build it without of<T>()");
    if (done_) {
      return {};
    }
    const std::size_t left = bytes_.size() - sent_;
    const std::size_t most = largest_fragment(producer.max_payload());
    const std::size_t size = left < most ? left : most;
    const bool last = size == left;
    MessageInfo info = info_;
    info.ctl = ctl_of(origin_of(info_.ctl), static_cast<std::uint16_t>((begun_ ? 0 : kSom) | (last ? kEom : 0)));
    if (const Status status = publish(producer, bytes_.subspan(sent_, size), info); !status.ok()) {
      return status;
    }
    begun_ = true;
    sent_ += size;
    done_ = last;
    return {};
  }

  [[nodiscard]] std::size_t largest_fragment(std::size_t max_payload) const noexcept {
    constexpr std::size_t kMost = 8192;
    const std::size_t by_default = bytes_.size() <= max_payload ? max_payload
                                   : max_payload / 2 < kMost    ? max_payload / 2
                                                                : kMost;
    return fragment_size_ == 0 ? by_default : fragment_size_ < max_payload ? fragment_size_ : max_payload;
  }

  std::span<const std::byte> bytes_;
  MessageInfo info_;
  std::size_t fragment_size_;
  std::size_t sent_ = 0;
  bool begun_ = false;
  bool done_ = false;
};

}  // namespace tango::inline TANGO_ABI
