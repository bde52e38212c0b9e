// SPDX-License-Identifier: Apache-2.0
// Lossy channels: consumers that may be overrun never take a torn message for a good one, and lose count of none.
#include <algorithm>

#include "support.hpp"

namespace tango::model {

namespace {

/// A lossy channel with its producer and a consumer, both made before the threads start.
template <std::size_t DEPTH, std::size_t CHUNKS>
struct Lossy : Parts<DEPTH, CHUNKS, Words> {
  using Base = Parts<DEPTH, CHUNKS, Words>;
  typename Base::LossyProducer producer{this->mcache, this->dcache, this->fseq};
  typename Base::Observer consumer{this->mcache, this->dcache, kStart};

  /// One look; what is delivered is copied and checked.
  void look() {
    const Seq before = consumer.next_seq();
    auto outcome = consumer.poll();
    switch (outcome.status()) {
      case PollStatus::Fragment:
        copy_and_check(outcome, before);
        break;
      case PollStatus::Empty:
        reached("empty");
        break;
      case PollStatus::Overrun:
        check(outcome.lost() == consumer.next_seq() - before && outcome.lost() != 0, "a wrong count of losses");
        reached("overrun");
        break;
      case PollStatus::Stopped:
        reached("stopped");
        break;
      default:
        fail("a corrupt fragment, or a refused consumer");
    }
    check(consumer.next_seq() - consumer.first() == consumer.delivered() + consumer.filtered() + consumer.lost(),
          "the accounts do not add up");
  }
};

struct LossyInline : Lossy<2, 2> {
  static constexpr const char* kName = "lossy, payload in the slot";
  static constexpr const char* kBound = "depth 2, 3 messages of 12 bytes, 2 looks";
  static constexpr const char* kMustReach[] = {"read", "overwritten while it was read", "empty", "overrun"};

  void produce() {
    for (int i = 0; i != 3; ++i) {
      check(publish<12>(producer).ok(), "a lossy channel that refuses");
    }
  }
  void consume() {
    look();
    look();
  }
  TANGO_MODEL_THREADS(LossyInline, {"producer", &LossyInline::produce}, {"consumer", &LossyInline::consume})
};

/// The same as a value.
struct LossyValue : Lossy<2, 2> {
  static constexpr const char* kName = "lossy, a value";
  static constexpr const char* kBound = "depth 2, 3 messages of 16 bytes, 1 look";
  static constexpr const char* kMustReach[] = {"read", "overwritten while it was read", "empty", "overrun"};

  struct Value {
    std::uint64_t words[2];
  };

  void produce() {
    for (int i = 0; i != 3; ++i) {
      check(publish<16>(producer).ok(), "a lossy channel that refuses");
    }
  }
  void consume() {
    auto outcome = consumer.poll();
    if (!outcome) {
      reached(outcome.status() == PollStatus::Empty ? "empty" : "overrun");
      return;
    }
    const Seq seq = outcome->seq();
    const auto value = outcome->as<Value>();
    if (value) {
      check(value->words[0] == word_of(seq, 0) && value->words[1] == word_of(seq, 1), "a torn value");
    }
    reached(value ? "read" : "overwritten while it was read");
  }
  TANGO_MODEL_THREADS(LossyValue, {"producer", &LossyValue::produce}, {"consumer", &LossyValue::consume})
};

struct LossyChunk : Lossy<2, 2> {
  static constexpr const char* kName = "lossy, payload in a chunk";
  static constexpr const char* kBound = "depth 2, 2 chunks, 3 messages of 40 bytes, 1 look at 2 fields";
  static constexpr const char* kMustReach[] = {"read", "overwritten while it was read", "empty", "overrun"};

  void produce() {
    for (int i = 0; i != 3; ++i) {
      check(publish<40>(producer).ok(), "a lossy channel that refuses");
    }
  }
  void consume() {
    auto outcome = consumer.poll();
    if (!outcome) {
      reached(outcome.status() == PollStatus::Empty ? "empty" : "overrun");
      return;
    }
    const auto first = outcome->load<std::uint32_t>(4);  // within a word
    std::uint64_t last = 0;
    if (!outcome->read(32, last)) {
      reached("overwritten while it was read");
      return;
    }
    std::uint32_t sent = 0;
    __builtin_memcpy(&sent, Payload<40>{kStart}.bytes().data() + 4, sizeof sent);
    check(first == sent && last == word_of(kStart, 4), "a torn payload");
    reached("read");
  }
  TANGO_MODEL_THREADS(LossyChunk, {"producer", &LossyChunk::produce}, {"consumer", &LossyChunk::consume})
};

/// Chunks fewer than slots: the third message evicts the first, whose slot nobody overwrites.
struct Eviction : Lossy<4, 2> {
  static constexpr const char* kName = "lossy, fewer chunks than slots";
  static constexpr const char* kBound = "depth 4, 2 chunks, 3 messages of 40 bytes, 1 look at 2 fields";
  static constexpr const char* kMustReach[] = {"read", "overwritten while it was read", "empty", "overrun"};

