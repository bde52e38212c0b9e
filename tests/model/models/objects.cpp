// SPDX-License-Identifier: Apache-2.0
// The objects that two threads share beside a channel: Cnc, Fctl by itself, Metrics. And sleeping and waking, which the
// library leaves to wait strategies but whose protocol is the same as that of its other handshakes.
#include "support.hpp"

namespace tango::model {

namespace {

/// A controller asks, the owner does it and says so, twice; each sees what the other did before.
struct Control {
  static constexpr const char* kName = "Cnc, request and acknowledgement";
  static constexpr const char* kBound = "2 requests, 1 transition";
  static constexpr const char* kMustReach[] = {"done", "a heartbeat"};

  Cnc cnc;
  Note order;
  Note answer;
  Note state;

  Control() { declare_name(cnc, "cnc"); }

  void own() {
    state.write(5);
    check(cnc.transition(CncState::Run).ok(), "from Boot to Run");
    for (std::uint16_t code = 1; code != 3; ++code) {
      until([&] {
        const CncRequest request = cnc.pending();
        if (!request) {
          return false;
        }
        check(request.code == code, "a request was lost");
        check(order.read() == code, "what the controller did before is not visible");
        answer.write(code + 10u);
        cnc.heartbeat(code);
        cnc.acknowledge();
        return true;
      });
    }
  }
  void control() {
    until([this] { return cnc.state() == CncState::Run; });
    check(state.read() == 5, "what the owner did before is not visible");
    check(!cnc.requested(), "nothing was asked yet");
    for (std::uint16_t code = 1; code != 3; ++code) {
      order.write(code);
      check(cnc.request(code).ok() && cnc.last_request() == code, "nothing is pending");
      until([this] { return cnc.acknowledged(); });
      check(answer.read() == code + 10u, "what the owner did is not visible");
      if (cnc.last_heartbeat() == code) {
        reached("a heartbeat");
      }
    }
    reached("done");
  }
  TANGO_MODEL_THREADS(Control, {"owner", &Control::own}, {"controller", &Control::control})
};

/// A credit taken tells the consumer that something was done before, a credit given back tells the producer.
struct Credits {
  static constexpr const char* kName = "Fctl by itself";
  static constexpr const char* kBound = "1 credit, taken twice, given back twice";
  static constexpr const char* kMustReach[] = {"had to wait", "nothing to give back"};

  Fctl fctl{1};
  Note before_taken[2];
  Note before_given[2];

  Credits() { declare_name_of(fctl); }

  void produce() {
    for (std::size_t i = 0; i != 2; ++i) {
      before_taken[i].write(i + 1);
      until_room([this] { return fctl.acquire(); });
      if (i != 0) {
        check(before_given[i - 1].read() == i, "what the consumer did before is not visible");
      }
    }
    until([this] { return fctl.available() == 1; });
    check(before_given[1].read() == 2, "what the consumer did before is not visible");
  }
  void take() {
    for (std::size_t i = 0; i != 2; ++i) {
      before_given[i].write(i + 1);
      if (!fctl.release()) {
        reached("nothing to give back");
        until([this] { return fctl.release(); });
      }
      check(before_taken[i].read() == i + 1, "what the producer did before is not visible");
    }
  }
  TANGO_MODEL_THREADS(Credits, {"producer", &Credits::produce}, {"consumer", &Credits::take})
};

/// Sleeping and waking: one message, or the sleeper counts itself, looks again and sleeps. A program of its own: the
/// library has no wait strategy that sleeps.
struct Wake {
  static constexpr const char* kName = "sleeping and waking";
  static constexpr const char* kBound = "2 messages, 1 sleeper";
  static constexpr const char* kMustReach[] = {"slept", "done"};
  // The prototype had 33 of another program: sleeping was part of that checker. Here the wake-up is a word, and who was
  // woken for an earlier message sleeps once more.
  static constexpr std::uint64_t kExecutions = 55;

  detail::SharedWord ready;
  detail::SharedWord waiters;
  detail::SharedWord token;  ///< what the operating system's wake-up is
  Note messages[2];

  Wake() {
    declare_name(ready, "ready");
    declare_name(waiters, "waiters");
    declare_name(token, "token");
  }

