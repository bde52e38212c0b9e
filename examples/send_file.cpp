// SPDX-License-Identifier: Apache-2.0
// Sends a real file from one thread to another through a reliable channel, in fragments of mixed sizes, writes what
// arrived, and compares it byte for byte. Then measures the channel by itself: throughput from memory, and round trips.
//
//     send_file [FILE]        by default a large file that is on every machine with a compiler
//
// Exit code 0: everything arrived as it was. 1: it did not, or something failed on the way. 2: the arguments are wrong.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <initializer_list>
#include <iostream>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <tango/ostream.hpp>
#include <tango/tango.hpp>
#include <tango/yield.hpp>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
constexpr std::size_t kMostFromMemory = std::size_t{256} << 20;  // bytes of the file that the measurement uses
constexpr double kSecondsFromMemory = 1;
constexpr std::uint64_t kTrips = 100'000;  // fewer where they take longer than ...
constexpr double kSecondsOfTrips = 3;
constexpr std::size_t kFewestTrips = 1000;

double seconds_since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

/// Low latency where each side has a core. On a single core, spinning would only keep the other side from running.
const tango::SpinThenYield kPatience{.spins = std::thread::hardware_concurrency() > 1 ? 200u : 0u};

// ------------------------------------------------------------------------------------------------------- the channel

/// A reliable channel, in place.
template <std::size_t Depth, std::size_t Chunks, std::size_t ChunkSize>
struct Channel {
  tango::MCache<Depth> mcache;
  tango::DCache<Chunks, ChunkSize, tango::Plain> dcache;
  tango::Fseq fseq{1};
  tango::Fctl fctl{Depth};

  auto producer() { return tango::Producer{mcache, dcache, fseq, fctl}; }
  auto consumer() { return tango::Consumer{mcache, dcache, fctl, 1}; }

  static constexpr std::size_t max_payload() { return decltype(dcache)::max_payload(); }
};
using FileChannel = Channel<128, 1024, 1024>;  // runs out of slots as a rule, of chunks around the largest messages

/// Stops a channel at the end of a scope, so that the other side does not wait for a thread that has left.
template <class MCache>
class StopAtEnd {
 public:
  explicit StopAtEnd(MCache& mcache) : mcache_{mcache} {}
  StopAtEnd(const StopAtEnd&) = delete;
  StopAtEnd& operator=(const StopAtEnd&) = delete;
  ~StopAtEnd() { mcache_.stop(); }

 private:
  MCache& mcache_;
};

/// Throws an error, with its values, if a call was refused.
void check(const tango::Status& status) {
  if (!status) {
    std::ostringstream text;
    text << status;
    throw std::runtime_error{text.str()};
  }
}

/// `send(producer)` in a thread of its own, `receive(consumer)` in this one. An exception of either is rethrown here.
template <class Send, class Receive>
void transfer(Send send, Receive receive) {
  auto channel = std::make_unique<FileChannel>();
  std::exception_ptr failure;
  {
    std::jthread sender{[&] {
      const StopAtEnd stop{channel->mcache};
      try {
        auto producer = channel->producer();
        send(producer);
      } catch (...) {
        failure = std::current_exception();
      }
    }};
    const StopAtEnd stop{channel->mcache};
    auto consumer = channel->consumer();
    check(consumer.status());
    receive(consumer);
  }
  if (failure) std::rethrow_exception(failure);
}

/// A third of them travel in the slot, a third in one chunk, a third in up to 16; now and then the largest there is.
class Sizes {
 public:
  std::size_t next() {
    if (random_() % 1024 == 0) return FileChannel::max_payload();
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
  std::mt19937 random_{1};  // the same sizes in every run
};

// --------------------------------------------------------------------------------------------------------- the files

/// Throws `what` and why, from errno.
[[noreturn]] void fail(const std::string& what) { throw std::system_error{errno, std::generic_category(), what}; }

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, Close>;

/// A file to be read.
class Input {
 public:
  explicit Input(const fs::path& path) : path_{path}, file_{std::fopen(path.c_str(), "rb")} {
    if (!file_) fail("cannot read " + path_.string());
  }
  Input(fs::path path, File open) : path_{std::move(path)}, file_{std::move(open)} {}

