// SPDX-License-Identifier: Apache-2.0
// Raw bytes as a channel's memory: what a peer that has gone mad, or means harm, may leave there. Sequence numbers,
// sizes, chunks, claims, positions, credits: any word may hold anything, and change between two calls. Whatever stands
// there, every call ends, and answers with an error or with data that lies within the channel; nothing is touched
// outside of it (that is AddressSanitizer's part: the channel lies in a block of exactly its size).
//
// The label in front of it is forged, too, and attached to again: there the answer must be an error.
//
// What this does not show: words that change while a call is running. Each shared word is read once and checked as a
// local copy, which tests/steps.test.cpp shows.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tango::test {
[[noreturn]] inline void fail(const char* what) noexcept {
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}
}  // namespace tango::test
#define TANGO_PRECONDITION_FAILED(text) ::tango::test::fail(text)

#include <tango/tango.hpp>

#include "bytes.hpp"
#include "support/combinations.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

void expect(bool holds, const char* what) {
  if (!holds) {
    fail(what);
  }
}

/// Reads bytes so that a sanitizer sees it.
void touch(std::span<const std::byte> bytes) {
  std::uint64_t sum = 0;
  for (const std::byte b : bytes) {
    sum += static_cast<std::uint64_t>(b);
  }
  asm volatile("" : : "r"(sum));
}

template <class Make>
class Victim {
  using Builder = BuilderOf<Make>;
  using Channel = typename Builder::Channel;
  using Producer = typename Channel::Producer;
  static constexpr bool kTyped = std::is_same_v<typename Channel::Message, Quote>;
  static constexpr std::size_t kMost = Channel::max_payload();
  static constexpr std::size_t kWords = sizeof(Channel) / 8;
  static constexpr std::size_t kLabel = sizeof(detail::Superblock);
  static constexpr std::size_t kSaid = 8 + sizeof(detail::ChannelDescriptor) + 8;  ///< bytes of it that say something

  template <class C>
  struct Reader {
    Reader(C&& made, std::span<std::byte> memory) : consumer{std::move(made)}, reassembler{memory} {}
    C consumer;
    Reassembler<2> reassembler;
    std::optional<Poll<typename C::Fragment>> held;
  };
  using Own = Reader<typename Channel::Consumer>;
  using Observer = Reader<std::conditional_t<Channel::kFlowControl && !Channel::kObservers, typename Channel::Consumer,
                                             typename Channel::Observer>>;  // of which a reliable channel has none

 public:
  explicit Victim(Bytes& bytes) : bytes_{bytes} {
    const auto builder = Make{}();
    const std::span<std::byte> memory{memory_.get(), sizeof(Channel)};
    expect(static_cast<bool>(builder.starting_at(any_number()).build_in(memory)), "a channel fits its size");
    std::memcpy(label_.data(), memory_.get(), kLabel);
    if (bytes_.below(2) == 0) {
      // Nothing genuine but the label: without that nobody would look any further.
      const std::uint64_t first = any_number();
      const std::uint64_t step = any_number();
      for (std::size_t i = sizeof(detail::Superblock) / 8; i < kWords; ++i) {
        put(i, first + i * step);
      }
    }
    const auto found = builder.attach(memory);
    if (found) {
      channel_ = *found;
    }
  }

  void run() {
    for (int step = 0; channel_ != nullptr && step < 200 && !bytes_.empty(); ++step) {
      one_step();
    }
    room_.reset();
  }

 private:
  struct Free {
    void operator()(std::byte* bytes) const { ::operator delete (bytes, std::align_val_t{alignof(Channel)}); }
  };

  // ------------------------------------------------------------------------------------------------------- forging

  std::uint64_t any_number() {
    const std::uint64_t near = bytes_.below(256) - 128;
    switch (bytes_.below(8)) {
      case 0:
        return bytes_();
      case 1:
        return near;
      case 2:
        return (std::uint64_t{1} << 63) + near;
      case 3:
        return (std::uint64_t{1} << 32) + near;
      case 4:
        return bytes_.below(600) << 32 | bytes_.below(18);  // a size and a chunk
      case 5:
        return (near << 32) | kInlineChunk;
      default:
        return (channel_ != nullptr ? channel_->position() : 1) + near;
    }
  }

  void put(std::size_t word, std::uint64_t value) { std::memcpy(memory_.get() + word * 8, &value, 8); }

