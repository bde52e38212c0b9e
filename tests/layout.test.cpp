// SPDX-License-Identifier: Apache-2.0
// The layout is part of the interface: numbers written out, no address inside, and no more memory than promised.
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstring>
#include <new>
#include <type_traits>
#include <vector>

#include "support/channel.hpp"

using namespace tango;
using namespace tango::test;

namespace {

/// What may stand in memory that two processes share: no vtable, nothing to run at the end, one well-defined layout.
template <class T>
constexpr bool shareable = std::conjunction_v<std::is_standard_layout<T>, std::is_trivially_destructible<T>>;

static_assert(shareable<FragmentMetadata> && std::is_trivially_copyable_v<FragmentMetadata>);
static_assert(shareable<detail::Slot<SlotLayout<>>> && shareable<detail::RingControl> && shareable<detail::Membership>);
static_assert(shareable<detail::Claim<detail::RingHolder>> && shareable<detail::Claim<PlaceState>>);
static_assert(shareable<detail::Ring<2, SlotLayout<>>> && shareable<detail::Ring<1024, SlotLayout<>>>);
static_assert(shareable<detail::ChunkStore<2, 1, true>> && shareable<detail::ChunkStore<64, 256, false>>);
static_assert(shareable<detail::PublishedSeq> && shareable<detail::MetricsBlocks>);
static_assert(shareable<detail::FlowControl<1>> && shareable<detail::FlowControl<64>> &&
              shareable<detail::CreditPlace>);
static_assert(shareable<detail::Superblock> && shareable<detail::ChannelDescriptor>);
static_assert(shareable<MCache<2>> && shareable<MCache<1024>>);
static_assert(shareable<DCache<2, 1>> && shareable<DCache<64, 256, Plain>>);
static_assert(shareable<detail::ChunkAccount> && std::is_trivially_copyable_v<detail::ChunkAccount>);
static_assert(shareable<BasicFctl<1>> && shareable<BasicFctl<64>>);
static_assert(shareable<Fseq> && shareable<Fctl> && shareable<Metrics> && shareable<Histogram> && shareable<Latency<>>);
static_assert(shareable<detail::ProducerBlock> && shareable<detail::ConsumerBlock>);
static_assert(std::is_trivially_copyable_v<MetricsSnapshot> && std::is_trivially_copyable_v<LatencySnapshot>);

/// Nothing is copied by accident: a copy would be another channel.
template <class T>
constexpr bool stays =
    !std::is_copy_constructible_v<T> && !std::is_copy_assignable_v<T> && !std::is_move_constructible_v<T>;
static_assert(stays<MCache<2>> && stays<DCache<2, 64>> && stays<Fseq> && stays<Fctl> && stays<Metrics>);
static_assert(stays<Histogram> && stays<Latency<>>);

/// Bytes from the object's start to one of its parts.
template <class T, class Part>
std::ptrdiff_t offset(const T& object, const Part& part) {
  return reinterpret_cast<const char*>(&part) - reinterpret_cast<const char*>(&object);
}

/// One channel of every component, in memory that is zero before: its padding is zero, too.
template <class Channel>
struct alignas(128) Place {
  std::byte bytes[sizeof(Channel)];
};

/// The offsets of the words that two objects do not have in common.
template <class T>
std::vector<std::size_t> differing(const T& a, const T& b) {
  std::vector<std::size_t> offsets;
  for (std::size_t i = 0; i < sizeof(T); i += 8) {
    if (std::memcmp(reinterpret_cast<const char*>(&a) + i, reinterpret_cast<const char*>(&b) + i, 8) != 0) {
      offsets.push_back(i);
    }
  }
  return offsets;
}

/// A life with everything in it: consumers that come, filter, hold and leave, chunks over the wrap, refusals, a stop.
template <class C>
void live(C& c, Seq start) {
  for (int generation = 0; generation < 2; ++generation) {
    Producer producer{c.mcache, c.dcache, c.fseq, c.fctl, c.metrics};
    Consumer first{c.mcache, c.dcache, c.fctl, generation == 0 ? start : producer.next_seq(), c.metrics};
    Consumer second{c.mcache, c.dcache, c.fctl, producer.next_seq(), c.metrics};
    for (std::uint64_t i = 0; i < 40; ++i) {
      const auto bytes = payload_of(i, (i * 37) % 190);
      (void)producer.publish(bytes, {.sig = i, .ts = 3});
      if (i % 3 == 0) {
        (void)first.poll();
        (void)second.poll([](std::uint64_t sig) { return sig % 2 == 0; });
      }
    }
  }
  c.mcache.stop();
}

using Observed = Components<8, 16, 64>;
using Reliable = Components<8, 16, 64, Plain>;

template <class C>
void check_no_addresses() {
  // Static: both lie at addresses of their own, in memory that nobody used before.
  static Place<C> memory[3];
  for (const Seq start : {Seq{1}, ~Seq{0} - 1}) {
    std::memset(static_cast<void*>(memory), 0, sizeof memory);
    C& a = *::new (memory[0].bytes) C{start};
    C& b = *::new (memory[2].bytes) C{start};
    // The generation (memory/membership.hpp) is the channel's own. Until it is stopped it stands in two words.
    using Offsets = std::vector<std::size_t>;
    CHECK(differing(a.mcache, b.mcache) == Offsets{0, 8});
    CHECK(differing(a.dcache, b.dcache).empty());
    CHECK(differing(a.fseq, b.fseq).empty());
    CHECK(differing(a.fctl, b.fctl).empty());
    live(a, start);
    live(b, start);
    CHECK(differing(a.mcache, b.mcache) == Offsets{0});
    CHECK(differing(a.dcache, b.dcache) == Offsets{0});
    CHECK(differing(a.fseq, b.fseq) == Offsets{8});
    CHECK(differing(a.fctl, b.fctl) == Offsets{8});
    CHECK(differing(a.metrics, b.metrics).empty());
    for (const detail::Membership* membership :
         {&detail::inside(a.dcache).membership, &detail::inside(a.fseq).membership,
          &detail::inside(a.fctl).membership}) {
      CHECK(membership->generation() == a.mcache.generation());
    }
    CHECK(a.mcache.closed());
    CHECK(a.metrics.snapshot().published > 10);
  }
}

/// 64 bytes a slot, the chunks in whole lines, and at most 4 KiB for everything else.
template <std::size_t DEPTH, std::size_t CHUNKS, std::size_t CHUNK, class Payload>
constexpr bool within_promise() {
  constexpr std::size_t total =
      sizeof(MCache<DEPTH>) + sizeof(DCache<CHUNKS, CHUNK, Payload>) + sizeof(Fseq) + sizeof(Fctl) + sizeof(Metrics);
  constexpr std::size_t lines = (CHUNK + 63) / 64 * 64;
  return total <= 64 * DEPTH + CHUNKS * lines + 4096;
}
static_assert(within_promise<2, 2, 1, Words>() && within_promise<2, 2, 1, Plain>());
static_assert(within_promise<64, 64, 256, Words>() && within_promise<1024, 1024, 256, Plain>());
static_assert(within_promise<2, 1024, 65, Words>() && within_promise<1024, 2, 100, Plain>());
static_assert(within_promise<65536, 4096, 1000, Words>());

}  // namespace

