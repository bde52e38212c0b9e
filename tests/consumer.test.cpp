// SPDX-License-Identifier: Apache-2.0
// The consumer: what it delivers, when it gives back, how it counts, and that nothing in the ring misleads it.
#include <array>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "support/channel.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

template <class C>
bool next_holds(C& consumer, Seq seq, std::size_t size) {
  auto fragment = consumer.poll();
  return fragment && holds(*fragment, seq, size);
}

/// Publishes `count` messages of `size` bytes.
template <class P>
void publish(P& producer, Seq count, std::size_t size = 40) {
  for (Seq i = 0; i < count; ++i) {
    REQUIRE(producer.publish(payload_of(producer.next_seq(), size), {.sig = producer.next_seq()}));
  }
}

/// A fragment's place, size and the rest as someone who scribbles over shared memory would leave them.
template <class C>
void forge(C& channel, Seq seq, std::uint64_t sig, std::uint32_t chunk, std::uint32_t size) {
  detail::inside(channel.mcache).slot(seq).metadata.write({sig, std::uint64_t{chunk} | std::uint64_t{size} << 32, 0});
}

struct Odd {
  bool operator()(std::uint64_t sig) const { return sig % 2 == 1; }
};

}  // namespace

// -------------------------------------------------------------------------------------------------------------- poll

TEMPLATE_TEST_CASE("fragments come once, in order, then Empty", "", LossyKind, ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 8, 16> c{start};
    auto consumer = c.consumer(start);
    CHECK(consumer.poll().status() == PollStatus::Empty);  // made before its producer
    auto producer = c.producer();
    CHECK(consumer.first() == start);
    for (int round = 0; round < 10; ++round) {
      CHECK(consumer.poll().status() == PollStatus::Empty);
      const Seq from = producer.next_seq();
      publish(producer, 7, 70);
      for (Seq i = 0; i < 7; ++i) {
        CHECK(consumer.next_seq() == from + i);
        CHECK(next_holds(consumer, from + i, 70));
        CHECK(accounts_add_up(consumer));
      }
    }
    CHECK(consumer.delivered() == 70);
    CHECK(consumer.filtered() == 0);
    CHECK(consumer.lost() == 0);
    CHECK(consumer.rejected() == 0);
  }
}

TEMPLATE_TEST_CASE("wait looks until there is something, or its strategy gives up", "", LossyKind, ReliableKind,
                   ObservedKind) {
  Wiring<TestType::kKind, 4, 4> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  CHECK(consumer.wait(Bounded{5}).status() == PollStatus::Empty);
  std::uint64_t rounds = 0;
  AtRound counting{0, 7, [&] { ++rounds; }};
  CHECK(consumer.wait(counting).status() == PollStatus::Empty);
  CHECK(rounds == 1);
  {
    bool published = false;
    auto fragment = consumer.wait(AtRound{3, 100, [&] { published = producer.publish("x").ok(); }});
    CHECK(published);
    REQUIRE(fragment);
    CHECK(fragment->seq() == 1);
  }
  CHECK(producer.publish("x", {.sig = 2}).ok());
  CHECK(producer.publish("y", {.sig = 3}).ok());
  {
    auto fragment = consumer.wait(Bounded{5}, Odd{});
    REQUIRE(fragment);
    CHECK(fragment->sig() == 3);
  }
  CHECK(consumer.wait(AtRound{3, 100, [&] { producer.stop(); }}).status() == PollStatus::Stopped);
}

TEMPLATE_TEST_CASE("where a consumer may start", "", LossyKind, ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 8, 8> c{start};
    {
      auto early = c.consumer(start + 1);
      CHECK(early.status().error() == Error::StartMismatch);
      CHECK(early.status().actual() == start + 1);
      CHECK(early.status().allowed() == start);
      CHECK(early.poll().status() == PollStatus::Refused);
      CHECK(early.wait(Bounded{2}).status() == PollStatus::Refused);
      std::array<typename decltype(early)::Item, 2> storage;
      CHECK(early.poll_batch(storage).status() == PollStatus::Refused);
      CHECK(early.poll_batch(2, [](auto&) {}).status == PollStatus::Refused);
      early.release();
    }
    auto producer = c.producer();
    publish(producer, 5);
    for (Seq first = start; first != start + 6; ++first) {
      auto consumer = c.consumer(first);
      REQUIRE(consumer);
      CHECK(consumer.first() == first);
      if (first != start + 5) {
        CHECK(next_holds(consumer, first, 40));
      } else {
        CHECK(consumer.poll().status() == PollStatus::Empty);
      }
    }
    CHECK(c.consumer(start + 6).status().error() == Error::StartMismatch);
    CHECK(c.consumer(start - 1).status().error() == Error::StartMismatch);
    CHECK(c.consumer(start + (Seq{1} << 63)).status().error() == Error::StartMismatch);
  }
}

TEST_CASE("a ninth reliable consumer is refused, until one leaves") {
  Wiring<Kind::Reliable, 4, 4> c;
  using C = decltype(c.consumer(1));
  auto producer = c.producer();
  std::vector<std::unique_ptr<C>> consumers;
  for (int i = 0; i < 8; ++i) {
    consumers.push_back(std::make_unique<C>(c.consumer(1)));
    REQUIRE(*consumers.back());
  }
  auto ninth = c.consumer(1);
  CHECK(ninth.status().error() == Error::TooManyConsumers);
  CHECK(ninth.status().actual() == 9);
  CHECK(ninth.status().allowed() == 8);
  CHECK(ninth.poll().status() == PollStatus::Refused);
  consumers[3].reset();
  CHECK(!ninth);
  CHECK(c.consumer(1));
  publish(producer, 4);
  for (const auto& consumer : consumers) {
    if (consumer) {
      for (Seq seq = 1; seq <= 4; ++seq) {
        CHECK(next_holds(*consumer, seq, 40));
      }
    }
  }
  CHECK(producer.available() == 4);
}

TEST_CASE("what does not belong together is found when the consumer is made") {
  Components<4, 4> lossy;
  Producer producer{lossy.mcache, lossy.dcache, lossy.fseq};
  CHECK(Consumer{lossy.mcache, lossy.dcache, lossy.fctl, 1}.status().error() == Error::FlowControlMissing);
  Components<4, 4> other;
  CHECK(Consumer{lossy.mcache, other.dcache, 1}.status().error() == Error::ComponentMismatch);
  Producer observed{other.mcache, other.dcache, other.fseq, other.fctl};
  CHECK(Consumer{other.mcache, lossy.dcache, 1}.status().error() == Error::ComponentMismatch);
  CHECK(Consumer{other.mcache, other.dcache, lossy.fctl, 1}.status().error() == Error::ComponentMismatch);
  CHECK(Consumer{other.mcache, other.dcache, other.fctl, 1});
  for (const std::uint64_t credits : {std::uint64_t{0}, std::uint64_t{5}}) {
    Components<4, 4> c{1, credits};
    const Consumer consumer{c.mcache, c.dcache, c.fctl, 1};
    CHECK(consumer.status().error() == Error::CreditsOutOfRange);
    CHECK(consumer.status().actual() == credits);
    CHECK(consumer.status().allowed() == 4);
  }
}

