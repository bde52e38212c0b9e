// SPDX-License-Identifier: Apache-2.0
// What the other side does in the middle of a step: at every fence of the protocol, in one thread.
#define TANGO_SEAM_HEADER "seam_hook.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <optional>

#include "support/channel.hpp"

using namespace tango;
using namespace tango::test;

namespace {

using Lossy = Components<4, 8>;

/// Overwrites the whole ring.
template <class P>
void lap(P& producer) {
  for (int i = 0; i < 4; ++i) {
    (void)producer.publish(payload_of(producer.next_seq(), 100), {.sig = 99});
  }
}

/// Runs `act` when the hook's fence is passed; whether it was.
class AtFence {
 public:
  template <class F>
  AtFence(std::memory_order order, F act) {
    at_next_fence = [this, order, act](std::memory_order passed) {
      passed_ = passed == order;
      act();
    };
  }
  ~AtFence() { at_next_fence = nullptr; }
  AtFence(const AtFence&) = delete;
  AtFence& operator=(const AtFence&) = delete;
  bool passed() const { return passed_; }

 private:
  bool passed_ = false;
};

/// Runs `act` before the next store to `word`, a SharedWord or a claim.
template <class Word, class F>
void before_store(const Word& word, F act) {
  static_assert(sizeof word == sizeof(detail::SharedWord));
  before_store_to = &word;
  at_next_store = act;
}

/// An Fctl with 4 credits, and the words of a channel around it.
struct Flow {
  explicit Flow(Seq first) : start{first}, limit{first} {}

  auto join(std::optional<Seq> wanted) { return test::join(view(), wanted, start, limit, 4); }
  Seq refill(Seq next) { return view().refill(start, start, next, limit, 4); }
  detail::CreditPlacesView view() { return detail::inside(fctl).view(); }
  detail::CreditPlace& place(std::size_t i) { return detail::inside(fctl).places[i]; }

  Seq start;
  detail::SharedWord limit;
  Fctl fctl{4};
};
}  // namespace

TEST_CASE("try_read: metadata that is overwritten between its reads and their validation is not returned") {
  for (const Seq start : kStarts) {
    MCache<2> mcache{start};
    (void)mcache.publish({.sig = 1});
    ReadResult result;
    {
      AtFence overwrite{std::memory_order_acquire, [&] {
                          (void)mcache.publish({.sig = 2});
                          (void)mcache.publish({.sig = 3});
                        }};
      result = mcache.try_read(start);
      CHECK(overwrite.passed());
    }
    CHECK(result.status == ReadStatus::Overrun);
    CHECK(result.metadata == FragmentMetadata{});
  }
}

TEST_CASE("publish: while a slot is written it answers to nobody, and its position is not yet out") {
  for (const Seq start : kStarts) {
    MCache<2> mcache{start};
    (void)mcache.publish({.sig = 1});
    (void)mcache.publish({.sig = 2});
    std::optional<ReadStatus> old_number;
    std::optional<ReadStatus> new_number;
    Seq position = 0;
    {
      AtFence look{std::memory_order_release, [&] {
                     old_number = mcache.try_read(start).status;
                     new_number = mcache.try_read(start + 2).status;
                     position = mcache.position();
                   }};
      (void)mcache.publish({.sig = 3});
      CHECK(look.passed());
    }
    CHECK(old_number == ReadStatus::Overrun);
    CHECK(new_number == ReadStatus::NotReady);
    CHECK(position == start + 2);
    CHECK(mcache.try_read(start + 2).status == ReadStatus::Ok);
  }
}

