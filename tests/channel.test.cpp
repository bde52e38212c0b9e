// SPDX-License-Identifier: Apache-2.0
// Channels as the builder makes them: every legal combination, in every kind of memory, and everything that is refused.
#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <tango/heap.hpp>
#include <tango/tango.hpp>
#include <tango/yield.hpp>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "support/combinations.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

// ThreadSanitizer's own cannot be replaced.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TANGO_TEST_KEEPS_NEW
#endif
#endif

#if !defined(TANGO_TEST_KEEPS_NEW)

namespace {

bool no_memory = false;  ///< whether an allocation that does not throw fails

}  // namespace

void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return no_memory ? nullptr : ::operator new(size, alignment);
}

TEST_CASE("without memory for it there is no channel, and nothing is thrown") {
  using Builder = ChannelBuilder<4, 4, 64>;
  static_assert(noexcept(tango::make_unique(Builder{})));
  no_memory = true;
  const auto none = tango::make_unique(Builder{});
  no_memory = false;
  CHECK(!none);
  CHECK(tango::make_unique(Builder{}));
}

#endif

namespace {

/// Another type of the same size and alignment.
struct Trade {
  std::uint64_t id;
  std::uint64_t price;
};

constexpr std::size_t kDepth = kBuiltDepth;

/// The `i`-th message.
Quote message(std::uint64_t i) { return {i * 3, static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i % 2)}; }

/// Across and back out, with the accounts that the channel keeps.
template <class C>
void check_a_lap(C& channel, Seq start) {
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  REQUIRE(producer);
  REQUIRE(consumer);
  CHECK(channel.start() == start);
  for (std::uint64_t i = 0; i < 3 * kDepth; ++i) {
    REQUIRE(producer.publish(message(i), {.sig = i}));
    CHECK(channel.position() == start + i + 1);
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(fragment->sig() == i);
    const auto value = fragment->template as<Quote>();
    REQUIRE(value);
    CHECK(*value == message(i));
    if constexpr (!std::is_same_v<typename C::Message, AnyMessage>) {
      const auto same = fragment->value();
      REQUIRE(same);
      CHECK(*same == message(i));
    }
  }
  consumer.release();
  if constexpr (C::kMetrics) {
    const MetricsSnapshot counted = channel.metrics().snapshot();
    CHECK(counted.published == 3 * kDepth);
    CHECK(counted.consumed == 3 * kDepth);
    CHECK(counted.published_bytes == 3 * kDepth * sizeof(Quote));
  }
  channel.stop();
  CHECK(producer.publish(message(0)).error() == Error::Stopped);
  CHECK(channel.closed());
  CHECK(consumer.poll().status() == PollStatus::Stopped);
}

/// Whether exactly those who must wait do.
template <class C>
void check_its_kind(C& channel) {
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  Status last;
  std::uint64_t accepted = 0;
  while (accepted < 2 * kDepth && (last = producer.publish(message(accepted))).ok()) {
    ++accepted;
  }
  if constexpr (C::kFlowControl) {
    CHECK(accepted == kDepth);
    CHECK(last.error() == Error::NoCredits);
    CHECK(consumer.poll());
    CHECK(consumer.lost() == 0);
    if constexpr (C::kObservers) {
      auto observer = channel.observer();
      CHECK(observer);
      CHECK(observer.poll());
    }
  } else {
    CHECK(accepted == 2 * kDepth);
    CHECK(consumer.poll().status() == PollStatus::Overrun);
    auto observer = channel.observer();  // on a lossy channel everyone is one
    CHECK(observer);
  }
}

struct GivesUp {
  bool idle(std::uint64_t) noexcept { return false; }
};

/// Blocking calls that are given no strategy use the channel's.
template <class Strategy, class B>
void check_waits_with(const B& builder) {
  auto channel = builder.template with_wait<Strategy>().build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  STATIC_REQUIRE(std::is_same_v<typename decltype(consumer)::DefaultStrategy, Strategy>);
  using C = decltype(channel);
  STATIC_REQUIRE(std::is_same_v<typename C::Producer::DefaultStrategy, Strategy>);
  if constexpr (C::kObservers || !C::kFlowControl) {
    STATIC_REQUIRE(std::is_same_v<typename C::Observer::DefaultStrategy, Strategy>);
  }
  if constexpr (std::is_same_v<Strategy, GivesUp>) {
    CHECK(consumer.wait().status() == PollStatus::Empty);
  }
  REQUIRE(producer.publish_blocking(message(1)));
  auto fragment = consumer.wait();
  REQUIRE(fragment);
  CHECK(*fragment->template as<Quote>() == message(1));
  channel.stop();
  CHECK(producer.publish_blocking(message(2)).error() == Error::Stopped);
  CHECK(consumer.wait().status() == PollStatus::Stopped);
}

