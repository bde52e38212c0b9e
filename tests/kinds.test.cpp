// SPDX-License-Identifier: Apache-2.0
// The three kinds of channel, and every wiring that is refused at run time: with its own cause and values, without a
// side effect, and the rightful endpoints continue unaffected. What the types refuse is in compile_fail/.
//
//     DCache   producer with   consumer with   consumer without Fctl
//     Words    no Fctl         refused         lossy
//     Words    Fctl            reliable        observer                 (observed)
//     Plain    Fctl            reliable        does not compile         (reliable)
//     Plain    no Fctl         does not compile
#include <catch2/catch_test_macros.hpp>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "support/channel.hpp"

using namespace tango;
using namespace tango::test;

namespace {

using Worded = Components<4, 8, 64, Words>;
using Bytes = Components<4, 8, 64, Plain>;

/// The channel's words, but for the epochs of the claims that an endpoint takes and gives back before it is refused.
template <class C>
std::vector<std::uint64_t> image_of(const C& c) {
  std::vector<std::uint64_t> words(sizeof c / 8);
  std::memcpy(words.data(), static_cast<const void*>(&c), sizeof c);
  const auto hide_epoch = [&](const auto& claim) {
    words[static_cast<std::size_t>(reinterpret_cast<const char*>(&claim) - reinterpret_cast<const char*>(&c)) / 8] =
        static_cast<std::uint64_t>(claim.holder().state);
  };
  hide_epoch(detail::inside(c.mcache).control.claim);
  hide_epoch(detail::inside(c.metrics).producer.claim);
  for (const detail::ConsumerBlock& block : detail::inside(c.metrics).consumers) {
    hide_epoch(block.claim);
  }
  return words;
}

/// Whether `act` leaves every word of the channel as it was.
template <class C, class F>
bool leaves_alone(C& c, F act) {
  const auto before = image_of(c);
  act();
  return image_of(c) == before;
}

bool is(const Status& status, Error error, std::uint64_t actual = 0, std::uint64_t allowed = 0) {
  return status.error() == error && status.actual() == actual && status.allowed() == allowed;
}

/// Every call of a refused producer answers with its cause and changes nothing.
template <class P>
bool answers(P& producer, Error error) {
  const std::byte bytes[40] = {};
  const Message messages[1] = {{bytes, {}}};
  const BatchStatus batch = producer.publish_batch(messages);
  producer.stop();
  return !producer && producer.publish(bytes) == error && producer.publish("x") == error &&
         producer.publish_blocking(bytes, {}, Bounded{9}) == error &&
         producer.publish_blocking("x", {}, Bounded{9}) == error && batch.count == 0 && batch.status == error &&
         producer.reserve(1).status() == error && producer.reserve(1).commit() == error &&
         producer.publish(payload_of(0, producer.max_payload() + 1)) == error && producer.available() == 0 &&
         producer.status() == error;
}

/// Every call of a refused consumer answers `Refused` and changes nothing.
template <class C>
bool refuses(C& consumer) {
  typename C::Item items[2];
  consumer.release();
  bool any = consumer.poll_batch(2, [](auto&) {}).status != PollStatus::Refused;
  for ([[maybe_unused]] auto& fragment : consumer.fragments(Bounded{9})) {
    any = true;
    break;
  }
  return !any && !consumer && consumer.poll().status() == PollStatus::Refused &&
         consumer.wait(Bounded{9}).status() == PollStatus::Refused &&
         consumer.poll_batch(items).status() == PollStatus::Refused && consumer.delivered() == 0 &&
         consumer.lost() == 0;
}

/// The rightful endpoints still work: more than a ring of messages, each read.
template <class P, class C>
bool works(P& producer, C& consumer) {
  if (!producer || !consumer) {
    return false;
  }
  for (int i = 0; i < 10; ++i) {
    const Seq seq = producer.next_seq();
    if (!producer.publish(payload_of(seq, 100))) {
      return false;
    }
    auto fragment = consumer.poll();
    if (!fragment || fragment->seq() != seq) {
      return false;
    }
    if constexpr (requires { fragment->payload(); }) {
      if (!is_payload_of(seq, fragment->payload())) {
        return false;
      }
    } else {
      std::byte out[100];
      if (!fragment->copy_to(out) || !is_payload_of(seq, out)) {
        return false;
      }
    }
  }
  return consumer.lost() == 0;
}

}  // namespace

