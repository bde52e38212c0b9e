// SPDX-License-Identifier: Apache-2.0
// Metrics: every counter exactly, over every way in which it moves.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <optional>
#include <string>
#include <type_traits>

#include "support/channel.hpp"

using namespace tango;
using namespace tango::test;

namespace {

std::string printed(const MetricsSnapshot& snapshot) {
  char buffer[320];
  return std::string{print(snapshot, buffer)};
}

/// What a lossy consumer says of itself is what the metrics say.
template <class C>
bool agrees(const C& consumer, const MetricsSnapshot& m) {
  return m.consumed == consumer.delivered() && m.filtered == consumer.filtered() && m.lost == consumer.lost() &&
         m.rejected == consumer.rejected();
}

template <class C>
auto counted_producer(C& c) {
  return Producer{c.mcache, c.dcache, c.fseq, c.metrics};
}
template <class C>
auto counted_consumer(C& c, Seq first) {
  return Consumer{c.mcache, c.dcache, first, c.metrics};
}

using Lossy = Components<4, 8>;
using Reliable = Components<4, 8, 64, Plain>;

}  // namespace

TEST_CASE("fresh metrics are zero") { CHECK(Metrics{}.snapshot() == MetricsSnapshot{}); }

TEST_CASE("published, consumed and their bytes") {
  for (const Seq start : kStarts) {
    Components<8, 16> c{start};
    auto producer = counted_producer(c);
    auto consumer = counted_consumer(c, start);
    std::uint64_t bytes = 0;
    for (const std::size_t size : {0u, 1u, 32u, 33u, 200u}) {
      REQUIRE(producer.publish(payload_of(size, size)));
      bytes += size;
    }
    auto room = producer.reserve(50);
    REQUIRE(room);
    REQUIRE(room.commit_prefix(10));
    bytes += 10;
    (void)producer.reserve(20);  // dropped
    CHECK(c.metrics.snapshot() == MetricsSnapshot{.published = 6, .published_bytes = bytes, .lag = 6});
    CHECK(!producer.publish(payload_of(0, producer.max_payload() + 1)));  // too large: not backpressure
    CHECK(c.metrics.snapshot().backpressure == 0);

    std::uint64_t consumed = 0;
    for (std::uint64_t i = 1; i <= 6; ++i) {
      auto fragment = consumer.poll();
      REQUIRE(fragment);
      consumed += fragment->size();
      CHECK(c.metrics.snapshot() ==
            MetricsSnapshot{
                .published = 6, .published_bytes = bytes, .consumed = i, .consumed_bytes = consumed, .lag = 6 - i});
    }
    CHECK(consumed == bytes);
    const MetricsSnapshot before = c.metrics.snapshot();
    CHECK(consumer.poll().status() == PollStatus::Empty);
    producer.stop();
    CHECK(consumer.poll().status() == PollStatus::Stopped);
    CHECK(c.metrics.snapshot() == before);
    CHECK(agrees(consumer, before));
  }
}

TEST_CASE("batches count message by message, the refused one among them") {
  Components<8, 16, 64, Plain> c;
  Producer producer{c.mcache, c.dcache, c.fseq, c.fctl, c.metrics};
  Consumer consumer{c.mcache, c.dcache, c.fctl, 1, c.metrics};
  const auto bytes = payload_of(1, 3);
  std::array<Message, 9> messages;
  messages.fill({bytes, {}});
  CHECK(producer.publish_batch(messages).count == 8);
  CHECK(c.metrics.snapshot() == MetricsSnapshot{.published = 8, .published_bytes = 24, .backpressure = 1, .lag = 8});
  CHECK(consumer.poll_batch(3, [](const FragmentView&) {}).count == 3);
  CHECK(c.metrics.snapshot().consumed == 3);
  std::array<FragmentView, 8> views;
  CHECK(consumer.poll_batch(views).size() == 5);
  CHECK(c.metrics.snapshot() ==
        MetricsSnapshot{.published = 8, .published_bytes = 24, .backpressure = 1, .consumed = 8, .consumed_bytes = 24});
}

