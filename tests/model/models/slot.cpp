// SPDX-License-Identifier: Apache-2.0
// The slot's protocol by itself, step by step, as slot.hpp has it; and the ring of metadata alone.
#include "support.hpp"

namespace tango::model {

namespace {

/// A slot without payload or metadata of its own.
using BareSlot = detail::Slot<SlotLayout<0>>;

/// One slot, `WORDS` payload words, messages that all go there. The programs that protocol.md rests on.
template <std::size_t WORDS, std::size_t MESSAGES>
struct OneSlot {
  static constexpr Seq kDepth = 2;
  static constexpr const char* kMustReach[] = {"read", "not ready", "overwritten while it was read", "overrun"};

  BareSlot slot;
  detail::SharedWord payload[WORDS];

  OneSlot() {
    slot.seq.mark(1);
    declare_name(slot, "slot");
    declare_name(slot.seq, "slot.seq");
    declare_name(payload, "payload");
  }

  void write() {
    for (Seq s = 1; s != 1 + kDepth * MESSAGES; s += kDepth) {
      slot.seq.mark(s);
      detail::fence(detail::memory_order_release);
      for (detail::SharedWord& word : payload) {
        word.store(s, detail::memory_order_relaxed);
      }
      slot.seq.publish(s);
    }
  }

  void read() {
    const std::int64_t ahead = seq_diff(slot.seq.observe(), 1);
    if (ahead != 0) {
      reached(ahead < 0 ? "not ready" : "overrun");
      return;
    }
    std::uint64_t copy[WORDS];
    for (std::size_t i = 0; i != WORDS; ++i) {
      copy[i] = payload[i].load(detail::memory_order_relaxed);
    }
    if (!slot.seq.still_holds(1)) {
      reached("overwritten while it was read");
      return;
    }
    for (const std::uint64_t word : copy) {
      check(word == 1, "a torn payload");
    }
    reached("read");
  }
};

struct SmallSlot : OneSlot<2, 2> {
  static constexpr const char* kName = "slot";
  static constexpr const char* kBound = "2 words, 2 publishes, 1 read";
  static constexpr std::uint64_t kExecutions = 13;  // as GenMC
  TANGO_MODEL_THREADS(SmallSlot, {"writer", &SmallSlot::write}, {"reader", &SmallSlot::read})
};
struct LargeSlot : OneSlot<8, 3> {
  static constexpr const char* kName = "slot, more of it";
  static constexpr const char* kBound = "8 words, 3 publishes, 1 read";
  static constexpr std::uint64_t kExecutions = 13'641;  // as the prototype
  TANGO_MODEL_THREADS(LargeSlot, {"writer", &LargeSlot::write}, {"reader", &LargeSlot::read})
};

/// Two slots used in turn, and two readers that want every message.
struct TwoSlots {
  static constexpr const char* kName = "slots, two readers";
  static constexpr const char* kBound = "2 slots of 2 words, 4 publishes, 2 readers of all 4";
  static constexpr const char* kMustReach[] = {"read", "not ready", "overwritten while it was read", "overrun",
                                               "all read"};
  static constexpr std::uint64_t kExecutions = 156'816;  // the prototype, whose marks are relaxed: 189,225
  static constexpr Seq kDepth = 2;

  BareSlot slots[kDepth];
  detail::SharedWord payload[kDepth][2];

  TwoSlots() {
    slots[0].seq.mark(2);
    slots[1].seq.mark(1);
    declare_name(slots[0], "slot0");
    declare_name(slots[1], "slot1");
    declare_name(payload, "payload");
  }

