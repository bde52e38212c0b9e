// SPDX-License-Identifier: Apache-2.0
// Generations: endpoints of a channel in whose place another one was made, or that was not made yet.
#include <array>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "support/combinations.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

Quote old_message(std::uint64_t i) { return {i, 1, 0}; }
Quote new_message(std::uint64_t i) { return {1000 + i, 2, 1}; }

/// Memory for a channel, and what is in it.
template <class C>
struct Memory {
  alignas(C) std::byte bytes[sizeof(C)] = {};

  std::vector<std::byte> image() const { return {std::begin(bytes), std::end(bytes)}; }
};

bool is_replaced(const Status& status, std::uint64_t now, std::uint64_t before) {
  return status == Error::Replaced && status.actual() == now && status.allowed() == before;
}

/// Every call of a consumer whose channel was replaced says so and delivers nothing.
template <class C>
bool refuses(C& consumer) {
  const Seq next = consumer.next_seq();
  const std::uint64_t delivered = consumer.delivered();
  const std::uint64_t lost = consumer.lost();
  std::uint64_t any = 0;
  std::array<typename C::Item, 4> items;
  consumer.release();
  any += consumer.poll().status() == PollStatus::Refused ? 0u : 1u;
  any += consumer.poll([](std::uint64_t) { return false; }).status() == PollStatus::Refused ? 0u : 1u;
  any += consumer.wait(Bounded{3}).status() == PollStatus::Refused ? 0u : 1u;
  any += consumer.poll_batch(items).status() == PollStatus::Refused ? 0u : 1u;
  any += consumer.poll_batch(4, [&](auto&) { ++any; }).status == PollStatus::Refused ? 0u : 1u;
  for (auto& fragment : consumer.fragments(Bounded{3})) {
    static_cast<void>(fragment);
    ++any;
  }
  return any == 0 && !consumer && consumer.next_seq() == next && consumer.delivered() == delivered &&
         consumer.lost() == lost && consumer.rejected() == 0;
}

/// Every call of a producer says why it was refused.
template <class P>
bool answers(P& producer, Error error) {
  bool all = producer.publish(old_message(0)) == error &&
             producer.publish_blocking(old_message(0), {}, Bounded{3}) == error && producer.available() == 0 &&
             !producer.stop() && !producer && producer.status() == error;
  if constexpr (requires { producer.reserve(8).status(); }) {
    all = all && producer.reserve(8).status() == error && producer.reserve_blocking(8, Bounded{3}).status() == error &&
          producer.publish("text") == error && producer.available_payload() == 0;
  }
  return all;
}

/// Makes a channel in `memory`, with a producer and a consumer of `before` messages; then another one in its place,
/// with `after` messages; and hands all of it to `act`, which must leave every byte of the new channel as it is.
template <class Make>
using Act = std::function<void(typename ChannelOf<Make>::Producer&, typename ChannelOf<Make>::Consumer&,
                               std::uint64_t now, std::uint64_t old)>;
