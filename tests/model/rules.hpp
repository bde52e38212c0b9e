// SPDX-License-Identifier: Apache-2.0
// The rules of the memory model, by name, so that a test can take one of them away: the litmus tests must notice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tango::model {

enum class Rule : std::uint8_t {
  CoWR,              ///< no load reads past a store that happens before it
  CoRR,              ///< no load reads past what a load before it has read
  CoWW,              ///< a store comes after those that happen before it
  CoRW,              ///< a store comes after what a load before it has read
  Atomicity,         ///< nothing comes between a read-modify-write and the store that it read
  AcquireLoads,      ///< they join the message that they read
  ReleaseStores,     ///< they send all that happened before them
  AcquireFences,     ///< they join what loads before them have read
  ReleaseFences,     ///< stores behind them send what happened before the fence
  ReleaseSequences,  ///< a read-modify-write passes on the message that it read
  Fences,            ///< seq_cst fences have one order that all accesses agree with
  Insertion,         ///< a store may be older than stores that were executed before it
  Waiting,           ///< a load may read a store that is executed later
  PlainRaces,        ///< unordered plain accesses are a failure
  MixedRaces,        ///< so are a plain and an atomic one
  ExclusiveWords,    ///< so are unordered accesses to a word that the protocol holds exclusive
  Deadlocks,         ///< threads that wait for what nobody will write are a failure
  Vanishing,         ///< a thread that may vanish does so, in some execution, after each of its events
  Endings,           ///< all that a thread did happens before what another does once it knows of its end
};
inline constexpr std::size_t kRules = static_cast<std::size_t>(Rule::Endings) + 1;

[[nodiscard]] constexpr std::string_view name(Rule rule) noexcept {
  constexpr std::string_view kNames[] = {
      "CoWR",           "CoRR",          "CoWW",          "CoRW",          "Atomicity",
      "AcquireLoads",   "ReleaseStores", "AcquireFences", "ReleaseFences", "ReleaseSequences",
      "Fences",         "Insertion",     "Waiting",       "PlainRaces",    "MixedRaces",
      "ExclusiveWords", "Deadlocks",     "Vanishing",     "Endings"};
  static_assert(sizeof kNames / sizeof kNames[0] == kRules);
  return kNames[static_cast<std::size_t>(rule)];
}

/// The rule that is taken away; none but in the test of the checker itself.
inline std::optional<Rule> weakened;

[[nodiscard]] inline bool holds(Rule rule) noexcept { return weakened != rule; }

}  // namespace tango::model
