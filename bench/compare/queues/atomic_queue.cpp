// SPDX-License-Identifier: Apache-2.0
// atomic_queue in its mode for one producer and one consumer: copied in and out. Messages of 8 bytes are its atomic
// elements. With neighbours on lines of their own, which is its default, or (small messages, where it matters) in a
// row. By the calls that look at both indices and may be refused, and by those that take the next place without a look
// at the other side and wait there, by themselves and if need be for ever.
#include <atomic_queue/atomic_queue.h>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../enter.hpp"
#include "queues.hpp"

namespace bench {
namespace {

template <std::size_t Bytes, std::size_t Capacity, bool kApart, bool kTries>
class AtomicQueue {
  static constexpr bool kAtomic = Bytes == sizeof(std::uint64_t);
  using Element = std::conditional_t<kAtomic, std::uint64_t, Message<Bytes>>;
  // The element 0 stands for none; no word of a message is 0.
  using Ring =
      std::conditional_t<kAtomic, atomic_queue::AtomicQueue<std::uint64_t, Capacity, 0, kApart, true, false, true>,
                         atomic_queue::AtomicQueue2<Message<Bytes>, Capacity, kApart, true, false, true>>;

 public:
  static constexpr const char* kQueue = "atomic_queue SPSC";
  static constexpr const char* kWay = kTries ? (kApart ? "try_push, try_pop" : "try_push, try_pop, in a row")
                                             : (kApart ? "push, pop" : "push, pop, in a row");
  static constexpr bool kWaitsItself = !kTries;
  static constexpr std::size_t kCapacity = Capacity;

  template <class Wait>
  class Sender {
   public:
    explicit Sender(AtomicQueue& queue) : ring_{&queue.ring_} {}
    [[gnu::always_inline]] bool send(const Message<Bytes>& message) {
      const Element& element = as_element(message);
      if constexpr (kTries) {
        return wait_for<Wait>([&] { return ring_->try_push(element); });
      } else {
        ring_->push(element);
        return true;
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
      if constexpr (kTries) {
        Element copy;
        if (!wait_for<Wait>([&] { return ring_->try_pop(copy); })) {
          return 0;
        }
        use(reinterpret_cast<const std::byte*>(&copy));
      } else {
        const Element copy = ring_->pop();
        use(reinterpret_cast<const std::byte*>(&copy));
      }
      return 1;
    }

   private:
    Ring* ring_;
  };

 private:
  static const Element& as_element(const Message<Bytes>& message) {
    if constexpr (kAtomic) {
      return message.words[0];
    } else {
      return message;
    }
  }

  Ring ring_;
};

template <std::size_t Bytes, std::size_t Capacity>
using Apart = AtomicQueue<Bytes, Capacity, true, true>;
template <std::size_t Bytes, std::size_t Capacity>
using InARow = AtomicQueue<Bytes, Capacity, false, true>;
template <std::size_t Bytes, std::size_t Capacity>
using ApartAtOnce = AtomicQueue<Bytes, Capacity, true, false>;
template <std::size_t Bytes, std::size_t Capacity>
using InARowAtOnce = AtomicQueue<Bytes, Capacity, false, false>;

}  // namespace

void enter_atomic_queue(Field& field, std::size_t cores) {
  enter_all<Apart>(field);
  enter_small<InARow>(field);
  if (cores > 1) {  // they never yield
    enter_all<ApartAtOnce>(field);
    enter_small<InARowAtOnce>(field);
  }
}

}  // namespace bench
