// SPDX-License-Identifier: Apache-2.0
// Slots of every layout: how much payload they hold, whether there are chunks beside them, whether they have metadata.
// The reference model of properties.test.cpp runs over some of them, too.
#include <array>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <tango/channel_view.hpp>
#include <tango/tango.hpp>
#include <type_traits>
#include <vector>

#include "support/channel.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

/// The options that make a kind.
template <class Tag>
constexpr auto of_kind(auto builder) {
  if constexpr (Tag::kKind == Kind::Lossy) {
    return builder;
  } else if constexpr (Tag::kKind == Kind::Reliable) {
    return builder.with_flow_control();
  } else {
    return builder.with_flow_control().with_observers();
  }
}

/// A message of `SIZE` bytes, all of which follow from one number.
template <std::size_t SIZE, std::size_t ALIGNMENT = 1>
struct alignas(ALIGNMENT) Letter {
  std::byte bytes[SIZE];

  static Letter of(Seq seq) {
    Letter letter{};
    std::memcpy(letter.bytes, payload_of(seq, SIZE).data(), SIZE);
    return letter;
  }
  [[nodiscard]] bool is(Seq seq) const { return is_payload_of(seq, bytes); }
};
static_assert(Record<Letter<3>> && Record<Letter<64, 64>>);

template <class Channel>
bool lies_inside(const Channel& channel, const void* address) {
  const auto* const from = reinterpret_cast<const std::byte*>(&channel);
  const auto* const at = static_cast<const std::byte*>(address);
  return from <= at && at < from + sizeof channel;
}

/// Messages of every size that there is, twice round the ring: what arrives is what was sent, in its slot if it fits.
template <class Builder>
void carry_every_size(const Builder& builder) {
  auto channel = builder.build();
  constexpr std::size_t kMost = decltype(channel)::max_payload();
  constexpr std::size_t kInline = decltype(channel.producer())::kInlineBytes;
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  REQUIRE(producer);
  REQUIRE(consumer);
  std::uint64_t in_slots = 0;
  for (std::size_t round = 0; round != 2; ++round) {
    for (std::size_t size = 0; size <= kMost; ++size) {
      const Seq seq = producer.next_seq();
      const MessageInfo info{.sig = seq * 3, .ctl = ctl_of(size % 7), .ts = static_cast<std::uint32_t>(size)};
      REQUIRE(producer.publish(payload_of(seq, size), info));
      auto fragment = consumer.poll();
      REQUIRE(fragment);
      const FragmentMetadata metadata = fragment->metadata();
      const bool in_slot = metadata.chunk == kInlineChunk;
      REQUIRE(in_slot == (size <= kInline));
      in_slots += in_slot ? 1 : 0;
      REQUIRE(metadata.sig == info.sig);
      REQUIRE(metadata.ctl == info.ctl);
      REQUIRE(metadata.ts == info.ts);
      REQUIRE(holds(*fragment, seq, size));
    }
  }
  CHECK(in_slots == 2 * (kInline + 1));
  const Status refused = producer.publish(payload_of(0, kMost + 1));
  CHECK(refused == Error::PayloadTooLarge);
  CHECK(refused.actual() == kMost + 1);
  CHECK(refused.allowed() == kMost);
  CHECK(consumer.poll().status() == PollStatus::Empty);
}

/// One type in every slot, with metadata or without: by publish and emplace, one by one and in batches.
template <class T, class Builder>
void carry_one_type(const Builder& builder) {
  auto channel = builder.build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  REQUIRE(producer);
  REQUIRE(consumer);
  CHECK(producer.max_payload() >= sizeof(T));
  for (Seq seq = 1; seq != 20; ++seq) {
    REQUIRE(producer.publish(T::of(seq)));
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(fragment->seq() == seq);
    CHECK(fragment->size() == sizeof(T));
    if constexpr (requires { fragment->payload(); }) {
      const std::byte* const at = fragment->payload().data();
      CHECK(reinterpret_cast<std::uintptr_t>(at) % alignof(T) == 0);
      CHECK(lies_inside(channel, at));
    }
    const auto value = fragment->value();
    REQUIRE(value);
    CHECK(value->is(seq));
  }
  for (Seq seq = 20; seq != 24; ++seq) {
    REQUIRE(producer.publish(T::of(seq)));
  }
  Seq next = 20;
  const BatchResult batch = consumer.poll_batch(3, [&next](auto& fragment) {
    const auto value = fragment.value();
    CHECK((value && value->is(next++)));
  });
  CHECK(batch.count == 3);
  REQUIRE(producer.stop());
  for (auto& fragment : consumer.fragments()) {
    const auto value = fragment.value();
    CHECK((value && value->is(next++)));
  }
  CHECK(next == 24);
  CHECK(consumer.delivered() == 23);
}

