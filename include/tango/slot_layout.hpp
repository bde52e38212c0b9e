// SPDX-License-Identifier: Apache-2.0
/// \file
/// SlotLayout: what a slot of the ring consists of. It is part of the type of an MCache, and of a channel's label in
/// memory.
///
///     | payload: InlineBytes bytes | metadata: sig, extent, stamp | seq |
///
/// - A message of up to `InlineBytes` bytes is stored in its slot. A larger one is stored in chunks (dcache.hpp), if
///   the channel has any.
/// - Slots without metadata are for channels of one message type: a slot is then the message and its sequence number.
///
/// | slot | bytes | for |
/// | --- | --- | --- |
/// | `SlotLayout<0>` | 32 | messages that are all in chunks |
/// | `SlotLayout<>` | 64 | small messages in their slots, in one cache line; larger ones in chunks |
/// | `SlotLayout<N>` | 32 + N | messages of up to N bytes, without chunks |
/// | `SlotLayout<N, …, NoMetadata>` | 8 + N | messages of one type, N bytes after rounding up |
#pragma once

#include <cstddef>
#include <type_traits>

#include "config.hpp"

namespace tango::inline TANGO_ABI {

/// Payloads are relaxed atomic words: consumers may be overrun.
struct Words {};
/// Payloads are plain bytes: every consumer is reliable.
struct Plain {};

/// Slots hold each message's metadata.
struct WithMetadata {};
/// Slots hold a message and its sequence number, and nothing else.
struct NoMetadata {};

/// The largest `InlineBytes`.
inline constexpr std::size_t kMaxInlineBytes = std::size_t{1} << 16;

/// `InlineBytes` is a multiple of 8, `PayloadPolicy` is `Words` or `Plain`, and `MetadataPolicy` is `WithMetadata` or
/// `NoMetadata`.
template <std::size_t InlineBytes = kInlineBytes, class PayloadPolicy = Words, class MetadataPolicy = WithMetadata>
struct SlotLayout {
  static_assert(InlineBytes % 8 == 0, "tango: the payload bytes in a slot (InlineBytes) must be a multiple of 8");
  static_assert(InlineBytes <= kMaxInlineBytes,
                "tango: a slot holds at most kMaxInlineBytes bytes of payload: give the channel chunks for more");
  static_assert(std::is_same_v<PayloadPolicy, Words> || std::is_same_v<PayloadPolicy, Plain>,
                "tango: the payload of a slot is tango::Words or tango::Plain");
  static_assert(std::is_same_v<MetadataPolicy, WithMetadata> || std::is_same_v<MetadataPolicy, NoMetadata>,
                "tango: the metadata of a slot is tango::WithMetadata or tango::NoMetadata");

  using Payload = PayloadPolicy;                                                   ///< how payloads are accessed
  using Metadata = MetadataPolicy;                                                 ///< whether slots hold metadata
  static constexpr std::size_t kPayloadBytes = InlineBytes;                        ///< bytes of payload in a slot
  static constexpr bool kWords = std::is_same_v<PayloadPolicy, Words>;             ///< whether they are atomic words
  static constexpr bool kMetadata = std::is_same_v<MetadataPolicy, WithMetadata>;  ///< whether there is metadata
  static constexpr std::size_t kMetadataBytes = kMetadata ? 24 : 0;                ///< bytes of metadata in a slot
  static constexpr std::size_t kSlotBytes = InlineBytes + kMetadataBytes + 8;      ///< bytes of a slot
};

}  // namespace tango::inline TANGO_ABI