  void produce() {
    for (int i = 0; i != 3; ++i) {
      check(publish<40>(producer).ok(), "a lossy channel that refuses");
    }
  }
  void consume() {
    auto outcome = consumer.poll();
    if (!outcome) {
      reached(outcome.status() == PollStatus::Empty ? "empty" : "overrun");
      return;
    }
    const auto first = outcome->load<std::uint64_t>(0);
    const auto last = outcome->load<std::uint64_t>(32);
    if (!outcome->validate()) {
      reached("overwritten while it was read");
      return;
    }
    check(first == word_of(kStart, 0) && last == word_of(kStart, 4), "a torn payload");
    reached("read");
  }
  TANGO_MODEL_THREADS(Eviction, {"producer", &Eviction::produce}, {"consumer", &Eviction::consume})
};

/// Who waits for what has been evicted is told, and does not wait for ever.
struct WaitingForEvicted : Lossy<4, 2> {
  static constexpr const char* kName = "lossy, waiting for what is evicted";
  static constexpr const char* kBound = "depth 4, 2 chunks, 3 messages of 40 bytes, waits for the first";
  static constexpr const char* kMustReach[] = {"read", "overrun"};

  void produce() {
    for (int i = 0; i != 3; ++i) {
      static_cast<void>(publish<40>(producer));
    }
  }
  void consume() {
    next(consumer, [](auto& outcome) { reached(outcome.status() == PollStatus::Overrun ? "overrun" : "read"); });
  }
  TANGO_MODEL_THREADS(WaitingForEvicted, {"producer", &WaitingForEvicted::produce},
                      {"consumer", &WaitingForEvicted::consume})
};

/// Several chunks each; the third message skips the end of the region and evicts both others.
struct EvictionAtWrap : Lossy<4, 4> {
  static constexpr const char* kName = "lossy, several chunks, wrap of the region";
  static constexpr const char* kBound = "depth 4, 4 chunks, messages of 1, 2 and 2 chunks, 2 looks at 2 fields";
  static constexpr const char* kMustReach[] = {"read 0", "read 1", "overwritten while it was read", "overrun"};

  void produce() {
    check(publish<40>(producer).ok() && publish<72>(producer).ok() && publish<72>(producer).ok(), "refused");
  }
  void consume() {
    for (int i = 0; i != 2; ++i) {
      const Seq seq = consumer.next_seq();
      auto outcome = consumer.poll();
      if (!outcome) {
        reached(outcome.status() == PollStatus::Empty ? "empty" : "overrun");
        return;
      }
      const std::size_t end = outcome->size() / 8 - 1;
      const auto last = outcome->load<std::uint64_t>(end * 8);
      if (!outcome->validate()) {
        reached("overwritten while it was read");
        return;
      }
      check(last == word_of(seq, end), "a torn payload");
      reached("read " + std::to_string(seq - kStart));
    }
  }
  TANGO_MODEL_THREADS(EvictionAtWrap, {"producer", &EvictionAtWrap::produce}, {"consumer", &EvictionAtWrap::consume})
};

/// Two chunks are needed, and the next slot's old owner gives one: its neighbour, whose slot stays, is evicted. The run
/// lies at the front of the region again, whose last chunk is skipped.
struct EvictedNeighbour : Lossy<2, 4> {
  static constexpr const char* kName = "lossy, several chunks, wrap of the slots";
  static constexpr const char* kBound = "depth 2, 4 chunks, 2 messages of 1 and 2 chunks before, 1 of 2; 2 looks";
  static constexpr const char* kMustReach[] = {"read", "overwritten while it was read", "overrun", "empty",
                                               "read behind it"};

