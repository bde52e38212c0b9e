// SPDX-License-Identifier: Apache-2.0
// Views of channels: every kind, read by a program that knows its bytes only. Whatever stands in the memory, a view
// returns an error or a message that was published, and touches nothing outside (AddressSanitizer's part: each memory
// is a block of exactly its size).
#include <algorithm>
#include <array>
#include <atomic>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <tango/channel_view.hpp>
#include <tango/tango.hpp>
#include <thread>
#include <type_traits>
#include <vector>

#if defined(__unix__)
#include <sys/mman.h>
#endif

#include "support/channel.hpp"
#include "support/combinations.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

/// A block of exactly so many bytes, aligned as channels are.
class Memory {
 public:
  explicit Memory(std::size_t size)
      : bytes_{static_cast<std::byte*>(::operator new (size, std::align_val_t{kSeparation}))}, size_{size} {
    std::memset(bytes_.get(), 0, size);
  }
  explicit Memory(std::span<const std::byte> from) : Memory{from.size()} {
    if (!from.empty()) {
      std::memcpy(bytes_.get(), from.data(), from.size());
    }
  }
  [[nodiscard]] std::span<std::byte> bytes() const { return {bytes_.get(), size_}; }
  [[nodiscard]] std::span<const std::byte> view() const { return bytes(); }
  void put(std::size_t offset, std::uint64_t value) const { std::memcpy(bytes_.get() + offset, &value, 8); }

 private:
  struct Free {
    void operator()(std::byte* bytes) const { ::operator delete (bytes, std::align_val_t{kSeparation}); }
  };
  std::unique_ptr<std::byte, Free> bytes_;
  std::size_t size_;
};

/// What a builder makes, in a block of its own.
template <class Builder>
struct Made {
  using Channel = typename Builder::Channel;
  explicit Made(const Builder& builder) : memory{Builder::kSize}, channel{*builder.build_in(memory.bytes())} {}

  [[nodiscard]] ChannelView view() const {
    const auto found = view_channel(memory.view());
    REQUIRE(found);
    return *found;
  }

  Memory memory;
  Channel* channel;
};

struct Sent {
  std::vector<std::byte> bytes;
  MessageInfo info;
};

bool is_sent(const MessageCopy& message, Seq seq, const Sent& sent) {
  return message.metadata.seq == seq && message.metadata.sig == sent.info.sig && message.metadata.ts == sent.info.ts &&
         message.metadata.ctl == sent.info.ctl && message.metadata.size == sent.bytes.size() &&
         std::equal(sent.bytes.begin(), sent.bytes.end(), message.payload.begin(), message.payload.end());
}

/// Every number near what was published: a message that is returned is the one that was sent, what is readable is
/// returned on a channel at rest, and what is not there says why. Returns how many were read.
std::uint64_t compare(const ChannelView& view, Seq start, const std::vector<Sent>& sent) {
  std::vector<std::byte> buffer(static_cast<std::size_t>(view.max_payload()));
  const auto range = view.readable();
  REQUIRE(range);
  REQUIRE(range->next == start + sent.size());
  REQUIRE(range->size() <= view.depth());
  REQUIRE(range->size() <= sent.size());
  std::uint64_t good = 0;
  for (Seq s = start - 3; s != range->next + 3; ++s) {
    const std::uint64_t index = s - start;
    const auto message = view.read(s, buffer);
    const auto metadata = view.metadata(s);
    REQUIRE(static_cast<bool>(message) == static_cast<bool>(metadata));
    if (message) {
      REQUIRE(index < sent.size());
      REQUIRE(is_sent(*message, s, sent[static_cast<std::size_t>(index)]));
      REQUIRE(*metadata == message->metadata);
      ++good;
      continue;
    }
    REQUIRE(message.status() == metadata.status().error());
    REQUIRE(message.status() == (seq_lt(s, range->next) ? Error::Overrun : Error::NotReady));
    REQUIRE((seq_lt(s, range->first) || seq_le(range->next, s)));
  }
  return good;
}

