// SPDX-License-Identifier: Apache-2.0
// Large messages: how they are split, what is told of progress, what is put together, and what is dropped, and how
// often it is told. The rules of the reassembler are checked against what they say of a whole stream, on every short
// stream there is and on long random ones.
#include <algorithm>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <optional>
#include <tango/large.hpp>
#include <tango/reassembler.hpp>
#include <thread>
#include <vector>

#include "support/channel.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

using Bytes = std::vector<std::byte>;

constexpr std::uint16_t kWhole = kSom | kEom;

/// Whether a view shows exactly these bytes.
bool shows(const FragmentView& view, std::span<const std::byte> bytes) {
  return std::equal(view.payload().begin(), view.payload().end(), bytes.begin(), bytes.end());
}

/// Calls `each` with every fragment that is there.
template <class C, class Each>
void drain(C& consumer, Each each) {
  while (auto fragment = consumer.poll()) {
    each(*fragment);
  }
}

/// A fragment of a stream that no channel made: any number, any control bits.
struct Piece {
  Seq seq;
  std::uint16_t ctl;
  Bytes bytes;
  std::uint64_t sig = 0;
};

FragmentView view_of(const Piece& piece) {
  return {detail::Passkey{}, piece.seq,
          detail::SlotWords::of({.seq = piece.seq,
                                 .sig = piece.sig,
                                 .chunk = 3,
                                 .size = static_cast<std::uint32_t>(piece.bytes.size()),
                                 .ctl = piece.ctl,
                                 .ts = static_cast<std::uint32_t>(piece.seq)}),
          piece.bytes.data()};
}

/// A reassembler with memory of its own.
template <std::size_t Origins = 1>
struct Desk {
  explicit Desk(std::size_t capacity) : memory(Origins * capacity), reassembler{memory} {}
  Bytes memory;
  Reassembler<Origins> reassembler;

  Reassembly accept(Seq seq, std::uint16_t ctl, std::size_t size = 4) {
    pieces.push_back(std::make_unique<Piece>(Piece{seq, ctl, payload_of(seq, size)}));
    return reassembler.accept(view_of(*pieces.back()));
  }
  std::vector<std::unique_ptr<Piece>> pieces;  ///< messages in one fragment point into them
};

/// Whether an outcome is a drop of the fragment's own message, and of no other.
bool is_drop(const Reassembly& outcome, Error why) {
  return outcome.status() == ReassemblyStatus::Dropped && !outcome && outcome.error() == why &&
         outcome.dropped_before() == 0 && outcome.error_before().ok();
}

}  // namespace

// -------------------------------------------------------------------------------------------------------- control word

TEST_CASE("a control word holds the origin beside the three bits") {
  static_assert(ctl_of(0) == (kSom | kEom) && ctl_of(0, 0) == 0 && origin_of(kSom | kEom | kErr) == 0);
  static_assert(ctl_of(1, kErr) == 12 && ctl_of(kMaxOrigins - 1, 7) == 0xFFFF && origin_of(0xFFFF) == kMaxOrigins - 1);
  for (std::size_t origin = 0; origin < kMaxOrigins; ++origin) {
    for (std::uint16_t bits = 0; bits < 8; ++bits) {
      REQUIRE(origin_of(ctl_of(origin, bits)) == origin);
      REQUIRE((ctl_of(origin, bits) & 7) == bits);
    }
  }
}

// ------------------------------------------------------------------------------------------------------------- sending

TEMPLATE_TEST_CASE("a message takes as many fragments as it needs, with SOM on the first and EOM on the last", "",
                   LossyKind, ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    for (const std::size_t size : {0u, 1u, 32u, 511u, 512u, 513u, 1024u, 1025u, 1536u}) {
      CAPTURE(start, size);
      Wiring<TestType::kKind, 16, 16> channel{start};  // payloads of up to 512 bytes
      auto producer = channel.producer();
      auto consumer = channel.consumer(start);
      const Bytes bytes = payload_of(5, size);
      LargeMessage message{bytes, {.sig = 42, .ctl = ctl_of(7), .ts = 9}, 512};
      CHECK(message.size() == size);
      Bytes received;
      Seq seq = start;
      const std::size_t fragments = size == 0 ? 1 : (size + 511) / 512;
      for (std::size_t i = 0; i < fragments; ++i) {
        REQUIRE(!message.done());
        CHECK(message.sent() == i * 512);
        REQUIRE(message.publish_fragment(producer).ok());
        auto fragment = consumer.poll();
        REQUIRE(fragment);
        CHECK(fragment->seq() == seq++);
        const FragmentMetadata metadata = fragment->metadata();
        CHECK(metadata.sig == 42);
        CHECK(metadata.ts == 9);
        CHECK(origin_of(metadata.ctl) == 7);
        CHECK((metadata.ctl & 7) == ((i == 0 ? kSom : 0) | (i + 1 == fragments ? kEom : 0)));
        CHECK(metadata.size == std::min<std::size_t>(512, size - i * 512));
        const auto part = bytes_of(*fragment);
        REQUIRE(part);
        received.insert(received.end(), part->begin(), part->end());
      }
      CHECK(message.done());
      CHECK(message.sent() == size);
      CHECK(received == bytes);
      CHECK(message.publish(producer).ok());  // nothing is left
      CHECK(message.publish_blocking(producer).ok());
      CHECK(message.abort(producer).ok());
      CHECK(producer.next_seq() == seq);
    }
  }
}

