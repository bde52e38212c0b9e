// SPDX-License-Identifier: Apache-2.0
/// \file
/// Credits: what a producer may publish before its reliable consumers have given fragments back, and the places where
/// the consumers store their positions.
///
/// A position is a *next* sequence number: everything before it has been given back. The producer may publish `n` if
/// and only if `n < minimum + credits`, where the minimum is taken over the places that count.
///
///     consumer                                                producer
///     give back  G1  position <- next           release       refill  R1  minimum over the places        acquire
///     join       J1  claim <- Joining           cas                   R2  limit <- minimum + credits     relaxed
///                J2  members |= place           cas, release          R3  fence                          seq_cst
///                J3  position <- first          release               R4  minimum over the places again  acquire
///                J4  claim <- Active            release               R5  use the earlier of the two minima
///                J5  fence                      seq_cst
///                J6  read limit; if first is earlier than    sweep   S1  is the claim Free?             acquire
///                    limit - credits, move up to that                S2  members &= ~place              cas, acquire
///     leave      L1  every Kept place <- Free   cas, release          S3  is it no longer Free? then J2  acquire
///                L2  claim <- Kept              release
///     resign     Q1  as L1
///                Q2  abandoned <- 1             relaxed
///                Q3  claim <- Free              release
///
/// - G1 with R1: what a consumer read happens before the producer overwrites it.
/// - J5 with R3: one of the two fences comes first. Either the joining consumer sees the limit and moves up, or the
///   producer sees the joining consumer in R4 and does not pass it. No consumer waits for the producer, which may be
///   idle or absent.
/// - J2 with S2: consumers only set bits of `members`, and only the producer clears them, when R1 or R4 finds a place
///   Free. If it clears a bit that a joining consumer has just set, S3 sees that consumer's J1 and sets the bit again.
///   Only the producer reads the bits, so nothing depends on them in between. A producer that died there is followed by
///   one that sets the bits of all places that are not Free.
///
/// The states of a place:
///
/// | from | to | when |
/// | --- | --- | --- |
/// | Free, Kept, Orphaned | Joining, Rejoining, Adopting respectively | a consumer takes the place (J1) |
/// | Joining, Rejoining, Adopting | Active | it has joined (J4) |
/// | Joining, Rejoining, Adopting | Free, Kept, Orphaned respectively | it was refused, or it died before J4 |
/// | Active | Kept | it leaves (L2) |
/// | Active | Free | it resigns (Q3), was evicted after its death, or has components that do not fit |
/// | Active | Orphaned | it died, and its position is kept |
/// | Kept | Free | another consumer leaves or resigns later (L1), or a dead one is recovered that was further ahead |
/// | Orphaned, Adopting | Free | it is evicted |
///
/// Which places count:
///
/// 1. If any place is Active, Orphaned or Adopting, those places count. The position of a consumer that left
///    does not count then, and is discarded when another consumer leaves. The position of a consumer that died counts.
/// 2. Otherwise, if any place is Kept or Rejoining, those count. The last consumer left in good order, and what it had
///    not given back is kept for the next consumer, which may continue there. If two consumers leave at the same time,
///    both places are kept: each saw the other as active, so neither freed the other's place.
/// 3. Otherwise, if a consumer resigned or was evicted, no place counts. The producer does not wait until a consumer
///    joins.
/// 4. Otherwise no consumer has ever joined. The channel's start counts, so what is published waits for the first
///    consumer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "../config.hpp"
#include "../seq.hpp"
#include "claim.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI {

/// The state of a reliable consumer's place. The transitions are listed in memory/credit_places.hpp.
enum class PlaceState : std::uint8_t {
  Free = 0,       ///< no consumer
  Joining = 1,    ///< a consumer has taken a Free place and is about to be Active: does not count
  Active = 2,     ///< a consumer, which may have vanished without leaving: counts
  Kept = 3,       ///< its consumer has left, and what it had not given back is kept: counts if none counts as Active
  Rejoining = 4,  ///< a consumer has taken a Kept place and is about to be Active: counts like Kept
  Orphaned = 5,   ///< its consumer has died, and what it had not given back is kept: counts as Active
  Adopting = 6,   ///< a consumer is taking an Orphaned place over: counts like Active
};

}  // namespace tango::inline TANGO_ABI

