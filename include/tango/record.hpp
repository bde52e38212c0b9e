// SPDX-License-Identifier: Apache-2.0
/// \file
/// Record: what may travel as its bytes.
///
///     struct Quote { std::uint64_t price; std::uint32_t size; };
///
///     producer.publish(Quote{100, 5});
///     …
///     if (auto quote = fragment->as<Quote>()) use(quote->price);
///
/// On a channel of bytes both sides agree on the type: a message of another size is told (`TypeMismatch`), one of another
/// type with the same size is not. A channel of one type (`of<T>()`, channel_builder.hpp) is published and read as that
/// type alone. Padding travels, too.
///
/// A byte that is no bool is none (`TypeMismatch`). Within a struct nobody looks: that its bools and enumerators are some
/// is for the sender to answer for, so put integers there if you do not trust it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

#include "config.hpp"

namespace tango::inline TANGO_ABI {

/// Whether a `T` says something only where it was made, though it could be sent as its bytes: it refers to bytes that are
/// elsewhere, or it is an answer to a call. Specialised next to each such type of this library; do so for yours.
template <class T>
inline constexpr bool kProcessLocal = false;

/// A type whose values may be sent as their bytes: trivially copyable, and copyable at all (an atomic word is the first
/// without the second), and nothing that refers to bytes elsewhere or holds several values: pointers, arrays, spans,
/// strings. What converts to bytes or text is none either: those are what `publish` would send of it.
template <class T>
concept Record = std::is_trivially_copyable_v<T> && std::is_copy_constructible_v<T> && std::is_object_v<T> &&
                 !kProcessLocal<std::remove_cv_t<T>> &&
                 !std::is_pointer_v<T> && !std::is_array_v<T> && !std::is_member_pointer_v<T> &&
                 !std::is_null_pointer_v<T> && !std::is_convertible_v<const T&, std::span<const std::byte>> &&
                 !std::is_convertible_v<const T&, std::string_view> && !requires(const T& range) {
  std::begin(range);
};

namespace detail {

/// The `size` bytes that lie at `at`. As `std::as_bytes`, without the spans of other types that it goes through: the
/// compiler would spend more on those than on all else in this header.
[[nodiscard]] TANGO_HOT inline std::span<const std::byte> bytes_at(const void* at, std::size_t size) noexcept {
  return {static_cast<const std::byte*>(at), size};
}

/// The bytes of a text, without a terminator.
[[nodiscard]] TANGO_HOT inline std::span<const std::byte> text_bytes(std::string_view text) noexcept {
  return bytes_at(text.data(), text.size());
}

/// The characters of a literal, or of a constant field of a struct: up to the first NUL, and no further than the array
/// goes if it has none.
template <std::size_t N>
[[nodiscard]] TANGO_HOT constexpr std::string_view text_in(const char (&array)[N]) noexcept {
  if (array[N - 1] == '\0') {
    return array;  // ends within it; of a literal, the compiler counts
  }
  std::size_t size = 0;
  while (size != N && array[size] != '\0') {
    ++size;
  }
  return {array, size};
}

/// Compiles for a `Record`, and says why not for others. `Type` is then one with which nothing else is wrong, so that
/// this is said first.
template <class T>
struct RequireRecord {
  static_assert(!kProcessLocal<std::remove_cv_t<T>>,
                "tango: this object says something only where it was made: publish what it is about (the payload() of "
                "a fragment, the value of a Result, Messages by publish_batch)");
  static_assert(
      kProcessLocal<std::remove_cv_t<T>> || Record<T>,
      "tango: only a trivially copyable type travels as its bytes, and no pointer, array, range or string (of "
      "a range x, publish std::as_bytes(std::span{x}), or publish_packed(x))");
  using Type = std::conditional_t<Record<T>, T, std::byte>;
};

/// The same where no type is asked for.
template <class T>
constexpr void require_record() noexcept {
  static_cast<void>(sizeof(RequireRecord<T>));
}

/// The bytes of a `T`, copied from wherever they lay, before they are one. `T` is trivially copyable.
template <class T>
struct alignas(T) Image {
  std::byte bytes[sizeof(T)];

  /// Whether they are those of a value, as far as that is known: a bool is 0 or 1. What a type holds inside is for its
  /// sender to answer for.
  [[nodiscard]] bool is_value() const noexcept {
    if constexpr (std::is_same_v<std::remove_cv_t<T>, bool>) {
      return bytes[0] <= std::byte{1};
    } else {
      return true;
    }
  }

  /// Precondition: they are those of a value.
  [[nodiscard]] T value() const noexcept { return __builtin_bit_cast(T, *this); }
};

}  // namespace detail

}  // namespace tango::inline TANGO_ABI
