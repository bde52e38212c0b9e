// SPDX-License-Identifier: Apache-2.0
// Two and more threads at full speed. Every payload encodes its number in every byte, and is checked after validation.
//
// TANGO_STRESS_READS: reads that the lossy test validates, a million unless it is set; the others run in proportion.
//
// Threads do not assert: they report, and the main thread looks when they are done. Nothing sleeps; every wait is
// bounded by a count of rounds, and giving up is reported as such. Allowed on a lossy channel: any loss that is
// counted; forbidden: a fragment that validates and is not its own. Forbidden where there are credits: any loss at all.
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "support/channel.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

std::uint64_t reads_wanted() {
  const char* text = std::getenv("TANGO_STRESS_READS");
  const std::uint64_t reads = text != nullptr ? std::strtoull(text, nullptr, 10) : 0;
  return reads != 0 ? reads : 1'000'000;
}

constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ (x >> 31)) * 0x9E37'79B9'7F4A'7C15u;
  return x ^ (x >> 29);
}

/// The size of a message follows from its number: in its slot, in one chunk, in several.
std::size_t size_of(Seq seq, std::size_t most) noexcept {
  const std::uint64_t r = mix(seq * 2 + 1);
  switch (r % 8) {
    case 0:
      return r / 8 % (most + 1);
    case 1:
      return 0;
    case 2:
    case 3:
      return r / 8 % 33;
    default:
      return r / 8 % (most < 193 ? most + 1 : 193);
  }
}