namespace tango::inline TANGO_ABI::detail {

/// Whether a place counts like an active one.
[[nodiscard]] constexpr bool counts_as_active(PlaceState state) noexcept {
  return state == PlaceState::Active || state == PlaceState::Orphaned || state == PlaceState::Adopting;
}

/// One reliable consumer's place. Only that consumer writes it, except that L1 and recovery may change the state of a
/// claim whose holder they have read.
struct alignas(kSeparation) CreditPlace {
  Claim<PlaceState> claim;
  SharedWord position{0};

  /// G1. Release: pairs with R1 and R4. Thread: the consumer.
  void give_back(Seq next) noexcept { position.store(next, memory_order_release); }
};

static_assert(sizeof(CreditPlace) == 128 && offsetof(CreditPlace, claim) == 0 && offsetof(CreditPlace, position) == 8);

/// Which places the refill visits, and whether a consumer has given its position up.
struct alignas(kSeparation) CreditMembers {
  SharedWord members{0};    ///< bit i: the refill reads place i, which may count
  SharedWord abandoned{0};  ///< 1 once a consumer has resigned or was evicted

  /// J2. Release: pairs with `remove`.
  TANGO_COLD void add(std::size_t place) noexcept {
    std::uint64_t now = members.load(memory_order_relaxed);
    while (!members.compare_exchange_strong(now, now | bit(place), memory_order_release, memory_order_relaxed)) {
    }
  }

  /// S2. Acquire: pairs with `add`; if a consumer has just set the bit, this thread sees that it has taken the place.
  TANGO_COLD void remove(std::size_t place) noexcept {
    std::uint64_t now = members.load(memory_order_relaxed);
    while (!members.compare_exchange_strong(now, now & ~bit(place), memory_order_acquire, memory_order_relaxed)) {
    }
  }

  [[nodiscard]] static constexpr std::uint64_t bit(std::size_t place) noexcept { return std::uint64_t{1} << place; }
};

/// Where a consumer wants to start.
struct WantedStart {
  Seq seq = 0;
  bool where_left = false;  ///< prefer the position where an earlier consumer left or died, if there is one
};

/// The state of flow control in shared memory except for the credits; 1 to 64 places.
///
/// The functions take the channel's `limit` word (RingControl) and the credits, which each endpoint copies once when it
/// is created.
struct CreditPlacesView {
  CreditMembers& members;
  std::span<CreditPlace> places;

  /// J1: takes a place. Then call `activate` or `cancel`. The order of preference:
  ///
  /// 1. an orphaned place, if the consumer would continue there (`where_left`) or wants to start no later than there;
  /// 2. a kept place, if the consumer would continue there or wants to start exactly there;
  /// 3. a free place;
  /// 4. any other kept place.
  ///
  /// Among several of the first or second kind, the one with the earliest position.
  ///
  /// \return The place; `places.size()` if all are taken.
  ///
  /// Thread: the consumer's.
  /// Complexity: O(places).
  [[nodiscard]] TANGO_COLD std::size_t take(const WantedStart& wanted) noexcept {
    enum class Rank : std::uint8_t { Taken, LeftElsewhere, Free, LeftHere, OrphanedHere };
    while (true) {
      std::size_t best = places.size();
      Claim<PlaceState>::Holder best_found;
      Rank best_rank = Rank::Taken;
      Seq best_position = 0;
      for (std::size_t i = 0; i != places.size(); ++i) {
        const Claim<PlaceState>::Holder found = places[i].claim.holder();
        const Seq position = places[i].position.load(memory_order_relaxed);  // a kept place: ordered by its claim
        Rank rank = Rank::Taken;
        if (found.state == PlaceState::Free) {
          rank = Rank::Free;
        } else if (found.state == PlaceState::Kept) {
          rank = wanted.where_left || wanted.seq == position ? Rank::LeftHere : Rank::LeftElsewhere;
        } else if (found.state == PlaceState::Orphaned && (wanted.where_left || seq_le(wanted.seq, position))) {
          rank =
              Rank::OrphanedHere;  // never at a later number: what the dead consumer had not given back would be lost
        }
        if (rank > best_rank || (rank == best_rank && rank >= Rank::LeftHere && seq_lt(position, best_position))) {
          best = i;
          best_found = found;
          best_rank = rank;
          best_position = position;
        }
      }
      if (best == places.size()) {
        return best;
      }
      const PlaceState taken = best_found.state == PlaceState::Kept       ? PlaceState::Rejoining
                               : best_found.state == PlaceState::Orphaned ? PlaceState::Adopting
                                                                          : PlaceState::Joining;
      if (places[best].claim.take(best_found, taken)) {
        return best;
      }
    }
  }

