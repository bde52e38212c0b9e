// SPDX-License-Identifier: Apache-2.0
// Checked preconditions of the endpoints: by default a violated one prints a line and traps, in every build, before it
// does any harm. What else the default handler has to bear, such as other headers: packaging/preconditions.
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <csignal>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "support/channel.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

/// What a child process that ran `act` ended with, and what it wrote to standard error.
struct Ending {
  int status = 0;
  std::string first;  ///< by its first call of `write`
  std::string rest;   ///< by all others
};

/// Whether a process that ended with this status was killed by a trap.
bool trapped(int status) { return WIFSIGNALED(status) && (WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGTRAP); }

/// Runs `act` in a child, so nothing that it does is seen here.
template <class F>
Ending ending_of(F act) {
  int ends[2];  // of a socket that keeps apart what several calls wrote
  REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    (void)::dup2(ends[1], STDERR_FILENO);
    (void)::close(ends[0]);
    (void)::close(ends[1]);
    const rlimit no_core{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &no_core);
    for (const int signal : {SIGILL, SIGTRAP}) {  // whatever a test framework or a sanitizer put there
      (void)::signal(signal, SIG_DFL);
    }
    act();
    ::_exit(0);
  }
  (void)::close(ends[1]);
  Ending ending;
  char text[1024];
  for (ssize_t size = 0; (size = ::read(ends[0], text, sizeof text)) > 0;) {
    (ending.first.empty() ? ending.first : ending.rest).append(text, static_cast<std::size_t>(size));
  }
  (void)::close(ends[0]);
  REQUIRE(::waitpid(child, &ending.status, 0) == child);
  return ending;
}

/// Whether `act` traps.
template <class F>
bool traps(F act) {
  return trapped(ending_of(act).status);
}

}  // namespace

TEST_CASE("a violated precondition prints one line, by one call, and traps") {
  volatile int x = 0;
  const Ending direct = ending_of([&] { TANGO_PRECONDITION(x > 0, "f: x is positive, \"100 %s\""); });
  CHECK(direct.first == "tango: precondition failed: f: x is positive, \"100 %s\"\n");
  CHECK((direct.rest.empty() || direct.rest.starts_with("qemu: ")));  // the emulator's own line
  CHECK(trapped(direct.status));

  const Ending met = ending_of([&] { TANGO_PRECONDITION(x == 0, "f: x is zero"); });
  CHECK(met.first.empty());
  CHECK((WIFEXITED(met.status) && WEXITSTATUS(met.status) == 0));

  Wiring<Kind::Lossy, 4, 8> c;
  auto consumer = c.consumer(1);
  auto empty = consumer.poll();
  const Ending library = ending_of([&] { (void)*empty; });
  constexpr std::string_view kPrefix = "tango: precondition failed: Poll";
  CHECK(library.first.starts_with(kPrefix));
  CHECK(library.first.find('\n') == library.first.size() - 1);
  CHECK(trapped(library.status));
}

TEST_CASE("a message is put together of fragments that are held") {
  Wiring<Kind::Reliable, 4, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  std::byte memory[256];
  Reassembler<> reassembler{memory};
  REQUIRE(producer.publish("x"));
  REQUIRE(producer.publish("y"));
  auto first = consumer.poll();
  REQUIRE(first);
  CHECK(!traps([&] { static_cast<void>(reassembler.accept(*first)); }));
  auto second = consumer.poll();
  CHECK(traps([&] { static_cast<void>(reassembler.accept(*first)); }));
  CHECK(!traps([&] { static_cast<void>(reassembler.accept(*second)); }));
}

TEMPLATE_TEST_CASE("a consumer stays where it is while something of it is out", "", LossyKind, ReliableKind,
                   ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  std::optional consumer{c.consumer(1)};
  auto other = c.consumer(1);
  using C = typename decltype(consumer)::value_type;
  REQUIRE(producer.publish("x"));
  {
    auto fragment = consumer->poll();
    REQUIRE(fragment);
    CHECK(traps([&] { C moved{std::move(*consumer)}; }));
    CHECK(traps([&] { other = std::move(*consumer); }));
    CHECK(traps([&] { *consumer = std::move(other); }));
    CHECK(traps([&] { consumer.reset(); }));
  }
  CHECK(!traps([&] { C moved{std::move(*consumer)}; }));
  CHECK(!traps([&] { consumer.reset(); }));
  REQUIRE(producer.publish("y"));
  std::array<typename C::Item, 2> storage;
  {
    auto batch = consumer->poll_batch(storage);
    REQUIRE(batch.size() == 1);
    CHECK(traps([&] { C moved{std::move(*consumer)}; }));
    CHECK(traps([&] { consumer.reset(); }));
  }
  storage = {};
  CHECK(!traps([&] { consumer.reset(); }));
}

