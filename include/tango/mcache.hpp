// SPDX-License-Identifier: Apache-2.0
/// \file
/// MCache: the ring of fragment metadata, and what concerns the channel as a whole.
///
///     line pair 0   generation | running | start | kind | claim | closed_at    written at life events only
///     line pair 1   position, oldest, limit                                  written by the producer now and then
///     then          Depth slots of one cache line each                       written by the producer
///
/// Most users hand an MCache to a Producer and Consumers and call only `stop`, `start` and `position`. `publish`,
/// `try_read` and `wait` are for users who need the ring of metadata alone: sequence numbers, tags and timestamps without
/// payloads.
///
/// Life of a channel:
///
///                   a producer is made            it leaves
///     unclaimed  ----------------------->  claimed  ------->  unclaimed
///         |                                   |
///         |  stop()                           |  stop(), seen at the producer's next call; Producer::stop()
///         v                                   v
///       closed:  closed_at is set, for ever; consumers drain up to it and then report Stopped
///
/// As Firedancer's `src/tango/mcache/fd_mcache.h`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "config.hpp"
#include "memory/inside.hpp"
#include "memory/membership.hpp"
#include "memory/platform.hpp"
#include "memory/ring.hpp"
#include "memory/slot.hpp"
#include "metadata.hpp"
#include "seq.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// What a slot says to a reader that expects a number.
enum class ReadStatus : std::uint8_t {
  Ok,        ///< it holds the number
  NotReady,  ///< it will hold it later
  Overrun,   ///< it held it, or was skipped: the number is gone
};

/// What `MCache::try_read` found; `metadata` counts only with `Ok`.
struct ReadResult {
  ReadStatus status = ReadStatus::NotReady;  ///< whether it was there
  FragmentMetadata metadata;                 ///< of the number that was asked for
};

/// A ring of `Depth` slots; `Depth` is a power of two, at least 2.
template <std::size_t Depth>
class alignas(kSeparation) MCache {
  static_assert(Depth >= 2 && (Depth & (Depth - 1)) == 0,
                "tango: the depth of an MCache must be a power of two and at least 2");

 public:
  /// A fresh channel whose first number is `start`; every number is legal. O(Depth).
  explicit MCache(Seq start = 1) noexcept
      : inside_{start, detail::new_generation(this), detail::ChannelKind::Unknown} {}
  MCache(const MCache&) = delete;
  MCache& operator=(const MCache&) = delete;

  /// The number of slots.
  [[nodiscard]] static constexpr std::uint64_t depth() noexcept { return Depth; }

  /// The channel's first number. Any thread.
  [[nodiscard]] Seq start() const noexcept { return inside_.control.start; }

  /// The channel's name: a number that no other channel has, not even one that is made at the same address later. Any
  /// thread.
  [[nodiscard]] std::uint64_t generation() const noexcept { return inside_.control.name(); }

  /// The next number that will be published. Acquire: everything before it is visible (unless it was overwritten). Never
  /// decreases between two calls of one thread. At most `kPositionStride` slots are read; to follow a producer closely,
  /// read its Fseq or the slots. Any thread.
  [[nodiscard]] Seq position() const noexcept { return inside_.position(); }

  /// The producer stores its position when it reaches a multiple of this, and the slots say how far it has come since.
  static constexpr std::uint64_t kPositionStride = detail::Ring<Depth>::kPositionStride;

  /// Asks the channel to stop. Its producer closes it at its next call or when it leaves; if there is none, the channel is
  /// closed here. What was published can still be read. Idempotent. Any thread, at any time.
  ///
  /// A producer that vanished without leaving (its process was killed) can do neither: `recover_producer` (recovery.hpp)
  /// closes the channel in its stead.
  void stop() noexcept { inside_.control.ask_to_stop(); }

  /// Whether anyone asked to stop. Any thread.
  [[nodiscard]] bool stop_requested() const noexcept { return inside_.control.stop_requested(); }

  /// Whether nothing more will be published. Any thread.
  [[nodiscard]] bool closed() const noexcept { return inside_.control.closed(); }