template <class Tag, class T>
void carry_one_type_with_and_without_metadata() {
  constexpr auto kBuilder = of_kind<Tag>(ChannelBuilder<4>{}.template of<T>());
  carry_one_type<T>(kBuilder);
  carry_one_type<T>(kBuilder.without_metadata());
  using Channel = typename decltype(kBuilder.without_metadata())::Channel;
  constexpr std::size_t kWhole = (sizeof(T) + 8 + std::max<std::size_t>(alignof(T), 8) - 1) /
                                 std::max<std::size_t>(alignof(T), 8) * std::max<std::size_t>(alignof(T), 8);
  CHECK(sizeof(typename std::remove_reference_t<decltype(std::declval<Channel&>().mcache())>) ==
        (256 + 4 * kWhole + 127) / 128 * 128);
}

}  // namespace

TEMPLATE_TEST_CASE("messages of every size, in slots of every size, with chunks and without", "", LossyKind,
                   ReliableKind, ObservedKind) {
  carry_every_size(of_kind<TestType>(ChannelBuilder<4>{}));
  carry_every_size(of_kind<TestType>(ChannelBuilder<4>{}.with_bytes_in_slot<8>()));
  carry_every_size(of_kind<TestType>(ChannelBuilder<4>{}.with_bytes_in_slot<64>()));
  carry_every_size(of_kind<TestType>(ChannelBuilder<2>{}.with_bytes_in_slot<200>().with_metrics()));
  carry_every_size(of_kind<TestType>(ChannelBuilder<4, 8, 64>{}));
  carry_every_size(of_kind<TestType>(ChannelBuilder<4, 8, 64>{}.with_bytes_in_slot<0>()));
  carry_every_size(of_kind<TestType>(ChannelBuilder<4, 8, 64>{}.with_bytes_in_slot<72>().with_metrics()));
}

TEMPLATE_TEST_CASE("one type in every slot, whatever its size and alignment", "", LossyKind, ReliableKind,
                   ObservedKind) {
  carry_one_type_with_and_without_metadata<TestType, Letter<1>>();
  carry_one_type_with_and_without_metadata<TestType, Letter<12, 4>>();
  carry_one_type_with_and_without_metadata<TestType, Letter<16, 16>>();
  carry_one_type_with_and_without_metadata<TestType, Letter<64, 64>>();
  carry_one_type_with_and_without_metadata<TestType, Letter<1000, 8>>();
  constexpr auto kCounted = of_kind<TestType>(ChannelBuilder<4>{}.of<Letter<8, 8>>().with_metrics());
  carry_one_type<Letter<8, 8>>(kCounted);
  carry_one_type<Letter<8, 8>>(kCounted.without_metadata());
}

TEST_CASE("what is written in place lies in its slot if it fits") {
  auto channel = ChannelBuilder<4, 8, 64>{}.with_bytes_in_slot<40>().with_flow_control().build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  for (const std::size_t size : std::initializer_list<std::size_t>{0, 1, 40, 41, 256}) {
    const Seq seq = producer.next_seq();
    auto room = producer.reserve(size);
    REQUIRE(room);
    CHECK(room.span().size() == size);
    const auto* const slot = reinterpret_cast<const std::byte*>(&detail::inside(channel.mcache()).slot(seq));
    CHECK((room.span().data() == slot) == (size <= 40));
    fill(room, payload_of(seq, size));
    REQUIRE(room.commit({.sig = size}));
    const auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(fragment->sig() == size);
    CHECK((fragment->metadata().chunk == kInlineChunk) == (size <= 40));
    CHECK(holds(*fragment, seq, size));
  }
  // Less than was reserved: it stays where it was written.
  for (const std::size_t reserved : {std::size_t{40}, std::size_t{41}}) {
    auto room = producer.reserve(reserved);
    REQUIRE(room);
    fill(room, payload_of(producer.next_seq(), 7));
    REQUIRE(room.commit_prefix(7));
    const auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK((fragment->metadata().chunk == kInlineChunk) == (reserved == 40));
    CHECK(fragment->payload().size() == 7);
    CHECK(is_payload_of(fragment->seq(), fragment->payload()) ==
          (payload_of(fragment->seq(), 7) == bytes_of(*fragment)));
  }
  // Dropped: nothing happened.
  { auto room = producer.reserve(40); }
  CHECK(consumer.poll().status() == PollStatus::Empty);
}

