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
template <std::size_t Places = kMaxReliableConsumers>
struct Flow {
  explicit Flow(Seq first) : start{first}, known{first}, next{first}, limit{first} {}

  Seq refill() { return known = inside().view().refill(known, start, next, limit, kCredits); }
  auto join(std::optional<Seq> wanted) { return test::join(inside().view(), wanted, start, limit, kCredits); }
  void leave(std::size_t place) { inside().view().leave(place); }
  void resign(std::size_t place) { inside().view().resign(place); }
  detail::SharedWord& position(std::size_t place) { return inside().places[place].position; }
  PlaceState state(std::size_t place) { return inside().places[place].claim.holder().state; }
  std::uint64_t members() { return inside().members.members.load(); }
  detail::FlowControl<Places>& inside() { return detail::inside(fctl); }

  Seq start;
  Seq known;
  Seq next;
  detail::SharedWord limit;
  BasicFctl<Places> fctl{kCredits};
};

using Place = PlaceState;

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
  CHECK(changed(before, fctl) == Offsets{16});
  before = image_of(fctl);
  REQUIRE(fctl.release(2));
  CHECK(changed(before, fctl) == Offsets{128});

  Flow a{5};
  before = image_of(a.fctl);
  REQUIRE(a.join(5));
  CHECK(changed(before, a.fctl) == Offsets{256, 384, 384 + 8});
  before = image_of(a.fctl);
  const auto second = a.join(5);
  REQUIRE(second);
  CHECK(changed(before, a.fctl) == Offsets{256, 512, 512 + 8});
  a.position(0).store(9);
  a.position(1).store(8);
  a.next = 9;
  before = image_of(a.fctl);
  CHECK(a.refill() == 8);
  CHECK(changed(before, a.fctl).empty());
  a.leave(second->place);
  CHECK(changed(before, a.fctl) == Offsets{512});
  before = image_of(a.fctl);
  a.leave(0);  // and the one that left before is forgotten
  CHECK(changed(before, a.fctl) == Offsets{384, 512});
  before = image_of(a.fctl);
  CHECK(a.refill() == 9);
  CHECK(changed(before, a.fctl) == Offsets{256});  // the forgotten one is no longer visited
  before = image_of(a.fctl);
  REQUIRE(a.join(9)->place == 0);
  CHECK(changed(before, a.fctl) == Offsets{384});  // it goes on where the last one was: the same position
  before = image_of(a.fctl);
  a.resign(0);
  CHECK(changed(before, a.fctl) == Offsets{264, 384});
}

TEST_CASE("before the first consumer the start counts; after the last has left, what it had not given back") {
  for (const Seq start : kStarts) {
    Flow a{start};
    a.next = start + kCredits;
    CHECK(a.refill() == start);
    CHECK(a.limit.load() == start);  // nothing to announce

    const auto joined = a.join(start);
    REQUIRE(joined);
    CHECK(joined->first == start);
    CHECK(a.refill() == start);
    a.position(joined->place).store(start + 3);
    CHECK(a.refill() == start + 3);
    CHECK(a.limit.load() == start + 3 + kCredits);

    a.leave(joined->place);
    CHECK(a.state(joined->place) == Place::Kept);
    CHECK(a.refill() == start + 3);
    a.next = start + 3 + kCredits;
    CHECK(a.refill() == start + 3);  // however often
    CHECK(a.limit.load() == start + 3 + kCredits);

    const auto successor = a.join(std::nullopt);
    REQUIRE(successor);
    CHECK(successor->first == start + 3);  // where the last one was
    CHECK(a.refill() == start + 3);
    a.position(successor->place).store(start + 5);
    CHECK(a.refill() == start + 5);
  }
}

TEST_CASE("without anybody before it, a consumer that names no number gets the first that is protected") {
  for (const Seq start : kStarts) {
    Flow a{start};
    a.next = start + 4;
    CHECK(a.join(std::nullopt)->first == start);
    a.position(0).store(start + 4);
    a.next = start + 12;
    CHECK(a.refill() == start + 4);
    CHECK(a.join(std::nullopt)->first == start + 4);  // the other one is still there: no position was left
    a.resign(0);
    a.resign(1);
    CHECK(a.refill() == start + 12);
    CHECK(a.join(std::nullopt)->first == start + 12);
  }
}

