// SPDX-License-Identifier: Apache-2.0
// What the tests of the endpoints share: a channel of each kind behind one interface, so that a test is written once
// and runs over all three.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <thread>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "channel.hpp"

namespace tango::test {

enum class Kind { Lossy, Reliable, Observed };

template <Kind KIND>
struct KindTag {
  static constexpr Kind kKind = KIND;
};
using LossyKind = KindTag<Kind::Lossy>;
using ReliableKind = KindTag<Kind::Reliable>;
using ObservedKind = KindTag<Kind::Observed>;

/// A channel of one kind: what its endpoints are made of, and how.
template <Kind KIND, std::size_t DEPTH, std::size_t CHUNKS, std::size_t CHUNK = 64, std::size_t INLINE = kInlineBytes>
struct Wiring : Components<DEPTH, CHUNKS, CHUNK, std::conditional_t<KIND == Kind::Reliable, Plain, Words>, INLINE> {
  using Bytes = std::conditional_t<KIND == Kind::Reliable, Plain, Words>;
  static constexpr Kind kKind = KIND;
  static constexpr bool kFlow = KIND != Kind::Lossy;
  static constexpr bool kCounted = false;  // by its endpoints
  static constexpr bool kTyped = false;
  static constexpr std::size_t kDepth = DEPTH;
  static constexpr std::size_t kChunks = CHUNKS;
  static constexpr std::size_t kInline = INLINE;
  using Cache = typename DcacheOf<CHUNKS, CHUNK, Bytes>::Type;

  using Components<DEPTH, CHUNKS, CHUNK, Bytes, INLINE>::Components;

  auto producer() {
    return with_dcache([this](auto&... chunks) {
      if constexpr (kFlow) {
        return Producer{this->mcache, chunks..., this->fseq, this->fctl};
      } else {
        return Producer{this->mcache, chunks..., this->fseq};
      }
    });
  }

  /// The kind's own consumer: reliable where there is flow control.
  auto consumer(From first) {
    if constexpr (kFlow) {
      return with_dcache([&](auto&... chunks) { return Consumer{this->mcache, chunks..., this->fctl, first}; });
    } else {
      return observer(first);
    }
  }

  /// One that may be overrun. (On a reliable channel the type stands there and none can be made.)
  using Observer =
      Consumer<DEPTH, std::conditional_t<CHUNKS == 0, NoDCache<Words>, DCache<CHUNKS == 0 ? 2 : CHUNKS, CHUNK, Words>>,
               NoFlowControl, NoMetrics, Busy, AnyMessage, SlotLayout<INLINE>>;
  auto observer(From first) {
    return with_dcache([&](auto&... chunks) { return Consumer{this->mcache, chunks..., first}; });
  }

  /// Calls `make` with the DCache, or with nothing.
  template <class Make>
  auto with_dcache(const Make& make) {
    if constexpr (CHUNKS == 0) {
      return make();
    } else {
      return make(this->dcache);
    }
  }
};

/// The same from a builder: also counted, and of one type of messages (`AnyMessage`: of bytes).
template <Kind KIND, bool COUNTED, class MESSAGE, std::size_t DEPTH, std::size_t CHUNKS, std::size_t CHUNK = 64,
          std::size_t INLINE = kInlineBytes>
struct BuiltWiring {
  static constexpr Kind kKind = KIND;
  static constexpr bool kFlow = KIND != Kind::Lossy;
  static constexpr bool kCounted = COUNTED;
  static constexpr bool kTyped = !std::is_same_v<MESSAGE, AnyMessage>;
  static constexpr std::size_t kDepth = DEPTH;
  static constexpr std::size_t kChunks = CHUNKS;
  static constexpr std::size_t kInline = INLINE;
  using Message = MESSAGE;
  using Options =
      ChannelOptions<kFlow, KIND == Kind::Observed, COUNTED, AnyWait, MESSAGE, kMaxReliableConsumers, INLINE>;
  using Built = Channel<DEPTH, CHUNKS, CHUNKS == 0 ? 0 : CHUNK, Options>;
  using Cache = typename DcacheOf<CHUNKS, CHUNK, std::conditional_t<KIND == Kind::Reliable, Plain, Words>>::Type;
  using Observer =
      Consumer<DEPTH, std::conditional_t<CHUNKS == 0, NoDCache<Words>, DCache<CHUNKS == 0 ? 2 : CHUNKS, CHUNK, Words>>,
               NoFlowControl, std::conditional_t<COUNTED, Metrics, NoMetrics>, Busy, MESSAGE, SlotLayout<INLINE>>;

