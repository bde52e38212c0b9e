// SPDX-License-Identifier: Apache-2.0
/// \file
/// Channel: all components of one channel in one object, as a ChannelBuilder constructs it, and the functions that
/// create its endpoints.
///
///     auto channel = tango::ChannelBuilder<1024, 1024, 256>{}.with_flow_control().build();
///     auto producer = channel.producer();
///     auto consumer = channel.consumer();
///
/// A channel contains no addresses and is trivially destructible. It works on the stack, in static storage, on the heap
/// and in shared memory. It must outlive its endpoints.
///
/// Thread: `producer`, `consumer` and `observer` may be called by any thread. Each endpoint then belongs to one thread.
/// All other functions: as MCache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>

#include "config.hpp"
#include "consumer.hpp"
#include "consumer_id.hpp"
#include "dcache.hpp"
#include "fctl.hpp"
#include "from.hpp"
#include "fseq.hpp"
#include "mcache.hpp"
#include "memory/inside.hpp"
#include "memory/membership.hpp"
#include "memory/ring_control.hpp"
#include "memory/slot.hpp"
#include "memory/superblock.hpp"
#include "metrics.hpp"
#include "producer.hpp"
#include "record.hpp"
#include "recovery.hpp"
#include "seq.hpp"
#include "slot_layout.hpp"
#include "typed_fragment.hpp"
#include "typed_producer.hpp"
#include "version.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// No wait strategy was chosen. Blocking calls use `Busy`.
struct AnyWait {};

/// No size of payload in a slot was chosen: `kInlineBytes`, or the size of the message type on a channel without
/// chunks.
inline constexpr std::size_t kAnyBytes = ~std::size_t{0};

namespace detail {

/// A DCache, or none.
template <std::size_t Chunks, std::size_t ChunkBytes, class Payload>
struct CacheOf {
  using Type = DCache<Chunks, ChunkBytes, Payload>;
};
template <std::size_t ChunkBytes, class Payload>
struct CacheOf<0, ChunkBytes, Payload> {
  static_assert(ChunkBytes == 0, "tango: a channel without chunks has no bytes of a chunk either");
  using Type = NoDCache<Payload>;
};

/// The bytes of payload in a slot that holds one `Message`: such that slots, and the messages at their start, are
/// aligned.
template <class Message, bool Described>
[[nodiscard]] constexpr std::size_t bytes_in_slot() noexcept {
  constexpr std::size_t kBeside =
      SlotLayout<8, Words, std::conditional_t<Described, WithMetadata, NoMetadata>>::kSlotBytes - 8;
  constexpr std::size_t kAlignment = alignof(Message) < 8 ? 8 : alignof(Message);
  return (sizeof(Message) + kBeside + kAlignment - 1) / kAlignment * kAlignment - kBeside;
}

}  // namespace detail

/// The properties of a channel that are part of its type. A ChannelBuilder sets them.
template <bool Reliable, bool Observable, bool Counted, class Strategy, class MessageType,
          std::size_t ReliablePlaces = kMaxReliableConsumers, std::size_t BytesInSlot = kAnyBytes,
          bool Described = true>
struct ChannelOptions {
  static constexpr bool kFlowControl = Reliable;            ///< reliable consumers and credits: nothing is lost
  static constexpr bool kObservers = Observable;            ///< also observers, which may be overrun
  static constexpr bool kMetrics = Counted;                 ///< every endpoint keeps metrics
  static constexpr std::size_t kPlaces = ReliablePlaces;    ///< reliable consumers at a time, with flow control
  static constexpr std::size_t kBytesInSlot = BytesInSlot;  ///< bytes of payload in a slot, or `kAnyBytes`
  static constexpr bool kMetadata = Described;              ///< sig, ctl and ts with each message
  using Waiting = Strategy;                                 ///< the default wait strategy, or `AnyWait`
  using Message = MessageType;                              ///< the type of all messages, or `AnyMessage`
};

/// All components of one channel: see the file's head.
template <std::size_t Depth, std::size_t Chunks, std::size_t ChunkBytes, class Options>
class Channel {
  static constexpr bool kTyped = !std::is_same_v<typename Options::Message, AnyMessage>;
  static constexpr bool kPlain = Options::kFlowControl && !Options::kObservers;
  static constexpr bool kInSlots = kTyped && Chunks == 0 && Options::kBytesInSlot == kAnyBytes;

