// SPDX-License-Identifier: Apache-2.0
// The producer: what it publishes arrives, what it refuses leaves no trace, and who may be one.
#include <array>
#include <atomic>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <memory>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>

#include "support/channel.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

/// What must not change when a message is refused.
template <class P>
struct Trace {
  Seq next;
  std::uint64_t available;
  friend bool operator==(const Trace&, const Trace&) = default;
};
template <class P>
Trace<P> trace(P& producer) {
  return {producer.next_seq(), producer.available()};
}

template <class C>
bool next_holds(C& consumer, Seq seq, std::size_t size) {
  auto fragment = consumer.poll();
  return fragment && holds(*fragment, seq, size);
}

}  // namespace

// ----------------------------------------------------------------------------------------------------------- publish

TEMPLATE_TEST_CASE("every size up to max_payload arrives byte for byte", "", LossyKind, ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 8, 16, 128> c{start};
    auto producer = c.producer();
    auto consumer = c.consumer(start);
    REQUIRE(producer);
    REQUIRE(consumer);
    CHECK(producer.max_payload() == 8 * 128);
    for (const std::size_t size : std::initializer_list<std::size_t>{
             0,   1,   2,   7,   8,   9,   15,  16,  17,  31,  32,   33,   63,   64, 65,   127,
             128, 129, 255, 256, 257, 300, 511, 512, 513, 897, 1000, 1023, 1024, 0,  1024, 33}) {
      const Seq seq = producer.next_seq();
      CAPTURE(start, seq, size);
      REQUIRE(producer.publish(payload_of(seq, size), {.sig = size * 3, .ctl = kSom, .ts = 77}));
      CHECK(producer.next_seq() == seq + 1);
      CHECK(c.mcache.position() == seq + 1);
      CHECK(c.fseq.load() == seq + 1);
      auto fragment = consumer.poll();
      REQUIRE(fragment);
      CHECK(holds(*fragment, seq, size));
      CHECK(fragment->sig() == size * 3);
      CHECK(fragment->metadata().ctl == kSom);
      CHECK(fragment->metadata().ts == 77);
      CHECK(fragment->metadata().reserved == 0);
      CHECK((fragment->metadata().chunk == kInlineChunk) == (size <= kInlineBytes));
    }
    CHECK(consumer.poll().status() == PollStatus::Empty);
    CHECK(accounts_add_up(consumer));
  }
}

TEMPLATE_TEST_CASE("a chunk of any size is rounded up to whole lines", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 4, 100> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  CHECK(producer.max_payload() == 2 * 128);
  for (const std::size_t size : {99u, 100u, 101u, 127u, 128u, 129u, 255u, 256u}) {
    const Seq seq = producer.next_seq();
    CAPTURE(size);
    REQUIRE(producer.publish(payload_of(seq, size)));
    CHECK(next_holds(consumer, seq, size));
  }
}

TEMPLATE_TEST_CASE("characters are sent without a terminator", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 4> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  REQUIRE(producer.publish("hello", {.sig = 42}));
  REQUIRE(producer.publish(std::string_view{}));
  auto hello = consumer.poll();
  REQUIRE(hello);
  CHECK(hello->size() == 5);
  CHECK(hello->sig() == 42);
  CHECK(hello->metadata().ctl == (kSom | kEom));
  const auto bytes = bytes_of(*hello);
  REQUIRE(bytes);
  CHECK(std::string_view{reinterpret_cast<const char*>(bytes->data()), 5} == "hello");
  auto empty = consumer.poll();
  REQUIRE(empty);
  CHECK(empty->size() == 0);
}

TEMPLATE_TEST_CASE("a payload that is too large spends nothing", "", LossyKind, ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 4, 4> c{start};
    auto producer = c.producer();
    auto consumer = c.consumer(start);
    const std::vector<std::byte> huge(producer.max_payload() + 1);
    REQUIRE(producer.publish(payload_of(start, 128)));
    const auto before = trace(producer);
    for (int i = 0; i < 20; ++i) {  // more often than there are slots and chunks
      const Status status = producer.publish(huge);
      CHECK(status.error() == Error::PayloadTooLarge);
      CHECK(status.actual() == 129);
      CHECK(status.allowed() == 128);
      CHECK(producer.publish_blocking(huge, {}, Bounded{2}).error() == Error::PayloadTooLarge);
      auto room = producer.reserve(huge.size());
      CHECK(!room);
      CHECK(room.status().error() == Error::PayloadTooLarge);
      CHECK(room.commit().error() == Error::PayloadTooLarge);
    }
    CHECK(trace(producer) == before);
    REQUIRE(producer.publish(payload_of(start + 1, 128)));  // the other half of the chunks is still there
    CHECK(next_holds(consumer, start, 128));
    CHECK(next_holds(consumer, start + 1, 128));
    CHECK(consumer.poll().status() == PollStatus::Empty);
  }
}

