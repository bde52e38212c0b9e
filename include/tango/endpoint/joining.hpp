// SPDX-License-Identifier: Apache-2.0
/// \file
/// How an endpoint joins a channel, and why it may be refused. The steps are performed by `Producer::enter` and
/// `Consumer::enter`. Those that concern the components as a whole are in this file.
///
/// | step of a producer | refused with |
/// | --- | --- |
/// | 1 check that the ring was constructed | `NotConstructed` |
/// | 2 claim the ring (claim.hpp) | `SecondProducer`; `Stopped` if a stop was requested |
/// | 3 check that the ring is open | `Stopped` |
/// | &nbsp; and that kind and memberships fit | `ComponentMismatch` |
/// | &nbsp; and that the credits and the Fseq's number fit | `CreditsOutOfRange`, `StartMismatch` |
/// | 4 take the metrics block (recorders.hpp) | `TooManyMetricsBlocks` |
/// | 5 let all components join the ring's channel (membership.hpp) | `ComponentMismatch` |
/// | 6 store the ring's kind: consumers may now rely on all components | |
///
/// A producer that is refused gives back what it has taken.
///
/// | step of a consumer | refused with |
/// | --- | --- |
/// | 1 check that the ring was constructed | `NotConstructed` |
/// | 2 check that kind and memberships fit, or may still fit | `ComponentMismatch`, `FlowControlMissing` |
/// | 3 check that it starts within the channel | `StartMismatch` |
/// | 4 if it is reliable: check that the credits are in range | `CreditsOutOfRange` |
/// | 5 if it is reliable: take a place (credit_places.hpp) | `TooManyConsumers` |
/// | 6 with metrics: take a block | `TooManyMetricsBlocks` |
/// | 7 if it is reliable: reserve the Fctl for the ring's channel | `ComponentMismatch` |
/// | 8 if it is reliable: activate the place | |
///
/// A consumer that is refused gives back what it has taken. If the kind was not known in step 2, that step is repeated
/// at each poll until it is (`Consumer::get_ready`). A consumer that is refused then leaves the Fctl reserved.
///
/// Thread: the endpoint's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../error.hpp"
#include "../fseq.hpp"
#include "../memory/membership.hpp"
#include "../memory/ring_control.hpp"
#include "../seq.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Success, or `CreditsOutOfRange` (credits, depth).
[[nodiscard]] inline Status check_credits(std::uint64_t credits, std::uint64_t depth) noexcept {
  return credits < 1 || credits > depth ? Status{Error::CreditsOutOfRange, credits, depth} : Status{};
}

/// The components that a producer was given. `chunks` is null without a DCache, `flow` without flow control.
struct ProducerComponents {
  ChannelKind kind;
  RingControl& control;
  Membership* chunks;
  PublishedSeq& mirror;
  Membership* flow;
  std::uint64_t credits;

  /// Steps 1 to 3, on a ring of `depth` slots. After success the ring is claimed: call `join`, or `RingControl::leave`.
  [[nodiscard]] TANGO_COLD Status claim(std::uint64_t depth) noexcept {
    if (control.name() == kNoGeneration) {
      return Error::NotConstructed;
    }
    if (const Error held = claim_ring(); held != Error::None) {
      return held;
    }
    const Status status = inspect(depth);
    if (!status.ok()) {
      control.leave();
    }
    return status;
  }

  /// Steps 5 and 6. After a failure the ring is still claimed, and every join of this call was undone.
  [[nodiscard]] TANGO_COLD Status join() noexcept {
    const Generation name = control.name();
    constexpr std::size_t kParts = 3;
    Membership* const parts[kParts] = {chunks, &mirror.membership, flow};
    Generation before[kParts] = {};
    for (std::size_t i = 0; i != kParts; ++i) {
      if (parts[i] != nullptr && !parts[i]->join(name, before[i])) {
        // An endpoint of another ring took it at the same time. Until the kind is stored, nobody relies on the others.
        while (i-- != 0) {
          parts[i]->undo_join(name, before[i]);
        }
        return Error::ComponentMismatch;
      }
    }
    control.set_kind(kind);
    return {};
  }

 private:
  /// Step 2.
  [[nodiscard]] Error claim_ring() noexcept {
    Claim<RingHolder>::Holder found = control.claim.holder();
    while (found.state == RingHolder::None) {
      if (control.claim.take(found, RingHolder::Producer)) {
        return Error::None;
      }
    }
    // A closer holds the claim only because a stop was requested, even if this thread does not see the request yet.
    return found.state == RingHolder::Closer || control.stop_requested() ? Error::Stopped : Error::SecondProducer;
  }

  /// Step 3.
  [[nodiscard]] Status inspect(std::uint64_t depth) const noexcept {
    if (control.closed() || control.stop_requested()) {
      return Error::Stopped;
    }
    const Generation name = control.name();
    const ChannelKind known = control.channel_kind();
    if ((known != ChannelKind::Unknown && known != kind) || !mirror.membership.may_join(name)) {
      return Error::ComponentMismatch;
    }
    // Once the kind is known, the channel already has its DCache and its Fctl, which hold messages and consumers'
    // positions. Only the Fseq may be a new one.
    const bool is_first = known == ChannelKind::Unknown;
    const auto fits = [&](const Membership* part) {
      return part == nullptr || (is_first ? part->may_join(name) : part->is_part_of(name));
    };
    if (!fits(chunks) || !fits(flow)) {
      return Error::ComponentMismatch;
    }
    if (flow != nullptr) {
      if (const Status in_range = check_credits(credits, depth); !in_range.ok()) {
        return in_range;
      }
    }
    const Seq position = control.position.load(memory_order_relaxed);  // ordered by the claim
    // Relaxed: ordered by the claim as well, or stored by the thread that constructed it.
    if (const Seq mirrored = mirror.value.load(memory_order_relaxed); mirrored != position) {
      return {Error::StartMismatch, mirrored, position};
    }
    return {};
  }
};

/// The components that a consumer was given. `chunks` is null without a DCache, `flow` if the consumer may be overrun.
struct ConsumerComponents {
  const RingControl& control;
  const Membership* chunks;
  const Membership* flow;

  /// The result of `inspect`: an error; or that the components fit (`known`); or neither, because the kind is
  /// not known yet.
  struct Fit {
    Status status;
    bool known = false;
  };

  /// Checks that the components belong to one channel, of a kind that allows such a consumer. Errors: `NotConstructed`,
  /// `ComponentMismatch`, `FlowControlMissing`.
  [[nodiscard]] TANGO_COLD Fit inspect() const noexcept {
    const Generation name = control.name();
    if (name == kNoGeneration) {
      return {Error::NotConstructed};
    }
    const ChannelKind kind = control.channel_kind();
    if (kind == ChannelKind::Unknown) {
      const bool may_fit = (chunks == nullptr || chunks->may_join(name)) && (flow == nullptr || flow->may_join(name));
      return {may_fit ? Status{} : Status{Error::ComponentMismatch}};
    }
    if (flow != nullptr && kind == ChannelKind::Lossy) {
      return {Error::FlowControlMissing};
    }
    if (kind == ChannelKind::Direct || (chunks != nullptr && !chunks->is_part_of(name)) ||
        (flow != nullptr && !flow->is_part_of(name))) {
      return {Error::ComponentMismatch};
    }
    return {{}, true};
  }
};

}  // namespace tango::inline TANGO_ABI::detail
