// SPDX-License-Identifier: Apache-2.0
// Endpoints that vanish: after any of their events they stop for ever, and a successor that learns of it takes over.
#include "support.hpp"

namespace tango::model {

namespace {

/// A producer may vanish anywhere between its first message and the end of its leaving. Its successor publishes what is
/// missing, and a reliable consumer gets every message once, in order.
template <std::size_t DEPTH, std::size_t BEFORE, std::size_t SECOND, std::size_t THIRD>
struct Takeover : Parts<DEPTH, DEPTH, Plain> {
  using Base = Parts<DEPTH, DEPTH, Plain>;
  static constexpr const char* kName = BEFORE <= 32 ? "a producer vanishes, payload in the slot"
                                       : SECOND <= 32
                                           ? "a producer vanishes, payload in a chunk, in the slot, in a chunk"
                                           : "a producer vanishes, payload in chunks";
  static constexpr const char* kBound = "depth 2 or 4, 1 message before, 2 by the producer or its successor";
  static constexpr const char* kMustReach[] = {"left", "vanished before 1", "vanished before 2", "vanished before 3"};

  std::optional<typename Base::FlowProducer> first{std::in_place, this->mcache, this->dcache, this->fseq, this->fctl};
  typename Base::Reliable consumer{this->mcache, this->dcache, this->fctl, kStart};

  Takeover() { static_cast<void>(publish<BEFORE>(*first)); }

  template <class P>
  static void publish_rest(P& producer) {
    while (producer.next_seq() != kStart + 3) {
      until_room([&producer] {
        return (producer.next_seq() == kStart + 1 ? publish<SECOND>(producer) : publish<THIRD>(producer)).ok();
      });
    }
  }
  void produce() {
    publish_rest(*first);
    first.reset();
  }
  void succeed() {
    const bool died = await_end_of(0) == Ending::Vanished;
    const ProducerRecovery recovery = recover_producer(this->mcache, this->dcache, this->fseq);
    check(died || !recovery.was_held, "a producer that has left is taken for a dead one");
    typename Base::FlowProducer second{this->mcache, this->dcache, this->fseq, this->fctl};
    check(second.status().ok(), "the successor is refused");
    check(second.next_seq() == recovery.next, "it goes on elsewhere");
    reached(died ? "vanished before " + std::to_string(second.next_seq() - kStart) : "left");
    publish_rest(second);
  }
  void take() { consume(consumer, 3); }
  void after() {
    check(consumer.delivered() == 3 && this->mcache.position() == kStart + 3, "not all were delivered once");
    check(this->fseq.load() == kStart + 3, "the mirror is wrong");
  }
  TANGO_MODEL_THREADS(Takeover, {"producer", &Takeover::produce, kMayVanish}, {"successor", &Takeover::succeed},
                      {"consumer", &Takeover::take})
};

/// The same on a lossy channel, where slots are marked and fragments evicted: what a reader is given as good is right,
/// and nothing is missing that is not counted.
template <std::size_t BYTES>
struct LossyTakeover : Parts<2, 2, Words> {
  static constexpr const char* kName =
      BYTES <= 32 ? "a lossy producer vanishes, payload in the slot" : "a lossy producer vanishes, payload in chunks";
  static constexpr const char* kBound = "depth 2, 2 chunks, 1 message before, 2 by the producer or its successor";
  static constexpr const char* kMustReach[] = {"left", "vanished", "read"};

  std::optional<LossyProducer> first{std::in_place, mcache, dcache, fseq};
  Observer observer{mcache, dcache, kStart};

  LossyTakeover() { static_cast<void>(publish<BYTES>(*first)); }

