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

namespace tango::model {

namespace {

namespace fs = std::filesystem;

/// The text with its comments blanked.
std::string code_of(std::string_view source) {
  std::string text{source};
  for (std::size_t at = 0; (at = text.find("//", at)) != std::string::npos;) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(end), ' ');
  }
  return text;
}

bool in_identifier(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// A part of a text.
struct Span {
  std::size_t begin;
  std::size_t end;
};

/// The arguments of a call whose parenthesis opens at `open`, and where it closes.
std::pair<std::vector<Span>, std::size_t> arguments_of(const std::string& text, std::size_t open) {
  std::vector<Span> arguments{{open + 1, open + 1}};
  int depth = 1;
  std::size_t at = open + 1;
  for (; at != text.size(); ++at) {
    const char c = text[at];
    depth += (c == '(') - (c == ')');
    if (depth == 0) {
      break;
    }
    if (c == ',' && depth == 1) {
      arguments.back().end = at;
      arguments.push_back({at + 1, at + 1});
    }
  }
  arguments.back().end = at;
  return {arguments, at};
}

/// The order that an argument is, if it is one and nothing else; and where its name stands.
std::optional<std::pair<std::memory_order, std::size_t>> order_in(const std::string& text, Span argument) {
  constexpr std::pair<std::string_view, std::memory_order> kOrders[] = {
      {"memory_order_relaxed", std::memory_order_relaxed},
      {"memory_order_acquire", std::memory_order_acquire},
      {"memory_order_release", std::memory_order_release},
      {"memory_order_acq_rel", std::memory_order_acq_rel},
      {"memory_order_seq_cst", std::memory_order_seq_cst}};
  const auto is_space = [&](std::size_t at) { return std::isspace(static_cast<unsigned char>(text[at])) != 0; };
  while (argument.begin != argument.end && is_space(argument.begin)) {
    ++argument.begin;
  }
  while (argument.begin != argument.end && is_space(argument.end - 1)) {
    --argument.end;
  }
  for (const std::string_view space : {"std::", "tango::", "detail::"}) {
    if (text.compare(argument.begin, space.size(), space) == 0) {
      argument.begin += space.size();
    }
  }
  for (const auto& [name, order] : kOrders) {
    if (argument.end - argument.begin == name.size() && text.compare(argument.begin, name.size(), name) == 0) {
      return std::pair{order, argument.begin};
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
  constexpr std::pair<std::string_view, Operation> kCalls[] = {
      {".load(", Operation::Load},   {"->load(", Operation::Load},
      {".store(", Operation::Store}, {"->store(", Operation::Store},
      {"fence(", Operation::Fence},  {".compare_exchange_strong(", Operation::CompareExchange},
  };
  const std::string text = code_of(source);
  const auto line = [&text](std::size_t to) {
    return 1 + static_cast<unsigned>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(to), '\n'));
  };
  Scan scan;
  std::set<std::size_t> understood;  // where an order's name stands
  for (const auto& [call, operation] : kCalls) {
    for (std::size_t at = 0; (at = text.find(call, at)) != std::string::npos; at += call.size()) {
      const auto [arguments, end] = arguments_of(text, at + call.size() - 1);
      const bool two = operation == Operation::CompareExchange;
      const auto last = order_in(text, arguments.back());
      const auto success = two && arguments.size() == 4 ? order_in(text, arguments[2]) : last;
      if (!last || !success || (two && arguments.size() != 4)) {
        continue;  // a function of that name which takes no order; if one stands there all the same, it is a stray
      }
      understood.insert(last->second);
      understood.insert(success->second);
      const std::size_t begin = text.find_last_of(" (=!\n", at) + 1;
      scan.sites.push_back({name, line(at), line(end), operation, success->first,
                            two ? last->first : std::memory_order_relaxed, text.substr(begin, end + 1 - begin)});
    }
  }
  std::sort(scan.sites.begin(), scan.sites.end(),
            [](const TextSite& a, const TextSite& b) { return a.first_line < b.first_line; });
  for (std::size_t at = 0; (at = text.find("memory_order", at)) != std::string::npos;) {
    const std::size_t end = static_cast<std::size_t>(
        std::find_if_not(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), in_identifier) - text.begin());
    if (understood.count(at) == 0) {
      scan.strays.push_back(name + ":" + std::to_string(line(at)) + ": " + text.substr(at, end - at));
    }
    at = end;
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
