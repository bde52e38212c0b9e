// SPDX-License-Identifier: Apache-2.0
// Metrics as a policy: the endpoints count because they were given a Metrics. Any thread can read it at any time.
#include <iostream>
#include <tango/ostream.hpp>
#include <tango/tango.hpp>

#include "check.hpp"

int main() {
  tango::MCache<8> mcache;
  tango::DCache<8, 64, tango::Plain> dcache;
  tango::Fseq fseq{1};
  tango::Fctl fctl{8};
  tango::Metrics metrics;
  tango::Producer producer{mcache, dcache, fseq, fctl, metrics};
  tango::Consumer consumer{mcache, dcache, fctl, 1, metrics};

  for (int i = 0; i < 8; ++i) {
    CHECK(producer.publish("ten bytes!"));
  }
  CHECK(!producer.publish("one more"));  // the ring is full
  for (int i = 0; i < 5; ++i) {
    CHECK(consumer.poll());
  }

  const tango::MetricsSnapshot now = metrics.snapshot();
  std::cout << now << '\n';
  CHECK(now.published == 8 && now.published_bytes == 80 && now.backpressure == 1);
  CHECK(now.consumed == 5 && now.consumed_bytes == 50 && now.lag == 3);

  // A reader has a baseline of its own: its reset disturbs neither the endpoints nor another reader.
  tango::MetricsReader reader{metrics};
  reader.reset();
  CHECK(consumer.poll());
  std::cout << "since the reset: " << reader.snapshot() << '\n';
  CHECK(reader.snapshot().consumed == 1 && reader.snapshot().published == 0);
  CHECK(metrics.snapshot().consumed == 6);
}