TEST_CASE("lossy: words without an Fctl; the producer never waits") {
  for (const Seq start : kStarts) {
    Worded c{start};
    Producer producer{c.mcache, c.dcache, c.fseq};
    Consumer one{c.mcache, c.dcache, start};
    Consumer two{c.mcache, c.dcache, start};
    CHECK(producer.available() == 4);
    CHECK(works(producer, one));
    CHECK(two.poll().status() == PollStatus::Overrun);
    CHECK(producer.reserve(8).writer().size() == 8);
  }
}

TEST_CASE("reliable: bytes with an Fctl; the producer waits, and the payload is a span") {
  for (const Seq start : kStarts) {
    Bytes c{start};
    Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
    Consumer consumer{c.mcache, c.dcache, c.fctl, start};
    CHECK(works(producer, consumer));
    consumer.release();
    CHECK(producer.available() == 4);
    CHECK(producer.reserve(8).span().size() == 8);
    for (int i = 0; i < 4; ++i) {
      CHECK(producer.publish("x"));
    }
    CHECK(producer.publish("x") == Error::NoCredits);
  }
}

TEST_CASE("observed: words with an Fctl; both kinds of consumer, and the producer waits for the reliable one alone") {
  for (const Seq start : kStarts) {
    Worded c{start};
    Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
    Consumer reliable{c.mcache, c.dcache, c.fctl, start};
    Consumer observer{c.mcache, c.dcache, start};
    CHECK(works(producer, reliable));
    CHECK(observer.poll().status() == PollStatus::Overrun);
    reliable.release();
    for (int i = 0; i < 4; ++i) {
      CHECK(producer.publish("x"));
    }
    CHECK(producer.publish("x") == Error::NoCredits);
    CHECK(observer.poll().status() == PollStatus::Overrun);
    const std::uint64_t first = observer.next_seq();
    for (int i = 0; i < 100 && observer.poll(); ++i) {
    }
    CHECK(first - start >= 10);
    CHECK(observer.next_seq() == start + 14);
    CHECK(producer.publish("x") == Error::NoCredits);  // an observer gives nothing back
    CHECK(producer.reserve(8).status() == Error::NoCredits);
  }
}

TEST_CASE("a consumer with credits on a producer without, made after it") {
  for (const Seq start : kStarts) {
    Worded c{start};
    Producer producer{c.mcache, c.dcache, c.fseq};
    Consumer rightful{c.mcache, c.dcache, start};
    CHECK(leaves_alone(c, [&] {
      Consumer wrong{c.mcache, c.dcache, c.fctl, start, c.metrics};
      CHECK(is(wrong.status(), Error::FlowControlMissing));
      CHECK(refuses(wrong));
    }));
    CHECK(works(producer, rightful));
  }
}

TEST_CASE("a consumer with credits on a producer without, made before it, is refused at its first look") {
  for (const Seq start : kStarts) {
    Worded c{start};
    Consumer wrong{c.mcache, c.dcache, c.fctl, start, c.metrics};
    CHECK(wrong);
    CHECK(wrong.poll().status() == PollStatus::Empty);  // nobody can know yet
    Producer producer{c.mcache, c.dcache, c.fseq};
    Consumer rightful{c.mcache, c.dcache, start, c.metrics};
    REQUIRE(producer.publish("x"));
    CHECK(wrong.poll().status() == PollStatus::Refused);
    CHECK(is(wrong.status(), Error::FlowControlMissing));
    CHECK(refuses(wrong));
    REQUIRE(rightful.poll());
    CHECK(works(producer, rightful));
    CHECK(c.metrics.snapshot().consumed == 11);
    CHECK(c.metrics.snapshot().lag == 0);  // it has given its block and its place back
    std::vector<Consumer<4, decltype(c.dcache), NoFlowControl, Metrics>> others;
    for (std::size_t i = 1; i < kMaxMeteredConsumers; ++i) {
      others.emplace_back(c.mcache, c.dcache, start, c.metrics);
      CHECK(others.back());
    }
  }
}

TEST_CASE("a consumer made before its producer gets the first message") {
  for (const Seq start : kStarts) {
    Worded observed{start};
    Consumer reliable{observed.mcache, observed.dcache, observed.fctl, start};
    Consumer observer{observed.mcache, observed.dcache, start};
    CHECK(reliable.poll().status() == PollStatus::Empty);
    CHECK(observer.poll().status() == PollStatus::Empty);
    Producer producer{observed.mcache, observed.dcache, observed.fseq, observed.fctl};
    REQUIRE(producer.publish("x"));
    CHECK(next_number(reliable) == start);
    CHECK(next_number(observer) == start);
    CHECK(works(producer, reliable));
  }
}