TEST_CASE("filtered fragments are counted as such, without their bytes") {
  for (const Seq start : kStarts) {
    Components<8, 16> c{start};
    auto producer = counted_producer(c);
    auto consumer = counted_consumer(c, start);
    for (std::uint64_t i = 0; i < 6; ++i) {
      REQUIRE(producer.publish("12345", {.sig = i}));
    }
    const auto odd = [](std::uint64_t sig) { return sig % 2 == 1; };
    for (std::uint64_t i = 1; i <= 3; ++i) {
      REQUIRE(consumer.poll(odd));
      CHECK(c.metrics.snapshot().filtered == i);
      CHECK(c.metrics.snapshot().consumed == i);
    }
    REQUIRE(producer.publish("12345", {.sig = 6}));
    CHECK(consumer.poll(odd).status() == PollStatus::Empty);
    CHECK(c.metrics.snapshot() ==
          MetricsSnapshot{.published = 7, .published_bytes = 35, .consumed = 3, .consumed_bytes = 15, .filtered = 4});
    CHECK(agrees(consumer, c.metrics.snapshot()));
  }
}

TEST_CASE("backpressure: each refusal for want of credits or chunks once, a blocking publish once") {
  Components<4, 4, 64, Plain> c{1, 3};
  Producer producer{c.mcache, c.dcache, c.fseq, c.fctl, c.metrics};
  Consumer consumer{c.mcache, c.dcache, c.fctl, 1, c.metrics};
  REQUIRE(producer.publish(payload_of(1, 128)));
  REQUIRE(producer.publish(payload_of(2, 128)));
  CHECK(c.metrics.snapshot().backpressure == 0);
  CHECK(producer.publish(payload_of(3, 33)) == Error::NoCredits);  // chunks
  CHECK(c.metrics.snapshot().backpressure == 1);
  REQUIRE(producer.publish("inline"));
  CHECK(producer.publish("inline") == Error::NoCredits);  // slots
  CHECK(c.metrics.snapshot().backpressure == 2);
  CHECK(producer.reserve(0).status() == Error::NoCredits);
  CHECK(c.metrics.snapshot().backpressure == 3);
  CHECK(producer.publish_blocking("x", {}, Bounded{50}) == Error::NoCredits);
  CHECK(c.metrics.snapshot().backpressure == 4);
  CHECK(producer.publish_blocking("x", {}, AtRound{20, 100, [&] { (void)consumer.poll(); }}).ok());
  CHECK(c.metrics.snapshot().backpressure == 5);
  CHECK(producer.available() == 0);
  CHECK(c.metrics.snapshot().backpressure == 5);
  CHECK(c.metrics.snapshot().published == 4);
  producer.stop();
  CHECK(producer.publish("x") == Error::Stopped);
  CHECK(c.metrics.snapshot().backpressure == 5);
}

TEST_CASE("overruns: times, and numbers lost") {
  for (const Seq start : kStarts) {
    Lossy c{start};
    auto producer = counted_producer(c);
    auto consumer = counted_consumer(c, start);
    for (int i = 0; i < 10; ++i) {
      REQUIRE(producer.publish("x"));
    }
    auto first = consumer.poll();
    REQUIRE(first.status() == PollStatus::Overrun);
    CHECK(first.lost() >= 6);
    MetricsSnapshot m = c.metrics.snapshot();
    CHECK(m.overruns == 1);
    CHECK(m.lost == first.lost());
    CHECK(m.consumed == 0);
    CHECK(m.lag == 10 - first.lost());
    for (int i = 0; i < 100 && consumer.poll(); ++i) {
    }
    for (int i = 0; i < 5; ++i) {
      REQUIRE(producer.publish("x"));
    }
    auto second = consumer.poll();
    REQUIRE(second.status() == PollStatus::Overrun);
    m = c.metrics.snapshot();
    CHECK(m.overruns == 2);
    CHECK(m.lost == first.lost() + second.lost());
    CHECK(agrees(consumer, m));
  }
}