  void produce() {
    publish_all<BYTES>(*first, 2);
    first.reset();
  }
  void succeed() {
    const bool died = await_end_of(0) == Ending::Vanished;
    static_cast<void>(recover_producer(mcache, dcache, fseq));
    LossyProducer second{mcache, dcache, fseq};
    check(second.status().ok(), "the successor is refused");
    while (second.next_seq() != kStart + 3) {
      check(publish<BYTES>(second).ok(), "refused");
    }
    reached(died ? "vanished" : "left");
  }
  void look() {
    for (int i = 0; i != 2; ++i) {
      auto outcome = observer.poll();
      if (outcome) {
        copy_and_check(outcome, observer.next_seq() - 1);
      }
    }
  }
  void after() {
    Observer late{mcache, dcache, From::Oldest};
    for (Seq seq = late.next_seq(); seq != kStart + 3; ++seq) {
      auto outcome = late.poll();
      check(outcome && outcome->seq() == seq, "a message that was published last is gone");
      copy_and_check(outcome, seq);
    }
  }
  TANGO_MODEL_THREADS(LossyTakeover, {"producer", &LossyTakeover::produce, kMayVanish},
                      {"successor", &LossyTakeover::succeed}, {"observer", &LossyTakeover::look})
};

/// Recovery may vanish, too; the next one finishes it.
struct RecoveryVanishes : Parts<2, 2, Plain> {
  static constexpr const char* kName = "a producer vanishes, and so does its recovery";
  static constexpr const char* kBound = "depth 2, 1 message of 40 bytes";
  static constexpr const char* kMustReach[] = {"both vanished", "published 0", "published 1"};

  std::optional<FlowProducer> first{std::in_place, mcache, dcache, fseq, fctl};
  Reliable consumer{mcache, dcache, fctl, kStart};

  void produce() { static_cast<void>(publish<40>(*first)); }
  void recover() {
    static_cast<void>(await_end_of(0));
    static_cast<void>(recover_producer(mcache, dcache, fseq));
  }
  void recover_again() {
    static_cast<void>(await_end_of(0));
    const bool died = await_end_of(1) == Ending::Vanished;
    static_cast<void>(recover_producer(mcache, dcache, fseq));
    FlowProducer second{mcache, dcache, fseq, fctl};
    check(second.status().ok(), "the successor is refused");
    reached("published " + std::to_string(second.next_seq() - kStart));
    publish_all<40>(second, kStart + 2 - second.next_seq());
    if (died) {
      reached("both vanished");
    }
  }
  void after() { consume(consumer, 2); }
  TANGO_MODEL_THREADS(RecoveryVanishes, {"producer", &RecoveryVanishes::produce, kMayVanish},
                      {"recovery", &RecoveryVanishes::recover, kMayVanish},
                      {"successor", &RecoveryVanishes::recover_again})
};

/// A stop is requested while the producer may be dead: the channel is closed all the same, and everything before that
/// is delivered.
struct StopAfterDeath : Parts<2, 2, Plain> {
  static constexpr const char* kName = "a producer vanishes, and a stop is requested";
  static constexpr const char* kBound = "depth 2, 1 message of 8 bytes";
  static constexpr const char* kMustReach[] = {"vanished", "0 delivered", "1 delivered"};

  std::optional<FlowProducer> producer{std::in_place, mcache, dcache, fseq, fctl};
  Reliable consumer{mcache, dcache, fctl, kStart};

