// SPDX-License-Identifier: Apache-2.0
/// \file
/// Adapters (kernels.hpp) of this library's reliable channel.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <tango/tango.hpp>
#include <type_traits>
#include <utility>

#include "../kernels.hpp"

namespace bench {

/// A reliable channel of `Capacity` slots, and its endpoints. `Counted` is `tango::Metrics` or `tango::NoMetrics`.
template <std::size_t Bytes, std::size_t Capacity, class Counted, std::size_t Chunks>
class TangoChannel {
 public:
  using Cache = tango::DCache<Chunks, Bytes, tango::Plain>;
  using Producer = tango::Producer<Capacity, Cache, tango::Fctl, Counted>;
  using Consumer = tango::Consumer<Capacity, Cache, tango::Fctl, Counted>;

  [[nodiscard]] Producer producer() {
    if constexpr (std::is_same_v<Counted, tango::Metrics>) {
      return Producer{mcache_, dcache_, fseq_, fctl_, counted_};
    } else {
      return Producer{mcache_, dcache_, fseq_, fctl_};
    }
  }
  [[nodiscard]] Consumer consumer() {
    if constexpr (std::is_same_v<Counted, tango::Metrics>) {
      return Consumer{mcache_, dcache_, fctl_, 1, counted_};
    } else {
      return Consumer{mcache_, dcache_, fctl_, 1};
    }
  }

 private:
  tango::MCache<Capacity> mcache_;
  Cache dcache_;
  tango::Fseq fseq_{1};
  tango::Fctl fctl_{Capacity};
  Counted counted_;
};

/// Sends `rest` by calls of `publish`, which say how far they got; waits for credits. False: the wait was given up, or
/// it was refused.
template <class Wait, class T, class Publish>
[[gnu::always_inline]] inline bool send_all(std::span<const T> rest, Publish publish) {
  bool refused = false;
  const bool sent = wait_for<Wait>([&] {
    const tango::BatchStatus done = publish(rest);
    rest = rest.subspan(done.count);
    refused = !done.status.ok() && done.status != tango::Error::NoCredits;
    return rest.empty() || refused;
  });
  return sent && !refused;
}

/// Takes messages from a reliable consumer, one by one.
template <std::size_t Bytes, class Consumer, class Wait>
class TangoReceiver {
 public:
  explicit TangoReceiver(Consumer&& consumer) : consumer_{std::move(consumer)} {}
  template <class Use>
  [[gnu::always_inline]] std::uint64_t receive(std::uint64_t, Use use) {
    auto fragment = consumer_.wait(Wait{});
    if (!fragment || fragment->size() != Bytes) {
      return 0;
    }
    use(fragment->payload().data());
    return 1;
  }

 protected:
  Consumer consumer_;
};

/// Takes at most `most` messages from a reliable consumer in one batch. Returns how many; 0 if something was wrong.
template <std::size_t Bytes, class Wait, class Consumer, class Use>
[[gnu::always_inline]] inline std::uint64_t take_batch(Consumer& consumer, std::uint64_t most, Use& use) {
  bool right = true;
  tango::BatchResult result;
  const bool there = wait_for<Wait>([&] {
    result = consumer.poll_batch(most, [&](const tango::FragmentView& fragment) {
      right = fragment.size() == Bytes && right;
      use(fragment.payload().data());
    });
    return result.count != 0 ||
           (result.status != tango::PollStatus::Empty && result.status != tango::PollStatus::Fragment);
  });
  return there && right ? result.count : 0;
}

/// One by one.
template <std::size_t Bytes, std::size_t Capacity, class Counted = tango::NoMetrics, std::size_t Chunks = Capacity>
class TangoPoll {
 public:
  using Channel = TangoChannel<Bytes, Capacity, Counted, Chunks>;

  static constexpr const char* kQueue = "tango";
  static constexpr const char* kWay = "publish, poll";
  static constexpr std::size_t kCapacity = Capacity;
  static constexpr std::size_t kLap = Chunks;

  template <class Wait>
  class Sender {
   public:
    explicit Sender(TangoPoll& queue) : producer_{queue.channel_.producer()} {}
    [[gnu::always_inline]] bool send(const Message<Bytes>& message) {
      return producer_.publish_blocking(message.bytes(), {}, Wait{}).ok();
    }

   protected:
    typename Channel::Producer producer_;
  };

  template <class Wait>
  class Receiver : public TangoReceiver<Bytes, typename Channel::Consumer, Wait> {
   public:
    explicit Receiver(TangoPoll& queue)
        : TangoReceiver<Bytes, typename Channel::Consumer, Wait>{queue.channel_.consumer()} {}
  };

