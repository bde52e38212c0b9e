// SPDX-License-Identifier: Apache-2.0
// The hot operations of every legal combination of policies, each as a function of its own. Compiled and disassembled,
// never run: see check.sh. `Body` is a large message. With -DMETRICS the endpoints count; with -DBUILT they are those
// of a ChannelBuilder's channel; with -DONLY_LOSSY those without flow control alone.
#include <cstddef>
#include <cstdint>
#include <new>
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

#if !defined(BODY_BYTES)
#define BODY_BYTES 1024
#endif
struct Body {
  std::uint64_t words[BODY_BYTES / 8];
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
template <class T>
constexpr auto typed(auto builder) {
  return with_metrics_or_not(builder).template with_wait<tango::Pause>().template of<T>();
}
template <class T>
using lossy_of = typename decltype(typed<T>(Builder{}))::Channel;
template <class T>
using reliable_of = typename decltype(typed<T>(Builder{}.with_flow_control()))::Channel;
template <class T>
using observed_of = typename decltype(typed<T>(Builder{}.with_flow_control().with_observers()))::Channel;
template <class T>
[[gnu::always_inline]] inline bool emplace(auto& producer, std::uint64_t first) {
  return producer.emplace({.sig = 7}, first).ok();
}

#else

template <class Cache, class Flow, class Waiting = tango::Busy, class Message = tango::AnyMessage>
struct Wired {
  using Chunks = tango::DCache<1024, 256, Cache>;
  using Layout = tango::SlotLayout<tango::kInlineBytes, Cache>;
  using Producer = tango::Producer<1024, Chunks, Flow, Counted, Waiting, Message, Layout>;
  using Consumer = tango::Consumer<1024, Chunks, Flow, Counted, tango::Busy, Message, Layout>;
};
using lossy = Wired<tango::Words, tango::NoFlowControl>;
using reliable = Wired<tango::Plain, tango::Fctl>;
using observed = Wired<tango::Words, tango::Fctl>;
template <class T>
using lossy_of = Wired<tango::Words, tango::NoFlowControl, tango::Pause, T>;
template <class T>
using reliable_of = Wired<tango::Plain, tango::Fctl, tango::Pause, T>;
template <class T>
using observed_of = Wired<tango::Words, tango::Fctl, tango::Pause, T>;
template <class T>
[[gnu::always_inline]] inline bool emplace(auto& producer, std::uint64_t first) {
  return producer.template emplace<T>({.sig = 7}, first).ok();
}

#endif

template <class Producer>
[[gnu::always_inline]] inline bool fill_and_commit(tango::Reservation<Producer> room, const auto& value) {
  if (!room) {
    return false;
  }
  if constexpr (Producer::kWords) {
    room.writer().store(0, value);
  } else {
    tango::detail::copy_bytes(room.span().data(), &value, sizeof value);
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
  using NAME(kind, ProducerOf) = kind##_of<Quote>::Producer;                                           \
  extern "C" bool NAME(kind, publish_value)(NAME(kind, ProducerOf) & p, const Quote& quote) {          \
    return p.publish(quote, {.sig = 7}).ok();                                                          \
  }                                                                                                    \
  extern "C" bool NAME(kind, publish_value_blocking)(NAME(kind, ProducerOf) & p, const Quote& quote) { \
    return p.publish_blocking(quote, {.sig = 7}).ok();                                                 \
  }                                                                                                    \
  extern "C" bool NAME(kind, emplace_value)(NAME(kind, ProducerOf) & p, std::uint64_t price) {         \
    return emplace<Quote>(p, price);                                                                   \
  }

// Each way to write and to read a large message, 1 KiB unless BODY_BYTES says otherwise.
#define WRITES_1K(kind)                                                                          \
  using NAME(kind, ProducerOf1k) = kind##_of<Body>::Producer;                                    \
  extern "C" bool NAME(kind, 1k_publish_value)(NAME(kind, ProducerOf1k) & p, const Body& body) { \
    return p.publish(body, {.sig = 7}).ok();                                                     \
  }                                                                                              \
  extern "C" bool NAME(kind, 1k_reserve_commit)(NAME(kind, Producer) & p, const Body& body) {    \
    return fill_and_commit(p.reserve(sizeof body), body);                                        \
  }
#define READS_1K(kind)                                                                          \
  using NAME(kind, Fragment1k) = kind##_of<Body>::Consumer::Fragment;                           \
  extern "C" void NAME(kind, 1k_value)(NAME(kind, Fragment1k) & f, tango::Result<Body> * out) { \
    ::new (out) tango::Result<Body>{f.value()};                                                 \
  }                                                                                             \
  extern "C" bool NAME(kind, 1k_copy_to)(NAME(kind, Fragment1k) & f, Body & out) { return f.copy_to(out).ok(); }

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
WRITES_1K(lossy)
CONSUMER(lossy)  // an observer is the same type
COPIER(lossy)
READS_1K(lossy)
extern "C" Body NAME(lossy, 1k_load)(const tango::SpeculativeFragment& f) { return f.load<Body>(0); }
extern "C" bool NAME(lossy, 1k_read)(tango::SpeculativeFragment& f, Body& out) { return f.read(0, out); }
#if !defined(ONLY_LOSSY)
PRODUCER(reliable)
VALUES(reliable)
WRITES_1K(reliable)
PRODUCER(observed)
VALUES(observed)
WRITES_1K(observed)
CONSUMER(reliable)
READS_1K(reliable)
extern "C" bool NAME(reliable, 1k_emplace)(NAME(reliable, ProducerOf1k) & p, std::uint64_t first) {
  return emplace<Body>(p, first);
}
extern "C" std::uint64_t NAME(reliable, 1k_view)(const NAME(reliable, Fragment1k) & f) {
  const auto body = f.view();
  return body ? body->words[1] : 0;
}
extern "C" Body NAME(reliable, 1k_element)(const tango::PackedArray<Body>& bodies) { return bodies[1]; }
CONSUMER(observed)
READS_1K(observed)
#endif
