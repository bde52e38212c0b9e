// SPDX-License-Identifier: Apache-2.0
// Slots that cannot be, and what a channel without chunks or without metadata does not have.
#include <cstddef>
#include <cstdint>
#include <tango/tango.hpp>

struct Quote {
  std::uint64_t price;
  std::uint64_t size;
};
struct alignas(128) Wide {
  std::uint64_t word;
};
struct alignas(64) Line {
  std::uint64_t words[8];
};
struct Huge {
  std::byte bytes[65544];
};

[[maybe_unused]] constexpr auto odd = [](std::uint64_t sig) { return sig % 2 == 1; };

inline void use() {
  auto channel = tango::ChannelBuilder<4>{}.of<Quote>().with_flow_control().without_metadata().build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  (void)producer.publish(Quote{1, 2});
  (void)producer.publish_blocking(Quote{1, 2}, tango::Bounded{3});
  (void)producer.emplace(1u, 2u);
  (void)producer.emplace();
  auto fragment = consumer.poll();
  (void)fragment->value();
  (void)fragment->view();
  (void)fragment->seq();

#ifdef BYTES_IN_SLOT_OF_SEVEN  // expect: InlineBytes.*must be a multiple of 8
  tango::MCache<4, 7> mcache;
#endif
#ifdef BYTES_IN_SLOT_BUILT  // expect: InlineBytes.*must be a multiple of 8
  (void)tango::ChannelBuilder<4>{}.with_bytes_in_slot<12>().build();
#endif
#ifdef TOO_MANY_BYTES_IN_SLOT  // expect: a slot holds at most kMaxInlineBytes bytes
  tango::MCache<4, 65544> mcache;
#endif
#ifdef TYPE_TOO_LARGE  // expect: a slot holds at most kMaxInlineBytes bytes
  (void)tango::ChannelBuilder<4>{}.of<Huge>().build();
#endif
#ifdef TYPE_TOO_LARGE_FOR_THESE_SLOTS  // expect: a message of this type is larger than the largest payload
  (void)tango::ChannelBuilder<4>{}.with_bytes_in_slot<8>().of<Quote>().build();
#endif
#ifdef OVER_ALIGNED  // expect: this type has a larger alignment
  (void)tango::ChannelBuilder<4>{}.of<Wide>().build();
#endif
#ifdef CHUNK_BYTES_WITHOUT_CHUNKS  // expect: a channel without chunks has no bytes of a chunk
  (void)tango::ChannelBuilder<4, 0, 64>{}.build();
#endif
#ifdef NO_DCACHE  // expect: dcache
  (void)channel.dcache();
#endif
#ifdef PLAIN_SLOTS_AND_CHUNKS_OF_WORDS  // expect: an MCache of plain bytes needs a DCache of plain bytes, or none
  tango::MCache<4, 8, tango::Plain> mcache;
  tango::DCache<4, 64> dcache;
  tango::Fseq fseq{1};
  tango::Fctl fctl{4};
  tango::Producer other{mcache, dcache, fseq, fctl};
#endif
#ifdef PLAIN_SLOTS_WITHOUT_FLOW_CONTROL  // expect: needs flow control
  tango::MCache<4, 8, tango::Plain> mcache;
  tango::Fseq fseq{1};
  tango::Producer other{mcache, fseq};
#endif

#ifdef VIEW_WHERE_SLOTS_ARE_LESS_ALIGNED  // expect: the slots of this channel are less aligned than its T
  auto lines = tango::ChannelBuilder<4>{}.with_bytes_in_slot<64>().of<Line>().with_flow_control().build();
  auto reader = lines.consumer();
  auto line = reader.poll();
  (void)line->view();
#endif
#ifdef VIEW_WHERE_PAYLOADS_ARE_LESS_ALIGNED  // expect: payloads here may be less aligned than this type
  auto bytes = tango::ChannelBuilder<4, 8, 64>{}.with_flow_control().build();
  auto reader = bytes.consumer();
  auto line = reader.poll();
  (void)line->view_as<Line>();
#endif
#ifdef VIEW_OF_WHAT_MAY_BE_OVERWRITTEN  // expect: this consumer may be overrun, so it cannot read a message in place
  auto lossy = tango::ChannelBuilder<4>{}.of<Quote>().build();
  auto reader = lossy.consumer();
  auto quote = reader.poll();
  (void)quote->view();
#endif
#ifdef VIEW_OF_A_TEMPORARY  // expect: view\(\)
  (void)(*consumer.poll()).view();
#endif
#ifdef COPY_TO_ANOTHER_TYPE  // expect: copy_to
  std::uint64_t word = 0;
  (void)fragment->copy_to(word);
#endif

#ifdef NO_METADATA_OF_BYTES  // expect: without_metadata needs of<T>
  (void)tango::ChannelBuilder<4>{}.without_metadata().build();
#endif
#ifdef NO_METADATA_WITH_CHUNKS  // expect: without_metadata needs a channel without chunks
  (void)tango::ChannelBuilder<4, 4, 64>{}.of<Quote>().without_metadata();
#endif
#ifdef NO_METADATA_BY_HAND  // expect: without metadata all messages have one type
  tango::MCache<4, 8, tango::Words, tango::NoMetadata> mcache;
  tango::Fseq fseq{1};
  tango::Producer other{mcache, fseq};
#endif
#ifdef NO_METADATA_CONSUMER_BY_HAND  // expect: without metadata all messages have one type
  tango::MCache<4, 8, tango::Words, tango::NoMetadata> mcache;
  tango::Consumer other{mcache, 1};
#endif
#ifdef NO_METADATA_RING_BY_ITSELF  // expect: publish
  tango::MCache<4, 8, tango::Words, tango::NoMetadata> mcache;
  (void)mcache.publish({.sig = 7});
#endif
#ifdef SIG_OF_A_MESSAGE_PUBLISHED  // expect: built without_metadata\(\): its messages have no sig, ctl and ts
  (void)producer.publish(Quote{1, 2}, {.sig = 7});
#endif
#ifdef SIG_OF_A_MESSAGE_PUBLISHED_BLOCKING  // expect: built without_metadata\(\): its messages have no sig, ctl and ts
  (void)producer.publish_blocking(Quote{1, 2}, {.sig = 7});
#endif
#ifdef SIG_OF_A_MESSAGE_EMPLACED  // expect: built without_metadata\(\): its messages have no sig, ctl and ts
  (void)producer.emplace({.sig = 7}, 1u, 2u);
#endif
#ifdef SIG_OF_A_FRAGMENT  // expect: built without_metadata\(\): its messages have no sig, ctl and ts
  (void)fragment->sig();
#endif
#ifdef TS_OF_A_FRAGMENT  // expect: built without_metadata\(\): its messages have no sig, ctl and ts
  (void)fragment->ts();
#endif
#ifdef METADATA_OF_A_FRAGMENT  // expect: built without_metadata\(\): its messages have no sig, ctl and ts
  (void)fragment->metadata();
#endif
#ifdef A_FILTER  // expect: built without_metadata\(\): its messages have no sig to filter by
  (void)consumer.poll(odd);
#endif
#ifdef A_FILTER_IN_A_BATCH  // expect: built without_metadata\(\): its messages have no sig to filter by
  (void)consumer.poll_batch(
      4, [](auto&) {}, odd);
#endif
}
