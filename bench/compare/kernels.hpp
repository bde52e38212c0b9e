// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the two threads of a run do, through a queue's adapter. The receiver reads every byte and checks order and
/// content.
///
/// An adapter is a template `Queue<Bytes, Capacity>` with a default constructor and
/// - `kQueue`, `kWay`: its name, and which of its calls are used; `kPossible = false` where it cannot carry such
///   messages; `kWaitsItself = true` where its calls wait by themselves and never give up; `kBatch`: how many messages
///   it takes at once, if not `kBulk`; `kLap`: how many go once round its memory, if not `Capacity`;
/// - `Sender<Wait>{queue}`: `bool send(const Message&)` sends, waiting while the queue is full; false: the wait was
///   given up. May have `bool send_bulk(const Message* first, std::size_t count)`, for messages that lie in a row;
/// - `Receiver<Wait>{queue}`: `std::uint64_t receive(std::uint64_t most, use)` waits for a message and calls
///   `use(bytes)`, a pointer to `Bytes` bytes, for it and up to `most - 1` further ones; how many that were, 0 if the
///   wait was given up or something was wrong. For messages that lie in a row, `use.row(bytes, count)`.
/// Both are made by the thread that uses them, the receiver before anything is sent.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <tango/histogram.hpp>

#include "../support/messages.hpp"
#include "contender.hpp"
#include "harness.hpp"
#include "statistics.hpp"
#include "wait.hpp"

namespace bench {

template <std::size_t Bytes>
using Message = typename Messages<Bytes>::Message;

template <std::size_t Bytes>
inline const Messages<Bytes> kMessages;

/// Messages that are sent at once where that can be done: few, and many. They divide every capacity from twice as many
/// on, and the table of 8 B messages.
inline constexpr std::uint64_t kBulk = 32;
inline constexpr std::uint64_t kLargeBulk = 128;

template <class Queue>
constexpr std::uint64_t batch_of() {
  if constexpr (requires { Queue::kBatch; }) {
    return Queue::kBatch;
  } else {
    return kBulk;
  }
}

/// Messages that go once round all of a queue's memory.
template <class Queue>
constexpr std::uint64_t lap_of() {
  if constexpr (requires { Queue::kLap; }) {
    return Queue::kLap;
  } else {
    return Queue::kCapacity;
  }
}

/// The sending side of a queue and what it sends next.
template <std::size_t Bytes, class Queue, class Wait>
class Sending {
 public:
  explicit Sending(Queue& queue) : sender_{queue} {}

  [[gnu::always_inline]] void one() {
    if (!sender_.send(cursor_.next())) [[unlikely]] {
      void_run(Queue::kQueue, "it takes no more messages");
    }
  }
  [[gnu::always_inline]] void some(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      one();
    }
  }
  /// Precondition: `count` is a multiple of the queue's batch, and so was every one before.
  [[gnu::always_inline]] void bulk(std::uint64_t count) {
    constexpr std::uint64_t kBatch = batch_of<Queue>();
    if constexpr (requires(const Message<Bytes>* m) { sender_.send_bulk(m, kBatch); }) {
      static_assert(Messages<Bytes>::kCount % kBatch == 0);
      const Message<Bytes>* const table = kMessages<Bytes>.table().data();
      for (std::uint64_t sent = 0; sent < count; sent += kBatch) {
        if (!sender_.send_bulk(table + row_, kBatch)) [[unlikely]] {
          void_run(Queue::kQueue, "it takes no more messages");
        }
        row_ = row_ + kBatch == Messages<Bytes>::kCount ? 0 : row_ + kBatch;
      }
    } else {
      some(count);
    }
  }

 private:
  typename Queue::template Sender<Wait> sender_;
  typename Messages<Bytes>::ReadCursor cursor_{kMessages<Bytes>};
  std::uint64_t row_ = 0;
};

/// The receiving side and what it expects next.
template <std::size_t Bytes, class Queue, class Wait>
class Receiving {
 public:
  explicit Receiving(Queue& queue) : receiver_{queue} {}

  /// Calls `also` after each message.
  template <class Also>
  [[gnu::always_inline]] void some(std::uint64_t count, Also also) {
    bool right = true;
    const Use<Also> use{cursor_, right, also};
    for (std::uint64_t left = count; left != 0;) {
      const std::uint64_t got = receiver_.receive(left, use);
      if (!right || got == 0 || got > left) [[unlikely]] {
        void_run(Queue::kQueue, right && got == 0 ? "a message never arrived" : "it delivered a wrong message");
      }
      left -= got;
    }
  }
  [[gnu::always_inline]] void some(std::uint64_t count) {
    some(count, [] {});
  }

 private:
  /// What is done with messages as they come: every byte is read and compared.
  template <class Also>
  struct Use {
    typename Messages<Bytes>::ReadCursor& cursor;
    bool& right;
    Also& also;

    /// One of them.
    [[gnu::always_inline]] void operator()(const std::byte* bytes) const {
      right = cursor.next().is(bytes) && right;
      also();
    }
    /// Several that lie in a row.
    [[gnu::always_inline]] void row(const std::byte* bytes, std::uint64_t count) const {
      right = cursor.are_next(bytes, count) && right;
      for (std::uint64_t i = 0; i < count; ++i) {
        also();
      }
    }
  };

