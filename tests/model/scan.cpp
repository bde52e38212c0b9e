// SPDX-License-Identifier: Apache-2.0
#include "scan.hpp"

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace tango::model {

namespace {

namespace fs = std::filesystem;

/// The file with its comments blanked.
std::string code_of(const fs::path& path) {
  std::ifstream in{path};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  for (std::size_t at = 0; (at = text.find("//", at)) != std::string::npos;) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(end), ' ');
  }
  return text;
}

std::optional<std::memory_order> order_in(std::string_view argument) {
  constexpr std::pair<std::string_view, std::memory_order> kOrders[] = {
      {"memory_order_relaxed", std::memory_order_relaxed},
      {"memory_order_acquire", std::memory_order_acquire},
      {"memory_order_release", std::memory_order_release},
      {"memory_order_acq_rel", std::memory_order_acq_rel},
      {"memory_order_seq_cst", std::memory_order_seq_cst}};
  for (const auto& [name, order] : kOrders) {
    if (argument.size() >= name.size() && argument.substr(argument.size() - name.size()) == name) {
      return order;
    }
  }
  return std::nullopt;
}

/// The arguments of a call whose parenthesis opens at `open`, and where it closes.
std::pair<std::vector<std::string>, std::size_t> arguments_of(const std::string& text, std::size_t open) {
  std::vector<std::string> arguments(1);
  int depth = 1;
  std::size_t at = open + 1;
  for (; at != text.size(); ++at) {
    const char c = text[at];
    depth += (c == '(') - (c == ')');
    if (depth == 0) {
      break;
    }
    if (c == ',' && depth == 1) {
      arguments.emplace_back();
    } else if (c != ' ' && c != '\n') {
      arguments.back() += c;
    }
  }
  return {arguments, at};
}

}  // namespace

std::vector<TextSite> scan_file(const fs::path& path) {
  constexpr std::pair<std::string_view, Operation> kCalls[] = {
      {".load(", Operation::Load},   {"->load(", Operation::Load},
      {".store(", Operation::Store}, {"->store(", Operation::Store},
      {"fence(", Operation::Fence},  {".compare_exchange_strong(", Operation::CompareExchange},
  };
  const std::string name = name_in_sites(path.string());
  const std::string text = code_of(path);
  std::vector<TextSite> sites;
  for (const auto& [call, operation] : kCalls) {
    for (std::size_t at = 0; (at = text.find(call, at)) != std::string::npos; at += call.size()) {
      const auto [arguments, end] = arguments_of(text, at + call.size() - 1);
      const bool two = operation == Operation::CompareExchange;
      const std::optional<std::memory_order> last = order_in(arguments.back());
      if (!last || (two && arguments.size() < 4)) {
        continue;  // a function of that name which takes no order, or a declaration
      }
      const auto line = [&text](std::size_t to) {
        return 1 +
               static_cast<unsigned>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(to), '\n'));
      };
      const std::size_t begin = text.find_last_of(" (=!\n", at) + 1;
      sites.push_back({name, line(at), line(end), operation, two ? *order_in(arguments[2]) : *last,
                       two ? *last : std::memory_order_relaxed, text.substr(begin, end + 1 - begin)});
    }
  }
  std::sort(sites.begin(), sites.end(),
            [](const TextSite& a, const TextSite& b) { return a.first_line < b.first_line; });
  return sites;
}

std::vector<TextSite> scan_headers(const fs::path& include) {
  std::vector<fs::path> headers;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator{include / "tango"}) {
    if (entry.path().extension() == ".hpp" && entry.path().filename() != "seam.hpp") {
      headers.push_back(entry.path());
    }
  }
  std::sort(headers.begin(), headers.end());
  std::vector<TextSite> all;
  for (const fs::path& header : headers) {
    const std::vector<TextSite> some = scan_file(header);
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

}  // namespace tango::model
