// SPDX-License-Identifier: Apache-2.0
// Result: a value or a cause, and never the one for the other.
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <tango/result.hpp>
#include <type_traits>

using namespace tango;

namespace {

struct Fixed {
  explicit Fixed(int n) : number{n} {}  // no default constructor
  int number;
};

}  // namespace

TEST_CASE("a value") {
  const Result<Fixed> result{Fixed{7}};
  CHECK(result);
  CHECK(result.status().ok());
  CHECK(result->number == 7);
  CHECK((*result).number == 7);
  CHECK((*Result<int>{8}) == 8);
}

TEST_CASE("a cause, with its values") {
  const Result<Fixed> result{Status{Error::TypeMismatch, 3, 4}};
  CHECK(!result);
  CHECK(result.status().error() == Error::TypeMismatch);
  CHECK(result.status().actual() == 3);
  CHECK(result.status().allowed() == 4);
}

TEST_CASE("it is a value itself") {
  CHECK(std::is_trivially_copyable_v<Result<Fixed>>);
  Result<int> result{Status{Error::Overrun}};
  result = 5;
  CHECK(*result == 5);
  STATIC_REQUIRE(*Result<int>{1} == 1);
  STATIC_REQUIRE(!Result<int>{Error::Stopped});
}

TEST_CASE("a value that is elsewhere") {
  Fixed fixed{7};
  const Result<Fixed&> result{fixed};
  CHECK(result);
  CHECK(result.status().ok());
  CHECK(&*result == &fixed);
  result->number = 8;
  CHECK(fixed.number == 8);
  const Result<const Fixed&> none{Status{Error::TypeMismatch, 3, 4}};
  CHECK(!none);
  CHECK(none.status().error() == Error::TypeMismatch);
  CHECK(none.status().actual() == 3);
  CHECK(none.status().allowed() == 4);
  STATIC_REQUIRE(!Record<Result<Fixed&>>);
}