TEST_CASE("parts of a running channel are refused on a ring that has no producer yet, and the channel goes on") {
  Components<4, 4> running;
  Producer producer{running.mcache, running.dcache, running.fseq, running.fctl};
  Consumer consumer{running.mcache, running.dcache, running.fctl, 1};
  Components<4, 4> fresh;
  CHECK(Consumer{fresh.mcache, running.dcache, 1}.status().error() == Error::ComponentMismatch);
  Consumer credits{fresh.mcache, fresh.dcache, running.fctl, 1};
  CHECK(credits.status().error() == Error::ComponentMismatch);
  CHECK(credits.poll().status() == PollStatus::Refused);
  for (Seq seq = 1; seq <= 12; ++seq) {
    publish(producer, 1);
    CHECK(next_holds(consumer, seq, 40));
  }
}

TEST_CASE(
    "credits that a consumer was given with another ring are that ring's: a producer that brings them is refused") {
  Components<4, 4, 64, Plain> a{1000};
  Components<4, 4, 64, Plain> b{1, 2};
  Consumer wrong{a.mcache, a.dcache, b.fctl, 1000};  // ring A has no producer yet, and this is channel B's Fctl
  CHECK(wrong);
  CHECK(wrong.poll().status() == PollStatus::Empty);
  {
    Producer producer{b.mcache, b.dcache, b.fseq, b.fctl};
    CHECK(producer.status().error() == Error::ComponentMismatch);
    CHECK(producer.publish("x").error() == Error::ComponentMismatch);
  }
  CHECK(Consumer{b.mcache, b.dcache, b.fctl, 1}.status().error() == Error::ComponentMismatch);
  CHECK(b.mcache.position() == 1);
  // Nothing of ring B's was used up: with credits of its own it is a channel.
  Fctl own{2};
  Producer producer{b.mcache, b.dcache, b.fseq, own};
  publish(producer, 2);
  CHECK(producer.publish("x").error() == Error::NoCredits);
  Consumer right{b.mcache, b.dcache, own, 1};
  CHECK(right.first() == 1);
  CHECK(next_holds(right, 1, 40));
  // And the credits are ring A's: its producer waits for the consumer that brought them.
  Producer of_a{a.mcache, a.dcache, a.fseq, b.fctl};
  publish(of_a, 2);
  CHECK(of_a.publish("x").error() == Error::NoCredits);
  CHECK(next_holds(wrong, 1000, 40));
  CHECK(next_holds(wrong, 1001, 40));
  publish(of_a, 2);
}

TEST_CASE("a consumer that is made while a producer joins waits for it") {
  for (const bool chunks_fit : {true, false}) {
    Components<4, 4> c;
    // What a producer stores before the ring's kind, as it is in the middle of its joining.
    detail::RingControl& control = detail::inside(c.mcache).control;
    detail::Claim<detail::RingHolder>::Holder found = control.claim.holder();
    REQUIRE(control.claim.take(found, detail::RingHolder::Producer));
    Consumer consumer{c.mcache, c.dcache, c.fctl, 1};
    detail::Generation before = 0;
    REQUIRE(detail::inside(c.dcache).membership.join(chunks_fit ? control.name() : 9, before));
    CHECK(consumer.status().ok());
    REQUIRE(detail::inside(c.fctl).membership.join(control.name(), before));
    CHECK(consumer.poll().status() == (chunks_fit ? PollStatus::Empty : PollStatus::Refused));
    // By now it is known that they do not fit, also for a consumer that is made now.
    CHECK(Consumer{c.mcache, c.dcache, c.fctl, 1}.status().error() ==
          (chunks_fit ? Error::None : Error::ComponentMismatch));
    control.set_kind(detail::ChannelKind::Observed);
    CHECK(consumer.poll().status() == (chunks_fit ? PollStatus::Empty : PollStatus::Refused));
    CHECK(consumer.status().error() == (chunks_fit ? Error::None : Error::ComponentMismatch));
  }
}

TEST_CASE("what does not belong together is found at the first look if the producer comes later") {
  Components<4, 4> lossy;
  Components<4, 4> other;
  Consumer credits{lossy.mcache, lossy.dcache, lossy.fctl, 1};
  Consumer foreign{lossy.mcache, other.dcache, 1};
  Consumer fine{lossy.mcache, lossy.dcache, 1};
  CHECK(credits);
  CHECK(foreign);
  CHECK(credits.poll().status() == PollStatus::Empty);
  Producer producer{lossy.mcache, lossy.dcache, lossy.fseq};
  publish(producer, 1);
  CHECK(credits.poll().status() == PollStatus::Refused);
  CHECK(credits.status().error() == Error::FlowControlMissing);
  CHECK(foreign.poll().status() == PollStatus::Refused);
  CHECK(foreign.status().error() == Error::ComponentMismatch);
  CHECK(next_holds(fine, 1, 40));
}

TEST_CASE("a channel has one Fctl, its producer's: a consumer that brought another one is refused") {
  for (const bool reads_late : {false, true}) {
    Components<4, 4, 64, Plain> c;
    Fctl other{4};
    Consumer with_other{c.mcache, c.dcache, other,
                        1};  // reserved for the ring, and nobody says yet that it is not its own
    CHECK(with_other.poll().status() == PollStatus::Empty);
    Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
    REQUIRE(producer);
    Consumer consumer{c.mcache, c.dcache, c.fctl, 1};
    for (Seq seq = 1; seq <= 12 && reads_late; ++seq) {
      publish(producer, 1);  // which does not wait for the other
      CHECK(next_holds(consumer, seq, 40));
    }
    CHECK(with_other.poll().status() == PollStatus::Refused);
    CHECK(with_other.status().error() == Error::ComponentMismatch);
    CHECK(Consumer{c.mcache, c.dcache, other, 1}.status().error() == Error::ComponentMismatch);
    Fctl third{4};
    CHECK(Consumer{c.mcache, c.dcache, third, 1}.status().error() == Error::ComponentMismatch);
    CHECK(third.available() == 4);  // and is still nobody's
  }
}

TEST_CASE("a batch of nothing is nothing that is out: a consumer that is refused meanwhile answers so") {
  Components<4, 4, 64, Plain> c;
  Fctl wrong{4};
  Consumer consumer{c.mcache, c.dcache, wrong, 1};
  std::array<FragmentView, 4> storage;
  auto batch = consumer.poll_batch(storage);
  CHECK(batch.status() == PollStatus::Empty);
  Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
  batch = consumer.poll_batch(storage);
  CHECK(batch.status() == PollStatus::Refused);
  CHECK(consumer.status().error() == Error::ComponentMismatch);
}

TEMPLATE_TEST_CASE("a consumer moves, and is not copied", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  using C = decltype(c.consumer(1));
  CHECK(!std::is_copy_constructible_v<C>);
  CHECK(!std::is_copy_assignable_v<C>);
  CHECK(std::is_nothrow_move_constructible_v<C>);
  CHECK(std::is_nothrow_move_assignable_v<C>);
  auto producer = c.producer();
  auto first = c.consumer(1);
  publish(producer, 4);
  CHECK(next_holds(first, 1, 40));
  CHECK(next_number(first, Odd{}) == 3);
  C second = std::move(first);
  CHECK(first.status().error() == Error::Moved);
  CHECK(first.poll().status() == PollStatus::Refused);
  first.release();
  CHECK(second.first() == 1);
  CHECK(second.delivered() == 2);
  CHECK(second.filtered() == 1);
  CHECK(next_holds(second, 4, 40));
  auto third = c.consumer(2);
  third = std::move(second);  // leaves, and is the other from then on
  auto& same = third;
  third = std::move(same);
  CHECK(third.first() == 1);
  publish(producer, 4);
  for (Seq seq = 5; seq <= 8; ++seq) {
    CHECK(next_holds(third, seq, 40));
  }
  CHECK(accounts_add_up(third));
  publish(producer, 4);
}

