// SPDX-License-Identifier: Apache-2.0
// One producer, one reliable consumer that gets everything, and one observer, which the producer does not know about.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <latch>
#include <memory>
#include <span>
#include <tango/tango.hpp>
#include <tango/yield.hpp>
#include <thread>

#include "check.hpp"

namespace {

constexpr std::uint64_t kMessages = 200'000;

struct Channel {
  tango::MCache<256> mcache;
  tango::DCache<256, 64> dcache;  // words, because an observer may be overrun
  tango::Fseq fseq{1};
  tango::Fctl fctl{256};
};

struct Order {
  std::uint64_t number;
  std::uint64_t twice[6];  // 2 * number, over and over: a torn payload would show
};

bool is_whole(const Order& order) {
  for (const std::uint64_t value : order.twice) {
    if (value != 2 * order.number) {
      return false;
    }
  }
  return true;
}

}  // namespace

int main() {
  auto channel = std::make_unique<Channel>();
  tango::Producer producer{channel->mcache, channel->dcache, channel->fseq, channel->fctl};
  tango::Consumer book{channel->mcache, channel->dcache, channel->fctl, 1};  // with credits: reliable
  tango::Consumer tap{channel->mcache, channel->dcache, 1};                  // without: an observer

  std::uint64_t booked = 0;
  bool booked_right = true;
  bool overwriting_found_out = false;
  std::uint64_t whole = 0;
  std::uint64_t torn = 0;
  std::latch dozing{1};
  std::jthread reliable{[&] {
    for (auto& fragment : book.fragments(tango::SpinThenYield{})) {
      Order order{};
      if (fragment.size() == sizeof order) std::memcpy(&order, fragment.payload().data(), sizeof order);
      booked_right = booked_right && fragment.size() == sizeof order && order.number == booked && is_whole(order);
      ++booked;
    }
  }};
  std::jthread observer{[&] {
    Order order;
    const auto bytes = std::as_writable_bytes(std::span{&order, 1});
    // It dozes over its first message until the producer, which does not wait for it, has been around the ring.
    {
      auto first = tap.wait(tango::SpinThenYield{});
      dozing.count_down();
      while (channel->mcache.position() < 1000 && !channel->mcache.closed()) {
        std::this_thread::yield();
      }
      overwriting_found_out = first && first->copy_to(bytes) == tango::Error::Overrun;
    }
    for (auto& fragment : tap.fragments(tango::SpinThenYield{})) {
      if (fragment.copy_to(bytes)) {
        ++(is_whole(order) && order.number + 1 == fragment.seq() ? whole : torn);
      }
    }
  }};
  for (std::uint64_t n = 0; n < kMessages; ++n) {
    const Order order{n, {2 * n, 2 * n, 2 * n, 2 * n, 2 * n, 2 * n}};
    CHECK(producer.publish_blocking(std::as_bytes(std::span{&order, 1}), {}, tango::SpinThenYield{}));
    if (n == 0) dozing.wait();
  }
  producer.stop();
  reliable.join();
  observer.join();

  std::cout << "reliable consumer: " << booked << " of " << kMessages << "\nobserver: " << whole << " whole, "
            << tap.lost() << " lost, " << torn << " torn\n";
  CHECK(booked == kMessages && booked_right);
  CHECK(overwriting_found_out && tap.lost() >= 1);
  CHECK(whole + tap.lost() == kMessages && torn == 0);
}
