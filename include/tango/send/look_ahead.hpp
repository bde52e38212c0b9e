// SPDX-License-Identifier: Apache-2.0
/// \file
/// Look-ahead: requests cache lines that will be written some messages later, so that the stores to them wait less. Only
/// where they are known to have been given back, so only with flow control: without it, a slow consumer may still be
/// reading those cache lines.
///
/// Requested for reading, not for writing: a line that is requested for writing leaves the consumer's cache at once, and
/// was slower wherever it made a difference (bench/README.md).
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
inline constexpr std::size_t kBytesAhead = 4096;  ///< from the next payload to the one that is requested
inline constexpr std::size_t kMostBytesAhead =
    2048;  ///< of a larger payload nothing is requested: its copy does so itself

/// `next` is about to be published, and the message before it had `bytes` bytes. As many lines are requested as the next
/// payload takes if it is like the last one; but not where each message waits for an answer, which such requests delay.
/// `Admission` is the producer's, with a CreditLimit.
template <class Admission>
TANGO_HOT inline void look_ahead(const Admission& room, Seq next, std::size_t bytes) noexcept {
  using Store = std::remove_reference_t<decltype(room.store())>;
  const std::int64_t left = room.limit().left(next);
  if (left > 2 * kMessagesAhead) {
    prefetch(&room.ring().slot(next + kMessagesAhead));
    prefetch(room.store().data(room.chunks().chunk_at(room.chunks().next_run(1, next + kMessagesAhead))));
  }
  if (bytes > kLineSize && bytes <= kMostBytesAhead && room.limit().streams()) {
    // A run for such a payload, `kBytesAhead` after the head. It may hold a message that is still to be read, where there
    // are fewer chunks than the credits are worth: requesting its lines is slower then, and does no harm.
    constexpr std::size_t kDistance = kBytesAhead < Store::kChunkSize ? 1 : kBytesAhead / Store::kChunkSize;
    // Unsigned: if a consumer wrote nonsense, the product may wrap, and the hint is wrong.
    if (left > 0 && static_cast<std::uint64_t>(left) * bytes > kBytesAhead + bytes) {
      const std::uint64_t ahead = room.chunks().next_run(Store::chunks_for(bytes), next + kDistance);
      const auto* const lines = room.store().data(room.chunks().chunk_at(ahead));
      for (std::size_t at = 0; at < bytes; at += kLineSize) {
        prefetch(lines + at / sizeof *lines);
      }
    }
  }
}

}  // namespace tango::inline TANGO_ABI::detail