  void produce() {
    for (std::uint64_t i = 1; i != 3; ++i) {
      messages[i - 1].write(i);
      ready.store(i, detail::memory_order_release);
      detail::fence(detail::memory_order_seq_cst);
      if (waiters.load(detail::memory_order_relaxed) != 0) {
        token.store(i, detail::memory_order_relaxed);
      }
    }
  }
  void take() {
    std::uint64_t woken = 0;
    for (std::uint64_t i = 1; i != 3; ++i) {
      if (ready.load(detail::memory_order_acquire) < i) {
        waiters.store(1, detail::memory_order_relaxed);
        detail::fence(detail::memory_order_seq_cst);
        while (ready.load(detail::memory_order_acquire) < i) {  // it may have been woken for an earlier message
          until([&] {
            const std::uint64_t now = token.load(detail::memory_order_acquire);
            return std::exchange(woken, now) != now;
          });
          reached("slept");
        }
        waiters.store(0, detail::memory_order_relaxed);
      }
      check(messages[i - 1].read() == i, "a wrong message");
    }
    reached("done");
  }
  TANGO_MODEL_THREADS(Wake, {"producer", &Wake::produce}, {"consumer", &Wake::take})
};

/// A consumer leaves or resigns, and another one joins: what that one stores in the same place follows what was there.
template <bool RESIGNS>
struct Place {
  static constexpr const char* kName =
      RESIGNS ? "Fctl, a place is resigned and taken" : "Fctl, a place is left and taken";
  static constexpr const char* kBound = "2 consumers";
  static constexpr const char* kMustReach[] = {"the same place", "another place"};

  Fctl fctl{2};
  detail::SharedWord limit{kStart + 3};  // so that a number before kStart + 1 is moved up
  std::size_t second = 0;

  Place() { declare_name_of(fctl); }

  detail::CreditPlacesView places() { return detail::inside(fctl).view(); }
  std::size_t join(const detail::WantedStart& wanted) {
    const std::size_t place = places().take(wanted);
    static_cast<void>(places().activate(place, wanted, limit, 2));
    return place;
  }
  void go() {
    const std::size_t first = join({kStart});
    RESIGNS ? places().resign(first) : places().leave(first);
  }
  void come() { second = join({kStart + 3}); }
  void after() {
    check(detail::inside(fctl).places[second].position.load(detail::memory_order_relaxed) == kStart + 3,
          "the position of the consumer before");
    reached(second == 0 ? "the same place" : "another place");
  }
  TANGO_MODEL_THREADS(Place, {"one", &Place::go}, {"other", &Place::come})
};

/// A lossy channel that counts.
template <Seq START>
struct Counted : Parts<2, 2, Words> {
  using CountedProducer = Producer<2, Cache, NoFlowControl, Metrics>;
  using CountedObserver = Consumer<2, Cache, NoFlowControl, Metrics>;
  Metrics metrics;

  Counted() : Parts{START} { declare_name(metrics, "metrics"); }
};

/// A block that changes hands goes on counting.
struct MetricsBlock : Counted<kStart> {
  static constexpr const char* kName = "Metrics, a block changes hands";
  static constexpr const char* kBound = "1 message of 8 bytes, consumed by the one that leaves and by its successor";
  static constexpr const char* kMustReach[] = {"2 consumed"};

  CountedProducer producer{mcache, dcache, fseq, metrics};
  std::optional<CountedObserver> leaver{std::in_place, mcache, dcache, kStart, metrics};
  std::optional<CountedObserver> joiner;

  MetricsBlock() { static_cast<void>(publish<8>(producer)); }
  void leave() {
    static_cast<void>(leaver->poll());
    leaver.reset();
  }
  void join() {
    joiner.emplace(mcache, dcache, kStart, metrics);
    check(metrics.snapshot().lag == 1, "who has just come stands elsewhere");
    static_cast<void>(joiner->poll());
  }
  void after() {
    check(metrics.snapshot().consumed == 2, "a count was lost");
    reached("2 consumed");
  }
  TANGO_MODEL_THREADS(MetricsBlock, {"leaver", &MetricsBlock::leave}, {"joiner", &MetricsBlock::join})
};

/// A snapshot that sees an endpoint knows where it stands. From a start where nothing reads as ahead, and from one
/// where it reads as behind.
template <Seq START>
struct MetricsJoin : Counted<START> {
  static constexpr const char* kName = START == kStart ? "Metrics, a snapshot while endpoints come, at the wrap"
                                                       : "Metrics, a snapshot while endpoints come";
  static constexpr const char* kBound = "1 message of 8 bytes, 1 snapshot";
  static constexpr const char* kMustReach[] = {"lag 0", "lag 1"};

