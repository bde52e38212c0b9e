// SPDX-License-Identifier: Apache-2.0
/// \file
/// MCache: the ring of fragment metadata, and what concerns the channel as a whole.
///
///     line pair 0   start | claim, identity | stop | closed_at       written at life events only
///     line pair 1   position, oldest, limit                          written by the producer now and then
///     then          N slots of one line each                         written by the producer
///
/// Most users hand an MCache to a Producer and Consumers and call only `stop`, `start` and `position`. `publish`,
/// `try_read` and `wait` are for who needs the ring of metadata alone: sequence numbers, tags and timestamps without
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
#include "fragment.hpp"
#include "memory/platform.hpp"
#include "memory/ring_control.hpp"
#include "memory/slot.hpp"
#include "seq.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// What a slot says to who expects a number.
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

/// A ring of `N` slots; `N` is a power of two, at least 2.
template <std::size_t N>
class alignas(kSeparation) MCache {
  static_assert(N >= 2 && (N & (N - 1)) == 0, "tango: the depth of an MCache must be a power of two and at least 2");

 public:
  /// A fresh channel whose first number is `start`; every number is legal. O(N).
  explicit MCache(Seq start = 1) noexcept : header_{start} {
    for (std::size_t i = 0; i < N; ++i) {
      // Marked for the first number from `start` on that maps here: "not ready" to who waits for it.
      slot(start + i).mark(start + i);
    }
  }
  MCache(const MCache&) = delete;
  MCache& operator=(const MCache&) = delete;

  /// Slots.
  [[nodiscard]] static constexpr std::uint64_t depth() noexcept { return N; }

  /// The channel's first number. Any thread.
  [[nodiscard]] Seq start() const noexcept { return header_.start; }

  /// The next number that will be published. Acquire: everything before it is visible (unless it was overwritten). Never
  /// goes back for who looks again. At most `kPositionStride` slots are looked at; who wants to follow a producer closely
  /// looks at its Fseq, or at the slots. Any thread.
  [[nodiscard]] Seq position() const noexcept {
    Seq next = header_.position.load(detail::memory_order_acquire);  // pairs with RingControl::advance
    for (std::uint64_t looks = 0; looks != kPositionStride; ++looks) {
      const std::int64_t ahead = seq_diff(slot(next).observe(), next);
      if (ahead < 0) {
        break;
      }
      if (ahead > 0) {
        // Gone on, or evicted: either was preceded by a later position, which `observe` has made visible.
        return seq_max(next, header_.position.load(detail::memory_order_acquire));
      }
      ++next;
    }
    return next;
  }

  /// Asks the channel to stop: its producer answers at its next call or its destruction; without a producer the channel
  /// is closed here. What was published stays readable. Idempotent; any thread, at any time.
  void stop() noexcept { header_.ask_to_stop(); }

  /// Whether anyone asked to stop. Any thread.
  [[nodiscard]] bool stop_requested() const noexcept { return header_.stop_requested(); }

  /// Whether nothing more will be published. Any thread.
  [[nodiscard]] bool closed() const noexcept { return header_.closed(); }

  // ------------------------------------------------------------------------------------------- the ring by itself

  /// Publishes `metadata` under the number `position()` and returns that number; `metadata.seq` is ignored. Never
  /// waits, never fails; overwrites what is `depth()` numbers older. Nobody but who publishes here can answer a stop:
  /// look at `stop_requested()`. What is published all the same can still be read by its number. From then on the ring
  /// is one of metadata alone: Producers and Consumers refuse it (`ComponentMismatch`). Thread: the only producer.
  /// Precondition (checked): no Producer was ever made on this MCache.
  Seq publish(const FragmentMetadata& metadata) noexcept {
    const bool is_nobodys = header_.ownership.use_directly();
    TANGO_PRECONDITION(is_nobodys, "MCache::publish: no Producer was ever made on this MCache");
    const Seq s = header_.position.load(detail::memory_order_relaxed);  // own word
    detail::Slot& target = slot(s);
    target.mark(s);
    detail::fence(detail::memory_order_release);  // pairs with the acquire fence in Slot::still_holds
    target.write(detail::to_words(metadata));
    target.publish(s);
    header_.advance(s + 1);
    return s;
  }

  /// Reads the metadata of `seq`, validated. Wait-free; any thread. Precondition (checked): the channel is not
  /// reliable: there nobody may be overrun, and the producer does not mark what it overwrites.
  [[nodiscard]] ReadResult try_read(Seq seq) const noexcept {
    const detail::Slot& source = slot(seq);
    if (const std::int64_t ahead = seq_diff(source.observe(), seq); ahead != 0) {
      return {ahead < 0 ? ReadStatus::NotReady : ReadStatus::Overrun, {}};
    }
    // Looked at after the slot: who published there wrote the identity before.
    TANGO_PRECONDITION(detail::kind_of(header_.ownership.identity()) != detail::ChannelKind::Reliable,
                       "MCache::try_read: the channel is not reliable");
    const FragmentMetadata metadata = detail::from_words(seq, source.read());
    if (!source.still_holds(seq)) {
      return {ReadStatus::Overrun, {}};
    }
    return {ReadStatus::Ok, metadata};
  }

  /// Looks until `seq` is there or gone, the channel is closed before it, or `strategy` gives up; the last two answer
  /// `NotReady`. Any thread. Precondition (checked): as `try_read`.
  template <WaitStrategy Strategy = Busy>
  [[nodiscard]] ReadResult wait(Seq seq, Strategy strategy = {}) const noexcept {
    for (std::uint64_t round = 0;; ++round) {
      const bool closed = header_.closed();  // looked at first: what was published before is seen by try_read
      const ReadResult result = try_read(seq);
      if (result.status != ReadStatus::NotReady || closed || !strategy.idle(round)) {
        return result;
      }
    }
  }

  // ---------------------------------------------------------------------------------------------------- endpoints

  /// The producer stores its position when it reaches a multiple of this, when it evicts and when it leaves; the slots say
  /// how far it is since. A store on a line of its own with every message made 64 B messages a quarter slower, and 8 B
  /// messages by half (bench/README.md). At most half the depth, so that a slot that has gone on to its next number did so
  /// behind the next such store.
  static constexpr std::uint64_t kPositionStride = N >= 16 ? 8 : N / 2;

  /// For endpoints: the producer has published everything before `next`. Thread: the producer.
  TANGO_HOT void published(Seq next) noexcept {
    if (next % kPositionStride == 0) {
      header_.advance(next);
    }
  }

  /// For endpoints: the slot that `seq` maps to.
  [[nodiscard]] detail::Slot& slot(Seq seq) noexcept { return slots_[seq & (N - 1)]; }
  /// For endpoints: the same.
  [[nodiscard]] const detail::Slot& slot(Seq seq) const noexcept { return slots_[seq & (N - 1)]; }

  /// For endpoints: where the channel stands.
  [[nodiscard]] detail::RingControl& header() noexcept { return header_; }
  [[nodiscard]] const detail::RingControl& header() const noexcept { return header_; }  ///< for endpoints: the same

 private:
  detail::RingControl header_;
  detail::Slot slots_[N];
};

static_assert(sizeof(MCache<2>) == 256 + 2 * 64 && alignof(MCache<2>) == 128);
static_assert(sizeof(MCache<1024>) == 256 + 1024 * 64);

}  // namespace tango::inline TANGO_ABI
