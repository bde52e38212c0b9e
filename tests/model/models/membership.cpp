// SPDX-License-Identifier: Apache-2.0
// Coming and going while the channel runs: consumers join and leave, producers follow each other, somebody stops it.
#include "support.hpp"

namespace tango::model {

namespace {

using Small = Parts<2, 2, Plain>;
using SmallWords = Parts<2, 2, Words>;

/// The last consumer leaves in good order: the producer publishes what its credits allow from there, and then waits;
/// the next consumer goes on where that one left.
struct Leaving : Small {
  static constexpr const char* kName = "the last reliable consumer leaves";
  static constexpr const char* kBound =
      "depth 2, 3 messages of 40 bytes, one consumed; then 1 attempt, and a successor";
  static constexpr const char* kMustReach[] = {"had to wait", "went on"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  std::optional<Reliable> consumer{std::in_place, mcache, dcache, fctl, kStart};

  void produce() { publish_all<40>(producer, 3); }
  void take() {
    consume(*consumer, 1);
    consumer.reset();
  }
  void after() {
    check(!publish<40>(producer).ok(), "what the last consumer had not read is overwritten");
    Reliable next{mcache, dcache, fctl, From::Oldest};
    check(next.first() == kStart + 1, "it does not go on where the last one left");
    consume(next, 2);
    reached("went on");
  }
  TANGO_MODEL_THREADS(Leaving, {"producer", &Leaving::produce}, {"consumer", &Leaving::take})
};

/// The last consumer resigns: the producer waits for nobody, and the last read happens before what is written over it.
struct Resigning : Small {
  static constexpr const char* kName = "the last reliable consumer resigns";
  static constexpr const char* kBound = "depth 2, 4 messages of 40 bytes, one consumed";
  static constexpr const char* kMustReach[] = {"goes on"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  Reliable consumer{mcache, dcache, fctl, kStart};

  void produce() {
    publish_all<40>(producer, 4);
    reached("goes on");
  }
  void take() {
    consume(consumer, 1);
    consumer.resign();
  }
  TANGO_MODEL_THREADS(Resigning, {"producer", &Resigning::produce}, {"consumer", &Resigning::take})
};

/// Two consumers leave at the same time: one of them at least is kept, whatever each sees of the other.
struct TwoLeaving : Small {
  static constexpr const char* kName = "two reliable consumers leave at the same time";
  static constexpr const char* kBound = "depth 2, 2 messages of 8 bytes before, 1 and 2 consumed; then 3 attempts";
  static constexpr const char* kMustReach[] = {"goes on at 1", "goes on at 2"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  std::optional<Reliable> one{std::in_place, mcache, dcache, fctl, kStart};
  std::optional<Reliable> two{std::in_place, mcache, dcache, fctl, kStart};

  TwoLeaving() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
    consume(*one, 1);
    consume(*two, 2);
  }
  void leave_one() { one.reset(); }
  void leave_two() { two.reset(); }
  void after() {
    std::size_t accepted = 0;
    for (int i = 0; i != 3; ++i) {
      accepted += publish<8>(producer).ok();
    }
    Reliable next{mcache, dcache, fctl, From::Oldest};
    const Seq left = next.first() - kStart;
    check(left == 1 || left == 2, "neither position is kept");
    check(accepted == left, "the producer does not wait for what is kept");
    consume(next, 2);
    reached("goes on at " + std::to_string(left));
  }
  TANGO_MODEL_THREADS(TwoLeaving, {"one", &TwoLeaving::leave_one}, {"two", &TwoLeaving::leave_two})
};

/// A consumer joins without a number while the last one leaves, and the producer goes on: it skips nothing that the
/// last one had not read, and what it gets is protected.
struct Handover : Small {
  static constexpr const char* kName = "a reliable consumer joins while the last one leaves";
  static constexpr const char* kBound = "depth 2, 2 messages of 8 bytes before, 1 consumed; 2 attempts more";
  static constexpr const char* kMustReach[] = {"first 0", "first 1", "read", "published 1"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  std::optional<Reliable> leaver{std::in_place, mcache, dcache, fctl, kStart};
  std::optional<Reliable> joiner;

  Handover() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
    consume(*leaver, 1);
  }
  void produce() {
    std::size_t accepted = 0;
    for (int i = 0; i != 2; ++i) {
      accepted += publish<8>(producer).ok();
    }
    reached("published " + std::to_string(accepted));
  }
  void leave() { leaver.reset(); }
  void join() {
    joiner.emplace(mcache, dcache, fctl, From::Oldest);
    check(joiner->status().ok(), "refused");
    check(seq_le(joiner->first(), kStart + 1), "what the last one had not read is skipped");
    reached("first " + std::to_string(joiner->first() - kStart));
    look_once(*joiner);
  }
  TANGO_MODEL_THREADS(Handover, {"producer", &Handover::produce}, {"leaver", &Handover::leave},
                      {"joiner", &Handover::join})
};

/// The same where an earlier consumer has resigned, so that a place which does not count would let the producer go on.
struct HandoverAfterResigning : Small {
  static constexpr const char* kName = "a reliable consumer goes on where one left, after an earlier one resigned";
  static constexpr const char* kBound = "depth 2, 3 messages of 8 bytes before; 2 attempts more";
  static constexpr const char* kMustReach[] = {"read", "published 1", "published 2"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  std::optional<Reliable> joiner;

  HandoverAfterResigning() {
    Reliable first{mcache, dcache, fctl, kStart};
    static_cast<void>(publish<8>(producer));
    consume(first, 1);
    first.resign();
    Reliable second{mcache, dcache, fctl, From::Next};
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
    consume(second, 1);
  }
  void produce() {
    std::size_t accepted = 0;
    for (int i = 0; i != 2; ++i) {
      accepted += publish<8>(producer).ok();
    }
    reached("published " + std::to_string(accepted));
  }
  void join() {
    joiner.emplace(mcache, dcache, fctl, From::Oldest);
    check(joiner->status().ok(), "refused");
    check(joiner->first() == kStart + 2, "it does not go on where the last one left");
    look_once(*joiner);
  }
  TANGO_MODEL_THREADS(HandoverAfterResigning, {"producer", &HandoverAfterResigning::produce},
                      {"joiner", &HandoverAfterResigning::join})
};

/// The same while the last one resigns: a joiner is not overlooked.
struct JoiningMeanwhileResigned : Small {
  static constexpr const char* kName = "a reliable consumer joins while the last one resigns";
  static constexpr const char* kBound = "depth 2, 2 messages of 8 bytes before, 1 consumed; 2 attempts more";
  static constexpr const char* kMustReach[] = {"read", "published 1", "published 2"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  Reliable leaver{mcache, dcache, fctl, kStart};
  std::optional<Reliable> joiner;

  JoiningMeanwhileResigned() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
    consume(leaver, 1);
  }
  void produce() {
    std::size_t accepted = 0;
    for (int i = 0; i != 2; ++i) {
      accepted += publish<8>(producer).ok();
    }
    reached("published " + std::to_string(accepted));
  }
  void resign() { leaver.resign(); }
  void join() {
    joiner.emplace(mcache, dcache, fctl, From::Oldest);
    check(joiner->status().ok(), "refused");
    look_once(*joiner);
  }
  TANGO_MODEL_THREADS(JoiningMeanwhileResigned, {"producer", &JoiningMeanwhileResigned::produce},
                      {"leaver", &JoiningMeanwhileResigned::resign}, {"joiner", &JoiningMeanwhileResigned::join})
};

/// Two consumers leave in turn while the producer looks for credits. It may still see the first one, which was further
/// ahead, or not yet the second one, and announce more than it uses. The next consumer nevertheless continues where the
/// last one left.
template <bool Joins>
struct LeavingInTurn : Small {
  static constexpr const char* kName =
      Joins ? "the next consumer continues where the last of two left, which had just joined"
            : "the next consumer continues where the last of two left";
  static constexpr const char* kBound =
      "depth 2, 2 messages of 8 bytes before, 1 consumed 2, the other none; 1 attempt";
  static constexpr const char* kMustReach[] = {"read"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  std::optional<Reliable> fast{std::in_place, mcache, dcache, fctl, kStart};
  std::optional<Reliable> slow;
  std::optional<Reliable> next;

  LeavingInTurn() {
    if (!Joins) {
      slow.emplace(mcache, dcache, fctl, kStart);
    }
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
    consume(*fast, 2);
    fast->release();
  }
  void produce() { static_cast<void>(publish<8>(producer)); }
  void leave() {
    if (Joins) {
      slow.emplace(mcache, dcache, fctl, kStart);
    }
    const Seq first = slow->first();
    fast.reset();
    slow.reset();
    next.emplace(mcache, dcache, fctl, From::Oldest);
    check(next->status().ok(), "refused");
    check(next->first() == first, "what the last one had not read is skipped");
    look_once(*next);
  }
  TANGO_MODEL_THREADS(LeavingInTurn, {"producer", &LeavingInTurn::produce}, {"consumers", &LeavingInTurn::leave})
};

/// A consumer left while another one was active, and its place is still kept. The producer drops it, or the next
/// consumer continues there, whichever comes first.
struct DroppedOrContinued : Small {
  static constexpr const char* kName = "a kept place is dropped, or the next consumer continues there";
  static constexpr const char* kBound =
      "depth 2, 2 messages of 8 bytes before; 1 active consumer has read both; 2 attempts";
  static constexpr const char* kMustReach[] = {"read", "empty", "published 0", "published 2", "continued", "dropped"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  std::optional<Reliable> left{std::in_place, mcache, dcache, fctl, kStart};
  Reliable active{mcache, dcache, fctl, kStart};
  std::optional<Reliable> next;

  DroppedOrContinued() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
    left.reset();
    consume(active, 2);
    active.release();
  }
  void produce() {
    std::size_t accepted = 0;
    for (int i = 0; i != 2; ++i) {
      accepted += publish<8>(producer).ok();
    }
    reached("published " + std::to_string(accepted));
  }
  void join() {
    next.emplace(mcache, dcache, fctl, From::Oldest);
    check(next->status().ok(), "refused");
    reached(next->place() == 0 && next->first() == kStart ? "continued" : "dropped");
    look_once(*next);
  }
  void after() { check(mcache.position() - next->next_seq() <= 2, "the producer has passed a consumer that joined"); }
  TANGO_MODEL_THREADS(DroppedOrContinued, {"producer", &DroppedOrContinued::produce},
                      {"joiner", &DroppedOrContinued::join})
};

/// What was published waits for the first consumer, also while the producer looks for credits: a limit that is
/// announced without knowing where the first one stands would move that one past what is there.
struct FirstOfAll : Small {
  static constexpr const char* kName = "the first reliable consumer joins a full channel";
  static constexpr const char* kBound = "depth 2, 2 messages of 8 bytes before, 1 attempt more; 1 is consumed";
  static constexpr const char* kMustReach[] = {"refused", "published", "read"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  std::optional<Reliable> joiner;

  FirstOfAll() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
  }
  void produce() { reached(publish<8>(producer).ok() ? "published" : "refused"); }
  void join() {
    joiner.emplace(mcache, dcache, fctl, kStart);
    check(joiner->status().ok(), "refused");
    check(joiner->first() == kStart, "what waited for the first consumer is lost to it");
    consume(*joiner, 1);
    reached("read");
  }
  TANGO_MODEL_THREADS(FirstOfAll, {"producer", &FirstOfAll::produce}, {"joiner", &FirstOfAll::join})
};

/// While the producer publishes, somebody joins: from the number that it asked for, or from a later one; but what it
/// gets from there on is protected.
struct Joining : Small {
  static constexpr const char* kName = "a reliable consumer joins";
  static constexpr const char* kBound = "depth 2, 2 messages of 8 bytes consumed before, 2 attempts more";
  static constexpr const char* kMustReach[] = {"first 0", "first 2", "read"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  Reliable consumer{mcache, dcache, fctl, kStart};
  std::optional<Reliable> joiner;

  Joining() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
    static_cast<void>(consumer.poll());
    static_cast<void>(consumer.poll());
    consumer.release();
    static_cast<void>(consumer.poll());
  }
  void produce() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
  }
  void join() {
    joiner.emplace(mcache, dcache, fctl, kStart);
    check(joiner->status().ok(), "refused");
    reached("first " + std::to_string(joiner->first() - kStart));
    look_once(*joiner);
  }
  TANGO_MODEL_THREADS(Joining, {"producer", &Joining::produce}, {"joiner", &Joining::join})
};

/// The same while another consumer goes on: what that one gives back after the limit was announced does not count yet.
struct JoiningMeanwhile : Small {
  static constexpr const char* kName = "a reliable consumer joins while another goes on";
  static constexpr const char* kBound = "depth 2, 2 messages of 8 bytes before, 2 attempts more; the other consumes 2";
  static constexpr const char* kMustReach[] = {"first 0", "first 1", "first 2", "read"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  Reliable consumer{mcache, dcache, fctl, kStart};
  std::optional<Reliable> joiner;

  JoiningMeanwhile() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
  }
  void produce() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
  }
  void take() {
    consume(consumer, 2);
    consumer.release();
  }
  void join() {
    joiner.emplace(mcache, dcache, fctl, kStart);
    check(joiner->status().ok(), "refused");
    reached("first " + std::to_string(joiner->first() - kStart));
    look_once(*joiner);
  }
  TANGO_MODEL_THREADS(JoiningMeanwhile, {"producer", &JoiningMeanwhile::produce}, {"other", &JoiningMeanwhile::take},
                      {"joiner", &JoiningMeanwhile::join})
};

/// The place of a consumer that leaves or resigns is taken by the next one. The producer may see either, both, or the
/// state of one with the position of the other.
template <bool Resigns>
struct TakingAPlace : Small {
  static constexpr const char* kName = Resigns ? "a place changes hands after a resignation" : "a place changes hands";
  static constexpr const char* kBound = "depth 2, 2 messages of 8 bytes before, 1 attempt more; one leaves, one joins";
  static constexpr const char* kMustReach[] = {"the same place", "another place", "published"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  std::optional<Reliable> leaver{std::in_place, mcache, dcache, fctl, kStart};
  std::optional<Reliable> joiner;

  TakingAPlace() {
    static_cast<void>(publish<8>(producer));
    static_cast<void>(publish<8>(producer));
  }
  void produce() {
    if (publish<8>(producer).ok()) {
      reached("published");
    }
  }
  void leave() {
    consume(*leaver, 1);
    if (Resigns) {
      leaver->resign();
    }
    leaver.reset();
  }
  void join() {
    joiner.emplace(mcache, dcache, fctl, kStart + 1);
    check(joiner->status().ok(), "refused");
    look_once(*joiner);
  }
  void after() {
    const auto& places = detail::inside(fctl).places;
    const bool first = places[0].claim.holder().state == PlaceState::Active;
    reached(first ? "the same place" : "another place");
  }
  TANGO_MODEL_THREADS(TakingAPlace, {"producer", &TakingAPlace::produce}, {"leaver", &TakingAPlace::leave},
                      {"joiner", &TakingAPlace::join})
};

/// An Fctl that a consumer of one ring and the producer of another one are given at the same time: one of them is
/// refused.
struct Miswired {
  static constexpr const char* kName = "one Fctl for the endpoints of two rings";
  static constexpr const char* kBound = "1 consumer, 1 producer";
  static constexpr const char* kMustReach[] = {"the consumer is refused", "the producer is refused"};

