// SPDX-License-Identifier: Apache-2.0
// Claim and Membership: who holds what, which holder it is, and which channel a component is part of.
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "support/channel.hpp"

using namespace tango;
using namespace tango::test;

namespace {

using detail::BlockState;
using detail::RingHolder;
using RingClaim = detail::Claim<RingHolder>;
using Holder = RingClaim::Holder;

}  // namespace

TEST_CASE("a fresh claim is in its first state, and nobody has held it") {
  const RingClaim claim;
  CHECK(claim.holder() == Holder{RingHolder::None, 0, 0});
}

TEST_CASE("each taker is a new holder; what the holder sets keeps its epoch") {
  RingClaim claim;
  for (std::uint64_t epoch = 1; epoch < 10; ++epoch) {
    const RingHolder who = epoch % 3 == 0 ? RingHolder::Closer : RingHolder::Producer;
    Holder found = claim.holder();
    REQUIRE(claim.take(found, who));
    CHECK(claim.holder() == Holder{who, 0, epoch});
    claim.set(RingHolder::Closer);
    CHECK(claim.holder() == Holder{RingHolder::Closer, 0, epoch});
    claim.set(RingHolder::None);
    CHECK(claim.holder() == Holder{RingHolder::None, 0, epoch});
  }
}

TEST_CASE("a taker that found something else takes nothing, and learns what is there") {
  RingClaim claim;
  const Holder nobody = claim.holder();
  Holder found = nobody;
  REQUIRE(claim.take(found, RingHolder::Producer));
  Holder late = nobody;
  CHECK(!claim.take(late, RingHolder::Closer));
  CHECK(late == Holder{RingHolder::Producer, 0, 1});
  CHECK(claim.holder() == Holder{RingHolder::Producer, 0, 1});
  // Also where the same state has come back: it is another time.
  claim.set(RingHolder::None);
  late = nobody;
  CHECK(!claim.take(late, RingHolder::Closer));
  CHECK(late == Holder{RingHolder::None, 0, 1});
  CHECK(claim.take(late, RingHolder::Closer));
  CHECK(claim.holder() == Holder{RingHolder::Closer, 0, 2});
}

TEST_CASE("who recovers a claim resets exactly the holder that it found, and no later one") {
  RingClaim claim;
  Holder found = claim.holder();
  REQUIRE(claim.take(found, RingHolder::Producer));
  const Holder dead = claim.holder();
  REQUIRE(claim.reset(dead, RingHolder::None));
  CHECK(claim.holder() == Holder{RingHolder::None, 0, 1});  // the epoch stays: nobody came
  CHECK(!claim.reset(dead, RingHolder::None));
  found = claim.holder();
  REQUIRE(claim.take(found, RingHolder::Producer));
  CHECK(!claim.reset(dead, RingHolder::None));  // the same state, and another producer
  CHECK(claim.holder() == Holder{RingHolder::Producer, 0, 2});
  CHECK(!claim.reset({RingHolder::Closer, 0, 2}, RingHolder::None));
  CHECK(!claim.reset({RingHolder::Producer, 0, 3}, RingHolder::None));
  CHECK(claim.holder() == Holder{RingHolder::Producer, 0, 2});
  CHECK(claim.reset({RingHolder::Producer, 0, 2}, RingHolder::Closer));
  CHECK(claim.holder() == Holder{RingHolder::Closer, 0, 2});
}

TEST_CASE("the tag is the taker's, and stays until the next one") {
  RingClaim claim;
  Holder found = claim.holder();
  REQUIRE(claim.take(found, RingHolder::Producer, 0xFF));
  CHECK(claim.holder() == Holder{RingHolder::Producer, 0xFF, 1});
  claim.set(RingHolder::None);
  CHECK(claim.holder() == Holder{RingHolder::None, 0xFF, 1});
  CHECK(!claim.reset({RingHolder::None, 0xFE, 1}, RingHolder::Closer));  // another one's
  CHECK(claim.reset({RingHolder::None, 0xFF, 1}, RingHolder::Closer));
  CHECK(claim.holder() == Holder{RingHolder::Closer, 0xFF, 1});
  found = claim.holder();
  REQUIRE(claim.take(found, RingHolder::Producer));
  CHECK(claim.holder() == Holder{RingHolder::Producer, 0, 2});
}

