// SPDX-License-Identifier: Apache-2.0
/// \file
/// Producer: publishes messages into a channel. One at a time per channel.
///
///     tango::Producer producer{mcache, dcache, fseq};                  // lossy: never waits, consumers may be overrun
///     tango::Producer producer{mcache, dcache, fseq, fctl};            // reliable or observed, as the DCache says
///     tango::Producer producer{mcache, dcache, fseq, fctl, metrics};   // the same, counted
///
/// A producer that could not be made (another one holds the channel, numbers disagree, …) returns the cause from every
/// call; `status()` has the values.
///
/// A publish, step by step: send/publication.hpp.
///
/// Thread: one, the producer's. The components outlive the producer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "config.hpp"
#include "dcache.hpp"
#include "endpoint/components.hpp"
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
#include "reservation.hpp"
#include "send/publication.hpp"
#include "send/publish_overloads.hpp"
#include "seq.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// `Cache` is a DCache, `Flow` is an Fctl or `NoFlowControl`, `MetricsPolicy` is `Metrics` or `NoMetrics`; all are deduced
/// from what the constructor is given. `Waiting` is the strategy of blocking calls that are given none.
template <std::size_t Depth, class Cache, class Flow, class MetricsPolicy, WaitStrategy Waiting = Busy>
class Producer : public PublishOverloads<Producer<Depth, Cache, Flow, MetricsPolicy, Waiting>, Waiting> {
  using Overloads = PublishOverloads<Producer, Waiting>;
  static constexpr bool kFlow = detail::kIsFlowControl<Flow>;
  static constexpr bool kMetered = std::is_same_v<MetricsPolicy, Metrics>;
  using Recorder = std::conditional_t<kMetered, detail::ProducerRecorder, detail::NoProducerRecorder>;
  using Limit = std::conditional_t<kFlow, detail::CreditLimit, detail::NoCreditLimit>;
  static_assert(kFlow || Cache::kWords,
                "tango: a DCache of plain bytes needs flow control: give the producer an Fctl, or use tango::Words");

 public:
  /// What `reserve` answers.
  using Reservation = tango::Reservation<Producer>;
  /// What blocking calls do that are given no strategy.
  using DefaultStrategy = Waiting;

  /// Whether payloads are written as words, because consumers may be overrun.
  static constexpr bool kWords = Cache::kWords;

  /// Lossy channel. Refused: see `status`.
  Producer(MCache<Depth>& mcache, Cache& dcache, Fseq& fseq) noexcept requires(!kFlow && !kMetered)
      : Producer{mcache, dcache, fseq, nullptr, Recorder{}} {}
  /// The same, counted.
  Producer(MCache<Depth>& mcache, Cache& dcache, Fseq& fseq, Metrics& metrics) noexcept requires(!kFlow && kMetered)
      : Producer{mcache, dcache, fseq, nullptr, Recorder{metrics}} {}

  /// Reliable (`Plain`) or observed (`Words`) channel. Refused: see `status`.
  Producer(MCache<Depth>& mcache, Cache& dcache, Fseq& fseq, Flow& fctl) noexcept requires(kFlow && !kMetered)
      : Producer{mcache, dcache, fseq, &fctl, Recorder{}} {}
  /// The same, counted.
  Producer(MCache<Depth>& mcache, Cache& dcache, Fseq& fseq, Flow& fctl, Metrics& metrics) noexcept
      requires(kFlow&& kMetered)
      : Producer{mcache, dcache, fseq, &fctl, Recorder{metrics}} {}

  /// Precondition (checked): no reservation is open. Afterwards `other` answers every call with `Moved`, as
  /// long as the channel is there.
  Producer(Producer&& other) noexcept { take_over(other); }
  /// Leaves first. Precondition (checked): no reservation of either is open.
  Producer& operator=(Producer&& other) noexcept {
    if (this != &other) {
      leave();
      take_over(other);
    }
    return *this;
  }

  /// Leaves the channel: another producer may follow and goes on with the next number. Answers a pending
  /// `MCache::stop`. Precondition (checked): no reservation is open.
  ~Producer() { leave(); }

  // -------------------------------------------------------------------------------------------------------- state