struct Memory {
  alignas(128) std::array<std::byte, 16384> bytes;
};

template <class B>
Error attach_error(const B& builder, Memory& memory) {
  return builder.attach(memory.bytes).status().error();
}

}  // namespace

TEMPLATE_TEST_CASE(
    "every legal combination carries messages, on the stack, on the heap and in memory that is handed over", "",
    TANGO_EVERY_COMBINATION) {
  for (const Seq start : kStarts) {
    const auto builder = TestType{}().starting_at(start);
    {
      auto channel = builder.build();
      check_a_lap(channel, start);
    }
    {
      const auto channel = tango::make_unique(builder);
      check_a_lap(*channel, start);
    }
    {
      const auto memory = std::make_unique<Memory>();
      memory->bytes.fill(std::byte{0xA5});
      const auto made = builder.build_in(memory->bytes);
      REQUIRE(made);
      const auto found = builder.attach(memory->bytes);
      REQUIRE(found);
      CHECK(*found == *made);
      check_a_lap(**found, start);
    }
  }
}

TEMPLATE_TEST_CASE("every legal combination is of its kind", "", TANGO_EVERY_COMBINATION) {
  const auto channel = tango::make_unique(TestType{}());
  check_its_kind(*channel);
}

TEMPLATE_TEST_CASE("every legal combination goes with any wait strategy", "", TANGO_EVERY_COMBINATION) {
  check_waits_with<Busy>(TestType{}());
  check_waits_with<Pause>(TestType{}());
  check_waits_with<Yield>(TestType{}());
  check_waits_with<SpinThenYield>(TestType{}());
  check_waits_with<GivesUp>(TestType{}());
}

TEMPLATE_TEST_CASE("its objects are those that are wired by hand, and no more", "", TANGO_EVERY_COMBINATION) {
  using C = ChannelOf<TestType>;
  CHECK(std::is_standard_layout_v<C>);
  CHECK(std::is_trivially_destructible_v<C>);
  CHECK(!std::is_copy_constructible_v<C>);
  constexpr std::size_t kParts = 256 + sizeof(MCache<kDepth>) + sizeof(DCache<16, 64>) + sizeof(Fseq) +
                                 (C::kFlowControl ? sizeof(Fctl) : 0) + (C::kMetrics ? sizeof(Metrics) : 0);
  CHECK(sizeof(C) == kParts);
  CHECK(BuilderOf<TestType>::kSize == sizeof(C));
  CHECK(BuilderOf<TestType>::kAlignment == alignof(C));
}

TEST_CASE("credits: fewer than slots; too many or none are told by the endpoints") {
  auto three = Base{}.with_flow_control(3).build();
  auto producer = three.producer();
  auto consumer = three.consumer();
  CHECK(producer.available() == 3);
  for (const std::uint64_t credits : {std::uint64_t{0}, std::uint64_t{kDepth + 1}}) {
    auto channel = Base{}.with_flow_control(credits).build();
    CHECK(channel.producer().status().error() == Error::CreditsOutOfRange);
    CHECK(channel.producer().status().actual() == credits);
    CHECK(channel.consumer().status().error() == Error::CreditsOutOfRange);
  }
}

TEST_CASE("the wait strategy is the one that blocking calls use") {
  struct Once {
    bool idle(std::uint64_t) noexcept { return false; }
  };
  auto channel = Base{}.with_wait<Once>().with_flow_control().build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  CHECK(consumer.wait().status() == PollStatus::Empty);  // `Busy` would never return
  for (auto& fragment : consumer.fragments()) {
    static_cast<void>(fragment);
    FAIL("there is none");
  }
  for (std::uint64_t i = 0; i < kDepth; ++i) {
    REQUIRE(producer.publish_blocking("x"));
  }
  CHECK(producer.publish_blocking("x").error() == Error::NoCredits);
  CHECK(producer.publish_blocking(5).error() == Error::NoCredits);
  CHECK(producer.reserve_blocking(40).status().error() == Error::NoCredits);
  STATIC_REQUIRE(std::is_same_v<decltype(producer)::DefaultStrategy, Once>);
  STATIC_REQUIRE(std::is_same_v<decltype(Base{}.build())::Producer::DefaultStrategy, Busy>);
}

