// SPDX-License-Identifier: Apache-2.0
#include "scan.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "tokens.hpp"

namespace tango::model {

namespace {

namespace fs = std::filesystem;

using Tokens = std::vector<Token>;

bool is_word(const Token& token) {
  return std::isalpha(static_cast<unsigned char>(token.text.front())) != 0 || token.text.front() == '_';
}
bool connects(std::string_view text) { return text == "." || text == "->" || text == "::"; }
int opens(std::string_view text) { return (text == "(" || text == "[" || text == "{") ? 1 : 0; }
int closes(std::string_view text) { return (text == ")" || text == "]" || text == "}") ? 1 : 0; }

/// Some tokens of a text, by index.
struct Range {
  std::size_t begin;
  std::size_t end;
};

/// The arguments of a call whose parenthesis is the token `open`, and the token that closes it.
std::pair<std::vector<Range>, std::size_t> arguments_of(const Tokens& tokens, std::size_t open) {
  std::vector<Range> arguments{{open + 1, open + 1}};
  int depth = 1;
  std::size_t at = open + 1;
  for (; at != tokens.size(); ++at) {
    depth += opens(tokens[at].text) - closes(tokens[at].text);
    if (depth == 0) {
      break;
    }
    if (tokens[at].text == "," && depth == 1) {
      arguments.back().end = at;
      arguments.push_back({at + 1, at + 1});
    }
  }
  arguments.back().end = at;
  return {arguments, at};
}

/// The order that an argument is, if it is one and nothing else; and the token that names it.
std::optional<std::pair<std::memory_order, std::size_t>> order_in(const Tokens& tokens, Range argument) {
  constexpr std::pair<std::string_view, std::memory_order> kOrders[] = {
      {"memory_order_relaxed", std::memory_order_relaxed},
      {"memory_order_acquire", std::memory_order_acquire},
      {"memory_order_release", std::memory_order_release},
      {"memory_order_acq_rel", std::memory_order_acq_rel},
      {"memory_order_seq_cst", std::memory_order_seq_cst}};
  for (const std::string_view space : {"std", "tango", "detail"}) {
    if (argument.end - argument.begin > 2 && tokens[argument.begin].text == space &&
        tokens[argument.begin + 1].text == "::") {
      argument.begin += 2;
    }
  }
  for (const auto& [name, order] : kOrders) {
    if (argument.end - argument.begin == 1 && tokens[argument.begin].text == name) {
      return std::pair{order, argument.begin};
    }
  }
  return std::nullopt;
}

/// The token that opens what the token `close` closes; `close` itself if there is none.
std::size_t opening_of(const Tokens& tokens, std::size_t close) {
  int depth = 0;
  for (std::size_t at = close + 1; at != 0; --at) {
    depth += closes(tokens[at - 1].text) - opens(tokens[at - 1].text);
    if (depth == 0) {
      return at - 1;
    }
  }
  return close;
}

/// The first token of the expression that ends with the name `at` of a function: `slots_` in `slots_[i].seq.load`.
std::size_t expression_begin(const Tokens& tokens, std::size_t at) {
  while (at > 1 && connects(tokens[at - 1].text)) {
    std::size_t operand = at - 2;
    while (operand != 0 && closes(tokens[operand].text) != 0) {
      const std::size_t open = opening_of(tokens, operand);
      if (open == operand || open == 0 || (!is_word(tokens[open - 1]) && closes(tokens[open - 1].text) == 0)) {
        return open;
      }
      operand = open - 1;
    }
    if (!is_word(tokens[operand])) {
      return at;
    }
    at = operand;
  }
  return at;
}

/// The operation that the token `at` names, if it is the name of a function that is called.
std::optional<Operation> operation_of(const Tokens& tokens, std::size_t at) {
  constexpr std::pair<std::string_view, Operation> kMembers[] = {
      {"load", Operation::Load},
      {"store", Operation::Store},
      {"compare_exchange_strong", Operation::CompareExchange},
  };
  if (at + 1 == tokens.size() || tokens[at + 1].text != "(") {
    return std::nullopt;
  }
  if (tokens[at].text == "fence") {
    return Operation::Fence;
  }
  const bool is_member = at != 0 && (tokens[at - 1].text == "." || tokens[at - 1].text == "->");
  for (const auto& [name, operation] : kMembers) {
    if (is_member && tokens[at].text == name) {
      return operation;
    }
  }
  return std::nullopt;
}

}  // namespace

void Scan::append(Scan other) {
  sites.insert(sites.end(), other.sites.begin(), other.sites.end());
  strays.insert(strays.end(), other.strays.begin(), other.strays.end());
}

Scan scan_text(const std::string& name, std::string_view source) {
  const Tokens tokens = tokens_of(source);
  const auto line = [&](std::size_t token) { return line_of(source, tokens[token].begin); };
  Scan scan;
  std::set<std::size_t> understood;  // the tokens that name an order
  for (std::size_t at = 0; at != tokens.size(); ++at) {
    const std::optional<Operation> operation = operation_of(tokens, at);
    if (!operation) {
      continue;
    }
    const auto [arguments, close] = arguments_of(tokens, at + 1);
    const bool two = operation == Operation::CompareExchange;
    const auto last = order_in(tokens, arguments.back());
    const auto success = two && arguments.size() == 4 ? order_in(tokens, arguments[2]) : last;
    if (close == tokens.size() || !last || !success || (two && arguments.size() != 4)) {
      continue;  // a function of that name that takes no order; if one is named there all the same, it is a stray
    }
    understood.insert(last->second);
    understood.insert(success->second);
    const std::size_t begin = expression_begin(tokens, at);
    const std::string_view call = source.substr(tokens[begin].begin, tokens[close].end() - tokens[begin].begin);
    scan.sites.push_back({name, line(begin), line(close), *operation, success->first,
                          two ? last->first : std::memory_order_relaxed, normalized(call)});
  }
  for (std::size_t at = 0; at != tokens.size(); ++at) {
    if (tokens[at].kind == TokenKind::Code && tokens[at].text.find("memory_order") != std::string_view::npos &&
        understood.count(at) == 0) {
      scan.strays.push_back(name + ":" + std::to_string(line(at)) + ": " + std::string{tokens[at].text});
    }
  }
  return scan;
}

Scan scan_file(const fs::path& path) {
  std::ifstream in{path};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  return scan_text(name_in_sites(path.string()), text);
}

Scan scan_headers(const fs::path& include) {
  std::vector<fs::path> headers;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator{include / "tango"}) {
    if (entry.path().extension() == ".hpp" && entry.path().filename() != "platform.hpp") {
      headers.push_back(entry.path());
    }
  }
  std::sort(headers.begin(), headers.end());
  Scan all;
  for (const fs::path& header : headers) {
    all.append(scan_file(header));
  }
  return all;
}

}  // namespace tango::model