  [[nodiscard]] static constexpr std::size_t bytes_in_slot() noexcept {
    if constexpr (kInSlots) {
      static_assert(alignof(typename Options::Message) <= kLineSize,
                    "tango: a slot is aligned to a cache line at most: this type has a larger alignment");
      return detail::bytes_in_slot<typename Options::Message, Options::kMetadata>();
    } else {
      return Options::kBytesInSlot == kAnyBytes ? kInlineBytes : Options::kBytesInSlot;
    }
  }

  using Payload = std::conditional_t<kPlain, Plain, Words>;
  using Layout = SlotLayout<bytes_in_slot(), Payload, std::conditional_t<Options::kMetadata, WithMetadata, NoMetadata>>;
  using Mcache = MCache<Depth, Layout::kPayloadBytes, Payload, typename Layout::Metadata>;
  using Cache = typename detail::CacheOf<Chunks, ChunkBytes, Payload>::Type;
  using Flow = std::conditional_t<Options::kFlowControl, BasicFctl<Options::kPlaces>, NoFlowControl>;
  using MetricsPolicy = std::conditional_t<Options::kMetrics, Metrics, NoMetrics>;
  using Waiting =
      std::conditional_t<std::is_same_v<typename Options::Waiting, AnyWait>, Busy, typename Options::Waiting>;
  using BytesProducer = tango::Producer<Depth, Cache, Flow, MetricsPolicy, Waiting, typename Options::Message, Layout>;

 public:
  /// Whether the channel has flow control.
  static constexpr bool kFlowControl = Options::kFlowControl;
  static constexpr bool kObservers = Options::kObservers;  ///< whether it may also have observers
  static constexpr bool kMetrics = Options::kMetrics;      ///< whether its endpoints keep metrics

  /// The type of all messages, or `AnyMessage` on a channel of bytes.
  using Message = typename Options::Message;
  /// The producer's type. It publishes bytes, or messages of the channel's one type.
  using Producer = std::conditional_t<kTyped, TypedProducer<Message, BytesProducer>, BytesProducer>;
  /// The consumer's type. It is reliable if the channel has flow control; otherwise it may be overrun. On a channel of
  /// one message type it reads no other type.
  using Consumer = tango::Consumer<Depth, Cache, Flow, MetricsPolicy, Waiting, Message, Layout>;
  /// The observer's type. An observer may be overrun. It exists only on a channel built `with_observers`; on a lossy
  /// channel every consumer is one.
  using Observer = tango::Consumer<Depth, Cache, NoFlowControl, MetricsPolicy, Waiting, Message, Layout>;

