// SPDX-License-Identifier: Apache-2.0
/// \file
/// Fctl: credits, so that nothing is lost. What a producer may still publish is bounded by the slowest reliable
/// consumer.
///
///     line pair 0       credits, ownership, count of credits taken by direct use
///     line pair 1       count of credits given back by direct use
///     line pair 2 .. 9  a place per reliable consumer: state and position, written by that consumer
///
/// A position is a *next* number: every number before it has been consumed. The producer may publish `n` if and only if
/// `n < minimum + credits`, the minimum being over the active places. Each side keeps private copies and looks at the
/// other's words only when those are used up.
///
/// A place:
///
///     Unused -> Claimed -> Active -> Vacant -+
///                  ^                         |
///                  +-------------------------+
///
/// While no consumer ever joined, the channel's start counts as the minimum (what is published waits for the first).
/// Once the last has left, the producer waits for nobody. Who leaves without ever having been part of the channel
/// (its producer has not come, or uses another Fctl) leaves its place as it found it.
///
/// Give an Fctl to a Producer and to its reliable Consumers and forget it; or use it by itself as a credit counter
/// between two threads, through `acquire`, `available` and `release`.
///
/// As Firedancer's `src/tango/fctl/fd_fctl.h`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "config.hpp"
#include "memory/claim.hpp"
#include "memory/platform.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

/// Credits, and the places of the reliable consumers: see the file's head.
class alignas(kSeparation) Fctl {
 public:
  /// `credits` messages may be under way at a time: 1 to the depth of the ring, checked where an endpoint is made
  /// (`CreditsOutOfRange`).
  explicit Fctl(std::uint64_t credits) noexcept : credits_{credits} {}
  Fctl(const Fctl&) = delete;
  Fctl& operator=(const Fctl&) = delete;

  /// The credits that it was made with. Any thread.
  [[nodiscard]] std::uint64_t credits() const noexcept { return credits_; }

  // --------------------------------------------------------------------------------------------------- direct use

  /// Takes `n` credits, all or none. Thread: the producer's. Precondition (checked): no Producer holds this Fctl.
  [[nodiscard]] bool acquire(std::uint64_t n = 1) noexcept {
    if (n > available()) {
      return false;
    }
    taken_.store(taken_.load(detail::memory_order_relaxed) + n, detail::memory_order_release);  // pairs with release()
    return true;
  }

  /// Credits that `acquire` could take now; more may come at any time, fewer only through `acquire`. Thread: the
  /// producer's. Precondition (checked): no Producer holds this Fctl (ask the Producer instead).
  [[nodiscard]] std::uint64_t available() const noexcept {
    TANGO_PRECONDITION(!ownership_.held_by_producer(), "Fctl: no Producer holds it");
    // Acquire: pairs with the release store in release(); what the consumer did before it happens before what follows.
    return credits_ - (taken_.load(detail::memory_order_relaxed) - given_back_.load(detail::memory_order_acquire));
  }

  /// Gives `n` credits back. False, and nothing is given back, if fewer are out. Thread: the consumer's. Precondition
  /// (checked): no Producer holds this Fctl (a Consumer gives back by itself).
  bool release(std::uint64_t n = 1) noexcept {
    TANGO_PRECONDITION(!ownership_.held_by_producer(), "Fctl::release: no Producer holds it");
    const std::uint64_t given_back = given_back_.load(detail::memory_order_relaxed);  // own word
    if (n > taken_.load(detail::memory_order_acquire) - given_back) {                 // pairs with acquire()
      return false;
    }
    given_back_.store(given_back + n, detail::memory_order_release);  // pairs with available()
    return true;
  }

  // ---------------------------------------------------------------------------------------------------- endpoints

  /// Where a consumer joined: its place, or none if all are taken; the first number that it gets; and whether somebody
  /// had the place before.
  struct Joined {
    std::size_t place;  ///< its place
    Seq first;          ///< the first number that it gets
    bool was_vacant;    ///< whether somebody had the place before
    /// Whether there was a place.
    [[nodiscard]] explicit operator bool() const noexcept { return place < kMaxReliableConsumers; }
  };

