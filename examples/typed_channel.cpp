// SPDX-License-Identifier: Apache-2.0
// A channel from the builder, in one piece: reliable, counted, and all of its messages are quotes.
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <tango/heap.hpp>
#include <tango/tango.hpp>
#include <thread>

#include "check.hpp"

namespace {

struct Quote {
  std::uint64_t price;
  std::uint32_t size;
  std::uint32_t venue;
};

constexpr auto kQuotes = tango::ChannelBuilder<256>{}.with_flow_control().with_metrics().of<Quote>(1);
constexpr std::uint32_t kMessages = 100'000;

}  // namespace

int main() {
  const auto channel = tango::make_unique(kQuotes);
  auto consumer = channel->consumer();
  CHECK(consumer);

  std::thread feed{[&channel] {
    auto producer = channel->producer();
    for (std::uint32_t i = 0; i < kMessages; ++i) {
      static_cast<void>(producer.publish_blocking({.price = 100 + i % 7, .size = i, .venue = 3}));
    }
    producer.stop();
  }};

  std::uint64_t quotes = 0;
  std::uint64_t wrong = 0;
  for (auto& fragment : consumer.fragments()) {
    const auto quote = fragment.as<Quote>();  // by value; an error if the message is no quote
    wrong += quote && quote->size == quotes && quote->price == 100 + quotes % 7 ? 0u : 1u;
    ++quotes;
  }
  feed.join();
  CHECK(quotes == kMessages && wrong == 0);

  char text[320];
  std::cout << print(channel->metrics().snapshot(), text) << '\n';
  CHECK(channel->metrics().snapshot().consumed == kMessages);

  // The other side of a channel in memory that is handed over must expect the same messages.
  alignas(kQuotes.kAlignment) static std::byte memory[kQuotes.kSize];
  CHECK(kQuotes.build_in(memory));
  CHECK(kQuotes.attach(memory));
  const auto other = tango::ChannelBuilder<256>{}.with_flow_control().with_metrics().of<double>().attach(memory);
  CHECK(other.status() == tango::Error::TypeMismatch);
  std::cout << print(other.status(), text) << '\n';
}
