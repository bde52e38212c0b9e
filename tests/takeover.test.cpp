// SPDX-License-Identifier: Apache-2.0
// Endpoints that vanish: a producer or a reliable consumer is abandoned in front of each of its accesses to shared
// memory in turn, a successor takes over, and every byte and number is compared afterwards. (Weaker orders than
// sequential consistency are a matter for the model checker: tests/model/models/recovery.cpp.)
#define TANGO_SEAM_HEADER "stepping_seam.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "support/abandon.hpp"
#include "support/channel.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

/// What a producer does when it vanishes.
enum class Act { Inline, OneChunk, SeveralChunks, ShortCommit, Dropped, Batch, Packed, Stop, Leave };

constexpr Act kActs[] = {Act::Inline, Act::OneChunk, Act::SeveralChunks, Act::ShortCommit, Act::Dropped,
                         Act::Batch,  Act::Packed,   Act::Stop,          Act::Leave};

// Under a sanitizer, a part of the combinations: each of them is slow there.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TANGO_TEST_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TANGO_TEST_SANITIZED
#endif
#endif
#if defined(TANGO_TEST_SANITIZED)
constexpr Seq kStride = 5;
#else
constexpr Seq kStride = 1;
#endif

/// Sizes that differ from number to number: in the slot, in one chunk, in several.
std::size_t size_of(Seq seq) { return std::array<std::size_t, 6>{20, 64, 128, 0, 100, 33}[seq % 6]; }

/// A channel with its producer, which may vanish, and a reader.
template <class Wire>
struct Scene {
  using P = decltype(std::declval<Wire&>().producer());
  using C = decltype(std::declval<Wire&>().consumer(0));

  explicit Scene(Seq start) : wire{start}, reader{wire.consumer(start)} { victim.emplace(wire.producer()); }

  /// Publishes message number `next_seq`, if there is room. Its bytes follow from its number.
  template <class Producer>
  static bool publish(Producer& producer, std::size_t size) {
    const Seq seq = producer.next_seq();
    return producer.publish(payload_of(seq, size), {.sig = size}).ok();
  }

  /// Reads everything that is there, and compares it.
  void drain() {
    for (int i = 0; i < 400; ++i) {
      auto outcome = reader.poll();
      if (outcome) {
        const auto size = static_cast<std::size_t>(outcome->sig());
        if (const auto bytes = bytes_of(*outcome)) {
          right += outcome->seq() == reader.next_seq() - 1 && outcome->size() == size &&
                   *bytes == payload_of(outcome->seq(), size);
          wrong += outcome->size() != size || *bytes != payload_of(outcome->seq(), size);
        }
      } else if (outcome.status() == PollStatus::Empty || outcome.status() == PollStatus::Stopped) {
        stopped = outcome.status() == PollStatus::Stopped;
        return;
      } else {
        wrong += outcome.status() != PollStatus::Overrun || Wire::kFlow;
      }
    }
    ++wrong;
  }

  Wire wire;
  NoDestructor<P> victim;
  C reader;
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;
  bool stopped = false;
};

template <class S>
void act_of(S& s, Act act) {
  auto& producer = *s.victim;
  const Seq seq = producer.next_seq();
  switch (act) {
    case Act::Inline:
      (void)s.publish(producer, 20);
      break;
    case Act::OneChunk:
      (void)s.publish(producer, 64);
      break;
    case Act::SeveralChunks:
      (void)s.publish(producer, 128);
      break;
    case Act::ShortCommit:
    case Act::Dropped:
      if (auto room = producer.reserve(128)) {
        fill(room, payload_of(seq, 40));
        if (act == Act::ShortCommit) {
          (void)room.commit_prefix(40, {.sig = 40});
        }
      }
      break;
    case Act::Batch: {
      const auto first = payload_of(seq, 64);
      const auto second = payload_of(seq + 1, 20);
      const Message batch[] = {{first, {.sig = 64}}, {second, {.sig = 20}}};
      (void)producer.publish_batch(batch);
      break;
    }
    case Act::Packed:
      break;  // see below: its bytes are no payload_of
    case Act::Stop:
      (void)producer.stop();
      break;
    case Act::Leave:
      s.victim.destroy();
      break;
  }
}

template <Kind KIND, class F>
void shapes(F f) {
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    CAPTURE(start);
    f(start, std::make_unique<Wiring<KIND, 2, 4>>(start));
    f(start, std::make_unique<Wiring<KIND, 4, 8>>(start));
    f(start, std::make_unique<Wiring<KIND, 8, 4>>(start));
    f(start, std::make_unique<Wiring<KIND, 16, 8>>(start));
  }
}

