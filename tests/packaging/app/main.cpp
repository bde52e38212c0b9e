// SPDX-License-Identifier: Apache-2.0
// The users' program: one message from this translation unit to the other, through chunks, checked there.
#include <cstdio>

#include "channel.hpp"

#ifdef NEWER_THAN_CPP20
static_assert(__cplusplus > 202002L, "the project asked for a newer standard, and did not get it");
#endif

int main() {
  static Channel channel;
  constexpr std::string_view kText = "a message that is longer than what a slot can carry by itself";
  tango::Producer producer{channel.mcache, channel.dcache, channel.fseq};
  if (!producer.publish(kText, {.sig = 42}) || !receive(channel, kText)) {
    std::fputs("the message did not arrive as it was sent\n", stderr);
    return 1;
  }
  std::puts("tango-ipc " TANGO_VERSION_STRING);
}
