// SPDX-License-Identifier: Apache-2.0
/// \file
/// How a queue's adapter (kernels.hpp) is entered in the field: for every kind of work, payload, wait policy and
/// capacity.
#pragma once

#include <cstddef>
#include <string_view>

#include "contender.hpp"
#include "kernels.hpp"
#include "wait.hpp"

namespace bench {

/// Payloads of a ring are at most so many bytes in all.
inline constexpr std::size_t kMostBytes = std::size_t{64} << 20;

/// Every adapter's queue name that starts so is this library.
inline constexpr std::string_view kOurs = "tango";

namespace detail {

template <class Queue>
constexpr bool possible() {
  if constexpr (requires { Queue::kPossible; }) {
    return Queue::kPossible;
  } else {
    return true;
  }
}

template <Kind kKind, std::size_t Bytes, class Queue, class Wait>
Run run(const Placement& placement, const Load& load) {
  if constexpr (kKind == Kind::Bulk) {
    return bulk<Bytes, Queue, Wait>(placement, load);
  } else if constexpr (kKind == Kind::RoundTrip) {
    return round_trip<Bytes, Queue, Wait>(placement, load);
  } else if constexpr (kKind == Kind::Paced) {
    return paced<Bytes, Queue, Wait>(placement, load);
  } else {
    return throughput<Bytes, Queue, Wait>(placement, load);
  }
}

template <Kind kKind, std::size_t Bytes, class Queue, class Wait>
void enter_one(Field& field) {
  if constexpr (Bytes * Queue::kCapacity <= kMostBytes && possible<Queue>()) {
    field.contenders.push_back({kKind, Bytes, Queue::kQueue, Queue::kWay, Wait::kName, Queue::kCapacity,
                                std::string_view{Queue::kQueue}.starts_with(kOurs), run<kKind, Bytes, Queue, Wait>});
  }
}

template <class Queue>
constexpr bool waits_itself() {
  if constexpr (requires { Queue::kWaitsItself; }) {
    return Queue::kWaitsItself;
  } else {
    return false;
  }
}

/// Under each wait policy.
template <Kind kKind, std::size_t Bytes, class Queue>
void enter_waiting(Field& field) {
  if constexpr (waits_itself<Queue>()) {
    enter_one<kKind, Bytes, Queue, OwnWait>(field);
  } else {
    enter_one<kKind, Bytes, Queue, SpinWait>(field);
    enter_one<kKind, Bytes, Queue, PauseWait>(field);
    if constexpr (kKind == Kind::Throughput || kKind == Kind::Bulk || kKind == Kind::Lossy) {
      enter_one<kKind, Bytes, Queue, SlipWait>(field);
    }
  }
}

template <Kind kKind, std::size_t Bytes, template <std::size_t, std::size_t> class Queue, std::size_t... Capacities>
void enter_at(Field& field) {
  (enter_waiting<kKind, Bytes, Queue<Bytes, Capacities>>(field), ...);
}

template <std::size_t Bytes, template <std::size_t, std::size_t> class Queue>
void enter_plenty(Field& field) {
  if constexpr (Bytes >= 256 && Bytes <= 4096) {
    enter_at<Kind::Throughput, Bytes, Queue, (std::size_t{8} << 20) / Bytes>(field);
  }
}

}  // namespace detail

/// Work with payloads of 64 bytes or in bulk: every capacity is tried.
template <Kind kKind, template <std::size_t, std::size_t> class Queue, std::size_t... Bytes>
void enter_thorough(Field& field) {
  (detail::enter_at<kKind, Bytes, Queue, 64, 256, 1024, 4096>(field), ...);
}

/// Other work: a ring that stays in the innermost cache, and a large one; for streams of 256 B to 4 KiB also one of
/// 8 MiB, more than the second-level caches hold.
template <Kind kKind, template <std::size_t, std::size_t> class Queue, std::size_t... Bytes>
void enter(Field& field) {
  (detail::enter_at<kKind, Bytes, Queue, 64, 1024>(field), ...);
  if constexpr (kKind == Kind::Throughput) {
    (detail::enter_plenty<Bytes, Queue>(field), ...);
  }
}

/// All work with small messages, for a queue without particular calls for some of it.
template <template <std::size_t, std::size_t> class Queue>
void enter_small(Field& field) {
  enter<Kind::Throughput, Queue, 8>(field);
  enter_thorough<Kind::Throughput, Queue, 64>(field);
  enter_thorough<Kind::Bulk, Queue, 8>(field);
  enter<Kind::RoundTrip, Queue, 8, 64>(field);
  detail::enter_at<Kind::RoundTrip, 1024, Queue, 64>(field);
  detail::enter_at<Kind::Paced, 64, Queue, 1024>(field);
}

/// And with large ones.
template <template <std::size_t, std::size_t> class Queue>
void enter_all(Field& field) {
  enter_small<Queue>(field);
  enter<Kind::Throughput, Queue, 256, 1024, 4096, 65536>(field);
}

}  // namespace bench