TEST_CASE("constants") {
  CHECK(kLineSize == 64);
  CHECK(kSeparation == 128);
  CHECK(kInlineBytes == 32);
  CHECK(kMaxReliableConsumers == 8);
  CHECK(kMaxMeteredConsumers == 8);
  CHECK(kInlineChunk == 4294967295u);
}

TEST_CASE("sizes and alignments") {
  CHECK(sizeof(FragmentMetadata) == 32);
  CHECK(alignof(FragmentMetadata) == 8);
  CHECK(sizeof(detail::Slot<SlotLayout<>>) == 64);
  CHECK(alignof(detail::Slot<SlotLayout<>>) == 64);
  CHECK(sizeof(detail::Membership) == 8);
  CHECK(sizeof(detail::Claim<detail::RingHolder>) == 8);
  CHECK(sizeof(detail::RingControl) == 256);
  CHECK(sizeof(detail::Ring<4, SlotLayout<>>) == 512);
  CHECK(sizeof(detail::ChunkAccount) == 24);
  CHECK(sizeof(detail::CreditPlace) == 128);
  CHECK(sizeof(detail::CreditMembers) == 128);
  CHECK(sizeof(detail::ChannelDescriptor) == 160);
  CHECK(sizeof(detail::Superblock) == 256);
  CHECK(sizeof(MCache<2>) == 384);
  CHECK(sizeof(MCache<64>) == 4352);
  CHECK(alignof(MCache<64>) == 128);
  CHECK(sizeof(DCache<2, 1>) == 256);
  CHECK(sizeof(DCache<64, 256>) == 16512);
  CHECK(sizeof(DCache<64, 256, Plain>) == 16512);
  CHECK(sizeof(DCache<64, 200, Plain>) == 16512);
  CHECK(alignof(DCache<2, 1>) == 128);
  CHECK(sizeof(Fseq) == 128);
  CHECK(alignof(Fseq) == 128);
  CHECK(sizeof(Fctl) == 1408);
  CHECK(sizeof(BasicFctl<1>) == 512);
  CHECK(sizeof(BasicFctl<64>) == 8576);
  CHECK(alignof(Fctl) == 128);
  CHECK(sizeof(detail::ProducerBlock) == 128);
  CHECK(sizeof(detail::ConsumerBlock) == 128);
  CHECK(sizeof(Metrics) == 1152);
  CHECK(alignof(Metrics) == 128);
  CHECK(sizeof(Histogram) == 15488);
  CHECK(alignof(Histogram) == 128);
  CHECK(sizeof(HistogramSnapshot) == 15384);
  CHECK(sizeof(Latency<>) == 15616);
  CHECK(alignof(Latency<>) == 128);
  CHECK(sizeof(LatencySnapshot) == 15392);
}