  EvictedNeighbour() {
    check(publish<40>(producer).ok() && publish<72>(producer).ok(), "refused");
    static_cast<void>(consumer.poll());
  }
  void produce() { static_cast<void>(publish<72>(producer)); }
  void consume() {
    look();
    look();
    if (consumer.lost() == 1 && consumer.delivered() == 2) {
      reached("read behind it");
    }
  }
  TANGO_MODEL_THREADS(EvictedNeighbour, {"producer", &EvictedNeighbour::produce},
                      {"consumer", &EvictedNeighbour::consume})
};

/// Three looks: who was overrun goes on behind what was lost.
struct OverrunAndResume : Lossy<2, 2> {
  static constexpr const char* kName = "lossy, overrun and resume";
  static constexpr const char* kBound = "depth 2, 4 messages of 8 bytes, 2 published before; 2 looks";
  static constexpr const char* kMustReach[] = {"read", "overrun", "resumed and read"};

  OverrunAndResume() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
  }
  void produce() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
  }
  void consume() {
    look();
    const bool lost = consumer.lost() != 0;
    const std::uint64_t delivered = consumer.delivered();
    look();
    if (lost && consumer.delivered() > delivered) {
      reached("resumed and read");
    }
  }
  TANGO_MODEL_THREADS(OverrunAndResume, {"producer", &OverrunAndResume::produce},
                      {"consumer", &OverrunAndResume::consume})
};

/// A consumer whose last four fragments were all overwritten while it read them goes on at the latest.
struct FarBehind : Lossy<2, 2> {
  static constexpr const char* kName = "lossy, far behind";
  static constexpr const char* kBound = "depth 2, 4 setbacks before, 2 messages of 8 bytes, 2 looks";
  static constexpr const char* kMustReach[] = {"read", "overrun"};

  FarBehind() {
    std::byte copy[8];
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
    for (int i = 0; i != 4; ++i) {
      auto outcome = consumer.poll();
      static_cast<void>(publish<8>(producer));
      check(outcome && !outcome->copy_to(copy).ok(), "it was to be overwritten");
    }
  }
  void produce() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
  }
  void consume() {
    look();
    look();
  }
  TANGO_MODEL_THREADS(FarBehind, {"producer", &FarBehind::produce}, {"consumer", &FarBehind::consume})
};

/// Written in place, in pieces of words; and a reservation that is dropped, after it has evicted.
struct LossyReserve : Lossy<4, 2> {
  static constexpr const char* kName = "lossy, reserve and commit, drop";
  static constexpr const char* kBound = "depth 4, 2 chunks, 1 message before, a commit, a drop; 1 look";
  static constexpr const char* kMustReach[] = {"read", "overwritten while it was read", "overrun"};

  LossyReserve() { static_cast<void>(publish<40>(producer)); }

  void produce() {
    const Payload<40> payload{producer.next_seq()};
    {
      auto room = producer.reserve(40);
      room.writer().write(0, payload.bytes().first(4));
      room.writer().write(4, payload.bytes().subspan(4));
      check(room.commit({.sig = word_of(kStart + 1)}).ok(), "a commit that is refused");
    }
    auto room = producer.reserve(40);
    room.writer().store(0, std::uint64_t{99});
    room.drop();
  }
  void consume() {
    auto outcome = consumer.poll();
    if (!outcome) {
      check(outcome.status() == PollStatus::Overrun, "the first message was published");
      reached("overrun");
      return;
    }
    const auto first = outcome->load<std::uint64_t>(0);
    if (!outcome->validate()) {
      reached("overwritten while it was read");
      return;
    }
    check(first == word_of(kStart), "a torn payload");
    reached("read");
  }
  TANGO_MODEL_THREADS(LossyReserve, {"producer", &LossyReserve::produce}, {"consumer", &LossyReserve::consume})
};

/// What was written in place is there once it is committed.
struct LossyCommit : Lossy<2, 2> {
  static constexpr const char* kName = "lossy, what was committed is read";
  static constexpr const char* kBound = "depth 2, 2 chunks, 1 commit of 40 bytes, 1 read";
  static constexpr const char* kMustReach[] = {"read"};

  void produce() {
    const Payload<40> payload{kStart};
    auto room = producer.reserve(40);
    room.writer().write(0, payload.bytes().first(12));
    room.writer().write(12, payload.bytes().subspan(12));
    check(room.commit({.sig = word_of(kStart)}).ok(), "a commit that is refused");
  }
  void consume() {
    next(consumer, [](auto& outcome) {
      check(outcome.status() == PollStatus::Fragment, "no fragment");
      copy_and_check(outcome, kStart);
    });
  }
  TANGO_MODEL_THREADS(LossyCommit, {"producer", &LossyCommit::produce}, {"consumer", &LossyCommit::consume})
};

