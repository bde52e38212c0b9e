// SPDX-License-Identifier: Apache-2.0
// Calibration: in worlds whose true rate is known, what is measured lies within the bound that is given with it.
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <functional>
#include <tango/calibrate.hpp>

#include "support/channel.hpp"

using namespace tango;
using namespace tango::test;

namespace {

/// A world with a time of its own, in picoseconds, that goes on only while a clock is read.
struct World {
  static inline std::uint64_t now = 0;         ///< ps
  static inline std::uint64_t reading = 0;     ///< ps that reading a clock takes
  static inline std::uint64_t tick = 0;        ///< ps that a tick takes
  static inline std::uint64_t tick_step = 0;   ///< ticks by which the clock advances at a time
  static inline std::uint64_t step = 0;        ///< ns by which the reference advances at a time
  static inline std::uint64_t epoch = 0;       ///< the clock's reading at 0
  static inline std::uint64_t readings = 0;    ///< so far
  static inline std::function<void()> happen;  ///< at each reading, if any

  static void reset() {
    now = 12'345'678;
    reading = 20'000;
    tick = 400;
    tick_step = 1;
    step = 1;
    epoch = 0;
    readings = 0;
    happen = nullptr;
  }
  /// Half of the time before the clock is looked at, half after it.
  template <class F>
  static std::uint64_t read(F look) {
    ++readings;
    if (happen) {
      happen();
    }
    now += reading / 2;
    const std::uint64_t seen = look();
    now += reading - reading / 2;
    return seen;
  }
};

struct WorldClock {
  static Tick now() noexcept {
    return World::read([] { return World::epoch + World::now / World::tick / World::tick_step * World::tick_step; });
  }
};
struct WorldReference {
  static std::uint64_t now() noexcept {
    return World::read([] { return World::now / 1000 / World::step * World::step; });
  }
};

/// A clock that goes back `by` at its reading `back_at` (from 1), and from there goes on.
template <class C>
struct Broken {
  static inline std::uint64_t back_at = 0;
  static inline std::uint64_t by = 0;
  static inline std::uint64_t count = 0;
  static inline std::uint64_t jump = 0;
  static std::uint64_t now() noexcept {
    if (++count == back_at) {
      jump = by;
    }
    return C::now() - jump;
  }
  static void set(std::uint64_t at, std::uint64_t distance) {
    back_at = at;
    by = distance;
    count = 0;
    jump = 0;
  }
};
struct Still {
  static Tick now() noexcept { return 42; }
};

/// How far a rate is from the truth, in parts per billion of it.
std::uint64_t off_ppb(const TickRate& rate) {
  const std::uint64_t ticks = std::uint64_t{1} << 40;
  const std::uint64_t truth = ticks / 1000 * World::tick + ticks % 1000 * World::tick / 1000;  // ns
  const std::uint64_t measured = rate.to_ns(ticks);
  const std::uint64_t off = measured > truth ? measured - truth : truth - measured;
  // Less 2 ns of rounding on either side.
  return off <= 2 ? 0 : static_cast<std::uint64_t>(static_cast<double>(off - 2) / static_cast<double>(truth) * 1e9);
}

}  // namespace

