// SPDX-License-Identifier: Apache-2.0
// Messages of a megabyte through a channel of 32 KiB, while small ones of another origin pass between their fragments.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <span>
#include <string_view>
#include <tango/tango.hpp>
#include <tango/yield.hpp>
#include <thread>
#include <vector>

#include "check.hpp"

namespace {

constexpr std::size_t kImages = 20;
constexpr std::size_t kImageBytes = 1'000'000;
constexpr std::size_t kCamera = 0;  // the two origins
constexpr std::size_t kOperator = 1;

struct Channel {
  tango::MCache<64> mcache;
  tango::DCache<128, 256, tango::Plain> dcache;  // payloads of up to 16 KiB
  tango::Fseq fseq{1};
  tango::Fctl fctl{64};
};

std::vector<std::byte> image(std::size_t number) {
  std::vector<std::byte> bytes(kImageBytes);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(i * 7 + number + i / 251);
  }
  return bytes;
}

}  // namespace

int main() {
  auto channel = std::make_unique<Channel>();
  tango::Producer producer{channel->mcache, channel->dcache, channel->fseq, channel->fctl};
  tango::Consumer consumer{channel->mcache, channel->dcache, channel->fctl, 1};

  std::jthread sender{[&] {
    for (std::size_t number = 0; number < kImages; ++number) {
      const std::vector<std::byte> bytes = image(number);
      tango::LargeMessage message{bytes, {.sig = number, .ctl = tango::ctl_of(kCamera)}};
      if (number % 5 == 4) {
        // Given up half way: the receiver drops what it has.
        while (message.sent() < kImageBytes / 2) {
          if (!message.publish_fragment(producer)) std::this_thread::yield();
        }
        while (!message.abort(producer)) std::this_thread::yield();
      }
      // As much as there is room for; it remembers how far it got.
      while (!message.done()) {
        const tango::Status status = message.publish(producer);
        CHECK(status || status == tango::Error::NoCredits);
        std::this_thread::yield();
      }
      CHECK(producer.publish_blocking(std::string_view{"next"}, {.sig = number, .ctl = tango::ctl_of(kOperator)},
                                      tango::SpinThenYield{}));
    }
    producer.stop();
  }};

  std::vector<std::byte> memory(2 * kImageBytes);  // an equal part for each of the two origins
  tango::Reassembler<2> reassembler{memory};
  std::size_t images = 0;
  std::size_t notes = 0;
  for (auto& fragment : consumer.fragments(tango::SpinThenYield{})) {
    auto message = reassembler.accept(fragment);
    if (message && tango::origin_of(message->metadata().ctl) == kCamera) {
      const std::vector<std::byte> expected = image(message->sig());
      CHECK(message->size() == kImageBytes);
      CHECK(std::memcmp(message->payload().data(), expected.data(), kImageBytes) == 0);
      ++images;
    } else if (message) {
      CHECK(message->text() == "next");  // one fragment, so it was not copied
      ++notes;
    } else if (message.status() == tango::ReassemblyStatus::Dropped) {
      CHECK(message.error() == tango::Error::MessageBroken);
    }
  }
  std::cout << images << " images, " << notes << " notes, " << reassembler.dropped() << " messages dropped\n";
  CHECK(images == kImages * 4 / 5 && notes == kImages && reassembler.dropped() == kImages / 5);
  CHECK(reassembler.in_progress() == 0);
}