/// Batches of fragments that may be overrun; some are skipped by their sig.
struct LossyBatch : Lossy<2, 2> {
  static constexpr const char* kName = "lossy, a batch and a filter";
  static constexpr const char* kBound = "depth 2, 1 message of 8 bytes before, 2 more; a batch of 2";
  static constexpr const char* kMustReach[] = {"good", "overwritten", "filtered", "torn sig refused"};

  LossyBatch() { static_cast<void>(publish<8>(producer)); }
  void produce() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
  }
  void consume() {
    const auto result = consumer.poll_batch(
        2,
        [](SpeculativeFragment& fragment) {
          std::uint64_t value = 0;
          check(fragment.seq() == kStart, "the other one was to be skipped");
          if (fragment.read(0, value)) {
            check(value == word_of(kStart), "a wrong payload");
            reached("good");
          } else {
            reached("overwritten");
          }
        },
        [](std::uint64_t sig) {
          check(sig == word_of(kStart) || sig == word_of(kStart + 1) || sig == word_of(kStart + 2), "a wrong sig");
          return sig == word_of(kStart);
        });
    if (consumer.filtered() != 0) {
      reached("filtered");
    }
    if (result.status == PollStatus::Overrun && result.lost == 1) {
      reached("torn sig refused");
    }
  }
  TANGO_MODEL_THREADS(LossyBatch, {"producer", &LossyBatch::produce}, {"consumer", &LossyBatch::consume})
};

/// Who sees a position, in the ring or in the Fseq, finds what was published before it.
struct Positions : Lossy<2, 2> {
  static constexpr const char* kName = "lossy, positions";
  static constexpr const char* kBound = "depth 2, 1 message, 1 look at each position";
  static constexpr const char* kMustReach[] = {"ring", "fseq", "neither"};

  Note note;

  void produce() {
    note.write(7);
    static_cast<void>(publish<8>(producer));
  }
  void watch_ring() {
    if (mcache.position() == kStart + 1) {
      check(note.read() == 7 && mcache.try_read(kStart).status == ReadStatus::Ok, "not visible");
      reached("ring");
    } else {
      reached("neither");
    }
  }
  void watch_fseq() {
    if (fseq.load() == kStart + 1) {
      check(note.read() == 7 && mcache.try_read(kStart).status == ReadStatus::Ok, "not visible");
      check(mcache.position() == kStart + 1, "the mirror is ahead of the ring");
      reached("fseq");
    }
  }
  TANGO_MODEL_THREADS(Positions, {"producer", &Positions::produce}, {"ring", &Positions::watch_ring},
                      {"fseq", &Positions::watch_fseq})
};

/// A position never goes back, also where the slots that told it have gone on.
struct PositionOfLapped : Lossy<2, 2> {
  static constexpr const char* kName = "lossy, positions while the ring is lapped";
  static constexpr const char* kBound = "depth 2, 3 messages of 8 bytes, 2 looks, 1 read";
  static constexpr const char* kMustReach[] = {"0", "1", "2", "3"};

  void produce() {
    for (int i = 0; i != 3; ++i) {
      static_cast<void>(publish<8>(producer));
    }
  }
  void watch() {
    const Seq first = mcache.position();
    const Seq second = mcache.position();
    check(seq_le(first, second), "a position went back");
    check(second == mcache.start() || mcache.try_read(second - 1).status != ReadStatus::NotReady, "not visible");
    reached(std::to_string(second - kStart));
  }
  TANGO_MODEL_THREADS(PositionOfLapped, {"producer", &PositionOfLapped::produce}, {"watch", &PositionOfLapped::watch})
};

/// The same where they were evicted: the third message takes the chunks of both others, one of which the position that
/// was stored last does not count.
struct PositionOfEvicted : Parts<4, 4, Words> {
  static constexpr const char* kName = "lossy, positions while messages are evicted";
  static constexpr const char* kBound = "depth 4, 4 chunks, messages of 1, 2 and 2 chunks, 2 looks, 1 read";
  static constexpr const char* kMustReach[] = {"0", "1", "2", "3"};
  static constexpr Seq kFirst = kStart + 1;

  LossyProducer producer{mcache, dcache, fseq};

  PositionOfEvicted() : Parts{kFirst} {}

