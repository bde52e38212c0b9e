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
///                J3  position <- wanted         release               R4  minimum over the places again  acquire
///                J4  claim <- Entering          release               R5  use the earlier of the two minima
///                J5  fence                      seq_cst
///                J6  read limit; if wanted is earlier than   drop    D1  is a place Kept, and holds back?  acquire
///                    limit - credits, move up to that                D2  is another one still settled?  acquire
///                J7  claim <- Active            release               D3  claim <- Free                  cas, release
///     continue   C1  claim <- Rejoining         cas
///                C2  claim <- Active            release       sweep   S1  is the claim Free?             acquire
///     leave      L1  every Kept place <- Free   cas, release          S2  members &= ~place              cas, acquire
///                L2  claim <- Kept              release               S3  is it no longer Free? then J2  acquire
///     resign     Q1  as L1
///                Q2  abandoned <- 1             relaxed
///                Q3  claim <- Free              release
///
/// - G1 with R1: what a consumer read happens before the producer overwrites it.
/// - J5 with R3: one of the two fences comes first. Either the joining consumer sees the limit and moves up, or the
///   producer sees the joining consumer in R4 and does not pass it. No consumer waits for the producer, which may be
///   idle or absent.
/// - C1: a consumer that continues where another one left (from Kept) or died (from Orphaned) takes over its position
///   unchanged. It does not read the limit, which may have been announced for more than R5 used. It need not: since J7
///   of the first holder that position has counted, so the producer has not passed it.
/// - C1 with D3: whichever of the two changes the claim first wins. Before the producer passes a kept position, it
///   frees the place; a consumer can then no longer continue there. D2 comes after D1, so that consumer left while
///   another one was there: if it had seen that no other one was (L1), D2 would see that as well.
/// - J2 with S2: consumers only set bits of `members`, and only the producer clears them, when R1 or R4 finds a place
///   Free. If it clears a bit that a joining consumer has just set, S3 sees that consumer's J1 and sets the bit again.
///   Only the producer reads the bits, so nothing depends on them in between. A producer that died there is followed by
///   one that sets the bits of all places that are not Free.
///
/// The states of a place:
///
/// | from | to | when |
/// | --- | --- | --- |
/// | Free | Joining | a consumer takes the place (J1) |
/// | Joining | Entering, then Active | it has joined (J4, J7) |
/// | Kept, Orphaned | Rejoining, Adopting respectively | a consumer continues there (C1) |
/// | Rejoining, Adopting | Active | it has joined (C2) |
/// | Rejoining, Adopting | Kept, Orphaned respectively | it was refused, or it died before C2 |
/// | Joining, Entering | Free | it was refused, or it died before J7 |
/// | Active | Kept | it leaves (L2) |
/// | Active | Free | it resigns (Q3) |
/// | Active | Orphaned | it died, and its position is kept |
/// | Active, Orphaned, Rejoining, Adopting | Free | its consumer is dead and is evicted |
/// | Kept | Free | another one was active and the producer goes on (D3); another one leaves or resigns later (L1) |
///
/// Which places count:
///
/// 1. Every place counts that is Entering, Active, Rejoining, Orphaned or Adopting.
/// 2. If one of them is settled (Active, Orphaned or Adopting), the Kept places before it do not count: the producer
///    drops them. The position of a consumer that died is not dropped.
/// 3. Otherwise the Kept places count, too. The last consumer left in good order, and what it had not given back is
///    kept for the next consumer, which may continue there. If two consumers leave at the same time, both places are
///    kept: each saw the other as active, so neither freed the other's place.
/// 4. If no place counts and a consumer has resigned or was evicted, the producer waits for nobody until a consumer
///    joins.
/// 5. Otherwise no consumer has ever joined. The channel's start counts, so what is published waits for the first
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
  Joining = 1,    ///< a consumer has taken the place: does not count
  Active = 2,     ///< a consumer, which may have vanished without leaving: counts
  Kept = 3,       ///< its consumer has left, and what it had not given back is kept: counts if no other one does
  Rejoining = 4,  ///< a consumer is about to continue where the last one left: counts
  Orphaned = 5,   ///< its consumer has died, and what it had not given back is kept: counts
  Adopting = 6,   ///< a consumer is about to continue where the last one died: counts
  Entering = 7,   ///< a consumer is about to be Active, and may still move up: counts
};

}  // namespace tango::inline TANGO_ABI