TEST_CASE("a typed channel: its producer publishes its type only, in every way") {
  auto channel = Base{}.of<Quote>().with_flow_control().build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  REQUIRE(producer.publish({1, 2, 3}, {.sig = 1}));
  REQUIRE(producer.publish_blocking({4, 5, 6}));
  REQUIRE(producer.emplace({.sig = 3}, 7u, 8u, 9u));
  REQUIRE(producer.emplace(10u, 11u, 12u));
  REQUIRE(producer.emplace(MessageInfo{.sig = 5}, 13u, 14u, 15u));
  STATIC_REQUIRE(decltype(producer)::max_payload() == decltype(channel)::max_payload());
  constexpr std::uint64_t kSigs[] = {1, 0, 3, 0, 5};
  for (std::uint32_t i = 0; i < 5; ++i) {
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(*fragment->as<Quote>() == Quote{1 + 3 * i, 2 + 3 * i, 3 + 3 * i});
    CHECK(fragment->sig() == kSigs[i]);
  }
  CHECK(producer.next_seq() == 6);
  CHECK(producer.available() == kDepth);
  for (std::uint32_t i = 0; i < kDepth; ++i) {
    REQUIRE(producer.publish({i, i, i}));
  }
  AtRound reading{2, 100, [&] { static_cast<void>(consumer.poll()); }};
  CHECK(producer.publish({9, 9, 9}).error() == Error::NoCredits);
  CHECK(producer.publish_blocking({9, 9, 9}, {}, reading));  // as soon as there is room
  auto moved = std::move(producer);
  CHECK(producer.status().error() == Error::Moved);  // NOLINT: that is what is tested
  CHECK(moved.stop());
}

namespace {

/// Every way to get at a message, by `value()` and by type.
template <class Producer, class Consumer>
void check_typed_reading(Producer& producer, Consumer& consumer) {
  STATIC_REQUIRE(std::is_same_v<decltype(std::declval<typename Consumer::Item&>().value()), Result<Quote>>);
  for (std::uint64_t i = 0; i < 6; ++i) {
    REQUIRE(producer.publish(message(i)));
  }
  {
    auto polled = consumer.poll();
    REQUIRE(polled);
    CHECK(*polled->value() == message(0));
    CHECK(*polled->template as<Quote>() == message(0));
  }
  {
    auto waited = consumer.wait();
    REQUIRE(waited);
    CHECK(*waited->value() == message(1));
  }
  {
    typename Consumer::Item items[2];
    auto batch = consumer.poll_batch(items);
    REQUIRE(batch.size() == 2);
    CHECK(*batch[0].value() == message(2));
    CHECK(*batch[1].template as<Quote>() == message(3));
    batch.release();
  }
  CHECK(consumer.poll_batch(1, [](auto& item) { CHECK(*item.value() == message(4)); }).count == 1);
  {
    Poller poller{consumer};
    auto fragment = poller.poll();
    REQUIRE(fragment);
    CHECK(*fragment->value() == message(5));
  }
  REQUIRE(producer.publish(message(6)));
  producer.stop();
  std::uint64_t in_range = 0;
  for (auto& fragment : consumer.fragments()) {
    CHECK(*fragment.value() == message(6));
    ++in_range;
  }
  CHECK(in_range == 1);
}

}  // namespace

namespace {

template <class P, class U>
constexpr bool kPublishes = requires(P& producer, const U& value) {
  producer.publish(value);
};

/// Says of itself that it is one.
struct Tagged {
  operator std::uint32_t() const noexcept { return 5; }
};
struct Price {
  Price(double value) noexcept : ticks{static_cast<std::uint64_t>(value * 100)} {}
  std::uint64_t ticks;
};

}  // namespace

