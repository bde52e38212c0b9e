// SPDX-License-Identifier: Apache-2.0
/// \file
/// Membership: which channel a component (DCache, Fseq, Fctl) is part of.
///
/// A channel is identified by its generation, a number that its ring gets when it is constructed. No other channel has
/// it, not even one constructed at the same address. The components of a channel that a ChannelBuilder constructs get
/// it at once. Components that are constructed one by one belong to no channel at first. They join the ring's channel
/// when its first producer is given both. Until then a consumer can only reserve a component: the producer decides
/// which components the channel has, and a consumer that was given another Fctl must not be taken for one that the
/// producer waits for. A component never leaves its channel, so two components with the same generation belong
/// together.
///
/// | word | meaning |
/// | --- | --- |
/// | 0 | part of no channel |
/// | ~generation | reserved for that channel: no other channel gets it |
/// | generation | part of that channel |
#pragma once

#include <cstdint>

#include "../config.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// A channel's generation, which is also called its name.
using Generation = std::uint64_t;

/// The generation of memory in which no constructor has run. Also what an endpoint that may not act expects.
/// Generations are odd, so no forged word equals this one.
inline constexpr Generation kNoGeneration = 0;

/// Whether `word`, read from memory that any process may have written, is the generation that an endpoint expects.
/// Never true for an endpoint that expects `kNoGeneration`.
[[nodiscard]] TANGO_HOT constexpr bool is_name(std::uint64_t word, Generation expected) noexcept {
  return (word | 1) == expected;
}

/// A new generation, which no channel has had with a probability of 1 - 2^-63. `address` is that of the object that
/// gets it.
[[nodiscard]] inline Generation new_generation(std::uintptr_t address) noexcept {
  // The finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
  std::uint64_t mixed = unique_seed(address) + 0x9E37'79B9'7F4A'7C15u;
  mixed = (mixed ^ mixed >> 30) * 0xBF58'476D'1CE4'E5B9u;
  mixed = (mixed ^ mixed >> 27) * 0x94D0'49BB'1331'11EBu;
  mixed = (mixed ^ mixed >> 31) | 1;
  return mixed == 1 ? 3 : mixed;  // 1 is how `is_name` reads the `running` word of a stopped channel
}

/// Every access is relaxed, because no other data is published through the word. An endpoint that relies on a component
/// having joined reads the ring's kind, which was stored after that (`RingControl::set_kind`).
class Membership {
 public:
  /// Part of the channel with that generation, or of none.
  explicit Membership(Generation generation = 0) noexcept : generation_{generation} {}

  /// The word: see the file's head.
  ///
  /// Thread: any.
  [[nodiscard]] Generation generation() const noexcept { return generation_.load(memory_order_relaxed); }

  /// Whether the component is part of that channel.
  ///
  /// Thread: any.
  [[nodiscard]] bool is_part_of(Generation generation) const noexcept { return this->generation() == generation; }

  /// Whether the component is part of that channel or could still join it: it is part of no other channel and not
  /// reserved for one.
  ///
  /// Thread: any.
  [[nodiscard]] bool may_join(Generation generation) const noexcept {
    const Generation now = this->generation();
    return now == generation || now == ~generation || now == 0;
  }

  /// Joins that channel. `before` receives the word that was there.
  ///
  /// \return Whether the component is part of that channel now.
  ///
  /// Thread: the channel's producer.
  [[nodiscard]] TANGO_COLD bool join(Generation generation, Generation& before) noexcept {
    before = this->generation();
    while (before == 0 || before == ~generation) {
      if (generation_.compare_exchange_strong(before, generation, memory_order_relaxed, memory_order_relaxed)) {
        return true;
      }
    }
    return before == generation;
  }

  /// Takes a `join` back that found `before`. No endpoint may rely on that join yet.
  ///
  /// Thread: the channel's producer.
  TANGO_COLD void undo_join(Generation generation, Generation before) noexcept {
    generation_.compare_exchange_strong(generation, before, memory_order_relaxed, memory_order_relaxed);
  }

  /// Reserves the component for that channel.
  ///
  /// \return Whether it is now reserved for that channel or part of it.
  ///
  /// Thread: any.
  [[nodiscard]] TANGO_COLD bool reserve(Generation generation) noexcept {
    Generation now = 0;
    return generation_.compare_exchange_strong(now, ~generation, memory_order_relaxed, memory_order_relaxed) ||
           now == ~generation || now == generation;
  }

 private:
  SharedWord generation_;
};

static_assert(sizeof(Membership) == 8);

}  // namespace tango::inline TANGO_ABI::detail