TEMPLATE_TEST_CASE("without slots: NoCredits, and nothing is spent", "", ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    for (const std::uint64_t credits : {1u, 3u, 4u}) {
      Wiring<TestType::kKind, 4, 8> c{start, credits};
      auto producer = c.producer();
      auto consumer = c.consumer(start);
      CHECK(producer.available() == credits);
      for (Seq i = 0; i < credits; ++i) {
        REQUIRE(producer.publish(payload_of(start + i, 64)));
        CHECK(producer.available() == credits - i - 1);
      }
      for (int i = 0; i < 10; ++i) {
        CHECK(producer.publish("x").error() == Error::NoCredits);
        CHECK(producer.publish("").error() == Error::NoCredits);
        CHECK(!producer.reserve(1));
      }
      CHECK(producer.next_seq() == start + credits);
      CHECK(producer.available() == 0);
      CHECK(next_holds(consumer, start, 64));
      CHECK(producer.available() == 1);
      REQUIRE(producer.publish(payload_of(start + credits, 64)));
      CHECK(producer.publish("x").error() == Error::NoCredits);
      for (Seq i = 1; i <= credits; ++i) {
        CHECK(next_holds(consumer, start + i, 64));
      }
      CHECK(consumer.lost() == 0);
      CHECK(producer.available() == credits);
    }
  }
}

TEMPLATE_TEST_CASE("without chunks: NoCredits, and nothing is spent", "", ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 16, 4> c{start};
    auto producer = c.producer();
    auto consumer = c.consumer(start);
    REQUIRE(producer.publish(payload_of(start, 128)));
    REQUIRE(producer.publish(payload_of(start + 1, 65)));
    const auto before = trace(producer);
    for (int i = 0; i < 20; ++i) {
      CHECK(producer.publish(payload_of(0, 33)).error() == Error::NoCredits);
      // What is written in place takes a chunk, unless it may be written into the slot.
      CHECK(producer.reserve(decltype(producer)::kMaxInSlot + 1).status().error() == Error::NoCredits);
    }
    CHECK(trace(producer) == before);
    CHECK(before.available == 14);
    REQUIRE(producer.publish(payload_of(start + 2, 32)));  // takes none
    CHECK(next_holds(consumer, start, 128));
    REQUIRE(producer.publish(payload_of(start + 3, 33)));
    REQUIRE(producer.publish(payload_of(start + 4, 64)));
    CHECK(producer.publish(payload_of(0, 33)).error() == Error::NoCredits);
    CHECK(next_holds(consumer, start + 1, 65));
    CHECK(next_holds(consumer, start + 2, 32));
    CHECK(next_holds(consumer, start + 3, 33));
    CHECK(next_holds(consumer, start + 4, 64));
    CHECK(consumer.poll().status() == PollStatus::Empty);
  }
}

TEMPLATE_TEST_CASE("with nothing held the largest payload fits wherever the free region starts", "", LossyKind,
                   ReliableKind, ObservedKind) {
  for (std::size_t shift = 0; shift < 16; ++shift) {
    Wiring<TestType::kKind, 4, 8> c;
    auto producer = c.producer();
    auto consumer = c.consumer(1);
    for (std::size_t i = 0; i < shift; ++i) {
      const Seq seq = producer.next_seq();
      REQUIRE(producer.publish(payload_of(seq, 64)));
      REQUIRE(next_holds(consumer, seq, 64));
    }
    for (int i = 0; i < 5; ++i) {
      const Seq seq = producer.next_seq();
      REQUIRE(producer.publish(payload_of(seq, producer.max_payload())));
      REQUIRE(next_holds(consumer, seq, producer.max_payload()));
    }
  }
}

TEMPLATE_TEST_CASE("a payload never runs over the end of the chunks, nor into one that is held", "", ReliableKind,
                   ObservedKind) {
  // 8 chunks: 3 + 3 leave a tail of two, which a run of three skips.
  Wiring<TestType::kKind, 8, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  REQUIRE(producer.publish(payload_of(1, 3 * 64)));
  REQUIRE(producer.publish(payload_of(2, 3 * 64)));
  CHECK(producer.publish(payload_of(3, 3 * 64)).error() == Error::NoCredits);
  REQUIRE(next_holds(consumer, 1, 3 * 64));
  auto held = consumer.poll();
  REQUIRE(held);
  REQUIRE(producer.publish(payload_of(3, 3 * 64)));
  CHECK(producer.publish(payload_of(4, 64)).error() == Error::NoCredits);  // what was skipped is not free either
  CHECK(holds(*held, 2, 3 * 64));
  held->release();
  REQUIRE(producer.publish(payload_of(4, 64)));
  CHECK(next_holds(consumer, 3, 3 * 64));
  CHECK(next_holds(consumer, 4, 64));
}

TEST_CASE("a lossy producer never waits") {
  Wiring<Kind::Lossy, 4, 4> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(producer.publish(payload_of(producer.next_seq(), static_cast<std::size_t>(i) % 129)));
    REQUIRE(producer.publish_blocking("x", {}, Bounded{2}));
  }
  CHECK(producer.available() == 4);
  CHECK(consumer.poll().status() == PollStatus::Overrun);
}

// ---------------------------------------------------------------------------------------------------------- blocking

