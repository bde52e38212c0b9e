// SPDX-License-Identifier: Apache-2.0
// Every channel that a builder makes, in the order of the table in cmake/docs/kinds.md (docs.test.cpp compares them): a
// kind, with or without metrics, of bytes or of one type. Any wait strategy goes with each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <tango/tango.hpp>
#include <type_traits>

namespace tango::test {

struct Quote {
  std::uint64_t price;
  std::uint32_t size;
  std::uint32_t side;
  friend bool operator==(const Quote&, const Quote&) = default;
};

inline constexpr std::size_t kBuiltDepth = 8;
using Base = ChannelBuilder<kBuiltDepth, 16, 64>;

inline constexpr auto lossy = [] { return Base{}; };
inline constexpr auto reliable = [] { return Base{}.with_flow_control(); };
inline constexpr auto observed = [] { return Base{}.with_flow_control().with_observers(); };
inline constexpr auto lossy_metrics = [] { return Base{}.with_metrics(); };
inline constexpr auto reliable_metrics = [] { return Base{}.with_metrics().with_flow_control(); };
inline constexpr auto observed_metrics = [] { return Base{}.with_observers().with_metrics().with_flow_control(); };
inline constexpr auto lossy_typed = [] { return Base{}.of<Quote>(7); };
inline constexpr auto reliable_typed = [] { return Base{}.of<Quote>(7).with_flow_control(); };
inline constexpr auto observed_typed = [] { return Base{}.with_observers().of<Quote>(7).with_flow_control(); };
inline constexpr auto lossy_metrics_typed = [] { return Base{}.with_metrics().of<Quote>(7); };
inline constexpr auto reliable_metrics_typed = [] { return Base{}.with_flow_control().with_metrics().of<Quote>(7); };
inline constexpr auto observed_metrics_typed = [] {
  return Base{}.of<Quote>(7).with_flow_control().with_observers().with_metrics();
};

#define TANGO_EVERY_COMBINATION                                                                                 \
  decltype(lossy), decltype(reliable), decltype(observed), decltype(lossy_metrics), decltype(reliable_metrics), \
      decltype(observed_metrics), decltype(lossy_typed), decltype(reliable_typed), decltype(observed_typed),    \
      decltype(lossy_metrics_typed), decltype(reliable_metrics_typed), decltype(observed_metrics_typed)

/// Half of them: each value of each policy with each value of each other one. For tests that take long to compile.
#define TANGO_EVERY_PAIR_OF_POLICIES                                                              \
  decltype(lossy), decltype(reliable_metrics), decltype(observed), decltype(lossy_metrics_typed), \
      decltype(reliable_typed), decltype(observed_metrics_typed)

template <class Make>
using BuilderOf = std::invoke_result_t<Make>;
template <class Make>
using ChannelOf = typename BuilderOf<Make>::Channel;

}  // namespace tango::test