TEST_CASE("a consumer whose producer never comes ends with the stop") {
  Worded c;
  Consumer reliable{c.mcache, c.dcache, c.fctl, 1};
  Consumer lossy{c.mcache, c.dcache, 1};
  c.mcache.stop();
  CHECK(reliable.poll().status() == PollStatus::Stopped);
  CHECK(lossy.wait(Bounded{9}).status() == PollStatus::Stopped);
}

TEST_CASE("components of another channel: a producer") {
  Worded a;
  Worded b;
  { Producer once{a.mcache, a.dcache, a.fseq, a.fctl}; }
  { Producer once{b.mcache, b.dcache, b.fseq, b.fctl}; }
  const auto mismatch = [&](auto&& wrong) { return is(wrong.status(), Error::ComponentMismatch); };
  const auto untouched = [&](auto attempt) { return leaves_alone(a, [&] { CHECK(leaves_alone(b, attempt)); }); };
  CHECK(untouched([&] { CHECK(mismatch(Producer{a.mcache, b.dcache, a.fseq, a.fctl})); }));
  CHECK(untouched([&] { CHECK(mismatch(Producer{a.mcache, a.dcache, b.fseq, a.fctl})); }));
  CHECK(untouched([&] { CHECK(mismatch(Producer{a.mcache, a.dcache, a.fseq, b.fctl})); }));
  CHECK(untouched([&] { CHECK(mismatch(Producer{b.mcache, a.dcache, a.fseq, a.fctl})); }));
  CHECK(untouched([&] {
    Producer wrong{b.mcache, a.dcache, a.fseq, a.fctl};
    CHECK(answers(wrong, Error::ComponentMismatch));
  }));
  Worded fresh;  // never had a producer: it belongs to nobody yet, the others do
  CHECK(leaves_alone(fresh, [&] { CHECK(mismatch(Producer{fresh.mcache, a.dcache, fresh.fseq, fresh.fctl})); }));
  for (Worded* c : {&a, &b, &fresh}) {
    Producer producer{c->mcache, c->dcache, c->fseq, c->fctl};
    Consumer consumer{c->mcache, c->dcache, c->fctl, 1};
    CHECK(works(producer, consumer));
  }
}

TEST_CASE("components of another channel: a consumer") {
  Worded a;
  Worded b;
  Producer of_a{a.mcache, a.dcache, a.fseq, a.fctl};
  Producer of_b{b.mcache, b.dcache, b.fseq, b.fctl};
  Consumer rightful_a{a.mcache, a.dcache, a.fctl, 1};
  Consumer rightful_b{b.mcache, b.dcache, b.fctl, 1};
  const auto untouched = [&](auto attempt) { return leaves_alone(a, [&] { CHECK(leaves_alone(b, attempt)); }); };
  const auto mismatch = [&](auto&& wrong) { return is(wrong.status(), Error::ComponentMismatch) && refuses(wrong); };
  CHECK(untouched([&] { CHECK(mismatch(Consumer{a.mcache, b.dcache, 1})); }));
  CHECK(untouched([&] { CHECK(mismatch(Consumer{a.mcache, b.dcache, 1, a.metrics})); }));
  CHECK(untouched([&] { CHECK(mismatch(Consumer{a.mcache, b.dcache, a.fctl, 1})); }));
  CHECK(untouched([&] { CHECK(mismatch(Consumer{a.mcache, a.dcache, b.fctl, 1})); }));
  CHECK(untouched([&] { CHECK(mismatch(Consumer{b.mcache, a.dcache, a.fctl, 1})); }));
  CHECK(works(of_a, rightful_a));
  CHECK(works(of_b, rightful_b));
}

