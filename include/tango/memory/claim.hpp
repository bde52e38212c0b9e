// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which producer holds a component, and to which channel it belongs.
///
/// Each of the producer's components (MCache, DCache, Fseq, Fctl) holds an `Ownership`. A producer claims all of them
/// or none, and writes the channel's identity into each, the MCache's last. It stays there when the producer leaves: a
/// successor must bring the same components (its Fseq may be a new one), and a consumer can tell that those it was
/// given belong together.
#pragma once

#include <cstdint>

#include "../config.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Which kind of channel a producer made of its components.
enum class ChannelKind : std::uint64_t {
  Unknown = 0,   ///< there was no producer yet
  Lossy = 1,     ///< no flow control, payload as words
  Reliable = 2,  ///< flow control, payload as plain bytes
  Observed = 3,  ///< flow control, payload as words
};

inline constexpr std::uint64_t kKindMask = 3;

/// The identity of a channel: a hash of where all its components stood in the first producer's address space, with the
/// kind in the two lowest bits. All of them, so that a component left over from a dead channel is told apart also when
/// a new MCache stands where the dead one stood. 0 means that there was no producer yet. It is compared, never
/// followed.
class IdentityHash {
 public:
  void add(const void* component) noexcept {
    hash_ = (hash_ ^ reinterpret_cast<std::uintptr_t>(component)) * 0x9E37'79B9'7F4A'7C15u;  // 2^64 / golden ratio
    hash_ ^= hash_ >> 32;
  }
  [[nodiscard]] std::uint64_t identity(ChannelKind kind) const noexcept {
    return (hash_ & ~kKindMask) | static_cast<std::uint64_t>(kind);
  }

 private:
  std::uint64_t hash_ = 0;
};

[[nodiscard]] constexpr ChannelKind kind_of(std::uint64_t identity) noexcept {
  return static_cast<ChannelKind>(identity & kKindMask);
}

/// What stands in place of an identity where an MCache is used by itself (`MCache::publish`): no channel has it, so no
/// endpoint can be made on such a ring.
inline constexpr std::uint64_t kDirectUse = 4;
static_assert(kind_of(kDirectUse) == ChannelKind::Unknown);

/// Who holds a component.
enum class Claim : std::uint64_t {
  None = 0,
  Producer = 1,
  Closer = 2,  ///< who closes a channel that no producer holds, for a moment
};

struct Ownership {
  SharedWord claim{0};    ///< a `Claim`
  SharedWord channel{0};  ///< the identity of the channel, for ever once it is set

  /// Takes the claim. Acquire: pairs with `release`, so that the holder before has finished with everything plain in
  /// here; on failure with the fence of RingControl::ask_to_stop, so that who finds a closer here sees that a stop
  /// was asked for. A compare-and-swap: claiming is cold.
  TANGO_COLD bool take(Claim by) noexcept {
    auto holder = static_cast<std::uint64_t>(Claim::None);
    return claim.compare_exchange_strong(holder, static_cast<std::uint64_t>(by), memory_order_acquire,
                                         memory_order_acquire);
  }

  /// Whether a producer holds it. Acquire: pairs with `release`; who finds that it holds it no longer sees what it
  /// wrote.
  [[nodiscard]] bool held_by_producer() const noexcept {
    return claim.load(memory_order_acquire) == static_cast<std::uint64_t>(Claim::Producer);
  }

  /// Gives the claim back. Release: pairs with `take`.
  void release() noexcept { claim.store(static_cast<std::uint64_t>(Claim::None), memory_order_release); }

  /// Whether the component is of the channel with this identity, or of none if that is 0. Thread: the holder.
  [[nodiscard]] bool belongs_to(std::uint64_t identity) const noexcept {
    return channel.load(memory_order_relaxed) == identity;  // written by holders only
  }

  /// Release, with the MCache's written last: who reads the MCache's identity (acquire) sees those of the others.
  void join(std::uint64_t identity) noexcept { channel.store(identity, memory_order_release); }

  /// Whether it is used by itself, from now on at the latest; false where a producer was. Thread: who uses it.
  bool use_directly() noexcept {
    const std::uint64_t known = channel.load(memory_order_relaxed);  // own word
    if (known == 0) {
      // Relaxed: who sees it here refuses the ring and reads nothing else; who reads the ring sees it through the number
      // of a slot.
      channel.store(kDirectUse, memory_order_relaxed);
    }
    return known == 0 || known == kDirectUse;
  }

  /// Acquire: pairs with `join`.
  [[nodiscard]] std::uint64_t identity() const noexcept { return channel.load(memory_order_acquire); }
};

}  // namespace tango::inline TANGO_ABI::detail
