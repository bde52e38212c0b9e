// SPDX-License-Identifier: Apache-2.0 Sends a real file from one thread to another through a reliable channel, in
// fragments of mixed sizes, writes what arrived, and compares it byte for byte. Then measures the channel by itself:
// throughput from memory, and round trips.
//
//     send_file [FILE]        by default a large file that is on every machine with a compiler
//
// Exit code 0: everything arrived as it was. 1: it did not, or something failed on the way. 2: a usage error.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <tango/ostream.hpp>
#include <tango/tango.hpp>
#include <tango/yield.hpp>
#include <thread>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using Wait = tango::SpinThenYield;  // low latency where there are two cores, and still at work where there is one

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
constexpr std::size_t kMostFromMemory = std::size_t{256} << 20;  // bytes of the file that the measurement uses
constexpr std::uint64_t kTrips = 100'000;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// A reliable channel, in place.
template <std::size_t Depth, std::size_t Chunk>
struct Channel {
  tango::MCache<Depth> mcache;
  tango::DCache<Depth, Chunk, tango::Plain> dcache;
  tango::Fseq fseq{1};
  tango::Fctl fctl{Depth};

  auto producer() { return tango::Producer{mcache, dcache, fseq, fctl}; }
  auto consumer() { return tango::Consumer{mcache, dcache, fctl, 1}; }
};
using FileChannel = Channel<1024, 1024>;

/// Sizes from a byte to several chunks: a third in the slot, a third in one chunk, a third in up to 16 of them.
class Sizes {
 public:
  std::size_t next() {
    switch (random_() % 3) {
      case 0:
        return 1 + random_() % 32;
      case 1:
        return 33 + random_() % 992;
      default:
        return 1025 + random_() % 15360;
    }
  }

 private:
  std::minstd_rand random_{1};
};

/// A file of our own in the temporary folder, removed at the end.
class TemporaryFile {
 public:
  TemporaryFile() {
    std::random_device random;
    do {
      path_ = fs::temp_directory_path() / ("tango-send_file-" + std::to_string(random()));
    } while (fs::exists(path_));
    out_.open(path_, std::ios::binary);
    if (!out_) throw std::runtime_error{"cannot write " + path_.string() + ": " + std::strerror(errno)};
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code ignored;
    fs::remove(path_, ignored);
  }
  [[nodiscard]] const fs::path& path() const { return path_; }
  std::ofstream& out() { return out_; }

 private:
  fs::path path_;
  std::ofstream out_;
};

/// The largest of g++'s own compilers, else this program.
fs::path default_file() {
  fs::path best = "/proc/self/exe";
  std::uintmax_t most = 0;
  std::error_code ignored;
  for (const char* folder : {"/usr/lib/gcc", "/usr/libexec/gcc"}) {
    for (fs::recursive_directory_iterator it{folder, ignored}, end; !ignored && it != end; it.increment(ignored)) {
      std::error_code unreadable;
      if (it->path().filename() == "cc1plus" && it->file_size(unreadable) > most && !unreadable) {
        best = it->path();
        most = it->file_size(unreadable);
      }
    }
  }
  return best;
}

struct Transfer {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  double seconds = 0;
};

void print(const char* what, const Transfer& t) {
  std::printf("%-22s %8.2f M messages/s  %7.2f GiB/s   (%llu messages, %.2f s)\n", what,
              static_cast<double>(t.messages) / t.seconds / 1e6, static_cast<double>(t.bytes) / t.seconds / kGiB,
              static_cast<unsigned long long>(t.messages), t.seconds);
}

