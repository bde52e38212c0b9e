// SPDX-License-Identifier: Apache-2.0
/// \file
/// TypedFragment: what the consumers of a channel of one message type deliver. It is like the fragment of a channel of
/// bytes, but its payload can be read only as that type.
///
///     auto channel = tango::ChannelBuilder<1024>{}.of<Quote>().build();
///     auto consumer = channel.consumer();
///     …
///     if (auto fragment = consumer.poll()) {
///       if (auto quote = fragment->value()) use(quote->price);       // or fragment->as<Quote>()
///     }
///
/// Thread: the consumer's.
#pragma once

#include <cstdint>
#include <type_traits>

#include "config.hpp"
#include "fragment.hpp"
#include "metadata.hpp"
#include "record.hpp"
#include "result.hpp"
#include "speculative_fragment.hpp"

namespace tango::inline TANGO_ABI {

/// `F` is `Fragment`, `FragmentView` or `SpeculativeFragment`. A TypedFragment converts to it, so it can be passed to
/// code for any channel. `Described`: whether its channel has metadata.
template <Record T, class F, bool Described = true>
class TypedFragment : public F {
  static constexpr bool kMayBeOverwritten = std::is_same_v<F, SpeculativeFragment>;

 public:
  using F::F;

  /// The message.
  ///
  /// \retval TypeMismatch Another process wrote something else into the channel's memory (bytes of the payload, bytes
  ///         of a `T`).
  /// \retval Overrun Only if the consumer may be overrun: see `SpeculativeFragment::as`.
  /// \return Otherwise the message.
  [[nodiscard]] TANGO_HOT Result<T> value() const noexcept requires(!kMayBeOverwritten) { return F::template as<T>(); }
  /// The same.
  [[nodiscard]] TANGO_HOT Result<T> value() noexcept requires kMayBeOverwritten { return F::template as<T>(); }

  /// The same, with the type named. Any other type does not compile.
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

  /// As in `F`. On a channel that was built `without_metadata()` they do not compile.
  /// @{
  template <class Self = TypedFragment>
  [[nodiscard]] FragmentMetadata metadata() const noexcept {
    need_metadata<Self>();
    return F::metadata();
  }
  template <class Self = TypedFragment>
  [[nodiscard]] std::uint64_t sig() const noexcept {
    need_metadata<Self>();
    return F::sig();
  }
  template <class Self = TypedFragment>
  [[nodiscard]] std::uint32_t ts() const noexcept {
    need_metadata<Self>();
    return F::ts();
  }
  /// @}

 private:
  template <class Self>
  static constexpr void need_metadata() noexcept {
    static_assert(Described || detail::kNever<Self>,
                  "tango: this channel was built without_metadata(): its messages have no sig, ctl and ts");
  }

  template <class U>
  static constexpr void check() noexcept {
    static_assert(
        std::is_same_v<U, T>,
        "tango: the messages of this channel have another type: the T that the channel was built with, of<T>()");
  }
};

namespace detail {

/// The fragments of a channel of `Message`s, with metadata or without.
template <class Message, class F, bool Described>
struct FragmentOf {
  using Type = TypedFragment<Message, F, Described>;
};
template <class F>
struct FragmentOf<AnyMessage, F, true> {
  using Type = F;
};

}  // namespace detail

}  // namespace tango::inline TANGO_ABI
