// SPDX-License-Identifier: Apache-2.0
// One round of the soak: what happens on one channel, between its threads, and what must be true afterwards.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tango/tango.hpp>
#include <thread>
#include <vector>

#include "support/channel.hpp"
#include "support/endpoints.hpp"

namespace tango::test {

constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ (x >> 31)) * 0x9E37'79B9'7F4A'7C15u;
  return x ^ (x >> 29);
}
constexpr std::uint64_t word_of(std::uint64_t id, std::size_t index) noexcept { return id * 0x1'0001 + index; }

/// What happened, over all rounds.
struct Counts {
  std::uint64_t published = 0;
  std::uint64_t right = 0;  ///< fragments that validated, by all readers together
  std::uint64_t lost = 0;
  std::uint64_t overruns = 0;
  std::uint64_t packed = 0;   ///< records
  std::uint64_t large = 0;    ///< messages put together again
  std::uint64_t dropped = 0;  ///< messages that could not be
  std::uint64_t joins = 0;
  std::uint64_t successors = 0;
  std::uint64_t stalls = 0;
  std::uint64_t stops = 0;  ///< by somebody else than the producer

  Counts& operator+=(const Counts& other) {
    published += other.published;
    right += other.right;
    lost += other.lost;
    overruns += other.overruns;
    packed += other.packed;
    large += other.large;
    dropped += other.dropped;
    joins += other.joins;
    successors += other.successors;
    stalls += other.stalls;
    stops += other.stops;
    return *this;
  }

  [[nodiscard]] bool tried_everything() const {
    return right != 0 && lost != 0 && overruns != 0 && packed != 0 && large != 0 && dropped != 0 && joins != 0 &&
           successors != 0 && stalls != 0 && stops != 0;
  }

  [[nodiscard]] std::string text() const {
    const auto n = [](std::uint64_t count) { return std::to_string(count); };
    return n(published) + " published, " + n(right) + " read and right, " + n(lost) + " lost in " + n(overruns) +
           " overruns, " + n(packed) + " packed records, " + n(large) + " large messages (" + n(dropped) +
           " dropped), " + n(joins) + " joins, " + n(successors) + " successors, " + n(stalls) + " stalls, " +
           n(stops) + " stopped";
  }
};

struct Outcome {
  Counts counts;
  std::string wrong;  ///< the first thing that was; empty if none
};

using RunRound = Outcome (*)(Random&);

/// Does nothing for so many rounds.
inline void stall(std::uint64_t rounds) noexcept {
  for (std::uint64_t i = 0; i < rounds; ++i) {
    if (i % 64 != 63) {
      detail::pause();
    } else {
      std::this_thread::yield();
    }
  }
}

// ------------------------------------------------------------------------------------------------------ what is sent

/// A message's sig says what it is, and carries its number or, if it is large, its id.
enum class Sort : std::uint64_t { Whole, Packed, Large, Sorts };
constexpr std::uint64_t sig_of(Sort sort, std::uint64_t id) noexcept {
  return id << 2 | static_cast<std::uint64_t>(sort);
}
constexpr Sort sort_of(std::uint64_t sig) noexcept { return static_cast<Sort>(sig & 3); }

inline std::size_t size_of(std::uint64_t id, std::size_t most) noexcept {
  const std::uint64_t r = mix(id * 2 + 1);
  return r % 8 == 0 ? r / 8 % (most + 1) : r % 8 < 3 ? r / 8 % 33 : r / 8 % (std::min(most, std::size_t{192}) + 1);
}

inline void write_words(std::uint64_t id, std::span<std::byte> bytes) noexcept {
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    const std::uint64_t word = word_of(id, i / 8);
    std::memcpy(bytes.data() + i, &word, std::min(bytes.size() - i, std::size_t{8}));
  }
}
inline bool are_words(std::uint64_t id, std::span<const std::byte> bytes) noexcept {
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    const std::uint64_t word = word_of(id, i / 8);
    if (std::memcmp(bytes.data() + i, &word, std::min(bytes.size() - i, std::size_t{8})) != 0) {
      return false;
    }
  }
  return true;
}

