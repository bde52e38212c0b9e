// SPDX-License-Identifier: Apache-2.0
// What the pages in cmake/docs show. Each region is exactly one of their blocks; the code around it makes it run.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tango/tango.hpp>
#include <vector>

// Comments are where they are on the pages.
// clang-format off

namespace {

//! [sizes]
static_assert(sizeof(tango::MCache<1024>) == 256 + 1024 * 64);           // a line for each slot
static_assert(sizeof(tango::DCache<1024, 200>) == 128 + 1024 * 256);     // 200 bytes are rounded up to 256
static_assert(tango::DCache<1024, 200>::max_payload() == 512 * 256);     // half of the chunks
static_assert(tango::ChannelBuilder<1024, 1024, 200>::kSize < 1024 * (64 + 256) + 4096);   // and all the rest
//! [sizes]
static_assert(tango::ChannelBuilder<1024, 1024, 200>{}.with_flow_control().with_observers().with_metrics().kSize <
              1024 * (64 + 256) + 4096);

struct Trade {
  std::uint64_t price;
  std::uint64_t size;
};
using Order = Trade;

}  // namespace

TEST_CASE("kinds.md: by hand") {
  tango::MCache<64> mcache_1, mcache_2;
  tango::Fseq fseq_1, fseq_2;
  tango::Fctl fctl_2{64};

  //! [kinds]
  tango::DCache<64, 256> words;                        // Words: consumers may be overrun
  tango::DCache<64, 256, tango::Plain> plain;          // all consumers are reliable

  tango::Producer lossy{mcache_1, words, fseq_1};      // any consumer: {mcache_1, words, first}
  tango::Producer reliable{mcache_2, plain, fseq_2, fctl_2};   // any consumer: {mcache_2, plain, fctl_2, first}
  //! [kinds]
  CHECK(lossy);
  CHECK(reliable);
  CHECK(tango::Consumer{mcache_1, words, 1});
  CHECK(tango::Consumer{mcache_2, plain, fctl_2, 1});
}

TEST_CASE("guarantees.md: a message as a reference") {
  auto channel = tango::ChannelBuilder<8, 8, 64>{}.build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  std::vector<int> prices(10);
  int used = 0;
  const auto use = [&](int price) { used = price; };
  const auto publish = [&]() -> int {
    //! [reference, producer]
    prices[7] = 101;                                     // an ordinary array, not in the channel
    if (!producer.publish(std::uint32_t{7})) return 1;
    //! [reference, producer]
    return 0;
  };
  CHECK(publish() == 0);
  //! [reference, consumer]
  if (auto fragment = consumer.poll()) {
    if (auto index = fragment->as<std::uint32_t>()) use(prices[*index]);   // 101
  }
  //! [reference, consumer]
  CHECK(used == 101);
}

TEST_CASE("death.md: a producer that is silent") {
  auto channel = tango::ChannelBuilder<8, 8, 64>{}.with_flow_control().build();
  auto consumer = channel.consumer();
  tango::Cnc cnc;
  std::uint64_t last_beat = 0;
  int given_up = 0;
  const auto give_up = [&] { ++given_up; };
  const auto look = [&] {
    //! [death]
    auto fragment = consumer.wait(tango::Bounded{1'000'000});      // so many looks, then Empty
    if (!fragment && fragment.status() == tango::PollStatus::Empty && cnc.last_heartbeat() == last_beat) give_up();
    last_beat = cnc.last_heartbeat();
    //! [death]
  };
  cnc.heartbeat(1);
  look();
  CHECK(given_up == 0);
  look();
  CHECK(given_up == 1);
}

TEST_CASE("death.md: what a producer that never came back leaves behind") {
  auto channel = tango::ChannelBuilder<8, 8, 64>{}.with_flow_control().build();
  auto consumer = channel.consumer();
  using Producer = decltype(channel)::Producer;
  alignas(Producer) std::byte place[sizeof(Producer)];
  auto* const dead = ::new (place) Producer{channel.producer()};  // its destructor never runs
  REQUIRE(dead->publish("1"));
  CHECK(channel.producer().status() == tango::Error::SecondProducer);
  channel.stop();
  CHECK(channel.producer().status() == tango::Error::Stopped);
  CHECK(channel.stop_requested());
  CHECK(!channel.closed());
  CHECK(consumer.poll());
  CHECK(consumer.poll().status() == tango::PollStatus::Empty);
}