TEST_CASE("publish and reserve: whoever owned the slot or the chunks has been marked before the payload is touched") {
  for (const Seq start : kStarts) {
    for (const bool reserve : {false, true}) {
      Components<8, 4> c{start};
      Producer producer{c.mcache, c.dcache, c.fseq};
      REQUIRE(producer.publish(payload_of(start, 128)));
      REQUIRE(producer.publish(payload_of(start + 1, 128)));
      std::optional<ReadStatus> first;
      std::optional<ReadStatus> second;
      {
        AtFence look{std::memory_order_release, [&] {
                       first = c.mcache.try_read(start).status;
                       second = c.mcache.try_read(start + 1).status;
                     }};
        if (reserve) {
          auto room = producer.reserve(128);
          CHECK(room);
        } else {
          REQUIRE(producer.publish(payload_of(start + 2, 128)));
        }
        CHECK(look.passed());
      }
      CHECK(first == ReadStatus::Overrun);
      CHECK(second == ReadStatus::Ok);
    }
  }
}

TEST_CASE("publish and reserve: the slot's last owner has been marked before the payload is touched") {
  for (const Seq start : kStarts) {
    for (const std::size_t size : {8u, 64u}) {
      for (const bool reserve : {false, true}) {
        Components<2, 16> c{start};
        Producer producer{c.mcache, c.dcache, c.fseq};
        REQUIRE(producer.publish(payload_of(start, size)));
        REQUIRE(producer.publish(payload_of(start + 1, size)));
        std::optional<ReadStatus> last_owner;
        std::optional<ReadStatus> neighbour;
        AtFence look{std::memory_order_release, [&] {
                       last_owner = c.mcache.try_read(start).status;
                       neighbour = c.mcache.try_read(start + 1).status;
                     }};
        if (reserve) {
          CHECK(producer.reserve(size));
        } else {
          REQUIRE(producer.publish(payload_of(start + 2, size)));
        }
        CHECK(look.passed());
        CHECK(last_owner == ReadStatus::Overrun);
        CHECK(neighbour == ReadStatus::Ok);
      }
    }
  }
}

TEST_CASE("publish: a position is stored behind the slot, once in a while") {
  for (const Seq start : kStarts) {
    Components<64, 64> c{start};
    Producer producer{c.mcache, c.dcache, c.fseq};
    constexpr Seq kStride = MCache<64>::kPositionStride;
    for (Seq s = start; s != start + 3 * kStride; ++s) {
      std::optional<ReadStatus> at_position;
      before_store(detail::inside(c.mcache).control.position, [&] { at_position = c.mcache.try_read(s).status; });
      REQUIRE(producer.publish("x"));
      before_store_to = nullptr;  // where it did not come
      at_next_store = nullptr;
      CHECK(at_position == ((s + 1) % kStride == 0 ? std::optional{ReadStatus::Ok} : std::nullopt));
    }
  }
}

TEST_CASE("metrics: a snapshot taken while the producer joins counts nothing that was not published") {
  for (const Seq start : kStarts) {
    Lossy c{start};
    std::optional<MetricsSnapshot> at_origin;
    before_store(detail::inside(c.metrics).producer.claim, [&] { at_origin = c.metrics.snapshot(); });
    Producer producer{c.mcache, c.dcache, c.fseq, c.metrics};
    CHECK(at_origin == MetricsSnapshot{});
    CHECK(c.metrics.snapshot() == MetricsSnapshot{});
    REQUIRE(producer.publish("x"));
    CHECK(c.metrics.snapshot().published == 1);
  }
}

TEST_CASE("poll: a fragment that is overwritten while its metadata is read is an overrun") {
  for (const Seq start : kStarts) {
    Lossy c{start};
    Producer producer{c.mcache, c.dcache, c.fseq};
    Consumer consumer{c.mcache, c.dcache, start};
    REQUIRE(producer.publish("first", {.sig = 1}));
    AtFence overwrite{std::memory_order_acquire, [&] { lap(producer); }};
    auto outcome = consumer.poll();
    CHECK(overwrite.passed());
    CHECK(outcome.status() == PollStatus::Overrun);
    CHECK(consumer.delivered() == 0);
    CHECK(consumer.lost() == outcome.lost());
    CHECK(outcome.lost() >= 1);
  }
}

