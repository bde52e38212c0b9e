// SPDX-License-Identifier: Apache-2.0
// The README's first program, exactly as shown there from here on: two threads, and nothing is lost between them.
//! [two threads]
#include <cstdint>
#include <cstdio>
#include <tango/tango.hpp>
#include <tango/yield.hpp>
#include <thread>

struct Order {
  std::uint64_t id;
  double price;
};

int main() {
  auto channel = tango::ChannelBuilder<64>{}             // 64 slots
                     .with_flow_control()                // the producer waits for its consumers: nothing is lost
                     .with_wait<tango::SpinThenYield>()  // how they wait
                     .of<Order>()                        // all messages are orders, each in its slot
                     .build();
  auto consumer = channel.consumer();

  std::thread sender{[&] {
    auto producer = channel.producer();
    for (std::uint64_t id = 1; id <= 100'000; ++id) {
      if (!producer.publish_blocking({.id = id, .price = 99.5})) break;
    }
    producer.stop();  // the end of the stream: the loop below reads the rest, and ends
  }};

  std::uint64_t received = 0;
  for (auto& fragment : consumer.fragments()) {
    if (auto order = fragment.as<Order>(); order && order->id == received + 1) ++received;
  }
  sender.join();
  std::printf("%llu orders\n", static_cast<unsigned long long>(received));
  return received == 100'000 ? 0 : 1;
}
//! [two threads]