/// From the file into the channel, without a copy between; the last fragment is as short as the file's end.
void send(FileChannel& channel, std::ifstream& in, std::string& error) {
  auto producer = channel.producer();
  Sizes sizes;
  while (in && error.empty()) {
    const std::size_t size = sizes.next();
    auto room = producer.reserve(size);
    Wait wait;
    for (std::uint64_t round = 0; room.status() == tango::Error::NoCredits && wait.idle(round); ++round) {
      room = producer.reserve(size);
    }
    if (!room) {
      if (room.status() != tango::Error::Stopped) error = std::string{text(room.status().error())};
      break;  // stopped: the receiver gave up, and says why
    }
    in.read(reinterpret_cast<char*>(room.span().data()), static_cast<std::streamsize>(size));
    if (in.bad()) error = "reading failed";
    if (const auto got = static_cast<std::size_t>(in.gcount()); got != 0) {
      if (const tango::Status status = room.commit_prefix(got); !status) error = std::string{text(status.error())};
    }
  }
  producer.stop();
}

/// The main job: file to file.
Transfer send_file(const fs::path& path, std::uintmax_t size, TemporaryFile& arrived) {
  std::ifstream in{path, std::ios::binary};
  if (!in) throw std::runtime_error{"cannot read " + path.string() + ": " + std::strerror(errno)};
  auto channel = std::make_unique<FileChannel>();
  auto consumer = channel->consumer();
  std::string error;
  Transfer transfer;
  const auto begin = Clock::now();
  double next_report = 1;
  std::jthread sender{[&] { send(*channel, in, error); }};
  for (auto& fragment : consumer.fragments(Wait{})) {
    arrived.out().write(fragment.text().data(), static_cast<std::streamsize>(fragment.size()));
    if (!arrived.out()) {
      channel->mcache.stop();  // the sender sees it, and the range ends once everything is drained
      break;
    }
    ++transfer.messages;
    transfer.bytes += fragment.size();
    if (transfer.messages % 1024 == 0 && seconds_since(begin) > next_report) {
      next_report += 1;
      std::fprintf(stderr, "  %5.1f %%  %.2f GiB\n",
                   100 * static_cast<double>(transfer.bytes) / static_cast<double>(std::max<std::uintmax_t>(size, 1)),
                   static_cast<double>(transfer.bytes) / kGiB);
    }
  }
  sender.join();
  arrived.out().close();
  transfer.seconds = seconds_since(begin);
  if (!error.empty()) throw std::runtime_error{path.string() + ": " + error};
  if (!arrived.out()) {
    throw std::runtime_error{"writing " + arrived.path().string() + " failed after " + std::to_string(transfer.bytes) +
                             " bytes"};
  }
  return transfer;
}

/// Where two files differ first; an empty text if they do not.
std::string difference(const fs::path& a, const fs::path& b) {
  std::ifstream in_a{a, std::ios::binary};
  std::ifstream in_b{b, std::ios::binary};
  std::vector<char> block_a(1 << 20);
  std::vector<char> block_b(block_a.size());
  std::uint64_t offset = 0;
  while (true) {
    in_a.read(block_a.data(), static_cast<std::streamsize>(block_a.size()));
    in_b.read(block_b.data(), static_cast<std::streamsize>(block_b.size()));
    const auto end_a = block_a.begin() + in_a.gcount();
    const auto end_b = block_b.begin() + in_b.gcount();
    const auto [at, other] = std::mismatch(block_a.begin(), end_a, block_b.begin(), end_b);
    if (at != end_a || other != end_b) {
      return "they differ at byte " + std::to_string(offset + static_cast<std::uint64_t>(at - block_a.begin()));
    }
    if (in_a.gcount() == 0) return in_a.eof() && in_b.eof() ? "" : "comparing them failed";
    offset += static_cast<std::uint64_t>(in_a.gcount());
  }
}

/// The channel by itself: the file's bytes over and over, from memory, each byte compared where it lies in the channel.
Transfer send_from_memory(std::span<const std::byte> bytes) {
  auto channel = std::make_unique<FileChannel>();
  auto consumer = channel->consumer();
  Transfer transfer;
  const auto begin = Clock::now();
  std::jthread sender{[&] {
    auto producer = channel->producer();
    Sizes sizes;
    do {
      for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t size = std::min(sizes.next(), bytes.size() - at);
        if (!producer.publish_blocking(bytes.subspan(at, size), {.sig = at}, Wait{})) return;
        at += size;
      }
    } while (seconds_since(begin) < 1);
    producer.stop();
  }};
  bool same = true;
  for (auto& fragment : consumer.fragments(Wait{})) {
    same = same && std::memcmp(fragment.payload().data(), bytes.data() + fragment.sig(), fragment.size()) == 0;
    ++transfer.messages;
    transfer.bytes += fragment.size();
  }
  transfer.seconds = seconds_since(begin);
  if (!same || transfer.bytes % bytes.size() != 0) throw std::runtime_error{"from memory: a byte differs"};
  return transfer;
}