/// Reads all that there is to read, where anything may be wrong.
void read_everything(const ChannelView& view) {
  std::vector<std::byte> buffer(static_cast<std::size_t>(view.max_payload()));
  static_cast<void>(view.status());
  static_cast<void>(view.state());
  for (std::size_t i = 0; i != view.places(); ++i) {
    if (const auto place = view.place(i)) {
      static_cast<void>(name(place->state));
    }
  }
  const auto range = view.readable();
  if (!range) {
    REQUIRE(range.status() == Error::Replaced);
    return;
  }
  const std::uint64_t around = std::min<std::uint64_t>(view.depth(), 12) + 2;
  for (Seq s = range->next - around; s != range->next + 3; ++s) {
    if (const auto message = view.read(s, buffer)) {
      std::vector<std::byte> copy(message->payload.begin(), message->payload.end());
      REQUIRE(copy.size() == message->metadata.size);
    }
    static_cast<void>(view.metadata(s));
    static_cast<void>(view.read(s, std::span{buffer}.first(std::min<std::size_t>(buffer.size(), 5))));
  }
  const ReadRun run = view.for_each(range->first, buffer, [](const MessageCopy&) {});
  REQUIRE(run.count + run.lost >= run.next - range->first);
}

constexpr std::size_t kSizes[] = {0, 1, 8, 31, 32, 33, 64, 65, 128, 200, 512};

/// Publishes the next message; whether there was room.
template <class P>
bool send(P& producer, std::vector<Sent>& sent) {
  const std::size_t i = sent.size();
  Sent next{{},
            {.sig = i * 77 + 5,
             .ctl = static_cast<std::uint16_t>(i % 2 == 0 ? kSom | kEom : kErr),
             .ts = static_cast<std::uint32_t>(i * 3)}};
  if constexpr (
      requires { producer.publish(Quote{}); } && !requires { producer.publish(std::string_view{}); }) {
    const Quote quote{i * 1000 + 7, static_cast<std::uint32_t>(i), 9};
    next.bytes.resize(sizeof quote);
    std::memcpy(next.bytes.data(), &quote, sizeof quote);
    if (!producer.publish(quote, next.info).ok()) {
      return false;
    }
  } else {
    next.bytes = payload_of(i, kSizes[i * 7 % std::size(kSizes)]);
    if (!producer.publish(next.bytes, next.info).ok()) {
      return false;
    }
  }
  sent.push_back(std::move(next));
  return true;
}

/// A channel's whole life, and a view that looks after every step.
template <class Builder>
void follow(const Builder& builder, Seq start, std::uint64_t messages) {
  const Made made{builder.starting_at(start)};
  const ChannelView view = made.view();
  std::vector<Sent> sent;
  std::uint64_t read = compare(view, start, sent);
  REQUIRE(read == 0);
  auto producer = made.channel->producer();
  REQUIRE(producer);
  using Channel = typename Builder::Channel;
  std::uint64_t stuck = 0;
  if constexpr (Channel::kFlowControl) {
    while (send(producer, sent)) {  // before the first consumer, and the first refill
      read = compare(view, start, sent);
      REQUIRE(read == sent.size());
    }
  }
  auto consumer = made.channel->consumer();
  REQUIRE(consumer);
  while (sent.size() < messages && stuck < 100) {
    stuck = send(producer, sent) ? 0 : stuck + 1;
    read += compare(view, start, sent);
    if (stuck != 0 || sent.size() % 3 == 0) {
      for (int i = 0; i != 3; ++i) {
        static_cast<void>(consumer.poll());
      }
      consumer.release();
    }
  }
  REQUIRE(stuck < 100);
  REQUIRE(read > messages);
  made.channel->stop();
  static_cast<void>(send(producer, sent));
  REQUIRE(view.state()->closed);
  compare(view, start, sent);
}

constexpr Seq kNearWrap = ~Seq{0} - 12;

}  // namespace

TEMPLATE_TEST_CASE("a view says what a channel is", "", TANGO_EVERY_COMBINATION) {
  using Channel = ChannelOf<TestType>;
  const Made made{TestType{}()};
  const ChannelView view = made.view();
  CHECK(view.generation() == made.channel->generation());
  CHECK(view.bytes() == sizeof(Channel));
  CHECK(view.depth() == kBuiltDepth);
  CHECK(view.slot_bytes() == 64);
  CHECK(view.inline_bytes() == 32);
  CHECK(view.chunks() == 16);
  CHECK(view.chunk_size() == 64);
  CHECK(view.max_payload() == Channel::max_payload());
  CHECK(view.has_flow_control() == Channel::kFlowControl);
  CHECK(view.has_observers() == (Channel::kObservers || !Channel::kFlowControl));
  CHECK(view.has_metrics() == Channel::kMetrics);
  CHECK(view.places() == (Channel::kFlowControl ? kMaxReliableConsumers : 0));
  CHECK(view.credits() == (Channel::kFlowControl ? kBuiltDepth : 0));
  constexpr bool kTyped = std::is_same_v<typename Channel::Message, Quote>;
  CHECK(view.is_typed() == kTyped);
  CHECK(view.type_size() == (kTyped ? sizeof(Quote) : 0));
  CHECK(view.type_align() == (kTyped ? alignof(Quote) : 0));
  CHECK(view.type_id() == (kTyped ? 7 : 0));
  CHECK((view.kind().find("typed") != std::string_view::npos) == kTyped);
  CHECK((view.kind().find("metrics") != std::string_view::npos) == Channel::kMetrics);
  CHECK(view.kind().find(!Channel::kFlowControl ? "lossy"
                         : Channel::kObservers  ? "observed"
                                                : "reliable") != std::string_view::npos);
}

