// SPDX-License-Identifier: Apache-2.0
// Splits C++ source into tokens and comments. What compares code (scan.cpp, planting.cpp) compares tokens, so that
// comments and layout can change freely.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tango::model {

enum class TokenKind : std::uint8_t {
  Code,     ///< an identifier, a keyword, a number or an operator
  Literal,  ///< a string or a character, with its prefix and its suffix
  Comment,  ///< without the line break that ends it
};

struct Token {
  TokenKind kind;
  bool directive;         ///< part of a preprocessor line
  std::size_t begin;      ///< offset in the source
  std::string_view text;  ///< points into the source

  [[nodiscard]] constexpr std::size_t end() const noexcept { return begin + text.size(); }
};

/// Every token and every comment of `source`, in order.
[[nodiscard]] std::vector<Token> tokens_and_comments_of(std::string_view source);

/// Every token of `source`, without the comments.
[[nodiscard]] std::vector<Token> tokens_of(std::string_view source);

/// `code` in a spelling that depends on its tokens only: without comments, and with white space only between two words
/// and after a comma or a semicolon.
[[nodiscard]] std::string normalized(std::string_view code);

/// The number of the line that holds the offset `at`. The first line is 1.
[[nodiscard]] unsigned line_of(std::string_view source, std::size_t at) noexcept;

}  // namespace tango::model