TEST_CASE("a typed channel: its producer takes nothing for its type that would change on the way") {
  using Numbers = decltype(Base{}.of<std::uint32_t>().build())::Producer;
  STATIC_REQUIRE(kPublishes<Numbers, std::uint32_t>);
  STATIC_REQUIRE(kPublishes<Numbers, Tagged>);  // the type says that it is one
  STATIC_REQUIRE(!kPublishes<Numbers, int>);
  STATIC_REQUIRE(!kPublishes<Numbers, double>);
  STATIC_REQUIRE(!kPublishes<Numbers, bool>);
  STATIC_REQUIRE(!kPublishes<Numbers, std::uint16_t>);
  STATIC_REQUIRE(!kPublishes<Numbers, std::string>);
  using Flags = decltype(Base{}.of<bool>().build())::Producer;
  STATIC_REQUIRE(kPublishes<Flags, bool>);
  STATIC_REQUIRE(!kPublishes<Flags, const char*>);
  STATIC_REQUIRE(!kPublishes<Flags, char[3]>);
  STATIC_REQUIRE(!kPublishes<Flags, int>);
  using Prices = decltype(Base{}.of<Price>().build())::Producer;
  STATIC_REQUIRE(kPublishes<Prices, double>);
  STATIC_REQUIRE(!kPublishes<Prices, std::string>);

  auto channel = Base{}.of<std::uint32_t>().build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  REQUIRE(producer.publish(7u));
  REQUIRE(producer.publish({8}));
  REQUIRE(producer.publish(Tagged{}));
  REQUIRE(producer.publish_blocking({9}));
  for (const std::uint32_t expected : {7u, 8u, 5u, 9u}) {
    auto fragment = consumer.poll();
    REQUIRE(fragment);
    CHECK(*fragment->value() == expected);
  }
}

TEST_CASE("a typed channel: its consumers read its type only, in every way") {
  {
    auto channel = Base{}.of<Quote>().build();
    auto producer = channel.producer();
    auto consumer = channel.consumer();
    check_typed_reading(producer, consumer);
  }
  {
    auto channel = Base{}.of<Quote>().with_flow_control().build();
    auto producer = channel.producer();
    auto consumer = channel.consumer();
    check_typed_reading(producer, consumer);
  }
  {
    auto channel = Base{}.of<Quote>().with_flow_control().with_observers().build();
    auto producer = channel.producer();
    auto observer = channel.observer();
    check_typed_reading(producer, observer);
  }
}

TEST_CASE("a typed fragment is a fragment: code for any channel takes it, and it is no larger") {
  STATIC_REQUIRE(sizeof(TypedFragment<Quote, Fragment>) == sizeof(Fragment));
  STATIC_REQUIRE(sizeof(TypedFragment<Quote, SpeculativeFragment>) == sizeof(SpeculativeFragment));
  STATIC_REQUIRE(sizeof(TypedFragment<Quote, FragmentView>) == sizeof(FragmentView));
  STATIC_REQUIRE(!Record<TypedFragment<Quote, FragmentView>>);
  auto channel = Base{}.of<Quote>().with_flow_control().build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  REQUIRE(producer.publish(message(1)));
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  const auto size_of = [](const FragmentView& any) { return any.size(); };
  CHECK(size_of(*fragment) == sizeof(Quote));
  Fragment kept = std::move(*fragment);
  CHECK(kept.as<Quote>());
}

TEST_CASE("a typed message is read in place, or into an object of the reader's own") {
  auto channel = Base{}.of<Quote>().with_flow_control().with_observers().build();
  auto producer = channel.producer();
  auto consumer = channel.consumer();
  auto observer = channel.observer();
  REQUIRE(producer.publish(message(1)));
  REQUIRE(producer.publish(message(2)));
  Quote own{};
  {
    auto fragment = consumer.poll();
    const auto view = fragment->view();
    REQUIRE(view);
    CHECK(*view == message(1));
    CHECK(static_cast<const void*>(&*view) == fragment->payload().data());
    CHECK(fragment->copy_to(own));
    CHECK(own == message(1));
  }
  CHECK(consumer.poll_batch(8, [&](auto& item) { CHECK(*item.view() == message(2)); }).count == 1);
  auto fragment = observer.poll();
  own = message(0);
  CHECK(fragment->copy_to(own));
  CHECK(own == message(1));
  std::array<std::byte, sizeof(Quote)> bytes{};
  CHECK(fragment->copy_to(bytes));
  CHECK(std::memcmp(bytes.data(), &own, sizeof own) == 0);
}

TEST_CASE("a typed channel whose memory holds something else says so") {
  auto channel = Base{}.of<Quote>().with_flow_control().build();
  Producer producer{channel.mcache(), channel.dcache(), channel.fseq(), channel.fctl()};
  auto consumer = channel.consumer();
  REQUIRE(producer.publish("no quote"));
  auto fragment = consumer.poll();
  REQUIRE(fragment);
  const auto none = fragment->value();
  CHECK(none.status().error() == Error::TypeMismatch);
  CHECK(none.status().actual() == 8);
  CHECK(none.status().allowed() == sizeof(Quote));
  CHECK(fragment->view().status() == Error::TypeMismatch);
  Quote own{};
  CHECK(fragment->copy_to(own) == Error::TypeMismatch);
}