/// Nanoseconds of round trips with 8 bytes each way, sorted; the reading of the clock is in them.
std::vector<double> round_trips() {
  using Line = Channel<64, 64>;
  auto there = std::make_unique<Line>();
  auto back = std::make_unique<Line>();
  std::jthread echo{[&] {
    auto producer = back->producer();
    auto consumer = there->consumer();
    for (auto& fragment : consumer.fragments(Wait{})) {
      if (!producer.publish_blocking(fragment.payload(), {}, Wait{})) break;
    }
    producer.stop();
  }};
  auto producer = there->producer();
  auto consumer = back->consumer();
  std::vector<double> samples;
  samples.reserve(kTrips);
  constexpr std::uint64_t kWarmUp = kTrips / 10;
  for (std::uint64_t n = 0; n < kTrips + kWarmUp; ++n) {
    const auto begin = Clock::now();
    if (!producer.publish(std::as_bytes(std::span{&n, 1}))) throw std::runtime_error{"round trip: publish was refused"};
    auto answer = consumer.wait(Wait{});
    const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
    std::uint64_t echoed = ~n;
    if (answer && answer->size() == sizeof echoed) std::memcpy(&echoed, answer->payload().data(), sizeof echoed);
    if (echoed != n) throw std::runtime_error{"round trip: the answer differs"};
    if (n >= kWarmUp) samples.push_back(took.count());
  }
  producer.stop();
  std::ranges::sort(samples);
  return samples;
}

int run(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    std::cerr << "send_file: there is no " << path << '\n';
    return 2;
  }
  if (fs::is_directory(path, error)) {
    std::cerr << "send_file: " << path << " is a folder, not a file\n";
    return 2;
  }
  const std::uintmax_t size = fs::file_size(fs::canonical(path));
  std::printf("%s: %llu bytes\n", path.c_str(), static_cast<unsigned long long>(size));
  std::fflush(stdout);

  TemporaryFile arrived;
  const Transfer transfer = send_file(path, size, arrived);
  if (const std::string where = difference(path, arrived.path()); !where.empty()) {
    std::cerr << "send_file: " << path << " and what arrived of it: " << where << '\n';
    return 1;
  }
  std::printf("arrived, byte for byte\n\n");
  print("file to file", transfer);

  std::ifstream in{path, std::ios::binary};
  std::vector<std::byte> bytes(static_cast<std::size_t>(std::min<std::uintmax_t>(size, kMostFromMemory)));
  in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!bytes.empty()) print("memory to memory", send_from_memory(bytes));

  const std::vector<double> trips = round_trips();
  const auto at = [&](double share) {
    return trips[static_cast<std::size_t>(share * static_cast<double>(trips.size() - 1))];
  };
  std::printf("\nround trip of 8 bytes, ns, %zu trips\n", trips.size());
  std::printf("%10s %10s %10s %10s %10s\n", "p50", "p90", "p99", "p99.9", "max");
  std::printf("%10.0f %10.0f %10.0f %10.0f %10.0f\n", at(0.5), at(0.9), at(0.99), at(0.999), trips.back());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 || (argc == 2 && std::string_view{argv[1]}.starts_with("-"))) {
    std::cerr << "usage: send_file [FILE]\n";
    return 2;
  }
  try {
    return run(argc == 2 ? fs::path{argv[1]} : default_file());
  } catch (const std::exception& failure) {
    std::cerr << "send_file: " << failure.what() << '\n';
    return 1;
  }
}
