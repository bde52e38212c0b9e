// SPDX-License-Identifier: Apache-2.0
/// \file
/// Channels on the heap, for those too large for a stack. Hosted: the only header that allocates, and only here.
#pragma once

#include <memory>

#include "channel_builder.hpp"

namespace tango {

/// The channel that `builder` says, on the heap. Throws `std::bad_alloc` where there is no memory. Any thread.
///
///     auto channel = tango::make_unique(tango::ChannelBuilder<4096, 4096, 2048>{}.with_flow_control());
template <std::size_t Depth, std::size_t Chunks, std::size_t ChunkBytes, class Options>
[[nodiscard]] auto make_unique(const ChannelBuilder<Depth, Chunks, ChunkBytes, Options>& builder) {
  using Channel = typename ChannelBuilder<Depth, Chunks, ChunkBytes, Options>::Channel;
  return std::unique_ptr<Channel>{new Channel(builder.build())};
}

}  // namespace tango
