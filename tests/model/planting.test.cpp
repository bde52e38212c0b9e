// SPDX-License-Identifier: Apache-2.0
// Where pieces of code are found, and that neither the steps nor the mutants depend on comments and layout: both must
// be the same in a copy of the headers in which all comments are reworded and every line is broken anew.
#include "planting.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "rewording.hpp"
#include "scan.hpp"
#include "steps.hpp"
#include "tokens.hpp"

using namespace tango::model;

namespace {

/// What is planted in the only header of a library.
std::string planted(std::string_view text, const std::vector<Edit>& edits) {
  const Planting planting = plant({{"a.hpp", std::string{text}}}, edits);
  return planting.errors.empty() ? planting.headers.at("a.hpp") : planting.errors.front();
}

std::vector<std::string> texts_of(const std::vector<Token>& tokens) {
  std::vector<std::string> texts;
  for (const Token& token : tokens) {
    texts.emplace_back(token.text);
  }
  return texts;
}

std::vector<std::string> comments_of(std::string_view source) {
  std::vector<Token> tokens = tokens_and_comments_of(source);
  std::erase_if(tokens, [](const Token& token) { return token.kind != TokenKind::Comment; });
  return texts_of(tokens);
}

Headers shipped_headers() { return read_headers(TANGO_INCLUDE); }

Headers reworded_headers() {
  Headers headers = shipped_headers();
  for (auto& [name, text] : headers) {
    text = reworded(text);
  }
  return headers;
}

/// A site without its lines.
std::string describe(const TextSite& site) {
  return site.file + ": " + std::string{name(site.operation)} + " " + std::string{name(site.order)} + " " +
         std::string{name(site.failure)} + ": " + site.text;
}

std::vector<std::string> describe(const std::vector<TextSite>& sites) {
  std::vector<std::string> texts;
  for (const TextSite& site : sites) {
    texts.push_back(describe(site));
  }
  return texts;
}

}  // namespace

TEST_CASE("plant: a statement and an expression") {
  CHECK(planted("a; b(); c;", {{"s", "b();", "x();"}}) ==
        "a; if (::tango::model::planted(0)) { x(); } else { b(); } c;");
  CHECK(planted("f(a + b);", {{"s", "a + b", "0", true}}) == "f((::tango::model::planted(0) ? (0) : (a + b)));");
}

TEST_CASE("plant: comments and layout do not matter, and are kept") {
  CHECK(planted("a;  // one\n  b(c,  // two\n    d);  // three\n", {{"s", "b( c,d /* four */ );", ""}}) ==
        "a;  // one\n  if (::tango::model::planted(0)) {  } else { b(c,  // two\n    d); }  // three\n");
}

TEST_CASE("plant: a piece is no part of a comment, a literal, an identifier or a preprocessor line") {
  const std::string planted_at_end = "if (::tango::model::planted(0)) {  } else { b; }";
  for (const std::string other : {"// b;\n", "/* b; */", "\"b;\" ", "ab; ", "#define A b;\n"}) {
    CHECK(planted(other + "b;", {{"s", "b;", ""}}) == other + planted_at_end);
  }
}

TEST_CASE("plant: what is right before a piece tells it from another one") {
  CHECK(planted("a; b; c; b;", {{"s", "b;", "", false, "c; // d"}}) ==
        "a; b; c; if (::tango::model::planted(0)) {  } else { b; }");
}

TEST_CASE("plant: pieces that contain others or are the same, in any order") {
  CHECK(planted("a; b;", {{"s", "b;", "x;"}, {"t", "a; b;", "y;"}}) ==
        "if (::tango::model::planted(1)) { y; } else { a; if (::tango::model::planted(0)) { x; } else { b; } }");
  CHECK(planted("f(a);", {{"s", "a", "x", true}, {"t", "a", "y", true}}) ==
        "f((::tango::model::planted(0) ? (x) : ((::tango::model::planted(1) ? (y) : (a)))));");
}