TEST_CASE(
    "a fragment that is found overwritten moves from consumed to lost, with its bytes, when its consumer looks again") {
  for (const Seq start : kStarts) {
    Lossy c{start};
    auto producer = counted_producer(c);
    auto consumer = counted_consumer(c, start);
    REQUIRE(producer.publish(payload_of(1, 20)));
    REQUIRE(producer.publish(payload_of(2, 100)));
    auto first = consumer.poll();
    auto second = consumer.poll();
    REQUIRE(first);
    REQUIRE(second);
    CHECK(c.metrics.snapshot().consumed == 2);
    CHECK(c.metrics.snapshot().consumed_bytes == 120);
    for (int i = 0; i < 4; ++i) {
      REQUIRE(producer.publish("y"));
    }
    CHECK(!second->validate());
    CHECK(!second->validate());
    consumer.release();
    MetricsSnapshot m = c.metrics.snapshot();
    CHECK(m.consumed == 1);
    CHECK(m.consumed_bytes == 20);
    CHECK(m.lost == 1);
    CHECK(m.overruns == 1);
    CHECK(agrees(consumer, m));
    std::array<std::byte, 32> out;
    CHECK(first->copy_to(out) == Error::Overrun);
    auto next = consumer.poll();  // settles, too
    m = c.metrics.snapshot();
    CHECK(m.lost == 2);
    CHECK(m.overruns == 2);
    CHECK(next.status() == PollStatus::Fragment);
    CHECK(m.consumed == 1);
    CHECK(m.consumed_bytes == 1);
    CHECK(agrees(consumer, m));
  }
}

TEST_CASE("a fragment found overwritten last is counted when its consumer leaves") {
  Lossy c;
  auto producer = counted_producer(c);
  {
    auto consumer = counted_consumer(c, 1);
    REQUIRE(producer.publish("x"));
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    for (int i = 0; i < 4; ++i) {
      REQUIRE(producer.publish("y"));
    }
    CHECK(!fragment->validate());
  }
  const MetricsSnapshot m = c.metrics.snapshot();
  CHECK(m.consumed == 0);
  CHECK(m.consumed_bytes == 0);
  CHECK(m.lost == 1);
  CHECK(m.overruns == 1);
}

TEST_CASE("rejected fragments") {
  for (const Seq start : kStarts) {
    Components<4, 8> c{start};
    auto producer = counted_producer(c);
    auto consumer = counted_consumer(c, start);
    REQUIRE(producer.publish(payload_of(1, 100)));
    REQUIRE(producer.publish("fine"));
    detail::inside(c.mcache).slot(start).metadata.extent.store(8);  // a ninth chunk
    CHECK(consumer.poll().status() == PollStatus::Rejected);
    MetricsSnapshot m = c.metrics.snapshot();
    CHECK(m.rejected == 1);
    CHECK(m.consumed == 0);
    CHECK(m.consumed_bytes == 0);
    CHECK(m.lag == 1);
    REQUIRE(consumer.poll());
    m = c.metrics.snapshot();
    CHECK(m.rejected == 1);
    CHECK(m.consumed == 1);
    CHECK(agrees(consumer, m));
  }
}