TEMPLATE_TEST_CASE("words are written in place in their slot", "", LossyKind, ObservedKind) {
  auto channel = of_kind<TestType>(ChannelBuilder<4>{}.with_bytes_in_slot<64>()).build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  for (int i = 0; i != 9; ++i) {
    const Seq seq = producer.next_seq();
    auto room = producer.reserve(61);
    REQUIRE(room);
    fill(room, payload_of(seq, 61));
    REQUIRE(room.commit());
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(holds(*fragment, seq, 61));
  }
}

TEST_CASE("emplace constructs in the slot of a reliable channel") {
  struct Where {
    const void* self;
    std::uint64_t number;
    explicit Where(std::uint64_t n) noexcept : self{this}, number{n} {}
  };
  auto channel = ChannelBuilder<4>{}.of<Where>().with_flow_control().build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  REQUIRE(producer.emplace(std::uint64_t{42}));
  const auto fragment = consumer.poll();
  REQUIRE(fragment);
  const auto value = fragment->value();
  REQUIRE(value);
  CHECK(value->number == 42);
  CHECK(value->self == fragment->payload().data());
}

namespace {

/// Four slots, ten messages: six are gone, four remain, and the accounts say so.
template <class Builder>
void be_overrun(const Builder& builder) {
  using T = Letter<24, 8>;
  auto channel = builder.template of<T>().build();
  auto producer = channel.producer();
  auto consumer = channel.observer(From::Start);
  for (Seq seq = 1; seq != 11; ++seq) {
    REQUIRE(producer.publish(T::of(seq)));
  }
  const auto lost = consumer.poll();
  CHECK(lost.status() == PollStatus::Overrun);
  CHECK(lost.lost() == 6);
  for (Seq seq = 7; seq != 11; ++seq) {
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(fragment->seq() == seq);
    const auto value = fragment->value();
    REQUIRE(value);
    CHECK(value->is(seq));
  }
  CHECK(consumer.poll().status() == PollStatus::Empty);

  // Overwritten between the poll and the copy.
  REQUIRE(producer.publish(T::of(11)));
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  for (Seq seq = 12; seq != 16; ++seq) {
    REQUIRE(producer.publish(T::of(seq)));
  }
  CHECK(fragment->value().status() == Error::Overrun);
  CHECK_FALSE(fragment->validate());
  CHECK(consumer.lost() == 7);
  CHECK(consumer.delivered() == 4);
  CHECK(consumer.next_seq() == consumer.first() + consumer.delivered() + consumer.lost());
}

}  // namespace

TEST_CASE("a consumer of slots without chunks is overrun, and knows by how much") {
  be_overrun(ChannelBuilder<4>{});
  be_overrun(ChannelBuilder<4>{}.without_metadata());
  be_overrun(ChannelBuilder<4>{}.with_metrics().without_metadata());
}

TEST_CASE("a producer of slots without chunks waits for credits and for nothing else") {
  auto channel = ChannelBuilder<8>{}.with_bytes_in_slot<64>().with_flow_control(5).build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  for (Seq seq = 1; seq != 6; ++seq) {
    CHECK(producer.available_payload() == 64);
    REQUIRE(producer.publish(payload_of(seq, 64)));
  }
  CHECK(producer.publish(payload_of(6, 1)) == Error::NoCredits);
  CHECK(producer.reserve(1).status() == Error::NoCredits);
  CHECK(producer.available() == 0);
  CHECK(producer.available_payload() == 0);
  REQUIRE(consumer.poll());
  REQUIRE(consumer.poll());
  CHECK(producer.available() == 2);
  CHECK(producer.publish(payload_of(6, 64)));
}