  Small a;
  Small b;
  bool consumer_joined = false;
  bool producer_joined = false;

  void join_a() {
    Small::Reliable consumer{a.mcache, a.dcache, b.fctl, kStart};
    consumer_joined = consumer.status().ok();
    check(consumer_joined || consumer.status() == Error::ComponentMismatch, "a wrong cause");
  }
  void join_b() {
    Small::FlowProducer producer{b.mcache, b.dcache, b.fseq, b.fctl};
    producer_joined = producer.status().ok();
    check(producer_joined || producer.status() == Error::ComponentMismatch, "a wrong cause");
  }
  void after() {
    check(consumer_joined != producer_joined, "both or none have joined");
    reached(producer_joined ? "the consumer is refused" : "the producer is refused");
  }
  TANGO_MODEL_THREADS(Miswired, {"consumer", &Miswired::join_a}, {"producer", &Miswired::join_b})
};

/// A consumer that was there first finds its producer, and that the components fit.
struct ConsumerFirst : Small {
  static constexpr const char* kName = "a consumer is there before its producer";
  static constexpr const char* kBound = "depth 2, 1 message of 8 bytes";
  static constexpr const char* kMustReach[] = {"was there first", "came second"};

  std::optional<Reliable> consumer{std::in_place, mcache, dcache, fctl, kStart};
  std::optional<FlowProducer> producer;