TEST_CASE(
    "fragments are as large as asked for, at most a payload; by default one, or of half a payload, at most 8 KiB") {
  Wiring<Kind::Lossy, 64, 64> channel;  // 2048
  auto producer = channel.producer();
  const auto numbers = [&](std::size_t size, std::size_t fragment_size) {
    const Seq before = producer.next_seq();
    const Bytes bytes(size);
    LargeMessage message{bytes, {}, fragment_size};
    CHECK(message.publish(producer).ok());
    return producer.next_seq() - before;
  };
  CHECK(numbers(10, 1) == 10);
  CHECK(numbers(100, 33) == 4);
  CHECK(numbers(99, 33) == 3);
  CHECK(numbers(4096, 2048) == 2);
  CHECK(numbers(4096, 4096) == 2);
  CHECK(numbers(2048, 0) == 1);
  CHECK(numbers(2049, 0) == 3);
  auto huge = std::make_unique<Wiring<Kind::Lossy, 64, 1024>>();  // 32 KiB
  auto other = huge->producer();
  const Bytes bytes(32769);
  LargeMessage message{bytes};
  CHECK(message.publish(other).ok());
  CHECK(other.next_seq() == 1 + 5);
  LargeMessage text{"hello", {}, 2};
  CHECK(text.size() == 5);
  CHECK(text.publish(producer).ok());
  CHECK(text.sent() == 5);
}

TEMPLATE_TEST_CASE("what went is told exactly, and the rest goes on from there", "", ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 64> channel;  // 4 slots
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  const Bytes bytes = payload_of(1, 1000);
  LargeMessage message{bytes, {}, 100};
  CHECK(message.publish(producer) == Error::NoCredits);
  CHECK(message.sent() == 400);
  CHECK(message.publish_fragment(producer) == Error::NoCredits);
  CHECK(message.publish_blocking(producer, Bounded{3}) == Error::NoCredits);
  CHECK(message.sent() == 400);
  CHECK(!message.done());
  Bytes received;
  const auto receive = [&](auto& fragment) {
    const auto part = bytes_of(fragment);
    received.insert(received.end(), part->begin(), part->end());
  };
  drain(consumer, receive);
  CHECK(message.publish_fragment(producer).ok());
  CHECK(message.sent() == 500);
  drain(consumer, receive);
  // Waiting: the consumer drains whenever the strategy is asked.
  struct Draining {
    decltype(consumer)* from;
    const decltype(receive)* to;
    bool idle(std::uint64_t) noexcept {
      drain(*from, *to);
      return true;
    }
  };
  CHECK(message.publish_blocking(producer, Draining{&consumer, &receive}).ok());
  CHECK(message.done());
  drain(consumer, receive);
  CHECK(received == bytes);
}

TEST_CASE("a strategy waits for the whole message: what it keeps does not start over with each fragment") {
  Wiring<Kind::Reliable, 2, 4> channel;
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  const Bytes bytes(64 * 50);
  LargeMessage message{bytes, {}, 64};
  struct Budget {
    decltype(consumer)* from;
    int* calls;
    int left = 5;
    bool idle(std::uint64_t) noexcept {
      ++*calls;
      static_cast<void>(from->poll());  // room for one more
      return --left != 0;
    }
  };
  int calls = 0;
  CHECK(message.publish_blocking(producer, Budget{&consumer, &calls}) == Error::NoCredits);
  CHECK(calls == 5);
  CHECK(message.sent() == 64 * (2 + 4));  // what fits, and one for each time that it went on
}

TEST_CASE("a refusal changes nothing, and is the producer's") {
  Wiring<Kind::Reliable, 4, 64> channel;
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  const Bytes bytes(300);
  LargeMessage message{bytes, {}, 100};
  REQUIRE(message.publish_fragment(producer).ok());
  {
    auto room = producer.reserve(8);
    CHECK(message.publish(producer) == Error::ReservationOpen);
    CHECK(message.abort(producer) == Error::ReservationOpen);
    CHECK(message.sent() == 100);
    CHECK(!message.done());
  }
  auto second = channel.producer();
  CHECK(message.publish(second) == Error::SecondProducer);
  CHECK(producer.stop());
  CHECK(message.publish(producer) == Error::Stopped);
  CHECK(message.publish_blocking(producer) == Error::Stopped);
  CHECK(message.abort(producer) == Error::Stopped);
  CHECK(message.sent() == 100);
  CHECK(!message.done());
}

TEST_CASE("a message that is given up ends with ERR, if anything of it went") {
  Wiring<Kind::Reliable, 2, 16> channel;
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  const Bytes bytes(300);
  LargeMessage unbegun{bytes};
  CHECK(unbegun.abort(producer).ok());
  CHECK(unbegun.done());
  CHECK(unbegun.publish(producer).ok());
  CHECK(producer.next_seq() == 1);

  LargeMessage begun{bytes, {.sig = 3, .ctl = ctl_of(5), .ts = 4}, 100};
  CHECK(begun.publish(producer) == Error::NoCredits);
  CHECK(begun.abort(producer) == Error::NoCredits);
  CHECK(!begun.done());
  drain(consumer, [](auto&) {});
  CHECK(begun.abort(producer).ok());
  CHECK(begun.done());
  CHECK(begun.sent() == 200);
  CHECK(begun.publish(producer).ok());
  auto last = consumer.poll();
  REQUIRE(last);
  CHECK(last->metadata().ctl == ctl_of(5, kErr | kEom));
  CHECK(last->sig() == 3);
  CHECK(last->size() == 0);
  last->release();
  CHECK(consumer.poll().status() == PollStatus::Empty);
}

// ---------------------------------------------------------------------------------------------------- putting together

