// SPDX-License-Identifier: Apache-2.0
/// \file
/// TypedFragment: what the consumers of a channel of one type deliver. As the fragment of a channel of bytes, but its
/// payload is read as that type and no other.
///
///     auto channel = tango::ChannelBuilder<1024, 1024, 64>{}.of<Quote>().build();
///     auto consumer = channel.consumer();
///     …
///     if (auto fragment = consumer.poll()) {
///       if (auto quote = fragment->value()) use(quote->price);       // or fragment->as<Quote>()
///     }
///
/// Thread: as the fragment.
#pragma once

#include <type_traits>

#include "config.hpp"
#include "fragment.hpp"
#include "record.hpp"
#include "result.hpp"
#include "speculative_fragment.hpp"

namespace tango::inline TANGO_ABI {

/// Messages of any size and content: a channel of bytes.
struct AnyMessage {};

/// `F` is `Fragment`, `FragmentView` or `SpeculativeFragment`, as which it may be passed on: to code for any channel.
template <Record T, class F>
class TypedFragment : public F {
  static constexpr bool kMayBeOverwritten = std::is_same_v<F, SpeculativeFragment>;

 public:
  using F::F;

  /// The message. `TypeMismatch` (bytes of the payload, of a `T`): somebody wrote something else into the channel's
  /// memory. Where it may be overwritten, also `Overrun`: see `SpeculativeFragment::as`.
  [[nodiscard]] TANGO_HOT Result<T> value() const noexcept requires(!kMayBeOverwritten) { return F::template as<T>(); }
  /// The same.
  [[nodiscard]] TANGO_HOT Result<T> value() noexcept requires kMayBeOverwritten { return F::template as<T>(); }

  /// The same, for who names the type: another one does not compile.
  template <class U>
  [[nodiscard]] TANGO_HOT Result<T> as() const noexcept requires(!kMayBeOverwritten) {
    check<U>();
    return value();
  }
  /// The same.
  template <class U>
  [[nodiscard]] TANGO_HOT Result<T> as() noexcept requires kMayBeOverwritten {
    check<U>();
    return value();
  }

 private:
  template <class U>
  static constexpr void check() noexcept {
    static_assert(
        std::is_same_v<U, T>,
        "tango: the messages of this channel have another type: the T that the channel was built with, of<T>()");
  }
};

namespace detail {

/// The fragments of a channel of `Message`s.
template <class Message, class F>
struct FragmentOf {
  using Type = TypedFragment<Message, F>;
};
template <class F>
struct FragmentOf<AnyMessage, F> {
  using Type = F;
};

}  // namespace detail

}  // namespace tango::inline TANGO_ABI
