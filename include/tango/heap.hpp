// SPDX-License-Identifier: Apache-2.0
/// \file
/// Channels on the heap, for channels that are too large for a stack. Hosted: this is the only header that allocates.
/// Nothing is thrown: without memory the result is null.
#pragma once

#include <memory>
#include <new>

#include "channel_builder.hpp"
#include "config.hpp"

namespace tango::inline TANGO_ABI {

/// Builds the channel of `builder` on the heap.
///
///     auto channel = tango::make_unique(tango::ChannelBuilder<4096, 4096, 2048>{}.with_flow_control());
///     if (!channel) …
///
/// \return The channel, or null if there is no memory.
///
/// Thread: any.
template <std::size_t Depth, std::size_t Chunks, std::size_t ChunkBytes, class Options>
[[nodiscard]] auto make_unique(const ChannelBuilder<Depth, Chunks, ChunkBytes, Options>& builder) noexcept {
  using Channel = typename ChannelBuilder<Depth, Chunks, ChunkBytes, Options>::Channel;
  return std::unique_ptr<Channel>{new (std::nothrow) Channel(builder.build())};
}

}  // namespace tango::inline TANGO_ABI