TEST_CASE("a new consumer joins at the channel's start or where it is now") {
  auto channel = Base{}.build();
  auto producer = channel.producer();
  REQUIRE(producer.publish("1"));
  REQUIRE(producer.publish("2"));
  auto all = channel.consumer();
  auto latest = channel.consumer(channel.position());
  CHECK(all.next_seq() == 1);
  CHECK(latest.next_seq() == 3);
  CHECK(channel.consumer(4).status().error() == Error::StartMismatch);
  CHECK(channel.producer().status().error() == Error::SecondProducer);
}

TEST_CASE("memory that is too small or misaligned is refused, and not touched") {
  const auto memory = std::make_unique<Memory>();
  memory->bytes.fill(std::byte{0xA5});
  const std::span<std::byte> all{memory->bytes};
  const auto untouched = [&] {
    return std::all_of(all.begin(), all.end(), [](std::byte b) { return b == std::byte{0xA5}; });
  };
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, Base::kSize - 1}) {
    for (const Status& status : {Base{}.build_in(all.first(size)).status(), Base{}.attach(all.first(size)).status()}) {
      CHECK(status.error() == Error::MemoryTooSmall);
      CHECK(status.actual() == size);
      CHECK(status.allowed() == Base::kSize);
    }
  }
  for (const std::size_t past : {1u, 64u, 127u}) {
    for (const Status& status :
         {Base{}.build_in(all.subspan(past)).status(), Base{}.attach(all.subspan(past)).status()}) {
      CHECK(status.error() == Error::MemoryMisaligned);
      CHECK(status.actual() == past);
      CHECK(status.allowed() == Base::kAlignment);
    }
  }
  CHECK(untouched());
  CHECK(Base{}.build_in(all.first(Base::kSize)));
  CHECK(std::all_of(all.begin() + Base::kSize, all.end(), [](std::byte b) { return b == std::byte{0xA5}; }));
}

TEST_CASE("who finds another channel than the one it was compiled for is told what differs, with both values") {
  const auto memory = std::make_unique<Memory>();
  const auto builder = reliable_typed();
  CHECK(attach_error(builder, *memory) == Error::NoChannel);
  REQUIRE(builder.build_in(memory->bytes));
  CHECK(attach_error(builder, *memory) == Error::None);
  CHECK(attach_error(builder.starting_at(5), *memory) == Error::None);  // a value, which the maker's is

  const auto depth = ChannelBuilder<4, 16, 64>{}.with_flow_control().of<Quote>(7).attach(memory->bytes).status();
  CHECK(depth.error() == Error::DepthMismatch);
  CHECK(depth.actual() == 8);
  CHECK(depth.allowed() == 4);
  CHECK(attach_error(ChannelBuilder<8, 8, 64>{}.with_flow_control().of<Quote>(7), *memory) == Error::ChunksMismatch);
  CHECK(attach_error(ChannelBuilder<8, 16, 65>{}.with_flow_control().of<Quote>(7), *memory) ==
        Error::ChunkSizeMismatch);
  CHECK(attach_error(lossy_typed(), *memory) == Error::KindMismatch);
  CHECK(attach_error(observed_typed(), *memory) == Error::KindMismatch);
  CHECK(attach_error(reliable_metrics_typed(), *memory) == Error::KindMismatch);
  const auto printed = [&](const auto& other) {
    char text[160];
    return std::string{print(other.attach(memory->bytes).status(), text)};
  };
  const std::string another_kind = "KindMismatch: the channel is of another kind: typed reliable, expected ";
  CHECK(printed(lossy_typed()) == another_kind + "typed lossy");
  CHECK(printed(observed_typed()) == another_kind + "typed observed");
  CHECK(printed(reliable_metrics_typed()) == another_kind + "typed reliable with metrics");
  CHECK(printed(reliable()) == another_kind + "reliable");
  CHECK(printed(observed_metrics()) == another_kind + "observed with metrics");
  CHECK(attach_error(Base{}.with_flow_control().of<double>(7), *memory) == Error::TypeMismatch);
  struct Tight {
    std::array<std::uint32_t, 4> words;
  };
  CHECK(attach_error(Base{}.with_flow_control().of<Tight>(7), *memory) == Error::AlignmentMismatch);
  // Also where its memory would not hold the other: what differs is why.
  const std::span<std::byte> exactly{memory->bytes.data(), decltype(builder)::kSize};
  const auto deeper = ChannelBuilder<16, 16, 64>{}.with_flow_control().of<Quote>(7).attach(exactly).status();
  CHECK(deeper.error() == Error::DepthMismatch);
  CHECK(deeper.actual() == 8);
  CHECK(deeper.allowed() == 16);
  CHECK(builder.attach(exactly));
  for (const std::size_t size : {std::size_t{0}, std::size_t{127}, std::size_t{128}, exactly.size() - 1}) {
    const auto cut = builder.attach(exactly.first(size)).status();
    CHECK(cut.error() == Error::MemoryTooSmall);
    CHECK(cut.actual() == size);
    CHECK(cut.allowed() == exactly.size());
  }
  const auto id = Base{}.with_flow_control().of<Trade>(8).attach(memory->bytes).status();
  CHECK(id.error() == Error::TypeIdMismatch);
  CHECK(id.actual() == 7);
  CHECK(id.allowed() == 8);
}

