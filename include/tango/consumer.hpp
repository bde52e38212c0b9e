// SPDX-License-Identifier: Apache-2.0
/// \file
/// Consumer: reads a channel's fragments in their order.
///
///     tango::Consumer consumer{mcache, dcache, 1};                  // may be overrun: lossy channel, or an observer
///     tango::Consumer consumer{mcache, dcache, fctl, 1};            // reliable: the producer waits for it
///     tango::Consumer consumer{mcache, dcache, fctl, 1, metrics};   // the same, counted
///
/// The last number is the first that it wants: between the channel's start and its position, both included.
///
/// At all times `next_seq() == first() + delivered() + filtered() + lost() + rejected()`.
///
/// A consumer that could not be made answers every call with `Refused`; `status()` has the cause and the values. A
/// consumer may be made before its producer: whether they fit is then found out at its first look after the producer is
/// there; until then, a reliable one holds a place in the Fctl that it was given.
///
/// Thread: one, the consumer's. The components outlive the consumer, and the consumer its fragments.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "config.hpp"
#include "consumer_iter.hpp"
#include "dcache.hpp"
#include "detail/words.hpp"
#include "error.hpp"
#include "fctl.hpp"
#include "fragment.hpp"
#include "mcache.hpp"
#include "metrics.hpp"
#include "poll.hpp"
#include "resume.hpp"
#include "wait.hpp"

namespace tango {

/// The filter that lets everything pass.
struct AcceptAll {
  constexpr bool operator()(std::uint64_t) const noexcept { return true; }
};

/// Says by its `sig` whether a fragment is wanted. It is called from functions that are noexcept: what it throws ends the
/// program.
template <class F>
concept SigFilter = std::predicate<F&, std::uint64_t>;

/// `Cache` is a DCache, `Flow` is `Fctl` (reliable) or `NoFlowControl`, `Counted` is `Metrics` or `NoMetrics`; all are
/// deduced from what the constructor is given.
template <std::size_t Depth, class Cache, class Flow, class Counted>
class Consumer {
  static constexpr bool kReliable = std::is_same_v<Flow, Fctl>;
  static constexpr bool kCounted = std::is_same_v<Counted, Metrics>;
  static_assert(kReliable || Cache::kWords,
                "tango: a consumer of plain bytes must be reliable: give it the channel's Fctl, or use tango::Words");
  using Meter = std::conditional_t<kCounted, detail::ConsumerMeter, detail::NoMeter>;

 public:
  /// What a poll delivers: `tango::Fragment` or `tango::SpeculativeFragment`.
  using Fragment = std::conditional_t<kReliable, tango::Fragment, SpeculativeFragment>;
  /// What a batch holds: `FragmentView` or `SpeculativeFragment`.
  using Item = std::conditional_t<kReliable, FragmentView, SpeculativeFragment>;