TEST_CASE("poll: a fragment is not filtered by a sig that was overwritten meanwhile") {
  for (const Seq start : kStarts) {
    Lossy c{start};
    Producer producer{c.mcache, c.dcache, c.fseq};
    Consumer consumer{c.mcache, c.dcache, start};
    REQUIRE(producer.publish("first", {.sig = 1}));
    AtFence overwrite{std::memory_order_acquire, [&] { lap(producer); }};
    CHECK(consumer.poll([](std::uint64_t) { return false; }).status() == PollStatus::Overrun);
    CHECK(consumer.filtered() == 0);
  }
}

TEST_CASE("copy_to: a payload that is overwritten between the copy and its validation is an overrun") {
  for (const Seq start : kStarts) {
    for (const std::size_t size : {20u, 100u}) {
      Lossy c{start};
      Producer producer{c.mcache, c.dcache, c.fseq};
      Consumer consumer{c.mcache, c.dcache, start};
      REQUIRE(producer.publish(payload_of(start, size)));
      auto fragment = consumer.poll();
      REQUIRE(fragment);
      std::array<std::byte, 100> out{};
      {
        AtFence overwrite{std::memory_order_acquire, [&] { lap(producer); }};
        CHECK(fragment->copy_to(out) == Error::Overrun);
        CHECK(overwrite.passed());
      }
      CHECK(is_payload_of(start, std::span{out}.first(size)));  // it was whole; nobody could know
      CHECK(consumer.delivered() == 0);
      CHECK(consumer.lost() == 1);
    }
  }
}

TEST_CASE("refill: who joins after the limit is announced counts at once") {
  for (const Seq start : kStarts) {
    Flow a{start};
    REQUIRE(a.join(start));
    a.place(0).position.store(start + 3);
    std::optional<Joined> joined;
    Seq announced = 0;
    AtFence join{std::memory_order_seq_cst, [&] {
                   announced = a.limit.load();
                   joined = a.join(start + 3);
                   a.place(0).position.store(start + 4);
                 }};
    CHECK(a.refill(start + 4) == start + 3);
    CHECK(join.passed());
    CHECK(announced == start + 7);
    CHECK(joined->first == start + 3);
  }
}

TEST_CASE("refill: what everyone has given back after the announcement waits for the next one") {
  Flow a{1};
  REQUIRE(a.join(1));
  a.place(0).position.store(3);
  AtFence go_on{std::memory_order_seq_cst, [&] { a.place(0).position.store(5); }};
  CHECK(a.refill(5) == 3);  // more would let who joins now start before what is reused
  CHECK(go_on.passed());
  CHECK(a.limit.load() == 7);
}

TEST_CASE("refill: who joins between the announcement and the second look, from too early, is moved up") {
  for (const Seq start : kStarts) {
    Flow a{start};
    REQUIRE(a.join(start));
    a.place(0).position.store(start + 3);
    std::optional<Joined> joined;
    AtFence join{std::memory_order_seq_cst, [&] { joined = a.join(start + 1); }};
    CHECK(a.refill(start + 4) == start + 3);
    CHECK(join.passed());
    CHECK(joined->first == start + 3);
  }
}

TEST_CASE("refill: who joins after the first look and before the announcement is found by the second look") {
  for (const Seq start : kStarts) {
    Flow a{start};
    REQUIRE(a.join(start));
    a.place(0).position.store(start + 3);
    std::optional<Joined> joined;
    before_store(a.limit, [&] { joined = a.join(start + 1); });
    CHECK(a.refill(start + 4) == start + 1);
    CHECK(joined->first == start + 1);  // nothing was announced yet, so it stands
    CHECK(a.limit.load() == start + 7);
  }
}

