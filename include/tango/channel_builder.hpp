// SPDX-License-Identifier: Apache-2.0
/// \file
/// ChannelBuilder: chooses the kind of a channel and constructs it. Each option returns a builder of another type, so
/// combinations that make no sense do not compile. `build` returns one object that holds all components (channel.hpp).
///
///     auto channel = tango::ChannelBuilder<1024, 1024, 256>{}       // slots, chunks, bytes of a chunk
///                        .with_flow_control()                       // nothing is lost
///                        .with_metrics()
///                        .build();
///
///     auto channel = tango::ChannelBuilder<1024>{}                  // slots alone: each message is in its slot
///                        .of<Order>()                               // which has the size of an Order
///                        .with_flow_control()
///                        .build();
///
/// | kind | `with_flow_control` | `with_observers` | consumers |
/// | --- | --- | --- | --- |
/// | lossy | | | any number, each may be overrun |
/// | reliable | x | | up to 8, never overrun |
/// | observed | x | x | up to 8 reliable ones, and any number of observers that may be overrun |
///
/// The number of reliable consumers can be chosen: `with_flow_control<64>()` allows up to 64. With `with_metrics`, at
/// most 8 consumers and observers can exist at a time, and a ninth is refused.
///
/// Every kind can be combined with `with_metrics`, `of<T>` (all messages are of type `T`) and `with_wait<S>` (the
/// default wait strategy of blocking calls), in any order.
///
/// Where the channel is stored:
///
///     auto channel = builder.build();                 // by value: on the stack, in static storage, as a member
///     auto channel = tango::make_unique(builder);     // on the heap: <tango/heap.hpp>
///     auto channel = builder.build_in(memory);        // in your own memory; the other side: builder.attach(memory)
///
/// Thread: any. A builder is a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>

#include "channel.hpp"
#include "config.hpp"
#include "error.hpp"
#include "memory/inside.hpp"
#include "record.hpp"
#include "result.hpp"
#include "seq.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// A lossy channel of bytes, without metrics.
using DefaultOptions = ChannelOptions<false, false, false, AnyWait, AnyMessage>;

/// `Depth` slots and `Chunks` chunks of `ChunkBytes` bytes, or no chunks. `Depth` and `Chunks` are powers of two: see
/// mcache.hpp and dcache.hpp. The start number, the credits and the type's id are values: the last call that sets one
/// wins.
template <std::size_t Depth, std::size_t Chunks = 0, std::size_t ChunkBytes = 0, class Options = DefaultOptions>
class ChannelBuilder {
  template <bool Flow, bool Observers, bool Counted, class Strategy, class Message,
            std::size_t Places = Options::kPlaces, std::size_t BytesInSlot = Options::kBytesInSlot,
            bool Described = Options::kMetadata>
  using With =
      ChannelBuilder<Depth, Chunks, ChunkBytes,
                     ChannelOptions<Flow, Observers, Counted, Strategy, Message, Places, BytesInSlot, Described>>;
  static constexpr bool kFlow = Options::kFlowControl;
  static constexpr bool kObservers = Options::kObservers;
  static constexpr bool kMetrics = Options::kMetrics;
  using Waiting = typename Options::Waiting;
  using Message = typename Options::Message;

 public:
  /// The type of the channel that it builds.
  using Channel = tango::Channel<Depth, Chunks, ChunkBytes, Options>;

  constexpr ChannelBuilder() noexcept = default;

  // -------------------------------------------------------------------------------------------------------- options

  /// Flow control: the producer waits for the slowest of up to `Places` reliable consumers, 1 to 64. At most `credits`
  /// messages are in flight at a time, 1 to `Depth`. With any other number the endpoints are refused
  /// (`CreditsOutOfRange`).
  template <std::size_t Places = kMaxReliableConsumers>
  [[nodiscard]] constexpr auto with_flow_control(std::uint64_t credits = Depth) const noexcept {
    static_assert(!kFlow, "tango: with_flow_control was called before");
    auto next = as<With<true, kObservers, kMetrics, Waiting, Message, Places>>();
    next.credits_ = credits;
    return next;
  }

