// SPDX-License-Identifier: Apache-2.0
// The three rows by which libraries of this kind are known (64 B throughput, 8 B ping-pong, 1 KiB throughput) on a
// reliable channel, and 64 B on a lossy one with every payload copied out and validated.
//
//     producer (measured thread) --> channel of depth 1024 --> consumer (own thread, checks every byte and the order)
//
// Sustained: an iteration publishes a fixed number of messages, many times round the ring, and ends when the consumer
// has dealt with the last of them. Threads are not pinned. A wrong byte, or a message lost, repeated or out of order on
// a reliable channel, fails the benchmark and the program.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <tango/tango.hpp>
#include <thread>

#include "support/messages.hpp"
#include "support/spin.hpp"

namespace {

constexpr std::size_t kDepth = 1024;
constexpr std::uint64_t kMessages = 64 * kDepth;   // per iteration
constexpr std::uint64_t kRoundTrips = 4 * kDepth;  // per iteration

std::atomic<bool> g_failed{false};

/// The components of a channel. On the heap: they are large.
template <std::size_t Bytes, class Payload>
struct Parts {
  tango::MCache<kDepth> mcache;
  tango::DCache<kDepth, Bytes, Payload> dcache;
  tango::Fseq fseq{1};
  tango::Fctl fctl{kDepth};
};

/// What the consumer's thread found; read when it has ended, `done` at any time.
struct Verdict {
  alignas(128) std::atomic<std::uint64_t> done{0};  // numbers that have been dealt with
  std::uint64_t delivered = 0;
  std::uint64_t lost = 0;
  bool wrong = false;
};

void judge(benchmark::State& state, bool wrong, const char* what) {
  if (wrong) {
    g_failed = true;
    state.SkipWithError(what);
  }
}

void report(benchmark::State& state, std::uint64_t messages, std::size_t bytes) {
  state.SetItemsProcessed(static_cast<std::int64_t>(messages));
  state.SetBytesProcessed(static_cast<std::int64_t>(messages * bytes));
  state.counters["depth"] = static_cast<double>(kDepth);
  state.counters["bytes"] = static_cast<double>(bytes);
}

// ---------------------------------------------------------------------------------------------------------- throughput

template <std::size_t Bytes>
void reliable(benchmark::State& state) {
  static const bench::Messages<Bytes> messages;
  const auto parts = std::make_unique<Parts<Bytes, tango::Plain>>();
  tango::Producer producer{parts->mcache, parts->dcache, parts->fseq, parts->fctl};
  tango::Consumer consumer{parts->mcache, parts->dcache, parts->fctl, 1};
  Verdict verdict;
  std::thread receiver{[&] {
    std::uint64_t expected = 1;
    bool wrong = false;
    for (const auto& fragment : consumer.fragments(bench::Spin{})) {
      wrong = wrong || fragment.seq() != expected || fragment.size() != Bytes ||
              !messages.is(expected, fragment.payload().data());
      ++expected;
      if (fragment.seq() % kMessages == 0) {
        verdict.done.store(fragment.seq(), std::memory_order_release);
      }
    }
    verdict.delivered = expected - 1;
    verdict.wrong = wrong;
  }};

  std::uint64_t sent = 0;
  bool refused = false;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < kMessages; ++i) {
      ++sent;
      refused = !producer.publish_blocking(messages.bytes(sent), {}, bench::Spin{}).ok() || refused;
    }
    bench::spin_until([&] { return verdict.done.load(std::memory_order_acquire) == sent; });
  }
  producer.stop();
  receiver.join();
  report(state, verdict.delivered, Bytes);
  judge(state, refused, "a message was refused");
  judge(state, verdict.wrong, "a wrong byte or number arrived");
  judge(state, verdict.delivered != sent, "messages were lost or repeated");
}

