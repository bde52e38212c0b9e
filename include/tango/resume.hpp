// SPDX-License-Identifier: Apache-2.0
/// \file
/// Resume: where a consumer that was overrun goes on.
///
/// At full speed the very oldest fragment is gone before it can be read, so it goes on a little later than that; and if
/// that was not enough a few times in a row, at the latest.
#pragma once

#include <cstdint>

#include "config.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

/// Where a consumer that was overrun goes on.
enum class Resume : std::uint8_t {
  Oldest,  ///< at the oldest fragments still intact, with an eighth of them as headroom; after a few setbacks in a row
           ///< (overruns, fragments overwritten while they were read), at the latest
  Latest,  ///< at the latest fragment
};

namespace detail {

/// A consumer's setbacks in a row. Thread: the consumer's.
class ResumePolicy {
 public:
  /// So many, and `Resume::Oldest` goes on at the latest.
  static constexpr std::uint32_t kMost = 4;

  /// Whether there were any since it last kept up.
  [[nodiscard]] bool any() const noexcept { return count_ != 0; }

  /// A fragment was still there when it was looked at.
  void looked() noexcept { looked_ = true; }

  /// Before the next look: what was looked at since the last setback was also still there when it was read.
  void end_if_looked() noexcept {
    if (looked_) {
      count_ = 0;
      behind_ = false;
    }
  }

  /// Before the next look: what was looked at was overwritten while it was read.
  void missed() noexcept {
    looked_ = false;
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
    looked_ = behind_ = false;
    return seq_min(position, seq_max(next + 1, target));
  }

 private:
  std::uint32_t count_ = 0;
  bool looked_ = false;  ///< since the last setback
  bool behind_ = false;
};

}  // namespace detail

}  // namespace tango::inline TANGO_ABI
