// SPDX-License-Identifier: Apache-2.0
// Slots of other layouts than the default one: channels without chunks, of words and of plain bytes, with metadata and
// without. The steps are those of slot.hpp; what a reader validates differs.
#include "support.hpp"

namespace tango::model {

namespace {

struct Two {
  std::uint64_t words[2];

  [[nodiscard]] static Two of(Seq seq) { return {{word_of(seq, 0), word_of(seq, 1)}}; }
  void check_is(Seq seq) const { check(words[0] == word_of(seq, 0) && words[1] == word_of(seq, 1), "a torn value"); }
};

/// A channel as a builder makes it, and its endpoints, made before the threads start.
template <class Builder>
struct Built {
  using Channel = typename Builder::Channel;
  static constexpr auto kDepth = Channel::depth();

  Built() {
    detail::RingControl& control = detail::inside(channel.mcache()).control;
    declare_name(control.position, "position");
    declare_name(control.oldest, "oldest");
    declare_name(control.limit, "limit");
    static constexpr const char* kSlots[] = {"slot0", "slot1"};
    for (std::size_t i = 0; i != kDepth; ++i) {
      declare_name(detail::inside(channel.mcache()).slot(i), kSlots[i]);
    }
  }

  Channel channel = Builder{}.starting_at(kStart).build();
  typename Channel::Producer producer = channel.producer();
  typename Channel::Consumer consumer = channel.consumer(From::Start);

  void publish_all(int count) {
    for (int i = 0; i != count; ++i) {
      until_room([this] { return producer.publish(Two::of(producer.next_seq())).ok(); });
    }
  }
};

/// One look of a consumer that may be overrun.
template <class Consumer>
void look_at_value(Consumer& consumer) {
  const Seq before = consumer.next_seq();
  auto outcome = consumer.poll();
  if (!outcome) {
    check(outcome.status() == PollStatus::Empty || outcome.status() == PollStatus::Overrun, "a wrong outcome");
    check(outcome.lost() == consumer.next_seq() - before, "a wrong count of losses");
    reached(outcome.status() == PollStatus::Empty ? "empty" : "overrun");
    return;
  }
  const Seq seq = outcome->seq();
  const auto value = outcome->value();
  if (value) {
    value->check_is(seq);
  }
  reached(value ? "read" : "overwritten while it was read");
}

/// A reliable consumer takes `count` messages, in place.
template <class Consumer>
void take_all(Consumer& consumer, int count) {
  for (int i = 0; i != count; ++i) {
    next(consumer, [](auto& outcome) {
      check(outcome.status() == PollStatus::Fragment, "a reliable consumer was given no fragment");
      check_payload(outcome->seq(), outcome->payload());
    });
  }
}

using Slots = decltype(ChannelBuilder<2>{}.of<Two>());
using BareSlots = decltype(Slots{}.without_metadata());

template <class Builder>
struct LossySlots : Built<Builder> {
  static constexpr const char* kMustReach[] = {"read", "overwritten while it was read", "empty", "overrun"};

  void produce() { this->publish_all(3); }
  void look() { look_at_value(this->consumer); }
};
struct LossyDescribed : LossySlots<Slots> {
  static constexpr const char* kName = "lossy, no chunks";
  static constexpr const char* kBound = "depth 2, 3 messages of 16 bytes in their slots, 1 look";
  TANGO_MODEL_THREADS(LossyDescribed, {"producer", &LossyDescribed::produce}, {"consumer", &LossyDescribed::look})
};
struct LossyBare : LossySlots<BareSlots> {
  static constexpr const char* kName = "lossy, no metadata";
  static constexpr const char* kBound = "depth 2, 3 messages of 16 bytes in their slots, 2 looks";
  void look_twice() {
    look();
    look();
  }
  TANGO_MODEL_THREADS(LossyBare, {"producer", &LossyBare::produce}, {"consumer", &LossyBare::look_twice})
};

template <class Builder>
struct ReliableSlots : Built<Builder> {
  static constexpr const char* kMustReach[] = {"had to wait"};

  void produce() { this->publish_all(4); }
  void take() { take_all(this->consumer, 4); }
  void after() { check(this->consumer.delivered() == 4, "not all were delivered"); }
};
struct ReliableDescribed : ReliableSlots<decltype(Slots{}.with_flow_control<1>())> {
  static constexpr const char* kName = "reliable, no chunks";
  static constexpr const char* kBound = "depth 2, 4 messages of 16 plain bytes in their slots";
  TANGO_MODEL_THREADS(ReliableDescribed, {"producer", &ReliableDescribed::produce},
                      {"consumer", &ReliableDescribed::take})
};
struct ReliableBare : ReliableSlots<decltype(BareSlots{}.with_flow_control<1>())> {
  static constexpr const char* kName = "reliable, no metadata";
  static constexpr const char* kBound = "depth 2, 4 messages of 16 plain bytes in their slots";
  TANGO_MODEL_THREADS(ReliableBare, {"producer", &ReliableBare::produce}, {"consumer", &ReliableBare::take})
};

/// Written in place, in the slot.
struct ReliableInPlace : Built<decltype(ChannelBuilder<2>{}.with_bytes_in_slot<16>().with_flow_control<1>())> {
  static constexpr const char* kName = "reliable, written in place in the slot";
  static constexpr const char* kBound = "depth 2, 3 commits of 16 plain bytes, the first after a drop";
  static constexpr const char* kMustReach[] = {"had to wait"};

  void produce() {
    for (int i = 0; i != 3; ++i) {
      until_room([this, i] {
        if (i == 0) {
          auto dropped = producer.reserve(16);
          detail::copy_bytes(dropped.span().data(), Payload<16>{kStart + 7}.bytes().data(), 16);
        }
        auto room = producer.reserve(16);
        if (!room) {
          return false;
        }
        detail::copy_bytes(room.span().data(), Payload<16>{producer.next_seq()}.bytes().data(), 16);
        return room.commit().ok();
      });
    }
  }
  void take() { take_all(consumer, 3); }
  TANGO_MODEL_THREADS(ReliableInPlace, {"producer", &ReliableInPlace::produce}, {"consumer", &ReliableInPlace::take})
};

struct ObservedBare : Built<decltype(BareSlots{}.with_flow_control<1>().with_observers())> {
  static constexpr const char* kName = "observed, no metadata";
  static constexpr const char* kBound = "depth 2, 3 messages of 16 bytes in their slots, 1 look of an observer";
  static constexpr const char* kMustReach[] = {"read", "overwritten while it was read", "empty", "overrun",
                                               "had to wait"};
  typename Channel::Observer observer = channel.observer(From::Start);

  void produce() { publish_all(3); }
  void take() { take_all(consumer, 3); }
  void look() { look_at_value(observer); }
  TANGO_MODEL_THREADS(ObservedBare, {"producer", &ObservedBare::produce}, {"consumer", &ObservedBare::take},
                      {"observer", &ObservedBare::look})
};

}  // namespace

void add_layout_models(std::vector<Program>& to) {
  to.push_back(program_of<LossyDescribed>());
  to.push_back(program_of<LossyBare>());
  to.push_back(program_of<ReliableDescribed>());
  to.push_back(program_of<ReliableBare>());
  to.push_back(program_of<ReliableInPlace>());
  to.push_back(program_of<ObservedBare>());
}

}  // namespace tango::model
