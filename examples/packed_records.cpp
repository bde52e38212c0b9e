// SPDX-License-Identifier: Apache-2.0
// Many small records in one message: ticks of one size, then lines of text of any size, both read in place.
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <tango/tango.hpp>
#include <vector>

#include "check.hpp"

namespace {

struct Tick {
  std::uint32_t number;
  std::uint32_t price;
};

constexpr std::uint64_t kTicks = 1;  // the sig says which of the two layouts a message has
constexpr std::uint64_t kLines = 2;
constexpr std::size_t kRecords = 10'000;

}  // namespace

int main() {
  tango::MCache<16> mcache;
  tango::DCache<16, 256, tango::Plain> dcache;  // payloads of up to 2 KiB: 256 ticks
  tango::Fseq fseq{1};
  tango::Fctl fctl{16};
  tango::Producer producer{mcache, dcache, fseq, fctl};
  tango::Consumer consumer{mcache, dcache, fctl, 1};

  std::vector<Tick> ticks(kRecords);
  for (std::uint32_t i = 0; i < kRecords; ++i) {
    ticks[i] = {.number = i, .price = 100 + i % 7};
  }
  std::size_t messages = 0;
  std::uint32_t received = 0;
  const auto take = [&](const tango::FragmentView& fragment) {
    const tango::PackedArray<Tick> records{fragment.payload()};
    CHECK(fragment.sig() == kTicks && records.intact());  // otherwise it is not a whole number of ticks, and empty
    for (const Tick tick : records) {
      CHECK(tick.number == received && tick.price == 100 + received % 7);
      ++received;
    }
    ++messages;
  };

  // What did not fit is reported exactly, so nothing is sent twice and nothing is left out.
  std::span<const Tick> rest{ticks};
  std::size_t full = 0;
  while (!rest.empty()) {
    const auto sent = producer.publish_packed(rest, {.sig = kTicks});
    CHECK(sent.status || sent.status == tango::Error::PayloadTooLarge || sent.status == tango::Error::NoCredits);
    rest = rest.subspan(sent.count);
    if (sent.status == tango::Error::NoCredits) {
      ++full;
      CHECK(consumer.poll_batch(16, take).count != 0);
    }
  }
  while (consumer.poll_batch(16, take).count != 0) {
  }
  std::cout << received << " ticks in " << messages << " messages; the channel was full " << full << " times\n";
  CHECK(received == kRecords && messages < kRecords / 100 && full > 0);

  // Records of any size, an empty one among them; the views point into the channel.
  const std::vector<std::string> lines{"connected", "", "a line that is longer than what travels in a slot"};
  const auto sent = producer.publish_packed(lines, {.sig = kLines});
  CHECK(sent.status && sent.count == lines.size());
  auto fragment = consumer.poll();
  CHECK(fragment && fragment->sig() == kLines);
  const tango::PackedRecords records{fragment->payload()};
  CHECK(records.intact());
  std::size_t line = 0;
  for (const std::span<const std::byte> record : records) {
    const std::string_view text{reinterpret_cast<const char*>(record.data()), record.size()};
    CHECK(line < lines.size() && text == lines[line]);
    std::cout << "line " << line << ": " << text << '\n';
    ++line;
  }
  CHECK(line == lines.size());
}