  void produce() {
    producer.emplace(mcache, dcache, fseq, fctl);
    check(publish<8>(*producer).ok(), "refused");
  }
  void take() {
    reached(detail::inside(mcache).control.claim.holder().state == detail::RingHolder::Producer ? "came second"
                                                                                                : "was there first");
    consume(*consumer, 1);
  }
  TANGO_MODEL_THREADS(ConsumerFirst, {"producer", &ConsumerFirst::produce}, {"consumer", &ConsumerFirst::take})
};

/// A consumer that is made while a producer comes and goes is never told that the components do not fit.
struct ConsumerMeanwhile : SmallWords {
  static constexpr const char* kName = "a consumer is made while a producer comes and goes";
  static constexpr const char* kBound = "depth 2, 1 message of 8 bytes, 1 look";
  static constexpr const char* kMustReach[] = {"read", "nothing"};

  std::optional<LossyProducer> producer;
  std::optional<Observer> consumer;

  void produce() {
    producer.emplace(mcache, dcache, fseq);
    check(publish<8>(*producer).ok(), "refused");
    producer.reset();
  }
  void look() {
    consumer.emplace(mcache, dcache, kStart);
    check(consumer->status().ok(), "refused");
    auto outcome = consumer->poll();
    check(consumer->status().ok(), "refused later on");
    if (outcome) {
      copy_and_check(outcome, kStart);
    } else {
      reached("nothing");
    }
  }
  TANGO_MODEL_THREADS(ConsumerMeanwhile, {"producer", &ConsumerMeanwhile::produce},
                      {"consumer", &ConsumerMeanwhile::look})
};

/// A producer follows another: it goes on with the next number, and what the first did happens before. The
/// only message is none of those behind which a position is stored anyway.
struct Succession : Parts<4, 4, Plain> {
  static constexpr const char* kName = "a producer follows another";
  static constexpr const char* kBound = "depth 4, 1 message of 40 bytes each, 1 attempt to follow";
  static constexpr const char* kMustReach[] = {"followed", "refused"};