TEMPLATE_TEST_CASE("a producer stays where it is while a reservation is open", "", LossyKind, ReliableKind,
                   ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  std::optional producer{c.producer()};
  using P = typename decltype(producer)::value_type;
  Wiring<TestType::kKind, 4, 8> d;
  auto other = d.producer();
  auto room = producer->reserve(10);
  REQUIRE(room);
  CHECK(traps([&] { P moved{std::move(*producer)}; }));
  CHECK(traps([&] { other = std::move(*producer); }));
  CHECK(traps([&] { *producer = std::move(other); }));
  CHECK(traps([&] { producer.reset(); }));
  CHECK(traps([&] { producer->stop(); }));
  room.drop();
  CHECK(!traps([&] { producer->stop(); }));
  CHECK(!traps([&] { producer.reset(); }));
  CHECK(!traps([&] { P moved{std::move(*producer)}; }));
}

TEMPLATE_TEST_CASE("a poll without a fragment has none to look at", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  auto empty = consumer.poll();
  CHECK(traps([&] { (void)*empty; }));
  CHECK(traps([&] { (void)empty->seq(); }));
  REQUIRE(producer.publish("x"));
  auto fragment = consumer.poll();
  CHECK(!traps([&] { (void)fragment->seq(); }));
}

TEMPLATE_TEST_CASE("a reservation that is closed has no room", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  const auto look = [](auto& room) {
    if constexpr (TestType::kKind == Kind::Reliable) {
      (void)room.span();
    } else {
      (void)room.writer();
    }
  };
  auto room = producer.reserve(10);
  CHECK(!traps([&] { look(room); }));
  auto refused = producer.reserve(10);
  CHECK(traps([&] { look(refused); }));
  auto moved = std::move(room);
  CHECK(traps([&] { look(room); }));
  CHECK(moved.commit().ok());
  CHECK(traps([&] { look(moved); }));
}

TEST_CASE("a word writer writes nothing outside of what was reserved") {
  Wiring<Kind::Lossy, 4, 8> c;
  auto producer = c.producer();
  auto room = producer.reserve(10);
  REQUIRE(room);
  WordWriter writer = room.writer();
  const std::array<std::byte, 11> bytes{};
  const std::span all{bytes};
  CHECK(!traps([&] { writer.write(0, all.first(10)); }));
  CHECK(!traps([&] { writer.write(10, all.first(0)); }));
  CHECK(traps([&] { writer.write(0, all); }));
  CHECK(traps([&] { writer.write(1, all.first(10)); }));
  CHECK(traps([&] { writer.write(10, all.first(1)); }));
  CHECK(traps([&] { writer.write(11, all.first(0)); }));
  CHECK(traps([&] { writer.write(~std::size_t{0}, all.first(2)); }));
  CHECK(!traps([&] { writer.store(2, std::uint64_t{0}); }));
  CHECK(traps([&] { writer.store(3, std::uint64_t{0}); }));
  CHECK(traps([&] { WordWriter{}.store(0, 'x'); }));
}

TEST_CASE("a field is read from within the payload only") {
  Wiring<Kind::Lossy, 4, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  REQUIRE(producer.publish(payload_of(1, 10)));
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  CHECK(!traps([&] { (void)fragment->template load<std::uint64_t>(2); }));
  CHECK(traps([&] { (void)fragment->template load<std::uint64_t>(3); }));
  CHECK(traps([&] { (void)fragment->template load<char>(~std::size_t{0}); }));
}

TEST_CASE("what a producer holds is not published to, nor taken from, behind its back") {
  Wiring<Kind::Reliable, 4, 8> c;
  auto producer = c.producer();
  CHECK(traps([&] { (void)c.mcache.publish({}); }));
  CHECK(traps([&] { (void)c.fctl.acquire(); }));
  CHECK(traps([&] { (void)c.fctl.available(); }));
  CHECK(traps([&] { (void)c.fctl.release(); }));
}