TEMPLATE_TEST_CASE("a message arrives as if it had come in one fragment", "", LossyKind, ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 8, 16> channel{start};
    auto producer = channel.producer();
    auto consumer = channel.consumer(start);
    Desk desk{2000};
    CHECK(desk.reassembler.capacity() == 2000);
    std::uint64_t completed = 0;
    for (const std::size_t size : {0u, 1u, 40u, 512u, 513u, 1024u, 1999u, 2000u}) {
      CAPTURE(start, size);
      const Bytes bytes = payload_of(completed, size);
      LargeMessage message{bytes, {.sig = size, .ts = 77}};
      const Seq number = producer.next_seq();
      while (!message.done()) {
        REQUIRE(message.publish_fragment(producer).ok());
        auto fragment = consumer.poll();
        REQUIRE(fragment);
        auto outcome = desk.reassembler.accept(*fragment);
        CHECK(outcome.dropped_before() == 0);
        CHECK(outcome.missing() == 0);
        CHECK(outcome.error().ok());
        if (!message.done()) {
          REQUIRE(outcome.status() == ReassemblyStatus::Incomplete);
          REQUIRE(!outcome);
          CHECK(desk.reassembler.in_progress() == 1);
          continue;
        }
        REQUIRE(outcome.status() == ReassemblyStatus::Complete);
        REQUIRE(outcome);
        CHECK(shows(*outcome, bytes));
        CHECK(outcome->seq() == number);
        CHECK(outcome->sig() == size);
        CHECK(outcome->size() == size);
        CHECK(outcome->metadata().ts == 77);
        CHECK(outcome->metadata().ctl == kWhole);
        CHECK(desk.reassembler.in_progress() == 0);
      }
      CHECK(desk.reassembler.completed() == ++completed);
    }
    CHECK(desk.reassembler.dropped() == 0);
  }
}

TEST_CASE("number, sig, ts and origin of a message are its first fragment's") {
  Bytes memory(16);
  Reassembler<3> reassembler{memory};
  const Piece begin{7, ctl_of(2, kSom), payload_of(7, 2), 70};
  const Piece end{8, ctl_of(2, kEom), payload_of(8, 3), 80};
  CHECK(reassembler.accept(view_of(begin)).status() == ReassemblyStatus::Incomplete);
  const auto outcome = reassembler.accept(view_of(end));
  REQUIRE(outcome);
  CHECK((*outcome).metadata() ==
        FragmentMetadata{.seq = 7, .sig = 70, .chunk = kInlineChunk, .size = 5, .ctl = ctl_of(2), .ts = 7});
}

TEST_CASE("any number but the next one is a loss: an earlier one, too, of all the numbers that lie before it") {
  Bytes memory(16);
  Reassembler reassembler{memory};
  const auto accept = [&](Seq seq, std::uint16_t flags) {
    return reassembler.accept(view_of({seq, ctl_of(0, flags), payload_of(seq, 2), 0}));
  };
  CHECK(accept(7, kSom).status() == ReassemblyStatus::Incomplete);
  for (const Seq jump : {Seq{1}, Seq{1} << 62, Seq{1} << 63, (Seq{1} << 63) + 1, ~Seq{0}}) {
    const Seq at = 8 + jump;
    INFO("jump " << jump);
    reassembler.reset();
    (void)accept(7, kSom);
    const std::uint64_t dropped = reassembler.dropped();
    const auto begins = accept(at, kSom);
    CHECK(begins.missing() == jump);
    CHECK(begins.dropped_before() == 1);
    CHECK(begins.error_before() == Error::FragmentLost);
    CHECK(reassembler.dropped() == dropped + 1);
    const auto ends = accept(at + 1, kEom);
    REQUIRE(ends);
    CHECK(ends.missing() == 0);
    CHECK(ends->seq() == at);
  }
}

TEST_CASE("what comes in one fragment from a reliable consumer is not copied, and may be larger than the memory") {
  Wiring<Kind::Reliable, 8, 16> channel;
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  Desk desk{8};
  const Bytes bytes = payload_of(1, 500);
  REQUIRE(producer.publish(bytes, {.sig = 6}).ok());
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  auto outcome = desk.reassembler.accept(*fragment);
  REQUIRE(outcome);
  CHECK(outcome->payload().data() == fragment->payload().data());
  CHECK(outcome->metadata() == fragment->metadata());
  CHECK(shows(*outcome, bytes));
}

TEST_CASE("from ranges and batches, too") {
  Wiring<Kind::Observed, 32, 64> channel;
  auto producer = channel.producer();
  auto reliable = channel.consumer(1);
  auto observer = channel.observer(1);
  const Bytes bytes = payload_of(1, 1000);
  for (int i = 0; i < 3; ++i) {
    LargeMessage message{bytes, {}, 100};
    REQUIRE(message.publish(producer).ok());
    REQUIRE(reliable.poll_batch(0, [](auto&) {}).count == 0);
  }
  int whole = 0;
  const auto look = [&](const Reassembly& outcome) { whole += outcome && shows(*outcome, bytes) ? 1 : 0; };
  Desk a{1000};
  REQUIRE(reliable.poll_batch(32, [&](const FragmentView& view) { look(a.reassembler.accept(view)); }).count == 30);
  CHECK(whole == 3);
  Desk b{1000};
  std::vector<SpeculativeFragment> storage(15);
  for (SpeculativeFragment& fragment : observer.poll_batch(storage)) {
    look(b.reassembler.accept(fragment));
  }
  storage.clear();
  CHECK(whole == 4);
  for (auto& fragment : observer.fragments(Bounded{1})) {
    look(b.reassembler.accept(fragment));
  }
  CHECK(whole == 6);
}

