// SPDX-License-Identifier: Apache-2.0
// atomic_queue in its mode for one producer and one consumer: copied in and out. Messages of 8 bytes are its atomic
// elements. With neighbours on lines of their own, which is its default, or (small messages, where it matters) in a
// row.
#include <atomic_queue/atomic_queue.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../enter.hpp"
#include "queues.hpp"

namespace bench {
namespace {

template <std::size_t Bytes, std::size_t Capacity, bool kApart>
class AtomicQueue {
  static constexpr bool kAtomic = Bytes == sizeof(std::uint64_t);
  using Element = std::conditional_t<kAtomic, std::uint64_t, Message<Bytes>>;
  // The element 0 stands for none; no word of a message is 0.
  using Ring =
      std::conditional_t<kAtomic, atomic_queue::AtomicQueue<std::uint64_t, Capacity, 0, kApart, true, false, true>,
                         atomic_queue::AtomicQueue2<Message<Bytes>, Capacity, kApart, true, false, true>>;

 public:
  static constexpr const char* kQueue = "atomic_queue SPSC";
  static constexpr const char* kWay = kApart ? "try_push, try_pop" : "try_push, try_pop, in a row";
  static constexpr std::size_t kCapacity = Capacity;

  template <class Wait>
  class Sender {
   public:
    explicit Sender(AtomicQueue& queue) : ring_{&queue.ring_} {}
    [[gnu::always_inline]] bool send(const Message<Bytes>& message) {
      if constexpr (kAtomic) {
        return wait_for<Wait>([&] { return ring_->try_push(message.words[0]); });
      } else {
        return wait_for<Wait>([&] { return ring_->try_push(message); });
      }
    }

   private:
    Ring* ring_;
  };

  template <class Wait>
  class Receiver {
   public:
    explicit Receiver(AtomicQueue& queue) : ring_{&queue.ring_} {}
    template <class Use>
    [[gnu::always_inline]] std::uint64_t receive(std::uint64_t, Use use) {
      Element copy;
      if (!wait_for<Wait>([&] { return ring_->try_pop(copy); })) {
        return 0;
      }
      use(reinterpret_cast<const std::byte*>(&copy));
      return 1;
    }

   private:
    Ring* ring_;
  };

 private:
  Ring ring_;
};

template <std::size_t Bytes, std::size_t Capacity>
using Apart = AtomicQueue<Bytes, Capacity, true>;
template <std::size_t Bytes, std::size_t Capacity>
using InARow = AtomicQueue<Bytes, Capacity, false>;

}  // namespace

void enter_atomic_queue(Field& field) {
  enter_all<Apart>(field);
  enter_small<InARow>(field);
}

}  // namespace bench
