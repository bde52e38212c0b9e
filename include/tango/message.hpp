// SPDX-License-Identifier: Apache-2.0
/// \file
/// What can be published: bytes, text, a value as its bytes, or several messages at once.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

#include "config.hpp"
#include "error.hpp"
#include "metadata.hpp"
#include "record.hpp"

namespace tango::inline TANGO_ABI {

/// A message of a batch.
struct Message {
  std::span<const std::byte> payload;  ///< its bytes
  MessageInfo info;                    ///< its tag, control bits and timestamp
};

/// How much of a batch was published: the first `count` messages. `status` is why the next one was not.
struct [[nodiscard]] BatchStatus {
  std::size_t count = 0;  ///< messages, or packed records, that were published
  Status status;          ///< why the next one was not, or success
  /// Whether the whole batch was published.
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return status.ok(); }
};

template <>
inline constexpr bool kProcessLocal<Message> = true;  ///< not a Record
template <>
inline constexpr bool kProcessLocal<BatchStatus> = true;  ///< not a Record

namespace detail {

/// A type that is neither bytes nor text. Also two types that convert to text although the end of that text is not
/// known: an array, which may have no NUL, and null.
template <class T>
concept Value = !std::is_convertible_v<const T&, std::span<const std::byte>> &&
                (!std::is_convertible_v<const T&, std::string_view> || std::is_array_v<T> || std::is_null_pointer_v<T>);

template <class T>
[[nodiscard]] TANGO_HOT inline std::span<const std::byte> value_bytes(const T& value) noexcept {
  if constexpr (std::is_array_v<T> && std::is_convertible_v<const T&, std::string_view>) {
    return text_bytes(text_in(value));
  } else {
    require_record<T>();
    return bytes_at(&value, sizeof(T));
  }
}

}  // namespace detail

}  // namespace tango::inline TANGO_ABI
