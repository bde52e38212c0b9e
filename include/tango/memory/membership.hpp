// SPDX-License-Identifier: Apache-2.0
/// \file
/// Membership: which channel a component (DCache, Fseq, Fctl) is part of.
///
/// A channel is named by its generation, a number that its ring gets when it is made and that no other channel has, not
/// even one that is made at the same address. The other components of a channel that a ChannelBuilder makes get it at
/// once. Components that are made one by one belong to no channel at first, and join the ring's when its first producer
/// is given both. Until then a consumer can only reserve one: which components the channel has is the producer's choice,
/// and a consumer that was given another Fctl must not pass for one that the producer waits for. A component never leaves
/// its channel, so two that name the same generation belong together.
///
/// | word | meaning |
/// | --- | --- |
/// | 0 | part of no channel |
/// | ~generation | reserved: no other channel gets it |
/// | generation | part of that channel |
#pragma once

#include <cstdint>

#include "../config.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// The name of a channel.
using Generation = std::uint64_t;

/// Of memory in which no constructor has run; and what an endpoint expects that may not act. Names are odd, so that no
/// forged one can be this one.
inline constexpr Generation kNoGeneration = 0;

/// Whether `word`, read from memory that anyone may have written, is the name that an endpoint expects. Never true for an
/// endpoint that expects `kNoGeneration`.
[[nodiscard]] TANGO_HOT constexpr bool is_name(std::uint64_t word, Generation expected) noexcept {
  return (word | 1) == expected;
}

/// A name that no channel has had, as far as chance can tell: 2^-63. `object` is the ring that gets it.
[[nodiscard]] inline Generation new_generation(const void* object) noexcept {
  // The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
  std::uint64_t mixed = unique_seed(object) + 0x9E37'79B9'7F4A'7C15u;
  mixed = (mixed ^ mixed >> 30) * 0xBF58'476D'1CE4'E5B9u;
  mixed = (mixed ^ mixed >> 27) * 0x94D0'49BB'1331'11EBu;
  mixed = (mixed ^ mixed >> 31) | 1;
  return mixed == 1 ? 3 : mixed;  // 1 is what a stopped channel's `running` reads as
}

/// Every access is relaxed: the word is the whole message. Where an endpoint relies on a component having joined, the
/// ring's kind was stored after that (`RingControl::set_kind`).
class Membership {
 public:
  /// Of the channel named `generation`, or of none.
  explicit Membership(Generation generation = 0) noexcept : generation_{generation} {}

  /// The word: see the file's head. Any thread.
  [[nodiscard]] Generation generation() const noexcept { return generation_.load(memory_order_relaxed); }

  /// Whether it is part of that channel. Any thread.
  [[nodiscard]] bool is_part_of(Generation generation) const noexcept { return this->generation() == generation; }

  /// Whether it could be part of that channel: it is, or it is part of no other one. Any thread.
  [[nodiscard]] bool may_join(Generation generation) const noexcept {
    const Generation now = this->generation();
    return now == generation || now == ~generation || now == 0;
  }

  /// Whether it is part of that channel, from now on at the latest. Thread: the channel's producer.
  [[nodiscard]] TANGO_COLD bool join(Generation generation) noexcept {
    return replace(0, generation) || replace(~generation, generation);
  }

  /// Whether it is part of that channel or reserved for it, from now on at the latest. Any thread.
  [[nodiscard]] TANGO_COLD bool reserve(Generation generation) noexcept {
    return replace(0, ~generation) || is_part_of(generation);
  }

 private:
  /// Replaces `from` by `to`. Whether `to` is there now.
  [[nodiscard]] bool replace(Generation from, Generation to) noexcept {
    return generation_.compare_exchange_strong(from, to, memory_order_relaxed, memory_order_relaxed) || from == to;
  }

  SharedWord generation_;
};

static_assert(sizeof(Membership) == 8);

}  // namespace tango::inline TANGO_ABI::detail