TEMPLATE_TEST_CASE("publish_blocking waits for credits, in one thread", "", ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 2, 4> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  REQUIRE(producer.publish_blocking(payload_of(1, 10), {}, Bounded{2}));
  REQUIRE(producer.publish_blocking(payload_of(2, 128), {}, Bounded{2}));
  SECTION("until they come") {
    bool right = false;
    AtRound strategy{5, 100, [&] { right = next_holds(consumer, 1, 10); }};
    CHECK(producer.publish_blocking(payload_of(3, 128), {.sig = 9}, strategy).ok());
    CHECK(right);
    CHECK(next_holds(consumer, 2, 128));
    auto third = consumer.poll();
    REQUIRE(third);
    CHECK(third->sig() == 9);
    CHECK(holds(*third, 3, 128));
  }
  SECTION("until the strategy gives up") {
    CHECK(producer.publish_blocking("x", {}, Bounded{10}).error() == Error::NoCredits);
    CHECK(producer.next_seq() == 3);
  }
  SECTION("until the channel is stopped") {
    AtRound strategy{5, 100, [&] { c.mcache.stop(); }};
    CHECK(producer.publish_blocking("x", {}, strategy).error() == Error::Stopped);
    CHECK(producer.next_seq() == 3);
    CHECK(c.mcache.closed());
    CHECK(next_holds(consumer, 1, 10));
    CHECK(next_holds(consumer, 2, 128));
    CHECK(consumer.poll().status() == PollStatus::Stopped);
  }
  SECTION("until the last consumer has left") {
    auto gone = std::make_unique<decltype(c.consumer(1))>(c.consumer(2));
    { auto leaves = std::move(consumer); }
    AtRound strategy{5, 100, [&] { gone.reset(); }};
    CHECK(producer.publish_blocking(payload_of(3, 128), {}, strategy).ok());
  }
}

TEST_CASE("publish_blocking waits for chunks, too") {
  Wiring<Kind::Reliable, 8, 2> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  REQUIRE(producer.publish(payload_of(1, 64)));
  REQUIRE(producer.publish(payload_of(2, 64)));
  bool right = false;
  AtRound strategy{3, 100, [&] { right = next_holds(consumer, 1, 64); }};
  CHECK(producer.publish_blocking(payload_of(3, 64), {}, strategy).ok());
  CHECK(right);
  CHECK(next_holds(consumer, 2, 64));
  CHECK(next_holds(consumer, 3, 64));
}

TEMPLATE_TEST_CASE("reserve_blocking waits as publish_blocking does", "", ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 2, 4> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  REQUIRE(producer.publish(payload_of(1, 10)));
  REQUIRE(producer.publish(payload_of(2, 128)));
  SECTION("until there is room") {
    bool right = false;
    AtRound strategy{5, 100, [&] { right = next_holds(consumer, 1, 10); }};
    auto room = producer.reserve_blocking(128, strategy);
    REQUIRE(room);
    CHECK(right);
    CHECK(room.size() == 128);
    fill(room, payload_of(3, 128));
    CHECK(room.commit({.sig = 9}));
    CHECK(next_holds(consumer, 2, 128));
    CHECK(next_holds(consumer, 3, 128));
  }
  SECTION("until the strategy gives up") {
    CHECK(producer.reserve_blocking(1, Bounded{10}).status().error() == Error::NoCredits);
    CHECK(next_holds(consumer, 1, 10));
    CHECK(producer.publish("x"));  // nothing was left open
  }
  SECTION("until the channel is stopped") {
    AtRound strategy{5, 100, [&] { c.mcache.stop(); }};
    CHECK(producer.reserve_blocking(1, strategy).status().error() == Error::Stopped);
    CHECK(c.mcache.closed());
  }
  SECTION("not at all where waiting would not help") {
    bool waited = false;
    AtRound strategy{0, 1, [&] { waited = true; }};
    const std::size_t most = producer.max_payload();
    const auto too_large = producer.reserve_blocking(most + 1, strategy).status();
    CHECK(too_large.error() == Error::PayloadTooLarge);
    CHECK(too_large.actual() == most + 1);
    CHECK(too_large.allowed() == most);
    CHECK(next_holds(consumer, 1, 10));
    auto room = producer.reserve_blocking(1, strategy);
    CHECK(room);
    CHECK(producer.reserve_blocking(1, strategy).status().error() == Error::ReservationOpen);
    CHECK(!waited);
  }
}

TEMPLATE_TEST_CASE("what a strategy publishes while a message waits comes before it", "", ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c{1, 1};  // one credit
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  REQUIRE(producer.publish(payload_of(1, 10)));
  bool right = false;
  AtRound strategy{2, 100, [&] {
                     right = next_holds(consumer, 1, 10) && producer.publish(payload_of(2, 10)).ok() &&
                             next_holds(consumer, 2, 10);
                   }};
  SECTION("published") { CHECK(producer.publish_blocking(payload_of(3, 10), {}, strategy).ok()); }
  SECTION("reserved") {
    auto room = producer.reserve_blocking(100, strategy);
    REQUIRE(room);
    fill(room, payload_of(3, 100));
    CHECK(room.commit());
  }
  SECTION("a reservation is open: the message does not get in between") {
    std::optional<typename decltype(producer)::Reservation> open;
    AtRound reserving{2, 100, [&] {
                        right = next_holds(consumer, 1, 10);
                        open.emplace(producer.reserve(10));
                      }};
    CHECK(producer.publish_blocking(payload_of(3, 10), {}, reserving).error() == Error::ReservationOpen);
    CHECK(right);
    REQUIRE(*open);
    fill(*open, payload_of(2, 10));
    CHECK(open->commit());
    CHECK(next_holds(consumer, 2, 10));
    CHECK(consumer.poll().status() == PollStatus::Empty);
    return;
  }
  CHECK(right);
  CHECK(producer.next_seq() == 4);
  auto third = consumer.poll();
  REQUIRE(third);
  CHECK(holds(*third, 3, third->size()));
}