TEST_CASE("several consumers: counters add up, the lag is the slowest one's") {
  for (const Seq start : kStarts) {
    Components<16, 16> c{start};
    auto producer = counted_producer(c);
    auto fast = counted_consumer(c, start);
    std::optional slow{counted_consumer(c, start)};
    for (int i = 0; i < 10; ++i) {
      REQUIRE(producer.publish("ab"));
    }
    for (int i = 0; i < 7; ++i) {
      REQUIRE(fast.poll());
    }
    REQUIRE(slow->poll());
    CHECK(c.metrics.snapshot() ==
          MetricsSnapshot{.published = 10, .published_bytes = 20, .consumed = 8, .consumed_bytes = 16, .lag = 9});
    slow.reset();  // who left does not lag; what it counted stays
    CHECK(c.metrics.snapshot() ==
          MetricsSnapshot{.published = 10, .published_bytes = 20, .consumed = 8, .consumed_bytes = 16, .lag = 3});
    auto next = counted_consumer(c, start + 5);
    CHECK(c.metrics.snapshot().lag == 5);
    REQUIRE(next.poll());
    CHECK(c.metrics.snapshot().consumed == 9);
    CHECK(c.metrics.snapshot().lag == 4);
  }
}

TEST_CASE("lag: none before anyone is there, never below zero, and it outlives the producer") {
  for (const Seq start : kStarts) {
    Lossy c{start};
    CHECK(c.metrics.snapshot().lag == 0);
    auto consumer = counted_consumer(c, start);
    CHECK(c.metrics.snapshot().lag == 0);
    {
      auto producer = counted_producer(c);
      CHECK(c.metrics.snapshot().lag == 0);
      REQUIRE(producer.publish("x"));
      CHECK(c.metrics.snapshot().lag == 1);
    }
    CHECK(c.metrics.snapshot().lag == 1);
    CHECK(c.metrics.snapshot().published == 1);
    // As a snapshot may see it that is taken while both go on: the consumer's words are newer than the producer's.
    detail::inside(c.metrics).consumers[0].filtered.add(5);
    CHECK(c.metrics.snapshot().lag == 0);
  }
}

TEST_CASE("a Metrics that goes on with another channel goes on counting") {
  Metrics metrics;
  std::uint64_t published = 0;
  for (const Seq start : kStarts) {
    Components<4, 8> c{start};
    Producer producer{c.mcache, c.dcache, c.fseq, metrics};
    Consumer consumer{c.mcache, c.dcache, start, metrics};
    CHECK(metrics.snapshot().published == published);
    CHECK(metrics.snapshot().lag == 0);
    for (int i = 0; i < 3; ++i) {
      REQUIRE(producer.publish("x"));
      ++published;
      CHECK(metrics.snapshot().published == published);
    }
    CHECK(metrics.snapshot().lag == 3);
    REQUIRE(consumer.poll());
    CHECK(metrics.snapshot().lag == 2);
    REQUIRE(consumer.poll());
    REQUIRE(consumer.poll());
    CHECK(metrics.snapshot().consumed == published);
    CHECK(metrics.snapshot().published_bytes == published);
  }
}

TEST_CASE("a moved endpoint goes on counting in its block") {
  Components<4, 8, 64, Plain> c;
  Producer first{c.mcache, c.dcache, c.fseq, c.fctl, c.metrics};
  Consumer one{c.mcache, c.dcache, c.fctl, 1, c.metrics};
  REQUIRE(first.publish("x"));
  REQUIRE(one.poll());
  Producer second{std::move(first)};
  Consumer two{std::move(one)};
  REQUIRE(second.publish("x"));
  REQUIRE(two.poll());
  CHECK(c.metrics.snapshot() ==
        MetricsSnapshot{.published = 2, .published_bytes = 2, .consumed = 2, .consumed_bytes = 2});
  CHECK(first.publish("x") == Error::Moved);
  CHECK(c.metrics.snapshot().published == 2);
}