  std::optional<FlowProducer> first{std::in_place, mcache, dcache, fseq, fctl};
  std::optional<FlowProducer> second;
  Reliable consumer{mcache, dcache, fctl, kStart};
  Note note;

  void produce() {
    check(publish<40>(*first).ok(), "refused");
    note.write(7);
    first.reset();
  }
  void follow() {
    second.emplace(mcache, dcache, fseq, fctl);
    if (second->status().ok()) {
      check(note.read() == 7 && second->next_seq() == kStart + 1, "it does not know what was published");
      check(publish<40>(*second).ok(), "there is room");
      reached("followed");
    } else {
      check(second->status() == Error::SecondProducer, "a wrong cause");
      reached("refused");
    }
  }
  TANGO_MODEL_THREADS(Succession, {"first", &Succession::produce}, {"second", &Succession::follow})
};

/// Who follows knows of nothing that is consumed until it has looked.
struct FollowsFull : Small {
  static constexpr const char* kName = "a producer follows another on a full channel";
  static constexpr const char* kBound = "depth 2, 2 messages of 40 bytes before, 2 more by the successor";
  static constexpr const char* kMustReach[] = {"had to wait", "there was room"};

  std::optional<FlowProducer> first{std::in_place, mcache, dcache, fseq, fctl};
  std::optional<FlowProducer> second;
  Reliable consumer{mcache, dcache, fctl, kStart};