std::uint64_t word_of(Seq seq, std::size_t index) noexcept { return seq * 0x1'0001 + index; }

/// Fills `buffer` with the message `seq` and returns it.
std::span<const std::byte> write_message(Seq seq, std::size_t most, std::span<std::byte> buffer) noexcept {
  const std::size_t size = size_of(seq, most);
  for (std::size_t i = 0; i < size; i += 8) {
    const std::uint64_t word = word_of(seq, i / 8);
    std::memcpy(buffer.data() + i, &word, size - i < 8 ? size - i : 8);
  }
  return buffer.first(size);
}

/// Whether a message is `seq`, whole.
bool is_message(Seq seq, std::size_t most, const FragmentMetadata& metadata,
                std::span<const std::byte> bytes) noexcept {
  if (metadata.seq != seq || metadata.sig != mix(seq) || metadata.ts != static_cast<std::uint32_t>(seq) ||
      metadata.ctl != static_cast<std::uint16_t>(seq >> 3) || metadata.reserved != 0 ||
      metadata.size != size_of(seq, most) || bytes.size() != metadata.size) {
    return false;
  }
  for (std::size_t i = 0; i < bytes.size(); i += 8) {
    const std::uint64_t word = word_of(seq, i / 8);
    if (std::memcmp(bytes.data() + i, &word, bytes.size() - i < 8 ? bytes.size() - i : 8) != 0) {
      return false;
    }
  }
  return true;
}

MessageInfo info_of(Seq seq) noexcept {
  return {mix(seq), static_cast<std::uint16_t>(seq >> 3), static_cast<std::uint32_t>(seq)};
}

/// Publishes the next message, now and then in place.
template <class P>
Status publish_next(P& producer, std::span<std::byte> buffer, Patient patient = {}) noexcept {
  const Seq seq = producer.next_seq();
  const auto bytes = write_message(seq, P::max_payload(), buffer);
  if (mix(seq + 7) % 16 == 0) {
    if (auto room = producer.reserve(P::max_payload())) {
      if (mix(seq + 9) % 4 == 0) {
        room.drop();
      } else {
        fill(room, bytes);
        return room.commit_prefix(bytes.size(), info_of(seq));
      }
    }
  }
  return producer.publish_blocking(bytes, info_of(seq), patient);
}

/// What a consumer's thread saw.
struct Report {
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;        ///< validated and not its own: torn, repeated, out of order
  std::uint64_t overwritten = 0;  ///< found out while it was read
  std::uint64_t overruns = 0;
  std::uint64_t lost = 0;
  bool adds_up = true;
  bool stopped = false;
  bool gave_up = false;
};

/// One read of a consumer that may be overrun; false if there is nothing (more).
template <class C>
bool read_speculatively(C& consumer, std::size_t most, std::span<std::byte> buffer, Report& report) noexcept {
  const Seq next = consumer.next_seq();
  auto outcome = consumer.poll();
  report.adds_up = report.adds_up && (outcome || accounts_add_up(consumer));
  switch (outcome.status()) {
    case PollStatus::Fragment: {
      const Seq seq = outcome->seq();
      const bool copied = seq % 2 == 0;
      bool right = seq == next;
      if (copied) {
        const Status status = outcome->copy_to(buffer);
        if (!status) {
          ++report.overwritten;
          return true;
        }
        right = right && is_message(seq, most, outcome->metadata(), buffer.first(outcome->size()));
      } else {  // field by field
        std::size_t i = 0;
        bool fields = outcome->size() == size_of(seq, most) && outcome->sig() == mix(seq);
        for (; i + 8 <= outcome->size(); i += 8) {
          fields = fields && outcome->template load<std::uint64_t>(i) == word_of(seq, i / 8);
        }
        if (!outcome->validate()) {
          ++report.overwritten;
          return true;
        }
        right = right && fields;
      }
      ++(right ? report.right : report.wrong);
      return true;
    }
    case PollStatus::Overrun:
      ++report.overruns;
      report.lost += outcome.lost();
      return true;
    case PollStatus::Rejected:
      ++report.wrong;
      return true;
    case PollStatus::Stopped:
      report.stopped = true;
      return false;
    case PollStatus::Empty:
      return false;
    case PollStatus::Refused:
      report.gave_up = true;
      return false;
  }
  return false;
}

/// Reads everything from `consumer`, in order, until the channel is stopped or `most_reads` are done; `slow` yields
/// between reads.
template <class C>
Report read_reliably(C& consumer, std::size_t most, std::uint64_t most_reads, bool slow,
                     std::atomic<std::uint64_t>* progress = nullptr) noexcept {
  Report report;
  Seq next = consumer.first();
  std::array<FragmentView, 16> storage;
  while (report.right + report.wrong < most_reads) {
    if (mix(next) % 8 == 0) {
      auto batch = consumer.poll_batch(storage);
      for (const FragmentView& view : batch) {
        ++(is_message(next, most, view.metadata(), view.payload()) ? report.right : report.wrong);
        ++next;
      }
    }
    auto fragment = consumer.wait(Patient{});
    if (!fragment) {
      report.stopped = fragment.status() == PollStatus::Stopped;
      report.gave_up = !report.stopped;
      break;
    }
    ++(is_message(next, most, fragment->metadata(), fragment->payload()) ? report.right : report.wrong);
    ++next;
    if (progress != nullptr) {
      progress->store(report.right, std::memory_order_relaxed);
    }
    if (slow) {
      std::this_thread::yield();
      ++report.wrong;  // it is still held: look again
      report.wrong -= is_message(next - 1, most, fragment->metadata(), fragment->payload()) ? 1u : 0u;
    }
  }
  report.lost = consumer.lost();
  report.adds_up = accounts_add_up(consumer) && consumer.rejected() == 0;
  return report;
}

void check_complete(const Report& report) {
  CHECK(report.wrong == 0);
  CHECK(report.lost == 0);
  CHECK(report.adds_up);
  CHECK(!report.gave_up);
}

// ------------------------------------------------------------------------------------------------------------- lossy

/// The producer keeps just about a ring ahead of the reader, so that what is read is what is about to be overwritten;
/// in between it runs away.
template <class Wire>
void stress_lossy(Seq start, std::uint64_t reads, Report& sum) {
  auto wire = std::make_unique<Wire>(start);
  constexpr std::size_t kMost = decltype(wire->producer())::max_payload();
  // What one lap is: slots, or what the chunks hold.
  constexpr std::uint64_t kLap = Wire::kDepth < Wire::kChunks ? Wire::kDepth : Wire::kChunks;
  auto producer = wire->producer();
  auto consumer = wire->consumer(start);
  std::atomic<Seq> reader_at{start};
  std::atomic<bool> done{false};
  std::uint64_t refused = 0;
  std::thread writer{[&] {
    std::vector<std::byte> buffer(kMost);
    Random random{start + 5};
    while (!done.load(std::memory_order_relaxed)) {
      const std::uint64_t lead = 1 + random.below(kLap + kLap / 4 + 1);
      const std::uint64_t burst = 1 + random.below(random.below(8) == 0 ? 4 * Wire::kDepth : kLap);
      for (std::uint64_t i = 0; i < burst; ++i) {
        for (int round = 0; round < 32 && producer.next_seq() - reader_at.load(std::memory_order_relaxed) > lead;
             ++round) {
          if (round < 16) {
            detail::pause();
          } else {
            std::this_thread::yield();
          }
        }
        refused += publish_next(producer, buffer) ? 0 : 1;
      }
    }
    producer.stop();
  }};
  Report report;
  std::vector<std::byte> buffer(kMost);
  std::uint64_t empty = 0;
  while (report.right < reads && report.wrong == 0) {
    if (read_speculatively(consumer, kMost, buffer, report)) {
      empty = 0;
    } else if (!Patient{}.idle(empty++)) {
      report.gave_up = true;
      break;
    }
    reader_at.store(consumer.next_seq(), std::memory_order_relaxed);
  }
  done = true;
  writer.join();
  for (std::uint64_t i = 0; i < 100 * Wire::kDepth && !report.stopped; ++i) {
    (void)read_speculatively(consumer, kMost, buffer, report);
  }
  CHECK(refused == 0);
  CHECK(report.wrong == 0);
  CHECK(!report.gave_up);
  CHECK(report.stopped);
  CHECK(report.adds_up);
  CHECK(consumer.delivered() == report.right);
  CHECK(consumer.lost() == report.lost + report.overwritten);
  CHECK(consumer.next_seq() == producer.next_seq());
  CHECK(report.right + report.lost + report.overwritten == producer.next_seq() - start);  // count in = count out
  CHECK(report.overruns + report.overwritten != 0);                                       // or nothing was tried
  sum.right += report.right;
  sum.overruns += report.overruns;
  sum.overwritten += report.overwritten;
}

// ---------------------------------------------------------------------------------------------------------- reliable

/// Publishes `count` messages, and up to fifty times as many until `enough`, then closes the channel. Returns whether
/// every one was accepted.
template <class P, class F>
bool publish_until(P& producer, std::uint64_t count, F enough) noexcept {
  std::vector<std::byte> buffer(P::max_payload());
  bool accepted = true;
  for (std::uint64_t i = 0; accepted && (i < count || (i < 50 * count && !enough())); ++i) {
    accepted = publish_next(producer, buffer).ok();
  }
  producer.stop();
  return accepted;
}
template <class P>
bool publish_all(P& producer, std::uint64_t count) noexcept {
  return publish_until(producer, count, [] { return true; });
}

template <class Wire>
void stress_reliable(Seq start, std::uint64_t messages, std::size_t consumers) {
  auto wire = std::make_unique<Wire>(start);
  auto producer = wire->producer();
  constexpr std::size_t kMost = decltype(producer)::max_payload();
  using C = decltype(wire->consumer(start));
  std::vector<std::unique_ptr<C>> readers;
  std::vector<Report> reports(consumers);
  for (std::size_t i = 0; i < consumers; ++i) {
    readers.push_back(std::make_unique<C>(wire->consumer(start)));
  }
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < consumers; ++i) {
    threads.emplace_back([&, i] { reports[i] = read_reliably(*readers[i], kMost, ~std::uint64_t{0}, i == 1); });
  }
  const bool accepted = publish_all(producer, messages);
  for (auto& thread : threads) {
    thread.join();
  }
  CHECK(accepted);
  for (const Report& report : reports) {
    check_complete(report);
    CHECK(report.stopped);
    CHECK(report.right == messages);
  }
}

}  // namespace

