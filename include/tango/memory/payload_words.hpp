// SPDX-License-Identifier: Apache-2.0
/// \file
/// Payload bytes through atomic words. Where a consumer may be overrun, both sides access a payload only through
/// relaxed 64-bit words: a plain access that races is undefined behaviour even if its result is discarded afterwards. A
/// word is the native image of its eight bytes, so a consumer that cannot be overrun may read the same memory as bytes.
///
/// Every access here is relaxed: the slot's sequence number and the fences beside it give the order (slot.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

inline constexpr std::size_t kWordBytes = sizeof(std::uint64_t);

/// Up to eight bytes as a word. The rest of the word is 0.
[[nodiscard]] inline std::uint64_t word_from(const std::byte* from, std::size_t bytes) noexcept {
  std::uint64_t word = 0;
  __builtin_memcpy(&word, from, bytes);
  return word;
}

/// Calls `each(i)` for i = 0 … count - 1, four in a row: compilers do not unroll a loop over atomic accesses, and the
/// loop itself would be half of the cost of a copy (bench/README.md).
template <class Each>
[[gnu::always_inline]] inline void for_words(std::size_t count, Each each) noexcept {
  const std::size_t by_four = count - count % 4;
  std::size_t i = 0;
  for (; i != by_four; i += 4) {
    each(i);
    each(i + 1);
    each(i + 2);
    each(i + 3);
  }
  for (; i != count; ++i) {
    each(i);
  }
}

/// Writes `whole` words.
[[gnu::always_inline]] inline void store_whole_words(SharedWord* to, const std::byte* from,
                                                     std::size_t whole) noexcept {
  for_words(whole,
            [=](std::size_t i) { to[i].store(word_from(from + i * kWordBytes, kWordBytes), memory_order_relaxed); });
}

/// Writes `bytes` bytes from the first word on. The rest of the last word becomes 0.
[[gnu::always_inline]] inline void store_words(SharedWord* to, const std::byte* from, std::size_t bytes) noexcept {
  const std::size_t whole = bytes / kWordBytes;
  store_whole_words(to, from, whole);
  if (const std::size_t rest = bytes % kWordBytes; rest != 0) {
    to[whole].store(word_from(from + whole * kWordBytes, rest), memory_order_relaxed);
  }
}

/// Two words that are written to private memory with one store.
using WordPair [[gnu::vector_size(2 * kWordBytes)]] = std::uint64_t;

/// A word at any address, in memory of any type. (Where a copy by `__builtin_memcpy` is in a branch that is not taken,
/// g++ for RISC-V warns at -O0 that it would overflow.)
using UnalignedWord [[gnu::may_alias, gnu::aligned(1)]] = std::uint64_t;

/// Reads `bytes` bytes from the first word on, each word once. Words are written to `to` in pairs: the copy is often
/// read right afterwards, 16 bytes at a time. Such a load is forwarded from one store of 16 bytes, but has to wait for
/// two stores of 8 bytes (bench/README.md).
[[gnu::always_inline]] inline void load_words(std::byte* to, const SharedWord* from, std::size_t bytes) noexcept {
  const std::size_t whole = bytes / kWordBytes;
  for_words(whole / 2, [=](std::size_t i) {
    const std::uint64_t first = from[2 * i].load(memory_order_relaxed);
    const std::uint64_t second = from[2 * i + 1].load(memory_order_relaxed);
    const WordPair pair = {first, second};
    __builtin_memcpy(to + i * sizeof pair, &pair, sizeof pair);
  });
  if (whole % 2 != 0) {
    const std::uint64_t word = from[whole - 1].load(memory_order_relaxed);
    *reinterpret_cast<UnalignedWord*>(to + (whole - 1) * kWordBytes) = word;
  }
  if (const std::size_t rest = bytes % kWordBytes; rest != 0) {
    const std::uint64_t word = from[whole].load(memory_order_relaxed);
    __builtin_memcpy(to + whole * kWordBytes, &word, rest);
  }
}

/// Bytes `offset` ... `offset + bytes` of a run of words: the part of them that lies in the first word, unless they
/// start where it does.
[[nodiscard]] [[gnu::always_inline]] inline std::size_t bytes_in_first_word(std::size_t offset,
                                                                            std::size_t bytes) noexcept {
  const std::size_t most = (kWordBytes - offset % kWordBytes) % kWordBytes;
  return bytes < most ? bytes : most;
}

/// Writes `bytes` bytes of a word of which this thread is the only writer, from the byte `first` on. The others keep
/// their values.
inline void overwrite_word(SharedWord& target, std::size_t first, const std::byte* from, std::size_t bytes) noexcept {
  std::uint64_t word = target.load(memory_order_relaxed);
  __builtin_memcpy(reinterpret_cast<std::byte*>(&word) + first, from, bytes);
  target.store(word, memory_order_relaxed);
}

/// Writes bytes anywhere within words of which this thread is the only writer. The other bytes of the words keep their
/// values.
[[gnu::always_inline]] inline void overwrite_words(SharedWord* words, std::size_t offset, const std::byte* from,
                                                   std::size_t bytes) noexcept {
  if (const std::size_t here = bytes_in_first_word(offset, bytes); here != 0) {
    overwrite_word(words[offset / kWordBytes], offset % kWordBytes, from, here);
    offset += here;
    from += here;
    bytes -= here;
  }
  SharedWord* const rest = words + offset / kWordBytes;
  const std::size_t whole = bytes / kWordBytes;
  store_whole_words(rest, from, whole);
  if (bytes % kWordBytes != 0) {
    overwrite_word(rest[whole], 0, from + whole * kWordBytes, bytes % kWordBytes);
  }
}

/// Reads bytes from anywhere within words, each word once.
[[gnu::always_inline]] inline void gather_words(std::byte* to, const SharedWord* words, std::size_t offset,
                                                std::size_t bytes) noexcept {
  if (const std::size_t here = bytes_in_first_word(offset, bytes); here != 0) {
    const std::uint64_t word = words[offset / kWordBytes].load(memory_order_relaxed);
    __builtin_memcpy(to, reinterpret_cast<const std::byte*>(&word) + offset % kWordBytes, here);
    offset += here;
    to += here;
    bytes -= here;
  }
  load_words(to, words + offset / kWordBytes, bytes);
}

/// The same memory as bytes, for a consumer that cannot be overrun. What was published happens before this read, and
/// nothing is written there until the reader gives it back. Reading an object's representation through std::byte is
/// allowed ([basic.lval]/11). Advancing from one word to the next through it works with every compiler, but C++20 does
/// not define it (P1839 would).
[[nodiscard]] inline const std::byte* bytes_of(const SharedWord* words) noexcept {
  return reinterpret_cast<const std::byte*>(words);
}

/// What is bytes already.
[[nodiscard]] inline const std::byte* bytes_of(const std::byte* bytes) noexcept { return bytes; }

}  // namespace tango::inline TANGO_ABI::detail