  void produce() {
    static_cast<void>(publish<8>(*producer));
    producer.reset();
  }
  void stop() { mcache.stop(); }
  void recover() {
    if (await_end_of(0) == Ending::Vanished) {
      static_cast<void>(recover_producer(mcache, dcache, fseq));
      reached("vanished");
    }
  }
  void after() {
    check(mcache.closed(), "nobody has closed it");
    for (bool stopped = false; !stopped;) {
      auto outcome = consumer.poll();
      stopped = outcome.status() == PollStatus::Stopped;
      check(stopped || outcome.status() == PollStatus::Fragment, "it does not drain");
    }
    check(consumer.next_seq() == mcache.position(), "closed at a wrong number");
    reached(std::to_string(consumer.delivered()) + " delivered");
  }
  TANGO_MODEL_THREADS(StopAfterDeath, {"producer", &StopAfterDeath::produce, kMayVanish},
                      {"other", &StopAfterDeath::stop}, {"recovery", &StopAfterDeath::recover})
};

/// A reliable consumer may vanish while it joins, reads or leaves. Its place is kept, and the next consumer gets
/// everything that the dead one had not given back; nothing of it is overwritten before.
struct DeadReader : Parts<2, 2, Plain> {
  static constexpr const char* kName = "a reliable consumer vanishes, and its place is kept";
  static constexpr const char* kBound = "depth 2, 2 messages of 40 bytes before, 1 attempt more; 1 consumed";
  static constexpr const char* kMustReach[] = {"vanished", "left", "first 0", "first 1"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  std::optional<Reliable> dead;

  DeadReader() {
    static_cast<void>(publish<40>(producer));
    static_cast<void>(publish<40>(producer));
  }
  void produce() { static_cast<void>(publish<40>(producer)); }
  void read() {
    dead.emplace(mcache, dcache, fctl, kStart);
    consume(*dead, 1);
    dead.reset();
  }
  void recover() {
    const bool died = await_end_of(1) == Ending::Vanished;
    const detail::CreditPlace& place = detail::inside(fctl).places[0];
    const bool was_active = place.claim.holder().state == PlaceState::Active;
    const Seq given_back = place.position.load(detail::memory_order_relaxed);
    check(recover_consumer(fctl, consumer_in(fctl, 0)) || !was_active, "its place is not found");
    Reliable next{mcache, dcache, fctl, From::Oldest};
    check(next.status().ok(), "the next consumer is refused");
    const Seq first = next.first() - kStart;
    check(was_active ? next.first() == given_back : first <= 1, "it does not go on where the dead one had given back");
    reached("first " + std::to_string(first));
    consume(next, 2 - static_cast<std::size_t>(first));
    reached(died ? "vanished" : "left");
  }
  TANGO_MODEL_THREADS(DeadReader, {"producer", &DeadReader::produce}, {"consumer", &DeadReader::read, kMayVanish},
                      {"recovery", &DeadReader::recover})
};

/// A dead consumer is waited for although another one is active; whoever adopts its place goes on where it had given
/// back.
struct DeadBesideAnother : Parts<2, 2, Plain> {
  static constexpr const char* kName = "a dead consumer is waited for beside another one, and adopted";
  static constexpr const char* kBound = "depth 2, 2 messages of 8 bytes before, 2 attempts more; the other one reads 2";
  static constexpr const char* kMustReach[] = {"published 0", "published 1", "read"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  std::optional<Reliable> dead{std::in_place, mcache, dcache, fctl, kStart};
  Reliable other{mcache, dcache, fctl, kStart};

  DeadBesideAnother() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
    check(recover_consumer(fctl, consumer_in(fctl, 0)), "its place is not found");
    consume(other, 2);
    other.release();
  }
  void produce() {
    std::size_t accepted = 0;
    for (int i = 0; i != 2; ++i) {
      accepted += publish<8>(producer).ok();
    }
    reached("published " + std::to_string(accepted));
  }
  void adopt() {
    Reliable next{mcache, dcache, fctl, From::Oldest};
    check(next.status().ok() && next.first() == kStart, "it does not go on where the dead one had given back");
    consume(next, 1);
    reached("read");
  }
  TANGO_MODEL_THREADS(DeadBesideAnother, {"producer", &DeadBesideAnother::produce},
                      {"successor", &DeadBesideAnother::adopt})
};

/// The same where the position is given up: the producer goes on, and only after the dead one's last read.
struct EvictedReader : Parts<2, 2, Plain> {
  static constexpr const char* kName = "a reliable consumer vanishes and is evicted";
  static constexpr const char* kBound = "depth 2, 4 messages of 40 bytes; 1 read";
  static constexpr const char* kMustReach[] = {"had to wait", "vanished"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  Reliable dead{mcache, dcache, fctl, kStart};

  void produce() { publish_all<40>(producer, 4); }
  void read() { consume(dead, 1); }
  void recover() {
    reached(await_end_of(1) == Ending::Vanished ? "vanished" : "ended");
    check(recover_consumer(fctl, consumer_in(fctl, 0), DeadConsumer::Evict), "its place is not found");
  }
  TANGO_MODEL_THREADS(EvictedReader, {"producer", &EvictedReader::produce},
                      {"consumer", &EvictedReader::read, kMayVanish}, {"recovery", &EvictedReader::recover})
};

/// A place is kept when the last consumer leaves. The next consumer may vanish while it joins in another place, or
/// while it continues where an earlier one left: as if it had never been there, what the last one left stays kept.
template <bool Continues>
struct DeadBesideKept : Parts<2, 2, Plain> {
  static constexpr const char* kName = Continues ? "a consumer vanishes that was about to continue, beside a kept place"
                                                 : "a consumer vanishes that was about to join, beside a kept place";
  static constexpr const char* kBound = "depth 2, 2 messages of 8 bytes before, 1 attempt more";
  static constexpr const char* kMustReach[] = {"vanished", "joined", "continues at 0", "continues elsewhere"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  Reliable last{mcache, dcache, fctl, kStart};
  std::optional<Reliable> next;

  DeadBesideKept() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
    if (Continues) {
      Reliable earlier{mcache, dcache, fctl, kStart};
      consume(earlier, 2);
      earlier.release();
    }
    if (!Continues) {
      leave();
    }
  }
  void leave() { Reliable{std::move(last)}; }
  void produce() { static_cast<void>(publish<8>(producer)); }
  void join() {
    if (Continues) {
      next.emplace(mcache, dcache, fctl, kStart + 2);  // where the earlier one left
    } else {
      next.emplace(mcache, dcache, fctl, From::Next);
    }
  }
  void recover() {
    const bool died = await_end_of(1) == Ending::Vanished;
    if (Continues) {
      leave();
    }
    const auto& places = detail::inside(fctl).places;
    const std::size_t place = 1;
    const PlaceState state = places[place].claim.holder().state;
    static_cast<void>(recover_consumer(fctl, consumer_in(fctl, place)));
    Reliable successor{mcache, dcache, fctl, From::Oldest};
    check(successor.status().ok(), "refused");
    if (died && state != PlaceState::Active) {
      check(successor.first() == kStart, "what the last one left was dropped");
    }
    reached(successor.first() == kStart ? "continues at 0" : "continues elsewhere");
    reached(died ? "vanished" : "joined");
  }
  TANGO_MODEL_THREADS(DeadBesideKept, {"producer", &DeadBesideKept::produce},
                      {"joiner", &DeadBesideKept::join, kMayVanish}, {"recovery", &DeadBesideKept::recover})
};

/// A producer may vanish while it stops visiting a place that was left, just as another consumer takes that place. Its
/// successor must visit it.
struct DeadSweeper : Parts<2, 2, Plain> {
  static constexpr const char* kName = "a producer vanishes while a consumer joins in a place that was left";
  static constexpr const char* kBound = "depth 2, 1 place, 2 messages of 8 bytes before, 1 attempt, 1 by its successor";
  static constexpr const char* kMustReach[] = {"vanished", "published", "waits"};
  using Only = Consumer<2, Cache, BasicFctl<1>, NoMetrics>;
  using OnlyProducer = Producer<2, Cache, BasicFctl<1>, NoMetrics>;