TEMPLATE_TEST_CASE("a view reads every message that can be read, as it was sent", "", TANGO_EVERY_COMBINATION) {
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1, ~Seq{0}, kNearWrap}) {
    follow(TestType{}(), start, 60);
  }
}

TEST_CASE("a view reads rings of any depth, with more or fewer chunks than slots") {
  follow(ChannelBuilder<2, 2, 512>{}, kNearWrap, 40);
  follow(ChannelBuilder<2, 64, 64>{}.with_flow_control(), kNearWrap, 40);
  follow(ChannelBuilder<4, 16, 64>{}.with_flow_control().with_observers(), kNearWrap, 40);
  follow(ChannelBuilder<64, 16, 64>{}, kNearWrap, 300);
  follow(ChannelBuilder<64, 2, 512>{}, kNearWrap, 300);
  follow(ChannelBuilder<64, 2, 1000>{}.with_flow_control(1), kNearWrap, 100);
  follow(ChannelBuilder<64, 128, 100>{}.with_flow_control(5), kNearWrap, 100);
  follow(ChannelBuilder<1024, 1024, 512>{}.with_metrics().with_flow_control<64>(), kNearWrap, 2000);
}

TEST_CASE("messages whose chunks were taken away are overrun, also where their slots are still theirs") {
  const Made made{ChannelBuilder<16, 4, 64>{}.starting_at(kNearWrap)};
  const ChannelView view = made.view();
  auto producer = made.channel->producer();
  for (int i = 0; i != 10; ++i) {
    REQUIRE(producer.publish(payload_of(static_cast<Seq>(i), 50)));
  }
  CHECK(view.readable()->first == kNearWrap + 6);
  CHECK(view.state()->oldest == kNearWrap + 6);
  std::byte buffer[64];
  CHECK(view.read(kNearWrap + 5, buffer).status() == Error::Overrun);
  CHECK(view.read(kNearWrap + 6, buffer));
  const ReadRun run = view.for_each(kNearWrap, buffer, [](const MessageCopy&) {});
  CHECK(run.lost == 6);
  CHECK(run.count == 4);
  CHECK(run.next == kNearWrap + 10);
  CHECK(run.status == Error::NotReady);
}

TEST_CASE("on a reliable channel the messages from limit - credits on can be read") {
  const Made made{ChannelBuilder<8, 8, 64>{}.with_flow_control(3).starting_at(kNearWrap)};
  const ChannelView view = made.view();
  auto producer = made.channel->producer();
  auto consumer = made.channel->consumer();
  const auto bytes = payload_of(1, 40);
  for (int i = 0; i != 3; ++i) {
    REQUIRE(producer.publish(bytes));
  }
  REQUIRE_FALSE(producer.publish(bytes));
  CHECK(view.state()->limit == kNearWrap);  // none announced
  CHECK(view.readable()->size() == 3);
  for (int i = 0; i != 2; ++i) {
    REQUIRE(consumer.poll());
  }
  consumer.release();
  CHECK(view.readable()->first == kNearWrap);  // given back, but not taken back yet
  REQUIRE(producer.publish(bytes));
  CHECK(view.state()->limit == kNearWrap + 2 + 3);
  CHECK(view.readable()->first == kNearWrap + 2);
  CHECK(view.readable()->next == kNearWrap + 4);
  std::byte buffer[64];
  CHECK(view.read(kNearWrap + 1, buffer).status() == Error::Overrun);  // its slot is intact, but nothing proves it
  CHECK(view.read(kNearWrap + 2, buffer));
}

