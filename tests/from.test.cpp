// SPDX-License-Identifier: Apache-2.0
// From: where a consumer starts, for every kind of channel, every point and numbers.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <optional>

#include "support/channel.hpp"
#include "support/combinations.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

template <class P>
void publish(P& producer, Seq count, std::size_t size = 8) {
  for (Seq i = 0; i < count; ++i) {
    REQUIRE(producer.publish(payload_of(producer.next_seq(), size)));
  }
}

/// How many come until there is none, from `first` on without a gap.
template <class C>
Seq count_from(C& consumer, Seq first) {
  Seq next = first;
  while (const auto seq = next_number(consumer)) {
    REQUIRE(*seq == next);
    ++next;
  }
  return next - first;
}

}  // namespace

TEMPLATE_TEST_CASE("before anything was published every point is the start", "", LossyKind, ReliableKind,
                   ObservedKind) {
  for (const Seq start : kStarts) {
    for (const bool producer_first : {false, true}) {
      for (const From from : {From{From::Oldest}, From{From::Start}, From{From::Next}, From{start}}) {
        Wiring<TestType::kKind, 8, 8> c{start};
        std::optional<decltype(c.producer())> producer;
        if (producer_first) {
          producer.emplace(c.producer());
        }
        auto consumer = c.consumer(from);
        REQUIRE(consumer);
        CHECK(consumer.first() == start);
        if (!producer_first) {
          producer.emplace(c.producer());
        }
        publish(*producer, 3);
        CHECK(count_from(consumer, start) == 3);
      }
    }
  }
}

TEMPLATE_TEST_CASE("on a channel that overwrites: the oldest that is there, the start, the next, a number", "",
                   LossyKind, ObservedKind) {
  for (const Seq start : kStarts) {
    for (const Seq published : {0u, 1u, 5u, 8u, 9u, 20u, 100u}) {
      CAPTURE(start, published);
      Wiring<TestType::kKind, 8, 16> c{start};
      auto producer = c.producer();
      give_up(c.consumer(start));
      publish(producer, published);
      const Seq position = start + published;
      const Seq oldest = published < 8 ? start : position - 8;

      auto from_oldest = c.observer(From::Oldest);
      REQUIRE(from_oldest);
      CHECK(from_oldest.first() == oldest);
      CHECK(count_from(from_oldest, oldest) == position - oldest);
      CHECK(from_oldest.lost() == 0);  // what was gone before it came, it has not lost

      auto from_start = c.observer(From::Start);
      REQUIRE(from_start);
      CHECK(from_start.first() == start);
      while (from_start.next_seq() != position) {
        (void)from_start.poll();
      }
      CHECK(from_start.lost() + from_start.delivered() == published);
      CHECK((from_start.lost() >= oldest - start));
      CHECK((published > 8) == (from_start.lost() != 0));

      auto from_next = c.observer(From::Next);
      REQUIRE(from_next);
      CHECK(from_next.first() == position);
      CHECK(from_next.poll().status() == PollStatus::Empty);

      for (Seq number = start; number != position + 1; ++number) {
        auto from_number = c.observer(number);
        REQUIRE(from_number);
        CHECK(from_number.first() == number);
      }
      for (const Seq wrong : {start - 1, position + 1}) {
        const auto refused = c.observer(wrong);
        CHECK(refused.status() == Error::StartMismatch);
        CHECK(refused.status().actual() == wrong);
        CHECK(refused.status().allowed() == position);
      }
      publish(producer, 1);
      CHECK(next_number(from_next) == position);
      CHECK(next_number(from_oldest) == position);
    }
  }
}

TEST_CASE("the oldest that is there is later where large messages have evicted others") {
  for (const Seq start : kStarts) {
    Wiring<Kind::Lossy, 64, 4> c{start};
    auto producer = c.producer();
    publish(producer, 30, 64);  // four are there
    auto consumer = c.consumer(From::Oldest);
    CHECK(consumer.first() == start + 26);
    CHECK(count_from(consumer, start + 26) == 4);
    CHECK(consumer.lost() == 0);
    publish(producer, 10);  // in their slots: nothing is evicted
    auto all = c.consumer(From::Oldest);
    CHECK(all.first() == start + 26);
    CHECK(count_from(all, start + 26) == 14);
    publish(producer, 100);  // and those are gone, because their slots are another's
    auto late = c.consumer(From::Oldest);
    CHECK(late.first() == start + 140 - 64);
    CHECK(count_from(late, start + 140 - 64) == 64);
  }
}

TEST_CASE("an oldest number that cannot be is not followed past the position") {
  for (const Seq start : kStarts) {
    Wiring<Kind::Lossy, 8, 8> c{start};
    auto producer = c.producer();
    publish(producer, 20);
    for (const Seq forged : {start + 21, start + 1000, start + (Seq{1} << 62)}) {
      detail::inside(c.mcache).control.oldest.store(forged);
      const auto consumer = c.consumer(From::Oldest);
      CHECK(consumer);
      CHECK(consumer.first() == start + 20);
    }
    for (const Seq forged : {start, start - 1, start - 1000}) {
      detail::inside(c.mcache).control.oldest.store(forged);
      CHECK(c.consumer(From::Oldest).first() == start + 12);
    }
  }
}

TEST_CASE("an oldest number that cannot be is not followed before the start") {
  for (const Seq start : kStarts) {
    for (const Seq published : {0u, 3u, 7u}) {
      Wiring<Kind::Lossy, 8, 8> c{start};
      auto producer = c.producer();
      publish(producer, published);
      for (const Seq forged : {start - 1, start - 1000}) {
        detail::inside(c.mcache).control.oldest.store(forged);
        auto consumer = c.consumer(From::Oldest);
        REQUIRE(consumer);
        CHECK(consumer.first() == start);
        CHECK(count_from(consumer, start) == published);
      }
    }
  }
}

