// SPDX-License-Identifier: Apache-2.0
// A program whose plugin was built with other headers: both publish on one channel, by the code that each was built
// with.
#include <cstdio>
#include <tango/tango.hpp>

#include "plugin.hpp"

alignas(128) static std::byte memory[1 << 16];

int main() {
  auto made = tango::ChannelBuilder<64, 64, 64>{}.with_flow_control().build_in(memory);
  if (!made) {
    std::puts("no channel");
    return 1;
  }
  auto consumer = (*made)->consumer();
  {
    auto producer = (*made)->producer();
    if (!producer || !producer.publish("from the program")) {
      std::puts("the program cannot publish");
      return 1;
    }
  }
  if (const int failed = publish_from_plugin(memory, sizeof memory); failed != 0) {
    std::printf("the plugin cannot publish: %d\n", failed);
    return 1;
  }
  for (const std::string_view expected : {"from the program", "from the plugin"}) {
    auto fragment = consumer.poll();
    if (!fragment || fragment->text() != expected) {
      std::puts("a message is missing");
      return 1;
    }
  }
}
