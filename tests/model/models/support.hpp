// SPDX-License-Identifier: Apache-2.0
// What the models share: channels that start right before the wrap of the numbers, payloads that name their message,
// and how threads look at what they got. What a thread reads from a payload goes through the seam, so that a race is
// seen.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../engine.hpp"
// The seam stands: the library's own headers from here on.
#include <tango/tango.hpp>

namespace tango::model {

/// The models of each file.
void add_slot_models(std::vector<Program>& to);
void add_lossy_models(std::vector<Program>& to);
void add_reliable_models(std::vector<Program>& to);
void add_membership_models(std::vector<Program>& to);
void add_recovery_models(std::vector<Program>& to);
void add_object_models(std::vector<Program>& to);
void add_view_models(std::vector<Program>& to);
void add_layout_models(std::vector<Program>& to);

/// The threads of a model: `{name, function}` each.
#define TANGO_MODEL_THREADS(State, ...) \
  static auto threads() { return std::vector<ThreadOf<State>>{__VA_ARGS__}; }

/// Numbers wrap within the first few messages.
inline constexpr Seq kStart = ~Seq{0} - 1;

/// Word `i` of the payload of message `seq`; never 0, which fresh memory holds.
[[nodiscard]] constexpr std::uint64_t word_of(Seq seq, std::size_t i = 0) noexcept {
  return (seq - kStart + 1) * 16 + i;
}

/// A payload of `BYTES` bytes that no other message has.
template <std::size_t BYTES>
class Payload {
 public:
  explicit Payload(Seq seq) noexcept {
    for (std::size_t i = 0; i != std::size(words_); ++i) {
      words_[i] = word_of(seq, i);
    }
  }
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept {
    return std::as_bytes(std::span{words_}).first(BYTES);
  }

 private:
  std::uint64_t words_[(BYTES + 7) / 8];
};

/// Fails unless `payload` is the first bytes of message `seq`'s.
inline void check_payload(Seq seq, std::span<const std::byte> payload, const char* text = "a wrong payload") {
  std::byte copy[256];
  check(payload.size() <= sizeof copy, "a wrong size");
  detail::copy_bytes(copy, payload.data(), payload.size());
  const Payload<sizeof copy> expected{seq};
  check(__builtin_memcmp(copy, expected.bytes().data(), payload.size()) == 0, text);
}

/// Shared plain memory of a model's own: whoever may touch it is told by the words under test.
struct Note {
  std::uint64_t value = 0;
  void write(std::uint64_t to) noexcept { detail::copy_bytes(&value, &to, sizeof to); }
  [[nodiscard]] std::uint64_t read() const noexcept {
    std::uint64_t copy;
    detail::copy_bytes(&copy, &value, sizeof copy);
    return copy;
  }
};

/// An Fctl and its first places, by name.
inline void declare_name_of(Fctl& fctl) {
  auto& flow = detail::inside(fctl);
  declare_name(fctl, "fctl");
  declare_name(flow.membership, "fctl.membership");
  declare_name(flow.members.members, "members");
  declare_name(flow.members.abandoned, "abandoned");
  static constexpr const char* kClaims[] = {"place0.claim", "place1.claim", "place2.claim"};
  static constexpr const char* kPositions[] = {"place0.position", "place1.position", "place2.position"};
  for (std::size_t i = 0; i != std::size(kClaims); ++i) {
    declare_name(flow.places[i].claim, kClaims[i]);
    declare_name(flow.places[i].position, kPositions[i]);
  }
}

/// The components of a channel.
template <std::size_t DEPTH, std::size_t CHUNKS, class Bytes>
struct Parts {
  static constexpr bool kPlain = std::is_same_v<Bytes, Plain>;
  using Cache = DCache<CHUNKS, 64, Bytes>;
  using LossyProducer = Producer<DEPTH, Cache, NoFlowControl, NoMetrics>;
  using FlowProducer = Producer<DEPTH, Cache, Fctl, NoMetrics>;
  using Observer = Consumer<DEPTH, Cache, NoFlowControl, NoMetrics>;
  using Reliable = Consumer<DEPTH, Cache, Fctl, NoMetrics>;

