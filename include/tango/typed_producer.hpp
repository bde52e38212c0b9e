// SPDX-License-Identifier: Apache-2.0
/// \file
/// TypedProducer: the producer of a channel whose messages are all of one type. As Producer, but it publishes nothing
/// else.
///
///     auto channel = tango::ChannelBuilder<1024, 1024, 64>{}.of<Quote>().build();
///     auto producer = channel.producer();
///     producer.publish(Quote{100, 5});
///
/// Thread: one, the producer's.
#pragma once

#include <utility>

#include "config.hpp"
#include "error.hpp"
#include "fragment.hpp"
#include "producer.hpp"
#include "record.hpp"
#include "wait.hpp"

namespace tango {

/// `Base` is a Producer.
template <Record T, class Base>
class TypedProducer : private Base {
 public:
  using Base::Base;
  using typename Base::DefaultStrategy;

  using Base::available;
  using Base::next_seq;
  using Base::status;
  using Base::stop;
  using Base::operator bool;

  /// As `Producer::publish`, `publish_blocking` and `emplace`.
  TANGO_HOT Status publish(const T& value, MessageInfo info = {}) noexcept { return Base::publish(value, info); }
  /// As `Producer::publish_blocking`.
  template <WaitStrategy Strategy = DefaultStrategy>
  TANGO_HOT Status publish_blocking(const T& value, MessageInfo info = {}, Strategy strategy = {}) noexcept {
    return Base::publish_blocking(value, info, strategy);
  }
  /// As `Producer::emplace`.
  template <class... Args>
  TANGO_HOT Status emplace(MessageInfo info, Args&&... args) noexcept {
    return Base::template emplace<T>(info, std::forward<Args>(args)...);
  }
};

}  // namespace tango
