// SPDX-License-Identifier: Apache-2.0
// MCache: the ring by itself, and the life of a channel: claimed, left, stopped, closed.
// clang-format off
#include "support/precondition.hpp"  // before any header of tango
// clang-format on

#include <catch2/catch_test_macros.hpp>
#include <optional>

#include "support/channel.hpp"

using namespace tango;
using namespace tango::test;

namespace {

FragmentMetadata metadata_of(Seq seq) {
  return {.seq = seq,
          .sig = seq * 3,
          .chunk = static_cast<std::uint32_t>(seq) & 7,
          .size = static_cast<std::uint32_t>(seq * 5),
          .ctl = static_cast<std::uint16_t>(seq * 7),
          .ts = static_cast<std::uint32_t>(seq * 11)};
}

template <std::size_t N>
void check_fresh(Seq start) {
  const MCache<N> mcache{start};
  CHECK(mcache.depth() == N);
  CHECK(mcache.start() == start);
  CHECK(mcache.position() == start);
  CHECK(!mcache.stop_requested());
  CHECK(!mcache.closed());
  // The whole first round, and what lies further: nothing is there, and nothing is gone.
  for (Seq s = start; s != start + 3 * N; ++s) {
    REQUIRE(mcache.try_read(s).status == ReadStatus::NotReady);
  }
  // What would have come before the start never will.
  for (Seq s = start - 3 * N; s != start; ++s) {
    REQUIRE(mcache.try_read(s).status == ReadStatus::Overrun);
  }
}

/// Publishes `rounds` rings and looks at everything that a reader may still ask for after each.
template <std::size_t N>
void check_rounds(Seq start, Seq rounds) {
  MCache<N> mcache{start};
  for (Seq n = 0; n < rounds * N; ++n) {
    const Seq s = start + n;
    REQUIRE(mcache.position() == s);
    REQUIRE(mcache.try_read(s).status == ReadStatus::NotReady);
    FragmentMetadata given = metadata_of(s);
    given.seq = 12345;  // ignored
    REQUIRE(mcache.publish(given) == s);
    REQUIRE(mcache.position() == s + 1);
    for (Seq back = 0; back <= n && back < 2 * N; ++back) {
      const ReadResult result = mcache.try_read(s - back);
      REQUIRE(result.status == (back < N ? ReadStatus::Ok : ReadStatus::Overrun));
      if (back < N) {
        REQUIRE(result.metadata == metadata_of(s - back));
      }
    }
    for (Seq ahead = 1; ahead <= 2 * N; ++ahead) {
      REQUIRE(mcache.try_read(s + ahead).status == ReadStatus::NotReady);
    }
  }
  CHECK(mcache.start() == start);
}

}  // namespace

TEST_CASE("a fresh ring is not ready, wherever it starts") {
  CHECK(MCache<2>{}.start() == 1);
  for (const Seq start : kStarts) {
    check_fresh<2>(start);
    check_fresh<8>(start);
    check_fresh<64>(start);
    for (Seq i = 0; i < 20; ++i) {
      check_fresh<8>(start - 10 + i);
    }
  }
}

TEST_CASE("what was published is read back, is not ready before and overrun later, over several rings and the wrap") {
  for (const Seq start : kStarts) {
    check_rounds<2>(start, 6);
    check_rounds<4>(start, 5);
    check_rounds<16>(start - 24, 4);  // the numbers wrap in the second ring
  }
}

TEST_CASE("a slot that is marked answers to neither its old number nor its new one") {
  for (const Seq start : kStarts) {
    MCache<4> mcache{start};
    (void)mcache.publish({.sig = 1});
    detail::inside(mcache).slot(start).seq.mark(start + 4);
    CHECK(mcache.try_read(start).status == ReadStatus::Overrun);
    CHECK(mcache.try_read(start + 4).status == ReadStatus::NotReady);
  }
}

