// SPDX-License-Identifier: Apache-2.0
/// \file
/// TypedFragment: what the consumers of a channel of one message type deliver. It is like the fragment of a channel of
/// bytes, but its payload can be read only as that type.
///
///     auto channel = tango::ChannelBuilder<1024>{}.of<Quote>().build();
///     auto consumer = channel.consumer();
///     …
///     if (auto fragment = consumer.poll()) {
///       if (auto quote = fragment->value()) use(quote->price);       // a copy; or fragment->as<Quote>()
///     }
///
/// A reliable consumer can read it where it lies (`fragment->view()`), and every consumer into an object of the
/// program's own (`fragment->copy_to(quote)`).
///
/// Thread: the consumer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "config.hpp"
#include "error.hpp"
#include "fragment.hpp"
#include "memory/slot.hpp"
#include "metadata.hpp"
#include "record.hpp"
#include "result.hpp"
#include "speculative_fragment.hpp"

namespace tango::inline TANGO_ABI {

/// `F` is `Fragment`, `FragmentView` or `SpeculativeFragment`. A TypedFragment converts to it, so it can be passed to
/// code for any channel. `Described`: whether its channel has metadata. `Alignment`: what payloads are aligned to.
template <Record T, class F, bool Described = true, std::size_t Alignment = alignof(std::uint64_t)>
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

  /// The message in place, valid as long as the fragment is held. Only if the consumer is reliable.
  ///
  /// \retval TypeMismatch As for `value`.
  /// \return Otherwise the message.
  template <class Self = TypedFragment>
  [[nodiscard]] TANGO_HOT Result<const T&> view() const& noexcept {
    static_assert(
        !kMayBeOverwritten || detail::kNever<Self>,
        "tango: this consumer may be overrun, so it cannot read a message in place: use value() or copy_to(x)");
    static_assert(alignof(T) <= Alignment,
                  "tango: the slots of this channel are less aligned than its T, which cannot be read in place there: "
                  "use value() or copy_to(x)");
    return F::template view_as<T, Alignment>();
  }
  void view() const&& = delete;  ///< a temporary gives it back at the end of the expression

  /// Copies the message to `out`: an object of the program's own, or bytes. Returns as in `F`.
  /// @{
  TANGO_HOT Status copy_to(T& out) const noexcept requires(!kMayBeOverwritten) { return F::copy_to(out); }
  TANGO_HOT Status copy_to(T& out) noexcept requires kMayBeOverwritten { return F::copy_to(out); }
  TANGO_HOT Status copy_to(std::span<std::byte> out) const noexcept requires(!kMayBeOverwritten) {
    return F::copy_to(out);
  }
  TANGO_HOT Status copy_to(std::span<std::byte> out) noexcept requires kMayBeOverwritten { return F::copy_to(out); }
  template <Record U>
  requires(!std::is_same_v<U, T>) Status copy_to(U& out)
  const = delete;  // not the type of this channel's messages
  /// @}

  /// The same as `value`, with the type named. Any other type does not compile.
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

/// What payloads of `size` bytes are aligned to. They are at the start of a slot, or of a chunk.
template <class Layout>
[[nodiscard]] constexpr std::size_t payload_alignment(std::size_t size) noexcept {
  return size <= Layout::kPayloadBytes ? alignof(Slot<Layout>) : kLineSize;
}

/// The fragments of a channel of `Message`s with slots of this layout.
template <class Message, class F, class Layout>
struct FragmentOf {
  using Type = TypedFragment<Message, F, Layout::kMetadata, payload_alignment<Layout>(sizeof(Message))>;
};
template <class F, class Layout>
struct FragmentOf<AnyMessage, F, Layout> {
  using Type = F;
};

}  // namespace detail

}  // namespace tango::inline TANGO_ABI
