// SPDX-License-Identifier: Apache-2.0
// Values as messages: published, made in place, and read back as what they were, on every kind of channel.
// clang-format off
#include "support/precondition.hpp"  // before any header of tango
// clang-format on

#include <array>
#include <atomic>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "support/channel.hpp"
#include "support/endpoints.hpp"
using namespace tango;
using namespace tango::test;

namespace {

struct Small {
  std::uint64_t a;
  std::uint32_t b;
  friend bool operator==(const Small&, const Small&) = default;
};
struct Large {
  std::array<std::uint64_t, 30> words;
  friend bool operator==(const Large&, const Large&) = default;
};
enum class Side : std::uint8_t { Buy, Sell };
struct Empty {};
struct Converts {
  std::uint64_t more;
  operator std::span<const std::byte>() const { return {}; }
};
struct MovesOnly {
  MovesOnly(MovesOnly&&) = default;
};
/// Not an aggregate, without a default constructor, and it knows where it was made.
class Located {
 public:
  Located(int number, const std::array<std::byte, 60>& more) noexcept
      : number_{number}, self_{reinterpret_cast<std::uintptr_t>(this)}, more_{more} {}
  int number() const { return number_; }
  std::uintptr_t self() const { return self_; }
  std::byte last() const { return more_.back(); }

 private:
  int number_;
  std::uintptr_t self_;
  std::array<std::byte, 60> more_;
};

Large large(std::uint64_t seed) {
  Large value{};
  for (std::uint64_t& word : value.words) {
    word = seed++;
  }
  return value;
}

template <class Kind>
using Wire = Wiring<Kind::kKind, 8, 32>;

/// What arrives as a `T`.
template <class T, class C>
Result<T> next_as(C& consumer) {
  auto fragment = consumer.poll();
  if (!fragment) {
    return Status{Error::NoCredits};
  }
  return fragment->template as<T>();
}

}  // namespace

TEST_CASE("what is a record, and what is not") {
  STATIC_REQUIRE(Record<Small>);
  STATIC_REQUIRE(Record<Side>);
  STATIC_REQUIRE(Record<double>);
  STATIC_REQUIRE(Record<Empty>);
  STATIC_REQUIRE(!Record<std::string>);
  STATIC_REQUIRE(!Record<std::string_view>);
  STATIC_REQUIRE(!Record<const char*>);
  STATIC_REQUIRE(!Record<int[3]>);
  STATIC_REQUIRE(!Record<std::array<int, 3>>);
  STATIC_REQUIRE(!Record<std::span<int>>);
  STATIC_REQUIRE(!Record<int Small::*>);
  STATIC_REQUIRE(!Record<std::nullptr_t>);
  STATIC_REQUIRE(!Record<int&>);
  // What `publish` sends as bytes must not be one thing to it and another to `emplace` and `as`.
  STATIC_REQUIRE(!Record<Converts>);
  // Trivially copyable by the letter, and not to be copied.
  STATIC_REQUIRE(!Record<std::atomic<int>>);
  STATIC_REQUIRE(!Record<Metrics>);
  STATIC_REQUIRE(!Record<MovesOnly>);
  STATIC_REQUIRE(!Record<volatile Small>);
}

TEST_CASE("what says something only where it was made is no record: views, answers") {
  STATIC_REQUIRE(!Record<Status>);
  STATIC_REQUIRE(!Record<const Status>);
  STATIC_REQUIRE(!Record<Result<Small>>);
  STATIC_REQUIRE(!Record<Result<std::uint64_t>>);
  STATIC_REQUIRE(!Record<FragmentView>);
  STATIC_REQUIRE(!Record<Message>);
  STATIC_REQUIRE(!Record<BatchStatus>);
  STATIC_REQUIRE(!Record<BatchResult>);
  STATIC_REQUIRE(!Record<ChannelBatch>);
  STATIC_REQUIRE(!Record<Reassembly>);
  STATIC_REQUIRE(!Record<WordWriter>);
  // These hold what they say.
  STATIC_REQUIRE(Record<Error>);
  STATIC_REQUIRE(Record<FragmentMetadata>);
  STATIC_REQUIRE(Record<MessageInfo>);
  STATIC_REQUIRE(Record<MetricsSnapshot>);
}

