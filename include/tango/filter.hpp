// SPDX-License-Identifier: Apache-2.0
/// \file
/// Filters: select the fragments that a consumer wants by their `sig` alone. A fragment that does not pass is skipped
/// without touching its payload, and counts as filtered.
///
///     consumer.poll([](std::uint64_t sig) { return sig == kTrades; });
///
/// Thread: the consumer's.
#pragma once

#include <concepts>
#include <cstdint>

#include "config.hpp"

namespace tango::inline TANGO_ABI {

/// The filter that accepts every fragment.
struct AcceptAll {
  /// True.
  constexpr bool operator()(std::uint64_t) const noexcept { return true; }
};

/// A predicate on the `sig`: whether the fragment is wanted. It is called from functions that are noexcept, so an
/// exception that it throws terminates the program. It is called in the middle of a poll, so it must not use the
/// consumer, poller or reassembler that calls it.
template <class F>
concept SigFilter = std::predicate<F&, std::uint64_t>;

}  // namespace tango::inline TANGO_ABI
