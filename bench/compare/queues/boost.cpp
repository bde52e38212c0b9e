// SPDX-License-Identifier: Apache-2.0
// Boost.Lockfree spsc_queue of fixed size: copied in, and read in place one by one or all that are there; in bulk,
// arrays.
#include <boost/lockfree/spsc_queue.hpp>
#include <cstddef>
#include <cstdint>

#include "../enter.hpp"
#include "queues.hpp"

namespace bench {
namespace {

enum class Take : std::uint8_t { One, All, Array, LargeArray };

template <std::size_t Bytes, std::size_t Capacity, Take kTake>
class Boost {
  static constexpr bool kArrays = kTake == Take::Array || kTake == Take::LargeArray;
  using Ring = boost::lockfree::spsc_queue<Message<Bytes>, boost::lockfree::capacity<Capacity>>;

 public:
  static constexpr const char* kQueue = "Boost.Lockfree spsc_queue";
  static constexpr const char* kWay = kTake == Take::One     ? "push, consume_one"
                                      : kTake == Take::All   ? "push, consume_all"
                                      : kTake == Take::Array ? "push, pop arrays of 32"
                                                             : "push, pop arrays of 128";
  static constexpr std::size_t kCapacity = Capacity;
  static constexpr std::size_t kBatch = kTake == Take::LargeArray ? kLargeBulk : kBulk;
  static constexpr bool kPossible = kTake != Take::LargeArray || Capacity >= 2 * kBatch;

  template <class Wait>
  class Sender {
   public:
    explicit Sender(Boost& queue) : ring_{&queue.ring_} {}
    [[gnu::always_inline]] bool send(const Message<Bytes>& message) {
      return wait_for<Wait>([&] { return ring_->push(message); });
    }
    [[gnu::always_inline]] bool send_bulk(const Message<Bytes>* first, std::size_t count) {
      return wait_for<Wait>([&] {
        const std::size_t sent = ring_->push(first, count);
        first += sent;
        count -= sent;
        return count == 0;
      });
    }

   private:
    Ring* ring_;
  };

  template <class Wait>
  class Receiver {
   public:
    explicit Receiver(Boost& queue) : ring_{&queue.ring_} {}
    template <class Use>
    [[gnu::always_inline]] std::uint64_t receive(std::uint64_t most, Use use) {
      const auto look = [&](const Message<Bytes>& message) { use(reinterpret_cast<const std::byte*>(&message)); };
      std::uint64_t got = 0;
      const bool there = wait_for<Wait>([&] {
        if constexpr (kArrays) {
          got = ring_->pop(array_, most < kBatch ? most : kBatch);
        } else if (kTake == Take::All && most != 1) {
          got = ring_->consume_all(look);  // never more than `most`: no more than that were sent
        } else {
          got = ring_->consume_one(look) ? 1 : 0;
        }
        return got != 0;
      });
      if constexpr (kArrays) {
        use.row(reinterpret_cast<const std::byte*>(array_), got);
      }
      return there ? got : 0;
    }

   private:
    Ring* ring_;
    Message<Bytes> array_[kArrays ? kBatch : 1];
  };

 private:
  Ring ring_;
};

template <std::size_t Bytes, std::size_t Capacity>
using One = Boost<Bytes, Capacity, Take::One>;
template <std::size_t Bytes, std::size_t Capacity>
using All = Boost<Bytes, Capacity, Take::All>;
template <std::size_t Bytes, std::size_t Capacity>
using Array = Boost<Bytes, Capacity, Take::Array>;
template <std::size_t Bytes, std::size_t Capacity>
using LargeArray = Boost<Bytes, Capacity, Take::LargeArray>;

}  // namespace

void enter_boost(Field& field) {
  enter_all<One>(field);
  enter_all<All>(field);
  enter_thorough<Kind::Bulk, Array, 8>(field);
  enter_thorough<Kind::Bulk, LargeArray, 8>(field);
}

}  // namespace bench
