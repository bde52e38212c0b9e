// SPDX-License-Identifier: Apache-2.0
// Latency as an optional metric: the producer stamps what it publishes, the consumer records the difference.
#include <iostream>
#include <memory>
#include <span>
#include <tango/steady_clock.hpp>
#include <tango/tango.hpp>
#include <tango/yield.hpp>
#include <thread>

#include "check.hpp"

int main() {
  // How long a tick of the core's counter is. Once, at start-up: it spins for 20 ms.
  const auto rate = tango::calibrate();
  CHECK(rate);
  std::cout << "1000000 ticks are " << rate->to_ns(1'000'000) << " ns, to " << rate->error_ppb() << " ppb\n";

  tango::MCache<64> mcache;
  tango::DCache<64, 64, tango::Plain> dcache;
  tango::Fseq fseq{1};
  tango::Fctl fctl{64};
  const auto latency = std::make_unique<tango::Latency<>>();  // 15 KiB: not necessarily for the stack

  constexpr std::uint64_t kMessages = 20'000;
  std::thread sender{[&] {
    tango::Producer producer{mcache, dcache, fseq, fctl};
    for (std::uint64_t i = 0; i < kMessages; ++i) {
      while (!producer.publish(std::as_bytes(std::span{&i, 1}),
                               {.ts = tango::stamp()})) {  // stamped anew each time: waiting does not count
        std::this_thread::yield();
      }
    }
    producer.stop();
  }};
  tango::Consumer consumer{mcache, dcache, fctl, 1};
  tango::LatencySnapshot first_half;
  for (auto& fragment : consumer.fragments(tango::Yield{})) {
    latency->record(fragment.ts());
    if (fragment.seq() == kMessages / 2) {
      first_half = latency->snapshot();  // any thread may take one at any time
    }
  }
  sender.join();

  const tango::LatencySnapshot all = latency->snapshot();
  const tango::LatencySnapshot second_half = all.since(first_half);
  char text[288];
  std::cout << "all:         " << print(all, *rate, text) << '\n';
  std::cout << "second half: " << print(second_half, *rate, text) << '\n';
  CHECK(all.ticks.count() == kMessages);
  CHECK(first_half.ticks.count() == kMessages / 2 && second_half.ticks.count() == kMessages / 2);
  CHECK(all.ticks.min() <= all.ticks.quantile(1, 2) && all.ticks.quantile(1, 2) <= all.ticks.quantile(9999, 10'000));
  CHECK(all.ticks.quantile(9999, 10'000) <= all.ticks.max());

  // Snapshots of several consumers, or of parts, add up.
  tango::LatencySnapshot sum = first_half;
  sum += second_half;
  CHECK(sum.ticks.count() == all.ticks.count() && sum.ticks.quantile(99, 100) <= sum.ticks.max());
}
