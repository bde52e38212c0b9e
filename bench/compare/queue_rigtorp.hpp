// SPDX-License-Identifier: Apache-2.0
/// \file
/// Adapter (workloads.hpp) of rigtorp/SPSCQueue: copied in, read in place.
#pragma once

#include <rigtorp/SPSCQueue.h>

#include <cstddef>
#include <cstdint>

#include "../support/messages.hpp"
#include "../support/threads.hpp"

namespace bench {

template <std::size_t Bytes, std::size_t Capacity>
class Rigtorp {
  using Message = typename Messages<Bytes>::Message;

 public:
  static constexpr const char* kName = "rigtorp/SPSCQueue";

  class Sender {
   public:
    explicit Sender(Rigtorp& queue) : queue_{&queue.queue_} {}
    [[gnu::always_inline]] void send(const Messages<Bytes>& messages, std::uint64_t n) {
      spin_until([&] { return queue_->try_push(messages[n]); });
    }

   private:
    rigtorp::SPSCQueue<Message>* queue_;
  };

  class Receiver {
   public:
    explicit Receiver(Rigtorp& queue) : queue_{&queue.queue_} {}
    template <class Use>
    [[gnu::always_inline]] std::uint64_t receive(std::uint64_t, Use use) {
      const Message* message = nullptr;
      spin_until([&] { return (message = queue_->front()) != nullptr; });
      use(reinterpret_cast<const std::byte*>(message));
      queue_->pop();
      return 1;
    }

   private:
    rigtorp::SPSCQueue<Message>* queue_;
  };

 private:
  rigtorp::SPSCQueue<Message> queue_{Capacity};
};

}  // namespace bench
