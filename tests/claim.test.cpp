// SPDX-License-Identifier: Apache-2.0
// Claim and Membership: who holds what, which holder it is, and which channel a component is part of.
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
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
  CHECK(claim.holder() == Holder{RingHolder::None, 0});
}

TEST_CASE("each taker is a new holder; what the holder sets keeps its epoch") {
  RingClaim claim;
  for (std::uint64_t epoch = 1; epoch < 10; ++epoch) {
    const RingHolder who = epoch % 3 == 0 ? RingHolder::Closer : RingHolder::Producer;
    Holder found = claim.holder();
    REQUIRE(claim.take(found, who));
    CHECK(claim.holder() == Holder{who, epoch});
    claim.set(RingHolder::Closer);
    CHECK(claim.holder() == Holder{RingHolder::Closer, epoch});
    claim.set(RingHolder::None);
    CHECK(claim.holder() == Holder{RingHolder::None, epoch});
  }
}

TEST_CASE("a taker that found something else takes nothing, and learns what is there") {
  RingClaim claim;
  const Holder nobody = claim.holder();
  Holder found = nobody;
  REQUIRE(claim.take(found, RingHolder::Producer));
  Holder late = nobody;
  CHECK(!claim.take(late, RingHolder::Closer));
  CHECK(late == Holder{RingHolder::Producer, 1});
  CHECK(claim.holder() == Holder{RingHolder::Producer, 1});
  // Also where the same state has come back: it is another time.
  claim.set(RingHolder::None);
  late = nobody;
  CHECK(!claim.take(late, RingHolder::Closer));
  CHECK(late == Holder{RingHolder::None, 1});
  CHECK(claim.take(late, RingHolder::Closer));
  CHECK(claim.holder() == Holder{RingHolder::Closer, 2});
}

TEST_CASE("a third party replaces exactly the holder that it found, and no later one") {
  RingClaim claim;
  Holder found = claim.holder();
  REQUIRE(claim.take(found, RingHolder::Producer));
  const Holder dead = claim.holder();
  REQUIRE(claim.replace(dead, RingHolder::None));
  CHECK(claim.holder() == Holder{RingHolder::None, 1});  // the epoch stays: nobody came
  CHECK(!claim.replace(dead, RingHolder::None));
  found = claim.holder();
  REQUIRE(claim.take(found, RingHolder::Producer));
  CHECK(!claim.replace(dead, RingHolder::None));  // the same state, and another producer
  CHECK(claim.holder() == Holder{RingHolder::Producer, 2});
  CHECK(!claim.replace({RingHolder::Closer, 2}, RingHolder::None));
  CHECK(!claim.replace({RingHolder::Producer, 3}, RingHolder::None));
  CHECK(claim.holder() == Holder{RingHolder::Producer, 2});
  CHECK(claim.replace({RingHolder::Producer, 2}, RingHolder::Closer));
  CHECK(claim.holder() == Holder{RingHolder::Closer, 2});
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
      CHECK(holder() == Holder{RingHolder::Producer, epoch});
      CHECK(Producer{c.mcache, c.dcache, c.fseq}.status().error() == Error::SecondProducer);  // which does not take it
      CHECK(holder() == Holder{RingHolder::Producer, epoch});
    }
    CHECK(holder() == Holder{RingHolder::None, epoch});
  }
  c.mcache.stop();  // closed by this thread
  CHECK(holder() == Holder{RingHolder::None, 5});
}

TEST_CASE("a metrics block's claim counts its holders") {
  Components<4, 4> c;
  const auto producer_block = [&] { return detail::inside(c.metrics).producer.claim.holder(); };
  const auto consumer_block = [&] { return detail::inside(c.metrics).consumers[0].claim.holder(); };
  using Block = detail::Claim<BlockState>::Holder;
  for (std::uint64_t epoch = 1; epoch < 4; ++epoch) {
    {
      Producer producer{c.mcache, c.dcache, c.fseq, c.metrics};
      Consumer consumer{c.mcache, c.dcache, From::Next, c.metrics};
      CHECK(producer_block() == Block{BlockState::Active, epoch});
      CHECK(consumer_block() == Block{BlockState::Active, epoch});
    }
    CHECK(producer_block() == Block{BlockState::Left, epoch});
    CHECK(consumer_block() == Block{BlockState::Free, epoch});
  }
}

TEST_CASE("a component is part of one channel for ever") {
  detail::Membership membership;
  CHECK(membership.generation() == 0);
  CHECK(membership.may_join(5));
  CHECK(membership.may_join(6));
  CHECK(!membership.is_part_of(5));
  CHECK(membership.join(5));
  CHECK(membership.generation() == 5);
  CHECK(membership.is_part_of(5));
  CHECK(membership.join(5));  // again
  CHECK(!membership.join(6));
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
  CHECK(membership.reserve(5));
  CHECK(!membership.is_part_of(5));
  CHECK(membership.generation() != 0);
  CHECK(membership.reserve(5));  // by another consumer of the same channel
  CHECK(!membership.reserve(6));
  CHECK(!membership.may_join(6));
  CHECK(!membership.join(6));
  CHECK(membership.may_join(5));
  CHECK(!membership.is_part_of(5));
  CHECK(membership.join(5));
  CHECK(membership.is_part_of(5));
}
