// SPDX-License-Identifier: Apache-2.0
/// \file
/// What stands in front of a channel in memory: which channel this is, so that who finds it there can tell whether it
/// is the one that it was compiled for.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../error.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Everything that two sides must agree on. Written before the magic number is.
struct ChannelDescriptor {
  std::uint64_t layout;  ///< `TANGO_LAYOUT_VERSION`
  std::uint64_t depth;   ///< slots
  std::uint64_t chunks;
  std::uint64_t chunk_size;  ///< bytes
  std::uint64_t kind;        ///< a `ChannelKind`, 4 more with metrics, 8 more with one type of messages: `kKindNames`
  std::uint64_t type_size;   ///< bytes of a message; 0 if it may be anything
  std::uint64_t type_align;  ///< its alignment in bytes; 0 if it may be anything
  std::uint64_t type_id;     ///< what the user calls its type

  /// Why what stands in memory is not what is `expected` there, or success.
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
        {&ChannelDescriptor::type_size, Error::TypeMismatch},
        {&ChannelDescriptor::type_align, Error::AlignmentMismatch},
        {&ChannelDescriptor::type_id, Error::TypeIdMismatch},
    };
    for (const Trait& trait : kTraits) {
      if (this->*trait.value != expected.*trait.value) {
        return {trait.error, this->*trait.value, expected.*trait.value};
      }
    }
    return {};
  }
};

/// Somebody may be looking already, at what stood here before. So the label is a slot: its magic number is taken away
/// before the traits change, and who has read them looks at it again.
struct alignas(kSeparation) Superblock {
  static constexpr std::uint64_t kMagic = 0x6F67'6E61'742D'6370;  ///< "pc-tango" as bytes, little endian
  static constexpr std::size_t kTraits = sizeof(ChannelDescriptor) / sizeof(SharedWord);

  /// Nothing is found here from the first store on.
  explicit Superblock(const ChannelDescriptor& what) noexcept {
    magic.store(0, memory_order_relaxed);  // there is nothing to find
    fence(memory_order_release);           // pairs with the fence in `look`: who reads a trait sees that
    const Image image = __builtin_bit_cast(Image, what);
    for (std::size_t i = 0; i < kTraits; ++i) {
      traits[i].store(image.words[i], memory_order_relaxed);
    }
    sum.store(image.sum(), memory_order_relaxed);
  }

  union {
    SharedWord
        magic;  ///< in a union, so that it is not made with the label: that is a plain store, and races with `look`
  };
  union {
    SharedWord traits[kTraits];  ///< a ChannelDescriptor, word by word; so are these
  };
  union {
    SharedWord sum;  ///< of the traits, so that those of two labels are not taken for a third one's; and so is this
  };

  /// From here on it can be found. Release: pairs with `look`; who finds it finds all of it made.
  void show() noexcept { magic.store(kMagic, memory_order_release); }

  /// Whether `expected` stands here: `NoChannel`, or the first trait that differs. Where one label replaces another
  /// meanwhile, that may be one of either; a whole label may also be made between the two looks at the magic number, and
  /// then nothing but the sum tells that what was read is of both.
  [[nodiscard]] Status look(const ChannelDescriptor& expected) const noexcept {
    // Acquire: pairs with `show`; the traits are at least this channel's.
    if (magic.load(memory_order_acquire) != kMagic) {
      return Error::NoChannel;
    }
    Image image;
    for (std::size_t i = 0; i < kTraits; ++i) {
      image.words[i] = traits[i].load(memory_order_relaxed);
    }
    const std::uint64_t read_sum = sum.load(memory_order_relaxed);
    fence(memory_order_acquire);  // pairs with the fence of who makes a label
    // Acquire: it may be another label's by now, whose channel is then made, too.
    const std::uint64_t again = magic.load(memory_order_acquire);
    if (again != kMagic) {
      return Error::NoChannel;
    }
    const Status status = __builtin_bit_cast(ChannelDescriptor, image).compare(expected);
    return status.ok() && read_sum != image.sum() ? Status{Error::NoChannel} : status;
  }

 private:
  struct Image {
    std::uint64_t words[kTraits];

    /// A multiplicative hash; 0 is that of no label.
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

static_assert(sizeof(Superblock) == 128 && offsetof(Superblock, traits) == 8 && offsetof(Superblock, sum) == 72);

}  // namespace tango::inline TANGO_ABI::detail