  /// Besides the reliable consumers, allows any number of observers, which may be overrun.
  [[nodiscard]] constexpr auto with_observers() const noexcept {
    static_assert(!kObservers, "tango: with_observers was called before");
    return as<With<kFlow, true, kMetrics, Waiting, Message>>();
  }

  /// Every endpoint keeps metrics: see metrics.hpp.
  [[nodiscard]] constexpr auto with_metrics() const noexcept {
    static_assert(!kMetrics, "tango: with_metrics was called before");
    return as<With<kFlow, kObservers, true, Waiting, Message>>();
  }

  /// The wait strategy of `publish_blocking`, `reserve_blocking`, `wait` and `fragments`, unless the call is given
  /// another one. It is a type: each of these calls creates an object of it.
  template <WaitStrategy Strategy>
  [[nodiscard]] constexpr auto with_wait() const noexcept {
    static_assert(std::is_same_v<Waiting, AnyWait>, "tango: with_wait was called before");
    static_assert(std::is_default_constructible_v<Strategy>,
                  "tango: a channel's wait strategy is a type that needs no arguments: give one that does, such as "
                  "Bounded, to each call that waits");
    return as<With<kFlow, kObservers, kMetrics, Strategy, Message>>();
  }

  /// All messages are of type `T`: the endpoints publish and read no other type. `id` distinguishes types of the same
  /// size and alignment when a channel is found in memory (`attach`). Two such types with the same id, for instance the
  /// default 0, are accepted for each other, so give each type its own id. (The name of a type would not do: compilers
  /// spell it differently.)
  template <class T>
  [[nodiscard]] constexpr auto of(std::uint64_t id = 0) const noexcept {
    detail::require_record<T>();
    static_assert(std::is_same_v<Message, AnyMessage>, "tango: of was called before");
    if constexpr (Chunks != 0) {
      static_assert(sizeof(T) <= Channel::max_payload(),
                    "tango: a message of this type is larger than the largest payload");
    }
    auto next = as<With<kFlow, kObservers, kMetrics, Waiting, T>>();
    next.type_id_ = id;
    return next;
  }

  /// A slot holds up to `Bytes` bytes of payload, a multiple of 8: see slot_layout.hpp. Larger messages need chunks.
  template <std::size_t Bytes>
  [[nodiscard]] constexpr auto with_bytes_in_slot() const noexcept {
    static_assert(Options::kBytesInSlot == kAnyBytes, "tango: with_bytes_in_slot was called before");
    return as<With<kFlow, kObservers, kMetrics, Waiting, Message, Options::kPlaces, Bytes>>();
  }

  /// No sig, ctl and ts: a slot is a message and its sequence number, which makes small messages faster. Only with
  /// `of<T>()` and without chunks.
  [[nodiscard]] constexpr auto without_metadata() const noexcept {
    static_assert(Options::kMetadata, "tango: without_metadata was called before");
    static_assert(Chunks == 0, "tango: without_metadata needs a channel without chunks: ChannelBuilder<Depth>");
    return as<With<kFlow, kObservers, kMetrics, Waiting, Message, Options::kPlaces, Options::kBytesInSlot, false>>();
  }

  /// The channel's first sequence number. The default is 1. Every number is valid.
  [[nodiscard]] constexpr ChannelBuilder starting_at(Seq start) const noexcept {
    ChannelBuilder next = *this;
    next.start_ = start;
    return next;
  }

  // ---------------------------------------------------------------------------------------------------------- build

  /// The size that `build_in` needs, in bytes.
  static constexpr std::size_t kSize = sizeof(Channel);
  static constexpr std::size_t kAlignment = alignof(Channel);  ///< the alignment that `build_in` needs

  /// Constructs the channel and returns it by value.
  ///
  /// Complexity: O(its size).
  [[nodiscard]] Channel build() const noexcept {
    check();
    return Channel{detail::Passkey{}, start_, credits_, type_id_};
  }