TEST_CASE("components of another channel: a consumer made before the producer is refused at its first look") {
  Worded a;
  Worded b;
  Consumer wrong_chunks{a.mcache, b.dcache, 1};
  Consumer wrong_credits{a.mcache, a.dcache, b.fctl, 1};
  CHECK(wrong_chunks.poll().status() == PollStatus::Empty);
  CHECK(wrong_credits.poll().status() == PollStatus::Empty);
  Producer of_a{a.mcache, a.dcache, a.fseq, a.fctl};
  REQUIRE(of_a.publish(payload_of(1, 100)));
  CHECK(refuses(wrong_chunks));
  CHECK(is(wrong_chunks.status(), Error::ComponentMismatch));
  CHECK(refuses(wrong_credits));
  CHECK(is(wrong_credits.status(), Error::ComponentMismatch));
  Consumer rightful{a.mcache, a.dcache, a.fctl, 1};
  REQUIRE(rightful.poll());
  CHECK(works(of_a, rightful));
  // The credits are reserved for ring A, whose producer has others: they are nobody's for ever. B's own parts are free.
  CHECK(leaves_alone(b, [&] {
    Producer without{b.mcache, b.dcache, b.fseq, b.fctl};
    CHECK(is(without.status(), Error::ComponentMismatch));
    CHECK(answers(without, Error::ComponentMismatch));
  }));
  Fctl own{4};
  Producer of_b{b.mcache, b.dcache, b.fseq, own};
  Consumer rightful_b{b.mcache, b.dcache, own, 1};
  CHECK(works(of_b, rightful_b));
}

TEST_CASE("a channel keeps its kind") {
  Worded lossy;
  { Producer once{lossy.mcache, lossy.dcache, lossy.fseq}; }
  CHECK(leaves_alone(lossy, [&] {
    Producer wrong{lossy.mcache, lossy.dcache, lossy.fseq, lossy.fctl};
    CHECK(is(wrong.status(), Error::ComponentMismatch));
    CHECK(answers(wrong, Error::ComponentMismatch));
  }));
  Worded observed;
  { Producer once{observed.mcache, observed.dcache, observed.fseq, observed.fctl}; }
  CHECK(leaves_alone(observed, [&] {
    CHECK(is(Producer{observed.mcache, observed.dcache, observed.fseq}.status(), Error::ComponentMismatch));
  }));
  Producer a{lossy.mcache, lossy.dcache, lossy.fseq};
  Consumer of_a{lossy.mcache, lossy.dcache, 1};
  CHECK(works(a, of_a));
  Producer b{observed.mcache, observed.dcache, observed.fseq, observed.fctl};
  Consumer of_b{observed.mcache, observed.dcache, observed.fctl, 1};
  CHECK(works(b, of_b));
}

TEST_CASE("a second producer, whichever component it shares") {
  for (const Seq start : kStarts) {
    Bytes c{start};
    Bytes fresh{start};
    Producer producer{c.mcache, c.dcache, c.fseq, c.fctl, c.metrics};
    Consumer consumer{c.mcache, c.dcache, c.fctl, start};
    const auto second = [&](Error cause, MCache<4>& m, auto& d, Fseq& s, Fctl& f) {
      return leaves_alone(c, [&] {
        CHECK(leaves_alone(fresh, [&] {
          Producer wrong{m, d, s, f, fresh.metrics};
          CHECK(is(wrong.status(), cause));
          CHECK(answers(wrong, cause));
        }));
      });
    };
    CHECK(second(Error::SecondProducer, c.mcache, c.dcache, c.fseq, c.fctl));
    CHECK(second(Error::SecondProducer, c.mcache, fresh.dcache, fresh.fseq, fresh.fctl));
    CHECK(second(Error::ComponentMismatch, fresh.mcache, c.dcache, fresh.fseq, fresh.fctl));
    CHECK(second(Error::ComponentMismatch, fresh.mcache, fresh.dcache, c.fseq, fresh.fctl));
    CHECK(second(Error::ComponentMismatch, fresh.mcache, fresh.dcache, fresh.fseq, c.fctl));
    CHECK(works(producer, consumer));
    Producer other{fresh.mcache, fresh.dcache, fresh.fseq, fresh.fctl, fresh.metrics};
    Consumer of_other{fresh.mcache, fresh.dcache, fresh.fctl, start};
    CHECK(works(other, of_other));
  }
}

TEST_CASE("a second producer on a lossy channel") {
  Worded c;
  Producer producer{c.mcache, c.dcache, c.fseq};
  Consumer consumer{c.mcache, c.dcache, 1};
  CHECK(leaves_alone(c, [&] {
    Producer wrong{c.mcache, c.dcache, c.fseq};
    CHECK(answers(wrong, Error::SecondProducer));
  }));
  CHECK(works(producer, consumer));
}