  FollowsFull() {
    static_cast<void>(publish<40>(*first));
    static_cast<void>(publish<40>(*first));
    first.reset();
  }
  void produce() {
    second.emplace(mcache, dcache, fseq, fctl);
    const bool at_once = publish<40>(*second).ok();
    reached(at_once ? "there was room" : "had to wait");
    publish_all<40>(*second, at_once ? 1 : 2);
  }
  void take() { consume(consumer, 4); }
  TANGO_MODEL_THREADS(FollowsFull, {"second", &FollowsFull::produce}, {"consumer", &FollowsFull::take})
};

/// Nor does it take back what its predecessor has announced, which whoever joins relies on.
struct FollowsWhileJoining : Small {
  static constexpr const char* kName = "a consumer joins while a producer follows another";
  static constexpr const char* kBound = "depth 2, 4 messages of 8 bytes before, 1 attempt more";
  static constexpr const char* kMustReach[] = {"first 2", "first 4", "read", "empty"};

  std::optional<FlowProducer> first{std::in_place, mcache, dcache, fseq, fctl};
  std::optional<FlowProducer> second;
  Reliable consumer{mcache, dcache, fctl, kStart};
  std::optional<Reliable> joiner;

  FollowsWhileJoining() {
    for (int i = 0; i != 2; ++i) {
      static_cast<void>(publish<8>(*first));
      static_cast<void>(publish<8>(*first));
      static_cast<void>(consumer.poll());
      static_cast<void>(consumer.poll());
      consumer.release();
    }
    first.reset();
  }
  void produce() {
    second.emplace(mcache, dcache, fseq, fctl);
    static_cast<void>(publish<8>(*second));
  }
  void join() {
    joiner.emplace(mcache, dcache, fctl, kStart + 1);
    check(joiner->status().ok(), "refused");
    reached("first " + std::to_string(joiner->first() - kStart));
    look_once(*joiner);
  }
  TANGO_MODEL_THREADS(FollowsWhileJoining, {"second", &FollowsWhileJoining::produce},
                      {"joiner", &FollowsWhileJoining::join})
};

/// A third party stops the channel: all that was published is delivered, then everyone is told.
struct StopAndDrain : Small {
  static constexpr const char* kName = "stop and drain, asked for by a third";
  static constexpr const char* kBound = "depth 2, 2 messages of 8 bytes, then the producer leaves";
  static constexpr const char* kMustReach[] = {"0 delivered", "1 delivered", "2 delivered"};

