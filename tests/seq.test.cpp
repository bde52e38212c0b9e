// SPDX-License-Identifier: Apache-2.0
// Cyclic arithmetic: the order of numbers is that of plain integers, carried round the wrap.
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <limits>
#include <tango/seq.hpp>
#include <type_traits>

using namespace tango;

namespace {

constexpr Seq kLast = ~Seq{0};
constexpr Seq kHalf = Seq{1} << 63;

/// Where numbers are special: the wrap, and where a comparison of signed or of unsigned numbers turns over.
constexpr Seq kOrigins[] = {0, 1, 1000, kHalf - 1, kHalf, kHalf + 1, kLast - 1, kLast, 0xFFFF'FFFFu, 0x1'0000'0000u};

/// `b` lies `ahead` past `a`.
void check_pair(Seq a, std::int64_t ahead) {
  const Seq b = a + static_cast<Seq>(ahead);
  CAPTURE(a, b, ahead);
  REQUIRE(seq_diff(b, a) == ahead);
  REQUIRE(seq_diff(a, b) == -ahead);
  REQUIRE(seq_lt(a, b) == (ahead > 0));
  REQUIRE(seq_lt(b, a) == (ahead < 0));
  REQUIRE(seq_le(a, b) == (ahead >= 0));
  REQUIRE(seq_le(b, a) == (ahead <= 0));
  const Seq earlier = ahead > 0 ? a : b;
  const Seq later = ahead > 0 ? b : a;
  REQUIRE(seq_min(a, b) == earlier);
  REQUIRE(seq_min(b, a) == earlier);
  REQUIRE(seq_max(a, b) == later);
  REQUIRE(seq_max(b, a) == later);
}

static_assert(std::is_same_v<Seq, std::uint64_t>);
static_assert(noexcept(seq_diff(0, 0)) && noexcept(seq_lt(0, 0)) && noexcept(seq_le(0, 0)) && noexcept(
    seq_min(0, 0)) && noexcept(seq_max(0, 0)));
// In constants, too.
static_assert(seq_diff(0, kLast) == 1 && seq_lt(kLast, 0) && !seq_le(0, kLast) && seq_min(0, kLast) == kLast &&
              seq_max(0, kLast) == 0);

}  // namespace

TEST_CASE("0 comes after 2^64 - 1") {
  CHECK(seq_diff(0, kLast) == 1);
  CHECK(seq_diff(kLast, 0) == -1);
  CHECK(seq_lt(kLast, 0));
  CHECK(!seq_lt(0, kLast));
  CHECK(seq_le(kLast, 0));
  CHECK(!seq_le(0, kLast));
  CHECK(seq_min(kLast, 0) == kLast);
  CHECK(seq_max(kLast, 0) == 0);
}

TEST_CASE("a number neither precedes nor follows itself") {
  for (const Seq a : kOrigins) {
    CHECK(seq_diff(a, a) == 0);
    CHECK(!seq_lt(a, a));
    CHECK(seq_le(a, a));
    CHECK(seq_min(a, a) == a);
    CHECK(seq_max(a, a) == a);
  }
}

TEST_CASE("near numbers are in order around every origin") {
  for (const Seq origin : kOrigins) {
    for (Seq a = origin - 12; a != origin + 13; ++a) {
      for (std::int64_t ahead = -12; ahead <= 12; ++ahead) {
        check_pair(a, ahead);
      }
    }
  }
}

TEST_CASE("far numbers are in order as long as they lie less than 2^63 apart") {
  constexpr std::int64_t kFarthest = std::numeric_limits<std::int64_t>::max();
  for (const Seq origin : kOrigins) {
    for (int bit = 0; bit < 63; ++bit) {
      for (const std::int64_t near : {-1, 0, 1}) {
        check_pair(origin, (std::int64_t{1} << bit) + near);
        check_pair(origin, -(std::int64_t{1} << bit) + near);
      }
    }
    check_pair(origin, kFarthest);
    check_pair(origin, kFarthest - 1);
    check_pair(origin, -kFarthest);
    check_pair(origin, -kFarthest + 1);
  }
}