  /// Constructs the channel at the front of `memory`, which must outlive it. Whatever was there before is overwritten.
  /// The channel is trivially destructible and needs no destruction.
  ///
  /// Another thread or process may call `attach` at the same time. It does not find the channel before it is complete.
  /// The exception is memory that held a channel with the same traits: that one may still be found.
  ///
  /// \pre No endpoint is attached to a channel that was in this memory before.
  /// \retval MemoryTooSmall The memory is too small (bytes, bytes needed). Nothing was written.
  /// \retval MemoryMisaligned The memory is not aligned (bytes past the alignment, the alignment). Nothing was written.
  /// \return Otherwise the channel.
  ///
  /// Complexity: O(its size).
  [[nodiscard]] Result<Channel*> build_in(std::span<std::byte> memory) const noexcept {
    check();
    if (const Status fits = check_memory(memory); !fits.ok()) {
      return fits;
    }
    return ::new (static_cast<void*>(memory.data())) Channel{detail::Passkey{}, start_, credits_, type_id_};
  }

  /// Returns the channel that another builder of the same type constructed at the front of `memory`. May be called any
  /// number of times, also before the channel exists. The channel keeps the start and the credits that it was built
  /// with.
  ///
  /// \retval NoChannel There is no channel in this memory (yet).
  /// \retval MemoryTooSmall The memory is too small (bytes, bytes needed).
  /// \retval MemoryMisaligned The memory is not aligned (bytes past the alignment, the alignment).
  /// \return Otherwise the channel; or, if there is one that differs from what this builder constructs, the first of
  ///         `LayoutMismatch`, `DepthMismatch`, `ChunksMismatch`, `ChunkSizeMismatch`, `KindMismatch`,
  ///         `PlacesMismatch`, `TypeMismatch`, `AlignmentMismatch`, `SlotSizeMismatch`, `TypeIdMismatch` and
  ///         `OffsetMismatch` that applies (the trait found, this builder's trait). A mismatch takes precedence over
  ///         `MemoryTooSmall`.
  ///
  /// Thread: any.
  /// Complexity: O(1).
  [[nodiscard]] Result<Channel*> attach(std::span<std::byte> memory) const noexcept {
    check();
    const Status fits = check_memory(memory);
    if (memory.size() < sizeof(detail::Superblock) || fits.error() == Error::MemoryMisaligned) {
      return fits;
    }
    const auto* const superblock = std::launder(reinterpret_cast<const detail::Superblock*>(memory.data()));
    const Status same = Channel::compare(detail::Passkey{}, *superblock, type_id_);
    if (!fits.ok() && (same.ok() || same.error() == Error::NoChannel)) {
      return fits;
    }
    if (!same.ok()) {
      return same;
    }
    return std::launder(reinterpret_cast<Channel*>(memory.data()));
  }

 private:
  template <std::size_t, std::size_t, std::size_t, class>
  friend class ChannelBuilder;

  static constexpr void check() noexcept {
    static_assert(kFlow || !kObservers,
                  "tango: with_observers needs with_flow_control: on a lossy channel every consumer is an observer");
    static_assert(Options::kMetadata || !std::is_same_v<Message, AnyMessage>,
                  "tango: without_metadata needs of<T>(): without metadata a message has no size of its own");
    static_assert(detail::kBytesOf<Message> <= Channel::max_payload(),
                  "tango: a message of this type is larger than the largest payload");
  }

  [[nodiscard]] static Status check_memory(std::span<std::byte> memory) noexcept {
    if (const std::uint64_t past = reinterpret_cast<std::uintptr_t>(memory.data()) % kAlignment; past != 0) {
      return {Error::MemoryMisaligned, past, kAlignment};
    }
    if (memory.size() < kSize) {
      return {Error::MemoryTooSmall, memory.size(), kSize};
    }
    return {};
  }

  template <class Next>
  [[nodiscard]] constexpr Next as() const noexcept {
    Next next;
    next.start_ = start_;
    next.credits_ = credits_;
    next.type_id_ = type_id_;
    return next;
  }

  Seq start_ = 1;
  std::uint64_t credits_ = Depth;
  std::uint64_t type_id_ = 0;
};

}  // namespace tango::inline TANGO_ABI
