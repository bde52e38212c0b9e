// SPDX-License-Identifier: Apache-2.0
/// \file
/// What every queue has to do, through its adapter. The receiver reads every byte and checks order and content.
///
/// An adapter is a template `Queue<Bytes, Capacity>` with
/// - `kName`, and a default constructor; it is made once and used for many runs, each of which leaves it empty;
/// - `Sender{queue}`: `void send(const Messages<Bytes>&, std::uint64_t n)` sends message `n`, waiting while the queue is full;
/// - `Receiver{queue}`: `std::uint64_t receive(std::uint64_t most, use)` waits for a message and calls `use(bytes)`, a pointer
///   to `Bytes` bytes, for it and up to `most - 1` further ones; returns how many that were, 0 if something was wrong.
/// Both are made by the thread that uses them, the receiver before anything is sent. Everyone waits by `bench::Spin`.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../support/messages.hpp"
#include "harness.hpp"

namespace bench {

template <std::size_t Bytes>
inline const Messages<Bytes> kMessages;

/// A run's time in nanoseconds, for each message or round trip; whether everything arrived as it was sent.
struct Run {
  double nanoseconds;
  bool right;
};

/// Receives messages `0 ... count - 1`; whether they were right.
template <std::size_t Bytes, class Receiver>
[[gnu::always_inline]] inline bool receive_all(Receiver& receiver, std::uint64_t count) {
  bool right = true;
  std::uint64_t next = 0;
  while (next < count) {
    const std::uint64_t got = receiver.receive(count - next, [&](const std::byte* bytes) {
      right = kMessages<Bytes>.is(next, bytes) && right;
      ++next;
    });
    if (got == 0) {
      return false;
    }
  }
  return right;
}

/// One after the other as fast as they will go, from one thread to the other.
template <std::size_t Bytes, class Queue>
Run throughput(const Placement& placement, Queue& queue, std::uint64_t count) {
  bool right = false;
  const double nanoseconds = both(
      placement,
      [&] {
        return [&, sender = typename Queue::Sender{queue}]() mutable {
          for (std::uint64_t i = 0; i < count; ++i) {
            sender.send(kMessages<Bytes>, i);
          }
        };
      },
      [&] {
        return
            [&, receiver = typename Queue::Receiver{queue}]() mutable { right = receive_all<Bytes>(receiver, count); };
      });
  return {nanoseconds / static_cast<double>(count), right};
}

/// There and back through two queues, one message at a time.
template <std::size_t Bytes, class Queue>
Run round_trip(const Placement& placement, Queue& there, Queue& back, std::uint64_t count) {
  bool right_here = true;
  bool right_there = true;
  const auto player = [&](Queue& out, Queue& in, bool& right, bool serves) {
    return [&right, serves, count, sender = typename Queue::Sender{out},
            receiver = typename Queue::Receiver{in}]() mutable {
      for (std::uint64_t i = 0; i < count; ++i) {
        if (serves) {
          sender.send(kMessages<Bytes>, i);
        }
        const std::uint64_t got =
            receiver.receive(1, [&](const std::byte* bytes) { right = kMessages<Bytes>.is(i, bytes) && right; });
        right = got == 1 && right;
        if (!serves) {
          sender.send(kMessages<Bytes>, i);
        }
      }
    };
  };
  const double nanoseconds = both(
      placement, [&] { return player(there, back, right_here, true); },
      [&] { return player(back, there, right_there, false); });
  return {nanoseconds / static_cast<double>(count), right_here && right_there};
}

}  // namespace bench
