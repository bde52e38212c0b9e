// SPDX-License-Identifier: Apache-2.0
// Rewrites what a compiler ignores. Nothing that reads the headers as text may depend on it.
#pragma once

#include <string>
#include <string_view>

namespace tango::model {

/// The same code with other comments and another layout: every comment gets another text, a comment is added behind
/// each semicolon, and every token outside of preprocessor lines is moved to a line of its own.
[[nodiscard]] std::string reworded(std::string_view source);

}  // namespace tango::model
