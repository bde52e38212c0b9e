// SPDX-License-Identifier: Apache-2.0
/// \file
/// PollStatus: the outcome of a poll, one of six.
///
/// Pure values: any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "config.hpp"
#include "error.hpp"

namespace tango::inline TANGO_ABI {

/// The outcome of a poll.
enum class PollStatus : std::uint8_t {
  Fragment,  ///< there is a fragment
  Empty,     ///< nothing more was published yet, or a whole ring's depth of fragments did not pass the filter
  Overrun,   ///< `lost()` fragments were overwritten before they were read; the next poll resumes after them
  Stopped,   ///< the channel is closed, and everything that was published has been polled
  Rejected,  ///< a fragment whose metadata is out of range was skipped: shared memory was corrupted
  Refused,   ///< this consumer cannot read, or not any more: see `Consumer::status`
};

/// The outcome's name.
[[nodiscard]] constexpr std::string_view name(PollStatus status) noexcept {
  constexpr std::string_view kNames[] = {"Fragment", "Empty", "Overrun", "Stopped", "Rejected", "Refused"};
  return detail::name_of(status, kNames);
}

}  // namespace tango::inline TANGO_ABI
