// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <bit>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

struct Sample {
  std::uint32_t instrument;
  std::uint32_t price;
  std::uint16_t size;
  friend bool operator==(const Sample&, const Sample&) = default;
};

std::vector<Sample> ticks(std::size_t count) {
  std::vector<Sample> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    all[i] = {static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i * i + 7),
              static_cast<std::uint16_t>(i % 999)};
  }
  return all;
}

/// What the next fragment carries, copied out.
template <class Consumer>
std::vector<std::byte> next_payload(Consumer& consumer) {
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  std::vector<std::byte> bytes(fragment->size());
  if constexpr (requires { fragment->payload(); }) {
    std::memcpy(bytes.data(), fragment->payload().data(), bytes.size());
  } else {
    REQUIRE(fragment->copy_to(bytes).ok());
  }
  return bytes;
}

std::vector<Sample> unpacked(std::span<const std::byte> payload) {
  const PackedArray<Sample> array{payload};
  REQUIRE(array.intact());
  return {array.begin(), array.end()};
}

std::vector<std::string> strings(std::span<const std::byte> payload) {
  std::vector<std::string> all;
  const PackedRecords records{payload};
  REQUIRE(records.intact());
  for (const std::span<const std::byte> record : records) {
    all.emplace_back(reinterpret_cast<const char*>(record.data()), record.size());
  }
  return all;
}

}  // namespace

static_assert(std::forward_iterator<PackedArray<Sample>::Iterator>);
static_assert(std::forward_iterator<PackedRecords::Iterator>);
static_assert(Record<Sample> && Record<std::uint64_t> && Record<char>);
static_assert(!Record<const char*> && !Record<std::string_view> && !Record<std::span<const std::byte>> &&
              !Record<std::array<int, 3>> && !Record<int[3]> && !Record<std::string> && !Record<decltype(nullptr)>);

TEMPLATE_TEST_CASE("records of one type arrive under one number", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 8, 16> channel;
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  for (const std::size_t count : {1u, 2u, 3u, 17u, 42u}) {  // in the slot, and in one chunk and several
    const std::vector<Sample> sent = ticks(count);
    const BatchStatus batch = producer.publish_packed(sent, {.sig = 9, .ts = 5});
    CHECK(batch.status.ok());
    CHECK(batch.count == count);
    {
      auto fragment = consumer.poll();
      REQUIRE(fragment);
      CHECK(fragment->sig() == 9);
      CHECK(fragment->metadata().ts == 5);
      CHECK(fragment->metadata().ctl == (kSom | kEom));
      CHECK(fragment->size() == count * sizeof(Sample));
    }
    REQUIRE(producer.publish_packed(sent).count == count);
    CHECK(unpacked(next_payload(consumer)) == sent);
  }
  CHECK(producer.next_seq() == 11);
}

TEMPLATE_TEST_CASE("records of varying size arrive one by one", "", LossyKind, ReliableKind, ObservedKind) {
  Wiring<TestType::kKind, 8, 16> channel;
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  for (int i = 0; i < 16; ++i) {  // so that what is not written shows
    REQUIRE(producer.publish(std::vector<std::byte>(i % 2 == 0 ? 32 : 512, std::byte{0xEE})).ok());
    REQUIRE(consumer.poll());
  }
  std::vector<std::string> sent;
  for (std::size_t size = 0; size < 24; ++size) {  // every padding, an empty one; in the slot, then in chunks
    sent.emplace_back(size, static_cast<char>('a' + size));
    const BatchStatus batch = producer.publish_packed(sent);
    CHECK(batch.status.ok());
    REQUIRE(batch.count == sent.size());
    CHECK(strings(next_payload(consumer)) == sent);
  }
  // As byte ranges, too; and the padding is zeros, whatever the chunk held.
  const std::vector<std::vector<std::byte>> bytes(9, payload_of(3, 5));
  REQUIRE(producer.publish_packed(bytes).count == 9);
  const std::vector<std::byte> payload = next_payload(consumer);
  REQUIRE(payload.size() == 9 * 12);
  for (std::size_t i = 0; i < payload.size(); i += 12) {
    CHECK(std::vector(payload.begin() + static_cast<std::ptrdiff_t>(i) + 9,
                      payload.begin() + static_cast<std::ptrdiff_t>(i) + 12) == std::vector<std::byte>(3));
  }
  for (const std::span<const std::byte> record : PackedRecords{payload}) {
    CHECK(is_payload_of(3, record));
  }
}

