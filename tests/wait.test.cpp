// SPDX-License-Identifier: Apache-2.0
// Wait strategies: what the concept takes, what each does between two looks, and when it gives up.
#define TANGO_SEAM_HEADER "counting_seam.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <initializer_list>
#include <tango/mcache.hpp>
#include <tango/wait.hpp>
#include <tango/yield.hpp>

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>

namespace {
std::uint64_t yields = 0;
}
/// In the C library's place, so that yields can be counted: std::this_thread::yield calls it.
extern "C" int sched_yield() noexcept {
  ++yields;
  return static_cast<int>(::syscall(SYS_sched_yield));
}
#endif

using namespace tango;

namespace {

constexpr std::uint64_t kLargest = ~std::uint64_t{0};

// ------------------------------------------------------------------------------------------------- the concept

struct Deadline {  // a user's
  std::uint64_t last = 3;
  std::uint64_t* rounds = nullptr;
  bool idle(std::uint64_t round) noexcept {
    *rounds = *rounds * 10 + round;
    return round < last && *rounds < 1'000'000;  // gives up, whatever it is told
  }
};
struct Const {
  bool idle(std::uint64_t) const noexcept { return true; }
};
struct Static {
  static bool idle(std::uint64_t) noexcept { return true; }
};
struct Virtual {
  virtual ~Virtual() = default;
  virtual bool idle(std::uint64_t) noexcept = 0;
};
struct Pinned {
  Pinned() = default;
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  bool idle(std::uint64_t) noexcept { return true; }
};

static_assert(WaitStrategy<Busy> && WaitStrategy<Pause> && WaitStrategy<Bounded> && WaitStrategy<Backoff<100>>);
static_assert(WaitStrategy<Yield> && WaitStrategy<SpinThenYield>);
static_assert(WaitStrategy<Deadline> && WaitStrategy<Const> && WaitStrategy<const Const> && WaitStrategy<Static> &&
              WaitStrategy<Virtual> && WaitStrategy<Pinned>);

struct Nothing {};
struct NoAnswer {
  void idle(std::uint64_t) noexcept {}
};
struct OtherAnswer {
  int idle(std::uint64_t) noexcept { return 1; }
};
struct ReferenceAnswer {
  bool answer = true;
  bool& idle(std::uint64_t) noexcept { return answer; }
};
struct MayThrow {
  bool idle(std::uint64_t) { return true; }
};
struct NoRound {
  bool idle() noexcept { return true; }
};
struct OtherRound {
  bool idle(void*) noexcept { return true; }
};
class Private {
  [[maybe_unused]] bool idle(std::uint64_t) noexcept { return true; }
};
struct Callable {
  bool operator()(std::uint64_t) noexcept { return true; }
};

static_assert(!WaitStrategy<Nothing> && !WaitStrategy<NoAnswer> && !WaitStrategy<OtherAnswer> &&
              !WaitStrategy<ReferenceAnswer> && !WaitStrategy<MayThrow> && !WaitStrategy<NoRound> &&
              !WaitStrategy<OtherRound> && !WaitStrategy<Private> && !WaitStrategy<Callable>);
static_assert(!WaitStrategy<int> && !WaitStrategy<void> && !WaitStrategy<bool (*)(std::uint64_t)>);
static_assert(!WaitStrategy<const Deadline>, "a strategy may change, so a constant object of one is none");

/// Whether `MCache::wait` takes it.
template <class S>
concept CanWaitWith = requires(const MCache<2>& mcache, S strategy) {
  mcache.wait(1, strategy);
};
static_assert(CanWaitWith<Deadline> && CanWaitWith<Yield> && !CanWaitWith<NoAnswer> && !CanWaitWith<MayThrow>);

// ------------------------------------------------------------------------------------------------- what they do

/// Looks that a blocking call makes which finds nothing; at most `most`.
template <class S>
std::uint64_t looks(S strategy, std::uint64_t most) {
  std::uint64_t round = 0;
  while (round < most && strategy.idle(round)) {
    ++round;
  }
  return round + 1;
}

struct Done {
  bool again;
  std::uint64_t pauses;
  std::uint64_t yields;
  friend bool operator==(const Done&, const Done&) = default;
};

/// What one call of `idle` does.
template <class S>
Done done(S strategy, std::uint64_t round) {
#if !defined(__linux__)
  const std::uint64_t yields = 0;
#endif
  const std::uint64_t pauses_before = test::pauses;
  const std::uint64_t yields_before = yields;
  const bool again = strategy.idle(round);
  return {again, test::pauses - pauses_before, yields - yields_before};
}

#if defined(__linux__)
constexpr std::uint64_t kOneYield = 1;
#else
constexpr std::uint64_t kOneYield = 0;  // not counted here
#endif

constexpr std::uint64_t kRounds[] = {0, 1, 2, 999, 1000, 1001, std::uint64_t{1} << 32, kLargest - 1, kLargest};

}  // namespace

