// SPDX-License-Identifier: Apache-2.0
// tango_versus: this library's reliable channel against its nearest peer, 64 B throughput and 8 B round trip, in interleaved
// rounds (harness.hpp). A peer is there if its headers' path was given to CMake; else it is reported as missing.
//
//     tango_versus [--rounds N] [--no-pin]
//
// Exits with 1 if a queue delivered a wrong byte, with 2 on an option that it does not know.
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "harness.hpp"
#include "queue_tango.hpp"
#include "workloads.hpp"
#if defined(TANGO_PEER_RIGTORP)
#include "queue_rigtorp.hpp"
#endif

namespace {

constexpr std::size_t kCapacity = 1024;
constexpr std::uint64_t kMessages = 200 * kCapacity;   // a round's throughput run
constexpr std::uint64_t kRoundTrips = 10 * kCapacity;  // a round's ping-pong

/// A queue under test; its samples are nanoseconds.
struct Contender {
  std::string name;
  std::function<bench::Run()> run_throughput;
  std::function<bench::Run()> run_round_trip;
  std::vector<double> throughput{};
  std::vector<double> round_trip{};
};

template <template <std::size_t, std::size_t> class Queue>
Contender contender(const bench::Placement& placement) {
  auto large = std::make_shared<Queue<64, kCapacity>>();
  auto there = std::make_shared<Queue<8, kCapacity>>();
  auto back = std::make_shared<Queue<8, kCapacity>>();
  return {Queue<64, kCapacity>::kName, [=] { return bench::throughput<64>(placement, *large, kMessages); },
          [=] { return bench::round_trip<8>(placement, *there, *back, kRoundTrips); }};
}

struct Options {
  std::uint64_t rounds = 21;
  bool pin = true;
  bool valid = true;
};

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--no-pin") {
      options.pin = false;
    } else if (argument == "--rounds" && i + 1 < argc) {
      const std::string_view number = argv[++i];
      const char* end = number.data() + number.size();
      const auto [stopped, error] = std::from_chars(number.data(), end, options.rounds);
      options.valid = options.valid && error == std::errc{} && stopped == end && options.rounds != 0;
    } else {
      options.valid = false;
    }
  }
  return options;
}

std::string cpu_name() {
  std::ifstream info{"/proc/cpuinfo"};
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name")) {
      return line.substr(line.find(':') + 2);
    }
  }
  return "unknown CPU";
}

void print_row(const std::string& name, const char* format, const bench::Spread& spread) {
  std::printf("  %-34s", name.c_str());
  std::printf(format, spread.median);
  std::printf("   (");
  std::printf(format, spread.lower);
  std::printf(" ...");
  std::printf(format, spread.upper);
  std::printf(" )\n");
}

std::vector<double> rates(const std::vector<double>& nanoseconds) {
  return bench::ratios(std::vector<double>(nanoseconds.size(), 1e3), nanoseconds);
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  if (!options.valid) {
    std::fprintf(stderr, "usage: tango_versus [--rounds N] [--no-pin], N at least 1\n");
    return 2;
  }
  bench::Placement placement;
  if (const std::vector<int> cores = bench::allowed_cores(); cores.size() < 2) {
    std::printf("warning: fewer than two cores: these figures mean nothing\n");
  } else if (options.pin) {
    placement.cores = {cores[0], cores[1]};
  }
  std::printf("%s, compiler %s, %s, %s, capacity %zu, %llu rounds\n", cpu_name().c_str(), __VERSION__,
              TANGO_BENCH_FLAGS, placement.cores ? "pinned" : "not pinned", kCapacity,
              static_cast<unsigned long long>(options.rounds));

  std::vector<Contender> contenders;
#if defined(TANGO_PEER_RIGTORP)
  contenders.push_back(contender<bench::Rigtorp>(placement));
  const bool have_peer = true;
#else
  std::printf("missing: rigtorp/SPSCQueue (give its include directory: -DTANGO_PEER_RIGTORP=DIR)\n");
  const bool have_peer = false;
#endif
  contenders.push_back(contender<bench::TangoPoll>(placement));
  contenders.push_back(contender<bench::TangoBatch>(placement));

  std::vector<double> bare;
  for (std::uint64_t round = 0; round <= options.rounds; ++round) {  // the first only warms up
    const double limit = bench::bare_ping_pong(placement, kRoundTrips);
    if (round != 0) {
      bare.push_back(limit);
    }
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      // Each round in the reverse order of the round before, so that nobody always follows the same one.
      Contender& c = contenders[round % 2 == 0 ? i : contenders.size() - 1 - i];
      const bench::Run throughput = c.run_throughput();
      const bench::Run round_trip = c.run_round_trip();
      if (!throughput.right || !round_trip.right) {
        std::fprintf(stderr, "%s delivered wrong bytes: this run is void\n", c.name.c_str());
        return 1;
      }
      if (round != 0) {
        c.throughput.push_back(throughput.nanoseconds);
        c.round_trip.push_back(round_trip.nanoseconds);
      }
    }
  }

  const Contender& peer = contenders.front();
  std::printf("\n64 B throughput, million messages/s: median (quartiles)\n");
  for (const Contender& c : contenders) {
    print_row(c.name, "%8.2f", bench::spread_of(rates(c.throughput)));
  }
  std::printf("\n8 B round trip, ns: median (quartiles)\n");
  print_row("bare ping-pong of two lines", "%8.1f", bench::spread_of(bare));
  for (const Contender& c : contenders) {
    print_row(c.name, "%8.1f", bench::spread_of(c.round_trip));
  }
  std::printf("\nwithin the round, 8 B round trip / bare ping-pong (less is better)\n");
  for (const Contender& c : contenders) {
    print_row(c.name, "%8.3f", bench::spread_of(bench::ratios(c.round_trip, bare)));
  }
  if (have_peer) {
    std::printf("\nwithin the round, against %s\n", peer.name.c_str());
    for (std::size_t i = 1; i < contenders.size(); ++i) {
      const Contender& c = contenders[i];
      print_row(c.name + ", 64 B speed", "%8.3f", bench::spread_of(bench::ratios(peer.throughput, c.throughput)));
      print_row(c.name + ", 8 B time", "%8.3f", bench::spread_of(bench::ratios(c.round_trip, peer.round_trip)));
    }
  }
  return 0;
}
