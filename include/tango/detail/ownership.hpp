// SPDX-License-Identifier: Apache-2.0
/// \file
/// Which producer holds a component, and to which channel it belongs.
///
/// Each of the producer's components (MCache, DCache, Fseq, Fctl) holds an `Ownership`. A producer claims all of them
/// or none, and writes the channel's identity into each, the MCache's last. It stays there when the producer leaves: a
/// successor must bring the same components, and a consumer can tell that those it was given belong together.
#pragma once

#include <cstdint>

#include "../config.hpp"
#include "seam.hpp"

namespace tango::detail {

/// Which kind of channel a producer made of its components.
enum class ChannelKind : std::uint64_t {
  Unknown = 0,   ///< there was no producer yet
  Lossy = 1,     ///< no flow control, payload as words
  Reliable = 2,  ///< flow control, payload as plain bytes
  Observed = 3,  ///< flow control, payload as words
};

inline constexpr std::uint64_t kKindMask = 3;

/// The identity of a channel: where its MCache stood in the first producer's address space (a multiple of 128, so
/// unique within the process) with the kind in the two lowest bits. 0 means that there was no producer yet. It is
/// compared, never followed.
[[nodiscard]] inline std::uint64_t new_identity(const void* mcache, ChannelKind kind) noexcept {
  return (reinterpret_cast<std::uintptr_t>(mcache) & ~kKindMask) | static_cast<std::uint64_t>(kind);
}

[[nodiscard]] constexpr ChannelKind kind_of(std::uint64_t identity) noexcept {
  return static_cast<ChannelKind>(identity & kKindMask);
}

struct Ownership {
  Word claim{0};    ///< 1 while a producer (or who closes in its place) holds the component
  Word channel{0};  ///< the identity of the channel, for ever once it is set

  /// Takes the claim. Acquire: pairs with `release`, so that the holder before has finished with everything plain in
  /// here. A compare-and-swap: claiming is cold.
  TANGO_COLD bool take() noexcept {
    std::uint64_t unclaimed = 0;
    return claim.compare_exchange_strong(unclaimed, 1, memory_order_acquire, memory_order_relaxed);
  }

  /// Gives the claim back. Release: pairs with `take`.
  void release() noexcept { claim.store(0, memory_order_release); }

  /// Whether the component is of the channel with this identity, or of none if that is 0. Thread: the holder.
  [[nodiscard]] bool belongs_to(std::uint64_t identity) const noexcept {
    return channel.load(memory_order_relaxed) == identity;  // written by holders only
  }

  /// Release, with the MCache's written last: who reads the MCache's identity (acquire) sees those of the others.
  void join(std::uint64_t identity) noexcept { channel.store(identity, memory_order_release); }

  /// Acquire: pairs with `join`.
  [[nodiscard]] std::uint64_t identity() const noexcept { return channel.load(memory_order_acquire); }
};

}  // namespace tango::detail