  std::optional<FlowProducer> producer{std::in_place, mcache, dcache, fseq, fctl};
  Reliable consumer{mcache, dcache, fctl, kStart};
  std::size_t published = 0;

  void produce() {
    for (int i = 0; i != 2; ++i) {
      published += publish<8>(*producer).ok();
    }
    producer.reset();
  }
  void stop() { mcache.stop(); }
  void take() {
    for (bool stopped = false; !stopped;) {
      next(consumer, [&](auto& outcome) {
        stopped = outcome.status() == PollStatus::Stopped;
        if (!stopped) {
          check_payload(outcome->seq(), outcome->payload());
        }
      });
    }
  }
  void after() {
    check(consumer.delivered() == published, "stopped before everything was delivered");
    reached(std::to_string(consumer.delivered()) + " delivered");
  }
  TANGO_MODEL_THREADS(StopAndDrain, {"producer", &StopAndDrain::produce}, {"consumer", &StopAndDrain::take},
                      {"third", &StopAndDrain::stop})
};

/// The producer closes the channel itself. Who is told sees all that it did before.
struct Closing : Small {
  static constexpr const char* kName = "the producer stops";
  static constexpr const char* kBound = "depth 2, 1 message of 8 bytes";
  static constexpr const char* kMustReach[] = {"told at once", "told later"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  Reliable consumer{mcache, dcache, fctl, kStart};
  Note note;

  void produce() {
    check(publish<8>(producer).ok(), "refused");
    note.write(7);
    check(producer.stop(), "not closed");
  }
  void take() {
    consume(consumer, 1);
    reached(mcache.closed() ? "told at once" : "told later");
    next(consumer, [this](auto& outcome) {
      check(outcome.status() == PollStatus::Stopped && note.read() == 7, "told before it was done");
    });
  }
  TANGO_MODEL_THREADS(Closing, {"producer", &Closing::produce}, {"consumer", &Closing::take})
};

/// The same for who only asks whether it is closed.
struct AskingWhetherClosed : Small {
  static constexpr const char* kName = "asking whether it is closed";
  static constexpr const char* kBound = "1 question";
  static constexpr const char* kMustReach[] = {"closed", "open"};

  FlowProducer producer{mcache, dcache, fseq, fctl};
  Note note;

  void produce() {
    note.write(7);
    static_cast<void>(producer.stop());
  }
  void ask() {
    const bool closed = mcache.closed();
    check(!closed || note.read() == 7, "told before it was done");
    reached(closed ? "closed" : "open");
  }
  TANGO_MODEL_THREADS(AskingWhetherClosed, {"producer", &AskingWhetherClosed::produce},
                      {"other", &AskingWhetherClosed::ask})
};

/// Somebody asks to stop while the producer leaves: one of them closes, at the right number, and one only.
struct StopWhileLeaving : SmallWords {
  static constexpr const char* kName = "a stop while the producer leaves";
  static constexpr const char* kBound = "depth 2, 1 message of 8 bytes, 1 stop";
  static constexpr const char* kMustReach[] = {"closed by the producer", "closed by the other", "published", "refused"};

  std::optional<LossyProducer> producer{std::in_place, mcache, dcache, fseq};

