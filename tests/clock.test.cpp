// SPDX-License-Identifier: Apache-2.0
// Clocks: the core's counter, stamps of 32 bits and back, and ticks to nanoseconds against 128-bit arithmetic.
#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <tango/clock.hpp>
#include <type_traits>

#include "support/channel.hpp"
#include "support/fake_clock.hpp"

using namespace tango;
using namespace tango::test;

namespace {

__extension__ typedef unsigned __int128 Wide;

constexpr std::uint64_t kLargest = ~std::uint64_t{0};
constexpr Tick kHalf = Tick{1} << 31;

struct MayThrow {
  static Tick now() { return 0; }
};
struct OfAnother {
  static int now() noexcept { return 0; }
};
static_assert(Clock<FakeClock> && Clock<TickClock> && Clock<OrderedTickClock>);
static_assert(!Clock<MayThrow> && !Clock<OfAnother> && !Clock<int>);

static_assert(expand(compress(0x1'FFFF'FFFFu), 0x2'0000'0001u) == 0x1'FFFF'FFFFu);
static_assert(TickRate{3, 1}.to_ns(3'000'000'000) == 1'000'000'000);
static_assert(std::is_trivially_copyable_v<TickRate>);

/// Whether to_ns does what it promises of `ticks`.
bool converts(std::uint64_t rate_ticks, std::uint64_t rate_ns, std::uint64_t ticks) {
  const std::uint64_t result = TickRate{rate_ticks, rate_ns}.to_ns(ticks);
  const Wide product = Wide{ticks} * rate_ns;  // over rate_ticks it is the true value
  const Wide whole = product / rate_ticks;
  if (whole >> 64 != 0) {
    return result == kLargest;
  }
  const auto least = static_cast<std::uint64_t>(whole);
  return result >= least && result - least <= 1 + (least >> 63);
}

}  // namespace

TEST_CASE("the core's counter goes on and never back, read in its place") {
  const Tick start = OrderedTickClock::now();
  Tick last = start;
  for (int i = 0; i < 100'000; ++i) {
    const Tick now = OrderedTickClock::now();
    REQUIRE(seq_le(last, now));
    last = now;
  }
  CHECK(seq_lt(start, last));
}

TEST_CASE("the ordered and the unordered clock read the same counter") {
  for (int i = 0; i < 1000; ++i) {
    const Tick before = OrderedTickClock::now();
    (void)OrderedTickClock::now();  // waits until `before` has been read, as the next does for `tick`
    const Tick tick = TickClock::now();
    const Tick after = OrderedTickClock::now();
    REQUIRE(seq_le(before, tick));
    REQUIRE(seq_le(tick, after));
  }
}

TEST_CASE("a stamp is the clock's low half") {
  FakeClock::time = 0xABCD'0123'4567'89EFu;
  CHECK(stamp<FakeClock>() == 0x4567'89EFu);
  CHECK(compress(FakeClock::time) == 0x4567'89EFu);
}

TEST_CASE("a stamp expands to its tick, from 2^31 ticks before the reference to 2^31 - 1 after it") {
  Random random{1};
  for (int round = 0; round < 20'000; ++round) {
    const Tick corners[] = {0, 1, kHalf, kHalf * 2, kLargest, kLargest - kHalf, random()};
    const Tick reference = corners[random.below(7)] + random.below(3) - 1;
    const Tick distances[] = {
        0, 1, kHalf - 1, Tick{0} - 1, Tick{0} - kHalf, random.below(kHalf), Tick{0} - random.below(kHalf)};
    for (const Tick distance : distances) {
      const Tick tick = reference + distance;
      REQUIRE(expand(compress(tick), reference) == tick);
    }
    // Farther away it is another tick with the same stamp.
    REQUIRE(expand(compress(reference + kHalf), reference) == reference - kHalf);
    REQUIRE(expand(compress(reference - kHalf - 1), reference) == reference + kHalf - 1);
  }
}

TEST_CASE("ticks to nanoseconds: the true value rounded down, or off by no more than promised") {
  Random random{2};
  const auto any = [&random] { return random() >> random.below(64) | 1; };
  for (int round = 0; round < 200'000; ++round) {
    const std::uint64_t ticks = any();
    const std::uint64_t nanoseconds = any();
    const std::uint64_t duration = random() >> random.below(64);
    CAPTURE(ticks, nanoseconds, duration);
    REQUIRE(converts(ticks, nanoseconds, duration));
    // Whole results are exact, and so is every one of a clock below 2^32 Hz for days.
    const std::uint64_t most = std::min((kLargest >> 2) / nanoseconds, kLargest / ticks - 1);
    const std::uint64_t times = random.below(most + 1);
    REQUIRE(TickRate{ticks, nanoseconds}.to_ns(ticks * times) == nanoseconds * times);
    const std::uint64_t hertz = 1 + (random() >> (32 + random.below(32)));
    const std::uint64_t days = random() >> (14 + random.below(50));
    REQUIRE(TickRate{hertz, 1'000'000'000}.to_ns(days % (hertz * 86'400)) ==
            static_cast<std::uint64_t>(Wide{days % (hertz * 86'400)} * 1'000'000'000 / hertz));
  }
  for (const std::uint64_t a : {std::uint64_t{1}, std::uint64_t{3}, kLargest / 2, kLargest / 2 + 1, kLargest}) {
    for (const std::uint64_t b : {std::uint64_t{1}, std::uint64_t{3}, kLargest / 2, kLargest / 2 + 1, kLargest}) {
      for (const std::uint64_t duration : {std::uint64_t{0}, std::uint64_t{1}, kLargest / 2, kLargest - 1, kLargest}) {
        CAPTURE(a, b, duration);
        REQUIRE(converts(a, b, duration));
      }
    }
  }
}

TEST_CASE("ticks to nanoseconds: rates that everybody knows") {
  CHECK(TickRate{}.to_ns(0) == 0);
  CHECK(TickRate{}.to_ns(kLargest) == kLargest);
  CHECK(TickRate{}.error_ppb() == 0);
  CHECK(TickRate{24'000'000, 1'000'000'000}.to_ns(24) == 1000);
  CHECK(TickRate{32'768, 1'000'000'000}.to_ns(1) == 30'517);
  CHECK(TickRate{3'000'000'000, 1'000'000'000}.to_ns(kLargest) == kLargest / 3);
  CHECK(TickRate{1, 1000}.to_ns(kLargest / 1000 + 1) == kLargest);  // does not fit
  CHECK(TickRate{1, kLargest}.to_ns(2) == kLargest);
  CHECK(TickRate{kLargest, 1}.to_ns(kLargest) <= 1);
  CHECK(TickRate{2, 1, 17}.error_ppb() == 17);
}

TEST_CASE("between two ticks: the sign says which came first, over the wrap too") {
  const TickRate rate{1, 10};
  for (const Tick from : kStarts) {
    CHECK(rate.ns_between(from, from) == 0);
    CHECK(rate.ns_between(from, from + 5) == 50);
    CHECK(rate.ns_between(from + 5, from) == -50);
  }
  CHECK(TickRate{3, 1}.ns_between(8, 0) == -2);  // towards 0
  const auto most = static_cast<std::int64_t>(kLargest >> 1);
  CHECK(rate.ns_between(0, kLargest >> 1) == most);
  CHECK(rate.ns_between(kLargest >> 1, 0) == -most);
}