  /// `credits` is used only with flow control, and `type_id` only on a channel of one message type.
  Channel(detail::Passkey, Seq start, std::uint64_t credits, std::uint64_t type_id) noexcept
      : Channel{start, credits, type_id, detail::new_generation(reinterpret_cast<std::uintptr_t>(this))} {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // ----------------------------------------------------------------------------------------------------- endpoints

  /// Creates the producer. A channel has at most one at a time: see `Producer::status` for the causes of a refusal.
  [[nodiscard]] Producer producer() & noexcept {
    return with_dcache([this](auto&... dcache) noexcept {
      if constexpr (kFlowControl && kMetrics) {
        return Producer{mcache_, dcache..., fseq_, fctl_, metrics_};
      } else if constexpr (kFlowControl) {
        return Producer{mcache_, dcache..., fseq_, fctl_};
      } else if constexpr (kMetrics) {
        return Producer{mcache_, dcache..., fseq_, metrics_};
      } else {
        return Producer{mcache_, dcache..., fseq_};
      }
    });
  }

  /// Deleted: the producer would outlive a temporary channel.
  void producer() && = delete;

  /// Creates a consumer that starts at `from` (from.hpp). It is reliable if the channel has flow control. See
  /// `Consumer::status` for the causes of a refusal.
  [[nodiscard]] Consumer consumer(From from = From::Oldest) & noexcept {
    if constexpr (kFlowControl) {
      return with_dcache([&](auto&... dcache) noexcept {
        if constexpr (kMetrics) {
          return Consumer{mcache_, dcache..., fctl_, from, metrics_};
        } else {
          return Consumer{mcache_, dcache..., fctl_, from};
        }
      });
    } else {
      return overrunnable<Consumer>(from);
    }
  }
  void consumer(From from = From::Oldest) && = delete;  ///< as `producer() &&`

  /// Creates a consumer that may be overrun and that the producer never waits for. Only on a lossy channel, or one
  /// built `with_observers()`. See `Consumer::status` for the causes of a refusal.
  [[nodiscard]] Observer observer(From from = From::Oldest) & noexcept requires(!kPlain) {
    return overrunnable<Observer>(from);
  }
  /// Deleted on every other channel.
  void observer(From = From::Oldest) & requires(kPlain) = delete;  // the consumers of this channel are all reliable
  void observer(From from = From::Oldest) && = delete;             ///< as `producer() &&`

  // ------------------------------------------------------------------------------------------------------ recovery

  /// Gives the channel back on behalf of a dead producer: see recovery.hpp, also for the precondition.
  ProducerRecovery recover_producer() noexcept {
    Metrics* metrics = nullptr;
    if constexpr (kMetrics) {
      metrics = &metrics_;
    }
    typename Cache::Store* store = nullptr;
    if constexpr (Chunks != 0) {
      store = &detail::inside(dcache_);
    }
    return detail::recover_producer(detail::inside(mcache_), store, detail::inside(fseq_), metrics,
                                    detail::kBytesOf<Message>);
  }

  /// The reliable consumer in a place, for `recover_consumer`.
  ///
  /// \pre (checked) The place exists.
  [[nodiscard]] ConsumerId consumer_in(std::size_t place) const noexcept requires(Options::kFlowControl) {
    return tango::consumer_in(fctl_, place);
  }

  /// Recovers the place of a dead reliable consumer: see recovery.hpp, also for the preconditions.
  bool recover_consumer(const ConsumerId& consumer, DeadConsumer what = DeadConsumer::Keep) noexcept
      requires(Options::kFlowControl) {
    if constexpr (kMetrics) {
      return tango::recover_consumer(fctl_, consumer, what, &metrics_);
    } else {
      return tango::recover_consumer(fctl_, consumer, what);
    }
  }

  /// The consumer that holds a metrics block, for `recover_observer`.
  ///
  /// \pre (checked) The block exists.
  [[nodiscard]] ConsumerId observer_in(std::size_t block) const noexcept requires(Options::kMetrics) {
    return tango::observer_in(metrics_, block);
  }

  /// Frees the metrics block of a dead consumer that may be overrun: see recovery.hpp, also for the preconditions.
  bool recover_observer(const ConsumerId& observer) noexcept requires(Options::kMetrics) {
    return tango::recover_observer(metrics_, observer);
  }

  // --------------------------------------------------------------------------------------------------------- state

  /// See the functions of MCache.
  /// @{
  [[nodiscard]] Seq start() const noexcept { return mcache_.start(); }
  [[nodiscard]] Seq position() const noexcept { return mcache_.position(); }
  [[nodiscard]] std::uint64_t generation() const noexcept { return mcache_.generation(); }
  void stop() noexcept { mcache_.stop(); }
  [[nodiscard]] bool stop_requested() const noexcept { return mcache_.stop_requested(); }
  [[nodiscard]] bool closed() const noexcept { return mcache_.closed(); }
  /// @}

  /// The number of slots.
  [[nodiscard]] static constexpr std::uint64_t depth() noexcept { return Depth; }
  /// The size of the largest payload, in bytes.
  [[nodiscard]] static constexpr std::size_t max_payload() noexcept { return BytesProducer::max_payload(); }

  // ---------------------------------------------------------------------------------------------------- components

  [[nodiscard]] Mcache& mcache() noexcept { return mcache_; }  ///< the ring of slots
  /// The chunks. Only on a channel that has any.
  [[nodiscard]] Cache& dcache() noexcept requires(Chunks != 0) { return dcache_; }
  void dcache() requires(Chunks == 0) = delete;          ///< this channel was built without chunks
  [[nodiscard]] Fseq& fseq() noexcept { return fseq_; }  ///< the producer's published position
  /// The flow control. Only on a channel built `with_flow_control`.
  [[nodiscard]] Flow& fctl() noexcept requires(kFlowControl) { return fctl_; }
  void fctl() requires(!kFlowControl) = delete;  ///< this channel was built without flow control
  /// The metrics. Only on a channel built `with_metrics`.
  /// @{
  [[nodiscard]] Metrics& metrics() noexcept requires(kMetrics) { return metrics_; }
  [[nodiscard]] const Metrics& metrics() const noexcept requires(kMetrics) { return metrics_; }
  void metrics() const requires(!kMetrics) = delete;  // this channel was built without metrics
  /// @}

  /// Whether the superblock `there` describes a channel of this type.
  [[nodiscard]] static Status compare(detail::Passkey, const detail::Superblock& there,
                                      std::uint64_t type_id) noexcept {
    return there.compare(descriptor(0, type_id, 0));
  }

 private:
  static constexpr detail::ChannelKind kKind = detail::kind_of(kFlowControl, Cache::kWords);

  Channel(Seq start, std::uint64_t credits, std::uint64_t type_id, detail::Generation generation) noexcept
      : superblock_{descriptor(credits, type_id, generation)},
        mcache_{start, generation, kKind},
        dcache_{generation},
        fseq_{start, generation},
        fctl_{credits, generation} {
    superblock_.show();
  }

  [[nodiscard]] static constexpr detail::ChannelDescriptor descriptor(std::uint64_t credits, std::uint64_t type_id,
                                                                      detail::Generation generation) noexcept {
    constexpr std::uint64_t kMcache = sizeof(detail::Superblock);
    constexpr std::uint64_t kDcache = kMcache + sizeof(Mcache);
    constexpr std::uint64_t kFseq = kDcache + (Chunks != 0 ? sizeof(Cache) : 0);
    constexpr std::uint64_t kFctl = kFseq + sizeof(Fseq);
    constexpr std::uint64_t kMetricsBlocks = kFctl + (kFlowControl ? sizeof(Flow) : 0);
    return {.layout = TANGO_LAYOUT_VERSION,
            .generation = generation,
            .bytes = sizeof(Channel),
            .kind = static_cast<std::uint64_t>(kKind) + (kMetrics ? 4 : 0) + (kTyped ? 8 : 0),
            .control_offset = kMcache,
            .depth = Depth,
            .slots_offset = kMcache + sizeof(detail::RingControl),
            .slot_bytes = Layout::kSlotBytes,
            .inline_bytes = Layout::kPayloadBytes,
            .chunks = Chunks,
            .chunks_offset = Chunks != 0 ? kDcache + kSeparation : 0,
            .chunk_size = Cache::Store::kChunkSize,
            .fseq_offset = kFseq,
            .places = kFlowControl ? Options::kPlaces : 0,
            .fctl_offset = kFlowControl ? kFctl : 0,
            .metrics_offset = kMetrics ? kMetricsBlocks : 0,
            .type_size = kTyped ? sizeof(Message) : 0,
            .type_align = kTyped ? alignof(Message) : 0,
            .type_id = kTyped ? type_id : 0,
            .credits = kFlowControl ? credits : 0};
  }

  template <class Endpoint>
  [[nodiscard]] Endpoint overrunnable(From from) noexcept {
    return with_dcache([&](auto&... dcache) noexcept {
      if constexpr (kMetrics) {
        return Endpoint{mcache_, dcache..., from, metrics_};
      } else {
        return Endpoint{mcache_, dcache..., from};
      }
    });
  }

  /// Calls `make` with the DCache, or with nothing if there is none.
  template <class Make>
  [[nodiscard]] auto with_dcache(const Make& make) noexcept {
    if constexpr (Chunks != 0) {
      return make(dcache_);
    } else {
      return make();
    }
  }

  detail::Superblock superblock_;
  Mcache mcache_;
  [[no_unique_address]] Cache dcache_;
  Fseq fseq_;
  [[no_unique_address]] Flow fctl_;
  [[no_unique_address]] MetricsPolicy metrics_;
};

}  // namespace tango::inline TANGO_ABI
