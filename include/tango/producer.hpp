// SPDX-License-Identifier: Apache-2.0
/// \file
/// Producer: publishes messages into a channel. One at a time per channel.
///
///     tango::Producer producer{mcache, dcache, fseq};                  // lossy: never waits, consumers may be overrun
///     tango::Producer producer{mcache, dcache, fseq, fctl};            // reliable or observed, as the DCache says
///     tango::Producer producer{mcache, dcache, fseq, fctl, metrics};   // the same, counted
///
/// A producer that could not be made (another one holds the channel, numbers disagree, …) answers every call with the
/// cause; `status()` has the values.
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
#include "error.hpp"
#include "fctl.hpp"
#include "fragment.hpp"
#include "fseq.hpp"
#include "mcache.hpp"
#include "memory/payload_words.hpp"
#include "metrics.hpp"
#include "reservation.hpp"
#include "send/admission.hpp"
#include "send/publish_overloads.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// `Cache` is a DCache, `Flow` is `Fctl` or `NoFlowControl`, `Counted` is `Metrics` or `NoMetrics`; all are deduced
/// from what the constructor is given. `Waiting` is the strategy of blocking calls that are given none.
template <std::size_t Depth, class Cache, class Flow, class Counted, WaitStrategy Waiting = Busy>
class Producer : public PublishOverloads<Producer<Depth, Cache, Flow, Counted, Waiting>, Waiting> {
  using Forms = PublishOverloads<Producer, Waiting>;
  static constexpr bool kFlow = std::is_same_v<Flow, Fctl>;
  static constexpr bool kCounted = std::is_same_v<Counted, Metrics>;
  using Meter = std::conditional_t<kCounted, detail::ProducerRecorder, detail::NoProducerRecorder>;
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
  Producer(MCache<Depth>& mcache, Cache& dcache, Fseq& fseq) noexcept requires(!kFlow && !kCounted)
      : Producer{mcache, dcache, fseq, nullptr, Meter{}} {}
  /// The same, counted.
  Producer(MCache<Depth>& mcache, Cache& dcache, Fseq& fseq, Metrics& metrics) noexcept requires(!kFlow && kCounted)
      : Producer{mcache, dcache, fseq, nullptr, Meter{metrics}} {}

  /// Reliable (`Plain`) or observed (`Words`) channel. Refused: see `status`.
  Producer(MCache<Depth>& mcache, Cache& dcache, Fseq& fseq, Fctl& fctl) noexcept requires(kFlow && !kCounted)
      : Producer{mcache, dcache, fseq, &fctl, Meter{}} {}
  /// The same, counted.
  Producer(MCache<Depth>& mcache, Cache& dcache, Fseq& fseq, Fctl& fctl, Metrics& metrics) noexcept
      requires(kFlow&& kCounted)
      : Producer{mcache, dcache, fseq, &fctl, Meter{metrics}} {}

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

