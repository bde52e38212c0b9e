// SPDX-License-Identifier: Apache-2.0
/// \file
/// ResumePolicy: decides where a consumer that was overrun resumes.
///
/// At full speed, the very oldest fragment is overwritten before it can be read. The consumer therefore skips an eighth
/// of what is intact, counted from the oldest. If that was not enough several times in a row, it resumes at the latest
/// fragment.
///
/// Thread: the consumer's.
#pragma once

#include <cstdint>

#include "../config.hpp"
#include "../resume.hpp"
#include "../seq.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Counts a consumer's consecutive setbacks: overruns, and fragments that were overwritten while they were read.
class ResumePolicy {
 public:
  /// After this many consecutive setbacks, the consumer resumes at the latest fragment, whatever its policy.
  static constexpr std::uint32_t kMost = 4;

  /// Whether there was a setback since the consumer last kept up.
  [[nodiscard]] bool any() const noexcept { return count_ != 0; }

  /// Called before the poll of `next`. If anything was polled since the last setback, all of it was still intact when
  /// it was read, so the count starts again.
  void end_if_kept_up(Seq next) noexcept {
    if (next != after_setback_) {
      count_ = 0;
      behind_ = false;
    }
  }

  /// Called before the poll of `next`, if what was polled before was overwritten while it was read.
  void missed(Seq next) noexcept {
    after_setback_ = next;
    behind_ = ++count_ >= kMost;
  }

  /// Whether to resume at the latest fragment although the next one may still be intact: it would be missed as well.
  [[nodiscard]] bool behind() const noexcept { return behind_; }

  /// Called on an overrun: `next` is overwritten, the numbers from `oldest` on may be intact, and `position` will be
  /// published next.
  ///
  /// \return Where to resume: later than `next`, and not past `position`.
  [[nodiscard]] Seq overrun(Resume resume, Seq next, Seq oldest, Seq position) noexcept {
    const bool latest = resume == Resume::Latest || count_ >= kMost;
    const Seq target = latest ? seq_max(oldest, position - 1) : oldest + (position - oldest) / 8;
    ++count_;
    behind_ = false;
    after_setback_ = seq_min(position, seq_max(next + 1, target));
    return after_setback_;
  }

 private:
  Seq after_setback_ = 0;  ///< the next sequence number after the last setback
  std::uint32_t count_ = 0;
  bool behind_ = false;
};

}  // namespace tango::inline TANGO_ABI::detail
