// SPDX-License-Identifier: Apache-2.0
/// \file
/// Producer: publishes messages into a channel. A channel has at most one producer at a time.
///
///     tango::Producer producer{mcache, dcache, fseq};                  // lossy: never waits, consumers may be overrun
///     tango::Producer producer{mcache, dcache, fseq, fctl};            // reliable or observed: see DCache
///     tango::Producer producer{mcache, dcache, fseq, fctl, metrics};   // the same, with metrics
/// tango::Producer producer{mcache, fseq, fctl};                    // without chunks: messages fit into their slots
///
/// Most programs do not construct a Producer from its components. They build a channel (channel_builder.hpp) and call
/// `channel.producer()`.
///
/// Construction does not throw. If a producer cannot join the channel (another producer holds it, sequence numbers
/// differ, …), every call returns the cause, and `status()` returns the cause with its values.
///
/// The steps of a publish are listed in send/publication.hpp.
///
/// Thread: every function belongs to one thread, the producer's. The components must outlive the producer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "config.hpp"
#include "dcache.hpp"
#include "endpoint/joining.hpp"
#include "endpoint/recorders.hpp"
#include "error.hpp"
#include "fctl.hpp"
#include "fseq.hpp"
#include "mcache.hpp"
#include "memory/inside.hpp"
#include "memory/ring_control.hpp"
#include "message.hpp"
#include "metadata.hpp"
#include "metrics.hpp"
#include "record.hpp"
#include "reservation.hpp"
#include "send/publication.hpp"
#include "send/publish_overloads.hpp"
#include "seq.hpp"
#include "slot_layout.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// `Cache` is a DCache or `NoDCache`, `Flow` is an Fctl or `NoFlowControl`, `MetricsPolicy` is `Metrics` or
/// `NoMetrics`, and `Layout` is the MCache's. All four are deduced from the constructor's arguments. `Waiting` is the
/// default wait strategy of blocking calls. `Message` is the type of all messages if the channel has one
/// (channel_builder.hpp).
template <std::size_t Depth, class Cache, class Flow, class MetricsPolicy, WaitStrategy Waiting = Busy,
          class Message = AnyMessage, class Layout = SlotLayout<>>
