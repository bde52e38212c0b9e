// SPDX-License-Identifier: Apache-2.0
/// \file
/// TextWriter: writes text into a caller's buffer. The core prints with it, because it has neither a heap nor iostream.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "../config.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Appends to a buffer and truncates at its end. Never writes a terminator.
class TextWriter {
 public:
  constexpr explicit TextWriter(std::span<char> buffer) noexcept : begin_{buffer.data()}, size_{buffer.size()} {}

  constexpr TextWriter& operator<<(std::string_view text) noexcept {
    for (const char c : text) {
      if (used_ == size_) {
        break;
      }
      begin_[used_++] = c;
    }
    return *this;
  }

  /// Appends a literal. Its length is a constant, so strlen is not called, which a freestanding library need not have.
  template <std::size_t SIZE>
  constexpr TextWriter& operator<<(const char (&literal)[SIZE]) noexcept {
    return *this << std::string_view{literal, SIZE - 1};
  }

  constexpr TextWriter& operator<<(std::uint64_t number) noexcept {
    char digits[20];  // 2^64 - 1 has 20 digits
    std::size_t first = sizeof digits;
    do {
      digits[--first] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number != 0);
    return *this << text(digits + first, sizeof digits - first);
  }

  [[nodiscard]] constexpr std::string_view view() const noexcept { return text(begin_, used_); }

 private:
  /// From a pointer to const: for any other type, the compiler would first have to determine the kind of iterator.
  [[nodiscard]] static constexpr std::string_view text(const char* begin, std::size_t size) noexcept {
    return {begin, size};
  }

  char* begin_;  ///< not a span: copying one takes longer to compile than the rest of this header
  std::size_t size_;
  std::size_t used_ = 0;
};

}  // namespace tango::inline TANGO_ABI::detail
