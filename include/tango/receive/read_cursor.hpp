// SPDX-License-Identifier: Apache-2.0
/// \file
/// Where a consumer stands in the ring. It looks at the slots one after the other and accounts for every number that it
/// passes, so that at all times
///
///     next == first + delivered + filtered + lost + rejected
///
/// Thread: the consumer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "../config.hpp"
#include "../filter.hpp"
#include "../fragment.hpp"
#include "../mcache.hpp"
#include "../memory/platform.hpp"
#include "../memory/slot.hpp"
#include "../poll.hpp"
#include "../resume.hpp"
#include "../seq.hpp"

namespace tango::inline TANGO_ABI::detail {

/// `Cache` is a DCache, `Meter` how the consumer counts; a `Reliable` one is never overrun.
template <std::size_t Depth, class Cache, bool Reliable, class Meter>
class ReadCursor {
 public:
  ReadCursor() noexcept = default;
  ReadCursor(const MCache<Depth>& mcache, Seq first, Meter meter) noexcept
      : mcache_{&mcache}, meter_{meter}, first_{first}, next_{first} {}

  [[nodiscard]] const MCache<Depth>& mcache() const noexcept { return *mcache_; }
  [[nodiscard]] Meter& meter() noexcept { return meter_; }
  [[nodiscard]] ReadLedger& account() noexcept { return account_; }
  [[nodiscard]] const ReadLedger& account() const noexcept { return account_; }

  [[nodiscard]] Seq first() const noexcept { return first_; }
  [[nodiscard]] Seq next() const noexcept { return next_; }
  [[nodiscard]] std::uint64_t delivered() const noexcept {
    return next_ - first_ - filtered_ - account_.lost - rejected_;
  }
  [[nodiscard]] std::uint64_t filtered() const noexcept { return filtered_; }
  [[nodiscard]] std::uint64_t lost() const noexcept { return account_.lost; }
  [[nodiscard]] std::uint64_t rejected() const noexcept { return rejected_; }

  /// Lost by the last overrun.
  [[nodiscard]] std::uint64_t last_lost() const noexcept { return last_lost_; }

  void set_resume(Resume resume) noexcept { resume_ = resume; }

  /// A place was found: from `first` on, given back through `position`.
  void join(Seq first, SharedWord& position) noexcept {
    first_ = next_ = account_.released = first;
    account_.position = &position;
  }

  /// Gives back what was delivered or skipped so far.
  TANGO_HOT void give_back() noexcept {
    if constexpr (Reliable) {
      account_.give_back(next_);
    }
  }

  /// Before a look: gives back, and takes over what fragments found overwritten. Whether this consumer was so far
  /// behind again and again that it should go on at the latest fragment.
  TANGO_HOT bool settle() noexcept {
    give_back();
    if constexpr (Reliable) {
      return false;
    } else {
      return (account_.missed != 0 || setbacks_.any()) && take_setbacks();
    }
  }

  /// Looks for the next fragment that passes the filter, and past it; at no more than `most`, which it counts down.
  /// Nothing is given back.
  template <class Filter>
  [[nodiscard]] TANGO_HOT PollStatus look(SlotWords& words, Filter& filter, std::uint64_t& most) noexcept {
    for (; most != 0; --most) {
      const Slot& slot = mcache_->slot(next_);
      if (const std::int64_t ahead = seq_diff(slot.observe(), next_); ahead != 0) [[unlikely]] {
        return ahead < 0 ? nothing() : overrun();
      }
      words = slot.read();
      if constexpr (!Reliable) {
        if (!slot.still_holds(next_)) [[unlikely]] {
          return overrun();
        }
        setbacks_.looked();
      }
      if constexpr (!std::is_same_v<std::remove_cvref_t<Filter>, AcceptAll>) {
        if (!filter(words.sig)) {
          ++filtered_;
          ++next_;
          meter_.filtered();
          continue;
        }
      }
      if (!Cache::holds(words.chunk(), words.size())) [[unlikely]] {
        return reject();
      }
      --most;
      ++next_;
      meter_.delivered(words.size());
      return PollStatus::Fragment;
    }
    return PollStatus::Empty;
  }

  /// The slot has gone on to a later number, or its fragment was evicted. What the slot holds says nothing about where
  /// the producer is, so the producer's own words say where to go on: the position, which is later than `next_` for who
  /// saw that (unless somebody else wrote there; then there is nothing), and the oldest. That one is relaxed: whoever
  /// goes on there validates what it reads.
  TANGO_COLD PollStatus overrun() noexcept {
    const RingControl& header = mcache_->header();
    const Seq position = mcache_->position();
    if (seq_le(position, next_)) {
      return PollStatus::Empty;
    }
    const Seq oldest = seq_min(position, seq_max(header.oldest.load(memory_order_relaxed), position - Depth));
    const Seq resumed = setbacks_.overrun(resume_, next_, oldest, position);
    last_lost_ = resumed - next_;
    account_.lost += last_lost_;
    next_ = resumed;
    meter_.overrun(last_lost_);
    return PollStatus::Overrun;
  }

 private:
  TANGO_COLD bool take_setbacks() noexcept {
    if (account_.missed != 0) {
      meter_.missed(std::exchange(account_.missed, 0), std::exchange(account_.missed_bytes, 0));
      setbacks_.missed();
    } else {
      setbacks_.end_if_looked();
    }
    // Nothing to skip where the next fragment is the latest.
    return setbacks_.behind() && seq_lt(next_ + 1, mcache_->position());
  }

  /// The slot is not ready.
  [[nodiscard]] PollStatus nothing() const noexcept {
    return mcache_->header().drained(next_) ? PollStatus::Stopped : PollStatus::Empty;
  }

  /// The metadata names bytes that are not there: whoever wrote it is not our producer.
  TANGO_COLD PollStatus reject() noexcept {
    ++rejected_;
    ++next_;
    meter_.rejected();
    return PollStatus::Rejected;
  }

  const MCache<Depth>* mcache_ = nullptr;
  [[no_unique_address]] Meter meter_;
  Seq first_ = 0;
  Seq next_ = 0;
  std::uint64_t filtered_ = 0;
  std::uint64_t rejected_ = 0;
  std::uint64_t last_lost_ = 0;
  ResumePolicy setbacks_;
  Resume resume_ = Resume::Oldest;
  ReadLedger account_;
};

}  // namespace tango::inline TANGO_ABI::detail