// ----------------------------------------------------------------------------------------------------------- holding

TEMPLATE_TEST_CASE("a fragment that is held stays as it is; its credit comes when it is released", "", ReliableKind,
                   ObservedKind) {
  enum How { Released, ReleasedByConsumer, Destroyed, Superseded };
  for (const Seq start : kStarts) {
    for (int test = 0; test < 12; ++test) {
      const std::size_t size = std::array{20u, 64u, 128u}[static_cast<std::size_t>(test / 4)];
      const auto how = static_cast<How>(test % 4);
      CAPTURE(start, size, test);
      Wiring<TestType::kKind, 4, 8> c{start};
      auto producer = c.producer();
      auto consumer = c.consumer(start);
      publish(producer, 1, size);
      auto held = consumer.poll();
      REQUIRE(held);
      CHECK(producer.available() == 3);  // not freed inside poll
      Seq published = 1;
      while (producer.publish(payload_of(~start, size))) {
        REQUIRE(++published <= 4);
        CHECK(holds(*held, start, size));
      }
      CHECK(published == 4);
      CHECK(producer.publish("x").error() == Error::NoCredits);
      CHECK(holds(*held, start, size));
      switch (how) {
        case Released:
          held->release();
          break;
        case ReleasedByConsumer:
          consumer.release();
          break;
        case Destroyed:
          held = Poll<Fragment>{detail::Passkey{}, PollStatus::Empty};
          break;
        case Superseded: {
          auto next = consumer.poll();
          CHECK(producer.available() == 1);  // the one before, and not this one
          next->release();
          CHECK(producer.available() == 2);
          held->release();
          CHECK(producer.available() == 2);
          continue;
        }
      }
      CHECK(producer.available() == 1);
      CHECK(producer.publish("x").ok());
    }
  }
}

TEMPLATE_TEST_CASE("a batch is held, and given back, as a whole", "", ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 8, 16> c{start};
    auto producer = c.producer();
    auto consumer = c.consumer(start);
    publish(producer, 6, 64);
    std::array<FragmentView, 4> storage;
    auto batch = consumer.poll_batch(storage);
    REQUIRE(batch.size() == 4);
    CHECK(!batch.empty());
    CHECK(batch.status() == PollStatus::Fragment);
    CHECK(producer.available() == 2);
    publish(producer, 2, 64);
    CHECK(producer.publish("x").error() == Error::NoCredits);
    Seq seq = start;
    for (const FragmentView& view : batch) {
      CHECK(holds(view, seq, 64));
      CHECK(view.sig() == seq++);
    }
    CHECK(&batch[3] == &storage[3]);
    batch.release();
    batch.release();
    CHECK(producer.available() == 4);
    publish(producer, 4, 64);
    {
      auto second = consumer.poll_batch(storage);
      REQUIRE(second.size() == 4);
      CHECK(second[0].seq() == start + 4);
      auto moved = std::move(second);
      second.release();
      CHECK(producer.available() == 0);
    }
    CHECK(producer.available() == 4);
    auto third = consumer.poll_batch(storage);
    CHECK(third.size() == 4);
    std::array<FragmentView, 4> other;
    const auto fourth = consumer.poll_batch(other);  // supersedes
    CHECK(fourth.empty());
    CHECK(fourth.status() == PollStatus::Empty);
    CHECK(producer.available() == 8);
    CHECK(consumer.delivered() == 12);
  }
}

TEMPLATE_TEST_CASE("what was moved from is empty, and letting go of it does nothing", "", LossyKind, ReliableKind,
                   ObservedKind) {
  Wiring<TestType::kKind, 8, 16> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  using Item = typename decltype(consumer)::Item;
  publish(producer, 4, 64);
  if constexpr (c.kFlow) {
    auto outcome = consumer.poll();
    REQUIRE(outcome);
    auto fragment = std::move(*outcome);
    CHECK(outcome->payload().empty());
    CHECK(holds(fragment, 1, 64));
    outcome->release();
    CHECK(producer.available() == 4);
    decltype(fragment) third;
    third = std::move(fragment);
    CHECK(fragment.payload().empty());
    CHECK(holds(third, 1, 64));
  } else {
    REQUIRE(consumer.poll());
  }
  std::array<Item, 4> storage;
  auto first = consumer.poll_batch(storage);
  REQUIRE(first.size() == 3);
  auto second = std::move(first);
  CHECK(first.empty());
  first.release();
  CHECK(second.size() == 3);
  CHECK(second[0].size() == 64);
  detail::ReadLedger nobody;
  Batch<Item> third{detail::Passkey{}, {}, {}, 0, nobody};
  third = std::move(second);
  CHECK(second.empty());
  second.release();
  CHECK(third[2].size() == 64);
}

TEMPLATE_TEST_CASE("a batch ends where something other than a fragment comes", "", LossyKind, ReliableKind,
                   ObservedKind) {
  Wiring<TestType::kKind, 8, 16> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  publish(producer, 3);
  std::array<typename decltype(consumer)::Item, 16> storage;
  {
    auto batch = consumer.poll_batch(storage);
    CHECK(batch.size() == 3);
    CHECK(batch.status() == PollStatus::Empty);
    for (Seq i = 0; i < 3; ++i) {
      CHECK(holds(batch[i], i + 1, 40));
    }
  }
  storage = {};
  publish(producer, 8);
  forge(c, 6, 0, 16, 64);
  {
    auto batch = consumer.poll_batch(storage);
    CHECK(batch.size() == 2);
    CHECK(batch.status() == PollStatus::Rejected);
  }
  storage = {};
  {
    auto batch = consumer.poll_batch(storage, Odd{});
    CHECK(batch.size() == 3);  // 7, 9, 11
    CHECK(batch[2].seq() == 11);
    CHECK(batch.status() == PollStatus::Empty);
  }
  storage = {};
  {
    auto none = consumer.poll_batch(std::span{storage}.first(0));
    CHECK(none.empty());
    CHECK(none.status() == PollStatus::Fragment);
  }
  producer.stop();
  CHECK(consumer.poll_batch(storage).status() == PollStatus::Stopped);
  CHECK(accounts_add_up(consumer));
  CHECK(consumer.rejected() == 1);
  CHECK(consumer.filtered() == 2);
}

