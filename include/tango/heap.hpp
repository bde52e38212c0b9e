// SPDX-License-Identifier: Apache-2.0
/// \file
/// Channels on the heap, for those too large for a stack. Hosted: the only header that allocates, and only here. Where
/// there is no memory, the answer is null: this library throws nothing.
#pragma once

#include <memory>
#include <new>

#include "channel_builder.hpp"
#include "config.hpp"

namespace tango::inline TANGO_ABI {

/// The channel that `builder` says, on the heap; null where there is no memory. Any thread.
///
///     auto channel = tango::make_unique(tango::ChannelBuilder<4096, 4096, 2048>{}.with_flow_control());
///     if (!channel) …
template <std::size_t Depth, std::size_t Chunks, std::size_t ChunkBytes, class Options>
[[nodiscard]] auto make_unique(const ChannelBuilder<Depth, Chunks, ChunkBytes, Options>& builder) noexcept {
  using Channel = typename ChannelBuilder<Depth, Chunks, ChunkBytes, Options>::Channel;
  return std::unique_ptr<Channel>{new (std::nothrow) Channel(builder.build())};
}

}  // namespace tango::inline TANGO_ABI
