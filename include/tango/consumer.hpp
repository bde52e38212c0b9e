// SPDX-License-Identifier: Apache-2.0
/// \file
/// Consumer: reads a channel's fragments in order.
///
///     tango::Consumer consumer{mcache, dcache, 1};                  // may be overrun: lossy channel, or an observer
///     tango::Consumer consumer{mcache, dcache, fctl, 1};            // reliable: the producer waits for it
///     tango::Consumer consumer{mcache, dcache, fctl, 1, metrics};   // the same, with metrics
///     tango::Consumer consumer{mcache, fctl, 1};                    // without chunks: messages fit into their slots
///
/// Most programs do not construct a Consumer from its components. They build a channel (channel_builder.hpp) and call
/// `channel.consumer()`.
///
/// The argument after the components says where the consumer starts: a From (from.hpp), or a sequence number between
/// the channel's start and its position, both inclusive.
///
/// At all times `next_seq() == first() + delivered() + filtered() + lost() + rejected()`.
///
/// Construction does not throw. If a consumer cannot join the channel, every poll returns `Refused`, and `status()`
/// returns the cause with its values. A consumer may be created before its producer. Whether the components fit is then
/// checked at its first poll after the producer joined.
///
/// A reliable consumer that is destroyed leaves in good order. If it was the last one, the producer keeps the fragments
/// that it had not given back, for the next consumer to read (`From::Oldest`). `resign()` gives them up instead.
///
/// The steps of a poll are listed in receive/read_cursor.hpp.
///
/// Thread: every function belongs to one thread, the consumer's. The components must outlive the consumer, and the
/// consumer must outlive its fragments.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "config.hpp"
#include "consumer_id.hpp"
#include "consumer_iter.hpp"
#include "dcache.hpp"
#include "endpoint/consumer_attachment.hpp"
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
#include "slot_layout.hpp"
#include "speculative_fragment.hpp"
#include "typed_fragment.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// `Cache` is a DCache or `NoDCache`, `Flow` is an `Fctl` (reliable) or `NoFlowControl`, `MetricsPolicy` is `Metrics`
/// or `NoMetrics`, and `Layout` is the MCache's. All four are deduced from the constructor's arguments. `Waiting` is
/// the default wait strategy of blocking calls. `Message` is the type of all messages if the channel has one
/// (channel_builder.hpp).
template <std::size_t Depth, class Cache, class Flow, class MetricsPolicy, WaitStrategy Waiting = Busy,
          class Message = AnyMessage, class Layout = SlotLayout<>>
class Consumer {
  using Ring = detail::Ring<Depth, Layout>;
  using Store = typename Cache::Store;
  static constexpr bool kChunks = Store::kChunks != 0;
  static constexpr bool kReliable = detail::kIsFlowControl<Flow>;
  static constexpr bool kMetered = std::is_same_v<MetricsPolicy, Metrics>;
  static_assert(kReliable || Cache::kWords,
                "tango: a consumer of plain bytes must be reliable: give it the channel's Fctl, or use tango::Words");
  static_assert(Layout::kWords || !Cache::kWords,
                "tango: an MCache of plain bytes needs a DCache of plain bytes, or none");
  static_assert(Layout::kMetadata || !std::is_same_v<Message, AnyMessage>,
                "tango: without metadata all messages have one type: build the channel by a ChannelBuilder, of<T>()");
  using Recorder = std::conditional_t<kMetered, detail::ConsumerRecorder, detail::NoConsumerRecorder>;
  template <class Argument, class Component>
  static constexpr bool kIsTemporary =
      !std::is_lvalue_reference_v<Argument> && std::is_same_v<std::remove_cvref_t<Argument>, Component>;

 public:
  /// What a poll delivers: `tango::Fragment` or `tango::SpeculativeFragment`, or a `TypedFragment` on a channel of one
  /// message type.
  using Fragment =
      typename detail::FragmentOf<Message, std::conditional_t<kReliable, tango::Fragment, SpeculativeFragment>,
                                  Layout>::Type;
  /// What a batch holds: `FragmentView` or `SpeculativeFragment`, or their typed forms.
  using Item = typename detail::FragmentOf<Message, std::conditional_t<kReliable, FragmentView, SpeculativeFragment>,
                                           Layout>::Type;

  /// The wait strategy of blocking calls that are given none.
  using DefaultStrategy = Waiting;

  /// The ring of the channel.
  using Mcache = MCache<Depth, Layout::kPayloadBytes, typename Layout::Payload, typename Layout::Metadata>;

