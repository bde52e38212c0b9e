// SPDX-License-Identifier: Apache-2.0
// Fragments: their metadata, how long a payload may be looked at, and that an overwritten one is counted once.
// clang-format off
#include "support/precondition.hpp"  // before any header of tango
// clang-format on

#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/channel.hpp"

using namespace tango;
using namespace tango::test;

namespace {

std::string printed(const FragmentMetadata& metadata) {
  char buffer[128];
  return std::string{print(metadata, buffer)};
}

using Reliable = Components<4, 8, 64, Plain>;
using Lossy = Components<4, 8>;

/// Overwrites everything that the ring of `producer` held.
template <class P>
void lap(P& producer) {
  for (int i = 0; i < 5; ++i) {
    (void)producer.publish("later");
  }
}

}  // namespace

TEST_CASE("metadata prints every field") {
  CHECK(printed({.seq = 7, .sig = 42, .chunk = 3, .size = 100, .ctl = kSom | kEom, .ts = 9}) ==
        "seq 7 sig 42 chunk 3 size 100 ctl 3 ts 9");
  CHECK(printed({.chunk = kInlineChunk, .size = 32, .ctl = kErr}) == "seq 0 sig 0 chunk inline size 32 ctl 4 ts 0");
  const FragmentMetadata largest{.seq = ~Seq{0},
                                 .sig = ~Seq{0},
                                 .chunk = 0xFFFF'FFFEu,
                                 .size = 0xFFFF'FFFFu,
                                 .ctl = 0xFFFF,
                                 .reserved = 0xFFFF,
                                 .ts = 0xFFFF'FFFFu};
  CHECK(printed(largest) ==
        "seq 18446744073709551615 sig 18446744073709551615 chunk 4294967294 size 4294967295 ctl 65535 ts 4294967295");
  char small[9];
  CHECK(print(largest, small) == "seq 18446");
}

TEST_CASE("metadata survives the slot's words, and no field touches another") {
  const std::uint64_t ones = ~std::uint64_t{0};
  const FragmentMetadata fields[] = {{.sig = ones},   {.chunk = 0xFFFF'FFFFu}, {.size = 0xFFFF'FFFFu},
                                     {.ctl = 0xFFFF}, {.reserved = 0xFFFF},    {.ts = 0xFFFF'FFFFu}};
  for (int field = 0; field < 6; ++field) {
    const FragmentMetadata& m = fields[field];
    const detail::SlotWords words = detail::SlotWords::of(m);
    CHECK(words.metadata(0) == m);
    CHECK(m != FragmentMetadata{});
    // As documented: chunk and size are the low and the high half of a word; ctl, reserved and ts follow one another.
    CHECK(words.sig == (field == 0 ? ones : 0));
    CHECK(words.extent == (field == 1 ? 0xFFFF'FFFFu : field == 2 ? 0xFFFF'FFFF'0000'0000u : 0));
    CHECK(words.stamp == (field == 3 ? 0xFFFFu : field == 4 ? 0xFFFF'0000u : field == 5 ? 0xFFFF'FFFF'0000'0000u : 0));
  }
  CHECK(detail::SlotWords{}.metadata(17).seq == 17);
}

TEST_CASE("a message is a whole one unless said otherwise") {
  CHECK(MessageInfo{}.ctl == (kSom | kEom));
  CHECK(kSom == 1);
  CHECK(kEom == 2);
  CHECK(kErr == 4);
}

TEST_CASE("a view shows the payload in place") {
  const std::array<std::byte, 3> bytes{std::byte{'a'}, std::byte{0}, std::byte{'b'}};
  const FragmentMetadata metadata{.seq = 5, .sig = 6, .chunk = 0, .size = 3, .ts = 0xFFFF'FFFEu};
  const FragmentView view{detail::Passkey{}, 5, detail::SlotWords::of(metadata), bytes.data()};
  CHECK(view.seq() == 5);
  CHECK(view.sig() == 6);
  CHECK(view.ts() == 0xFFFF'FFFEu);
  CHECK(view.size() == 3);
  CHECK(view.payload().data() == bytes.data());
  CHECK(view.payload().size() == 3);
  CHECK(view.text() == std::string_view("a\0b", 3));
  const FragmentView empty;
  CHECK(empty.size() == 0);
  CHECK(empty.payload().empty());
  CHECK(empty.text().empty());
}

TEST_CASE("fragments move and do not copy") {
  CHECK(!std::is_copy_constructible_v<Fragment>);
  CHECK(!std::is_copy_assignable_v<Fragment>);
  CHECK(std::is_nothrow_move_constructible_v<Fragment>);
  CHECK(std::is_nothrow_move_assignable_v<Fragment>);
  CHECK(!std::is_copy_constructible_v<SpeculativeFragment>);
  CHECK(!std::is_copy_assignable_v<SpeculativeFragment>);
  CHECK(std::is_nothrow_move_constructible_v<SpeculativeFragment>);
  CHECK(std::is_copy_constructible_v<FragmentView>);
}

TEST_CASE("a fragment is given back when it is released, destroyed or superseded, once, and not before") {
  for (const Seq start : kStarts) {
    Reliable c{start};
    Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
    Consumer consumer{c.mcache, c.dcache, c.fctl, start};
    const auto& position = detail::inside(c.fctl).places[0].position;
    for (Seq i = 0; i < 4; ++i) {
      REQUIRE(producer.publish(payload_of(start + i, 40), {.sig = i}));
    }
    {
      auto first = consumer.poll();
      REQUIRE(first);
      CHECK(position.load() == start);  // not inside the poll that returned it
      CHECK(producer.available() == 0);
      CHECK(is_payload_of(start, first->payload()));
      first->release();
      CHECK(position.load() == start + 1);
      CHECK(producer.available() == 1);
      first->release();  // idempotent
      CHECK(position.load() == start + 1);
    }
    CHECK(position.load() == start + 1);
    {
      auto second = consumer.poll();
      REQUIRE(second);
      CHECK(second->seq() == start + 1);
    }
    CHECK(position.load() == start + 2);
    auto third = consumer.poll();
    REQUIRE(third);
    auto fourth = consumer.poll();
    REQUIRE(fourth);
    CHECK(position.load() == start + 3);
    fourth->release();
    CHECK(position.load() == start + 4);
    third->release();  // an earlier one takes nothing back
    CHECK(position.load() == start + 4);
  }
}

TEST_CASE("a fragment that moves is given back by who holds it last") {
  Reliable c;
  Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
  Consumer consumer{c.mcache, c.dcache, c.fctl, 1};
  const auto& position = detail::inside(c.fctl).places[0].position;
  for (Seq i = 1; i <= 4; ++i) {
    REQUIRE(producer.publish(payload_of(i, 40)));
  }
  Fragment kept;
  kept.release();  // holds nothing
  {
    auto first = consumer.poll();
    REQUIRE(first);
    Fragment moved{std::move(*first)};
    CHECK(is_payload_of(1, moved.payload()));
    kept = std::move(moved);
  }
  CHECK(position.load() == 1);
  CHECK(kept.seq() == 1);
  CHECK(is_payload_of(1, kept.payload()));

  Fragment& same = kept;
  kept = std::move(same);
  CHECK(position.load() == 1);

  auto second = consumer.poll();  // supersedes the first
  REQUIRE(second);
  CHECK(position.load() == 2);
  kept = std::move(*second);
  CHECK(position.load() == 2);
  CHECK(kept.seq() == 2);
  kept = Fragment{};  // what is assigned over is given back
  CHECK(position.load() == 3);
}

TEST_CASE("a fragment that was given back is not read any more, by whatever way it was") {
  for (const Seq start : kStarts) {
    Reliable c{start};
    Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
    Consumer consumer{c.mcache, c.dcache, c.fctl, start};
    for (Seq i = 0; i < 4; ++i) {
      REQUIRE(producer.publish(payload_of(start + i, i == 2 ? 0 : 40), {.sig = i}));
    }
    const auto reads = [](const Fragment& fragment) {
      std::array<std::byte, 64> out{};
      struct Record {
        std::byte bytes[40];
      };
      Record record{};
      return std::array{
          violates([&] { (void)fragment.payload(); }),       violates([&] { (void)fragment.text(); }),
          violates([&] { (void)fragment.copy_to(out); }),    violates([&] { (void)fragment.as<Record>(); }),
          violates([&] { (void)fragment.copy_to(record); }), violates([&] { (void)fragment.view_as<Record>(); })};
    };
    constexpr std::array kNone{false, false, false, false, false, false};
    constexpr std::array kAll{true, true, true, true, true, true};

    std::vector<Fragment> kept;
    kept.push_back(*consumer.poll([](std::uint64_t sig) { return sig == 1; }));
    CHECK(kept[0].held());
    CHECK(reads(kept[0]) == kNone);
    SECTION("superseded") {
      kept.push_back(*consumer.poll());
      CHECK(!kept[0].held());
      CHECK(reads(kept[0]) == kAll);
      CHECK(kept[0].seq() == start + 1);  // what was copied out of its slot is still there
      CHECK(kept[1].held());
      CHECK(reads(kept[1]) == kNone);
      (void)consumer.poll();
      CHECK(!kept[1].held());
      CHECK(reads(kept[1]) == kNone);  // it is empty: there is nothing to read
    }
    SECTION("superseded by a batch") {
      std::array<FragmentView, 4> storage;
      const auto batch = consumer.poll_batch(storage);
      CHECK(!kept[0].held());
      CHECK(reads(kept[0]) == kAll);
    }
    SECTION("released") {
      kept[0].release();
      CHECK(!kept[0].held());
      CHECK(reads(kept[0]) == kAll);
    }
    SECTION("released by its consumer") {
      consumer.release();
      CHECK(!kept[0].held());
      CHECK(reads(kept[0]) == kAll);
    }
    SECTION("moved from") {
      const Fragment moved{std::move(kept[0])};
      CHECK(!kept[0].held());
      CHECK(reads(kept[0]) == kNone);  // nothing to read
      CHECK(moved.held());
      CHECK(reads(moved) == kNone);
    }
  }
}

TEST_CASE("a fragment that is held is copied as a speculative one is") {
  Reliable c;
  Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
  Consumer consumer{c.mcache, c.dcache, c.fctl, 1};
  for (const std::size_t size : {0u, 1u, 32u, 33u, 256u}) {
    const Seq seq = producer.next_seq();
    REQUIRE(producer.publish(payload_of(seq, size)));
    const auto fragment = consumer.poll();
    REQUIRE(fragment);
    std::vector<std::byte> out(size + 1, std::byte{0xEE});
    CHECK(fragment->copy_to(out).ok());
    CHECK(is_payload_of(seq, std::span{out}.first(size)));
    CHECK(out[size] == std::byte{0xEE});
    if (size != 0) {
      out.assign(size - 1, std::byte{0xEE});
      const Status small = fragment->copy_to(out);
      CHECK(small.error() == Error::BufferTooSmall);
      CHECK(small.actual() == size);
      CHECK(small.allowed() == size - 1);
      CHECK(std::ranges::count(out, std::byte{0xEE}) == static_cast<std::ptrdiff_t>(size - 1));
    }
  }
}

TEST_CASE("a speculative fragment that was moved from is empty, and takes nothing from the accounts") {
  for (const Seq start : kStarts) {
    Lossy c{start};
    Producer producer{c.mcache, c.dcache, c.fseq};
    Consumer consumer{c.mcache, c.dcache, start};
    REQUIRE(producer.publish(payload_of(start, 50)));
    auto polled = consumer.poll();
    REQUIRE(polled);
    SpeculativeFragment kept{std::move(*polled)};
    CHECK(!polled->validate());
    CHECK(polled->size() == 0);
    CHECK(kept.validate());
    SpeculativeFragment last;
    last = std::move(kept);
    CHECK(!kept.validate());
    CHECK(kept.size() == 0);
    SpeculativeFragment& same = last;
    last = std::move(same);
    CHECK(last.validate());
    CHECK(last.size() == 50);
    for (Seq i = 1; i <= 4; ++i) {
      REQUIRE(producer.publish(payload_of(start + i, 50)));
    }
    std::array<std::byte, 64> out;
    CHECK(polled->copy_to(out).error() == Error::Overrun);
    CHECK(kept.copy_to(out).error() == Error::Overrun);
    CHECK(consumer.lost() == 0);
    CHECK(last.copy_to(out).error() == Error::Overrun);
    CHECK(consumer.lost() == 1);
  }
}

TEST_CASE("a consumer is not moved or destroyed while a fragment is out") {
  Reliable c;
  Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
  Consumer consumer{c.mcache, c.dcache, c.fctl, 1};
  REQUIRE(producer.publish("x"));
  {
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(violates([&] { Consumer moved{std::move(consumer)}; }));
    fragment->release();
    CHECK(!violates([&] { Consumer moved{std::move(consumer)}; }));
  }
  Poll<Fragment> nothing = consumer.poll();
  CHECK(nothing.status() == PollStatus::Empty);
  CHECK(violates([&] { (void)*nothing; }));
}

TEST_CASE("a speculative fragment is copied and validated") {
  for (const Seq start : kStarts) {
    Lossy c{start};
    Producer producer{c.mcache, c.dcache, c.fseq};
    Consumer consumer{c.mcache, c.dcache, start};
    for (const std::size_t size : {0u, 1u, 7u, 8u, 9u, 32u, 33u, 64u, 65u, 255u, 256u}) {
      const Seq seq = producer.next_seq();
      REQUIRE(producer.publish(payload_of(seq, size), {.sig = size, .ctl = kSom, .ts = 5}));
      auto outcome = consumer.poll();
      REQUIRE(outcome);
      SpeculativeFragment fragment{std::move(*outcome)};
      CHECK(fragment.seq() == seq);
      CHECK(fragment.sig() == size);
      CHECK(fragment.ts() == 5);
      CHECK(fragment.size() == size);
      CHECK(fragment.metadata().ctl == kSom);
      CHECK(fragment.metadata().ts == 5);
      std::vector<std::byte> out(size + 1, std::byte{0xEE});
      CHECK(fragment.copy_to(out).ok());
      CHECK(is_payload_of(seq, std::span{out}.first(size)));
      CHECK(out[size] == std::byte{0xEE});  // and no further
      CHECK(fragment.validate());
    }
    CHECK(consumer.delivered() == 11);
    CHECK(consumer.lost() == 0);
  }
}

TEST_CASE("a buffer that is too small is refused untouched") {
  Lossy c;
  Producer producer{c.mcache, c.dcache, c.fseq};
  Consumer consumer{c.mcache, c.dcache, 1};
  REQUIRE(producer.publish(payload_of(1, 40)));
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  std::array<std::byte, 40> out{};
  const Status status = fragment->copy_to(std::span{out}.first(39));
  CHECK(status.error() == Error::BufferTooSmall);
  CHECK(status.actual() == 40);
  CHECK(status.allowed() == 39);
  CHECK(out == std::array<std::byte, 40>{});
  CHECK(consumer.delivered() == 1);
  CHECK(consumer.lost() == 0);
  CHECK(fragment->copy_to(out).ok());
  CHECK(is_payload_of(1, out));
}

TEST_CASE("fields are loaded from anywhere in the payload, and from nowhere else") {
  struct Triple {
    std::uint8_t a, b, c;
  };
  Lossy c;
  Producer producer{c.mcache, c.dcache, c.fseq};
  Consumer consumer{c.mcache, c.dcache, 1};
  for (const std::size_t size : {16u, 80u}) {  // in the slot, in chunks
    const auto bytes = payload_of(size, size);
    REQUIRE(producer.publish(bytes));
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    for (std::size_t offset = 0; offset + 8 <= size; ++offset) {
      std::uint64_t word;
      std::memcpy(&word, bytes.data() + offset, 8);
      REQUIRE(fragment->load<std::uint64_t>(offset) == word);
    }
    for (std::size_t offset = 0; offset + 3 <= size; ++offset) {
      const auto triple = fragment->load<Triple>(offset);
      REQUIRE(std::memcmp(&triple, bytes.data() + offset, 3) == 0);
    }
    CHECK(violates([&] { (void)fragment->load<std::uint64_t>(size - 7); }));
    CHECK(violates([&] { (void)fragment->load<char>(size); }));
    CHECK(violates([&] { (void)fragment->load<char>(~std::size_t{0}); }));
    CHECK(!violates([&] { (void)fragment->load<char>(size - 1); }));
    CHECK(fragment->validate());
  }
}

TEST_CASE("an overwritten fragment moves from delivered to lost exactly once") {
  for (const Seq start : kStarts) {
    for (const std::size_t size : {0u, 20u, 200u}) {
      Lossy c{start};
      Producer producer{c.mcache, c.dcache, c.fseq};
      Consumer consumer{c.mcache, c.dcache, start};
      REQUIRE(producer.publish(payload_of(start, size)));
      auto outcome = consumer.poll();
      REQUIRE(outcome);
      CHECK(outcome->validate());
      CHECK(consumer.delivered() == 1);
      lap(producer);
      CHECK(consumer.delivered() == 1);  // nobody has looked yet

      std::array<std::byte, 256> out{};
      CHECK(outcome->copy_to(out) == Error::Overrun);
      CHECK(consumer.delivered() == 0);
      CHECK(consumer.lost() == 1);
      CHECK(!outcome->validate());
      CHECK(outcome->copy_to(out) == Error::Overrun);
      SpeculativeFragment moved{std::move(*outcome)};
      CHECK(!moved.validate());
      CHECK(consumer.delivered() == 0);
      CHECK(consumer.lost() == 1);
      CHECK(consumer.next_seq() == start + 1);
    }
  }
}

TEST_CASE("a fragment is invalid from the moment that its chunks are reused, while its slot is not") {
  // 64 slots, 4 chunks: the third pair of chunks evicts the first fragment.
  Components<64, 4> c;
  Producer producer{c.mcache, c.dcache, c.fseq};
  Consumer consumer{c.mcache, c.dcache, 1};
  REQUIRE(producer.publish(payload_of(1, 128)));
  auto first = consumer.poll();
  REQUIRE(first);
  REQUIRE(producer.publish(payload_of(2, 128)));
  CHECK(first->validate());
  REQUIRE(producer.publish(payload_of(3, 128)));
  CHECK(!first->validate());
  CHECK(consumer.lost() == 1);
  CHECK(consumer.delivered() == 0);
}

TEST_CASE("read: a field that is validated, or nothing") {
  Lossy c;
  Producer producer{c.mcache, c.dcache, c.fseq};
  Consumer consumer{c.mcache, c.dcache, 1};
  struct Quote {
    std::uint32_t price;
    bool live;
  };
  for (const std::size_t size : {24u, 100u}) {
    auto room = producer.reserve(size);
    REQUIRE(room);
    room.writer().store(5, Quote{42, true});
    room.writer().store(20, std::uint32_t{7});
    REQUIRE(room.commit());
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    Quote quote{};
    CHECK(fragment->read(5, quote));
    CHECK(quote.price == 42);
    CHECK(quote.live);
    std::uint32_t last = 0;
    CHECK(fragment->read(20, last));
    CHECK(last == 7);
    lap(producer);
    CHECK(!fragment->read(5, quote));
    (void)consumer.poll();
    while (consumer.poll()) {
    }
  }
  CHECK(consumer.lost() >= 2);
}

TEST_CASE("release: a speculative fragment that is let go of is empty, and its consumer may go") {
  using LossyConsumer = Consumer<4, decltype(Lossy::dcache), NoFlowControl, NoMetrics>;
  Lossy c;
  Producer producer{c.mcache, c.dcache, c.fseq};
  std::array<SpeculativeFragment, 4> storage;
  SpeculativeFragment fragment;
  auto consumer = std::make_unique<LossyConsumer>(c.mcache, c.dcache, 1);
  REQUIRE(producer.publish(payload_of(1, 50)));
  REQUIRE(producer.publish(payload_of(2, 50)));
  fragment = *consumer->poll();
  REQUIRE(fragment.validate());
  fragment.release();
  fragment.release();
  CHECK(!fragment.validate());
  CHECK(fragment.size() == 0);
  CHECK(consumer->lost() == 0);
  auto batch = consumer->poll_batch(storage);
  REQUIRE(batch.size() == 1);
  REQUIRE(storage[0].validate());
  batch.release();
  CHECK(!storage[0].validate());
  CHECK(consumer->lost() == 0);
  CHECK(consumer->delivered() == 2);
  CHECK(!violates([&] { consumer.reset(); }));  // nothing is out
}