class Producer
    : public PublishOverloads<Producer<Depth, Cache, Flow, MetricsPolicy, Waiting, Message, Layout>, Waiting> {
  using Overloads = PublishOverloads<Producer, Waiting>;
  using Ring = detail::Ring<Depth, Layout>;
  using Store = typename Cache::Store;
  static constexpr bool kChunks = Store::kChunks != 0;
  static constexpr bool kFlow = detail::kIsFlowControl<Flow>;
  static constexpr bool kMetered = std::is_same_v<MetricsPolicy, Metrics>;
  using Recorder = std::conditional_t<kMetered, detail::ProducerRecorder, detail::NoProducerRecorder>;
  using Limit = std::conditional_t<kFlow, detail::CreditLimit, detail::NoCreditLimit>;
  using Publication = detail::Publication<Ring, Store, Limit>;
  static_assert(kFlow || Cache::kWords,
                "tango: a DCache of plain bytes needs flow control: give the producer an Fctl, or use tango::Words");
  static_assert(Layout::kWords || !Cache::kWords,
                "tango: an MCache of plain bytes needs a DCache of plain bytes, or none");
  static_assert(Layout::kMetadata || !std::is_same_v<Message, AnyMessage>,
                "tango: without metadata all messages have one type: build the channel by a ChannelBuilder, of<T>()");

 public:
  /// What `reserve` returns.
  using Reservation = tango::Reservation<Producer>;
  /// The wait strategy of blocking calls that are given none.
  using DefaultStrategy = Waiting;

  /// Whether payloads are written as atomic words, because consumers may be overrun.
  static constexpr bool kWords = Cache::kWords;
  /// Whether messages have metadata (sig, ctl, ts).
  static constexpr bool kMetadata = Layout::kMetadata;
  /// The size in bytes of the largest payload that is stored in its slot when it is published by copy.
  static constexpr std::size_t kInlineBytes = Ring::kInlineBytes;
  /// The same when it is written in place.
  static constexpr std::size_t kMaxInSlot = Publication::kMaxInSlot;
  /// The alignment of a payload in its slot, in bytes.
  static constexpr std::size_t kSlotAlignment = alignof(typename Ring::Slot);

  /// The ring of the channel.
  using Mcache = MCache<Depth, Layout::kPayloadBytes, typename Layout::Payload, typename Layout::Metadata>;

  /// Joins a lossy channel. `status()` reports whether that succeeded.
  Producer(Mcache& mcache, Cache& dcache, Fseq& fseq) noexcept requires(kChunks && !kFlow && !kMetered)
      : Producer{mcache, &detail::inside(dcache), fseq, nullptr, Recorder{}} {}
  /// The same, with metrics.
  Producer(Mcache& mcache, Cache& dcache, Fseq& fseq, Metrics& metrics) noexcept requires(kChunks && !kFlow && kMetered)
      : Producer{mcache, &detail::inside(dcache), fseq, nullptr, Recorder{metrics}} {}

  /// Joins a reliable (`Plain`) or observed (`Words`) channel. `status()` reports whether that succeeded.
  Producer(Mcache& mcache, Cache& dcache, Fseq& fseq, Flow& fctl) noexcept requires(kChunks&& kFlow && !kMetered)
      : Producer{mcache, &detail::inside(dcache), fseq, &fctl, Recorder{}} {}
  /// The same, with metrics.
  Producer(Mcache& mcache, Cache& dcache, Fseq& fseq, Flow& fctl, Metrics& metrics) noexcept
      requires(kChunks&& kFlow&& kMetered)
      : Producer{mcache, &detail::inside(dcache), fseq, &fctl, Recorder{metrics}} {}

  /// The same four without a DCache: every message is stored in its slot.
  /// @{
  Producer(Mcache& mcache, Fseq& fseq) noexcept requires(!kChunks && !kFlow && !kMetered)
      : Producer{mcache, nullptr, fseq, nullptr, Recorder{}} {}
  Producer(Mcache& mcache, Fseq& fseq, Metrics& metrics) noexcept requires(!kChunks && !kFlow && kMetered)
      : Producer{mcache, nullptr, fseq, nullptr, Recorder{metrics}} {}
  Producer(Mcache& mcache, Fseq& fseq, Flow& fctl) noexcept requires(!kChunks && kFlow && !kMetered)
      : Producer{mcache, nullptr, fseq, &fctl, Recorder{}} {}
  Producer(Mcache& mcache, Fseq& fseq, Flow& fctl, Metrics& metrics) noexcept requires(!kChunks && kFlow && kMetered)
      : Producer{mcache, nullptr, fseq, &fctl, Recorder{metrics}} {}
  /// @}

  /// Takes over the channel from `other`. Afterwards every call on `other` returns `Moved`, as long as the channel
  /// exists.
  ///
  /// \pre (checked) No reservation is open.
  Producer(Producer&& other) noexcept { take_over(other); }
  /// Leaves its own channel, then takes over the channel from `other`.
  ///
  /// \pre (checked) Neither producer has an open reservation.
  Producer& operator=(Producer&& other) noexcept {
    if (this != &other) {
      leave();
      take_over(other);
    }
    return *this;
  }

  /// Leaves the channel. A later producer continues with the next sequence number. If a stop was requested
  /// (`MCache::stop`), the channel is closed here.
  ///
  /// \pre (checked) No reservation is open.
  ~Producer() { leave(); }

  // -------------------------------------------------------------------------------------------------------- state

  /// Why this producer cannot publish, or success.
  ///
  /// \retval SecondProducer Another producer holds the channel.
  /// \retval ComponentMismatch The components belong to different channels, or to a channel of another kind.
  /// \retval StartMismatch The Fseq's sequence number differs from the channel's position (the Fseq's number, the
  ///         position).
  /// \retval CreditsOutOfRange The credits are not in 1 ... depth (credits, depth).
  /// \retval TooManyMetricsBlocks Another producer already uses this Metrics (2, 1).
  /// \retval Stopped The channel is closed.
  /// \retval NotConstructed The channel's constructor has not run.
  /// \retval Replaced Another channel was created at the same address (the new generation, the generation that this
  ///         producer joined).
  /// \retval Moved This producer was moved from.
  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] explicit operator bool() const noexcept { return status_.ok(); }  ///< whether `status()` is success

  /// The sequence number of the next message. Meaningless if the producer never joined the channel or was moved from.
  [[nodiscard]] Seq next_seq() const noexcept { return publication_.next(); }

  /// The size of the largest payload, in bytes.
  [[nodiscard]] static constexpr std::size_t max_payload() noexcept { return Publication::kMaxPayload; }

  /// How many messages could be published now, counting slots and credits only. A message that needs chunks may still
  /// be refused for lack of chunks. Reads the consumers' positions.
  ///
  /// \return The number of messages; the depth on a lossy channel; 0 if `status()` is an error or a stop was requested.
  ///
  /// Complexity: O(places in use).
  [[nodiscard]] std::uint64_t available() noexcept { return is_open() ? publication_.room().slots(next_seq()) : 0; }

  /// The size in bytes of the largest message that `publish` has room for, without reading the consumers' positions.
  /// The value is as of the last call of `available` or the last refused publish, so the true value may be larger.
  /// `reserve` needs a chunk for a message of more than `kMaxInSlot` bytes.
  ///
  /// \return The size; 0 if there is no free slot, `status()` is an error, or a stop was requested.
  ///
  /// Complexity: O(1); with flow control up to O(depth), over the fragments that hold no chunks.
  [[nodiscard]] std::size_t available_payload() const noexcept {
    return is_open() ? publication_.room().largest(next_seq()) : 0;
  }

  // ------------------------------------------------------------------------------------------------------ publish

  using Overloads::
      publish;  // text and values; also `emplace`, `publish_batch`, `publish_packed`: see send/publish_overloads.hpp
  using Overloads::publish_blocking;  // text and values

  /// Copies `payload` into the channel as one message of 0 … `max_payload()` bytes. Never waits. If it returns an
  /// error, nothing was published, and neither a sequence number nor a credit was used.
  ///
  /// \retval PayloadTooLarge The payload exceeds the limit (its size, `max_payload()`).
  /// \retval NoCredits There is no room: a reliable consumer has not yet given back the slot or the chunks.
  /// \retval Stopped The channel is closed.
  /// \retval ReservationOpen A reservation is open.
  /// \return Otherwise success, or the error of `status()`.
  ///
  /// Complexity: O(size); on a lossy or observed channel also O(fragments evicted).
  TANGO_HOT Status publish(std::span<const std::byte> payload, MessageInfo info = {}) noexcept {
    if (payload.size() > max_payload()) [[unlikely]] {
      return too_large(payload.size());
    }
    const std::size_t run = publication_.run_of_copy(payload.size());
    if (const Error error = admit(run); error != Error::None) [[unlikely]] {
      return refused(error);
    }
    publication_.put(payload, run, info, recorder_, *mirror_);
    return {};
  }

  /// The same, but waits for room. It stops waiting when the channel is stopped or `strategy` gives up. On a lossy
  /// channel it never waits.
  ///
  /// \retval NoCredits The strategy gave up.
  /// \retval Stopped The channel is closed.
  /// \return Otherwise as `publish`. Errors other than these two are returned without waiting.
  template <WaitStrategy Strategy = Waiting>
  TANGO_HOT Status publish_blocking(std::span<const std::byte> payload, MessageInfo info = {},
                                    Strategy strategy = {}) noexcept {
    if (payload.size() > max_payload()) [[unlikely]] {
      return too_large(payload.size());
    }
    const std::size_t run = publication_.run_of_copy(payload.size());
    if (const Error error = admit_blocking(run, strategy); error != Error::None) [[unlikely]] {
      return status_.ok() ? Status{error} : status_;
    }
    publication_.put(payload, run, info, recorder_, *mirror_);
    return {};
  }

  /// Reserves room for a message of `size` bytes, to be written in place and then committed. On channels of words, it
  /// may overwrite old fragments even if the reservation is dropped later.
  ///
  /// \return The open reservation; otherwise one whose `status()` is the error, as for `publish`.
  ///
  /// Complexity: O(1); on a lossy or observed channel also O(fragments evicted).
  [[nodiscard]] TANGO_HOT Reservation reserve(std::size_t size) noexcept {
    if (size > max_payload()) [[unlikely]] {
      return Reservation{detail::Passkey{}, too_large(size)};
    }
    const std::size_t run = Publication::run_of_reservation(size);
    if (const Error error = admit(run); error != Error::None) [[unlikely]] {
      return Reservation{detail::Passkey{}, refused(error)};
    }
    return open_reservation(size, run);
  }

  /// The same, but waits for room as `publish_blocking` does.
  template <WaitStrategy Strategy = Waiting>
  [[nodiscard]] TANGO_HOT Reservation reserve_blocking(std::size_t size, Strategy strategy = {}) noexcept {
    if (size > max_payload()) [[unlikely]] {
      return Reservation{detail::Passkey{}, too_large(size)};
    }
    const std::size_t run = Publication::run_of_reservation(size);
    if (const Error error = admit_blocking(run, strategy); error != Error::None) [[unlikely]] {
      return Reservation{detail::Passkey{}, status_.ok() ? Status{error} : status_};
    }
    return open_reservation(size, run);
  }

  // --------------------------------------------------------------------------------------------------------- stop

  /// Closes the channel immediately. Consumers drain what was published, then report `Stopped`. Idempotent. A producer
  /// whose `status()` is an error closes nothing.
  ///
  /// \pre (checked) No reservation is open.
  /// \return Whether the channel is closed.
  TANGO_COLD bool stop() noexcept {
    TANGO_PRECONDITION(!reserved(), "Producer::stop: no reservation is open");
    if (holds_ && replaced()) {
      detach();
    } else if (status_.ok()) {
      close();
    }
    return status_.error() == Error::Stopped;
  }

 private:
  friend Reservation;

  Producer(Mcache& mcache, Store* store, Fseq& fseq, Flow* fctl, Recorder recorder) noexcept
      : publication_{detail::inside(mcache), store, limit_of(fctl)},
        mirror_{&detail::inside(fseq)},
        recorder_{recorder} {
    status_ = enter(fctl);
  }

  // Joining and leaving.

  static constexpr detail::ChannelKind kKind = detail::kind_of(kFlow, Cache::kWords);

  [[nodiscard]] static Limit limit_of([[maybe_unused]] Flow* fctl) noexcept {
    if constexpr (kFlow) {
      auto& flow = detail::inside(*fctl);
      return Limit{flow.members, flow.places, flow.credits};
    } else {
      return {};
    }
  }

  [[nodiscard]] detail::RingControl& control() const noexcept { return publication_.ring().control; }

  TANGO_COLD Status enter([[maybe_unused]] Flow* fctl) noexcept {
    detail::Membership* chunks = nullptr;
    if constexpr (kChunks) {
      chunks = &publication_.store().membership;
    }
    detail::Membership* flow = nullptr;
    std::uint64_t credits = 0;
    if constexpr (kFlow) {
      flow = &detail::inside(*fctl).membership;
      credits = detail::inside(*fctl).credits;
    }
    detail::ProducerComponents components{kKind, control(), chunks, *mirror_, flow, credits};
    if (const Status status = components.claim(Depth); !status.ok()) {
      return status;
    }
    if (!recorder_.take()) {
      control().leave();
      return {Error::TooManyMetricsBlocks, 2, 1};
    }
    if (const Status status = components.join(); !status.ok()) {
      recorder_.leave();  // before the ring is given back, so that the next producer finds the block free
      control().leave();
      return status;
    }
    const Seq next = control().position.load(detail::memory_order_relaxed);  // ordered by the claim
    publication_.start(next == control().start, next);
    recorder_.join(next);
    generation_ = running_as_ = control().name();
    holds_ = true;
    return {};
  }

  TANGO_COLD void leave() noexcept {
    TANGO_PRECONDITION(!reserved(), "Producer: destroyed or overwritten while a reservation is open");
    if (holds_ && !replaced()) {
      control().advance(next_seq());
      recorder_.leave();
      control().leave();
    }
    holds_ = false;
  }

  void take_over(Producer& other) noexcept {
    TANGO_PRECONDITION(!other.reserved(), "Producer: moved while a reservation is open");
    publication_ = other.publication_;
    mirror_ = other.mirror_;
    recorder_ = other.recorder_;
    generation_ = other.generation_;
    running_as_ = std::exchange(other.running_as_, detail::kNoGeneration);
    holds_ = std::exchange(other.holds_, false);
    status_ = std::exchange(other.status_, Error::Moved);
  }

  /// Whether another channel was created at this one's address.
  [[nodiscard]] bool replaced() const noexcept { return control().name() != generation_; }

  /// From now on every call returns `Replaced`. The new channel is not touched.
  TANGO_COLD Error detach() noexcept {
    status_ = {Error::Replaced, control().name(), generation_};
    running_as_ = detail::kNoGeneration;
    holds_ = false;
    return Error::Replaced;
  }

  /// From now on every call returns `Stopped`.
  TANGO_COLD Error close() noexcept {
    control().close(next_seq());
    status_ = Error::Stopped;
    running_as_ = detail::kNoGeneration;
    return Error::Stopped;
  }

  // Admission.

  /// Whether this producer may publish: its status is success, no reservation is open, and no stop was requested.
  [[nodiscard]] TANGO_HOT bool is_running() const noexcept { return control().is_running_as(running_as_); }

  [[nodiscard]] bool is_open() const noexcept { return status_.ok() && control().is_running_as(generation_); }

  TANGO_COLD Status too_large(std::size_t size) const noexcept {
    return status_.ok() ? Status{Error::PayloadTooLarge, size, max_payload()} : status_;
  }

  TANGO_COLD Status refused(Error error) noexcept {
    if (error == Error::NoCredits) {
      recorder_.refused();
    }
    return status_.ok() ? Status{error} : status_;
  }

  /// The cause, if `is_running()` is false. Neither `None` nor `NoCredits`.
  TANGO_COLD Error why_not() noexcept {
    if (!status_.ok()) {
      return status_.error();
    }
    if (replaced()) {
      return detach();
    }
    return reserved() ? Error::ReservationOpen : close();
  }

  /// Whether a message of `run` chunks may be published now. After `None`, there is room for it.
  [[nodiscard]] TANGO_HOT Error admit(std::size_t run) noexcept {
    if (!is_running()) [[unlikely]] {
      const Error why = why_not();
      if (why == Error::None) {
        __builtin_unreachable();  // so that compilers do not copy the rest of a publish for this case
      }
      return why;
    }
    return publication_.admit(run) ? Error::None : Error::NoCredits;
  }

  /// The same, but waits for room. The whole wait counts as one refusal.
  template <WaitStrategy Strategy>
  [[nodiscard]] TANGO_HOT Error admit_blocking(std::size_t run, Strategy& strategy) noexcept {
    Error error = admit(run);
    if (error == Error::NoCredits) [[unlikely]] {
      error = await_room(run, strategy);
    }
    return error;
  }

  template <WaitStrategy Strategy>
  [[nodiscard, gnu::noinline]] Error await_room(std::size_t run, Strategy& strategy) noexcept {
    recorder_.refused();
    Error error = Error::NoCredits;
    for (std::uint64_t round = 0; error == Error::NoCredits && strategy.idle(round); ++round) {
      error = admit(run);
    }
    return error;
  }

  // For the reservation.

  /// Whether a reservation is open.
  [[nodiscard]] bool reserved() const noexcept { return status_.ok() && running_as_ != generation_; }

  /// \pre A message of `run` chunks was admitted.
  [[nodiscard]] TANGO_HOT Reservation open_reservation(std::size_t size, std::size_t run) noexcept {
    running_as_ = detail::kNoGeneration;
    return Reservation{detail::Passkey{}, *this, publication_.reserve(run), size};
  }

  TANGO_HOT void commit(std::size_t size, std::size_t used, MessageInfo info) noexcept {
    drop_reservation();
    publication_.commit(size, used, info, recorder_, *mirror_);
  }

  TANGO_HOT void drop_reservation() noexcept { running_as_ = generation_; }

  Publication publication_;
  detail::PublishedSeq* mirror_ = nullptr;
  [[no_unique_address]] Recorder recorder_;
  detail::Generation generation_ = detail::kNoGeneration;  ///< of the channel that it joined
  detail::Generation running_as_ =
      detail::kNoGeneration;  ///< `generation_` while it may publish and no reservation is open
  bool holds_ = false;        ///< whether it holds the ring's claim
  Status status_;
};

