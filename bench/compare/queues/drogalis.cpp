// SPDX-License-Identifier: Apache-2.0
// drogalis/SPSC-Queue: copied in and out; it has no way to look at a message in place. Its capacity given when it is
// made or, up to 2 MiB, when it is compiled.
#include <cstddef>
#include <cstdint>
#include <dro/spsc-queue.hpp>
#include <utility>

#include "../enter.hpp"
#include "queues.hpp"

namespace bench {
namespace {

template <std::size_t Bytes, std::size_t Capacity, bool kStatic>
class Drogalis {
  static constexpr bool kFits = Capacity * Bytes <= dro::details::MAX_BYTES_ON_STACK;
  using Ring = dro::SPSCQueue<Message<Bytes>, kStatic && kFits ? Capacity : 0>;

 public:
  static constexpr const char* kQueue = "drogalis/SPSC-Queue";
  static constexpr const char* kWay = kStatic ? "try_push, try_pop, static" : "try_push, try_pop";
  static constexpr bool kPossible = !kStatic || kFits;
  static constexpr std::size_t kCapacity = Capacity;

  template <class Wait>
  class Sender {
   public:
    explicit Sender(Drogalis& queue) : ring_{&queue.ring_} {}
    [[gnu::always_inline]] bool send(const Message<Bytes>& message) {
      // Given a const reference it copies twice, given an rvalue once. Moving from a trivially copyable type changes
      // nothing.
      return wait_for<Wait>([&] { return ring_->try_push(std::move(const_cast<Message<Bytes>&>(message))); });
    }

   private:
    Ring* ring_;
  };

  template <class Wait>
  class Receiver {
   public:
    explicit Receiver(Drogalis& queue) : ring_{&queue.ring_} {}
    template <class Use>
    [[gnu::always_inline]] std::uint64_t receive(std::uint64_t, Use use) {
      if (!wait_for<Wait>([&] { return ring_->try_pop(copy_); })) {
        return 0;
      }
      use(reinterpret_cast<const std::byte*>(&copy_));
      return 1;
    }

   private:
    Ring* ring_;
    Message<Bytes> copy_;
  };

 private:
  Ring ring_{kStatic ? 0 : Capacity};
};

template <std::size_t Bytes, std::size_t Capacity>
using Dynamic = Drogalis<Bytes, Capacity, false>;
template <std::size_t Bytes, std::size_t Capacity>
using Static = Drogalis<Bytes, Capacity, true>;

}  // namespace

void enter_drogalis(Field& field) {
  enter_all<Dynamic>(field);
  enter_all<Static>(field);
}

}  // namespace bench
