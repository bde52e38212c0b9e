// SPDX-License-Identifier: Apache-2.0
// Fctl: credits by direct use, places, the minimum over them, and what joining a running channel does. The order of the
// accesses between two threads is the model checker's and tests/interleave.test.cpp's.
// clang-format off
#include "support/precondition.hpp"  // before any header of tango
// clang-format on

#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <optional>
#include <tango/yield.hpp>
#include <thread>
#include <vector>

#include "support/channel.hpp"

using namespace tango;
using namespace tango::test;

namespace {

constexpr std::uint64_t kCredits = 8;

/// An Fctl with the words of a channel around it, as a producer would keep them.
struct ReadLedger {
  explicit ReadLedger(Seq first) : start{first}, known{first}, next{first}, limit{first} {}

  Seq refill() { return known = fctl.refill(known, start, next, limit); }

  Seq start;
  Seq known;
  Seq next;
  detail::SharedWord limit;
  Fctl fctl{kCredits};
};

std::vector<std::uint64_t> image_of(const Fctl& fctl) {
  std::vector<std::uint64_t> words(sizeof fctl / 8);
  std::memcpy(words.data(), static_cast<const void*>(&fctl), sizeof fctl);
  return words;
}

/// The offsets of the words that differ.
std::vector<std::size_t> changed(const std::vector<std::uint64_t>& before, const Fctl& now) {
  const auto after = image_of(now);
  std::vector<std::size_t> offsets;
  for (std::size_t i = 0; i < after.size(); ++i) {
    if (after[i] != before[i]) {
      offsets.push_back(i * 8);
    }
  }
  return offsets;
}

using Offsets = std::vector<std::size_t>;

}  // namespace

TEST_CASE("credits are taken and given back, all or none, and never more than are out") {
  Fctl fctl{4};
  CHECK(fctl.credits() == 4);
  CHECK(fctl.available() == 4);
  CHECK(!fctl.release());  // none is out
  CHECK(fctl.available() == 4);
  CHECK(fctl.acquire());
  CHECK(fctl.available() == 3);
  CHECK(!fctl.acquire(4));
  CHECK(fctl.available() == 3);
  CHECK(fctl.acquire(3));
  CHECK(fctl.available() == 0);
  CHECK(!fctl.acquire());
  CHECK(fctl.acquire(0));
  CHECK(!fctl.release(5));
  CHECK(fctl.available() == 0);
  CHECK(fctl.release(4));
  CHECK(fctl.available() == 4);
  CHECK(!fctl.release());
  CHECK(!fctl.release(~std::uint64_t{0}));
  CHECK(!fctl.acquire(~std::uint64_t{0}));
  CHECK(fctl.release(0));
  CHECK(fctl.available() == 4);
  CHECK(fctl.credits() == 4);
}

