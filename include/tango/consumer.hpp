// SPDX-License-Identifier: Apache-2.0
/// \file
/// Consumer: reads a channel's fragments in their order.
///
///     tango::Consumer consumer{mcache, dcache, 1};                  // may be overrun: lossy channel, or an observer
///     tango::Consumer consumer{mcache, dcache, fctl, 1};            // reliable: the producer waits for it
///     tango::Consumer consumer{mcache, dcache, fctl, 1, metrics};   // the same, counted
///
/// The last argument is where it starts: a number between the channel's start and its position, both included, or a From.
///
/// At all times `next_seq() == first() + delivered() + filtered() + lost() + rejected()`.
///
/// A consumer that could not be made returns `Refused` from every call; `status()` has the cause and the values. A
/// consumer may be made before its producer: whether they fit is then found out at its first poll after the producer
/// joined.
///
/// A reliable consumer that is destroyed has left in good order: if it was the last one, the producer keeps what it had not
/// given back for the next one (`From::Oldest`). `resign()` gives that up.
///
/// A poll, step by step: receive/read_cursor.hpp.
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
#include "endpoint/recorders.hpp"
#include "error.hpp"
#include "fctl.hpp"
#include "filter.hpp"
#include "fragment.hpp"
#include "from.hpp"
#include "mcache.hpp"
#include "memory/inside.hpp"
#include "memory/payload_words.hpp"
#include "metrics.hpp"
#include "poll.hpp"
#include "receive/read_cursor.hpp"
#include "record.hpp"
#include "resume.hpp"
#include "seq.hpp"
#include "speculative_fragment.hpp"
#include "typed_fragment.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// `Cache` is a DCache, `Flow` is `Fctl` (reliable) or `NoFlowControl`, `MetricsPolicy` is `Metrics` or `NoMetrics`; all are
/// deduced from what the constructor is given. `Waiting` is the strategy of blocking calls that are given none,
/// `Message` the type of all messages (channel_builder.hpp) if they have one.
template <std::size_t Depth, class Cache, class Flow, class MetricsPolicy, WaitStrategy Waiting = Busy,
          class Message = AnyMessage>
