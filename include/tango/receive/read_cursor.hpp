// SPDX-License-Identifier: Apache-2.0
/// \file
/// ReadCursor: a consumer's progress through the ring, sequence number by sequence number. The hot path of a poll and
/// the handling of overruns are in this file. The accounts are in read_ledger.hpp, and where to resume is decided in
/// resume_policy.hpp.
///
/// | step | what | where |
/// | --- | --- | --- |
/// | 1 observe | not ready, overrun, or the sequence number: read-step 1 | `advance` |
/// | 2 give back | what the last poll delivered | `advance` |
/// | 3 metadata | read once; validated if the consumer may be overrun: read-steps 2, 4 and 5 | `advance` |
/// | 4 filter | by the metadata's `sig` alone | `advance` |
/// | 5 range | chunk and size refer to bytes that exist | `advance` |
/// | 6 payload | in place, or copied and validated: read-steps 3 to 5 | fragment.hpp, speculative_fragment.hpp |
///
/// Step 2 comes after step 1 because on AArch64 a load-acquire waits until an earlier store-release is complete: in the
/// other order, each poll would wait for its own store.
///
/// Thread: the consumer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "../config.hpp"
#include "../filter.hpp"
#include "../memory/chunk_store.hpp"
#include "../memory/ring.hpp"
#include "../memory/slot.hpp"
#include "../metadata.hpp"
#include "../poll_status.hpp"
#include "../resume.hpp"
#include "../seq.hpp"
#include "read_ledger.hpp"
#include "resume_policy.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Whether a poll with this filter skips messages.
template <class Filter>
inline constexpr bool kFilters = !std::is_same_v<std::remove_cvref_t<Filter>, AcceptAll>;

/// `Store` is a ChunkStore or NoChunkStore. `Recorder` counts for the consumer. A `Reliable` consumer is never overrun.
/// `MessageBytes` is the size of every message if slots hold no metadata.
template <class Ring, class Store, bool Reliable, class Recorder, std::size_t MessageBytes>
class ReadCursor {
 public:
  static constexpr std::uint64_t kDepth = Ring::kDepth;

  ReadCursor() noexcept = default;
  ReadCursor(const Ring& ring, Seq first, Recorder recorder) noexcept
      : ring_{&ring}, recorder_{recorder}, ledger_{first} {}

  [[nodiscard]] const Ring& ring() const noexcept { return *ring_; }
  [[nodiscard]] Recorder& recorder() noexcept { return recorder_; }
  [[nodiscard]] const Recorder& recorder() const noexcept { return recorder_; }
  [[nodiscard]] ReadLedger& ledger() noexcept { return ledger_; }
  [[nodiscard]] const ReadLedger& ledger() const noexcept { return ledger_; }

  /// The number of fragments lost in the last overrun.
  [[nodiscard]] std::uint64_t last_lost() const noexcept { return last_lost_; }

  void set_resume(Resume resume) noexcept { resume_ = resume; }

  /// Gives back everything that was delivered or skipped so far, if the consumer is reliable.
  TANGO_HOT void give_back() noexcept {
    if constexpr (Reliable) {
      ledger_.give_back(ledger_.next);
    }
  }

  /// Called before a poll, by `release`, and when the consumer leaves. Counts the fragments that were found overwritten
  /// since the last call in the metrics and as setbacks. Returns whether this consumer fell behind so often that it
  /// should resume at the latest fragment: then call `overrun`.
  TANGO_HOT bool settle_accounts() noexcept {
    if constexpr (Reliable) {
      return false;
    } else {
      return ledger_.setback && take_setbacks();
    }
  }

  /// Steps 1 to 5 for the next fragment that passes the filter. Reads at most `most` sequence numbers and decrements
  /// `most` for each. Gives back everything before `first`, the first sequence number of this poll or batch.
  template <class Filter>
  [[nodiscard]] TANGO_HOT PollStatus advance(SlotWords& words, [[maybe_unused]] Filter& filter, std::uint64_t& most,
                                             [[maybe_unused]] Seq first) noexcept {
    for (; most != 0; --most) {
      const auto& slot = ring_->slot(ledger_.next);
      const std::int64_t ahead = seq_diff(slot.seq.observe(), ledger_.next);
      if constexpr (Reliable) {
        ledger_.give_back(first);
      }
      if (ahead != 0) [[unlikely]] {
        return ahead < 0 ? nothing() : overrun();
      }
      if constexpr (Ring::kMetadata) {
        words = slot.metadata.read();
        if constexpr (!Reliable) {
          if (!slot.seq.still_holds(ledger_.next)) [[unlikely]] {
            return overrun();
          }
        }
        if constexpr (kFilters<Filter>) {
          if (!filter(words.sig)) {
            ++ledger_.filtered;
            ++ledger_.next;
            recorder_.filtered();
            continue;
          }
        }
        if (!holds<Ring, Store>(words.chunk(), words.size())) [[unlikely]] {
          return reject();
        }
      } else {
        words = SlotWords::of(kInlineChunk, MessageBytes, {});
      }
      --most;
      ++ledger_.next;
      recorder_.delivered(words.size());
      return PollStatus::Fragment;
    }
    return PollStatus::Empty;
  }

  /// Called if the slot was overwritten, if its fragment was evicted, or if the consumer has fallen behind too often.
  /// The slot does not show where the producer is, so the consumer resumes from words that the producer stored: the
  /// position and `oldest`. A thread that saw the slot overwritten sees a position past `next`, unless another process
  /// corrupted it; then `Empty` is returned. The load of `oldest` is relaxed: a consumer that resumes there validates
  /// what it reads.
  TANGO_COLD PollStatus overrun() noexcept {
    const Seq position = ring_->position();
    if (seq_le(position, ledger_.next)) {
      return PollStatus::Empty;
    }
    const Seq intact = seq_max(ring_->control.oldest.load(memory_order_relaxed), position - Ring::kDepth);
    const Seq resumed = resume_policy_.overrun(resume_, ledger_.next, seq_min(position, intact), position);
    last_lost_ = resumed - ledger_.next;
    ledger_.lost += last_lost_;
    ledger_.next = resumed;
    ledger_.setback = true;
    recorder_.overrun(last_lost_);
    return PollStatus::Overrun;
  }

 private:
  TANGO_COLD bool take_setbacks() noexcept {
    if (ledger_.missed != 0) {
      recorder_.missed(std::exchange(ledger_.missed, 0), std::exchange(ledger_.missed_bytes, 0));
      resume_policy_.missed(ledger_.next);
    } else {
      resume_policy_.end_if_kept_up(ledger_.next);
    }
    ledger_.setback = resume_policy_.any();
    // There is nothing to skip if the next fragment is the latest one.
    return resume_policy_.behind() && seq_lt(ledger_.next + 1, ring_->position());
  }

  /// The slot is not ready.
  [[nodiscard]] PollStatus nothing() const noexcept {
    return ring_->control.drained(ledger_.next) ? PollStatus::Stopped : PollStatus::Empty;
  }

  /// The metadata refers to bytes that do not exist: it was not written by the channel's producer.
  TANGO_COLD PollStatus reject() noexcept {
    ++ledger_.rejected;
    ++ledger_.next;
    recorder_.rejected();
    return PollStatus::Rejected;
  }

  const Ring* ring_ = nullptr;
  [[no_unique_address]] Recorder recorder_;
  std::uint64_t last_lost_ = 0;
  ResumePolicy resume_policy_;
  Resume resume_ = Resume::Oldest;
  ReadLedger ledger_;
};

}  // namespace tango::inline TANGO_ABI::detail