TEST_CASE("lossy: not one torn read, while the reader is overrun all the time") {
  constexpr std::uint64_t kShapes = 8;
  const std::uint64_t reads = reads_wanted();
  const std::uint64_t each = reads / kShapes + 1;
  Report sum;
  stress_lossy<Wiring<Kind::Lossy, 2, 2>>(1, each, sum);
  stress_lossy<Wiring<Kind::Lossy, 4, 4, 256>>(0, each, sum);
  stress_lossy<Wiring<Kind::Lossy, 16, 16>>(~Seq{0} - 1, each, sum);
  stress_lossy<Wiring<Kind::Lossy, 64, 8>>(~Seq{0} - 100'000, each, sum);  // a DCache smaller than the MCache
  stress_lossy<Wiring<Kind::Lossy, 256, 32, 128>>(1, each, sum);
  stress_lossy<Wiring<Kind::Lossy, 8, 128>>(1, each, sum);  // and a larger one
  stress_lossy<Wiring<Kind::Lossy, 128, 128>>(0, each, sum);
  stress_lossy<Wiring<Kind::Lossy, 1024, 1024, 128>>(1, each, sum);
  CHECK(sum.right >= reads);
  WARN("validated " << sum.right << ", overruns " << sum.overruns << ", overwritten while read " << sum.overwritten);
}

TEST_CASE("reliable: nothing lost, repeated or out of order") {
  const std::uint64_t messages = reads_wanted() / 10 + 1;
  stress_reliable<Wiring<Kind::Reliable, 2, 2>>(~Seq{0} - 1000, messages, 1);
  stress_reliable<Wiring<Kind::Reliable, 64, 16>>(0, messages, 1);
  stress_reliable<Wiring<Kind::Reliable, 256, 1024, 128>>(~Seq{0} - 1, messages, 1);
  stress_reliable<Wiring<Kind::Observed, 16, 64>>(1, messages, 1);
  stress_reliable<Wiring<Kind::Observed, 64, 8>>(1, messages, 1);
}

TEST_CASE("reliable: one slow consumer of several, each complete") {
  const std::uint64_t messages = reads_wanted() / 32 + 1;
  stress_reliable<Wiring<Kind::Reliable, 64, 64>>(~Seq{0} - 1000, messages, 4);
  stress_reliable<Wiring<Kind::Observed, 64, 32>>(0, messages, 4);
}

TEST_CASE("reliable: consumers join and leave beside a producer at full speed") {
  const auto soak = [](auto& wire) {
    const std::uint64_t messages = reads_wanted() / 16 + 1;
    auto producer = wire.producer();
    constexpr std::size_t kMost = decltype(producer)::max_payload();
    auto steady = wire.consumer(1);
    Report steady_report;
    std::vector<Report> visits(2);
    std::array<std::atomic<std::uint64_t>, 2> joined{};
    std::vector<std::uint64_t> refused_joins(2);
    std::thread reader{[&] { steady_report = read_reliably(steady, kMost, ~std::uint64_t{0}, false); }};
    std::vector<std::thread> visitors;
    for (std::size_t v = 0; v < 2; ++v) {
      visitors.emplace_back([&, v] {
        Random random{v + 1};
        while (!wire.mcache.closed()) {
          const Seq position = wire.mcache.position();
          const Seq back = random.below(2) == 0 ? 0 : random.below(64);
          const Seq wanted = position - (back < position - 1 ? back : position - 1);
          auto visitor = wire.consumer(wanted);
          if (!visitor) {
            ++refused_joins[v];
            break;
          }
          ++joined[v];
          const Report report = read_reliably(visitor, kMost, 1 + random.below(100), false);
          visits[v].right += report.right;
          visits[v].wrong += report.wrong + (seq_lt(visitor.first(), wanted) ? 1 : 0);
          visits[v].lost += report.lost;
          visits[v].adds_up = visits[v].adds_up && report.adds_up;
          visits[v].gave_up = visits[v].gave_up || report.gave_up;
        }
      });
    }
    const bool accepted = publish_until(producer, messages, [&] { return joined[0] > 100 && joined[1] > 100; });
    reader.join();
    for (auto& visitor : visitors) {
      visitor.join();
    }
    CHECK(accepted);
    check_complete(steady_report);
    CHECK(steady_report.right == producer.next_seq() - 1);
    for (std::size_t v = 0; v < 2; ++v) {
      check_complete(visits[v]);
      CHECK(refused_joins[v] == 0);
      CHECK(joined[v] > 100);
    }
  };
  const auto reliable = std::make_unique<Wiring<Kind::Reliable, 16, 32>>();
  soak(*reliable);
  const auto observed = std::make_unique<Wiring<Kind::Observed, 32, 8>>();
  soak(*observed);
}

TEST_CASE("reliable: everyone leaves and comes back while the producer goes on") {
  // Nobody steady: at times the producer waits for nobody, and a joiner must get a start that it does not run over.
  const auto wire = std::make_unique<Wiring<Kind::Reliable, 8, 16>>();
  const std::uint64_t messages = reads_wanted() / 8 + 1;
  auto producer = wire->producer();
  constexpr std::size_t kMost = decltype(producer)::max_payload();
  Report report;
  std::atomic<std::uint64_t> joined{0};
  std::thread visitor{[&] {
    Random random{1};
    while (!wire->mcache.closed()) {
      auto consumer = wire->consumer(wire->mcache.position());
      ++joined;
      const Report one = read_reliably(consumer, kMost, 1 + random.below(50), false);
      report.right += one.right;
      report.wrong += one.wrong + (consumer ? 0 : 1);
      report.lost += one.lost;
      report.adds_up = report.adds_up && one.adds_up;
      report.gave_up = report.gave_up || one.gave_up;
    }
  }};
  const bool accepted = publish_until(producer, messages, [&] { return joined > 100; });
  visitor.join();
  CHECK(accepted);
  check_complete(report);
  CHECK(joined > 100);
}

TEST_CASE("observed: the reliable one gets all, the observer what validates, and what validates is right") {
  const std::uint64_t messages = reads_wanted() / 8 + 1;
  const auto observe = [messages](auto& wire) {
    auto producer = wire.producer();
    constexpr std::size_t kMost = decltype(producer)::max_payload();
    auto consumer = wire.consumer(1);
    auto observer = wire.observer(1);
    Report complete;
    Report seen;
    std::atomic<bool> saw_some{false};
    std::thread reliable{[&] { complete = read_reliably(consumer, kMost, ~std::uint64_t{0}, false); }};
    std::thread watching{[&] {
      std::vector<std::byte> buffer(kMost);
      for (std::uint64_t empty = 0; !seen.stopped && !seen.gave_up;) {
        if (read_speculatively(observer, kMost, buffer, seen)) {
          empty = 0;
          saw_some = seen.right > 1000;
        } else if (!seen.stopped && !Patient{}.idle(empty++)) {
          seen.gave_up = true;
        }
      }
    }};
    const bool accepted = publish_until(producer, messages, [&] { return saw_some.load(); });
    reliable.join();
    watching.join();
    const Seq published = producer.next_seq() - 1;
    CHECK(accepted);
    check_complete(complete);
    CHECK(complete.right == published);
    CHECK(seen.wrong == 0);
    CHECK(seen.stopped);
    CHECK(seen.adds_up);
    CHECK(seen.right > 1000);
    CHECK(seen.right + seen.lost + seen.overwritten == published);
  };
  const auto deep = std::make_unique<Wiring<Kind::Observed, 64, 16>>();
  observe(*deep);
  const auto shallow = std::make_unique<Wiring<Kind::Observed, 4, 64>>();
  observe(*shallow);
}

TEST_CASE("stopped by a third thread: count in = count out") {
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    for (Seq round = 0; round < 40; ++round) {
      const auto wire = std::make_unique<Wiring<Kind::Reliable, 8, 16>>(start);
      auto producer = wire->producer();
      constexpr std::size_t kMost = decltype(producer)::max_payload();
      auto consumer = wire->consumer(start);
      std::atomic<std::uint64_t> progress{0};
      std::uint64_t in = 0;
      Error last = Error::None;
      Report report;
      std::thread writer{[&] {
        std::vector<std::byte> buffer(kMost);
        for (std::uint64_t i = 0; i < 100'000'000 && last == Error::None; ++i) {
          last = publish_next(producer, buffer).error();
          in += last == Error::None ? 1 : 0;
        }
      }};
      std::thread reader{[&] { report = read_reliably(consumer, kMost, ~std::uint64_t{0}, false, &progress); }};
      for (std::uint64_t i = 0; progress.load(std::memory_order_relaxed) < round * 20 && Patient{}.idle(i); ++i) {
      }
      wire->mcache.stop();
      writer.join();
      reader.join();
      check_complete(report);
      CHECK(last == Error::Stopped);
      CHECK(report.stopped);
      CHECK(report.right == in);
      CHECK(producer.next_seq() == start + in);
    }
  }
}