  /// Why this producer was refused, or success: `SecondProducer`, `ComponentMismatch`, `StartMismatch` (the Fseq's
  /// number, the channel's), `CreditsOutOfRange` (the credits, the depth), `TooManyMetricsBlocks`, `Stopped` (a closed
  /// channel), `Moved`.
  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] explicit operator bool() const noexcept { return status_.ok(); }  ///< whether it was not refused

  /// The number that the next message gets. Of no meaning in a producer that was refused or moved from.
  [[nodiscard]] Seq next_seq() const noexcept { return meter_.next(); }

  /// The largest payload in bytes.
  [[nodiscard]] static constexpr std::size_t max_payload() noexcept { return Cache::max_payload(); }

  /// Messages that could be published now as far as slots go (large ones may still find the chunks short): the depth on
  /// a lossy channel. 0 if refused or asked to stop. Looks at the consumers' positions: O(consumers).
  [[nodiscard]] std::uint64_t available() noexcept {
    return !status_.ok() || room_.mcache().stop_requested() ? 0 : room_.slots(next_seq());
  }

  /// Bytes of the largest message that `publish` has room for, as far as this producer knows without looking at the
  /// consumers: after a call of `available`, or a refusal, as of then. 0 without a slot for it, if refused or asked to
  /// stop. (`reserve` needs a chunk for a message of up to `kInlineBytes`, too.)
  [[nodiscard]] std::size_t available_payload() const noexcept {
    return !status_.ok() || room_.mcache().stop_requested() ? 0 : room_.largest(next_seq());
  }

  // ------------------------------------------------------------------------------------------------------ publish

  using Forms::
      publish;  // text, values; and `emplace`, `publish_batch`, `publish_packed`: see send/publish_overloads.hpp
  using Forms::publish_blocking;  // the same

  /// Copies `payload` into the channel as one message of 0 … `max_payload()` bytes. Never waits.
  ///
  /// `PayloadTooLarge` (its bytes, the largest), `NoCredits`, `Stopped`, `ReservationOpen`, or what `status` says:
  /// nothing was published, and no number or credit was spent. O(size); with a lossy channel also O(fragments
  /// overwritten).
  TANGO_HOT Status publish(std::span<const std::byte> payload, MessageInfo info = {}) noexcept {
    if (payload.size() > max_payload()) [[unlikely]] {
      return too_large(payload.size());
    }
    const Seq next = next_seq();
    const std::size_t chunks = chunks_by_copy(payload.size());
    if (const Error error = admit(chunks, next); error != Error::None) [[unlikely]] {
      return refused(error);
    }
    put(payload, chunks, next, info);
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
    Seq next = next_seq();
    const std::size_t chunks = chunks_by_copy(payload.size());
    if (const Error error = admit_blocking(chunks, next, strategy); error != Error::None) [[unlikely]] {
      return status_.ok() ? Status{error} : status_;
    }
    put(payload, chunks, next, info);
    return {};
  }

  /// Admission for a message of `size` bytes to be written in place, then committed. The reservation answers with the error
  /// where there is none: the causes of `publish`. On channels of words it may overwrite old fragments even if it is
  /// dropped.
  [[nodiscard]] TANGO_HOT Reservation reserve(std::size_t size) noexcept {
    if (size > max_payload()) [[unlikely]] {
      return Reservation{too_large(size)};
    }
    const Seq next = next_seq();
    const std::size_t chunks = Cache::chunks_for(size);
    if (const Error error = admit(chunks, next); error != Error::None) [[unlikely]] {
      return Reservation{refused(error)};
    }
    return open_reservation(size, chunks, next);
  }

  /// The same as soon as there is room: waits as `publish_blocking` does.
  template <WaitStrategy Strategy = Waiting>
  [[nodiscard]] TANGO_HOT Reservation reserve_blocking(std::size_t size, Strategy strategy = {}) noexcept {
    if (size > max_payload()) [[unlikely]] {
      return Reservation{too_large(size)};
    }
    Seq next = next_seq();
    const std::size_t chunks = Cache::chunks_for(size);
    if (const Error error = admit_blocking(chunks, next, strategy); error != Error::None) [[unlikely]] {
      return Reservation{status_.ok() ? Status{error} : status_};
    }
    return open_reservation(size, chunks, next);
  }

  // --------------------------------------------------------------------------------------------------------- stop

  /// Closes the channel at once: consumers drain what was published, then report `Stopped`. Idempotent. Whether
  /// it is closed: a producer that was refused closes nothing. Precondition (checked): no reservation is open.
  TANGO_COLD bool stop() noexcept {
    TANGO_PRECONDITION(!reserved_, "Producer::stop: no reservation is open");
    if (status_.ok()) {
      close();
    }
    return status_.error() == Error::Stopped;
  }

 private:
  friend Reservation;

  Producer(MCache<Depth>& mcache, Cache& dcache, Fseq& fseq, Fctl* fctl, Meter meter) noexcept
      : room_{mcache, dcache, fctl}, fseq_{&fseq}, meter_{meter} {
    status_ = enter();
  }

  // The way in and out.

  static constexpr detail::ChannelKind kKind = !kFlow   ? detail::ChannelKind::Lossy
                                               : kWords ? detail::ChannelKind::Observed
                                                        : detail::ChannelKind::Reliable;

  [[nodiscard]] detail::ProducerParts parts() const noexcept {
    return {kKind, room_.mcache().header(), room_.dcache().ownership(), *fseq_, room_.fctl()};
  }

  TANGO_COLD Status enter() noexcept {
    detail::ProducerParts parts = this->parts();
    if (const Status status = parts.take(Depth); !status.ok()) {
      return status;
    }
    if (!meter_.take()) {
      parts.give_back();
      return {Error::TooManyMetricsBlocks, 2, 1};
    }
    const Seq next = room_.mcache().header().position.load(detail::memory_order_relaxed);  // ordered by the claim
    room_.start(parts.fresh(), next);
    parts.join();
    meter_.join(next);
    holds_ = true;
    return {};
  }

  TANGO_COLD void leave() noexcept {
    TANGO_PRECONDITION(!reserved_, "Producer: destroyed or overwritten while a reservation is open");
    if (holds_) {
      holds_ = false;
      room_.mcache().header().advance(next_seq());
      meter_.leave();
      parts().give_back();
    }
  }

  void take_over(Producer& other) noexcept {
    TANGO_PRECONDITION(!other.reserved_, "Producer: moved while a reservation is open");
    room_ = other.room_;
    fseq_ = other.fseq_;
    meter_ = other.meter_;
    holds_ = std::exchange(other.holds_, false);
    status_ = std::exchange(other.status_, Error::Moved);
  }

  /// From here on every call answers `Stopped`.
  TANGO_COLD Error close() noexcept {
    detail::RingControl& header = room_.mcache().header();
    header.stop.store(1, detail::memory_order_relaxed);  // so that stop_requested() agrees; carries nothing
    header.close(next_seq());
    status_ = Error::Stopped;
    return Error::Stopped;
  }

  // A message that is copied in.

  /// Chunks that it takes: none if it travels in its slot.
  [[nodiscard]] static constexpr std::size_t chunks_by_copy(std::size_t size) noexcept {
    return size <= kInlineBytes ? 0 : Cache::chunks_for(size);
  }

  /// Publishes it. Precondition: it was admitted.
  TANGO_HOT void put(std::span<const std::byte> payload, std::size_t chunks, Seq next,
                     const MessageInfo& info) noexcept {
    detail::Slot& slot = open_slot(next);
    typename Cache::Fifo& fifo = room_.dcache().fifo();
    const FragmentMetadata metadata{.seq = next,
                                    .sig = info.sig,
                                    .chunk = chunks == 0 ? kInlineChunk : fifo.next_run(chunks, next),
                                    .size = static_cast<std::uint32_t>(payload.size()),
                                    .ctl = info.ctl,
                                    .ts = info.ts};
    fifo.take(chunks, chunks, next);
    if (chunks == 0) {
      detail::store_words(slot.inline_words, payload.data(), payload.size());
    } else if constexpr (kWords) {
      detail::store_words(room_.dcache().data(metadata.chunk), payload.data(), payload.size());
    } else {
      detail::copy_bytes(room_.dcache().data(metadata.chunk), payload.data(), payload.size());
    }
    finish(slot, metadata);
  }

  // Admission.

  TANGO_COLD Status too_large(std::size_t size) const noexcept {
    return status_.ok() ? Status{Error::PayloadTooLarge, size, max_payload()} : status_;
  }

  TANGO_COLD Status refused(Error error) noexcept {
    if (error == Error::NoCredits) {
      meter_.refused();
    }
    return status_.ok() ? Status{error} : status_;
  }

  /// Whether a message of `chunks` chunks may be published now. After `None` there is room for it.
  [[nodiscard]] TANGO_HOT Error admit(std::size_t chunks, Seq next) noexcept {
    if (!status_.ok()) [[unlikely]] {
      return status_.error();
    }
    if (room_.mcache().stop_requested()) [[unlikely]] {
      return reserved_ ? Error::ReservationOpen : close();
    }
    if (reserved_) [[unlikely]] {
      return Error::ReservationOpen;
    }
    return room_.make(chunks, next) ? Error::None : Error::NoCredits;
  }

  /// The same, waiting until it may. What had to wait counts as one refusal. `next` is the message's number, and later
  /// than it was where the strategy published something meanwhile.
  template <WaitStrategy Strategy>
  [[nodiscard]] TANGO_HOT Error admit_blocking(std::size_t chunks, Seq& next, Strategy& strategy) noexcept {
    Error error = admit(chunks, next);
    if (error == Error::NoCredits) [[unlikely]] {
      error = await_room(chunks, strategy);
      next = next_seq();
    }
    return error;
  }

  template <WaitStrategy Strategy>
  [[nodiscard, gnu::noinline]] Error await_room(std::size_t chunks, Strategy& strategy) noexcept {
    meter_.refused();
    Error error = Error::NoCredits;
    for (std::uint64_t round = 0; error == Error::NoCredits && strategy.idle(round); ++round) {
      error = admit(chunks, next_seq());
    }
    return error;
  }

  // The slot.

  /// Write-steps 1 and 2. On a channel where everyone is reliable nobody looks for what the slot held, so there is
  /// nothing to mark.
  TANGO_HOT detail::Slot& open_slot(Seq next) noexcept {
    detail::Slot& slot = room_.mcache().slot(next);
    if constexpr (kWords) {
      slot.mark(next);
      detail::fence(detail::memory_order_release);  // pairs with the acquire fence in Slot::still_holds
    }
    return slot;
  }

  /// Write-steps 3 (metadata) and 4, and the positions.
  TANGO_HOT void finish(detail::Slot& slot, const FragmentMetadata& metadata) noexcept {
    slot.write(detail::to_words(metadata));
    slot.publish(metadata.seq);
    meter_.published(metadata.size);  // before the positions: behind them it made a lossy channel a fifth slower
    room_.mcache().published(metadata.seq + 1);
    room_.look_ahead(metadata.seq + 1, metadata.size);
    fseq_->store(metadata.seq + 1);
  }

  // For the reservation.

  /// Precondition: a message of `chunks` chunks was admitted.
  [[nodiscard]] TANGO_HOT Reservation open_reservation(std::size_t size, std::size_t chunks, Seq next) noexcept {
    open_slot(next);
    reserved_ = true;
    reserved_chunks_ = chunks;
    return Reservation{*this, room_.dcache().data(room_.dcache().fifo().next_run(chunks, next)), size};
  }

  TANGO_HOT void commit(std::size_t used, MessageInfo info) noexcept {
    typename Cache::Fifo& fifo = room_.dcache().fifo();
    const Seq next = next_seq();
    const std::size_t chunks = Cache::chunks_for(used);
    const FragmentMetadata metadata{.seq = next,
                                    .sig = info.sig,
                                    .chunk = chunks == 0 ? kInlineChunk : fifo.next_run(reserved_chunks_, next),
                                    .size = static_cast<std::uint32_t>(used),
                                    .ctl = info.ctl,
                                    .ts = info.ts};
    fifo.take(chunks == 0 ? 0 : reserved_chunks_, chunks, next);
    reserved_ = false;
    finish(room_.mcache().slot(next), metadata);
  }

  void drop_reservation() noexcept { reserved_ = false; }

  detail::Admission<Depth, Cache, Flow> room_;
  Fseq* fseq_ = nullptr;
  [[no_unique_address]] Meter meter_;
  std::size_t reserved_chunks_ = 0;
  bool reserved_ = false;
  bool holds_ = false;  ///< the claims of all components
  Status status_;
};

template <std::size_t D, class C>
Producer(MCache<D>&, C&, Fseq&) -> Producer<D, C, NoFlowControl, NoMetrics>;
template <std::size_t D, class C>
Producer(MCache<D>&, C&, Fseq&, Metrics&) -> Producer<D, C, NoFlowControl, Metrics>;
template <std::size_t D, class C>
Producer(MCache<D>&, C&, Fseq&, Fctl&) -> Producer<D, C, Fctl, NoMetrics>;
template <std::size_t D, class C>
Producer(MCache<D>&, C&, Fseq&, Fctl&, Metrics&) -> Producer<D, C, Fctl, Metrics>;

}  // namespace tango::inline TANGO_ABI