TEST_CASE("of many that want it at once one gets it, and each has an epoch of its own") {
  constexpr int kThreads = 4;
  constexpr std::uint64_t kEach = 500;
  RingClaim claim;
  std::uint64_t guarded = 0;  // plain: ThreadSanitizer reports it if take and set do not order it
  std::vector<std::vector<std::uint64_t>> epochs(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      while (epochs[static_cast<std::size_t>(t)].size() != kEach) {
        Holder found = claim.holder();
        if (found.state == RingHolder::None && claim.take(found, RingHolder::Producer)) {
          ++guarded;
          epochs[static_cast<std::size_t>(t)].push_back(found.epoch + 1);
          claim.set(RingHolder::None);
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(guarded == kThreads * kEach);
  std::set<std::uint64_t> all;
  for (const auto& each : epochs) {
    all.insert(each.begin(), each.end());
  }
  CHECK(all.size() == kThreads * kEach);
  CHECK(*all.begin() == 1);
  CHECK(*all.rbegin() == kThreads * kEach);
}

TEST_CASE("a ring's claim counts its producers, and who was refused") {
  Components<4, 4> c;
  const auto holder = [&] { return detail::inside(c.mcache).control.claim.holder(); };
  for (std::uint64_t epoch = 1; epoch < 5; ++epoch) {
    {
      Producer producer{c.mcache, c.dcache, c.fseq};
      CHECK(holder() == Holder{RingHolder::Producer, 0, epoch});
      CHECK(Producer{c.mcache, c.dcache, c.fseq}.status().error() == Error::SecondProducer);  // which does not take it
      CHECK(holder() == Holder{RingHolder::Producer, 0, epoch});
    }
    CHECK(holder() == Holder{RingHolder::None, 0, epoch});
  }
  c.mcache.stop();  // closed by this thread
  CHECK(holder() == Holder{RingHolder::None, 0, 5});
}

TEST_CASE("a metrics block's claim counts its holders, and a consumer's says in which place it is") {
  Components<4, 4> c;
  const auto producer_block = [&] { return detail::inside(c.metrics).producer.claim.holder(); };
  const auto consumer_block = [&](std::size_t i) { return detail::inside(c.metrics).consumers[i].claim.holder(); };
  using Block = detail::Claim<BlockState>::Holder;
  std::uint8_t unplaced = 0;
  for (std::uint64_t epoch = 1; epoch < 4; ++epoch) {
    {
      Producer producer{c.mcache, c.dcache, c.fseq, c.fctl, c.metrics};
      Consumer observer{c.mcache, c.dcache, From::Next, c.metrics};
      Consumer first{c.mcache, c.dcache, c.fctl, From::Next, c.metrics};
      Consumer second{c.mcache, c.dcache, c.fctl, From::Next, c.metrics};
      unplaced = consumer_block(0).tag;
      CHECK(producer_block() == Block{BlockState::Active, 0, epoch});
      CHECK(consumer_block(0) == Block{BlockState::Active, unplaced, epoch});
      CHECK(consumer_block(1) == Block{BlockState::Active, 0, epoch});
      CHECK(consumer_block(2) == Block{BlockState::Active, 1, epoch});
    }
    CHECK(producer_block() == Block{BlockState::Left, 0, epoch});
    CHECK(consumer_block(0) == Block{BlockState::Free, unplaced, epoch});
    CHECK(consumer_block(1) == Block{BlockState::Free, 0, epoch});
  }
  CHECK(unplaced >= 64);  // no place of a reliable consumer
}

TEST_CASE("a component is part of one channel for ever") {
  detail::Membership membership;
  detail::Generation before = 0;
  CHECK(membership.generation() == 0);
  CHECK(membership.may_join(5));
  CHECK(membership.may_join(6));
  CHECK(!membership.is_part_of(5));
  CHECK(membership.join(5, before));
  CHECK(membership.generation() == 5);
  CHECK(membership.is_part_of(5));
  CHECK(membership.join(5, before));  // again
  CHECK(!membership.join(6, before));
  CHECK(!membership.reserve(6));
  CHECK(membership.reserve(5));
  CHECK(membership.may_join(5));
  CHECK(!membership.may_join(6));
  CHECK(membership.generation() == 5);
  const detail::Membership born{7};
  CHECK(born.is_part_of(7));
  CHECK(!born.may_join(5));
}

TEST_CASE("a component that is reserved is part of no channel, and no other one gets it") {
  detail::Membership membership;
  detail::Generation before = 0;
  CHECK(membership.reserve(5));
  CHECK(!membership.is_part_of(5));
  CHECK(membership.generation() != 0);
  CHECK(membership.reserve(5));  // by another consumer of the same channel
  CHECK(!membership.reserve(6));
  CHECK(!membership.may_join(6));
  CHECK(!membership.join(6, before));
  CHECK(membership.may_join(5));
  CHECK(!membership.is_part_of(5));
  CHECK(membership.join(5, before));
  CHECK(membership.is_part_of(5));
}

TEST_CASE("a join that is taken back leaves what it found") {
  for (const bool reserved : {false, true}) {
    CAPTURE(reserved);
    detail::Membership membership;
    if (reserved) {
      REQUIRE(membership.reserve(5));
    }
    const detail::Generation found = membership.generation();
    detail::Generation before = 1;
    REQUIRE(membership.join(5, before));
    CHECK(before == found);
    membership.undo_join(5, before);
    CHECK(membership.generation() == found);
  }
}

TEST_CASE("if one component cannot join, none of them does") {
  const auto c = std::make_unique<Components<8, 8, 64, Plain>>(1);
  const auto other = std::make_unique<Components<8, 8, 64, Plain>>(1);
  Producer elsewhere{other->mcache, other->dcache, other->fseq, other->fctl};
  auto& control = detail::inside(c->mcache).control;
  auto& chunks = detail::inside(c->dcache).membership;
  auto& mirror = detail::inside(c->fseq);
  REQUIRE(detail::inside(c->fctl).membership.reserve(control.name()));
  // As if the other producer had taken the Fctl after this one had inspected it.
  detail::Membership* const flow = &detail::inside(other->fctl).membership;
  detail::ProducerComponents components{detail::ChannelKind::Reliable, control, &chunks, mirror, flow, 8};
  CHECK(components.join() == Error::ComponentMismatch);
  CHECK(chunks.generation() == 0);
  CHECK(mirror.membership.generation() == 0);
  CHECK(control.channel_kind() == detail::ChannelKind::Unknown);
  Producer producer{c->mcache, c->dcache, c->fseq, c->fctl};
  CHECK(producer.status().ok());
}