TEMPLATE_TEST_CASE("a reliable consumer: what is still protected, whatever it asks for", "", ReliableKind,
                   ObservedKind) {
  for (const Seq start : kStarts) {
    for (const std::uint64_t credits : {1u, 3u, 8u}) {
      CAPTURE(start, credits);
      Wiring<TestType::kKind, 8, 16> c{start, credits};
      auto producer = c.producer();
      auto runs = c.consumer(From::Oldest);
      for (int i = 0; i < 20; ++i) {
        publish(producer, 1);
        REQUIRE(next_number(runs));
      }
      CHECK(producer.available() == credits);
      publish(producer, 1);  // at start + 20, and not read
      const Seq position = start + 21;
      const auto first_from = [&](From from) {
        auto consumer = c.consumer(from);
        REQUIRE(consumer);
        const Seq first = consumer.first();
        return first;
      };
      CHECK(first_from(From::Oldest) == start + 20);
      CHECK(first_from(From::Start) == start + 20);
      CHECK(first_from(From::Next) == position);
      CHECK(first_from(start) == start + 20);
      CHECK(first_from(start + 19) == start + 20);
      CHECK(first_from(start + 20) == start + 20);
      CHECK(first_from(position) == position);
      for (const Seq wrong : {start - 1, position + 1}) {
        const auto refused = c.consumer(wrong);
        CHECK(refused.status() == Error::StartMismatch);
        CHECK(refused.status().actual() == wrong);
        CHECK(refused.status().allowed() == position);
      }
    }
  }
}

TEMPLATE_TEST_CASE("a reliable consumer where the last one left", "", ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    CAPTURE(start);
    using Wire = Wiring<TestType::kKind, 8, 16>;
    // Read 5, left in good order, then 5 more were published: what the next one gets.
    const auto first_from = [&](auto from_of) {
      Wire c{start};
      auto producer = c.producer();
      {
        auto consumer = c.consumer(From::Oldest);
        publish(producer, 8);
        for (int i = 0; i < 5; ++i) {
          REQUIRE(next_number(consumer));
        }
      }
      publish(producer, 5);
      CHECK(producer.publish("x").error() == Error::NoCredits);
      auto consumer = c.consumer(from_of(start));
      REQUIRE(consumer);
      const Seq first = consumer.first();
      CHECK(count_from(consumer, first) == start + 13 - first);
      CHECK(consumer.lost() == 0);
      publish(producer, 8);  // it is waited for from where it came
      CHECK(producer.publish("x").error() == Error::NoCredits);
      return first - start;
    };
    CHECK(first_from([](Seq) { return From{From::Oldest}; }) == 5);
    CHECK(first_from([](Seq) { return From{From::Start}; }) == 5);  // nothing before it is protected
    CHECK(first_from([](Seq s) { return From{s}; }) == 5);
    CHECK(first_from([](Seq s) { return From{s + 5}; }) == 5);
    CHECK(first_from([](Seq s) { return From{s + 7}; }) == 7);
    CHECK(first_from([](Seq) { return From{From::Next}; }) == 13);
  }
}

TEMPLATE_TEST_CASE("a reliable consumer that starts over gets what is still protected before where the last one left",
                   "", ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 8, 16> c{start};
    auto producer = c.producer();
    {
      auto consumer = c.consumer(From::Oldest);
      publish(producer, 6);
      for (int i = 0; i < 4; ++i) {
        REQUIRE(next_number(consumer));
      }
    }
    // The producer has not looked since: all that it published is still there.
    {
      auto again = c.consumer(From::Start);
      CHECK(again.first() == start);
      CHECK(count_from(again, start) == 6);
    }
    auto next = c.consumer(From::Oldest);
    CHECK(next.first() == start + 6);
  }
}

TEMPLATE_TEST_CASE(
    "every channel that a builder makes: its consumers start at the oldest message unless told otherwise", "",
    TANGO_EVERY_COMBINATION) {
  auto channel = TestType{}().starting_at(5).build();
  auto producer = channel.producer();
  const Quote quote{1, 2, 3};
  for (int i = 0; i < 3; ++i) {
    REQUIRE(producer.publish(quote));
  }
  if constexpr (decltype(channel)::kFlowControl) {
    CHECK(channel.consumer().first() == 5);
    CHECK(channel.consumer(From::Start).first() == 5);
    CHECK(channel.consumer(From::Next).first() == 8);
    CHECK(channel.consumer(6).first() == 6);
    CHECK(channel.consumer().first() == 6);  // where the last one left
  } else {
    for (int i = 0; i < 20; ++i) {
      REQUIRE(producer.publish(quote));
    }
    auto consumer = channel.consumer();
    CHECK(consumer.first() == 28 - kBuiltDepth);
    CHECK(next_number(consumer) == 28 - kBuiltDepth);
    CHECK(consumer.lost() == 0);
    CHECK(channel.consumer(From::Start).first() == 5);
    CHECK(channel.consumer(From::Next).first() == 28);
    CHECK(channel.consumer(6).first() == 6);
  }
  if constexpr (requires { channel.observer(); }) {
    CHECK(channel.observer().first() == (decltype(channel)::kFlowControl ? 5 : 28 - kBuiltDepth));
    CHECK(channel.observer(From::Start).first() == 5);
    CHECK(channel.observer(From::Next).first() == channel.position());
    CHECK(channel.observer(7).first() == 7);
  }
}
