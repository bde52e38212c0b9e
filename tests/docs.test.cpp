// SPDX-License-Identifier: Apache-2.0
// The README and the pages of documentation say what the code does: each block of C++ in them is a region of a file in
// docs/, or of an example, that is compiled and run; and the table of legal combinations is the list that the tests run
// over.
//
// A region lies between two lines `//! [name]`; several with one name are parts of the same block, a blank line apart.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "support/combinations.hpp"

using namespace tango::test;

namespace {

const std::filesystem::path kRoot{TANGO_SOURCE_DIR};

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream in{path};
  INFO(path.string());
  REQUIRE(in);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) {
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::filesystem::path> files(const char* folder, const char* extension) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator{kRoot / folder}) {
    if (entry.path().extension() == extension) {
      found.push_back(entry.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// The lines without what all of them are indented by.
std::string dedent(const std::vector<std::string>& lines) {
  std::size_t indent = std::string::npos;
  for (const std::string& line : lines) {
    indent = std::min(indent, line.find_first_not_of(' '));  // npos: an empty line
  }
  std::string text;
  for (const std::string& line : lines) {
    text += (line.empty() ? line : line.substr(indent)) + '\n';
  }
  return text;
}

/// All regions of a file by their names.
std::map<std::string, std::string> regions(const std::filesystem::path& path) {
  constexpr std::string_view kMarker = "//! [";
  std::map<std::string, std::string> found;
  std::vector<std::string> region;
  std::string name;  // of the region that is open
  for (const std::string& line : lines_of(path)) {
    const std::size_t at = line.find(kMarker);
    if (at == std::string::npos) {
      region.push_back(line);
      continue;
    }
    const std::string marked = line.substr(at + kMarker.size(), line.find(']') - at - kMarker.size());
    if (name.empty()) {
      name = marked;
    } else {
      INFO(path.string() << ": a region ends that did not begin");
      REQUIRE(name == marked);
      found[name] += (found[name].empty() ? "" : "\n") + dedent(region);
      name.clear();
    }
    region.clear();
  }
  INFO(path.string() << ": a region does not end: " << name);
  REQUIRE(name.empty());
  return found;
}

/// The blocks of C++ on a page.
std::vector<std::string> blocks(const std::filesystem::path& path) {
  std::vector<std::string> found;
  bool inside = false;
  for (const std::string& line : lines_of(path)) {
    if (line.starts_with("```")) {
      inside = line == "```cpp";
      if (inside) {
        found.emplace_back();
      }
    } else if (inside) {
      found.back() += line + '\n';
    }
  }
  return found;
}

std::vector<std::filesystem::path> pages() {
  auto all = files("cmake/docs", ".md");
  all.push_back(kRoot / "README.md");
  return all;
}

template <class Make>
std::string row() {
  using C = typename std::invoke_result_t<Make>::Channel;
  const auto yes_no = [](bool yes) { return yes ? "yes" : "no"; };
  std::ostringstream out;
  out << "| "
      << (!C::kFlowControl ? "lossy"
          : C::kObservers  ? "observed"
                           : "reliable")
      << " | " << yes_no(C::kFlowControl) << " | " << yes_no(C::kObservers) << " | " << yes_no(C::kMetrics) << " | "
      << (std::is_same_v<typename C::Message, tango::AnyMessage> ? "bytes" : "one type") << " | any |";
  return out.str();
}

template <class... Make>
std::vector<std::string> rows() {
  return {row<Make>()...};
}

}  // namespace

TEST_CASE("every block of C++ in the README and on the pages is a region that is compiled and run, and the reverse") {
  std::map<std::string, std::string> names;  // by text
  for (const char* const folder : {"tests/docs", "examples"}) {
    for (const auto& path : files(folder, ".cpp")) {
      for (const auto& [name, text] : regions(path)) {
        names[text] = path.filename().string() + ": " + name;
      }
    }
  }
  std::set<std::string> shown;
  for (const auto& path : pages()) {
    for (const std::string& block : blocks(path)) {
      INFO(path.string() << " shows a block that no file in tests/docs has as a region:\n" << block);
      CHECK(names.contains(block));
      shown.insert(block);
    }
  }
  for (const auto& [text, name] : names) {
    INFO("no page shows the region " << name);
    CHECK(shown.contains(text));
  }
  CHECK(blocks(kRoot / "README.md").size() >= 2);
}

TEST_CASE("the table of legal combinations is the list that the tests run over") {
  std::vector<std::string> table;
  bool inside = false;
  for (const std::string& line : lines_of(kRoot / "cmake/docs/kinds.md")) {
    if (line == "<!-- table: combinations -->") {
      inside = true;
    } else if (inside && line.empty() && !table.empty()) {
      break;
    } else if (inside && line.starts_with('|')) {
      table.push_back(line);
    }
  }
  REQUIRE(table.size() > 2);
  CHECK(table[0] == "| kind | flow control | observers | metrics | messages | wait strategy |");
  table.erase(table.begin(), table.begin() + 2);
  CHECK(table == rows<TANGO_EVERY_COMBINATION>());
}

TEST_CASE("the page on errors has a row for every cause, in their order") {
  std::vector<std::string> rows;
  for (const std::string& line : lines_of(kRoot / "cmake/docs/errors.md")) {
    if (line.starts_with("| `")) {
      rows.push_back(line.substr(3, line.find('`', 3) - 3));
    }
  }
  std::vector<std::string> causes;
  while (name(static_cast<tango::Error>(causes.size())) != "Unknown") {
    causes.emplace_back(name(static_cast<tango::Error>(causes.size())));
  }
  CHECK(rows == causes);
}

TEST_CASE("the reading order on the main page is that of the includes of tango.hpp") {
  std::vector<std::string> order;
  for (const std::string& line : lines_of(kRoot / "cmake/docs/main.md")) {
    const std::size_t end = line.find(" | ");  // of the table's first column
    for (std::size_t at = line.find('`'); line.starts_with("| `") && at < end; at = line.find('`', at + 1)) {
      const std::size_t close = line.find('`', at + 1);
      if (const std::string word = line.substr(at + 1, close - at - 1); word.ends_with(".hpp")) {  // and no folder
        order.push_back(word);
      }
      at = close;
    }
  }
  std::vector<std::string> includes;
  for (const std::string& line : lines_of(kRoot / "include/tango/tango.hpp")) {
    if (line.starts_with("#include \"")) {
      includes.push_back(line.substr(10, line.size() - 11));
    }
  }
  CHECK(order == includes);
}

TEST_CASE("what the page on rust-tango names as ours is in the headers") {
  const auto words_of = [](const std::string& text) {
    std::set<std::string> words;
    std::string word;
    for (const char c : text + ' ') {
      if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
        word += c;
      } else {
        if (!word.empty() && std::isdigit(static_cast<unsigned char>(word[0])) == 0) words.insert(word);
        word.clear();
      }
    }
    return words;
  };
  // All names, and one of the page's own.
  std::set<std::string> known{"f"};
  for (const auto& path : files("include/tango", ".hpp")) {
    for (const std::string& line : lines_of(path)) {
      known.merge(words_of(line.substr(0, line.find("//"))));
    }
  }
  int names = 0;
  for (const std::string& line : lines_of(kRoot / "cmake/docs/from_rust_tango.md")) {
    const std::size_t second = line.find(" | ");
    if (!line.starts_with("| `") || second == std::string::npos) {
      continue;
    }
    const std::string ours = line.substr(second + 3, line.find(" |", second + 3) - second - 3);
    for (std::size_t at = ours.find('`'); at != std::string::npos;) {
      const std::size_t close = ours.find('`', at + 1);
      for (const std::string& word : words_of(ours.substr(at + 1, close - at - 1))) {
        INFO("no header has the name " << word << ": " << ours);
        CHECK(known.contains(word));
        ++names;
      }
      at = ours.find('`', close + 1);
    }
  }
  CHECK(names > 100);
}

TEST_CASE("what the README and the pages link is there") {
  for (const auto& path : pages()) {
    bool code = false;
    for (const std::string& line : lines_of(path)) {
      code = line.starts_with("```") ? !code : code;
      for (std::size_t at = code ? std::string::npos : line.find("]("); at != std::string::npos;
           at = line.find("](", at + 1)) {
        const std::string target = line.substr(at + 2, line.find_first_of(")#", at + 2) - at - 2);
        INFO(path.string() << " links " << target);
        CHECK((target.empty() || target.starts_with("https://") || exists(path.parent_path() / target)));
      }
    }
  }
}