TEST_CASE("an evicted slot is overrun to its number and not ready to its next") {
  for (const Seq start : kStarts) {
    MCache<4> mcache{start};
    for (int i = 0; i < 4; ++i) {
      (void)mcache.publish({});
    }
    detail::inside(mcache).slot(start + 1).seq.evict(start + 1, mcache.depth());
    CHECK(mcache.try_read(start).status == ReadStatus::Ok);
    CHECK(mcache.try_read(start + 1).status == ReadStatus::Overrun);
    CHECK(mcache.try_read(start + 5).status == ReadStatus::NotReady);
    CHECK(mcache.try_read(start + 2).status == ReadStatus::Ok);
  }
}

TEST_CASE("wait answers as soon as the number is there or gone") {
  for (const Seq start : kStarts) {
    MCache<2> mcache{start};
    const auto publish = [&] { (void)mcache.publish(metadata_of(mcache.position())); };
    const ReadResult first = mcache.wait(start, AtRound{3, 100, publish});
    CHECK(first.status == ReadStatus::Ok);
    CHECK(first.metadata == metadata_of(start));
    CHECK(mcache.position() == start + 1);  // it did not go on to round 3 again

    const ReadResult gone = mcache.wait(start + 1, AtRound{0, 100, [&] {
                                                             publish();
                                                             publish();
                                                             publish();
                                                           }});
    CHECK(gone.status == ReadStatus::Overrun);
    CHECK(mcache.wait(start + 3, Bounded{1}).status == ReadStatus::Ok);
  }
}

TEST_CASE("wait ends when its strategy gives up") {
  MCache<2> mcache;
  std::uint64_t rounds = 0;
  struct Count {
    std::uint64_t* rounds;
    bool idle(std::uint64_t round) noexcept { return ++*rounds, round < 4; }
  };
  CHECK(mcache.wait(1, Count{&rounds}).status == ReadStatus::NotReady);
  CHECK(rounds == 5);
  CHECK(mcache.wait(1, Bounded{3}).status == ReadStatus::NotReady);
}

TEST_CASE("wait ends when the channel is closed before the number, not sooner") {
  for (const Seq start : kStarts) {
    MCache<4> mcache{start};
    (void)mcache.publish({.sig = 7});
    bool asked = false;
    const ReadResult ended = mcache.wait(start + 1, AtRound{2, 1000, [&] {
                                                              mcache.stop();
                                                              asked = true;
                                                            }});
    CHECK(asked);
    CHECK(ended.status == ReadStatus::NotReady);
    bool waited = false;
    CHECK(mcache.wait(start + 2, AtRound{0, 100, [&] { waited = true; }}).status == ReadStatus::NotReady);
    CHECK(!waited);
    CHECK(mcache.wait(start, Bounded{1}).status == ReadStatus::Ok);  // what was published stays
  }
}

TEST_CASE("wait: a number that comes together with the stop is read") {
  MCache<4> mcache;
  const ReadResult last = mcache.wait(1, AtRound{2, 1000, [&] {
                                                   (void)mcache.publish({.sig = 9});
                                                   mcache.stop();
                                                 }});
  CHECK(last.status == ReadStatus::Ok);
  CHECK(last.metadata.sig == 9);
}

namespace {

/// The position after each of `count` messages of some sizes, of which some evict what was published just before, and
/// after the producer has left.
template <std::size_t N, std::size_t CHUNKS>
void check_positions(Seq start, Seq count) {
  Components<N, CHUNKS> c{start};
  {
    Producer producer{c.mcache, c.dcache, c.fseq};
    for (Seq s = start; s != start + count; ++s) {
      REQUIRE(c.mcache.position() == s);
      REQUIRE(producer.publish(payload_of(s, s % 3 == 0 ? producer.max_payload() : s % 3 * 40)));
    }
    REQUIRE(c.mcache.position() == start + count);
  }
  CHECK(c.mcache.position() == start + count);
  CHECK(detail::inside(c.mcache).control.position.load(std::memory_order_relaxed) == start + count);
  Producer successor{c.mcache, c.dcache, c.fseq};
  CHECK(successor.next_seq() == start + count);
}

}  // namespace

