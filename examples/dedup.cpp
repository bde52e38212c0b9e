// SPDX-License-Identifier: Apache-2.0
// Two feeds carry the same messages, as redundant market data lines do; each message is let through once, by its tag.
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <tango/tango.hpp>

#include "check.hpp"

namespace {

struct Feed {
  tango::MCache<256> mcache;
  tango::DCache<256, 64, tango::Plain> dcache;
  tango::Fseq fseq{1};
  tango::Fctl fctl{256};
};

}  // namespace

int main() {
  auto a = std::make_unique<Feed>();
  auto b = std::make_unique<Feed>();
  tango::Producer line_a{a->mcache, a->dcache, a->fseq, a->fctl};
  tango::Producer line_b{b->mcache, b->dcache, b->fseq, b->fctl};
  tango::Consumer from_a{a->mcache, a->dcache, a->fctl, 1};
  tango::Consumer from_b{b->mcache, b->dcache, b->fctl, 1};

  // The sig is the message's own number at its source. Each line loses some; together they have them all.
  for (std::uint64_t n = 0; n < 100; ++n) {
    const std::string text = "message " + std::to_string(n);
    if (n % 10 != 3) CHECK(line_a.publish(text, {.sig = n}));
    if (n % 10 != 7) CHECK(line_b.publish(text, {.sig = n}));
  }

  tango::Tcache<128> seen;  // the 128 most recent distinct tags, exactly
  std::uint64_t through = 0;
  std::uint64_t dropped = 0;
  const auto pass = [&](const tango::FragmentView& fragment) {
    if (seen.check_and_insert(fragment.sig())) {
      CHECK(fragment.text() == "message " + std::to_string(fragment.sig()));
      ++through;
    } else {
      ++dropped;
    }
  };
  while (from_a.poll_batch(16, pass).count + from_b.poll_batch(16, pass).count != 0) {
  }
  std::cout << through << " messages, " << dropped << " duplicates dropped\n";
  CHECK(through == 100 && dropped == 80);

  // The filter needs a few bits for each tag. It never reports a known tag as new, but sometimes a new one as known.
  tango::TagFilter<64> bits;
  std::uint64_t mistaken = 0;
  for (std::uint64_t n = 0; n < 100; ++n) {
    mistaken += bits.check_and_insert(n) ? 0 : 1;
    CHECK(!bits.check_and_insert(n));
  }
  std::cout << "the bit filter mistook " << mistaken << " of 100 new tags for known ones\n";
  CHECK(mistaken < 10);
}