TEST_CASE("origins that are interleaved are kept apart") {
  Wiring<Kind::Reliable, 64, 256> channel;
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  Desk<3> desk{1000};
  CHECK(desk.reassembler.capacity() == 1000);
  const Bytes bytes[] = {payload_of(1, 1000), payload_of(2, 700), payload_of(3, 999)};
  LargeMessage messages[] = {LargeMessage{bytes[0], {.sig = 0, .ctl = ctl_of(0)}, 100},
                             LargeMessage{bytes[1], {.sig = 1, .ctl = ctl_of(1)}, 100},
                             LargeMessage{bytes[2], {.sig = 2, .ctl = ctl_of(2)}, 100}};
  for (int round = 0; round < 10; ++round) {
    for (LargeMessage& message : messages) {
      REQUIRE(message.publish_fragment(producer).ok());
    }
  }
  std::vector<std::uint64_t> order;
  drain(consumer, [&](const FragmentView& fragment) {
    if (auto outcome = desk.reassembler.accept(fragment)) {
      const std::size_t origin = origin_of(outcome->metadata().ctl);
      CHECK(outcome->sig() == origin);
      CHECK(outcome->seq() == 1 + origin);
      CHECK(shows(*outcome, bytes[origin]));
      order.push_back(origin);
    }
  });
  CHECK(order == std::vector<std::uint64_t>{1, 0, 2});
}

// ----------------------------------------------------------------------------------------------------------- bad input

TEST_CASE("a message without its start is dropped and told once; the next one is whole") {
  Desk desk{16};
  REQUIRE(desk.accept(1, kWhole));
  CHECK(is_drop(desk.accept(2, 0), Error::MissingSom));
  CHECK(desk.accept(3, 0).status() == ReassemblyStatus::Skipped);
  CHECK(desk.accept(4, kErr).status() == ReassemblyStatus::Skipped);
  CHECK(desk.accept(5, kEom).status() == ReassemblyStatus::Skipped);
  CHECK(is_drop(desk.accept(6, kEom), Error::MissingSom));  // a second one
  CHECK(is_drop(desk.accept(7, kErr | kEom), Error::MissingSom));
  CHECK(desk.accept(8, kWhole));
  CHECK(desk.reassembler.dropped() == 3);
  CHECK(desk.reassembler.completed() == 2);
}

TEST_CASE("a message without its end is dropped when the next one begins, which is whole") {
  Desk desk{16};
  CHECK(desk.accept(1, kSom).status() == ReassemblyStatus::Incomplete);
  CHECK(desk.accept(2, 0).status() == ReassemblyStatus::Incomplete);
  auto outcome = desk.accept(3, kSom);
  CHECK(outcome.status() == ReassemblyStatus::Incomplete);
  CHECK(outcome.dropped_before() == 1);
  CHECK(outcome.error_before() == Error::MissingEom);
  CHECK(outcome.missing() == 0);
  outcome = desk.accept(4, kWhole);  // cut off again, and complete at once
  CHECK(outcome);
  CHECK(outcome.dropped_before() == 1);
  CHECK(desk.accept(5, kSom).dropped_before() == 0);
  outcome = desk.accept(6, kSom | kErr);  // two at once: the one in progress and its own
  CHECK(outcome.status() == ReassemblyStatus::Dropped);
  CHECK(outcome.error() == Error::MessageBroken);
  CHECK(outcome.error_before() == Error::MissingEom);
  CHECK(desk.reassembler.dropped() == 4);
}

TEST_CASE("ERR drops the whole message, wherever it stands") {
  Desk desk{16};
  CHECK(is_drop(desk.accept(1, kWhole | kErr), Error::MessageBroken));
  CHECK(is_drop(desk.accept(2, kSom | kErr), Error::MessageBroken));
  CHECK(desk.accept(3, 0).status() == ReassemblyStatus::Skipped);
  CHECK(desk.accept(4, kEom).status() == ReassemblyStatus::Skipped);
  CHECK(desk.accept(5, kSom).status() == ReassemblyStatus::Incomplete);
  CHECK(is_drop(desk.accept(6, kErr), Error::MessageBroken));
  CHECK(desk.accept(7, kEom | kErr).status() == ReassemblyStatus::Skipped);
  CHECK(desk.accept(8, kSom).status() == ReassemblyStatus::Incomplete);
  CHECK(is_drop(desk.accept(9, kEom | kErr, 0), Error::MessageBroken));
  CHECK(desk.accept(10, kWhole));
  CHECK(desk.reassembler.dropped() == 4);
}

TEST_CASE(
    "a message that is too large is dropped and told once, with its size so far; nothing is written past the memory") {
  Bytes memory(24, std::byte{0xEE});
  Reassembler reassembler{std::span{memory}.first(10)};
  const auto accept = [&](Seq seq, std::uint16_t ctl, std::size_t size) {
    const Piece piece{seq, ctl, payload_of(seq, size)};
    return reassembler.accept(view_of(piece)).error();
  };
  CHECK(accept(1, kSom, 4).ok());
  CHECK(accept(2, 0, 6).ok());
  const Status status = accept(3, 0, 1);
  CHECK(status == Error::BufferTooSmall);
  CHECK(status.actual() == 11);
  CHECK(status.allowed() == 10);
  CHECK(accept(4, 0, 1).ok());
  CHECK(accept(5, kEom, 1).ok());
  CHECK(accept(6, kSom, 11) == Error::BufferTooSmall);
  CHECK(accept(7, kEom, 1).ok());
  CHECK(accept(8, kSom, 10).ok());
  CHECK(accept(9, kEom, 0).ok());
  CHECK(reassembler.completed() == 1);
  CHECK(reassembler.dropped() == 2);
  CHECK(std::count(memory.begin() + 10, memory.end(), std::byte{0xEE}) == 14);
}

