// SPDX-License-Identifier: Apache-2.0
// Copies the headers and plants the wrong steps of steps.hpp in the copy, each behind a switch.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "steps.hpp"

namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const tango::model::Edit& edit, const char* why) {
  std::fprintf(stderr, "%.*s: %s: steps.hpp is to follow the headers\n", static_cast<int>(edit.step.size()),
               edit.step.data(), why);
  std::exit(1);
}

std::string read(const fs::path& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: %s <include> <copy>\n", arguments[0]);
    return 2;
  }
  const fs::path from = arguments[1];
  const fs::path to = arguments[2];
  fs::remove_all(to);
  fs::create_directories(to);
  fs::copy(from, to, fs::copy_options::recursive);
  std::map<fs::path, std::string> headers;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator{to}) {
    if (entry.is_regular_file()) {
      headers[entry.path()] = read(entry.path());
    }
  }
  // What is planted is put in at the end, so that no later edit finds its piece in it.
  const auto placeholder = [](std::size_t edit) { return "@planted " + std::to_string(edit) + "@"; };
  for (std::size_t i = 0; i != std::size(tango::model::kEdits); ++i) {
    const tango::model::Edit& edit = tango::model::kEdits[i];
    if (const std::size_t comment = edit.was.rfind("//");
        comment != std::string_view::npos && edit.was.find('\n', comment) == std::string_view::npos) {
      refuse(edit, "a comment ends the piece");
    }
    std::string behind{edit.behind};
    for (std::size_t j = 0; j != i; ++j) {  // another edit of the same piece has moved it
      const tango::model::Edit& other = tango::model::kEdits[j];
      if (other.was == edit.was && other.behind == edit.behind) {
        behind = placeholder(j) + (edit.expression ? ") : (" : " } else { ");
      }
    }
    const std::string piece = behind + std::string{edit.was};
    std::string* text = nullptr;
    for (auto& [path, header] : headers) {
      const std::size_t first = header.find(piece);
      if (first != std::string::npos && (text != nullptr || header.find(piece, first + 1) != std::string::npos)) {
        refuse(edit, "found twice");
      }
      text = first != std::string::npos ? &header : text;
    }
    if (text == nullptr) {
      refuse(edit, "not found");
    }
    const std::string is_planted = "::tango::model::planted(" + std::to_string(i) + ")";
    const std::string was{edit.was};
    text->replace(text->find(piece) + behind.size(), was.size(),
                  edit.expression ? "(" + is_planted + " ? (" + placeholder(i) + ") : (" + was + "))"
                                  : "if (" + is_planted + ") { " + placeholder(i) + " } else { " + was + " }");
  }
  for (auto& [path, text] : headers) {
    for (std::size_t i = 0; i != std::size(tango::model::kEdits); ++i) {
      if (const std::size_t at = text.find(placeholder(i)); at != std::string::npos) {
        text.replace(at, placeholder(i).size(), tango::model::kEdits[i].becomes);
      }
    }
    std::ofstream{path} << text;
  }
  return 0;
}
