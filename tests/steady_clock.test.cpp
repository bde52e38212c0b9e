// SPDX-License-Identifier: Apache-2.0
// The hosted clock, and the core's counter calibrated against it on the machine that runs this.
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <cstdint>
#include <tango/steady_clock.hpp>

using namespace tango;

namespace {

static_assert(Clock<SteadyClock>);

std::uint64_t steady_ns() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

}  // namespace

TEST_CASE("SteadyClock is std::chrono::steady_clock in nanoseconds") {
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t before = steady_ns();
    const Tick now = SteadyClock::now();
    REQUIRE(before <= now);
    REQUIRE(now <= steady_ns());
  }
}

TEST_CASE("the counter's rate converts an interval to what SteadyClock says of it") {
  const auto c = calibrate(std::chrono::milliseconds{5});
  CAPTURE(c.status().error());
  REQUIRE(c);
  CHECK(c->error_ppb() > 0);

  // A bracket at each end of another interval: an interruption only makes them wider. What the operating system slews
  // its clock by is far below 2 %.
  const Tick first_before = OrderedTickClock::now();
  const Tick start = SteadyClock::now();
  const Tick first_after = OrderedTickClock::now();
  Tick end = start;
  while (end - start < 5'000'000) {
    end = SteadyClock::now();
  }
  const Tick last_before = OrderedTickClock::now();
  const Tick last = SteadyClock::now();
  const Tick last_after = OrderedTickClock::now();
  const double allowed = 0.02 + static_cast<double>(c->error_ppb()) * 1e-9;
  const auto steady = static_cast<double>(last - start);
  CHECK(static_cast<double>(c->to_ns(last_before - first_after)) <= steady * (1 + allowed));
  CHECK(static_cast<double>(c->to_ns(last_after - first_before)) >= steady * (1 - allowed));
}

TEST_CASE("SteadyClock against itself: a nanosecond is a nanosecond") {
  const auto c = calibrate<SteadyClock>(std::chrono::milliseconds{1});
  REQUIRE(c);
  const std::uint64_t second = c->to_ns(1'000'000'000);
  const std::uint64_t off = second > 1'000'000'000 ? second - 1'000'000'000 : 1'000'000'000 - second;
  CHECK(off <= c->error_ppb() + 1);
}

TEST_CASE("an interval of nothing, or less, is as short as it can be") {
  for (const int ms : {0, -1}) {
    const auto c = calibrate(std::chrono::milliseconds{ms});
    CHECK((c.status().ok() || c.status() == Error::ClockStuck));
  }
}
