// SPDX-License-Identifier: Apache-2.0
/// \file
/// Messages larger than a payload, on the sending side: split into fragments that a `Reassembler` puts together again.
///
///     tango::LargeMessage message{bytes, {.sig = kImage}};
///     if (auto status = message.publish(producer); !status) …     // NoCredits: call it again later, it continues
///
///     number    7     8     9     10    11    12    13          A and B: messages of two origins, interleaved;
///     message   A     B     A     B     A     C     C           C follows A from the same origin
///     ctl      SOM   SOM          EOM  EOM   SOM   EOM
///
/// Do not use it for messages that fit into a payload. It sends them as one fragment, but `publish` does that as well.
///
/// On a lossy channel, the producer does not wait. A message with more fragments than there are slots or chunks then
/// overwrites its own start unless its reader keeps up. Use large messages on channels with flow control.
///
/// Source: Firedancer `src/tango/fd_tango_base.h`, "Tango messaging concepts".
///
/// Thread: that of the producer.
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

/// A message that is being published in as many fragments as it needs. It refers to the bytes, which must not change
/// until it is `done()`. It does not refer to a producer: every call must be given the same one.
///
/// Messages of different origins may be in flight on one channel at the same time. One origin sends its messages one
/// after the other. If it starts a message before the previous one is done, the receiver drops the previous one
/// (`MissingEom`).
class LargeMessage {
 public:
  /// `info.sig` and `info.ts` are sent with every fragment. Of `info.ctl` only the origin is used (`ctl_of`); SOM and
  /// EOM are set here. Fragments carry `fragment_size` bytes, at most the producer's `max_payload()`, and the last one
  /// carries the rest.
  ///
  /// A `fragment_size` of 0 chooses: a message that fits into a payload is one fragment. A larger one has fragments of
  /// `max_payload() / 2`, at most 8 KiB. Then one fragment can be read while the next is written, and both stay in the
  /// cores' caches (bench/README.md).
  explicit LargeMessage(std::span<const std::byte> bytes, MessageInfo info = {}, std::size_t fragment_size = 0) noexcept
      : bytes_{bytes}, info_{info}, fragment_size_{fragment_size} {}
  /// The same for characters.
  explicit LargeMessage(std::string_view text, MessageInfo info = {}, std::size_t fragment_size = 0) noexcept
      : LargeMessage{detail::text_bytes(text), info, fragment_size} {}

  /// The same for a literal or a constant array: the characters before the first NUL.
  template <std::size_t N>
  explicit LargeMessage(const char (&text)[N], MessageInfo info = {}, std::size_t fragment_size = 0) noexcept
      : LargeMessage{detail::text_in(text), info, fragment_size} {}
  /// Deleted: the length of the text in a buffer is not known. Pass `std::string_view{buffer, n}`.
  template <std::size_t N>
  explicit LargeMessage(char (&buffer)[N], MessageInfo info = {}, std::size_t fragment_size = 0) = delete;
  /// Deleted: a null pointer is not text.
  explicit LargeMessage(std::nullptr_t, MessageInfo info = {}, std::size_t fragment_size = 0) = delete;

  LargeMessage(LargeMessage&&) = default;             ///< do not use the other any more: it would send the rest again
  LargeMessage& operator=(LargeMessage&&) = default;  ///< the same

  /// The size of the message, in bytes.
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

  /// The number of bytes published so far.
  [[nodiscard]] std::size_t sent() const noexcept { return sent_; }

  /// Whether nothing is left to publish: the last fragment was published, or the message was aborted.
  [[nodiscard]] bool done() const noexcept { return done_; }

  /// Publishes the next fragment. Never waits. Once the message is done, returns success and publishes nothing.
  ///
  /// \return As `Producer::publish`. With an error, nothing was published. After `NoCredits` or `ReservationOpen`, a
  ///         later call continues here.
  ///
  /// Complexity: O(fragment).
  template <class Producer>
  Status publish_fragment(Producer& producer) noexcept {
    return send(producer, [](auto& to, auto bytes, const MessageInfo& info) { return to.publish(bytes, info); });
  }

  /// Publishes fragments until the message is done or one is refused: see `publish_fragment`. Never waits.
  template <class Producer>
  Status publish(Producer& producer) noexcept {
    Status status;
    while (!done_ && status.ok()) {
      status = publish_fragment(producer);
    }
    return status;
  }

  /// Publishes the rest of the message. Waits for room for each fragment, until the channel is stopped or `strategy`
  /// gives up.
  ///
  /// \retval NoCredits The strategy gave up. A later call continues here.
  /// \return Otherwise as `Producer::publish_blocking`.
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

  /// Aborts the message. If a fragment was published, publishes an empty one with ERR, so that receivers discard what
  /// was already sent. The message is then done.
  ///
  /// \return As `publish_fragment`. With an error, nothing has changed.
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
