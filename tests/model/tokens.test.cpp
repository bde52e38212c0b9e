// SPDX-License-Identifier: Apache-2.0
#include "tokens.hpp"

#include <catch2/catch_test_macros.hpp>
#include <string>
#include <string_view>
#include <vector>

using namespace tango::model;

namespace {

using Texts = std::vector<std::string>;

Texts texts_of(std::string_view source) {
  Texts texts;
  for (const Token& token : tokens_of(source)) {
    texts.emplace_back(token.text);
  }
  return texts;
}

/// The text of everything that is a comment.
Texts comments_of(std::string_view source) {
  Texts texts;
  for (const Token& token : tokens_and_comments_of(source)) {
    if (token.kind == TokenKind::Comment) {
      texts.emplace_back(token.text);
    }
  }
  return texts;
}

/// The text of everything in a preprocessor line, comments included.
Texts directives_of(std::string_view source) {
  Texts texts;
  for (const Token& token : tokens_and_comments_of(source)) {
    if (token.directive) {
      texts.emplace_back(token.text);
    }
  }
  return texts;
}

}  // namespace

TEST_CASE("tokens: identifiers, numbers, operators") {
  CHECK(texts_of("") == Texts{});
  CHECK(texts_of(" a_1->b . c\t::d\n") == Texts{"a_1", "->", "b", ".", "c", "::", "d"});
  CHECK(texts_of("a<b<c>>(d)<=>e>>=f") == Texts{"a", "<", "b", "<", "c", ">>", "(", "d", ")", "<=>", "e", ">>=", "f"});
  CHECK(texts_of("x+++y&&!z...") == Texts{"x", "++", "+", "y", "&&", "!", "z", "..."});
  CHECK(texts_of("1'000'000u+.5e-3-0xe+1-0x1p+3;1..2") ==
        Texts{"1'000'000u", "+", ".5e-3", "-", "0xe", "+", "1", "-", "0x1p+3", ";", "1..2"});
}

TEST_CASE("tokens: comments are no tokens, and separate them") {
  CHECK(texts_of("a/**/b // c\nd /* e\n // f */ g") == Texts{"a", "b", "d", "g"});
  CHECK(comments_of("a/**/b // c\nd /* e\n // f */ g") == Texts{"/**/", "// c", "/* e\n // f */"});
  CHECK(comments_of("// one \\\n still one\ntwo") == Texts{"// one \\\n still one"});
  CHECK(comments_of("a /* open") == Texts{"/* open"});
}

TEST_CASE("tokens: there are no comments in literals, and no literals in comments") {
  CHECK(texts_of(R"(f("// a", "/*", '"', "\"//");)") ==
        Texts{"f", "(", R"("// a")", ",", R"("/*")", ",", R"('"')", ",", R"("\"//")", ")", ";"});
  CHECK(texts_of("// it's\nb \"c\"") == Texts{"b", "\"c\""});
  CHECK(texts_of(R"(u8"a"sv L'b' x"c")") == Texts{R"(u8"a"sv)", "L'b'", "x", R"("c")"});
  CHECK(texts_of("R\"(a \" // )\" b") == Texts{"R\"(a \" // )\"", "b"});
  CHECK(texts_of("u8R\"-( )\" )-\"sv b") == Texts{"u8R\"-( )\" )-\"sv", "b"});
}

TEST_CASE("tokens: a literal that is not closed ends with its line") {
  CHECK(texts_of("#error don't\na") == Texts{"#", "error", "don", "'t", "a"});
}

TEST_CASE("tokens: preprocessor lines") {
  CHECK(directives_of("a # b\n  # define X(y) \\\n  y  // z\nc") ==
        Texts{"#", "define", "X", "(", "y", ")", "y", "// z"});
  CHECK(directives_of("#if 1 /* a\n b */ c\nd\n#endif") == Texts{"#", "if", "1", "/* a\n b */", "c", "#", "endif"});
}

TEST_CASE("tokens: a token knows its place") {
  const std::string_view source = "a\n/* b\n */ cd";
  const std::vector<Token> tokens = tokens_of(source);
  REQUIRE(tokens.size() == 2);
  CHECK(source.substr(tokens[1].begin, tokens[1].end() - tokens[1].begin) == "cd");
  CHECK(line_of(source, tokens[0].begin) == 1);
  CHECK(line_of(source, tokens[1].begin) == 3);
}

TEST_CASE("tokens: the normalized spelling depends on the tokens only") {
  CHECK(normalized("const  auto\nx = f( a,b ) ;  // c") == "const auto x=f(a, b);");
  CHECK(normalized("const auto x =\n  /* d */ f(a, b);") == "const auto x=f(a, b);");
  CHECK(normalized("a();b();") == "a(); b();");
}
