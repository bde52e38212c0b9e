// SPDX-License-Identifier: Apache-2.0
// Poller: turns, order within each channel, and what is told of a channel and when it is left out.
#include <algorithm>
#include <array>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <tango/poller.hpp>
#include <thread>
#include <tuple>
#include <vector>

#include "support/channel.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

/// A channel with both its endpoints.
template <Kind KIND>
struct Line {
  explicit Line(Seq start = 1) : channel{start}, producer{channel.producer()}, consumer{channel.consumer(start)} {}
  void publish(std::uint64_t count = 1) {
    for (; count != 0; --count) {
      REQUIRE(producer.publish(payload_of(producer.next_seq(), 40)).ok());
    }
  }
  Wiring<KIND, 8, 16> channel;
  decltype(std::declval<Wiring<KIND, 8, 16>&>().producer()) producer;
  decltype(std::declval<Wiring<KIND, 8, 16>&>().consumer(0)) consumer;
};
using Lossy = Line<Kind::Lossy>;
using Reliable = Line<Kind::Reliable>;
using ReliableConsumer = decltype(Reliable::consumer);

using Channels = std::vector<std::size_t>;

/// The channels of the next `count` outcomes.
template <class P>
Channels turns(P& poller, std::size_t count) {
  Channels channels;
  for (; count != 0; --count) {
    channels.push_back(poller.poll().channel());
  }
  return channels;
}

}  // namespace

TEMPLATE_TEST_CASE("channels take turns; within each, fragments come in their order", "", LossyKind, ReliableKind,
                   ObservedKind) {
  for (const Seq start : kStarts) {
    Line<TestType::kKind> a{start}, b{start + 100}, c{start + 200};
    Poller poller{a.consumer, b.consumer, c.consumer};
    CHECK(poller.size() == 3);
    CHECK(!poller.empty());
    a.publish(3);
    b.publish(1);
    c.publish(2);
    Seq next[] = {start, start + 100, start + 200};
    for (const std::size_t channel : {0u, 1u, 2u, 0u, 2u, 0u}) {
      auto outcome = poller.poll();
      REQUIRE(outcome);
      CHECK(outcome.status() == PollStatus::Fragment);
      REQUIRE(outcome.channel() == channel);
      CHECK(outcome.lost() == 0);
      CHECK(holds(*outcome, next[channel]++, 40));
      CHECK((*outcome).seq() == outcome->seq());
    }
    const auto outcome = poller.poll();
    CHECK(!outcome);
    CHECK(outcome.status() == PollStatus::Empty);
    CHECK(outcome.channel() == kNoChannel);
  }
}

TEST_CASE("a channel that is always full starves nobody: the rare one is served right after the next outcome") {
  Reliable full, rare, idle;
  Poller poller{full.consumer, idle.consumer, rare.consumer};
  for (int i = 0; i < 1000; ++i) {
    while (full.producer.publish("x").ok()) {
    }
    const bool now = i % 7 == 0;
    if (now) {
      rare.publish();
    }
    const Channels both = turns(poller, 2);
    REQUIRE(both == (now && both[0] == 2 ? Channels{2, 0} : now ? Channels{0, 2} : Channels{0, 0}));
  }
}

TEST_CASE("a poll looks at each channel once at most, whatever comes meanwhile") {
  Reliable a, b;
  Poller poller{a.consumer, b.consumer};
  a.publish();
  b.publish();
  int looks = 0;
  const auto none = [&](std::uint64_t) {
    if (++looks == 2) {
      a.publish();  // its turn is over
    }
    return false;
  };
  CHECK(poller.poll(none).status() == PollStatus::Empty);
  CHECK(looks == 2);
  auto next = poller.poll();
  REQUIRE(next);
  CHECK(next.channel() == 0);
  CHECK(next->seq() == 2);
}

