// SPDX-License-Identifier: Apache-2.0
// Fseq: one number, its owner's; what the owner did before it is visible with it.
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <tango/yield.hpp>
#include <thread>
#include <vector>

#include "support/channel.hpp"

using namespace tango;
using namespace tango::test;

TEST_CASE("an fseq starts where it is told and holds what was stored") {
  CHECK(Fseq{}.load() == 1);
  for (const Seq start : kStarts) {
    Fseq fseq{start};
    CHECK(fseq.load() == start);
    for (Seq i = 1; i < 5; ++i) {
      fseq.store(start + i);
      CHECK(fseq.load() == start + i);
    }
    fseq.store(start);  // backwards, too: it holds what its owner says
    CHECK(fseq.load() == start);
  }
}

TEST_CASE("a producer mirrors its position, message by message, and its successor goes on") {
  for (const Seq start : kStarts) {
    Components<4, 4> c{start};
    for (Seq round = 0; round < 2; ++round) {
      Producer producer{c.mcache, c.dcache, c.fseq};
      REQUIRE(producer);
      for (Seq i = 0; i < 6; ++i) {
        CHECK(c.fseq.load() == start + round * 6 + i);
        REQUIRE(producer.publish("x"));
        CHECK(c.fseq.load() == c.mcache.position());
        CHECK(c.fseq.load() == producer.next_seq());
      }
      (void)producer.reserve(8);  // dropped
      CHECK(c.fseq.load() == start + round * 6 + 6);
    }
  }
}

TEST_CASE("what the owner wrote before a number is visible to who sees the number") {
  constexpr Seq kCount = 2000;
  const Seq start = ~Seq{0} - kCount / 2;
  Fseq fseq{start};
  std::vector<Seq> written(kCount);  // plain: ThreadSanitizer reports it if load and store do not order it
  std::uint64_t wrong = 0;
  Seq seen = start;
  std::atomic<bool> done{false};
  std::thread reader{[&] {
    SpinThenYield idle{64};
    bool last = false;
    for (std::uint64_t look = 0; !last; ++look) {  // the writer's loop bounds it
      last = done.load();
      const Seq now = fseq.load();
      for (; seen != now && seen - start < kCount; ++seen) {
        wrong += written[seen - start] != seen * 3;
      }
      (void)idle.idle(look);
    }
  }};
  for (Seq i = 0; i < kCount; ++i) {
    written[i] = (start + i) * 3;
    fseq.store(start + i + 1);
  }
  done.store(true);
  reader.join();
  CHECK(seen == start + kCount);
  CHECK(wrong == 0);
}
