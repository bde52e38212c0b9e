// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstring>

#include "channel.hpp"

bool receive(Channel& channel, std::string_view expected) {
  tango::Consumer consumer{channel.mcache, channel.dcache, 1};
  std::array<std::byte, 256> copy{};
  auto fragment = consumer.poll();
  return fragment && fragment->sig() == 42 && fragment->size() == expected.size() && fragment->copy_to(copy) &&
         std::memcmp(copy.data(), expected.data(), expected.size()) == 0;
}