TEST_CASE("a block for every consumer, and the ninth is refused") {
  Lossy c;
  auto producer = counted_producer(c);
  std::vector<decltype(counted_consumer(c, 1))> consumers;
  for (std::size_t i = 0; i < kMaxMeteredConsumers; ++i) {
    consumers.push_back(counted_consumer(c, 1));
    REQUIRE(consumers.back());
  }
  auto ninth = counted_consumer(c, 1);
  CHECK(ninth.status() == Error::TooManyMetricsBlocks);
  CHECK(ninth.status().actual() == 9);
  CHECK(ninth.status().allowed() == 8);
  REQUIRE(producer.publish("x"));
  CHECK(ninth.poll().status() == PollStatus::Refused);
  for (auto& consumer : consumers) {
    REQUIRE(consumer.poll());
  }
  CHECK(c.metrics.snapshot().consumed == 8);
  consumers.pop_back();
  auto replacement = counted_consumer(c, 1);
  REQUIRE(replacement.poll());
  CHECK(c.metrics.snapshot().consumed == 9);  // the block's earlier count stays
}

TEST_CASE("a consumer that is refused for want of a block leaves its Fctl free for another ring") {
  Reliable a;
  Reliable b;
  std::vector<decltype(Consumer{a.mcache, a.dcache, a.fctl, 1, a.metrics})> consumers;
  for (std::size_t i = 0; i < kMaxMeteredConsumers; ++i) {
    consumers.emplace_back(a.mcache, a.dcache, a.fctl, From{1}, a.metrics);
    REQUIRE(consumers.back());
  }
  {
    Consumer refused{b.mcache, b.dcache, b.fctl, 1, a.metrics};
    CHECK(refused.status() == Error::TooManyMetricsBlocks);
    refused.resign();
    CHECK(refused.status() == Error::TooManyMetricsBlocks);  // still the cause
  }
  Reliable c;
  Producer producer{c.mcache, c.dcache, c.fseq, b.fctl};
  CHECK(producer.status().ok());
}

TEST_CASE("one producer's block, which another channel's producer does not get") {
  Lossy a;
  Lossy b;
  std::optional<Producer<4, decltype(a.dcache), NoFlowControl, Metrics>> first;
  first.emplace(a.mcache, a.dcache, a.fseq, a.metrics);
  REQUIRE(*first);
  {
    Producer other{b.mcache, b.dcache, b.fseq, a.metrics};
    CHECK(other.status() == Error::TooManyMetricsBlocks);
    CHECK(other.status().actual() == 2);
    CHECK(other.status().allowed() == 1);
    CHECK(other.publish("x") == Error::TooManyMetricsBlocks);
  }
  CHECK(a.metrics.snapshot().published == 0);
  Producer without{b.mcache, b.dcache, b.fseq};  // nothing of b was kept
  CHECK(without);
  REQUIRE(first->publish("x"));
  first.reset();
  auto successor = counted_producer(a);
  REQUIRE(successor.publish("x"));
  CHECK(a.metrics.snapshot().published == 2);
}

TEST_CASE("since and reset: a baseline of the reader's own") {
  Components<8, 8> c;
  auto producer = counted_producer(c);
  auto consumer = counted_consumer(c, 1);
  MetricsReader reader{c.metrics};
  const MetricsReader other{c.metrics};
  for (int i = 0; i < 3; ++i) {
    REQUIRE(producer.publish("abc"));
  }
  REQUIRE(consumer.poll());
  CHECK(reader.snapshot() == c.metrics.snapshot());
  reader.reset();
  CHECK(reader.snapshot() == MetricsSnapshot{.lag = 2});
  REQUIRE(producer.publish("abcd"));
  CHECK(reader.snapshot() == MetricsSnapshot{.published = 1, .published_bytes = 4, .lag = 3});
  reader.reset();
  CHECK(reader.snapshot() == MetricsSnapshot{.lag = 3});
  CHECK(other.snapshot() == c.metrics.snapshot());
  CHECK(c.metrics.snapshot().published == 4);

  // Field by field.
  const MetricsSnapshot later{10, 20, 30, 40, 50, 60, 70, 80, 90, 7};
  const MetricsSnapshot earlier{1, 2, 3, 4, 5, 6, 7, 8, 9, 100};
  CHECK(later.since(earlier) == MetricsSnapshot{9, 18, 27, 36, 45, 54, 63, 72, 81, 7});
}