TEST_CASE("packed messages, large ones, and messages that were written in place") {
  const auto check_all = [](auto builder) {
    const Made made{builder};
    const ChannelView view = made.view();
    auto producer = made.channel->producer();
    const std::array<std::string_view, 3> words{"a", "", "hello"};
    REQUIRE(producer.publish_packed(words).count == 3);
    auto room = producer.reserve(100);
    REQUIRE(room);
    fill(room, payload_of(2, 100));
    std::vector<std::byte> buffer(static_cast<std::size_t>(view.max_payload()));
    CHECK(view.read(2, buffer).status() == Error::NotReady);  // reserved
    REQUIRE(room.commit());
    const auto large = payload_of(9, 1500);
    LargeMessage message{large};
    REQUIRE(message.publish(producer));

    std::vector<std::byte> whole;
    const ReadRun run = view.for_each(1, buffer, [&](const MessageCopy& copy) {
      if (copy.metadata.seq == 1) {
        std::size_t i = 0;
        for (const std::span<const std::byte> record : PackedRecords{copy.payload}) {
          CHECK(std::ranges::equal(record, std::as_bytes(std::span{words[i]})));
          ++i;
        }
        CHECK(i == 3);
      } else if (copy.metadata.seq == 2) {
        CHECK(is_payload_of(2, copy.payload));
      } else {
        CHECK(((copy.metadata.ctl & kSom) != 0) == whole.empty());
        whole.insert(whole.end(), copy.payload.begin(), copy.payload.end());
        CHECK(((copy.metadata.ctl & kEom) != 0) == (whole.size() == large.size()));
      }
    });
    CHECK(run.status == Error::NotReady);
    CHECK(whole == large);
  };
  check_all(ChannelBuilder<16, 64, 64>{});
  check_all(ChannelBuilder<16, 64, 64>{}.with_flow_control());
  check_all(ChannelBuilder<16, 64, 64>{}.with_flow_control().with_observers());
}

TEST_CASE("a view says how far a channel is, and who is there") {
  const Made made{ChannelBuilder<8, 8, 64>{}.with_flow_control().starting_at(100)};
  const ChannelView view = made.view();
  auto state = view.state();
  REQUIRE(state);
  CHECK(state->start == 100);
  CHECK(state->position == 100);
  CHECK(state->producer == ProducerState::None);
  CHECK(state->producer_epoch == 0);
  CHECK_FALSE(state->closed);
  CHECK_FALSE(state->stop_requested);
  CHECK(view.place(0)->state == PlaceState::Free);
  {
    auto producer = made.channel->producer();
    auto consumer = made.channel->consumer();
    REQUIRE(producer.publish("hello"));
    state = view.state();
    CHECK(state->position == 101);
    CHECK(state->producer == ProducerState::Producer);
    CHECK(state->producer_epoch == 1);
    CHECK(view.place(0)->state == PlaceState::Active);
    CHECK(view.place(0)->epoch == 1);
    CHECK(view.place(0)->position == 100);
    CHECK(view.place(1)->state == PlaceState::Free);
    static_cast<void>(consumer.poll());
    consumer.release();
    CHECK(view.place(0)->position == 101);
    made.channel->stop();
    CHECK(view.state()->stop_requested);
    CHECK_FALSE(view.state()->closed);
  }
  state = view.state();
  CHECK(state->closed);
  CHECK(state->position == 101);
  CHECK(state->producer == ProducerState::None);
  CHECK(view.place(0)->state == PlaceState::Kept);
  CHECK(name(ProducerState::Producer) == "Producer");
  CHECK(name(PlaceState::Kept) == "Kept");
  CHECK(name(PlaceState::Adopting) == "Adopting");
  CHECK(name(static_cast<PlaceState>(200)) == "Unknown");
  std::byte buffer[8];
  CHECK(view.read(100, buffer));
  CHECK(view.read(101, buffer).status() == Error::NotReady);
}

TEST_CASE("a buffer that is too small is told with both sizes, and nothing is copied") {
  const Made made{ChannelBuilder<8, 8, 64>{}};
  auto producer = made.channel->producer();
  REQUIRE(producer.publish(payload_of(1, 100)));
  std::vector<std::byte> buffer(99, std::byte{0x55});
  const auto status = made.view().read(1, buffer).status();
  CHECK(status == Error::BufferTooSmall);
  CHECK(status.actual() == 100);
  CHECK(status.allowed() == 99);
  CHECK(buffer == std::vector<std::byte>(99, std::byte{0x55}));
  CHECK(made.view().metadata(1)->size == 100);
  const ReadRun run = made.view().for_each(1, buffer, [](const MessageCopy&) {});
  CHECK(run.next == 1);
  CHECK(run.status == Error::BufferTooSmall);
}

