// SPDX-License-Identifier: Apache-2.0
/// \file
/// Result: a value, or why there is none.
///
///     if (auto quote = fragment->as<Quote>()) {
///       use(quote->price);
///     } else {
///       log(quote.status());
///     }
///
/// It replaces `std::optional` and `std::expected`, which a freestanding C++20 library does not have.
///
/// Thread: any.
#pragma once

#include <type_traits>

#include "config.hpp"
#include "error.hpp"
#include "record.hpp"

namespace tango::inline TANGO_ABI {

/// `T` is trivially copyable.
template <class T>
class [[nodiscard]] Result {
  static_assert(std::is_trivially_copyable_v<T>, "tango: a Result holds a trivially copyable value");
  static_assert(!std::is_same_v<T, Status>, "tango: a Result of a Status could not distinguish a value from an error");

 public:
  /// No value, because of `why`.
  ///
  /// \pre (checked) `why` is an error.
  constexpr Result(const Status& why) noexcept : nothing_{}, status_{why} {
    TANGO_PRECONDITION(!why.ok(), "Result: a status given in place of a value is an error");
  }

  /// A value.
  constexpr Result(const T& value) noexcept : value_{value} {}

  /// For the library itself: a value that `copy(std::byte* to)` writes straight into the result, as its bytes. `copy`
  /// returns success, or why there is no value. The union's member comes to life as its bytes are copied
  /// ([intro.object]/10, /13): a Record is an implicit-lifetime type.
  template <class Copy>
  TANGO_HOT Result(detail::AsBytes, Copy&& copy) noexcept : nothing_{}, status_{copy(detail::bytes_to(value_))} {}

  /// Whether there is a value.
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return status_.ok(); }

  /// Success, or why there is no value.
  [[nodiscard]] constexpr const Status& status() const noexcept { return status_; }

  /// The value.
  ///
  /// \pre (checked) There is a value.
  [[nodiscard]] constexpr const T& operator*() const& noexcept {
    TANGO_PRECONDITION(status_.ok(), "Result: there is a value");
    return value_;
  }
  /// The same.
  [[nodiscard]] constexpr T operator*() && noexcept { return static_cast<const Result&>(*this).operator*(); }
  [[nodiscard]] constexpr const T* operator->() const noexcept { return &**this; }  ///< the same

 private:
  struct Nothing {};
  union {
    Nothing nothing_;
    T value_;
  };
  Status status_;
};

/// A value that is elsewhere, or why there is none.
///
///     if (const auto quote = fragment->view()) use(quote->price);
template <class T>
class [[nodiscard]] Result<T&> {
 public:
  /// No value, because of `why`.
  ///
  /// \pre (checked) `why` is an error.
  constexpr Result(const Status& why) noexcept : at_{why} {}

  /// This value, which must outlive the result.
  constexpr Result(T& value) noexcept : at_{__builtin_addressof(value)} {}

  /// Whether there is a value.
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return bool{at_}; }

  /// Success, or why there is no value.
  [[nodiscard]] constexpr const Status& status() const noexcept { return at_.status(); }

  /// The value.
  ///
  /// \pre (checked) There is a value.
  [[nodiscard]] constexpr T& operator*() const noexcept { return **at_; }
  [[nodiscard]] constexpr T* operator->() const noexcept { return *at_; }  ///< the same

 private:
  Result<T*> at_;
};

template <class T>
inline constexpr bool kProcessLocal<Result<T>> = true;  ///< not a Record

namespace detail {

/// A value that was sent as its bytes, or why there is none.
template <class T>
using RecordResult = Result<typename RequireRecord<T>::Type>;

}  // namespace detail

}  // namespace tango::inline TANGO_ABI