TEST_CASE("after the last consumer has resigned the producer waits for nobody, until one joins") {
  for (const Seq start : kStarts) {
    Flow a{start};
    REQUIRE(a.join(start));
    a.position(0).store(start + 3);
    a.next = start + kCredits;
    CHECK(a.refill() == start + 3);
    a.resign(0);
    CHECK(a.state(0) == Place::Free);
    CHECK(a.refill() == a.next);
    CHECK(a.members() == 0);
    CHECK(a.limit.load() == a.next + kCredits);
    a.next += kCredits;
    CHECK(a.refill() == a.next);
    const auto joined = a.join(a.next);
    REQUIRE(joined);
    a.next += kCredits;
    CHECK(a.refill() == joined->first);
    a.leave(joined->place);  // and this one leaves in good order
    CHECK(a.refill() == joined->first);
  }
}

TEST_CASE("resigning gives up what others had left before, too, but not what somebody holds") {
  for (const Seq start : kStarts) {
    Flow a{start};
    for (std::size_t i = 0; i < 3; ++i) {
      REQUIRE(a.join(start)->place == i);
    }
    a.next = start + 7;
    a.position(0).store(start + 1);
    a.position(1).store(start + 2);
    a.position(2).store(start + 3);
    a.leave(0);
    a.resign(1);
    CHECK(a.state(0) == Place::Free);
    CHECK(a.refill() == start + 3);
    a.resign(2);
    CHECK(a.refill() == start + 7);
    CHECK(a.members() == 0);
  }
}

TEST_CASE("two consumers leave, in every order: what counts is what the last one had not given back") {
  for (const Seq start : kStarts) {
    for (const std::size_t last : {0u, 1u}) {
      for (const bool resigns_first : {false, true}) {
        for (const bool resigns_last : {false, true}) {
          CAPTURE(start, last, resigns_first, resigns_last);
          Flow a{start};
          REQUIRE(a.join(start)->place == 0);
          REQUIRE(a.join(start)->place == 1);
          a.position(0).store(start + 2);
          a.position(1).store(start + 5);
          a.next = start + kCredits;
          const std::size_t first = 1 - last;
          const Seq stays = start + (last == 0 ? 2 : 5);
          resigns_first ? a.resign(first) : a.leave(first);
          CHECK(a.refill() == stays);  // one that leaves is forgotten while another is there
          resigns_last ? a.resign(last) : a.leave(last);
          CHECK(a.state(first) == Place::Free);
          CHECK(a.refill() == (resigns_last ? a.next : stays));
          CHECK(a.members() == (resigns_last ? 0u : 1u << last));
          CHECK(a.join(std::nullopt)->first == (resigns_last ? a.next : stays));
        }
      }
    }
  }
}

TEST_CASE("two that leave at the same time are both kept; the next one goes on at the earlier position") {
  for (const Seq start : kStarts) {
    for (const bool swapped : {false, true}) {
      Flow a{start};
      REQUIRE(a.join(start));
      REQUIRE(a.join(start));
      a.position(0).store(start + (swapped ? 5 : 2));
      a.position(1).store(start + (swapped ? 2 : 5));
      a.next = start + kCredits;
      // Each saw the other one as active, and neither freed its place.
      a.inside().places[0].claim.set(Place::Kept);
      a.inside().places[1].claim.set(Place::Kept);
      CHECK(a.refill() == start + 2);
      const auto next = a.join(std::nullopt);
      REQUIRE(next);
      CHECK(next->first == start + 2);
      CHECK(next->place == (swapped ? 1u : 0u));
      CHECK(a.refill() == start + 2);
      a.leave(next->place);  // the other one is forgotten
      CHECK(a.state(1 - next->place) == Place::Free);
      CHECK(a.refill() == start + 2);
    }
  }
}