TEMPLATE_TEST_CASE("publish_blocking between two threads", "", ReliableKind, ObservedKind) {
  constexpr Seq kMessages = 20'000;
  Wiring<TestType::kKind, 4, 4> c{~Seq{0} - 1000};
  const Seq start = c.mcache.start();
  auto producer = c.producer();
  auto consumer = c.consumer(start);
  std::atomic<std::uint64_t> refused{0};
  std::thread thread{[&] {
    for (Seq i = 0; i < kMessages; ++i) {
      const Seq seq = producer.next_seq();
      if (!producer.publish_blocking(payload_of(seq, seq % 129), {}, Patient{})) {
        ++refused;
        break;
      }
    }
    producer.stop();
  }};
  std::uint64_t right = 0;
  while (true) {
    auto fragment = consumer.wait(Patient{});
    if (!fragment) {
      CHECK(fragment.status() == PollStatus::Stopped);
      break;
    }
    right += holds(*fragment, start + right, (start + right) % 129) ? 1 : 0;
  }
  thread.join();
  CHECK(refused == 0);
  CHECK(right == kMessages);
  CHECK(consumer.delivered() == kMessages);
}

// ------------------------------------------------------------------------------------------------------------- batch

TEMPLATE_TEST_CASE("a batch is published as far as it goes", "", ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  std::vector<std::vector<std::byte>> bytes;
  std::vector<Message> messages;
  for (Seq i = 0; i < 6; ++i) {
    bytes.push_back(payload_of(i + 1, i * 13));
  }
  for (Seq i = 0; i < 6; ++i) {
    messages.push_back({bytes[i], {.sig = i, .ctl = kErr, .ts = static_cast<std::uint32_t>(i)}});
  }
  BatchStatus batch = producer.publish_batch(messages);
  CHECK(batch.count == 4);
  CHECK(!batch);
  CHECK(batch.status.error() == Error::NoCredits);
  CHECK(producer.next_seq() == 5);
  for (Seq i = 0; i < 4; ++i) {
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(holds(*fragment, i + 1, i * 13));
    CHECK(fragment->sig() == i);
    CHECK(fragment->metadata().ctl == kErr);
    CHECK(fragment->metadata().ts == i);
  }
  batch = producer.publish_batch(std::span{messages}.subspan(batch.count));
  CHECK(batch.count == 2);
  CHECK(batch);
  CHECK(batch.status.ok());
  CHECK(next_holds(consumer, 5, 52));
  CHECK(next_holds(consumer, 6, 65));
  batch = producer.publish_batch({});
  CHECK(batch.count == 0);
  CHECK(batch.status.ok());
}

TEMPLATE_TEST_CASE("a batch ends before a message that is too large", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 4> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  const auto first = payload_of(1, 5);
  const std::vector<std::byte> huge(129);
  const std::array<Message, 3> messages{{{first, {}}, {huge, {}}, {first, {}}}};
  const BatchStatus batch = producer.publish_batch(messages);
  CHECK(batch.count == 1);
  CHECK(batch.status.error() == Error::PayloadTooLarge);
  CHECK(producer.next_seq() == 2);
  CHECK(next_holds(consumer, 1, 5));
  CHECK(consumer.poll().status() == PollStatus::Empty);
}

// -------------------------------------------------------------------------------------------------------- reservation

TEMPLATE_TEST_CASE("what is written in place arrives", "", LossyKind, ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 4, 8> c{start};
    auto producer = c.producer();
    auto consumer = c.consumer(start);
    for (const std::size_t size : {0u, 1u, 8u, 31u, 32u, 33u, 64u, 65u, 128u, 200u, 256u, 0u, 256u}) {
      const Seq seq = producer.next_seq();
      CAPTURE(seq, size);
      auto room = producer.reserve(size);
      REQUIRE(room);
      CHECK(room.size() == size);
      fill(room, payload_of(seq, size));
      CHECK(consumer.poll().status() == PollStatus::Empty);
      CHECK(producer.next_seq() == seq);
      CHECK(room.commit({.sig = size, .ctl = kEom, .ts = 3}).ok());
      CHECK(producer.next_seq() == seq + 1);
      CHECK(!room);
      CHECK(room.status().error() == Error::ReservationClosed);
      CHECK(room.commit().error() == Error::ReservationClosed);
      CHECK(room.commit_prefix(0).error() == Error::ReservationClosed);
      room.drop();
      CHECK(producer.next_seq() == seq + 1);
      auto fragment = consumer.poll();
      REQUIRE(fragment);
      CHECK(holds(*fragment, seq, size));
      CHECK(fragment->sig() == size);
      CHECK(fragment->metadata().ctl == kEom);
      CHECK(fragment->metadata().ts == 3);
    }
  }
}