namespace tango::inline TANGO_ABI::detail {

/// Whether the consumer of a place in this state was there for certain, so that kept places may be dropped. Not
/// Entering and Rejoining: such a consumer may still be refused or die, as if it had never been there.
[[nodiscard]] inline bool is_settled(PlaceState state) noexcept {
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

  /// J1 or C1: takes a place. Then call `activate` or `cancel`. The order of preference:
  ///
  /// 1. an orphaned place, if the consumer would continue there (`where_left`) or wants to start no later than there;
  /// 2. a kept place, if the consumer would continue there or wants to start exactly there;
  /// 3. a free place;
  /// 4. any other kept place. If the consumer wants to start later, it gives back what was kept before that.
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
          // Never at a later number: what the dead consumer had not given back would be lost.
          rank = Rank::OrphanedHere;
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

  /// J2 to J7, or C2.
  ///
  /// \return The consumer's first sequence number. In a place that was left: its position, or the wanted number if that
  ///         is later. In a new place: the wanted number, or the first that is still protected if that is later.
  ///
  /// Thread: the consumer's.
  [[nodiscard]] TANGO_COLD Seq activate(std::size_t taken, const WantedStart& wanted, const SharedWord& limit,
                                        std::uint64_t credits) noexcept {
    CreditPlace& place = places[taken];
    if (place.claim.holder().state != PlaceState::Joining) {
      const Seq kept = place.position.load(memory_order_relaxed);  // only this thread writes it
      place.claim.set(PlaceState::Active);
      const Seq first = wanted.where_left ? kept : seq_max(kept, wanted.seq);
      if (first != kept) {
        place.give_back(first);  // after C2: as long as the place is not its own, the position stays
      }
      return first;
    }
    Seq first = wanted.seq;
    members.add(taken);
    // Release: a producer that has not yet seen the claim change may read this store. It must then also see that the
    // previous consumer has finished reading.
    place.position.store(first, memory_order_release);
    place.claim.set(PlaceState::Entering);
    fence(memory_order_seq_cst);  // J5, pairs with R3
    const Seq first_protected = limit.load(memory_order_relaxed) - credits;
    if (seq_lt(first, first_protected)) {
      first = first_protected;
      // Relaxed: J5 is also a release fence, and after it this thread only loaded the limit from which this value is
      // computed.
      place.position.store(first, memory_order_relaxed);
    }
    place.claim.set(PlaceState::Active);  // J7
    return first;
  }

  /// What a place that was taken, but not yet activated, was before.
  ///
  /// Thread: the consumer's.
  [[nodiscard]] PlaceState taken_from(std::size_t taken) const noexcept {
    return state_before(places[taken].claim.holder().state);
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

  /// Recovers the place of a consumer that was `found` dead. What had not been given back there is kept until another
  /// consumer takes the place, and meanwhile the producer waits; or it is given up (`evict`), as if the consumer had
  /// resigned. A place that was taken but not activated returns to its previous state, or is given up as well.
  /// Idempotent.
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
    const PlaceState to = evict                               ? PlaceState::Free
                          : found.state == PlaceState::Active ? PlaceState::Orphaned
                                                              : state_before(found.state);
    if (to == PlaceState::Free && found.state != PlaceState::Joining && found.state != PlaceState::Entering) {
      members.abandoned.store(1, memory_order_relaxed);  // Q2
    }
    return places[place].claim.reset(found, to);
  }

  /// Gives back the place of a consumer whose components turned out not to fit, and which therefore has read nothing.
  /// The place was `taken_from` Free, Kept or Orphaned and returns to that state.
  ///
  /// Thread: the consumer's.
  TANGO_COLD void withdraw(std::size_t place, PlaceState taken_from) noexcept { places[place].claim.set(taken_from); }

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

  /// The earliest position that counts, not past `next`. Also drops the kept places that would hold the producer back,
  /// and sweeps the places that it finds Free.
  [[nodiscard]] Seq minimum(Seq start, Seq next) noexcept {
    Seq least = next;                     // of the places that count in any case
    Seq least_kept = next;                // of the kept ones
    std::size_t settled = places.size();  // one of the former that is settled
    bool any = false;                     // whether there is any of either
    // Relaxed: in R4 the load is ordered by R3, and the producer proceeds at most as far as R4 found.
    std::uint64_t left = members.members.load(memory_order_relaxed);
    for (std::size_t i = 0; i != places.size() && left != 0; ++i, left >>= 1) {
      if ((left & 1) == 0) {
        continue;
      }
      const PlaceState state = places[i].claim.holder().state;
      if (state == PlaceState::Free) {
        sweep(i);
      } else if (state == PlaceState::Kept) {
        any = true;
        least_kept = seq_min(least_kept, position_of(i));
      } else if (state != PlaceState::Joining) {
        any = true;
        least = seq_min(least, position_of(i));
        settled = is_settled(state) ? i : settled;
      }
    }
    if (!any) {
      // A stale 0 only makes the producer wait.
      return members.abandoned.load(memory_order_relaxed) != 0 ? next : start;
    }
    if (!seq_lt(least_kept, least)) {
      return least;
    }
    return settled != places.size() ? drop_kept(settled, least) : least_kept;
  }

 private:
  /// Acquire: pairs with G1; what the consumer read happens before what is written over it.
  [[nodiscard]] Seq position_of(std::size_t place) const noexcept {
    return places[place].position.load(memory_order_acquire);
  }

  /// D1 to D3: drops the kept places before `least`, because the place `settled` is. Returns the earliest position that
  /// nevertheless counts: one that another consumer has taken over meanwhile, or all of them if `settled` no longer is.
  [[nodiscard]] Seq drop_kept(std::size_t settled, Seq least) noexcept {
    for (std::size_t i = 0; i != places.size(); ++i) {
      const Claim<PlaceState>::Holder found = places[i].claim.holder();  // D1
      const Seq position = position_of(i);
      if (found.state == PlaceState::Free || found.state == PlaceState::Joining || !seq_lt(position, least)) {
        continue;
      }
      if (found.state != PlaceState::Kept || !is_settled(places[settled].claim.holder().state) ||
          !places[i].claim.reset(found, PlaceState::Free)) {
        least = position;
      }
    }
    return least;
  }

  /// S2 and S3, for a place that was found Free. It is not visited any more until a consumer takes it.
  void sweep(std::size_t place) noexcept {
    members.remove(place);
    if (places[place].claim.holder().state != PlaceState::Free) {
      members.add(place);
    }
  }

  /// What a place was before it was taken, as far as its position is kept.
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