  /// May be overrun. Refused: see `status`.
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, Seq first) noexcept
    requires(!kReliable && !kCounted)
      : Consumer{mcache, dcache, nullptr, first, Meter{}} {}
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, Seq first, Metrics& metrics) noexcept
    requires(!kReliable && kCounted)
      : Consumer{mcache, dcache, nullptr, first, Meter{metrics}} {}

  /// Reliable: takes one of the Fctl's places. If the channel is running and `first` is no longer protected, it gets
  /// the first number that is: see `first()`. Refused: see `status`.
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, Fctl& fctl, Seq first) noexcept
    requires(kReliable && !kCounted)
      : Consumer{mcache, dcache, &fctl, first, Meter{}} {}
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, Fctl& fctl, Seq first, Metrics& metrics) noexcept
    requires(kReliable && kCounted)
      : Consumer{mcache, dcache, &fctl, first, Meter{metrics}} {}

  /// Precondition (checked): no fragment or batch is out. Afterwards `other` is refused with `Moved`.
  Consumer(Consumer&& other) noexcept { take_over(other); }
  Consumer& operator=(Consumer&& other) noexcept {
    if (this != &other) {
      leave();
      take_over(other);
    }
    return *this;
  }

  /// Leaves: the producer no longer waits for it. Precondition (checked): no fragment or batch is out.
  ~Consumer() { leave(); }

  // -------------------------------------------------------------------------------------------------------- state

  /// Why this consumer was refused, or success: `StartMismatch` (the number, the channel's position),
  /// `TooManyConsumers`, `FlowControlMissing`, `ComponentMismatch`, `CreditsOutOfRange` (the credits, the depth),
  /// `TooManyMetricsBlocks`, `Moved`.
  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] explicit operator bool() const noexcept { return status_.ok(); }

  /// The first number that it looks at: the one asked for, or a later one (see the constructor).
  [[nodiscard]] Seq first() const noexcept { return first_; }

  /// The next number that it will look at.
  [[nodiscard]] Seq next_seq() const noexcept { return next_; }

  /// Fragments delivered; not those that were found overwritten when they were read.
  [[nodiscard]] std::uint64_t delivered() const noexcept {
    return next_ - first_ - filtered_ - account_.lost - rejected_;
  }
  /// Fragments skipped because of their `sig`.
  [[nodiscard]] std::uint64_t filtered() const noexcept { return filtered_; }
  /// Fragments overwritten before they were read.
  [[nodiscard]] std::uint64_t lost() const noexcept { return account_.lost; }
  /// Fragments whose metadata was out of range.
  [[nodiscard]] std::uint64_t rejected() const noexcept { return rejected_; }

  /// Where to go on after an overrun; `Resume::Oldest` unless said otherwise.
  void set_resume(Resume resume) noexcept { resume_ = resume; }

  // --------------------------------------------------------------------------------------------------------- poll

  /// The next fragment that passes `filter`, if it is there. Gives back what was delivered before. Skips at most a
  /// ring's depth of fragments, by their metadata alone. Never waits: wait-free, O(1) for each fragment that it looks
  /// at.
  template <SigFilter Filter = AcceptAll>
  [[nodiscard]] TANGO_HOT Poll<Fragment> poll(Filter&& filter = {}) noexcept {
    if (!ready_) [[unlikely]] {
      if (const PollStatus why = get_ready(); why != PollStatus::Fragment) {
        return Poll<Fragment>{why};
      }
    }
    detail::SlotWords words;
    std::uint64_t most = Depth;
    const PollStatus status = settle() ? overrun() : look(words, filter, most);
    if (status != PollStatus::Fragment) [[unlikely]] {
      give_back();  // filtered fragments, too, are given back before a consumer that has none goes idle
      return Poll<Fragment>{status, status == PollStatus::Overrun ? last_lost_ : 0};
    }
    const Seq seq = next_ - 1;
    if constexpr (kReliable) {
      account_.give_back(seq);  // filtered ones before it
      return Poll<Fragment>{std::in_place, seq, words, payload_of(seq, words), account_};
    } else {
      return Poll<Fragment>{std::in_place, seq, words, payload_of(seq, words), mcache_->slot(seq).seq, account_};
    }
  }

  /// Polls until the outcome is not `Empty`, or `strategy` gives up, which then answers `Empty`.
  template <WaitStrategy Strategy = Busy, SigFilter Filter = AcceptAll>
  [[nodiscard]] Poll<Fragment> wait(Strategy strategy = {}, Filter&& filter = {}) noexcept {
    for (std::uint64_t round = 0;; ++round) {
      Poll<Fragment> outcome = poll(filter);
      if (outcome.status() != PollStatus::Empty || !strategy.idle(round)) {
        return outcome;
      }
    }
  }

  /// Fills `storage` from its front with the next fragments that are there and pass `filter`; looks at no more than a
  /// ring's depth of them. They are given back together.
  template <SigFilter Filter = AcceptAll>
  [[nodiscard]] Batch<Item> poll_batch(std::span<Item> storage, Filter&& filter = {}) noexcept {
    BatchResult result = collect(
        storage.size(),
        [&](std::size_t i, Seq seq, const detail::SlotWords& words) { storage[i] = item(seq, words); }, filter);
    return Batch<Item>{storage.first(result.count), result, next_, account_};
  }

  /// Calls `each` with the next fragments that are there and pass `filter`, at most `max`; looks at no more than a ring's
  /// depth of them. All are given back when the last call has returned. `each` takes a `const FragmentView&` or a
  /// `SpeculativeFragment&`, and does not touch this consumer; what it throws ends the program.
  template <std::invocable<Item&> Each, SigFilter Filter = AcceptAll>
  BatchResult poll_batch(std::size_t max, Each&& each, Filter&& filter = {}) noexcept {
    const BatchResult result = collect(
        max,
        [&](std::size_t, Seq seq, const detail::SlotWords& words) {
          Item fragment = item(seq, words);
          each(fragment);
        },
        filter);
    release();
    return result;
  }

  /// Gives back everything that was delivered; payloads of fragments that are still out must not be touched afterwards.
  /// Nothing to do where the consumer may be overrun.
  void release() noexcept {
    if (holds_) {
      static_cast<void>(settle());  // whether it is behind is remembered
    }
  }

  /// A range of all fragments until the channel is stopped and drained (or `strategy` gives up): see consumer_iter.hpp.
  template <WaitStrategy Strategy = Busy>
  [[nodiscard]] FragmentRange<Consumer, Strategy> fragments(Strategy strategy = {}) noexcept {
    return FragmentRange<Consumer, Strategy>{*this, strategy};
  }

 private:
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, Fctl* fctl, Seq first, Meter meter) noexcept
      : mcache_{&mcache}, dcache_{&dcache}, fctl_{fctl}, meter_{meter}, first_{first}, next_{first} {
    status_ = enter();
    ready_ = ready_ && status_.ok();  // the components may fit and a place be missing all the same
  }

  // The way in and out.

  TANGO_COLD Status enter() noexcept {
    const detail::ChannelHeader& header = mcache_->header();
    // Relaxed: a number to compare with; nothing is read through it.
    const Seq position = header.position.load(detail::memory_order_relaxed);
    if (first_ - header.start > position - header.start) {
      return {Error::StartMismatch, first_, position};
    }
    if constexpr (kReliable) {
      if (const std::uint64_t credits = fctl_->credits(); credits < 1 || credits > Depth) {
        return {Error::CreditsOutOfRange, credits, Depth};
      }
    }
    if (const Status wiring = inspect(); !wiring.ok()) {
      return wiring;
    }
    if (!meter_.take()) {
      return {Error::TooManyMetricsBlocks, kMaxMeteredConsumers + 1, kMaxMeteredConsumers};
    }
    if constexpr (kReliable) {
      const Fctl::Joined joined = fctl_->join(first_, header.limit);
      if (!joined) {
        meter_.leave();
        return {Error::TooManyConsumers, kMaxReliableConsumers + 1, kMaxReliableConsumers};
      }
      place_ = joined;
      first_ = next_ = joined.first;
      account_.position = &fctl_->position(joined.place);
      account_.released = first_;
    }
    meter_.join(next_);
    holds_ = true;
    return {};
  }

  /// Whether the components belong to one channel, of a kind that has such a consumer; sets `ready_` if that is known
  /// already.
  [[nodiscard]] Status inspect() noexcept {
    const detail::Ownership& ring = mcache_->header().ownership;
    std::uint64_t identity = ring.identity();
    if (identity == 0) {
      // Nobody was there yet, or is just joining, which writes the ring's last; else the rest is of another channel.
      if (!others_belong_somewhere() || ring.held_by_producer()) {
        return {};
      }
      identity = ring.identity();  // once more: it may have come and gone
      if (identity == 0) {
        return Error::ComponentMismatch;
      }
    }
    if (kReliable && detail::kind_of(identity) == detail::ChannelKind::Lossy) {
      return Error::FlowControlMissing;
    }
    bool same = dcache_->ownership().identity() == identity;
    if constexpr (kReliable) {
      same = same && fctl_->ownership().identity() == identity;
    }
    if (!same) {
      return Error::ComponentMismatch;
    }
    ready_ = true;
    return {};
  }

  /// Whether the DCache or the Fctl have been part of a channel.
  [[nodiscard]] bool others_belong_somewhere() const noexcept {
    bool belong = dcache_->ownership().identity() != 0;
    if constexpr (kReliable) {
      belong = belong || fctl_->ownership().identity() != 0;
    }
    return belong;
  }

  /// Before a producer was seen, or for ever where this consumer is refused. `Fragment`: it may look now.
  TANGO_COLD PollStatus get_ready() noexcept {
    if (status_.ok()) {
      if (Status wiring = inspect(); !wiring.ok()) {
        leave();
        status_ = wiring;
      }
    }
    if (ready_) {
      return PollStatus::Fragment;
    }
    return !status_.ok()                        ? PollStatus::Refused
           : mcache_->header().drained(next_) ? PollStatus::Stopped
                                                : PollStatus::Empty;
  }

  TANGO_COLD void leave() noexcept {
    TANGO_PRECONDITION(account_.live == 0, "Consumer: destroyed or overwritten while a fragment or batch is out");
    if (holds_) {
      holds_ = false;
      static_cast<void>(settle());
      if constexpr (kReliable) {
        if (ready_ || (inspect().ok() && ready_)) {
          fctl_->leave(place_.place);
        } else {
          fctl_->retract(place_);
        }
      }
      ready_ = false;
      meter_.leave();
    }
  }

  void take_over(Consumer& other) noexcept {
    TANGO_PRECONDITION(other.account_.live == 0, "Consumer: moved while a fragment or batch is out");
    mcache_ = other.mcache_;
    dcache_ = other.dcache_;
    fctl_ = other.fctl_;
    meter_ = other.meter_;
    place_ = other.place_;
    first_ = other.first_;
    next_ = other.next_;
    filtered_ = other.filtered_;
    rejected_ = other.rejected_;
    last_lost_ = other.last_lost_;
    setbacks_ = other.setbacks_;
    resume_ = other.resume_;
    account_ = other.account_;
    holds_ = std::exchange(other.holds_, false);
    ready_ = std::exchange(other.ready_, false);
    status_ = std::exchange(other.status_, Error::Moved);
  }

  // Looking.

  /// Gives back what was delivered or skipped so far.
  TANGO_HOT void give_back() noexcept {
    if constexpr (kReliable) {
      account_.give_back(next_);
    }
  }

  /// Before a look: gives back, and takes over what fragments found overwritten. Whether this consumer was so far behind
  /// again and again that it should go on at the latest fragment.
  TANGO_HOT bool settle() noexcept {
    give_back();
    if constexpr (kReliable) {
      return false;
    } else {
      return (account_.missed != 0 || setbacks_.any()) && take_setbacks();
    }
  }

  TANGO_COLD bool take_setbacks() noexcept {
    if (account_.missed != 0) {
      meter_.missed(std::exchange(account_.missed, 0), std::exchange(account_.missed_bytes, 0));
      setbacks_.missed();
    } else {
      setbacks_.end_if_looked();
    }
    // Relaxed: see overrun. Nothing to skip where the next fragment is the latest.
    return setbacks_.behind() && seq_lt(next_ + 1, mcache_->header().position.load(detail::memory_order_relaxed));
  }

  /// Looks for the next fragment that passes the filter, and past it; at no more than `most`, which it counts down.
  /// Nothing is given back.
  template <class Filter>
  [[nodiscard]] TANGO_HOT PollStatus look(detail::SlotWords& words, Filter& filter, std::uint64_t& most) noexcept {
    for (; most != 0; --most) {
      const detail::Slot& slot = mcache_->slot(next_);
      if (const std::int64_t ahead = seq_diff(slot.observe(), next_); ahead != 0) [[unlikely]] {
        return ahead < 0 ? nothing() : overrun();
      }
      words = slot.read();
      if constexpr (!kReliable) {
        if (!slot.still_holds(next_)) [[unlikely]] {
          return overrun();
        }
      }
      if constexpr (!kReliable) {
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

  /// The slot is not ready.
  [[nodiscard]] PollStatus nothing() const noexcept {
    return mcache_->header().drained(next_) ? PollStatus::Stopped : PollStatus::Empty;
  }

  /// The slot has gone on to a later number, or its fragment was evicted. What the slot holds says nothing about where
  /// the producer is, so the producer's own words say where to go on. Relaxed: whoever goes on there validates what it
  /// reads. They may be older than what the slot showed; then there is nothing yet, and the next look will see more.
  TANGO_COLD PollStatus overrun() noexcept {
    const detail::ChannelHeader& header = mcache_->header();
    const Seq position = header.position.load(detail::memory_order_relaxed);
    if (seq_le(position, next_)) {
      return PollStatus::Empty;
    }
    const Seq oldest = seq_min(position, seq_max(header.oldest.load(detail::memory_order_relaxed), position - Depth));
    const Seq resumed = setbacks_.overrun(resume_, next_, oldest, position);
    last_lost_ = resumed - next_;
    account_.lost += last_lost_;
    next_ = resumed;
    meter_.overrun(last_lost_);
    return PollStatus::Overrun;
  }

  /// The metadata names bytes that are not there: whoever wrote it is not our producer.
  TANGO_COLD PollStatus reject() noexcept {
    ++rejected_;
    ++next_;
    meter_.rejected();
    return PollStatus::Rejected;
  }

  template <class Put, class Filter>
  TANGO_HOT BatchResult collect(std::size_t max, Put&& put, Filter& filter) noexcept {
    BatchResult result;
    if (!ready_) [[unlikely]] {
      if (const PollStatus why = get_ready(); why != PollStatus::Fragment) {
        result.status = why;
        return result;
      }
    }
    std::uint64_t most = Depth;
    if (settle()) {
      result.status = overrun();
      most = 0;
    }
    detail::SlotWords words;
    while (result.count < max && most != 0) {
      result.status = look(words, filter, most);
      if (result.status != PollStatus::Fragment) {
        break;
      }
      put(result.count++, next_ - 1, words);
    }
    if (result.status == PollStatus::Overrun) {
      result.lost = last_lost_;
    }
    if (result.count == 0) {
      give_back();  // filtered fragments, too, are given back before a consumer that has none goes idle
    }
    return result;
  }

  // Delivering.

  /// Where the payload lies: in its slot or in its chunks; as words, or as bytes for who cannot be overrun.
  [[nodiscard]] TANGO_HOT auto payload_of(Seq seq, const detail::SlotWords& words) const noexcept {
    const detail::Word* const in_slot = mcache_->slot(seq).inline_words;
    const bool is_in_slot = words.chunk() == kInlineChunk;
    if constexpr (!kReliable) {
      return is_in_slot ? in_slot : dcache_->data(words.chunk());
    } else if constexpr (Cache::kWords) {
      return detail::bytes_of(is_in_slot ? in_slot : dcache_->data(words.chunk()));
    } else {
      return is_in_slot ? detail::bytes_of(in_slot) : dcache_->data(words.chunk());
    }
  }

  [[nodiscard]] TANGO_HOT Item item(Seq seq, const detail::SlotWords& words) noexcept {
    if constexpr (kReliable) {
      return {seq, words, payload_of(seq, words)};
    } else {
      return {seq, words, payload_of(seq, words), mcache_->slot(seq).seq, account_};
    }
  }

  const MCache<Depth>* mcache_ = nullptr;
  const Cache* dcache_ = nullptr;
  Fctl* fctl_ = nullptr;
  [[no_unique_address]] Meter meter_;
  Fctl::Joined place_{};
  Seq first_ = 0;
  Seq next_ = 0;
  std::uint64_t filtered_ = 0;
  std::uint64_t rejected_ = 0;
  std::uint64_t last_lost_ = 0;  ///< by the last overrun
  detail::Setbacks setbacks_;
  Resume resume_ = Resume::Oldest;
  bool ready_ = false;  ///< the components are known to fit
  bool holds_ = false;  ///< a place and a block
  detail::Account account_;
  Status status_;
};

template <std::size_t D, class C>
Consumer(const MCache<D>&, const C&, Seq) -> Consumer<D, C, NoFlowControl, NoMetrics>;
template <std::size_t D, class C>
Consumer(const MCache<D>&, const C&, Seq, Metrics&) -> Consumer<D, C, NoFlowControl, Metrics>;
template <std::size_t D, class C>
Consumer(const MCache<D>&, const C&, Fctl&, Seq) -> Consumer<D, C, Fctl, NoMetrics>;
template <std::size_t D, class C>
Consumer(const MCache<D>&, const C&, Fctl&, Seq, Metrics&) -> Consumer<D, C, Fctl, Metrics>;

}  // namespace tango
