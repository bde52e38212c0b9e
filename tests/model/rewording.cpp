// SPDX-License-Identifier: Apache-2.0
#include "rewording.hpp"

#include <cstddef>

#include "tokens.hpp"

namespace tango::model {

std::string reworded(std::string_view source) {
  std::string out;
  bool in_directive = false;
  std::size_t end = 0;  // of the token before
  std::size_t count = 0;
  for (const Token& token : tokens_and_comments_of(source)) {
    const std::string_view gap = source.substr(end, token.begin - end);
    const bool continued = gap.find('\n') == std::string_view::npos || gap.find('\\') != std::string_view::npos;
    if (token.directive && in_directive && continued) {
      out += gap;
    } else {
      out += '\n';
      out.append(token.directive ? 0 : count % 7, ' ');
    }
    if (token.kind != TokenKind::Comment) {
      out += token.text;
    } else {
      out += token.text.substr(0, 2) == "//" ? "// Reworded." : "/* Reworded. */";
    }
    if (token.text == ";" && !token.directive) {
      out += "  // Added.";
    }
    in_directive = token.directive;
    end = token.end();
    ++count;
  }
  out += '\n';
  return out;
}

}  // namespace tango::model