TEMPLATE_TEST_CASE("a prefix is committed and the rest goes back", "", LossyKind, ReliableKind, ObservedKind) {
  for (std::size_t used = 0; used <= 256; used += used < 70 ? 1 : 31) {
    CAPTURE(used);
    Wiring<TestType::kKind, 8, 8> c;
    auto producer = c.producer();
    auto consumer = c.consumer(1);
    {
      auto room = producer.reserve(256);
      REQUIRE(room);
      fill(room, payload_of(1, used));
      CHECK(room.commit_prefix(used).ok());
    }
    // The chunks that are left, one by one: none is lost and none is handed out twice.
    const std::size_t taken = (used + 63) / 64;
    for (Seq seq = 2; seq < 2 + 8 - taken && seq <= 8; ++seq) {
      REQUIRE(producer.publish(payload_of(seq, 64)));
    }
    if constexpr (TestType::kKind != Kind::Lossy) {
      CHECK(producer.publish(payload_of(9, 64)).error() == Error::NoCredits);
    }
    CHECK(next_holds(consumer, 1, used));
    for (Seq seq = 2; seq < producer.next_seq(); ++seq) {
      CHECK(next_holds(consumer, seq, 64));
    }
    CHECK(consumer.lost() == 0);
  }
}

TEMPLATE_TEST_CASE("committing more than was reserved leaves the reservation open", "", LossyKind, ReliableKind,
                   ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  auto room = producer.reserve(40);
  REQUIRE(room);
  fill(room, payload_of(1, 40));
  for (const std::size_t used : {std::size_t{41}, std::size_t{64}, ~std::size_t{0}}) {
    const Status status = room.commit_prefix(used);
    CHECK(status.error() == Error::CommitTooLarge);
    CHECK(status.actual() == used);
    CHECK(status.allowed() == 40);
    CHECK(room);
    CHECK(producer.next_seq() == 1);
    CHECK(consumer.poll().status() == PollStatus::Empty);
  }
  CHECK(room.commit().ok());
  CHECK(next_holds(consumer, 1, 40));
}

TEMPLATE_TEST_CASE("while a reservation is open nothing else is published", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  auto room = producer.reserve(100);
  REQUIRE(room);
  fill(room, payload_of(1, 100));
  CHECK(producer.publish("x").error() == Error::ReservationOpen);
  CHECK(producer.publish(payload_of(0, 200)).error() == Error::ReservationOpen);
  CHECK(producer.publish_blocking("x", {}, Bounded{2}).error() == Error::ReservationOpen);
  CHECK(producer.reserve(1).status().error() == Error::ReservationOpen);
  const Message message{};
  const BatchStatus batch = producer.publish_batch(std::span{&message, 1});
  CHECK(batch.count == 0);
  CHECK(batch.status.error() == Error::ReservationOpen);
  c.mcache.stop();  // asked while it is open: what was begun may be finished
  CHECK(producer.publish("x").error() == Error::ReservationOpen);
  CHECK(!c.mcache.closed());
  CHECK(room.commit().ok());
  CHECK(producer.publish("x").error() == Error::Stopped);
  CHECK(c.mcache.closed());
  CHECK(next_holds(consumer, 1, 100));
  CHECK(consumer.poll().status() == PollStatus::Stopped);
}

TEMPLATE_TEST_CASE("a reservation that is dropped spends nothing", "", LossyKind, ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 4, 8> c{start};
    auto producer = c.producer();
    auto consumer = c.consumer(start);
    REQUIRE(producer.publish(payload_of(start, 64)));
    const auto before = trace(producer);
    for (int i = 0; i < 50; ++i) {
      {
        auto room = producer.reserve(256);
        REQUIRE(room);
        fill(room, std::vector<std::byte>(256, std::byte{0xEE}));
        if (i % 2 == 0) {
          room.drop();
          CHECK(room.status().error() == Error::ReservationClosed);
          room.drop();
        }
      }
      CHECK(trace(producer) == before);
      CHECK(c.mcache.position() == start + 1);
    }
    for (Seq seq = start + 1; seq != start + 4; ++seq) {
      REQUIRE(producer.publish(payload_of(seq, 64)));
    }
    for (Seq seq = start; seq != start + 4; ++seq) {
      CHECK(next_holds(consumer, seq, 64));
    }
    CHECK(consumer.poll().status() == PollStatus::Empty);
    CHECK(consumer.lost() == 0);
  }
}

TEMPLATE_TEST_CASE("a dropped reservation that evicted: what is left is intact, what is gone is counted", "", LossyKind,
                   ObservedKind) {
  Wiring<TestType::kKind, 4, 4> c;
  auto producer = c.producer();
  for (Seq seq = 1; seq <= 4; ++seq) {
    REQUIRE(producer.publish(payload_of(seq, 64)));
  }
  auto observer = c.observer(1);
  { auto consumer = c.consumer(5); }  // observed: everything was consumed
  (void)producer.reserve(128);        // takes the chunks of two, and the slot of the first
  CHECK(producer.next_seq() == 5);
  auto outcome = observer.poll();
  REQUIRE(outcome.status() == PollStatus::Overrun);
  CHECK(outcome.lost() == 2);
  CHECK(next_holds(observer, 3, 64));
  CHECK(next_holds(observer, 4, 64));
  CHECK(observer.poll().status() == PollStatus::Empty);
  REQUIRE(producer.publish(payload_of(5, 64)));
  CHECK(next_holds(observer, 5, 64));
  CHECK(accounts_add_up(observer));
}