TEST_CASE("filters, packed records and large messages need no chunks") {
  auto channel = ChannelBuilder<16>{}.with_bytes_in_slot<64>().with_flow_control().build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  for (std::uint64_t sig = 0; sig != 6; ++sig) {
    REQUIRE(producer.publish("a message", {.sig = sig}));
  }
  const auto odd = [](std::uint64_t sig) { return sig % 2 == 1; };
  for (std::uint64_t sig = 1; sig != 7; sig += 2) {
    const auto fragment = consumer.poll(odd);
    REQUIRE(fragment);
    CHECK(fragment->sig() == sig);
  }
  CHECK(consumer.filtered() == 3);
  consumer.release();

  const std::vector<std::uint64_t> records{1, 2, 3, 4, 5, 6, 7, 8, 9};
  const BatchStatus packed = producer.publish_packed(records);
  CHECK(packed.count == 8);
  CHECK(packed.status == Error::PayloadTooLarge);
  {
    const auto fragment = consumer.poll();
    REQUIRE(fragment);
    const PackedArray<std::uint64_t> array{fragment->payload()};
    REQUIRE(array.size() == 8);
    CHECK(array[7] == 8);
  }

  const auto bytes = payload_of(1, 300);
  LargeMessage message{bytes};
  REQUIRE(message.publish(producer));
  std::vector<std::byte> got;
  while (auto fragment = consumer.poll()) {
    CHECK(fragment->size() <= 64);
    got.insert(got.end(), fragment->payload().begin(), fragment->payload().end());
  }
  CHECK(got == bytes);
}

TEST_CASE("by hand, without a DCache") {
  SECTION("lossy") {
    MCache<4, 16> mcache;
    Fseq fseq{1};
    Metrics metrics;
    Producer producer{mcache, fseq, metrics};
    Consumer consumer{mcache, From::Start, metrics};
    REQUIRE(producer.publish(std::uint64_t{7}));
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(*fragment->as<std::uint64_t>() == 7);
    CHECK(metrics.snapshot().published == 1);
    CHECK(metrics.snapshot().consumed == 1);
  }
  SECTION("reliable") {
    MCache<4, 16, Plain> mcache;
    Fseq fseq{1};
    Fctl fctl{4};
    Producer producer{mcache, fseq, fctl};
    Consumer consumer{mcache, fctl, 1};
    static_assert(!decltype(producer)::kWords);
    REQUIRE(producer.publish(std::uint64_t{7}));
    const auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(fragment->payload().size() == 8);
    CHECK(*fragment->as<std::uint64_t>() == 7);
  }
  SECTION("observed") {
    MCache<4, 16> mcache;
    Fseq fseq{1};
    Fctl fctl{4};
    Producer producer{mcache, fseq, fctl};
    Consumer consumer{mcache, fctl, 1};
    Consumer observer{mcache, 1};
    static_assert(decltype(producer)::kWords);
    REQUIRE(producer.publish(std::uint64_t{7}));
    const auto taken = consumer.poll();
    REQUIRE(taken);
    CHECK(*taken->as<std::uint64_t>() == 7);
    auto seen = observer.poll();
    REQUIRE(seen);
    CHECK(*seen->as<std::uint64_t>() == 7);
  }
  SECTION("a ring that already has a DCache is refused, and the reverse") {
    MCache<4> mcache;
    DCache<4, 64> dcache;
    Fseq fseq{1};
    { Producer producer{mcache, dcache, fseq}; }
    Consumer reader{mcache, dcache, 1};
    CHECK(reader);
    // Without a DCache a message in chunks cannot be read: it is told, and nothing outside is touched.
    Producer producer{mcache, dcache, fseq};
    REQUIRE(producer.publish(payload_of(1, 33)));
    Consumer blind{mcache, From::Start};
    CHECK(blind.poll().status() == PollStatus::Rejected);
    CHECK(blind.rejected() == 1);
  }
}

TEST_CASE("a producer of slots without chunks that vanished is taken over") {
  using T = Letter<24, 8>;
  auto channel = ChannelBuilder<4>{}.of<T>().with_flow_control().with_metrics().without_metadata().build();
  auto consumer = channel.consumer();
  {
    using Endpoint = decltype(channel)::Producer;
    alignas(Endpoint) std::byte memory[sizeof(Endpoint)];
    auto* const vanishing = ::new (static_cast<void*>(memory)) Endpoint{channel.producer()};
    REQUIRE(vanishing->publish(T::of(1)));
    REQUIRE(vanishing->publish(T::of(2)));
    // Its destructor never runs.
  }
  CHECK(channel.producer().status() == Error::SecondProducer);
  const ProducerRecovery recovery = channel.recover_producer();
  CHECK(recovery.was_held);
  CHECK(recovery.next == 3);
  auto producer = channel.producer();
  REQUIRE(producer);
  REQUIRE(producer.publish(T::of(3)));
  for (Seq seq = 1; seq != 4; ++seq) {
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(fragment->value()->is(seq));
  }
  const MetricsSnapshot metrics = channel.metrics().snapshot();
  CHECK(metrics.published == 3);
  CHECK(metrics.published_bytes == 72);
}