  explicit BuiltWiring(Seq start = 1, std::uint64_t credits = DEPTH) : channel{detail::Passkey{}, start, credits, 0} {}

  auto producer() { return channel.producer(); }
  auto consumer(From first) { return channel.consumer(first); }
  auto observer(From first) { return channel.observer(first); }

  Built channel;
  decltype(std::declval<Built&>().mcache()) mcache = channel.mcache();
  Cache& dcache = dcache_of(channel);
  Fseq& fseq = channel.fseq();
  const Metrics& metrics = metrics_of(channel);

 private:
  static Cache& dcache_of(Built& built) {
    if constexpr (CHUNKS == 0) {
      static Cache none;
      return none;
    } else {
      return built.dcache();
    }
  }
  static const Metrics& metrics_of(const Built& built) {
    static const Metrics none;
    if constexpr (COUNTED) {
      return built.metrics();
    } else {
      return none;
    }
  }
};

/// A producer's reservation; nothing, where it is one of a typed channel and makes none.
template <class P, class = void>
struct RoomOfProducer {
  using Type = std::monostate;
};
template <class P>
struct RoomOfProducer<P, std::void_t<typename P::Reservation>> {
  using Type = typename P::Reservation;
};
template <class P>
using RoomOf = typename RoomOfProducer<P>::Type;

/// The payload of a fragment, whatever its kind; none if it was overwritten.
template <class F>
std::optional<std::vector<std::byte>> bytes_of(F& fragment) {
  if constexpr (requires { fragment.payload(); }) {
    return std::vector<std::byte>(fragment.payload().begin(), fragment.payload().end());
  } else {
    std::vector<std::byte> out(fragment.size());
    return fragment.copy_to(out).ok() ? std::optional{std::move(out)} : std::nullopt;
  }
}

/// Whether a fragment holds `payload_of(seq, size)`.
template <class F>
bool holds(F& fragment, Seq seq, std::size_t size) {
  const auto bytes = bytes_of(fragment);
  return fragment.seq() == seq && fragment.size() == size && bytes && *bytes == payload_of(seq, size);
}

/// Writes `bytes` from the front of a reservation on.
template <class P>
void fill(Reservation<P>& room, std::span<const std::byte> bytes) {
  if constexpr (P::kWords) {
    room.writer().write(0, bytes);
  } else {
    std::copy(bytes.begin(), bytes.end(), room.span().begin());
  }
}

/// A reliable consumer goes and gives its position up, so that the producer waits for nobody; any other one just goes.
template <class C>
void give_up(C consumer) {
  if constexpr (requires { consumer.resign(); }) {
    consumer.resign();
  }
}

/// next == first + delivered + filtered + lost + rejected. The consumer works out what it delivered as the rest of this
/// sum, so here only the rest can be wrong: below 0. Whether it is what arrived, each test counts for itself.
template <class C>
bool accounts_add_up(const C& consumer) {
  const std::uint64_t looked_at = consumer.next_seq() - consumer.first();
  return consumer.filtered() <= looked_at && consumer.lost() <= looked_at && consumer.rejected() <= looked_at &&
         consumer.delivered() <= looked_at;
}

/// Waits by giving the core away, for so many rounds that giving up means something is stuck.
struct Patient {
  std::uint64_t most = std::uint64_t{1} << 24;
  bool idle(std::uint64_t round) noexcept {
    if (round < 64) {
      detail::pause();
    } else {
      std::this_thread::yield();
    }
    return round < most;
  }
};

}  // namespace tango::test