TEMPLATE_TEST_CASE("a batch by callback", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 8, 16> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  publish(producer, 7, 64);
  Seq next = 1;
  bool right = true;
  BatchResult result = consumer.poll_batch(5, [&](auto& fragment) {
    right = right && holds(fragment, next++, 64);
    if constexpr (TestType::kKind != Kind::Lossy) {
      right = right && producer.available() == 1;  // nothing is given back before the last call has returned
    }
  });
  CHECK(right);
  CHECK(result.count == 5);
  CHECK(result.status == PollStatus::Fragment);
  CHECK(result.lost == 0);
  if constexpr (TestType::kKind != Kind::Lossy) {
    CHECK(producer.available() == 6);
  }
  result = consumer.poll_batch(
      100, [&](auto& fragment) { right = right && fragment.seq() == 7; }, Odd{});
  CHECK(right);
  CHECK(result.count == 1);
  CHECK(result.status == PollStatus::Empty);
  CHECK(consumer.filtered() == 1);
  publish(producer, 8, 64);
  producer.stop();
  CHECK(consumer.poll_batch(0, [](auto&) {}).count == 0);
  result = consumer.poll_batch(100, [](auto&) {});
  CHECK(result.count == 8);
  CHECK(consumer.poll_batch(100, [](auto&) {}).status == PollStatus::Stopped);
  CHECK(consumer.delivered() == 14);
}

TEST_CASE("a batch of a lossy consumer reports the loss once") {
  Wiring<Kind::Lossy, 8, 16> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  publish(producer, 20);
  std::uint64_t delivered = 0;
  BatchResult result = consumer.poll_batch(8, [&](auto&) { ++delivered; });
  CHECK(result.count == 0);
  CHECK(result.status == PollStatus::Overrun);
  CHECK(result.lost == consumer.lost());
  CHECK(result.lost >= 12);
  result = consumer.poll_batch(8, [&](auto&) { ++delivered; });
  CHECK(result.lost == 0);
  CHECK(delivered + consumer.lost() == 20);
  CHECK(accounts_add_up(consumer));
  // Overrun in the middle: nobody looks between the fourth and the fifth.
  publish(producer, 8);
  const auto slip = consumer.poll_batch(8, [&](auto& fragment) {
    if (fragment.seq() == 24) {
      for (int i = 0; i < 8; ++i) {
        (void)producer.publish("later");
      }
    }
  });
  CHECK(slip.count == 4);
  CHECK(slip.status == PollStatus::Overrun);
  CHECK(slip.lost == consumer.next_seq() - 25);
}

// ------------------------------------------------------------------------------------------------------------ filter

TEMPLATE_TEST_CASE("filtered fragments are skipped, counted, and given back before Empty", "", ReliableKind,
                   ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 8, 16> c{start};
    auto producer = c.producer();
    auto consumer = c.consumer(start);
    const auto none = [](std::uint64_t) { return false; };
    publish(producer, 8, 64);
    CHECK(producer.available() == 0);
    CHECK(consumer.poll(none).status() == PollStatus::Empty);  // the whole ring in one look
    CHECK(producer.available() == 8);
    publish(producer, 3, 64);
    std::array<FragmentView, 4> storage;
    {
      CHECK(consumer.poll_batch(storage, none).empty());
      CHECK(producer.available() == 8);
    }
    publish(producer, 3, 64);
    CHECK(consumer
              .poll_batch(
                  9, [](auto&) {}, none)
              .status == PollStatus::Empty);
    CHECK(producer.available() == 8);
    publish(producer, 4, 64);
    {
      auto fragment = consumer.poll([&](std::uint64_t sig) { return sig == start + 16; });
      REQUIRE(fragment);
      CHECK(holds(*fragment, start + 16, 64));
      CHECK(producer.available() == 6);  // what was skipped before it is free, it and what follows is not
    }
    CHECK(consumer.poll(none).status() == PollStatus::Empty);
    CHECK(producer.available() == 8);
    CHECK(consumer.filtered() == 17);
    CHECK(consumer.delivered() == 1);
    producer.stop();
    CHECK(consumer.poll(none).status() == PollStatus::Stopped);
    CHECK(accounts_add_up(consumer));
  }
}

TEMPLATE_TEST_CASE("a filter sees the sig and nothing of the payload", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 8, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  publish(producer, 4, 64);
  forge(c, 2, 20, 0xFFFF'FFFE, 0xFFFF'FFFF);  // a place that would be rejected, were it looked at
  forge(c, 4, 40, 8, 1);
  std::vector<std::uint64_t> seen;
  const auto filter = [&](std::uint64_t sig) {
    seen.push_back(sig);
    return sig % 2 == 1;
  };
  CHECK(next_number(consumer, filter) == 1);
  CHECK(next_number(consumer, filter) == 3);
  CHECK(consumer.poll(filter).status() == PollStatus::Empty);
  CHECK(seen == std::vector<std::uint64_t>{1, 20, 3, 40});
  CHECK(consumer.filtered() == 2);
  CHECK(consumer.rejected() == 0);
}

TEST_CASE("a lossy consumer that filters skips at most a ring at a time") {
  Wiring<Kind::Lossy, 8, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  publish(producer, 1, 0);
  std::uint64_t looks = 0;
  const auto filter = [&](std::uint64_t) {
    ++looks;
    (void)producer.publish("another");  // one more for each that is looked at: never done
    return false;
  };
  CHECK(consumer.poll(filter).status() == PollStatus::Empty);
  CHECK(looks == 8);
  CHECK(consumer.filtered() == 8);
}

// ----------------------------------------------------------------------------------------------------------- overrun

TEMPLATE_TEST_CASE("an overrun consumer loses exactly what it says, and goes on at the oldest with headroom", "",
                   LossyKind, ObservedKind) {
  for (const Seq start : kStarts) {
    for (Seq published = 17; published < 70; ++published) {
      CAPTURE(start, published);
      Wiring<TestType::kKind, 16, 32> c{start};
      auto producer = c.producer();
      auto observer = c.observer(start);
      give_up(c.consumer(start));  // observed: the producer waits for nobody
      publish(producer, published, 64);
      const Seq oldest = start + published - 16;
      auto outcome = observer.poll();
      REQUIRE(outcome.status() == PollStatus::Overrun);
      CHECK(observer.next_seq() == oldest + 16 / 8);
      CHECK(outcome.lost() == observer.next_seq() - start);
      CHECK(observer.lost() == outcome.lost());
      CHECK(accounts_add_up(observer));
      Seq seq = observer.next_seq();
      publish(producer, 2, 64);  // what the headroom is for
      for (; seq != producer.next_seq(); ++seq) {
        REQUIRE(next_holds(observer, seq, 64));
        CHECK(accounts_add_up(observer));
      }
      CHECK(observer.poll().status() == PollStatus::Empty);
      CHECK(observer.delivered() == 16);
    }
  }
}

TEMPLATE_TEST_CASE("or at the latest, if told so", "", LossyKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 16, 32> c{start};
    auto producer = c.producer();
    auto observer = c.observer(start);
    give_up(c.consumer(start));
    observer.set_resume(Resume::Latest);
    publish(producer, 40, 64);
    auto outcome = observer.poll();
    REQUIRE(outcome.status() == PollStatus::Overrun);
    CHECK(outcome.lost() == 39);
    CHECK(next_holds(observer, start + 39, 64));
    CHECK(observer.poll().status() == PollStatus::Empty);
    CHECK(accounts_add_up(observer));
  }
}