TEST_CASE("a poll that found nothing leaves the turn where it was") {
  Reliable a, b, c;
  Poller poller{a.consumer, b.consumer, c.consumer};
  a.publish();
  CHECK(turns(poller, 1) == Channels{0});
  CHECK(turns(poller, 2) == Channels{kNoChannel, kNoChannel});
  a.publish();
  b.publish();
  c.publish();
  CHECK(turns(poller, 3) == Channels{1, 2, 0});
}

TEST_CASE("a fragment that was polled is given back when it is let go of, as the consumer's own") {
  Reliable a, b;
  Poller poller{a.consumer, b.consumer};
  a.publish(8);
  {
    auto held = poller.poll();
    REQUIRE(held);
    CHECK(a.producer.publish("x") == Error::NoCredits);
    held->release();
    CHECK(a.producer.publish("x").ok());
  }
  {
    auto held = poller.poll();
    CHECK(a.producer.publish("x") == Error::NoCredits);
  }
  CHECK(a.producer.publish("x").ok());
  ReliableConsumer moved{std::move(a.consumer)};  // nothing is out
  CHECK(moved.status().ok());
}

TEST_CASE("what was lost and what was rejected is told with its channel") {
  Lossy a, b;
  Poller poller{a.consumer, b.consumer};
  b.publish(20);
  a.publish();
  CHECK(poller.poll().channel() == 0);
  const auto overrun = poller.poll();
  CHECK(overrun.status() == PollStatus::Overrun);
  CHECK(overrun.channel() == 1);
  CHECK(overrun.lost() == b.consumer.lost());
  CHECK(overrun.lost() >= 12);
  CHECK(poller.size() == 2);
  CHECK(poller.poll().channel() == 1);
}

TEST_CASE("a channel that is stopped is told once when it is drained, then left out; in the end, all are") {
  Reliable a, b, c;
  Poller poller{a.consumer, b.consumer, c.consumer};
  b.publish(2);
  CHECK(b.producer.stop());
  a.publish(4);
  c.publish(4);
  CHECK(turns(poller, 6) == Channels{0, 1, 2, 0, 1, 2});
  CHECK(turns(poller, 1) == Channels{0});
  const auto stopped = poller.poll();
  CHECK(stopped.status() == PollStatus::Stopped);
  CHECK(stopped.channel() == 1);
  CHECK(poller.size() == 2);
  CHECK(turns(poller, 3) == Channels{2, 0, 2});
  CHECK(a.producer.stop());
  CHECK(c.producer.stop());
  CHECK(turns(poller, 2) == Channels{0, 2});
  CHECK(poller.empty());
  for (int i = 0; i < 2; ++i) {
    const auto over = poller.poll();
    CHECK(over.status() == PollStatus::Stopped);
    CHECK(over.channel() == kNoChannel);
    CHECK(poller.wait().status() == PollStatus::Stopped);
    const ChannelBatch batch = poller.poll_batch(8, [](auto&, std::size_t) {});
    CHECK(batch.status == PollStatus::Stopped);
    CHECK(batch.channel == kNoChannel);
  }
}

TEST_CASE("a consumer that was refused is told once and left out") {
  Reliable a;
  Wiring<Kind::Reliable, 8, 16> other;
  ReliableConsumer refused = other.consumer(7);
  REQUIRE(!refused);
  Poller poller{refused, a.consumer};
  a.publish();
  const auto outcome = poller.poll();
  CHECK(outcome.status() == PollStatus::Refused);
  CHECK(outcome.channel() == 0);
  CHECK(poller.size() == 1);
  CHECK(turns(poller, 2) == Channels{1, kNoChannel});
}