TEST_CASE("any contiguous range of records is taken, and none is no message") {
  Wiring<Kind::Reliable, 8, 16> channel;
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  const std::uint64_t raw[] = {1, 2, 3};
  std::array<std::uint64_t, 3> array{1, 2, 3};
  CHECK(producer.publish_packed(raw).count == 3);
  CHECK(producer.publish_packed(array).count == 3);
  CHECK(producer.publish_packed(std::span{array}.first(2)).count == 2);
  CHECK(producer.publish_packed(std::string_view{"abc"}).count == 3);  // a range of chars
  const std::string_view words[] = {"to", "be"};
  CHECK(producer.publish_packed(words).count == 2);
  for (int i = 0; i < 3; ++i) {
    const std::vector<std::byte> payload = next_payload(consumer);
    const PackedArray<std::uint64_t> values{payload};
    REQUIRE(values.size() == (i == 2 ? 2 : 3));
    CHECK(values[1] == 2);
    CHECK_FALSE(values.empty());
  }
  const Seq next = producer.next_seq();
  const BatchStatus none = producer.publish_packed(std::vector<Sample>{});
  CHECK(none.status.ok());
  CHECK(none.count == 0);
  CHECK(producer.next_seq() == next);
}

TEST_CASE("what one message cannot carry is left to the next: exactly as many as fit are accepted") {
  Wiring<Kind::Reliable, 8, 16> channel;  // max_payload 512
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  const std::vector<std::uint64_t> values(100, 7);
  const BatchStatus most = producer.publish_packed(values);
  CHECK(most.count == 64);
  CHECK(most.status == Error::PayloadTooLarge);
  CHECK(most.status.actual() == 800);
  CHECK(most.status.allowed() == 512);
  CHECK(next_payload(consumer).size() == 512);

  const std::vector<std::string> strings_of_60(9, std::string(60, 'x'));
  const BatchStatus some = producer.publish_packed(strings_of_60);
  CHECK(some.count == 8);
  CHECK(some.status == Error::PayloadTooLarge);
  CHECK(some.status.actual() == 9 * 64);
  CHECK(strings(next_payload(consumer)).size() == 8);

  // The first record alone is too large: nothing is published.
  const std::string giant(509, 'y');
  const BatchStatus none = producer.publish_packed(std::vector{giant, std::string{"z"}});
  CHECK(none.count == 0);
  CHECK(none.status == Error::PayloadTooLarge);
  CHECK(none.status.actual() == 516);
  CHECK(none.status.allowed() == 512);
  struct Giant {
    char bytes[600];
  };
  CHECK(producer.publish_packed(std::vector<Giant>(2)).status == Error::PayloadTooLarge);
  CHECK(consumer.poll().status() == PollStatus::Empty);
}

TEMPLATE_TEST_CASE("where credits are short, as many records as there is room for are accepted", "", ReliableKind,
                   ObservedKind) {
  Wiring<TestType::kKind, 8, 8> channel;  // 8 chunks of 64, max_payload 256
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  const std::vector<std::uint64_t> values(32, 7);
  REQUIRE(producer.publish_packed(values).count == 32);                       // 4 chunks
  REQUIRE(producer.publish_packed(std::span{values}.first(16)).count == 16);  // 2 chunks: 2 are left
  const BatchStatus some = producer.publish_packed(values);
  CHECK(some.count == 16);
  CHECK(some.status == Error::NoCredits);
  // No chunk is left: no slot is spent on the few that it would hold by itself, unless that is all of them.
  const BatchStatus in_slot = producer.publish_packed(values);
  CHECK(in_slot.count == 0);
  CHECK(in_slot.status == Error::NoCredits);
  const std::vector<std::string> words(5, "abcdef");
  const BatchStatus words_in_slot = producer.publish_packed(words);
  CHECK(words_in_slot.count == 0);
  CHECK(words_in_slot.status == Error::NoCredits);
  CHECK(producer.publish_packed(std::span{values}.first(4)).count == 4);
  CHECK(producer.publish_packed(std::span{words}.first(2)).count == 2);
  const BatchStatus none = producer.publish_packed(std::vector<std::string>(2, std::string(40, 'z')));
  CHECK(none.count == 0);
  CHECK(none.status == Error::NoCredits);

  for (const std::size_t bytes : {256u, 128u, 128u, 32u, 24u}) {
    CHECK(next_payload(consumer).size() == bytes);
  }
  CHECK(consumer.poll().status() == PollStatus::Empty);
  // All given back: the free chunks lie on both sides of the wrap (5 in use before it are free, 8 in all).
  CHECK(producer.publish_packed(values).count == 32);

  // No slot at all.
  while (producer.publish("x").ok()) {
  }
  const BatchStatus full = producer.publish_packed(values);
  CHECK(full.count == 0);
  CHECK(full.status == Error::NoCredits);
}