  /// J2 to J6.
  ///
  /// \return The consumer's first sequence number: the place's position if it continues there, else the wanted one; or
  ///         the first that is still protected, if that is later.
  ///
  /// Thread: the consumer's.
  [[nodiscard]] TANGO_COLD Seq activate(std::size_t taken, const WantedStart& wanted, const SharedWord& limit,
                                        std::uint64_t credits) noexcept {
    CreditPlace& place = places[taken];
    const bool goes_on = place.claim.holder().state != PlaceState::Joining;
    // Relaxed: only this thread writes it.
    Seq first = goes_on && wanted.where_left ? place.position.load(memory_order_relaxed) : wanted.seq;
    members.add(taken);
    // Release: a producer that has not yet seen the claim change may read this store. It must then also see that the
    // previous consumer has finished reading.
    place.position.store(first, memory_order_release);
    place.claim.set(PlaceState::Active);
    fence(memory_order_seq_cst);  // J5, pairs with R3
    const Seq first_protected = limit.load(memory_order_relaxed) - credits;
    if (seq_lt(first, first_protected)) {
      first = first_protected;
      // Relaxed: J5 is also a release fence, and after it this thread only loaded the limit from which this value is
      // computed.
      place.position.store(first, memory_order_relaxed);
    }
    return first;
  }

  /// Gives back a place that was taken but not activated, and restores its state.
  ///
  /// Thread: the consumer's.
  TANGO_COLD void cancel(std::size_t taken) noexcept {
    Claim<PlaceState>& claim = places[taken].claim;
    claim.set(state_before(claim.holder().state));
  }

  /// L1 and L2: keeps what the consumer of this place has not given back, for the next consumer. It does not count
  /// while another consumer is active.
  ///
  /// Thread: the consumer's.
  /// Complexity: O(places).
  TANGO_COLD void leave(std::size_t place) noexcept {
    forget_kept([](Seq) noexcept { return true; });
    places[place].claim.set(PlaceState::Kept);  // release: pairs with `minimum`
  }

  /// Q1 to Q3: gives the position up.
  ///
  /// Thread: the consumer's.
  /// Complexity: O(places).
  TANGO_COLD void resign(std::size_t place) noexcept {
    forget_kept([](Seq) noexcept { return true; });
    members.abandoned.store(1, memory_order_relaxed);
    places[place].claim.set(PlaceState::Free);
  }

  /// Recovers the place of a consumer that was `found` dead. If it was active, or adopting, what had not been given
  /// back is kept until another consumer takes the place, and meanwhile the producer waits; or it is given up
  /// (`evict`), as if the consumer had resigned. A place that was taken from Free or Kept but not activated returns to
  /// that state. Idempotent.
  ///
  /// \pre `found` is neither Free nor Kept.
  /// \return False if the place's holder has changed, or if an orphaned place is to be kept: nothing was done.
  ///
  /// Thread: the one that recovers (see `Claim::reset`).
  TANGO_COLD bool recover(std::size_t place, const Claim<PlaceState>::Holder& found, bool evict) noexcept {
    if (places[place].claim.holder() != found) {
      return false;
    }
    if (found.state == PlaceState::Orphaned && !evict) {
      return false;
    }
    if (found.state == PlaceState::Active) {
      // The dead consumer counted until now. A kept position at or after this one is still protected, so it stays.
      const Seq position = places[place].position.load(memory_order_relaxed);  // ordered by the recovery's precondition
      forget_kept([position](Seq left) noexcept { return seq_lt(left, position); });
    }
    const bool counted = counts_as_active(found.state);
    const PlaceState to = !counted ? state_before(found.state) : evict ? PlaceState::Free : PlaceState::Orphaned;
    if (counted && evict) {
      members.abandoned.store(1, memory_order_relaxed);  // Q2
    }
    return places[place].claim.reset(found, to);
  }