TEST_CASE("offsets") {
  CHECK(offsetof(FragmentMetadata, seq) == 0);
  CHECK(offsetof(FragmentMetadata, sig) == 8);
  CHECK(offsetof(FragmentMetadata, chunk) == 16);
  CHECK(offsetof(FragmentMetadata, size) == 20);
  CHECK(offsetof(FragmentMetadata, ctl) == 24);
  CHECK(offsetof(FragmentMetadata, reserved) == 26);
  CHECK(offsetof(FragmentMetadata, ts) == 28);
  using DefaultSlot = detail::Slot<SlotLayout<>>;
  CHECK(offsetof(DefaultSlot, payload) == 0);
  CHECK(offsetof(DefaultSlot, metadata) == 32);
  CHECK(offsetof(DefaultSlot, seq) == 56);
  CHECK(offsetof(detail::SlotMetadata, sig) == 0);
  CHECK(offsetof(detail::SlotMetadata, extent) == 8);
  CHECK(offsetof(detail::SlotMetadata, stamp) == 16);

  MCache<4> mcache;
  const detail::Ring<4, SlotLayout<>>& ring = detail::inside(mcache);
  const detail::RingControl& control = ring.control;
  CHECK(offset(mcache, ring) == 0);
  CHECK(offset(mcache, control) == 0);
  CHECK(offset(mcache, control.generation) == 0);
  CHECK(offset(mcache, control.running) == 8);
  CHECK(offset(mcache, control.start) == 16);
  CHECK(offset(mcache, control.kind) == 24);
  CHECK(offset(mcache, control.claim) == 32);
  CHECK(offset(mcache, control.closed_at) == 40);
  CHECK(offset(mcache, control.position) == 128);
  CHECK(offset(mcache, control.oldest) == 136);
  CHECK(offset(mcache, control.limit) == 144);
  for (Seq s = 0; s < 8; ++s) {
    CHECK(offset(mcache, ring.slot(s)) == static_cast<std::ptrdiff_t>(256 + 64 * (s % 4)));
  }

  DCache<4, 64> dcache;
  const auto& store = detail::inside(dcache);
  CHECK(offset(dcache, store.membership) == 0);
  CHECK(offset(dcache, store.account.lead) == 8);
  CHECK(offset(dcache, store.account.tail) == 16);
  CHECK(offset(dcache, store.account.oldest) == 24);
  CHECK(offset(dcache, *store.data(0)) == 128);
  CHECK(offset(dcache, *store.data(3)) == 128 + 3 * 64);
  DCache<4, 100, Plain> plain;
  CHECK(offset(plain, *detail::inside(plain).data(0)) == 128);
  CHECK(offset(plain, *detail::inside(plain).data(3)) == 128 + 3 * 128);

  Fseq fseq{42};
  std::uint64_t first;
  std::memcpy(&first, static_cast<const void*>(&fseq), 8);
  CHECK(first == 42);
  CHECK(offset(fseq, detail::inside(fseq).value) == 0);
  CHECK(offset(fseq, detail::inside(fseq).membership) == 8);

  Fctl fctl{7};
  std::memcpy(&first, static_cast<const void*>(&fctl), 8);
  CHECK(first == 7);
  const auto& flow = detail::inside(fctl);
  CHECK(offset(fctl, flow.credits) == 0);
  CHECK(offset(fctl, flow.membership) == 8);
  CHECK(offset(fctl, flow.taken) == 16);
  CHECK(offset(fctl, flow.given_back) == 128);
  CHECK(offset(fctl, flow.members.members) == 256);
  CHECK(offset(fctl, flow.members.abandoned) == 264);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(offset(fctl, flow.places[i].claim) == static_cast<std::ptrdiff_t>(384 + 128 * i));
    CHECK(offset(fctl, flow.places[i].position) == static_cast<std::ptrdiff_t>(384 + 128 * i + 8));
  }
  BasicFctl<64> many{7};
  CHECK(offset(many, detail::inside(many).places[63]) == 384 + 128 * 63);

  Metrics metrics;
  const detail::MetricsBlocks& blocks = detail::inside(metrics);
  CHECK(offset(metrics, blocks.producer.claim) == 0);
  CHECK(offset(metrics, blocks.producer.origin) == 8);
  CHECK(offset(metrics, blocks.producer.published.sum) == 16);
  CHECK(offset(metrics, blocks.producer.published.count) == 24);
  CHECK(offset(metrics, blocks.producer.published.bytes) == 32);
  CHECK(offset(metrics, blocks.producer.backpressure) == 40);
  for (std::size_t i = 0; i < 8; ++i) {
    const detail::ConsumerBlock& block = blocks.consumers[i];
    CHECK(offset(metrics, block) == static_cast<std::ptrdiff_t>(128 + 128 * i));
    CHECK(offset(block, block.claim) == 0);
    CHECK(offset(block, block.origin) == 8);
    CHECK(offset(block, block.consumed) == 16);
    CHECK(offset(block, block.consumed_bytes) == 24);
    CHECK(offset(block, block.filtered) == 32);
    CHECK(offset(block, block.overruns) == 40);
    CHECK(offset(block, block.lost) == 48);
    CHECK(offset(block, block.rejected) == 56);
  }
}

