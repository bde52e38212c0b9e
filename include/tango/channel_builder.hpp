// SPDX-License-Identifier: Apache-2.0
/// \file
/// ChannelBuilder: says what a channel is, and makes it. Each call answers a builder of another type, so what does not
/// go together does not compile; `build` answers one object with all components, `channel.hpp`.
///
///     auto channel = tango::ChannelBuilder<1024, 1024, 256>{}       // slots, chunks, bytes of a chunk
///                        .with_flow_control()                       // nothing is lost
///                        .with_metrics()
///                        .build();
///
/// | | `with_flow_control` | `with_observers` | consumers |
/// | --- | --- | --- | --- |
/// | lossy | | | any number, each may be overrun |
/// | reliable | x | | up to 8, never overrun |
/// | observed | x | x | up to 8 reliable ones, any number of observers that may be overrun |
///
/// `with_metrics`, 8 consumers and observers at a time are counted, and a ninth is refused.
///
/// Each of the three also `with_metrics`, `of<T>` (all messages are of type `T`) and `with_wait<S>` (what blocking
/// calls do that are given no strategy), in any order.
///
/// Where the channel goes:
///
///     auto channel = builder.build();                 // here: on the stack, in static storage, a member
///     auto channel = tango::make_unique(builder);     // on the heap: <tango/heap.hpp>
///     auto channel = builder.build_in(memory);        // in memory of yours; the other side: builder.attach(memory)
///
/// Thread: any; a builder is a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>

#include "channel.hpp"
#include "config.hpp"
#include "error.hpp"
#include "record.hpp"
#include "result.hpp"
#include "seq.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// A lossy channel of bytes, without metrics.
using DefaultOptions = ChannelOptions<false, false, false, AnyWait, AnyMessage>;

/// `Depth` slots and `Chunks` chunks of `ChunkBytes` bytes: powers of two, see mcache.hpp and dcache.hpp. The start
/// number, the credits and the type's id are values; the last call of those counts.
template <std::size_t Depth, std::size_t Chunks, std::size_t ChunkBytes, class Options = DefaultOptions>
class ChannelBuilder {
  template <bool Flow, bool Observers, bool Counted, class Strategy, class Message,
            std::size_t Places = Options::kPlaces>
  using With =
      ChannelBuilder<Depth, Chunks, ChunkBytes, ChannelOptions<Flow, Observers, Counted, Strategy, Message, Places>>;
  static constexpr bool kFlow = Options::kFlowControl;
  static constexpr bool kObservers = Options::kObservers;
  static constexpr bool kMetrics = Options::kMetrics;
  using Waiting = typename Options::Waiting;
  using Message = typename Options::Message;

 public:
  /// What it builds.
  using Channel = tango::Channel<Depth, Chunks, ChunkBytes, Options>;

  constexpr ChannelBuilder() noexcept = default;

  // -------------------------------------------------------------------------------------------------------- options

  /// The producer waits for the slowest of up to `Places` consumers, 1 to 64. `credits` messages may be in flight at a
  /// time: 1 to `Depth`, else the endpoints are refused (`CreditsOutOfRange`).
  template <std::size_t Places = kMaxReliableConsumers>
  [[nodiscard]] constexpr auto with_flow_control(std::uint64_t credits = Depth) const noexcept {
    static_assert(!kFlow, "tango: with_flow_control was called before");
    auto next = as<With<true, kObservers, kMetrics, Waiting, Message, Places>>();
    next.credits_ = credits;
    return next;
  }

  /// Besides the reliable consumers any number of others, which may be overrun.
  [[nodiscard]] constexpr auto with_observers() const noexcept {
    static_assert(!kObservers, "tango: with_observers was called before");
    return as<With<kFlow, true, kMetrics, Waiting, Message>>();
  }

  /// Every endpoint counts: see metrics.hpp.
  [[nodiscard]] constexpr auto with_metrics() const noexcept {
    static_assert(!kMetrics, "tango: with_metrics was called before");
    return as<With<kFlow, kObservers, true, Waiting, Message>>();
  }

