// SPDX-License-Identifier: Apache-2.0
/// \file
/// MCache: the ring of fragment metadata, and the state of the channel as a whole.
///
///     line pair 0   generation | running | start | kind | claim | closed_at    written at life events only
///     line pair 1   position, oldest, limit                                    written by the producer now and then
///     then          Depth slots: see slot_layout.hpp                           written by the producer
///
/// Most programs hand an MCache to a Producer and Consumers and call only `stop`, `start` and `position`. `publish`,
/// `try_read` and `wait` are for programs that need the ring of metadata alone: sequence numbers, tags and timestamps
/// without payloads.
///
/// Life of a channel:
///
///                   a producer is created         it leaves
///     unclaimed  ----------------------->  claimed  ------->  unclaimed
///         |                                   |
///         |  stop()                           |  stop(), seen at the producer's next call; Producer::stop()
///         v                                   v
///       closed:  closed_at is set, finally; consumers drain up to it and then report Stopped
///
/// Source: Firedancer `src/tango/mcache/fd_mcache.h`.
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
#include "slot_layout.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// What a reader finds in the slot of a sequence number.
enum class ReadStatus : std::uint8_t {
  Ok,        ///< the slot holds that number
  NotReady,  ///< that number was not published yet
  Overrun,   ///< that number was overwritten or evicted
};

/// What `MCache::try_read` returns. `metadata` is meaningful only with `Ok`.
struct ReadResult {
  ReadStatus status = ReadStatus::NotReady;  ///< whether the number was read
  FragmentMetadata metadata;                 ///< of the requested number
};

/// A ring of `Depth` slots, each of which holds up to `InlineBytes` bytes of payload: see SlotLayout for these and the
/// other parameters. `Depth` is a power of two and at least 2.
template <std::size_t Depth, std::size_t InlineBytes = kInlineBytes, class Payload = Words,
          class MetadataPolicy = WithMetadata>
class alignas(kSeparation) MCache {
  static_assert(Depth >= 2 && (Depth & (Depth - 1)) == 0,
                "tango: the depth of an MCache must be a power of two and at least 2");

 public:
  /// What a slot consists of.
  using Layout = SlotLayout<InlineBytes, Payload, MetadataPolicy>;

  /// Creates a channel whose first sequence number is `start`. Every number is valid.
  ///
  /// Complexity: O(Depth).
  explicit MCache(Seq start = 1) noexcept
      : inside_{start, detail::new_generation(reinterpret_cast<std::uintptr_t>(this)), detail::ChannelKind::Unknown} {}
  MCache(const MCache&) = delete;
  MCache& operator=(const MCache&) = delete;

  /// The number of slots.
  [[nodiscard]] static constexpr std::uint64_t depth() noexcept { return Depth; }

  /// The size in bytes of the largest payload that is stored in a slot.
  [[nodiscard]] static constexpr std::size_t inline_bytes() noexcept { return InlineBytes; }

  /// The channel's first sequence number.
  ///
  /// Thread: any.
  [[nodiscard]] Seq start() const noexcept { return inside_.control.start; }

  /// The channel's generation, a number that no other channel has, not even one created later at the same address.
  ///
  /// Thread: any.
  [[nodiscard]] std::uint64_t generation() const noexcept { return inside_.control.name(); }

  /// The next sequence number that will be published. Everything before it is visible to the caller (acquire) unless it
  /// was overwritten. Never decreases between two calls of one thread. To follow a producer closely, read its Fseq or
  /// the slots instead.
  ///
  /// Thread: any.
  /// Complexity: reads at most `kPositionStride` slots.
  [[nodiscard]] Seq position() const noexcept { return inside_.position(); }

  /// The producer stores its position when it reaches a multiple of this. The slots show how far it has advanced since.
  static constexpr std::uint64_t kPositionStride = detail::Ring<Depth, Layout>::kPositionStride;

  /// Requests a stop. The producer closes the channel at its next call or when it leaves. If there is no producer, the
  /// channel is closed here. Everything published before can still be read. Idempotent.
  ///
  /// A producer that vanished without leaving, because its process was killed, never closes the channel.
  /// `recover_producer` (recovery.hpp) then closes it.
  ///
  /// Thread: any, at any time.
  void stop() noexcept { inside_.control.ask_to_stop(); }