  /// Reads until `to` is full or the file ends; returns how many bytes.
  std::size_t read(std::span<std::byte> to) {
    const std::size_t got = std::fread(to.data(), 1, to.size(), file_.get());
    if (std::ferror(file_.get()) != 0) fail("reading " + path_.string() + " failed");
    return got;
  }

 private:
  fs::path path_;
  File file_;
};

/// A file of our own in the temporary folder. Its name is removed at once, so nothing stays behind, however we end.
class TemporaryFile {
 public:
  TemporaryFile() {
    std::random_device random;
    do {
      path_ = fs::temp_directory_path() / ("tango-send_file-" + std::to_string(random()));
      file_.reset(std::fopen(path_.c_str(), "w+bx"));  // x: a new one
    } while (!file_ && errno == EEXIST);
    if (!file_) fail("cannot write " + path_.string());
    fs::remove(path_);
  }

  void write(std::span<const std::byte> bytes) {
    written_ += std::fwrite(bytes.data(), 1, bytes.size(), file_.get());
    if (std::ferror(file_.get()) != 0) fail(failure());
  }
  void flush() {
    if (std::fflush(file_.get()) != 0) fail(failure());
  }
  /// What was written, from its start; nothing more can be.
  Input read_back() {
    if (std::fseek(file_.get(), 0, SEEK_SET) != 0) fail("reading " + path_.string() + " failed");
    return {path_, std::move(file_)};
  }

 private:
  [[nodiscard]] std::string failure() const {
    return "writing " + path_.string() + " failed after about " + std::to_string(written_) + " bytes";
  }

  fs::path path_;
  File file_;
  std::uint64_t written_ = 0;
};

/// The largest of g++'s own compilers, else of clang's libraries, else this program.
fs::path default_file() {
  fs::path best = "/proc/self/exe";
  std::uintmax_t most = 0;
  const auto consider = [&](const fs::path& path) {
    std::error_code error;
    if (const std::uintmax_t size = fs::file_size(path, error); !error && size > most) {
      best = path;
      most = size;
    }
  };
  std::error_code none;
  for (const char* folder : {"/usr/lib/gcc", "/usr/libexec/gcc"}) {
    for (fs::recursive_directory_iterator it{folder, none}, end; !none && it != end; it.increment(none)) {
      if (it->path().filename() == "cc1plus") consider(it->path());
    }
  }
  if (most == 0) {
    for (fs::directory_iterator it{"/usr/lib", none}, end; !none && it != end; it.increment(none)) {
      if (!it->path().filename().string().starts_with("llvm-")) continue;
      for (fs::directory_iterator lib{it->path() / "lib", none}; !none && lib != end; lib.increment(none))
        consider(*lib);
    }
  }
  return best;
}

/// Where two files differ first; an empty text if they do not.
std::string difference(Input a, Input b) {
  std::vector<std::byte> block_a(1 << 20);
  std::vector<std::byte> block_b(block_a.size());
  for (std::uint64_t offset = 0;;) {
    const std::span got_a{block_a.data(), a.read(block_a)};
    const std::span got_b{block_b.data(), b.read(block_b)};
    const auto same = static_cast<std::uint64_t>(std::ranges::mismatch(got_a, got_b).in1 - got_a.begin());
    if (same != got_a.size() || same != got_b.size()) return "they differ at byte " + std::to_string(offset + same);
    if (same == 0) return {};
    offset += same;
  }
}

// ----------------------------------------------------------------------------------------------------------- the job

/// Says on stderr how far a long run is: on a terminal one line, four times a second, else a line each second.
class Progress {
 public:
  explicit Progress(std::uintmax_t total) : total_{static_cast<double>(total)} {}
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() {
    if (shown_ && terminal_) std::fputc('\n', stderr);
  }