  typename Queue::template Receiver<Wait> receiver_;
  typename Messages<Bytes>::ReadCursor cursor_{kMessages<Bytes>};
};

/// The frame of a run in one direction: `send(sending, count)` on one side and `receive(receiving, count)` on the
/// other, after a warm-up once round the ring.
template <std::size_t Bytes, class Queue, class Wait, class Send, class Receive>
double one_way(const Placement& placement, Send send, Receive receive) {
  const auto queue = std::make_unique<Queue>();
  return run_together(
      placement,
      [&](Turn& turn) {
        Sending<Bytes, Queue, Wait> sending{*queue};
        turn.meet();
        sending.some(lap_of<Queue>());
        turn.meet();
        send(sending);
      },
      [&](Turn& turn) {
        Receiving<Bytes, Queue, Wait> receiving{*queue};
        turn.meet();
        receiving.some(lap_of<Queue>());
        turn.meet();
        receive(receiving);
      });
}

template <std::size_t Bytes, class Queue, class Wait>
Run throughput(const Placement& placement, const Load& load) {
  const double total = one_way<Bytes, Queue, Wait>(
      placement, [&](auto& sending) { sending.some(load.count); },
      [&](auto& receiving) { receiving.some(load.count); });
  return {total / static_cast<double>(load.count)};
}

template <std::size_t Bytes, class Queue, class Wait>
Run bulk(const Placement& placement, const Load& load) {
  const std::uint64_t count = (load.count + kLargeBulk - 1) / kLargeBulk * kLargeBulk;
  const auto queue = std::make_unique<Queue>();
  const double total = run_together(
      placement,
      [&](Turn& turn) {
        Sending<Bytes, Queue, Wait> sending{*queue};
        turn.meet();
        sending.bulk(Queue::kCapacity);
        turn.meet();
        sending.bulk(count);
      },
      [&](Turn& turn) {
        Receiving<Bytes, Queue, Wait> receiving{*queue};
        turn.meet();
        receiving.some(Queue::kCapacity);
        turn.meet();
        receiving.some(count);
      });
  return {total / static_cast<double>(count)};
}

/// There and back through two queues, one message at a time.
template <std::size_t Bytes, class Queue, class Wait>
Run round_trip(const Placement& placement, const Load& load) {
  const auto there = std::make_unique<Queue>();
  const auto back = std::make_unique<Queue>();
  const auto player = [&load](Queue& out, Queue& in, auto turn_of_both) {
    return [&out, &in, &load, turn_of_both](Turn& turn) {
      Sending<Bytes, Queue, Wait> sending{out};
      Receiving<Bytes, Queue, Wait> receiving{in};
      turn.meet();
      for (std::uint64_t i = 0; i < Queue::kCapacity; ++i) {
        turn_of_both(sending, receiving);
      }
      turn.meet();
      for (std::uint64_t i = 0; i < load.count; ++i) {
        turn_of_both(sending, receiving);
      }
    };
  };
  const auto serve = [](auto& sending, auto& receiving) {
    sending.one();
    receiving.some(1);
  };
  const auto answer = [](auto& sending, auto& receiving) {
    receiving.some(1);
    sending.one();
  };
  const double total = run_together(placement, player(*there, *back, serve), player(*back, *there, answer));
  return {total / static_cast<double>(load.count)};
}

/// Message n is due at start + n * period, whatever became of the ones before it, and its latency counts from then:
/// what a queue that stalls makes the messages behind it wait is counted, too. That is the correction for coordinated
/// omission (Gil Tene): timing from the moment when a late sender got round to sending would hide exactly the worst.
/// When a message is due follows from its number, so nothing has to be written into it; reading the clock is part of
/// each latency.
template <std::size_t Bytes, class Queue, class Wait>
Run paced(const Placement& placement, const Load& load) {
  const auto latencies = std::make_unique<tango::Histogram>();
  std::atomic<Clock::rep> start{0};
  const auto due = [&](std::uint64_t n) {
    return Clock::time_point{Clock::duration{start.load(std::memory_order_relaxed)}} +
           static_cast<Clock::rep>(n) * std::chrono::duration_cast<Clock::duration>(load.period);
  };
  one_way<Bytes, Queue, Wait>(
      placement,
      [&](auto& sending) {
        // Relaxed: the receiver looks at it after it has received a message that was sent later.
        start.store((Clock::now() + std::chrono::microseconds{20}).time_since_epoch().count(),
                    std::memory_order_relaxed);
        for (std::uint64_t n = 0; n < load.count; ++n) {
          const Clock::time_point when = due(n);
          while (Clock::now() < when) {
          }
          sending.one();
        }
      },
      [&](auto& receiving) {
        std::uint64_t n = 0;
        receiving.some(load.count, [&] {
          const Clock::duration late = Clock::now() - due(n++);
          latencies->record(late.count() > 0 ? static_cast<std::uint64_t>(nanoseconds(late)) : 0);
        });
      });
  const auto percentiles = percentiles_of(latencies->snapshot());
  return {percentiles.front().second, percentiles};
}

}  // namespace bench
