// SPDX-License-Identifier: Apache-2.0
#include "tokens.hpp"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <utility>

namespace tango::model {

namespace {

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
bool in_identifier(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }

/// Longer operators come first.
constexpr std::string_view kOperators[] = {"<=>", "<<=", ">>=", "...", "->*", "::", "->", "++", "--",
                                           "<<",  ">>",  "<=",  ">=",  "==",  "!=", "&&", "||", "+=",
                                           "-=",  "*=",  "/=",  "%=",  "&=",  "|=", "^=", ".*", "##"};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_{source} {}

  std::vector<Token> run() {
    while (at_ != source_.size()) {
      if (const std::size_t splice = splice_at(at_); splice != 0) {
        at_ += splice;
      } else if (source_[at_] == '\n') {
        at_line_begin_ = true;
        in_directive_ = false;
        ++at_;
      } else if (is_space(source_[at_])) {
        ++at_;
      } else if (starts("//")) {
        add(TokenKind::Comment, line_comment_end());
      } else if (starts("/*")) {
        const std::size_t close = source_.find("*/", at_ + 2);
        add(TokenKind::Comment, close == std::string_view::npos ? source_.size() : close + 2);
      } else {
        in_directive_ = in_directive_ || (at_line_begin_ && source_[at_] == '#');
        at_line_begin_ = false;
        add_token();
      }
    }
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] bool starts(std::string_view what) const { return source_.substr(at_, what.size()) == what; }
  [[nodiscard]] char peek(std::size_t at) const { return at < source_.size() ? source_[at] : '\0'; }

  /// The length of a backslash and the line break behind it at `at`; 0 if there is none.
  [[nodiscard]] std::size_t splice_at(std::size_t at) const {
    if (peek(at) != '\\') {
      return 0;
    }
    if (peek(at + 1) == '\n') {
      return 2;
    }
    return peek(at + 1) == '\r' && peek(at + 2) == '\n' ? 3 : 0;
  }

  void add(TokenKind kind, std::size_t end) {
    tokens_.push_back({kind, in_directive_, at_, source_.substr(at_, end - at_)});
    at_ = end;
  }

  void add_token() {
    const char c = source_[at_];
    if (c == '"' || c == '\'') {
      add(TokenKind::Literal, literal_end(at_));
    } else if (is_digit(c) || (c == '.' && is_digit(peek(at_ + 1)))) {
      add(TokenKind::Code, number_end());
    } else if (in_identifier(c)) {
      add_word();
    } else {
      const auto* const found = std::find_if(std::begin(kOperators), std::end(kOperators),
                                             [&](std::string_view candidate) { return starts(candidate); });
      add(TokenKind::Code, at_ + (found == std::end(kOperators) ? 1 : found->size()));
    }
  }

  /// An identifier, or a literal with a prefix.
  void add_word() {
    const std::size_t end = word_end(at_);
    const std::string_view word = source_.substr(at_, end - at_);
    const bool raw = word.back() == 'R';
    const std::string_view encoding = raw ? word.substr(0, word.size() - 1) : word;
    const bool is_encoding = encoding == "u8" || encoding == "u" || encoding == "U" || encoding == "L";
    if (raw && (encoding.empty() || is_encoding) && peek(end) == '"') {
      add(TokenKind::Literal, raw_literal_end(end));
    } else if (!raw && is_encoding && (peek(end) == '"' || peek(end) == '\'')) {
      add(TokenKind::Literal, literal_end(end));
    } else {
      add(TokenKind::Code, end);
    }
  }

  [[nodiscard]] std::size_t word_end(std::size_t at) const {
    while (in_identifier(peek(at))) {
      ++at;
    }
    return at;
  }

  [[nodiscard]] std::size_t number_end() const {
    std::size_t at = at_ + 1;
    for (char c = peek(at); in_identifier(c) || c == '.' || (c == '\'' && in_identifier(peek(at + 1))); c = peek(at)) {
      const bool exponent = c == 'e' || c == 'E' || c == 'p' || c == 'P';
      const bool hexadecimal = starts("0x") || starts("0X");
      const bool is_sign = peek(at + 1) == '+' || peek(at + 1) == '-';
      at += exponent && is_sign && (!hexadecimal || c == 'p' || c == 'P') ? 2 : 1;
    }
    return at;
  }

  /// Where the literal whose quote is at `quote` ends. One that is not closed ends with its line, as in `#error don't`.
  [[nodiscard]] std::size_t literal_end(std::size_t quote) const {
    for (std::size_t at = quote + 1; at < source_.size() && source_[at] != '\n'; ++at) {
      if (const std::size_t splice = splice_at(at); splice != 0) {
        at += splice - 1;
      } else if (source_[at] == '\\') {
        ++at;
      } else if (source_[at] == source_[quote]) {
        return word_end(at + 1);
      }
    }
    return std::min(source_.find('\n', quote), source_.size());
  }

  [[nodiscard]] std::size_t raw_literal_end(std::size_t quote) const {
    const std::size_t open = source_.find('(', quote);
    if (open == std::string_view::npos) {
      return source_.size();
    }
    const std::string close = ")" + std::string{source_.substr(quote + 1, open - quote - 1)} + "\"";
    const std::size_t at = source_.find(close, open);
    return at == std::string_view::npos ? source_.size() : word_end(at + close.size());
  }

  [[nodiscard]] std::size_t line_comment_end() const {
    std::size_t at = at_;
    while (at < source_.size() && source_[at] != '\n') {
      const std::size_t splice = splice_at(at);
      at += splice != 0 ? splice : 1;
    }
    return at;
  }

  std::string_view source_;
  std::size_t at_ = 0;
  bool at_line_begin_ = true;
  bool in_directive_ = false;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokens_and_comments_of(std::string_view source) { return Lexer{source}.run(); }

std::vector<Token> tokens_of(std::string_view source) {
  std::vector<Token> tokens = tokens_and_comments_of(source);
  std::erase_if(tokens, [](const Token& token) { return token.kind == TokenKind::Comment; });
  return tokens;
}

std::string normalized(std::string_view code) {
  std::string text;
  for (const Token& token : tokens_of(code)) {
    const bool two_words = !text.empty() && in_identifier(text.back()) && in_identifier(token.text.front());
    const bool separated = !text.empty() && (text.back() == ',' || text.back() == ';');
    if (two_words || separated) {
      text += ' ';
    }
    text += token.text;
  }
  return text;
}

unsigned line_of(std::string_view source, std::size_t at) noexcept {
  return 1 + static_cast<unsigned>(std::count(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

}  // namespace tango::model