  /// Another value in one of the words, where they matter more often.
  void forge() {
    constexpr std::size_t kRing = sizeof(detail::Superblock) / 8;
    constexpr std::size_t kSlots = kRing + sizeof(detail::RingControl) / 8;
    constexpr std::size_t kPayload = kSlots + kBuiltDepth * 8;
    constexpr std::size_t kRest = kPayload + sizeof(DCache<16, 64>) / 8;
    const std::size_t word = [&] {
      switch (bytes_.below(6)) {
        case 5:  // where a fragment lies that may still be read
          return kSlots + (channel_->position() - 1 - bytes_.below(2)) % kBuiltDepth * 8 + 5;
        case 0:
          return kRing + bytes_.below(32);
        case 1:
          return kSlots + bytes_.below(kBuiltDepth) * 8 + 4 + bytes_.below(4);
        case 2:
          return kPayload + bytes_.below(8);
        case 3:
          return kRest + bytes_.below(kWords - kRest);
        default:
          return bytes_.below(kWords);
      }
    }();
    put(word, any_number());
  }

  // ----------------------------------------------------------------------------------------------------- producing

  void produce() {
    if (!producer_) {
      producer_.emplace(channel_->producer());
    }
    const MessageInfo info{bytes_.below(8), static_cast<std::uint16_t>(bytes_.below(64)), 3};
    if constexpr (kTyped) {
      static_cast<void>(bytes_.below(2) == 0 ? producer_->publish(Quote{1, 2, 3}, info)
                                             : producer_->publish_blocking(Quote{1, 2, 3}, info, Bounded{3}));
    } else {
      const std::span<const std::byte> payload = std::span{payload_}.first(any_size());
      switch (bytes_.below(8)) {
        case 0:
          static_cast<void>(producer_->publish_blocking(payload, info, Bounded{3}));
          break;
        case 1: {
          const Message batch[] = {{payload, info}, {payload.first(payload.size() / 2), info}};
          expect(producer_->publish_batch(batch).count <= 2, "no more than there are");
          break;
        }
        case 2: {
          const std::array<std::string_view, 3> words{"a", "", "hello"};
          expect(producer_->publish_packed(words, info).count <= 3, "no more records than there are");
          break;
        }
        case 3: {
          LargeMessage message{payload_, info, 1 + bytes_.below(kMost)};
          static_cast<void>(message.publish(*producer_));
          static_cast<void>(message.abort(*producer_));
          break;
        }
        case 4:
          reserve();
          break;
        case 5:
          static_cast<void>(producer_->available() + producer_->available_payload());
          break;
        default:
          static_cast<void>(producer_->publish(payload, info));
      }
    }
  }

  void reserve() {
    if (room_) {
      static_cast<void>(room_->commit_prefix(bytes_.below(room_->size() + 1)));
      room_.reset();
      return;
    }
    auto room = producer_->reserve(any_size());
    if (room) {
      fill(room, std::span{payload_}.first(room.size()));
      if constexpr (requires { room.span(); } && !Channel::kObservers && Channel::kFlowControl) {
        within(room.span());
      }
      room_.emplace(std::move(room));
    }
  }

  std::size_t any_size() { return bytes_.below(2) == 0 ? bytes_.below(100) : bytes_.below(kMost + 1); }

  // ----------------------------------------------------------------------------------------------------- consuming

  /// Bytes that were handed out lie in the channel.
  void within(std::span<const std::byte> bytes) const {
    const std::byte* const begin = memory_.get();
    const std::byte* const end = begin + sizeof(Channel);
    expect(bytes.empty() || (begin <= bytes.data() && bytes.data() < end &&
                             bytes.size() <= static_cast<std::size_t>(end - bytes.data())),
           "a payload lies in the channel");
  }

  void walk(std::span<const std::byte> payload) const {
    touch(payload);
    std::size_t records = 0;
    for (const std::span<const std::byte> record : PackedRecords{payload}) {
      touch(record);
      expect(++records <= payload.size() / 4, "no more records than there is room for");
    }
    static_cast<void>(PackedRecords{payload}.intact());
    for (const std::uint64_t word : PackedArray<std::uint64_t>{payload}) {
      touch(std::as_bytes(std::span{&word, 1}));
    }
  }

