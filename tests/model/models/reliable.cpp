// SPDX-License-Identifier: Apache-2.0
// Reliable channels: nothing is overwritten before everyone has given it back, so payloads are plain bytes and no two
// accesses to one race. And observed ones, where others look on.
#include "support.hpp"

namespace tango::model {

namespace {

/// A reliable channel with its producer and a consumer, both made before the threads start.
template <std::size_t DEPTH, std::size_t CHUNKS, class Bytes = Plain>
struct Channel : Parts<DEPTH, CHUNKS, Bytes> {
  using Base = Parts<DEPTH, CHUNKS, Bytes>;
  typename Base::FlowProducer producer{this->mcache, this->dcache, this->fseq, this->fctl};
  typename Base::Reliable consumer{this->mcache, this->dcache, this->fctl, kStart};
};

struct InSlot : Channel<2, 2> {
  static constexpr const char* kName = "reliable, payload in the slot";
  static constexpr const char* kBound = "depth 2, 4 messages of 12 bytes";
  static constexpr const char* kMustReach[] = {"had to wait"};

  void produce() { publish_all<12>(producer, 4); }
  void take() { consume(consumer, 4); }
  void after() { check(consumer.delivered() == 4, "not all were delivered"); }
  TANGO_MODEL_THREADS(InSlot, {"producer", &InSlot::produce}, {"consumer", &InSlot::take})
};

/// The chunks are used again and again, in the order in which they were given back.
struct InChunk : Channel<2, 2> {
  static constexpr const char* kName = "reliable, payload in a chunk, wrap of the region";
  static constexpr const char* kBound = "depth 2, 2 chunks, 4 messages of 40 bytes";
  static constexpr const char* kMustReach[] = {"had to wait"};

  void produce() { publish_all<40>(producer, 4); }
  void take() { consume(consumer, 4); }
  void after() { check(consumer.delivered() == 4, "not all were delivered"); }
  TANGO_MODEL_THREADS(InChunk, {"producer", &InChunk::produce}, {"consumer", &InChunk::take})
};

/// Slots are there, chunks are short: the producer waits for chunks.
struct ShortChunks : Channel<4, 2> {
  static constexpr const char* kName = "reliable, fewer chunks than slots";
  static constexpr const char* kBound = "depth 4, 2 chunks, 4 messages of 40 bytes";
  static constexpr const char* kMustReach[] = {"had to wait"};

  void produce() { publish_all<40>(producer, 4); }
  void take() { consume(consumer, 4); }
  TANGO_MODEL_THREADS(ShortChunks, {"producer", &ShortChunks::produce}, {"consumer", &ShortChunks::take})
};

/// Runs of several chunks, with the end of the region skipped.
struct Runs : Channel<4, 4> {
  static constexpr const char* kName = "reliable, several chunks";
  static constexpr const char* kBound = "depth 4, 4 chunks, messages of 1, 2, 2 and 1 chunks";
  static constexpr const char* kMustReach[] = {"had to wait"};

  void produce() {
    publish_all<40>(producer, 1);
    publish_all<72>(producer, 2);
    publish_all<40>(producer, 1);
  }
  void take() { consume(consumer, 4); }
  TANGO_MODEL_THREADS(Runs, {"producer", &Runs::produce}, {"consumer", &Runs::take})
};

/// The blocking calls of both sides.
struct Blocking : Channel<2, 2> {
  static constexpr const char* kName = "reliable, blocking calls";
  static constexpr const char* kBound = "depth 2, 3 messages of 8 bytes, publish_blocking and wait";
  static constexpr const char* kMustReach[] = {"had to wait", "had to wait for a message"};

  void produce() {
    for (int i = 0; i != 3; ++i) {
      const Seq seq = producer.next_seq();
      if (producer.available() == 0) {
        reached("had to wait");
      }
      check(producer.publish_blocking(Payload<8>{seq}.bytes(), {.sig = word_of(seq)}, Pause{}).ok(), "refused");
    }
  }
  void take() {
    for (int i = 0; i != 3; ++i) {
      if (mcache.position() == consumer.next_seq()) {
        reached("had to wait for a message");
      }
      begin_attempt();
      auto outcome = consumer.wait(Pause{});
      check(outcome.status() == PollStatus::Fragment, "no fragment");
      check_payload(kStart + static_cast<Seq>(i), outcome->payload());
    }
  }
  TANGO_MODEL_THREADS(Blocking, {"producer", &Blocking::produce}, {"consumer", &Blocking::take})
};

/// A fragment is held while the producer goes on as far as it can; it is looked at again at the end.
struct Held : Channel<2, 2> {
  static constexpr const char* kName = "reliable, a fragment held while the producer goes on";
  static constexpr const char* kBound = "depth 2, 3 messages of 40 bytes, the last may be refused; the first is held";
  static constexpr const char* kMustReach[] = {"refused", "accepted"};

