// SPDX-License-Identifier: Apache-2.0
/// \file
/// ConsumerAttachment: a consumer's attachment to its channel, from joining to leaving.
///
/// | what | where |
/// | --- | --- |
/// | joining: the components fit, a start, a place, a metrics block | `enter` |
/// | in each call: the channel is still the one that was joined | `is_ready` |
/// | if not: the producer joined meanwhile, or the channel was replaced | `get_ready` |
/// | leaving, with the position kept or given up | `leave` |
///
/// Thread: the consumer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "../config.hpp"
#include "../error.hpp"
#include "../fctl.hpp"
#include "../from.hpp"
#include "../memory/membership.hpp"
#include "../memory/ring_control.hpp"
#include "../metrics.hpp"
#include "../poll_status.hpp"
#include "../receive/read_ledger.hpp"
#include "../seq.hpp"
#include "joining.hpp"

namespace tango::inline TANGO_ABI::detail {

/// `Cursor` is the consumer's ReadCursor, `Store` a ChunkStore or NoChunkStore, and `Flow` an Fctl or NoFlowControl.
template <class Cursor, class Store, class Flow>
class ConsumerAttachment {
  static constexpr bool kReliable = kIsFlowControl<Flow>;
  using FlowType = typename FlowInside<Flow>::Type;

 public:
  ConsumerAttachment() noexcept = default;
  ConsumerAttachment(const Store* store, FlowType* flow) noexcept : store_{store}, flow_{flow} {}

  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] const Store& store() const noexcept { return *store_; }
  [[nodiscard]] std::size_t place() const noexcept { return place_; }
  [[nodiscard]] bool holds() const noexcept { return holds_; }
  [[nodiscard]] std::uint64_t epoch() const noexcept { return flow_->places[place_].claim.holder().epoch; }

  /// Joins the channel of the cursor's ring. `status` says whether that succeeded.
  TANGO_COLD void enter(const From& from, Cursor& cursor) noexcept { status_ = try_to_enter(from, cursor); }

  /// Whether the components are known to fit, and no other channel was created in their place.
  [[nodiscard]] TANGO_HOT bool is_ready(const RingControl& control) const noexcept {
    return is_name(control.name(), ready_as_);
  }

  /// The slow path of a poll that is not ready. Checks the components if no producer had joined before. `Fragment`: the
  /// consumer may poll now.
  TANGO_COLD PollStatus get_ready(Cursor& cursor) noexcept {
    const RingControl& control = cursor.ring().control;
    if (!status_.ok()) {
      return PollStatus::Refused;
    }
    if (control.name() != generation_) {
      detach(cursor);
      return PollStatus::Refused;
    }
    const auto fit = components(control).inspect();
    if (!fit.status.ok()) {
      withdraw(cursor);
      status_ = fit.status;
      return PollStatus::Refused;
    }
    if (!fit.known) {
      return control.drained(cursor.ledger().next) ? PollStatus::Stopped : PollStatus::Empty;
    }
    ready_as_ = generation_;
    return PollStatus::Fragment;
  }

  /// Leaves the channel. If `resigning`, the position is given up, and `status` is `Moved`.
  TANGO_COLD void leave(Cursor& cursor, bool resigning) noexcept {
    TANGO_PRECONDITION(cursor.ledger().live == 0,
                       "Consumer: destroyed, overwritten or resigning while a fragment or batch is held");
    ready_as_ = kNoGeneration;
    if (std::exchange(holds_, false) && cursor.ring().control.name() == generation_) {
      cursor.give_back();
      static_cast<void>(cursor.settle_accounts());
      cursor.recorder().leave();  // before the place: its next holder may take a block with the same tag
      if constexpr (kReliable) {
        if (resigning) {
          flow_->view().resign(place_);
        } else {
          flow_->view().leave(place_);
        }
      }
    }
    if (resigning && status_.ok()) {
      status_ = Error::Moved;
    }
  }