TEST_CASE("overrun again and again, it goes on at the latest; a fragment between starts that count over") {
  Wiring<Kind::Lossy, 64, 64> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  const auto resumes_at = [&] {
    publish(producer, 200, 8);
    auto outcome = consumer.poll();
    REQUIRE(outcome.status() == PollStatus::Overrun);
    CHECK(accounts_add_up(consumer));
    return producer.next_seq() - consumer.next_seq();
  };
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 4; ++i) {
      CHECK(resumes_at() == 64 - 64 / 8);
    }
    CHECK(resumes_at() == 1);
    CHECK(resumes_at() == 1);
    CHECK(next_holds(consumer, producer.next_seq() - 1, 8));
  }
}

TEST_CASE("a fragment that was overwritten while it was held is counted as lost by the next poll, whatever comes") {
  Components<4, 8> c;
  Producer producer{c.mcache, c.dcache, c.fseq};
  Consumer consumer{c.mcache, c.dcache, 1, c.metrics};
  publish(producer, 2, 40);
  {
    auto held = consumer.poll();
    REQUIRE(held);
    publish(producer, 3, 40);  // overwrites the first, and not the second
    CHECK(!held->validate());
  }
  CHECK(consumer.lost() == 1);
  CHECK(next_holds(consumer, 2, 40));
  const MetricsSnapshot seen = c.metrics.snapshot();
  CHECK(seen.lost == 1);
  CHECK(seen.overruns == 1);
  CHECK(seen.consumed == 1);
  CHECK(seen.consumed_bytes == 40);
}

TEST_CASE("what was evicted is gone, what was not is intact, whatever the shape") {
  // 64 slots over 4 chunks: at most four fragments of one chunk, two of two are there.
  for (const Seq start : kStarts) {
    for (const std::size_t size : {33u, 64u, 65u, 128u}) {
      const Seq intact = size <= 64 ? 4 : 2;
      Wiring<Kind::Lossy, 64, 4> c{start};
      auto producer = c.producer();
      auto consumer = c.consumer(start);
      CAPTURE(start, size);
      publish(producer, 20, size);
      auto outcome = consumer.poll();
      REQUIRE(outcome.status() == PollStatus::Overrun);
      CHECK(outcome.lost() == 20 - intact);
      for (Seq i = 20 - intact; i < 20; ++i) {
        CHECK(next_holds(consumer, start + i, size));
      }
      CHECK(consumer.poll().status() == PollStatus::Empty);
      CHECK(accounts_add_up(consumer));
    }
  }
}

TEST_CASE("an evicted number is overrun to who wants it, and not ready to who wants its slot's next") {
  Wiring<Kind::Lossy, 4, 2> c;
  auto producer = c.producer();
  publish(producer, 1, 64);
  publish(producer, 2, 64);  // evicts 1
  CHECK(c.mcache.try_read(1).status == ReadStatus::Overrun);
  CHECK(c.mcache.try_read(5).status == ReadStatus::NotReady);
  CHECK(c.mcache.try_read(2).status == ReadStatus::Ok);
}

TEST_CASE("large fragments between small ones: the small ones stay as long as their slots do") {
  Wiring<Kind::Lossy, 8, 4> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  publish(producer, 1, 10);
  publish(producer, 1, 128);
  publish(producer, 1, 10);
  publish(producer, 2, 128);  // evicts 2
  CHECK(next_holds(consumer, 1, 10));
  auto outcome = consumer.poll();
  CHECK(outcome.status() == PollStatus::Overrun);
  CHECK(outcome.lost() == 1);
  CHECK(next_holds(consumer, 3, 10));
  CHECK(next_holds(consumer, 4, 128));
  CHECK(next_holds(consumer, 5, 128));
  CHECK(consumer.poll().status() == PollStatus::Empty);
}

// -------------------------------------------------------------------------------------------------------------- stop

TEMPLATE_TEST_CASE("a stopped channel is drained first", "", LossyKind, ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    for (Seq count = 0; count <= 4; ++count) {
      Wiring<TestType::kKind, 4, 8> c{start};
      auto producer = c.producer();
      auto consumer = c.consumer(start);
      publish(producer, count);
      producer.stop();
      for (Seq i = 0; i < count; ++i) {
        CHECK(next_holds(consumer, start + i, 40));
      }
      for (int i = 0; i < 3; ++i) {
        CHECK(consumer.poll().status() == PollStatus::Stopped);
      }
      auto late = c.consumer(start);  // joins a closed channel
      REQUIRE(late);
      for (Seq seq = late.first(); seq != start + count; ++seq) {
        CHECK(next_holds(late, seq, 40));
      }
      CHECK(late.poll().status() == PollStatus::Stopped);
      CHECK(c.consumer(start + count).poll().status() == PollStatus::Stopped);
    }
  }
}

TEST_CASE("stopped when the last fragment is gone, too") {
  for (const Seq start : kStarts) {
    Wiring<Kind::Lossy, 4, 2> c{start};
    auto producer = c.producer();
    auto consumer = c.consumer(start);
    publish(producer, 3, 64);
    (void)producer.reserve(64);
    (void)producer.reserve(64);
    publish(producer, 1, 64);
    { auto room = producer.reserve(64); }  // evicts the older of the two that are left
    CHECK(c.mcache.try_read(start + 2).status == ReadStatus::Overrun);
    CHECK(c.mcache.try_read(start + 3).status == ReadStatus::Ok);
    producer.stop();
    bool stopped = false;
    for (int i = 0; i < 10 && !stopped; ++i) {
      stopped = consumer.poll().status() == PollStatus::Stopped;
      CHECK(accounts_add_up(consumer));
    }
    CHECK(stopped);
    CHECK(consumer.delivered() == 1);
    CHECK(consumer.lost() == 3);
  }
}

TEST_CASE("stopped when everything has been evicted") {
  for (const Seq start : kStarts) {
    Wiring<Kind::Lossy, 4, 4> c{start};
    auto producer = c.producer();
    auto consumer = c.consumer(start);
    publish(producer, 2, 128);
    detail::inside(c.mcache).slot(start + 1).seq.evict(start + 1, 4);  // as a reservation for both halves would
    (void)producer.reserve(128);
    producer.stop();
    auto outcome = consumer.poll();
    REQUIRE(outcome.status() == PollStatus::Overrun);
    for (int i = 0; i < 10 && consumer.next_seq() != start + 2; ++i) {
      (void)consumer.poll();
    }
    CHECK(consumer.poll().status() == PollStatus::Stopped);
    CHECK(consumer.lost() == 2);
    CHECK(accounts_add_up(consumer));
  }
}

// ------------------------------------------------------------------------------------------------------------- joining

TEMPLATE_TEST_CASE("a consumer that joins a running channel starts where it is protected", "", ReliableKind,
                   ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 8, 16> c{start};
    auto producer = c.producer();
    auto first = c.consumer(start);
    for (int i = 0; i < 20; ++i) {
      publish(producer, 1, 64);
      REQUIRE(next_holds(first, producer.next_seq() - 1, 64));
    }
    CHECK(producer.available() == 8);  // knows that all was consumed, and says so
    publish(producer, 3, 64);
    auto second = c.consumer(start);  // long gone
    REQUIRE(second);
    CHECK(second.first() == start + 20);
    CHECK(second.next_seq() == start + 20);
    for (Seq i = 20; i < 23; ++i) {
      CHECK(next_holds(second, start + i, 64));
      CHECK(next_holds(first, start + i, 64));
    }
    // From now on the slower of the two counts, whichever it is.
    publish(producer, 8, 64);
    for (int i = 0; i < 8; ++i) {
      CHECK(first.poll());
    }
    CHECK(producer.publish("x").error() == Error::NoCredits);
    CHECK(second.poll());
    CHECK(second.poll());
    second.release();
    first.release();
    CHECK(producer.available() == 2);
    publish(producer, 2, 64);
    for (Seq i = 25; i < 33; ++i) {
      CHECK(next_holds(second, start + i, 64));
    }
    CHECK(producer.available() == 6);
    CHECK(accounts_add_up(first));
    CHECK(accounts_add_up(second));
  }
}

