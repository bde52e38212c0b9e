// SPDX-License-Identifier: Apache-2.0
/// \file
/// DCache: the memory of the payloads, in chunks of whole lines, and the policy that hands them out.
///
/// The third parameter says how payloads are touched:
/// - `Words` (the default): through relaxed atomic words, so that consumers may be overrun (lossy and observed
///   channels).
/// - `Plain`: as bytes, for channels on which every consumer is reliable; then `memcpy` and `std::span` do.
///
/// A payload of up to `kInlineBytes` that is published by copy travels in its slot and takes no chunk. A larger one
/// takes as many contiguous chunks as it needs. The depth of the MCache and the number of chunks need not agree: the
/// invariant that a slot which answers to a number has its payload intact holds whatever they are.
///
/// Users make a DCache and hand it to a Producer and Consumers. As Firedancer's `src/tango/dcache/fd_dcache.h`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "config.hpp"
#include "memory/chunk_store.hpp"
#include "memory/inside.hpp"
#include "memory/membership.hpp"
#include "metadata.hpp"

namespace tango::inline TANGO_ABI {

/// Payload as relaxed atomic words: consumers may be overrun.
struct Words {};
/// Payload as plain bytes: every consumer is reliable.
struct Plain {};

/// `Chunks` chunks of `ChunkBytes` bytes. `Chunks` is a power of two, at least 2; `ChunkBytes` is at least 1, rounded up to
/// whole cache lines.
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

  /// What lies inside.
  using Store = detail::ChunkStore<Chunks, ChunkBytes, kWords>;

  /// All bytes 0, and so every page is touched before the first message. Not constexpr: compilers take seconds for the
  /// constant evaluation of a large array. O(bytes).
  DCache() noexcept : inside_{0} {}
  DCache(const DCache&) = delete;
  DCache& operator=(const DCache&) = delete;

  /// The number of chunks.
  [[nodiscard]] static constexpr std::size_t chunks() noexcept { return Chunks; }

  /// Bytes of a chunk: `ChunkBytes` rounded up to whole cache lines, so that no two payloads share one.
  [[nodiscard]] static constexpr std::size_t chunk_size() noexcept { return Store::kChunkSize; }

  /// The largest payload, in bytes: half of the chunks, so that it fits wherever the free region starts.
  [[nodiscard]] static constexpr std::size_t max_payload() noexcept { return Store::kMaxPayload; }

 private:
  friend struct detail::Inside;
  template <std::size_t, std::size_t, std::size_t, class>
  friend class Channel;
  explicit DCache(detail::Generation generation) noexcept : inside_{generation} {}

  Store inside_;
};

static_assert(sizeof(DCache<64, 256>) == 128 + 64 * 256 && alignof(DCache<64, 256>) == 128);
static_assert(sizeof(DCache<64, 100, Plain>) == 128 + 64 * 128 && alignof(DCache<64, 100, Plain>) == 128);

}  // namespace tango::inline TANGO_ABI