  /// Afterwards `other` is not attached, and its status is `Moved`.
  void take_over(ConsumerAttachment& other) noexcept {
    store_ = other.store_;
    flow_ = other.flow_;
    place_ = other.place_;
    taken_from_ = other.taken_from_;
    generation_ = other.generation_;
    ready_as_ = std::exchange(other.ready_as_, kNoGeneration);
    holds_ = std::exchange(other.holds_, false);
    status_ = std::exchange(other.status_, Error::Moved);
  }

 private:
  [[nodiscard]] ConsumerComponents components(const RingControl& control) const noexcept {
    const Membership* chunks = nullptr;
    if constexpr (Store::kChunks != 0) {
      chunks = &store_->membership;
    }
    const Membership* flow = nullptr;
    if constexpr (kReliable) {
      flow = &flow_->membership;
    }
    return {control, chunks, flow};
  }

  TANGO_COLD Status try_to_enter(const From& from, Cursor& cursor) noexcept {
    const RingControl& control = cursor.ring().control;
    auto fit = components(control).inspect();
    if (!fit.status.ok()) {
      return fit.status;
    }
    generation_ = control.name();
    const Seq position = cursor.ring().position();
    if (!fit.known && position != control.start) {
      // A producer has joined meanwhile, and the kind is known now. While there is no message, all positions are the
      // start: a consumer whose components turn out not to fit has changed none.
      fit = components(control).inspect();
      if (!fit.status.ok()) {
        return fit.status;
      }
    }
    const WantedStart wanted = from.resolve(Passkey{}, control, position, Cursor::kDepth, kReliable);
    cursor.ledger() = ReadLedger{wanted.seq};
    if (wanted.seq - control.start > position - control.start) {
      return {Error::StartMismatch, wanted.seq, position};
    }
    if constexpr (kReliable) {
      if (const Status credits = check_credits(flow_->credits, Cursor::kDepth); !credits.ok()) {
        return credits;
      }
      place_ = flow_->view().take(wanted);
      if (place_ == Flow::places()) {
        return {Error::TooManyConsumers, Flow::places() + 1, Flow::places()};
      }
    }
    if (!cursor.recorder().take(place_)) {
      if constexpr (kReliable) {
        flow_->view().cancel(place_);
      }
      return {Error::TooManyMetricsBlocks, kMaxMeteredConsumers + 1, kMaxMeteredConsumers};
    }
    if constexpr (kReliable) {
      // After everything else that may be refused: the Fctl remains reserved.
      if (!flow_->membership.reserve(generation_)) {
        cursor.recorder().leave();
        flow_->view().cancel(place_);
        return Error::ComponentMismatch;
      }
      taken_from_ = flow_->view().taken_from(place_);
      const Seq first = flow_->view().activate(place_, wanted, control.limit, flow_->credits);
      cursor.ledger().join(first, flow_->places[place_]);
    }
    cursor.recorder().join(cursor.ledger().next);
    holds_ = true;
    if (fit.known) {
      ready_as_ = generation_;
    }
    return {};
  }

  /// Another channel was created in place of this one. Its memory is not touched any more.
  TANGO_COLD void detach(Cursor& cursor) noexcept {
    status_ = {Error::Replaced, cursor.ring().control.name(), generation_};
    ready_as_ = kNoGeneration;
    holds_ = false;
    cursor.ledger().released = cursor.ledger().next;  // so that fragments which are still held store nothing
  }

  /// It turned out that the components do not fit: gives back what was taken. The Fctl stays reserved.
  TANGO_COLD void withdraw(Cursor& cursor) noexcept {
    holds_ = false;
    cursor.recorder().leave();
    if constexpr (kReliable) {
      flow_->view().withdraw(place_, taken_from_);
    }
  }

  const Store* store_ = nullptr;
  FlowType* flow_ = nullptr;
  std::size_t place_ = kNoPlace;
  PlaceState taken_from_ = PlaceState::Free;  ///< the state of its place before it took it
  Generation generation_ = kNoGeneration;     ///< of the channel that it joined
  Generation ready_as_ = kNoGeneration;       ///< `generation_` once the components are known to fit
  bool holds_ = false;                        ///< whether it holds a place and a metrics block
  Status status_;
};

}  // namespace tango::inline TANGO_ABI::detail