  // ------------------------------------------------------------------------------------------- the ring by itself

  /// Publishes `metadata` under the number `position()`, and overwrites what is `depth()` numbers older. Never waits,
  /// never fails. Only the publishing thread can honour a stop: check `stop_requested()`; what is published after a stop
  /// can still be read by its number. From the first call on the ring is one of metadata alone: Producers and Consumers
  /// refuse it (`ComponentMismatch`).
  ///
  /// \pre (checked) No Producer was ever made on this MCache.
  /// \return The number; `metadata.seq` is ignored.
  ///
  /// Thread: the only producer.
  Seq publish(const FragmentMetadata& metadata) noexcept {
    detail::RingControl& control = inside_.control;
    // Relaxed where it is set: an endpoint that sees it refuses the ring and reads nothing else.
    const auto kind = static_cast<detail::ChannelKind>(control.kind.load(detail::memory_order_relaxed));  // own word
    TANGO_PRECONDITION(kind == detail::ChannelKind::Unknown || kind == detail::ChannelKind::Direct,
                       "MCache::publish: no Producer was ever made on this MCache");
    if (kind == detail::ChannelKind::Unknown) {
      control.kind.store(static_cast<std::uint64_t>(detail::ChannelKind::Direct), detail::memory_order_relaxed);
    }
    const Seq s = control.position.load(detail::memory_order_relaxed);  // own word
    detail::Slot& target = inside_.slot(s);
    target.mark(s);
    detail::fence(detail::memory_order_release);  // pairs with the acquire fence in Slot::still_holds
    target.write(detail::SlotWords::of(metadata));
    target.publish(s);
    control.advance(s + 1);
    return s;
  }

  /// Reads the metadata of `seq`, validated. Wait-free.
  ///
  /// \pre (checked) The channel is not reliable: there, no consumer may be overrun, and the producer does not mark what it
  ///      overwrites.
  /// \return `Ok` and the metadata, `NotReady`, or `Overrun`.
  ///
  /// Thread: any.
  [[nodiscard]] ReadResult try_read(Seq seq) const noexcept {
    const detail::Slot& source = inside_.slot(seq);
    if (const std::int64_t ahead = seq_diff(source.observe(), seq); ahead != 0) {
      return {ahead < 0 ? ReadStatus::NotReady : ReadStatus::Overrun, {}};
    }
    // Read after the slot: the producer that published there stored the kind before.
    TANGO_PRECONDITION(inside_.control.channel_kind() != detail::ChannelKind::Reliable,
                       "MCache::try_read: the channel is not reliable");
    const FragmentMetadata metadata = source.read().metadata(seq);
    if (!source.still_holds(seq)) {
      return {ReadStatus::Overrun, {}};
    }
    return {ReadStatus::Ok, metadata};
  }

  /// Calls `try_read` until `seq` is there or gone, the channel is closed before it, or `strategy` gives up. The last two
  /// return `NotReady`. Precondition as for `try_read`. Thread: any.
  template <WaitStrategy Strategy = Busy>
  [[nodiscard]] ReadResult wait(Seq seq, Strategy strategy = {}) const noexcept {
    for (std::uint64_t round = 0;; ++round) {
      const bool closed = this->closed();  // loaded first: try_read sees what was published before
      const ReadResult result = try_read(seq);
      if (result.status != ReadStatus::NotReady || closed || !strategy.idle(round)) {
        return result;
      }
    }
  }

 private:
  friend struct detail::Inside;
  template <std::size_t, std::size_t, std::size_t, class>
  friend class Channel;
  MCache(Seq start, detail::Generation generation, detail::ChannelKind kind) noexcept
      : inside_{start, generation, kind} {}

  detail::Ring<Depth> inside_;
};

static_assert(sizeof(MCache<2>) == 256 + 2 * 64 && alignof(MCache<2>) == 128);
static_assert(sizeof(MCache<1024>) == 256 + 1024 * 64);

}  // namespace tango::inline TANGO_ABI