TEST_CASE("no memory puts together what is empty, and passes on what is whole") {
  Desk desk{0};
  CHECK(desk.accept(1, kWhole, 9));
  CHECK(desk.accept(2, kSom, 0).status() == ReassemblyStatus::Incomplete);
  CHECK(desk.accept(3, kEom, 0));
  CHECK(is_drop(desk.accept(4, kSom, 1), Error::BufferTooSmall));
}

TEST_CASE("an origin that nobody reassembles is told once a message") {
  Desk<2> desk{16};
  CHECK(desk.accept(1, ctl_of(1, kSom)).status() == ReassemblyStatus::Incomplete);
  const auto outcome = desk.accept(2, ctl_of(2, kSom));
  CHECK(is_drop(outcome, Error::UnknownOrigin));
  CHECK(outcome.error().actual() == 2);
  CHECK(outcome.error().allowed() == 2);
  CHECK(desk.accept(3, ctl_of(2, 0)).status() == ReassemblyStatus::Skipped);
  CHECK(desk.accept(4, ctl_of(2, kEom)).status() == ReassemblyStatus::Skipped);
  CHECK(is_drop(desk.accept(5, ctl_of(8191)), Error::UnknownOrigin));
  CHECK(desk.accept(6, ctl_of(1, kEom)));
  CHECK(desk.reassembler.dropped() == 2);
}

// ---------------------------------------------------------------------------------------------------------------- loss

TEST_CASE("what had begun before the reassembler came is skipped, not told of") {
  for (const Seq start : kStarts) {
    Desk desk{16};
    CHECK(desk.accept(start, 0).status() == ReassemblyStatus::Skipped);
    CHECK(desk.accept(start + 1, kEom).status() == ReassemblyStatus::Skipped);
    CHECK(desk.accept(start + 2, kWhole));
    CHECK(desk.reassembler.dropped() == 0);
    CHECK(desk.reassembler.reset() == 0);
    CHECK(desk.accept(start, kEom).status() == ReassemblyStatus::Skipped);  // another channel, in its middle
    CHECK(desk.accept(start + 1, kSom).status() == ReassemblyStatus::Incomplete);
    CHECK(desk.reassembler.reset() == 1);
    CHECK(desk.reassembler.in_progress() == 0);
    CHECK(desk.reassembler.dropped() == 1);
    CHECK(desk.accept(start + 7, kEom).missing() == 0);
  }
}

TEST_CASE("a loss in the middle drops the message once, whatever is still to come of it") {
  for (const Seq start : kStarts) {
    CAPTURE(start);
    Desk desk{64};
    CHECK(desk.accept(start, kSom).status() == ReassemblyStatus::Incomplete);
    auto outcome = desk.accept(start + 3, 0);
    CHECK(outcome.status() == ReassemblyStatus::Skipped);
    CHECK(outcome.missing() == 2);
    CHECK(outcome.dropped_before() == 1);
    CHECK(outcome.error_before() == Error::FragmentLost);
    outcome = desk.accept(start + 5, 0);  // and again
    CHECK(outcome.status() == ReassemblyStatus::Skipped);
    CHECK(outcome.missing() == 1);
    CHECK(outcome.dropped_before() == 0);
    CHECK(outcome.error_before().ok());
    CHECK(desk.accept(start + 6, kEom).status() == ReassemblyStatus::Skipped);
    CHECK(desk.accept(start + 7, kWhole));
    CHECK(desk.reassembler.dropped() == 1);
  }
}

TEST_CASE("a message whose start was lost is dropped once; between messages a loss drops nothing") {
  Desk desk{64};
  REQUIRE(desk.accept(1, kWhole));
  auto outcome = desk.accept(5, kWhole);
  CHECK(outcome);
  CHECK(outcome.missing() == 3);
  CHECK(outcome.dropped_before() == 0);
  outcome = desk.accept(7, 0);
  CHECK(is_drop(outcome, Error::FragmentLost));
  CHECK(outcome.missing() == 1);
  CHECK(desk.accept(8, kEom).status() == ReassemblyStatus::Skipped);
  CHECK(is_drop(desk.accept(9, kEom), Error::MissingSom));  // no loss since
  CHECK(desk.reassembler.dropped() == 2);
}

TEST_CASE("a loss drops what is in progress of every origin: nothing says whose it was") {
  Desk<4> desk{64};
  CHECK(desk.accept(1, ctl_of(0, kSom)).status() == ReassemblyStatus::Incomplete);
  CHECK(desk.accept(2, ctl_of(1, kSom)).status() == ReassemblyStatus::Incomplete);
  CHECK(desk.accept(3, ctl_of(2)));
  CHECK(desk.reassembler.in_progress() == 2);
  const auto outcome = desk.accept(5, ctl_of(2));
  CHECK(outcome);
  CHECK(outcome.dropped_before() == 2);
  CHECK(outcome.error_before() == Error::FragmentLost);
  CHECK(desk.reassembler.in_progress() == 0);
  CHECK(desk.accept(6, ctl_of(0, kEom)).status() == ReassemblyStatus::Skipped);
  CHECK(desk.accept(7, ctl_of(1, kEom)).status() == ReassemblyStatus::Skipped);
  CHECK(desk.accept(8, ctl_of(3, kEom)).status() == ReassemblyStatus::Skipped);  // never seen before: may be old
  CHECK(desk.reassembler.dropped() == 2);
}