TEST_CASE("a place that was left is taken again by who wants its number, else a free one, else any") {
  for (const Seq start : kStarts) {
    Flow<3> a{start};
    for (std::size_t i = 0; i < 3; ++i) {
      REQUIRE(a.join(start)->place == i);
      a.position(i).store(start + 1 + i);
    }
    a.next = start + 7;
    a.resign(0);
    a.leave(1);
    a.inside().places[2].claim.set(Place::Kept);  // at the same time
    CHECK(a.refill() == start + 2);

    CHECK(a.join(start + 3)->place == 2);  // left at this number
    CHECK(a.state(2) == Place::Active);
    const auto new_one = a.join(start + 4);  // nobody left there, and place 0 is free
    CHECK(new_one->place == 0);
    CHECK(new_one->first == start + 4);
    CHECK(a.state(1) == Place::Kept);
    const auto last = a.join(start + 6);  // there is no other place
    CHECK(last->place == 1);
    CHECK(last->first == start + 6);
    CHECK(a.position(1).load() == start + 6);  // what was kept there is given back
    CHECK(!a.join(start + 6));
    CHECK(!a.join(std::nullopt));
    CHECK(a.refill() == start + 3);
  }
}

TEST_CASE("a kept place is dropped when it would hold the producer back and another consumer is active") {
  for (const Seq start : kStarts) {
    for (const bool earlier : {false, true}) {
      CAPTURE(start, earlier);
      Flow a{start};
      REQUIRE(a.join(start)->place == 0);
      REQUIRE(a.join(start)->place == 1);
      a.next = start + kCredits;
      a.position(0).store(start + (earlier ? 2 : 5));
      a.position(1).store(start + 3);
      a.leave(0);
      CHECK(a.refill() == start + 3);
      CHECK(a.state(0) == (earlier ? Place::Free : Place::Kept));
      const auto next = a.join(std::nullopt);  // continues at what is still kept
      CHECK(next->place == 0);
      CHECK(next->first == start + (earlier ? 3 : 5));
    }
  }
}

TEST_CASE("a consumer continues at the kept position, however much was announced") {
  for (const Seq start : kStarts) {
    Flow a{start};
    REQUIRE(a.join(start));
    a.position(0).store(start + 3);
    a.next = start + kCredits;
    a.leave(0);
    a.limit.store(start + 5 + kCredits);  // announced by a refill that then found the one that left
    CHECK(a.join(std::nullopt)->first == start + 3);
    CHECK(a.join(start)->first == start + 5);  // a new place is protected from there on only
  }
}

TEST_CASE("a consumer that was there before anything was published and leaves again changes nothing") {
  for (const Seq start : kStarts) {
    Flow a{start};
    a.leave(a.join(start)->place);
    a.leave(a.join(std::nullopt)->place);
    a.next = start + 5;
    CHECK(a.refill() == start);  // what was published waits for the first one
    CHECK(a.join(std::nullopt)->first == start);
  }
}

TEST_CASE("the slowest counts, and one that leaves no longer does while others are there") {
  for (const Seq start : kStarts) {
    Flow a{start};
    a.next = start + 7;
    for (std::size_t i = 0; i < kMaxReliableConsumers; ++i) {
      REQUIRE(a.join(start)->place == i);
    }
    CHECK(a.refill() == start);
    for (std::size_t i = 0; i < kMaxReliableConsumers; ++i) {
      a.position(i).store(start + 7);
      CHECK(a.refill() == (i + 1 < kMaxReliableConsumers ? start : start + 7));
    }
    a.next = start + 12;
    for (std::size_t i = 0; i < kMaxReliableConsumers; ++i) {
      a.position(i).store(start + 12 - (i == 3 ? 2 : 0));
    }
    CHECK(a.refill() == start + 10);
    a.leave(3);
    CHECK(a.refill() == start + 12);
  }
}