TEMPLATE_TEST_CASE("metadata that names bytes which are not there is told with its values", "", decltype(lossy),
                   decltype(reliable), decltype(observed)) {
  constexpr std::size_t kExtentOfSlot1 = sizeof(detail::Superblock) + sizeof(detail::RingControl) + 64 + 40;
  struct Wrong {
    std::uint32_t chunk, size;
  };
  for (const Wrong wrong : {Wrong{16, 1}, Wrong{15, 65}, Wrong{0, 513}, Wrong{kInlineChunk, 33}, Wrong{0, ~0u},
                            Wrong{~0u - 1, 1}, Wrong{1u << 31, 64}}) {
    const Made made{TestType{}()};
    auto producer = made.channel->producer();
    REQUIRE(producer.publish("hello"));
    made.memory.put(kExtentOfSlot1, wrong.chunk | std::uint64_t{wrong.size} << 32);
    std::vector<std::byte> buffer(600);
    const auto status = made.view().read(1, buffer).status();
    CHECK(status == Error::Corrupt);
    CHECK(status.actual() == wrong.size);
    CHECK(status.allowed() == wrong.chunk);
    CHECK(made.view().metadata(1).status() == Error::Corrupt);
    CHECK(made.view().for_each(1, buffer, [](const MessageCopy&) {}).status == Error::Corrupt);
  }
}

TEST_CASE("a channel that took the place of another is not taken for it") {
  const auto builder = ChannelBuilder<8, 8, 64>{}.with_flow_control();
  const Made made{builder};
  const ChannelView old = made.view();
  {
    auto producer = made.channel->producer();
    REQUIRE(producer.publish("old"));
  }
  REQUIRE(old.status());
  const auto again = builder.build_in(made.memory.bytes());
  REQUIRE(again);
  auto producer = (*again)->producer();
  REQUIRE(producer.publish("new"));
  std::byte buffer[64];
  for (const Status& status :
       {old.status(), old.read(1, buffer).status(), old.metadata(1).status(), old.state().status(),
        old.place(0).status(), old.readable().status(), old.for_each(1, buffer, [](const MessageCopy&) {}).status}) {
    CHECK(status == Error::Replaced);
    CHECK(status.actual() == (*again)->generation());
    CHECK(status.allowed() == old.generation());
  }
  const ChannelView fresh = made.view();
  CHECK(fresh.status());
  CHECK(fresh.read(1, buffer)->payload.size() == 3);
  made.memory.put(0, 0);  // a third one is being made
  CHECK(fresh.status() == Error::Replaced);
}

// ----------------------------------------------------------------------------------------------- memory that is wrong

TEST_CASE("memory without a channel, and misaligned memory") {
  const Memory memory{1024};
  CHECK(view_channel(memory.view()).status() == Error::NoChannel);
  CHECK(view_channel({}).status() == Error::MemoryTooSmall);
  const auto misaligned = view_channel(memory.view().subspan(8)).status();
  CHECK(misaligned == Error::MemoryMisaligned);
  CHECK(misaligned.actual() == 8);
  CHECK(misaligned.allowed() == kSeparation);
}

TEMPLATE_TEST_CASE("truncated memory is refused at every length", "", TANGO_EVERY_COMBINATION) {
  const Made made{TestType{}()};
  const std::size_t needed = BuilderOf<TestType>::kSize;
  for (std::size_t size = 0; size < needed; size += 64) {
    const Memory part{made.memory.view().first(size)};
    const auto status = view_channel(part.view()).status();
    REQUIRE(status == Error::MemoryTooSmall);
    REQUIRE(status.actual() == size);
    REQUIRE(status.allowed() == (size < sizeof(detail::Superblock) ? sizeof(detail::Superblock) : needed));
  }
  CHECK(view_channel(made.memory.view()));
}

namespace {

/// A channel with something in it.
template <class Make>
Memory busy_channel() {
  Made made{Make{}().starting_at(kNearWrap)};
  auto producer = made.channel->producer();
  std::vector<Sent> sent;
  for (int i = 0; i != 7; ++i) {
    REQUIRE(send(producer, sent));
  }
  return Memory{made.memory.view()};
}

detail::ChannelDescriptor descriptor_of(const Memory& memory) {
  detail::ChannelDescriptor descriptor;
  std::memcpy(&descriptor, memory.bytes().data() + offsetof(detail::Superblock, words), sizeof descriptor);
  return descriptor;
}

using DescriptorWords = std::array<std::uint64_t, sizeof(detail::ChannelDescriptor) / 8>;

/// Another descriptor in front of the channel, with a sum that fits.
void relabel(const Memory& memory, const DescriptorWords& words) {
  (new (memory.bytes().data()) detail::Superblock{__builtin_bit_cast(detail::ChannelDescriptor, words)})->show();
}

void look(const Memory& memory) {
  const auto found = view_channel(memory.view());
  if (found) {
    read_everything(*found);
    return;
  }
  const Error error = found.status().error();
  REQUIRE((error == Error::NoChannel || error == Error::LayoutMismatch || error == Error::MemoryTooSmall ||
           error == Error::DescriptorInvalid));
}

std::vector<std::uint64_t> edges(std::uint64_t was, std::uint64_t bytes) {
  std::set<std::uint64_t> values{0, 1, 2, 3, 4, 7, 8, 9, 16, 31, 32, 63, 64, 65, 96, 127, 128, 256, 384, 512, 1024};
  for (int bit = 12; bit < 64; ++bit) {
    values.insert(std::uint64_t{1} << bit);
  }
  for (const std::uint64_t base :
       {was, bytes, bytes / 2, std::uint64_t{0}, std::uint64_t{1} << 32, std::uint64_t{1} << 63}) {
    for (const std::uint64_t by : std::initializer_list<std::uint64_t>{0, 1, 8, 32, 64, 128, 256, 512, 1024}) {
      values.insert(base + by);
      values.insert(base - by);
    }
  }
  values.insert(was * 2);
  values.insert(was / 2);
  return {values.begin(), values.end()};
}

}  // namespace

