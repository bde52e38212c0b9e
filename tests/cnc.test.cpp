// SPDX-License-Identifier: Apache-2.0
// Cnc: the state machine, requests and their acknowledgement, and what each side sees of the other's memory.
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tango/cnc.hpp>
#include <tango/yield.hpp>
#include <thread>
#include <type_traits>
#include <vector>

using namespace tango;

namespace {

constexpr CncState kStates[] = {CncState::Boot, CncState::Run, CncState::Halt, CncState::Fail};

/// Rows: from Boot, Run, Halt, Fail; columns: to.
constexpr bool kArrows[4][4] = {
    {false, true, false, true},
    {false, false, true, true},
    {true, false, false, false},
    {false, false, false, false},
};

std::string printed(const Cnc& cnc) {
  char buffer[200];
  return std::string{print(cnc, buffer)};
}

/// Brings a new Cnc to `state`, by the shortest way.
void bring(Cnc& cnc, CncState state) {
  if (state == CncState::Run || state == CncState::Halt) {
    REQUIRE(cnc.transition(CncState::Run));
  }
  if (state == CncState::Halt || state == CncState::Fail) {
    REQUIRE(cnc.transition(state));
  }
  REQUIRE(cnc.state() == state);
}

/// For loops that wait for another thread: this many looks mean that it is stuck.
constexpr std::uint64_t kLooks = std::uint64_t{1} << 22;

/// Looks until `ready` is true; false if it does not come.
template <class F>
bool await(F ready) {
  SpinThenYield strategy{64};
  for (std::uint64_t look = 0; look < kLooks; ++look) {
    if (ready()) {
      return true;
    }
    (void)strategy.idle(look);
  }
  return false;
}

/// The code of the n-th request: each comes twice in a row, both ends of the range among them.
constexpr std::uint16_t code_of(std::uint64_t n) {
  const std::uint64_t pair = n / 2;
  return pair % 3 == 0 ? std::uint16_t{0} : pair % 3 == 1 ? std::uint16_t{65535} : static_cast<std::uint16_t>(pair);
}

/// Plain memory for one request and its answer: ThreadSanitizer reports what request and acknowledgement do not order.
/// To be made on the heap: clang 14 does not watch a function's accesses to parts of its own locals.
struct Exchange {
  std::uint64_t question[3] = {};
  std::uint64_t answer[3] = {};

  void ask(std::uint64_t n) {
    for (std::uint64_t i = 0; i < 3; ++i) {
      question[i] = n * 7 + i;
    }
  }
  /// Whether the question was the n-th.
  bool reply(std::uint64_t n) {
    bool good = true;
    for (std::uint64_t i = 0; i < 3; ++i) {
      good = good && question[i] == n * 7 + i;
      answer[i] = question[i] + 1000;
    }
    return good;
  }
  bool answered(std::uint64_t n) const {
    bool good = true;
    for (std::uint64_t i = 0; i < 3; ++i) {
      good = good && answer[i] == n * 7 + i + 1000;
    }
    return good;
  }
};

}  // namespace

// ------------------------------------------------------------------------------------------------- one thread

TEST_CASE("a new Cnc is in Boot, has no heartbeat and no request") {
  Cnc cnc;
  CHECK(cnc.state() == CncState::Boot);
  CHECK(cnc.last_heartbeat() == 0);
  CHECK(cnc.acknowledged());
  CHECK(!cnc.pending());
  CHECK(cnc.pending().code == 0);
}

TEST_CASE("of the sixteen transitions five are legal; the others change nothing") {
  int legal = 0;
  for (const CncState from : kStates) {
    for (const CncState to : kStates) {
      const bool arrow = kArrows[static_cast<int>(from)][static_cast<int>(to)];
      CAPTURE(name(from), name(to));
      CHECK(is_transition(from, to) == arrow);
      Cnc cnc;
      bring(cnc, from);
      cnc.heartbeat(77);
      REQUIRE(cnc.request(12));
      const Status status = cnc.transition(to);
      CHECK(status.ok() == arrow);
      CHECK(cnc.state() == (arrow ? to : from));
      if (!arrow) {
        CHECK(status == Error::IllegalTransition);
        CHECK(status.actual() == static_cast<std::uint64_t>(from));
        CHECK(status.allowed() == static_cast<std::uint64_t>(to));
      }
      // Whatever came of it, heartbeat and request are as they were.
      CHECK(cnc.last_heartbeat() == 77);
      CHECK(!cnc.acknowledged());
      CHECK(cnc.pending().code == 12);
      legal += arrow;
    }
  }
  CHECK(legal == 5);
}

