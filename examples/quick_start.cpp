// SPDX-License-Identifier: Apache-2.0
// A lossy channel in one thread: publish a message, poll it.
#include <cstddef>
#include <iostream>
#include <string_view>
#include <tango/tango.hpp>

#include "check.hpp"

int main() {
  tango::MCache<64> mcache;       // 64 slots of metadata; the first number is 1
  tango::DCache<64, 256> dcache;  // 64 chunks of 256 bytes
  tango::Fseq fseq{1};            // the producer's sequence number
  tango::Producer producer{mcache, dcache, fseq};
  tango::Consumer consumer{mcache, dcache, 1};

  CHECK(producer.publish("hello", {.sig = 42}));  // 5 bytes, no terminator

  auto fragment = consumer.poll();
  CHECK(fragment);
  CHECK(fragment->sig() == 42 && fragment->size() == 5);

  // The producer may overwrite the payload at any time, so it is copied. The copy is valid only if the call succeeds.
  std::byte copy[256];
  CHECK(fragment->copy_to(copy));
  const std::string_view text{reinterpret_cast<const char*>(copy), fragment->size()};
  std::cout << "number " << fragment->seq() << ": " << text << '\n';
  CHECK(text == "hello");

  CHECK(consumer.poll().status() == tango::PollStatus::Empty);
}
