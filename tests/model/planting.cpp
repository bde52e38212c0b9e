// SPDX-License-Identifier: Apache-2.0
#include "planting.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "tokens.hpp"

namespace tango::model {

namespace {

namespace fs = std::filesystem;

using Tokens = std::vector<Token>;

/// A header, split into tokens once for all edits.
struct Split {
  const std::string* name;
  const std::string* text;
  Tokens tokens;

  [[nodiscard]] std::string place(std::size_t token) const {
    const std::size_t at = token < tokens.size() ? tokens[token].begin : text->size();
    return *name + ":" + std::to_string(line_of(*text, at));
  }
};

/// The piece of an edit in a header, as offsets in the header's text.
struct Place {
  std::size_t edit;
  std::size_t begin;
  std::size_t end;
};

/// Where the tokens of a piece were found: the index of the header and of the first token.
struct Match {
  std::size_t header;
  std::size_t token;
};

/// How many tokens of `piece` occur at `from`. A piece never matches in preprocessor lines or across them.
std::size_t common_length(const Tokens& tokens, std::size_t from, const Tokens& piece) {
  std::size_t length = 0;
  while (length != piece.size() && from + length != tokens.size() && !tokens[from + length].directive &&
         tokens[from + length].text == piece[length].text) {
    ++length;
  }
  return length;
}

struct Search {
  std::vector<Match> matches;
  Match closest{};  ///< where most tokens are the same, if there is no match
  std::size_t closest_length = 0;
};

Search search(const std::vector<Split>& headers, const Tokens& piece) {
  Search found;
  for (std::size_t i = 0; i != headers.size(); ++i) {
    for (std::size_t from = 0; from != headers[i].tokens.size(); ++from) {
      const std::size_t length = common_length(headers[i].tokens, from, piece);
      if (length == piece.size()) {
        found.matches.push_back({i, from});
      } else if (length > found.closest_length) {
        found.closest = {i, from};
        found.closest_length = length;
      }
    }
  }
  return found;
}

std::string complaint(const std::vector<Split>& headers, const Tokens& piece, const Search& found) {
  if (found.matches.size() > 1) {
    std::string places;
    for (const Match& match : found.matches) {
      places += (places.empty() ? "" : " and ") + headers[match.header].place(match.token);
    }
    return "is found " + (found.matches.size() == 2 ? "twice" : std::to_string(found.matches.size()) + " times") +
           ", at " + places + "; add the code right before it as `behind`";
  }
  if (found.closest_length == 0) {
    return "is not found in the headers";
  }
  const Split& header = headers[found.closest.header];
  const std::size_t next = found.closest.token + found.closest_length;
  const std::string there = next < header.tokens.size() ? std::string{header.tokens[next].text} : "the end of the file";
  return "is not found in the headers; its first " + std::to_string(found.closest_length) + " of " +
         std::to_string(piece.size()) + " tokens are at " + header.place(found.closest.token) + ", followed at " +
         header.place(next) + " by `" + there + "` instead of `" + std::string{piece[found.closest_length].text} + "`";
}

std::string describe(const Edit& edit) {
  return "steps.hpp, step \"" + std::string{edit.step} + "\": the piece `" + normalized(edit.was) + "`" +
         (edit.behind.empty() ? "" : " behind `" + normalized(edit.behind) + "`");
}

/// Part of `text` with the edits whose places are in that part. An outer place comes before those that it contains.
std::string render(std::string_view text, std::size_t begin, std::size_t end, std::span<const Place> places,
                   std::span<const Edit> edits) {
  std::string out;
  while (!places.empty()) {
    const Place outer = places.front();
    const auto behind =
        std::find_if(places.begin() + 1, places.end(), [&](const Place& place) { return place.begin >= outer.end; });
    const auto inner_count = static_cast<std::size_t>(behind - places.begin()) - 1;
    const std::string was = render(text, outer.begin, outer.end, places.subspan(1, inner_count), edits);
    const std::string becomes{edits[outer.edit].becomes};
    const std::string is_planted = "::tango::model::planted(" + std::to_string(outer.edit) + ")";
    out += text.substr(begin, outer.begin - begin);
    out += edits[outer.edit].expression ? "(" + is_planted + " ? (" + becomes + ") : (" + was + "))"
                                        : "if (" + is_planted + ") { " + becomes + " } else { " + was + " }";
    begin = outer.end;
    places = places.subspan(1 + inner_count);
  }
  out += text.substr(begin, end - begin);
  return out;
}

}  // namespace

Headers read_headers(const fs::path& include) {
  Headers headers;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator{include}) {
    if (entry.is_regular_file()) {
      std::ifstream in{entry.path(), std::ios::binary};
      headers[entry.path().lexically_relative(include).generic_string()].assign(std::istreambuf_iterator<char>{in}, {});
    }
  }
  return headers;
}

void write_headers(const Headers& headers, const fs::path& include) {
  fs::remove_all(include);
  for (const auto& [name, text] : headers) {
    fs::create_directories((include / name).parent_path());
    std::ofstream{include / name, std::ios::binary} << text;
  }
}

Planting plant(const Headers& headers, std::span<const Edit> edits) {
  Planting result;
  std::vector<Split> split;
  for (const auto& [name, text] : headers) {
    split.push_back({&name, &text, tokens_of(text)});
  }
  std::vector<std::vector<Place>> places(split.size());
  for (std::size_t i = 0; i != edits.size(); ++i) {
    const Tokens before = tokens_of(edits[i].behind);
    const Tokens was = tokens_of(edits[i].was);
    if (was.empty()) {
      result.errors.push_back(describe(edits[i]) + " has no code");
      continue;
    }
    Tokens piece = before;
    piece.insert(piece.end(), was.begin(), was.end());
    const Search found = search(split, piece);
    if (found.matches.size() != 1) {
      result.errors.push_back(describe(edits[i]) + " " + complaint(split, piece, found));
      continue;
    }
    const Match match = found.matches.front();
    const Tokens& tokens = split[match.header].tokens;
    const std::size_t first = match.token + before.size();
    places[match.header].push_back({i, tokens[first].begin, tokens[first + was.size() - 1].end()});
  }
  for (std::size_t i = 0; i != split.size(); ++i) {
    std::vector<Place>& here = places[i];
    std::stable_sort(here.begin(), here.end(), [](const Place& a, const Place& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
    });
    for (std::size_t outer = 0; outer != here.size(); ++outer) {
      for (std::size_t inner = outer + 1; inner != here.size() && here[inner].begin < here[outer].end; ++inner) {
        if (here[inner].end > here[outer].end) {
          result.errors.push_back(describe(edits[here[inner].edit]) + " overlaps that of the step \"" +
                                  std::string{edits[here[outer].edit].step} + "\"");
        }
      }
    }
    if (result.errors.empty()) {
      result.headers[*split[i].name] = render(*split[i].text, 0, split[i].text->size(), here, edits);
    }
  }
  return result;
}

}  // namespace tango::model