TEST_CASE("a batch is one channel's turn") {
  Reliable a, b;
  Poller poller{a.consumer, b.consumer};
  a.publish(8);
  b.publish(2);
  std::vector<std::pair<std::size_t, Seq>> seen;
  const auto see = [&](const FragmentView& view, std::size_t channel) {
    CHECK(is_payload_of(view.seq(), view.payload()));
    seen.emplace_back(channel, view.seq());
  };
  ChannelBatch batch = poller.poll_batch(3, see);
  CHECK(batch.channel == 0);
  CHECK(batch.count == 3);
  CHECK(batch.status == PollStatus::Fragment);
  CHECK(seen == decltype(seen){{0, 1}, {0, 2}, {0, 3}});
  a.publish(3);  // all three were given back
  batch = poller.poll_batch(3, see);
  CHECK(batch.channel == 1);
  CHECK(batch.count == 2);
  CHECK(batch.status == PollStatus::Empty);
  CHECK(poller.poll_batch(8, see).count == 8);
  CHECK(seen.size() == 13);
  batch = poller.poll_batch(8, see);
  CHECK(batch.channel == kNoChannel);
  CHECK(batch.count == 0);
  CHECK(batch.status == PollStatus::Empty);

  b.publish(2);
  CHECK(b.producer.stop());
  batch = poller.poll_batch(8, see);
  CHECK(batch.channel == 1);
  CHECK(batch.count == 2);
  CHECK(batch.status == PollStatus::Stopped);
  CHECK(poller.size() == 1);
  a.publish(2);
  batch = poller.poll_batch(8, see, [](std::uint64_t) { return false; });
  CHECK(batch.count == 0);
  CHECK(a.consumer.filtered() == 2);
}

TEST_CASE("waiting ends with the first outcome that is not empty, or when the strategy gives up") {
  Reliable a, b;
  Poller poller{a.consumer, b.consumer};
  CHECK(poller.wait(Bounded{3}).status() == PollStatus::Empty);
  auto outcome = poller.wait(AtRound{5, 100, [&] { b.publish(); }});
  REQUIRE(outcome);
  CHECK(outcome.channel() == 1);
  outcome->release();
  CHECK(poller.wait(AtRound{0, 100, [&] { REQUIRE(a.producer.stop()); }}).status() == PollStatus::Stopped);
}

TEST_CASE("made of as many consumers as there are") {
  Reliable lines[3];
  std::vector<ReliableConsumer> consumers;
  for (Reliable& line : lines) {
    consumers.push_back(std::move(line.consumer));
    line.publish();
  }
  Poller<ReliableConsumer, 16> of_span{std::span{consumers}};
  CHECK(of_span.size() == 3);
  CHECK(turns(of_span, 4) == Channels{0, 1, 2, kNoChannel});
  Poller<ReliableConsumer, 16> of_vector{consumers};
  CHECK(of_vector.size() == 3);
  Poller<ReliableConsumer, 4> of_two{consumers[0], consumers[2]};
  CHECK(of_two.size() == 2);
  ReliableConsumer array[] = {std::move(consumers[1]), std::move(consumers[2])};
  Poller of_array{array};
  static_assert(std::is_same_v<decltype(of_array), Poller<ReliableConsumer, 2>>);
  CHECK(of_array.size() == 2);
  Poller of_static_span{std::span{array}};
  static_assert(std::is_same_v<decltype(of_static_span), Poller<ReliableConsumer, 2>>);
  CHECK(of_static_span.size() == 2);
  std::array standard{std::move(array[0]), std::move(array[1])};
  Poller of_standard{standard};
  static_assert(std::is_same_v<decltype(of_standard), Poller<ReliableConsumer, 2>>);
  lines[1].publish();
  lines[2].publish();
  CHECK(turns(of_standard, 3) == Channels{0, 1, kNoChannel});
  Poller of_one{standard[0]};
  static_assert(std::is_same_v<decltype(of_one), Poller<ReliableConsumer, 1>>);
  Poller<ReliableConsumer, 1> of_none;
  CHECK(of_none.empty());
  CHECK(of_none.poll().status() == PollStatus::Stopped);
}

