// SPDX-License-Identifier: Apache-2.0
/// \file
/// Adapters (workloads.hpp) of this library: a reliable channel, taken from one by one or in batches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <tango/tango.hpp>

#include "../support/messages.hpp"
#include "../support/threads.hpp"

namespace bench {

template <std::size_t Bytes, std::size_t Capacity>
class TangoPoll {
 public:
  static constexpr const char* kName = "tango poll";

  class Sender {
   public:
    explicit Sender(TangoPoll& queue) : producer_{queue.mcache_, queue.dcache_, queue.fseq_, queue.fctl_} {}
    [[gnu::always_inline]] void send(const Messages<Bytes>& messages, std::uint64_t n) {
      if (!producer_.publish_blocking(messages.bytes(n), {}, Spin{}).ok()) [[unlikely]] {
        std::abort();  // else the receiver waits for ever
      }
    }

   private:
    tango::Producer<Capacity, tango::DCache<Capacity, Bytes, tango::Plain>, tango::Fctl, tango::NoMetrics> producer_;
  };

  class Receiver {
   public:
    explicit Receiver(TangoPoll& queue)
        : consumer_{queue.mcache_, queue.dcache_, queue.fctl_, queue.mcache_.position()} {}
    template <class Use>
    [[gnu::always_inline]] std::uint64_t receive(std::uint64_t, Use use) {
      auto fragment = consumer_.wait(Spin{});
      if (!fragment || fragment->size() != Bytes) {
        return 0;
      }
      use(fragment->payload().data());
      return 1;
    }

   protected:
    tango::Consumer<Capacity, tango::DCache<Capacity, Bytes, tango::Plain>, tango::Fctl, tango::NoMetrics> consumer_;
  };

 private:
  tango::MCache<Capacity> mcache_;
  tango::DCache<Capacity, Bytes, tango::Plain> dcache_;
  tango::Fseq fseq_{1};
  tango::Fctl fctl_{Capacity};
};

template <std::size_t Bytes, std::size_t Capacity>
class TangoBatch : public TangoPoll<Bytes, Capacity> {
  using One = TangoPoll<Bytes, Capacity>;

 public:
  static constexpr const char* kName = "tango poll_batch";
  static constexpr std::uint64_t kBatch = 32;

  class Receiver : One::Receiver {
   public:
    using One::Receiver::Receiver;
    template <class Use>
    [[gnu::always_inline]] std::uint64_t receive(std::uint64_t most, Use use) {
      bool right = true;
      tango::BatchResult result;
      spin_until([&] {
        result = this->consumer_.poll_batch(most < kBatch ? most : kBatch, [&](const tango::FragmentView& fragment) {
          right = fragment.size() == Bytes && right;
          use(fragment.payload().data());
        });
        return result.count != 0 ||
               (result.status != tango::PollStatus::Empty && result.status != tango::PollStatus::Fragment);
      });
      return right ? result.count : 0;
    }
  };
};

}  // namespace bench