TEST_CASE("Busy, Pause and Yield never give up, and do just what they are called") {
  for (const std::uint64_t round : kRounds) {
    CAPTURE(round);
    CHECK(done(Busy{}, round) == Done{true, 0, 0});
    CHECK(done(Pause{}, round) == Done{true, 1, 0});
    CHECK(done(Yield{}, round) == Done{true, 0, kOneYield});
  }
}

TEST_CASE("Backoff gives its number of hints before each further look, and never gives up") {
  for (const std::uint64_t round : kRounds) {
    CAPTURE(round);
    CHECK(done(Backoff<0>{}, round) == Done{true, 0, 0});
    CHECK(done(Backoff<1>{}, round) == Done{true, 1, 0});
    CHECK(done(Backoff<100>{}, round) == Done{true, 100, 0});
  }
}

TEST_CASE("SpinThenYield spins for so many looks, then yields, and never gives up") {
  CHECK(SpinThenYield{}.spins == 1000);
  for (const std::uint64_t round : kRounds) {
    for (const std::uint64_t spins :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{1000}, kLargest}) {
      CAPTURE(round, spins);
      CHECK(done(SpinThenYield{spins}, round) == (round < spins ? Done{true, 1, 0} : Done{true, 0, kOneYield}));
    }
  }
}

TEST_CASE("Bounded gives up after so many looks; the first is always made") {
  CHECK(looks(Bounded{0}, 10) == 1);
  for (const std::uint64_t rounds : {1u, 2u, 3u, 100u, 12345u}) {
    CHECK(looks(Bounded{rounds}, 100'000) == rounds);
  }
  CHECK(done(Bounded{kLargest}, kLargest - 2) == Done{true, 1, 0});
  CHECK(done(Bounded{kLargest}, kLargest - 1) == Done{false, 1, 0});
  CHECK(done(Bounded{5}, 1'000'000) == Done{false, 1, 0});  // and it stays given up
}

TEST_CASE("a strategy is called after each look that finds nothing, with the rounds from 0 on") {
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0}}) {
    MCache<2> mcache{start};
    std::uint64_t rounds = 9;
    CHECK(mcache.wait(start, Deadline{4, &rounds}).status == ReadStatus::NotReady);
    CHECK(rounds == 901234);
    rounds = 9;
    CHECK(mcache.wait(start, Deadline{0, &rounds}).status == ReadStatus::NotReady);
    CHECK(rounds == 90);
    // It starts at 0 again in each call, and is not asked where the number is there or gone.
    (void)mcache.publish({.sig = 5});
    rounds = 9;
    const ReadResult found = mcache.wait(start, Deadline{4, &rounds});
    CHECK(found.status == ReadStatus::Ok);
    CHECK(found.metadata.sig == 5);
    (void)mcache.publish({});
    (void)mcache.publish({});
    CHECK(mcache.wait(start, Deadline{4, &rounds}).status == ReadStatus::Overrun);
    CHECK(rounds == 9);
  }
}

TEST_CASE("a bounded wait pauses once after each look") {
  MCache<2> mcache;
  const std::uint64_t before = test::pauses;
  CHECK(mcache.wait(1, Bounded{7}).status == ReadStatus::NotReady);
  CHECK(test::pauses - before == 7);
}