TEST_CASE("a partial acceptance finds the longer free run, also behind the wrap") {
  Wiring<Kind::Reliable, 8, 8> channel;
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  const std::vector<std::uint64_t> values(32, 7);
  REQUIRE(producer.publish_packed(std::span{values}.first(24)).count == 24);  // chunks 0 1 2
  REQUIRE(producer.publish_packed(std::span{values}.first(24)).count == 24);  // chunks 3 4 5
  REQUIRE(next_payload(consumer).size() == 192);
  const auto held = consumer.poll();  // the first was given back: 0 1 2 are free, and 6 7
  REQUIRE(held);
  const BatchStatus some = producer.publish_packed(values);
  CHECK(some.count == 24);
  CHECK(some.status == Error::NoCredits);
}

TEST_CASE("a refused producer packs nothing") {
  Wiring<Kind::Reliable, 8, 8> channel;
  auto producer = channel.producer();
  auto second = channel.producer();
  const std::uint64_t values[] = {1, 2};
  CHECK(second.publish_packed(values).status == Error::SecondProducer);
  CHECK(second.publish_packed(std::span{values}.first(0)).status == Error::SecondProducer);
  auto room = producer.reserve(8);
  CHECK(producer.publish_packed(values).status == Error::ReservationOpen);
  room.drop();
  CHECK(producer.publish_packed(values).count == 2);
  CHECK(producer.stop());
  const BatchStatus stopped = producer.publish_packed(values);
  CHECK(stopped.status == Error::Stopped);
  CHECK(stopped.count == 0);
}

TEST_CASE("payloads that are something else are told apart") {
  const std::vector<std::byte> payload = payload_of(1, 25);
  CHECK_FALSE(PackedArray<Sample>{payload}.intact());
  CHECK(PackedArray<Sample>{payload}.size() == 0);
  CHECK(PackedArray<Sample>{payload}.begin() == PackedArray<Sample>{payload}.end());
  CHECK(PackedArray<std::byte>{payload}.size() == 25);
  CHECK(PackedArray<Sample>{{}}.intact());
  CHECK(PackedRecords{{}}.intact());

  // A last record whose padding is cut off is none.
  std::vector<std::byte> cut(9);
  cut[0] = std::byte{5};
  static_assert(std::endian::native == std::endian::little);
  CHECK(PackedRecords{cut}.begin() == PackedRecords{cut}.end());
  CHECK_FALSE(PackedRecords{cut}.intact());
  CHECK_FALSE(PackedRecords{std::span{cut}.first(3)}.intact());

  // Every size that can be forged into the second of three records: the walk stays inside.
  const std::vector<std::uint32_t> sizes = {0,  1,  3,   4,           5,           8,           9,
                                            12, 13, 100, 0x7FFF'FFFF, 0xFFFF'FFFB, 0xFFFF'FFFC, 0xFFFF'FFFF};
  for (const std::uint32_t size : sizes) {
    std::vector<std::byte> forged(3 * 8);
    for (std::size_t i = 0; i < 3; ++i) {
      const std::uint32_t given = i == 1 ? size : 4;
      std::memcpy(forged.data() + 8 * i, &given, 4);
    }
    std::size_t walked = 0;
    for (const std::span<const std::byte> record : PackedRecords{forged}) {
      REQUIRE(record.data() >= forged.data());
      REQUIRE(record.data() + record.size() <= forged.data() + forged.size());
      ++walked;
    }
    INFO("size " << size);
    CHECK(walked >= 1);
    CHECK(PackedRecords{forged}.intact() == (size <= 12));
    if (size > 12) {
      CHECK(walked == 1);
    }
  }
}

