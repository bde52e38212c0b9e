// SPDX-License-Identifier: Apache-2.0
// This library's lossy channel, where the producer never waits: no peer has one.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tango/tango.hpp>
#include <utility>
#include <vector>

#include "../contender.hpp"
#include "../enter.hpp"
#include "../kernels.hpp"
#include "queues.hpp"
#include "tango.hpp"

namespace bench {
namespace {

/// With as many chunks as slots.
template <std::size_t Bytes, std::size_t Capacity>
class InChunks {
 public:
  static constexpr std::size_t kBytes = Bytes;
  static constexpr std::size_t kCapacity = Capacity;
  static constexpr const char* kQueue = "tango, lossy";

  [[nodiscard]] auto producer() { return tango::Producer{mcache_, dcache_, fseq_}; }
  [[nodiscard]] auto consumer() const { return tango::Consumer{mcache_, dcache_, 1}; }
  [[gnu::always_inline]] static bool publish(auto& producer, const Message<Bytes>& message) {
    return producer.publish(message.bytes()).ok();
  }

 private:
  tango::MCache<Capacity> mcache_;
  tango::DCache<Capacity, Bytes> dcache_;
  tango::Fseq fseq_{1};
};

/// Each message in its slot.
template <std::size_t Bytes, std::size_t Capacity>
class InSlots {
  static constexpr auto kBuilder = tango::ChannelBuilder<Capacity>{}.template of<Packet<Bytes>>();

 public:
  static constexpr std::size_t kBytes = Bytes;
  static constexpr std::size_t kCapacity = Capacity;
  static constexpr const char* kQueue = "tango, lossy, in slots";

  [[nodiscard]] auto producer() { return channel_.producer(); }
  [[nodiscard]] auto consumer() { return channel_.consumer(); }
  [[gnu::always_inline]] static bool publish(auto& producer, const Message<Bytes>& message) {
    return producer.publish(Packet<Bytes>::of(message)).ok();
  }

 private:
  typename decltype(kBuilder)::Channel channel_ = kBuilder.build();
};

/// Our reliable channels in the same memory: what the lossy ones are measured against.
template <std::size_t Bytes, std::size_t Capacity>
class ReliableInSlots : public TangoSlots<Bytes, Capacity, true> {
 public:
  static constexpr const char* kQueue = "tango, in slots";
};
template <std::size_t Bytes, std::size_t Capacity>
class ReliableInSlotsBatch : public TangoSlotBatch<Bytes, Capacity, true, kBulk> {
 public:
  static constexpr const char* kQueue = "tango, in slots";
};
template <std::size_t Bytes, std::size_t Capacity>
using ReliableInChunks = TangoPoll<Bytes, Capacity>;
template <std::size_t Bytes, std::size_t Capacity>
using ReliableInChunksBatch = TangoBatch<Bytes, Capacity>;

/// One by one, or all that are there.
enum class Take : std::uint8_t { One, All };

/// Copies out and validates every fragment that it gets, checks what is valid, and keeps account of the rest.
template <class Channel, Take kTake, class Wait>
class Reader {
  static constexpr std::size_t kBytes = Channel::kBytes;

 public:
  Reader(Channel& channel, const char* name)
      : consumer_{channel.consumer()}, name_{name}, copy_{std::make_unique<Message<kBytes>>()} {}

  /// Until message number `last` has been dealt with.
  void read_until(tango::Seq last) {
    while (consumer_.next_seq() <= last) {
      const tango::PollStatus status = read();
      if (status != tango::PollStatus::Fragment && status != tango::PollStatus::Overrun) [[unlikely]] {
        void_run(name_, "a message never arrived");
      }
    }
    if (consumer_.delivered() + consumer_.lost() != last) [[unlikely]] {
      void_run(name_, "messages are unaccounted for");
    }
  }

  [[nodiscard]] std::uint64_t delivered() const { return consumer_.delivered(); }

 private:
  [[gnu::always_inline]] tango::PollStatus read() {
    if constexpr (kTake == Take::One) {
      auto fragment = consumer_.wait(Wait{});
      if (fragment) {
        check(*fragment);
      }
      return fragment.status();
    } else {
      tango::BatchResult result;
      wait_for<Wait>([&] {
        result = consumer_.poll_batch(Channel::kCapacity, [this](auto& fragment) { check(fragment); });
        return result.count != 0 || result.status != tango::PollStatus::Empty;
      });
      return result.count != 0 ? tango::PollStatus::Fragment : result.status;
    }
  }

  [[gnu::always_inline]] void check(auto& fragment) {
    if (fragment.seq() != expected_) {  // after a loss: to find a message by its number takes a division
      cursor_.go_to(fragment.seq() - 1);
    }
    expected_ = fragment.seq() + 1;
    const Message<kBytes>& sent = cursor_.next();
    const std::span<std::byte> copy = std::as_writable_bytes(std::span{copy_.get(), 1});
    if (fragment.copy_to(copy).ok() && (fragment.size() != kBytes || !sent.is(copy.data()))) [[unlikely]] {
      void_run(name_, "it delivered a wrong message");
    }
  }