namespace {

/// All places, one more, and each place again.
template <std::size_t Places>
void check_places() {
  Flow<Places> a{1};
  CHECK(a.fctl.places() == Places);
  for (std::size_t i = 0; i < Places; ++i) {
    const auto joined = a.join(1);
    REQUIRE(joined);
    CHECK(joined->place == i);
    CHECK(a.members() == (i == 63 ? ~std::uint64_t{0} : (std::uint64_t{1} << (i + 1)) - 1));
  }
  CHECK(!a.join(1));
  CHECK(!a.join(std::nullopt));
  for (std::size_t i = 0; i < Places; ++i) {  // each of them counts
    for (std::size_t other = 0; other < Places; ++other) {
      a.position(other).store(other == i ? 3 : 5);
    }
    a.next = 5;
    a.known = 1;
    CHECK(a.refill() == 3);
  }
  a.limit.store(1);
  for (const std::size_t place : {Places / 2, std::size_t{0}, Places - 1}) {
    a.leave(place);
    auto again = a.join(5);
    REQUIRE(again);
    CHECK(again->place == place);
    CHECK(!a.join(5));
    a.resign(place);
    again = a.join(5);
    REQUIRE(again);
    CHECK(again->place == place);
    CHECK(!a.join(5));
  }
}

}  // namespace

TEST_CASE("places: one to 64, one more is refused, and the one that is left is taken again") {
  check_places<1>();
  check_places<2>();
  check_places<8>();
  check_places<63>();
  check_places<64>();
}

TEST_CASE("a join that finds no place changes nothing") {
  Flow a{1};
  for (std::size_t i = 0; i < kMaxReliableConsumers; ++i) {
    REQUIRE(a.join(1));
  }
  const auto before = image_of(a.fctl);
  CHECK(!a.join(1));
  CHECK(changed(before, a.fctl).empty());
}

TEST_CASE("a place that is taken again counts from its new position, not from the old one") {
  for (const bool resigns : {false, true}) {
    Flow<1> a{1};
    REQUIRE(a.join(1));
    a.next = 9;
    resigns ? a.resign(0) : a.leave(0);
    CHECK(a.refill() == (resigns ? 9u : 1u));
    a.next = 12;
    const auto again = a.join(9);
    REQUIRE(again);
    CHECK(again->first == 9);
    CHECK(a.refill() == 9);
  }
}

TEST_CASE("each holder of a place has an epoch of its own") {
  Flow<1> a{1};
  const auto holder = [&] { return a.inside().places[0].claim.holder(); };
  CHECK(holder() == detail::Claim<Place>::Holder{Place::Free, 0, 0});
  for (std::uint64_t epoch = 1; epoch < 6; ++epoch) {
    REQUIRE(a.join(1));
    CHECK(holder() == detail::Claim<Place>::Holder{Place::Active, 0, epoch});
    epoch % 2 == 0 ? a.resign(0) : a.leave(0);
    CHECK(holder() == detail::Claim<Place>::Holder{epoch % 2 == 0 ? Place::Free : Place::Kept, 0, epoch});
  }
}

TEST_CASE("a joiner that is too late for its number is moved up to the first that is protected") {
  for (const Seq start : kStarts) {
    Flow a{start};
    REQUIRE(a.join(start));
    a.next = start + 20;
    a.position(0).store(start + 15);
    REQUIRE(a.refill() == start + 15);
    REQUIRE(a.limit.load() == start + 15 + kCredits);

    const auto late = a.join(start + 2);
    CHECK(late->place == 1);
    CHECK(late->first == start + 15);
    CHECK(a.position(1).load() == start + 15);

    const auto in_time = a.join(start + 15);
    CHECK(in_time->first == start + 15);
    const auto later = a.join(start + 18);
    CHECK(later->first == start + 18);
    CHECK(a.position(later->place).load() == start + 18);

    a.position(0).store(start + 20);
    a.position(1).store(start + 19);
    CHECK(a.refill() == start + 15);  // the one that joined in time still holds everything back
    a.position(2).store(start + 20);
    CHECK(a.refill() == start + 18);
  }
}

TEST_CASE("what was left is moved up, too, when others have gone on since") {
  for (const Seq start : kStarts) {
    Flow a{start};
    REQUIRE(a.join(start));
    REQUIRE(a.join(start));
    a.position(0).store(start + 2);
    a.leave(0);
    a.position(1).store(start + 15);
    a.next = start + 20;
    REQUIRE(a.refill() == start + 15);
    const auto returned = a.join(std::nullopt);
    CHECK(returned->place == 0);
    CHECK(returned->first == start + 15);
    CHECK(a.position(0).load() == start + 15);
  }
}

