// SPDX-License-Identifier: Apache-2.0
/// \file
/// Superblock: what is stored in front of a channel in memory. It says everything about the channel that a program
/// needs which was not compiled for it; a program that was can tell whether this is its channel.
///
///     offset 0     magic          0 while the rest changes
///     offset 8     descriptor     a ChannelDescriptor, word by word
///     offset 168   sum            of the descriptor
///
/// It is a sequence lock like a slot (slot.hpp): a thread may be reading what was stored here before, so the magic
/// number is taken away before the descriptor changes, and a reader checks it again after it has read.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../error.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// What a channel is, in numbers. Offsets are in bytes, from the superblock's first one.
struct ChannelDescriptor {
  std::uint64_t layout;      ///< `TANGO_LAYOUT_VERSION`
  std::uint64_t generation;  ///< the channel's name (membership.hpp)
  std::uint64_t bytes;       ///< of all of it
  std::uint64_t kind;        ///< a `ChannelKind`, 4 more with metrics, 8 more with one type of messages: `kKindNames`
  std::uint64_t control_offset;  ///< the RingControl
  std::uint64_t depth;           ///< slots
  std::uint64_t slots_offset;    ///< the first slot
  std::uint64_t slot_bytes;      ///< from one slot to the next
  std::uint64_t inline_bytes;    ///< of payload in a slot
  std::uint64_t chunks;          ///< chunks
  std::uint64_t chunks_offset;   ///< the first chunk
  std::uint64_t chunk_size;      ///< bytes from one chunk to the next
  std::uint64_t fseq_offset;     ///< the producer's Fseq
  std::uint64_t places;          ///< of reliable consumers; 0 without flow control
  std::uint64_t fctl_offset;     ///< the Fctl; 0 without flow control
  std::uint64_t metrics_offset;  ///< the Metrics; 0 without metrics
  std::uint64_t type_size;       ///< bytes of a message; 0 if it may be anything
  std::uint64_t type_align;      ///< its alignment in bytes; 0 if it may be anything
  std::uint64_t type_id;         ///< what the user calls its type
  std::uint64_t credits;         ///< messages that may be in flight; 0 without flow control

  /// Why what is stored in memory is not what is `expected` there, or success. The generation and the credits may be
  /// any.
  [[nodiscard]] constexpr Status compare(const ChannelDescriptor& expected) const noexcept {
    struct Trait {
      std::uint64_t ChannelDescriptor::*value;
      Error error;
    };
    constexpr Trait kTraits[] = {
        {&ChannelDescriptor::layout, Error::LayoutMismatch},
        {&ChannelDescriptor::depth, Error::DepthMismatch},
        {&ChannelDescriptor::slot_bytes, Error::SlotSizeMismatch},
        {&ChannelDescriptor::inline_bytes, Error::SlotSizeMismatch},
        {&ChannelDescriptor::chunks, Error::ChunksMismatch},
        {&ChannelDescriptor::chunk_size, Error::ChunkSizeMismatch},
        {&ChannelDescriptor::kind, Error::KindMismatch},
        {&ChannelDescriptor::places, Error::PlacesMismatch},
        {&ChannelDescriptor::type_size, Error::TypeMismatch},
        {&ChannelDescriptor::type_align, Error::AlignmentMismatch},
        {&ChannelDescriptor::type_id, Error::TypeIdMismatch},
        {&ChannelDescriptor::control_offset, Error::OffsetMismatch},
        {&ChannelDescriptor::slots_offset, Error::OffsetMismatch},
        {&ChannelDescriptor::chunks_offset, Error::OffsetMismatch},
        {&ChannelDescriptor::fseq_offset, Error::OffsetMismatch},
        {&ChannelDescriptor::fctl_offset, Error::OffsetMismatch},
        {&ChannelDescriptor::metrics_offset, Error::OffsetMismatch},
        {&ChannelDescriptor::bytes, Error::OffsetMismatch},
    };
    for (const Trait& trait : kTraits) {
      if (this->*trait.value != expected.*trait.value) {
        return {trait.error, this->*trait.value, expected.*trait.value};
      }
    }
    return {};
  }
};

template <class Descriptor>
struct alignas(kSeparation) BasicSuperblock {
  static constexpr std::uint64_t kMagic = 0x6F67'6E61'742D'6370;  ///< "pc-tango" as bytes, little endian
  static constexpr std::size_t kWords = sizeof(Descriptor) / sizeof(SharedWord);

  /// From the first store on, nothing is found here.
  explicit BasicSuperblock(const Descriptor& what) noexcept {
    magic.store(0, memory_order_relaxed);
    fence(memory_order_release);  // pairs with the fence in `read`: a reader that read a new word sees the 0
    const Image image = __builtin_bit_cast(Image, what);
    for (std::size_t i = 0; i < kWords; ++i) {
      words[i].store(image.words[i], memory_order_relaxed);
    }
    sum.store(image.sum(), memory_order_relaxed);
  }

