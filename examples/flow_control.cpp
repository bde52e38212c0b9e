// SPDX-License-Identifier: Apache-2.0
// A reliable channel: publish reports when the ring is full, and nothing is lost.
#include <cstdint>
#include <iostream>
#include <string>
#include <tango/tango.hpp>
#include <tango/yield.hpp>
#include <thread>

#include "check.hpp"

constexpr std::uint64_t kMessages = 100'000;

int main() {
  tango::MCache<64> mcache;
  tango::DCache<64, 256, tango::Plain> dcache;  // plain bytes: every consumer is reliable
  tango::Fseq fseq{1};
  tango::Fctl fctl{64};  // 64 messages may be in flight
  tango::Producer producer{mcache, dcache, fseq, fctl};
  tango::Consumer consumer{mcache, dcache, fctl, 1};

  // Full after 64 messages. A refused publish uses no credit.
  std::uint64_t sent = 0;
  while (sent <= 64 && producer.publish(std::to_string(sent))) {
    ++sent;
  }
  CHECK(sent == 64);
  CHECK(producer.publish("one more") == tango::Error::NoCredits);

  // The credit is returned when the fragment is released, not when it is delivered.
  {
    auto fragment = consumer.poll();
    CHECK(fragment && fragment->text() == "0");
    CHECK(producer.publish("one more") == tango::Error::NoCredits);
    CHECK(fragment->text() == "0");  // nothing was written over it
  }
  CHECK(producer.available() == 1);

  // A second thread continues to publish, and waits for credits where it must. No message is missing.
  std::jthread sender{[&] {
    for (; sent < kMessages; ++sent) {
      if (!producer.publish_blocking(std::to_string(sent), {}, tango::SpinThenYield{})) {
        break;
      }
    }
    producer.stop();
  }};
  std::uint64_t expected = 1;
  for (auto& fragment : consumer.fragments(tango::SpinThenYield{})) {
    CHECK(fragment.text() == std::to_string(expected));
    ++expected;
  }
  std::cout << expected << " messages through 64 slots, none lost, none out of order\n";
  CHECK(expected == kMessages);
  CHECK(consumer.lost() == 0);
}