TEST_CASE("channels come and go: one that is added comes last, under the number that it was given") {
  Reliable a, b, c, d;
  Poller<ReliableConsumer, 3> poller;
  CHECK(poller.add(a.consumer, 10).ok());
  CHECK(poller.add(b.consumer, 20).ok());
  for (Reliable* line : {&a, &b, &c, &d}) {
    line->publish(6);
  }
  CHECK(turns(poller, 1) == Channels{10});
  CHECK(poller.add(c.consumer, 30).ok());  // the line is now b a c
  const Status full = poller.add(d.consumer, 40);
  CHECK(full == Error::TooManyChannels);
  CHECK(full.actual() == 4);
  CHECK(full.allowed() == 3);
  CHECK(turns(poller, 4) == Channels{20, 10, 30, 20});
  CHECK(!poller.remove(40));
  CHECK(poller.remove(20));
  CHECK(!poller.remove(20));
  CHECK(poller.size() == 2);
  CHECK(turns(poller, 3) == Channels{10, 30, 10});
  CHECK(poller.add(d.consumer, 40).ok());  // 30 10 40
  CHECK(poller.remove(30));                // the one whose turn it is
  CHECK(turns(poller, 3) == Channels{10, 40, 10});
  CHECK(poller.remove(10));
  CHECK(poller.remove(40));
  CHECK(poller.empty());
  CHECK(poller.add(b.consumer, 1).ok());
  CHECK(turns(poller, 2) == Channels{1, 1});
}

TEST_CASE(
    "random traffic, channels that come, stop and go: each in its order, and nobody waits longer than one round") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Random random{seed};
    constexpr std::size_t kLines = 6;
    std::vector<std::unique_ptr<Reliable>> lines;
    for (std::size_t i = 0; i < kLines; ++i) {
      lines.push_back(std::make_unique<Reliable>(kStarts[random.below(std::size(kStarts))]));
    }
    Poller<ReliableConsumer, kLines> poller;
    struct Model {
      Seq next;  ///< to be delivered
      bool polled = false;
      bool stopped = false;
      std::uint64_t waiting = 0;  ///< outcomes of others since it had something
    };
    std::vector<Model> models;
    for (auto& line : lines) {
      models.push_back({line->consumer.first()});
    }
    const auto has_something = [&](std::size_t i) {
      return models[i].polled && (models[i].next != lines[i]->producer.next_seq() || models[i].stopped);
    };
    for (int step = 0; step < 600; ++step) {
      const std::size_t i = random.below(kLines);
      switch (random.below(12)) {
        case 0:
          if (!models[i].polled) {
            REQUIRE(poller.add(lines[i]->consumer, i).ok());
            models[i].polled = true;
          }
          break;
        case 1:
          if (random.below(4) == 0) {
            REQUIRE(poller.remove(i) == models[i].polled);
            models[i].polled = false;
            models[i].waiting = 0;
          }
          break;
        case 2:
          if (random.below(20) == 0) {
            REQUIRE(lines[i]->producer.stop());
            models[i].stopped = true;
          }
          break;
        case 3:
        case 4:
        case 5:
          (void)lines[i]->producer.publish("x");
          break;
        case 6: {
          const ChannelBatch batch = poller.poll_batch(
              3, [&](const FragmentView& view, std::size_t channel) { REQUIRE(view.seq() == models[channel].next++); });
          if (batch.channel != kNoChannel) {
            REQUIRE(models[batch.channel].waiting < kLines);
            for (std::size_t other = 0; other < kLines; ++other) {
              models[other].waiting += has_something(other) ? 1 : 0;
            }
            models[batch.channel].waiting = 0;
            if (batch.status == PollStatus::Stopped) {
              models[batch.channel].polled = false;
            }
          }
          break;
        }
        default: {
          std::size_t ready = 0;
          for (std::size_t other = 0; other < kLines; ++other) {
            ready += has_something(other) ? 1 : 0;
          }
          const std::size_t polled = poller.size();
          const auto outcome = poller.poll();
          const std::size_t channel = outcome.channel();
          if (ready == 0) {
            REQUIRE(channel == kNoChannel);
            REQUIRE(outcome.status() == (polled == 0 ? PollStatus::Stopped : PollStatus::Empty));
            break;
          }
          REQUIRE(channel < kLines);
          REQUIRE(has_something(channel));
          REQUIRE(models[channel].waiting < kLines);
          if (outcome) {
            REQUIRE(outcome->seq() == models[channel].next++);
          } else {
            REQUIRE(outcome.status() == PollStatus::Stopped);
            REQUIRE(models[channel].next == lines[channel]->producer.next_seq());
            models[channel].polled = false;
          }
          for (std::size_t other = 0; other < kLines; ++other) {
            models[other].waiting += has_something(other) && other != channel ? 1 : 0;
          }
          models[channel].waiting = 0;
        }
      }
      REQUIRE(poller.size() ==
              static_cast<std::size_t>(std::count_if(models.begin(), models.end(), [](auto& m) { return m.polled; })));
    }
  }
}