TEMPLATE_TEST_CASE("any byte of the superblock may be anything", "", TANGO_EVERY_COMBINATION) {
  const Memory memory = busy_channel<TestType>();
  std::byte* const bytes = memory.bytes().data();
  for (std::size_t i = 0; i != sizeof(detail::Superblock); ++i) {
    const std::byte was = bytes[i];
    for (int value = 0; value != 256; ++value) {
      bytes[i] = static_cast<std::byte>(value);
      if (i < 176 && bytes[i] != was) {
        REQUIRE_FALSE(view_channel(memory.view()));
      } else {
        REQUIRE(view_channel(memory.view()));
      }
    }
    bytes[i] = was;
  }
  look(memory);
}

TEMPLATE_TEST_CASE("any word of the descriptor may be anything", "", TANGO_EVERY_COMBINATION) {
  const Memory memory = busy_channel<TestType>();
  const auto original = __builtin_bit_cast(DescriptorWords, descriptor_of(memory));
  for (std::size_t i = 0; i != original.size(); ++i) {
    for (const std::uint64_t value : edges(original[i], memory.bytes().size())) {
      DescriptorWords words = original;
      words[i] = value;
      relabel(memory, words);
      look(memory);
    }
  }
  relabel(memory, original);
  look(memory);
}

TEMPLATE_TEST_CASE("any two words of the descriptor may be anything", "", decltype(lossy), decltype(reliable),
                   decltype(observed_metrics_typed)) {
  const Memory memory = busy_channel<TestType>();
  const auto original = __builtin_bit_cast(DescriptorWords, descriptor_of(memory));
  Random random{7};
  for (std::size_t i = 0; i != original.size(); ++i) {
    for (std::size_t k = 0; k != original.size(); ++k) {
      const auto first = edges(original[i], memory.bytes().size());
      const auto second = edges(original[k], memory.bytes().size());
      for (int round = 0; round != 40; ++round) {
        DescriptorWords words = original;
        words[i] = first[static_cast<std::size_t>(random.below(first.size()))];
        words[k] = second[static_cast<std::size_t>(random.below(second.size()))];
        relabel(memory, words);
        look(memory);
      }
    }
  }
}

