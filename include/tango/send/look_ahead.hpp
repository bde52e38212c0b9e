// SPDX-License-Identifier: Apache-2.0
/// \file
/// Look-ahead: prefetches cache lines that will be written some messages later, so that the stores to them wait less.
/// It is used only with flow control, and only for cache lines that are known to have been given back. Without flow
/// control, a slow consumer may still be reading those cache lines.
///
/// The lines are prefetched for writing. A prefetch for reading leaves a copy with the consumer, so that the store has
/// to wait after all. The stores of a publish to other lines, few as they are, then wait behind it (bench/README.md).
///
/// Thread: the producer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../config.hpp"
#include "../memory/platform.hpp"
#include "../seq.hpp"

namespace tango::inline TANGO_ABI::detail {

inline constexpr std::int64_t kMessagesAhead = 16;
inline constexpr std::size_t kBytesAhead = 4096;  ///< from the next payload to the one that is prefetched
inline constexpr std::size_t kMostBytesAhead =
    2048;  ///< larger payloads are not prefetched: their copy runs ahead by itself

/// The same for the chunks of payloads of more than one cache line. `left` is the number of messages that are known to
/// be allowed.
template <class Admission>
TANGO_HOT inline void look_ahead_in_chunks(const Admission& room, std::int64_t left, Seq next,
                                           std::size_t bytes) noexcept {
  using Store = std::remove_reference_t<decltype(room.store())>;
  if (bytes > kLineSize && bytes <= kMostBytesAhead && room.limit().streams()) {
    // A run for such a payload, `kBytesAhead` after the head. With fewer chunks than the credits can use, it may hold a
    // message that is still to be read. Prefetching its lines is then useless but harmless.
    constexpr std::size_t kDistance = kBytesAhead < Store::kChunkSize ? 1 : kBytesAhead / Store::kChunkSize;
    // Unsigned: if a consumer wrote an arbitrary value, the product may wrap, and only the hint is wrong.
    if (left > 0 && static_cast<std::uint64_t>(left) * bytes > kBytesAhead + bytes) {
      const std::uint64_t ahead = room.chunks().next_run(Store::chunks_for(bytes), next + kDistance);
      const auto* const lines = room.store().data(room.chunks().chunk_at(ahead));
      for (std::size_t at = 0; at < bytes; at += kLineSize) {
        prefetch_to_write(lines + at / sizeof *lines);
      }
    }
  }
}

/// Called after a message of `bytes` bytes was published; `next` is the next sequence number. Prefetches as many lines
/// as the next payload takes if it has the same size, unless the other side waits for each message: such prefetches
/// would delay it. `Admission` is the producer's, with a CreditLimit.
template <class Admission>
TANGO_HOT inline void look_ahead(const Admission& room, Seq next, std::size_t bytes) noexcept {
  using Store = std::remove_reference_t<decltype(room.store())>;
  const std::int64_t left = room.limit().left(next);
  if (left > 2 * kMessagesAhead) {
    const auto& slot = room.ring().slot(next + kMessagesAhead);
    for (std::size_t at = 0; at < sizeof slot && at < kMostBytesAhead; at += kLineSize) {
      prefetch_to_write(reinterpret_cast<const std::byte*>(&slot) + at);
    }
    if constexpr (Store::kChunks != 0) {
      prefetch_to_write(room.store().data(room.chunks().chunk_at(room.chunks().next_run(1, next + kMessagesAhead))));
    }
  }
  if constexpr (Store::kChunks != 0) {
    look_ahead_in_chunks(room, left, next, bytes);
  }
}

}  // namespace tango::inline TANGO_ABI::detail