TEST_CASE("who looks for a channel while it is made finds none, or all of it") {
  const auto memory = std::make_unique<Memory>();
  const auto builder = reliable_metrics().starting_at(77);
  std::atomic<bool> looked{false};
  bool none_before = true;
  bool whole = false;
  std::thread other{[&] {
    auto found = builder.attach(memory->bytes);
    looked.store(true, std::memory_order_relaxed);
    while (!found) {
      none_before = none_before && found.status().error() == Error::NoChannel;
      found = builder.attach(memory->bytes);
    }
    whole = (*found)->start() == 77 && (*found)->consumer(77);
  }};
  while (!looked.load(std::memory_order_relaxed)) {
  }
  CHECK(builder.build_in(memory->bytes));
  other.join();
  CHECK(none_before);
  CHECK(whole);
}

TEST_CASE("who looks for a channel while it replaces one with other traits finds none, the other, or all of it") {
  const auto memory = std::make_unique<Memory>();
  const auto before = reliable_typed().starting_at(5);
  const auto builder = reliable_metrics().starting_at(77);
  bool told = true;
  int whole = 0;
  constexpr int kRounds = 500;
  for (int round = 0; round != kRounds; ++round) {
    REQUIRE(before.build_in(memory->bytes));
    std::atomic<bool> looked{false};
    std::thread other{[&] {
      auto found = builder.attach(memory->bytes);
      looked.store(true, std::memory_order_relaxed);
      while (!found) {
        const Error error = found.status().error();
        told = told && (error == Error::NoChannel || error == Error::KindMismatch || error == Error::TypeMismatch ||
                        error == Error::AlignmentMismatch || error == Error::TypeIdMismatch);
        found = builder.attach(memory->bytes);
      }
      whole += (*found)->start() == 77;
    }};
    while (!looked.load(std::memory_order_relaxed)) {
    }
    const bool made = static_cast<bool>(builder.build_in(memory->bytes));
    other.join();
    REQUIRE(made);
  }
  CHECK(told);
  CHECK(whole == kRounds);
}

TEST_CASE("every word of the descriptor counts: what differs is named, with both values") {
  const auto memory = std::make_unique<Memory>();
  const auto builder = observed_metrics_typed();
  REQUIRE(builder.build_in(memory->bytes));
  auto& superblock = *std::launder(reinterpret_cast<detail::Superblock*>(memory->bytes.data()));
  detail::ChannelDescriptor whole;
  REQUIRE(superblock.read(whole));
  constexpr std::array kErrors = {Error::LayoutMismatch,
                                  Error::None,            // the generation is the channel's own
                                  Error::OffsetMismatch,  // the bytes of all of it
                                  Error::KindMismatch,
                                  Error::OffsetMismatch,
                                  Error::DepthMismatch,
                                  Error::OffsetMismatch,
                                  Error::SlotSizeMismatch,
                                  Error::SlotSizeMismatch,
                                  Error::ChunksMismatch,
                                  Error::OffsetMismatch,
                                  Error::ChunkSizeMismatch,
                                  Error::OffsetMismatch,
                                  Error::PlacesMismatch,
                                  Error::OffsetMismatch,
                                  Error::OffsetMismatch,
                                  Error::TypeMismatch,
                                  Error::AlignmentMismatch,
                                  Error::TypeIdMismatch,
                                  Error::None};  // the credits are those that it was made with
  STATIC_REQUIRE(sizeof(detail::ChannelDescriptor) == kErrors.size() * 8);
  for (std::size_t i = 0; i < kErrors.size(); ++i) {
    CAPTURE(i);
    std::array<std::uint64_t, kErrors.size()> words;
    std::memcpy(words.data(), &whole, sizeof whole);
    const std::uint64_t expected = words[i];
    words[i] += 64;
    detail::ChannelDescriptor other;
    std::memcpy(&other, words.data(), sizeof other);
    // With a sum that is right, so that it is another channel's superblock, and no broken one.
    (::new (static_cast<void*>(&superblock)) detail::Superblock{other})->show();
    const Status status = builder.attach(memory->bytes).status();
    CHECK(status.error() == kErrors[i]);
    if (kErrors[i] != Error::None) {
      CHECK(status.actual() == expected + 64);
      CHECK(status.allowed() == expected);
    }
  }
  (::new (static_cast<void*>(&superblock)) detail::Superblock{whole})->show();
  CHECK(attach_error(builder, *memory) == Error::None);
}