namespace {

template <std::size_t SIZE>
struct Block {
  alignas(kSeparation) std::byte bytes[SIZE] = {};
};

template <class Builder>
ChannelView view_of(const Builder&, const Block<Builder::kSize>& block) {
  const auto view = view_channel(block.bytes);
  REQUIRE(view);
  return *view;
}

}  // namespace

TEST_CASE("a view reads slots of every layout") {
  std::byte buffer[256];
  SECTION("large slots") {
    const auto builder = ChannelBuilder<4>{}.with_bytes_in_slot<72>();
    Block<builder.kSize> block;
    auto& channel = **builder.build_in(block.bytes);
    auto producer = channel.producer();
    REQUIRE(producer.publish(payload_of(1, 72), {.sig = 9}));
    const ChannelView view = view_of(builder, block);
    CHECK(view.slot_bytes() == 104);
    CHECK(view.inline_bytes() == 72);
    CHECK(view.chunks() == 0);
    CHECK(view.max_payload() == 72);
    CHECK(view.has_metadata());
    const auto message = view.read(1, buffer);
    REQUIRE(message);
    CHECK(message->metadata.sig == 9);
    CHECK(message->payload.size() == 72);
    CHECK(is_payload_of(1, message->payload));
  }
  SECTION("no payload in slots") {
    const auto builder = ChannelBuilder<4, 4, 64>{}.with_bytes_in_slot<0>().with_flow_control();
    Block<builder.kSize> block;
    auto& channel = **builder.build_in(block.bytes);
    auto producer = channel.producer();
    REQUIRE(producer.publish(payload_of(1, 100)));
    const ChannelView view = view_of(builder, block);
    CHECK(view.slot_bytes() == 32);
    const auto message = view.read(1, buffer);
    REQUIRE(message);
    CHECK(is_payload_of(1, message->payload));
  }
  SECTION("no metadata") {
    using T = Letter<12, 4>;
    const auto builder = ChannelBuilder<4>{}.of<T>(5).with_flow_control().without_metadata();
    Block<builder.kSize> block;
    auto& channel = **builder.build_in(block.bytes);
    auto producer = channel.producer();
    REQUIRE(producer.publish(T::of(1)));
    const ChannelView view = view_of(builder, block);
    CHECK(view.slot_bytes() == 24);
    CHECK(view.inline_bytes() == 16);
    CHECK_FALSE(view.has_metadata());
    const auto message = view.read(1, buffer);
    REQUIRE(message);
    CHECK(message->metadata.size == 12);
    CHECK(message->metadata.sig == 0);
    CHECK(message->payload.size() == 12);
    CHECK(is_payload_of(1, message->payload));
  }
}

TEST_CASE("a channel of other slots is not attached") {
  const auto builder = ChannelBuilder<4>{}.with_bytes_in_slot<64>();
  Block<builder.kSize + 4096> block;
  REQUIRE(builder.build_in(block.bytes));
  CHECK(builder.attach(block.bytes));
  const Status other = ChannelBuilder<4>{}.with_bytes_in_slot<72>().attach(block.bytes).status();
  CHECK(other == Error::SlotSizeMismatch);
  CHECK(other.actual() == 96);
  CHECK(other.allowed() == 104);
  CHECK((ChannelBuilder<4, 4, 64>{}.with_bytes_in_slot<64>().attach(block.bytes).status() == Error::ChunksMismatch));
  using T = Letter<64, 8>;
  const auto typed = ChannelBuilder<4>{}.of<T>();
  CHECK(typed.attach(block.bytes).status() == Error::KindMismatch);
  REQUIRE(typed.build_in(block.bytes));
  CHECK(typed.attach(block.bytes));
  const Status bare = typed.without_metadata().attach(block.bytes).status();
  CHECK(bare == Error::SlotSizeMismatch);
  CHECK(bare.actual() == 96);
  CHECK(bare.allowed() == 72);
}