  /// What `publish_blocking`, `reserve_blocking`, `wait` and `fragments` do while they wait, unless they are given
  /// another strategy. A type: each of these calls makes one.
  template <WaitStrategy Strategy>
  [[nodiscard]] constexpr auto with_wait() const noexcept {
    static_assert(std::is_same_v<Waiting, AnyWait>, "tango: with_wait was called before");
    static_assert(std::is_default_constructible_v<Strategy>,
                  "tango: a channel's wait strategy is a type that needs no arguments: give one that does, such as "
                  "Bounded, to each call that waits");
    return as<With<kFlow, kObservers, kMetrics, Strategy, Message>>();
  }

  /// All messages are a `T`: the endpoints publish and read no other. `id` tells types of the same size and alignment
  /// apart where a channel is found in memory (`attach`): two of them with the same id, 0 for instance, pass for each
  /// other there. Give each type one of its own. (A type's name would not do: compilers spell it differently.)
  template <class T>
  [[nodiscard]] constexpr auto of(std::uint64_t id = 0) const noexcept {
    detail::require_record<T>();
    static_assert(std::is_same_v<Message, AnyMessage>, "tango: of was called before");
    static_assert(sizeof(T) <= Channel::max_payload(),
                  "tango: a message of this type is larger than the largest payload");
    auto next = as<With<kFlow, kObservers, kMetrics, Waiting, T>>();
    next.type_id_ = id;
    return next;
  }

  /// The channel's first number; 1 unless said otherwise. Every number is legal.
  [[nodiscard]] constexpr ChannelBuilder starting_at(Seq start) const noexcept {
    ChannelBuilder next = *this;
    next.start_ = start;
    return next;
  }

  // ---------------------------------------------------------------------------------------------------------- build

  /// What `build_in` needs, in bytes.
  static constexpr std::size_t kSize = sizeof(Channel);
  static constexpr std::size_t kAlignment = alignof(Channel);  ///< what `build_in` needs its memory aligned to

  /// The channel, wherever the caller puts it. O(its size).
  [[nodiscard]] Channel build() const noexcept {
    check();
    return Channel{start_, credits_, type_id_};
  }

  /// The channel at the front of `memory`, which must outlive it; whatever stood there is gone. There is nothing to
  /// destroy. Precondition: nobody is attached to a channel that stood there. Somebody may `attach` meanwhile, and does
  /// not find it until it is made, unless one with the same traits stood there: that one may still be found. `MemoryTooSmall` (bytes, bytes needed), `MemoryMisaligned` (bytes past the alignment, the alignment):
  /// nothing was touched.
  [[nodiscard]] Result<Channel*> build_in(std::span<std::byte> memory) const noexcept {
    check();
    if (const Status fits = check_memory(memory); !fits.ok()) {
      return fits;
    }
    return ::new (static_cast<void*>(memory.data())) Channel{start_, credits_, type_id_};
  }

  /// The channel that another builder like this one made at the front of `memory`. Any number of times, from any
  /// thread, also before it is there: `NoChannel`. `LayoutMismatch`, `DepthMismatch`, `ChunksMismatch`,
  /// `ChunkSizeMismatch`, `KindMismatch`, `TypeMismatch`, `AlignmentMismatch`, `TypeIdMismatch` (what stands there,
  /// what this builder makes), also where the memory holds the other and not this one; errors of `build_in`. Start and
  /// credits are the other's.
  [[nodiscard]] Result<Channel*> attach(std::span<std::byte> memory) const noexcept {
    check();
    const Status fits = check_memory(memory);
    if (memory.size() < sizeof(detail::Superblock) || fits.error() == Error::MemoryMisaligned) {
      return fits;
    }
    const auto* const superblock = std::launder(reinterpret_cast<const detail::Superblock*>(memory.data()));
    const Status same = Channel::compare(*superblock, type_id_);
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