/// Counts what was delivered and validated, not what was published.
template <std::size_t Bytes>
void lossy(benchmark::State& state) {
  static const bench::Messages<Bytes> messages;
  const auto parts = std::make_unique<Parts<Bytes, tango::Words>>();
  tango::Producer producer{parts->mcache, parts->dcache, parts->fseq};
  tango::Consumer consumer{parts->mcache, parts->dcache, 1};
  Verdict verdict;
  std::thread receiver{[&] {
    alignas(64) std::byte copy[Bytes];
    bool wrong = false;
    std::uint64_t round = 0;
    for (bool open = true; open;) {
      auto fragment = consumer.poll();
      switch (fragment.status()) {
        case tango::PollStatus::Fragment:
          if (fragment->copy_to(copy).ok()) {
            wrong = wrong || fragment->size() != Bytes || !messages.is(fragment->seq(), copy);
          }
          round = 0;
          break;
        case tango::PollStatus::Empty:
          verdict.done.store(consumer.next_seq() - 1, std::memory_order_release);
          bench::Spin{}.idle(round++);
          break;
        case tango::PollStatus::Overrun:
          break;
        case tango::PollStatus::Stopped:
          open = false;
          break;
        case tango::PollStatus::Rejected:
        case tango::PollStatus::Refused:
          wrong = true;
          open = false;
          break;
      }
    }
    verdict.delivered = consumer.delivered();
    verdict.lost = consumer.lost();
    verdict.wrong = wrong;
    verdict.done.store(~std::uint64_t{0}, std::memory_order_release);
  }};

  std::uint64_t sent = 0;
  bool refused = false;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < kMessages; ++i) {
      ++sent;
      refused = !producer.publish(messages.bytes(sent)).ok() || refused;
    }
    bench::spin_until([&] { return verdict.done.load(std::memory_order_acquire) >= sent; });
  }
  producer.stop();
  receiver.join();
  report(state, verdict.delivered, Bytes);
  state.counters["lost"] = static_cast<double>(verdict.lost) / static_cast<double>(sent);
  judge(state, refused, "a message was refused");
  judge(state, verdict.wrong, "a wrong byte or number arrived");
  judge(state, verdict.delivered + verdict.lost != sent, "messages are unaccounted for");
}

// ----------------------------------------------------------------------------------------------------------- ping-pong

/// A message is sent through one channel, and its bytes come back through another. `round_trip` is the time for both.
template <std::size_t Bytes>
void ping_pong(benchmark::State& state) {
  static const bench::Messages<Bytes> messages;
  const auto there = std::make_unique<Parts<Bytes, tango::Plain>>();
  const auto back = std::make_unique<Parts<Bytes, tango::Plain>>();
  tango::Producer ping{there->mcache, there->dcache, there->fseq, there->fctl};
  tango::Consumer pong{back->mcache, back->dcache, back->fctl, 1};
  tango::Producer echo{back->mcache, back->dcache, back->fseq, back->fctl};
  tango::Consumer heard{there->mcache, there->dcache, there->fctl, 1};
  Verdict verdict;
  std::thread receiver{[&] {
    std::uint64_t expected = 1;
    bool wrong = false;
    for (const auto& fragment : heard.fragments(bench::Spin{})) {
      wrong = wrong || fragment.seq() != expected || fragment.size() != Bytes ||
              !messages.is(expected, fragment.payload().data());
      ++expected;
      wrong = !echo.publish_blocking(fragment.payload(), {}, bench::Spin{}).ok() || wrong;
    }
    verdict.delivered = expected - 1;
    verdict.wrong = wrong;
    echo.stop();
  }};

  std::uint64_t sent = 0;
  bool wrong = false;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < kRoundTrips && !wrong; ++i) {
      ++sent;
      wrong = !ping.publish_blocking(messages.bytes(sent), {}, bench::Spin{}).ok();
      auto answer = pong.wait(bench::Spin{});
      wrong = wrong || !answer || answer->seq() != sent || answer->size() != Bytes ||
              !messages.is(sent, answer->payload().data());
    }
  }
  ping.stop();
  receiver.join();
  report(state, sent, Bytes);
  state.counters["round_trip"] = benchmark::Counter(
      static_cast<double>(kRoundTrips), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  judge(state, wrong || verdict.wrong, "a wrong byte or number arrived");
  judge(state, verdict.delivered != sent, "messages were lost or repeated");
}

BENCHMARK(reliable<64>)->Name("throughput/64B/reliable")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(ping_pong<8>)->Name("ping_pong/8B/reliable")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(reliable<1024>)->Name("throughput/1KiB/reliable")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(lossy<64>)->Name("throughput/64B/lossy_validated_copy")->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return g_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