TEST_CASE("plant: errors name the step, the piece and the place") {
  CHECK(planted("a;", {{"s", "b  ();", ""}}) == "steps.hpp, step \"s\": the piece `b();` is not found in the headers");
  CHECK(planted("a;\nb(c,\n  d);", {{"s", "b(c, e);", "", false, "a;"}}) ==
        "steps.hpp, step \"s\": the piece `b(c, e);` behind `a;` is not found in the headers; its first 6 of 9 tokens "
        "are "
        "at a.hpp:1, followed at a.hpp:3 by `d` instead of `e`");
  CHECK(planted("a;\na;", {{"s", "a;", ""}}) ==
        "steps.hpp, step \"s\": the piece `a;` is found twice, at a.hpp:1 and a.hpp:2; add the code right before it as "
        "`behind`");
  CHECK(planted("a; b; c;", {{"s", "b; c;", ""}, {"t", "a; b;", ""}}) ==
        "steps.hpp, step \"s\": the piece `b; c;` overlaps that of the step \"t\"");
  CHECK(planted("a;", {{"s", "// a", ""}}) == "steps.hpp, step \"s\": the piece `` has no code");
  CHECK(plant({{"a.hpp", "a; b;"}}, std::vector<Edit>{{"s", "c;", ""}, {"t", "d;", ""}}).errors.size() == 2);
}

TEST_CASE("reworded: every comment is another one, every token has a line, the code is the same") {
  const std::string_view source =
      "// a\n#pragma once  // b\n#define X(y) \\\n  #y /* c */\n#if X(1)\nint f(int a) {  // d\n  return a; "
      "}\n#endif\n";
  const std::string other = reworded(source);
  CHECK(other ==
        "\n// Reworded.\n#pragma once  // Reworded.\n#define X(y) \\\n  #y /* Reworded. */\n#if X(1)\n"
        "      int\nf\n (\n  int\n   a\n    )\n     {\n      // Reworded.\nreturn\n a\n  ;  // Added.\n   }\n#endif\n");
  CHECK(texts_of(tokens_of(other)) == texts_of(tokens_of(source)));
}

TEST_CASE("the reworded headers have the code of the shipped ones, and none of their comments and lines") {
  const Headers shipped = shipped_headers();
  const Headers other = reworded_headers();
  REQUIRE(shipped.size() == other.size());
  for (const auto& [name, text] : shipped) {
    INFO(name);
    CHECK(texts_of(tokens_of(text)) == texts_of(tokens_of(other.at(name))));
    const std::vector<std::string> comments = comments_of(other.at(name));
    for (const std::string& comment : comments_of(text)) {
      CHECK(std::find(comments.begin(), comments.end(), comment) == comments.end());
    }
  }
}

TEST_CASE("steps: all are planted, and the same ones whatever the comments and the layout") {
  const Planting shipped = plant(shipped_headers(), kEdits);
  const Planting other = plant(reworded_headers(), kEdits);
  CHECK(shipped.errors == std::vector<std::string>{});
  REQUIRE(other.errors == shipped.errors);
  for (const auto& [name, text] : shipped.headers) {
    INFO(name);
    CHECK(texts_of(tokens_of(text)) == texts_of(tokens_of(other.headers.at(name))));
  }
}

TEST_CASE("steps: every edit is planted in its piece") {
  const Headers shipped = shipped_headers();
  std::string code;
  for (const auto& [name, text] : plant(shipped, kEdits).headers) {
    code += normalized(text);
  }
  for (std::size_t i = 0; i != std::size(kEdits); ++i) {
    INFO(kEdits[i].step);
    const std::string call = "::tango::model::planted(" + std::to_string(i) + ")";
    const std::string becomes{kEdits[i].becomes};
    CHECK(code.find(normalized(kEdits[i].expression ? "(" + call + " ? (" + becomes + ") : ("
                                                    : "if (" + call + ") {" + becomes + "} else {")) !=
          std::string::npos);
  }
}

TEST_CASE("steps: no piece contains a comment") {
  for (const Edit& edit : kEdits) {
    INFO(edit.step);
    CHECK(comments_of(edit.was).empty());
    CHECK(comments_of(edit.behind).empty());
  }
}

TEST_CASE("mutants: the sites are the same whatever the comments and the layout") {
  const std::filesystem::path copy = TANGO_REWORDED_INCLUDE;
  write_headers(reworded_headers(), copy);
  const Scan shipped = scan_headers(TANGO_INCLUDE);
  const Scan other = scan_headers(copy);
  CHECK(shipped.sites.size() > 50);
  CHECK(shipped.strays == std::vector<std::string>{});
  CHECK(other.strays == shipped.strays);
  CHECK(describe(other.sites) == describe(shipped.sites));
}