 private:
  Channel channel_;
};

/// Bytes of chunks that are more than the cores' second-level caches have, however few messages may be under way.
inline constexpr std::size_t kPlenty = std::size_t{8} << 20;

/// With so many.
template <std::size_t Bytes, std::size_t Capacity>
class TangoPlenty : public TangoPoll<Bytes, Capacity, tango::NoMetrics, kPlenty / Bytes> {
 public:
  static constexpr const char* kWay = "publish, poll, 8 MiB of chunks";
  static constexpr bool kPossible = kPlenty / Bytes >= Capacity;
};

/// What a channel of one type carries. A `Message` would do, but for its alignment: a slot would be a cache line
/// longer.
template <std::size_t Bytes>
struct Packet {
  std::uint64_t words[Bytes / sizeof(std::uint64_t)];

  /// The message, which is copied as bytes.
  [[nodiscard]] static const Packet& of(const Message<Bytes>& message) {
    return *reinterpret_cast<const Packet*>(message.bytes().data());
  }
};

/// Each message in its slot, with metadata or without, and no chunks.
template <std::size_t Bytes, std::size_t Capacity, bool Described>
class TangoSlots {
  static constexpr auto builder() {
    constexpr auto kBuilder = tango::ChannelBuilder<Capacity>{}.template of<Packet<Bytes>>().with_flow_control();
    if constexpr (Described) {
      return kBuilder;
    } else {
      return kBuilder.without_metadata();
    }
  }
  using Channel = typename decltype(builder())::Channel;

 public:
  static constexpr const char* kQueue = Described ? "tango" : "tango, without metadata";
  static constexpr const char* kWay = "publish, poll, messages in their slots";
  static constexpr std::size_t kCapacity = Capacity;
  static constexpr bool kPossible = Bytes <= tango::kMaxInlineBytes;

  template <class Wait>
  class Sender {
   public:
    explicit Sender(TangoSlots& queue) : producer_{queue.channel_.producer()} {}
    [[gnu::always_inline]] bool send(const Message<Bytes>& message) {
      const auto& packet = Packet<Bytes>::of(message);
      if constexpr (Described) {
        return producer_.publish_blocking(packet, {}, Wait{}).ok();
      } else {
        return producer_.publish_blocking(packet, Wait{}).ok();
      }
    }

   protected:
    typename Channel::Producer producer_;
  };

  template <class Wait>
  class Receiver : public TangoReceiver<Bytes, typename Channel::Consumer, Wait> {
   public:
    explicit Receiver(TangoSlots& queue)
        : TangoReceiver<Bytes, typename Channel::Consumer, Wait>{queue.channel_.consumer()} {}
  };

 private:
  Channel channel_ = builder().build();
};

/// The same, taken in batches of at most `kMost`.
template <std::size_t Bytes, std::size_t Capacity, bool Described, std::size_t kMost>
class TangoSlotBatch : public TangoSlots<Bytes, Capacity, Described> {
  using One = TangoSlots<Bytes, Capacity, Described>;

 public:
  static constexpr const char* kWay = "publish, poll_batch of 32, messages in their slots";
  static_assert(kMost == kBulk, "its way says so");

  template <class Wait>
  class Receiver : One::template Receiver<Wait> {
   public:
    using One::template Receiver<Wait>::Receiver;
    template <class Use>
    [[gnu::always_inline]] std::uint64_t receive(std::uint64_t most, Use use) {
      return take_batch<Bytes, Wait>(this->consumer_, most < kMost ? most : kMost, use);
    }
  };
};

/// Taken in batches of at most `kMost`.
template <std::size_t Bytes, std::size_t Capacity, std::size_t kMost = Capacity, std::size_t Chunks = Capacity>
class TangoBatch : public TangoPoll<Bytes, Capacity, tango::NoMetrics, Chunks> {
  using One = TangoPoll<Bytes, Capacity, tango::NoMetrics, Chunks>;

 public:
  static_assert(Chunks == Capacity || (Chunks == kPlenty / Bytes && kMost == kBulk), "its way says so");
  static constexpr const char* kWay = Chunks != Capacity ? "publish, poll_batch of 32, 8 MiB of chunks"
                                      : kMost == kBulk   ? "publish, poll_batch of 32"
                                                         : "publish, poll_batch";
  static constexpr bool kPossible = Chunks >= Capacity;

  template <class Wait>
  class Receiver : One::template Receiver<Wait> {
   public:
    using One::template Receiver<Wait>::Receiver;
    template <class Use>
    [[gnu::always_inline]] std::uint64_t receive(std::uint64_t most, Use use) {
      return take_batch<Bytes, Wait>(this->consumer_, most < kMost ? most : kMost, use);
    }
  };
};

/// Written in place, taken in batches.
template <std::size_t Bytes, std::size_t Capacity>
class TangoReserve : public TangoBatch<Bytes, Capacity> {
  using One = TangoPoll<Bytes, Capacity>;