  std::optional<typename Counted<START>::CountedProducer> producer;
  std::optional<typename Counted<START>::CountedObserver> consumer;

  void produce() {
    producer.emplace(this->mcache, this->dcache, this->fseq, this->metrics);
    static_cast<void>(publish<8>(*producer));
  }
  void join() { consumer.emplace(this->mcache, this->dcache, START, this->metrics); }
  void snap() {
    const std::uint64_t lag = this->metrics.snapshot().lag;
    check(lag <= 1, "an endpoint is seen, but not where it stands");
    reached("lag " + std::to_string(lag));
  }
  TANGO_MODEL_THREADS(MetricsJoin, {"producer", &MetricsJoin::produce}, {"consumer", &MetricsJoin::join},
                      {"reader", &MetricsJoin::snap})
};

/// Count and bytes in one word, and marks that say what it stands for: so much between two marks that a mark three
/// steps old would stand for something else. (What is added at once are many messages of a real channel.)
struct Tallied {
  static constexpr const char* kName = "PackedCounter, a reader while marks are set";
  static constexpr const char* kBound = "3 steps, each with a mark behind it; 1 read";
  static constexpr const char* kMustReach[] = {"0 steps", "1 steps", "2 steps", "3 steps"};
  static constexpr std::uint64_t kStep = std::uint64_t{3} << 36;  // bytes: two steps are less than 2^39, three more

  detail::PackedCounter tally;
  detail::PackedCounterWriter writer{tally};

  Tallied() {
    declare_name(tally, "tally");
    static_cast<void>(writer.start());
  }

  void count() {
    for (int i = 0; i != 3; ++i) {
      static_cast<void>(writer.add(kStep));  // more than asks for a mark
      writer.mark();
    }
  }
  void look() {
    const detail::PackedCounter::Totals totals = tally.read();
    check(totals.count <= 3 && totals.bytes == totals.count * kStep, "what was never counted");
    reached(std::to_string(totals.count) + " steps");
  }
  TANGO_MODEL_THREADS(Tallied, {"writer", &Tallied::count}, {"reader", &Tallied::look})
};

/// Whoever finds a value in its bucket finds extremes that it does not exceed.
struct Extremes {
  static constexpr const char* kName = "Histogram, a new extreme in a bucket that holds something";
  static constexpr const char* kBound = "2 values, 1 snapshot";
  static constexpr const char* kMustReach[] = {"0 values", "1 values", "2 values"};

  Histogram histogram;

  Extremes() { declare_name(histogram, "histogram"); }

  void record() {
    histogram.record(102);
    histogram.record(103);  // the same bucket, so that either may be its largest
  }
  void look() {
    const HistogramSnapshot s = histogram.snapshot();
    check(s.count() == 0 || s.min() == 102, "a smallest value that is rounded");
    check(s.count() < 2 || s.max() == 103, "a largest value that is exceeded");
    reached(std::to_string(s.count()) + " values");
  }
  TANGO_MODEL_THREADS(Extremes, {"writer", &Extremes::record}, {"reader", &Extremes::look})
};

/// The same where the histogram is handed on to a writer that adds to that bucket and widens nothing.
struct HandedOnExtremes {
  static constexpr const char* kName = "Histogram, handed on to another writer";
  static constexpr const char* kBound = "2 values, 1 by the other writer, 1 snapshot";
  static constexpr const char* kMustReach[] = {"0 values", "2 values", "3 values"};

  Histogram histogram;
  detail::SharedWord handed{0};

  void record() {
    histogram.record(102);
    histogram.record(103);
    handed.store(1, detail::memory_order_release);
  }
  void go_on() {
    if (handed.load(detail::memory_order_acquire) != 0) {
      histogram.record(103);
    }
  }
  void look() {
    const HistogramSnapshot s = histogram.snapshot();
    check(s.count() < 3 || s.max() == 103, "a largest value that is exceeded");
    reached(std::to_string(s.count()) + " values");
  }
  TANGO_MODEL_THREADS(HandedOnExtremes, {"first", &HandedOnExtremes::record}, {"second", &HandedOnExtremes::go_on},
                      {"reader", &HandedOnExtremes::look})
};

/// What counts as negative is in the histogram.
struct Ahead {
  static constexpr const char* kName = "Latency, a stamp ahead of the clock";
  static constexpr const char* kBound = "1 record, 1 snapshot";
  static constexpr const char* kMustReach[] = {"negative", "not yet"};

