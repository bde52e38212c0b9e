// SPDX-License-Identifier: Apache-2.0
/// \file
/// DCache: the memory of the payloads, divided into chunks of whole cache lines, and the policy by which payloads are
/// accessed.
///
/// The third parameter is that policy:
/// - `Words` (the default): payloads are accessed as relaxed atomic words, so consumers may be overrun. For lossy and
///   observed channels.
/// - `Plain`: payloads are accessed as bytes, with `memcpy` and `std::span`. For channels on which every consumer is
///   reliable.
///
/// A payload that fits into its slot (slot_layout.hpp) takes no chunk. A larger one takes as many contiguous chunks as
/// it needs. A channel whose messages all fit has no DCache. The depth of the MCache and the number of chunks are
/// independent: in every combination, a slot that holds a sequence number has its payload intact.
///
/// Most programs create a DCache and hand it to a Producer and Consumers.
///
/// Source: Firedancer `src/tango/dcache/fd_dcache.h`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "config.hpp"
#include "memory/chunk_store.hpp"
#include "memory/inside.hpp"
#include "memory/membership.hpp"
#include "metadata.hpp"
#include "slot_layout.hpp"

namespace tango::inline TANGO_ABI {

/// `Chunks` chunks of `ChunkBytes` bytes. `Chunks` is a power of two and at least 2. `ChunkBytes` is at least 1 and is
/// rounded up to whole cache lines.
template <std::size_t Chunks, std::size_t ChunkBytes, class Payload = Words>
class alignas(kSeparation) DCache {
  static_assert(Chunks >= 2 && (Chunks & (Chunks - 1)) == 0,
                "tango: the number of chunks of a DCache must be a power of two and at least 2");
  static_assert(ChunkBytes >= 1, "tango: a chunk of a DCache has at least one byte");
  static_assert(Chunks < kInlineChunk, "tango: a DCache has fewer than 2^32 - 1 chunks");
  static_assert(std::is_same_v<Payload, Words> || std::is_same_v<Payload, Plain>,
                "tango: the payload of a DCache is tango::Words or tango::Plain");

 public:
  /// Whether consumers may be overrun.
  static constexpr bool kWords = std::is_same_v<Payload, Words>;

  /// The implementation.
  using Store = detail::ChunkStore<Chunks, ChunkBytes, kWords>;

  /// Sets all bytes to 0, which touches every page before the first message. Not constexpr: compilers take seconds for
  /// the constant evaluation of a large array.
  ///
  /// Complexity: O(bytes).
  DCache() noexcept : inside_{0} {}
  DCache(const DCache&) = delete;
  DCache& operator=(const DCache&) = delete;

  /// The number of chunks.
  [[nodiscard]] static constexpr std::size_t chunks() noexcept { return Chunks; }

  /// The size of a chunk in bytes: `ChunkBytes` rounded up to whole cache lines, so that no two payloads share one.
  [[nodiscard]] static constexpr std::size_t chunk_size() noexcept { return Store::kChunkSize; }

  /// The size of the largest payload, in bytes: half of the chunks, so that it fits wherever the free region starts.
  [[nodiscard]] static constexpr std::size_t max_payload() noexcept { return Store::kMaxPayload; }

 private:
  friend struct detail::Inside;
  template <std::size_t, std::size_t, std::size_t, class>
  friend class Channel;
  explicit DCache(detail::Generation generation) noexcept : inside_{generation} {}

  Store inside_;
};

/// In place of a DCache: every message is stored in its slot.
template <class Payload>
class NoDCache {
 public:
  /// Whether consumers may be overrun.
  static constexpr bool kWords = std::is_same_v<Payload, Words>;

  /// There are no chunks.
  using Store = detail::NoChunkStore<kWords>;

 private:
  template <std::size_t, std::size_t, std::size_t, class>
  friend class Channel;
  explicit NoDCache(detail::Generation) noexcept {}
};

static_assert(sizeof(DCache<64, 256>) == 128 + 64 * 256 && alignof(DCache<64, 256>) == 128);
static_assert(sizeof(DCache<64, 100, Plain>) == 128 + 64 * 128 && alignof(DCache<64, 100, Plain>) == 128);

}  // namespace tango::inline TANGO_ABI