  // In unions, so that the words are not initialised with the object: that would be plain stores, which race with
  // `read`.
  union {
    SharedWord magic;
  };
  union {
    SharedWord words[kWords];  ///< a `Descriptor`
  };
  union {
    SharedWord sum;  ///< of the descriptor, so that a mixture of two is not taken for a third one
  };

  /// From here on it is found. Release: pairs with `read`; a thread that finds it finds all of the channel constructed.
  void show() noexcept { magic.store(kMagic, memory_order_release); }

  /// Reads the descriptor, validated. False: there is no channel, or another one is being made just now. Where one
  /// channel replaces another meanwhile, it may be the one of either. Any thread.
  [[nodiscard]] bool read(Descriptor& to) const noexcept {
    // Acquire: pairs with `show`; the words are at least this channel's.
    if (magic.load(memory_order_acquire) != kMagic) {
      return false;
    }
    Image image;
    for (std::size_t i = 0; i < kWords; ++i) {
      image.words[i] = words[i].load(memory_order_relaxed);
    }
    const std::uint64_t read_sum = sum.load(memory_order_relaxed);
    fence(memory_order_acquire);  // pairs with the fence of the thread that makes a superblock
    // Acquire: it may be another channel's by now, which is then constructed, too.
    const std::uint64_t again = magic.load(memory_order_acquire);
    if (again != kMagic) {
      return false;
    }
    to = __builtin_bit_cast(Descriptor, image);
    // A whole superblock may have been made between the two loads of the magic number: then only the sum tells.
    return read_sum == image.sum();
  }

  /// Whether the channel is still the one whose descriptor has `value` at that offset, where no other one has it. If
  /// so, whatever was read from the channel's memory before this call is that channel's. (Whoever makes another one
  /// takes the magic number away and passes the constructor's fence before it stores anything else.) Any thread.
  [[nodiscard]] bool still_says(std::size_t offset, std::uint64_t value) const noexcept {
    fence(memory_order_acquire);  // pairs with the fence in the constructor: a reader that read a new word sees the 0
    // Acquire: pairs with `show`; if it is another channel's magic number by now, the word is that channel's, too.
    return magic.load(memory_order_acquire) == kMagic && word(offset) == value;
  }

  /// The descriptor's word at that offset, not validated.
  [[nodiscard]] std::uint64_t word(std::size_t offset) const noexcept {
    return words[offset / sizeof(SharedWord)].load(memory_order_relaxed);
  }

  /// Whether the channel is the `expected` one: `NoChannel`, or the first difference.
  [[nodiscard]] Status compare(const Descriptor& expected) const noexcept {
    Descriptor found;
    return read(found) ? found.compare(expected) : Status{Error::NoChannel};
  }

 private:
  struct Image {
    std::uint64_t words[kWords];

    /// A multiplicative hash; 0 is the hash of no descriptor.
    [[nodiscard]] constexpr std::uint64_t sum() const noexcept {
      std::uint64_t hash = 1;
      for (const std::uint64_t word : words) {
        hash = (hash ^ word) * 0x9E37'79B9'7F4A'7C15u;
        hash ^= hash >> 32;
      }
      return hash | 1;
    }
  };
};

using Superblock = BasicSuperblock<ChannelDescriptor>;

static_assert(sizeof(ChannelDescriptor) == 160 && sizeof(Superblock) == 256);
static_assert(offsetof(Superblock, magic) == 0 && offsetof(Superblock, words) == 8 && offsetof(Superblock, sum) == 168);
static_assert(offsetof(ChannelDescriptor, layout) == 0 && offsetof(ChannelDescriptor, generation) == 8 &&
              offsetof(ChannelDescriptor, bytes) == 16 && offsetof(ChannelDescriptor, kind) == 24 &&
              offsetof(ChannelDescriptor, control_offset) == 32 && offsetof(ChannelDescriptor, depth) == 40 &&
              offsetof(ChannelDescriptor, slots_offset) == 48 && offsetof(ChannelDescriptor, slot_bytes) == 56 &&
              offsetof(ChannelDescriptor, inline_bytes) == 64 && offsetof(ChannelDescriptor, chunks) == 72 &&
              offsetof(ChannelDescriptor, chunks_offset) == 80 && offsetof(ChannelDescriptor, chunk_size) == 88 &&
              offsetof(ChannelDescriptor, fseq_offset) == 96 && offsetof(ChannelDescriptor, places) == 104 &&
              offsetof(ChannelDescriptor, fctl_offset) == 112 && offsetof(ChannelDescriptor, metrics_offset) == 120 &&
              offsetof(ChannelDescriptor, type_size) == 128 && offsetof(ChannelDescriptor, type_align) == 136 &&
              offsetof(ChannelDescriptor, type_id) == 144 && offsetof(ChannelDescriptor, credits) == 152);

}  // namespace tango::inline TANGO_ABI::detail