TEST_CASE("metadata is not read from the slots of a reliable channel, which nobody marks") {
  Wiring<Kind::Reliable, 4, 8> c;
  auto producer = c.producer();
  REQUIRE(producer.publish("x"));
  CHECK(traps([&] { (void)c.mcache.try_read(1); }));
  CHECK(traps([&] { (void)c.mcache.wait(1); }));
  Wiring<Kind::Observed, 4, 8> observed;
  auto other = observed.producer();
  REQUIRE(other.publish("x"));
  CHECK(!traps([&] { (void)observed.mcache.try_read(1); }));
}

TEST_CASE("an origin is one that a control word can name") {
  volatile std::size_t origin = kMaxOrigins;
  CHECK(traps([&] { (void)ctl_of(origin); }));
}

TEST_CASE("a reassembler shows a message only where there is one") {
  std::byte memory[64];
  Reassembler reassembler{memory};
  constexpr Seq kSeq = 5;
  auto outcome = reassembler.accept(FragmentView{
      detail::Passkey{}, kSeq, detail::SlotWords::of({.seq = kSeq, .chunk = kInlineChunk, .ctl = kSom}), nullptr});
  CHECK(traps([&] { (void)*outcome; }));
  CHECK(traps([&] { (void)outcome->size(); }));
}

TEST_CASE("a poller has a place for each consumer that it is made of, and a fragment only where there is one") {
  Wiring<Kind::Lossy, 4, 8> c;
  using C = decltype(c.consumer(1));
  C consumers[] = {c.consumer(1), c.consumer(1)};
  CHECK(traps([&] { Poller<C, 1> poller{std::span<C>{consumers}}; }));
  Poller<C, 2> poller{std::span{consumers}};
  auto outcome = poller.poll();
  CHECK(traps([&] { (void)*outcome; }));
  CHECK(traps([&] { (void)outcome->size(); }));
}

TEST_CASE("a poller has a channel once, under a number of its own") {
  Wiring<Kind::Reliable, 4, 8> a;
  Wiring<Kind::Reliable, 4, 8> b;
  std::array consumers{a.consumer(1), b.consumer(1)};
  using C = decltype(consumers)::value_type;
  Poller<C, 3> poller{consumers[0]};
  CHECK(traps([&] { static_cast<void>(poller.add(consumers[0], 7)); }));
  CHECK(traps([&] { static_cast<void>(poller.add(consumers[1], 0)); }));
  CHECK(traps([&] { static_cast<void>(poller.add(consumers[1], kNoChannel)); }));
  CHECK(!traps([&] { static_cast<void>(poller.add(consumers[1], 7)); }));
  CHECK(traps([&] { Poller<C, 3> twice(consumers[0], consumers[1], consumers[0]); }));
}

TEST_CASE("recovery is given the parts of one channel, and places and blocks that exist") {
  Wiring<Kind::Reliable, 4, 8> c;
  Wiring<Kind::Reliable, 4, 8> other;
  const auto here = c.producer();
  const auto elsewhere = other.producer();
  CHECK(traps([&] { recover_producer(c.mcache, other.dcache, c.fseq); }));
  CHECK(traps([&] { recover_producer(c.mcache, c.dcache, other.fseq); }));
  CHECK(!traps([&] { recover_producer(c.mcache, c.dcache, c.fseq); }));
  CHECK(traps([&] { (void)consumer_in(c.fctl, 8); }));
  CHECK(traps([&] { recover_consumer(c.fctl, {8, 0}); }));
  CHECK(!traps([&] { recover_consumer(c.fctl, {7, 0}); }));
  CHECK(traps([&] { (void)observer_in(c.metrics, 8); }));
  CHECK(traps([&] { recover_observer(c.metrics, {8, 0}); }));
  CHECK(!traps([&] { recover_observer(c.metrics, {7, 0}); }));
}

TEST_CASE("only a consumer that has joined and not left has an id") {
  Wiring<Kind::Reliable, 4, 8> c;
  const auto producer = c.producer();
  auto consumer = c.consumer(1);
  CHECK(!traps([&] { (void)consumer.id(); }));
  consumer.resign();
  CHECK(traps([&] { (void)consumer.id(); }));
  const auto refused = c.consumer(7);
  REQUIRE(refused.status() == Error::StartMismatch);
  CHECK(traps([&] { (void)refused.id(); }));
  auto first = c.consumer(1);
  auto second = std::move(first);
  CHECK(traps([&] { (void)first.id(); }));
  CHECK(!traps([&] { (void)second.id(); }));
}