  void produce() {
    publish_all<40>(producer, 2);
    reached(publish<40>(producer).ok() ? "accepted" : "refused");
  }
  void take() {
    next(consumer, [this](auto& outcome) {
      check_payload(kStart, outcome->payload());
      until([this] { return mcache.position() != kStart + 1; });  // the producer has gone on
      check_payload(kStart, outcome->payload(), "a payload that was held has changed");
    });
  }
  TANGO_MODEL_THREADS(Held, {"producer", &Held::produce}, {"consumer", &Held::take})
};

/// Batches: given back together, and before the consumer says that there is nothing.
struct Batches : Channel<2, 2> {
  static constexpr const char* kName = "reliable, batches, given back together";
  static constexpr const char* kBound = "depth 2, 4 messages of 8 bytes, batches of 2";
  static constexpr const char* kMustReach[] = {"a batch of 1", "a batch of 2"};

  void produce() { publish_all<8>(producer, 4); }
  void take() {
    while (consumer.delivered() != 4) {
      until([this] {
        FragmentView items[2];
        auto batch = consumer.poll_batch(items);
        for (const FragmentView& item : batch) {
          check_payload(item.seq(), item.payload());
        }
        if (batch.size() != 0) {
          reached("a batch of " + std::to_string(batch.size()));
        }
        return batch.size() != 0;
      });
    }
  }
  TANGO_MODEL_THREADS(Batches, {"producer", &Batches::produce}, {"consumer", &Batches::take})
};

/// Fragments that are skipped are given back, too, before a consumer that has none goes idle.
struct Filtered : Channel<2, 2> {
  static constexpr const char* kName = "reliable, a filter that lets only the third pass";
  static constexpr const char* kBound = "depth 2, 6 messages of 8 bytes; poll, then poll_batch";
  static constexpr const char* kMustReach[] = {"had to wait"};

  void produce() { publish_all<8>(producer, 6); }
  void take() {
    const auto wanted = [](std::uint64_t sig) { return sig == word_of(kStart + 2) || sig == word_of(kStart + 5); };
    until([&] {
      auto outcome = consumer.poll(wanted);
      if (outcome) {
        check_payload(kStart + 2, outcome->payload());
      }
      return static_cast<bool>(outcome);
    });
    until([&] {
      const auto check_it = [](const FragmentView& fragment) { check_payload(kStart + 5, fragment.payload()); };
      return consumer.poll_batch(1, check_it, wanted).count != 0;
    });
  }
  void after() { check(consumer.filtered() == 4 && consumer.delivered() == 2, "the accounts do not add up"); }
  TANGO_MODEL_THREADS(Filtered, {"producer", &Filtered::produce}, {"consumer", &Filtered::take})
};

/// Also while the empty batch is held.
struct EmptyBatch : Channel<2, 2> {
  static constexpr const char* kName = "reliable, an empty batch is held";
  static constexpr const char* kBound = "depth 2, 2 messages of 8 bytes that do not pass, 1 more";
  static constexpr const char* kMustReach[] = {"had to wait"};

  EmptyBatch() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
  }
  void produce() { publish_all<8>(producer, 1); }
  void take() {
    FragmentView items[2];
    const auto batch = consumer.poll_batch(items, [](std::uint64_t) { return false; });
    check(batch.empty(), "nothing was to pass");
    until([this] { return mcache.position() == kStart + 3; });
  }
  TANGO_MODEL_THREADS(EmptyBatch, {"producer", &EmptyBatch::produce}, {"consumer", &EmptyBatch::take})
};

struct TwoConsumers : Channel<2, 2> {
  static constexpr const char* kName = "reliable, two consumers";
  static constexpr const char* kBound = "depth 2, 4 messages of 40 bytes";
  static constexpr const char* kMustReach[] = {"had to wait"};
  Reliable second{mcache, dcache, fctl, kStart};

  void produce() { publish_all<40>(producer, 4); }
  void take() { consume(consumer, 4); }
  void take_too() { consume(second, 4); }
  void after() { check(consumer.delivered() == 4 && second.delivered() == 4, "not all were delivered"); }
  TANGO_MODEL_THREADS(TwoConsumers, {"producer", &TwoConsumers::produce}, {"first", &TwoConsumers::take},
                      {"second", &TwoConsumers::take_too})
};

/// Records packed into one message, of one size and of several; and a batch to publish.
struct PackedMessages : Channel<2, 4> {
  static constexpr const char* kName = "reliable, packed messages and a batch";
  static constexpr const char* kBound =
      "depth 2; 5 records of 8 bytes in a message, 2 of other sizes, a batch of 2 messages";
  static constexpr const char* kMustReach[] = {"had to wait"};

