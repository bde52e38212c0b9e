// SPDX-License-Identifier: Apache-2.0
// rigtorp/SPSCQueue: copied in, read in place.
#include <rigtorp/SPSCQueue.h>

#include <cstddef>
#include <cstdint>

#include "../enter.hpp"
#include "queues.hpp"

namespace bench {
namespace {

template <std::size_t Bytes, std::size_t Capacity>
class Rigtorp {
  using Ring = rigtorp::SPSCQueue<Message<Bytes>>;

 public:
  static constexpr const char* kQueue = "rigtorp/SPSCQueue";
  static constexpr const char* kWay = "try_push, front";
  static constexpr std::size_t kCapacity = Capacity;

  template <class Wait>
  class Sender {
   public:
    explicit Sender(Rigtorp& queue) : ring_{&queue.ring_} {}
    [[gnu::always_inline]] bool send(const Message<Bytes>& message) {
      return wait_for<Wait>([&] { return ring_->try_push(message); });
    }

   private:
    Ring* ring_;
  };

  template <class Wait>
  class Receiver {
   public:
    explicit Receiver(Rigtorp& queue) : ring_{&queue.ring_} {}
    template <class Use>
    [[gnu::always_inline]] std::uint64_t receive(std::uint64_t, Use use) {
      const Message<Bytes>* message = nullptr;
      if (!wait_for<Wait>([&] { return (message = ring_->front()) != nullptr; })) {
        return 0;
      }
      use(reinterpret_cast<const std::byte*>(message));
      ring_->pop();
      return 1;
    }

   private:
    Ring* ring_;
  };

 private:
  Ring ring_{Capacity};
};

}  // namespace

void enter_rigtorp(Field& field) { enter_all<Rigtorp>(field); }

}  // namespace bench
