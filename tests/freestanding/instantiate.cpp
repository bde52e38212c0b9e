// SPDX-License-Identifier: Apache-2.0
// The core's templates, instantiated for a machine without an operating system. Compiled and inspected, never run.
#include <tango/tango.hpp>

namespace {

struct Quote {
  std::uint64_t price;
  std::uint64_t size;
};

constexpr std::string_view kText = "hello";  // a constant, so that its length is: there may be no strlen

constexpr bool is_even(std::uint64_t sig) noexcept { return sig % 2 == 0; }

template <class Producer>
bool publish(Producer& producer, std::span<const std::byte> bytes) {
  const tango::Message batch[] = {{bytes, {.sig = 1}}, {bytes, {.sig = 2}}};
  bool ok = producer.publish(bytes, {.sig = 42}).ok() && producer.publish(kText).ok();
  ok = ok && producer.publish_blocking(bytes, {}, tango::Bounded{1000}).ok() &&
       producer.publish_batch(batch).status.ok();
  const Quote quotes[] = {{1, 2}, {3, 4}};
  const std::string_view words[] = {kText, kText};
  ok = ok && producer.publish_packed(quotes).status.ok() && producer.publish_packed(words).count == 2;
  ok = ok && producer.publish_packed_blocking(quotes, {}, tango::Bounded{1000}).count == 2;
  ok = ok && producer.publish_packed_blocking(words, {}, tango::Bounded{1000}).count == 2;
  if (auto room = producer.reserve(sizeof(Quote))) {
    const Quote quote{1, 2};
    if constexpr (Producer::kWords) {
      room.writer().store(0, quote);
    } else {
      __builtin_memcpy(room.span().data(), &quote, sizeof quote);
    }
    ok = ok && room.commit({.ts = 7}).ok();
  }
  producer.stop();
  return ok;
}

// Takes what a consumer delivers: a view that stays, or one that may be overwritten meanwhile.
std::uint64_t use(const tango::FragmentView& fragment) {
  std::uint64_t sum = fragment.sig();
  const tango::PackedArray<Quote> quotes{fragment.payload()};
  for (const Quote quote : quotes) {
    sum += quote.price;
  }
  sum += quotes.status().actual() + tango::PackedRecords{fragment.payload()}.status().allowed();
  for (const std::span<const std::byte> record : tango::PackedRecords{fragment.payload()}) {
    sum += record.size();
  }
  return sum;
}
std::uint64_t use(tango::SpeculativeFragment& fragment) {
  std::byte copy[64];
  const auto price = fragment.load<std::uint64_t>(0);
  return fragment.copy_to(copy).ok() && fragment.validate() ? price : 0;
}

template <class Consumer>
std::uint64_t consume(Consumer& consumer) {
  std::uint64_t sum = 0;
  if (auto fragment = consumer.poll(is_even)) {
    sum += use(*fragment);
  }
  if (auto fragment = consumer.wait(tango::Backoff<100>{})) {
    sum += use(*fragment);
  }
  typename Consumer::Item items[8];
  for (auto& item : consumer.poll_batch(items)) {
    sum += use(item);
  }
  sum += consumer.poll_batch(8, [&sum](auto& item) { sum += use(item); }).count;
  for (auto& fragment : consumer.fragments(tango::Bounded{1000})) {
    sum += use(fragment) + fragment.lost_before();
  }
  consumer.release();
  return sum;
}

template <class Producer, class Consumer>
std::uint64_t large(Producer& producer, Consumer& consumer, std::span<const std::byte> bytes,
                    std::span<std::byte> memory) {
  tango::LargeMessage message{bytes, {.ctl = tango::ctl_of(1)}, 100};
  bool ok = message.publish(producer).ok() && message.publish_blocking(producer, tango::Bounded{1000}).ok();
  ok = message.abort(producer).ok() && ok;
  tango::Reassembler<2> reassembler{memory};
  std::uint64_t sum = 0;
  for (auto& fragment : consumer.fragments(tango::Bounded{1000})) {
    if (const auto outcome = reassembler.accept(fragment, is_even)) {
      sum += use(*outcome);
    } else {
      sum += outcome.dropped_before() + outcome.missing() + outcome.error().actual();
    }
  }
  return ok ? sum + reassembler.reset() : 0;
}

template <class Consumer>
std::uint64_t many(Consumer& a, Consumer& b) {
  tango::Poller poller{a, b};
  std::uint64_t sum = poller.remove(0) && poller.add(a, 7).ok() ? 1 : 0;
  if (auto fragment = poller.poll(is_even)) {
    sum += use(*fragment) + fragment.channel();
  }
  if (auto fragment = poller.wait(tango::Bounded{1000})) {
    sum += use(*fragment);
  }
  return sum + poller.poll_batch(8, [&sum](auto& item, std::size_t channel) { sum += use(item) + channel; }).count;
}

}  // namespace

using MCache = tango::MCache<64>;
using Words = tango::DCache<64, 256>;
using Plain = tango::DCache<64, 256, tango::Plain>;

