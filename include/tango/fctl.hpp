// SPDX-License-Identifier: Apache-2.0
/// \file
/// Fctl: flow control by credits, so that nothing is lost. What a producer may publish is limited by its slowest
/// reliable consumer.
///
///     line pair 0     credits, membership, count of credits taken by direct use
///     line pair 1     count of credits given back by direct use
///     line pair 2     which places are in use
///     line pair 3 ..  a place per reliable consumer: its claim and its position, written by that consumer
///
/// Most programs hand an Fctl to a Producer and to its reliable Consumers and never use it directly. How it works is
/// described in memory/credit_places.hpp. An Fctl that is given to no endpoint can be used as a credit counter between
/// two threads, with `acquire`, `available` and `release`.
///
/// Source: Firedancer `src/tango/fctl/fd_fctl.h`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "config.hpp"
#include "memory/credit_places.hpp"
#include "memory/inside.hpp"
#include "memory/membership.hpp"
#include "memory/platform.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

namespace detail {

/// The implementation of an Fctl.
template <std::size_t Places>
struct FlowControl {
  FlowControl(std::uint64_t credit_count, Generation generation) noexcept
      : credits{credit_count}, membership{generation} {}

  const std::uint64_t credits;
  Membership membership;
  SharedWord taken{0};                            ///< direct use: credits taken; on the producer's cache line
  alignas(kSeparation) SharedWord given_back{0};  ///< direct use: credits given back; on the consumer's cache line
  CreditMembers members;
  CreditPlace places[Places];

  [[nodiscard]] CreditPlacesView view() noexcept { return {members, places}; }
};

}  // namespace detail

/// Credits, and places for up to `Places` reliable consumers: 1 to 64. `Fctl` has 8.
template <std::size_t Places>
class alignas(kSeparation) BasicFctl {
  static_assert(Places >= 1 && Places <= 64, "tango: an Fctl has places for 1 to 64 reliable consumers");

 public:
  /// At most `credits` messages are in flight at a time: 1 to the depth of the ring. The number is checked when an
  /// endpoint is created (`CreditsOutOfRange`).
  explicit BasicFctl(std::uint64_t credits) noexcept : inside_{credits, 0} {}
  BasicFctl(const BasicFctl&) = delete;
  BasicFctl& operator=(const BasicFctl&) = delete;

  /// The credits given at construction.
  ///
  /// Thread: any.
  [[nodiscard]] std::uint64_t credits() const noexcept { return inside_.credits; }

  /// The largest number of reliable consumers at a time.
  [[nodiscard]] static constexpr std::size_t places() noexcept { return Places; }

  // --------------------------------------------------------------------------------------------------- direct use

  /// Takes `n` credits, or none if there are fewer.
  ///
  /// \pre (checked) This Fctl was never given to a Producer or Consumer.
  /// \return Whether the credits were taken.
  ///
  /// Thread: the producer's.
  /// Complexity: wait-free, O(1).
  [[nodiscard]] bool acquire(std::uint64_t n = 1) noexcept {
    if (n > available()) {
      return false;
    }
    // Release: pairs with release().
    inside_.taken.store(inside_.taken.load(detail::memory_order_relaxed) + n, detail::memory_order_release);
    return true;
  }

  /// The number of credits that `acquire` could take now. It may grow at any time, and decreases only through
  /// `acquire`.
  ///
  /// \pre (checked) This Fctl was never given to a Producer or Consumer (use `Producer::available`).
  ///
  /// Thread: the producer's.
  /// Complexity: wait-free, O(1).
  [[nodiscard]] std::uint64_t available() const noexcept {
    TANGO_PRECONDITION(inside_.membership.generation() == 0, "Fctl: it was never given to a Producer or Consumer");
    // Acquire: pairs with the release store in release(); what the consumer did before it happens before what follows.
    return inside_.credits -
           (inside_.taken.load(detail::memory_order_relaxed) - inside_.given_back.load(detail::memory_order_acquire));
  }

  /// Gives `n` credits back, or none if fewer are taken.
  ///
  /// \pre (checked) This Fctl was never given to a Producer or Consumer (a Consumer gives credits back by itself).
  /// \return Whether the credits were given back.
  ///
  /// Thread: the consumer's.
  /// Complexity: wait-free, O(1).
  bool release(std::uint64_t n = 1) noexcept {
    TANGO_PRECONDITION(inside_.membership.generation() == 0,
                       "Fctl::release: it was never given to a Producer or Consumer");
    const std::uint64_t given_back =
        inside_.given_back.load(detail::memory_order_relaxed);                // only this thread writes it
    if (n > inside_.taken.load(detail::memory_order_acquire) - given_back) {  // pairs with acquire()
      return false;
    }
    inside_.given_back.store(given_back + n, detail::memory_order_release);  // pairs with available()
    return true;
  }

 private:
  friend struct detail::Inside;
  template <std::size_t, std::size_t, std::size_t, class>
  friend class Channel;
  BasicFctl(std::uint64_t credits, detail::Generation generation) noexcept : inside_{credits, generation} {}

  detail::FlowControl<Places> inside_;
};

/// Flow control with places for 8 reliable consumers.
using Fctl = BasicFctl<kMaxReliableConsumers>;

/// In an endpoint's type: no flow control. The producer never waits, and consumers may be overrun.
struct NoFlowControl {
  NoFlowControl() noexcept = default;
  /// Takes the arguments of an Fctl and ignores them.
  constexpr NoFlowControl(std::uint64_t, detail::Generation) noexcept {}
};

namespace detail {

template <class Flow>
inline constexpr bool kIsFlowControl = false;
template <std::size_t Places>
inline constexpr bool kIsFlowControl<BasicFctl<Places>> = true;

/// The implementation type of an Fctl; `void` for `NoFlowControl`.
template <class Flow>
struct FlowInside {
  using Type = void;
};
template <std::size_t Places>
struct FlowInside<BasicFctl<Places>> {
  using Type = FlowControl<Places>;
};

}  // namespace detail

static_assert(sizeof(Fctl) == 3 * 128 + 8 * 128 && alignof(Fctl) == 128);
static_assert(sizeof(BasicFctl<64>) == 3 * 128 + 64 * 128);

}  // namespace tango::inline TANGO_ABI
