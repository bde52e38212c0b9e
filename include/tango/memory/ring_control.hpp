// SPDX-License-Identifier: Apache-2.0
/// \file
/// RingControl: the state of a channel as a whole. Its generation and kind, its producer, where it starts and ends, and
/// how far it has advanced. These are the first two pairs of cache lines of an MCache.
///
///     line pair 0   generation | running | start | kind | claim | closed_at    written at life events only
///     line pair 1   position | oldest | limit                                  written by the producer now and then
///
/// Stopping, with and without a producer:
///
/// | | a thread that requests a stop | a producer that leaves |
/// | --- | --- | --- |
/// | 1 | running <- 0 (relaxed) | claim <- None (release) |
/// | 2 | fence (seq_cst) | fence (seq_cst) |
/// | 3 | if the claim is None: take it and close | if running is 0 and the claim is None: take it and close |
///
/// One of the two fences comes first, so at least one side sees what the other one stored before its fence. If both do,
/// the claim decides which of them closes the channel. A producer that does not leave sees the request at its next call
/// and closes the channel then.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../seq.hpp"
#include "claim.hpp"
#include "membership.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// What a ring is used for.
enum class ChannelKind : std::uint64_t {
  Unknown = 0,   ///< no producer has joined yet, and no builder has set it
  Lossy = 1,     ///< no flow control, payload as words
  Reliable = 2,  ///< flow control, payload as plain bytes
  Observed = 3,  ///< flow control, payload as words
  Direct = 4,    ///< `MCache::publish`: a ring of metadata alone, which every endpoint refuses
};

/// The kind of a channel with or without flow control, whose payload is written as words or as plain bytes.
[[nodiscard]] constexpr ChannelKind kind_of(bool flow_control, bool words) noexcept {
  return !flow_control ? ChannelKind::Lossy : words ? ChannelKind::Observed : ChannelKind::Reliable;
}

/// The holder of a ring.
enum class RingHolder : std::uint8_t {
  None = 0,
  Producer = 1,
  Closer = 2,  ///< briefly: a thread that closes a channel without a producer because a stop was requested
};

struct alignas(kSeparation) RingControl {
  RingControl(Seq first, Generation name, ChannelKind known_kind) noexcept
      : generation{name},
        running{name},
        start{first},
        kind{static_cast<std::uint64_t>(known_kind)},
        closed_at{first - 1},
        position{first},
        oldest{first},
        limit{first} {}

  // Written at life events only. Consumers and the producer read these words in every call, and their cache line stays
  // shared.
  SharedWord generation;    ///< the channel's generation; constant while the channel exists
  SharedWord running;       ///< the same; 0 once a stop was requested
  const Seq start;          ///< the first number
  SharedWord kind;          ///< a `ChannelKind`; constant once it is known
  Claim<RingHolder> claim;  ///< the producer
  SharedWord closed_at;     ///< the first number that will never be published; start - 1 while the channel is open

  // Written by the producer.
  alignas(kSeparation) SharedWord position;  ///< a recent value of the next number to publish: see Ring::position
  SharedWord oldest;                         ///< where an overrun consumer resumes, if that is later than position -
                                             ///< depth: every earlier fragment that held chunks is overwritten
  SharedWord limit;                          ///< announced: no new reliable consumer starts before limit - credits

  // ------------------------------------------------------------------------------------------------------- the name

  /// Whether this is still the channel that an endpoint joined, and no stop was requested. Relaxed: carries no data.
  ///
  /// Thread: any.
  [[nodiscard]] bool is_running_as(Generation name) const noexcept {
    return is_name(running.load(memory_order_relaxed), name);
  }

  /// The channel's generation. Relaxed: carries no data.
  ///
  /// Thread: any.
  [[nodiscard]] Generation name() const noexcept { return generation.load(memory_order_relaxed); }

  /// What the ring is used for. Acquire: pairs with `set_kind`; if the kind is known, all components have joined.
  ///
  /// Thread: any.
  [[nodiscard]] ChannelKind channel_kind() const noexcept {
    return static_cast<ChannelKind>(kind.load(memory_order_acquire));
  }

  /// Sets the kind. Release: pairs with `channel_kind`.
  ///
  /// Thread: the holder of the claim.
  void set_kind(ChannelKind to) noexcept { kind.store(static_cast<std::uint64_t>(to), memory_order_release); }

  // --------------------------------------------------------------------------------------------------- the position

  /// Stores the position: everything before `next` was published. Release: pairs with the acquire loads in
  /// Ring::position.
  ///
  /// Thread: the holder of the claim.
  void advance(Seq next) noexcept { position.store(next, memory_order_release); }

  // --------------------------------------------------------------------------------------------------------- the end

  /// Whether the channel is closed. Acquire: pairs with `close`.
  ///
  /// Thread: any.
  [[nodiscard]] bool closed() const noexcept { return closed_at.load(memory_order_acquire) != start - 1; }

  /// Whether the channel was closed at `next`, so that nothing follows. Acquire: pairs with `close`.
  ///
  /// Thread: any.
  [[nodiscard]] bool drained(Seq next) const noexcept {
    return closed_at.load(memory_order_acquire) == next && next != start - 1;
  }

  /// Closes the channel: nothing will be published from `at` on. Release: pairs with `closed` and `drained`; a thread
  /// that sees the close sees everything before it.
  ///
  /// Thread: the holder of the claim.
  void close(Seq at) noexcept {
    running.store(0, memory_order_relaxed);  // so that stop_requested() agrees; carries no data
    closed_at.store(at, memory_order_release);
  }

  /// Whether a stop was requested. Relaxed: carries no data.
  ///
  /// Thread: any.
  [[nodiscard]] bool stop_requested() const noexcept { return running.load(memory_order_relaxed) != name(); }

  /// Requests a stop: see the table.
  ///
  /// Thread: any.
  TANGO_COLD void ask_to_stop() noexcept {
    running.store(0, memory_order_relaxed);
    fence(memory_order_seq_cst);  // pairs with the fence in leave
    close_if_unclaimed();
  }

  /// The producer gives the channel back: see the table.
  ///
  /// Thread: the holder of the claim.
  TANGO_COLD void leave() noexcept {
    claim.set(RingHolder::None);
    answer_stop();
  }

  /// Steps 2 and 3 of a producer that leaves. Also called in recovery, for a producer that vanished after step 1.
  ///
  /// Thread: any.
  TANGO_COLD void answer_stop() noexcept {
    fence(memory_order_seq_cst);  // pairs with the fence in ask_to_stop
    if (stop_requested()) {
      close_if_unclaimed();
    }
  }

 private:
  void close_if_unclaimed() noexcept {
    Claim<RingHolder>::Holder found = claim.holder();
    while (found.state == RingHolder::None) {
      if (claim.take(found, RingHolder::Closer)) {
        if (!closed()) {
          close(position.load(memory_order_relaxed));  // ordered by the claim, and exact: the last producer stored it
        }
        claim.set(RingHolder::None);
        return;
      }
    }
  }
};

static_assert(sizeof(RingControl) == 256);
static_assert(offsetof(RingControl, generation) == 0 && offsetof(RingControl, running) == 8 &&
              offsetof(RingControl, start) == 16 && offsetof(RingControl, kind) == 24 &&
              offsetof(RingControl, claim) == 32 && offsetof(RingControl, closed_at) == 40 &&
              offsetof(RingControl, position) == 128 && offsetof(RingControl, oldest) == 136 &&
              offsetof(RingControl, limit) == 144);

}  // namespace tango::inline TANGO_ABI::detail
