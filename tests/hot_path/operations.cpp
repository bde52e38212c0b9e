// SPDX-License-Identifier: Apache-2.0
// The hot operations of every legal combination of policies, each as a function of its own. Compiled and disassembled,
// never run: see check.sh. With -DMETRICS the endpoints count; with -DBUILT they are those of a ChannelBuilder's
// channel; with -DONLY_LOSSY those without flow control alone.
#include <cstddef>
#include <cstdint>
#include <span>
#include <tango/tango.hpp>

#if defined(METRICS)
#define NAME(kind, operation) kind##_metrics_##operation
using Counted = tango::Metrics;
#else
#define NAME(kind, operation) kind##_##operation
using Counted = tango::NoMetrics;
#endif

namespace {

struct Quote {
  std::uint64_t price;
  std::uint64_t more[7] = {};
};

#if defined(BUILT)

constexpr auto with_metrics_or_not(auto builder) {
#if defined(METRICS)
  return builder.with_metrics();
#else
  return builder;
#endif
}
using Builder = tango::ChannelBuilder<1024, 1024, 256>;
using lossy = decltype(with_metrics_or_not(Builder{}))::Channel;
using reliable = decltype(with_metrics_or_not(Builder{}.with_flow_control()))::Channel;
using observed = decltype(with_metrics_or_not(Builder{}.with_flow_control().with_observers()))::Channel;

// Channels of one type, and of another wait strategy.
constexpr auto typed(auto builder) {
  return with_metrics_or_not(builder).template with_wait<tango::Pause>().template of<Quote>();
}
using lossy_of = decltype(typed(Builder{}))::Channel;
using reliable_of = decltype(typed(Builder{}.with_flow_control()))::Channel;
using observed_of = decltype(typed(Builder{}.with_flow_control().with_observers()))::Channel;
[[gnu::always_inline]] inline bool emplace_quote(auto& producer, std::uint64_t price) {
  return producer.emplace({.sig = 7}, price).ok();
}

#else

template <class Cache, class Flow, class Waiting = tango::Busy, class Message = tango::AnyMessage>
struct Wired {
  using Chunks = tango::DCache<1024, 256, Cache>;
  using Layout = tango::SlotLayout<tango::kInlineBytes, Cache>;
  using Producer = tango::Producer<1024, Chunks, Flow, Counted, Waiting, Message, Layout>;
  using Consumer = tango::Consumer<1024, Chunks, Flow, Counted, tango::Busy, tango::AnyMessage, Layout>;
};
using lossy = Wired<tango::Words, tango::NoFlowControl>;
using reliable = Wired<tango::Plain, tango::Fctl>;
using observed = Wired<tango::Words, tango::Fctl>;
using lossy_of = Wired<tango::Words, tango::NoFlowControl, tango::Pause, Quote>;
using reliable_of = Wired<tango::Plain, tango::Fctl, tango::Pause, Quote>;
using observed_of = Wired<tango::Words, tango::Fctl, tango::Pause, Quote>;
[[gnu::always_inline]] inline bool emplace_quote(auto& producer, std::uint64_t price) {
  return producer.template emplace<Quote>({.sig = 7}, price).ok();
}

#endif

template <class Producer>
[[gnu::always_inline]] inline bool fill_and_commit(tango::Reservation<Producer> room, std::uint64_t value) {
  if (!room) {
    return false;
  }
  if constexpr (Producer::kWords) {
    room.writer().store(0, value);
  } else {
    __builtin_memcpy(room.span().data(), &value, sizeof value);
  }
  return room.commit({.sig = 7}).ok();
}

template <class Consumer>
std::uint64_t look(Consumer& consumer) {
  auto fragment = consumer.poll();
  return fragment ? fragment->sig() + fragment->size() : 0;
}

}  // namespace

#define PRODUCER(kind)                                                                                          \
  using NAME(kind, Producer) = kind::Producer;                                                                  \
  extern "C" bool NAME(kind, publish)(NAME(kind, Producer) & p, const std::byte* bytes, std::size_t size) {     \
    return p.publish(std::span{bytes, size}, {.sig = 7}).ok();                                                  \
  }                                                                                                             \
  extern "C" bool NAME(kind, publish_64)(NAME(kind, Producer) & p, const std::byte* bytes) {                    \
    return p.publish(std::span<const std::byte, 64>{bytes, 64}, {.sig = 7}).ok();                               \
  }                                                                                                             \
  extern "C" bool NAME(kind, publish_blocking_64)(NAME(kind, Producer) & p, const std::byte* bytes) {           \
    return p.publish_blocking(std::span<const std::byte, 64>{bytes, 64}, {.sig = 7}).ok();                      \
  }                                                                                                             \
  extern "C" bool NAME(kind, publish_1024)(NAME(kind, Producer) & p, const std::byte* bytes) {                  \
    return p.publish(std::span<const std::byte, 1024>{bytes, 1024}, {.sig = 7}).ok();                           \
  }                                                                                                             \
  extern "C" bool NAME(kind, reserve_blocking_commit)(NAME(kind, Producer) & p, std::size_t size,               \
                                                      std::uint64_t value) {                                    \
    return fill_and_commit(p.reserve_blocking(size), value);                                                    \
  }                                                                                                             \
  extern "C" bool NAME(kind, reserve_commit)(NAME(kind, Producer) & p, std::size_t size, std::uint64_t value) { \
    return fill_and_commit(p.reserve(size), value);                                                             \
  }

#define VALUES(kind)                                                                                   \
  using NAME(kind, ProducerOf) = kind##_of::Producer;                                                  \
  extern "C" bool NAME(kind, publish_value)(NAME(kind, ProducerOf) & p, const Quote& quote) {          \
    return p.publish(quote, {.sig = 7}).ok();                                                          \
  }                                                                                                    \
  extern "C" bool NAME(kind, publish_value_blocking)(NAME(kind, ProducerOf) & p, const Quote& quote) { \
    return p.publish_blocking(quote, {.sig = 7}).ok();                                                 \
  }                                                                                                    \
  extern "C" bool NAME(kind, emplace_value)(NAME(kind, ProducerOf) & p, std::uint64_t price) {         \
    return emplace_quote(p, price);                                                                    \
  }

#define CONSUMER(kind)                         \
  using NAME(kind, Consumer) = kind::Consumer; \
  extern "C" std::uint64_t NAME(kind, poll)(NAME(kind, Consumer) & c) { return look(c); }

#define COPIER(kind)                                                                                           \
  extern "C" bool NAME(kind, poll_copy)(NAME(kind, Consumer) & c, std::byte * out, std::size_t room) {         \
    auto fragment = c.poll();                                                                                  \
    return fragment && fragment->copy_to(std::span{out, room}).ok();                                           \
  }                                                                                                            \
  extern "C" bool NAME(kind, copy)(tango::SpeculativeFragment & fragment, std::byte * out, std::size_t room) { \
    return fragment.copy_to(std::span{out, room}).ok();                                                        \
  }

PRODUCER(lossy)
VALUES(lossy)
CONSUMER(lossy)  // an observer is the same type
COPIER(lossy)
#if !defined(ONLY_LOSSY)
PRODUCER(reliable)
VALUES(reliable)
PRODUCER(observed)
VALUES(observed)
CONSUMER(reliable)
CONSUMER(observed)
#endif
