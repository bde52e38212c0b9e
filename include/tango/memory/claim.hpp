// SPDX-License-Identifier: Apache-2.0
/// \file
/// Claim: something that one party at a time may hold, and which holder it is. A ring's producer, a consumer's place and
/// a metrics block are each held through one of these.
///
///      63                            8 7     0
///     +-------------------------------+-------+
///     |  epoch: how often it was held | state |     one word, so both change together
///     +-------------------------------+-------+
///
/// | step | who | store |
/// | --- | --- | --- |
/// | take | whoever wants it | the state that was found -> another one, and the next epoch: compare-and-swap |
/// | set | the holder | another state, the same epoch; also to give it back |
/// | replace | a third party | the state that was found -> another one, the same epoch: compare-and-swap |
///
/// The epoch tells a holder from every later one: a party that found a holder and learnt of its death replaces exactly
/// that one, and fails if another has come. Together with the channel's generation (membership.hpp) it names the holder;
/// an address or a process id would not, because they repeat.
#pragma once

#include <cstdint>

#include "../config.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// `State` is an enumeration of at most 256 states; 0 is the one that a fresh claim is in.
template <class State>
class Claim {
 public:
  /// A state, and how often the claim was taken before and in it.
  struct Holder {
    State state{};
    std::uint64_t epoch = 0;
    friend constexpr bool operator==(const Holder&, const Holder&) noexcept = default;
  };

  /// Who holds it. Acquire: pairs with `set`; what the holder did before it changed its state is visible. Any thread.
  [[nodiscard]] Holder holder() const noexcept { return unpack(word_.load(memory_order_acquire)); }

  /// Moves from the state that was `found` to `to`, as a new holder. False, and `found` is what stands there, if it has
  /// changed meanwhile. Acquire: pairs with `set`; what the holder before did happens before what this one does. On
  /// failure relaxed: nothing but the state is used. Any thread.
  [[nodiscard]] TANGO_COLD bool take(Holder& found, State to) noexcept {
    std::uint64_t expected = pack(found);
    if (word_.compare_exchange_strong(expected, pack({to, found.epoch + 1}), memory_order_acquire,
                                      memory_order_relaxed)) {
      return true;
    }
    found = unpack(expected);
    return false;
  }

  /// Moves to the state `to`. Release: pairs with `holder` and `take`. Thread: the holder.
  void set(State to) noexcept {
    const std::uint64_t epoch = unpack(word_.load(memory_order_relaxed)).epoch;  // own word while it is held
    word_.store(pack({to, epoch}), memory_order_release);
  }

  /// Moves somebody else's claim from the state that was `found` to `to`; the epoch stays. Whether it had not changed.
  /// Relaxed: it carries nothing of this thread, and as a read-modify-write it continues the release sequence of `set`.
  /// Any thread.
  [[nodiscard]] TANGO_COLD bool replace(const Holder& found, State to) noexcept {
    std::uint64_t expected = pack(found);
    return word_.compare_exchange_strong(expected, pack({to, found.epoch}), memory_order_relaxed, memory_order_relaxed);
  }

 private:
  static constexpr int kStateBits = 8;

  [[nodiscard]] static constexpr std::uint64_t pack(const Holder& holder) noexcept {
    return holder.epoch << kStateBits | static_cast<std::uint64_t>(holder.state);
  }
  [[nodiscard]] static constexpr Holder unpack(std::uint64_t word) noexcept {
    return {static_cast<State>(word & ((1u << kStateBits) - 1)), word >> kStateBits};
  }

  SharedWord word_{0};
};

}  // namespace tango::inline TANGO_ABI::detail