TEST_CASE("round and round, until it fails for good") {
  Cnc cnc;
  for (int round = 0; round < 3; ++round) {
    CHECK(cnc.transition(CncState::Run));
    CHECK(cnc.transition(CncState::Halt));
    CHECK(cnc.transition(CncState::Boot));
  }
  CHECK(cnc.transition(CncState::Run));
  CHECK(cnc.transition(CncState::Fail));
  for (const CncState to : kStates) {
    CHECK(cnc.transition(to) == Error::IllegalTransition);
    CHECK(cnc.state() == CncState::Fail);
  }
}

TEST_CASE("states have names; values that are no state have none, and no transitions") {
  CHECK(name(CncState::Boot) == "Boot");
  CHECK(name(CncState::Run) == "Run");
  CHECK(name(CncState::Halt) == "Halt");
  CHECK(name(CncState::Fail) == "Fail");
  for (int value = 4; value < 256; ++value) {
    const auto unknown = static_cast<CncState>(value);
    REQUIRE(name(unknown) == "Unknown");
    for (const CncState state : kStates) {
      REQUIRE(!is_transition(state, unknown));
      REQUIRE(!is_transition(unknown, state));
      Cnc cnc;
      bring(cnc, state);
      const Status status = cnc.transition(unknown);
      REQUIRE(status == Error::IllegalTransition);
      REQUIRE(status.allowed() == static_cast<std::uint64_t>(value));
      REQUIRE(cnc.state() == state);
    }
  }
}

TEST_CASE("the heartbeat is what the owner said last") {
  Cnc cnc;
  for (const std::uint64_t now :
       {std::uint64_t{1}, std::uint64_t{5}, ~std::uint64_t{0}, std::uint64_t{0}, std::uint64_t{3}}) {
    cnc.heartbeat(now);
    CHECK(cnc.last_heartbeat() == now);
  }
  CHECK(cnc.state() == CncState::Boot);
  CHECK(cnc.acknowledged());
}

TEST_CASE("a request is pending until it is acknowledged, and no other is taken meanwhile") {
  constexpr std::uint16_t kCodes[] = {0, 1, 255, 256, 32768, 65535};
  for (const std::uint16_t code : kCodes) {
    CAPTURE(code);
    Cnc cnc;
    CHECK(cnc.request(code));
    CHECK(!cnc.acknowledged());
    for (const std::uint16_t other : {std::uint16_t{9}, code}) {
      const Status status = cnc.request(other);
      CHECK(status == Error::RequestPending);
      CHECK(status.actual() == other);
      CHECK(status.allowed() == code);
      CHECK(!cnc.acknowledged());
    }
    for (int look = 0; look < 3; ++look) {  // looking is not acknowledging
      const CncRequest request = cnc.pending();
      CHECK(static_cast<bool>(request));
      CHECK(request.pending);
      CHECK(request.code == code);
      CHECK(!cnc.acknowledged());
    }
    CHECK(cnc.request(9) == Error::RequestPending);  // seen, but not dealt with
    cnc.acknowledge();
    CHECK(cnc.acknowledged());
    CHECK(!cnc.pending());
    CHECK(cnc.pending().code == 0);
    CHECK(cnc.request(9));
    CHECK(cnc.pending().code == 9);
    CHECK(cnc.state() == CncState::Boot);  // what a code means is not ours
    CHECK(cnc.last_heartbeat() == 0);
  }
}

TEST_CASE("requests with the same code are told apart") {
  constexpr std::uint16_t kCodes[] = {0, 7, 65535};
  for (const std::uint16_t code : kCodes) {
    Cnc cnc;
    for (int i = 0; i < 70'000; ++i) {  // more than the codes: the count does not live in 16 bits
      REQUIRE(cnc.request(code));
      REQUIRE(!cnc.acknowledged());
      const CncRequest request = cnc.pending();
      REQUIRE(request.pending);
      REQUIRE(request.code == code);
      cnc.acknowledge();
      REQUIRE(cnc.acknowledged());
      REQUIRE(!cnc.pending());
    }
  }
}

