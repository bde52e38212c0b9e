// SPDX-License-Identifier: Apache-2.0
// What a builder does not build, and what a typed channel does not carry.
#include <array>
#include <string>
#include <tango/tango.hpp>
#include <vector>

struct Quote {
  std::uint64_t price;
};
struct Large {
  std::byte bytes[4096];
};
struct NoWait {
  explicit NoWait(int) {}
  bool idle(std::uint64_t) noexcept { return true; }
};
struct Throws {
  Throws() {}
};

using Builder = tango::ChannelBuilder<8, 8, 64>;

int main() {
  auto lossy = Builder{}.build();
  [[maybe_unused]] auto reliable = Builder{}.with_flow_control().build();
  auto typed = Builder{}.of<Quote>().with_metrics().build();
  auto producer = lossy.producer();
  auto typed_producer = typed.producer();
  bool ok = reliable.start() == 1 && producer.publish(Quote{1}).ok() && typed_producer.publish(Quote{1}).ok();

#ifdef FLOW_CONTROL_TWICE  // expect: with_flow_control was called before
  static_cast<void>(Builder{}.with_flow_control().with_flow_control());
#endif

#ifdef OBSERVERS_TWICE  // expect: with_observers was called before
  static_cast<void>(Builder{}.with_observers().with_observers());
#endif

#ifdef METRICS_TWICE  // expect: with_metrics was called before
  static_cast<void>(Builder{}.with_metrics().with_metrics());
#endif

#ifdef WAIT_TWICE  // expect: with_wait was called before
  static_cast<void>(Builder{}.with_wait<tango::Pause>().with_wait<tango::Busy>());
#endif

#ifdef TYPE_TWICE  // expect: of was called before
  static_cast<void>(Builder{}.of<Quote>().of<Quote>());
#endif

#ifdef OBSERVERS_WITHOUT_FLOW_CONTROL  // expect: with_observers needs with_flow_control
  auto wrong = Builder{}.with_observers().build();
#endif

#ifdef WAIT_THAT_NEEDS_ARGUMENTS  // expect: a channel's wait strategy is a type that needs no arguments
  static_cast<void>(Builder{}.with_wait<NoWait>());
#endif

#ifdef WAIT_THAT_NEEDS_A_BOUND  // expect: a channel's wait strategy is a type that needs no arguments
  static_cast<void>(Builder{}.with_wait<tango::Bounded>());
#endif

#ifdef WAIT_THAT_IS_NONE  // expect: (constraint|no matching|requirement)
  static_cast<void>(Builder{}.with_wait<Quote>());
#endif

#ifdef TYPE_TOO_LARGE  // expect: a message of this type is larger than the largest payload
  static_cast<void>(Builder{}.of<Large>());
#endif

#ifdef TYPE_NO_RECORD  // expect: only a trivially copyable type travels as its bytes
  static_cast<void>(Builder{}.of<std::string>());
#endif

#ifdef DEPTH_THREE  // expect: the depth of an MCache must be a power of two and at least 2
  auto wrong = tango::ChannelBuilder<3, 8, 64>{}.build();
#endif

#ifdef OBSERVER_ON_RELIABLE  // expect: the consumers of this channel are all reliable
  auto wrong = reliable.observer();
#endif

#ifdef FCTL_ON_LOSSY  // expect: this channel was built without flow control
  auto& wrong = lossy.fctl();
#endif

#ifdef METRICS_ABSENT  // expect: this channel was built without metrics
  auto& wrong = lossy.metrics();
#endif

#ifdef CHANNEL_COPY  // expect: (use of deleted function|call to deleted constructor)
  auto wrong = lossy;
#endif

#ifdef TYPED_OTHER_TYPE  // expect: (cannot convert|no matching|could not convert|no viable conversion)
  ok = typed_producer.publish(Large{}).ok();
#endif

#ifdef TYPED_BYTES  // expect: (inaccessible|private|no member named)
  ok = typed_producer.reserve(8).status().ok();
#endif

#ifdef PUBLISH_VECTOR_OF_INT  // expect: only a trivially copyable type travels as its bytes, and no pointer, array, range or string
  ok = producer.publish(std::vector<int>(3)).ok();
#endif

#ifdef PUBLISH_ARRAY_OF_INT  // expect: only a trivially copyable type travels as its bytes
  ok = producer.publish(std::array<int, 3>{}).ok();
#endif

#ifdef PUBLISH_POINTER  // expect: only a trivially copyable type travels as its bytes
  ok = producer.publish(&ok).ok();
#endif

#ifdef PUBLISH_NULL  // expect: (use of deleted function|call to deleted member function)
  ok = producer.publish(nullptr).ok();
#endif

#ifdef PUBLISH_NULL_BLOCKING  // expect: (use of deleted function|call to deleted member function)
  ok = producer.publish_blocking(nullptr).ok();
#endif

#ifdef AS_STATUS  // expect: a Result of a Status could not tell a value from a cause
  auto consumer = lossy.consumer();
  auto fragment = consumer.poll();
  auto wrong = fragment->as<tango::Status>();
#endif

#ifdef PUBLISH_LARGE_MESSAGE  // expect: only a trivially copyable type travels as its bytes
  ok = producer.publish(tango::LargeMessage{"text"}).ok();
#endif

#ifdef PUBLISH_MESSAGE  // expect: a Message is published by publish_batch
  ok = producer.publish(tango::Message{}).ok();
#endif

#ifdef PUBLISH_FRAGMENT_VIEW  // expect: of a fragment, publish its payload
  ok = producer.publish(tango::FragmentView{}).ok();
#endif

#ifdef EMPLACE_MAY_THROW  // expect: emplace needs a constructor that is noexcept
  ok = producer.emplace<Throws>({}).ok();
#endif

#ifdef AS_STRING  // expect: only a trivially copyable type travels as its bytes
  auto consumer = lossy.consumer();
  auto fragment = consumer.poll();
  auto wrong = fragment->as<std::string>();
#endif

  return ok ? 0 : 1;
}
