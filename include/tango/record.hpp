// SPDX-License-Identifier: Apache-2.0
/// \file
/// Record: a type whose values can be sent as their bytes.
///
///     struct Quote { std::uint64_t price; std::uint32_t size; };
///
///     producer.publish(Quote{100, 5});
///     …
///     if (auto quote = fragment->as<Quote>()) use(quote->price);
///
/// On a channel of bytes, both sides must agree on the type. A message of another size is detected (`TypeMismatch`),
/// but a message of another type with the same size is not. A channel of one type (`of<T>()`, channel_builder.hpp) can
/// be published and read only as that type. Padding is sent as well.
///
/// A `bool` must be 0 or 1; any other byte is reported as `TypeMismatch`. The members of a struct are not checked: the
/// sender is responsible for the validity of its bools and enumerators. If you do not trust the sender, use integers
/// there.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

#include "config.hpp"

namespace tango::inline TANGO_ABI {

/// Whether a `T` is meaningful only in the process that created it, although it could be sent as its bytes: it refers
/// to bytes elsewhere, or it is the result of a call. Specialised next to each such type of this library. Do the same
/// for your own types.
template <class T>
inline constexpr bool kProcessLocal = false;

/// A type whose values can be sent as their bytes. It is trivially copyable and has a copy constructor (an atomic word
/// has only the first property). It neither refers to bytes elsewhere nor is a sequence of values: no pointers, arrays,
/// spans or strings. A type that converts to bytes or text is not a Record either, because `publish` would send those
/// instead.
template <class T>
concept Record = std::is_trivially_copyable_v<T> && std::is_copy_constructible_v<T> && std::is_object_v<T> &&
                 !kProcessLocal<std::remove_cv_t<T>> &&
                 !std::is_pointer_v<T> && !std::is_array_v<T> && !std::is_member_pointer_v<T> &&
                 !std::is_null_pointer_v<T> && !std::is_convertible_v<const T&, std::span<const std::byte>> &&
                 !std::is_convertible_v<const T&, std::string_view> && !requires(const T& range) {
  std::begin(range);
};

/// Messages of any size and content: a channel of bytes.
struct AnyMessage {};

namespace detail {

/// False, but only once `Arguments` are known: for the static assertion of a function that must not be called.
template <class... Arguments>
inline constexpr bool kNever = false;

/// The size of every message in bytes; 0 on a channel of bytes.
template <class Message>
inline constexpr std::size_t kBytesOf = sizeof(Message);
template <>
inline constexpr std::size_t kBytesOf<AnyMessage> = 0;

/// The `size` bytes at `at`. Like `std::as_bytes`, but without the spans of other types that it instantiates, which
/// take longer to compile than the rest of this header.
[[nodiscard]] TANGO_HOT inline std::span<const std::byte> bytes_at(const void* at, std::size_t size) noexcept {
  return {static_cast<const std::byte*>(at), size};
}

/// The bytes of a text, without a terminator.
[[nodiscard]] TANGO_HOT inline std::span<const std::byte> text_bytes(std::string_view text) noexcept {
  return bytes_at(text.data(), text.size());
}

/// The characters of a literal, or of a constant field of a struct, up to the first NUL, or up to the end of the array
/// if it has none.
template <std::size_t N>
[[nodiscard]] TANGO_HOT constexpr std::string_view text_in(const char (&array)[N]) noexcept {
  if (array[N - 1] == '\0') {
    return array;  // there is a NUL within the array; the compiler counts the characters of a literal
  }
  std::size_t size = 0;
  while (size != N && array[size] != '\0') {
    ++size;
  }
  return {array, size};
}

/// Compiles for a `Record`, and explains why any other type is none. `Type` is then a type that causes no further
/// error, so that this one is reported first.
template <class T>
struct RequireRecord {
  static_assert(!kProcessLocal<std::remove_cv_t<T>>,
                "tango: this object is meaningful only in the process that created it: publish what it refers to (the "
                "payload() of a fragment, the value of a Result, Messages by publish_batch)");
  static_assert(
      kProcessLocal<std::remove_cv_t<T>> || Record<T>,
      "tango: only a trivially copyable type can be sent as its bytes, and no pointer, array, range or string (for "
      "a range x, publish std::as_bytes(std::span{x}), or publish_packed(x))");
  using Type = std::conditional_t<Record<T>, T, std::byte>;
};

/// The same where no type is needed.
template <class T>
constexpr void require_record() noexcept {
  static_cast<void>(sizeof(RequireRecord<T>));
}

/// The first argument of the constructor of a Result whose value is copied into it as bytes.
struct AsBytes {
  explicit AsBytes() = default;
};

/// Whether the bytes at `bytes` are a valid `T`, as far as that can be checked: a `bool` is 0 or 1. The sender is
/// responsible for the members of a struct.
template <class T>
[[nodiscard]] TANGO_HOT inline bool is_value(const std::byte* bytes) noexcept {
  if constexpr (std::is_same_v<std::remove_cv_t<T>, bool>) {
    return *bytes <= std::byte{1};
  } else {
    return true;
  }
}

/// Where the bytes of `value` are written. `T` is trivially copyable: its value may be copied in as bytes
/// ([basic.types.general]/3), by several copies, too.
template <class T>
[[nodiscard]] TANGO_HOT inline std::byte* bytes_to(T& value) noexcept {
  return reinterpret_cast<std::byte*>(__builtin_addressof(value));
}

/// The `T` whose bytes `copy(std::byte* to)` writes. They are written straight into the object that the caller gets:
/// compilers return a local variable in place, g++ 12 only one that no inner block declares.
///
/// \pre The bytes are a valid `T`.
template <class T, class Copy>
requires(std::is_trivially_default_constructible_v<T>) [[nodiscard]] TANGO_HOT inline T
    record_from(Copy&& copy) noexcept {
  std::remove_cv_t<T> value;
  copy(bytes_to(value));
  return value;
}

/// The same for a `T` that cannot be declared without running a constructor: copied twice.
template <class T, class Copy>
[[nodiscard]] TANGO_HOT inline T record_from(Copy&& copy) noexcept {
  struct alignas(T) Image {
    std::byte bytes[sizeof(T)];
  } image;
  copy(image.bytes);
  return __builtin_bit_cast(T, image);
}

}  // namespace detail

}  // namespace tango::inline TANGO_ABI