  /// A consumer that may be overrun. `status()` reports whether it joined the channel.
  Consumer(const Mcache& mcache, const Cache& dcache, From first) noexcept requires(kChunks && !kReliable && !kMetered)
      : Consumer{mcache, &detail::inside(dcache), nullptr, first, Recorder{}} {}
  /// The same, with metrics.
  Consumer(const Mcache& mcache, const Cache& dcache, From first, Metrics& metrics) noexcept
      requires(kChunks && !kReliable && kMetered)
      : Consumer{mcache, &detail::inside(dcache), nullptr, first, Recorder{metrics}} {}

  /// A reliable consumer, which takes one of the Fctl's places. If the channel is running and `first` is no longer
  /// protected, it starts at the first sequence number that is: see `first()`. `status()` reports whether it joined the
  /// channel.
  Consumer(const Mcache& mcache, const Cache& dcache, Flow& fctl, From first) noexcept
      requires(kChunks&& kReliable && !kMetered)
      : Consumer{mcache, &detail::inside(dcache), &fctl, first, Recorder{}} {}
  /// The same, with metrics.
  Consumer(const Mcache& mcache, const Cache& dcache, Flow& fctl, From first, Metrics& metrics) noexcept
      requires(kChunks&& kReliable&& kMetered)
      : Consumer{mcache, &detail::inside(dcache), &fctl, first, Recorder{metrics}} {}

  /// The same four without a DCache: every message is stored in its slot.
  /// @{
  Consumer(const Mcache& mcache, From first) noexcept requires(!kChunks && !kReliable && !kMetered)
      : Consumer{mcache, nullptr, nullptr, first, Recorder{}} {}
  Consumer(const Mcache& mcache, From first, Metrics& metrics) noexcept requires(!kChunks && !kReliable && kMetered)
      : Consumer{mcache, nullptr, nullptr, first, Recorder{metrics}} {}
  Consumer(const Mcache& mcache, Flow& fctl, From first) noexcept requires(!kChunks && kReliable && !kMetered)
      : Consumer{mcache, nullptr, &fctl, first, Recorder{}} {}
  Consumer(const Mcache& mcache, Flow& fctl, From first, Metrics& metrics) noexcept
      requires(!kChunks && kReliable && kMetered)
      : Consumer{mcache, nullptr, &fctl, first, Recorder{metrics}} {}
  /// @}

  /// Deleted: a temporary component would not outlive the consumer.
  template <class First, class Second, class... Rest>
  requires(kIsTemporary<First, Mcache> || kIsTemporary<Second, Cache>) Consumer(First&&, Second&&, Rest&&...)
  = delete;

  /// Takes over from `other`, whose `status()` is `Moved` afterwards.
  ///
  /// \pre (checked) No fragment or batch is held.
  Consumer(Consumer&& other) noexcept { take_over(other); }
  /// Leaves its own channel, then takes over from `other`.
  ///
  /// \pre (checked) Neither consumer has a fragment or batch that is still held.
  Consumer& operator=(Consumer&& other) noexcept {
    if (this != &other) {
      attachment_.leave(cursor_, false);
      take_over(other);
    }
    return *this;
  }

  /// Leaves the channel. The producer no longer waits for this consumer.
  ///
  /// \pre (checked) No fragment or batch is held.
  ~Consumer() { attachment_.leave(cursor_, false); }

  // -------------------------------------------------------------------------------------------------------- state

  /// Why this consumer cannot read, or success.
  ///
  /// \retval StartMismatch The sequence number is not between the channel's start and its position (the number, the
  ///         position).
  /// \retval TooManyConsumers All places for reliable consumers are taken (one more than the places, the places).
  /// \retval FlowControlMissing The channel's producer has no flow control.
  /// \retval ComponentMismatch The components belong to different channels.
  /// \retval CreditsOutOfRange The credits are not in 1 ... depth (credits, depth).
  /// \retval TooManyMetricsBlocks All blocks of this Metrics are taken (one more than the blocks, the blocks).
  /// \retval NotConstructed The channel's constructor has not run.
  /// \retval Replaced Another channel was created at the same address (the new generation, the generation that this
  ///         consumer joined).
  /// \retval Moved This consumer was moved from, or it resigned.
  [[nodiscard]] const Status& status() const noexcept { return attachment_.status(); }
  [[nodiscard]] explicit operator bool() const noexcept { return status().ok(); }  ///< whether `status()` is success

  /// The first sequence number that this consumer reads: the requested one, or a later one (see the constructor).
  [[nodiscard]] Seq first() const noexcept { return cursor_.ledger().first; }

  /// The next sequence number that this consumer reads.
  [[nodiscard]] Seq next_seq() const noexcept { return cursor_.ledger().next; }