TEST_CASE("position: the number behind what was published last, at every moment") {
  for (const Seq start : kStarts) {
    for (const Seq count : {1u, 7u, 8u, 50u}) {
      CAPTURE(start, count);
      check_positions<2, 4>(start, count);
      check_positions<4, 16>(start, count);
      check_positions<16, 4>(start, count);
      check_positions<64, 64>(start, count);
    }
  }
}

TEST_CASE("a stop without a producer closes at once, at the position") {
  for (const Seq start : kStarts) {
    for (const Seq published : {0u, 1u, 5u}) {
      MCache<4> mcache{start};
      for (Seq i = 0; i < published; ++i) {
        (void)mcache.publish({});
      }
      mcache.stop();
      CHECK(mcache.stop_requested());
      CHECK(mcache.closed());
      CHECK(detail::inside(mcache).control.drained(start + published));
      CHECK(!detail::inside(mcache).control.drained(start + published + 1));
      CHECK(!detail::inside(mcache).control.drained(start - 1));
      mcache.stop();  // idempotent
      CHECK(mcache.closed());
      CHECK(detail::inside(mcache).control.drained(start + published));
      (void)mcache.publish({});  // the ring does not mind; the channel is closed where it was
      mcache.stop();
      CHECK(detail::inside(mcache).control.drained(start + published));
    }
  }
}

TEST_CASE("an open channel is not drained, whatever is asked") {
  for (const Seq start : kStarts) {
    const MCache<4> mcache{start};
    for (const Seq next : {start - 1, start, start + 1, Seq{0}, ~Seq{0}}) {
      CHECK(!detail::inside(mcache).control.drained(next));
    }
  }
}

TEST_CASE("a stop with a producer is answered at its next call") {
  for (const Seq start : kStarts) {
    Components<4, 4> c{start};
    Producer producer{c.mcache, c.dcache, c.fseq};
    Consumer consumer{c.mcache, c.dcache, start};
    REQUIRE(producer.publish("one"));
    c.mcache.stop();
    CHECK(c.mcache.stop_requested());
    CHECK(!c.mcache.closed());
    CHECK(consumer.poll().status() == PollStatus::Fragment);
    CHECK(consumer.poll().status() == PollStatus::Empty);  // not stopped: the producer has not spoken
    CHECK(producer.publish("two") == Error::Stopped);
    CHECK(c.mcache.closed());
    CHECK(c.mcache.position() == start + 1);
    CHECK(consumer.poll().status() == PollStatus::Stopped);
    CHECK(producer.publish("three") == Error::Stopped);
    CHECK(!producer.reserve(1));
    CHECK(producer.status() == Error::Stopped);
  }
}

TEST_CASE("a stop with a producer is answered at its destruction") {
  for (const Seq start : kStarts) {
    Components<4, 4> c{start};
    Consumer consumer{c.mcache, c.dcache, start};
    {
      Producer producer{c.mcache, c.dcache, c.fseq};
      REQUIRE(producer.publish("one"));
      c.mcache.stop();
      CHECK(!c.mcache.closed());
    }
    CHECK(c.mcache.closed());
    CHECK(consumer.poll().status() == PollStatus::Fragment);
    CHECK(consumer.poll().status() == PollStatus::Stopped);
  }
}

TEST_CASE("a producer that leaves without a stop leaves the channel open to the next one") {
  for (const Seq start : kStarts) {
    Components<4, 4> c{start};
    for (Seq i = 0; i < 3; ++i) {
      Producer producer{c.mcache, c.dcache, c.fseq};
      REQUIRE(producer);
      CHECK(producer.next_seq() == start + i);
      REQUIRE(producer.publish("x"));
    }
    CHECK(!c.mcache.closed());
    CHECK(!c.mcache.stop_requested());
    c.mcache.stop();
    CHECK(c.mcache.closed());
    CHECK(detail::inside(c.mcache).control.drained(start + 3));
  }
}

