// SPDX-License-Identifier: Apache-2.0
/// \file
/// Checks a channel's descriptor before anything in it is used: it comes from memory that any process may have written.
/// After a successful check, every part lies within the channel, and no computation with its values overflows.
///
/// Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "../config.hpp"
#include "../error.hpp"
#include "../fctl.hpp"
#include "../memory/credit_places.hpp"
#include "../memory/membership.hpp"
#include "../memory/metrics_blocks.hpp"
#include "../memory/ring_control.hpp"
#include "../memory/ring_reader.hpp"
#include "../memory/slot.hpp"
#include "../memory/superblock.hpp"
#include "../metadata.hpp"

namespace tango::inline TANGO_ABI::detail {

/// From the start of an Fctl to its places.
inline constexpr std::uint64_t kPlacesOffset = offsetof(FlowControl<1>, places);

[[nodiscard]] constexpr ChannelKind ring_kind(const ChannelDescriptor& d) noexcept {
  return static_cast<ChannelKind>(d.kind & 3);
}
[[nodiscard]] constexpr bool has_metrics(const ChannelDescriptor& d) noexcept { return (d.kind & 4) != 0; }
[[nodiscard]] constexpr bool is_typed(const ChannelDescriptor& d) noexcept { return (d.kind & 8) != 0; }

[[nodiscard]] constexpr RingGeometry geometry_of(const ChannelDescriptor& d) noexcept {
  return {.depth = d.depth,
          .slot_bytes = d.slot_bytes,
          .inline_bytes = d.inline_bytes,
          .type_size = d.type_size,
          .chunks = d.chunks,
          .chunk_size = d.chunk_size};
}

/// Whether `count` objects of `size` bytes each, at `offset`, lie after the superblock and within `bytes`.
[[nodiscard]] constexpr bool lies_inside(std::uint64_t bytes, std::uint64_t offset, std::uint64_t alignment,
                                         std::uint64_t count, std::uint64_t size) noexcept {
  return offset >= sizeof(Superblock) && offset % alignment == 0 && offset <= bytes && size != 0 &&
         count <= (bytes - offset) / size;
}
[[nodiscard]] constexpr bool power_of_two(std::uint64_t n) noexcept { return n != 0 && (n & (n - 1)) == 0; }

/// `DescriptorInvalid` with the value of a descriptor's word and the word's offset in memory.
[[nodiscard]] inline Status invalid_descriptor(const ChannelDescriptor& d, std::size_t word) noexcept {
  std::uint64_t value = 0;
  __builtin_memcpy(&value, reinterpret_cast<const std::byte*>(&d) + word, sizeof value);
  return {Error::DescriptorInvalid, value, offsetof(Superblock, words) + word};
}

/// Checks every offset and size that is used later, and that the parts agree with each other. No check overflows if
/// the checks before it hold. The first check that fails is reported.
[[nodiscard]] inline Status check_descriptor(const ChannelDescriptor& d) noexcept {
  constexpr std::uint64_t kWord = sizeof(SharedWord);
  const bool kind_known = d.kind < std::size(kKindNames) && !kKindNames[d.kind].empty();
  const bool flow = ring_kind(d) != ChannelKind::Lossy;
  const bool counted = has_metrics(d);
  const bool typed = is_typed(d);
  const struct {
    std::size_t word;
    bool holds;
  } checks[] = {
      {offsetof(ChannelDescriptor, generation), is_name(d.generation, d.generation)},
      {offsetof(ChannelDescriptor, kind), kind_known},
      {offsetof(ChannelDescriptor, control_offset),
       lies_inside(d.bytes, d.control_offset, alignof(RingControl), 1, sizeof(RingControl))},
      {offsetof(ChannelDescriptor, inline_bytes), d.inline_bytes % kWord == 0 && d.inline_bytes <= d.bytes},
      {offsetof(ChannelDescriptor, slot_bytes),
       geometry_of(d).has_metadata() || (typed && d.slot_bytes == d.inline_bytes + sizeof(SlotSeq))},
      {offsetof(ChannelDescriptor, depth), power_of_two(d.depth) && d.depth >= 2},
      {offsetof(ChannelDescriptor, slots_offset), lies_inside(d.bytes, d.slots_offset, kWord, d.depth, d.slot_bytes)},
      {offsetof(ChannelDescriptor, chunks),
       d.chunks == 0 || (power_of_two(d.chunks) && d.chunks >= 2 && d.chunks < kInlineChunk)},
      {offsetof(ChannelDescriptor, chunk_size), d.chunks == 0 || (d.chunk_size != 0 && d.chunk_size % kWord == 0)},
      {offsetof(ChannelDescriptor, chunks_offset),
       d.chunks == 0 || lies_inside(d.bytes, d.chunks_offset, kWord, d.chunks, d.chunk_size)},
      {offsetof(ChannelDescriptor, fseq_offset), lies_inside(d.bytes, d.fseq_offset, kWord, 1, kSeparation)},
      {offsetof(ChannelDescriptor, places), flow ? d.places >= 1 && d.places <= 64 : d.places == 0},
      {offsetof(ChannelDescriptor, fctl_offset), flow ? lies_inside(d.bytes, d.fctl_offset, alignof(CreditPlace), 1,
                                                                    kPlacesOffset + d.places * sizeof(CreditPlace))
                                                      : d.fctl_offset == 0},
      {offsetof(ChannelDescriptor, credits), flow ? d.credits >= 1 && d.credits <= d.depth : d.credits == 0},
      {offsetof(ChannelDescriptor, metrics_offset),
       counted ? lies_inside(d.bytes, d.metrics_offset, kWord, 1, sizeof(MetricsBlocks)) : d.metrics_offset == 0},
      {offsetof(ChannelDescriptor, type_size),
       typed ? d.type_size != 0 && d.type_size <= geometry_of(d).max_payload() : d.type_size == 0},
      {offsetof(ChannelDescriptor, type_align), typed ? power_of_two(d.type_align) : d.type_align == 0},
      {offsetof(ChannelDescriptor, type_id), typed || d.type_id == 0},
  };
  for (const auto& [word, holds] : checks) {
    if (!holds) {
      return invalid_descriptor(d, word);
    }
  }
  return {};
}

}  // namespace tango::inline TANGO_ABI::detail
