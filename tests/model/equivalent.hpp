// SPDX-License-Identifier: Apache-2.0
// Mutants that no model can catch because nothing becomes wrong, each with its reason. A short list, to be read with
// suspicion: what stands here is a memory order that the protocol does not need.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "tokens.hpp"

namespace tango::model {

struct Equivalent {
  std::string_view file;
  std::string_view text;      ///< part of the call; its white space does not matter
  std::string_view mutation;  ///< as the table prints it
  std::string_view reason;
};

/// None: every order that is stronger than relaxed is needed, and some model shows what for.
inline constexpr std::array<Equivalent, 0> kEquivalent{};

[[nodiscard]] inline const Equivalent* find_equivalent(std::span<const Equivalent> list, std::string_view file,
                                                       std::string_view text, std::string_view mutation) {
  for (const Equivalent& listed : list) {
    if (listed.file == file && listed.mutation == mutation &&
        text.find(normalized(listed.text)) != std::string_view::npos) {
      return &listed;
    }
  }
  return nullptr;
}

}  // namespace tango::model