  void produce() {
    const std::array<std::uint64_t, 5> records = {1, 2, 3, 4, 5};
    const std::array<std::string_view, 2> texts = {"tango", "the quick brown fox jumps over it"};
    until_room([&] { return producer.publish_packed(records).count == records.size(); });
    until_room([&] { return producer.publish_packed(texts).count == texts.size(); });
    const Payload<8> payload{kStart};
    const std::array<Message, 2> messages = {Message{payload.bytes(), {}}, Message{payload.bytes(), {}}};
    std::size_t sent = 0;
    until_room([&] {
      sent += producer.publish_batch(std::span{messages}.subspan(sent)).count;
      return sent == messages.size();
    });
  }
  void take() {
    std::byte copy[64];
    next(consumer, [&](auto& outcome) {
      detail::copy_bytes(copy, outcome->payload().data(), outcome->size());
      std::uint64_t expected = 1;
      for (const std::uint64_t record : PackedArray<std::uint64_t>{std::span{copy}.first(outcome->size())}) {
        check(record == expected++, "a wrong record");
      }
      check(expected == 6, "a record is missing");
    });
    next(consumer, [&](auto& outcome) {
      detail::copy_bytes(copy, outcome->payload().data(), outcome->size());
      const PackedRecords records{std::span{copy}.first(outcome->size())};
      check(records.intact() && (*records.begin()).size() == 5, "wrong records");
    });
    for (int i = 0; i != 2; ++i) {
      next(consumer, [](auto& outcome) { check_payload(kStart, outcome->payload()); });
    }
  }
  TANGO_MODEL_THREADS(PackedMessages, {"producer", &PackedMessages::produce}, {"consumer", &PackedMessages::take})
};

/// Written in place; a part of it committed; a reservation dropped.
struct Reserved : Channel<2, 2> {
  static constexpr const char* kName = "reliable, reserve and commit, drop";
  static constexpr const char* kBound = "depth 2, 2 chunks, 3 commits of 40 of 64 bytes, a drop before each";
  static constexpr const char* kMustReach[] = {"had to wait"};

  void produce() {
    for (Seq seq = kStart; seq != kStart + 3; ++seq) {
      const Payload<40> payload{seq};
      until_room([&] {
        auto room = producer.reserve(64);
        if (!room) {
          return false;
        }
        detail::copy_bytes(room.span().data(), payload.bytes().data(), 8);
        room.drop();
        return true;
      });
      auto room = producer.reserve(64);
      check(static_cast<bool>(room), "there was room before");
      detail::copy_bytes(room.span().data(), payload.bytes().data(), 40);
      check(room.commit_prefix(40, {.sig = word_of(seq)}).ok(), "a commit that is refused");
    }
  }
  void take() { consume(consumer, 3); }
  TANGO_MODEL_THREADS(Reserved, {"producer", &Reserved::produce}, {"consumer", &Reserved::take})
};

/// Reliable consumers of words read them as bytes; who looks on may be overrun.
struct Observed : Channel<2, 2, Words> {
  static constexpr const char* kName = "observed, a reliable consumer and an observer";
  static constexpr const char* kBound = "depth 2, 3 messages of 8 bytes; the observer looks once";
  static constexpr const char* kMustReach[] = {"read", "overwritten while it was read", "overrun"};
  Observer observer{mcache, dcache, kStart};

  void produce() { publish_all<8>(producer, 3); }
  void take() { consume(consumer, 3); }
  void observe() {
    auto outcome = observer.poll();
    if (outcome) {
      copy_and_check(outcome, kStart);
    } else if (outcome.status() == PollStatus::Overrun) {
      reached("overrun");
    }
  }
  TANGO_MODEL_THREADS(Observed, {"producer", &Observed::produce}, {"consumer", &Observed::take},
                      {"observer", &Observed::observe})
};

/// The same with chunks, which are evicted once they are consumed.
struct ObservedChunks : Channel<4, 2, Words> {
  static constexpr const char* kName = "observed, fewer chunks than slots";
  static constexpr const char* kBound = "depth 4, 2 chunks, 3 messages of 40 bytes; a field each is read";
  static constexpr const char* kMustReach[] = {"had to wait"};

  void produce() { publish_all<40>(producer, 3); }
  void take() { consume(consumer, 3); }
  TANGO_MODEL_THREADS(ObservedChunks, {"producer", &ObservedChunks::produce}, {"consumer", &ObservedChunks::take})
};

}  // namespace

void add_reliable_models(std::vector<Program>& to) {
  to.push_back(program_of<InSlot>());
  to.push_back(program_of<InChunk>());
  to.push_back(program_of<ShortChunks>());
  to.push_back(program_of<Runs>());
  to.push_back(program_of<Blocking>());
  to.push_back(program_of<Held>());
  to.push_back(program_of<Batches>());
  to.push_back(program_of<Filtered>());
  to.push_back(program_of<EmptyBatch>());
  to.push_back(program_of<TwoConsumers>());
  to.push_back(program_of<PackedMessages>());
  to.push_back(program_of<Reserved>());
  to.push_back(program_of<Observed>());
  to.push_back(program_of<ObservedChunks>());
}

}  // namespace tango::model