TEST_CASE("a fragment that is overwritten before it is copied drops its own message, and no other") {
  Wiring<Kind::Lossy, 8, 16> channel;
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  Desk<2> desk{512};
  const Bytes bytes = payload_of(1, 200);
  LargeMessage a{bytes, {.ctl = ctl_of(0)}, 100};
  LargeMessage b{bytes, {.ctl = ctl_of(1)}, 100};
  REQUIRE(a.publish_fragment(producer).ok());
  REQUIRE(b.publish_fragment(producer).ok());
  drain(consumer, [&](auto& fragment) { (void)desk.reassembler.accept(fragment); });
  CHECK(desk.reassembler.in_progress() == 2);
  REQUIRE(b.publish_fragment(producer).ok());
  {
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    for (int i = 0; i < 8; ++i) {
      REQUIRE(producer.publish(bytes).ok());
    }
    CHECK(is_drop(desk.reassembler.accept(*fragment), Error::Overrun));
  }
  CHECK(desk.reassembler.in_progress() == 1);
  CHECK(desk.reassembler.dropped() == 1);
  CHECK(consumer.lost() == 1);
}

TEST_CASE("an overrun in the middle of a message is one lost message; consumer and reassembler agree on the numbers") {
  for (const Seq start : kStarts) {
    Wiring<Kind::Lossy, 8, 16> channel{start};
    auto producer = channel.producer();
    auto consumer = channel.consumer(start);
    Desk desk{1000};
    const Bytes bytes = payload_of(1, 1000);
    LargeMessage message{bytes, {}, 50};  // 20 fragments
    for (int i = 0; i < 3; ++i) {
      REQUIRE(message.publish_fragment(producer).ok());
    }
    drain(consumer, [&](auto& fragment) { (void)desk.reassembler.accept(fragment); });
    REQUIRE(message.publish(producer).ok());
    REQUIRE(producer.publish("whole").ok());
    const auto overrun = consumer.poll();
    REQUIRE(overrun.status() == PollStatus::Overrun);
    std::uint64_t missing = 0;
    drain(consumer, [&](auto& fragment) { missing += desk.reassembler.accept(fragment).missing(); });
    CHECK(missing == overrun.lost());
    CHECK(desk.reassembler.dropped() == 1);
    CHECK(desk.reassembler.completed() == 1);
  }
}

// -------------------------------------------------------------------------------------------------------------- filter

TEST_CASE("a filter picks messages by the sig of their first fragment, and is no loss") {
  Desk desk{64};
  const auto accept = [&](Seq seq, std::uint16_t ctl, std::uint64_t sig) {
    const Piece piece{seq, ctl, Bytes(4), sig};
    return desk.reassembler.accept(view_of(piece), [](std::uint64_t s) { return s < 10; }).status();
  };
  CHECK(accept(1, kSom, 3) == ReassemblyStatus::Incomplete);
  CHECK(accept(2, kEom, 30) == ReassemblyStatus::Complete);
  CHECK(accept(3, kSom, 30) == ReassemblyStatus::Skipped);
  CHECK(accept(4, 0, 3) == ReassemblyStatus::Skipped);
  CHECK(accept(5, kEom, 3) == ReassemblyStatus::Skipped);
  CHECK(accept(6, kWhole, 30) == ReassemblyStatus::Skipped);
  CHECK(accept(7, kSom | kErr, 30) == ReassemblyStatus::Skipped);
  CHECK(accept(8, kSom, 3) == ReassemblyStatus::Incomplete);
  CHECK(accept(9, kWhole, 30) == ReassemblyStatus::Skipped);  // cut off by one that is not wanted
  CHECK(accept(10, kEom, 3) == ReassemblyStatus::Dropped);    // MissingSom: a whole message came before
  CHECK(desk.reassembler.completed() == 1);
  CHECK(desk.reassembler.filtered() == 4);
  CHECK(desk.reassembler.dropped() == 2);
}

// ---------------------------------------------------------------------------------------------------------- properties

namespace {

/// What the documentation says of a stream, each question answered from the whole stream: no state is carried along.
///
///   delivered    at an EOM, iff walking back over its origin's fragments leads to a SOM before any other SOM, EOM or
///                ERR, no number between the two is missing, and the bytes fit (or it came in one fragment)
///   started      each SOM is delivered, dropped or in progress at the end
///   headless     a fragment without SOM is the first sign of a message that was dropped iff its origin's fragment
///                before it was an EOM
struct Stream {
  std::vector<Piece> pieces;
  std::size_t origins;
  std::size_t capacity;

  std::optional<std::size_t> before(std::size_t at) const {
    for (std::size_t i = at; i-- != 0;) {
      if (origin_of(pieces[i].ctl) == origin_of(pieces[at].ctl)) {
        return i;
      }
    }
    return std::nullopt;
  }

  /// The message that fragment `at` completes.
  std::optional<Bytes> delivered(std::size_t at) const {
    if (origin_of(pieces[at].ctl) >= origins || (pieces[at].ctl & kEom) == 0) {
      return std::nullopt;
    }
    std::vector<std::size_t> parts;
    for (std::optional<std::size_t> i = at; i; i = before(*i)) {
      const std::uint16_t bits = pieces[*i].ctl;
      if ((bits & kErr) != 0 || (*i != at && (bits & kEom) != 0)) {
        return std::nullopt;
      }
      parts.push_back(*i);
      if ((bits & kSom) != 0) {
        Bytes bytes;
        for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
          bytes.insert(bytes.end(), pieces[*part].bytes.begin(), pieces[*part].bytes.end());
        }
        const bool gapless = pieces[at].seq - pieces[*i].seq == at - *i;
        const bool fits = parts.size() == 1 || bytes.size() <= capacity;
        return gapless && fits ? std::optional{bytes} : std::nullopt;
      }
    }
    return std::nullopt;
  }