std::uint64_t lossy(MCache& mcache, Words& dcache, tango::Fseq& fseq, std::span<const std::byte> bytes) {
  tango::Producer producer{mcache, dcache, fseq};
  tango::Consumer consumer{mcache, dcache, 1};
  return publish(producer, bytes) ? consume(consumer) : 0;
}

std::uint64_t reliable(MCache& mcache, Plain& dcache, tango::Fseq& fseq, tango::Fctl& fctl, tango::Metrics& metrics,
                       std::span<const std::byte> bytes) {
  tango::Producer producer{mcache, dcache, fseq, fctl, metrics};
  tango::Consumer consumer{mcache, dcache, fctl, 1, metrics};
  return publish(producer, bytes) ? consume(consumer) : 0;
}

std::uint64_t observed(MCache& mcache, Words& dcache, tango::Fseq& fseq, tango::Fctl& fctl, tango::Metrics& metrics,
                       std::span<const std::byte> bytes) {
  tango::Producer producer{mcache, dcache, fseq, fctl};
  tango::Consumer consumer{mcache, dcache, fctl, 1};
  tango::Consumer observer{mcache, dcache, 1, metrics};
  return publish(producer, bytes) ? consume(consumer) + consume(observer) : 0;
}

constexpr auto kTyped = tango::ChannelBuilder<64, 64, 256>{}.with_flow_control().with_metrics().of<Quote>(1);

std::uint64_t built(std::span<std::byte> memory) {
  const auto made = kTyped.build_in(memory);
  const auto found = kTyped.attach(memory);
  if (!made || !found) {
    return made.status().actual() + found.status().actual();
  }
  auto producer = (*made)->producer();
  auto consumer = (*found)->consumer();
  const bool ok = producer.publish({1, 2}).ok() && producer.publish_blocking({3, 4}).ok() &&
                  producer.emplace({}, 5u, 6u).ok() && producer.emplace(7u, 8u).ok();
  auto fragment = consumer.poll();
  const auto quote = fragment ? fragment->value() : tango::Result<Quote>{tango::Error::NoCredits};
  return ok && quote ? quote->price : 0;
}

std::uint64_t lossy_large(MCache& mcache, Words& dcache, tango::Fseq& fseq, std::span<const std::byte> bytes,
                          std::span<std::byte> memory) {
  tango::Producer producer{mcache, dcache, fseq};
  tango::Consumer consumer{mcache, dcache, 1};
  tango::Consumer other{mcache, dcache, 1};
  return large(producer, consumer, bytes, memory) + many(consumer, other);
}

std::uint64_t reliable_large(MCache& mcache, Plain& dcache, tango::Fseq& fseq, tango::Fctl& fctl,
                             std::span<const std::byte> bytes, std::span<std::byte> memory) {
  tango::Producer producer{mcache, dcache, fseq, fctl};
  tango::Consumer consumer{mcache, dcache, fctl, 1};
  tango::Consumer other{mcache, dcache, fctl, 1};
  return large(producer, consumer, bytes, memory) + many(consumer, other);
}

std::uint64_t viewed(std::span<const std::byte> memory, std::span<std::byte> buffer, std::span<char> text) {
  const auto view = tango::view_channel(memory);
  if (!view) {
    return tango::print(view.status(), text).size();
  }
  std::uint64_t sum = view->kind().size() + view->max_payload();
  if (const auto state = view->state()) {
    sum += state->position + name(state->producer).size();
  }
  if (view->places() != 0) {
    if (const auto place = view->place(0)) {
      sum += place->position + name(place->state).size();
    }
  }
  const auto range = view->readable();
  if (!range) {
    return sum;
  }
  if (const auto metadata = view->metadata(range->first)) {
    sum += metadata->sig;
  }
  return sum +
         view->for_each(range->first, buffer, [&sum](const tango::MessageCopy& m) { sum += m.payload.size(); }).lost;
}

std::string_view report(const tango::Metrics& metrics, std::span<char> buffer) {
  return tango::print(metrics.snapshot(), buffer);
}

// A clock of the machine's own, in nanoseconds.
struct Board {
  static tango::Tick now() noexcept { return 40 * tango::TickClock::now(); }
};

template <class Consumer>
tango::LatencySnapshot measure(Consumer& consumer, tango::Latency<>& latency) {
  if (auto fragment = consumer.poll()) {
    latency.record(fragment->ts());
  }
  return latency.snapshot();
}

std::string_view time(MCache& mcache, Words& dcache, tango::Fseq& fseq, tango::Latency<>& latency,
                      const tango::LatencySnapshot& baseline, std::span<char> buffer) {
  tango::Producer producer{mcache, dcache, fseq};
  tango::Consumer consumer{mcache, dcache, 1};
  const auto rate = tango::calibrate<tango::OrderedTickClock, Board>(1'000'000);
  if (!rate || !producer.publish(kText, {.ts = tango::stamp()})) {
    return tango::print(rate.status(), buffer);
  }
  tango::LatencySnapshot sum = measure(consumer, latency).since(baseline);
  sum += baseline;
  return sum == baseline ? tango::print(sum.ticks, buffer) : tango::print(sum, *rate, buffer);
}

std::string_view report(const tango::Status& status, std::span<char> buffer) { return tango::print(status, buffer); }
