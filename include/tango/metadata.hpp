// SPDX-License-Identifier: Apache-2.0
/// \file
/// What describes a message besides its bytes: what the application gives when it publishes (MessageInfo), and what is
/// stored in the ring (FragmentMetadata).
///
/// Pure functions and values: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "config.hpp"
#include "seq.hpp"
#include "text/text_writer.hpp"

namespace tango::inline TANGO_ABI {

/// Control bits. A message may consist of several fragments. The first carries SOM, the last carries EOM, and a message
/// of one fragment carries both.
///
/// Source: Firedancer's `fd_frag_meta_ctl`.
inline constexpr std::uint16_t kSom = 1;  ///< start of message
inline constexpr std::uint16_t kEom = 2;  ///< end of message
inline constexpr std::uint16_t kErr =
    4;  ///< the message is incomplete or invalid; a receiver that reassembles it drops it

/// The other 13 bits of ctl hold the message's origin. Fragments of different origins may be interleaved on a channel;
/// the fragments of one origin follow one another.
///
/// Source: Firedancer's `FD_FRAG_META_ORIG_MAX`.
inline constexpr std::size_t kMaxOrigins = 8192;

/// The control word of a fragment from `origin`.
///
/// \pre (checked) `origin < kMaxOrigins`.
[[nodiscard]] constexpr std::uint16_t ctl_of(std::size_t origin, std::uint16_t bits = kSom | kEom) noexcept {
  TANGO_PRECONDITION(origin < kMaxOrigins, "ctl_of: the origin is 0 ... 8191");
  return static_cast<std::uint16_t>(origin << 3 | (bits & (kSom | kEom | kErr)));
}

/// The origin in a control word.
[[nodiscard]] constexpr std::size_t origin_of(std::uint16_t ctl) noexcept { return ctl >> 3; }

/// The `chunk` of a fragment whose payload is stored in its slot.
inline constexpr std::uint32_t kInlineChunk = 0xFFFF'FFFFu;

/// A fragment's metadata.
struct FragmentMetadata {
  Seq seq = 0;                 ///< its sequence number
  std::uint64_t sig = 0;       ///< the application's tag, to filter by without touching the payload
  std::uint32_t chunk = 0;     ///< where the payload starts: a chunk of the DCache, or `kInlineChunk`
  std::uint32_t size = 0;      ///< bytes of payload
  std::uint16_t ctl = 0;       ///< `kSom | kEom | kErr` and the origin: see `ctl_of`
  std::uint16_t reserved = 0;  ///< 0
  std::uint32_t ts = 0;        ///< the application's timestamp, compressed to 32 bits

  /// Field by field.
  friend constexpr bool operator==(const FragmentMetadata&, const FragmentMetadata&) noexcept = default;
};

static_assert(sizeof(FragmentMetadata) == 32 && alignof(FragmentMetadata) == 8);
static_assert(offsetof(FragmentMetadata, sig) == 8 && offsetof(FragmentMetadata, chunk) == 16 &&
              offsetof(FragmentMetadata, size) == 20 && offsetof(FragmentMetadata, ctl) == 24 &&
              offsetof(FragmentMetadata, reserved) == 26 && offsetof(FragmentMetadata, ts) == 28);

/// What an application gives with a message that it publishes. The default is a whole message in one fragment.
struct MessageInfo {
  std::uint64_t sig = 0;            ///< the application's tag, to filter by
  std::uint16_t ctl = kSom | kEom;  ///< see `ctl_of`
  std::uint32_t ts = 0;             ///< the application's timestamp: see clock.hpp
};

/// Prints `seq 7 sig 42 chunk 3 size 100 ctl 3 ts 0` (or `chunk inline`) into `buffer`, truncated to its size. 128
/// bytes are always enough.
constexpr std::string_view print(const FragmentMetadata& metadata, std::span<char> buffer) noexcept {
  detail::TextWriter out{buffer};
  out << "seq " << metadata.seq << " sig " << metadata.sig << " chunk ";
  if (metadata.chunk == kInlineChunk) {
    out << "inline";
  } else {
    out << metadata.chunk;
  }
  out << " size " << metadata.size << " ctl " << metadata.ctl << " ts " << metadata.ts;
  return out.view();
}

}  // namespace tango::inline TANGO_ABI