TEST_CASE("an acknowledgement is for the request that was seen, not for one that came since") {
  Cnc cnc;
  cnc.acknowledge();  // of nothing
  CHECK(cnc.acknowledged());
  CHECK(cnc.request(1));
  cnc.acknowledge();  // not seen yet
  CHECK(!cnc.acknowledged());
  CHECK(cnc.pending().code == 1);
  cnc.acknowledge();
  CHECK(cnc.acknowledged());
  CHECK(cnc.request(1));  // the same code
  cnc.acknowledge();      // once more, of the first
  CHECK(!cnc.acknowledged());
  CHECK(cnc.pending().pending);
  cnc.acknowledge();
  cnc.acknowledge();
  CHECK(cnc.acknowledged());
  CHECK(!cnc.pending());
}

TEST_CASE("a Cnc prints where both sides stand") {
  Cnc cnc;
  CHECK(printed(cnc) == "state Boot heartbeat 0 request none");
  cnc.heartbeat(17);
  CHECK(cnc.request(4));
  CHECK(printed(cnc) == "state Boot heartbeat 17 request 4 pending");
  CHECK(cnc.transition(CncState::Run));
  CHECK(cnc.pending());
  CHECK(printed(cnc) == "state Run heartbeat 17 request 4 pending");
  cnc.acknowledge();
  CHECK(printed(cnc) == "state Run heartbeat 17 request 4 acknowledged");
  CHECK(cnc.request(65535));
  CHECK(cnc.pending());
  cnc.acknowledge();
  CHECK(cnc.transition(CncState::Halt));
  cnc.heartbeat(~std::uint64_t{0});
  const std::string whole = "state Halt heartbeat 18446744073709551615 request 65535 acknowledged";
  CHECK(printed(cnc) == whole);
  CHECK(whole.size() <= 96);
  for (std::size_t size = 0; size <= whole.size() + 2; ++size) {
    std::vector<char> memory(size + 8, '#');
    const std::string_view text = print(cnc, std::span{memory}.first(size));
    REQUIRE(text == std::string_view{whole}.substr(0, size));
    REQUIRE(std::string(memory.begin(), memory.end()) ==
            whole.substr(0, size) + std::string(memory.size() - text.size(), '#'));
  }
  CHECK(print(cnc, std::span<char>{}).empty());
}

// ------------------------------------------------------------------------------------------------- layout

static_assert(std::is_standard_layout_v<Cnc> && std::is_trivially_destructible_v<Cnc>);
static_assert(!std::is_copy_constructible_v<Cnc> && !std::is_copy_assignable_v<Cnc>);
static_assert(sizeof(Cnc) == 256 && alignof(Cnc) == 128);

TEST_CASE("what the controller writes lies 128 bytes from what the owner writes") {
  Cnc cnc;
  unsigned char before[sizeof cnc];
  // The offset of the one word that changed since the last call; -1 for none, -2 for several.
  const auto changed = [&] {
    int offset = -1;
    for (std::size_t i = 0; i < sizeof cnc; i += 8) {
      if (std::memcmp(before + i, reinterpret_cast<const char*>(&cnc) + i, 8) != 0) {
        offset = offset == -1 ? static_cast<int>(i) : -2;
      }
    }
    std::memcpy(before, static_cast<const void*>(&cnc), sizeof cnc);
    return offset;
  };
  std::memcpy(before, static_cast<const void*>(&cnc), sizeof cnc);
  CHECK(changed() == -1);
  CHECK(cnc.transition(CncState::Run));
  CHECK(changed() == 0);
  cnc.heartbeat(5);
  CHECK(changed() == 8);
  CHECK(cnc.request(6));
  CHECK(changed() == 128);
  CHECK(cnc.request(7) == Error::RequestPending);
  CHECK(changed() == -1);
  CHECK(cnc.pending().code == 6);
  CHECK(changed() == 24);  // the owner's note of what it saw
  cnc.acknowledge();
  CHECK(changed() == 16);
  CHECK(cnc.acknowledged());
  CHECK(changed() == -1);
}