  /// This consumer's place among the reliable consumers, 0 ... places - 1. Meaningless in a consumer that was refused.
  [[nodiscard]] std::size_t place() const noexcept requires kReliable { return attachment_.place(); }

  /// Identifies this consumer to `recover_consumer` or `recover_observer` (recovery.hpp), should it die.
  ///
  /// \pre (checked) The consumer has joined the channel. It has neither resigned nor been moved from, and no later poll
  ///      was refused.
  [[nodiscard]] ConsumerId id() const noexcept requires(kReliable || kMetered) {
    TANGO_PRECONDITION(attachment_.holds(), "Consumer::id: it has joined the channel and has not left");
    if constexpr (kReliable) {
      return {attachment_.place(), attachment_.epoch()};
    } else {
      return cursor_.recorder().id();
    }
  }

  /// Fragments delivered, without those that turned out to be overwritten while they were read.
  [[nodiscard]] std::uint64_t delivered() const noexcept { return cursor_.ledger().delivered(); }
  /// Fragments that the filter rejected.
  [[nodiscard]] std::uint64_t filtered() const noexcept { return cursor_.ledger().filtered; }
  /// Fragments overwritten before or while they were read, or skipped after an overrun.
  [[nodiscard]] std::uint64_t lost() const noexcept { return cursor_.ledger().lost; }
  /// Fragments skipped because their metadata was out of range.
  [[nodiscard]] std::uint64_t rejected() const noexcept { return cursor_.ledger().rejected; }

  /// Sets where the consumer resumes after an overrun. The default is `Resume::Oldest`.
  void set_resume(Resume resume) noexcept { cursor_.set_resume(resume); }

  // --------------------------------------------------------------------------------------------------------- poll

  /// Returns the next fragment that passes `filter`, if it was published. First gives back what the previous poll
  /// delivered. Reads at most a ring's depth of fragments, and skips the ones that do not pass by their metadata alone.
  /// Never waits.
  ///
  /// \retval Fragment A fragment is returned.
  /// \retval Empty Nothing more was published yet, or a whole ring's depth of fragments did not pass the filter.
  /// \retval Overrun `lost()` fragments were overwritten before they were read. The next poll resumes after them.
  /// \retval Stopped The channel is closed, and everything published was polled.
  /// \retval Rejected A fragment was skipped because its metadata was out of range.
  /// \retval Refused This consumer cannot read: see `status()`.
  ///
  /// Complexity: wait-free, O(1) per fragment read.
  template <SigFilter Filter = AcceptAll>
  [[nodiscard]] TANGO_HOT Poll<Fragment> poll(Filter&& filter = {}) noexcept {
    check_filter<Filter>();
    if (!is_ready()) [[unlikely]] {
      if (const PollStatus why = attachment_.get_ready(cursor_); why != PollStatus::Fragment) {
        return Poll<Fragment>{detail::Passkey{}, why};
      }
    }
    detail::SlotWords words;
    std::uint64_t most = Depth;
    const PollStatus status =
        cursor_.settle_accounts() ? cursor_.overrun() : cursor_.advance(words, filter, most, cursor_.ledger().next);
    if (status != PollStatus::Fragment) [[unlikely]] {
      cursor_.give_back();  // also the filtered fragments, before the consumer reports that there are none
      return Poll<Fragment>{detail::Passkey{}, status, status == PollStatus::Overrun ? cursor_.last_lost() : 0};
    }
    const Seq seq = cursor_.ledger().next - 1;
    if constexpr (kReliable) {
      if constexpr (detail::kFilters<Filter>) {
        cursor_.ledger().give_back(seq);  // the filtered fragments before this one
      }
      return Poll<Fragment>{detail::Passkey{}, std::in_place, seq, words, payload_of(seq, words), cursor_.ledger()};
    } else {
      return Poll<Fragment>{
          detail::Passkey{}, std::in_place, seq, words, payload_of(seq, words), cursor_.ring().slot(seq).seq,
          cursor_.ledger()};
    }
  }

  /// Polls until the outcome is not `Empty` or `strategy` gives up.
  ///
  /// \return As `poll`; `Empty` if the strategy gave up.
  template <WaitStrategy Strategy = Waiting, SigFilter Filter = AcceptAll>
  [[nodiscard]] Poll<Fragment> wait(Strategy strategy = {}, Filter&& filter = {}) noexcept {
    for (std::uint64_t round = 0;; ++round) {
      Poll<Fragment> outcome = poll(filter);
      if (outcome.status() != PollStatus::Empty || !strategy.idle(round)) {
        return outcome;
      }
    }
  }