  /// Whether a stop was requested.
  ///
  /// Thread: any.
  [[nodiscard]] bool stop_requested() const noexcept { return inside_.control.stop_requested(); }

  /// Whether the channel is closed: nothing more will be published.
  ///
  /// Thread: any.
  [[nodiscard]] bool closed() const noexcept { return inside_.control.closed(); }

  // ------------------------------------------------------------------------------------------- the ring by itself

  /// Publishes `metadata` under the sequence number `position()` and overwrites the entry that is `depth()` older.
  /// Never waits and never fails. Only the publishing thread can honour a stop: check `stop_requested()`. What is
  /// published after a stop can still be read by its number. The first call turns the ring into one of metadata alone,
  /// which Producers and Consumers refuse (`ComponentMismatch`).
  ///
  /// \pre (checked) No Producer was ever created on this MCache.
  /// \return The sequence number. `metadata.seq` is ignored.
  ///
  /// Thread: the only producer.
  /// Complexity: wait-free, O(1).
  Seq publish(const FragmentMetadata& metadata) noexcept requires(Layout::kMetadata) {
    detail::RingControl& control = inside_.control;
    // Relaxed where it is set: an endpoint that sees this kind refuses the ring and reads nothing else.
    const auto kind = static_cast<detail::ChannelKind>(
        control.kind.load(detail::memory_order_relaxed));  // only this thread writes it
    TANGO_PRECONDITION(kind == detail::ChannelKind::Unknown || kind == detail::ChannelKind::Direct,
                       "MCache::publish: no Producer was ever made on this MCache");
    if (kind == detail::ChannelKind::Unknown) {
      control.kind.store(static_cast<std::uint64_t>(detail::ChannelKind::Direct), detail::memory_order_relaxed);
    }
    const Seq s = control.position.load(detail::memory_order_relaxed);  // only this thread writes it
    auto& target = inside_.slot(s);
    target.seq.mark(s);
    detail::fence(detail::memory_order_release);  // pairs with the acquire fence in SlotSeq::still_holds
    target.metadata.write(detail::SlotWords::of(metadata));
    target.seq.publish(s);
    control.advance(s + 1);
    return s;
  }

  /// Reads the metadata of `seq` and validates it.
  ///
  /// \pre (checked) The channel is not reliable. On a reliable channel the producer does not mark what it overwrites,
  ///      because no consumer can be overrun.
  /// \return `Ok` and the metadata, `NotReady`, or `Overrun`.
  ///
  /// Thread: any.
  /// Complexity: wait-free, O(1).
  [[nodiscard]] ReadResult try_read(Seq seq) const noexcept requires(Layout::kMetadata) {
    const auto& source = inside_.slot(seq);
    if (const std::int64_t ahead = seq_diff(source.seq.observe(), seq); ahead != 0) {
      return {ahead < 0 ? ReadStatus::NotReady : ReadStatus::Overrun, {}};
    }
    // Read after the slot: the producer that published there stored the kind before.
    TANGO_PRECONDITION(inside_.control.channel_kind() != detail::ChannelKind::Reliable,
                       "MCache::try_read: the channel is not reliable");
    const FragmentMetadata metadata = source.metadata.read().metadata(seq);
    if (!source.seq.still_holds(seq)) {
      return {ReadStatus::Overrun, {}};
    }
    return {ReadStatus::Ok, metadata};
  }

  /// Calls `try_read` until `seq` is read or overwritten, the channel is closed before it, or `strategy` gives up.
  ///
  /// \pre As for `try_read`.
  /// \return As `try_read`; `NotReady` if the channel was closed or the strategy gave up.
  ///
  /// Thread: any.
  template <WaitStrategy Strategy = Busy>
  [[nodiscard]] ReadResult wait(Seq seq, Strategy strategy = {}) const noexcept requires(Layout::kMetadata) {
    for (std::uint64_t round = 0;; ++round) {
      const bool closed = this->closed();  // loaded first: try_read then sees everything published before the close
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

  detail::Ring<Depth, Layout> inside_;
};

static_assert(sizeof(MCache<2>) == 256 + 2 * 64 && alignof(MCache<2>) == 128);
static_assert(sizeof(MCache<1024>) == 256 + 1024 * 64);
static_assert(sizeof(MCache<1024, 0>) == 256 + 1024 * 32 && sizeof(MCache<1024, 64>) == 256 + 1024 * 96);

}  // namespace tango::inline TANGO_ABI