  struct Stopped {
    static Tick now() noexcept { return 1000; }
  };
  Latency<Stopped> latency;

  Ahead() { declare_name(latency, "latency"); }

  void record() { static_cast<void>(latency.record(std::uint32_t{1001})); }
  void look() {
    const LatencySnapshot s = latency.snapshot();
    check(s.negative <= s.ticks.count(), "more are negative than there are");
    reached(s.negative != 0 ? "negative" : "not yet");
  }
  TANGO_MODEL_THREADS(Ahead, {"writer", &Ahead::record}, {"reader", &Ahead::look})
};

/// A superblock is generic in what it describes: a few words show what matters.
struct TinyDescriptor {
  std::uint64_t first;
  std::uint64_t second;
  std::uint64_t third;

  [[nodiscard]] Status compare(const TinyDescriptor& expected) const noexcept {
    const bool same = first == expected.first && second == expected.second && third == expected.third;
    return same ? Status{} : Status{Error::DepthMismatch, first, expected.first};
  }
};
using TinySuperblock = detail::BasicSuperblock<TinyDescriptor>;

/// Who finds a channel in memory finds all of it made, and nothing else: where there was none, and where another one
/// stood that is still looked at.
template <bool REPLACED>
struct Found {
  static constexpr const char* kName =
      REPLACED ? "a channel is found where another one stood" : "a channel is found in memory";
  static constexpr const char* kBound = "1 look";
  static constexpr const char* kMustReach[] = {"found", "not yet", REPLACED ? "the other" : "not yet"};

  /// They differ at both ends.
  static constexpr TinyDescriptor one(std::uint64_t which) { return {which, 8, which}; }

  TinySuperblock label{one(1)};
  Note channel;

  Found() {
    declare_name(label, "label");
    declare_name(label.magic, "magic");
    if (REPLACED) {
      label.show();
    }
  }

  void make() {
    ::new (static_cast<void*>(&label)) TinySuperblock{one(2)};
    channel.write(5);
    label.show();
  }
  void find() {
    const Status status = label.compare(one(2));
    if (status.ok()) {
      check(channel.read() == 5, "it is not made yet");
      reached("found");
    } else if (status == Error::NoChannel) {
      reached("not yet");
    } else {
      check(REPLACED, "traits of a channel that nobody has made");
      reached("the other");
    }
  }
  TANGO_MODEL_THREADS(Found, {"maker", &Found::make}, {"finder", &Found::find})
};

/// A reader of two labels, one of which replaces the other between the two loads of the magic number, never sees a mix.
struct MixedLabels {
  static constexpr const char* kName = "a label is replaced while a third one is looked for";
  static constexpr const char* kBound = "1 label made over another, 1 look";
  static constexpr const char* kMustReach[] = {"not there", "one of either"};

  static constexpr TinyDescriptor of(std::uint64_t depth, std::uint64_t chunks) { return {depth, chunks, 1}; }

  TinySuperblock label{of(64, 32)};

  MixedLabels() { label.show(); }

  void make() {
    ::new (static_cast<void*>(&label)) TinySuperblock{of(32, 64)};
    label.show();
  }
  void find() {
    const Status status = label.compare(of(64, 64));
    check(!status.ok(), "a channel that never was there");
    reached(status == Error::NoChannel ? "not there" : "one of either");
  }
  TANGO_MODEL_THREADS(MixedLabels, {"maker", &MixedLabels::make}, {"finder", &MixedLabels::find})
};

}  // namespace

void add_object_models(std::vector<Program>& to) {
  to.push_back(program_of<Control>());
  to.push_back(program_of<Credits>());
  to.push_back(program_of<Place<true>>());
  to.push_back(program_of<Place<false>>());
  to.push_back(program_of<Wake>());
  to.push_back(program_of<MetricsBlock>());
  to.push_back(program_of<MetricsJoin<kStart>>());
  to.push_back(program_of<MetricsJoin<100>>());
  to.push_back(program_of<Tallied>());
  to.push_back(program_of<Found<false>>());
  to.push_back(program_of<Found<true>>());
  to.push_back(program_of<MixedLabels>());
  to.push_back(program_of<Extremes>());
  to.push_back(program_of<HandedOnExtremes>());
  to.push_back(program_of<Ahead>());
}

}  // namespace tango::model