  /// Whether the message of fragment `at`, which has a SOM, could still be completed when the stream ends.
  bool in_progress(std::size_t at) const {
    std::size_t bytes = 0;
    for (std::size_t i = at; i < pieces.size(); ++i) {
      if (i != at && pieces[i].seq != pieces[i - 1].seq + 1) {
        return false;
      }
      if (origin_of(pieces[i].ctl) == origin_of(pieces[at].ctl)) {
        bytes += pieces[i].bytes.size();
        if ((i != at && (pieces[i].ctl & kSom) != 0) || (pieces[i].ctl & (kEom | kErr)) != 0 || bytes > capacity) {
          return false;
        }
      }
    }
    return origin_of(pieces[at].ctl) < origins;
  }
};

template <std::size_t Origins>
bool as_documented(const Stream& stream) {
  Bytes memory(Origins * stream.capacity);
  Reassembler<Origins> reassembler{memory};
  std::uint64_t completed = 0;
  std::uint64_t dropped = 0;
  std::uint64_t in_progress = 0;
  std::uint64_t started = 0;
  std::uint64_t headless = 0;
  std::uint64_t missing = 0;
  for (std::size_t i = 0; i < stream.pieces.size(); ++i) {
    const Piece& piece = stream.pieces[i];
    const FragmentView view = view_of(piece);
    const Reassembly outcome = reassembler.accept(view);
    const std::optional<Bytes> expected = stream.delivered(i);
    if (static_cast<bool>(outcome) != expected.has_value() || (outcome && !shows(*outcome, *expected)) ||
        outcome.error().ok() != (outcome.status() != ReassemblyStatus::Dropped)) {
      return false;
    }
    completed += expected ? 1 : 0;
    dropped += outcome.dropped_before() + (outcome.status() == ReassemblyStatus::Dropped ? 1 : 0);
    missing += outcome.missing();
    if ((piece.ctl & kSom) != 0) {
      ++started;
      in_progress += stream.in_progress(i) ? 1 : 0;
    } else if (origin_of(piece.ctl) < Origins) {
      const auto before = stream.before(i);
      headless += before && (stream.pieces[*before].ctl & kEom) != 0 ? 1 : 0;
    }
  }
  const Seq numbers = stream.pieces.back().seq - stream.pieces.front().seq + 1;
  return reassembler.completed() == completed && reassembler.dropped() == dropped &&
         reassembler.in_progress() == in_progress && started + headless == completed + dropped + in_progress &&
         missing + stream.pieces.size() == numbers && reassembler.reset() == in_progress;
}

}  // namespace

TEST_CASE("every stream of four fragments, with every control word and with and without a loss before each") {
  std::size_t wrong = 0;
  for (std::uint32_t code = 0; code < 1u << 16; ++code) {
    Stream stream{{}, 1, 8};
    Seq seq = ~Seq{0} - 2;
    for (std::uint32_t i = 0; i < 4; ++i) {
      const std::uint32_t choice = code >> (4 * i) & 15;
      seq += 1 + (choice >> 3);
      stream.pieces.push_back({seq, static_cast<std::uint16_t>(choice & 7), payload_of(seq, 3)});
    }
    wrong += as_documented<1>(stream) ? 0 : 1;  // with 8 bytes, a third fragment does not fit
  }
  CHECK(wrong == 0);
}

TEST_CASE("long random streams of interleaved origins, well formed and not, with losses") {
  for (const Seq start : kStarts) {
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      CAPTURE(start, seed);
      Random random{seed};
      Stream stream{{}, 3, 20 + random.below(60)};
      const bool garbage = random.below(2) == 0;
      const std::uint64_t loss = 2 + random.below(30);
      bool open[4] = {};
      Seq seq = start;
      for (int i = 0; i < 200; ++i) {
        const std::size_t origin = random.below(4);  // one too many
        std::uint16_t bits = static_cast<std::uint16_t>(random.below(8));
        if (!garbage) {
          const bool last = random.below(3) == 0;
          bits = static_cast<std::uint16_t>((open[origin] ? 0 : kSom) | (last ? kEom : 0));
          open[origin] = !last;
        }
        if (random.below(loss) != 0) {
          stream.pieces.push_back({seq, ctl_of(origin, bits), payload_of(seq, random.below(20))});
        }
        ++seq;
      }
      REQUIRE(as_documented<3>(stream));
    }
  }
}

namespace {

struct Sender {
  Bytes bytes;
  std::optional<LargeMessage> message;
  std::uint64_t sent = 0;  ///< messages
};

/// The message `number` of an origin, of 0 … 299 bytes; the first 8, if it has them, name it.
Bytes large_bytes(std::size_t origin, std::uint64_t number) {
  Random random{number * 8 + origin};
  Bytes bytes = payload_of(random(), random.below(300));
  return bytes;
}

/// Publishes the next fragment of a random origin, or gives its message up.
template <class P, std::size_t N>
void send_something(P& producer, Sender (&senders)[N], Random& random, std::uint64_t& aborted) {
  const std::size_t origin = random.below(N);
  Sender& sender = senders[origin];
  if (!sender.message) {
    sender.bytes = large_bytes(origin, sender.sent);
    sender.message.emplace(
        sender.bytes, MessageInfo{.sig = sender.sent, .ctl = ctl_of(origin), .ts = static_cast<std::uint32_t>(origin)},
        1 + random.below(100));
  }
  if (random.below(40) == 0) {
    const bool begun = sender.message->sent() != 0;
    const Seq before = producer.next_seq();
    if (sender.message->abort(producer).ok()) {
      aborted += producer.next_seq() != before ? 1 : 0;
      CHECK((producer.next_seq() != before || !begun));
    }
  } else {
    (void)sender.message->publish_fragment(producer);
  }
  if (sender.message->done()) {
    sender.message.reset();
    ++sender.sent;
  }
}

}  // namespace

