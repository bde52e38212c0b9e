// SPDX-License-Identifier: Apache-2.0
/// \file
/// ResumePolicy: where a consumer that was overrun goes on.
///
/// At full speed the very oldest fragment is gone before it can be read. So the consumer goes on an eighth of what is
/// intact after the oldest; and if that was not enough a few times in a row, at the latest fragment.
///
/// Thread: the consumer's.
#pragma once

#include <cstdint>

#include "../config.hpp"
#include "../resume.hpp"
#include "../seq.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Counts a consumer's setbacks in a row: overruns, and fragments that were overwritten while they were read.
class ResumePolicy {
 public:
  /// After so many, `Resume::Oldest` goes on at the latest fragment.
  static constexpr std::uint32_t kMost = 4;

  /// Whether there were any since it last kept up.
  [[nodiscard]] bool any() const noexcept { return count_ != 0; }

  /// Before the next poll, which is of `next`: whether anything was polled since the last setback, and so all of it was
  /// still there when it was read.
  void end_if_kept_up(Seq next) noexcept {
    if (next != resumed_) {
      count_ = 0;
      behind_ = false;
    }
  }

  /// Before the next poll, which is of `next`: what was polled was overwritten while it was read.
  void missed(Seq next) noexcept {
    resumed_ = next;
    behind_ = ++count_ >= kMost;
  }

  /// Whether to go on at the latest fragment, although the next one may still be there: it would be missed, too.
  [[nodiscard]] bool behind() const noexcept { return behind_; }

  /// An overrun: `next` is gone, the numbers from `oldest` on may be there, and `position` is the next to be published.
  /// Returns where to go on: later than `next`, not past `position`.
  [[nodiscard]] Seq overrun(Resume resume, Seq next, Seq oldest, Seq position) noexcept {
    const bool latest = resume == Resume::Latest || count_ >= kMost;
    const Seq target = latest ? seq_max(oldest, position - 1) : oldest + (position - oldest) / 8;
    ++count_;
    behind_ = false;
    resumed_ = seq_min(position, seq_max(next + 1, target));
    return resumed_;
  }

 private:
  Seq resumed_ = 0;  ///< the next number after the last setback
  std::uint32_t count_ = 0;
  bool behind_ = false;
};

}  // namespace tango::inline TANGO_ABI::detail