  /// Frees the place of a consumer whose components turned out not to fit.
  ///
  /// Thread: the consumer's.
  TANGO_COLD void withdraw(std::size_t place) noexcept { places[place].claim.set(PlaceState::Free); }

  /// Called before the first refill of a producer, in case its predecessor died between S2 and S3.
  ///
  /// Thread: the producer's.
  /// Complexity: O(places).
  TANGO_COLD void start() noexcept {
    for (std::size_t i = 0; i != places.size(); ++i) {
      if (places[i].claim.holder().state != PlaceState::Free) {
        members.add(i);
      }
    }
  }

  /// R1 to R5. `known` is the result of the previous refill, at first the channel's start.
  ///
  /// \return The sequence number before which everything has been given back: at most `next`, and at least `known`.
  ///
  /// Thread: the producer's.
  /// Complexity: O(places in use).
  [[nodiscard]] TANGO_COLD Seq refill(Seq known, Seq start, Seq next, SharedWord& limit,
                                      std::uint64_t credits) noexcept {
    const Seq seen = minimum(start, next);
    if (seq_le(seen, known)) {
      return known;
    }
    // Never lowered: a new producer knows less than its predecessor announced, and joining consumers rely on what was
    // announced.
    if (seq_lt(limit.load(memory_order_relaxed), seen + credits)) {  // only this thread writes it
      limit.store(seen + credits, memory_order_relaxed);
    }
    fence(memory_order_seq_cst);  // R3, pairs with J5
    return seq_max(known, seq_min(seen, minimum(start, next)));
  }

  /// The earliest position that counts, not past `next`. Also sweeps the places that it finds Free.
  [[nodiscard]] Seq minimum(Seq start, Seq next) noexcept {
    Seq least_active = next;
    Seq least_kept = next;
    bool any_active = false;
    bool any_kept = false;
    // Relaxed: in R4 the load is ordered by R3, and the producer proceeds at most as far as R4 found.
    std::uint64_t left = members.members.load(memory_order_relaxed);
    for (std::size_t i = 0; i != places.size() && left != 0; ++i, left >>= 1) {
      if ((left & 1) == 0) {
        continue;
      }
      const CreditPlace& place = places[i];
      const PlaceState state = place.claim.holder().state;
      if (state == PlaceState::Free) {
        sweep(i);
        continue;
      }
      const bool active = counts_as_active(state);
      if (!active && state != PlaceState::Kept && state != PlaceState::Rejoining) {
        continue;
      }
      // Acquire: pairs with G1; what the consumer read happens before what is written over it.
      const Seq position = place.position.load(memory_order_acquire);
      (active ? any_active : any_kept) = true;
      (active ? least_active : least_kept) = seq_min(active ? least_active : least_kept, position);
    }
    if (any_active) {
      return least_active;
    }
    if (any_kept) {
      return least_kept;
    }
    return members.abandoned.load(memory_order_relaxed) != 0 ? next : start;  // a stale 0 only makes the producer wait
  }

 private:
  /// S2 and S3, for a place that was found Free. It is not visited any more until a consumer takes it.
  void sweep(std::size_t place) noexcept {
    members.remove(place);
    if (places[place].claim.holder().state != PlaceState::Free) {
      members.add(place);
    }
  }

  /// What a place was before it was taken.
  [[nodiscard]] static constexpr PlaceState state_before(PlaceState taken) noexcept {
    return taken == PlaceState::Rejoining  ? PlaceState::Kept
           : taken == PlaceState::Adopting ? PlaceState::Orphaned
                                           : PlaceState::Free;
  }

  /// L1, for a consumer whose own place is active, or that is recovered. The kept positions of earlier consumers are
  /// then no longer needed. One compare-and-swap each: no matter where this thread dies or how late it resumes, it
  /// frees no place that another consumer has taken.
  template <class Which>
  void forget_kept(const Which& which) noexcept {
    for (CreditPlace& place : places) {
      const Claim<PlaceState>::Holder found = place.claim.holder();
      if (found.state == PlaceState::Kept && which(place.position.load(memory_order_relaxed))) {
        place.claim.reset(found, PlaceState::Free);
      }
    }
  }
};

}  // namespace tango::inline TANGO_ABI::detail