TEMPLATE_TEST_CASE("values arrive as they were", "", LossyKind, ReliableKind, ObservedKind) {
  for (const Seq start : kStarts) {
    const auto wire = std::make_unique<Wire<TestType>>(start);
    auto producer = wire->producer();
    auto consumer = wire->consumer(start);
    REQUIRE(producer.publish(Small{1, 2}, {.sig = 9, .ts = 4}));
    REQUIRE(producer.publish(large(5)));
    REQUIRE(producer.publish(Side::Sell));
    REQUIRE(producer.publish_blocking(1.5, {}, Bounded{1}));
    REQUIRE(producer.publish_blocking(std::uint64_t{77}));
    REQUIRE(producer.publish(Empty{}));
    {
      auto fragment = consumer.poll();
      REQUIRE(fragment);
      CHECK(fragment->sig() == 9);
      CHECK(fragment->metadata().ts == 4);
      CHECK(fragment->size() == sizeof(Small));
      const auto small = fragment->template as<Small>();
      REQUIRE(small);
      CHECK(*small == Small{1, 2});
    }
    CHECK(*next_as<Large>(consumer) == large(5));
    CHECK(*next_as<Side>(consumer) == Side::Sell);
    CHECK(*next_as<double>(consumer) == 1.5);
    CHECK(*next_as<std::uint64_t>(consumer) == 77);
    CHECK(next_as<Empty>(consumer));
  }
}

TEMPLATE_TEST_CASE("a message of another size is told, with both sizes, and is still there", "", LossyKind,
                   ReliableKind, ObservedKind) {
  const auto wire = std::make_unique<Wire<TestType>>(1);
  auto producer = wire->producer();
  auto consumer = wire->consumer(1);
  REQUIRE(producer.publish(Small{1, 2}));
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  const auto wrong = fragment->template as<Large>();
  CHECK(!wrong);
  CHECK(wrong.status().error() == Error::TypeMismatch);
  CHECK(wrong.status().actual() == sizeof(Small));
  CHECK(wrong.status().allowed() == sizeof(Large));
  CHECK(fragment->template as<std::uint8_t>().status().error() == Error::TypeMismatch);
  CHECK(fragment->template as<Small>());
  CHECK(consumer.delivered() == 1);
}

TEST_CASE("text and bytes are published as such, not as objects") {
  const auto wire = std::make_unique<Wire<ReliableKind>>(1);
  auto producer = wire->producer();
  auto consumer = wire->consumer(1);
  const std::vector<std::byte> bytes(3);
  const std::array<std::byte, 4> array{};
  REQUIRE(producer.publish("hello"));
  REQUIRE(producer.publish(std::string{"hello, world"}));
  REQUIRE(producer.publish(bytes));
  REQUIRE(producer.publish(array));
  REQUIRE(producer.publish_blocking("abcdef"));
  for (const std::size_t size : {5u, 12u, 3u, 4u, 6u}) {
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(fragment->size() == size);
  }
}

