// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ready-made messages, so that a benchmark measures the channel and not how its messages are made: a counter written into
/// a message right before the message is copied makes a store-forwarding stall that hides everything else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace bench {

/// `kCount` different messages of `Bytes` bytes; message number `n` of a stream is `table[n % kCount]`. No two words in the
/// table are equal, so a message out of order, in pieces or from elsewhere is found out.
template <std::size_t Bytes>
class Messages {
 public:
  static constexpr std::uint64_t kCount = 256;
  static constexpr std::size_t kWords = Bytes / sizeof(std::uint64_t);
  static_assert(Bytes % sizeof(std::uint64_t) == 0 && Bytes != 0);

  struct alignas(Bytes < 64 ? 8 : 64) Message {
    std::array<std::uint64_t, kWords> words;
  };

  Messages() noexcept {
    std::uint64_t n = 0;
    for (Message& message : table_) {
      for (std::uint64_t& word : message.words) {
        word = ++n * 0x9E37'79B9'7F4A'7C15u;  // odd, so no two products are equal
      }
    }
  }

  [[nodiscard]] const Message& operator[](std::uint64_t n) const noexcept { return table_[n % kCount]; }

  /// Its bytes, to be sent.
  [[nodiscard]] std::span<const std::byte, Bytes> bytes(std::uint64_t n) const noexcept {
    return std::as_bytes(std::span<const Message, 1>{&(*this)[n], 1});
  }

  /// Whether `Bytes` bytes at `got` are message `n`: reads every one of them.
  [[nodiscard]] bool is(std::uint64_t n, const std::byte* got) const noexcept {
    const std::array<std::uint64_t, kWords>& expected = (*this)[n].words;
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < kWords; ++i) {
      std::uint64_t word;
      std::memcpy(&word, got + i * sizeof word, sizeof word);
      difference |= word ^ expected[i];
    }
    return difference == 0;
  }

 private:
  Message table_[kCount];
};

}  // namespace bench