  /// For a consumer: takes a place from `wanted` on, or from the first number that is still protected if that is later.
  /// Never waits for the producer, which may be idle or absent. `limit` is the channel's announced limit. O(places).
  ///
  /// Position, fence, limit here; limit, fence, positions in `refill`. Of the two fences one comes first: either this
  /// side sees the limit and moves up, or the producer sees the position and stays behind it.
  [[nodiscard]] TANGO_COLD Joined join(Seq wanted, const detail::SharedWord& limit) noexcept {
    for (std::size_t i = 0; i < kMaxReliableConsumers; ++i) {
      Place& place = places_[i];
      std::uint64_t before = place.state.load(detail::memory_order_relaxed);
      if (!place.take(before)) {
        continue;
      }
      // Release: a producer that still sees the consumer before in this place may read this store, and then has to see
      // that one's reads as done, too.
      place.position.store(wanted, detail::memory_order_release);
      place.state.store(kActive, detail::memory_order_release);  // pairs with the acquire load in minimum
      detail::fence(detail::memory_order_seq_cst);               // pairs with the fence in refill
      const Seq first_protected = limit.load(detail::memory_order_relaxed) - credits_;
      if (seq_lt(wanted, first_protected)) {
        wanted = first_protected;
        // Relaxed: the fence in front of it is a release fence, too, and behind that this side has only loaded the limit
        // of which this value is made.
        place.position.store(wanted, detail::memory_order_relaxed);
      }
      return {i, wanted, before == kVacant};
    }
    return {kMaxReliableConsumers, wanted, false};
  }

  /// For a consumer: leaves; the producer no longer waits for it. Release: its last reads happen before what the
  /// producer writes over them.
  TANGO_COLD void leave(std::size_t place) noexcept {
    places_[place].state.store(kVacant, detail::memory_order_release);  // pairs with minimum and take
  }

  /// For a consumer that was never part of the channel: as if it had never joined.
  TANGO_COLD void retract(const Joined& joined) noexcept {
    places_[joined.place].state.store(joined.was_vacant ? kVacant : kUnused, detail::memory_order_release);
  }

  /// For a consumer: the word of its place.
  [[nodiscard]] detail::SharedWord& position(std::size_t place) noexcept { return places_[place].position; }

  /// For the producer: the number before which everything has been consumed, not past `next`, and at least `known`,
  /// what it knew before. Announces the limit that follows and looks again, because a consumer may join meanwhile (see
  /// `join`). O(places).
  [[nodiscard]] TANGO_COLD Seq refill(Seq known, Seq start, Seq next, detail::SharedWord& limit) const noexcept {
    const Seq seen = minimum(start, next);
    if (seq_le(seen, known)) {
      return known;
    }
    // Never lowered: a producer that has just followed another knows less than was announced, and who joins relies on
    // it.
    if (seq_lt(limit.load(detail::memory_order_relaxed), seen + credits_)) {  // own word
      limit.store(seen + credits_, detail::memory_order_relaxed);
    }
    detail::fence(detail::memory_order_seq_cst);  // pairs with the fence in join
    return seq_max(known, seq_min(seen, minimum(start, next)));
  }

  /// For endpoints: who holds it.
  [[nodiscard]] detail::Ownership& ownership() noexcept { return ownership_; }
  [[nodiscard]] const detail::Ownership& ownership() const noexcept { return ownership_; }  ///< for endpoints: the same

 private:
  static constexpr std::uint64_t kUnused = 0;
  static constexpr std::uint64_t kClaimed = 1;
  static constexpr std::uint64_t kActive = 2;
  static constexpr std::uint64_t kVacant = 3;

  struct alignas(kSeparation) Place {
    detail::SharedWord state{kUnused};
    detail::SharedWord position{0};

    /// Acquire: pairs with the release store in leave, so that the position of who comes follows that of who went.
    bool take(std::uint64_t before) noexcept {
      return (before == kUnused || before == kVacant) &&
             state.compare_exchange_strong(before, kClaimed, detail::memory_order_acquire,
                                           detail::memory_order_relaxed);
    }
  };

  /// The earliest position of the active places, not past `next`.
  [[nodiscard]] Seq minimum(Seq start, Seq next) const noexcept {
    Seq least = next;
    bool any_active = false;
    bool any_left = false;
    for (const Place& place : places_) {
      const std::uint64_t state = place.state.load(detail::memory_order_acquire);  // pairs with join and leave
      if (state == kActive) {
        // Acquire: pairs with the release store in ReadLedger::give_back; the consumer's reads happen before our writes.
        least = seq_min(least, place.position.load(detail::memory_order_acquire));
        any_active = true;
      }
      any_left = any_left || state == kVacant;
    }
    return any_active || any_left ? least : start;
  }

  const std::uint64_t credits_;
  detail::Ownership ownership_;
  detail::SharedWord taken_{0};                            ///< direct use: credits taken; the producer's line
  alignas(kSeparation) detail::SharedWord given_back_{0};  ///< direct use: credits given back; the consumer's line
  Place places_[kMaxReliableConsumers];
};

/// The absence of an Fctl in an endpoint's type: the producer never waits, consumers may be overrun.
struct NoFlowControl {
  NoFlowControl() noexcept = default;
  /// Made like an Fctl, for who has either.
  explicit constexpr NoFlowControl(std::uint64_t) noexcept {}
};

static_assert(sizeof(Fctl) == 2 * 128 + 8 * 128 && alignof(Fctl) == 128);

}  // namespace tango::inline TANGO_ABI