TEST_CASE("a descriptor that contradicts itself is told with the word and where it stands") {
  struct Wrong {
    std::uint64_t detail::ChannelDescriptor::*word;
    std::uint64_t value;
    std::size_t offset;
  };
  using D = detail::ChannelDescriptor;
  const Memory memory = busy_channel<decltype(reliable)>();
  const D original = descriptor_of(memory);
  const Wrong wrongs[] = {
      {&D::generation, 0, 16},
      {&D::generation, original.generation + 1, 16},  // not the ring's
      {&D::kind, 0, 32},
      {&D::kind, 4, 32},
      {&D::kind, 16, 32},
      {&D::control_offset, 0, 40},
      {&D::control_offset, 264, 40},
      {&D::control_offset, original.bytes, 40},
      {&D::depth, 0, 48},
      {&D::depth, 1, 48},
      {&D::depth, 12, 48},
      {&D::depth, std::uint64_t{1} << 63, 56},  // a power of two: the slots do not fit
      {&D::slots_offset, original.bytes - 64, 56},
      {&D::slots_offset, ~std::uint64_t{0} - 7, 56},
      {&D::slot_bytes, 56, 64},
      {&D::slot_bytes, 65, 64},
      {&D::inline_bytes, 40, 64},  // more than the slots have
      {&D::inline_bytes, 31, 72},
      {&D::inline_bytes, ~std::uint64_t{0} - 31, 72},
      {&D::chunks, 3, 80},
      {&D::chunks, std::uint64_t{1} << 32, 80},
      {&D::chunks, 1024, 88},
      {&D::chunks_offset, original.bytes, 88},
      {&D::chunk_size, 0, 96},
      {&D::chunk_size, 63, 96},
      {&D::fseq_offset, original.bytes - 64, 104},
      {&D::places, 0, 112},
      {&D::places, 65, 112},
      {&D::places, 64, 120},
      {&D::fctl_offset, 0, 120},
      {&D::fctl_offset, original.bytes - 128, 120},
      {&D::metrics_offset, 512, 128},
      {&D::type_size, 8, 136},
      {&D::type_align, 8, 144},
      {&D::type_id, 1, 152},
      {&D::credits, 0, 160},
      {&D::credits, 9, 160},
  };
  for (const Wrong& wrong : wrongs) {
    D d = original;
    d.*wrong.word = wrong.value;
    relabel(memory, __builtin_bit_cast(DescriptorWords, d));
    const auto status = view_channel(memory.view()).status();
    const auto words = __builtin_bit_cast(DescriptorWords, d);
    CAPTURE(wrong.offset, wrong.value);
    CHECK(status == Error::DescriptorInvalid);
    CHECK(status.allowed() == wrong.offset);
    CHECK(status.actual() == words[(wrong.offset - 8) / 8]);
  }
  D d = original;
  d.layout = TANGO_LAYOUT_VERSION + 1;
  relabel(memory, __builtin_bit_cast(DescriptorWords, d));
  CHECK(view_channel(memory.view()).status() == Error::LayoutMismatch);
  CHECK(view_channel(memory.view()).status().actual() == TANGO_LAYOUT_VERSION + 1);
  memory.put(offsetof(detail::Superblock, sum), 0);  // which another layout may have elsewhere
  CHECK(view_channel(memory.view()).status() == Error::LayoutMismatch);
  d = original;
  d.bytes += 128;
  relabel(memory, __builtin_bit_cast(DescriptorWords, d));
  const auto too_small = view_channel(memory.view()).status();
  CHECK(too_small == Error::MemoryTooSmall);
  CHECK(too_small.actual() == original.bytes);
  CHECK(too_small.allowed() == original.bytes + 128);
}

TEMPLATE_TEST_CASE("any word behind the superblock may be anything", "", TANGO_EVERY_COMBINATION) {
  const Memory good = busy_channel<TestType>();
  const Memory memory{good.view()};
  Random random{11};
  const auto any = [&]() -> std::uint64_t {
    const std::uint64_t near = random.below(64) - 32;
    switch (random.below(5)) {
      case 0:
        return random();
      case 1:
        return kNearWrap + near;
      case 2:
        return random.below(600) << 32 | random.below(18);
      case 3:
        return near << 32 | kInlineChunk;
      default:
        return (std::uint64_t{1} << 63) + near;
    }
  };
  for (int round = 0; round != 3000; ++round) {
    if (round % 50 == 0) {
      std::memcpy(memory.bytes().data(), good.bytes().data(), good.bytes().size());
    }
    const std::size_t first = sizeof(detail::Superblock) / 8;
    const std::size_t words = memory.bytes().size() / 8;
    const std::size_t most = round % 3 == 0 ? words : first + 32 + 8 * 8;
    memory.put((first + static_cast<std::size_t>(random.below(most - first))) * 8, any());
    look(memory);
  }
}

#if defined(__unix__)
TEST_CASE("a view stores nothing: the memory may be mapped for reading only") {
  using Builder = std::invoke_result_t<decltype(reliable_metrics)>;
  const std::size_t size = (Builder::kSize + 4095) / 4096 * 4096;
  void* const mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(mapped != MAP_FAILED);
  const std::span<std::byte> memory{static_cast<std::byte*>(mapped), size};
  const auto channel = reliable_metrics().build_in(memory);
  REQUIRE(channel);
  {
    auto producer = (*channel)->producer();
    REQUIRE(producer.publish(payload_of(1, 300)));
  }
  REQUIRE(::mprotect(mapped, size, PROT_READ) == 0);
  const auto view = view_channel(memory);
  REQUIRE(view);
  std::vector<std::byte> buffer(512);
  const auto message = view->read(1, buffer);
  REQUIRE(message);
  CHECK(is_payload_of(1, message->payload));
  read_everything(*view);
  REQUIRE(::munmap(mapped, size) == 0);
}
#endif

// ------------------------------------------------------------------------------------------------------------ threads

namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool kSeesRaces = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool kSeesRaces = true;
#else
constexpr bool kSeesRaces = false;
#endif
#else
constexpr bool kSeesRaces = false;
#endif

constexpr std::size_t size_of(Seq seq, std::size_t most) { return static_cast<std::size_t>(seq * 37 % (most + 1)); }

void write(Seq seq, std::span<std::byte> out) {
  for (std::size_t i = 0; i != out.size(); ++i) {
    out[i] = static_cast<std::byte>(seq * 131 + i * 7);
  }
}

bool is_whole(const MessageCopy& message, Seq seq, std::size_t most) {
  if (message.metadata.seq != seq || message.metadata.sig != ~seq ||
      message.metadata.ts != static_cast<std::uint32_t>(seq) || message.payload.size() != size_of(seq, most)) {
    return false;
  }
  for (std::size_t i = 0; i != message.payload.size(); ++i) {
    if (message.payload[i] != static_cast<std::byte>(seq * 131 + i * 7)) {
      return false;
    }
  }
  return true;
}

/// A producer at full speed, a consumer where one is needed, and a view that reads by number.
template <class Builder>
void race(const Builder& builder, std::size_t most, std::uint64_t messages) {
  using Channel = typename Builder::Channel;
  const Made made{builder.starting_at(kNearWrap)};
  const ChannelView view = made.view();
  auto producer = made.channel->producer();
  std::atomic<bool> stuck = false;
  std::atomic<bool> done = false;

  std::thread consuming;
  if constexpr (Channel::kFlowControl) {
    consuming = std::thread{[&, consumer = made.channel->consumer()]() mutable {
      for (std::uint64_t got = 0; got != messages && !stuck;) {
        if (consumer.wait(Patient{})) {
          ++got;
        } else {
          stuck = true;
        }
      }
    }};
  }
  std::uint64_t read = 0;
  std::uint64_t wrong = 0;
  std::uint64_t refused = 0;
  std::thread viewing{[&] {
    std::vector<std::byte> buffer(most);
    Seq next = kNearWrap;
    for (bool last = false; !last;) {
      last = done;
      const ReadRun run = view.for_each(next, buffer, [&](const MessageCopy& message) {
        ++read;
        wrong += is_whole(message, message.metadata.seq, most) ? 0 : 1;
      });
      refused += run.status == Error::NotReady || run.status.ok() ? 0 : 1;
      if (!seq_le(next, run.next)) {
        ++refused;
      }
      next = run.next;
      // Again and again the oldest ones, which are about to be overwritten.
      const auto range = view.readable();
      for (Seq s = range->first; s != range->first + 2; ++s) {
        if (const auto message = view.read(s, buffer)) {
          ++read;
          wrong += is_whole(*message, s, most) ? 0 : 1;
        } else if (message.status() != Error::Overrun && message.status() != Error::NotReady) {
          ++refused;
        }
      }
      static_cast<void>(view.state());
    }
  }};
  std::vector<std::byte> payload(most);
  for (std::uint64_t i = 0; i != messages && !stuck; ++i) {
    const Seq seq = kNearWrap + i;
    const auto bytes = std::span{payload}.first(size_of(seq, most));
    write(seq, bytes);
    const MessageInfo info{.sig = ~seq, .ts = static_cast<std::uint32_t>(seq)};
    if (!producer.publish_blocking(bytes, info, Patient{}).ok()) {
      stuck = true;
    }
  }
  done = true;
  viewing.join();
  if (consuming.joinable()) {
    consuming.join();
  }
  CHECK_FALSE(stuck);
  CHECK(wrong == 0);
  CHECK(refused == 0);
  CHECK(read != 0);
}

}  // namespace

TEST_CASE("what a view reads is whole, while the producer runs at full speed") {
  constexpr std::uint64_t kMessages = 100'000;
  race(ChannelBuilder<16, 32, 64>{}, 300, kMessages);
  race(ChannelBuilder<16, 4, 128>{}, 200, kMessages);
  race(ChannelBuilder<16, 32, 64>{}.with_flow_control().with_observers(), 300, kMessages);
  // Where payloads are plain bytes, reading them is a race, and only the processor makes it a value to discard.
  race(ChannelBuilder<16, 32, 64>{}.with_flow_control(), kSeesRaces ? 0 : 300, kMessages);
  race(ChannelBuilder<16, 4, 128>{}.with_flow_control(), kSeesRaces ? 0 : 200, kMessages);
  race(ChannelBuilder<16, 32, 64>{}.with_flow_control(4), kSeesRaces ? 0 : 300, kMessages);
}