TEMPLATE_TEST_CASE("random messages of random origins: each arrives exactly, or its loss is told", "", LossyKind,
                   ReliableKind, ObservedKind) {
  constexpr std::size_t kOrigins = 3;
  std::uint64_t all_completed = 0;
  std::uint64_t all_dropped = 0;
  for (const Seq start : kStarts) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      CAPTURE(start, seed);
      Random random{seed};
      Wiring<TestType::kKind, 8, 16> channel{start};
      auto producer = channel.producer();
      auto consumer = channel.consumer(start);
      Bytes memory(kOrigins * 300);
      Reassembler<kOrigins> reassembler{memory};
      Sender senders[kOrigins];
      std::uint64_t aborted = 0;
      std::uint64_t starts = 0;
      std::uint64_t ends = 0;
      std::uint64_t headless = 0;
      std::optional<std::uint64_t> last[kOrigins];  // delivered
      std::optional<std::uint16_t> previous[kOrigins];
      const auto receive = [&](auto& fragment) {
        const FragmentMetadata metadata = fragment.metadata();
        const std::size_t origin = origin_of(metadata.ctl);
        starts += (metadata.ctl & kSom) != 0 ? 1 : 0;
        headless += (metadata.ctl & kSom) == 0 && previous[origin] && (*previous[origin] & kEom) != 0 ? 1 : 0;
        previous[origin] = metadata.ctl;
        if (const Reassembly outcome = reassembler.accept(fragment)) {
          ++ends;
          REQUIRE(outcome->metadata().ts == origin);
          REQUIRE(shows(*outcome, large_bytes(origin, outcome->sig())));
          REQUIRE((!last[origin] || *last[origin] < outcome->sig()));
          last[origin] = outcome->sig();
        }
      };
      for (int i = 0; i < 3000; ++i) {
        send_something(producer, senders, random, aborted);
        if (random.below(12) != 0) {
          continue;
        }
        for (std::uint64_t n = random.below(30); n != 0; --n) {
          auto outcome = consumer.poll();
          if (!outcome) {
            continue;
          }
          if (random.below(8) == 0) {  // meanwhile
            for (std::uint64_t m = random.below(9); m != 0; --m) {
              send_something(producer, senders, random, aborted);
            }
          }
          receive(*outcome);
        }
      }
      drain(consumer, receive);
      const std::uint64_t in_progress = reassembler.in_progress();
      CHECK(starts + headless == ends + reassembler.dropped() + in_progress);
      if (TestType::kKind != Kind::Lossy) {
        CHECK(reassembler.dropped() == aborted);
        CHECK(headless == 0);
        CHECK(ends + in_progress + aborted == starts);
      }
      all_completed += ends;
      all_dropped += reassembler.dropped();
    }
  }
  CHECK(all_completed > 1000);
  CHECK(all_dropped > 100);
}

// ------------------------------------------------------------------------------------------------------------- threads

namespace {

/// Sends `count` messages of two origins in turn, a few fragments at a time.
template <class P>
bool send_interleaved(P& producer, std::uint64_t count) {
  Sender senders[2];
  bool ok = true;
  while (ok && (senders[0].sent < count || senders[1].sent < count)) {
    for (std::size_t origin = 0; origin < 2; ++origin) {
      Sender& sender = senders[origin];
      if (sender.sent == count) {
        continue;
      }
      if (!sender.message) {
        sender.bytes = large_bytes(origin, sender.sent);
        sender.message.emplace(sender.bytes, MessageInfo{.sig = sender.sent, .ctl = ctl_of(origin)}, 40);
      }
      Status status = sender.message->publish_fragment(producer);
      if (status == Error::NoCredits) {
        std::this_thread::yield();
      } else {
        ok = status.ok();
      }
      if (sender.message->done()) {
        sender.message.reset();
        ++sender.sent;
      }
    }
  }
  return producer.stop() && ok;
}

}  // namespace

TEMPLATE_TEST_CASE("two threads: every message that is delivered is exact, and where there are credits all are", "",
                   LossyKind, ReliableKind, ObservedKind) {
  constexpr std::uint64_t kMessages = 20'000;
  auto channel = std::make_unique<Wiring<TestType::kKind, 32, 64>>();
  auto producer = channel->producer();
  auto consumer = channel->consumer(1);
  Bytes memory(2 * 300);
  Reassembler<2> reassembler{memory};
  std::uint64_t right[2] = {};
  std::uint64_t wrong = 0;
  std::uint64_t next[2] = {};
  bool sent = false;
  std::thread sending{[&] { sent = send_interleaved(producer, kMessages); }};
  for (auto& fragment : consumer.fragments(Patient{})) {
    if (const Reassembly outcome = reassembler.accept(fragment)) {
      const std::size_t origin = origin_of(outcome->metadata().ctl);
      const bool in_order = outcome->sig() >= next[origin];
      ++(in_order && shows(*outcome, large_bytes(origin, outcome->sig())) ? right[origin] : wrong);
      next[origin] = outcome->sig() + 1;
    }
  }
  sending.join();
  CHECK(sent);
  CHECK(wrong == 0);
  CHECK(reassembler.completed() == right[0] + right[1]);
  if (TestType::kKind != Kind::Lossy) {
    CHECK(right[0] == kMessages);
    CHECK(right[1] == kMessages);
    CHECK(reassembler.dropped() == 0);
  }
}
