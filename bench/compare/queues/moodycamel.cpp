// SPDX-License-Identifier: Apache-2.0
// moodycamel ReaderWriterQueue, never growing: copied in, and either copied out or read in place. More than 1024
// messages in its blocks of 512, or in one.
#include <readerwriterqueue/readerwriterqueue.h>

#include <cstddef>
#include <cstdint>

#include "../enter.hpp"
#include "queues.hpp"

namespace bench {
namespace {

constexpr std::size_t kBlock = 512;  // its default

template <std::size_t Bytes, std::size_t Capacity, bool kInPlace, bool kOneBlock = false>
class Moodycamel {
  using Ring = moodycamel::ReaderWriterQueue<Message<Bytes>, kOneBlock ? Capacity : kBlock>;

 public:
  static constexpr const char* kQueue = "moodycamel ReaderWriterQueue";
  static constexpr const char* kWay = kOneBlock  ? "try_enqueue, peek, one block"
                                      : kInPlace ? "try_enqueue, peek"
                                                 : "try_enqueue, try_dequeue";
  static constexpr bool kPossible = !kOneBlock || Capacity > 2 * kBlock;
  static constexpr std::size_t kCapacity = Capacity;

  template <class Wait>
  class Sender {
   public:
    explicit Sender(Moodycamel& queue) : ring_{&queue.ring_} {}
    [[gnu::always_inline]] bool send(const Message<Bytes>& message) {
      return wait_for<Wait>([&] { return ring_->try_enqueue(message); });
    }

   private:
    Ring* ring_;
  };

  template <class Wait>
  class Receiver {
   public:
    explicit Receiver(Moodycamel& queue) : ring_{&queue.ring_} {}
    template <class Use>
    [[gnu::always_inline]] std::uint64_t receive(std::uint64_t, Use use) {
      if constexpr (kInPlace) {
        const Message<Bytes>* message = nullptr;
        if (!wait_for<Wait>([&] { return (message = ring_->peek()) != nullptr; })) {
          return 0;
        }
        use(reinterpret_cast<const std::byte*>(message));
        ring_->pop();
      } else {
        Message<Bytes> copy;
        if (!wait_for<Wait>([&] { return ring_->try_dequeue(copy); })) {
          return 0;
        }
        use(reinterpret_cast<const std::byte*>(&copy));
      }
      return 1;
    }

   private:
    Ring* ring_;
  };

 private:
  Ring ring_{Capacity - 1};  // a block of `Capacity` holds one less; asked for all, it takes one of twice as many
};

template <std::size_t Bytes, std::size_t Capacity>
using InPlace = Moodycamel<Bytes, Capacity, true>;
template <std::size_t Bytes, std::size_t Capacity>
using Copied = Moodycamel<Bytes, Capacity, false>;
template <std::size_t Bytes, std::size_t Capacity>
using InOneBlock = Moodycamel<Bytes, Capacity, true, true>;

}  // namespace

void enter_moodycamel(Field& field) {
  enter_all<InPlace>(field);
  enter_all<Copied>(field);
  enter_all<InOneBlock>(field);
}

}  // namespace bench
