// SPDX-License-Identifier: Apache-2.0
// Errors: every cause has a name and a text of its own, and prints with its values into any buffer.
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tango/error.hpp>
#include <type_traits>
#include <vector>

using namespace tango;

namespace {

constexpr std::uint64_t kLargest = ~std::uint64_t{0};

struct Expected {
  Error error;
  std::string_view name;
  std::string_view printed;  ///< of Status{error, 12, 8}
};

/// Every enumerator; those with values print them.
constexpr Expected kExpected[] = {
    {Error::None, "None", "None: no error"},
    {Error::PayloadTooLarge, "PayloadTooLarge",
     "PayloadTooLarge: payload larger than this channel carries: 12 bytes, at most 8"},
    {Error::NoCredits, "NoCredits",
     "NoCredits: there is no room: messages that reliable consumers have not given back hold the slots or chunks"},
    {Error::Stopped, "Stopped", "Stopped: the channel is closed"},
    {Error::ReservationOpen, "ReservationOpen", "ReservationOpen: a reservation is open: commit or drop it first"},
    {Error::ReservationClosed, "ReservationClosed",
     "ReservationClosed: this reservation was refused, committed or dropped before"},
    {Error::CommitTooLarge, "CommitTooLarge", "CommitTooLarge: commit of more than was reserved: 12 bytes, reserved 8"},
    {Error::Overrun, "Overrun", "Overrun: overwritten by the producer before it was read"},
    {Error::NotReady, "NotReady", "NotReady: not published yet"},
    {Error::Corrupt, "Corrupt", "Corrupt: metadata names bytes that the channel does not have: 12 bytes from chunk 8"},
    {Error::BufferTooSmall, "BufferTooSmall",
     "BufferTooSmall: payload larger than the buffer given for it: 12 bytes into 8"},
    {Error::TypeMismatch, "TypeMismatch", "TypeMismatch: a message of another type: 12 bytes, expected 8"},
    {Error::PackedTruncated, "PackedTruncated",
     "PackedTruncated: the last record of a packed message is cut off: 12 bytes, expected 8"},
    {Error::FragmentLost, "FragmentLost", "FragmentLost: fragments of a message were lost"},
    {Error::MissingSom, "MissingSom", "MissingSom: fragment of a message that has no start"},
    {Error::MissingEom, "MissingEom", "MissingEom: a message began before the one in progress had ended"},
    {Error::MessageBroken, "MessageBroken", "MessageBroken: its sender marked the message as broken"},
    {Error::UnknownOrigin, "UnknownOrigin",
     "UnknownOrigin: nobody puts messages of this origin together: 12 where there are 8"},
    {Error::StartMismatch, "StartMismatch",
     "StartMismatch: sequence number disagrees with the channel's: 12 where the channel is at 8"},
    {Error::CreditsOutOfRange, "CreditsOutOfRange",
     "CreditsOutOfRange: credits must lie between 1 and the depth of the ring: 12 with a depth of 8"},
    {Error::SecondProducer, "SecondProducer", "SecondProducer: another producer holds the channel"},
    {Error::ComponentMismatch, "ComponentMismatch", "ComponentMismatch: these components belong to different channels"},
    {Error::FlowControlMissing, "FlowControlMissing",
     "FlowControlMissing: consumer with credits on a channel whose producer has none"},
    {Error::TooManyConsumers, "TooManyConsumers",
     "TooManyConsumers: all places for reliable consumers are taken: 12 where there are 8"},
    {Error::TooManyMetricsBlocks, "TooManyMetricsBlocks",
     "TooManyMetricsBlocks: all metrics blocks of this side are taken: 12 where there are 8"},
    {Error::TooManyChannels, "TooManyChannels",
     "TooManyChannels: all places for channels are taken: 12 where there are 8"},
    {Error::Moved, "Moved", "Moved: this endpoint was moved from"},
    {Error::NotConstructed, "NotConstructed",
     "NotConstructed: the channel's constructor has not run yet: make the channel before its endpoints"},
    {Error::Replaced, "Replaced", "Replaced: another channel was made at this channel's address: 12 in place of 8"},
    {Error::MemoryTooSmall, "MemoryTooSmall", "MemoryTooSmall: memory too small for this channel: 12 bytes of 8"},
    {Error::MemoryMisaligned, "MemoryMisaligned",
     "MemoryMisaligned: memory not aligned for this channel: 12 bytes past a multiple of 8"},
    {Error::NoChannel, "NoChannel", "NoChannel: there is no channel in this memory"},
    {Error::LayoutMismatch, "LayoutMismatch",
     "LayoutMismatch: the channel was made with another version of the layout: 12, expected 8"},
    {Error::DepthMismatch, "DepthMismatch", "DepthMismatch: the channel has another depth: 12 slots, expected 8"},
    {Error::SlotSizeMismatch, "SlotSizeMismatch",
     "SlotSizeMismatch: the channel has slots of another size: 12 bytes, expected 8"},
    {Error::ChunksMismatch, "ChunksMismatch",
     "ChunksMismatch: the channel has another number of chunks: 12, expected 8"},
    {Error::ChunkSizeMismatch, "ChunkSizeMismatch",
     "ChunkSizeMismatch: the channel has chunks of another size: 12 bytes, expected 8"},
    {Error::KindMismatch, "KindMismatch", "KindMismatch: the channel is of another kind: 12, expected 8"},
    {Error::PlacesMismatch, "PlacesMismatch",
     "PlacesMismatch: the channel has another number of places for reliable consumers: 12, expected 8"},
    {Error::AlignmentMismatch, "AlignmentMismatch",
     "AlignmentMismatch: the channel's messages have another alignment: 12 bytes, expected 8"},
    {Error::TypeIdMismatch, "TypeIdMismatch",
     "TypeIdMismatch: the channel's messages have another type id: 12, expected 8"},
    {Error::OffsetMismatch, "OffsetMismatch",
     "OffsetMismatch: the channel's parts are at other offsets: 12 bytes, expected 8"},
    {Error::DescriptorInvalid, "DescriptorInvalid",
     "DescriptorInvalid: the channel's descriptor contradicts itself: 12 in the word at byte 8"},
    {Error::IllegalTransition, "IllegalTransition",
     "IllegalTransition: the state machine has no such transition: 12 to 8"},
    {Error::RequestPending, "RequestPending",
     "RequestPending: the previous request has not been acknowledged: 12 while waiting for 8"},
    {Error::ClockStuck, "ClockStuck",
     "ClockStuck: a clock stands still, or advances too little to be measured: 12 ticks in 8"},
    {Error::ClockBackwards, "ClockBackwards", "ClockBackwards: a clock went backwards: 12 after 8"},
};
constexpr std::size_t kErrors = std::size(kExpected);

std::string printed(const Status& status) {
  char buffer[1000];
  return std::string{print(status, buffer)};
}

/// What `print` leaves in memory around a buffer of `size` bytes: the text, and nothing else touched.
void check_cut(const Status& status, const std::string& whole, std::size_t size) {
  CAPTURE(whole, size);
  std::vector<char> memory(size + 16, '#');
  const std::string_view text = print(status, std::span{memory}.subspan(8, size));
  REQUIRE(text == std::string_view{whole}.substr(0, size));
  REQUIRE(static_cast<const void*>(text.data()) == memory.data() + 8);
  REQUIRE(std::string(memory.begin(), memory.end()) ==
          "########" + whole.substr(0, size) + std::string(memory.size() - 8 - text.size(), '#'));
}

/// A constant: prints where nothing can allocate.
constexpr bool prints_in_constants() {
  char buffer[64] = {};
  return print(Status{Error::Moved}, buffer) == "Moved: this endpoint was moved from";
}
static_assert(prints_in_constants());

static_assert(std::is_trivially_copyable_v<Status> && sizeof(Error) == 1);
static_assert(noexcept(print(Status{},
                             std::span<char>{})) && noexcept(name(Error::None)) && noexcept(text(Error::None)));
static_assert(std::is_convertible_v<Error, Status>, "a refusal is written `return Error::Stopped;`");
static_assert(!std::is_convertible_v<Status, bool>, "a status is no number");

}  // namespace