// ------------------------------------------------------------------------------------------------- two threads

TEST_CASE("request and acknowledgement carry plain memory there and back, transitions carry it one way") {
  constexpr std::uint64_t kRequests = 2000;
  Cnc cnc;
  const auto exchange = std::make_unique<Exchange>();
  const auto prepared = std::make_unique<std::uint64_t>();  // carried by the transition to Run
  const auto total = std::make_unique<std::uint64_t>();     // carried by the transition to Halt

  std::uint64_t owner_wrong = 0;
  std::uint64_t handled = 0;
  std::thread owner{[&] {
    *prepared = 42;
    owner_wrong += !cnc.transition(CncState::Run);
    for (; handled < kRequests; ++handled) {
      CncRequest request;
      if (!await([&] { return static_cast<bool>(request = cnc.pending()); })) {
        break;
      }
      owner_wrong += request.code != code_of(handled);
      owner_wrong += !exchange->reply(handled);
      cnc.heartbeat(handled + 1);
      cnc.acknowledge();
    }
    *total = handled;
    owner_wrong += !cnc.transition(CncState::Halt);
  }};

  std::uint64_t wrong = 0;
  std::uint64_t asked = 0;
  std::uint64_t beat = 0;
  const bool ran = await([&] { return cnc.state() != CncState::Boot; });
  if (ran) {
    wrong += *prepared != 42;
    for (; asked < kRequests; ++asked) {
      exchange->ask(asked);
      wrong += !cnc.request(code_of(asked));
      const bool answered = await([&] {
        const std::uint64_t now = cnc.last_heartbeat();
        wrong += now < beat;
        beat = now;
        return cnc.acknowledged();
      });
      if (!answered) {
        break;
      }
      wrong += !exchange->answered(asked);
    }
  }
  const bool halted = await([&] { return cnc.state() == CncState::Halt; });
  if (halted) {
    wrong += *total != kRequests;
  }
  owner.join();
  CHECK(ran);
  CHECK(halted);
  CHECK(asked == kRequests);
  CHECK(handled == kRequests);
  CHECK(cnc.last_heartbeat() == kRequests);
  CHECK(wrong == 0);
  CHECK(owner_wrong == 0);
}

TEST_CASE("a controller may simply ask again until it is taken; that says that the request before is done") {
  constexpr std::uint64_t kRequests = 2000;
  Cnc cnc;
  std::vector<Exchange> exchanges(2);  // in turn: one may be written while the other is with the owner

  std::uint64_t owner_wrong = 0;
  std::uint64_t handled = 0;
  std::thread owner{[&] {
    for (; handled < kRequests; ++handled) {
      CncRequest request;
      if (!await([&] { return static_cast<bool>(request = cnc.pending()); })) {
        break;
      }
      owner_wrong += !exchanges[handled % 2].reply(handled);
      std::this_thread::yield();  // gives the controller an occasion to be refused
      const CncRequest again = cnc.pending();
      owner_wrong += !again || again.code != request.code || request.code != code_of(handled);
      cnc.acknowledge();
    }
  }};

  std::uint64_t wrong = 0;
  std::uint64_t asked = 0;
  for (; asked < kRequests; ++asked) {
    exchanges[asked % 2].ask(asked);
    const bool taken = await([&] {
      const Status status = cnc.request(code_of(asked));
      if (!status) {
        wrong += status.error() != Error::RequestPending || status.actual() != code_of(asked) ||
                 status.allowed() != code_of(asked - 1);
      }
      return status.ok();
    });
    if (!taken) {
      break;
    }
    wrong += asked != 0 && !exchanges[(asked - 1) % 2].answered(asked - 1);
  }
  const bool done = await([&] { return cnc.acknowledged(); });
  if (done && asked == kRequests) {
    wrong += !exchanges[(kRequests - 1) % 2].answered(kRequests - 1);
  }
  owner.join();
  CHECK(done);
  CHECK(asked == kRequests);
  CHECK(handled == kRequests);
  CHECK(wrong == 0);
  CHECK(owner_wrong == 0);
}