TEST_CASE("refill: a consumer that leaves after the announcement is kept at the position that was found") {
  for (const Seq start : kStarts) {
    Flow a{start};
    REQUIRE(a.join(start));
    a.place(0).position.store(start + 3);
    AtFence leave{std::memory_order_seq_cst, [&] { a.view().leave(0); }};
    CHECK(a.refill(start + 4) == start + 3);
    CHECK(leave.passed());
    CHECK(a.refill(start + 7) == start + 3);
  }
}

TEST_CASE("join: a place that someone is just taking is not taken by someone else") {
  for (const bool before_position : {true, false}) {
    for (const bool rejoins : {false, true}) {
      Flow a{1};
      if (rejoins) {
        a.view().leave(a.join(1)->place);
      }
      std::optional<Joined> other;
      const auto come = [&] { other = a.join(1); };
      if (rejoins) {
        before_store(a.place(0).claim, come);  // the only store of a consumer that continues
      } else if (before_position) {
        before_store(a.place(0).position, come);
      } else {
        at_next_fence = [&](std::memory_order) { come(); };
      }
      CHECK(a.join(1)->place == 0);
      CHECK(other->place == 1);
    }
  }
}

TEST_CASE("join: what the last consumer left counts while the next one takes it over") {
  for (const Seq start : kStarts) {
    Flow a{start};
    REQUIRE(a.join(start));
    a.place(0).position.store(start + 3);
    a.view().leave(0);
    Seq before_active = 0;
    before_store(a.place(0).claim, [&] {
      CHECK(a.place(0).claim.holder().state == PlaceState::Rejoining);
      before_active = a.refill(start + 7);
    });
    CHECK(a.join(std::nullopt)->first == start + 3);
    CHECK(before_active == start + 3);
    CHECK(a.place(0).claim.holder().state == PlaceState::Active);
  }
}

TEST_CASE("leave: two that leave at the same time are both kept") {
  for (const Seq start : kStarts) {
    Flow a{start};
    REQUIRE(a.join(start));
    REQUIRE(a.join(start));
    a.place(0).position.store(start + 1);
    a.place(1).position.store(start + 3);
    before_store(a.place(0).claim, [&] { a.view().leave(1); });  // each saw the other one as active
    a.view().leave(0);
    CHECK(a.place(0).claim.holder().state == PlaceState::Kept);
    CHECK(a.place(1).claim.holder().state == PlaceState::Kept);
    CHECK(a.refill(start + 4) == start + 1);
    CHECK(a.join(std::nullopt)->first == start + 1);
  }
}

TEST_CASE("join: a limit that is announced after the position is stored does not pass it") {
  for (const Seq start : kStarts) {
    Flow a{start};
    REQUIRE(a.join(start));
    a.place(0).position.store(start + 3);
    Seq refilled = 0;
    AtFence refill{std::memory_order_seq_cst, [&] { refilled = a.refill(start + 4); }};
    const auto joined = a.join(start + 1);
    CHECK(refill.passed());
    CHECK(joined->first == start + 1);  // the producer saw it
    CHECK(refilled == start + 1);
  }
}

TEST_CASE("stop: asked for while the producer leaves, it is answered, whoever looks first") {
  for (const Seq start : kStarts) {
    {
      Lossy c{start};
      std::optional<Producer<4, decltype(c.dcache), NoFlowControl, NoMetrics>> producer;
      producer.emplace(c.mcache, c.dcache, c.fseq);
      REQUIRE(producer->publish("x"));
      bool closed_by_asker = false;
      AtFence ask{std::memory_order_seq_cst, [&] {
                    c.mcache.stop();
                    closed_by_asker = c.mcache.closed();
                  }};
      producer.reset();  // claim given back, then the fence
      CHECK(ask.passed());
      CHECK(closed_by_asker);
      CHECK(detail::inside(c.mcache).control.drained(start + 1));
    }
    {
      Lossy c{start};
      std::optional<Producer<4, decltype(c.dcache), NoFlowControl, NoMetrics>> producer;
      producer.emplace(c.mcache, c.dcache, c.fseq);
      REQUIRE(producer->publish("x"));
      bool closed_by_leaver = false;
      AtFence leave{std::memory_order_seq_cst, [&] {
                      producer.reset();
                      closed_by_leaver = c.mcache.closed();
                    }};
      c.mcache.stop();  // the flag set, then the fence
      CHECK(leave.passed());
      CHECK(closed_by_leaver);
      CHECK(detail::inside(c.mcache).control.drained(start + 1));
    }
  }
}