TEST_CASE("credits are conserved over random use") {
  for (const std::uint64_t credits : {1u, 2u, 7u, 64u}) {
    Fctl fctl{credits};
    Random random{credits};
    std::uint64_t out = 0;
    std::uint64_t wrong = 0;
    for (int i = 0; i < 10'000; ++i) {
      const std::uint64_t n = random.below(credits + 2);
      if (random.below(2) == 0) {
        const bool can = n <= credits - out;
        wrong += fctl.acquire(n) != can;
        out += can ? n : 0;
      } else {
        const bool can = n <= out;
        wrong += fctl.release(n) != can;
        out -= can ? n : 0;
      }
      wrong += fctl.available() != credits - out;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("a credit carries what was done before it, in both directions") {
  constexpr std::uint64_t kCount = 4000;
  constexpr std::uint64_t kLooks = 1u << 24;
  Fctl fctl{4};
  Fseq published{0};
  std::uint64_t ring[4] = {};  // plain: ThreadSanitizer reports it if the credits do not order it
  std::uint64_t sum = 0;
  std::uint64_t received = 0;
  std::thread consumer{[&] {
    SpinThenYield idle{64};
    for (std::uint64_t look = 0; look < kLooks && received != kCount; ++look) {
      for (const Seq now = published.load(); received != now; ++received) {
        sum += ring[received % 4];
        (void)fctl.release();
      }
      (void)idle.idle(look);
    }
  }};
  SpinThenYield idle{64};
  std::uint64_t sent = 0;
  for (std::uint64_t look = 0; look < kLooks && sent != kCount; ++look) {
    if (fctl.acquire()) {
      ring[sent % 4] = sent;
      published.store(++sent);
    } else {
      (void)idle.idle(look);
    }
  }
  consumer.join();
  CHECK(received == kCount);
  CHECK(sum == kCount * (kCount - 1) / 2);
  CHECK(fctl.available() == 4);
}

TEST_CASE("a word each: the producer's side writes its own, the consumer's its own, a refill none of them") {
  Fctl fctl{kCredits};
  auto before = image_of(fctl);
  REQUIRE(fctl.acquire(3));
  CHECK(changed(before, fctl) == Offsets{24});
  before = image_of(fctl);
  REQUIRE(fctl.release(2));
  CHECK(changed(before, fctl) == Offsets{128});

  ReadLedger a{5};
  before = image_of(a.fctl);
  REQUIRE(a.fctl.join(5, a.limit));
  CHECK(changed(before, a.fctl) == Offsets{256, 256 + 8});
  before = image_of(a.fctl);
  auto second = a.fctl.join(5, a.limit);
  REQUIRE(second);
  CHECK(changed(before, a.fctl) == Offsets{384, 384 + 8});
  a.fctl.position(0).store(9);
  a.fctl.position(1).store(8);
  a.next = 9;
  before = image_of(a.fctl);
  CHECK(a.refill() == 8);
  CHECK(changed(before, a.fctl).empty());
  a.fctl.leave(second.place);
  CHECK(changed(before, a.fctl) == Offsets{384});
}

TEST_CASE("before the first consumer the start counts; after the last has left, nobody") {
  for (const Seq start : kStarts) {
    ReadLedger a{start};
    a.next = start + kCredits;
    CHECK(a.refill() == start);
    CHECK(a.limit.load() == start);  // nothing to announce

    const auto joined = a.fctl.join(start, a.limit);
    REQUIRE(joined);
    CHECK(joined.first == start);
    CHECK(a.refill() == start);
    a.fctl.position(joined.place).store(start + 3);
    CHECK(a.refill() == start + 3);
    CHECK(a.limit.load() == start + 3 + kCredits);

    a.fctl.leave(joined.place);
    CHECK(a.refill() == a.next);
    CHECK(a.limit.load() == a.next + kCredits);
    a.next += kCredits;
    CHECK(a.refill() == a.next);
  }
}

TEST_CASE("the slowest counts, and who leaves no longer does") {
  for (const Seq start : kStarts) {
    ReadLedger a{start};
    a.next = start + 7;
    for (std::size_t i = 0; i < kMaxReliableConsumers; ++i) {
      REQUIRE(a.fctl.join(start, a.limit).place == i);
    }
    CHECK(a.refill() == start);
    for (std::size_t i = 0; i < kMaxReliableConsumers; ++i) {
      a.fctl.position(i).store(start + 7);
      CHECK(a.refill() == (i + 1 < kMaxReliableConsumers ? start : start + 7));
    }
    a.next = start + 12;
    for (std::size_t i = 0; i < kMaxReliableConsumers; ++i) {
      a.fctl.position(i).store(start + 12 - (i == 3 ? 2 : 0));
    }
    CHECK(a.refill() == start + 10);
    a.fctl.leave(3);
    CHECK(a.refill() == start + 12);
  }
}

TEST_CASE("places: eight, the ninth is refused, and the one that is left is taken again") {
  ReadLedger a{1};
  for (std::size_t i = 0; i < kMaxReliableConsumers; ++i) {
    const auto joined = a.fctl.join(1, a.limit);
    REQUIRE(joined);
    CHECK(joined.place == i);
  }
  const auto before = image_of(a.fctl);
  CHECK(!a.fctl.join(1, a.limit));
  CHECK(changed(before, a.fctl).empty());
  for (const std::size_t place : {5u, 0u, 7u}) {
    a.fctl.leave(place);
    const auto again = a.fctl.join(1, a.limit);
    REQUIRE(again);
    CHECK(again.place == place);
    CHECK(!a.fctl.join(1, a.limit));
  }
}

TEST_CASE("a place that is taken again counts from its new position, not from the old one") {
  ReadLedger a{1};
  REQUIRE(a.fctl.join(1, a.limit));
  a.next = 9;
  a.fctl.leave(0);
  CHECK(a.refill() == 9);
  a.next = 12;
  const auto again = a.fctl.join(9, a.limit);
  REQUIRE(again);
  CHECK(again.first == 9);
  CHECK(a.refill() == 9);
}

TEST_CASE("a joiner that is too late for its number is moved up to the first that is protected") {
  for (const Seq start : kStarts) {
    ReadLedger a{start};
    REQUIRE(a.fctl.join(start, a.limit));
    a.next = start + 20;
    a.fctl.position(0).store(start + 15);
    REQUIRE(a.refill() == start + 15);
    REQUIRE(a.limit.load() == start + 15 + kCredits);

    const auto late = a.fctl.join(start + 2, a.limit);
    CHECK(late.place == 1);
    CHECK(late.first == start + 15);
    CHECK(a.fctl.position(1).load() == start + 15);

    const auto in_time = a.fctl.join(start + 15, a.limit);
    CHECK(in_time.first == start + 15);
    const auto later = a.fctl.join(start + 18, a.limit);
    CHECK(later.first == start + 18);
    CHECK(a.fctl.position(later.place).load() == start + 18);

    a.fctl.position(0).store(start + 20);
    a.fctl.position(1).store(start + 19);
    CHECK(a.refill() == start + 15);  // the one that joined in time still holds everything back
    a.fctl.position(2).store(start + 20);
    CHECK(a.refill() == start + 18);
  }
}

TEST_CASE("positions that cannot be: past the end they are clamped, backwards they change nothing") {
  for (const Seq start : kStarts) {
    ReadLedger a{start};
    REQUIRE(a.fctl.join(start, a.limit));
    a.next = start + 6;
    a.fctl.position(0).store(start + 1000);
    CHECK(a.refill() == start + 6);
    CHECK(a.limit.load() == start + 6 + kCredits);
    a.fctl.position(0).store(start + 2);
    CHECK(a.refill() == start + 6);
    CHECK(a.limit.load() == start + 6 + kCredits);
    a.fctl.position(0).store(start + 6 + (std::uint64_t{1} << 63));
    CHECK(a.refill() == start + 6);
  }
}

TEST_CASE("the credits bound what is under way") {
  for (const Seq start : kStarts) {
    for (const std::uint64_t credits : {1u, 2u, 3u, 8u}) {
      Components<8, 8> c{start, credits};
      Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
      std::uint64_t before_anyone = 0;
      while (before_anyone < 100 && producer.publish("x")) {
        ++before_anyone;
      }
      CHECK(before_anyone == credits);
      Consumer consumer{c.mcache, c.dcache, c.fctl, start};
      REQUIRE(consumer.first() == start);  // everything waits for the first one
      for (int i = 0; i < 20; ++i) {
        REQUIRE(consumer.poll());
        consumer.release();
        REQUIRE(producer.available() == 1);
        REQUIRE(producer.publish("x"));
        REQUIRE(producer.publish("x") == Error::NoCredits);
      }
    }
  }
}

TEST_CASE("whoever holds an Fctl counts its credits") {
  Components<4, 4> c;
  {
    Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
    CHECK(violates([&] { (void)c.fctl.available(); }));
    CHECK(violates([&] { (void)c.fctl.acquire(); }));
    CHECK(violates([&] { (void)c.fctl.release(); }));
  }
  CHECK(!violates([&] { (void)c.fctl.available(); }));
  CHECK(!violates([&] { (void)c.fctl.release(); }));
}

TEST_CASE("direct use and places do not touch each other") {
  ReadLedger a{1};
  REQUIRE(a.fctl.acquire(3));
  REQUIRE(a.fctl.join(5, a.limit));
  CHECK(a.fctl.release(2));
  CHECK(a.fctl.position(0).load() == 5);
  a.fctl.position(0).store(9);
  CHECK(a.fctl.available() == kCredits - 1);
  CHECK(a.fctl.release(1));
  CHECK(!a.fctl.release(1));
}

TEST_CASE("the limit is never announced lower than it was") {
  for (const Seq start : kStarts) {
    ReadLedger a{start};
    REQUIRE(a.fctl.join(start, a.limit));
    a.next = start + 20;
    a.fctl.position(0).store(start + 15);
    REQUIRE(a.refill() == start + 15);
    // A successor knows the start only, and finds a consumer that is just coming, on its way up.
    a.fctl.leave(0);
    a.known = start;
    Fctl::Joined early{};
    detail::SharedWord before_any{start};
    early = a.fctl.join(start + 3, before_any);
    CHECK(early.first == start + 3);
    CHECK(a.refill() == start + 3);
    CHECK(a.limit.load() == start + 15 + kCredits);
  }
}

TEST_CASE("who was never part of the channel leaves its place as it found it") {
  ReadLedger a{1};
  a.next = 5;
  a.fctl.retract(a.fctl.join(1, a.limit));
  CHECK(a.refill() == 1);  // what was published waits for the first one
  a.fctl.leave(a.fctl.join(1, a.limit).place);
  CHECK(a.refill() == 5);
  a.fctl.retract(a.fctl.join(5, a.limit));
  a.next = 7;
  CHECK(a.refill() == 7);  // somebody had been there
}