/// Whether a whole message, in one fragment or put together, is its own. Counts what it was.
inline bool is_right(const FragmentView& message, std::size_t most, Counts& counts) noexcept {
  const std::uint64_t sig = message.sig();
  switch (sort_of(sig)) {
    case Sort::Whole:
      return sig == sig_of(Sort::Whole, message.seq()) && message.size() == size_of(message.seq(), most) &&
             are_words(message.seq(), message.payload());
    case Sort::Packed: {
      bool right = sig == sig_of(Sort::Packed, message.seq());
      const PackedArray<std::uint64_t> records{message.payload()};
      right = right && records.intact() && are_words(message.seq(), message.payload());
      counts.packed += records.size();
      return right;
    }
    case Sort::Large:
      ++counts.large;
      return message.size() == 1 + most + mix(sig >> 2) % (3 * most) && are_words(sig >> 2, message.payload());
    default:
      return false;
  }
}

// --------------------------------------------------------------------------------------------------------- the round

template <class Wire>
class Round {
  static constexpr std::size_t kMost = Wire::Cache::max_payload();
  static constexpr bool kLossy = Wire::kKind == Kind::Lossy;

 public:
  explicit Round(Random& random)
      : start_{random.below(2) == 0 ? 1 : 0 - random.below(20'000)},
        random_{random},
        wire_{std::make_unique<Wire>(start_)} {}

  Outcome run() {
    // The plan, before any thread can disturb it.
    messages_ = 200 + random_.below(2'000);
    const std::uint64_t stop_at = random_.below(2) == 0 ? random_.below(messages_) : ~std::uint64_t{0};
    const std::size_t steady = random_.below(3) + 1;
    const std::size_t visitors = random_.below(3);
    const std::size_t observers = Wire::kKind == Kind::Observed ? random_.below(3) : 0;
    const std::uint64_t seeds = random_();

    std::vector<Report> reports(steady + visitors + observers);
    std::vector<std::thread> threads;
    std::vector<std::unique_ptr<decltype(wire_->consumer(0))>> readers;  // all there before the first message
    for (std::size_t i = 0; i < steady; ++i) {
      readers.push_back(std::make_unique<decltype(wire_->consumer(0))>(wire_->consumer(start_)));
    }
    for (std::size_t i = 0; i < reports.size(); ++i) {
      threads.emplace_back([this, &reports, &readers, i, steady, visitors, seeds] {
        Random own{seeds + i};
        if (i < steady) {
          read(*readers[i], own, ~std::uint64_t{0}, reports[i]);
        } else if (i < steady + visitors) {
          visit([this](Seq first) { return wire_->consumer(first); }, own, reports[i]);
        } else if constexpr (Wire::kKind == Kind::Observed) {
          visit([this](Seq first) { return wire_->observer(first); }, own, reports[i]);
        }
      });
    }
    Report produced;
    std::thread writer{[&] {
      Random own{~seeds};
      produce(own, produced);
    }};
    while (wire_->mcache.position() - start_ < stop_at && !wire_->mcache.closed()) {
      std::this_thread::yield();
    }
    if (!wire_->mcache.closed()) {
      wire_->mcache.stop();
      ++produced.counts.stops;
    }
    writer.join();
    for (std::thread& thread : threads) {
      thread.join();
    }

    Outcome outcome{produced.counts, produced.wrong};
    const std::uint64_t published = wire_->mcache.position() - start_;
    check(outcome, wire_->mcache.closed(), "the channel is closed in the end");
    check(outcome, published == produced.counts.published, "count in: the position says how many were published");
    for (std::size_t i = 0; i < reports.size(); ++i) {
      const Report& report = reports[i];
      check(outcome, report.wrong.empty(), report.wrong.c_str());
      if (i < steady) {
        check(outcome, report.counts.right + report.counts.lost == published, "count in = count out");
      }
      if (i < steady + visitors && !kLossy) {
        check(outcome, report.counts.lost == 0, "nothing is lost where there are credits");
        check(outcome, i >= steady || (report.counts.large == large_sent_ && report.counts.dropped == given_up_),
              "every large message arrives, and no other");
      }
      outcome.counts += report.counts;
    }
    readers.clear();
    if constexpr (Wire::kCounted) {
      const MetricsSnapshot counted = wire_->metrics.snapshot();
      check(outcome,
            counted.published == published && counted.consumed == outcome.counts.right &&
                counted.lost == outcome.counts.lost && counted.rejected == 0,
            "the metrics count what happened");
    }
    return outcome;
  }

 private:
  struct Report {
    Counts counts;
    std::string wrong;
  };
  template <class R>
  static void check(R& report, bool holds, const char* what) {
    if (!holds && report.wrong.empty()) {
      report.wrong = what;
    }
  }

  // ----------------------------------------------------------------------------------------------------- producing

  void produce(Random& random, Report& report) {
    using P = decltype(wire_->producer());
    std::vector<std::byte> buffer(4 * kMost + 8);
    std::uint64_t ids = 0;
    auto producer = std::make_unique<P>(wire_->producer());
    Status status = producer->status();
    while (status.ok() && producer->next_seq() - start_ < messages_) {
      for (std::uint64_t burst = 1 + random.below(random.below(8) == 0 ? 4 * Wire::kDepth : 16);
           status.ok() && burst != 0; --burst) {
        status = publish(*producer, random, buffer, ids);
      }
      if (random.below(4) == 0) {
        stall(random.below(200));
        ++report.counts.stalls;
      }
      if (status.ok() && random.below(200) == 0) {
        report.counts.published += producer->next_seq() - position_;
        position_ = producer->next_seq();
        producer.reset();
        producer = std::make_unique<P>(wire_->producer());
        status = producer->status();
        ++report.counts.successors;
      }
    }
    if (!status.ok()) {
      check(report, status == Error::Stopped, "a producer is refused nothing but by a stop");
    } else {
      producer->stop();
    }
    report.counts.published += wire_->mcache.position() - position_;
  }

  template <class P>
  Status publish(P& producer, Random& random, std::span<std::byte> buffer, std::uint64_t& ids) {
    const Seq seq = producer.next_seq();
    switch (random.below(16)) {
      case 0: {
        std::array<std::uint64_t, 16> records;
        const std::size_t count = std::min(1 + random.below(16), kMost / 8);
        for (std::size_t i = 0; i < count; ++i) {
          records[i] = word_of(seq, i);
        }
        const BatchStatus sent =
            producer.publish_packed(std::span{records}.first(count), {.sig = sig_of(Sort::Packed, seq)});
        return sent.status == Error::NoCredits ? Status{} : sent.status;
      }
      case 1: {
        const std::uint64_t id = ++ids;
        const auto bytes = buffer.first(1 + kMost + mix(id) % (3 * kMost));
        write_words(id, bytes);
        LargeMessage message{bytes, {.sig = sig_of(Sort::Large, id)}, 1 + kMost / (1 + random.below(4))};
        if (random.below(8) == 0) {
          (void)message.publish_fragment(producer);
          const Status status = message.abort(producer);
          const bool begun = producer.next_seq() != seq;
          if (status == Error::NoCredits) {  // then as a whole
            const Status rest = message.publish_blocking(producer, Patient{});
            large_sent_ += rest.ok() ? 1 : 0;
            given_up_ += !rest.ok() && message.sent() != 0 ? 1 : 0;
            return rest;
          }
          given_up_ += begun ? 1 : 0;  // or cut off by a stop
          return status;
        }
        const Status status = message.publish_blocking(producer, Patient{});
        large_sent_ += status.ok() ? 1 : 0;
        given_up_ += !status.ok() && message.sent() != 0 ? 1 : 0;
        return status;
      }
      case 2: {
        auto room = producer.reserve_blocking(kMost, Patient{});
        if (!room) {
          return room.status();
        }
        if (random.below(4) == 0) {
          return {};  // dropped
        }
        const auto bytes = buffer.first(size_of(seq, kMost));
        write_words(seq, bytes);
        fill(room, bytes);
        return room.commit_prefix(bytes.size(), {.sig = sig_of(Sort::Whole, seq)});
      }
      default: {
        const auto bytes = buffer.first(size_of(seq, kMost));
        write_words(seq, bytes);
        return producer.publish_blocking(bytes, {.sig = sig_of(Sort::Whole, seq)}, Patient{});
      }
    }
  }

  // ------------------------------------------------------------------------------------------------------- reading

  /// What a reader keeps beside its consumer.
  struct Reading {
    Reassembler<> reassembler;
    std::vector<std::byte>& copy;
    Seq last = 0;
    bool any = false;
  };

  template <class F>
  void look_at(F& fragment, Reading& reading, Report& report) {
    check(report, !reading.any || seq_lt(reading.last, fragment.seq()), "numbers only grow");
    reading.last = fragment.seq();
    reading.any = true;
    const bool large = sort_of(fragment.sig()) == Sort::Large;
    if (!large) {
      if constexpr (requires { fragment.payload(); }) {
        check(report, is_right(fragment, kMost, report.counts), "a fragment that was delivered is its own");
      } else {
        if (!fragment.copy_to(reading.copy)) {
          ++report.counts.lost;
          return;
        }
        const FragmentView view{detail::Passkey{}, fragment.seq(), detail::SlotWords::of(fragment.metadata()),
                                reading.copy.data()};
        check(report, is_right(view, kMost, report.counts), "a fragment that validated is its own");
      }
    }
    const Reassembly message = reading.reassembler.accept(fragment);
    if (large) {
      check(report, !message || is_right(*message, kMost, report.counts), "a message that was put together is its own");
    }
    report.counts.dropped += message.dropped_before() + (message.status() == ReassemblyStatus::Dropped ? 1 : 0);
    ++(validates(fragment) ? report.counts.right : report.counts.lost);
  }

  template <class F>
  static bool validates(F& fragment) {
    if constexpr (requires { fragment.validate(); }) {
      return fragment.validate();
    } else {
      return true;
    }
  }

  /// Until the channel is drained, or so many looks were made.
  template <class C>
  void read(C& consumer, Random& random, std::uint64_t looks, Report& report) {
    check(report, consumer.status().ok(), "a reader is accepted");
    std::vector<std::byte> copy(kMost);
    std::vector<std::byte> memory(4 * kMost + 8);
    Reading reading{Reassembler<>{memory}, copy};
    const Counts before = report.counts;
    std::uint64_t empty = 0;
    PollStatus status = PollStatus::Empty;
    for (; looks != 0 && status != PollStatus::Stopped && report.wrong.empty(); --looks) {
      std::uint64_t lost = 0;
      if (random.below(4) == 0) {
        const BatchResult batch =
            consumer.poll_batch(1 + random.below(32), [&](auto& fragment) { look_at(fragment, reading, report); });
        status = batch.status;
        lost = batch.lost;
        empty = batch.count != 0 ? 0 : empty;
      } else {
        auto outcome = consumer.poll();
        status = outcome.status();
        lost = outcome.lost();
        if (outcome) {
          empty = 0;
          if (random.below(64) == 0) {  // held for a while
            stall(random.below(100));
          }
          look_at(*outcome, reading, report);
        }
      }
      report.counts.lost += lost;
      report.counts.overruns += status == PollStatus::Overrun ? 1 : 0;
      check(report, status != PollStatus::Refused && status != PollStatus::Rejected, "nothing is refused or rejected");
      if (status == PollStatus::Empty) {
        check(report, Patient{}.idle(empty++), "somebody waits in vain");
      }
      if (random.below(256) == 0) {
        consumer.release();
        stall(random.below(random.below(8) == 0 ? 5000 : 100));
        ++report.counts.stalls;
      }
    }
    check(report, consumer.delivered() == report.counts.right - before.right, "delivered is what arrived");
    check(report, consumer.lost() == report.counts.lost - before.lost, "lost is what was told");
    check(report, consumer.next_seq() == consumer.first() + consumer.delivered() + consumer.lost(),
          "the accounts add up");
    report.counts.dropped += reading.reassembler.reset();
  }

  /// Joins where the channel is, or a little behind that, and leaves; again and again.
  template <class Make>
  void visit(Make make, Random& random, Report& report) {
    while (!wire_->mcache.closed() && report.wrong.empty()) {
      const Seq position = wire_->mcache.position();
      const Seq wanted = position - std::min(random.below(Wire::kDepth), position - start_);
      auto consumer = make(wanted);
      check(report, seq_le(wanted, consumer.first()), "no earlier than it wants");
      ++report.counts.joins;
      read(consumer, random, 1 + random.below(300), report);
    }
  }

  Seq start_;
  Random& random_;
  std::unique_ptr<Wire> wire_;
  std::uint64_t messages_ = 0;
  Seq position_ = start_;         ///< the producers': counted up to here
  std::uint64_t large_sent_ = 0;  ///< by all of them, whole
  std::uint64_t given_up_ = 0;    ///< begun and not ended
};

template <class Wire>
Outcome run_round(Random& random) {
  return Round<Wire>{random}.run();
}

}  // namespace tango::test