TEMPLATE_TEST_CASE("one that leaves while another is there is not waited for", "", ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  using C = decltype(c.consumer(1));
  auto producer = c.producer();
  auto slow = std::make_unique<C>(c.consumer(1));
  auto fast = std::make_unique<C>(c.consumer(1));
  publish(producer, 4);
  for (Seq seq = 1; seq <= 4; ++seq) {
    REQUIRE(next_holds(*fast, seq, 40));
  }
  CHECK(producer.available() == 0);
  slow.reset();
  CHECK(producer.available() == 4);
  publish(producer, 4);
  CHECK(producer.available() == 0);
  fast.reset();  // the last one: what it had not read is kept
  CHECK(producer.available() == 0);
  CHECK(producer.publish("x").error() == Error::NoCredits);
  auto late = c.consumer(From::Oldest);
  CHECK(late.first() == 5);
  for (Seq seq = 5; seq <= 8; ++seq) {
    CHECK(next_holds(late, seq, 40));
  }
  CHECK(producer.available() == 4);
}

TEMPLATE_TEST_CASE("a consumer that restarts in good order loses nothing and gets nothing twice", "", ReliableKind,
                   ObservedKind) {
  for (const Seq start : kStarts) {
    for (const bool names_number : {false, true}) {
      Wiring<TestType::kKind, 4, 8> c{start};
      auto producer = c.producer();
      std::uint64_t accepted = 0;
      std::uint64_t arrived = 0;
      Seq next = start;
      for (int restart = 0; restart < 20; ++restart) {  // more often than there are places
        {
          auto consumer = c.consumer(names_number ? From{next} : From{From::Oldest});
          REQUIRE(consumer);
          REQUIRE(consumer.first() == next);
          for (int i = 0; i < 3; ++i) {
            accepted += producer.publish(payload_of(producer.next_seq(), 40)).ok() ? 1u : 0u;
          }
          for (int i = 0; i < restart % 4; ++i) {
            arrived += next_holds(consumer, next, 40) ? 1u : 0u;
            ++next;
          }
          CHECK(consumer.lost() == 0);
          next = consumer.next_seq();
        }
        for (int i = 0; i < 20; ++i) {  // nobody is there
          accepted += producer.publish(payload_of(producer.next_seq(), 40)).ok() ? 1u : 0u;
        }
        CHECK(producer.next_seq() == next + 4);
      }
      auto last = c.consumer(From::Oldest);
      while (last.poll()) {
        ++arrived;
      }
      CHECK(arrived == accepted);
      CHECK(last.next_seq() == producer.next_seq());
    }
  }
}

TEMPLATE_TEST_CASE("one that resigns gives its position up: the producer waits for nobody until one joins", "",
                   ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 4, 8> c{start};
    auto producer = c.producer();
    publish(producer, 4);
    auto consumer = c.consumer(start);
    CHECK(next_holds(consumer, start, 40));
    consumer.resign();
    CHECK(!consumer);
    CHECK(consumer.status().error() == Error::Moved);
    CHECK(consumer.poll().status() == PollStatus::Refused);
    CHECK(consumer.next_seq() == start + 1);  // what it counted stays
    CHECK(consumer.delivered() == 1);
    consumer.resign();  // nothing more to give up
    consumer.release();
    CHECK(producer.available() == 4);
    publish(producer, 100);
    auto late = c.consumer(producer.next_seq());
    CHECK(late.first() == producer.next_seq());
    publish(producer, 4);
    CHECK(producer.publish("x").error() == Error::NoCredits);
    for (Seq seq = late.first(); seq != producer.next_seq(); ++seq) {
      CHECK(next_holds(late, seq, 40));
    }
  }
}

TEMPLATE_TEST_CASE("resigning does not touch what another consumer holds", "", ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 4, 8> c;
  auto producer = c.producer();
  auto stays = c.consumer(1);
  auto resigns = c.consumer(1);
  publish(producer, 4);
  CHECK(next_holds(stays, 1, 40));
  resigns.resign();
  CHECK(producer.available() == 1);  // what `stays` has given back
  for (Seq seq = 2; seq <= 4; ++seq) {
    CHECK(next_holds(stays, seq, 40));
  }
  { auto leaves = std::move(stays); }
  // The last one left in good order, although another one had resigned.
  publish(producer, 4);
  CHECK(producer.publish("x").error() == Error::NoCredits);
  CHECK(c.consumer(From::Oldest).first() == 5);
}

TEMPLATE_TEST_CASE("two consumers leave, one after the other: the next one goes on where the last of them was", "",
                   ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    for (const bool slow_first : {false, true}) {
      Wiring<TestType::kKind, 4, 8> c{start};
      using C = decltype(c.consumer(1));
      auto producer = c.producer();
      std::optional<C> slow{c.consumer(start)};
      std::optional<C> fast{c.consumer(start)};
      publish(producer, 4);
      CHECK(next_holds(*slow, start, 40));
      for (Seq i = 0; i < 3; ++i) {
        CHECK(next_holds(*fast, start + i, 40));
      }
      (slow_first ? slow : fast).reset();
      (slow_first ? fast : slow).reset();
      const Seq kept = start + (slow_first ? 3 : 1);
      std::uint64_t accepted = 0;
      while (producer.publish(payload_of(producer.next_seq(), 40)).ok()) {
        ++accepted;
      }
      CHECK(producer.next_seq() == kept + 4);
      auto next = c.consumer(From::Oldest);
      CHECK(next.first() == kept);
      for (Seq seq = kept; seq != kept + 4; ++seq) {
        CHECK(next_holds(next, seq, 40));
      }
    }
  }
}

TEMPLATE_TEST_CASE("what was published before the first consumer came waits for it", "", ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 4, 8> c{start};
    auto producer = c.producer();
    publish(producer, 4);
    CHECK(producer.publish("x").error() == Error::NoCredits);
    auto consumer = c.consumer(start);
    for (Seq i = 0; i < 4; ++i) {
      CHECK(next_holds(consumer, start + i, 40));
    }
    publish(producer, 4);
  }
}

TEMPLATE_TEST_CASE("a place that was used before starts afresh", "", ReliableKind, ObservedKind) {
  for (const bool resigns : {false, true}) {
    Wiring<TestType::kKind, 4, 8> c;
    auto producer = c.producer();
    for (int round = 0; round < 20; ++round) {  // more often than there are places
      auto consumer = c.consumer(producer.next_seq());
      REQUIRE(consumer);
      const Seq from = consumer.first();
      CHECK(from == producer.next_seq());
      publish(producer, 4);
      CHECK(producer.publish("x").error() == Error::NoCredits);
      CHECK(next_holds(consumer, from, 40));  // leaves with three unread
      if (resigns) {
        consumer.resign();
      }
    }
  }
}