/// After a recovery: the successor goes on, and everything that it or its predecessor published arrives once, in order.
template <class S>
void check_goes_on(S& s, Seq known, bool was_stopped) {
  const ProducerRecovery recovery = recover_producer(s.wire.mcache, s.wire.dcache, s.wire.fseq);
  CHECK(s.wire.fseq.load() == recovery.next);
  CHECK(s.wire.mcache.position() == recovery.next);
  CHECK(recovery.next - known <= 2);  // nothing that was published is forgotten, and nothing is made up
  const ProducerRecovery again = recover_producer(s.wire.mcache, s.wire.dcache, s.wire.fseq);
  CHECK((!again.was_held && again.next == recovery.next && again.closed == recovery.closed));
  if (recovery.closed) {
    CHECK(was_stopped);
    CHECK(s.wire.producer().status() == Error::Stopped);
  } else {
    auto successor = s.wire.producer();
    REQUIRE(successor.status().ok());
    CHECK(successor.next_seq() == recovery.next);
    for (int round = 0; round < 12; ++round) {  // several times round the chunks, with everything that was unread
      for (int i = 0; i < 20 && S::publish(successor, size_of(successor.next_seq())); ++i) {
        if (!decltype(s.wire)::kFlow && i == 2) {
          break;
        }
      }
      s.drain();
    }
    successor.stop();
  }
  s.drain();
  CHECK(s.stopped);
  CHECK(s.wrong == 0);
  CHECK(s.reader.next_seq() == s.wire.mcache.position());
  CHECK(s.right == s.reader.delivered());
  CHECK(accounts_add_up(s.reader));
  if constexpr (decltype(s.wire)::kFlow) {
    CHECK(s.reader.lost() == 0);
    CHECK(s.right == s.wire.mcache.position() - s.reader.first());
  }
}

}  // namespace