TEST_CASE("positions that cannot be: past the end they are clamped, backwards they change nothing") {
  for (const Seq start : kStarts) {
    for (const bool leaves : {false, true}) {
      Flow a{start};
      REQUIRE(a.join(start));
      if (leaves) {
        a.leave(0);
      }
      a.next = start + 6;
      a.position(0).store(start + 1000);
      CHECK(a.refill() == start + 6);
      CHECK(a.limit.load() == start + 6 + kCredits);
      a.position(0).store(start + 2);
      CHECK(a.refill() == start + 6);
      CHECK(a.limit.load() == start + 6 + kCredits);
      a.position(0).store(start + 6 + (std::uint64_t{1} << 63));
      CHECK(a.refill() == start + 6);
    }
  }
}

TEST_CASE("members that cannot be: places that do not exist are not visited") {
  detail::CreditMembers members;
  detail::CreditPlace places[64];  // of which two exist
  detail::SharedWord limit{1};
  detail::CreditPlacesView view{members, std::span{places}.first(2)};
  REQUIRE(join(view, 1, 1, limit, kCredits));
  view.places[0].give_back(4);
  for (std::size_t i = 2; i < 64; ++i) {
    places[i].claim.set(Place::Active);
    places[i].give_back(2);
  }
  members.members.store(~std::uint64_t{0});
  CHECK(view.minimum(1, 6) == 4);
}

TEST_CASE("what the last consumer left is where the next one goes on, also if the producer has not looked since") {
  for (const Seq start : kStarts) {
    Flow a{start};
    REQUIRE(a.join(start));
    a.position(0).store(start + 3);
    a.next = start + 5;
    a.leave(0);
    REQUIRE(a.limit.load() == start);
    const auto next = a.join(std::nullopt);
    REQUIRE(next);
    CHECK(next->first == start + 3);
    CHECK(a.position(next->place).load() == start + 3);
    a.leave(next->place);
    // One that starts over gets what is still protected before that.
    CHECK(a.join(start)->first == start);
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

TEST_CASE("credits are taken directly from an Fctl that no endpoint was ever given") {
  const auto refuses = [](Fctl& fctl) {
    CHECK(violates([&] { (void)fctl.available(); }));
    CHECK(violates([&] { (void)fctl.acquire(); }));
    CHECK(violates([&] { (void)fctl.release(); }));
  };
  {
    Components<4, 4> c;
    CHECK(!violates([&] { (void)c.fctl.available(); }));
    CHECK(!violates([&] { (void)c.fctl.acquire(); }));
    CHECK(!violates([&] { (void)c.fctl.release(); }));
    {
      Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
      refuses(c.fctl);
    }
    refuses(c.fctl);  // nor when it has left: another one may come
  }
  Components<4, 4> c;
  {
    Consumer consumer{c.mcache, c.dcache, c.fctl, 1};
    refuses(c.fctl);
  }
  refuses(c.fctl);
  auto channel = ChannelBuilder<4, 4, 64>{}.with_flow_control().build();
  refuses(channel.fctl());
}

TEST_CASE("direct use and places do not touch each other") {
  Flow a{1};
  REQUIRE(a.fctl.acquire(3));
  REQUIRE(a.join(5));
  CHECK(a.fctl.release(2));
  CHECK(a.position(0).load() == 5);
  a.position(0).store(9);
  CHECK(a.fctl.available() == kCredits - 1);
  CHECK(a.fctl.release(1));
  CHECK(!a.fctl.release(1));
}

TEST_CASE("the limit is never announced lower than it was") {
  for (const Seq start : kStarts) {
    Flow a{start};
    REQUIRE(a.join(start));
    a.next = start + 20;
    a.position(0).store(start + 15);
    REQUIRE(a.refill() == start + 15);
    // A successor knows the start only, and finds a consumer that is just coming, on its way up.
    a.leave(0);
    a.known = start;
    const detail::SharedWord before_any{start};
    const auto early = test::join(a.inside().view(), start + 3, start, before_any, kCredits);
    CHECK(early->first == start + 3);
    CHECK(a.refill() == start + 3);
    CHECK(a.limit.load() == start + 15 + kCredits);
  }
}
