// SPDX-License-Identifier: Apache-2.0
/// \file
/// Text into a caller's buffer: what the core prints with, as it has neither heap nor iostream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tango::detail {

/// Appends to a buffer and cuts off at its end; never writes a terminator.
class TextWriter {
 public:
  constexpr explicit TextWriter(std::span<char> buffer) noexcept : buffer_{buffer} {}

  constexpr TextWriter& operator<<(std::string_view text) noexcept {
    for (const char c : text) {
      if (used_ == buffer_.size()) {
        break;
      }
      buffer_[used_++] = c;
    }
    return *this;
  }

  /// A literal: its length is known, so nothing calls strlen, which a freestanding library need not have.
  template <std::size_t SIZE>
  constexpr TextWriter& operator<<(const char (&literal)[SIZE]) noexcept {
    return *this << std::string_view{literal, SIZE - 1};
  }

  constexpr TextWriter& operator<<(std::uint64_t number) noexcept {
    char digits[20];  // 2^64 - 1 has 20 of them
    std::size_t first = sizeof digits;
    do {
      digits[--first] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    return *this << std::string_view{digits + first, sizeof digits - first};
  }

  [[nodiscard]] constexpr std::string_view view() const noexcept { return {buffer_.data(), used_}; }

 private:
  std::span<char> buffer_;
  std::size_t used_ = 0;
};

}  // namespace tango::detail