TEST_CASE("a ninth reliable consumer") {
  for (const Seq start : kStarts) {
    Bytes c{start};
    Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
    std::vector<Consumer<4, decltype(c.dcache), Fctl, NoMetrics>> consumers;
    for (std::size_t i = 0; i < kMaxReliableConsumers; ++i) {
      consumers.emplace_back(c.mcache, c.dcache, c.fctl, start);
      REQUIRE(consumers.back());
    }
    REQUIRE(producer.publish("x"));
    const auto ninth = [&](auto&& wrong) {
      return is(wrong.status(), Error::TooManyConsumers, 9, 8) && refuses(wrong);
    };
    CHECK(leaves_alone(c, [&] { CHECK(ninth(Consumer{c.mcache, c.dcache, c.fctl, start})); }));
    CHECK(leaves_alone(c, [&] { CHECK(ninth(Consumer{c.mcache, c.dcache, c.fctl, start, c.metrics})); }));
    for (auto& consumer : consumers) {
      CHECK(next_number(consumer) == start);
    }
    for (int i = 0; i < 20; ++i) {
      REQUIRE(producer.publish("y"));
      for (auto& consumer : consumers) {
        REQUIRE(consumer.poll());
      }
    }
    consumers.erase(consumers.begin() + 2);
    Consumer replacement{c.mcache, c.dcache, c.fctl, producer.next_seq()};
    REQUIRE(replacement);
    consumers.clear();
    CHECK(works(producer, replacement));
  }
}

TEST_CASE("a ninth reliable consumer before the producer") {
  Bytes c;
  std::vector<Consumer<4, decltype(c.dcache), Fctl, NoMetrics>> consumers;
  for (std::size_t i = 0; i < kMaxReliableConsumers; ++i) {
    consumers.emplace_back(c.mcache, c.dcache, c.fctl, 1);
  }
  Consumer wrong{c.mcache, c.dcache, c.fctl, 1};
  CHECK(is(wrong.status(), Error::TooManyConsumers, 9, 8));
  Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
  REQUIRE(producer.publish("x"));
  CHECK(refuses(wrong));
  CHECK(is(wrong.status(), Error::TooManyConsumers, 9, 8));
}

TEST_CASE("credits: one to the depth") {
  for (const std::uint64_t credits : {std::uint64_t{0}, std::uint64_t{5}, ~std::uint64_t{0}}) {
    Bytes c{1, credits};
    CHECK(leaves_alone(c, [&] {
      Producer producer{c.mcache, c.dcache, c.fseq, c.fctl, c.metrics};
      CHECK(is(producer.status(), Error::CreditsOutOfRange, credits, 4));
      CHECK(answers(producer, Error::CreditsOutOfRange));
      Consumer consumer{c.mcache, c.dcache, c.fctl, 1, c.metrics};
      CHECK(is(consumer.status(), Error::CreditsOutOfRange, credits, 4));
      CHECK(refuses(consumer));
    }));
    Fctl right{4};
    Producer producer{c.mcache, c.dcache, c.fseq, right, c.metrics};
    Consumer consumer{c.mcache, c.dcache, right, 1, c.metrics};
    CHECK(works(producer, consumer));
    CHECK(leaves_alone(c, [&] {
      Consumer wrong{c.mcache, c.dcache, c.fctl, 1};  // on a running channel it is another one's, whatever it holds
      CHECK(is(wrong.status(), Error::ComponentMismatch));
      CHECK(refuses(wrong));
    }));
    CHECK(works(producer, consumer));
  }
  for (const std::uint64_t credits : {1u, 4u}) {
    Bytes c{1, credits};
    Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
    Consumer consumer{c.mcache, c.dcache, c.fctl, 1};
    CHECK(works(producer, consumer));
  }
}

TEST_CASE("an fseq that disagrees with the channel") {
  for (const Seq start : kStarts) {
    Worded c{start};
    for (const Seq wrong : {start + 1, start - 1}) {
      Fseq fseq{wrong};
      CHECK(leaves_alone(c, [&] {
        Producer producer{c.mcache, c.dcache, fseq};
        CHECK(is(producer.status(), Error::StartMismatch, wrong, start));
        CHECK(answers(producer, Error::StartMismatch));
        CHECK(is(Producer{c.mcache, c.dcache, fseq, c.fctl, c.metrics}.status(), Error::StartMismatch, wrong, start));
      }));
      CHECK(fseq.load() == wrong);
    }
    {
      Producer producer{c.mcache, c.dcache, c.fseq};
      REQUIRE(producer.publish("x"));
    }
    Fseq behind{start};  // a successor goes on where the channel is, not where it started
    CHECK(is(Producer{c.mcache, c.dcache, behind}.status(), Error::StartMismatch, start, start + 1));
    Producer producer{c.mcache, c.dcache, c.fseq};
    Consumer consumer{c.mcache, c.dcache, start + 1};
    CHECK(works(producer, consumer));
  }
}