 public:
  static constexpr const char* kWay = "reserve, poll_batch";

  template <class Wait>
  class Sender : One::template Sender<Wait> {
   public:
    using One::template Sender<Wait>::Sender;
    [[gnu::always_inline]] bool send(const Message<Bytes>& message) {
      Wait wait;
      for (std::uint64_t round = 0;; ++round) {
        if (auto room = this->producer_.reserve(Bytes)) {
          copy_message<Bytes>(room.span().data(), &message);
          return room.commit().ok();
        } else if (room.status() != tango::Error::NoCredits || !wait.idle(round)) {
          return false;
        }
      }
    }
  };
};

/// Published and taken in batches.
template <std::size_t Bytes, std::size_t Capacity, std::size_t kBulkOf>
class TangoBulk : public TangoBatch<Bytes, Capacity> {
  using One = TangoPoll<Bytes, Capacity>;

 public:
  static constexpr const char* kWay =
      kBulkOf == kBulk ? "publish_batch of 32, poll_batch" : "publish_batch of 128, poll_batch";
  static constexpr std::size_t kBatch = kBulkOf;
  static constexpr bool kPossible = Capacity >= kBulkOf;

  template <class Wait>
  class Sender : public One::template Sender<Wait> {
   public:
    explicit Sender(TangoBulk& queue) : One::template Sender<Wait>{queue} {
      for (std::size_t i = 0; i < batch_.size(); ++i) {
        batch_[i] = {kMessages<Bytes>.table()[i].bytes(), {}};
      }
    }
    [[gnu::always_inline]] bool send_bulk(const Message<Bytes>* first, std::size_t count) {
      const std::span<const tango::Message> rest{batch_.data() + (first - kMessages<Bytes>.table().data()), count};
      return send_all<Wait>(rest, [this](auto messages) { return this->producer_.publish_batch(messages); });
    }

   private:
    std::array<tango::Message, Messages<Bytes>::kCount> batch_;
  };
};

/// Packed: `kBulkOf` messages in one fragment, walked in place. As many bytes as `Capacity` messages take, and a slot
/// for each fragment of that size.
template <std::size_t Bytes, std::size_t Capacity, std::size_t kBulkOf>
class TangoPacked {
  static constexpr std::size_t kChunk = tango::kLineSize;
  using Cache = tango::DCache<Capacity * Bytes / kChunk, kChunk, tango::Plain>;
  static constexpr std::size_t kDepth = Capacity < 2 * kBulkOf ? 2 : Capacity / kBulkOf;

 public:
  static constexpr const char* kQueue = "tango";
  static constexpr const char* kWay = kBulkOf == kBulk ? "publish_packed of 32, poll" : "publish_packed of 128, poll";
  static constexpr std::size_t kCapacity = Capacity;
  static constexpr std::size_t kBatch = kBulkOf;
  static constexpr bool kPossible = Capacity >= 2 * kBulkOf;

  template <class Wait>
  class Sender {
   public:
    explicit Sender(TangoPacked& queue) : producer_{queue.mcache_, queue.dcache_, queue.fseq_, queue.fctl_} {}
    [[gnu::always_inline]] bool send_bulk(const Message<Bytes>* first, std::size_t count) {
      const std::span<const Message<Bytes>> rest{first, count};
      return send_all<Wait>(rest, [this](auto messages) { return producer_.publish_packed(messages); });
    }
    [[gnu::always_inline]] bool send(const Message<Bytes>& message) { return send_bulk(&message, 1); }

   private:
    tango::Producer<kDepth, Cache, tango::Fctl, tango::NoMetrics> producer_;
  };

  template <class Wait>
  class Receiver {
   public:
    explicit Receiver(TangoPacked& queue) : consumer_{queue.mcache_, queue.dcache_, queue.fctl_, 1} {}
    template <class Use>
    [[gnu::always_inline]] std::uint64_t receive(std::uint64_t, Use use) {
      auto fragment = consumer_.wait(Wait{});
      if (!fragment) {
        return 0;
      }
      const tango::PackedArray<Message<Bytes>> messages{fragment->payload()};
      use.row(fragment->payload().data(), messages.size());
      return messages.size();
    }

   private:
    tango::Consumer<kDepth, Cache, tango::Fctl, tango::NoMetrics> consumer_;
  };

 private:
  tango::MCache<kDepth> mcache_;
  Cache dcache_;
  tango::Fseq fseq_{1};
  tango::Fctl fctl_{kDepth};
};

}  // namespace bench