TEMPLATE_TEST_CASE("characters in an array are read up to the first NUL, and no further than the array goes", "",
                   LossyKind, ReliableKind, ObservedKind) {
  const auto wire = std::make_unique<Wire<TestType>>(1);
  auto producer = wire->producer();
  auto consumer = wire->consumer(1);
  const auto next = [&consumer] {
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    const auto bytes = *bytes_of(*fragment);
    return std::string{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  };
  // On the heap with nothing behind it, so that AddressSanitizer sees a byte too many.
  struct Unterminated {
    char name[8];
  };
  const auto full = std::make_unique<const Unterminated>(Unterminated{{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}});
  const auto short_one = std::make_unique<const Unterminated>(Unterminated{{'a', 'b', 0, 'd', 'e', 'f', 'g', 'h'}});
  REQUIRE(producer.publish(full->name));
  CHECK(next() == "abcdefgh");
  REQUIRE(producer.publish_blocking(full->name));
  CHECK(next() == "abcdefgh");
  struct Followed {
    char name[8];
    char behind[4];
  };
  const Followed followed{{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}, {'X', 'Y', 'Z', 0}};
  REQUIRE(producer.publish(followed.name));
  CHECK(next() == "abcdefgh");
  REQUIRE(producer.publish(short_one->name));
  CHECK(next() == "ab");
  REQUIRE(producer.publish(""));
  CHECK(next().empty());
  REQUIRE(producer.publish("hello"));
  CHECK(next() == "hello");
  REQUIRE(producer.publish("be\0fore"));
  CHECK(next() == "be");
  LargeMessage message{full->name};
  CHECK(message.size() == 8);
  REQUIRE(message.publish(producer));
  CHECK(next() == "abcdefgh");
  if constexpr (TestType::kKind != Kind::Reliable) {
    auto room = producer.reserve(8);
    REQUIRE(room);
    room.writer().write(0, full->name);
    REQUIRE(room.commit());
    CHECK(next() == "abcdefgh");
  }
}

TEMPLATE_TEST_CASE("emplace: made from its arguments, errors as publish, and then nothing is made", "", LossyKind,
                   ReliableKind, ObservedKind) {
  const auto wire = std::make_unique<Wire<TestType>>(1);
  auto producer = wire->producer();
  auto consumer = wire->consumer(1);
  REQUIRE(producer.template emplace<Small>({.sig = 3}, 4u, 5u));
  REQUIRE(producer.template emplace<Large>({.sig = 4}, large(8)));
  std::array<std::byte, 60> more{};
  more.back() = std::byte{9};
  REQUIRE(producer.template emplace<Located>({}, 6, more));
  {
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(fragment->sig() == 3);
    CHECK(*fragment->template as<Small>() == Small{4, 5});
  }
  CHECK(*next_as<Large>(consumer) == large(8));
  const auto located = next_as<Located>(consumer);
  REQUIRE(located);
  CHECK(located->number() == 6);
  CHECK(located->last() == std::byte{9});

  struct Huge {
    std::byte bytes[Wire<TestType>::kChunks * 64];
  };
  const auto huge = std::make_unique<Huge>();
  const Status refused = producer.publish(*huge);
  CHECK(refused.error() == Error::PayloadTooLarge);
  CHECK(refused.actual() == sizeof(Huge));
  CHECK(producer.template emplace<Huge>({}).error() == Error::PayloadTooLarge);
  producer.stop();
  CHECK(producer.template emplace<Small>({}, 1u, 2u).error() == Error::Stopped);
  CHECK(producer.template emplace<Large>({}).error() == Error::Stopped);
  CHECK(producer.next_seq() == 4);
}

TEST_CASE("emplace: a large one is made where it is read, on a reliable channel") {
  const auto wire = std::make_unique<Wire<ReliableKind>>(1);
  auto producer = wire->producer();
  auto consumer = wire->consumer(1);
  REQUIRE(producer.emplace<Located>({}, 6, std::array<std::byte, 60>{}));
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  CHECK(fragment->as<Located>()->self() == reinterpret_cast<std::uintptr_t>(fragment->payload().data()));
}

TEST_CASE("emplace: no room, no message; a reservation that is open stays so") {
  const auto wire = std::make_unique<Wire<ReliableKind>>(1);
  auto producer = wire->producer();
  for (int i = 0; i < 8; ++i) {
    REQUIRE(producer.emplace<Small>({}, 1u, 2u));
  }
  CHECK(producer.emplace<Small>({}, 1u, 2u).error() == Error::NoCredits);
  CHECK(producer.emplace<Large>({}).error() == Error::NoCredits);
  CHECK(producer.next_seq() == 9);

  const auto lossy = std::make_unique<Wire<LossyKind>>(1);
  auto other = lossy->producer();
  auto room = other.reserve(10);
  REQUIRE(room);
  CHECK(other.emplace<Large>({}).error() == Error::ReservationOpen);
  CHECK(other.publish(Small{1, 2}).error() == Error::ReservationOpen);
  CHECK(room.commit());
}

TEMPLATE_TEST_CASE("a value is read into an object of the reader's own, or nothing is", "", LossyKind, ReliableKind,
                   ObservedKind) {
  const auto wire = std::make_unique<Wire<TestType>>(1);
  auto producer = wire->producer();
  auto consumer = wire->consumer(1);
  REQUIRE(producer.publish(Small{1, 2}));
  REQUIRE(producer.publish(large(5)));
  REQUIRE(producer.template emplace<Located>({}, 6, std::array<std::byte, 60>{}));
  REQUIRE(producer.publish(std::uint8_t{2}));
  {
    auto fragment = consumer.poll();
    Large other = large(9);
    const Status wrong = fragment->copy_to(other);
    CHECK(wrong == Error::TypeMismatch);
    CHECK(wrong.actual() == sizeof(Small));
    CHECK(wrong.allowed() == sizeof(Large));
    CHECK(other == large(9));
    Small small{};
    CHECK(fragment->copy_to(small));
    CHECK(small == Small{1, 2});
  }
  {
    auto fragment = consumer.poll();
    Large read{};
    CHECK(fragment->copy_to(read));
    CHECK(read == large(5));
  }
  {
    auto fragment = consumer.poll();
    Located read{0, {}};
    CHECK(fragment->copy_to(read));
    CHECK(read.number() == 6);
    CHECK(PackedArray<Located>{std::as_bytes(std::span<const Located, 1>{&read, 1})}[0].number() == 6);
  }
  auto fragment = consumer.poll();
  bool none = false;
  CHECK(fragment->copy_to(none) == Error::TypeMismatch);
  CHECK(consumer.delivered() == 4);
}

TEMPLATE_TEST_CASE("a value is read where it lies, by a reliable consumer", "", ReliableKind, ObservedKind) {
  const auto wire = std::make_unique<Wire<TestType>>(1);
  auto producer = wire->producer();
  auto consumer = wire->consumer(1);
  REQUIRE(producer.publish(Small{1, 2}));
  REQUIRE(producer.publish(large(5)));
  REQUIRE(producer.publish(true));
  REQUIRE(producer.publish(std::uint8_t{2}));
  {
    auto fragment = consumer.poll();
    const Result<const Small&> small = fragment->template view_as<Small>();
    REQUIRE(small);
    CHECK(*small == Small{1, 2});
    CHECK(small->b == 2);
    CHECK(static_cast<const void*>(&*small) == fragment->payload().data());
    const auto wrong = fragment->template view_as<Large>();
    CHECK(!wrong);
    CHECK(wrong.status() == Error::TypeMismatch);
    CHECK(wrong.status().actual() == sizeof(Small));
    CHECK(wrong.status().allowed() == sizeof(Large));
    CHECK(violates([&] { static_cast<void>(*wrong); }));
  }
  {
    auto fragment = consumer.poll();
    const auto read = fragment->template view_as<Large>();
    REQUIRE(read);
    CHECK(*read == large(5));
    CHECK(static_cast<const void*>(&*read) == fragment->payload().data());
  }
  {
    auto fragment = consumer.poll();
    CHECK(*fragment->template view_as<bool>());
  }
  auto fragment = consumer.poll();
  CHECK(fragment->template view_as<bool>().status() == Error::TypeMismatch);
  CHECK(*fragment->template view_as<std::uint8_t>() == 2);
}

TEST_CASE("a payload that a program put together is read in place only if it is aligned") {
  alignas(8) std::array<std::byte, sizeof(Small) + 8> memory{};
  const detail::SlotWords words = detail::SlotWords::of(kInlineChunk, sizeof(Small), {});
  for (std::size_t offset = 0; offset != 8; ++offset) {
    const FragmentView view{detail::Passkey{}, 1, words, memory.data() + offset};
    CHECK(violates([&] { (void)view.view_as<Small>(); }) == (offset != 0));
    CHECK(view.as<Small>());
  }
}

TEST_CASE("a value that was overwritten before it was read is not one") {
  const auto wire = std::make_unique<Wire<LossyKind>>(1);
  auto producer = wire->producer();
  auto consumer = wire->consumer(1);
  REQUIRE(producer.publish(large(1)));
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  for (std::uint64_t i = 0; i < 8; ++i) {
    REQUIRE(producer.publish(large(i)));
  }
  const auto gone = fragment->as<Large>();
  CHECK(!gone);
  CHECK(gone.status().error() == Error::Overrun);
  Large own{};
  CHECK(fragment->copy_to(own) == Error::Overrun);
  CHECK(consumer.delivered() == 0);
  CHECK(consumer.lost() == 1);
}

TEMPLATE_TEST_CASE("a byte that is no bool is a message of another type", "", LossyKind, ReliableKind, ObservedKind) {
  const auto wire = std::make_unique<Wire<TestType>>(1);
  auto producer = wire->producer();
  auto consumer = wire->consumer(1);
  for (const bool value : {false, true}) {
    REQUIRE(producer.publish(value));
    const auto read = next_as<bool>(consumer);
    REQUIRE(read);
    CHECK(*read == value);
  }
  for (const std::uint8_t byte : std::array<std::uint8_t, 4>{2, 3, 128, 255}) {
    REQUIRE(producer.publish(byte));
    const auto none = next_as<bool>(consumer);
    CHECK(none.status().error() == Error::TypeMismatch);
  }
  CHECK(consumer.delivered() == 6);
}

TEST_CASE("a field that is no bool is not read as one, and the fragment is still there") {
  const auto wire = std::make_unique<Wire<LossyKind>>(1);
  auto producer = wire->producer();
  auto consumer = wire->consumer(1);
  const std::array<std::byte, 3> bytes{std::byte{1}, std::byte{2}, std::byte{0}};
  REQUIRE(producer.publish(bytes));
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  bool field = false;
  CHECK(fragment->read(0, field));
  CHECK(field);
  CHECK(!fragment->read(1, field));
  CHECK(fragment->validate());
  CHECK(fragment->read(2, field));
  CHECK(!field);
  CHECK(consumer.lost() == 0);
}
