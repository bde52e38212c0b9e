// SPDX-License-Identifier: Apache-2.0
/// \file
/// Superblock: the description of a channel, stored in front of it in memory. A program that was not compiled for the
/// channel can read it through this description alone. A program that was compiled for it can check that this is its
/// channel.
///
///     offset 0     magic          0 while the rest changes
///     offset 8     descriptor     a ChannelDescriptor, word by word
///     offset 168   sum            of the descriptor
///
/// It is a sequence lock like a slot (slot.hpp). A thread may be reading what was stored here before, so the magic
/// number is cleared before the descriptor changes, and a reader checks it again after it has read.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../error.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// The properties of a channel. Offsets are in bytes from the first byte of the superblock.
struct ChannelDescriptor {
  std::uint64_t layout;          ///< `TANGO_LAYOUT_VERSION`
  std::uint64_t generation;      ///< the channel's generation (membership.hpp)
  std::uint64_t bytes;           ///< the size of the whole channel
  std::uint64_t kind;            ///< a `ChannelKind`, plus 4 with metrics, plus 8 with one message type: `kKindNames`
  std::uint64_t control_offset;  ///< the RingControl
  std::uint64_t depth;           ///< the number of slots
  std::uint64_t slots_offset;    ///< the first slot
  std::uint64_t slot_bytes;      ///< bytes from one slot to the next
  std::uint64_t inline_bytes;    ///< bytes of payload in a slot
  std::uint64_t chunks;          ///< the number of chunks
  std::uint64_t chunks_offset;   ///< the first chunk
  std::uint64_t chunk_size;      ///< bytes from one chunk to the next
  std::uint64_t fseq_offset;     ///< the producer's Fseq
  std::uint64_t places;          ///< places for reliable consumers; 0 without flow control
  std::uint64_t fctl_offset;     ///< the Fctl; 0 without flow control
  std::uint64_t metrics_offset;  ///< the Metrics; 0 without metrics
  std::uint64_t type_size;       ///< bytes of a message; 0 on a channel of bytes
  std::uint64_t type_align;      ///< its alignment in bytes; 0 on a channel of bytes
  std::uint64_t type_id;         ///< the id that the user gave the type
  std::uint64_t credits;         ///< messages that may be in flight; 0 without flow control

  /// Compares with the `expected` descriptor. Generation and credits are not compared.
  ///
  /// \return Success, or the first difference (the value here, the expected value).
  [[nodiscard]] constexpr Status compare(const ChannelDescriptor& expected) const noexcept {
    struct Trait {
      std::uint64_t ChannelDescriptor::*value;
      Error error;
    };
    constexpr Trait kTraits[] = {
        {&ChannelDescriptor::layout, Error::LayoutMismatch},
        {&ChannelDescriptor::depth, Error::DepthMismatch},
        {&ChannelDescriptor::chunks, Error::ChunksMismatch},
        {&ChannelDescriptor::chunk_size, Error::ChunkSizeMismatch},
        {&ChannelDescriptor::kind, Error::KindMismatch},
        {&ChannelDescriptor::places, Error::PlacesMismatch},
        {&ChannelDescriptor::type_size, Error::TypeMismatch},
        {&ChannelDescriptor::type_align, Error::AlignmentMismatch},
        {&ChannelDescriptor::slot_bytes, Error::SlotSizeMismatch},  // after the type, which may be the reason
        {&ChannelDescriptor::inline_bytes, Error::SlotSizeMismatch},
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

  /// After the first store, no reader finds a channel here until `show`.
  explicit BasicSuperblock(const Descriptor& what) noexcept {
    magic.store(0, memory_order_relaxed);
    fence(memory_order_release);  // pairs with the fence in `read`: a reader that read a new word sees the 0
    const auto image = __builtin_bit_cast(Image, what);
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
    SharedWord sum;  ///< of the descriptor, so that a mixture of two descriptors is not accepted as a third one
  };

  /// Makes the channel visible to `read`. Release: pairs with `read`; a thread that finds the channel finds all of it
  /// constructed.
  void show() noexcept { magic.store(kMagic, memory_order_release); }

  /// Reads the descriptor and validates it. If one channel replaces another meanwhile, the descriptor may be that of
  /// either.
  ///
  /// \return False if there is no channel, or one is being constructed.
  ///
  /// Thread: any.
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
    fence(memory_order_acquire);  // pairs with the fence in the constructor
    // Acquire: it may be the magic number of another channel by now, whose construction is then visible as well.
    const std::uint64_t again = magic.load(memory_order_acquire);
    if (again != kMagic) {
      return false;
    }
    to = __builtin_bit_cast(Descriptor, image);
    // Another superblock may have been completed between the two loads of the magic number. Only the sum detects that.
    return read_sum == image.sum();
  }

  /// Whether the channel is still the one whose descriptor has `value` at that offset, given that no other channel has
  /// the same value there. If so, everything read from the channel's memory before this call belongs to that channel.
  /// (The constructor of another channel clears the magic number and passes its fence before it stores anything else.)
  ///
  /// Thread: any.
  [[nodiscard]] bool still_says(std::size_t offset, std::uint64_t value) const noexcept {
    fence(memory_order_acquire);  // pairs with the fence in the constructor: a reader that read a new word sees the 0
    // Acquire: pairs with `show`; if this is already the magic number of another channel, the word is from that channel
    // as well.
    return magic.load(memory_order_acquire) == kMagic && word(offset) == value;
  }

  /// The descriptor's word at that offset, not validated.
  [[nodiscard]] std::uint64_t word(std::size_t offset) const noexcept {
    return words[offset / sizeof(SharedWord)].load(memory_order_relaxed);
  }

  /// Compares the channel's descriptor with the `expected` one.
  ///
  /// \return Success, `NoChannel`, or the first difference.
  [[nodiscard]] Status compare(const Descriptor& expected) const noexcept {
    Descriptor found;
    return read(found) ? found.compare(expected) : Status{Error::NoChannel};
  }

 private:
  struct Image {
    std::uint64_t words[kWords];

    /// A multiplicative hash. No descriptor has the hash 0.
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
