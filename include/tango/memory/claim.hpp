// SPDX-License-Identifier: Apache-2.0
/// \file
/// Claim: the right to something that only one party may hold at a time, and the identity of that holder. A ring's
/// producer, a reliable consumer's place and a metrics block are each held through a Claim.
///
///      63                           16 15    8 7     0
///     +-------------------------------+-------+-------+
///     |  epoch: how often it was held |  tag  | state |     one word, so all of it changes at once
///     +-------------------------------+-------+-------+
///
/// | step | performed by | store |
/// | --- | --- | --- |
/// | take | any party | the holder that was found -> another state and tag, and the next epoch: compare-and-swap |
/// | set | the holder | another state; also to give the claim back |
/// | reset | a party that found that nobody holds it any more | the holder found -> another state: compare-and-swap |
///
/// The epoch distinguishes a holder from every later one. A party that found a holder and then learnt that it is dead
/// resets the claim of that holder or of none. Together with the channel's generation (membership.hpp), the epoch
/// identifies the holder. An address or a process id would not, because they are reused. The tag of a
/// metrics block is its consumer's place; other claims leave it 0.
#pragma once

#include <cstdint>

#include "../config.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// `State` is an enumeration of at most 256 states. A fresh claim has state 0.
template <class State>
class Claim {
 public:
  /// The state, the tag, and how often the claim was taken up to now.
  struct Holder {
    State state{};
    std::uint8_t tag = 0;
    std::uint64_t epoch = 0;
    friend constexpr bool operator==(const Holder&, const Holder&) noexcept = default;
  };

  /// The current holder. Acquire: pairs with `set` and `reset`; what happened before the state changed is visible.
  ///
  /// Thread: any.
  [[nodiscard]] Holder holder() const noexcept { return unpack(word_.load(memory_order_acquire)); }

  /// Replaces the holder that was `found` by a new one. If the claim has changed meanwhile, returns false and stores
  /// the current holder in `found`. Acquire: pairs with `set` and `reset`; what the previous holder did happens before
  /// what this one does. Relaxed on failure: only the state is used.
  ///
  /// Thread: any.
  [[nodiscard]] TANGO_COLD bool take(Holder& found, State to, std::uint8_t tag = 0) noexcept {
    std::uint64_t expected = pack(found);
    if (word_.compare_exchange_strong(expected, pack({to, tag, found.epoch + 1}), memory_order_acquire,
                                      memory_order_relaxed)) {
      return true;
    }
    found = unpack(expected);
    return false;
  }

  /// Changes the state to `to`. Release: pairs with `holder` and `take`.
  ///
  /// Thread: the holder.
  void set(State to) noexcept {
    Holder own = unpack(word_.load(memory_order_relaxed));  // only the holder writes it
    own.state = to;
    word_.store(pack(own), memory_order_release);
  }

  /// Changes the state of a holder that was `found` and no longer acts, because it left or is dead, to `to`. Returns
  /// false if the claim has changed meanwhile. Release: pairs with `holder` and `take`; what that holder and then this
  /// thread did is visible.
  ///
  /// \pre Everything that the holder did happened before this call: `found` is from `holder`, or see recovery.hpp.
  ///
  /// Thread: any.
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
