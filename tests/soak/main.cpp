// SPDX-License-Identifier: Apache-2.0
// soak [--seconds N] [--seed S] [--rounds N]    rounds from seeds that follow S, for so long or so many
// soak --reads N                                one lossy channel of 64 B messages, until so many reads have validated
//
// A round is a channel of some kind and shape, with producers that succeed each other, readers, visitors that join and
// leave, bursts, stalls, messages of every size, packed ones and large ones, and somebody who stops it all. Which,
// follows from the round's seed, which is printed before it: `--seed S --rounds 1` runs that round again (but not the
// same interleaving).
//
// Every payload follows from its number, or from the message's id, and is checked after validation. Forbidden: a
// fragment that validates and is not its own; any loss where there are credits; accounts that do not add up. Nothing
// sleeps: a stall is a count of rounds, and so is the patience of who waits.
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <random>
#include <span>
#include <string_view>
#include <thread>

#include "round.hpp"

using namespace tango;
using namespace tango::test;

namespace {

using Clock = std::chrono::steady_clock;

constexpr RunRound kRounds[] = {
    run_round<BuiltWiring<Kind::Lossy, false, AnyMessage, 2, 2>>,
    run_round<BuiltWiring<Kind::Lossy, true, AnyMessage, 64, 8, 128>>,
    run_round<BuiltWiring<Kind::Lossy, false, AnyMessage, 256, 1024>>,
    run_round<BuiltWiring<Kind::Reliable, true, AnyMessage, 4, 4>>,
    run_round<BuiltWiring<Kind::Reliable, false, AnyMessage, 64, 16, 128>>,
    run_round<BuiltWiring<Kind::Reliable, true, AnyMessage, 256, 1024>>,
    run_round<BuiltWiring<Kind::Observed, false, AnyMessage, 8, 32>>,
    run_round<BuiltWiring<Kind::Observed, true, AnyMessage, 64, 8, 128>>,
    run_round<BuiltWiring<Kind::Observed, false, AnyMessage, 256, 256>>,
};

int soak(std::uint64_t seed, std::uint64_t rounds, std::chrono::seconds time) {
  const Clock::time_point end = Clock::now() + time;
  Counts sum;
  std::uint64_t round = 0;
  for (; round < rounds && (rounds != ~std::uint64_t{0} || Clock::now() < end); ++round, ++seed) {
    std::printf("seed %llu", static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    Random random{seed};
    const Outcome outcome = kRounds[random.below(std::size(kRounds))](random);
    std::printf(": %llu published\n", static_cast<unsigned long long>(outcome.counts.published));
    if (!outcome.wrong.empty()) {
      std::printf("FAILED: %s\nrepeat with --seed %llu --rounds 1\n", outcome.wrong.c_str(),
                  static_cast<unsigned long long>(seed));
      return 1;
    }
    sum += outcome.counts;
  }
  std::printf("%llu rounds: %s\n", static_cast<unsigned long long>(round), sum.text().c_str());
  return round < 50 || sum.tried_everything() ? 0 : 1;
}

/// A producer at full speed, a reader that validates, and nothing else.
int read(std::uint64_t reads) {
  using Wire = Wiring<Kind::Lossy, 256, 256>;
  const auto wire = std::make_unique<Wire>();
  auto producer = wire->producer();
  auto consumer = wire->consumer(1);
  std::atomic<bool> done{false};
  std::thread writer{[&] {
    std::array<std::uint64_t, 8> words;
    while (!done.load(std::memory_order_relaxed)) {
      const Seq seq = producer.next_seq();
      for (std::size_t i = 0; i < words.size(); ++i) {
        words[i] = word_of(seq, i);
      }
      (void)producer.publish(std::as_bytes(std::span{words}), {.sig = mix(seq)});
    }
  }};
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;
  std::uint64_t overruns = 0;
  std::uint64_t overwritten = 0;
  const Clock::time_point begin = Clock::now();
  while (right < reads && wrong == 0) {
    auto outcome = consumer.poll();
    overruns += outcome.status() == PollStatus::Overrun ? 1 : 0;
    if (!outcome) {
      continue;
    }
    std::array<std::uint64_t, 8> words;
    if (!outcome->copy_to(std::as_writable_bytes(std::span{words}))) {
      ++overwritten;
      continue;
    }
    bool good = outcome->sig() == mix(outcome->seq()) && outcome->size() == sizeof words;
    for (std::size_t i = 0; i < words.size(); ++i) {
      good = good && words[i] == word_of(outcome->seq(), i);
    }
    ++(good ? right : wrong);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  done = true;
  writer.join();
  std::printf(
      "%llu reads validated, %llu wrong; %llu overruns, %llu lost, %llu overwritten while they were read; %.0f s\n",
      static_cast<unsigned long long>(right), static_cast<unsigned long long>(wrong),
      static_cast<unsigned long long>(overruns), static_cast<unsigned long long>(consumer.lost()),
      static_cast<unsigned long long>(overwritten), seconds);
  return wrong == 0 && consumer.delivered() == right && overruns != 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seconds = 5;
  std::uint64_t seed = std::random_device{}();
  std::uint64_t rounds = ~std::uint64_t{0};
  std::uint64_t reads = 0;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view option = argv[i];
    std::uint64_t* const value = option == "--seconds"  ? &seconds
                                 : option == "--seed"   ? &seed
                                 : option == "--rounds" ? &rounds
                                 : option == "--reads"  ? &reads
                                                        : nullptr;
    const std::string_view text = i + 1 < argc ? argv[i + 1] : "";
    if (value == nullptr || std::from_chars(text.data(), text.data() + text.size(), *value).ptr == text.data()) {
      std::fprintf(stderr, "usage: %s [--seconds N] [--seed S] [--rounds N] | --reads N\n", argv[0]);
      return 2;
    }
  }
  return reads != 0 ? read(reads) : soak(seed, rounds, std::chrono::seconds{seconds});
}