TEST_CASE("a consumer's number lies between the start and the position") {
  for (const Seq start : kStarts) {
    Worded c{start};
    Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
    for (int i = 0; i < 3; ++i) {
      REQUIRE(producer.publish("x"));
    }
    for (const Seq wrong : {start - 1, start + 4, start + (std::uint64_t{1} << 63)}) {
      CHECK(leaves_alone(c, [&] {
        Consumer lossy{c.mcache, c.dcache, wrong, c.metrics};
        CHECK(is(lossy.status(), Error::StartMismatch, wrong, start + 3));
        CHECK(refuses(lossy));
        Consumer reliable{c.mcache, c.dcache, c.fctl, wrong, c.metrics};
        CHECK(is(reliable.status(), Error::StartMismatch, wrong, start + 3));
        CHECK(refuses(reliable));
      }));
    }
    for (Seq right = start; right != start + 4; ++right) {
      Consumer consumer{c.mcache, c.dcache, right};
      CHECK(consumer);
      CHECK(consumer.first() == right);
      CHECK((right == start + 3 ? consumer.poll().status() == PollStatus::Empty : next_number(consumer) == right));
    }
    Consumer consumer{c.mcache, c.dcache, c.fctl, start};
    for (int i = 0; i < 3; ++i) {
      REQUIRE(consumer.poll());
    }
    CHECK(works(producer, consumer));
  }
}

TEST_CASE("a producer on a closed channel, which stays as it was") {
  for (const Seq start : kStarts) {
    Bytes c{start};
    Consumer consumer{c.mcache, c.dcache, c.fctl, start};
    {
      Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
      REQUIRE(producer.publish("last"));
      producer.stop();
    }
    CHECK(leaves_alone(c, [&] {
      Producer late{c.mcache, c.dcache, c.fseq, c.fctl, c.metrics};
      CHECK(is(late.status(), Error::Stopped));
      CHECK(answers(late, Error::Stopped));
    }));
    const auto last = consumer.poll();
    REQUIRE(last);
    CHECK(last->text() == "last");
    CHECK(consumer.poll().status() == PollStatus::Stopped);
    Consumer late{c.mcache, c.dcache, c.fctl, start + 1};  // reading on is no use, but not refused
    CHECK(late);
    CHECK(late.poll().status() == PollStatus::Stopped);
  }
}

TEST_CASE("moved from: it answers so, and who it was moved to goes on") {
  for (const Seq start : kStarts) {
    Bytes c{start};
    Producer first{c.mcache, c.dcache, c.fseq, c.fctl};
    Consumer one{c.mcache, c.dcache, c.fctl, start};
    CHECK(works(first, one));
    Producer second{std::move(first)};
    Consumer two{std::move(one)};
    CHECK(leaves_alone(c, [&] {
      CHECK(is(first.status(), Error::Moved));
      CHECK(answers(first, Error::Moved));
      CHECK(is(one.status(), Error::Moved));
      CHECK(one.poll().status() == PollStatus::Refused);
      one.release();
    }));
    CHECK(works(second, two));
    CHECK(leaves_alone(c, [&] {
      Producer third{std::move(first)};  // of one that was moved from
      CHECK(answers(third, Error::Moved));
    }));
    first = std::move(second);
    one = std::move(two);
    CHECK(works(first, one));
  }
}

TEST_CASE("what is assigned over leaves its channel") {
  Bytes a;
  Bytes b;
  Producer producer{a.mcache, a.dcache, a.fseq, a.fctl};
  Consumer consumer{a.mcache, a.dcache, a.fctl, 1};
  producer = Producer{b.mcache, b.dcache, b.fseq, b.fctl};
  consumer = Consumer{b.mcache, b.dcache, b.fctl, 1};
  CHECK(works(producer, consumer));
  Producer successor{a.mcache, a.dcache, a.fseq, a.fctl};
  REQUIRE(successor);
  for (int i = 0; i < 4; ++i) {
    REQUIRE(successor.publish("x"));  // what its consumer would have read is kept for the next one
  }
  CHECK(successor.publish("x") == Error::NoCredits);
  Consumer next{a.mcache, a.dcache, a.fctl, From::Oldest};
  for (Seq seq = 1; seq <= 4; ++seq) {
    CHECK(next_number(next) == seq);
  }
  CHECK(works(successor, next));
}
