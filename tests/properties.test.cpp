// SPDX-License-Identifier: Apache-2.0
// Random sequences of operations against a model that keeps every message for ever. The properties:
//
//   round trip          what is delivered has the bytes that were published
//   no overrun          under flow control every number is delivered or filtered, once, in order
//   monotonic numbers   the producer's and every consumer's
//   conserved credits   what may be published is what the slowest reliable consumer has left over, no more and no less
//   preserved metadata  sig, ctl, ts, size
//   refusal             in place of truncation: too large, no room, stopped leave everything as it was
//
// and, where consumers may be overrun: every number is delivered, filtered or lost, and a slot that answers to a number
// has its payload intact. A failure prints all that it takes to repeat it.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>

#include "support/channel.hpp"
#include "support/endpoints.hpp"
#include "support/trial.hpp"

using namespace tango;
using namespace tango::test;

namespace {

struct Totals {
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;
  std::uint64_t refused = 0;
  std::uint64_t restored = 0;
};

template <class Wire>
Totals try_all() {
  Totals totals;
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1, ~Seq{0} - 200}) {
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
      const std::uint64_t credits = seed % 3 != 0 ? Wire::kDepth : 1 + seed % Wire::kDepth;
      INFO("depth " << Wire::kDepth << ", chunks " << Wire::kChunks << ", start " << start << ", credits " << credits
                    << ", seed " << seed);
      Trial<Wire> trial{start, credits, Random{seed}};
      try {
        trial.run(400, 150);
      } catch (const Contradiction& contradiction) {
        FAIL(contradiction.what());
      }
      totals.published += trial.published();
      totals.delivered += trial.delivered();
      totals.lost += trial.lost();
      totals.refused += trial.refused();
      totals.restored += trial.restored();
    }
  }
  return totals;
}

template <class... Wires>
void try_shapes(bool may_lose) {
  Totals sum;
  const auto add = [&](const Totals& totals) {
    sum.published += totals.published;
    sum.delivered += totals.delivered;
    sum.lost += totals.lost;
    sum.refused += totals.refused;
    sum.restored += totals.restored;
  };
  (add(try_all<Wires>()), ...);
  CHECK(sum.published > 10'000);  // the trials did try something
  CHECK(sum.delivered > 1'000);
  CHECK(sum.refused > 1'000);
  CHECK(sum.restored > 300);
  CHECK((sum.lost != 0) == may_lose);
}

template <Kind KIND>
void try_kind() {
  try_shapes<Wiring<KIND, 2, 2>,            // the smallest
             Wiring<KIND, 2, 16>,           // more chunks than slots can hold
             Wiring<KIND, 16, 2>,           // a chunk for eight slots
             Wiring<KIND, 8, 4>,            //
             Wiring<KIND, 4, 8, 65>,        // chunks of two lines
             Wiring<KIND, 8, 8>,            //
             Wiring<KIND, 16, 64>,          //
             Wiring<KIND, 4, 8, 64, 0>,     // nothing in slots but empty messages
             Wiring<KIND, 8, 4, 64, 72>,    // slots of 104 bytes, and chunks
             Wiring<KIND, 8, 0, 64, 64>,    // slots of 96 bytes, and no chunks
             Wiring<KIND, 2, 0, 64, 200>>(  // the smallest ring of large slots
      KIND != Kind::Reliable);
}

}  // namespace

TEST_CASE("the properties hold on a lossy channel") { try_kind<Kind::Lossy>(); }
TEST_CASE("the properties hold on a reliable channel") { try_kind<Kind::Reliable>(); }
TEST_CASE("the properties hold on an observed channel") { try_kind<Kind::Observed>(); }
