// SPDX-License-Identifier: Apache-2.0
// The core on a machine without an operating system or a C library: one hart publishes a million fragments, in place
// and by copy, small and large, the other checks every byte of them; then both change over to a lossy channel, where
// what is lost must be counted. Prints a line on the serial port and ends the machine: passed or failed.
#include <tango/tango.hpp>

namespace {

constexpr std::uint64_t kMessages = 1'000'000;
constexpr std::size_t kMost = 200;

// Where qemu's `virt` has its serial port (an NS16550A) and the device that ends it (sifive_test).
volatile std::uint8_t& serial() { return *reinterpret_cast<volatile std::uint8_t*>(0x1000'0000); }
volatile std::uint32_t& machine_end() { return *reinterpret_cast<volatile std::uint32_t*>(0x10'0000); }
constexpr std::uint32_t kPassed = 0x5555;
constexpr std::uint32_t kFailed = 0x1'3333;

void say(std::string_view text) {
  for (const char c : text) {
    serial() = static_cast<std::uint8_t>(c);
  }
}

[[noreturn]] void end(bool passed) {
  machine_end() = passed ? kPassed : kFailed;
  while (true) {
  }
}

constexpr auto kReliable = tango::ChannelBuilder<256, 256, 128>{}.with_flow_control();
constexpr auto kLossy = tango::ChannelBuilder<16, 16, 128>{};

alignas(decltype(kReliable)::kAlignment) std::byte reliable_memory[decltype(kReliable)::kSize];
alignas(decltype(kLossy)::kAlignment) std::byte lossy_memory[decltype(kLossy)::kSize];
std::atomic<std::uint64_t> ready{0};  // the channels are built

std::size_t size_of(tango::Seq seq) { return (seq * 37) % (kMost + 1); }
std::byte byte_of(tango::Seq seq, std::size_t i) { return static_cast<std::byte>((seq >> (i % 4 * 8)) + i); }

void write(tango::Seq seq, std::span<std::byte> to) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] = byte_of(seq, i);
  }
}

bool is_right(tango::Seq seq, std::uint64_t sig, std::span<const std::byte> bytes) {
  bool right = sig == ~seq && bytes.size() == size_of(seq);
  for (std::size_t i = 0; right && i < bytes.size(); ++i) {
    right = bytes[i] == byte_of(seq, i);
  }
  return right;
}

struct Sum {
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;
  std::uint64_t lost = 0;
};

template <class Channel>
bool publish_all(Channel& channel) {
  auto producer = channel.producer();
  bool accepted = producer.status().ok();
  for (std::uint64_t i = 0; accepted && i < kMessages; ++i) {
    const tango::Seq seq = producer.next_seq();
    std::byte buffer[kMost];
    const std::span<std::byte> bytes{buffer, size_of(seq)};
    if constexpr (Channel::kFlowControl) {
      if (seq % 2 == 0) {
        auto room = producer.reserve_blocking(size_of(seq));
        accepted = static_cast<bool>(room);
        if (accepted) {
          write(seq, room.span());
          accepted = room.commit({.sig = ~seq}).ok();
        }
        continue;
      }
    }
    write(seq, bytes);
    accepted = producer.publish_blocking(bytes, {.sig = ~seq}).ok();
  }
  return producer.stop() && accepted;
}

template <class Channel>
Sum check_all(Channel& channel) {
  auto consumer = channel.consumer(tango::From::Start);
  Sum sum;
  for (auto& fragment : consumer.fragments()) {
    bool right = true;
    if constexpr (Channel::kFlowControl) {
      right = is_right(fragment.seq(), fragment.sig(), fragment.payload());
    } else {
      std::byte copy[kMost];
      if (fragment.size() > kMost || !fragment.copy_to(copy).ok()) {
        continue;  // counted as lost
      }
      right = is_right(fragment.seq(), fragment.sig(), {copy, fragment.size()});
    }
    ++(right ? sum.right : sum.wrong);
  }
  sum.lost = consumer.lost();
  return sum;
}

bool report(std::string_view name, const Sum& sum, bool good) {
  char text[160];
  tango::detail::TextWriter out{text};
  out << name << ": " << sum.right << " right, " << sum.wrong << " wrong, " << sum.lost << " lost\n";
  say(out.view());
  return good;
}

}  // namespace

extern "C" {
using Constructor = void (*)();
extern const Constructor first_constructor[];
extern const Constructor last_constructor[];

// What every compiler may call, and a C library would have.
void* memcpy(void* to, const void* from, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    static_cast<volatile char*>(to)[i] = static_cast<const char*>(from)[i];
  }
  return to;
}
void* memset(void* to, int value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    static_cast<volatile char*>(to)[i] = static_cast<char>(value);
  }
  return to;
}

void run_hart(std::uint64_t hart) {
  if (hart == 0) {
    for (const Constructor* constructor = first_constructor; constructor != last_constructor; ++constructor) {
      (*constructor)();
    }
    if (!kReliable.build_in(reliable_memory) || !kLossy.build_in(lossy_memory)) {
      end(false);
    }
    ready.store(1, std::memory_order_release);
    const Sum reliable = check_all(**kReliable.attach(reliable_memory));
    const Sum lossy = check_all(**kLossy.attach(lossy_memory));
    bool good = report("reliable", reliable, reliable.right == kMessages && reliable.wrong == 0 && reliable.lost == 0);
    good =
        report("lossy", lossy, lossy.right + lossy.lost == kMessages && lossy.wrong == 0 && lossy.right != 0) && good;
    say(good ? "passed\n" : "FAILED\n");
    end(good);
  }
  while (ready.load(std::memory_order_acquire) == 0) {
    tango::detail::pause();
  }
  if (!publish_all(**kReliable.attach(reliable_memory)) || !publish_all(**kLossy.attach(lossy_memory))) {
    say("refused\n");
    end(false);
  }
}
}  // extern "C"
