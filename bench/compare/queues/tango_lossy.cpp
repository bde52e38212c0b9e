// SPDX-License-Identifier: Apache-2.0
// This library's lossy channel, where the producer never waits: no peer has one.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tango/tango.hpp>
#include <vector>

#include "../contender.hpp"
#include "../enter.hpp"
#include "../kernels.hpp"
#include "queues.hpp"
#include "tango.hpp"

namespace bench {
namespace {

template <std::size_t Bytes, std::size_t Capacity, std::size_t Chunks>
struct Channel {
  static constexpr std::size_t kBytes = Bytes;
  static constexpr std::size_t kCapacity = Capacity;
  static constexpr std::size_t kLap = Chunks > Capacity ? Chunks : Capacity;  ///< once round all its memory
  using Cache = tango::DCache<Chunks, Bytes>;
  using Consumer = tango::Consumer<Capacity, Cache, tango::NoFlowControl, tango::NoMetrics>;

  tango::MCache<Capacity> mcache;
  Cache dcache;
  tango::Fseq fseq{1};
};

/// One by one, or all that are there.
enum class Take : std::uint8_t { One, All };

/// Copies out and validates every fragment that it gets, checks what is valid, and keeps account of the rest.
template <class Channel, Take kTake, class Wait>
class Reader {
  static constexpr std::size_t kBytes = Channel::kBytes;

 public:
  Reader(const Channel& channel, const char* name)
      : consumer_{channel.mcache, channel.dcache, 1}, name_{name}, copy_{std::make_unique<Message<kBytes>>()} {}

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
        result =
            consumer_.poll_batch(Channel::kCapacity, [this](tango::SpeculativeFragment& fragment) { check(fragment); });
        return result.count != 0 || result.status != tango::PollStatus::Empty;
      });
      return result.count != 0 ? tango::PollStatus::Fragment : result.status;
    }
  }

  [[gnu::always_inline]] void check(tango::SpeculativeFragment& fragment) {
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

  typename Channel::Consumer consumer_;
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
  constexpr std::size_t kLap = Channel::kLap;
  const auto channel = std::make_unique<Channel>();
  Outcome outcome{.delivered = std::vector<std::uint64_t>(readers)};
  const auto send = [&](Turn& turn) {
    tango::Producer producer{channel->mcache, channel->dcache, channel->fseq};
    typename Messages<kBytes>::ReadCursor cursor{kMessages<kBytes>};
    const auto publish = [&](std::uint64_t messages) {
      for (std::uint64_t i = 0; i < messages; ++i) {
        if (!producer.publish(cursor.next().bytes()).ok()) [[unlikely]] {
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
  const Outcome outcome = publish_to<Channel, kTake, Wait>(placement, load.count, 1, "tango, lossy");
  const auto count = static_cast<double>(load.count);
  const auto delivered = static_cast<double>(outcome.delivered[0]);
  return {outcome.total_ns / (delivered > 0 ? delivered : 1),
          {{"delivered", delivered}, {"lost", count - delivered}, {"publish_ns", outcome.publishing_ns / count}}};
}

/// With `Chunks` chunks; 0: with one for each slot.
template <std::size_t Bytes, std::size_t Capacity, std::size_t Chunks, Take kTake, class Wait>
void enter_one(Field& field) {
  constexpr const char* kWay = kTake == Take::One
                                   ? Chunks == 0 ? "publish, poll, copy_to" : "publish, poll, copy_to, 8 MiB of chunks"
                               : Chunks == 0 ? "publish, poll_batch, copy_to"
                                             : "publish, poll_batch, copy_to, 8 MiB of chunks";
  if constexpr (Bytes * Capacity <= kMostBytes && (Chunks == 0 || Chunks >= Capacity)) {
    using Made = Channel<Bytes, Capacity, Chunks == 0 ? Capacity : Chunks>;
    field.contenders.push_back(
        {Kind::Lossy, Bytes, "tango, lossy", kWay, Wait::kName, Capacity, true, lossy<Made, kTake, Wait>});
  }
}

template <std::size_t Bytes, std::size_t Chunks, Take kTake>
void enter_waiting(Field& field) {
  enter_one<Bytes, 1024, Chunks, kTake, SpinWait>(field);
  enter_one<Bytes, 1024, Chunks, kTake, PauseWait>(field);
  enter_one<Bytes, 1024, Chunks, kTake, SlipWait>(field);
}

template <std::size_t... Bytes>
void enter_sizes(Field& field) {
  (enter_waiting<Bytes, 0, Take::One>(field), ...);
  (enter_waiting<Bytes, 0, Take::All>(field), ...);
}
template <std::size_t... Bytes>
void enter_sizes_with_plenty(Field& field) {
  (enter_waiting<Bytes, kPlenty / Bytes, Take::One>(field), ...);
  (enter_waiting<Bytes, kPlenty / Bytes, Take::All>(field), ...);
}

/// Its figure is what a publish costs the producer.
void enter_fanout(Field& field, std::size_t readers) {
  const std::string name = "tango, lossy consumers: " + std::to_string(readers);
  field.contenders.push_back(
      {Kind::Fanout, 64, name, "publish, copy_to", SpinWait::kName, 1024, true,
       [readers](const Placement& placement, const Load& load) {
         const Outcome outcome =
             publish_to<Channel<64, 1024, 1024>, Take::One, SpinWait>(placement, load.count, readers, "tango, fanout");
         Run run{outcome.publishing_ns / static_cast<double>(load.count)};
         for (std::size_t i = 0; i < readers; ++i) {
           run.also.emplace_back("delivered_" + std::to_string(i + 1), static_cast<double>(outcome.delivered[i]));
         }
         return run;
       }});
}

}  // namespace

void enter_tango_lossy(Field& field, std::size_t cores) {
  enter_sizes<8, 64, 256, 1024, 4096, 65536>(field);
  enter_sizes_with_plenty<64, 256, 1024, 4096>(field);
  constexpr std::size_t kMostReaders = 8;
  for (std::size_t readers = 0; readers < cores && readers <= kMostReaders; ++readers) {
    enter_fanout(field, readers);
  }
}

}  // namespace bench