  /// `exclusive`: where everyone is reliable, a slot belongs to one side at a time, all but its number.
  explicit Parts(Seq start = kStart, std::uint64_t credits = DEPTH, bool exclusive = kPlain)
      : mcache{start}, fseq{start}, fctl{credits} {
    detail::RingControl& control = detail::inside(mcache).control;
    declare_name(mcache, "control");
    declare_name(control.generation, "generation");
    declare_name(control.running, "running");
    declare_name(control.kind, "kind");
    declare_name(control.claim, "claim");
    declare_name(control.closed_at, "closed_at");
    declare_name(control.position, "position");
    declare_name(control.oldest, "oldest");
    declare_name(control.limit, "limit");
    declare_name(dcache, "dcache");
    declare_name(detail::inside(dcache).membership, "dcache.membership");
    declare_name(fseq, "fseq");
    declare_name(detail::inside(fseq).membership, "fseq.membership");
    declare_name_of(fctl);
    static constexpr const char* kSlots[] = {"slot0", "slot1", "slot2", "slot3"};
    static constexpr const char* kSeqs[] = {"slot0.seq", "slot1.seq", "slot2.seq", "slot3.seq"};
    for (std::size_t i = 0; i != DEPTH; ++i) {
      declare_name(detail::inside(mcache).slot(i), kSlots[i]);
      declare_name(detail::inside(mcache).slot(i).seq, kSeqs[i]);
      if (exclusive) {
        auto& slot = detail::inside(mcache).slot(i);
        declare_exclusive(&slot, sizeof slot - sizeof slot.seq);
      }
    }
  }

  MCache<DEPTH> mcache;
  DCache<CHUNKS, 64, Bytes> dcache;
  Fseq fseq;
  Fctl fctl;
};

/// Publishes message number `next_seq` of `BYTES` bytes; its sig is its first word.
template <std::size_t BYTES, class P>
Status publish(P& producer) {
  const Seq seq = producer.next_seq();
  return producer.publish(Payload<BYTES>{seq}.bytes(), {.sig = word_of(seq)});
}

/// Tries until `attempt` answers true; "had to wait" if that is not the first time. Without that outcome a model of who
/// waits for whom shows nothing.
template <class F>
void until_room(F attempt) {
  if (!attempt()) {
    reached("had to wait");
    until(attempt);
  }
}

/// Publishes `count` messages, each as soon as there is room.
template <std::size_t BYTES, class P>
void publish_all(P& producer, std::size_t count) {
  for (std::size_t i = 0; i != count; ++i) {
    until_room([&producer] { return publish<BYTES>(producer).ok(); });
  }
}

/// Waits until a look is not `Empty`, and hands the outcome to `use`.
template <class C, class Use>
void next(C& consumer, Use use) {
  until([&] {
    auto outcome = consumer.poll();
    if (outcome.status() == PollStatus::Empty) {
      return false;
    }
    use(outcome);
    return true;
  });
}

/// Reads `count` messages, which a reliable consumer gets all and in order.
template <class C>
void consume(C& consumer, std::size_t count) {
  for (std::size_t i = 0; i != count; ++i) {
    next(consumer, [&](auto& outcome) {
      check(outcome.status() == PollStatus::Fragment, "a reliable consumer was given no fragment");
      check(outcome->sig() == word_of(outcome->seq()), "a wrong sig");
      check_payload(outcome->seq(), outcome->payload());
    });
  }
}

/// A consumer that has just joined polls once: it gets the first message that it was promised.
template <class Reliable>
void look_once(Reliable& joiner) {
  auto outcome = joiner.poll();
  check(outcome.status() == PollStatus::Fragment || outcome.status() == PollStatus::Empty, "overrun");
  if (outcome) {
    check(outcome->seq() == joiner.first(), "a wrong number");
    check_payload(joiner.first(), outcome->payload());
  }
  reached(outcome ? "read" : "empty");
}

/// Copies what a consumer that may be overrun was given, and checks it if it is said to be good.
template <class Outcome>
void copy_and_check(Outcome& outcome, Seq seq) {
  std::byte copy[256];
  check(outcome->seq() == seq, "a wrong number");
  check(outcome->sig() == word_of(seq), "a wrong sig");
  if (outcome->copy_to(copy).ok()) {
    const Payload<sizeof copy> expected{seq};
    check(__builtin_memcmp(copy, expected.bytes().data(), outcome->size()) == 0, "a wrong payload was copied");
    reached("read");
  } else {
    reached("overwritten while it was read");
  }
}

}  // namespace tango::model