  void write() {
    for (Seq s = 1; s != 5; ++s) {
      slots[s % kDepth].seq.mark(s);
      detail::fence(detail::memory_order_release);
      for (detail::SharedWord& word : payload[s % kDepth]) {
        word.store(s, detail::memory_order_relaxed);
      }
      slots[s % kDepth].seq.publish(s);
    }
  }
  void read() {
    int good = 0;
    for (Seq s = 1; s != 5; ++s) {
      const std::int64_t ahead = seq_diff(slots[s % kDepth].seq.observe(), s);
      if (ahead != 0) {
        reached(ahead < 0 ? "not ready" : "overrun");
        continue;
      }
      const std::uint64_t first = payload[s % kDepth][0].load(detail::memory_order_relaxed);
      const std::uint64_t second = payload[s % kDepth][1].load(detail::memory_order_relaxed);
      if (!slots[s % kDepth].seq.still_holds(s)) {
        reached("overwritten while it was read");
        continue;
      }
      check(first == s && second == s, "a torn payload");
      reached(++good == 4 ? "all read" : "read");
    }
  }
  TANGO_MODEL_THREADS(TwoSlots, {"writer", &TwoSlots::write}, {"reader", &TwoSlots::read}, {"another", &TwoSlots::read})
};

/// One chunk under two slots: before the second message overwrites it, the first one's slot is evicted.
struct EvictedSlot {
  static constexpr const char* kName = "slot, evicted";
  static constexpr const char* kBound = "1 chunk of 2 words under 2 slots, 2 publishes, 1 read";
  static constexpr const char* kMustReach[] = {"read", "not ready", "overwritten while it was read", "overrun"};
  // What this checker counts: the number that GenMC gave for its program was not kept.
  static constexpr std::uint64_t kExecutions = 8;

  BareSlot slots[2];
  detail::SharedWord chunk[2];

  EvictedSlot() {
    slots[0].seq.mark(0);
    slots[1].seq.mark(1);
    declare_name(slots[0], "slot0");
    declare_name(slots[1], "slot1");
    declare_name(chunk, "chunk");
  }

  void write() {
    for (Seq s = 0; s != 2; ++s) {
      slots[s].seq.mark(s);
      if (s == 1) {
        slots[0].seq.evict(0, 2);
      }
      detail::fence(detail::memory_order_release);
      for (detail::SharedWord& word : chunk) {
        word.store(s + 7, detail::memory_order_relaxed);
      }
      slots[s].seq.publish(s);
    }
  }

  void read() {
    const std::int64_t ahead = seq_diff(slots[0].seq.observe(), 0);
    if (ahead != 0) {
      reached(ahead < 0 ? "not ready" : "overrun");
      return;
    }
    const std::uint64_t first = chunk[0].load(detail::memory_order_relaxed);
    const std::uint64_t second = chunk[1].load(detail::memory_order_relaxed);
    if (!slots[0].seq.still_holds(0)) {
      reached("overwritten while it was read");
      return;
    }
    check(first == 7 && second == 7, "a torn payload");
    reached("read");
  }

  TANGO_MODEL_THREADS(EvictedSlot, {"writer", &EvictedSlot::write}, {"reader", &EvictedSlot::read})
};

/// Credits: messages of plain memory, whose slots are used again once the consumer has said that it is done, which it
/// does before it waits and no sooner. Depth 2.
struct CreditProgram {
  static constexpr const char* kName = "credits, given back lazily";
  static constexpr const char* kBound = "depth 2, 5 messages; given back before the consumer waits";
  static constexpr const char* kMustReach[] = {"1 given back", "2 given back at once"};
  static constexpr std::uint64_t kExecutions = 16;  // as the prototype
  static constexpr std::uint64_t kMessages = 5;

  detail::SharedWord numbers[2];
  detail::SharedWord position;
  Note payload[2];

  CreditProgram() {
    declare_name(numbers, "numbers");
    declare_name(position, "position");
    declare_name(payload, "payload");
  }