TEST_CASE("a superblock that is not whole is none") {
  const auto memory = std::make_unique<Memory>();
  const auto builder = observed_metrics_typed();
  REQUIRE(builder.build_in(memory->bytes));
  for (std::size_t byte = 0; byte < 176; ++byte) {  // the magic number, the descriptor, its sum
    for (const std::byte bit : {std::byte{1}, std::byte{0x80}}) {
      CAPTURE(byte);
      memory->bytes[byte] ^= bit;
      CHECK(attach_error(builder, *memory) == Error::NoChannel);
      memory->bytes[byte] ^= bit;
    }
  }
  CHECK(attach_error(builder, *memory) == Error::None);
}

// What a channel lacks is not there for whoever asks with `requires`, in place of an error within the library.
namespace {

template <class C>
concept HasObserver = requires(C& channel) {
  channel.observer();
};
template <class C>
concept HasObserverFrom = requires(C& channel) {
  channel.observer(From::Next);
};
template <class C>
concept HasObserverOfTemporary = requires(C&& channel) {
  std::move(channel).observer();
};
template <class C>
concept HasFctl = requires(C& channel) {
  channel.fctl();
};
template <class C>
concept HasMetrics = requires(C& channel) {
  channel.metrics();
};

template <class... Make>
constexpr bool only_what_is_there() {
  return ((HasObserver<ChannelOf<Make>> == (!ChannelOf<Make>::kFlowControl || ChannelOf<Make>::kObservers) &&
           HasObserverFrom<ChannelOf<Make>> == HasObserver<ChannelOf<Make>> &&
           !HasObserverOfTemporary<ChannelOf<Make>> && HasFctl<ChannelOf<Make>> == ChannelOf<Make>::kFlowControl &&
           HasMetrics<ChannelOf<Make>> == ChannelOf<Make>::kMetrics &&
           HasMetrics<const ChannelOf<Make>> == ChannelOf<Make>::kMetrics) &&
          ...);
}
static_assert(only_what_is_there<TANGO_EVERY_COMBINATION>());

}  // namespace

TEST_CASE("what differs is found in the order in which it explains the most") {
  const auto memory = std::make_unique<Memory>();
  REQUIRE(Base{}.with_flow_control<3>().build_in(memory->bytes));
  CHECK(attach_error(Base{}.with_flow_control<3>(), *memory) == Error::None);
  const Status places = Base{}.with_flow_control<4>().attach(memory->bytes).status();
  CHECK(places.error() == Error::PlacesMismatch);  // not that the offsets of what follows differ, too
  CHECK(places.actual() == 3);
  CHECK(places.allowed() == 4);
  CHECK(attach_error(Base{}.with_flow_control(), *memory) == Error::PlacesMismatch);
  CHECK(attach_error(Base{}, *memory) == Error::KindMismatch);
}

TEST_CASE("every channel has a generation of its own, also at the address of another one") {
  const auto memory = std::make_unique<Memory>();
  std::vector<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto made = reliable_metrics().build_in(memory->bytes);
    REQUIRE(made);
    seen.push_back((*made)->generation());
    CHECK((*made)->generation() == (*made)->mcache().generation());
  }
  for (int i = 0; i < 1000; ++i) {
    seen.push_back(MCache<2>{}.generation());
  }
  std::sort(seen.begin(), seen.end());
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
  CHECK(seen.front() != detail::kNoGeneration);
  for (const std::uint64_t generation : seen) {
    CHECK(detail::is_name(generation, generation));
    CHECK(!detail::is_name(generation, detail::kNoGeneration));
  }
  CHECK(!detail::is_name(0, detail::kNoGeneration));
}