TEST_CASE("every enumerator is listed here, in its order") {
  for (std::size_t i = 0; i < kErrors; ++i) {
    CHECK(static_cast<std::size_t>(kExpected[i].error) == i);
  }
  CHECK(name(static_cast<Error>(kErrors)) == "Unknown");  // none was added behind the last
}

TEST_CASE("names and texts are distinct and not empty") {
  std::set<std::string_view> names{name(static_cast<Error>(kErrors))};
  std::set<std::string_view> texts{text(static_cast<Error>(kErrors))};
  for (const Expected& expected : kExpected) {
    CAPTURE(expected.name);
    CHECK(name(expected.error) == expected.name);
    CHECK(!text(expected.error).empty());
    CHECK(names.insert(name(expected.error)).second);
    CHECK(texts.insert(text(expected.error)).second);
  }
}

TEST_CASE("values that are no enumerator are unknown, and safe") {
  for (std::size_t value = kErrors; value < 256; ++value) {
    CAPTURE(value);
    const auto error = static_cast<Error>(value);
    CHECK(name(error) == "Unknown");
    CHECK(text(error) == "unknown error");
    CHECK(printed({error, 12, 8}) == "Unknown: unknown error");
    CHECK(!Status{error}.ok());
  }
}

TEST_CASE("a status is success, or a cause with its values") {
  const Status success;
  CHECK(success.ok());
  CHECK(static_cast<bool>(success));
  CHECK(success == Error::None);
  CHECK(success.error() == Error::None);
  CHECK(success.actual() == 0);
  CHECK(success.allowed() == 0);
  CHECK(Status{Error::None}.ok());
  for (const Expected& expected : kExpected) {
    const Status status{expected.error, 12, kLargest};
    CHECK(status.ok() == (expected.error == Error::None));
    CHECK(static_cast<bool>(status) == status.ok());
    CHECK(status.error() == expected.error);
    CHECK(status.actual() == 12);
    CHECK(status.allowed() == kLargest);
    for (const Expected& other : kExpected) {
      REQUIRE((status == other.error) == (expected.error == other.error));
      REQUIRE((status != other.error) == (expected.error != other.error));
    }
    const Status alone = expected.error;
    CHECK(alone == expected.error);
    CHECK(alone.actual() == 0);
    CHECK(alone.allowed() == 0);
  }
}