  /// Fills `storage` from its front with the next published fragments that pass `filter`. Reads at most a ring's depth
  /// of fragments. They are given back together.
  ///
  /// \return The fragments, and the outcome that ended the batch: see BatchResult.
  ///
  /// Complexity: wait-free, O(fragments read).
  template <SigFilter Filter = AcceptAll>
  [[nodiscard]] Batch<Item> poll_batch(std::span<Item> storage, Filter&& filter = {}) noexcept {
    BatchResult result = collect(
        storage.size(), [&](std::size_t i, Seq seq, const detail::SlotWords& words) { storage[i] = item(seq, words); },
        filter);
    return Batch<Item>{detail::Passkey{}, storage.first(result.count), result, cursor_.ledger().next, cursor_.ledger()};
  }

  /// Calls `each` with the next published fragments that pass `filter`, at most `max` of them. Reads at most a ring's
  /// depth of fragments. All are given back after the last call has returned. `each` takes a `const FragmentView&` or a
  /// `SpeculativeFragment&`. It must not use this consumer, and an exception that it throws terminates the program.
  ///
  /// \return How many fragments there were, and the outcome that ended the batch: see BatchResult.
  ///
  /// Complexity: wait-free apart from `each`, O(fragments read).
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

  /// Gives back everything that was delivered. The payloads of fragments and batches that are still held must not be
  /// read afterwards. Has no effect on the producer if this consumer may be overrun.
  void release() noexcept {
    if (is_ready()) {
      cursor_.give_back();
      static_cast<void>(cursor_.settle_accounts());  // reports overwritten fragments; the ledger keeps the result
    }
  }

  /// Leaves the channel and gives its position up. The producer does not keep what this consumer has not given back. If
  /// there is no other consumer, the producer does not wait until one joins. From now on every poll returns `Refused`
  /// (`Moved`). Has no effect on a consumer that was refused.
  ///
  /// \pre (checked) No fragment or batch is held.
  void resign() noexcept requires kReliable { attachment_.leave(cursor_, true); }

  /// Returns a range of all fragments, which ends when the channel is stopped and drained, or when `strategy` gives up:
  /// see consumer_iter.hpp.
  template <WaitStrategy Strategy = Waiting>
  [[nodiscard]] FragmentRange<Consumer, Strategy> fragments(Strategy strategy = {}) & noexcept {
    return FragmentRange<Consumer, Strategy>{detail::Passkey{}, *this, strategy};
  }
  /// Deleted: a range-based for loop would not keep a temporary consumer alive.
  template <WaitStrategy Strategy = Waiting>
  void fragments(Strategy strategy = {}) && = delete;

 private:
  Consumer(const Mcache& mcache, const Store* store, Flow* fctl, From first, Recorder recorder) noexcept
      : cursor_{detail::inside(mcache), 0, recorder}, attachment_{store, flow_of(fctl)} {
    attachment_.enter(first, cursor_);
  }

  [[nodiscard]] static auto flow_of([[maybe_unused]] Flow* fctl) noexcept -> typename detail::FlowInside<Flow>::Type* {
    if constexpr (kReliable) {
      return &detail::inside(*fctl);
    } else {
      return nullptr;
    }
  }

  [[nodiscard]] TANGO_HOT bool is_ready() const noexcept { return attachment_.is_ready(cursor_.ring().control); }

  void take_over(Consumer& other) noexcept {
    TANGO_PRECONDITION(other.cursor_.ledger().live == 0, "Consumer: moved while a fragment or batch is held");
    cursor_ = other.cursor_;
    attachment_.take_over(other.attachment_);
  }

  template <class Put, class Filter>
  TANGO_HOT BatchResult collect(std::size_t max, Put&& put, Filter& filter) noexcept {
    check_filter<Filter>();
    BatchResult result;
    if (!is_ready()) [[unlikely]] {
      if (const PollStatus why = attachment_.get_ready(cursor_); why != PollStatus::Fragment) {
        result.status = why;
        return result;
      }
    }
    std::uint64_t most = Depth;
    const Seq first = cursor_.ledger().next;
    if (cursor_.settle_accounts()) {
      result.status = cursor_.overrun();
      most = 0;
    }
    detail::SlotWords words;
    while (result.count < max && most != 0) {
      result.status = cursor_.advance(words, filter, most, first);
      if (result.status != PollStatus::Fragment) {
        break;
      }
      put(result.count++, cursor_.ledger().next - 1, words);
    }
    if (result.status == PollStatus::Overrun) {
      result.lost = cursor_.last_lost();
    }
    if (result.status == PollStatus::Empty && most == 0 && result.count != 0) {
      result.status = PollStatus::Fragment;  // the depth was reached, not the end of what was published
    }
    if (result.count == 0) {
      cursor_.give_back();  // also the filtered fragments, before the consumer reports that there are none
    }
    return result;
  }

