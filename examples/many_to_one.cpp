// SPDX-License-Identifier: Apache-2.0
// Several producers, one consumer: each producer has a channel of its own, and a poller takes from all of them in turn.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <span>
#include <tango/tango.hpp>
#include <tango/yield.hpp>
#include <thread>
#include <vector>

#include "check.hpp"

namespace {

constexpr std::size_t kSenders = 4;
constexpr std::uint64_t kMessages = 100'000;

struct Channel {
  tango::MCache<256> mcache;
  tango::DCache<256, 64, tango::Plain> dcache;
  tango::Fseq fseq{1};
  tango::Fctl fctl{256};
  tango::Producer<256, decltype(dcache), tango::Fctl, tango::NoMetrics> producer{mcache, dcache, fseq, fctl};
};
using Consumer = tango::Consumer<256, decltype(Channel::dcache), tango::Fctl, tango::NoMetrics>;

}  // namespace

int main() {
  const auto channels = std::make_unique<Channel[]>(kSenders);
  std::vector<Consumer> consumers;
  for (Channel& channel : std::span{channels.get(), kSenders}) {
    consumers.emplace_back(channel.mcache, channel.dcache, channel.fctl, 1);
  }
  std::vector<std::jthread> senders;
  for (Channel& channel : std::span{channels.get(), kSenders}) {
    senders.emplace_back([&channel] {
      for (std::uint64_t n = 0; n < kMessages; ++n) {
        CHECK(channel.producer.publish_blocking(std::as_bytes(std::span{&n, 1}), {}, tango::SpinThenYield{}));
      }
      channel.producer.stop();
    });
  }

  std::uint64_t received[kSenders] = {};
  tango::Poller<Consumer, kSenders> poller{consumers};
  while (!poller.empty()) {
    auto fragment = poller.wait(tango::SpinThenYield{});
    if (fragment) {
      std::uint64_t number = 0;
      std::memcpy(&number, fragment->payload().data(), sizeof number);
      CHECK(number == received[fragment.channel()]);  // each channel's in its order
      ++received[fragment.channel()];
    } else {
      CHECK(fragment.status() == tango::PollStatus::Stopped);  // reported once for each channel
      std::cout << "channel " << fragment.channel() << " is done: " << received[fragment.channel()] << " messages\n";
    }
  }
  for (const std::uint64_t count : received) {
    CHECK(count == kMessages);
  }
}