  void at(std::uint64_t bytes) {
    const double now = seconds_since(begin_);
    if (now < next_) return;
    next_ = now + (terminal_ ? 0.25 : 1);
    shown_ = true;
    const auto done = static_cast<double>(bytes);
    std::fprintf(stderr, "%s  %5.1f %%  %.2f of %.2f GiB, %.2f GiB/s%s", terminal_ ? "\r" : "",
                 total_ > 0 ? 100 * done / total_ : 0, done / kGiB, total_ / kGiB, done / now / kGiB,
                 terminal_ ? "" : "\n");
  }

 private:
  Clock::time_point begin_ = Clock::now();
  double total_;
  double next_ = 1;
  bool terminal_ = isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
};

/// How much was sent through a channel, and how fast.
struct Traffic {
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::size_t smallest = std::numeric_limits<std::size_t>::max();
  std::size_t largest = 0;
  double seconds = 0;

  void add(std::size_t size) {
    ++messages;
    bytes += size;
    smallest = std::min(smallest, size);
    largest = std::max(largest, size);
  }
  void print(const char* what) const {
    std::printf("%-18s %8.3f M messages/s %8.2f GiB/s   %llu messages of %zu to %zu bytes in %.2f s\n", what,
                static_cast<double>(messages) / seconds / 1e6, static_cast<double>(bytes) / seconds / kGiB,
                static_cast<unsigned long long>(messages), std::min(smallest, largest), largest, seconds);
  }
};

/// The main job: from file to file, read into the channel and written out of it without a copy between.
Traffic send_file(const fs::path& path, std::uintmax_t size, TemporaryFile& arrived) {
  Input in{path};
  Traffic traffic;
  Progress progress{size};
  const auto begin = Clock::now();
  transfer(
      [&](auto& producer) {
        Sizes sizes;
        for (bool more = true; more;) {
          const std::size_t wanted = sizes.next();
          auto room = producer.reserve(wanted);
          tango::SpinThenYield wait = kPatience;
          for (std::uint64_t round = 0; room.status() == tango::Error::NoCredits && wait.idle(round); ++round) {
            room = producer.reserve(wanted);
          }
          check(room.status());
          const std::size_t got = in.read(room.span());
          if (got != 0) check(room.commit_prefix(got));  // the last one is as short as the file's end
          more = got == wanted;
        }
      },
      [&](auto& consumer) {
        for (auto& fragment : consumer.fragments(kPatience)) {
          arrived.write(fragment.payload());
          traffic.add(fragment.size());
          if (traffic.messages % 256 == 0) progress.at(traffic.bytes);
        }
      });
  arrived.flush();
  traffic.seconds = seconds_since(begin);
  return traffic;
}

/// The channel by itself: the file's bytes over and over, from memory, each byte compared in place.
Traffic send_from_memory(std::span<const std::byte> bytes) {
  Traffic traffic;
  const auto begin = Clock::now();
  transfer(
      [&](auto& producer) {
        Sizes sizes;
        do {
          for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t size = std::min(sizes.next(), bytes.size() - at);
            check(producer.publish_blocking(bytes.subspan(at, size), {}, kPatience));
            at += size;
          }
        } while (seconds_since(begin) < kSecondsFromMemory);
      },
      [&](auto& consumer) {
        for (auto& fragment : consumer.fragments(kPatience)) {
          const std::size_t at = traffic.bytes % bytes.size();
          if (fragment.size() > bytes.size() - at ||
              std::memcmp(fragment.payload().data(), bytes.data() + at, fragment.size()) != 0) {
            throw std::runtime_error{"from memory: message " + std::to_string(fragment.seq()) + " differs"};
          }
          traffic.add(fragment.size());
        }
      });
  traffic.seconds = seconds_since(begin);
  if (traffic.bytes % bytes.size() != 0) throw std::runtime_error{"from memory: the last bytes are missing"};
  return traffic;
}