  void produce() {
    std::uint64_t limit = 2;
    for (std::uint64_t s = 0; s != kMessages; ++s) {
      if (s == limit) {
        until([&] {
          limit = position.load(detail::memory_order_acquire) + 2;
          return s != limit;
        });
      }
      payload[s % 2].write(s + 7);
      numbers[s % 2].store(s + 1, detail::memory_order_release);
    }
  }
  void take() {
    std::uint64_t given_back = 0;
    for (std::uint64_t s = 0; s != kMessages; ++s) {
      until([&] {
        if (numbers[s % 2].load(detail::memory_order_acquire) == s + 1) {
          return true;
        }
        if (given_back != s) {
          reached(s - given_back == 2 ? "2 given back at once" : "1 given back");
          position.store(s, detail::memory_order_release);
          given_back = s;
        }
        return false;
      });
      check(payload[s % 2].read() == s + 7, "a wrong payload");
    }
  }
  TANGO_MODEL_THREADS(CreditProgram, {"producer", &CreditProgram::produce}, {"consumer", &CreditProgram::take})
};

/// The ring of metadata by itself.
struct Ring {
  static constexpr const char* kName = "ring of metadata: publish and try_read";
  static constexpr const char* kBound = "depth 2, 3 publishes, 1 read";
  static constexpr const char* kMustReach[] = {"ok", "not ready", "overrun"};

  MCache<2> mcache{kStart};

  static FragmentMetadata metadata_of(Seq seq) {
    return {.seq = seq, .sig = word_of(seq), .chunk = 3, .size = static_cast<std::uint32_t>(word_of(seq)), .ts = 7};
  }

  void write() {
    for (Seq s = kStart; s != kStart + 3; ++s) {
      check(mcache.publish(metadata_of(s)) == s, "a wrong number");
    }
  }
  void read() {
    const ReadResult result = mcache.try_read(kStart);
    switch (result.status) {
      case ReadStatus::Ok:
        check(result.metadata == metadata_of(kStart), "torn metadata");
        reached("ok");
        break;
      case ReadStatus::NotReady:
        reached("not ready");
        break;
      case ReadStatus::Overrun:
        reached("overrun");
        break;
    }
  }
  TANGO_MODEL_THREADS(Ring, {"writer", &Ring::write}, {"reader", &Ring::read})
};

/// Who sees a position sees everything before it: what was published, and what the publisher did before.
struct RingPosition {
  static constexpr const char* kName = "ring of metadata: its position, and waiting";
  static constexpr const char* kBound = "depth 2, 2 publishes, 1 look";
  static constexpr const char* kMustReach[] = {"0", "1", "2"};

  MCache<2> mcache{kStart};
  Note note;

  void write() {
    note.write(7);
    static_cast<void>(mcache.publish({.sig = 1}));
    static_cast<void>(mcache.publish({.sig = 1}));
  }
  void read() {
    const Seq position = mcache.position();
    if (position != kStart) {
      check(note.read() == 7, "what was done before is not visible");
      check(mcache.try_read(position - 1).status == ReadStatus::Ok, "before the position and not ready");
    }
    reached(std::to_string(position - kStart));
  }
  TANGO_MODEL_THREADS(RingPosition, {"writer", &RingPosition::write}, {"reader", &RingPosition::read})
};

/// A ring that is closed has everything in it, and whoever waits for more is told.
struct RingWait {
  static constexpr const char* kName = "ring of metadata: waiting until it is closed";
  static constexpr const char* kBound = "depth 2, 1 publish, 2 waits";
  static constexpr const char* kMustReach[] = {"closed"};

  MCache<2> mcache{kStart};

  void write() {
    static_cast<void>(mcache.publish({.sig = 1}));
    mcache.stop();
  }
  void read() {
    check(mcache.wait(kStart, Pause{}).status == ReadStatus::Ok, "what was published before the stop is not there");
    check(mcache.wait(kStart + 1, Pause{}).status == ReadStatus::NotReady, "a message that nobody published");
    reached("closed");
  }
  TANGO_MODEL_THREADS(RingWait, {"writer", &RingWait::write}, {"reader", &RingWait::read})
};

}  // namespace

void add_slot_models(std::vector<Program>& to) {
  to.push_back(program_of<SmallSlot>());
  to.push_back(program_of<LargeSlot>());
  to.push_back(program_of<TwoSlots>());
  to.push_back(program_of<EvictedSlot>());
  to.push_back(program_of<CreditProgram>());
  to.push_back(program_of<Ring>());
  to.push_back(program_of<RingPosition>());
  to.push_back(program_of<RingWait>());
}

}  // namespace tango::model
