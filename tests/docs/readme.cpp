// SPDX-License-Identifier: Apache-2.0
// What the README and the pages on how to use a channel show. Each region is exactly one of their blocks; the code
// around it makes it run.
#include <algorithm>
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <tango/steady_clock.hpp>
#include <tango/tango.hpp>
#include <tango/yield.hpp>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#endif

// Comments are where they are on the pages.
// clang-format off

namespace {

constexpr std::uint64_t kTicks = 1;
constexpr std::uint64_t kImage = 2;

/// What is written to std::cout while it lives.
class Printed {
 public:
  Printed() : before_{std::cout.rdbuf(text_.rdbuf())} {}
  ~Printed() { std::cout.rdbuf(before_); }
  std::string text() const { return text_.str(); }

 private:
  std::ostringstream text_;
  std::streambuf* before_;
};

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TEST_CASE("by_hand.md: a lossy channel") {
  std::string used;
  const auto use = [&](const std::byte* data, std::size_t size) { used = text_of({data, size}); };
  const int code = [&]() -> int {
    //! [by hand]
    tango::MCache<64> mcache;                          // 64 slots of metadata; the first number is 1
    tango::DCache<64, 256> dcache;                     // 64 chunks of 256 bytes
    tango::Fseq fseq{1};                               // the producer's sequence number
    tango::Producer producer{mcache, dcache, fseq};
    tango::Consumer consumer{mcache, dcache, 1};       // starts at number 1

    if (!producer.publish("hello", {.sig = 42})) return 1;   // 5 bytes, no terminator

    std::byte copy[256];
    if (auto fragment = consumer.poll()) {             // its sig and size are valid here
      if (fragment->copy_to(copy)) use(copy, fragment->size());   // the payload, if this succeeds
    }
    //! [by hand]
    return 0;
  }();
  CHECK(code == 0);
  CHECK(used == "hello");
}

TEST_CASE("by_hand.md: with flow control") {
  const std::string text(40, 'a');
  const auto bytes = std::as_bytes(std::span{text});
  std::vector<std::string> used;
  const auto use = [&](std::span<const std::byte> payload) { used.push_back(text_of(payload)); };
  const auto fill = [](std::span<std::byte> room) { std::fill(room.begin(), room.end(), std::byte{'b'}); };

  //! [flow control]
  tango::MCache<64> mcache;
  tango::DCache<64, 256, tango::Plain> dcache;       // every consumer is reliable, so payloads are plain bytes
  tango::Fseq fseq{1};
  tango::Fctl fctl{64};                              // 64 messages may be in flight
  tango::Producer producer{mcache, dcache, fseq, fctl};
  tango::Consumer consumer{mcache, dcache, fctl, 1};

  if (auto status = producer.publish(bytes); status == tango::Error::NoCredits) { /* full: try later, or wait */ }

  if (auto room = producer.reserve(1000)) {          // zero copy, contiguous over as many chunks as it takes
    fill(room.span());
    (void)room.commit({.sig = 7});                   // the commit of an open reservation succeeds
  }
  //! [flow control]
  producer.stop();
  //! [flow control]
  for (auto& fragment : consumer.fragments()) {      // until the channel is stopped and drained
    use(fragment.payload());                         // a span into the channel, valid until the next iteration
  }
  //! [flow control]
  CHECK(used == std::vector<std::string>{text, std::string(1000, 'b')});
}

namespace {

struct Tick {
  std::uint32_t price;
  std::uint32_t size;
};

std::vector<Tick> latest_ticks() { return {{100, 1}, {101, 2}, {102, 3}}; }

}  // namespace

TEST_CASE("packed.md: many small records") {
  auto channel = tango::ChannelBuilder<8, 8, 256>{}.with_flow_control().build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  std::vector<std::uint32_t> used;
  const auto use = [&](const Tick& tick) { used.push_back(tick.price); };

  //! [packed]
  std::vector<Tick> ticks = latest_ticks();          // any contiguous range of a trivially copyable type
  auto sent = producer.publish_packed(ticks, {.sig = kTicks});   // one message; sent.count records fitted
  //! [packed]
  CHECK(sent.status);
  CHECK(sent.count == 3);
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  CHECK(fragment->sig() == kTicks);
  //! [packed]
  for (const Tick tick : tango::PackedArray<Tick>{fragment->payload()}) use(tick);
  //! [packed]
  CHECK(used == std::vector<std::uint32_t>{100, 101, 102});
}

namespace {

/// Each time that a consumer finds nothing, the next thing happens.
struct NextStep {
  static inline std::vector<std::function<void()>> steps;
  bool idle(std::uint64_t) noexcept {
    if (steps.empty()) return false;
    const auto step = std::move(steps.front());
    steps.erase(steps.begin());
    step();
    return true;
  }
};

}  // namespace

TEST_CASE("large.md: larger than a payload") {
  auto channel = tango::ChannelBuilder<16, 16, 64>{}.with_wait<NextStep>().build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  const std::string text = std::string(300, 'a') + std::string(300, 'b');
  const auto bytes = std::as_bytes(std::span{text});
  static_assert(decltype(producer)::max_payload() < 600);
  std::array<std::byte, 600> memory;
  std::vector<std::string> used;
  const auto use = [&](std::span<const std::byte> payload) { used.push_back(text_of(payload)); };
  std::vector<tango::Error> logged;
  const auto log = [&](const tango::Status& status) { logged.push_back(status.error()); };

  //! [large]
  tango::LargeMessage message{bytes, {.sig = kImage}};           // less than 4 GiB; sent in fragments
  while (!message.done()) {
    auto status = message.publish(producer);                // as much as there is room for
    if (!status && status != tango::Error::NoCredits) break;
  }
  //! [large]
  // Once that has been read: a message is lost but for its beginning, one is given up by its sender, the beginning of
  // one is followed by another message, and the last one has no end.
  std::vector<tango::LargeMessage> others;
  for (int i = 0; i < 4; ++i) {
    others.emplace_back(bytes);
  }
  std::vector<tango::Status> sent;
  NextStep::steps = {
      [&] { sent.push_back(others[0].publish_fragment(producer)); },
      [&] {
        sent.push_back(others[0].publish(producer));
        for (int i = 0; i < 16; ++i) sent.push_back(producer.publish("small"));
      },
      [&] { sent.push_back(others[1].publish_fragment(producer)); },
      [&] { sent.push_back(others[1].abort(producer)); },
      [&] { sent.push_back(others[2].publish_fragment(producer)); },
      [&] { sent.push_back(producer.publish("next")); },
      [&] { sent.push_back(others[3].publish_fragment(producer)); },
      [&] { producer.stop(); },
  };
  //! [large]
  tango::Reassembler<> reassembler{memory};                      // your memory, as large as the largest message
  for (auto& fragment : consumer.fragments()) {
    auto whole = reassembler.accept(fragment);
    if (whole.dropped_before() != 0) log(whole.error_before());  // an earlier message lost a fragment
    if (whole) use(whole->payload());                            // as if it had been sent in one fragment
    else if (whole.status() == tango::ReassemblyStatus::Dropped) log(whole.error());   // this fragment's message
  }
  if (reassembler.reset() != 0) log(tango::Error::MissingEom);   // the channel ended within a message
  //! [large]
  CHECK(std::all_of(sent.begin(), sent.end(), [](const tango::Status& status) { return status.ok(); }));
  CHECK(consumer.lost() > 2);  // the rest of the first one, and the small ones that are left as headroom
  std::vector<std::string> expected(used.size(), "small");
  expected.front() = text;
  expected.back() = "next";
  CHECK(used.size() > 10);
  CHECK(used == expected);
  CHECK(logged == std::vector{tango::Error::FragmentLost, tango::Error::MessageBroken, tango::Error::MissingEom,
                              tango::Error::MissingEom});
  CHECK(reassembler.dropped() == logged.size());
}

TEST_CASE("several_producers.md: one poller") {
  const auto builder = tango::ChannelBuilder<8, 8, 64>{}.with_flow_control();
  auto channel_a = builder.build();
  auto channel_b = builder.build();
  auto producer_a = channel_a.producer();
  auto producer_b = channel_b.producer();
  auto alice = channel_a.consumer();
  auto bob = channel_b.consumer();
  REQUIRE(producer_a.publish("a"));
  REQUIRE(producer_b.publish("b"));
  producer_a.stop();
  producer_b.stop();
  std::vector<std::string> used(2);
  const auto use = [&](std::size_t channel, std::span<const std::byte> payload) { used[channel] += text_of(payload); };

  //! [several producers]
  tango::Poller poller{alice, bob};                              // a channel and a consumer for each producer
  while (!poller.empty()) {                                      // until every channel is closed and drained
    auto fragment = poller.wait();
    if (fragment) use(fragment.channel(), fragment->payload());  // 0 or 1
  }
  //! [several producers]
  CHECK(used == std::vector<std::string>{"a", "b"});
}

TEST_CASE("waiting.md: a strategy for a call and for a channel") {
  auto other = tango::ChannelBuilder<4, 4, 64>{}.with_flow_control().build();
  auto producer = other.producer();
  auto consumer = other.consumer();
  const std::string text(40, 'a');
  const auto bytes = std::as_bytes(std::span{text});
  REQUIRE(producer.publish("first"));
  //! [waiting]
  auto fragment = consumer.wait(tango::SpinThenYield{});         // this call
  //! [waiting]
  REQUIRE(fragment);
  CHECK(fragment->text() == "first");
  while (producer.publish("full")) {
  }
  const auto publish = [&] {
    //! [waiting]
    auto status = producer.publish_blocking(bytes, {}, tango::Bounded{1000});         // gives up: NoCredits
    auto channel = tango::ChannelBuilder<64, 64, 64>{}.with_wait<tango::Yield>().build();   // all other calls
    //! [waiting]
    static_assert(std::is_same_v<decltype(channel)::Consumer::DefaultStrategy, tango::Yield>);
    static_assert(std::is_same_v<decltype(channel)::Producer::DefaultStrategy, tango::Yield>);
    static_assert(std::is_same_v<decltype(channel)::Observer::DefaultStrategy, tango::Yield>);
    return status;
  };
  CHECK(publish() == tango::Error::NoCredits);
}

TEST_CASE("metrics.md: counters") {
  const Printed printed;
  //! [metrics]
  auto channel = tango::ChannelBuilder<1024, 1024, 256>{}.with_flow_control().with_metrics().build();
  // ... publish and consume ...
  //! [metrics]
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  REQUIRE(producer.publish("hello"));
  REQUIRE(producer.publish("again"));
  REQUIRE(consumer.poll());
  //! [metrics]
  char text[320];
  std::cout << print(channel.metrics().snapshot(), text);        // published, consumed, lost, backpressure, lag, ...
  //! [metrics]
  CHECK(printed.text().find("published 2 (10 bytes)") != std::string::npos);
  CHECK(printed.text().find("lag 1") != std::string::npos);
}

TEST_CASE("README: the channel as one object") {
  struct Quote {
    std::uint64_t price;
    std::uint32_t size;
  };
  constexpr auto kBuilder = tango::ChannelBuilder<64, 64, 256>{}.with_flow_control(32).starting_at(7).of<Quote>();
  static_assert(kBuilder.kAlignment == 128);
  auto channel = kBuilder.build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  CHECK(producer.next_seq() == 7);
  CHECK(producer.available() == 32);
  CHECK(producer.emplace({.sig = 7}, 100u, 5u));
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  CHECK(fragment->as<Quote>()->price == 100);
}

TEST_CASE("lifecycle.md: a reliable consumer that joins late starts at the oldest number that credits still protect") {
  auto channel = tango::ChannelBuilder<64, 64, 64>{}.with_flow_control(16).build();
  auto producer = channel.producer();
  {
    auto early = channel.consumer();
    for (int i = 0; i < 500; ++i) {
      REQUIRE(producer.publish("x"));
      REQUIRE(early.poll());
    }
  }
  auto late = channel.consumer();
  REQUIRE(late);
  CHECK(late.first() > 1);
  CHECK(channel.position() - late.first() <= 16);
  CHECK(late.lost() == 0);
}

TEST_CASE("lifecycle.md: the last reliable consumer restarts and nothing is lost or repeated, or it resigns") {
  auto channel = tango::ChannelBuilder<16, 16, 64>{}.with_flow_control(4).build();
  auto producer = channel.producer();
  {
    auto consumer = channel.consumer();
    REQUIRE(producer.publish("1"));
    REQUIRE(producer.publish("2"));
    REQUIRE(consumer.poll());
  }
  int accepted = 0;
  while (producer.publish("x")) {
    ++accepted;
  }
  CHECK(accepted == 3);  // up to its credits, and then it waits
  auto next = channel.consumer();
  CHECK(next.first() == 2);
  auto other = channel.consumer(tango::From::Next);
  CHECK(other.first() == channel.position());
  for (int i = 0; i < 4; ++i) {
    REQUIRE(next.poll());
  }
  other.resign();
  REQUIRE(producer.publish("x"));
  next.resign();
  for (int i = 0; i < 100; ++i) {
    REQUIRE(producer.publish("x"));  // waits for nobody
  }
  CHECK(channel.position() - channel.consumer().first() <= 4);  // what its credits still protect
}

TEST_CASE("metrics.md: latency") {
  tango::MCache<64> mcache;
  tango::DCache<64, 256> dcache;
  tango::Fseq fseq{1};
  tango::Producer producer{mcache, dcache, fseq};
  tango::Consumer consumer{mcache, dcache, 1};
  const std::string message(40, 'a');
  const auto bytes = std::as_bytes(std::span{message});
  const Printed printed;

  //! [latency]
  const auto rate = tango::calibrate();              // <tango/steady_clock.hpp>: how long a tick is; 20 ms
  tango::Latency latency;                            // 15 KiB, fixed; absent unless used

  (void)producer.publish(bytes, {.ts = tango::stamp()});         // the core's counter: TSC, CNTVCT or rdtime
  if (auto fragment = consumer.poll()) latency.record(fragment->ts());

  char text[288];
  if (rate) std::cout << print(latency.snapshot(), *rate, text); // count, min, p50, p90, p99, p99.9, p99.99, max in ns
  //! [latency]
  CHECK(printed.text().find("count 1 ") != std::string::npos);
}

#if defined(__linux__)
TEST_CASE("README: two processes") {
  struct Order {
    std::uint64_t id;
    double price;
  };
  // Under a name that no other run of this test has.
  const std::string name = "/tango_docs_" + std::to_string(::getpid());
  const auto shm_open = [&](const char* shown, int flags, mode_t mode) {
    CHECK(std::string{shown} == "/orders");
    return ::shm_open(name.c_str(), flags, mode);
  };
  bool delivered = false;
  const auto report = [](auto) { FAIL("an error was reported"); };
  const auto run = [&] {
    //! [two processes]
    const auto builder = tango::ChannelBuilder<1024>{}.with_flow_control().of<Order>();
    constexpr std::size_t kSize = decltype(builder)::kSize;
    const auto map = [](int file) -> std::span<std::byte> {      // MAP_POPULATE: no page faults later
      void* const at = mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
      return {static_cast<std::byte*>(at), at == MAP_FAILED ? 0 : kSize};
    };

    // The producer's process makes the channel in a file of shared memory.
    const int file = shm_open("/orders", O_CREAT | O_EXCL | O_RDWR, 0600);
    if (file == -1 || ftruncate(file, kSize) != 0) return report(errno);
    auto made = builder.build_in(map(file));
    if (!made) return report(made.status());
    auto producer = (*made)->producer();

    // The consumer's process maps the same file.
    const int same = shm_open("/orders", O_RDWR, 0);
    auto found = builder.attach(map(same));
    if (!found) return report(found.status());
    auto consumer = (*found)->consumer();
    //! [two processes]
    REQUIRE(producer.publish(Order{7, 99.5}));
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    delivered = fragment->value()->id == 7;
    ::close(file);
    ::close(same);
  };
  run();
  ::shm_unlink(name.c_str());
  CHECK(delivered);
}
#endif
