// SPDX-License-Identifier: Apache-2.0
// A payload is built where it will be read, and read where it was built.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iostream>
#include <memory>
#include <numeric>
#include <span>
#include <tango/tango.hpp>

#include "check.hpp"

namespace {

template <class Cache>
struct Channel {
  tango::MCache<16> mcache;
  Cache dcache;
  tango::Fseq fseq{1};
  tango::Fctl fctl{16};

  [[nodiscard]] bool owns(const void* p) const {
    const std::less<> before;
    return !before(p, &dcache) && before(p, &dcache + 1);
  }
};

/// A reliable channel: spans on both sides.
void plain() {
  auto channel = std::make_unique<Channel<tango::DCache<16, 1024, tango::Plain>>>();
  tango::Producer producer{channel->mcache, channel->dcache, channel->fseq, channel->fctl};
  tango::Consumer consumer{channel->mcache, channel->dcache, channel->fctl, 1};

  constexpr std::size_t kSize = 3000;  // three chunks in a row
  auto room = producer.reserve(kSize);
  CHECK(room);
  CHECK(channel->owns(room.span().data()));
  std::ranges::fill(room.span(), std::byte{7});
  const std::byte* const written = room.span().data();
  CHECK(room.commit({.sig = 1}));

  auto fragment = consumer.poll();
  CHECK(fragment);
  CHECK(fragment->payload().data() == written);  // the very bytes
  CHECK(fragment->size() == kSize);
  CHECK(std::ranges::all_of(fragment->payload(), [](std::byte b) { return b == std::byte{7}; }));
  std::cout << "reliable: " << kSize << " bytes written and read in place\n";

  // Fewer bytes may be committed than were reserved, and a reservation may be dropped.
  if (auto larger = producer.reserve(1000)) {
    CHECK(larger.commit_prefix(10));
  }
  if (auto dropped = producer.reserve(1000)) {
  }
  CHECK(producer.next_seq() == 3);
}

struct Quote {
  std::uint64_t price;
  std::uint64_t quantity;
};

/// A lossy channel: consumers may read while the words are written, so both sides access it as words.
void words() {
  auto channel = std::make_unique<Channel<tango::DCache<16, 1024>>>();
  tango::Producer producer{channel->mcache, channel->dcache, channel->fseq};
  tango::Consumer consumer{channel->mcache, channel->dcache, 1};

  auto room = producer.reserve(64 + sizeof(Quote));
  CHECK(room);
  room.writer().store(64, Quote{.price = 101, .quantity = 5});
  CHECK(room.commit());

  auto fragment = consumer.poll();
  CHECK(fragment);
  CHECK(fragment->metadata().chunk < channel->dcache.chunks());  // it is in the DCache, nowhere else
  const Quote quote = fragment->load<Quote>(64);                 // that field alone, without copying the rest
  CHECK(fragment->validate());
  CHECK(quote.price == 101 && quote.quantity == 5);
  std::cout << "lossy: one field read in place, and validated\n";
}

}  // namespace

int main() {
  plain();
  words();
}
