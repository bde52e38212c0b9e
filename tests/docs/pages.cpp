// SPDX-License-Identifier: Apache-2.0
// What the pages in cmake/docs show. Each region is exactly one of their blocks; the code around it makes it run.
#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <tango/tango.hpp>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#endif

// Comments are where they are on the pages.
// clang-format off

namespace {

struct Trade {
  std::uint64_t price;
  std::uint64_t size;
};
using Order = Trade;

//! [sizes]
static_assert(sizeof(tango::MCache<1024>) == 256 + 1024 * 64);           // a cache line for each slot
static_assert(sizeof(tango::DCache<1024, 200>) == 128 + 1024 * 256);     // 200 bytes are rounded up to 256
static_assert(tango::DCache<1024, 200>::max_payload() == 512 * 256);     // half of the chunks
static_assert(tango::ChannelBuilder<1024, 1024, 200>::kSize < 1024 * (64 + 256) + 4096);   // and all the rest

static_assert(sizeof(tango::MCache<1024, 0>) == 256 + 1024 * 32);        // no payload in slots
static_assert(sizeof(tango::MCache<1024, 64>) == 256 + 1024 * 96);       // up to 64 bytes in a slot
static_assert(tango::ChannelBuilder<1024>{}.of<Trade>().kSize < 1024 * 48 + 4096);   // no chunks; a Trade has 16 bytes
static_assert(tango::ChannelBuilder<1024>{}.of<Trade>().without_metadata().kSize < 1024 * 24 + 4096);
//! [sizes]
static_assert(tango::ChannelBuilder<1024, 1024, 200>{}.with_flow_control().with_observers().with_metrics().kSize <
              1024 * (64 + 256) + 4096);

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

namespace {

/// Memory for an endpoint that is never destroyed: its thread or process has vanished.
template <class Endpoint>
class Vanishing {
 public:
  template <class Make>
  explicit Vanishing(Make make) : endpoint_{::new (static_cast<void*>(memory_)) Endpoint{make()}} {}
  Vanishing(const Vanishing&) = delete;
  Vanishing& operator=(const Vanishing&) = delete;
  Endpoint& operator*() const { return *endpoint_; }
  Endpoint* operator->() const { return endpoint_; }