class Consumer {
  static constexpr bool kReliable = detail::kIsFlowControl<Flow>;
  static constexpr bool kMetered = std::is_same_v<MetricsPolicy, Metrics>;
  static_assert(kReliable || Cache::kWords,
                "tango: a consumer of plain bytes must be reliable: give it the channel's Fctl, or use tango::Words");
  using Recorder = std::conditional_t<kMetered, detail::ConsumerRecorder, detail::NoConsumerRecorder>;

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
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, From first) noexcept requires(!kReliable && !kMetered)
      : Consumer{mcache, dcache, nullptr, first, Recorder{}} {}
  /// The same, counted.
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, From first, Metrics& metrics) noexcept
      requires(!kReliable && kMetered)
      : Consumer{mcache, dcache, nullptr, first, Recorder{metrics}} {}

  /// Reliable: takes one of the Fctl's places. If the channel is running and `first` is no longer protected, it gets
  /// the first number that is: see `first()`. Refused: see `status`.
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, Flow& fctl, From first) noexcept
      requires(kReliable && !kMetered)
      : Consumer{mcache, dcache, &fctl, first, Recorder{}} {}
  /// The same, counted.
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, Flow& fctl, From first, Metrics& metrics) noexcept
      requires(kReliable&& kMetered)
      : Consumer{mcache, dcache, &fctl, first, Recorder{metrics}} {}

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

  /// Why this consumer was refused, or success.
  ///
  /// \retval StartMismatch The number is not between the channel's start and its position (the number, the position).
  /// \retval TooManyConsumers All places for reliable consumers are taken.
  /// \retval FlowControlMissing The channel's producer has no credits.
  /// \retval ComponentMismatch The components belong to different channels.
  /// \retval CreditsOutOfRange The credits are not in 1 ... depth (credits, depth).
  /// \retval TooManyMetricsBlocks All blocks of this Metrics are taken.
  /// \retval NotConstructed The channel's constructor has not run.
  /// \retval Replaced Another channel was made at this one's address (its generation, the one of this consumer's channel).
  /// \retval Moved This consumer was moved from.
  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] explicit operator bool() const noexcept { return status_.ok(); }  ///< whether it was not refused

  /// The first number that it looks at: the one asked for, or a later one (see the constructor).
  [[nodiscard]] Seq first() const noexcept { return cursor_.ledger().first; }

  /// The next number that it will look at.
  [[nodiscard]] Seq next_seq() const noexcept { return cursor_.ledger().next; }

  /// Its place among the reliable consumers, 0 ... places - 1: what `recover_consumer` is given should this consumer die.
  /// Of no meaning in a consumer that was refused.
  [[nodiscard]] std::size_t place() const noexcept requires kReliable { return place_; }

  /// Fragments delivered; not those that were found overwritten when they were read.
  [[nodiscard]] std::uint64_t delivered() const noexcept { return cursor_.ledger().delivered(); }
  /// Fragments skipped because of their `sig`.
  [[nodiscard]] std::uint64_t filtered() const noexcept { return cursor_.ledger().filtered; }
  /// Fragments overwritten before they were read.
  [[nodiscard]] std::uint64_t lost() const noexcept { return cursor_.ledger().lost; }
  /// Fragments whose metadata was out of range.
  [[nodiscard]] std::uint64_t rejected() const noexcept { return cursor_.ledger().rejected; }

  /// Where to go on after an overrun; `Resume::Oldest` unless said otherwise.
  void set_resume(Resume resume) noexcept { cursor_.set_resume(resume); }

  // --------------------------------------------------------------------------------------------------------- poll

  /// The next fragment that passes `filter`, if it is there. Gives back what was delivered before. Skips at most a
  /// ring's depth of fragments, by their metadata alone. Never waits: wait-free, O(1) for each fragment that it looks
  /// at.
  template <SigFilter Filter = AcceptAll>
  [[nodiscard]] TANGO_HOT Poll<Fragment> poll(Filter&& filter = {}) noexcept {
    if (!is_ready()) [[unlikely]] {
      if (const PollStatus why = get_ready(); why != PollStatus::Fragment) {
        return Poll<Fragment>{why};
      }
    }
    detail::SlotWords words;
    std::uint64_t most = Depth;
    const PollStatus status =
        cursor_.is_behind() ? cursor_.overrun() : cursor_.advance(words, filter, most, cursor_.ledger().next);
    if (status != PollStatus::Fragment) [[unlikely]] {
      cursor_.give_back();  // filtered fragments, too, are given back before a consumer that has none goes idle
      return Poll<Fragment>{status, status == PollStatus::Overrun ? cursor_.last_lost() : 0};
    }
    const Seq seq = cursor_.ledger().next - 1;
    if constexpr (kReliable) {
      if constexpr (!std::is_same_v<std::remove_cvref_t<Filter>, AcceptAll>) {
        cursor_.ledger().give_back(seq);  // filtered ones before it
      }
      return Poll<Fragment>{std::in_place, seq, words, payload_of(seq, words), cursor_.ledger()};
    } else {
      return Poll<Fragment>{std::in_place,   seq, words, payload_of(seq, words), cursor_.ring().slot(seq).seq,
                            cursor_.ledger()};
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
    return Batch<Item>{storage.first(result.count), result, cursor_.ledger().next, cursor_.ledger()};
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
    if (is_ready()) {
      cursor_.give_back();
      static_cast<void>(cursor_.is_behind());  // whether it is behind is remembered
    }
  }

  /// Leaves and gives its position up: the producer does not keep what this consumer has not given back, and if no other
  /// consumer is there, it waits for nobody until one joins. From here on every call returns `Refused` (`Moved`).
  ///
  /// \pre (checked) No fragment or batch is out.
  void resign() noexcept requires kReliable {
    leave(true);
    status_ = Error::Moved;
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
  Consumer(const MCache<Depth>& mcache, const Cache& dcache, Flow* fctl, From first, Recorder recorder) noexcept
      : cursor_{detail::inside(mcache), 0, recorder}, store_{&detail::inside(dcache)} {
    if constexpr (kReliable) {
      flow_ = &detail::inside(*fctl);
    }
    status_ = enter(first);
  }

  // Joining and leaving.

  [[nodiscard]] const detail::RingControl& control() const noexcept { return cursor_.ring().control; }

  [[nodiscard]] detail::ConsumerComponents components() const noexcept {
    const detail::Membership* flow = nullptr;
    if constexpr (kReliable) {
      flow = &flow_->membership;
    }
    return {control(), store_->membership, flow};
  }

  TANGO_COLD Status enter(const From& from) noexcept {
    const auto fit = components().inspect();
    if (!fit.status.ok()) {
      return fit.status;
    }
    generation_ = control().name();
    const Seq position = cursor_.ring().position();
    const detail::WantedStart wanted = from.resolve(control(), position, Depth, kReliable);
    cursor_.ledger() = detail::ReadLedger{wanted.seq};
    if (wanted.seq - control().start > position - control().start) {
      return {Error::StartMismatch, wanted.seq, position};
    }
    if constexpr (kReliable) {
      if (const Status credits = detail::check_credits(flow_->credits, Depth); !credits.ok()) {
        return credits;
      }
    }
    if constexpr (kReliable) {
      if (!flow_->membership.reserve(generation_)) {
        return Error::ComponentMismatch;
      }
      place_ = flow_->view().take(wanted);
      if (place_ == Flow::places()) {
        return {Error::TooManyConsumers, Flow::places() + 1, Flow::places()};
      }
    }
    if (!cursor_.recorder().take(place_)) {
      if constexpr (kReliable) {
        flow_->view().cancel(place_);
      }
      return {Error::TooManyMetricsBlocks, kMaxMeteredConsumers + 1, kMaxMeteredConsumers};
    }
    if constexpr (kReliable) {
      const Seq first = flow_->view().activate(place_, wanted, control().limit, flow_->credits);
      cursor_.ledger().join(first, flow_->places[place_]);
    }
    cursor_.recorder().join(cursor_.ledger().next);
    holds_ = true;
    if (fit.known) {
      ready_as_ = generation_;
    }
    return {};
  }

  /// Whether the components are known to fit, and no other channel was made in their place.
  [[nodiscard]] TANGO_HOT bool is_ready() const noexcept { return detail::is_name(control().name(), ready_as_); }

  /// Before a producer was seen, or where this consumer may not read (any more). `Fragment`: it may poll now.
  TANGO_COLD PollStatus get_ready() noexcept {
    if (!status_.ok()) {
      return PollStatus::Refused;
    }
    if (control().name() != generation_) {
      detach();
      return PollStatus::Refused;
    }
    const auto fit = components().inspect();
    if (!fit.status.ok()) {
      leave();
      status_ = fit.status;
      return PollStatus::Refused;
    }
    if (!fit.known) {
      return control().drained(cursor_.ledger().next) ? PollStatus::Stopped : PollStatus::Empty;
    }
    ready_as_ = generation_;
    return PollStatus::Fragment;
  }

  /// Another channel was made in place of this one: nothing there is touched any more.
  TANGO_COLD void detach() noexcept {
    status_ = {Error::Replaced, control().name(), generation_};
    ready_as_ = detail::kNoGeneration;
    holds_ = false;
    cursor_.ledger().released = cursor_.ledger().next;  // so that fragments which are still out store nothing
  }

  /// `resigning`: the position is given up.
  TANGO_COLD void leave([[maybe_unused]] bool resigning = false) noexcept {
    TANGO_PRECONDITION(cursor_.ledger().live == 0,
                       "Consumer: destroyed, overwritten or resigning while a fragment or batch is out");
    ready_as_ = detail::kNoGeneration;
    if (!std::exchange(holds_, false) || control().name() != generation_) {
      return;
    }
    cursor_.give_back();
    static_cast<void>(cursor_.is_behind());
    cursor_.recorder().leave();  // before the place, whose next holder may take a block under the same tag
    if constexpr (kReliable) {
      if (resigning) {
        flow_->view().resign(place_);
      } else {
        flow_->view().leave(place_);
      }
    }
  }

  void take_over(Consumer& other) noexcept {
    TANGO_PRECONDITION(other.cursor_.ledger().live == 0, "Consumer: moved while a fragment or batch is out");
    cursor_ = other.cursor_;
    store_ = other.store_;
    flow_ = other.flow_;
    place_ = other.place_;
    generation_ = other.generation_;
    ready_as_ = std::exchange(other.ready_as_, detail::kNoGeneration);
    holds_ = std::exchange(other.holds_, false);
    status_ = std::exchange(other.status_, Error::Moved);
  }

  template <class Put, class Filter>
  TANGO_HOT BatchResult collect(std::size_t max, Put&& put, Filter& filter) noexcept {
    BatchResult result;
    if (!is_ready()) [[unlikely]] {
      if (const PollStatus why = get_ready(); why != PollStatus::Fragment) {
        result.status = why;
        return result;
      }
    }
    std::uint64_t most = Depth;
    const Seq end = cursor_.ledger().next;
    if (cursor_.is_behind()) {
      result.status = cursor_.overrun();
      most = 0;
    }
    detail::SlotWords words;
    while (result.count < max && most != 0) {
      result.status = cursor_.advance(words, filter, most, end);
      if (result.status != PollStatus::Fragment) {
        break;
      }
      put(result.count++, cursor_.ledger().next - 1, words);
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

  /// Where the payload is: in its slot or in its chunks; as words, or as bytes for a consumer that cannot be overrun.
  [[nodiscard]] TANGO_HOT auto payload_of(Seq seq, const detail::SlotWords& words) const noexcept {
    const detail::SharedWord* const in_slot = cursor_.ring().slot(seq).inline_words;
    const bool is_in_slot = words.chunk() == kInlineChunk;
    if constexpr (!kReliable) {
      return is_in_slot ? in_slot : store_->data(words.chunk());
    } else if constexpr (Cache::kWords) {
      return detail::bytes_of(is_in_slot ? in_slot : store_->data(words.chunk()));
    } else {
      return is_in_slot ? detail::bytes_of(in_slot) : store_->data(words.chunk());
    }
  }

  [[nodiscard]] TANGO_HOT Item item(Seq seq, const detail::SlotWords& words) noexcept {
    if constexpr (kReliable) {
      return {seq, words, payload_of(seq, words)};
    } else {
      return {seq, words, payload_of(seq, words), cursor_.ring().slot(seq).seq, cursor_.ledger()};
    }
  }

  detail::ReadCursor<Depth, typename Cache::Store, kReliable, Recorder> cursor_;
  const typename Cache::Store* store_ = nullptr;
  typename detail::FlowInside<Flow>::Type* flow_ = nullptr;
  std::size_t place_ = detail::kNoPlace;
  detail::Generation generation_ = detail::kNoGeneration;  ///< of the channel that it joined
  detail::Generation ready_as_ = detail::kNoGeneration;    ///< the same once the components are known to fit
  bool holds_ = false;                                     ///< a place and a block
  Status status_;
};

template <std::size_t D, class C>
Consumer(const MCache<D>&, const C&, From) -> Consumer<D, C, NoFlowControl, NoMetrics>;
template <std::size_t D, class C>
Consumer(const MCache<D>&, const C&, From, Metrics&) -> Consumer<D, C, NoFlowControl, Metrics>;
template <std::size_t D, class C, std::size_t P>
Consumer(const MCache<D>&, const C&, BasicFctl<P>&, From) -> Consumer<D, C, BasicFctl<P>, NoMetrics>;
template <std::size_t D, class C, std::size_t P>
Consumer(const MCache<D>&, const C&, BasicFctl<P>&, From, Metrics&) -> Consumer<D, C, BasicFctl<P>, Metrics>;

}  // namespace tango::inline TANGO_ABI