template <class Make>
void after_a_rebuild(std::uint64_t before, std::uint64_t after, bool reads, const Act<Make>& act) {
  using Channel = ChannelOf<Make>;
  const auto builder = Make{}();
  const auto memory = std::make_unique<Memory<Channel>>();
  Channel& first = **builder.build_in(memory->bytes);
  const std::uint64_t old_generation = first.generation();
  {
    std::optional producer{first.producer()};
    std::optional consumer{first.consumer()};
    for (std::uint64_t i = 0; i < before; ++i) {
      REQUIRE(producer->publish(old_message(i)));
      if (reads) {
        REQUIRE(consumer->poll());
      }
    }
    Channel& second = **builder.build_in(memory->bytes);
    const std::uint64_t new_generation = second.generation();
    REQUIRE(new_generation != old_generation);
    {
      auto new_producer = second.producer();
      REQUIRE(new_producer);
      for (std::uint64_t i = 0; i < after; ++i) {
        static_cast<void>(new_producer.publish(new_message(i)));
      }
      const auto image = memory->image();
      act(*producer, *consumer, new_generation, old_generation);
      CHECK(memory->image() == image);
      producer.reset();
      consumer.reset();
      CHECK(memory->image() == image);  // nor do they touch it when they go
    }
    // The new one is whole: who belongs there reads all of it.
    auto new_consumer = second.consumer();
    REQUIRE(new_consumer);
    const std::uint64_t there = after < kBuiltDepth ? after : kBuiltDepth;
    for (std::uint64_t i = 0; i < there; ++i) {
      auto fragment = new_consumer.poll();
      REQUIRE(fragment);
      CHECK(*fragment->template as<Quote>() == new_message(Channel::kFlowControl ? i : after - there + i));
    }
    CHECK(new_consumer.lost() == 0);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("a consumer whose channel was replaced is refused, whatever the new one has published", "",
                   TANGO_EVERY_PAIR_OF_POLICIES) {
  for (const std::uint64_t before : {0u, 1u, 5u, 8u}) {
    for (const bool reads : {false, true}) {
      for (std::uint64_t after = 0; after <= kBuiltDepth + 3; ++after) {
        CAPTURE(before, reads, after);
        after_a_rebuild<TestType>(before, after, reads, [](auto&, auto& consumer, auto now, auto old) {
          CHECK(consumer.poll().status() == PollStatus::Refused);
          CHECK(is_replaced(consumer.status(), now, old));
          CHECK(refuses(consumer));
          if constexpr (requires { consumer.resign(); }) {
            consumer.resign();
            CHECK(!consumer);
          }
        });
      }
    }
  }
}

TEMPLATE_TEST_CASE("it is the first call after the rebuild that finds it, whichever that is", "",
                   TANGO_EVERY_PAIR_OF_POLICIES) {
  using C = typename ChannelOf<TestType>::Consumer;
  const auto check = [](auto first_call) {
    for (const std::uint64_t after : {0u, 3u, 6u, 8u}) {
      CAPTURE(after);
      after_a_rebuild<TestType>(5, after, true, [&](auto&, auto& consumer, auto, auto) {
        first_call(consumer);
        CHECK(refuses(consumer));
      });
    }
  };
  check([](C& consumer) { CHECK(consumer.wait(Bounded{3}).status() == PollStatus::Refused); });
  check([](C& consumer) {
    std::array<typename C::Item, 4> items;
    CHECK(consumer.poll_batch(items).status() == PollStatus::Refused);
  });
  check([](C& consumer) {
    CHECK(consumer.poll_batch(4, [](auto&) { FAIL("nothing is delivered"); }).status == PollStatus::Refused);
  });
  check([](C& consumer) { consumer.release(); });
  check([](C& consumer) {
    auto fragments = consumer.fragments(Bounded{3});
    CHECK(fragments.begin() == fragments.end());
    CHECK(fragments.status() == PollStatus::Refused);
  });
  check([](C& consumer) {
    C moved{std::move(consumer)};
    CHECK(refuses(moved));
  });
  check([](C& consumer) {
    if constexpr (requires { consumer.resign(); }) {
      consumer.resign();
    }
  });
  check([](C&) {});
}

TEMPLATE_TEST_CASE("a producer whose channel was replaced says so, and publishes nothing into the new one", "",
                   TANGO_EVERY_PAIR_OF_POLICIES) {
  using P = typename ChannelOf<TestType>::Producer;
  const auto check = [](const std::function<void(P&)>& first_call) {
    for (const std::uint64_t before : {0u, 5u, 8u}) {
      for (std::uint64_t after = 0; after <= kBuiltDepth + 3; ++after) {
        CAPTURE(before, after);
        after_a_rebuild<TestType>(before, after, true, [&](auto& producer, auto&, auto now, auto old) {
          first_call(producer);
          CHECK(answers(producer, Error::Replaced));
          CHECK(is_replaced(producer.status(), now, old));
        });
      }
    }
  };
  check([](P& producer) { CHECK(producer.publish(old_message(0)) == Error::Replaced); });
  check([](P& producer) { CHECK(producer.publish_blocking(old_message(0), {}, Bounded{3}) == Error::Replaced); });
  check([](P& producer) { CHECK(!producer.stop()); });
  check([](P& producer) { CHECK(producer.available() == 0); });
  check([](P& producer) {
    if constexpr (requires { producer.reserve(8).status(); }) {
      CHECK(producer.reserve(8).status() == Error::Replaced);
    }
  });
  check([](P& producer) {
    P moved{std::move(producer)};
    CHECK(answers(moved, Error::Replaced));
    producer = std::move(moved);
  });
}

TEMPLATE_TEST_CASE("a channel that is replaced once more, or whose replacement was stopped", "",
                   TANGO_EVERY_PAIR_OF_POLICIES) {
  using Channel = ChannelOf<TestType>;
  const auto builder = TestType{}();
  const auto memory = std::make_unique<Memory<Channel>>();
  Channel& channel = **builder.build_in(memory->bytes);
  const std::uint64_t old = channel.generation();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  REQUIRE(producer.publish(old_message(0)));
  for (int i = 0; i < 3; ++i) {
    REQUIRE(builder.build_in(memory->bytes));
  }
  channel.stop();
  CHECK(producer.publish(old_message(1)) == Error::Replaced);  // and not `Stopped`
  CHECK(consumer.poll().status() == PollStatus::Refused);
  CHECK(is_replaced(consumer.status(), channel.generation(), old));
  CHECK(is_replaced(producer.status(), channel.generation(), old));
}

TEST_CASE("a consumer that came before its producer is refused likewise, wired by hand") {
  for (const bool flow : {false, true}) {
    Components<4, 4> c;
    using Lossy = Consumer<4, decltype(c.dcache), NoFlowControl, NoMetrics>;
    using Reliable = Consumer<4, decltype(c.dcache), Fctl, NoMetrics>;
    std::optional<Lossy> plain;
    std::optional<Reliable> counted;
    flow ? static_cast<void>(counted.emplace(c.mcache, c.dcache, c.fctl, 1))
         : static_cast<void>(plain.emplace(c.mcache, c.dcache, 1));
    const std::uint64_t old = c.mcache.generation();
    ::new (static_cast<void*>(&c.mcache)) MCache<4>{1};
    const auto check = [&](auto& consumer) {
      CHECK(consumer.poll().status() == PollStatus::Refused);
      CHECK(is_replaced(consumer.status(), c.mcache.generation(), old));
    };
    flow ? check(*counted) : check(*plain);
  }
}

TEST_CASE("fragments that are still out when the replacement is found give nothing back") {
  for (const bool in_batch : {false, true}) {
    for (const bool releases : {false, true}) {
      const auto builder = reliable();
      using Channel = ChannelOf<decltype(reliable)>;
      const auto memory = std::make_unique<Memory<Channel>>();
      Channel& channel = **builder.build_in(memory->bytes);
      auto producer = channel.producer();
      auto consumer = channel.consumer();
      for (std::uint64_t i = 0; i < 3; ++i) {
        REQUIRE(producer.publish(old_message(i)));
      }
      std::optional<Poll<Channel::Consumer::Fragment>> held;
      std::array<Channel::Consumer::Item, 4> items;
      std::optional<Batch<Channel::Consumer::Item>> batch;
      if (in_batch) {
        batch.emplace(consumer.poll_batch(items));
        REQUIRE(batch->size() == 3);
      } else {
        REQUIRE(consumer.poll());
        held.emplace(consumer.poll());
        REQUIRE(*held);
      }
      REQUIRE(builder.build_in(memory->bytes));
      const auto image = memory->image();
      if (releases) {
        consumer.release();
      }
      CHECK(memory->image() == image);
      CHECK(consumer.poll().status() == PollStatus::Refused);
      held.reset();
      batch.reset();
      CHECK(memory->image() == image);
    }
  }
}

TEST_CASE("what a consumer found overwritten is not counted in the metrics of the channel that replaced its own") {
  const auto builder = lossy_metrics();
  using Channel = ChannelOf<decltype(lossy_metrics)>;
  const auto memory = std::make_unique<Memory<Channel>>();
  Channel& channel = **builder.build_in(memory->bytes);
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  REQUIRE(producer.publish(old_message(0)));
  {
    auto held = consumer.poll();
    REQUIRE(held);
    for (std::uint64_t i = 0; i < kBuiltDepth; ++i) {
      REQUIRE(producer.publish(old_message(i)));
    }
    CHECK(!held->validate());
  }
  REQUIRE(builder.build_in(memory->bytes));
  const auto image = memory->image();
  consumer.release();
  CHECK(consumer.poll().status() == PollStatus::Refused);
  CHECK(memory->image() == image);
}

// ---------------------------------------------------------------------------------------------------- not constructed

TEMPLATE_TEST_CASE("endpoints in memory in which no channel was made yet say so, and touch nothing", "",
                   TANGO_EVERY_PAIR_OF_POLICIES) {
  using Channel = ChannelOf<TestType>;
  const auto memory = std::make_unique<Memory<Channel>>();
  Channel& channel = *std::launder(reinterpret_cast<Channel*>(memory->bytes));
  const auto zero = memory->image();
  {
    auto producer = channel.producer();
    CHECK(producer.status() == Error::NotConstructed);
    CHECK(answers(producer, Error::NotConstructed));
    auto consumer = channel.consumer();
    CHECK(consumer.status() == Error::NotConstructed);
    CHECK(refuses(consumer));
    if constexpr (requires { channel.observer(); }) {
      auto observer = channel.observer();
      CHECK(observer.status() == Error::NotConstructed);
      CHECK(refuses(observer));
    }
    if constexpr (requires { consumer.resign(); }) {
      consumer.resign();
    }
    CHECK(memory->image() == zero);

    // What was refused stays refused, and does not harm the channel that is made then.
    REQUIRE(TestType{}().build_in(memory->bytes));
    const auto made = memory->image();
    CHECK(answers(producer, Error::NotConstructed));
    CHECK(refuses(consumer));
    CHECK(memory->image() == made);
  }
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  REQUIRE(producer.publish(old_message(1)));
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  CHECK(*fragment->template as<Quote>() == old_message(1));
}

TEST_CASE("components in which no constructor has run, wired by hand") {
  Memory<MCache<4>> memory;
  auto& mcache = *std::launder(reinterpret_cast<MCache<4>*>(memory.bytes));
  const auto zero = memory.image();
  Components<4, 4> c;
  CHECK(Producer{mcache, c.dcache, c.fseq}.status() == Error::NotConstructed);
  CHECK(Producer{mcache, c.dcache, c.fseq, c.fctl}.status() == Error::NotConstructed);
  CHECK(Consumer{mcache, c.dcache, From::Oldest}.status() == Error::NotConstructed);
  CHECK(Consumer{mcache, c.dcache, c.fctl, From::Oldest}.status() == Error::NotConstructed);
  CHECK(memory.image() == zero);
  CHECK(c.fctl.available() == 4);  // it is still nobody's
  CHECK(Producer{c.mcache, c.dcache, c.fseq, c.fctl});
}

namespace {

constexpr auto kLog = ChannelBuilder<64, 64, 256>{}.with_flow_control();
using Log = decltype(kLog)::Channel;
extern Log log_channel;

/// A static object that comes into being before the channel that it uses.
struct Module {
  Log::Producer producer{log_channel.producer()};
  Error at_start = producer.publish("module is up").error();
} module_before;

Log log_channel = kLog.build();

}  // namespace

TEST_CASE("a static object that is initialised before its channel learns the cause") {
  CHECK(module_before.at_start == Error::NotConstructed);
  CHECK(module_before.producer.status() == Error::NotConstructed);
  CHECK(module_before.producer.publish("main is up") == Error::NotConstructed);
  char text[160];
  CHECK(print(module_before.producer.status(), text) ==
        "NotConstructed: the channel's constructor has not run yet: make the channel before its endpoints");
  module_before.producer = log_channel.producer();
  CHECK(module_before.producer.publish("main is up"));
  auto consumer = log_channel.consumer();
  CHECK(consumer.poll());
}
