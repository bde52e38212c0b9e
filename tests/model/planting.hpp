// SPDX-License-Identifier: Apache-2.0
// Plants the edits of steps.hpp in the text of headers, each behind a switch.
//
// A piece is found by its tokens: comments and layout do not matter, neither in the headers nor in the edit. Outside of
// the planted pieces every byte of a header is kept, and so is its number of lines.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tango::model {

/// A piece of a header, which occurs once in all of them, and what is executed in its place: whole statements that
/// declare nothing, or an expression. One piece may contain another one or be the same; apart from that, pieces must
/// not overlap.
struct Edit {
  std::string_view step;  ///< what is wrong then; edits of the same step belong together
  std::string_view was;
  std::string_view becomes;
  bool expression = false;
  std::string_view behind = {};  ///< the code right before the piece, where the piece alone occurs twice
};

/// The text of each header, by its path below the include directory.
using Headers = std::map<std::string, std::string>;

[[nodiscard]] Headers read_headers(const std::filesystem::path& include);

/// Replaces the directory `include` by these headers.
void write_headers(const Headers& headers, const std::filesystem::path& include);

struct Planting {
  Headers headers;                  ///< only complete without errors
  std::vector<std::string> errors;  ///< one for each edit that cannot be planted: its step, its piece, and why
};

/// Plants all edits at once. The edit with the index `i` is executed while `tango::model::planted(i)` is true.
[[nodiscard]] Planting plant(const Headers& headers, std::span<const Edit> edits);

}  // namespace tango::model