TEST_CASE("good clocks: the rate, with a bound of about two brackets over the interval") {
  World::reset();
  const auto c = calibrate<WorldClock, WorldReference>(20'000'000);
  REQUIRE(c);
  CHECK(off_ppb(*c) <= c->error_ppb());
  CHECK(c->error_ppb() < 10'000);
  CHECK(c->error_ppb() > 1'000);  // a bracket is 40 ns wide here: no honest bound is below half of one over 20 ms
  // Ten times the interval, a tenth of the bound.
  World::reset();
  const std::uint64_t before = World::now;
  const auto longer = calibrate<WorldClock, WorldReference>(200'000'000);
  REQUIRE(longer);
  CHECK(longer->error_ppb() <= c->error_ppb() / 9);
  // It spins for the interval and 128 brackets of three readings, and not for longer.
  CHECK((World::now - before) / 1000 >= 200'000'000);
  CHECK((World::now - before) / 1000 <= 200'000'000 + 128 * 3 * 20 + 100);
}

TEST_CASE("interruptions do not show, as long as a bracket at each end is without") {
  World::reset();
  World::happen = [] {                // for a millisecond, one reading out of ten
    if (World::readings % 10 == 4) {  // in the first bracket, too
      World::now += 1'000'000'000;
    }
  };
  const auto c = calibrate<WorldClock, WorldReference>(20'000'000);
  REQUIRE(c);
  CHECK(off_ppb(*c) <= c->error_ppb());
  CHECK(c->error_ppb() < 10'000);
}

TEST_CASE("whatever the clocks are like, the truth lies within the bound") {
  Random random{3};
  std::uint64_t tight = 0;
  for (int round = 0; round < 3000; ++round) {
    World::reset();
    World::now = random.below(1'000'000'000'000);
    World::reading = 1000 + random.below(100'000);
    World::tick = 200 + random.below(round % 2 == 0 ? 1000 : 1'000'000);
    World::tick_step = round % 5 == 0 ? 1 + random.below(50) : 1;
    World::step = round % 3 == 0 ? 1 + random.below(20'000) : 1;
    World::epoch = round % 7 == 0 ? Tick{0} - random.below(1'000'000) : random();  // over the wrap, too
    if (round % 4 == 0) {
      World::happen = [&random] {  // interrupted
        if (random.below(10) == 0) {
          World::now += random.below(5'000'000);
        }
      };
    }
    const std::uint64_t interval = 1000 + random.below(500'000);
    const auto c = calibrate<WorldClock, WorldReference>(interval);
    CAPTURE(round, interval, World::reading, World::tick, World::tick_step, World::step);
    if (!c) {  // a tick that is too long for the interval
      REQUIRE(c.status() == Error::ClockStuck);
      REQUIRE(c.status().actual() <= 2 * World::tick_step + 2 + 5'000'000 / World::tick * 8);
      REQUIRE(World::tick * World::tick_step > World::reading / 4);
      continue;
    }
    REQUIRE(off_ppb(*c) <= c->error_ppb());
    tight += c->error_ppb() < 10'000'000;  // one per cent
  }
  CHECK(tight > 1000);
}

TEST_CASE("a clock that stands still, or is too slow for the interval, is stuck") {
  World::reset();
  const auto still = calibrate<Still, WorldReference>(1'000'000);
  CHECK(!still);
  CHECK(still.status() == Error::ClockStuck);
  CHECK(still.status().actual() == 0);
  CHECK(still.status().allowed() >= 1'000'000);

  World::reset();
  World::tick = 900'000'000;  // 0.9 ms
  const auto slow = calibrate<WorldClock, WorldReference>(1'000'000);
  CHECK(slow.status() == Error::ClockStuck);
  CHECK(slow.status().actual() <= 2);
  World::reset();
  World::tick = 900'000'000;
  CHECK(calibrate<WorldClock, WorldReference>(100'000'000));
}

TEST_CASE("a reference that stands still is given up") {
  World::reset();
  const auto c = calibrate<WorldClock, Still>(1'000'000);
  CHECK(c.status() == Error::ClockStuck);
  CHECK(c.status().actual() > 0);
  CHECK(c.status().allowed() == 0);
  CHECK(World::readings < (std::uint64_t{1} << 24) + 1000);
}

TEST_CASE("a coarse reference is waited for: two of its steps at least, however short the interval") {
  World::reset();
  World::step = 1'000'000;
  const auto c = calibrate<WorldClock, WorldReference>(0);
  REQUIRE(c);
  CHECK(off_ppb(*c) <= c->error_ppb());
  CHECK(c->error_ppb() >= 500'000'000);
}

TEST_CASE("a clock or reference that goes backwards is told, wherever it does") {
  using BrokenClock = Broken<WorldClock>;
  using BrokenReference = Broken<WorldReference>;
  BrokenClock::set(0, 0);
  World::reset();
  World::epoch = 1'000'000;
  REQUIRE(calibrate<BrokenClock, WorldReference>(100'000));
  const std::uint64_t all = BrokenClock::count;
  REQUIRE(all > 256);
  for (std::uint64_t at = 2; at <= all; ++at) {
    World::reset();
    World::epoch = 1'000'000;
    BrokenClock::set(at, 50'000);
    const auto c = calibrate<BrokenClock, WorldReference>(100'000);
    CAPTURE(at);
    REQUIRE(c.status() == Error::ClockBackwards);
    REQUIRE(seq_lt(c.status().actual(), c.status().allowed()));
    REQUIRE(c.status().allowed() - c.status().actual() < 50'000);
  }
  BrokenReference::set(0, 0);
  World::reset();
  REQUIRE(calibrate<WorldClock, BrokenReference>(100'000));
  const std::uint64_t looks = BrokenReference::count;
  for (std::uint64_t at = 2; at <= looks; ++at) {
    World::reset();
    BrokenReference::set(at, 1000);
    const auto c = calibrate<WorldClock, BrokenReference>(100'000);
    CAPTURE(at);
    REQUIRE(c.status() == Error::ClockBackwards);
    REQUIRE(seq_lt(c.status().actual(), c.status().allowed()));
  }
}
