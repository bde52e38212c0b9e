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
#include "fragment.hpp"
#include "memory/claim.hpp"
#include "memory/payload_words.hpp"
#include "memory/platform.hpp"
#include "send/chunk_ring.hpp"

namespace tango::inline TANGO_ABI {

/// Payload as relaxed atomic words: consumers may be overrun.
struct Words {};
/// Payload as plain bytes: every consumer is reliable.
struct Plain {};

/// `N` chunks of `CHUNK` bytes. `N` is a power of two, at least 2; `CHUNK` at least 1, rounded up to whole lines.
template <std::size_t N, std::size_t CHUNK, class Payload = Words>
class alignas(kSeparation) DCache {
  static_assert(N >= 2 && (N & (N - 1)) == 0,
                "tango: the number of chunks of a DCache must be a power of two and at least 2");
  static_assert(CHUNK >= 1, "tango: a chunk of a DCache has at least one byte");
  static_assert(N < kInlineChunk, "tango: a DCache has fewer than 2^32 - 1 chunks");
  static_assert(std::is_same_v<Payload, Words> || std::is_same_v<Payload, Plain>,
                "tango: the payload of a DCache is tango::Words or tango::Plain");

 public:
  /// Whether consumers may be overrun.
  static constexpr bool kWords = std::is_same_v<Payload, Words>;

  /// All bytes 0, and so every page is touched before the first message. Not constexpr: compilers take seconds for the
  /// constant evaluation of a large array. O(bytes).
  DCache() noexcept {}
  DCache(const DCache&) = delete;
  DCache& operator=(const DCache&) = delete;

  /// Chunks.
  [[nodiscard]] static constexpr std::size_t chunks() noexcept { return N; }

  /// Bytes of a chunk: `CHUNK` rounded up to whole lines, so that no two payloads share one.
  [[nodiscard]] static constexpr std::size_t chunk_size() noexcept {
    return (CHUNK + kLineSize - 1) / kLineSize * kLineSize;
  }

  /// The largest payload, in bytes: half of the chunks, so that it fits wherever the free region starts.
  [[nodiscard]] static constexpr std::size_t max_payload() noexcept {
    constexpr std::size_t half = detail::ChunkRing<N>::kMaxRun * chunk_size();
    return half < kMaxSize ? half : kMaxSize;
  }

  // ---------------------------------------------------------------------------------------------------- endpoints

  /// For the producer: who gets which chunks.
  using Fifo = detail::ChunkRing<N>;
  /// For endpoints: what payloads are made of.
  using Unit = std::conditional_t<kWords, detail::SharedWord, std::byte>;

  /// For endpoints: chunks that a payload of `size` bytes takes.
  [[nodiscard]] static constexpr std::size_t chunks_for(std::size_t size) noexcept {
    return (size + chunk_size() - 1) / chunk_size();
  }

  /// For endpoints: where a chunk starts, as words or as bytes. Precondition: `chunk < chunks()`.
  [[nodiscard]] Unit* data(std::uint32_t chunk) noexcept { return storage_ + chunk * (chunk_size() / sizeof(Unit)); }
  /// For endpoints: the same.
  [[nodiscard]] const Unit* data(std::uint32_t chunk) const noexcept {
    return storage_ + chunk * (chunk_size() / sizeof(Unit));
  }

  /// For endpoints: whether metadata names bytes that this DCache, or the slot, has. Checked on a local copy before
  /// anything that shared memory says is followed.
  [[nodiscard]] static constexpr bool holds(std::uint32_t chunk, std::uint32_t size) noexcept {
    if (chunk == kInlineChunk) {
      return size <= kInlineBytes;
    }
    return chunk < N && size <= max_payload() && chunks_for(size) <= N - chunk;
  }

  /// For the producer: who gets which chunks.
  [[nodiscard]] Fifo& fifo() noexcept { return fifo_; }

  /// For endpoints: who holds it.
  [[nodiscard]] detail::Ownership& ownership() noexcept { return ownership_; }
  [[nodiscard]] const detail::Ownership& ownership() const noexcept { return ownership_; }  ///< for endpoints: the same

 private:
  static constexpr std::size_t kMaxSize = 0xFFFF'FFFFu;  // the size field of the metadata

  detail::Ownership ownership_;
  Fifo fifo_;
  alignas(kSeparation) Unit storage_[N * chunk_size() / sizeof(Unit)] = {};
};

static_assert(sizeof(DCache<64, 256>) == 128 + 64 * 256 && alignof(DCache<64, 256>) == 128);
static_assert(sizeof(DCache<64, 100, Plain>) == 128 + 64 * 128 && alignof(DCache<64, 100, Plain>) == 128);

}  // namespace tango::inline TANGO_ABI
