// SPDX-License-Identifier: Apache-2.0
// A fuzzer's input as a source of choices: what support/channel.hpp's Random is, from bytes that libFuzzer thought out.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace tango::test {

/// Once the bytes are used up, every choice is 0.
class Bytes {
 public:
  explicit Bytes(std::span<const std::uint8_t> bytes) : bytes_{bytes} {}

  [[nodiscard]] bool empty() const { return bytes_.empty(); }

  /// The next eight bytes.
  std::uint64_t operator()() { return take(8); }

  /// 0 … `bound` - 1, from as few bytes as it takes.
  std::uint64_t below(std::uint64_t bound) { return take(bound <= 0x100 ? 1 : bound <= 0x1'0000 ? 2 : 8) % bound; }

 private:
  std::uint64_t take(std::size_t count) {
    std::uint64_t word = 0;
    const std::size_t here = std::min(count, bytes_.size());
    if (here != 0) {
      std::memcpy(&word, bytes_.data(), here);
    }
    bytes_ = bytes_.subspan(here);
    return word;
  }

  std::span<const std::uint8_t> bytes_;
};

}  // namespace tango::test