TEMPLATE_TEST_CASE("a producer vanishes at any of its accesses, and a successor takes over", "", LossyKind,
                   ReliableKind, ObservedKind) {
  shapes<TestType::kKind>([](Seq start, auto wire) {
    using S = Scene<typename decltype(wire)::element_type>;
    for (const Act act : kActs) {
      if (act == Act::Packed) {
        continue;
      }
      for (Seq before = 0; before <= 11; before += kStride) {
        for (const Seq unread : {Seq{0}, Seq{1}, Seq{3}}) {
          CAPTURE(static_cast<int>(act), before, unread);
          Seq known = 0;
          const auto steps = abandon_at_every_step(
              [&] {
                auto made = std::make_unique<S>(start);
                for (Seq i = 0; i < before; ++i) {
                  (void)S::publish(*made->victim, size_of(i));
                  if (before - i > unread) {
                    made->drain();
                  }
                }
                known = made->victim->next_seq();
                return made;
              },
              [&](S& s) { act_of(s, act); },
              [&](S& s, std::int64_t step) {
                CAPTURE(step);
                check_goes_on(s, known, act == Act::Stop);
              });
          CHECK(steps > 0);
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("a producer vanishes while it joins, and a successor takes over", "", LossyKind, ReliableKind,
                   ObservedKind) {
  shapes<TestType::kKind>([](Seq start, auto wire) {
    using S = Scene<typename decltype(wire)::element_type>;
    for (Seq before = 0; before <= 3; ++before) {
      CAPTURE(before);
      Seq known = 0;
      const auto steps = abandon_at_every_step(
          [&] {
            auto made = std::make_unique<S>(start);
            for (Seq i = 0; i < before; ++i) {
              (void)S::publish(*made->victim, size_of(i));
            }
            known = made->victim->next_seq();
            made->victim.destroy();
            return made;
          },
          [](S& s) { s.victim.emplace(s.wire.producer()); },
          [&](S& s, std::int64_t step) {
            CAPTURE(step);
            check_goes_on(s, known, false);
          });
      CHECK(steps > 0);
    }
  });
}

TEMPLATE_TEST_CASE("a recovery that vanishes is done again", "", LossyKind, ReliableKind, ObservedKind) {
  shapes<TestType::kKind>([](Seq start, auto wire) {
    using S = Scene<typename decltype(wire)::element_type>;
    for (Seq before = 0; before <= 9; before += kStride) {
      for (const std::int64_t dies_at : {0, 3, 7, 12}) {
        CAPTURE(before, dies_at);
        Seq known = 0;
        abandon_at_every_step(
            [&] {
              auto made = std::make_unique<S>(start);
              for (Seq i = 0; i < before; ++i) {
                (void)S::publish(*made->victim, size_of(i));
                if (before - i > 1) {
                  made->drain();
                }
              }
              known = made->victim->next_seq();
              (void)abandon_at(dies_at, [&] { act_of(*made, Act::OneChunk); });
              return made;
            },
            [](S& s) { (void)recover_producer(s.wire.mcache, s.wire.dcache, s.wire.fseq); },
            [&](S& s, std::int64_t step) {
              CAPTURE(step);
              check_goes_on(s, known, false);
            });
      }
    }
  });
}

TEST_CASE("a packed message of a producer that vanishes is there as a whole or not at all") {
  using Wire = Wiring<Kind::Reliable, 4, 8>;
  using S = Scene<Wire>;
  const std::uint64_t records[] = {1, 2, 3, 4, 5, 6};
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    abandon_at_every_step([&] { return std::make_unique<S>(start); },
                          [&](S& s) { (void)s.victim->publish_packed(records, {.sig = 7}); },
                          [&](S& s, std::int64_t step) {
                            CAPTURE(start, step);
                            (void)recover_producer(s.wire.mcache, s.wire.dcache, s.wire.fseq);
                            auto successor = s.wire.producer();
                            REQUIRE(successor.status().ok());
                            if (successor.next_seq() == start) {
                              REQUIRE(successor.publish_packed(records, {.sig = 7}));
                            }
                            CHECK(successor.next_seq() == start + 1);
                            const auto outcome = s.reader.poll();
                            REQUIRE(outcome);
                            std::vector<std::uint64_t> read;
                            for (const std::uint64_t record : PackedArray<std::uint64_t>{outcome->payload()}) {
                              read.push_back(record);
                            }
                            CHECK(read == std::vector<std::uint64_t>(std::begin(records), std::end(records)));
                          });
  }
}

TEMPLATE_TEST_CASE("a stop that is requested while the producer is dead ends the channel when it is recovered", "",
                   LossyKind, ReliableKind, ObservedKind) {
  shapes<TestType::kKind>([](Seq start, auto wire) {
    using S = Scene<typename decltype(wire)::element_type>;
    for (const Act act : {Act::Inline, Act::OneChunk, Act::Leave}) {
      CAPTURE(static_cast<int>(act));
      abandon_at_every_step(
          [&] {
            auto made = std::make_unique<S>(start);
            (void)S::publish(*made->victim, 64);
            return made;
          },
          [&](S& s) { act_of(s, act); },
          [](S& s, std::int64_t step) {
            CAPTURE(step);
            s.wire.mcache.stop();
            const ProducerRecovery recovery = recover_producer(s.wire.mcache, s.wire.dcache, s.wire.fseq);
            CHECK(recovery.closed);
            CHECK(s.wire.mcache.closed());
            s.drain();
            CHECK(s.stopped);
            CHECK(s.wrong == 0);
            CHECK(s.reader.next_seq() == recovery.next);
          });
    }
  });
}

TEST_CASE("the counters of a producer that vanishes count each message that is there once") {
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    struct Counted : Components<4, 8> {
      using Components<4, 8>::Components;
      NoDestructor<decltype(Producer{mcache, dcache, fseq, metrics})> victim;
    };
    for (Seq before = 0; before <= 5; ++before) {
      CAPTURE(start, before);
      abandon_at_every_step(
          [&] {
            auto made = std::make_unique<Counted>(start);
            made->victim.emplace(made->mcache, made->dcache, made->fseq, made->metrics);
            for (Seq i = 0; i < before; ++i) {
              REQUIRE(made->victim->publish(payload_of(i, 40)));
            }
            return made;
          },
          [](Counted& s) { (void)s.victim->publish(payload_of(0, 40)); },
          [&](Counted& s, std::int64_t step) {
            CAPTURE(step);
            const Seq next = recover_producer(s.mcache, s.dcache, s.fseq, &s.metrics).next;
            CHECK(s.metrics.snapshot().published == next - start);
            CHECK(s.metrics.snapshot().published_bytes == (next - start) * 40);
            Producer successor{s.mcache, s.dcache, s.fseq, s.metrics};
            REQUIRE(successor.status().ok());
            REQUIRE(successor.publish(payload_of(0, 40)));
            CHECK(s.metrics.snapshot().published == next - start + 1);
          });
    }
  }
}

TEST_CASE("a counting producer that vanishes while it joins blocks no other one") {
  struct Counted : Components<4, 8> {
    using Components<4, 8>::Components;
    NoDestructor<decltype(Producer{mcache, dcache, fseq, metrics})> victim;
  };
  abandon_at_every_step([] { return std::make_unique<Counted>(1); },
                        [](Counted& s) { s.victim.emplace(s.mcache, s.dcache, s.fseq, s.metrics); },
                        [](Counted& s, std::int64_t step) {
                          CAPTURE(step);
                          (void)recover_producer(s.mcache, s.dcache, s.fseq, &s.metrics);
                          Producer successor{s.mcache, s.dcache, s.fseq, s.metrics};
                          REQUIRE(successor.status().ok());
                          REQUIRE(successor.publish("x"));
                          CHECK(s.metrics.snapshot().published == 1);
                        });
}

namespace {

/// A reliable channel with metrics, and a consumer that may vanish.
struct Reading : Components<4, 8, 64, Plain> {
  using Components<4, 8, 64, Plain>::Components;
  using C = decltype(Consumer{mcache, dcache, fctl, 0, metrics});

  /// Publishes as much as there is room for, at most 4 messages. Returns how many.
  std::uint64_t fill_up() {
    std::uint64_t count = 0;
    for (Seq seq = producer.next_seq(); count != 4 && producer.publish(payload_of(seq, size_of(seq))).ok(); ++seq) {
      ++count;
    }
    return count;
  }

  std::uint64_t active_blocks() {
    std::uint64_t count = 0;
    for (const detail::ConsumerBlock& block : detail::inside(metrics).consumers) {
      count += block.claim.holder().state != detail::BlockState::Free;
    }
    return count;
  }

  Producer<4, DCache<8, 64, Plain>, Fctl, NoMetrics> producer{mcache, dcache, fseq, fctl};
  NoDestructor<C> victim;
};

}  // namespace

TEST_CASE("a reliable consumer vanishes at any of its accesses: kept, the next one goes on where it had given back") {
  enum class Does { Joins, Polls, Releases, Leaves, Resigns };
  for (const Does does : {Does::Joins, Does::Polls, Does::Releases, Does::Leaves, Does::Resigns}) {
    for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
      CAPTURE(static_cast<int>(does), start);
      const auto steps = abandon_at_every_step(
          [&] {
            auto made = std::make_unique<Reading>(start);
            if (does != Does::Joins) {
              made->victim.emplace(made->mcache, made->dcache, made->fctl, start, made->metrics);
            }
            CHECK(made->fill_up() == 4);
            if (does != Does::Joins) {
              (void)made->victim->poll();
              (void)made->victim->poll();
            }
            return made;
          },
          [&](Reading& s) {
            switch (does) {
              case Does::Joins:
                s.victim.emplace(s.mcache, s.dcache, s.fctl, start, s.metrics);
                break;
              case Does::Polls:
                (void)s.victim->poll();
                break;
              case Does::Releases:
                s.victim->release();
                break;
              case Does::Leaves:
                s.victim.destroy();
                break;
              case Does::Resigns:
                s.victim->resign();
                break;
            }
          },
          [&](Reading& s, std::int64_t step) {
            CAPTURE(step);
            const detail::CreditPlace& place = detail::inside(s.fctl).places[0];
            const auto state = place.claim.holder().state;
            const Seq given_back = place.position.load(std::memory_order_relaxed);
            const bool resigned =
                does == Does::Resigns && detail::inside(s.fctl).members.abandoned.load(std::memory_order_relaxed) != 0;
            const bool found = recover_consumer(s.fctl, consumer_in(s.fctl, 0), DeadConsumer::Keep, &s.metrics);
            CHECK(found == (state != PlaceState::Free && state != PlaceState::Kept));
            CHECK((place.claim.holder().state == PlaceState::Orphaned) == (state == PlaceState::Active));
            CHECK(!recover_consumer(s.fctl, consumer_in(s.fctl, 0), DeadConsumer::Keep, &s.metrics));
            if (found) {
              CHECK(s.active_blocks() == 0);
            }
            (void)s.fill_up();
            Consumer next{s.mcache, s.dcache, s.fctl, From::Oldest, s.metrics};
            REQUIRE(next.status().ok());
            if (state == PlaceState::Active && !resigned) {
              CHECK(next.first() == given_back);
            }
            if (!resigned) {
              CHECK(next.first() - start <= 3);
            }
            for (Seq seq = next.first(); seq != s.producer.next_seq(); ++seq) {
              const auto outcome = next.poll();
              REQUIRE(outcome);
              CHECK(outcome->seq() == seq);
              CHECK(is_payload_of(seq, outcome->payload()));
              CHECK(outcome->size() == size_of(seq));
            }
            next.release();
            CHECK(s.fill_up() == 4);
          });
      CHECK(steps > 0);
    }
  }
}

TEST_CASE("a dead consumer is waited for beside others, and the next one takes its place where it had given back") {
  const auto c = std::make_unique<Reading>(1);
  c->victim.emplace(c->mcache, c->dcache, c->fctl, Seq{1}, c->metrics);
  Consumer other{c->mcache, c->dcache, c->fctl, 1};
  CHECK(c->victim->place() == 0);
  CHECK(other.place() == 1);
  CHECK(c->fill_up() == 4);
  CHECK(c->victim->poll());  // read, given back when the fragment is destroyed
  CHECK(recover_consumer(c->fctl, consumer_in(c->fctl, c->victim->place()), DeadConsumer::Keep, &c->metrics));
  for (int i = 0; i < 4; ++i) {
    CHECK(other.poll());
  }
  other.release();
  CHECK(c->fill_up() == 1);  // up to what the dead one had given back
  { Consumer left{std::move(other)}; }
  CHECK(c->fill_up() == 0);
  Consumer elsewhere{c->mcache, c->dcache, c->fctl, From::Next};
  CHECK(elsewhere.place() != 0);
  CHECK(c->fill_up() == 0);
  Consumer next{c->mcache, c->dcache, c->fctl, From::Oldest};
  CHECK(next.place() == 0);
  CHECK(next.first() == 2);
  for (Seq seq = 2; seq != 6; ++seq) {
    const auto outcome = next.poll();
    REQUIRE(outcome);
    CHECK(is_payload_of(seq, outcome->payload()));
  }
}

TEST_CASE("a dead consumer's place is taken over before one that was left earlier, which is forgotten") {
  for (const bool evict : {false, true}) {
    CAPTURE(evict);
    const auto c = std::make_unique<Reading>(1);
    Consumer left{c->mcache, c->dcache, c->fctl, 1};
    c->victim.emplace(c->mcache, c->dcache, c->fctl, Seq{1}, c->metrics);
    CHECK(c->fill_up() == 4);
    CHECK(left.poll());
    { Consumer leaves{std::move(left)}; }
    for (int i = 0; i < 3; ++i) {
      CHECK(c->victim->poll());
    }
    CHECK(recover_consumer(c->fctl, consumer_in(c->fctl, 1), evict ? DeadConsumer::Evict : DeadConsumer::Keep,
                           &c->metrics));
    CHECK(detail::inside(c->fctl).places[0].claim.holder().state == PlaceState::Free);
    if (evict) {
      CHECK(c->fill_up() == 4);  // nobody is waited for
      CHECK(c->fill_up() == 4);
    } else {
      CHECK(c->fill_up() == 3);
      Consumer next{c->mcache, c->dcache, c->fctl, From::Oldest};
      CHECK(next.place() == 1);
      CHECK(next.first() == 4);
      CHECK(next.poll());
      CHECK(c->fill_up() == 1);
    }
  }
}

TEST_CASE("what a consumer left in good order behind a dead one stays kept when the dead one is recovered") {
  for (const bool evict : {false, true}) {
    CAPTURE(evict);
    const auto c = std::make_unique<Reading>(1);
    c->victim.emplace(c->mcache, c->dcache, c->fctl, Seq{1}, c->metrics);
    Consumer left{c->mcache, c->dcache, c->fctl, 1};
    CHECK(c->fill_up() == 4);
    CHECK(left.poll());
    CHECK(left.poll());
    { Consumer leaves{std::move(left)}; }
    CHECK(recover_consumer(c->fctl, consumer_in(c->fctl, 0), evict ? DeadConsumer::Evict : DeadConsumer::Keep,
                           &c->metrics));
    CHECK(c->fill_up() == (evict ? 2 : 0));
    Consumer next{c->mcache, c->dcache, c->fctl, From::Oldest};
    CHECK(next.first() == (evict ? 3 : 1));
    CHECK(next.place() == (evict ? 1 : 0));
  }
}

TEST_CASE("a dead consumer's place is adopted at its position, and never by a consumer that wants to start later") {
  struct Two : Components<8, 8, 64, Plain> {
    using Components<8, 8, 64, Plain>::Components;
    BasicFctl<2> two{8};
  };
  const auto c = std::make_unique<Two>(1);
  Producer producer{c->mcache, c->dcache, c->fseq, c->two};
  NoDestructor<decltype(Consumer{c->mcache, c->dcache, c->two, 1})> dead;
  dead.emplace(c->mcache, c->dcache, c->two, Seq{1});
  Consumer other{c->mcache, c->dcache, c->two, 1};
  for (int i = 0; i < 4; ++i) {
    REQUIRE(producer.publish("x"));
  }
  CHECK(dead->poll());
  CHECK(recover_consumer(c->two, consumer_in(c->two, 0)));
  CHECK(Consumer{c->mcache, c->dcache, c->two, From::Next}.status() == Error::TooManyConsumers);
  CHECK(Consumer{c->mcache, c->dcache, c->two, 3}.status() == Error::TooManyConsumers);
  Consumer next{c->mcache, c->dcache, c->two, From::Start};
  CHECK(next.place() == 0);
  CHECK(next.first() == 2);  // the dead one had given 1 back
}

TEST_CASE("a consumer that turns out to be of no channel leaves no trace in its Fctl") {
  const auto c = std::make_unique<Components<8, 8, 64, Plain>>(1);
  const auto wrong = std::make_unique<DCache<8, 64, Plain>>();
  Consumer refused{c->mcache, *wrong, c->fctl, 1};
  REQUIRE(refused.status().ok());  // it is not known yet
  Consumer good{c->mcache, c->dcache, c->fctl, 1};
  Producer producer{c->mcache, c->dcache, c->fseq, c->fctl};
  good.resign();
  CHECK(refused.poll().status() == PollStatus::Refused);
  CHECK(refused.status() == Error::ComponentMismatch);
  for (int i = 0; i < 100; ++i) {
    CHECK(producer.publish("nobody is waited for"));
  }
}

TEST_CASE("a consumer whose components turn out not to fit gives a place back as it was") {
  for (const bool orphaned : {false, true}) {
    CAPTURE(orphaned);
    const auto c = std::make_unique<Components<8, 8, 64, Plain>>(1);
    const auto wrong = std::make_unique<DCache<8, 64, Plain>>();
    {
      NoDestructor<decltype(Consumer{c->mcache, c->dcache, c->fctl, 1})> earlier;
      earlier.emplace(c->mcache, c->dcache, c->fctl, Seq{1});
      if (orphaned) {
        CHECK(recover_consumer(c->fctl, earlier->id()));
      } else {
        earlier.destroy();
      }
    }
    const auto state = [&] { return detail::inside(c->fctl).places[0].claim.holder().state; };
    const PlaceState before = state();
    CHECK(before == (orphaned ? PlaceState::Orphaned : PlaceState::Kept));
    Consumer refused{c->mcache, *wrong, c->fctl, From::Oldest};
    REQUIRE(refused.place() == 0);
    Producer producer{c->mcache, c->dcache, c->fseq, c->fctl};
    CHECK(refused.poll().status() == PollStatus::Refused);
    CHECK(state() == before);
    for (int i = 0; i < 8; ++i) {
      CHECK(producer.publish("x"));
    }
    CHECK(producer.publish("x") == Error::NoCredits);  // what was kept is still waited for
  }
}

TEST_CASE("a producer that vanished while its components joined leaves them to any ring") {
  struct Channel : Components<8, 8, 64, Plain> {
    using Components<8, 8, 64, Plain>::Components;
    NoDestructor<decltype(Producer{mcache, dcache, fseq, fctl})> victim;
  };
  const auto steps = abandon_at_every_step(
      [] { return std::make_unique<Channel>(1); },
      [](Channel& s) { s.victim.emplace(s.mcache, s.dcache, s.fseq, s.fctl); },
      [](Channel& s, std::int64_t step) {
        CAPTURE(step);
        (void)recover_producer(s.mcache, s.dcache, s.fseq);
        const bool joined = detail::inside(s.mcache).control.channel_kind() != detail::ChannelKind::Unknown;
        const auto other = std::make_unique<DCache<8, 64, Plain>>();
        Producer next{s.mcache, *other, s.fseq, s.fctl};
        CHECK(next.status() == (joined ? Error::ComponentMismatch : Error::None));
        if (!joined) {
          CHECK(Consumer{s.mcache, s.dcache, s.fctl, 1}.status() == Error::ComponentMismatch);
        }
      });
  CHECK(steps > 0);
}

TEST_CASE("a dead consumer that was about to continue is evicted together with what was kept") {
  const auto c = std::make_unique<Reading>(1);
  { Consumer left{c->mcache, c->dcache, c->fctl, 1}; }
  CHECK(c->fill_up() == 4);
  CHECK(c->fill_up() == 0);
  auto& claim = detail::inside(c->fctl).places[0].claim;
  auto found = claim.holder();
  REQUIRE(claim.take(found, PlaceState::Rejoining));
  const ConsumerId dead = consumer_in(c->fctl, 0);
  CHECK(recover_consumer(c->fctl, dead));
  CHECK(claim.holder().state == PlaceState::Kept);
  found = claim.holder();
  REQUIRE(claim.take(found, PlaceState::Rejoining));
  CHECK(recover_consumer(c->fctl, consumer_in(c->fctl, 0), DeadConsumer::Evict));
  CHECK(claim.holder().state == PlaceState::Free);
  CHECK(c->fill_up() == 4);
}

TEST_CASE("a dead consumer's place that was kept can still be evicted") {
  const auto c = std::make_unique<Reading>(1);
  c->victim.emplace(c->mcache, c->dcache, c->fctl, Seq{1}, c->metrics);
  CHECK(c->fill_up() == 4);
  CHECK(recover_consumer(c->fctl, consumer_in(c->fctl, 0), DeadConsumer::Keep, &c->metrics));
  CHECK(c->fill_up() == 0);
  CHECK(recover_consumer(c->fctl, consumer_in(c->fctl, 0), DeadConsumer::Evict, &c->metrics));
  CHECK(detail::inside(c->fctl).places[0].claim.holder().state == PlaceState::Free);
  CHECK(c->fill_up() == 4);
  CHECK(!recover_consumer(c->fctl, consumer_in(c->fctl, 0), DeadConsumer::Evict, &c->metrics));
}

TEST_CASE("a dead consumer that is evicted holds nothing up, and its place and block are free") {
  const auto c = std::make_unique<Reading>(1);
  c->victim.emplace(c->mcache, c->dcache, c->fctl, Seq{1}, c->metrics);
  CHECK(c->fill_up() == 4);
  CHECK(c->fill_up() == 0);
  CHECK(recover_consumer(c->fctl, consumer_in(c->fctl, 0), DeadConsumer::Evict, &c->metrics));
  CHECK(detail::inside(c->fctl).places[0].claim.holder().state == PlaceState::Free);
  CHECK(c->active_blocks() == 0);
  for (int i = 0; i < 100; ++i) {
    CHECK(c->producer.publish("nobody is waited for"));
  }
  CHECK(!recover_consumer(c->fctl, consumer_in(c->fctl, 0), DeadConsumer::Evict, &c->metrics));
  CHECK(!recover_consumer(c->fctl, consumer_in(c->fctl, 7)));
}

TEST_CASE("a consumer is recovered by its id, and a later one in its place is not") {
  for (const DeadConsumer what : {DeadConsumer::Keep, DeadConsumer::Evict}) {
    CAPTURE(static_cast<int>(what));
    const auto c = std::make_unique<Reading>(1);
    c->victim.emplace(c->mcache, c->dcache, c->fctl, Seq{1}, c->metrics);
    const ConsumerId dead = consumer_in(c->fctl, 0);
    CHECK(c->victim->id() == dead);
    CHECK(recover_consumer(c->fctl, dead, what, &c->metrics));
    CHECK(!recover_consumer(c->fctl, dead, what, &c->metrics));
    Consumer next{c->mcache, c->dcache, c->fctl, From::Oldest, c->metrics};
    REQUIRE(next.place() == 0);
    CHECK(next.id() != dead);
    for (const DeadConsumer again : {DeadConsumer::Keep, DeadConsumer::Evict}) {
      CHECK(!recover_consumer(c->fctl, dead, again, &c->metrics));
    }
    CHECK(c->active_blocks() == 1);
    CHECK(c->fill_up() == 4);
    CHECK(c->fill_up() == 0);  // the producer waits for the next consumer
    CHECK(next.poll());
  }
}

TEST_CASE("a consumer that vanishes while it leaves frees what was left earlier, or has left it untouched") {
  for (const bool resigns : {false, true}) {
    CAPTURE(resigns);
    std::set<PlaceState> seen;
    const auto steps = abandon_at_every_step(
        [] {
          auto made = std::make_unique<Reading>(1);
          Consumer earlier{made->mcache, made->dcache, made->fctl, 1};
          made->victim.emplace(made->mcache, made->dcache, made->fctl, Seq{1}, made->metrics);
          CHECK(made->victim->place() == 1);
          return made;
        },
        [&](Reading& s) {
          if (resigns) {
            s.victim->resign();
          } else {
            s.victim.destroy();
          }
        },
        [&](Reading& s, std::int64_t step) {
          CAPTURE(step);
          const auto state = [&](std::size_t place) {
            return detail::inside(s.fctl).places[place].claim.holder().state;
          };
          seen.insert(state(0));
          CHECK((state(0) == PlaceState::Kept || state(0) == PlaceState::Free));
          (void)recover_consumer(s.fctl, consumer_in(s.fctl, 1), DeadConsumer::Evict, &s.metrics);
          const bool is_kept = state(0) == PlaceState::Kept || state(1) == PlaceState::Kept;
          CHECK(s.fill_up() == 4);
          CHECK(s.fill_up() == (is_kept ? 0 : 4));
        });
    CHECK(steps > 0);
    CHECK(seen == std::set{PlaceState::Free, PlaceState::Kept});
  }
}

TEST_CASE("an eviction that was interrupted anywhere is completed by the next one") {
  for (const bool kept_before : {false, true}) {
    CAPTURE(kept_before);
    const auto steps = abandon_at_every_step(
        [&] {
          auto made = std::make_unique<Reading>(1);
          made->victim.emplace(made->mcache, made->dcache, made->fctl, Seq{1}, made->metrics);
          CHECK(made->fill_up() == 4);
          if (kept_before) {
            CHECK(recover_consumer(made->fctl, consumer_in(made->fctl, 0), DeadConsumer::Keep, &made->metrics));
          }
          return made;
        },
        [](Reading& s) { (void)recover_consumer(s.fctl, consumer_in(s.fctl, 0), DeadConsumer::Evict, &s.metrics); },
        [](Reading& s, std::int64_t step) {
          CAPTURE(step);
          (void)recover_consumer(s.fctl, consumer_in(s.fctl, 0), DeadConsumer::Evict, &s.metrics);
          CHECK(detail::inside(s.fctl).places[0].claim.holder().state == PlaceState::Free);
          CHECK(s.active_blocks() == 0);
          CHECK(s.fill_up() == 4);  // nobody is waited for
        });
    CHECK(steps > 0);
  }
}

TEST_CASE("an eviction that was interrupted anywhere may be followed by a recovery that keeps the position") {
  const auto steps = abandon_at_every_step(
      [] {
        auto made = std::make_unique<Reading>(1);
        made->victim.emplace(made->mcache, made->dcache, made->fctl, Seq{1}, made->metrics);
        CHECK(made->fill_up() == 4);
        return made;
      },
      [](Reading& s) { (void)recover_consumer(s.fctl, consumer_in(s.fctl, 0), DeadConsumer::Evict, &s.metrics); },
      [](Reading& s, std::int64_t step) {
        CAPTURE(step);
        (void)recover_consumer(s.fctl, consumer_in(s.fctl, 0), DeadConsumer::Keep, &s.metrics);
        const bool evicted = detail::inside(s.fctl).places[0].claim.holder().state == PlaceState::Free;
        CHECK(s.fill_up() == (evicted ? 4 : 0));
        Consumer next{s.mcache, s.dcache, s.fctl, From::Oldest};
        CHECK(next.first() == (evicted ? 5 : 1));
      });
  CHECK(steps > 0);
}

TEST_CASE("the metrics block of a dead consumer that may be overrun is freed by its id") {
  const auto c = std::make_unique<Components<8, 8, 64, Words>>(1);
  NoDestructor<decltype(Consumer{c->mcache, c->dcache, 1, c->metrics})> dead;
  dead.emplace(c->mcache, c->dcache, From{1}, c->metrics);
  Consumer alive{c->mcache, c->dcache, 1, c->metrics};
  Consumer reliable{c->mcache, c->dcache, c->fctl, 1, c->metrics};
  const ConsumerId id = dead->id();
  CHECK(id == observer_in(c->metrics, 0));
  CHECK(alive.id() == observer_in(c->metrics, 1));
  CHECK(recover_observer(c->metrics, id));
  CHECK(!recover_observer(c->metrics, id));
  Consumer next{c->mcache, c->dcache, 1, c->metrics};
  CHECK(next.id().index == 0);
  CHECK(next.id() != id);
  CHECK(!recover_observer(c->metrics, id));
  CHECK(!recover_observer(c->metrics, observer_in(c->metrics, 2)));  // a reliable consumer's
  CHECK(!recover_observer(c->metrics, observer_in(c->metrics, 7)));  // nobody's
}

TEST_CASE("the lag is right after a producer with metrics vanished while it joined") {
  for (const bool is_first : {true, false}) {
    CAPTURE(is_first);
    using Wire = Components<8, 8, 64, Plain>;
    struct Channel : Wire {
      using Wire::Wire;
      NoDestructor<decltype(Producer{mcache, dcache, fseq, fctl, metrics})> victim;
    };
    const auto steps = abandon_at_every_step(
        [&] {
          auto made = std::make_unique<Channel>(1);
          if (!is_first) {
            Producer before{made->mcache, made->dcache, made->fseq, made->fctl, made->metrics};
            CHECK(before.publish("x"));
            CHECK(before.publish("x"));
          }
          return made;
        },
        [](Channel& s) { s.victim.emplace(s.mcache, s.dcache, s.fseq, s.fctl, s.metrics); },
        [&](Channel& s, std::int64_t step) {
          CAPTURE(step);
          (void)recover_producer(s.mcache, s.dcache, s.fseq, &s.metrics);
          Consumer consumer{s.mcache, s.dcache, s.fctl, 1, s.metrics};
          CHECK(s.metrics.snapshot().lag == (is_first ? 0 : 2));
          Producer next{s.mcache, s.dcache, s.fseq, s.fctl, s.metrics};
          CHECK(next.publish("x"));
          CHECK(s.metrics.snapshot().lag == (is_first ? 1 : 3));
        });
    CHECK(steps > 0);
  }
}

TEST_CASE("a channel from a builder is recovered by one call, whatever it has") {
  const auto check = [](auto builder) {
    auto channel = builder.build();
    using Made = decltype(channel);
    const auto dead = std::make_unique<NoDestructor<typename Made::Producer>>();
    dead->emplace(channel.producer());
    REQUIRE((*dead)->publish(17));
    CHECK(channel.producer().status() == Error::SecondProducer);
    auto consumer = channel.consumer();
    const ProducerRecovery recovery = channel.recover_producer();
    CHECK((recovery.was_held && recovery.next == 2 && !recovery.closed));
    auto successor = channel.producer();
    REQUIRE(successor.status().ok());
    REQUIRE(successor.publish(18));
    for (const int expected : {17, 18}) {
      auto outcome = consumer.poll();
      REQUIRE(outcome);
      CHECK(*outcome->value() == expected);
    }
  };
  check(ChannelBuilder<4, 4, 64>{}.of<int>());
  check(ChannelBuilder<4, 4, 64>{}.with_metrics().of<int>());
  check(ChannelBuilder<4, 4, 64>{}.with_flow_control().of<int>());
  check(ChannelBuilder<4, 4, 64>{}.with_flow_control<2>().with_observers().with_metrics().of<int>());
}

TEST_CASE("a stop after the producer's death: consumers drain and end once the channel is recovered") {
  auto channel = ChannelBuilder<64, 64, 64>{}.with_flow_control().of<std::uint64_t>().build();
  const auto dead = std::make_unique<NoDestructor<decltype(channel)::Producer>>();
  dead->emplace(channel.producer());
  REQUIRE((*dead)->publish(std::uint64_t{1}));
  auto consumer = channel.consumer();
  channel.stop();
  CHECK(!channel.closed());
  CHECK(channel.recover_producer().closed);
  CHECK(channel.closed());
  CHECK(consumer.poll().status() == PollStatus::Fragment);
  CHECK(consumer.poll().status() == PollStatus::Stopped);
  CHECK(channel.producer().status() == Error::Stopped);
}
