// SPDX-License-Identifier: Apache-2.0
// What the two halves of the users' program share.
#pragma once

#include <string_view>
#include <tango/tango.hpp>

struct Channel {
  tango::MCache<64> mcache;
  tango::DCache<64, 256> dcache;
  tango::Fseq fseq{1};
};

/// Whether the next message of the channel is `expected`, byte for byte.
bool receive(Channel& channel, std::string_view expected);