  /// Why this producer was refused, or success.
  ///
  /// \retval SecondProducer Another producer holds the channel.
  /// \retval ComponentMismatch The components belong to different channels, or to a channel of another kind.
  /// \retval StartMismatch The Fseq's number and the channel's differ (both).
  /// \retval CreditsOutOfRange The credits are not in 1 ... depth (credits, depth).
  /// \retval TooManyMetricsBlocks Another producer counts in this Metrics.
  /// \retval Stopped The channel is closed.
  /// \retval NotConstructed The channel's constructor has not run.
  /// \retval Replaced Another channel was made at this one's address (its generation, the one of this producer's channel).
  /// \retval Moved This producer was moved from.
  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] explicit operator bool() const noexcept { return status_.ok(); }  ///< whether it was not refused

  /// The number that the next message gets. Of no meaning in a producer that was refused or moved from.
  [[nodiscard]] Seq next_seq() const noexcept { return publication_.next(); }

  /// The largest payload in bytes.
  [[nodiscard]] static constexpr std::size_t max_payload() noexcept { return Cache::max_payload(); }

  /// Messages that could be published now as far as slots go (large ones may still find the chunks short): the depth on
  /// a lossy channel. 0 if refused or requested to stop. Reads the consumers' positions: O(places in use).
  [[nodiscard]] std::uint64_t available() noexcept { return is_open() ? publication_.room().slots(next_seq()) : 0; }

  /// Bytes of the largest message that `publish` has room for, as far as this producer knows without reading the
  /// consumers' positions: after a call of `available`, or a refusal, as of then. 0 without a slot for it, if refused or
  /// requested to stop. (`reserve` needs a chunk for a message of up to `kInlineBytes`, too.)
  [[nodiscard]] std::size_t available_payload() const noexcept {
    return is_open() ? publication_.room().largest(next_seq()) : 0;
  }

  // ------------------------------------------------------------------------------------------------------ publish

  using Overloads::
      publish;  // text, values; and `emplace`, `publish_batch`, `publish_packed`: see send/publish_overloads.hpp
  using Overloads::publish_blocking;  // the same

  /// Copies `payload` into the channel as one message of 0 … `max_payload()` bytes. Never waits.
  ///
  /// `PayloadTooLarge` (its bytes, the largest), `NoCredits`, `Stopped`, `ReservationOpen`, or what `status` says:
  /// nothing was published, and no number or credit was spent. O(size); with a lossy channel also O(fragments
  /// overwritten).
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

  /// Publishes as soon as there is room: waits for credits until they come, the channel is stopped (`Stopped`), or
  /// `strategy` gives up (`NoCredits`). On a lossy channel it never waits. Other errors as `publish`, at once.
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

  /// Room for a message of `size` bytes to be written in place, then committed. The reservation answers with the error
  /// where there is none: the causes of `publish`. On channels of words it may overwrite old fragments even if it is
  /// dropped.
  [[nodiscard]] TANGO_HOT Reservation reserve(std::size_t size) noexcept {
    if (size > max_payload()) [[unlikely]] {
      return Reservation{too_large(size)};
    }
    const std::size_t run = Cache::Store::chunks_for(size);
    if (const Error error = admit(run); error != Error::None) [[unlikely]] {
      return Reservation{refused(error)};
    }
    return open_reservation(size, run);
  }

  /// The same as soon as there is room: waits as `publish_blocking` does.
  template <WaitStrategy Strategy = Waiting>
  [[nodiscard]] TANGO_HOT Reservation reserve_blocking(std::size_t size, Strategy strategy = {}) noexcept {
    if (size > max_payload()) [[unlikely]] {
      return Reservation{too_large(size)};
    }
    const std::size_t run = Cache::Store::chunks_for(size);
    if (const Error error = admit_blocking(run, strategy); error != Error::None) [[unlikely]] {
      return Reservation{status_.ok() ? Status{error} : status_};
    }
    return open_reservation(size, run);
  }

  // --------------------------------------------------------------------------------------------------------- stop

  /// Closes the channel at once: consumers drain what was published, then report `Stopped`. Idempotent. Whether
  /// it is closed: a producer that was refused closes nothing. Precondition (checked): no reservation is open.
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

  Producer(MCache<Depth>& mcache, Cache& dcache, Fseq& fseq, Flow* fctl, Recorder recorder) noexcept
      : publication_{detail::inside(mcache), detail::inside(dcache), limit_of(fctl)},
        mirror_{&detail::inside(fseq)},
        recorder_{recorder} {
    status_ = enter(fctl);
  }

  // Joining and leaving.

  static constexpr detail::ChannelKind kKind = !kFlow          ? detail::ChannelKind::Lossy
                                               : Cache::kWords ? detail::ChannelKind::Observed
                                                               : detail::ChannelKind::Reliable;

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
    detail::Membership* flow = nullptr;
    std::uint64_t credits = 0;
    if constexpr (kFlow) {
      flow = &detail::inside(*fctl).membership;
      credits = detail::inside(*fctl).credits;
    }
    detail::ProducerComponents components{kKind, control(), publication_.store().membership, *mirror_, flow, credits};
    if (const Status status = components.claim(Depth); !status.ok()) {
      return status;
    }
    if (!recorder_.take()) {
      control().leave();
      return {Error::TooManyMetricsBlocks, 2, 1};
    }
    if (const Status status = components.join(); !status.ok()) {
      recorder_.leave();
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

  /// Whether another channel was made at this one's address.
  [[nodiscard]] bool replaced() const noexcept { return control().name() != generation_; }

  /// From here on every call returns `Replaced`; what is there now is not touched.
  TANGO_COLD Error detach() noexcept {
    status_ = {Error::Replaced, control().name(), generation_};
    running_as_ = detail::kNoGeneration;
    holds_ = false;
    return Error::Replaced;
  }

  /// From here on every call returns `Stopped`.
  TANGO_COLD Error close() noexcept {
    control().close(next_seq());
    status_ = Error::Stopped;
    running_as_ = detail::kNoGeneration;
    return Error::Stopped;
  }

  // Admission.

  /// Whether this producer is not refused, and nobody requested a stop.
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

  /// Why nothing may be published: not for want of room.
  TANGO_COLD Error why_not() noexcept {
    if (!status_.ok()) {
      return status_.error();
    }
    if (replaced()) {
      return detach();
    }
    return reserved() ? Error::ReservationOpen : close();
  }

  /// Whether a message of `run` chunks may be published now. After `None` there is room for it.
  [[nodiscard]] TANGO_HOT Error admit(std::size_t run) noexcept {
    if (!is_running()) [[unlikely]] {
      return why_not();
    }
    return publication_.admit(run) ? Error::None : Error::NoCredits;
  }

  /// The same, waiting until it may. What had to wait counts as one refusal.
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

  /// Precondition: a message of `run` chunks was admitted.
  [[nodiscard]] TANGO_HOT Reservation open_reservation(std::size_t size, std::size_t run) noexcept {
    running_as_ = detail::kNoGeneration;
    return Reservation{*this, publication_.reserve(run), size};
  }

  TANGO_HOT void commit(std::size_t used, MessageInfo info) noexcept {
    drop_reservation();
    publication_.commit(used, info, recorder_, *mirror_);
  }

  TANGO_HOT void drop_reservation() noexcept { running_as_ = generation_; }

  detail::Publication<Depth, typename Cache::Store, Limit> publication_;
  detail::PublishedSeq* mirror_ = nullptr;
  [[no_unique_address]] Recorder recorder_;
  detail::Generation generation_ = detail::kNoGeneration;  ///< of the channel that it joined
  detail::Generation running_as_ =
      detail::kNoGeneration;  ///< the same while it may publish: not refused, no reservation
  bool holds_ = false;        ///< the ring's claim
  Status status_;
};

template <std::size_t D, class C>
Producer(MCache<D>&, C&, Fseq&) -> Producer<D, C, NoFlowControl, NoMetrics>;
template <std::size_t D, class C>
Producer(MCache<D>&, C&, Fseq&, Metrics&) -> Producer<D, C, NoFlowControl, Metrics>;
template <std::size_t D, class C, std::size_t P>
Producer(MCache<D>&, C&, Fseq&, BasicFctl<P>&) -> Producer<D, C, BasicFctl<P>, NoMetrics>;
template <std::size_t D, class C, std::size_t P>
Producer(MCache<D>&, C&, Fseq&, BasicFctl<P>&, Metrics&) -> Producer<D, C, BasicFctl<P>, Metrics>;

}  // namespace tango::inline TANGO_ABI