namespace {

/// The word at an offset of some memory.
std::uint64_t word_at(const void* memory, std::size_t at) {
  std::uint64_t word;
  std::memcpy(&word, static_cast<const std::byte*>(memory) + at, sizeof word);
  return word;
}

/// A claim as it lies in memory.
template <class State>
std::uint64_t word_of(const detail::Claim<State>& claim) {
  return word_at(&claim, 0);
}

/// A channel's parts lie where its descriptor says, and the descriptor where its numbers are written out here.
template <class Builder>
void check_described(Builder builder, std::uint64_t kind, std::uint64_t places) {
  using Built = typename Builder::Channel;
  static Place<Built> memory;
  std::memset(static_cast<void*>(&memory), 0xFF, sizeof memory);
  const auto made = builder.build_in(memory.bytes);
  REQUIRE(made);
  Built& channel = **made;
  const auto word = [](std::size_t at) { return word_at(memory.bytes, at); };
  const auto where = [](const auto& part) { return static_cast<std::uint64_t>(offset(memory, part)); };
  const auto& ring = detail::inside(channel.mcache());
  const auto& store = detail::inside(channel.dcache());
  CHECK(std::memcmp(memory.bytes, "pc-tango", 8) == 0);
  CHECK(word(8) == TANGO_LAYOUT_VERSION);
  CHECK(word(8) == 2);
  CHECK(word(16) == channel.generation());
  CHECK(word(24) == sizeof(Built));
  CHECK(word(32) == kind);
  CHECK(word(40) == 256);
  CHECK(word(40) == where(ring.control));
  CHECK(word(48) == channel.depth());
  CHECK(word(56) == 512);
  CHECK(word(56) == where(ring.slot(0)));
  CHECK(word(64) == 64);
  CHECK(word(56) + word(64) == where(ring.slot(1)));
  CHECK(word(72) == kInlineBytes);
  CHECK(word(80) == channel.dcache().chunks());
  CHECK(word(88) == where(*store.data(0)));
  CHECK(word(96) == channel.dcache().chunk_size());
  CHECK(word(88) + word(96) == where(*store.data(1)));
  CHECK(word(104) == where(channel.fseq()));
  CHECK(word(112) == places);
  if constexpr (Built::kFlowControl) {
    CHECK(word(120) == where(channel.fctl()));
    CHECK(detail::inside(channel.fctl()).membership.generation() == channel.generation());
  } else {
    CHECK(word(120) == 0);
  }
  if constexpr (Built::kMetrics) {
    CHECK(word(128) == where(channel.metrics()));
  } else {
    CHECK(word(128) == 0);
  }
  if constexpr (std::is_same_v<typename Built::Message, AnyMessage>) {
    CHECK((word(136) == 0 && word(144) == 0 && word(152) == 0));
  } else {
    CHECK(word(136) == sizeof(typename Built::Message));
    CHECK(word(144) == alignof(typename Built::Message));
    CHECK(word(152) == 0x1234);
  }
  if constexpr (Built::kFlowControl) {
    CHECK(word(160) == detail::inside(channel.fctl()).credits);
  } else {
    CHECK(word(160) == 0);
  }
  CHECK(word(168) != 0);  // of the words from 8 on
  // The channel has one name, in its ring and in each of its components, and is of its kind from the start on.
  CHECK(word_at(&ring.control, 0) == channel.generation());
  CHECK(word_at(&ring.control, 24) == kind % 4);
  CHECK(store.membership.generation() == channel.generation());
  CHECK(detail::inside(channel.fseq()).membership.generation() == channel.generation());
  // Each word of the descriptor is compared: with another one it is another channel, or none where the sum tells.
  for (std::size_t at = 8; at < 176; at += 8) {
    memory.bytes[at] ^= std::byte{1};
    CHECK(builder.attach(memory.bytes).status() == Error::NoChannel);
    memory.bytes[at] ^= std::byte{1};
  }
  CHECK(builder.attach(memory.bytes));
}

struct Trade {
  std::uint64_t at;
  std::uint32_t price;
};

}  // namespace