namespace {

/// One producer, as many consumers as there are places, one more, and what each of them reads.
template <std::size_t Places>
void check_flow_control_of() {
  auto channel = ChannelBuilder<8, 8, 64>{}.with_flow_control<Places>(4).build();
  STATIC_REQUIRE(std::remove_reference_t<decltype(channel.fctl())>::places() == Places);
  auto producer = channel.producer();
  std::vector<typename decltype(channel)::Consumer> consumers;
  for (std::size_t i = 0; i < Places; ++i) {
    consumers.push_back(channel.consumer());
    REQUIRE(consumers.back());
  }
  const auto refused = channel.consumer();
  CHECK(refused.status() == Error::TooManyConsumers);
  CHECK(refused.status().actual() == Places + 1);
  CHECK(refused.status().allowed() == Places);
  for (std::uint64_t i = 0; i < 4; ++i) {
    REQUIRE(producer.publish(message(i)));
  }
  CHECK(producer.publish(message(4)) == Error::NoCredits);
  for (auto& consumer : consumers) {  // the producer waits for each of them
    CHECK(producer.publish(message(4)) == Error::NoCredits);
    for (std::uint64_t i = 0; i < 4; ++i) {
      auto fragment = consumer.poll();
      REQUIRE(fragment);
      CHECK(*fragment->template as<Quote>() == message(i));
    }
  }
  CHECK(producer.available() == 4);
  consumers.pop_back();
  CHECK(channel.consumer());
  CHECK(channel.consumer());  // the place is free again
}

template <class C>
concept LendsTemporaries = requires {
  std::declval<C>().producer();
}
|| requires { std::declval<C>().consumer(); }
|| requires { std::declval<C>().observer(); };

}  // namespace

TEST_CASE("flow control with as many places as its user wants, 1 to 64") {
  check_flow_control_of<1>();
  check_flow_control_of<2>();
  check_flow_control_of<8>();
  check_flow_control_of<64>();
  using Default = decltype(Base{}.with_flow_control().build());
  STATIC_REQUIRE(std::is_same_v<Default, decltype(Base{}.with_flow_control<8>().build())>);
  STATIC_REQUIRE(!std::is_same_v<Default, decltype(Base{}.with_flow_control<9>().build())>);
}

TEMPLATE_TEST_CASE("no endpoint of a temporary channel can be asked for", "", TANGO_EVERY_COMBINATION) {
  STATIC_REQUIRE(!LendsTemporaries<ChannelOf<TestType>>);
}

TEST_CASE("the last reliable consumer is replaced while the producer goes on: all that was accepted arrives") {
  auto channel = ChannelBuilder<4, 4, 64>{}.with_flow_control().of<int>().build();
  auto producer = channel.producer();
  std::optional consumer{channel.consumer()};
  REQUIRE(producer.publish(1));
  REQUIRE(consumer->poll());
  const Seq resume = consumer->next_seq();
  consumer.reset();
  int accepted = 0;
  for (int i = 2; i <= 20; ++i) {
    accepted += producer.publish(i).ok() ? 1 : 0;
  }
  CHECK(accepted == 4);  // its credits
  auto successor = channel.consumer(resume);
  CHECK(successor.first() == resume);
  int got = 0;
  while (auto fragment = successor.poll()) {
    CHECK(*fragment->value() == 2 + got);
    ++got;
  }
  CHECK(got == accepted);
}

TEST_CASE("a reliable consumer restarts in good order, with a number or without one: nothing is lost") {
  for (const bool names_number : {false, true}) {
    auto channel = ChannelBuilder<64, 64, 64>{}.with_flow_control().with_metrics().of<Quote>().build();
    auto producer = channel.producer();
    {
      auto consumer = channel.consumer();
      for (std::uint64_t i = 1; i <= 10; ++i) {
        REQUIRE(producer.publish(message(i)));
      }
      while (auto fragment = consumer.poll()) {
      }
    }
    std::uint64_t refused = 0;
    for (std::uint64_t i = 11; i <= 1000; ++i) {
      refused += producer.publish(message(i)).ok() ? 0u : 1u;
    }
    CHECK(refused == 990 - 64);
    auto consumer = names_number ? channel.consumer(11) : channel.consumer();
    CHECK(consumer.first() == 11);
    for (std::uint64_t i = 11; i <= 74; ++i) {
      auto fragment = consumer.poll();
      REQUIRE(fragment);
      CHECK(*fragment->value() == message(i));
    }
    CHECK(consumer.lost() == 0);
    consumer.release();
    const MetricsSnapshot counted = channel.metrics().snapshot();
    CHECK(counted.published == 74);
    CHECK(counted.consumed == 74);
    CHECK(counted.lost == 0);
    CHECK(counted.backpressure == refused);
    CHECK(counted.lag == 0);
  }
}
