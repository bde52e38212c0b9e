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
#include "endpoint/components.hpp"
#include "error.hpp"
#include "fctl.hpp"
#include "filter.hpp"
#include "fragment.hpp"
#include "mcache.hpp"
#include "memory/payload_words.hpp"
#include "metrics.hpp"
#include "poll.hpp"
#include "receive/read_cursor.hpp"
#include "resume.hpp"
#include "typed_fragment.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// `Cache` is a DCache, `Flow` is `Fctl` (reliable) or `NoFlowControl`, `Counted` is `Metrics` or `NoMetrics`; all are
/// deduced from what the constructor is given. `Waiting` is the strategy of blocking calls that are given none,
/// `Message` the type of all messages (channel_builder.hpp) if they have one.
template <std::size_t Depth, class Cache, class Flow, class Counted, WaitStrategy Waiting = Busy,
          class Message = AnyMessage>
class Consumer {
  static constexpr bool kReliable = std::is_same_v<Flow, Fctl>;
  static constexpr bool kCounted = std::is_same_v<Counted, Metrics>;
  static_assert(kReliable || Cache::kWords,
                "tango: a consumer of plain bytes must be reliable: give it the channel's Fctl, or use tango::Words");
  using Meter = std::conditional_t<kCounted, detail::ConsumerRecorder, detail::NoConsumerRecorder>;

 public:
  /// What a poll delivers: `tango::Fragment` or `tango::SpeculativeFragment`; a `TypedFragment` where messages are of
  /// one type.
  using Fragment =
      typename detail::FragmentOf<Message, std::conditional_t<kReliable, tango::Fragment, SpeculativeFragment>>::Type;
  /// What a batch holds: `FragmentView` or `SpeculativeFragment`, typed likewise.
  using Item =
      typename detail::FragmentOf<Message, std::conditional_t<kReliable, FragmentView, SpeculativeFragment>>::Type;

  /// What blocking calls do that are given no strategy.
  using DefaultStrategy = Waiting;