  template <class Fragment>
  void look_at(Fragment& fragment) const {
    const FragmentMetadata m = fragment.metadata();
    const bool in_slot = m.chunk == kInlineChunk;
    expect(in_slot ? m.size <= 32 : m.chunk < 16 && m.size <= 8 * 64 && m.chunk * 64 + m.size <= 16 * 64,
           "metadata that is handed out names bytes that are there");
    static_cast<void>(static_cast<bool>(fragment.template as<Quote>()));
    if constexpr (requires { fragment.payload(); }) {
      within(fragment.payload());
      walk(fragment.payload());
    } else {
      std::vector<std::byte> copy(fragment.size());
      const bool good = fragment.copy_to(copy).ok();
      expect(good == fragment.validate(), "what was copied validates as often as one asks");
      walk(copy);
      if (fragment.size() >= 8) {
        static_cast<void>(fragment.template load<std::uint64_t>(fragment.size() - 8));
      }
    }
  }

  template <class R>
  void consume(std::vector<std::unique_ptr<R>>& readers) {
    R& reader = *readers[bytes_.below(readers.size())];
    auto& consumer = reader.consumer;
    const auto filter = [](std::uint64_t sig) { return sig % 2 == 0; };
    const std::uint64_t choice = bytes_.below(9);
    if (choice != 0 && choice != 8) {
      reader.held.reset();
    }
    switch (choice) {
      case 0:
        if (reader.held && *reader.held) {  // it was there when it was delivered: it still lies where it lay
          look_at(**reader.held);
        }
        break;
      case 1:
        if (auto outcome = consumer.poll(filter)) {
          look_at(*outcome);
        }
        break;
      case 2: {
        std::array<typename decltype(R::consumer)::Item, 4> storage;
        auto batch = consumer.poll_batch(storage);
        expect(batch.size() <= storage.size(), "no more than there is room for");
        for (auto& item : batch) {
          look_at(item);
        }
        break;
      }
      case 3: {
        const BatchResult result = consumer.poll_batch(
            6, [&](auto& item) { look_at(item); }, filter);
        expect(result.count <= 6, "no more than were asked for");
        break;
      }
      case 4: {
        int elements = 0;
        for (auto& fragment : consumer.fragments(Bounded{2})) {
          look_at(fragment);
          if (++elements == 40) {
            break;
          }
        }
        break;
      }
      case 5: {
        Poller poller{consumer};
        auto outcome = poller.wait(Bounded{2});
        if (outcome) {
          look_at(*outcome);
        }
        break;
      }
      case 6:
        consumer.set_resume(bytes_.below(2) == 0 ? Resume::Oldest : Resume::Latest);
        consumer.release();
        break;
      case 7: {
        auto outcome = consumer.poll();
        if (outcome) {
          if (const auto message = reader.reassembler.accept(*outcome)) {
            walk(message->payload());
          }
        }
        break;
      }
      default:
        reader.held.emplace(consumer.wait(Bounded{2}));
        if (*reader.held) {
          look_at(**reader.held);
        }
    }
  }

  // --------------------------------------------------------------------------------------------------------- steps

  void one_step() {
    switch (bytes_.below(12)) {
      case 0:
      case 1:
        forge();
        break;
      case 2:
      case 3:
      case 4:
        produce();
        break;
      case 5:
        leave_or_stop();
        break;
      case 6:
        join();
        break;
      case 7:
        report();
        break;
      default:
        if (!owns_.empty() && (observers_.empty() || bytes_.below(2) == 0)) {
          consume(owns_);
        } else if (!observers_.empty()) {
          consume(observers_);
        }
    }
  }

  void join() {
    const Seq first = bytes_.below(2) == 0 ? channel_->start() : channel_->position() - bytes_.below(12);
    if constexpr (Channel::kObservers) {
      if (bytes_.below(2) == 0) {
        if (observers_.size() < 2) {
          observers_.push_back(std::make_unique<Observer>(channel_->observer(first), buffers_[observers_.size()]));
        } else {
          observers_.clear();
        }
        return;
      }
    }
    if (owns_.size() < 2) {
      owns_.push_back(std::make_unique<Own>(channel_->consumer(first), buffers_[2 + owns_.size()]));
    } else {
      owns_.clear();
    }
  }

  void leave_or_stop() {
    room_.reset();
    switch (bytes_.below(4)) {
      case 0:
        channel_->stop();
        break;
      case 1:
        if (producer_) {
          producer_->stop();
        }
        break;
      default:
        producer_.reset();
    }
  }