TEST_CASE("an observer costs the producer nothing, and reads what is reliable to others") {
  Wiring<Kind::Observed, 8, 16> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  auto observer = c.observer(1);
  publish(producer, 8, 64);
  CHECK(next_holds(observer, 1, 64));
  CHECK(producer.available() == 0);
  for (Seq seq = 1; seq <= 8; ++seq) {
    CHECK(next_holds(consumer, seq, 64));
  }
  CHECK(producer.available() == 8);
  publish(producer, 8, 64);
  CHECK(observer.poll().status() == PollStatus::Overrun);
  CHECK(consumer.lost() == 0);
  CHECK(next_holds(consumer, 9, 64));
}

// -------------------------------------------------------------------------------------------------- forged and corrupt

TEMPLATE_TEST_CASE("metadata out of range is rejected, and what follows is read", "", LossyKind, ReliableKind,
                   ObservedKind) {
  using C = Wiring<TestType::kKind, 8, 8>;
  struct Place {
    std::uint32_t chunk;
    std::uint32_t size;
    bool legal;
  };
  for (const Place place : std::initializer_list<Place>{{kInlineChunk, 32, true},
                                                        {kInlineChunk, 33, false},
                                                        {kInlineChunk, 0xFFFF'FFFF, false},
                                                        {0, 256, true},
                                                        {0, 257, false},
                                                        {4, 256, true},
                                                        {5, 256, false},
                                                        {7, 64, true},
                                                        {7, 65, false},
                                                        {7, 0, true},
                                                        {8, 0, false},
                                                        {8, 1, false},
                                                        {0xFFFF'FFFE, 0, false},
                                                        {0x8000'0000, 64, false},
                                                        {0, 0xFFFF'FFFF, false},
                                                        {7, 0xFFFF'FFC0, false}}) {
    CAPTURE(place.chunk, place.size);
    C c;
    auto producer = c.producer();
    auto consumer = c.consumer(1);
    publish(producer, 3, 64);
    forge(c, 2, 0, place.chunk, place.size);
    CHECK(next_holds(consumer, 1, 64));
    auto outcome = consumer.poll();
    CHECK(outcome.status() == (place.legal ? PollStatus::Fragment : PollStatus::Rejected));
    CHECK(outcome.lost() == 0);
    if (place.legal) {
      const auto bytes = bytes_of(*outcome);  // touches every byte of it: the sanitizers look on
      CHECK((bytes && bytes->size() == place.size));
    }
    CHECK(consumer.rejected() == (place.legal ? 0 : 1));
    CHECK(next_holds(consumer, 3, 64));
    CHECK(consumer.poll().status() == PollStatus::Empty);
    CHECK(accounts_add_up(consumer));
    if constexpr (C::kFlow) {
      CHECK(producer.available() == 8);  // given back like any other
    }
    publish(producer, 8, 40);
    for (Seq seq = 4; seq <= 11; ++seq) {
      CHECK(next_holds(consumer, seq, 40));
    }
  }
}

TEMPLATE_TEST_CASE("a forged sequence number: every poll returns, and the accounts add up", "", LossyKind, ReliableKind,
                   ObservedKind) {
  for (const Seq start : kStarts) {
    for (const Seq forged : {Seq{0}, ~Seq{0}, Seq{1}, start - 1, start + 1, start + 8, start + 9, start + 800,
                             start + (Seq{1} << 62), start + (Seq{1} << 63), start - 8, start - 800}) {
      CAPTURE(start, forged);
      Wiring<TestType::kKind, 8, 16> c{start};
      auto producer = c.producer();
      auto consumer = c.consumer(start);
      publish(producer, 6, 64);
      for (Seq seq = start; seq != start + 8; ++seq) {
        detail::inside(c.mcache).slot(seq).seq.publish(forged);
      }
      for (int i = 0; i < 40; ++i) {
        auto outcome = consumer.poll();
        CHECK(accounts_add_up(consumer));
        CHECK(seq_le(consumer.next_seq(), start + 6));  // never past what the producer says
        if (outcome.status() == PollStatus::Overrun) {
          CHECK(outcome.lost() != 0);
        }
      }
      // The producer has written over it all: from there on everything is right again.
      if constexpr (TestType::kKind == Kind::Lossy) {
        publish(producer, 16, 64);
        Seq right = 0;
        for (int i = 0; i < 40; ++i) {
          const Seq seq = consumer.next_seq();
          auto outcome = consumer.poll();
          right += outcome && holds(*outcome, seq, 64) ? 1 : 0;
        }
        CHECK(right != 0);
        CHECK(consumer.next_seq() == producer.next_seq());
        publish(producer, 8, 64);
        for (Seq seq = producer.next_seq() - 8; seq != producer.next_seq(); ++seq) {
          CHECK(next_holds(consumer, seq, 64));
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("a slot not yet published that claims to be is bounded by the producer's position", "", LossyKind,
                   ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    Wiring<TestType::kKind, 8, 16> c{start};
    auto producer = c.producer();
    auto consumer = c.consumer(start);
    for (const Seq forged : {start + 8, start + 800, start + (Seq{1} << 62)}) {
      detail::inside(c.mcache).slot(start).seq.publish(forged);
      CHECK(consumer.poll().status() == PollStatus::Empty);
      CHECK(consumer.next_seq() == start);
      CHECK(consumer.lost() == 0);
    }
    publish(producer, 1, 64);
    CHECK(next_holds(consumer, start, 64));
  }
}

TEST_CASE("forged positions: the producer does not overrun who is honest, nor hang") {
  for (const Seq start : kStarts) {
    for (const Seq forged : {Seq{0}, ~Seq{0}, start - 1, start + 100, start + (Seq{1} << 62)}) {
      CAPTURE(start, forged);
      Wiring<Kind::Reliable, 4, 8> c{start};
      auto producer = c.producer();
      auto honest = c.consumer(start);
      auto other = c.consumer(start);
      publish(producer, 4);
      detail::inside(c.fctl).places[1].position.store(forged);
      for (Seq i = 0; i < 4; ++i) {
        CHECK(producer.available() <= i);
        (void)producer.publish("x");
        CHECK(next_holds(honest, start + i, 40));
      }
      CHECK(producer.available() <= 4);
      detail::inside(c.fctl).places[0].position.store(forged);  // now everybody lies
      CHECK(producer.available() <= 4);
      for (int i = 0; i < 10; ++i) {
        (void)producer.publish("x");
        CHECK(producer.available() <= 4);
      }
    }
  }
}

TEST_CASE("forged words of the channel: a lossy consumer returns, and stays within what they say") {
  for (const Seq start : kStarts) {
    for (const Seq forged : {Seq{0}, ~Seq{0}, start, start + 1, start + 21, start + 1000, start + (Seq{1} << 62),
                             start + (Seq{1} << 63), start - 1}) {
      CAPTURE(start, forged);
      Wiring<Kind::Lossy, 8, 16> c{start};
      auto producer = c.producer();
      auto consumer = c.consumer(start);
      publish(producer, 20);
      detail::inside(c.mcache).control.oldest.store(forged);
      for (int i = 0; i < 20; ++i) {
        (void)consumer.poll();
        CHECK(accounts_add_up(consumer));
        CHECK(seq_le(consumer.next_seq(), start + 20));
      }
      CHECK(consumer.next_seq() == start + 20);
      detail::inside(c.mcache).control.position.store(forged);
      publish(producer, 20);
      for (int i = 0; i < 100; ++i) {
        (void)consumer.poll();
        CHECK(accounts_add_up(consumer));
      }
    }
  }
}

TEST_CASE("fragments that are gone before they are copied do not starve a consumer for ever") {
  // 64 slots, 4 chunks: the oldest fragments are always about to be evicted, the latest are not.
  for (const Seq start : kStarts) {
    for (const Seq meanwhile : {Seq{1}, Seq{2}}) {
      for (const bool in_batches : {false, true}) {
        CAPTURE(start, meanwhile, in_batches);
        Wiring<Kind::Lossy, 64, 4> c{start};
        auto producer = c.producer();
        auto consumer = c.consumer(start);
        publish(producer, 70);
        std::uint64_t copied = 0;
        std::uint64_t delivered = 0;
        const auto use = [&](auto& fragment) {
          ++delivered;
          publish(producer, meanwhile);
          copied += bytes_of(fragment).has_value() ? 1 : 0;
        };
        for (int i = 0; i < 1000; ++i) {
          if (in_batches) {
            (void)consumer.poll_batch(1, use);
          } else if (auto fragment = consumer.poll()) {
            use(*fragment);
          }
        }
        CHECK(delivered > 300);
        CHECK(copied > delivered / 4);
        CHECK(consumer.delivered() == copied);
      }
    }
  }
}

TEST_CASE(
    "whoever keeps up between two overruns does not lose more by the second, also if a filter lets nothing pass") {
  Wiring<Kind::Lossy, 64, 64> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  const auto nothing = [](std::uint64_t) { return false; };
  std::uint64_t first = 0;
  for (int round = 0; round < 20; ++round) {
    publish(producer, 70);
    const auto outcome = consumer.poll(nothing);
    REQUIRE(outcome.status() == PollStatus::Overrun);
    first = round == 0 ? outcome.lost() : first;
    CHECK(outcome.lost() == first);
    CHECK(consumer.poll(nothing).status() == PollStatus::Empty);
    CHECK(consumer.next_seq() == producer.next_seq());
  }
  CHECK(first < 20);
}

TEST_CASE("a batch looks at no more than a ring's depth of fragments, filtered ones included") {
  Wiring<Kind::Reliable, 8, 8> c;
  auto producer = c.producer();
  auto consumer = c.consumer(1);
  publish(producer, 8);
  std::uint64_t asked = 0;
  const BatchResult result = consumer.poll_batch(
      100, [](auto&) {}, [&](std::uint64_t sig) { return ++asked, sig % 4 == 0; });
  CHECK(asked == 8);
  CHECK(result.count == 2);
}

TEST_CASE("a batch that has looked at enough says that there may be more, unless nothing passed at all") {
  for (const std::uint64_t wanted : {1u, 9u}) {  // the first one passes; or none
    Wiring<Kind::Lossy, 4, 4> c;
    auto producer = c.producer();
    auto consumer = c.consumer(1);
    publish(producer, 4);
    std::uint64_t asked = 0;
    const auto filter = [&](std::uint64_t sig) {
      if (++asked == 4) {
        publish(producer, 1);  // there is more by then
      }
      return sig == wanted;
    };
    const BatchResult result = consumer.poll_batch(
        10, [](auto&) {}, filter);
    CHECK(asked == 4);
    CHECK(result.count == (wanted == 1 ? 1 : 0));
    CHECK(result.status == (wanted == 1 ? PollStatus::Fragment : PollStatus::Empty));
    CHECK(next_number(consumer) == 5);
  }
}

TEST_CASE("a consumer that did not stay until anything was published leaves no trace in its Fctl") {
  for (const bool resigns : {false, true}) {
    Wiring<Kind::Observed, 8, 8> c;
    {
      auto early = c.consumer(1);  // before anybody else came
      if (resigns) {
        early.resign();
      }
    }
    { auto early = c.consumer(From::Oldest); }
    auto producer = c.producer();
    std::uint64_t published = 0;
    while (published < 100 && producer.publish("x")) {
      ++published;
    }
    CHECK(published == 8);  // waits for the first one
    CHECK(c.consumer(1).first() == 1);
    CHECK(producer.publish("x").error() == Error::NoCredits);  // it has left, and read nothing
    auto next = c.consumer(From::Oldest);
    for (Seq seq = 1; seq <= 8; ++seq) {
      CHECK(next_number(next) == seq);
    }
  }
}

TEST_CASE("a reliable consumer that is refused for want of a metrics block leaves what the last one left as it was") {
  for (const Seq start : kStarts) {
    Components<4, 8> c{start};
    Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
    {
      Consumer consumer{c.mcache, c.dcache, c.fctl, start};
      publish(producer, 4);
      CHECK(next_holds(consumer, start, 40));
      CHECK(next_holds(consumer, start + 1, 40));
    }
    std::vector<Consumer<4, decltype(c.dcache), NoFlowControl, Metrics>> observers;
    for (std::size_t i = 0; i < kMaxMeteredConsumers; ++i) {
      observers.emplace_back(c.mcache, c.dcache, From::Next, c.metrics);
      REQUIRE(observers.back());
    }
    for (const From from : {From{From::Oldest}, From{start + 2}, From{start + 3}}) {
      const Consumer refused{c.mcache, c.dcache, c.fctl, from, c.metrics};
      CHECK(refused.status().error() == Error::TooManyMetricsBlocks);
      CHECK(refused.status().actual() == kMaxMeteredConsumers + 1);
      CHECK(refused.status().allowed() == kMaxMeteredConsumers);
      CHECK(producer.available() == 2);  // as without it
    }
    publish(producer, 2);
    CHECK(producer.publish("x").error() == Error::NoCredits);
    Consumer next{c.mcache, c.dcache, c.fctl, From::Oldest};
    CHECK(next.first() == start + 2);
    for (Seq seq = start + 2; seq != start + 6; ++seq) {
      CHECK(next_holds(next, seq, 40));
    }
  }
}

TEST_CASE("a component left over from a dead channel is refused, also where a new MCache stands at the old address") {
  auto old = std::make_unique<Wiring<Kind::Observed, 8, 8>>();
  std::optional<MCache<8>> mcache{1};
  {
    Producer producer{*mcache, old->dcache, old->fseq, old->fctl};
    REQUIRE(producer.publish("old"));
  }
  mcache.emplace(Seq{1});
  Wiring<Kind::Observed, 8, 8> fresh;
  Producer producer{*mcache, fresh.dcache, fresh.fseq, fresh.fctl};
  REQUIRE(producer.publish("new"));
  Consumer stale_chunks{*mcache, old->dcache, 1};
  CHECK(stale_chunks.status().error() == Error::ComponentMismatch);
  Consumer stale_credits{*mcache, fresh.dcache, old->fctl, 1};
  CHECK(stale_credits.status().error() == Error::ComponentMismatch);
  Consumer right{*mcache, fresh.dcache, fresh.fctl, 1};
  CHECK(right.poll());
}
