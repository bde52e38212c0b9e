// SPDX-License-Identifier: Apache-2.0
// MengRao SPSC_Queue, three of its rings: written and read in place.
#include <cstddef>
#include <cstdint>
#include <cstring>
// They include nothing for the names that they use.
#include <SPSCQueue.h>
#include <SPSCQueueOPT.h>
#include <SPSCVarQueueOPT.h>

#include <atomic>

#include "../enter.hpp"
#include "queues.hpp"

namespace bench {
namespace {

/// The two rings of fixed elements. SPSCQueueOPT holds one message less than its size, which must be a power of two.
template <std::size_t Bytes, std::size_t Capacity, bool kFlags>
class MengRao {
  using Ring = std::conditional_t<kFlags, SPSCQueueOPT<Message<Bytes>, Capacity>, SPSCQueue<Message<Bytes>, Capacity>>;

 public:
  static constexpr const char* kQueue = kFlags ? "MengRao SPSCQueueOPT" : "MengRao SPSCQueue";
  static constexpr const char* kWay = "alloc, front";
  static constexpr std::size_t kCapacity = Capacity;

  template <class Wait>
  class Sender {
   public:
    explicit Sender(MengRao& queue) : ring_{&queue.ring_} {}
    [[gnu::always_inline]] bool send(const Message<Bytes>& message) {
      Message<Bytes>* place = nullptr;
      if (!wait_for<Wait>([&] { return (place = ring_->alloc()) != nullptr; })) {
        return false;
      }
      *place = message;
      ring_->push();
      return true;
    }

   private:
    Ring* ring_;
  };

  template <class Wait>
  class Receiver {
   public:
    explicit Receiver(MengRao& queue) : ring_{&queue.ring_} {}
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
  Ring ring_;
};

/// The ring of messages of any size; in bulk, `kBulkOf` of ours in one of its. Its consumer reads a plain word that the
/// other thread writes: without the fences, which are no instructions on x86-64, the compiler may read it only once.
template <std::size_t Bytes, std::size_t Capacity, std::size_t kBulkOf>
class MengRaoVar {
  static constexpr std::size_t kHeader = 8;
  // A ring is full when a further message would fill it to the last block, so room for one more.
  using Ring = SPSCVarQueueOPT<static_cast<std::uint32_t>((Capacity + 1) * (Bytes + kHeader))>;
  using Header = typename Ring::MsgHeader;
  static_assert(sizeof(Header) == kHeader);

 public:
  static constexpr const char* kQueue = "MengRao SPSCVarQueueOPT";
  static constexpr const char* kWay = kBulkOf == 1       ? "alloc, front"
                                      : kBulkOf == kBulk ? "alloc of 32, front"
                                                         : "alloc of 128, front";
  static constexpr std::size_t kCapacity = Capacity;
  static constexpr std::size_t kBatch = kBulkOf;
  static constexpr bool kPossible = Bytes * kBulkOf + kHeader <= 0xFFFF &&  // its field of the size
                                    (kBulkOf == 1 || Capacity >= 2 * kBulkOf);

  template <class Wait>
  class Sender {
   public:
    explicit Sender(MengRaoVar& queue) : ring_{&queue.ring_} {}
    [[gnu::always_inline]] bool send(const Message<Bytes>& message) { return send_bulk(&message, 1); }
    [[gnu::always_inline]] bool send_bulk(const Message<Bytes>* first, std::size_t count) {
      Header* header = nullptr;
      const auto bytes = static_cast<std::uint16_t>(Bytes * count);
      if (!wait_for<Wait>([&] { return (header = ring_->alloc(bytes)) != nullptr; })) {
        return false;
      }
      if constexpr (kBulkOf == 1) {
        copy_message<Bytes>(header + 1, first);
      } else {
        std::memcpy(header + 1, first, bytes);  // `rep movs`: 35 ns for 1 KiB in so small a ring, and 55 by a call
      }
      ring_->push();
      return true;
    }

   private:
    Ring* ring_;
  };

  template <class Wait>
  class Receiver {
   public:
    explicit Receiver(MengRaoVar& queue) : ring_{&queue.ring_} {}
    template <class Use>
    [[gnu::always_inline]] std::uint64_t receive(std::uint64_t, Use use) {
      const Header* header = nullptr;
      const bool there = wait_for<Wait>([&] {
        header = ring_->front();
        std::atomic_thread_fence(std::memory_order_acquire);
        return header != nullptr;
      });
      if (!there) {
        return 0;
      }
      const std::uint64_t count = kBulkOf == 1 ? 1 : (header->size - kHeader) / Bytes;
      if constexpr (kBulkOf == 1) {
        use(reinterpret_cast<const std::byte*>(header + 1));
      } else {
        use.row(reinterpret_cast<const std::byte*>(header + 1), count);
      }
      std::atomic_thread_fence(std::memory_order_release);
      ring_->pop();
      return count;
    }

   private:
    Ring* ring_;
  };

 private:
  Ring ring_;
};

template <std::size_t Bytes, std::size_t Capacity>
using Indices = MengRao<Bytes, Capacity, false>;
template <std::size_t Bytes, std::size_t Capacity>
using Flags = MengRao<Bytes, Capacity, true>;
template <std::size_t Bytes, std::size_t Capacity>
using Var = MengRaoVar<Bytes, Capacity, 1>;
template <std::size_t Bytes, std::size_t Capacity>
using VarOf32 = MengRaoVar<Bytes, Capacity, kBulk>;
template <std::size_t Bytes, std::size_t Capacity>
using VarOf128 = MengRaoVar<Bytes, Capacity, kLargeBulk>;

}  // namespace

void enter_mengrao(Field& field) {
  enter_all<Indices>(field);
  enter_all<Flags>(field);
  enter_all<Var>(field);
  enter_thorough<Kind::Bulk, VarOf32, 8>(field);
  enter_thorough<Kind::Bulk, VarOf128, 8>(field);
}

}  // namespace bench