  void report() {
    std::array<char, 320> text;
    if constexpr (Channel::kMetrics) {
      expect(print(channel_->metrics().snapshot(), text).size() <= text.size(), "it fits");
    }
    if (producer_) {
      expect(print(producer_->status(), text).size() <= text.size(), "it fits");
    }
    static_cast<void>(channel_->closed());
    view();
    attach_again();
  }

  /// Everything that a view says, of memory in which any word may be anything.
  void view() { view_of(view_channel(std::span<const std::byte>{memory_.get(), sizeof(Channel)})); }

  void view_of(const Result<ChannelView>& found) {
    if (!found) {
      expect(found.status() != Error::MemoryMisaligned, "it is aligned");
      return;
    }
    std::vector<std::byte> buffer(static_cast<std::size_t>(found->max_payload()));
    static_cast<void>(found->state());
    for (std::size_t i = 0; i != found->places(); ++i) {
      static_cast<void>(found->place(i));
    }
    const auto read = [&](Seq seq) {
      static_cast<void>(found->metadata(seq));
      if (const auto message = found->read(seq, buffer)) {
        expect(message->payload.size() == message->metadata.size && message->metadata.seq == seq, "a message");
        touch(message->payload);
      }
    };
    if (const auto range = found->readable()) {
      expect(range->size() <= found->depth(), "no more than there are slots");
      read(range->first);
      read(range->next - 1);
      static_cast<void>(found->for_each(range->first, buffer, [](const MessageCopy& m) { touch(m.payload); }));
    }
    read(any_number());
  }

  /// The same, where the descriptor has other words and a sum that fits them.
  void view_of_another() {
    std::array<std::uint64_t, sizeof(detail::ChannelDescriptor) / 8> words;
    std::memcpy(words.data(), label_.data() + 8, sizeof words);
    for (std::uint64_t forged = bytes_.below(3); forged != 0; --forged) {
      std::uint64_t& word = words[bytes_.below(words.size())];
      switch (bytes_.below(3)) {
        case 0:
          word = any_number();
          break;
        case 1:
          word = std::uint64_t{1} << bytes_.below(64);
          break;
        default:
          word += bytes_.below(256) * 8 - 1024;
      }
    }
    (::new (memory_.get()) detail::Superblock{__builtin_bit_cast(detail::ChannelDescriptor, words)})->show();
    view();
    std::memcpy(memory_.get(), label_.data(), kLabel);
  }

  /// Another value in a word of the label, in which others may have been forged before: the channel is found exactly if
  /// all are as they were. They are then.
  void attach_again() {
    put(bytes_.below(kLabel / 8), bytes_.below(2) == 0 ? any_number() : std::uint64_t{1} << bytes_.below(64));
    const auto found = Make{}().attach(std::span<std::byte>{memory_.get(), sizeof(Channel)});
    expect(static_cast<bool>(found) == (std::memcmp(memory_.get(), label_.data(), kSaid) == 0),
           "a channel is found where its label stands, and nowhere else");
    view();
    expect(!found || *found == channel_, "where it is");
    std::memcpy(memory_.get(), label_.data(), kLabel);
    view_of_another();
  }

  Bytes& bytes_;
  std::unique_ptr<std::byte, Free> memory_{
      static_cast<std::byte*>(::operator new (sizeof(Channel), std::align_val_t{alignof(Channel)}))};
  Channel* channel_ = nullptr;
  std::array<std::byte, kLabel> label_{};  ///< as it was made
  std::array<std::byte, kMost + 100> payload_{};
  std::array<std::array<std::byte, 256>, 4> buffers_{};
  std::optional<Producer> producer_;
  std::optional<RoomOf<Producer>> room_;
  std::vector<std::unique_ptr<Own>> owns_;
  std::vector<std::unique_ptr<Observer>> observers_;
};

template <class... Makes>
void run_one_of(Bytes& bytes) {
  using Run = void (*)(Bytes&);
  constexpr Run kRuns[] = {[](Bytes& input) { Victim<Makes>{input}.run(); }...};
  kRuns[bytes.below(sizeof...(Makes))](bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes{{data, size}};
  run_one_of<TANGO_EVERY_COMBINATION>(bytes);
  return 0;
}