TEST_CASE("a channel's parts lie where its descriptor says") {
  constexpr ChannelBuilder<8, 16, 100> base;
  check_described(base, 1, 0);
  check_described(base.with_flow_control(), 2, 8);
  check_described(base.with_flow_control().with_observers(), 3, 8);
  check_described(base.with_metrics(), 5, 0);
  check_described(base.with_flow_control<1>().with_metrics(), 6, 1);
  check_described(base.with_flow_control<64>().with_observers().with_metrics(), 7, 64);
  check_described(base.of<Trade>(0x1234), 9, 0);
  check_described(base.of<Trade>(0x1234).with_flow_control<3>(), 10, 3);
  check_described(base.of<Trade>(0x1234).with_flow_control().with_observers().with_metrics(), 15, 8);
}

TEST_CASE("a claim: the state in the lowest byte, the tag above it, the epoch above both") {
  detail::Claim<detail::RingHolder> claim;
  CHECK(word_of(claim) == 0);
  auto found = claim.holder();
  REQUIRE(claim.take(found, detail::RingHolder::Producer));
  CHECK(word_of(claim) == 0x1'0001);
  claim.set(detail::RingHolder::None);
  CHECK(word_of(claim) == 0x1'0000);
  found = claim.holder();
  REQUIRE(claim.take(found, detail::RingHolder::Closer, 0xAB));
  CHECK(word_of(claim) == 0x2'AB02);
  CHECK(claim.reset(claim.holder(), detail::RingHolder::None));
  CHECK(word_of(claim) == 0x2'AB00);

  Components<4, 4> c;
  auto& flow = detail::inside(c.fctl);
  REQUIRE(flow.view().take({1}) == 0);
  CHECK(word_of(flow.places[0].claim) == 0x1'0001);
  CHECK(flow.view().activate(0, {1}, detail::inside(c.mcache).control.limit, 4) == 1);
  CHECK(word_of(flow.places[0].claim) == 0x1'0002);
  flow.view().leave(0);
  CHECK(word_of(flow.places[0].claim) == 0x1'0003);
}

TEST_CASE("control bits and kinds are numbers that are stored") {
  CHECK(kSom == 1);
  CHECK(kEom == 2);
  CHECK(kErr == 4);
  CHECK(static_cast<int>(detail::ChannelKind::Unknown) == 0);
  CHECK(static_cast<int>(detail::ChannelKind::Lossy) == 1);
  CHECK(static_cast<int>(detail::ChannelKind::Reliable) == 2);
  CHECK(static_cast<int>(detail::ChannelKind::Observed) == 3);
  CHECK(static_cast<int>(detail::ChannelKind::Direct) == 4);
  CHECK(static_cast<int>(detail::RingHolder::None) == 0);
  CHECK(static_cast<int>(detail::RingHolder::Producer) == 1);
  CHECK(static_cast<int>(detail::RingHolder::Closer) == 2);
  CHECK(static_cast<int>(PlaceState::Free) == 0);
  CHECK(static_cast<int>(PlaceState::Joining) == 1);
  CHECK(static_cast<int>(PlaceState::Active) == 2);
  CHECK(static_cast<int>(PlaceState::Kept) == 3);
  CHECK(static_cast<int>(PlaceState::Rejoining) == 4);
  CHECK(static_cast<int>(PlaceState::Orphaned) == 5);
  CHECK(static_cast<int>(PlaceState::Adopting) == 6);
  CHECK(static_cast<int>(PlaceState::Entering) == 7);
  CHECK(static_cast<int>(detail::BlockState::Free) == 0);
  CHECK(static_cast<int>(detail::BlockState::Joining) == 1);
  CHECK(static_cast<int>(detail::BlockState::Active) == 2);
  CHECK(static_cast<int>(detail::BlockState::Left) == 3);
}

TEST_CASE("two channels with the same history are the same bytes, wherever they stand") {
  check_no_addresses<Observed>();
  check_no_addresses<Reliable>();
}

TEST_CASE("what the channel says of itself by its kind") {
  Observed lossy;
  Observed observed;
  Reliable reliable;
  const Producer a{lossy.mcache, lossy.dcache, lossy.fseq};
  const Producer b{observed.mcache, observed.dcache, observed.fseq, observed.fctl};
  const Producer c{reliable.mcache, reliable.dcache, reliable.fseq, reliable.fctl};
  CHECK(detail::inside(lossy.mcache).control.channel_kind() == detail::ChannelKind::Lossy);
  CHECK(detail::inside(observed.mcache).control.channel_kind() == detail::ChannelKind::Observed);
  CHECK(detail::inside(reliable.mcache).control.channel_kind() == detail::ChannelKind::Reliable);
  MCache<4> alone;
  CHECK(detail::inside(alone).control.channel_kind() == detail::ChannelKind::Unknown);
  (void)alone.publish({});
  CHECK(detail::inside(alone).control.channel_kind() == detail::ChannelKind::Direct);
}
