// SPDX-License-Identifier: Apache-2.0
/// \file
/// TypedProducer: the producer of a channel of one message type. It is like Producer, but it publishes only that type.
///
///     auto channel = tango::ChannelBuilder<1024>{}.of<Quote>().build();
///     auto producer = channel.producer();
///     producer.publish(Quote{100, 5});
///
/// Thread: every function belongs to one thread, the producer's.
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "config.hpp"
#include "error.hpp"
#include "message.hpp"
#include "metadata.hpp"
#include "producer.hpp"
#include "record.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

namespace detail {

/// What a producer of `T` does not accept as a `T`: types that do not convert to it, and scalars and arrays that would
/// convert implicitly.
template <class U, class T>
concept ImplicitConversion =
    !std::is_same_v<U, T> && (!std::is_convertible_v<const U&, const T&> ||
                              (std::is_scalar_v<T> && (std::is_scalar_v<U> || std::is_array_v<U>)));

}  // namespace detail

/// `Base` is a Producer.
template <Record T, class Base>
class TypedProducer : private Base {
  static constexpr bool kMetadata = Base::kMetadata;

 public:
  using Base::Base;
  using typename Base::DefaultStrategy;

  using Base::available;
  using Base::max_payload;
  using Base::next_seq;
  using Base::status;
  using Base::stop;
  using Base::operator bool;

  /// As `Producer::publish`.
  TANGO_HOT Status publish(const T& value, MessageInfo info = {}) noexcept requires(kMetadata) {
    return Base::publish(value, info);
  }
  /// As `Producer::publish_blocking`.
  template <WaitStrategy Strategy = DefaultStrategy>
  TANGO_HOT Status publish_blocking(const T& value, MessageInfo info = {}, Strategy strategy = {}) noexcept
      requires(kMetadata) {
    return Base::publish_blocking(value, info, strategy);
  }

  /// The same on a channel that was built `without_metadata()`. With a MessageInfo they do not compile.
  /// @{
  TANGO_HOT Status publish(const T& value) noexcept requires(!kMetadata) { return Base::publish(value); }
  template <WaitStrategy Strategy = DefaultStrategy>
  TANGO_HOT Status publish_blocking(const T& value, Strategy strategy = {}) noexcept requires(!kMetadata) {
    return Base::publish_blocking(value, {}, strategy);
  }
  template <class Info = MessageInfo>
  Status publish(const T& value, const Info&) noexcept requires(!kMetadata) {
    need_metadata<Info>();
    return publish(value);
  }
  template <class Strategy = DefaultStrategy>
  Status publish_blocking(const T& value, const MessageInfo&, Strategy = {}) noexcept requires(!kMetadata) {
    need_metadata<Strategy>();
    return publish_blocking(value);
  }
  /// @}

  /// Deleted for a type that is not `T` or would be converted implicitly: 3.9 would become the integer 3, -1 the
  /// largest unsigned integer, and text the bool true. Write `publish(T{…})`, or braces alone: both reject a narrowing
  /// conversion.
  template <detail::ImplicitConversion<T> U>
  Status publish(const U& value, MessageInfo info = {}) = delete;  // not the channel's T: publish(T{...})
  /// The same.
  template <detail::ImplicitConversion<T> U, WaitStrategy Strategy = DefaultStrategy>
  Status publish_blocking(const U& value, MessageInfo info = {},
                          Strategy strategy = {}) = delete;  // not the channel's T: publish_blocking(T{...})

  /// As `Producer::emplace`.
  template <class... Args>
  TANGO_HOT Status emplace(MessageInfo info, Args&&... args) noexcept {
    if constexpr (!kMetadata) {
      need_metadata<T>();
    }
    return Base::template emplace<T>(info, std::forward<Args>(args)...);
  }
  /// The same with a default MessageInfo and no arguments.
  TANGO_HOT Status emplace() noexcept { return Base::template emplace<T>({}); }
  /// The same with a default MessageInfo. (A first argument that is a `MessageInfo`, or `{…}`, is taken as one.)
  template <class First, class... Args>
  requires(!std::is_convertible_v<First&&, MessageInfo>) TANGO_HOT Status emplace(First&& first, Args&&... args)
  noexcept { return Base::template emplace<T>({}, std::forward<First>(first), std::forward<Args>(args)...); }

 private:
  template <class Argument>
  static constexpr void need_metadata() noexcept {
    static_assert(kMetadata || detail::kNever<Argument>,
                  "tango: this channel was built without_metadata(): its messages have no sig, ctl and ts");
  }

 public:
  // Functions that exist only on a channel of bytes. Here they explain why not.

  /// Does not compile: several `T`s in one message would not be a `T` to the consumer.
  template <class Records>
  BatchStatus publish_packed(const Records&, MessageInfo = {}) noexcept {
    static_assert(detail::kNever<Records>,
                  "tango: a message of this channel is one T: publish them one by one, or build the channel without "
                  "of<T>() and pack them");
    return {};
  }
  /// The same.
  template <class Records, class Strategy = DefaultStrategy>
  BatchStatus publish_packed_blocking(const Records& records, MessageInfo info = {}, Strategy = {}) noexcept {
    return publish_packed(records, info);
  }
  /// Does not compile: the reserved bytes could become anything.
  template <std::convertible_to<std::size_t> Size>
  void reserve(Size) noexcept {
    static_assert(detail::kNever<Size>, "tango: a message of this channel is one T: emplace constructs it in place");
  }
  /// The same.
  template <std::convertible_to<std::size_t> Size, class Strategy = DefaultStrategy>
  void reserve_blocking(Size size, Strategy = {}) noexcept {
    reserve(size);
  }
};

}  // namespace tango::inline TANGO_ABI