TEMPLATE_TEST_CASE("many threads to one: every message names its sender and its number", "", LossyKind, ReliableKind,
                   ObservedKind) {
  constexpr std::size_t kSenders = 4;
  constexpr std::uint64_t kMessages = 50'000;
  using Wire = Wiring<TestType::kKind, 32, 64>;
  std::vector<std::unique_ptr<Wire>> wires;
  std::vector<decltype(std::declval<Wire&>().producer())> producers;
  std::vector<decltype(std::declval<Wire&>().consumer(1))> consumers;
  for (std::size_t i = 0; i < kSenders; ++i) {
    wires.push_back(std::make_unique<Wire>());
    producers.push_back(wires[i]->producer());
    consumers.push_back(wires[i]->consumer(1));
  }
  Poller<typename decltype(consumers)::value_type, kSenders> poller{consumers};
  std::uint64_t right[kSenders] = {};
  std::uint64_t lost[kSenders] = {};
  std::uint64_t next[kSenders] = {};
  std::uint64_t wrong = 0;
  bool gave_up = false;
  std::vector<std::thread> senders;
  for (std::size_t sender = 0; sender < kSenders; ++sender) {
    senders.emplace_back([&, sender] {
      for (std::uint64_t n = 0; n < kMessages; ++n) {
        const std::uint64_t words[] = {n, sender, n ^ sender, n * 3, ~n, n, sender};  // beyond what a slot holds
        (void)producers[sender].publish_blocking(std::as_bytes(std::span{words}), {.sig = n}, Patient{});
      }
      producers[sender].stop();
    });
  }
  while (!poller.empty() && !gave_up) {
    auto outcome = poller.wait(Patient{});
    const std::size_t channel = outcome.channel();
    if (outcome) {
      const auto bytes = bytes_of(*outcome);
      if (!bytes) {
        ++lost[channel];
        continue;
      }
      std::uint64_t words[7] = {};
      std::memcpy(words, bytes->data(), std::min(sizeof words, bytes->size()));
      const std::uint64_t n = outcome->sig();
      const std::uint64_t expected[] = {n, channel, n ^ channel, n * 3, ~n, n, channel};
      ++(n >= next[channel] && n + 1 == outcome->seq() && std::equal(words, words + 7, expected) ? right[channel]
                                                                                                 : wrong);
      next[channel] = n + 1;
    } else if (outcome.status() == PollStatus::Overrun) {
      lost[channel] += outcome.lost();
    } else {
      gave_up = outcome.status() != PollStatus::Stopped;
    }
  }
  for (std::thread& sender : senders) {
    sender.join();
  }
  CHECK(!gave_up);
  CHECK(wrong == 0);
  for (std::size_t sender = 0; sender < kSenders; ++sender) {
    CHECK(right[sender] + lost[sender] == kMessages);
    CHECK(lost[sender] == consumers[sender].lost());
    if (TestType::kKind != Kind::Lossy) {
      CHECK(lost[sender] == 0);
    }
  }
}
