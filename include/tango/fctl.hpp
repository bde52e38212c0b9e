// SPDX-License-Identifier: Apache-2.0
/// \file
/// Fctl: flow control by credits, so that nothing is lost. What a producer may still publish is bounded by its slowest
/// reliable consumer.
///
///     line pair 0     credits, membership, count of credits taken by direct use
///     line pair 1     count of credits given back by direct use
///     line pair 2     which places are in use
///     line pair 3 ..  a place per reliable consumer: its claim and its position, written by that consumer
///
/// Give an Fctl to a Producer and to its reliable Consumers and forget it; how it works is told in
/// memory/credit_places.hpp. Or use it by itself as a credit counter between two threads, through `acquire`, `available`
/// and `release`.
///
/// As Firedancer's `src/tango/fctl/fd_fctl.h`.
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

/// What lies inside an Fctl.
template <std::size_t Places>
struct FlowControl {
  FlowControl(std::uint64_t credit_count, Generation generation) noexcept
      : credits{credit_count}, membership{generation} {}

  const std::uint64_t credits;
  Membership membership;
  SharedWord taken{0};                            ///< direct use: credits taken; the producer's line
  alignas(kSeparation) SharedWord given_back{0};  ///< direct use: credits given back; the consumer's line
  CreditMembers members;
  CreditPlace places[Places];

  [[nodiscard]] CreditPlacesView view() noexcept { return {members, places}; }
};

}  // namespace detail

/// Credits, and `Places` places of reliable consumers: 1 to 64. `Fctl` has 8.
template <std::size_t Places>
class alignas(kSeparation) BasicFctl {
  static_assert(Places >= 1 && Places <= 64, "tango: an Fctl has places for 1 to 64 reliable consumers");

 public:
  /// `credits` messages may be in flight at a time: 1 to the depth of the ring, checked when an endpoint is made
  /// (`CreditsOutOfRange`).
  explicit BasicFctl(std::uint64_t credits) noexcept : inside_{credits, 0} {}
  BasicFctl(const BasicFctl&) = delete;
  BasicFctl& operator=(const BasicFctl&) = delete;

  /// The credits that it was made with. Any thread.
  [[nodiscard]] std::uint64_t credits() const noexcept { return inside_.credits; }

  /// How many reliable consumers there can be at a time.
  [[nodiscard]] static constexpr std::size_t places() noexcept { return Places; }

  // --------------------------------------------------------------------------------------------------- direct use

  /// Takes `n` credits, all or none. Whether there were so many.
  ///
  /// \pre (checked) It was never given to a Producer or Consumer.
  ///
  /// Thread: the producer's.
  [[nodiscard]] bool acquire(std::uint64_t n = 1) noexcept {
    if (n > available()) {
      return false;
    }
    // Release: pairs with release().
    inside_.taken.store(inside_.taken.load(detail::memory_order_relaxed) + n, detail::memory_order_release);
    return true;
  }

  /// Credits that `acquire` could take now. More may come at any time, fewer only through `acquire`.
  ///
  /// \pre (checked) It was never given to a Producer or Consumer (use `Producer::available`).
  ///
  /// Thread: the producer's.
  [[nodiscard]] std::uint64_t available() const noexcept {
    TANGO_PRECONDITION(inside_.membership.generation() == 0, "Fctl: it was never given to a Producer or Consumer");
    // Acquire: pairs with the release store in release(); what the consumer did before it happens before what follows.
    return inside_.credits -
           (inside_.taken.load(detail::memory_order_relaxed) - inside_.given_back.load(detail::memory_order_acquire));
  }

  /// Gives `n` credits back. False, and nothing is given back, if fewer are out.
  ///
  /// \pre (checked) It was never given to a Producer or Consumer (a Consumer gives back by itself).
  ///
  /// Thread: the consumer's.
  bool release(std::uint64_t n = 1) noexcept {
    TANGO_PRECONDITION(inside_.membership.generation() == 0,
                       "Fctl::release: it was never given to a Producer or Consumer");
    const std::uint64_t given_back = inside_.given_back.load(detail::memory_order_relaxed);  // own word
    if (n > inside_.taken.load(detail::memory_order_acquire) - given_back) {                 // pairs with acquire()
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

/// The absence of an Fctl in an endpoint's type: the producer never waits, consumers may be overrun.
struct NoFlowControl {
  NoFlowControl() noexcept = default;
  /// Takes what an Fctl takes, and ignores it.
  constexpr NoFlowControl(std::uint64_t, detail::Generation) noexcept {}
};

namespace detail {

template <class Flow>
inline constexpr bool kIsFlowControl = false;
template <std::size_t Places>
inline constexpr bool kIsFlowControl<BasicFctl<Places>> = true;

/// What lies inside an Fctl; nothing inside its absence.
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