  /// May be overrun. Refused: see `status`.
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, Seq first) noexcept requires(!kReliable && !kCounted)
      : Consumer{mcache, dcache, nullptr, first, Meter{}} {}
  /// The same, counted.
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, Seq first, Metrics& metrics) noexcept
      requires(!kReliable && kCounted)
      : Consumer{mcache, dcache, nullptr, first, Meter{metrics}} {}

  /// Reliable: takes one of the Fctl's places. If the channel is running and `first` is no longer protected, it gets
  /// the first number that is: see `first()`. Refused: see `status`.
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, Fctl& fctl, Seq first) noexcept
      requires(kReliable && !kCounted)
      : Consumer{mcache, dcache, &fctl, first, Meter{}} {}
  /// The same, counted.
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, Fctl& fctl, Seq first, Metrics& metrics) noexcept
      requires(kReliable&& kCounted)
      : Consumer{mcache, dcache, &fctl, first, Meter{metrics}} {}

  /// No temporary outlives the consumer.
  template <class Ring, class Payloads, class... Rest>
  requires(!std::is_lvalue_reference_v<Ring> || !std::is_lvalue_reference_v<Payloads>)
      Consumer(Ring&&, Payloads&&, Rest&&...)
  = delete;

  /// Precondition (checked): no fragment or batch is out. Afterwards `other` is refused with `Moved`.
  Consumer(Consumer&& other) noexcept { take_over(other); }
  /// Leaves first. Precondition (checked): no fragment or batch of either is out.
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
  [[nodiscard]] explicit operator bool() const noexcept { return status_.ok(); }  ///< whether it was not refused

  /// The first number that it looks at: the one asked for, or a later one (see the constructor).
  [[nodiscard]] Seq first() const noexcept { return cursor_.first(); }

  /// The next number that it will look at.
  [[nodiscard]] Seq next_seq() const noexcept { return cursor_.next(); }

  /// Fragments delivered; not those that were found overwritten when they were read.
  [[nodiscard]] std::uint64_t delivered() const noexcept { return cursor_.delivered(); }
  /// Fragments skipped because of their `sig`.
  [[nodiscard]] std::uint64_t filtered() const noexcept { return cursor_.filtered(); }
  /// Fragments overwritten before they were read.
  [[nodiscard]] std::uint64_t lost() const noexcept { return cursor_.lost(); }
  /// Fragments whose metadata was out of range.
  [[nodiscard]] std::uint64_t rejected() const noexcept { return cursor_.rejected(); }

  /// Where to go on after an overrun; `Resume::Oldest` unless said otherwise.
  void set_resume(Resume resume) noexcept { cursor_.set_resume(resume); }

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
    const PollStatus status = cursor_.settle() ? cursor_.overrun() : cursor_.look(words, filter, most);
    if (status != PollStatus::Fragment) [[unlikely]] {
      cursor_.give_back();  // filtered fragments, too, are given back before a consumer that has none goes idle
      return Poll<Fragment>{status, status == PollStatus::Overrun ? cursor_.last_lost() : 0};
    }
    const Seq seq = cursor_.next() - 1;
    if constexpr (kReliable) {
      cursor_.account().give_back(seq);  // filtered ones before it
      return Poll<Fragment>{std::in_place, seq, words, payload_of(seq, words), cursor_.account()};
    } else {
      return Poll<Fragment>{std::in_place,    seq, words, payload_of(seq, words), cursor_.mcache().slot(seq).seq,
                            cursor_.account()};
    }
  }

  /// Polls until the outcome is not `Empty`, or `strategy` gives up, which then answers `Empty`.
  template <WaitStrategy Strategy = Waiting, SigFilter Filter = AcceptAll>
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
        storage.size(), [&](std::size_t i, Seq seq, const detail::SlotWords& words) { storage[i] = item(seq, words); },
        filter);
    return Batch<Item>{storage.first(result.count), result, cursor_.next(), cursor_.account()};
  }

  /// Calls `each` with the next fragments that are there and pass `filter`, at most `max`; looks at no more than a
  /// ring's depth of them. All are given back when the last call has returned. `each` takes a `const FragmentView&` or
  /// a `SpeculativeFragment&`, and does not touch this consumer; what it throws ends the program.
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
      static_cast<void>(cursor_.settle());  // whether it is behind is remembered
    }
  }

  /// A range of all fragments until the channel is stopped and drained (or `strategy` gives up): see consumer_iter.hpp.
  template <WaitStrategy Strategy = Waiting>
  [[nodiscard]] FragmentRange<Consumer, Strategy> fragments(Strategy strategy = {}) & noexcept {
    return FragmentRange<Consumer, Strategy>{*this, strategy};
  }
  /// Not of a temporary, which a loop's range does not keep.
  template <WaitStrategy Strategy = Waiting>
  void fragments(Strategy strategy = {}) && = delete;

 private:
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, Fctl* fctl, Seq first, Meter meter) noexcept
      : cursor_{mcache, first, meter}, dcache_{&dcache}, fctl_{fctl} {
    status_ = enter();
    ready_ = ready_ && status_.ok();  // the components may fit and a place be missing all the same
  }

  // The way in and out.

  TANGO_COLD Status enter() noexcept {
    const detail::RingControl& header = cursor_.mcache().header();
    const Seq wanted = cursor_.first();
    const Seq position = cursor_.mcache().position();
    if (wanted - header.start > position - header.start) {
      return {Error::StartMismatch, wanted, position};
    }
    if (const Status credits = detail::check_credits(fctl_, Depth); !credits.ok()) {
      return credits;
    }
    if (const Status wiring = look_at_parts(); !wiring.ok()) {
      return wiring;
    }
    if (!cursor_.meter().take()) {
      return {Error::TooManyMetricsBlocks, kMaxMeteredConsumers + 1, kMaxMeteredConsumers};
    }
    if constexpr (kReliable) {
      const Fctl::Joined joined = fctl_->join(wanted, header.limit);
      if (!joined) {
        cursor_.meter().leave();
        return {Error::TooManyConsumers, kMaxReliableConsumers + 1, kMaxReliableConsumers};
      }
      place_ = joined;
      cursor_.join(joined.first, fctl_->position(joined.place));
    }
    cursor_.meter().join(cursor_.next());
    holds_ = true;
    return {};
  }

  /// Why they do not fit, or success; sets `ready_` if it is known by now that they do.
  [[nodiscard]] Status look_at_parts() noexcept {
    const auto fit = detail::ConsumerParts{cursor_.mcache().header(), dcache_->ownership(), fctl_}.look();
    ready_ = fit.known;
    return fit.status;
  }

  /// Before a producer was seen, or for ever where this consumer is refused. `Fragment`: it may look now.
  TANGO_COLD PollStatus get_ready() noexcept {
    if (status_.ok()) {
      if (const Status wiring = look_at_parts(); !wiring.ok()) {
        leave();
        status_ = wiring;
      }
    }
    if (ready_) {
      return PollStatus::Fragment;
    }
    return !status_.ok()                                       ? PollStatus::Refused
           : cursor_.mcache().header().drained(cursor_.next()) ? PollStatus::Stopped
                                                               : PollStatus::Empty;
  }

  TANGO_COLD void leave() noexcept {
    TANGO_PRECONDITION(cursor_.account().live == 0,
                       "Consumer: destroyed or overwritten while a fragment or batch is out");
    if (holds_) {
      holds_ = false;
      static_cast<void>(cursor_.settle());
      if constexpr (kReliable) {
        if (ready_ || (look_at_parts().ok() && ready_)) {
          fctl_->leave(place_.place);
        } else {
          fctl_->retract(place_);
        }
      }
      ready_ = false;
      cursor_.meter().leave();
    }
  }

  void take_over(Consumer& other) noexcept {
    TANGO_PRECONDITION(other.cursor_.account().live == 0, "Consumer: moved while a fragment or batch is out");
    cursor_ = other.cursor_;
    dcache_ = other.dcache_;
    fctl_ = other.fctl_;
    place_ = other.place_;
    holds_ = std::exchange(other.holds_, false);
    ready_ = std::exchange(other.ready_, false);
    status_ = std::exchange(other.status_, Error::Moved);
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
    if (cursor_.settle()) {
      result.status = cursor_.overrun();
      most = 0;
    }
    detail::SlotWords words;
    while (result.count < max && most != 0) {
      result.status = cursor_.look(words, filter, most);
      if (result.status != PollStatus::Fragment) {
        break;
      }
      put(result.count++, cursor_.next() - 1, words);
    }
    if (result.status == PollStatus::Overrun) {
      result.lost = cursor_.last_lost();
    }
    if (result.status == PollStatus::Empty && most == 0 && result.count != 0) {
      result.status = PollStatus::Fragment;  // it has looked at enough, and not at the end
    }
    if (result.count == 0) {
      cursor_.give_back();  // filtered fragments, too, are given back before a consumer that has none goes idle
    }
    return result;
  }

  // Delivering.

  /// Where the payload lies: in its slot or in its chunks; as words, or as bytes for who cannot be overrun.
  [[nodiscard]] TANGO_HOT auto payload_of(Seq seq, const detail::SlotWords& words) const noexcept {
    const detail::SharedWord* const in_slot = cursor_.mcache().slot(seq).inline_words;
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
      return {seq, words, payload_of(seq, words), cursor_.mcache().slot(seq).seq, cursor_.account()};
    }
  }

  detail::ReadCursor<Depth, Cache, kReliable, Meter> cursor_;
  const Cache* dcache_ = nullptr;
  Fctl* fctl_ = nullptr;
  Fctl::Joined place_{};
  bool ready_ = false;  ///< the components are known to fit
  bool holds_ = false;  ///< a place and a block
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

}  // namespace tango::inline TANGO_ABI
