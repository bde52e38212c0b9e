// SPDX-License-Identifier: Apache-2.0
/// \file
/// Claim: something that one party at a time may hold, and which holder it is. A ring's producer, a reliable consumer's
/// place and a metrics block are each held through one of these.
///
///      63                           16 15    8 7     0
///     +-------------------------------+-------+-------+
///     |  epoch: how often it was held |  tag  | state |     one word, so all of it changes at once
///     +-------------------------------+-------+-------+
///
/// | step | who | store |
/// | --- | --- | --- |
/// | take | whoever wants it | the holder that was found -> another state and tag, and the next epoch: compare-and-swap |
/// | set | the holder | another state; also to give it back |
/// | reset | whoever recovers it | the holder that was found dead -> another state: compare-and-swap |
///
/// The epoch tells a holder from every later one: a party that found a holder and learnt of its death resets that one or
/// none. Together with the channel's generation (membership.hpp) it names the holder; an address or a process id would
/// not, because they repeat. The tag says whose a claim is that has no lock of its own.
#pragma once

#include <cstdint>

#include "../config.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// `State` is an enumeration of at most 256 states; 0 is the one that a fresh claim is in.
template <class State>
class Claim {
 public:
  /// A state, whose it is, and how often the claim was taken before and in it.
  struct Holder {
    State state{};
    std::uint8_t tag = 0;
    std::uint64_t epoch = 0;
    friend constexpr bool operator==(const Holder&, const Holder&) noexcept = default;
  };

  /// Who holds it. Acquire: pairs with `set` and `reset`; what happened before the state changed is visible. Any thread.
  [[nodiscard]] Holder holder() const noexcept { return unpack(word_.load(memory_order_acquire)); }

  /// Moves from the holder that was `found` to a new one. False, and `found` is who holds it, if it has changed meanwhile.
  /// Acquire: pairs with `set` and `reset`; what the holder before did happens before what this one does. On failure
  /// relaxed: nothing but the state is used. Any thread.
  [[nodiscard]] TANGO_COLD bool take(Holder& found, State to, std::uint8_t tag = 0) noexcept {
    std::uint64_t expected = pack(found);
    if (word_.compare_exchange_strong(expected, pack({to, tag, found.epoch + 1}), memory_order_acquire,
                                      memory_order_relaxed)) {
      return true;
    }
    found = unpack(expected);
    return false;
  }

  /// Moves to the state `to`. Release: pairs with `holder` and `take`. Thread: the holder.
  void set(State to) noexcept {
    Holder own = unpack(word_.load(memory_order_relaxed));  // own word while it is held
    own.state = to;
    word_.store(pack(own), memory_order_release);
  }

  /// Moves the claim of a holder that was `found` dead to the state `to`. False if it has changed meanwhile. Release: pairs
  /// with `holder` and `take`; what the dead one did, and this thread after it, is visible. Thread: the one that recovers,
  /// which knows that everything the holder did happened before.
  TANGO_COLD bool reset(Holder found, State to) noexcept {
    std::uint64_t expected = pack(found);
    found.state = to;
    return word_.compare_exchange_strong(expected, pack(found), memory_order_release, memory_order_relaxed);
  }

 private:
  static constexpr int kTagShift = 8;
  static constexpr int kEpochShift = 16;

  [[nodiscard]] static constexpr std::uint64_t pack(const Holder& holder) noexcept {
    return holder.epoch << kEpochShift | std::uint64_t{holder.tag} << kTagShift |
           static_cast<std::uint64_t>(holder.state);
  }
  [[nodiscard]] static constexpr Holder unpack(std::uint64_t word) noexcept {
    return {static_cast<State>(word & 0xFF), static_cast<std::uint8_t>(word >> kTagShift), word >> kEpochShift};
  }

  SharedWord word_{0};
};

}  // namespace tango::inline TANGO_ABI::detail
