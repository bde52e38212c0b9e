// SPDX-License-Identifier: Apache-2.0
// The part that was built with other headers: it joins the program's channel as the producer and publishes one message.
#include "plugin.hpp"

#include <tango/tango.hpp>

int publish_from_plugin(std::byte* memory, std::size_t size) {
  auto found = tango::ChannelBuilder<64, 64, 64>{}.with_flow_control().attach({memory, size});
  if (!found) {
    return 1;
  }
  auto producer = (*found)->producer();
  if (!producer) {
    return 2;
  }
  return producer.publish("from the plugin") ? 0 : 3;
}