  BasicFctl<1> one{2};
  OnlyProducer first{mcache, dcache, fseq, one};
  std::optional<Only> joiner;

  DeadSweeper() {
    Only resigns{mcache, dcache, one, kStart};
    static_cast<void>(publish<8>(first));
    static_cast<void>(publish<8>(first));
    resigns.resign();
  }
  void produce() { static_cast<void>(publish<8>(first)); }
  void join() {
    joiner.emplace(mcache, dcache, one, From::Oldest);
    check(joiner->status().ok(), "refused");
  }
  void succeed() {
    if (await_end_of(0) == Ending::Vanished) {
      reached("vanished");
    }
    static_cast<void>(recover_producer(mcache, dcache, fseq));
    OnlyProducer second{mcache, dcache, fseq, one};
    check(second.status().ok(), "the successor is refused");
    reached(publish<8>(second).ok() ? "published" : "waits");
  }
  void after() { check(mcache.position() - joiner->first() <= 2, "the producer has passed a consumer that joined"); }
  TANGO_MODEL_THREADS(DeadSweeper, {"producer", &DeadSweeper::produce, kMayVanish}, {"joiner", &DeadSweeper::join},
                      {"successor", &DeadSweeper::succeed})
};

}  // namespace

void add_recovery_models(std::vector<Program>& to) {
  to.push_back(program_of<Takeover<2, 8, 8, 8>>());
  to.push_back(program_of<Takeover<4, 40, 8, 40>>());
  to.push_back(program_of<Takeover<2, 40, 40, 40>>());
  to.push_back(program_of<LossyTakeover<8>>());
  to.push_back(program_of<LossyTakeover<40>>());
  to.push_back(program_of<RecoveryVanishes>());
  to.push_back(program_of<StopAfterDeath>());
  to.push_back(program_of<DeadReader>());
  to.push_back(program_of<DeadBesideAnother>());
  to.push_back(program_of<EvictedReader>());
  to.push_back(program_of<DeadBesideKept<false>>());
  to.push_back(program_of<DeadBesideKept<true>>());
  to.push_back(program_of<DeadSweeper>());
}

}  // namespace tango::model