TEMPLATE_TEST_CASE("a reservation moves", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  auto room = producer.reserve(10);
  REQUIRE(room);
  auto moved = std::move(room);
  CHECK(room.status().error() == Error::ReservationClosed);
  CHECK(room.commit().error() == Error::ReservationClosed);
  room.drop();
  REQUIRE(moved);
  fill(moved, payload_of(1, 10));
  CHECK(moved.commit().ok());
  CHECK(next_holds(consumer, 1, 10));
  moved = producer.reserve(20);  // a closed one takes over an open one
  REQUIRE(moved);
  auto refused = producer.reserve(30);
  CHECK(refused.status().error() == Error::ReservationOpen);
  moved = std::move(refused);  // and drops what it had
  CHECK(moved.status().error() == Error::ReservationOpen);
  REQUIRE(producer.publish(payload_of(2, 3)));
  CHECK(next_holds(consumer, 2, 3));
}

TEST_CASE("a word writer writes any bytes anywhere, and no others") {
  Wiring<Kind::Lossy, 4, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  for (const std::size_t size : {24u, 80u}) {
    auto room = producer.reserve(size);
    REQUIRE(room);
    WordWriter writer = room.writer();
    CHECK(writer.size() == size);
    std::vector<std::byte> expected(size, std::byte{0x11});
    writer.write(0, expected);
    const auto put = [&](std::size_t offset, std::size_t bytes) {
      const auto piece = payload_of(offset, bytes);
      writer.write(offset, piece);
      std::copy(piece.begin(), piece.end(), expected.begin() + static_cast<std::ptrdiff_t>(offset));
    };
    for (std::size_t offset = 0; offset < 18; ++offset) {
      for (std::size_t bytes = 0; offset + bytes <= size && bytes < 20; ++bytes) {
        put(offset, bytes);
      }
    }
    put(size - 1, 1);
    put(size, 0);
    writer.store(3, std::uint32_t{0xA1B2'C3D4});
    const std::uint32_t value = 0xA1B2'C3D4;
    for (std::size_t i = 0; i < 4; ++i) {
      expected[3 + i] = std::as_bytes(std::span{&value, 1})[i];
    }
    writer.write(8, "abc");
    expected[8] = std::byte{'a'};
    expected[9] = std::byte{'b'};
    expected[10] = std::byte{'c'};
    CHECK(room.commit().ok());
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(bytes_of(*fragment) == expected);
  }
}

// ---------------------------------------------------------------------------------------------- who may be a producer

TEMPLATE_TEST_CASE("a second producer is refused, and changes nothing", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  {
    auto second = c.producer();
    CHECK(!second);
    CHECK(second.status().error() == Error::SecondProducer);
    CHECK(second.publish("x").error() == Error::SecondProducer);
    CHECK(second.publish(payload_of(0, 1000)).error() == Error::SecondProducer);
    CHECK(second.publish_blocking("x", {}, Bounded{2}).error() == Error::SecondProducer);
    CHECK(second.reserve(1).status().error() == Error::SecondProducer);
    CHECK(second.available() == 0);
    second.stop();
    CHECK(!c.mcache.stop_requested());
  }
  CHECK(!c.producer());  // that one's leaving did not free the channel either
  REQUIRE(producer.publish(payload_of(1, 40)));
  CHECK(next_holds(consumer, 1, 40));
}

TEST_CASE("a producer that finds one component taken leaves the others alone") {
  Wiring<Kind::Reliable, 4, 8> a;
  Wiring<Kind::Reliable, 4, 8> b;
  auto producer = a.producer();
  CHECK(Producer{b.mcache, a.dcache, b.fseq, b.fctl}.status().error() == Error::ComponentMismatch);
  CHECK(Producer{b.mcache, b.dcache, a.fseq, b.fctl}.status().error() == Error::ComponentMismatch);
  CHECK(Producer{b.mcache, b.dcache, b.fseq, a.fctl}.status().error() == Error::ComponentMismatch);
  CHECK(Producer{a.mcache, b.dcache, b.fseq, b.fctl}.status().error() == Error::SecondProducer);
  CHECK(detail::inside(b.dcache).membership.generation() == 0);
  CHECK(detail::inside(b.fseq).membership.generation() == 0);
  CHECK(detail::inside(b.fctl).membership.generation() == 0);
  CHECK(b.producer());
  CHECK(producer.publish("x").ok());
}

TEST_CASE("components that once belonged to another channel are refused") {
  Wiring<Kind::Reliable, 4, 8> a;
  Wiring<Kind::Reliable, 4, 8> b;
  { auto producer = a.producer(); }
  { auto producer = b.producer(); }
  CHECK(Producer{b.mcache, a.dcache, b.fseq, b.fctl}.status().error() == Error::ComponentMismatch);
  CHECK(Producer{b.mcache, b.dcache, a.fseq, b.fctl}.status().error() == Error::ComponentMismatch);
  CHECK(Producer{b.mcache, b.dcache, b.fseq, a.fctl}.status().error() == Error::ComponentMismatch);
  CHECK(a.producer());
  CHECK(b.producer());
  // Nor may a successor bring fresh ones: what was published is in the chunks, and consumers are in the Fctl.
  Wiring<Kind::Reliable, 4, 8> fresh;
  CHECK(Producer{b.mcache, fresh.dcache, b.fseq, b.fctl}.status().error() == Error::ComponentMismatch);
  CHECK(Producer{b.mcache, b.dcache, b.fseq, fresh.fctl}.status().error() == Error::ComponentMismatch);
  CHECK(Producer{b.mcache, b.dcache, fresh.fseq, b.fctl});  // an Fseq only mirrors the position
  CHECK(fresh.producer().status().error() == Error::ComponentMismatch);
  Fseq own{1};
  CHECK(Producer{fresh.mcache, fresh.dcache, own, fresh.fctl});
  Components<4, 8> observed;
  { Producer first{observed.mcache, observed.dcache, observed.fseq, observed.fctl}; }
  CHECK(Producer{observed.mcache, observed.dcache, observed.fseq}.status().error() == Error::ComponentMismatch);
}

TEST_CASE("numbers and credits that disagree are refused with both values") {
  Components<4, 8> c{10};
  Fseq wrong{11};
  const Producer start{c.mcache, c.dcache, wrong};
  CHECK(start.status().error() == Error::StartMismatch);
  CHECK(start.status().actual() == 11);
  CHECK(start.status().allowed() == 10);
  for (const std::uint64_t credits : {std::uint64_t{0}, std::uint64_t{5}, ~std::uint64_t{0}}) {
    Fctl fctl{credits};
    const Producer producer{c.mcache, c.dcache, c.fseq, fctl};
    CHECK(producer.status().error() == Error::CreditsOutOfRange);
    CHECK(producer.status().actual() == credits);
    CHECK(producer.status().allowed() == 4);
  }
  Producer counted{c.mcache, c.dcache, c.fseq, c.metrics};
  CHECK(counted);
  Components<4, 8> other;
  const Producer uncounted{other.mcache, other.dcache, other.fseq, c.metrics};
  CHECK(uncounted.status().error() == Error::TooManyMetricsBlocks);
  CHECK(Producer{other.mcache, other.dcache, other.fseq});
}

TEMPLATE_TEST_CASE("a producer moves, and is not copied", "", LossyKind, ReliableKind, ObservedKind) {
  using P = decltype(std::declval<Wiring<TestType::kKind, 4, 8>&>().producer());
  CHECK(!std::is_copy_constructible_v<P>);
  CHECK(!std::is_copy_assignable_v<P>);
  CHECK(std::is_nothrow_move_constructible_v<P>);
  CHECK(std::is_nothrow_move_assignable_v<P>);

  Wiring<TestType::kKind, 4, 8> c;
  auto first = c.producer();
  auto consumer = c.consumer(1);
  REQUIRE(first.publish(payload_of(1, 50)));
  auto second = std::move(first);
  CHECK(first.status().error() == Error::Moved);
  CHECK(first.publish("x").error() == Error::Moved);
  CHECK(first.reserve(1).status().error() == Error::Moved);
  CHECK(first.available() == 0);
  first.stop();
  CHECK(!c.mcache.stop_requested());
  REQUIRE(second);
  REQUIRE(second.publish(payload_of(2, 60)));
  CHECK(!c.producer());  // still held

  Wiring<TestType::kKind, 4, 8> d{5};
  auto other = d.producer();
  other = std::move(second);  // leaves d
  CHECK(d.producer());
  REQUIRE(other.publish(payload_of(3, 70)));
  auto& same = other;
  other = std::move(same);
  REQUIRE(other.publish(payload_of(4, 70)));
  CHECK(next_holds(consumer, 1, 50));
  CHECK(next_holds(consumer, 2, 60));
  CHECK(next_holds(consumer, 3, 70));
  CHECK(next_holds(consumer, 4, 70));
}

TEMPLATE_TEST_CASE("a successor goes on where the producer before left off", "", LossyKind, ReliableKind,
                   ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 4, 16> c{start};
    auto consumer = c.consumer(start);
    Seq seq = start;
    for (Seq round = 0; round < 30; ++round) {
      CAPTURE(start, round);
      auto producer = c.producer();
      REQUIRE(producer);
      CHECK(producer.next_seq() == seq);
      if constexpr (TestType::kKind != Kind::Lossy) {
        CHECK(producer.available() == 4);
      }
      REQUIRE(producer.publish(payload_of(seq, 64 * (round % 5))));  // left for the next producer's time
      REQUIRE(next_holds(consumer, seq, 64 * (round % 5)));
      auto held = consumer.poll();
      CHECK(held.status() == PollStatus::Empty);
      REQUIRE(producer.publish(payload_of(seq + 1, 100)));
      held = consumer.poll();
      REQUIRE(held);
      { auto leaves = std::move(producer); }
      auto successor = c.producer();  // while the fragment is held: its chunks and its slot stay taken
      REQUIRE(successor);
      if constexpr (TestType::kKind != Kind::Lossy) {
        CHECK(successor.available() == 3);
        for (int i = 0; i < 3; ++i) {
          REQUIRE(successor.publish(payload_of(seq + 2 + static_cast<Seq>(i), 128)));
        }
        CHECK(successor.publish(payload_of(0, 33)).error() == Error::NoCredits);
        CHECK(holds(*held, seq + 1, 100));
        for (Seq i = 0; i < 3; ++i) {
          REQUIRE(next_holds(consumer, seq + 2 + i, 128));
        }
        seq += 5;
      } else {
        CHECK(holds(*held, seq + 1, 100));
        seq += 2;
      }
    }
  }
}

// -------------------------------------------------------------------------------------------------------------- stop

TEMPLATE_TEST_CASE("the search for free chunks ends, whatever somebody else wrote into the channel", "", LossyKind,
                   ReliableKind, ObservedKind) {
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 63;
  for (const std::uint64_t off : {std::uint64_t{1}, std::uint64_t{100}, kHalf / 2, kHalf - 1, kHalf, kHalf + 9,
                                  0 - kHalf / 2, ~std::uint64_t{0}}) {
    Wiring<TestType::kKind, 8, 4> wire{1};
    const auto large = payload_of(1, 2 * 64);
    {
      auto producer = wire.producer();
      CHECK(producer.publish(large));
      auto& account = detail::inside(wire.dcache).account;
      detail::ChunkRing<4>{account}.start(producer.next_seq() +
                                          off);  // the oldest run, and where the free chunks begin
      for (int i = 0; i < 4; ++i) {
        static_cast<void>(producer.publish(large));
        static_cast<void>(producer.available_payload());
      }
    }
    const Seq start = wire.mcache.position() + off;
    std::byte* const words = reinterpret_cast<std::byte*>(&wire.mcache);
    std::memcpy(words + offsetof(detail::RingControl, start), &start, sizeof start);  // the channel's first number
    detail::inside(wire.mcache).control.closed_at.store(start - 1);                   // which is: still open
    auto successor = wire.producer();
    CHECK(successor);
    for (int i = 0; i < 4; ++i) {
      static_cast<void>(successor.publish(large));
      static_cast<void>(successor.available_payload());
    }
  }
}

TEMPLATE_TEST_CASE("a producer that stops closes the channel behind what it published", "", LossyKind, ReliableKind,
                   ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 4, 8> c{start};
    auto producer = c.producer();
    auto consumer = c.consumer(start);
    REQUIRE(producer.publish(payload_of(start, 40)));
    CHECK(!c.mcache.closed());
    producer.stop();
    producer.stop();
    CHECK(c.mcache.closed());
    CHECK(c.mcache.stop_requested());
    CHECK(producer.status().error() == Error::Stopped);
    CHECK(producer.publish("x").error() == Error::Stopped);
    CHECK(producer.publish_blocking("x", {}, Bounded{2}).error() == Error::Stopped);
    CHECK(producer.reserve(1).status().error() == Error::Stopped);
    CHECK(producer.available() == 0);
    CHECK(next_holds(consumer, start, 40));
    CHECK(consumer.poll().status() == PollStatus::Stopped);
    CHECK(consumer.poll().status() == PollStatus::Stopped);
    { auto leaves = std::move(producer); }
    CHECK(c.producer().status().error() == Error::Stopped);
  }
}