  decltype(std::declval<Channel&>().consumer()) consumer_;
  const char* name_;
  std::unique_ptr<Message<kBytes>> copy_;
  typename Messages<kBytes>::ReadCursor cursor_{kMessages<kBytes>};
  tango::Seq expected_ = 1;  ///< the number whose message is the cursor's next one
};

/// One producer and `readers` consumers: what it took and what arrived.
struct Outcome {
  double total_ns = 0;
  double publishing_ns = 0;
  std::vector<std::uint64_t> delivered{};  ///< to each reader
};

template <class Channel, Take kTake, class Wait>
Outcome publish_to(const Placement& placement, std::uint64_t count, std::size_t readers, const char* name) {
  constexpr std::size_t kBytes = Channel::kBytes;
  constexpr std::size_t kLap = Channel::kCapacity;  // once round all its memory
  const auto channel = std::make_unique<Channel>();
  Outcome outcome{.delivered = std::vector<std::uint64_t>(readers)};
  const auto send = [&](Turn& turn) {
    auto producer = channel->producer();
    typename Messages<kBytes>::ReadCursor cursor{kMessages<kBytes>};
    const auto publish = [&](std::uint64_t messages) {
      for (std::uint64_t i = 0; i < messages; ++i) {
        if (!Channel::publish(producer, cursor.next())) [[unlikely]] {
          void_run(name, "it takes no more messages");
        }
      }
    };
    turn.meet();
    publish(kLap);
    turn.meet();
    publish(count);
    outcome.publishing_ns = nanoseconds(Clock::now() - turn.began());
  };
  std::atomic<std::size_t> next_reader{0};
  const auto receive = [&](Turn& turn) {
    std::uint64_t& delivered = outcome.delivered[next_reader.fetch_add(1, std::memory_order_relaxed)];
    Reader<Channel, kTake, Wait> reader{*channel, name};
    turn.meet();
    reader.read_until(kLap);
    const std::uint64_t before = reader.delivered();
    turn.meet();
    reader.read_until(kLap + count);
    delivered = reader.delivered() - before;
  };
  std::vector<Part> parts(1 + readers, Part{receive});
  parts[0] = Part{send};
  outcome.total_ns = run_together(placement, parts);
  return outcome;
}

/// Its figure is the time for each message that was delivered and found valid, not for those published.
template <class Channel, Take kTake, class Wait>
Run lossy(const Placement& placement, const Load& load) {
  const Outcome outcome = publish_to<Channel, kTake, Wait>(placement, load.count, 1, Channel::kQueue);
  const auto count = static_cast<double>(load.count);
  const auto delivered = static_cast<double>(outcome.delivered[0]);
  return {outcome.total_ns / (delivered > 0 ? delivered : 1),
          {{"delivered", delivered}, {"lost", count - delivered}, {"publish_ns", outcome.publishing_ns / count}}};
}

template <class Channel, Take kTake, class Wait>
void enter_one(Field& field) {
  constexpr const char* kWay = kTake == Take::One ? "publish, poll, copy_to" : "publish, poll_batch, copy_to";
  field.contenders.push_back({Kind::Lossy, Channel::kBytes, Channel::kQueue, kWay, Wait::kName, Channel::kCapacity,
                              true, lossy<Channel, kTake, Wait>});
}

template <class Channel, Take kTake>
void enter_waiting(Field& field) {
  enter_one<Channel, kTake, SpinWait>(field);
  enter_one<Channel, kTake, PauseWait>(field);
  enter_one<Channel, kTake, SlipWait>(field);
}

template <template <std::size_t, std::size_t> class Channel, std::size_t... Bytes>
void enter_sizes(Field& field) {
  (enter_waiting<Channel<Bytes, 1024>, Take::One>(field), ...);
  (enter_waiting<Channel<Bytes, 1024>, Take::All>(field), ...);
}

template <template <std::size_t, std::size_t> class Queue, std::size_t... Bytes>
void enter_reliable(Field& field) {
  (bench::detail::enter_waiting<Kind::Lossy, Bytes, Queue<Bytes, 1024>>(field), ...);
}

/// Its figure is what a publish costs the producer.
void enter_fanout(Field& field, std::size_t readers) {
  const std::string name = "tango, lossy consumers: " + std::to_string(readers);
  field.contenders.push_back(
      {Kind::Fanout, 64, name, "publish, copy_to", SpinWait::kName, 1024, true,
       [readers](const Placement& placement, const Load& load) {
         const Outcome outcome =
             publish_to<InChunks<64, 1024>, Take::One, SpinWait>(placement, load.count, readers, "tango, fanout");
         Run run{outcome.publishing_ns / static_cast<double>(load.count)};
         for (std::size_t i = 0; i < readers; ++i) {
           run.also.emplace_back("delivered_" + std::to_string(i + 1), static_cast<double>(outcome.delivered[i]));
         }
         return run;
       }});
}

}  // namespace

void enter_tango_lossy(Field& field, std::size_t cores) {
  enter_reliable<ReliableInChunks, 8, 64, 256, 1024, 4096, 65536>(field);
  enter_reliable<ReliableInChunksBatch, 8, 64, 256, 1024, 4096, 65536>(field);
  enter_reliable<ReliableInSlots, 8, 64, 256, 1024>(field);
  enter_reliable<ReliableInSlotsBatch, 8, 64, 256, 1024>(field);
  enter_sizes<InChunks, 8, 64, 256, 1024, 4096, 65536>(field);
  enter_sizes<InSlots, 8, 64, 256, 1024>(field);
  constexpr std::size_t kMostReaders = 8;
  for (std::size_t readers = 0; readers < cores && readers <= kMostReaders; ++readers) {
    enter_fanout(field, readers);
  }
}

}  // namespace bench