TEST_CASE("a status prints its name, its text, and the values of causes that have some") {
  for (const Expected& expected : kExpected) {
    CHECK(printed({expected.error, 12, 8}) == expected.printed);
  }
  CHECK(printed({}) == "None: no error");
}

TEST_CASE("values that have names are printed by them") {
  CHECK(printed({Error::IllegalTransition, 0, 2}) ==
        "IllegalTransition: the state machine has no such transition: Boot to Halt");
  CHECK(printed({Error::IllegalTransition, 3, 4}) ==
        "IllegalTransition: the state machine has no such transition: Fail to 4");
  const auto kinds = [](std::uint64_t a, std::uint64_t b) { return printed({Error::KindMismatch, a, b}); };
  const std::string head = "KindMismatch: the channel is of another kind: ";
  CHECK(kinds(1, 2) == head + "lossy, expected reliable");
  CHECK(kinds(7, 9) == head + "observed with metrics, expected typed lossy");
  CHECK(kinds(0, 16) == head + "0, expected 16");  // forged
}

TEST_CASE("values print in decimal, whatever their length") {
  const auto both = [](std::uint64_t a, std::uint64_t b) { return printed({Error::TypeIdMismatch, a, b}); };
  const std::string head = "TypeIdMismatch: the channel's messages have another type id: ";
  CHECK(both(0, 0) == head + "0, expected 0");
  CHECK(both(9, 10) == head + "9, expected 10");
  CHECK(both(101, 99) == head + "101, expected 99");
  CHECK(both(kLargest, kLargest - 9) == head + "18446744073709551615, expected 18446744073709551606");
  CHECK(both(10'000'000'000'000'000'000u, 9'999'999'999'999'999'999u) ==
        head + "10000000000000000000, expected 9999999999999999999");
}

TEST_CASE("printing cuts off at the end of the buffer, at every length") {
  for (const Expected& expected : kExpected) {
    const Status status{expected.error, 12, 8};
    const std::string whole{expected.printed};
    for (std::size_t size = 0; size <= whole.size() + 3; ++size) {
      check_cut(status, whole, size);
    }
  }
  const std::string_view nothing = print(Error::Stopped, std::span<char>{});  // no memory at all
  CHECK(nothing.empty());
}

TEST_CASE("160 bytes hold every status") {
  for (std::size_t value = 0; value < 256; ++value) {
    const std::string whole = printed({static_cast<Error>(value), kLargest, kLargest});
    REQUIRE(whole.size() <= 160);
    check_cut({static_cast<Error>(value), kLargest, kLargest}, whole, 160);
    for (std::uint64_t name = 0; name < 20; ++name) {
      REQUIRE(printed({static_cast<Error>(value), name, name}).size() <= 160);
    }
  }
}