TEST_CASE("closed right behind the last message, which is not missed") {
  // Between the consumer's look at the slot and its look at the end, both may happen.
  using Wire = Wiring<Kind::Reliable, 4, 4>;
  const std::uint64_t rounds = reads_wanted() / 50 + 1;
  std::vector<std::unique_ptr<Wire>> wires(16);
  std::atomic<std::uint64_t> ready{0};  // channels that the consumer has begun to look at
  std::atomic<std::uint64_t> made{0};
  std::uint64_t refused = 0;
  std::thread writer{[&] {
    for (std::uint64_t round = 0; round < rounds; ++round) {
      for (std::uint64_t i = 0; made.load(std::memory_order_acquire) <= round && Patient{}.idle(i); ++i) {
      }
      auto producer = wires[round % wires.size()]->producer();
      for (std::uint64_t i = 0; ready.load(std::memory_order_acquire) <= round && Patient{}.idle(i); ++i) {
      }
      for (std::uint64_t i = 0; i < mix(round) % 64; ++i) {
        detail::pause();
      }
      refused += producer.publish("last") ? 0 : 1;
      producer.stop();
    }
  }};
  std::uint64_t missed = 0;
  std::uint64_t gave_up = 0;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    auto& wire = wires[round % wires.size()];
    wire = std::make_unique<Wire>(round);
    auto consumer = wire->consumer(round);
    made.store(round + 1, std::memory_order_release);
    for (std::uint64_t i = 0;
         detail::inside(wire->mcache).control.channel_kind() == detail::ChannelKind::Unknown && Patient{}.idle(i);
         ++i) {
    }
    ready.store(round + 1, std::memory_order_release);
    PollStatus status = PollStatus::Empty;
    for (std::uint64_t i = 0; status != PollStatus::Stopped && i < std::uint64_t{1} << 28; ++i) {
      status = consumer.poll().status();
      if (i > 1000) {
        std::this_thread::yield();
      }
    }
    gave_up += status == PollStatus::Stopped ? 0 : 1;
    missed += consumer.delivered() == 1 ? 0 : 1;
  }
  writer.join();
  CHECK(refused == 0);
  CHECK(gave_up == 0);
  CHECK(missed == 0);
}