TEST_CASE("a packed message that is cut off has its own error: the bytes there, and those expected") {
  struct Sixteen {
    std::uint64_t a;
    std::uint64_t b;
  };
  for (std::size_t size = 0; size <= 48; ++size) {
    const std::vector<std::byte> payload(size);
    const PackedArray<Sixteen> records{payload};
    CAPTURE(size);
    if (size % 16 == 0) {
      CHECK(records.status().ok());
      CHECK(records.size() == size / 16);
    } else {
      CHECK(records.status() == Error::PackedTruncated);
      CHECK(records.status().actual() == size);
      CHECK(records.status().allowed() == (size / 16 + 1) * 16);
      CHECK(records.empty());
    }
  }

  // "abcde" (4 + 8 bytes), nothing (4), "xyz" (4 + 4), cut off everywhere.
  Wiring<Kind::Reliable, 8, 8> channel;
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  REQUIRE(producer.publish_packed(std::vector<std::string>{"abcde", "", "xyz"}).count == 3);
  const std::vector<std::byte> list = next_payload(consumer);
  REQUIRE(list.size() == 24);
  CHECK(PackedRecords{list}.status().ok());
  for (std::size_t size = 0; size < list.size(); ++size) {
    const PackedRecords cut{std::span{list}.first(size)};
    CAPTURE(size);
    if (size == 0 || size == 12 || size == 16) {  // between two records nothing shows it
      CHECK(cut.status().ok());
      continue;
    }
    CHECK(cut.status() == Error::PackedTruncated);
    CHECK(cut.status().actual() == size);
    CHECK(cut.status().allowed() == (size < 4 ? 4 : size < 12 ? 12 : size < 16 ? 16 : size < 20 ? 20 : 24));
    CHECK_FALSE(cut.intact());
  }

  // A forged size does not wrap round.
  std::vector<std::byte> forged(8, std::byte{0xFF});
  CHECK(PackedRecords{forged}.status() == Error::PackedTruncated);
  CHECK(PackedRecords{forged}.status().allowed() == 4 + std::uint64_t{0x1'0000'0000});
}

TEST_CASE("packed bools are 0 and 1, or none of them is read") {
  std::vector<std::byte> bytes(5, std::byte{1});
  CHECK(PackedArray<bool>{bytes}.status().ok());
  CHECK(PackedArray<bool>{bytes}.size() == 5);
  CHECK(PackedArray<bool>{bytes}[4]);
  bytes[3] = std::byte{2};
  const PackedArray<bool> none{bytes};
  CHECK(none.status() == Error::TypeMismatch);
  CHECK_FALSE(none.intact());
  CHECK(none.size() == 0);
  CHECK(none.begin() == none.end());
  CHECK(PackedArray<std::uint8_t>{bytes}.size() == 5);
}

namespace {

/// Gives back what a consumer has taken so far, each time a producer waits, and then gives up.
template <class Consumer>
struct Drains {
  Consumer* consumer;
  std::size_t* records;
  std::size_t times;

  bool idle(std::uint64_t round) noexcept {
    if (round >= times) {
      return false;
    }
    if (auto fragment = consumer->poll()) {
      *records += fragment->size() / sizeof(std::uint64_t);
    }
    consumer->release();
    return true;
  }
};

}  // namespace

TEMPLATE_TEST_CASE("all records are sent, in whole messages, as soon as there is room for each", "", ReliableKind,
                   ObservedKind) {
  Wiring<TestType::kKind, 8, 8> channel;  // max_payload 256: 32 values in 4 chunks
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  std::size_t read = 0;
  const std::vector<std::uint64_t> values(200, 7);
  const BatchStatus all =
      producer.publish_packed_blocking(values, {.sig = 3}, Drains<decltype(consumer)>{&consumer, &read, 100});
  CHECK(all.status.ok());
  CHECK(all.count == 200);
  CHECK(producer.next_seq() == 1 + 7);  // 6 x 32 and 8
  while (auto fragment = consumer.poll()) {
    CHECK(fragment->sig() == 3);
    read += fragment->size() / sizeof(std::uint64_t);
  }
  CHECK(read == 200);

  // Of varying size; the one that fits into no message ends it, and is told with its own size.
  std::vector<std::string> words(20, std::string(60, 'x'));
  words.push_back(std::string(300, 'y'));
  words.push_back("z");
  const BatchStatus some =
      producer.publish_packed_blocking(words, {}, Drains<decltype(consumer)>{&consumer, &read, 100});
  CHECK(some.count == 20);
  CHECK(some.status == Error::PayloadTooLarge);
  CHECK(some.status.actual() == 304);
  CHECK(some.status.allowed() == 256);
}

TEST_CASE("a strategy that gives up: as many records as went, exactly, and nothing of the next message") {
  Wiring<Kind::Reliable, 8, 8> channel;
  auto producer = channel.producer();
  auto consumer = channel.consumer(1);
  const std::vector<std::uint64_t> values(100, 7);
  const BatchStatus some = producer.publish_packed_blocking(values, {}, Bounded{3});
  CHECK(some.count == 64);  // two messages of 4 chunks
  CHECK(some.status == Error::NoCredits);
  CHECK(producer.next_seq() == 3);
  const BatchStatus none = producer.publish_packed_blocking(std::span{values}.first(0), {}, Bounded{3});
  CHECK(none.status.ok());
  CHECK(none.count == 0);
  CHECK(producer.next_seq() == 3);
  CHECK(producer.stop());
  CHECK(producer.publish_packed_blocking(values).status == Error::Stopped);
  CHECK(producer.publish_packed_blocking(values).count == 0);
}
