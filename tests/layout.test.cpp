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
static_assert(shareable<detail::Slot> && shareable<detail::Ownership> && shareable<detail::RingControl>);
static_assert(shareable<MCache<2>> && shareable<MCache<1024>>);
static_assert(shareable<DCache<2, 1>> && shareable<DCache<64, 256, Plain>>);
static_assert(shareable<detail::ChunkRing<8>> && std::is_trivially_copyable_v<detail::ChunkRing<8>>);
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
    CHECK(differing(a.mcache, b.mcache).empty());
    CHECK(differing(a.fctl, b.fctl).empty());
    live(a, start);
    live(b, start);
    // The identity (memory/claim.hpp) names the channel by where it stood first; it is compared, never followed.
    using Offsets = std::vector<std::size_t>;
    CHECK(differing(a.mcache, b.mcache) == Offsets{16});
    CHECK(differing(a.dcache, b.dcache) == Offsets{8});
    CHECK(differing(a.fseq, b.fseq) == Offsets{16});
    CHECK(differing(a.fctl, b.fctl) == Offsets{16});
    CHECK(differing(a.metrics, b.metrics).empty());
    CHECK(a.dcache.ownership().identity() == detail::inside(a.mcache).control.ownership.identity());
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
  CHECK(sizeof(detail::Slot) == 64);
  CHECK(alignof(detail::Slot) == 64);
  CHECK(sizeof(detail::Ownership) == 16);
  CHECK(sizeof(detail::RingControl) == 256);
  CHECK(sizeof(detail::ChunkRing<8>) == 24);
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
  CHECK(sizeof(Fctl) == 1280);
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
  CHECK(offsetof(detail::Slot, seq) == 0);
  CHECK(offsetof(detail::Slot, sig) == 8);
  CHECK(offsetof(detail::Slot, place) == 16);
  CHECK(offsetof(detail::Slot, stamp) == 24);
  CHECK(offsetof(detail::Slot, inline_words) == 32);

  MCache<4> mcache;
  const detail::RingControl& header = detail::inside(mcache).control;
  CHECK(offset(mcache, header.start) == 0);
  CHECK(offset(mcache, header.ownership.claim) == 8);
  CHECK(offset(mcache, header.ownership.channel) == 16);
  CHECK(offset(mcache, header.stop) == 24);
  CHECK(offset(mcache, header.closed_at) == 32);
  CHECK(offset(mcache, header.position) == 128);
  CHECK(offset(mcache, header.oldest) == 136);
  CHECK(offset(mcache, header.limit) == 144);
  for (Seq s = 0; s < 8; ++s) {
    CHECK(offset(mcache, detail::inside(mcache).slot(s)) == static_cast<std::ptrdiff_t>(256 + 64 * (s % 4)));
  }

  DCache<4, 64> dcache;
  CHECK(offset(dcache, dcache.ownership()) == 0);
  CHECK(offset(dcache, dcache.fifo()) == 16);
  CHECK(offset(dcache, *dcache.data(0)) == 128);
  CHECK(offset(dcache, *dcache.data(3)) == 128 + 3 * 64);

  Fseq fseq{42};
  std::uint64_t first;
  std::memcpy(&first, static_cast<const void*>(&fseq), 8);
  CHECK(first == 42);
  CHECK(offset(fseq, fseq.ownership()) == 8);

  Fctl fctl{7};
  std::memcpy(&first, static_cast<const void*>(&fctl), 8);
  CHECK(first == 7);
  CHECK(offset(fctl, fctl.ownership()) == 8);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(offset(fctl, fctl.position(i)) == static_cast<std::ptrdiff_t>(256 + 128 * i + 8));
  }

  Metrics metrics;
  CHECK(offset(metrics, metrics.producer()) == 0);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(offset(metrics, metrics.consumers()[i]) == static_cast<std::ptrdiff_t>(128 + 128 * i));
  }
}

TEST_CASE("control bits and kinds are numbers that are stored") {
  CHECK(kSom == 1);
  CHECK(kEom == 2);
  CHECK(kErr == 4);
  CHECK(static_cast<int>(detail::ChannelKind::Unknown) == 0);
  CHECK(static_cast<int>(detail::ChannelKind::Lossy) == 1);
  CHECK(static_cast<int>(detail::ChannelKind::Reliable) == 2);
  CHECK(static_cast<int>(detail::ChannelKind::Observed) == 3);
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
  CHECK(detail::kind_of(detail::inside(lossy.mcache).control.ownership.identity()) == detail::ChannelKind::Lossy);
  CHECK(detail::kind_of(detail::inside(observed.mcache).control.ownership.identity()) == detail::ChannelKind::Observed);
  CHECK(detail::kind_of(detail::inside(reliable.mcache).control.ownership.identity()) == detail::ChannelKind::Reliable);
}