/// Nanoseconds of round trips with 8 bytes each way, sorted; a reading of the clock is in each.
std::vector<double> round_trips() {
  using Line = Channel<64, 64, 64>;
  auto there = std::make_unique<Line>();
  auto back = std::make_unique<Line>();
  std::jthread echo{[&] {
    const StopAtEnd stop{back->mcache};
    auto producer = back->producer();
    auto consumer = there->consumer();
    for (auto& fragment : consumer.fragments(kPatience)) {
      if (!producer.publish_blocking(fragment.payload(), {}, kPatience)) break;
    }
  }};
  const StopAtEnd stop{there->mcache};
  auto producer = there->producer();
  auto consumer = back->consumer();
  check(consumer.status());

  std::vector<double> samples;
  samples.reserve(kTrips);
  constexpr std::uint64_t kWarmUp = kTrips / 10;
  const auto start = Clock::now();
  for (std::uint64_t n = 0; n < kWarmUp + kTrips; ++n) {
    const auto begin = Clock::now();
    check(producer.publish(std::as_bytes(std::span{&n, 1})));
    auto answer = consumer.wait(kPatience);
    const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
    std::uint64_t echoed = ~n;
    if (answer && answer->size() == sizeof echoed) std::memcpy(&echoed, answer->payload().data(), sizeof echoed);
    if (echoed != n) throw std::runtime_error{"round trip " + std::to_string(n) + ": no answer, or not the same"};
    if (n >= kWarmUp) samples.push_back(took.count());
    if (samples.size() >= kFewestTrips && seconds_since(start) > kSecondsOfTrips) break;
  }
  std::ranges::sort(samples);
  return samples;
}

/// Why `path` cannot be sent; an empty text if it can.
std::string objection(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return path.string() + " is a directory, not a file";
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) return path.string() + " is not a regular file";
  try {
    Input{path};
  } catch (const std::system_error& error) {
    return error.what();
  }
  return {};
}

void run(const fs::path& path) {
  const std::uintmax_t size = fs::file_size(path);
  std::printf("%s: %llu bytes\n", path.c_str(), static_cast<unsigned long long>(size));
  std::fflush(stdout);

  TemporaryFile arrived;
  const Traffic traffic = send_file(path, size, arrived);
  if (const std::string where = difference(Input{path}, arrived.read_back()); !where.empty()) {
    throw std::runtime_error{path.string() + " and what arrived of it: " + where};
  }
  std::printf("arrived, byte for byte\n\n");
  traffic.print("file to file");

  std::vector<std::byte> bytes(static_cast<std::size_t>(std::min<std::uintmax_t>(size, kMostFromMemory)));
  bytes.resize(Input{path}.read(bytes));
  if (!bytes.empty()) send_from_memory(bytes).print("memory to memory");

  const std::vector<double> trips = round_trips();
  const auto at = [&](double share) {
    return trips[static_cast<std::size_t>(share * static_cast<double>(trips.size() - 1))];
  };
  std::printf("\nround trip of 8 bytes, ns, %zu trips\n", trips.size());
  std::printf("%10s %10s %10s %10s %10s\n", "p50", "p90", "p99", "p99.9", "max");
  std::printf("%10.0f %10.0f %10.0f %10.0f %10.0f\n", at(0.5), at(0.9), at(0.99), at(0.999), trips.back());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 2 || (argc == 2 && std::string_view{argv[1]}.starts_with("-"))) {
    std::cerr << "usage: send_file [FILE]\n";
    return 2;
  }
  try {
    const fs::path path = argc == 2 ? fs::path{argv[1]} : default_file();
    if (const std::string why = objection(path); !why.empty()) {
      std::cerr << "send_file: " << why << '\n';
      return 2;
    }
    run(path);
  } catch (const std::exception& failure) {
    std::cerr << "send_file: " << failure.what() << '\n';
    return 1;
  }
}