TEMPLATE_TEST_CASE("anyone may ask to stop; the producer answers", "", LossyKind, ReliableKind, ObservedKind) {
  for (int test = 0; test < 12; ++test) {
    const Seq start = kStarts[test % 4];
    const int how = test / 4;
    CAPTURE(start, how);
    Wiring<TestType::kKind, 4, 8> c{start};
    auto producer = std::make_unique<decltype(c.producer())>(c.producer());
    auto consumer = c.consumer(start);
    REQUIRE(producer->publish(payload_of(start, 40)));
    c.mcache.stop();
    c.mcache.stop();
    CHECK(c.mcache.stop_requested());
    CHECK(!c.mcache.closed());
    CHECK(next_holds(consumer, start, 40));
    CHECK(consumer.poll().status() == PollStatus::Empty);  // the producer may still be at work
    CHECK(c.producer().status().error() == Error::Stopped);
    switch (how) {
      case 0:
        CHECK(producer->publish("x").error() == Error::Stopped);
        break;
      case 1:
        CHECK(producer->reserve(1).status().error() == Error::Stopped);
        break;
      case 2:
        producer.reset();
        break;
    }
    CHECK(c.mcache.closed());
    CHECK(consumer.poll().status() == PollStatus::Stopped);
  }
}

TEMPLATE_TEST_CASE("without a producer, who asks closes", "", LossyKind, ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 4, 8> c{start};
    auto consumer = c.consumer(start);
    const bool had_producer = start % 2 == 0;
    if (had_producer) {
      auto producer = c.producer();
      REQUIRE(producer.publish(payload_of(start, 40)));
    }
    c.mcache.stop();
    CHECK(c.mcache.closed());
    if (had_producer) {
      CHECK(next_holds(consumer, start, 40));
    }
    CHECK(consumer.poll().status() == PollStatus::Stopped);
    auto late = c.producer();
    CHECK(late.status().error() == Error::Stopped);
    CHECK(late.publish("x").error() == Error::Stopped);
  }
}

TEMPLATE_TEST_CASE("nothing is available once a stop was asked for", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  CHECK(producer.available() == 4);
  c.mcache.stop();
  CHECK(producer.available() == 0);
  CHECK(producer.publish("x") == Error::Stopped);
}

TEMPLATE_TEST_CASE("stop says whether the channel is closed", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  auto second = c.producer();
  CHECK(!second.stop());
  CHECK(!c.mcache.closed());
  CHECK(producer.stop());
  CHECK(producer.stop());
  CHECK(c.mcache.closed());
}