 private:
  alignas(Endpoint) std::byte memory_[sizeof(Endpoint)];
  Endpoint* endpoint_;
};
template <class Make>
Vanishing(Make) -> Vanishing<std::invoke_result_t<Make>>;

}  // namespace

TEST_CASE("death.md: the last consumer restarts") {
  std::vector<tango::Seq> used;
  const auto use = [&](tango::Seq seq) { used.push_back(seq); };
  //! [restart]
  auto channel = tango::ChannelBuilder<64, 64, 64>{}.with_flow_control(16).build();
  auto producer = channel.producer();
  {
    auto consumer = channel.consumer();
    for (std::uint64_t i = 1; i <= 10; ++i) {
      if (!producer.publish(i)) return;
    }
    for (int i = 0; i < 4; ++i) {
      if (auto fragment = consumer.poll()) use(fragment->seq());      // 1 to 4
    }
  }                                                                   // leaves in good order; 5 to 10 are kept
  auto restarted = channel.consumer();
  if (auto fragment = restarted.poll()) use(fragment->seq());         // 5
  //! [restart]
  CHECK(used == std::vector<tango::Seq>{1, 2, 3, 4, 5});
  auto& consumer = restarted;
  const auto publish_more = [&] {
    for (int i = 0; i < 100; ++i) {
      if (!producer.publish("x")) return false;
    }
    return true;
  };
  CHECK(!publish_more());
  //! [resign]
  consumer.resign();                                 // gives up what it has not read; every later call is refused
  //! [resign]
  CHECK(publish_more());
  CHECK(consumer.poll().status() == tango::PollStatus::Refused);
}

TEST_CASE("death.md: a producer that is silent") {
  auto channel = tango::ChannelBuilder<8, 8, 64>{}.with_flow_control().build();
  auto consumer = channel.consumer();
  tango::Cnc cnc;
  std::uint64_t last_beat = 0;
  int alarms = 0;
  const auto alarm = [&] { ++alarms; };
  const auto look = [&] {
    //! [silent]
    auto fragment = consumer.wait(tango::Bounded{1'000'000});      // polls so often, then returns Empty
    if (fragment.status() == tango::PollStatus::Empty && cnc.last_heartbeat() == last_beat) alarm();
    last_beat = cnc.last_heartbeat();
    //! [silent]
  };
  cnc.heartbeat(1);
  look();
  CHECK(alarms == 0);
  look();
  CHECK(alarms == 1);
}

TEST_CASE("death.md: a producer that vanished is recovered") {
  auto channel = tango::ChannelBuilder<8, 8, 64>{}.with_flow_control().build();
  auto consumer = channel.consumer();
  Vanishing dead{[&] { return channel.producer(); }};
  REQUIRE(dead->publish("1"));
  REQUIRE(dead->publish("2"));
  CHECK(channel.producer().status() == tango::Error::SecondProducer);
  CHECK(consumer.poll());
  tango::Seq reported = 0;
  const auto report = [&](tango::Seq seq) { reported = seq; };
  const auto take_over = [&]() -> int {
    //! [recover producer]
    const auto found = channel.recover_producer();     // the old producer is known to be dead
    if (found.was_held) report(found.next);            // every number before this one was published
    auto producer = channel.producer();                // its first message gets that number
    if (!producer) return 1;
    //! [recover producer]
    CHECK(producer.next_seq() == found.next);
    CHECK(producer.publish("3"));
    return 0;
  };
  CHECK(take_over() == 0);
  CHECK(reported == 3);
  for (const tango::Seq seq : {2u, 3u}) {
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(fragment->seq() == seq);
    CHECK(fragment->text() == std::to_string(seq));
  }
  CHECK(consumer.poll().status() == tango::PollStatus::Empty);
  CHECK(!channel.recover_producer().was_held);  // nothing to do, and nothing done
}

TEST_CASE("death.md: a producer that vanished by hand, with metrics") {
  tango::MCache<8> mcache;
  tango::DCache<8, 64, tango::Plain> dcache;
  tango::Fseq fseq;
  tango::Fctl fctl{8};
  tango::Metrics metrics;
  Vanishing producer{[&] { return tango::Producer{mcache, dcache, fseq, fctl, metrics}; }};
  Vanishing consumer{[&] { return tango::Consumer{mcache, dcache, fctl, 1, metrics}; }};
  REQUIRE(producer->publish("1"));
  Vanishing being_read{[&] { return consumer->poll(); }};
  REQUIRE(*being_read);
  //! [recover by hand]
  tango::recover_producer(mcache, dcache, fseq, &metrics);                             // without metrics: leave it out
  tango::recover_consumer(fctl, tango::consumer_in(fctl, 0), tango::DeadConsumer::Keep, &metrics);
  //! [recover by hand]
  CHECK(tango::Producer{mcache, dcache, fseq, fctl, metrics}.next_seq() == 2);
  CHECK(tango::Consumer{mcache, dcache, fctl, tango::From::Oldest, metrics}.first() == 1);
}

TEST_CASE("death.md: a stop is requested while the producer is dead") {
  auto channel = tango::ChannelBuilder<8, 8, 64>{}.with_flow_control().build();
  auto consumer = channel.consumer();
  Vanishing dead{[&] { return channel.producer(); }};
  REQUIRE(dead->publish("1"));
  REQUIRE(dead->publish("2"));
  std::vector<std::string> used;
  const auto use = [&](std::string_view text) { used.emplace_back(text); };
  {
    channel.stop();
    CHECK(channel.stop_requested());
    CHECK(!channel.closed());
    CHECK(channel.producer().status() == tango::Error::Stopped);
  }
  //! [stop]
  channel.stop();                                      // a request, which the dead producer cannot honour
  const bool closed = channel.recover_producer().closed;               // true: closed on its behalf
  for (auto& fragment : consumer.fragments()) use(fragment.text());    // what it had published; then the loop ends
  //! [stop]
  CHECK(closed);
  CHECK(channel.closed());
  CHECK(used == std::vector<std::string>{"1", "2"});
  CHECK(channel.producer().status() == tango::Error::Stopped);
}

TEST_CASE("death.md: a reliable consumer that vanished is recovered") {
  auto channel = tango::ChannelBuilder<8, 8, 64>{}.with_flow_control<4>().build();
  auto producer = channel.producer();
  Vanishing vanished{[&] { return channel.consumer(); }};
  REQUIRE(producer.publish("x"));
  REQUIRE(vanished->poll());
  REQUIRE(producer.publish("x"));
  Vanishing being_read{[&] { return vanished->poll(); }};
  REQUIRE(*being_read);
  while (producer.publish("x")) {
  }
  CHECK(producer.next_seq() == 10);  // it waits: the dead one has given back 1, and was reading 2
  CHECK(producer.publish_blocking("x", {}, tango::Bounded{100}) == tango::Error::NoCredits);

  std::vector<std::pair<std::size_t, tango::Seq>> said;
  const auto say = [&](std::size_t place, tango::Seq position) { said.emplace_back(place, position); };
  //! [find place]
  const auto view = tango::view_channel(std::as_bytes(std::span{&channel, 1}));
  for (std::size_t i = 0; view && i != view->places(); ++i) {
    if (const auto place = view->place(i); place && place->state == tango::PlaceState::Active) say(i, place->position);
  }
  //! [find place]
  CHECK(said == std::vector<std::pair<std::size_t, tango::Seq>>{{0, 2}});

  tango::Seq redelivered = 0;
  const auto use = [&](tango::Seq seq) { redelivered = seq; };
  {
    //! [keep]
    const tango::ConsumerId dead = channel.consumer_in(0);               // then make sure that this one is dead
    channel.recover_consumer(dead);                                      // DeadConsumer::Keep
    auto consumer = channel.consumer();                  // goes on at the first message that was not given back
    if (auto fragment = consumer.poll()) use(fragment->seq());           // 2: the dead one had read it, too
    //! [keep]
    CHECK(consumer.first() == 2);
    CHECK(consumer.lost() == 0);
  }
  CHECK(redelivered == 2);

  Vanishing another{[&] { return channel.consumer(); }};
  CHECK(another->first() == 3);
  while (producer.publish("x")) {
  }
  //! [evict]
  channel.recover_consumer(channel.consumer_in(0), tango::DeadConsumer::Evict);   // its position is given up
  //! [evict]
  CHECK(producer.publish("x"));
  CHECK(!channel.recover_consumer(channel.consumer_in(0)));  // nothing to do, and nothing done
}

TEST_CASE("death.md: what a dead consumer had not given back is kept beside other consumers, too") {
  auto channel = tango::ChannelBuilder<8, 8, 64>{}.with_flow_control(4).build();
  auto producer = channel.producer();
  Vanishing dead{[&] { return channel.consumer(); }};
  auto alive = channel.consumer();
  while (producer.publish("x")) {
    REQUIRE(alive.poll());
  }
  alive.release();
  CHECK(producer.publish("x") == tango::Error::NoCredits);  // it waits for the dead one
  channel.recover_consumer(dead->id());
  CHECK(producer.publish("x") == tango::Error::NoCredits);  // it still does
  auto next = channel.consumer();
  CHECK(next.place() == 0);
  CHECK(next.first() == 1);
}

TEST_CASE("death.md: an observer that vanished, with metrics") {
  auto channel = tango::ChannelBuilder<8, 8, 64>{}.with_metrics().build();
  Vanishing vanished{[&] { return channel.consumer(); }};
  const tango::ConsumerId dead = vanished->id();
  CHECK(channel.observer_in(0) == dead);
  //! [recover observer]
  channel.recover_observer(dead);                      // a ConsumerId; its metrics block is free
  //! [recover observer]
  CHECK(channel.consumer().id().index == 0);
}

#if defined(__linux__)
TEST_CASE("death.md: a producer's process is killed, and another one takes over") {
  const auto builder = tango::ChannelBuilder<8, 8, 64>{}.with_flow_control();
  using Channel = decltype(builder)::Channel;
  void* const memory = ::mmap(nullptr, sizeof(Channel), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  Channel& channel = **builder.build_in({static_cast<std::byte*>(memory), sizeof(Channel)});
  char path[] = "/tmp/tango_test_lock_XXXXXX";
  const int made = ::mkstemp(path);
  REQUIRE(made >= 0);
  ::close(made);

  const auto publish_all = [&](bool killed) -> int {
    //! [lock]
    const int lock = ::open(path, O_RDWR | O_CLOEXEC);   // one file for each channel; never deleted while it is in use
    if (lock < 0 || ::flock(lock, LOCK_EX) != 0) return 1;              // waits as long as another producer lives
    channel.recover_producer();                          // does nothing if that one left in good order
    auto producer = channel.producer();                  // destroyed before the lock is given back
    //! [lock]
    if (!producer || !producer.publish("x") || !producer.publish("x")) return 1;
    if (killed) ::raise(SIGKILL);
    ::close(lock);
    return 0;
  };
  const ::pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::_exit(publish_all(true));
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(channel.producer().status() == tango::Error::SecondProducer);
  CHECK(publish_all(false) == 0);
  ::unlink(path);
  auto consumer = channel.consumer();
  for (tango::Seq seq = 1; seq <= 4; ++seq) {
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(fragment->seq() == seq);
  }
  CHECK(consumer.poll().status() == tango::PollStatus::Empty);
}
#endif

TEST_CASE("death.md: another channel is made in the same memory") {
  const auto builder = tango::ChannelBuilder<8, 8, 64>{}.with_flow_control();
  alignas(decltype(builder)::kAlignment) static std::byte memory[decltype(builder)::kSize];
  auto made = builder.build_in(memory);
  REQUIRE(made);
  auto producer = (*made)->producer();
  auto consumer = (*made)->consumer();
  REQUIRE(producer.publish("old"));
  std::vector<tango::Error> reported;
  const auto report = [&](const tango::Status& status) { reported.push_back(status.error()); };
  //! [replaced]
  auto replacement = builder.build_in(memory);         // where producer and consumer have a channel
  if (const auto status = producer.publish("x"); !status) report(status);                           // Replaced
  if (consumer.poll().status() == tango::PollStatus::Refused) report(consumer.status());            // Replaced
  //! [replaced]
  CHECK(reported == std::vector<tango::Error>{tango::Error::Replaced, tango::Error::Replaced});
  REQUIRE(replacement);
  CHECK((*replacement)->consumer().poll().status() == tango::PollStatus::Empty);
}

namespace {

using Log = tango::ChannelBuilder<64, 64, 64>::Channel;

//! [not constructed]
extern Log log_channel;                                // defined below, or in another file

struct Module {
  Log::Producer producer{log_channel.producer()};      // may run before log_channel's constructor
} module_in_static_storage;

Log log_channel = tango::ChannelBuilder<64, 64, 64>{}.build();
//! [not constructed]

}  // namespace

TEST_CASE("death.md: an endpoint is made before its channel") {
  auto& module = module_in_static_storage;
  //! [not constructed]
  if (module.producer.status() == tango::Error::NotConstructed) module.producer = log_channel.producer();
  //! [not constructed]
  CHECK(module.producer.publish("up"));
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
    report(print(status, text));                           // PayloadTooLarge: payload larger than this channel ...
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
  auto channel = tango::ChannelBuilder<1024>{}.with_flow_control().of<Trade>().build();
  auto producer = channel.producer();                  // of the one thread that pushes
  auto consumer = channel.consumer();                  // of the one thread that pops

  if (!producer.publish(trade)) later();               // try_push
  if (auto front = consumer.poll()) {                  // front
    if (auto next = front->view()) use(*next);         // in place; value() copies it
  }                                                    // pop: the fragment goes out of scope
  //! [index ring]
  CHECK(used == 100);
}

TEST_CASE("filtering.md: by the sig, and by a tag") {
  constexpr std::uint64_t kTrade = 3;
  auto channel = tango::ChannelBuilder<8, 8, 64>{}.with_flow_control().build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  for (const std::uint64_t sig : {1u, 3u, 2u, 3u, 4u}) {
    REQUIRE(producer.publish("x", {.sig = sig}));
  }
  int used = 0;
  const auto use = [&](std::span<const std::byte>) { ++used; };
  //! [filtering]
  const auto trades = [](std::uint64_t sig) { return sig == kTrade; };
  while (auto fragment = consumer.poll(trades)) use(fragment->payload());
  //! [filtering]
  CHECK(used == 2);
  CHECK(consumer.filtered() == 3);
  REQUIRE(producer.publish("x", {.sig = 5}));
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  //! [duplicates]
  tango::Tcache<1024> seen;                            // the 1024 most recent tags, exactly
  if (seen.check_and_insert(fragment->sig())) use(fragment->payload());   // true: the tag is new
  //! [duplicates]
  CHECK(used == 3);
  CHECK(!seen.check_and_insert(5));
}

namespace class_members {

//! [class members]
struct Quote {
  std::uint64_t price;
  std::uint32_t size;
};
inline constexpr auto kQuotes = tango::ChannelBuilder<1024>{}.with_flow_control().of<Quote>();
using Quotes = decltype(kQuotes)::Channel;

class Feed {
 public:
  explicit Feed(Quotes& quotes) : producer_{quotes.producer()} {}
  void on_price(std::uint64_t price) { dropped_ += producer_.publish({price, 1}) ? 0 : 1; }

 private:
  Quotes::Producer producer_;
  std::uint64_t dropped_ = 0;
};

class Strategy {
 public:
  explicit Strategy(Quotes& quotes) : consumer_{quotes.consumer()} {}
  bool poll_once() {
    auto fragment = consumer_.poll();
    if (fragment) last_ = fragment->value()->price;
    return bool{fragment};
  }
  std::uint64_t last() const { return last_; }

 private:
  Quotes::Consumer consumer_;
  std::uint64_t last_ = 0;
};
//! [class members]

}  // namespace class_members

TEST_CASE("class_members.md: endpoints in classes") {
  using namespace class_members;
  Quotes quotes = kQuotes.build();
  Feed feed{quotes};
  Strategy strategy{quotes};
  CHECK(!strategy.poll_once());
  feed.on_price(101);
  CHECK(strategy.poll_once());
  CHECK(strategy.last() == 101);
}

TEST_CASE("values.md: in place, and into an object") {
  struct Frame {
    std::array<std::uint8_t, 1000> pixels;
  };
  auto channel = tango::ChannelBuilder<4>{}.with_flow_control().of<Frame>().build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  const auto kept = std::make_unique<Frame>();
  unsigned shown = 0;
  unsigned archived = 0;
  const auto show = [&](const auto& pixels) { shown += pixels[7]; };
  const auto archive = [&](const Frame& frame) { archived += frame.pixels[999]; };
  kept->pixels[7] = 3;
  kept->pixels[999] = 4;
  REQUIRE(producer.publish(*kept));
  *kept = {};
  //! [values]
  if (auto fragment = consumer.poll()) {
    if (const auto frame = fragment->view()) show(frame->pixels);   // in place
    if (fragment->copy_to(*kept)) archive(*kept);                   // into an object that outlives the fragment
  }
  //! [values]
  CHECK(shown == 3);
  CHECK(archived == 4);
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