TEST_CASE("death.md: what a reliable consumer that never came back leaves behind") {
  auto channel = tango::ChannelBuilder<8, 8, 64>{}.with_flow_control().build();
  using Consumer = decltype(channel)::Consumer;
  alignas(Consumer) std::byte place[sizeof(Consumer)];
  auto* const dead = ::new (place) Consumer{channel.consumer()};
  REQUIRE(*dead);
  auto alive = channel.consumer();
  auto producer = channel.producer();
  while (producer.publish("x")) {
    REQUIRE(alive.poll());
  }
  CHECK(producer.next_seq() == 9);
  CHECK(producer.publish("x") == tango::Error::NoCredits);
  CHECK(producer.publish_blocking("x", {}, tango::Bounded{100}) == tango::Error::NoCredits);
  channel.stop();
  CHECK(producer.publish_blocking("x") == tango::Error::Stopped);
  CHECK(alive.poll().status() == tango::PollStatus::Stopped);
}

TEST_CASE("errors.md: what to do with a status") {
  auto channel = tango::ChannelBuilder<8, 8, 64>{}.build();
  auto producer = channel.producer();
  std::string reported;
  const auto report = [&](std::string_view text) { reported = text; };
  const auto later = [] {};
  const std::vector<std::byte> bytes(257);
  //! [status]
  const auto status = producer.publish(bytes);
  if (status == tango::Error::NoCredits) later();          // one that is expected: act on it
  else if (!status) {                                      // any other: tell somebody
    char text[160];
    report(print(status, text));                           // PayloadTooLarge: payload larger than this channel carries: …
  }
  //! [status]
  CHECK(reported.starts_with("PayloadTooLarge: payload larger than this channel carries: "));
}

TEST_CASE("compatibility.md: build and attach") {
  struct alignas(128) Memory {
    std::array<std::byte, 1024 * 128 + 4096> bytes;
  };
  const auto held = std::make_unique<Memory>();
  const std::span<std::byte> memory{held->bytes};
  std::vector<tango::Error> reported;
  const auto report = [&](const tango::Status& status) { reported.push_back(status.error()); };
  //! [attach]
  auto builder = tango::ChannelBuilder<1024, 1024, 64>{}.with_flow_control().of<Order>(0x0D0E'0001);

  auto made = builder.build_in(memory);                // one side
  auto found = builder.attach(memory);                 // the other: in as many threads as you like
  if (!found) report(found.status());                  // LayoutMismatch: the channel was made with another version …
  //! [attach]
  CHECK(made);
  CHECK(found);
  CHECK(reported.empty());
}

TEST_CASE("from_index_rings.md: push and pop") {
  const Trade trade{100, 5};
  std::uint64_t used = 0;
  const auto use = [&](const Trade& next) { used = next.price; };
  const auto later = [] { FAIL("there is room"); };
  //! [index ring]
  auto channel = tango::ChannelBuilder<1024, 1024, 64>{}.with_flow_control().of<Trade>().build();
  auto producer = channel.producer();                  // of the one thread that pushes
  auto consumer = channel.consumer();                  // of the one thread that pops

  if (!producer.publish(trade)) later();               // try_push
  if (auto front = consumer.poll()) {                  // front
    if (auto next = front->as<Trade>()) use(*next);
  }                                                    // pop: the fragment goes out of scope
  //! [index ring]
  CHECK(used == 100);
}

TEST_CASE("inspecting.md: any channel in memory") {
  const auto builder = tango::ChannelBuilder<8, 8, 64>{}.with_flow_control().with_metrics().of<Order>(7);
  alignas(decltype(builder)::kAlignment) static std::byte memory[decltype(builder)::kSize];
  auto made = builder.build_in(memory);
  REQUIRE(made);
  auto producer = (*made)->producer();
  REQUIRE(producer.publish(Order{100, 5}));
  std::size_t said = 0;
  std::uint64_t next = 0;
  const auto say = [&](auto... what) { said += sizeof...(what); };
  const auto print = [&](const tango::MessageCopy& message) { say(message.metadata.seq, message.payload.size()); };
  const auto report = [](const tango::Status& status) { FAIL(static_cast<int>(status.error())); };
  const auto inspect = [&] {
    //! [inspect]
    const auto view = tango::view_channel(memory);        // const bytes: a mapping for reading only will do
    if (!view) return report(view.status());              // NoChannel, LayoutMismatch, DescriptorInvalid, …

    say(view->kind());                                    // "typed reliable with metrics"
    if (const auto state = view->state()) say(state->position, state->closed, name(state->producer));

    std::vector<std::byte> buffer(view->max_payload());
    const auto range = view->readable();                  // the sequence numbers that can be read now
    if (!range) return report(range.status());            // Replaced: another channel was made in this memory
    const auto run = view->for_each(range->first, buffer, print);   // print(const tango::MessageCopy&)
    next = run.next;                                      // where to go on: call for_each again to follow the channel
    //! [inspect]
  };
  inspect();
  CHECK(said == 6);
  CHECK(next == 2);
}