template <std::size_t D, std::size_t I, class P, class M, class C>
Producer(MCache<D, I, P, M>&, C&, Fseq&)
    -> Producer<D, C, NoFlowControl, NoMetrics, Busy, AnyMessage, SlotLayout<I, P, M>>;
template <std::size_t D, std::size_t I, class P, class M, class C>
Producer(MCache<D, I, P, M>&, C&, Fseq&, Metrics&)
    -> Producer<D, C, NoFlowControl, Metrics, Busy, AnyMessage, SlotLayout<I, P, M>>;
template <std::size_t D, std::size_t I, class P, class M, class C, std::size_t N>
Producer(MCache<D, I, P, M>&, C&, Fseq&, BasicFctl<N>&)
    -> Producer<D, C, BasicFctl<N>, NoMetrics, Busy, AnyMessage, SlotLayout<I, P, M>>;
template <std::size_t D, std::size_t I, class P, class M, class C, std::size_t N>
Producer(MCache<D, I, P, M>&, C&, Fseq&, BasicFctl<N>&, Metrics&)
    -> Producer<D, C, BasicFctl<N>, Metrics, Busy, AnyMessage, SlotLayout<I, P, M>>;
template <std::size_t D, std::size_t I, class P, class M>
Producer(MCache<D, I, P, M>&, Fseq&)
    -> Producer<D, NoDCache<P>, NoFlowControl, NoMetrics, Busy, AnyMessage, SlotLayout<I, P, M>>;
template <std::size_t D, std::size_t I, class P, class M>
Producer(MCache<D, I, P, M>&, Fseq&, Metrics&)
    -> Producer<D, NoDCache<P>, NoFlowControl, Metrics, Busy, AnyMessage, SlotLayout<I, P, M>>;
template <std::size_t D, std::size_t I, class P, class M, std::size_t N>
Producer(MCache<D, I, P, M>&, Fseq&, BasicFctl<N>&)
    -> Producer<D, NoDCache<P>, BasicFctl<N>, NoMetrics, Busy, AnyMessage, SlotLayout<I, P, M>>;
template <std::size_t D, std::size_t I, class P, class M, std::size_t N>
Producer(MCache<D, I, P, M>&, Fseq&, BasicFctl<N>&, Metrics&)
    -> Producer<D, NoDCache<P>, BasicFctl<N>, Metrics, Busy, AnyMessage, SlotLayout<I, P, M>>;

}  // namespace tango::inline TANGO_ABI
