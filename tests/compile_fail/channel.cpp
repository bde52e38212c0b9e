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
struct View {
  const char* at = nullptr;
};
template <>
inline constexpr bool tango::kProcessLocal<View> = true;

using Builder = tango::ChannelBuilder<8, 8, 64>;

int main() {
  auto lossy = Builder{}.build();
  [[maybe_unused]] auto reliable = Builder{}.with_flow_control().build();
  auto typed = Builder{}.of<Quote>().with_metrics().build();
  [[maybe_unused]] auto typed_reliable = Builder{}.of<Quote>().with_flow_control().build();
  auto producer = lossy.producer();
  auto typed_producer = typed.producer();
  auto channel_of_numbers = Builder{}.of<std::uint32_t>().build();
  auto channel_of_flags = Builder{}.of<bool>().build();
  auto numbers = channel_of_numbers.producer();
  auto flags = channel_of_flags.producer();
  bool ok = numbers.publish(1u).ok() && numbers.publish({1}).ok() && flags.publish(true).ok() &&
            reliable.start() == 1 && producer.publish(Quote{1}).ok() && typed_producer.publish(Quote{1}).ok();

#ifdef PRODUCER_OF_A_TEMPORARY  // expect: (use of deleted function|call to deleted member function)
  static_cast<void>(Builder{}.build().producer());
#endif

#ifdef CONSUMER_OF_A_TEMPORARY  // expect: (use of deleted function|call to deleted member function)
  static_cast<void>(Builder{}.build().consumer());
#endif

#ifdef CONSUMER_OF_A_TEMPORARY_FROM_A_NUMBER  // expect: (use of deleted function|call to deleted member function)
  static_cast<void>(Builder{}.build().consumer(1));
#endif

#ifdef OBSERVER_OF_A_TEMPORARY  // expect: (use of deleted function|call to deleted member function)
  static_cast<void>(Builder{}.build().observer());
#endif

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

#ifdef TYPE_NO_RECORD  // expect: only a trivially copyable type can be sent as its bytes
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

#ifdef TYPED_OTHER_TYPE  // expect: (use of deleted function|call to deleted member function)
  ok = typed_producer.publish(Large{}).ok();
#endif

#ifdef TYPED_FRACTION_AS_INTEGER  // expect: (use of deleted function|call to deleted member function)
  ok = numbers.publish(3.9).ok();
#endif

#ifdef TYPED_NEGATIVE_AS_UNSIGNED  // expect: (use of deleted function|call to deleted member function)
  ok = numbers.publish(-1).ok();
#endif

#ifdef TYPED_WIDER_INTEGER_BLOCKING  // expect: (use of deleted function|call to deleted member function)
  ok = numbers.publish_blocking(std::uint64_t{1}).ok();
#endif

#ifdef TYPED_BRACES_THAT_NARROW  // expect: narrowing
  ok = numbers.publish({-1}).ok();
#endif

#ifdef TYPED_TEXT_AS_BOOL  // expect: (use of deleted function|call to deleted member function)
  ok = flags.publish("no").ok();
#endif

#ifdef TYPED_POINTER_AS_BOOL  // expect: (use of deleted function|call to deleted member function)
  ok = flags.publish_blocking(&ok).ok();
#endif

#ifdef TYPED_RESERVE  // expect: a message of this channel is one T: emplace constructs it in place
  typed_producer.reserve(8);
#endif

#ifdef TYPED_RESERVE_BLOCKING  // expect: a message of this channel is one T: emplace constructs it in place
  typed_producer.reserve_blocking(8);
#endif

#ifdef TYPED_PACKED  // expect: a message of this channel is one T: publish them one by one
  const Quote quotes[2] = {};
  ok = typed_producer.publish_packed(quotes).status.ok();
#endif

#ifdef TYPED_PACKED_BLOCKING  // expect: a message of this channel is one T: publish them one by one
  const Quote quotes[2] = {};
  ok = typed_producer.publish_packed_blocking(quotes).status.ok();
#endif

#ifdef TYPED_LARGE_MESSAGE  // expect: a large message needs a channel of bytes
  tango::LargeMessage message{"text"};
  ok = message.publish(typed_producer).ok();
#endif

#ifdef TYPED_AS_OTHER  // expect: the messages of this channel have another type: the T that the channel was built with
  auto consumer = typed.consumer();
  auto fragment = consumer.poll();
  ok = fragment->as<std::uint64_t>().status().ok();
#endif

#ifdef TYPED_AS_OTHER_RELIABLE  // expect: the messages of this channel have another type
  auto consumer = typed_reliable.consumer();
  auto fragment = consumer.wait();
  ok = fragment->as<std::uint64_t>().status().ok();
#endif

#ifdef TYPED_AS_OTHER_IN_A_BATCH  // expect: the messages of this channel have another type
  auto consumer = typed_reliable.consumer();
  consumer.poll_batch(8, [](auto& item) { static_cast<void>(item.template as<std::uint64_t>()); });
#endif

#ifdef TYPED_AS_OTHER_IN_A_RANGE  // expect: the messages of this channel have another type
  auto consumer = typed_reliable.consumer();
  for (auto& fragment : consumer.fragments()) {
    ok = fragment.as<std::uint64_t>().status().ok();
  }
#endif

#ifdef TYPED_AS_OTHER_IN_A_POLLER  // expect: the messages of this channel have another type
  auto consumer = typed_reliable.consumer();
  tango::Poller poller{consumer};
  auto fragment = poller.poll();
  ok = fragment->as<std::uint64_t>().status().ok();
#endif

#ifdef TYPED_AS_OTHER_OBSERVED  // expect: the messages of this channel have another type
  auto observed = Builder{}.of<Quote>().with_flow_control().with_observers().build();
  auto observer = observed.observer();
  auto fragment = observer.poll();
  ok = fragment->as<std::uint64_t>().status().ok();
#endif

#ifdef PUBLISH_VECTOR_OF_INT  // expect: only a trivially copyable type can be sent as its bytes, and no pointer, array, range or string .for a range x, publish std::as_bytes.std::span{x}., or publish_packed
  ok = producer.publish(std::vector<int>(3)).ok();
#endif

#ifdef PUBLISH_VECTOR_OF_CHAR  // expect: for a range x, publish std::as_bytes
  ok = producer.publish(std::vector<char>(3)).ok();
#endif

#ifdef PUBLISH_ARRAY_OF_CHAR  // expect: for a range x, publish std::as_bytes
  ok = producer.publish(std::array<char, 3>{}).ok();
#endif

#ifdef PUBLISH_BYTE_ARRAY  // expect: for a range x, publish std::as_bytes
  std::uint8_t octets[3] = {};
  ok = producer.publish(octets).ok();
#endif

#ifdef PUBLISH_SPAN_OF_INT  // expect: for a range x, publish std::as_bytes
  ok = producer.publish(std::span<int>{}).ok();
#endif

#ifdef PUBLISH_ARRAY_OF_INT  // expect: only a trivially copyable type can be sent as its bytes
  ok = producer.publish(std::array<int, 3>{}).ok();
#endif

#ifdef PUBLISH_POINTER  // expect: only a trivially copyable type can be sent as its bytes
  ok = producer.publish(&ok).ok();
#endif

#ifdef PUBLISH_NULL  // expect: only a trivially copyable type can be sent as its bytes, and no pointer
  ok = producer.publish(nullptr).ok();
#endif

#ifdef PUBLISH_NULL_BLOCKING  // expect: only a trivially copyable type can be sent as its bytes, and no pointer
  ok = producer.publish_blocking(nullptr).ok();
#endif

#ifdef PUBLISH_BUFFER  // expect: (use of deleted function|call to deleted member function)
  char buffer[8] = {'a', 0, 'b'};
  ok = producer.publish(buffer).ok();
#endif

#ifdef PUBLISH_BUFFER_BLOCKING  // expect: (use of deleted function|call to deleted member function)
  char buffer[8] = {'a', 0, 'b'};
  ok = producer.publish_blocking(buffer, {}).ok();
#endif

#ifdef LARGE_BUFFER  // expect: (use of deleted function|call to deleted constructor)
  char buffer[8] = {'a', 0, 'b'};
  ok = tango::LargeMessage{buffer}.done();
#endif

#ifdef WRITE_BUFFER  // expect: (use of deleted function|call to deleted member function)
  char buffer[8] = {'a', 0, 'b'};
  producer.reserve(8).writer().write(0, buffer);
#endif

#ifdef PACKED_BUFFERS  // expect: the length of the text in a character array is not known
  const char names[2][4] = {{'a', 'b', 'c', 'd'}, {'e'}};
  ok = producer.publish_packed(names).status.ok();
#endif

#ifdef AS_STATUS  // expect: this object is meaningful only in the process that created it
  auto consumer = lossy.consumer();
  auto fragment = consumer.poll();
  auto wrong = fragment->as<tango::Status>();
#endif

#ifdef PUBLISH_LARGE_MESSAGE  // expect: only a trivially copyable type can be sent as its bytes
  ok = producer.publish(tango::LargeMessage{"text"}).ok();
#endif

#ifdef PUBLISH_MESSAGE  // expect: this object is meaningful only in the process that created it: .*Messages by publish_batch
  ok = producer.publish(tango::Message{}).ok();
#endif

#ifdef PUBLISH_FRAGMENT_VIEW  // expect: this object is meaningful only in the process that created it: .*the payload\(\) of a fragment
  ok = producer.publish(tango::FragmentView{}).ok();
#endif

#ifdef PUBLISH_RESULT  // expect: this object is meaningful only in the process that created it: .*the value of a Result
  auto consumer = lossy.consumer();
  auto fragment = consumer.poll();
  ok = producer.publish(fragment->as<Quote>()).ok();
#endif

#ifdef PUBLISH_RESULT_BLOCKING  // expect: this object is meaningful only in the process that created it
  ok = producer.publish_blocking(tango::Result<Quote>{Quote{1}}).ok();
#endif

#ifdef PUBLISH_STATUS  // expect: this object is meaningful only in the process that created it
  ok = producer.publish(tango::Status{}).ok();
#endif

#ifdef PUBLISH_REASSEMBLY  // expect: this object is meaningful only in the process that created it
  ok = producer.publish(tango::Reassembly{}).ok();
#endif

#ifdef PUBLISH_BATCH_STATUS  // expect: this object is meaningful only in the process that created it
  ok = producer.publish(tango::BatchStatus{}).ok();
#endif

#ifdef PUBLISH_BATCH_RESULT  // expect: this object is meaningful only in the process that created it
  ok = producer.publish(tango::ChannelBatch{}).ok();
#endif

#ifdef PUBLISH_WRITER  // expect: this object is meaningful only in the process that created it
  ok = producer.publish(producer.reserve(8).writer()).ok();
#endif

#ifdef CHANNEL_OF_STATUS  // expect: this object is meaningful only in the process that created it
  static_cast<void>(Builder{}.of<tango::Status>());
#endif

#ifdef PACKED_MESSAGES  // expect: a packed record is a trivially copyable value .no pointer, array, fragment or status.
  ok = producer.publish_packed(std::vector<tango::Message>(2)).status.ok();
#endif

#ifdef PACKED_BATCH  // expect: a packed record is a trivially copyable value .no pointer, array, fragment or status.
  auto consumer = reliable.consumer();
  tango::FragmentView views[4];
  auto batch = consumer.poll_batch(views);
  ok = producer.publish_packed(batch).status.ok();
#endif

#ifdef OWN_TYPE_THAT_REFERS  // expect: this object is meaningful only in the process that created it
  ok = producer.publish(View{}).ok();
#endif

#ifdef EMPLACE_MAY_THROW  // expect: emplace needs a constructor that is noexcept
  ok = producer.emplace<Throws>({}).ok();
#endif

#ifdef AS_STRING_FIRST  // expect: only a trivially copyable type can be sent as its bytes
  auto consumer = lossy.consumer();
  auto fragment = consumer.poll();
  auto wrong = fragment->as<std::string>();
#endif

#ifdef AS_STRING_RELIABLE_FIRST  // expect: only a trivially copyable type can be sent as its bytes
  auto consumer = reliable.consumer();
  auto fragment = consumer.poll();
  auto wrong = fragment->as<std::string>();
#endif

  return ok ? 0 : 1;
}
