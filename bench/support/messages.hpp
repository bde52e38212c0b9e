// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ready-made messages, so that a benchmark measures the channel and not how its messages are made: a counter written
/// into a message right before the message is copied makes a store-forwarding stall that hides everything else.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace bench {

/// Copies a message of `Bytes` bytes, by a call of memcpy if it is large: of an assignment, and of a memcpy whose size
/// it knows, g++ 12 makes `rep movs`, which takes two to five times as long, as the addresses have it, and would be
/// taken for the queue.
template <std::size_t Bytes>
[[gnu::always_inline]] inline void copy_message(void* to, const void* from) noexcept {
  std::size_t bytes = Bytes;
  if constexpr (Bytes > 256) {
    asm("" : "+r"(bytes));  // not known to the compiler, so that it calls
  }
  std::memcpy(to, from, bytes);
}

/// The words of a message. Large ones copy themselves so, whoever copies them.
template <std::size_t Bytes>
struct Words : std::array<std::uint64_t, Bytes / sizeof(std::uint64_t)> {};
template <std::size_t Bytes>
requires(Bytes > 256) struct Words<Bytes> : std::array<std::uint64_t, Bytes / sizeof(std::uint64_t)> {
  Words() = default;
  Words(const Words& other) noexcept { copy_message<Bytes>(this->data(), other.data()); }
  Words& operator=(const Words& other) noexcept {
    copy_message<Bytes>(this->data(), other.data());
    return *this;
  }
};

/// `kCount` different messages of `Bytes` bytes; message number `n` of a stream is `table[n % kCount]`. No two words in
/// the table are equal, so a message out of order, in pieces or from elsewhere is found out.
template <std::size_t Bytes>
class Messages {
 public:
  /// No power of two divides it, or three does: no multiple of a ring's size is a multiple of it, so a ring that
  /// overtakes its reader by a lap is found out. Small enough for L1 together with what is copied, but for payloads
  /// that do not fit in there at all.
  ///
  /// From a line on, odd: table and ring then shift against each other with each round through the table. In step, the
  /// load of a message could stand in the same place of its 4 KiB as a store that is still waiting for its line, for
  /// every message of a run or for none, as the allocator has it; cores take such a load for a load of that store.
  static constexpr std::uint64_t kCount = Bytes < 64 ? 384 : Bytes <= 1024 ? 3 * std::bit_floor(4096 / Bytes) - 1 : 3;
  static constexpr std::size_t kWords = Bytes / sizeof(std::uint64_t);
  static_assert(Bytes % sizeof(std::uint64_t) == 0 && Bytes != 0);

  struct alignas(Bytes < 64 ? 8 : 64) Message {
    Words<Bytes> words;

    /// Its bytes, to be sent.
    [[nodiscard]] std::span<const std::byte, Bytes> bytes() const noexcept {
      return std::as_bytes(std::span<const Message, 1>{this, 1});
    }

    /// Whether `Bytes` bytes at `got` are this message: reads every one of them.
    [[nodiscard]] bool is(const std::byte* got) const noexcept {
      if constexpr (Bytes > 64) {
        return std::memcmp(got, words.data(), Bytes) == 0;
      } else {
        std::uint64_t difference = 0;
        for (std::size_t i = 0; i < kWords; ++i) {
          std::uint64_t word;
          std::memcpy(&word, got + i * sizeof word, sizeof word);
          difference |= word ^ words[i];
        }
        return difference == 0;
      }
    }
  };

  /// The messages in their order, from number 0 on; without the division that finding one by its number takes.
  class ReadCursor {
   public:
    explicit ReadCursor(const Messages& messages) noexcept : table_{messages.table_} {}

    [[nodiscard]] const Message& next() noexcept {
      const Message& message = table_[at_];
      at_ = at_ + 1 == kCount ? 0 : at_ + 1;
      return message;
    }

    /// Message number `n` is the next.
    void go_to(std::uint64_t n) noexcept { at_ = n % kCount; }

    /// Whether the next `count` messages lie at `got`, in a row: reads every byte of them.
    [[nodiscard]] bool are_next(const std::byte* got, std::uint64_t count) noexcept {
      bool are = true;
      while (count != 0) {
        const std::uint64_t here = count < kCount - at_ ? count : kCount - at_;
        are = std::memcmp(got, table_ + at_, here * Bytes) == 0 && are;
        at_ = at_ + here == kCount ? 0 : at_ + here;
        got += here * Bytes;
        count -= here;
      }
      return are;
    }

   private:
    const Message* table_;
    std::uint64_t at_ = 0;
  };

  Messages() noexcept {
    std::uint64_t n = 0;
    for (Message& message : table_) {
      for (std::uint64_t& word : message.words) {
        word = ++n * 0x9E37'79B9'7F4A'7C15u;  // odd, so no two products are equal, and none is 0
      }
    }
  }

  [[nodiscard]] const Message& operator[](std::uint64_t n) const noexcept { return table_[n % kCount]; }
  [[nodiscard]] std::span<const Message, kCount> table() const noexcept { return table_; }

  /// The bytes of message `n`.
  [[nodiscard]] std::span<const std::byte, Bytes> bytes(std::uint64_t n) const noexcept { return (*this)[n].bytes(); }

  /// Whether `Bytes` bytes at `got` are message `n`.
  [[nodiscard]] bool is(std::uint64_t n, const std::byte* got) const noexcept { return (*this)[n].is(got); }

 private:
  Message table_[kCount];
};

}  // namespace bench