TEST_CASE("a snapshot prints every counter") {
  CHECK(printed({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) ==
        "published 1 (2 bytes) backpressure 3 consumed 4 (5 bytes) filtered 6 overruns 7 lost 8 rejected 9 lag 10");
  const std::uint64_t most = ~std::uint64_t{0};
  const MetricsSnapshot largest{most, most, most, most, most, most, most, most, most, most};
  CHECK(printed(largest).ends_with("lag 18446744073709551615"));
  char small[10];
  CHECK(print(largest, small) == "published ");
}

TEST_CASE("an endpoint without metrics is no larger for their sake") {
  CHECK(std::is_empty_v<NoMetrics>);
  CHECK(std::is_empty_v<detail::NoConsumerRecorder>);
  using Cache = DCache<4, 64>;
  CHECK(sizeof(Producer<4, Cache, NoFlowControl, NoMetrics>) < sizeof(Producer<4, Cache, NoFlowControl, Metrics>));
  CHECK(sizeof(Consumer<4, Cache, NoFlowControl, NoMetrics>) < sizeof(Consumer<4, Cache, NoFlowControl, Metrics>));
}

TEST_CASE("what was published is told exactly far beyond what one word counts, and so is the next number") {
  // The word wraps after 2^24 messages and after 2^40 bytes.
  const auto size = GENERATE(std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{70'000}, std::uint64_t{0xFFFF'FFFF});
  const std::uint64_t messages = size > 100'000 ? 100'000 : 35'000'000;
  const Seq start = GENERATE(Seq{1}, ~Seq{0} - 5);
  Metrics metrics;
  detail::ProducerRecorder meter{metrics};
  REQUIRE(meter.take());
  meter.join(start);
  std::uint64_t wrong = 0;
  const auto check = [&](std::uint64_t published) {
    const MetricsSnapshot now = metrics.snapshot();
    wrong += now.published != published || now.published_bytes != published * size;
    wrong += detail::inside(metrics).producer.origin.read() + now.published != start + published;
  };
  for (std::uint64_t i = 1; i <= messages; ++i) {
    meter.published(size);
    if (i % 997 == 0) {
      check(i);
    }
  }
  check(messages);
  CHECK(wrong == 0);
}

TEST_CASE("producers that follow one another in a block go on from what was counted, however often") {
  constexpr std::uint64_t kSize = 0xFFFF'FFFF;
  constexpr std::uint64_t kEach = 31;  // a byte less than what asks for a mark
  Metrics metrics;
  Seq next = 7;
  for (std::uint64_t producers = 1; producers <= 100; ++producers) {
    detail::ProducerRecorder meter{metrics};
    REQUIRE(meter.take());
    meter.join(next);
    for (std::uint64_t i = 0; i < kEach; ++i) {
      meter.published(kSize);
    }
    next = detail::inside(metrics).producer.origin.read() + metrics.snapshot().published;
    meter.leave();
    REQUIRE(next == 7 + producers * kEach);
    REQUIRE(metrics.snapshot().published == producers * kEach);
    REQUIRE(metrics.snapshot().published_bytes == producers * kEach * kSize);
  }
}

TEST_CASE("a fragment consumed before a reset and found overwritten after it takes nothing below zero") {
  Lossy c{1};
  auto producer = counted_producer(c);
  auto consumer = counted_consumer(c, 1);
  MetricsReader reader{c.metrics};
  REQUIRE(producer.publish("x"));
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  reader.reset();
  for (std::uint64_t i = 0; i < c.mcache.depth(); ++i) {
    REQUIRE(producer.publish("x"));
  }
  CHECK(!fragment->validate());
  consumer.release();  // takes over what was found
  CHECK(reader.snapshot().consumed == 0);
  CHECK(reader.snapshot().consumed_bytes == 0);
  CHECK(reader.snapshot().lost == 1);
}