TEST_CASE("metrics looked at from a third thread only grow, and agree in the end") {
  const std::uint64_t messages = reads_wanted() / 8 + 1;
  const auto wire = std::make_unique<Wiring<Kind::Observed, 32, 64>>();
  Producer producer{wire->mcache, wire->dcache, wire->fseq, wire->fctl, wire->metrics};
  Consumer consumer{wire->mcache, wire->dcache, wire->fctl, 1, wire->metrics};
  constexpr std::size_t kMost = decltype(producer)::max_payload();
  std::atomic<bool> done{false};
  Report report;
  bool accepted = false;
  std::thread writer{[&] { accepted = publish_all(producer, messages); }};
  std::thread reader{[&] {
    report = read_reliably(consumer, kMost, ~std::uint64_t{0}, false);
    done = true;
  }};
  MetricsSnapshot before;
  std::uint64_t backwards = 0;
  std::uint64_t ahead = 0;
  while (!done) {
    const MetricsSnapshot now = wire->metrics.snapshot();
    backwards += now.published < before.published || now.published_bytes < before.published_bytes ||
                         now.backpressure < before.backpressure || now.consumed < before.consumed ||
                         now.consumed_bytes < before.consumed_bytes
                     ? 1
                     : 0;
    ahead += now.lag > messages || now.lost != 0 || now.overruns != 0 || now.rejected != 0 ? 1 : 0;
    before = now;
    std::this_thread::yield();
  }
  writer.join();
  reader.join();
  const MetricsSnapshot end = wire->metrics.snapshot();
  CHECK(backwards == 0);
  CHECK(ahead == 0);
  CHECK(accepted);
  check_complete(report);
  std::uint64_t bytes = 0;
  for (Seq seq = 1; seq <= messages; ++seq) {
    bytes += size_of(seq, kMost);
  }
  CHECK(end.published == messages);
  CHECK(end.consumed == messages);
  CHECK(end.published_bytes == bytes);
  CHECK(end.consumed_bytes == bytes);
  CHECK(end.lag == 0);
}