TEST_CASE("stop: asked for just before the producer gives its claim back, it is answered by the producer") {
  Lossy c;
  std::optional<Producer<4, decltype(c.dcache), NoFlowControl, NoMetrics>> producer;
  producer.emplace(c.mcache, c.dcache, c.fseq);
  bool closed_by_asker = true;
  before_store(detail::inside(c.mcache).control.claim, [&] {
    c.mcache.stop();
    closed_by_asker = c.mcache.closed();
  });
  producer.reset();
  CHECK(!closed_by_asker);
  CHECK(c.mcache.closed());
}

TEST_CASE("stop: a producer that comes while it is asked for is refused or answers it") {
  Lossy c;
  std::optional<Producer<4, decltype(c.dcache), NoFlowControl, NoMetrics>> producer;
  AtFence come{std::memory_order_seq_cst, [&] { producer.emplace(c.mcache, c.dcache, c.fseq); }};
  c.mcache.stop();
  CHECK(come.passed());
  CHECK(producer->publish("x") == Error::Stopped);
  CHECK(c.mcache.closed());
  CHECK(detail::inside(c.mcache).control.drained(1));
}

TEST_CASE("a reliable channel of bytes passes no fence per message") {
  Components<4, 8, 64, Plain> c;
  Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
  Consumer consumer{c.mcache, c.dcache, c.fctl, 1};
  AtFence any{std::memory_order_seq_cst, [] {}};
  for (int i = 0; i < 4; ++i) {
    REQUIRE(producer.publish(payload_of(1, 64)));
    REQUIRE(consumer.poll());
  }
  CHECK(static_cast<bool>(at_next_fence));  // still waiting for one
}

TEST_CASE("joining: a producer that follows another announces no less than that one did") {
  for (const Seq start : kStarts) {
    Components<64, 4, 64, Plain> c{start, 8};
    {
      Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
      Consumer consumer{c.mcache, c.dcache, c.fctl, start};
      for (int i = 0; i < 20; ++i) {
        REQUIRE(producer.publish(payload_of(producer.next_seq(), 64)));
        REQUIRE(consumer.poll());
      }
    }
    std::optional<Producer<64, decltype(c.dcache), Fctl, NoMetrics>> successor;
    Error refused = Error::None;
    AtFence follow{std::memory_order_seq_cst, [&] {
                     successor.emplace(c.mcache, c.dcache, c.fseq, c.fctl);
                     refused = successor->publish(payload_of(start + 20, 64)).error();
                   }};
    Consumer joiner{c.mcache, c.dcache, c.fctl, start + 9};  // long overwritten: only 4 chunks
    CHECK(follow.passed());
    CHECK(refused == Error::NoCredits);  // the joiner stood at its number for a moment
    CHECK(joiner.first() == start + 16);
    CHECK(joiner.status().ok());
    Consumer later{c.mcache, c.dcache, c.fctl, start + 9};
    CHECK(later.first() == joiner.first());
  }
}

TEST_CASE("stop: who publishes into the ring by itself is not disturbed by it") {
  MCache<4> mcache{1};
  std::optional<Seq> published;
  before_store(detail::inside(mcache).control.closed_at,
               [&] { published = mcache.publish({.sig = 7}); });  // while it is being closed
  mcache.stop();
  CHECK(published == Seq{1});
  CHECK(mcache.closed());
  CHECK(mcache.try_read(1).metadata.sig == 7);
}