  // Delivering.

  template <class Filter>
  static constexpr void check_filter() noexcept {
    static_assert(Layout::kMetadata || !detail::kFilters<Filter>,
                  "tango: this channel was built without_metadata(): its messages have no sig to filter by");
  }

  /// Where the payload is: in its slot or in its chunks. As words, or as bytes for a consumer that cannot be overrun.
  [[nodiscard]] TANGO_HOT auto payload_of([[maybe_unused]] Seq seq,
                                          [[maybe_unused]] const detail::SlotWords& words) const noexcept {
    if constexpr (kChunks && Ring::kInlineBytes == 0) {  // a payload that is not in chunks is empty: any address
      return unit_of(attachment_.store().data(words.chunk() == kInlineChunk ? 0 : words.chunk()));
    } else {
      const auto* const in_slot = unit_of(cursor_.ring().slot(seq).payload.data());
      if constexpr (kChunks) {
        return words.chunk() == kInlineChunk ? in_slot : unit_of(attachment_.store().data(words.chunk()));
      } else {
        return in_slot;
      }
    }
  }

  template <class Unit>
  [[nodiscard]] TANGO_HOT static auto unit_of(const Unit* payload) noexcept {
    if constexpr (kReliable) {
      return detail::bytes_of(payload);
    } else {
      return payload;
    }
  }

  [[nodiscard]] TANGO_HOT Item item(Seq seq, const detail::SlotWords& words) noexcept {
    if constexpr (kReliable) {
      return {detail::Passkey{}, seq, words, payload_of(seq, words)};
    } else {
      return {detail::Passkey{}, seq, words, payload_of(seq, words), cursor_.ring().slot(seq).seq, cursor_.ledger()};
    }
  }

  static constexpr std::size_t kMessageBytes = detail::kBytesOf<Message>;

  using Cursor = detail::ReadCursor<Ring, Store, kReliable, Recorder, kMessageBytes>;

  Cursor cursor_;
  detail::ConsumerAttachment<Cursor, Store, Flow> attachment_;
};

template <std::size_t D, std::size_t I, class P, class M, class C>
Consumer(const MCache<D, I, P, M>&, const C&, From)
    -> Consumer<D, C, NoFlowControl, NoMetrics, Busy, AnyMessage, SlotLayout<I, P, M>>;
template <std::size_t D, std::size_t I, class P, class M, class C>
Consumer(const MCache<D, I, P, M>&, const C&, From, Metrics&)
    -> Consumer<D, C, NoFlowControl, Metrics, Busy, AnyMessage, SlotLayout<I, P, M>>;
template <std::size_t D, std::size_t I, class P, class M, class C, std::size_t N>
Consumer(const MCache<D, I, P, M>&, const C&, BasicFctl<N>&, From)
    -> Consumer<D, C, BasicFctl<N>, NoMetrics, Busy, AnyMessage, SlotLayout<I, P, M>>;
template <std::size_t D, std::size_t I, class P, class M, class C, std::size_t N>
Consumer(const MCache<D, I, P, M>&, const C&, BasicFctl<N>&, From, Metrics&)
    -> Consumer<D, C, BasicFctl<N>, Metrics, Busy, AnyMessage, SlotLayout<I, P, M>>;
template <std::size_t D, std::size_t I, class P, class M>
Consumer(const MCache<D, I, P, M>&, From)
    -> Consumer<D, NoDCache<P>, NoFlowControl, NoMetrics, Busy, AnyMessage, SlotLayout<I, P, M>>;
template <std::size_t D, std::size_t I, class P, class M>
Consumer(const MCache<D, I, P, M>&, From, Metrics&)
    -> Consumer<D, NoDCache<P>, NoFlowControl, Metrics, Busy, AnyMessage, SlotLayout<I, P, M>>;
template <std::size_t D, std::size_t I, class P, class M, std::size_t N>
Consumer(const MCache<D, I, P, M>&, BasicFctl<N>&, From)
    -> Consumer<D, NoDCache<P>, BasicFctl<N>, NoMetrics, Busy, AnyMessage, SlotLayout<I, P, M>>;
template <std::size_t D, std::size_t I, class P, class M, std::size_t N>
Consumer(const MCache<D, I, P, M>&, BasicFctl<N>&, From, Metrics&)
    -> Consumer<D, NoDCache<P>, BasicFctl<N>, Metrics, Busy, AnyMessage, SlotLayout<I, P, M>>;

}  // namespace tango::inline TANGO_ABI
