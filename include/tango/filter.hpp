// SPDX-License-Identifier: Apache-2.0
/// \file
/// Filters: which fragments a consumer wants, by their `sig` alone. What does not pass is skipped without touching its
/// payload, and counts as filtered.
///
///     consumer.poll([](std::uint64_t sig) { return sig == kTrades; });
///
/// Thread: the consumer's.
#pragma once

#include <concepts>
#include <cstdint>

#include "config.hpp"

namespace tango::inline TANGO_ABI {

/// The filter that lets everything pass.
struct AcceptAll {
  /// True.
  constexpr bool operator()(std::uint64_t) const noexcept { return true; }
};

/// Says by its `sig` whether a fragment is wanted. It is called from functions that are noexcept: what it throws ends
/// the program. It is called in the middle of a look, so it does not touch the consumer that asks it (the poller, the
/// reassembler).
template <class F>
concept SigFilter = std::predicate<F&, std::uint64_t>;

}  // namespace tango::inline TANGO_ABI
