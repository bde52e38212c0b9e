// SPDX-License-Identifier: Apache-2.0
/// \file
/// ChunkStore: the implementation of a DCache, the chunks of payload and the producer's account of which are in use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../config.hpp"
#include "../metadata.hpp"
#include "../seq.hpp"
#include "membership.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Which chunks are in use: chunk_ring.hpp explains it. Plain words, because only the producer accesses them. The
/// ring's claim orders a successor after the producer before it.
struct ChunkAccount {
  std::uint64_t lead = 0;  ///< the head's position minus the next sequence number
  std::uint64_t tail = 0;  ///< the tail's position
  Seq oldest = 0;          ///< no fragment before this one holds a run
};

/// `Chunks` chunks of `ChunkBytes` bytes, rounded up to whole cache lines. If `AsWords`, they are accessed as atomic
/// words.
template <std::size_t Chunks, std::size_t ChunkBytes, bool AsWords>
struct ChunkStore {
  using Unit = std::conditional_t<AsWords, SharedWord, std::byte>;  ///< what payloads consist of

  static constexpr bool kWords = AsWords;
  static constexpr std::size_t kChunks = Chunks;
  static constexpr std::size_t kChunkSize = (ChunkBytes + kLineSize - 1) / kLineSize * kLineSize;
  static constexpr std::size_t kMaxSize = 0xFFFF'FFFFu;  ///< the largest value of the metadata's size
  /// The longest run of chunks that a payload may take: half of the chunks, so that it fits wherever the free chunks
  /// start.
  static constexpr std::size_t kMaxRun = Chunks / 2;
  static constexpr std::size_t kMaxPayload = kMaxRun * kChunkSize < kMaxSize ? kMaxRun * kChunkSize : kMaxSize;

  explicit ChunkStore(Generation generation) noexcept : membership{generation} {}

  Membership membership;
  ChunkAccount account;
  alignas(kSeparation) Unit storage[Chunks * kChunkSize / sizeof(Unit)] = {};

  /// The number of chunks that a payload of `size` bytes takes.
  [[nodiscard]] static constexpr std::size_t chunks_for(std::size_t size) noexcept {
    return (size + kChunkSize - 1) / kChunkSize;
  }

  /// Where a chunk starts.
  ///
  /// \pre `chunk < Chunks`.
  [[nodiscard]] Unit* data(std::uint32_t chunk) noexcept { return storage + chunk * (kChunkSize / sizeof(Unit)); }
  [[nodiscard]] const Unit* data(std::uint32_t chunk) const noexcept {
    return storage + chunk * (kChunkSize / sizeof(Unit));
  }

  /// Whether these chunks exist. Called with a local copy, before a value from shared memory is used as an index or a
  /// size.
  [[nodiscard]] static constexpr bool holds(std::uint32_t chunk, std::uint32_t size) noexcept {
    return chunk < Chunks && size <= kMaxPayload && chunks_for(size) <= Chunks - chunk;
  }
};

/// In place of a ChunkStore: every message is stored in its slot. There is never an object of this type.
template <bool AsWords>
struct NoChunkStore {
  using Unit = std::conditional_t<AsWords, SharedWord, std::byte>;

  static constexpr bool kWords = AsWords;
  static constexpr std::size_t kChunks = 0;
  static constexpr std::size_t kChunkSize = 0;
  static constexpr std::size_t kMaxPayload = 0;
};

/// Whether metadata refers to bytes that exist, in a slot of `Ring` or in a `Store`.
template <class Ring, class Store>
[[nodiscard]] constexpr bool holds(std::uint32_t chunk, std::uint32_t size) noexcept {
  if constexpr (Store::kChunks != 0) {
    return chunk == kInlineChunk ? size <= Ring::kInlineBytes : Store::holds(chunk, size);
  } else {
    return chunk == kInlineChunk && size <= Ring::kInlineBytes;
  }
}

}  // namespace tango::inline TANGO_ABI::detail