  void produce() {
    check(publish<40>(producer).ok() && publish<72>(producer).ok() && publish<72>(producer).ok(), "refused");
  }
  void watch() {
    const Seq first = mcache.position();
    const Seq second = mcache.position();
    check(seq_le(first, second), "a position went back");
    check(second == mcache.start() || mcache.try_read(second - 1).status != ReadStatus::NotReady, "not visible");
    reached(std::to_string(second - kFirst));
  }
  TANGO_MODEL_THREADS(PositionOfEvicted, {"producer", &PositionOfEvicted::produce},
                      {"watch", &PositionOfEvicted::watch})
};

/// The same where a producer is handed on to another thread, which marks before it has passed a fence of its own; and
/// where another one follows.
template <bool FOLLOWS>
struct PositionOfHandedOn : Parts<2, 2, Words> {
  static constexpr const char* kName =
      FOLLOWS ? "lossy, positions, and a producer follows" : "lossy, positions, and the producer is handed on";
  static constexpr const char* kBound = "depth 2, 2 messages of 8 bytes, then 1 by another thread; 2 looks";
  static constexpr const char* kMustReach[] = {"0", "2", "3"};

  std::optional<LossyProducer> producer{std::in_place, mcache, dcache, fseq};
  std::optional<LossyProducer> follower;
  detail::SharedWord handed{0};

  void produce() {
    static_cast<void>(publish<8>(*producer));
    static_cast<void>(publish<8>(*producer));
    if (FOLLOWS) {
      producer.reset();
    }
    handed.store(1, detail::memory_order_release);
  }
  void go_on() {
    if (handed.load(detail::memory_order_acquire) == 0) {
      return;
    }
    if (FOLLOWS) {
      follower.emplace(mcache, dcache, fseq);
    }
    static_cast<void>(publish<8>(FOLLOWS ? *follower : *producer));
  }
  void watch() {
    const Seq first = mcache.position();
    const Seq second = mcache.position();
    check(seq_le(first, second), "a position went back");
    reached(std::to_string(second - kStart));
  }
  TANGO_MODEL_THREADS(PositionOfHandedOn, {"first", &PositionOfHandedOn::produce},
                      {"second", &PositionOfHandedOn::go_on}, {"watch", &PositionOfHandedOn::watch})
};

/// A consumer that starts at the oldest message that can still be read, while the producer goes on and evicts.
struct FromOldest : Parts<2, 2, Words> {
  static constexpr const char* kName = "lossy, a consumer starts at the oldest message";
  static constexpr const char* kBound = "depth 2, 2 chunks, 2 messages of 40 bytes before, 1 meanwhile; 1 poll";
  static constexpr const char* kMustReach[] = {"read", "starts at 0", "starts at 1"};

  LossyProducer producer{mcache, dcache, fseq};
  std::optional<Observer> observer;

  FromOldest() {
    static_cast<void>(publish<40>(producer));
    static_cast<void>(publish<40>(producer));
  }
  void produce() { check(publish<40>(producer).ok(), "refused"); }
  void look() {
    observer.emplace(mcache, dcache, From::Oldest);
    check(observer->status().ok(), "refused");
    reached("starts at " + std::to_string(observer->first() - kStart));
    const Seq seq = observer->next_seq();
    auto outcome = observer->poll();
    if (outcome) {
      copy_and_check(outcome, seq);
    } else {
      reached("nothing");
    }
  }
  TANGO_MODEL_THREADS(FromOldest, {"producer", &FromOldest::produce}, {"observer", &FromOldest::look})
};

}  // namespace

void add_lossy_models(std::vector<Program>& to) {
  to.push_back(program_of<FromOldest>());
  to.push_back(program_of<LossyInline>());
  to.push_back(program_of<LossyValue>());
  to.push_back(program_of<LossyChunk>());
  to.push_back(program_of<Eviction>());
  to.push_back(program_of<WaitingForEvicted>());
  to.push_back(program_of<EvictionAtWrap>());
  to.push_back(program_of<EvictedNeighbour>());
  to.push_back(program_of<OverrunAndResume>());
  to.push_back(program_of<FarBehind>());
  to.push_back(program_of<LossyReserve>());
  to.push_back(program_of<LossyCommit>());
  to.push_back(program_of<LossyBatch>());
  to.push_back(program_of<Positions>());
  to.push_back(program_of<PositionOfLapped>());
  to.push_back(program_of<PositionOfEvicted>());
  to.push_back(program_of<PositionOfHandedOn<false>>());
  to.push_back(program_of<PositionOfHandedOn<true>>());
}

}  // namespace tango::model
