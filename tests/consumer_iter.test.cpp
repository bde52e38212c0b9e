// SPDX-License-Identifier: Apache-2.0
// A consumer's fragments as a range.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <iterator>
#include <ranges>
#include <thread>
#include <type_traits>

#include "support/channel.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

template <Kind KIND>
using ConsumerOf = decltype(std::declval<Wiring<KIND, 4, 8>&>().consumer(1));
template <Kind KIND>
using RangeOf = decltype(std::declval<ConsumerOf<KIND>&>().fragments());

template <class P>
void publish(P& producer, Seq count, std::size_t size = 40) {
  for (Seq i = 0; i < count; ++i) {
    REQUIRE(producer.publish(payload_of(producer.next_seq(), size), {.sig = producer.next_seq()}));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("the range is an input range", "", LossyKind, ReliableKind, ObservedKind) {
  using Range = RangeOf<TestType::kKind>;
  using Iter = std::ranges::iterator_t<Range>;
  CHECK(std::input_iterator<Iter>);
  CHECK(std::ranges::input_range<Range>);
  CHECK(std::sentinel_for<std::ranges::sentinel_t<Range>, Iter>);
  CHECK(!std::forward_iterator<Iter>);
  CHECK(!std::is_copy_constructible_v<Range>);
  CHECK(std::is_same_v<std::ranges::range_reference_t<Range>, typename Range::Element&>);
}

TEMPLATE_TEST_CASE("a range ends when the channel is stopped and drained", "", LossyKind, ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    for (Seq count = 0; count <= 4; ++count) {
      Wiring<TestType::kKind, 4, 8> c{start};
      auto producer = c.producer();
      auto consumer = c.consumer(start);
      publish(producer, count);
      producer.stop();
      Seq next = start;
      for (auto& fragment : consumer.fragments(Patient{})) {
        CHECK(holds(fragment, next, 40));
        CHECK(fragment.sig() == next);
        CHECK(fragment.lost_before() == 0);
        ++next;
      }
      CHECK(next == start + count);
      CHECK(consumer.poll().status() == PollStatus::Stopped);
      CHECK(consumer.delivered() == count);
      CHECK(accounts_add_up(consumer));
      for ([[maybe_unused]] auto& fragment : consumer.fragments(Patient{})) {
        FAIL("nothing comes after the end");
      }
    }
  }
}

TEMPLATE_TEST_CASE("an element is given back when the iterator moves on, before it waits", "", ReliableKind,
                   ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  publish(producer, 4);
  {
    auto range = consumer.fragments(Bounded{3});
    auto it = range.begin();
    CHECK(it != range.end());
    CHECK(it->seq() == 1);
    CHECK(producer.available() == 0);
    ++it;
    CHECK((*it).seq() == 2);
    CHECK(producer.available() == 1);
    CHECK(holds(*it, 2, 40));
    it->release();  // early
    CHECK(producer.available() == 2);
    it++;
    ++it;
    CHECK(it->seq() == 4);
    CHECK(producer.available() == 3);
    ++it;  // nothing there: the strategy gives up
    CHECK(it == range.end());
    CHECK(range.ended());
    CHECK(producer.available() == 4);
    publish(producer, 1);
  }
  {
    auto range = consumer.fragments(Bounded{3});  // another range goes on
    auto it = range.begin();
    REQUIRE(it != range.end());
    CHECK(it->seq() == 5);
  }
  CHECK(producer.available() == 4);  // the range's end gives back, too
}

TEMPLATE_TEST_CASE("a strategy that gives up ends the range", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  int elements = 0;
  auto none = consumer.fragments(Bounded{2});
  CHECK(none.status() == PollStatus::Fragment);
  for ([[maybe_unused]] auto& fragment : none) {
    ++elements;
  }
  CHECK(elements == 0);
  CHECK(none.status() == PollStatus::Empty);
  publish(producer, 3);
  for ([[maybe_unused]] auto& fragment : consumer.fragments(Bounded{2})) {
    ++elements;
  }
  CHECK(elements == 3);
  producer.stop();
  auto stopped = consumer.fragments(Bounded{2});
  CHECK(stopped.begin() == stopped.end());
  CHECK(stopped.status() == PollStatus::Stopped);
}

TEMPLATE_TEST_CASE("a strategy waits for the whole range: what it keeps does not start over with each element", "",
                   LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  int calls = 0;
  struct Budget {
    decltype(producer)* to;
    int* calls;
    int left = 5;
    bool idle(std::uint64_t) noexcept {
      ++*calls;
      return --left != 0 && to->publish("x").ok();
    }
  };
  int elements = 0;
  for ([[maybe_unused]] auto& fragment : consumer.fragments(Budget{&producer, &calls})) {
    ++elements;
  }
  CHECK(calls == 5);
  CHECK(elements == 4);
}

TEMPLATE_TEST_CASE("the range of a refused consumer is empty", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  publish(producer, 2);
  auto consumer = c.consumer(100);
  CHECK(consumer.status().error() == Error::StartMismatch);
  auto range = consumer.fragments(Patient{});
  for ([[maybe_unused]] auto& fragment : range) {
    FAIL("a refused consumer has no fragments");
  }
  CHECK(range.status() == PollStatus::Refused);
}

TEMPLATE_TEST_CASE("corrupt fragments are skipped", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 8, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  publish(producer, 5);
  for (const Seq seq : {Seq{1}, Seq{3}, Seq{4}}) {
    detail::inside(c.mcache).slot(seq).metadata.write({0, 1000, 0});
  }
  producer.stop();
  std::vector<Seq> seen;
  for (auto& fragment : consumer.fragments(Patient{})) {
    CHECK(holds(fragment, fragment.seq(), 40));
    CHECK(fragment.lost_before() == 0);
    seen.push_back(fragment.seq());
  }
  CHECK(seen == std::vector<Seq>{2, 5});
  CHECK(consumer.poll().status() == PollStatus::Stopped);
  CHECK(consumer.rejected() == 3);
  CHECK(accounts_add_up(consumer));
}

TEST_CASE("an element knows how many were lost right before it") {
  for (const Seq start : kStarts) {
    Wiring<Kind::Lossy, 8, 16> c{start};
    auto producer = c.producer();
    auto consumer = c.consumer(start);
    publish(producer, 2);
    Seq expected = start;
    std::uint64_t lost = 0;
    std::uint64_t seen = 0;
    for (auto& fragment : consumer.fragments(Patient{})) {
      CHECK(fragment.seq() == expected + fragment.lost_before());
      CHECK(holds(fragment, fragment.seq(), 40));
      lost += fragment.lost_before();
      expected = fragment.seq() + 1;
      ++seen;
      if (seen == 2) {
        CHECK(lost == 0);
        publish(producer, 30);
      } else if (seen == 5) {
        CHECK(lost != 0);
        publish(producer, 50);
        producer.stop();
      }
    }
    CHECK(expected == start + 82);
    CHECK(consumer.poll().status() == PollStatus::Stopped);
    CHECK(lost == consumer.lost());
    CHECK(seen + lost == 82);
    CHECK(accounts_add_up(consumer));
  }
}

TEMPLATE_TEST_CASE("two threads and a range", "", ReliableKind, ObservedKind) {
  constexpr Seq kMessages = 20'000;
  Wiring<TestType::kKind, 8, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  std::thread thread{[&] {
    for (Seq seq = 1; seq <= kMessages; ++seq) {
      (void)producer.publish_blocking(payload_of(seq, seq % 200), {}, Patient{});
    }
    producer.stop();
  }};
  Seq right = 0;
  Seq seen = 0;
  for (auto& fragment : consumer.fragments(Patient{})) {
    ++seen;
    right += holds(fragment, seen, seen % 200) ? 1 : 0;
  }
  thread.join();
  CHECK(seen == kMessages);
  CHECK(right == kMessages);
}

TEMPLATE_TEST_CASE("a range that was ended by its strategy can be begun again and loses nothing", "", LossyKind,
                   ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  auto range = consumer.fragments(Bounded{2});
  Seq next = 1;
  for (int round = 0; round < 5; ++round) {
    for (auto& fragment : range) {
      CHECK(holds(fragment, next++, 40));
    }
    CHECK(range.status() == PollStatus::Empty);
    CHECK(next == producer.next_seq());
    publish(producer, 3);
  }
}

TEST_CASE("a loss after the last element is told by the range") {
  Wiring<Kind::Lossy, 8, 4> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  auto range = consumer.fragments();
  CHECK(range.lost() == 0);
  REQUIRE(producer.publish(payload_of(1, 64)));                   // chunk 0
  REQUIRE(producer.publish(payload_of(2, 128)));                  // chunks 1 and 2
  REQUIRE(producer.reserve(producer.max_payload()).size() != 0);  // chunks 0 and 1; dropped
  producer.stop();
  CHECK(range.begin() == range.end());
  CHECK(range.status() == PollStatus::Stopped);
  CHECK(range.lost() == 2);
  CHECK(consumer.lost() == 2);
}

TEST_CASE("a loss that came before a range gave up is told by its next element") {
  Wiring<Kind::Lossy, 4, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  publish(producer, 5);
  detail::inside(c.mcache).control.oldest.store(6);  // as if all five were being evicted
  auto range = consumer.fragments(Bounded{1});
  CHECK(range.begin() == range.end());
  CHECK(consumer.lost() == 5);
  publish(producer, 1);
  auto it = range.begin();
  REQUIRE(it != range.end());
  CHECK(it->seq() == 6);
  CHECK(it->lost_before() == 5);
  publish(producer, 1);
  ++it;
  REQUIRE(it != range.end());
  CHECK(it->lost_before() == 0);
}