  void produce() {
    reached(publish<8>(*producer).ok() ? "published" : "refused");
    producer.reset();
    if (!mcache.closed()) {
      reached("closed by the other");
    }
  }
  void stop() {
    mcache.stop();
    if (!mcache.closed()) {
      reached("closed by the producer");
    }
  }
  void after() {
    check(mcache.closed(), "nobody has closed it");
    check(detail::inside(mcache).control.drained(mcache.position()), "closed at a wrong number");
  }
  TANGO_MODEL_THREADS(StopWhileLeaving, {"producer", &StopWhileLeaving::produce}, {"other", &StopWhileLeaving::stop})
};

/// Somebody asks to stop while a producer comes: it is refused, or it answers.
struct StopWhileComing : SmallWords {
  static constexpr const char* kName = "a stop while a producer comes";
  static constexpr const char* kBound = "depth 2, 1 attempt to publish, 1 stop";
  static constexpr const char* kMustReach[] = {"came", "refused"};

  std::optional<LossyProducer> producer;

  void produce() {
    producer.emplace(mcache, dcache, fseq);
    check(producer->status().ok() || producer->status() == Error::Stopped, "a wrong cause");
    reached(producer->status().ok() ? "came" : "refused");
    static_cast<void>(publish<8>(*producer));
    producer.reset();
  }
  void stop() { mcache.stop(); }
  void after() {
    check(mcache.closed(), "nobody has closed it");
    check(detail::inside(mcache).control.drained(mcache.position()), "closed at a wrong number");
  }
  TANGO_MODEL_THREADS(StopWhileComing, {"producer", &StopWhileComing::produce}, {"other", &StopWhileComing::stop})
};

/// A producer comes while another one leaves and a stop is requested: it is never told of a second producer where it
/// has seen that there is none.
struct ComingBehindACloser : SmallWords {
  static constexpr const char* kName = "a producer comes while a stopped one leaves";
  static constexpr const char* kBound = "1 producer that leaves, 1 stop, 1 producer that comes";
  static constexpr const char* kMustReach[] = {"came", "refused"};

  std::optional<LossyProducer> leaver{std::in_place, mcache, dcache, fseq};
  std::optional<LossyProducer> comer;

  void leave() { leaver.reset(); }
  void stop() { mcache.stop(); }
  void come() {
    until([this] { return detail::inside(mcache).control.claim.holder().state != detail::RingHolder::Producer; });
    comer.emplace(mcache, dcache, fseq);
    check(comer->status().ok() || comer->status() == Error::Stopped, "a wrong cause");
    reached(comer->status().ok() ? "came" : "refused");
    comer.reset();
  }
  void after() { check(mcache.closed(), "nobody has closed it"); }
  TANGO_MODEL_THREADS(ComingBehindACloser, {"leaver", &ComingBehindACloser::leave},
                      {"other", &ComingBehindACloser::stop}, {"comer", &ComingBehindACloser::come})
};

}  // namespace

void add_membership_models(std::vector<Program>& to) {
  to.push_back(program_of<Leaving>());
  to.push_back(program_of<FirstOfAll>());
  to.push_back(program_of<Joining>());
  to.push_back(program_of<JoiningMeanwhile>());
  to.push_back(program_of<TakingAPlace<false>>());
  to.push_back(program_of<TakingAPlace<true>>());
  to.push_back(program_of<Resigning>());
  to.push_back(program_of<TwoLeaving>());
  to.push_back(program_of<Handover>());
  to.push_back(program_of<LeavingInTurn<false>>());
  to.push_back(program_of<LeavingInTurn<true>>());
  to.push_back(program_of<DroppedOrContinued>());
  to.push_back(program_of<JoiningMeanwhileResigned>());
  to.push_back(program_of<HandoverAfterResigning>());
  to.push_back(program_of<Miswired>());
  to.push_back(program_of<ComingBehindACloser>());
  to.push_back(program_of<ConsumerFirst>());
  to.push_back(program_of<ConsumerMeanwhile>());
  to.push_back(program_of<Succession>());
  to.push_back(program_of<FollowsFull>());
  to.push_back(program_of<FollowsWhileJoining>());
  to.push_back(program_of<StopAndDrain>());
  to.push_back(program_of<Closing>());
  to.push_back(program_of<AskingWhetherClosed>());
  to.push_back(program_of<StopWhileLeaving>());
  to.push_back(program_of<StopWhileComing>());
}

}  // namespace tango::model