TEST_CASE("Producer::stop closes at once") {
  for (const Seq start : kStarts) {
    Components<4, 4> c{start};
    Producer producer{c.mcache, c.dcache, c.fseq};
    REQUIRE(producer.publish("x"));
    producer.stop();
    CHECK(c.mcache.closed());
    CHECK(c.mcache.stop_requested());
    CHECK(detail::inside(c.mcache).control.drained(start + 1));
    producer.stop();
    CHECK(detail::inside(c.mcache).control.drained(start + 1));
  }
}

TEST_CASE("a closed channel refuses a producer, whoever closed it") {
  for (const Seq start : kStarts) {
    Components<4, 4> by_request{start};
    by_request.mcache.stop();
    CHECK(Producer{by_request.mcache, by_request.dcache, by_request.fseq}.status() == Error::Stopped);

    Components<4, 4> by_producer{start};
    Producer{by_producer.mcache, by_producer.dcache, by_producer.fseq}.stop();
    Producer late{by_producer.mcache, by_producer.dcache, by_producer.fseq};
    CHECK(late.status() == Error::Stopped);
    CHECK(late.publish("x") == Error::Stopped);
    CHECK(by_producer.mcache.position() == start);
    CHECK(detail::inside(by_producer.mcache).control.drained(start));
  }
}

TEST_CASE("the ring is published to by its producer alone") {
  Components<4, 4> c;
  {
    Producer producer{c.mcache, c.dcache, c.fseq};
    CHECK(violates([&] { (void)c.mcache.publish({}); }));
  }
  // Nor between two producers: the second one would not know of it.
  CHECK(violates([&] { (void)c.mcache.publish({}); }));
}

TEST_CASE("a ring that was published to by itself is no channel's") {
  for (const Seq start : kStarts) {
    Components<4, 4> c{start};
    Consumer early{c.mcache, c.dcache, start};
    Consumer early_reliable{c.mcache, c.dcache, c.fctl, start};
    CHECK(early.poll().status() == PollStatus::Empty);
    (void)c.mcache.publish({});
    (void)c.mcache.publish({});
    CHECK(c.mcache.try_read(start + 1).status == ReadStatus::Ok);
    Fseq at_position{start + 2};
    CHECK(Producer{c.mcache, c.dcache, at_position}.status() == Error::ComponentMismatch);
    CHECK(Producer{c.mcache, c.dcache, at_position, c.fctl}.status() == Error::ComponentMismatch);
    CHECK(Consumer{c.mcache, c.dcache, start}.status() == Error::ComponentMismatch);
    CHECK(Consumer{c.mcache, c.dcache, c.fctl, start}.status() == Error::ComponentMismatch);
    CHECK(early.poll().status() == PollStatus::Refused);
    CHECK(early_reliable.poll().status() == PollStatus::Refused);
    CHECK(early_reliable.status() == Error::ComponentMismatch);
    // Nobody was harmed: the ring goes on, stops and is read to its end.
    (void)c.mcache.publish({});
    c.mcache.stop();
    CHECK(c.mcache.closed());
    CHECK(c.mcache.wait(start + 2).status == ReadStatus::Ok);
  }
}

TEST_CASE("the slots of a reliable channel are not for reading: nothing marks what is overwritten") {
  Components<4, 4, 64, Plain> c;
  CHECK(c.mcache.try_read(1).status == ReadStatus::NotReady);
  Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
  REQUIRE(producer.publish("x"));
  CHECK(violates([&] { (void)c.mcache.try_read(1); }));
  CHECK(violates([&] { (void)c.mcache.wait(1); }));
}
