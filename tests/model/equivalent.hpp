// SPDX-License-Identifier: Apache-2.0
// Mutants that no model can catch because nothing becomes wrong, each with its reason. A short list, to be read with
// suspicion: what stands here is a memory order that the protocol does not need.
#pragma once

#include <string_view>

namespace tango::model {

struct Equivalent {
  std::string_view file;
  std::string_view text;      ///< part of the call
  std::string_view mutation;  ///< as the table prints it
  std::string_view reason;
};

inline constexpr Equivalent kEquivalent[] = {
    {"tango/detail/ownership.hpp", "channel.store(kDirectUse", "release -> relaxed",
     "who sees kDirectUse refuses the ring and reads nothing else; try_read sees it through the slot's number"},
    {"tango/fctl.hpp", "place.state.store(kActive", "release -> relaxed",
     "the seq_cst fence behind it: the producer's second scan sees the position, or the joiner the limit"},
    {"tango/fctl.hpp", "place.position.store(wanted", "release -> relaxed",
     "of a joiner that is moved up: nothing stands between it and the seq_cst fence but the load of the limit"},
    {"tango/fctl.hpp", "place.state.load(detail::memory_order_acquire)", "acquire -> relaxed",
     "who leaves is heard through the seq_cst fence between the scans; the second only lowers what the first found"},
};

[[nodiscard]] inline const Equivalent* find_equivalent(std::string_view file, std::string_view text,
                                                       std::string_view mutation) {
  for (const Equivalent& listed : kEquivalent) {
    if (listed.file == file && listed.mutation == mutation && text.find(listed.text) != std::string_view::npos) {
      return &listed;
    }
  }
  return nullptr;
}

}  // namespace tango::model
