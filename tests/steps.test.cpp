// SPDX-License-Identifier: Apache-2.0
// One side is stopped in front of each of its accesses to shared memory in turn, and the other side runs there: every
// place at which a step of the protocol could be missing or out of order, without luck. (Orders weaker than sequential
// consistency are a matter for a model checker.)
#define TANGO_SEAM_HEADER "stepping_seam.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <optional>

#include "support/abandon.hpp"
#include "support/channel.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

std::size_t size_of(Seq seq) { return std::array<std::size_t, 5>{20, 64, 128, 0, 100}[seq % 5]; }

/// A channel, its producer and one consumer, and what that consumer has seen.
template <class Wire>
struct Scene {
  using P = decltype(std::declval<Wire&>().producer());
  using C = decltype(std::declval<Wire&>().consumer(0));

  explicit Scene(Seq start) : wire{start} {}

  void publish(Seq count) {
    for (Seq i = 0; i < count; ++i) {
      const Seq seq = producer->next_seq();
      accepted += producer->publish(payload_of(seq, size_of(seq)), {.sig = seq}).ok() ? 1u : 0u;
    }
  }
  void publish_in_place() {
    const Seq seq = producer->next_seq();
    auto room = producer->reserve(128);
    if (room) {
      fill(room, payload_of(seq, size_of(seq)));
      accepted += room.commit_prefix(size_of(seq), {.sig = seq}).ok() ? 1u : 0u;
    }
  }

  /// What the position says was published is there (or was), and the Fseq says no more.
  bool published_up_to(Seq position) const {
    return seq_le(wire.fseq.load(), position) &&
           (position == wire.mcache.start() || in_slot(wire.mcache, position - 1).status != ReadStatus::NotReady);
  }

  void join(From first) { consumer.emplace(wire.consumer(first)); }

  /// Polls once and looks at what comes.
  PollStatus poll() {
    const Seq next = consumer->next_seq();
    auto outcome = consumer->poll([&](std::uint64_t sig) {
      wrong += sig == consumer->next_seq() ? 0u : 1u;  // a filter sees no other fragment's
      return true;
    });
    if (outcome) {
      wrong += outcome->sig() == next && outcome->size() == size_of(next) ? 0u : 1u;  // nor does who polls
      const auto bytes = bytes_of(*outcome);
      if (bytes) {
        ++(outcome->seq() == next && *bytes == payload_of(next, size_of(next)) ? right : wrong);
      }
    } else {
      wrong += outcome.status() == PollStatus::Rejected || outcome.status() == PollStatus::Refused ? 1u : 0u;
      wrong += accounts_add_up(*consumer) ? 0u : 1u;
    }
    wrong += stopped && outcome.status() != PollStatus::Stopped ? 1u : 0u;  // the end is the end
    stopped = stopped || outcome.status() == PollStatus::Stopped;
    return outcome.status();
  }

  /// Until there is nothing.
  void poll_all() {
    for (int i = 0; i < 200; ++i) {
      if (const PollStatus status = poll(); status == PollStatus::Empty || status == PollStatus::Stopped) {
        return;
      }
    }
    ++wrong;
  }

  Wire wire;
  std::optional<P> producer;
  std::optional<C> consumer;
  std::uint64_t accepted = 0;
  std::uint64_t right = 0;
  std::uint64_t wrong = 0;
  bool stopped = false;
};

/// The same with an observer that holds a fragment.
template <class Wire>
struct Watched : Scene<Wire> {
  using Scene<Wire>::Scene;
  std::optional<typename Wire::Observer> observer;
  std::optional<SpeculativeFragment> fragment;
  std::optional<std::vector<std::byte>> bytes;
};

/// A scene in which `before` messages have been published, of which the consumer has read `read`.
template <class Wire>
auto scene(Seq start, Seq before, Seq read) {
  auto made = std::make_unique<Scene<Wire>>(start);
  made->producer.emplace(made->wire.producer());
  made->join(start);
  for (Seq i = 0; i < before; ++i) {
    made->publish(1);
    if (i < read) {
      (void)made->poll();
    }
  }
  return made;
}

/// After all is done: stop, drain, and count.
template <class S>
void check_drained(S& s, std::int64_t at) {
  CAPTURE(at);
  if (s.producer) {
    s.producer->stop();
  }
  s.poll_all();
  CHECK(s.stopped);
  CHECK(s.wrong == 0);
  CHECK(s.consumer->next_seq() == s.wire.mcache.position());
  CHECK(s.consumer->delivered() == s.right);
  CHECK(s.right + s.consumer->lost() == s.wire.mcache.position() - s.consumer->first());
  if constexpr (decltype(s.wire)::kFlow) {
    CHECK(s.consumer->lost() == 0);
  }
}

template <Kind KIND, class F>
void shapes(F f) {
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    CAPTURE(start);
    f(start, KindTag<KIND>{}, std::make_unique<Wiring<KIND, 2, 4>>(start));
    f(start, KindTag<KIND>{}, std::make_unique<Wiring<KIND, 4, 8>>(start));
    f(start, KindTag<KIND>{}, std::make_unique<Wiring<KIND, 8, 4>>(start));
  }
}

}  // namespace

TEMPLATE_TEST_CASE("the producer runs at any point of a look", "", LossyKind, ReliableKind, ObservedKind) {
  shapes<TestType::kKind>([](Seq start, auto, auto wire) {
    using Wire = typename decltype(wire)::element_type;
    for (Seq before = 0; before <= 3; ++before) {
      for (Seq read = 0; read <= before && read <= 1; ++read) {
        for (const Seq meanwhile : {1u, 2u, 3u, 5u, 9u}) {
          for (const bool stop : {false, true}) {
            CAPTURE(before, read, meanwhile, stop);
            const auto steps =
                at_every_step([&] { return scene<Wire>(start, before, read); }, [](auto& s) { (void)s.poll(); },
                              [&](auto& s) {
                                s.publish(meanwhile);
                                if (stop) {
                                  s.producer->stop();
                                }
                              },
                              [](auto& s, std::int64_t at) { check_drained(s, at); });
            CHECK(steps > 1);
          }
        }
      }
    }
  });
}

TEMPLATE_TEST_CASE("the consumer runs at any point of a publish", "", LossyKind, ReliableKind, ObservedKind) {
  shapes<TestType::kKind>([](Seq start, auto, auto wire) {
    using Wire = typename decltype(wire)::element_type;
    for (Seq before = 0; before <= 9; ++before) {
      for (const bool in_place : {false, true}) {
        CAPTURE(before, in_place);
        const auto steps = at_every_step([&] { return scene<Wire>(start, before, before > 1 ? before - 1 : 0); },
                                         [&](auto& s) { in_place ? s.publish_in_place() : s.publish(1); },
                                         [](auto& s) {
                                           s.wrong += s.published_up_to(s.wire.mcache.position()) ? 0u : 1u;
                                           s.poll_all();
                                         },
                                         [](auto& s, std::int64_t at) { check_drained(s, at); });
        CHECK(steps > 4);
      }
    }
  });
}

TEMPLATE_TEST_CASE("the producer runs at any point of a look for its position", "", LossyKind, ReliableKind,
                   ObservedKind) {
  const auto look = [](Seq start, auto wire) {
    using Wire = typename decltype(wire)::element_type;
    for (Seq before = 0; before <= 20; ++before) {
      for (const Seq meanwhile : {1u, 3u, 8u, 40u}) {
        CAPTURE(start, before, meanwhile);
        Seq known = 0;
        Seq position = 0;
        const auto make = [&] {
          auto made = scene<Wire>(start, before, before);
          known = made->producer->next_seq();
          return made;
        };
        const auto steps = at_every_step(
            make, [&](auto& s) { position = s.wire.mcache.position(); }, [&](auto& s) { s.publish(meanwhile); },
            [&](auto& s, std::int64_t at) {
              CAPTURE(at);
              CHECK(seq_le(known, position));
              CHECK(seq_le(position, s.producer->next_seq()));
              CHECK(s.wire.mcache.position() == s.producer->next_seq());
            });
        CHECK(steps > 1);
      }
    }
  };
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    look(start, std::make_unique<Wiring<TestType::kKind, 2, 4>>(start));
    look(start, std::make_unique<Wiring<TestType::kKind, 4, 8>>(start));
    look(start, std::make_unique<Wiring<TestType::kKind, 16, 4>>(start));
    look(start, std::make_unique<Wiring<TestType::kKind, 16, 32>>(start));
  }
}

TEMPLATE_TEST_CASE("what was polled before is looked at in the middle of a publish", "", LossyKind, ObservedKind) {
  using Held = Watched<Wiring<TestType::kKind, 4, 4>>;
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    for (Seq held = 0; held < 4; ++held) {
      for (Seq before = held + 1; before < held + 6; ++before) {
        CAPTURE(start, held, before);
        at_every_step(
            [&] {
              auto made = std::make_unique<Held>(start);
              made->producer.emplace(made->wire.producer());
              made->join(start);
              made->observer.emplace(made->wire.observer(start));
              for (Seq i = 0; i < before; ++i) {
                made->publish(1);
                (void)made->poll();
                if (i <= held) {
                  auto outcome = made->observer->poll();
                  if (outcome) {
                    made->fragment.emplace(std::move(*outcome));
                  }
                }
              }
              return made;
            },
            [](auto& s) { s.publish(1); },
            [](auto& s) {
              const auto bytes = bytes_of(*s.fragment);
              s.wrong += !bytes || *bytes == payload_of(s.fragment->seq(), size_of(s.fragment->seq())) ? 0u : 1u;
            },
            [](auto& s, std::int64_t at) {
              CAPTURE(at);
              CHECK(s.wrong == 0);
              s.fragment.reset();
            });
      }
    }
  }
}

TEMPLATE_TEST_CASE("a read in the middle of which the producer runs is right or says that it is not", "", LossyKind,
                   ObservedKind) {
  using Held = Watched<Wiring<TestType::kKind, 4, 4>>;
  std::uint64_t valid = 0;
  std::uint64_t invalid = 0;
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    for (Seq meanwhile = 1; meanwhile < 8; ++meanwhile) {
      CAPTURE(start, meanwhile);
      at_every_step(
          [&] {
            auto made = std::make_unique<Held>(start);
            made->producer.emplace(made->wire.producer());
            give_up(made->wire.consumer(start));
            made->observer.emplace(made->wire.observer(start));
            made->publish(1);
            made->fragment.emplace(std::move(*made->observer->poll()));
            return made;
          },
          [](auto& s) { s.bytes = bytes_of(*s.fragment); }, [&](auto& s) { s.publish(meanwhile); },
          [&](auto& s, std::int64_t at) {
            CAPTURE(at);
            if (s.bytes) {
              ++valid;
              CHECK(*s.bytes == payload_of(s.fragment->seq(), size_of(s.fragment->seq())));
            } else {
              ++invalid;
            }
            s.fragment.reset();
            CHECK(accounts_add_up(*s.observer));
          });
    }
  }
  CHECK(valid != 0);
  CHECK(invalid != 0);
}

TEMPLATE_TEST_CASE("anyone asks to stop at any point of a publish, and the consumer looks at once", "", LossyKind,
                   ReliableKind, ObservedKind) {
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    for (Seq before = 0; before <= 2; ++before) {
      CAPTURE(start, before);
      at_every_step([&] { return scene<Wiring<TestType::kKind, 4, 8>>(start, before, 0); },
                    [](auto& s) { s.publish(1); },
                    [](auto& s) {
                      s.wire.mcache.stop();
                      s.poll_all();
                      // Stopped means that nothing more comes.
                      s.wrong += s.stopped && !s.wire.mcache.closed() ? 1u : 0u;
                    },
                    [](auto& s, std::int64_t at) {
                      CAPTURE(at);
                      CHECK(s.producer->publish("x").error() == Error::Stopped);
                      check_drained(s, at);
                      CHECK(s.right == s.accepted);
                    });
    }
  }
}

TEMPLATE_TEST_CASE("a producer comes or goes while someone asks to stop: one of them closes", "", LossyKind,
                   ReliableKind, ObservedKind) {
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    const auto make = [&] { return scene<Wiring<TestType::kKind, 4, 8>>(start, 2, 0); };
    const auto leave = [](auto& s) { s.producer.reset(); };
    const auto ask = [](auto& s) { s.wire.mcache.stop(); };
    const auto check = [](auto& s, std::int64_t at) {
      CAPTURE(at);
      CHECK(s.wire.mcache.closed());
      check_drained(s, at);
      CHECK(s.right == 2);
    };
    CHECK(at_every_step(make, leave, ask, check) > 2);
    CHECK(at_every_step(make, ask, leave, check) >= 2);
    const auto without = [&] {
      auto made = make();
      made->producer.reset();
      return made;
    };
    const auto enter = [](auto& s) { s.producer.emplace(s.wire.producer()); };
    const auto check_both = [&](auto& s, std::int64_t at) {
      s.wrong += s.producer->publish("x").ok() ? 1u : 0u;
      s.producer.reset();
      check(s, at);
    };
    CHECK(at_every_step(without, ask, enter, check_both) > 2);
    CHECK(at_every_step(without, enter, ask, check_both) > 2);
  }
}

TEMPLATE_TEST_CASE("a consumer joins at any point of a publish, and the producer publishes at any point of a join", "",
                   ReliableKind, ObservedKind) {
  using Wire = Wiring<TestType::kKind, 4, 8>;
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    for (Seq before = 0; before <= 4; ++before) {  // published while there was a consumer
      for (Seq idle = 0; idle <= 4; ++idle) {      // and when it had left
        for (Seq back = 0; back <= before + idle; ++back) {
          CAPTURE(start, before, idle, back);
          const auto make = [&] {
            auto made = scene<Wire>(start, before, before);
            made->consumer.reset();
            made->right = 0;
            made->publish(idle);
            return made;
          };
          const auto join = [&](auto& s) { s.join(start + before + idle - back); };
          const auto publish = [](auto& s) { s.publish(10); };
          const auto check = [](auto& s, std::int64_t at) {
            CAPTURE(at);
            CHECK(s.consumer->status().ok());
            s.poll_all();
            s.publish(3);
            check_drained(s, at);
          };
          CHECK(at_every_step(make, publish, join, check) > 10);
          CHECK(at_every_step(make, join, publish, check) > 4);
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("a consumer leaves at any point of a publish", "", ReliableKind, ObservedKind) {
  using Wire = Wiring<TestType::kKind, 4, 8>;
  struct Two : Scene<Wire> {
    using Scene<Wire>::Scene;
    std::optional<typename Scene<Wire>::C> other;
  };
  for (Seq before = 0; before <= 4; ++before) {
    at_every_step(
        [&] {
          auto made = std::make_unique<Two>(1);
          made->producer.emplace(made->wire.producer());
          made->join(1);
          made->other.emplace(made->wire.consumer(1));
          made->publish(before);
          return made;
        },
        [](auto& s) { s.publish(2); }, [](auto& s) { s.other.reset(); },
        [](auto& s, std::int64_t at) {
          s.poll_all();
          s.publish(4);
          CHECK(s.accepted >= 4);
          check_drained(s, at);
        });
  }
}

TEMPLATE_TEST_CASE("the last consumer leaves, and the next one goes on there, at any point of a publish", "",
                   ReliableKind, ObservedKind) {
  using Wire = Wiring<TestType::kKind, 4, 8>;
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    for (Seq before = 0; before <= 4; ++before) {
      for (Seq read = 0; read <= before; ++read) {
        for (const Seq idle : {0u, 1u, 9u}) {
          CAPTURE(start, before, read, idle);
          const auto make = [&] { return scene<Wire>(start, before, read); };
          const auto leave = [](auto& s) { s.consumer.reset(); };
          const auto left = [&] {
            auto made = make();
            made->consumer.reset();
            made->publish(idle);
            return made;
          };
          const auto join = [](auto& s) { s.join(From::Oldest); };
          const auto publish = [](auto& s) { s.publish(10); };
          const auto check = [&](auto& s, std::int64_t at) {
            CAPTURE(at);
            if (!s.consumer) {
              s.publish(10);  // waits
              s.join(From::Oldest);
            }
            REQUIRE(s.consumer->status().ok());
            CHECK(s.consumer->first() == start + read);  // nothing twice
            const std::uint64_t right_before = s.right;
            s.poll_all();
            s.publish(3);
            s.producer->stop();
            s.poll_all();
            CHECK(s.wrong == 0);
            CHECK(s.right == s.accepted);  // nothing lost
            CHECK(s.right - right_before == s.consumer->delivered());
          };
          CHECK(at_every_step(make, leave, publish, check) > 2);
          CHECK(at_every_step(make, publish, leave, check) > 10);
          CHECK(at_every_step(left, join, publish, check) > 4);
          CHECK(at_every_step(left, publish, join, check) > 2);
        }
      }
    }
  }
}

namespace {

/// Flow control with 4 credits, and the words of a channel around it. What the producer saw meanwhile is in `seen`.
template <std::size_t Places = kMaxReliableConsumers>
struct Flow {
  explicit Flow(Seq first) : start{first}, next{first}, limit{first} {}

  auto view() { return detail::inside(fctl).view(); }
  auto join(std::optional<Seq> wanted) { return test::join(view(), wanted, start, limit, 4); }
  void come(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      REQUIRE(join(start));
    }
  }
  Seq minimum() { return view().minimum(start, next); }
  Seq refill() { return view().refill(start, start, next, limit, 4); }
  void look() { seen.push_back(refill()); }
  detail::CreditPlace& place(std::size_t i) { return detail::inside(fctl).places[i]; }
  void give_back(std::size_t i, Seq position) { place(i).give_back(position); }
  PlaceState state(std::size_t i) { return place(i).claim.holder().state; }

  Seq start;
  Seq next;
  detail::SharedWord limit;
  BasicFctl<Places> fctl{4};
  std::vector<Seq> seen;
  std::optional<Joined> joined;
  std::optional<Joined> other;
};

/// Consumers of which the first is at `start` + 2, the second at `start` + 4, and so on; 8 were published.
auto flow_of(Seq start, std::size_t consumers) {
  auto made = std::make_unique<Flow<>>(start);
  made->come(consumers);
  for (std::size_t i = 0; i < consumers; ++i) {
    made->give_back(i, start + 2 * (i + 1));
  }
  made->next = start + 8;
  return made;
}

/// How many accesses to shared memory something makes.
template <class F>
std::int64_t accesses_of(F act) {
  constexpr std::int64_t kMany = std::int64_t{1} << 40;
  steps_left = kMany;
  act();
  return kMany - std::exchange(steps_left, -1);
}

}  // namespace

TEST_CASE("a refill visits the places that are in use, and no others") {
  const auto accesses = []<std::size_t Places>(std::integral_constant<std::size_t, Places>, std::size_t consumers) {
    Flow<Places> a{1};
    a.come(consumers);
    a.next = 9;
    for (std::size_t i = 0; i < consumers; ++i) {
      a.give_back(i, 5);
    }
    Seq seen = 0;
    const std::int64_t count = accesses_of([&] { seen = a.refill(); });
    CHECK(seen == (consumers == 0 ? 1 : 5));
    return count;
  };
  using One = std::integral_constant<std::size_t, 1>;
  using Eight = std::integral_constant<std::size_t, 8>;
  using All = std::integral_constant<std::size_t, 64>;
  CHECK(accesses(One{}, 0) == accesses(All{}, 0));
  CHECK(accesses(One{}, 1) == accesses(All{}, 1));
  for (std::size_t consumers = 2; consumers <= 8; ++consumers) {
    CAPTURE(consumers);
    CHECK(accesses(Eight{}, consumers) == accesses(All{}, consumers));
    // Each is looked at twice: its claim and its position.
    CHECK(accesses(All{}, consumers) - accesses(All{}, consumers - 1) == 4);
  }
  CHECK(accesses(All{}, 64) - accesses(All{}, 1) == 63 * 4);
}

TEST_CASE("a place is no longer visited when its consumer has resigned or is forgotten") {
  Flow<64> a{1};
  a.come(40);
  a.next = 9;
  const auto visits = [&] {
    static_cast<void>(a.minimum());  // the first scan afterwards still finds it
    return accesses_of([&] { static_cast<void>(a.minimum()); });
  };
  const std::int64_t with_40 = visits();
  a.view().resign(7);
  CHECK(visits() == with_40 - 2);
  a.view().leave(8);
  CHECK(visits() == with_40 - 2);  // kept, as long as another one does not leave
  a.view().leave(9);
  CHECK(visits() == with_40 - 4);
  a.view().resign(10);
  CHECK(visits() == with_40 - 8);
  for (std::size_t i = 11; i < 40; ++i) {
    a.view().leave(i);
  }
  for (std::size_t i = 0; i < 7; ++i) {
    a.view().leave(i);
  }
  CHECK(visits() == 3);  // the members, and the claim and the position of the last one
}

TEST_CASE("the producer looks at any point of a leave, and a consumer leaves at any point of a refill") {
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    const auto leave = [](auto& a) { a.view().leave(0); };
    const auto look = [](auto& a) { a.look(); };
    const auto check = [&](auto& a, std::int64_t at) {
      CAPTURE(at);
      a.look();
      for (const Seq seen : a.seen) {
        CHECK(seen == start + 2);  // it is held back by what was not given back, all the time
      }
      CHECK(a.join(std::nullopt)->first == start + 2);
    };
    CHECK(at_every_step([&] { return flow_of(start, 1); }, leave, look, check) > 2);
    CHECK(at_every_step([&] { return flow_of(start, 1); }, look, leave, check) > 2);
  }
}

TEST_CASE("two consumers leave at the same time: what the later one had not given back is kept") {
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    for (const std::size_t variant : {0u, 1u, 2u, 3u}) {
      const std::size_t first = variant % 2;
      const std::size_t second = 1 - first;
      const bool looks = variant / 2 != 0;
      bool both = false;
      bool one = false;
      const auto check = [&](auto& a, std::int64_t at) {
        CAPTURE(start, first, at);
        a.look();
        const bool both_kept = a.state(0) == PlaceState::Kept && a.state(1) == PlaceState::Kept;
        (both_kept ? both : one) = true;
        // `first` began to leave first and finished last: either it saw the other one gone, or both are kept.
        const Seq kept = both_kept ? start + 2 : start + 2 * (first + 1);
        CHECK(a.seen.back() == kept);
        // The producer may have looked while one of them had left and the other one was still there. What it saw then
        // it may have used; never what the one that was still there had not given back.
        Seq used = kept;
        for (const Seq seen : a.seen) {
          CHECK((seen == start + 2 || seen == start + 2 * (first + 1)));
          used = seq_max(used, seen);
        }
        CHECK((both_kept || a.state(second) == PlaceState::Free));
        const auto next = a.join(std::nullopt);
        CHECK(next->first == used);
        a.view().leave(next->place);
        CHECK(a.minimum() == used);
        CHECK(detail::inside(a.fctl).members.members.load(detail::memory_order_relaxed) ==
              detail::CreditMembers::bit(next->place));
      };
      at_every_step([&] { return flow_of(start, 2); }, [&](auto& a) { a.view().leave(first); },
                    [&](auto& a) {
                      a.view().leave(second);
                      if (looks) {
                        a.look();
                      }
                    },
                    check);
      // If it looks while the one that is further ahead is still there, it drops the other one.
      CHECK(both == !(looks && first == 1));
      CHECK(one);
    }
  }
}

TEST_CASE("the producer looks at any point of a resignation") {
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    const auto resign = [](auto& a) { a.view().resign(0); };
    const auto look = [](auto& a) { a.look(); };
    const auto check = [&](auto& a, std::int64_t at) {
      CAPTURE(start, at);
      a.look();
      CHECK(a.seen.back() == a.next);
      CHECK((a.seen.front() == start + 2 || a.seen.front() == a.next));  // never the start: somebody was there
      CHECK(detail::inside(a.fctl).members.members.load(detail::memory_order_relaxed) == 0);
    };
    CHECK(at_every_step([&] { return flow_of(start, 1); }, resign, look, check) > 3);
    CHECK(at_every_step([&] { return flow_of(start, 1); }, look, resign, check) > 2);
  }
}

TEST_CASE("one resigns while another one leaves in good order: what that one had not given back is kept") {
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    for (const std::size_t leaver : {0u, 1u}) {
      const Seq kept = start + 2 * (leaver + 1);
      const auto leave = [&](auto& a) { a.view().leave(leaver); };
      const auto resign = [&](auto& a) { a.view().resign(1 - leaver); };
      CHECK(at_every_step([&] { return flow_of(start, 2); }, leave, resign,
                          [&](auto& a, std::int64_t at) {
                            CAPTURE(start, leaver, at);
                            CHECK(a.minimum() == kept);  // the last one to leave did so in good order
                            CHECK(a.join(std::nullopt)->first == kept);
                          }) > 2);
      bool any_kept = false;
      bool any_given_up = false;
      CHECK(at_every_step([&] { return flow_of(start, 2); }, resign, leave,
                          [&](auto& a, std::int64_t at) {
                            CAPTURE(start, leaver, at);
                            const Seq seen = a.minimum();  // the last one resigned, or did not see the other one go
                            CHECK((seen == kept || seen == a.next));
                            (seen == kept ? any_kept : any_given_up) = true;
                          }) > 2);
      CHECK(any_kept);
      CHECK(any_given_up);
    }
  }
}

TEST_CASE("one leaves or resigns while others stay: the producer is never past those") {
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    for (const bool resigns : {false, true}) {
      const auto go = [&](auto& a) { resigns ? a.view().resign(0) : a.view().leave(0); };
      const auto look = [](auto& a) { a.look(); };
      const auto check = [&](auto& a, std::int64_t at) {
        CAPTURE(start, resigns, at);
        a.look();
        CHECK((a.seen.front() == start + 2 || a.seen.front() == start + 4));
        CHECK(a.seen.back() == start + 4);
      };
      at_every_step([&] { return flow_of(start, 3); }, go, look, check);
      at_every_step([&] { return flow_of(start, 3); }, look, go, check);
    }
  }
}

TEST_CASE("two consumers join at the same time where one has left: one of them goes on there, and both are protected") {
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    const auto make = [&] {
      auto made = flow_of(start, 1);
      made->view().leave(0);
      made->next = start + 6;
      return made;
    };
    CHECK(at_every_step(
              make, [](auto& a) { a.joined = a.join(std::nullopt); },
              [](auto& a) {
                a.look();
                a.other = a.join(std::nullopt);
                a.look();
              },
              [&](auto& a, std::int64_t at) {
                CAPTURE(start, at);
                a.look();
                CHECK(a.joined->place != a.other->place);
                CHECK((a.joined->first == start + 2 || a.other->first == start + 2));
                for (const auto& one : {a.joined, a.other}) {
                  CHECK(a.place(one->place).position.load(detail::memory_order_relaxed) == one->first);
                  CHECK(a.state(one->place) == PlaceState::Active);
                  CHECK(seq_le(a.seen.back(), one->first));
                }
                for (const Seq seen : a.seen) {
                  CHECK(seq_le(seen, start + 2));
                }
              }) > 4);
  }
}

TEST_CASE("metrics: while a snapshot is taken, so much is published that what one word counts wraps many times over") {
  constexpr std::uint64_t kSize = 0xFFFF'FFFF;
  constexpr std::uint64_t kMany = 1000;  // four wraps of the bytes
  struct Counted {
    Counted() {
      static_cast<void>(meter.take());
      meter.join(1);
      publish(3);
    }
    void publish(std::uint64_t messages) {
      for (std::uint64_t i = 0; i < messages; ++i) {
        meter.published(kSize);
      }
    }
    Metrics metrics;
    detail::ProducerRecorder meter{metrics};
    MetricsSnapshot seen;
  };
  const std::int64_t steps =
      at_every_step([] { return std::make_unique<Counted>(); }, [](Counted& c) { c.seen = c.metrics.snapshot(); },
                    [](Counted& c) { c.publish(kMany); },
                    [](const Counted& c, std::int64_t) {
                      REQUIRE((c.seen.published == 3 || c.seen.published == 3 + kMany));
                      REQUIRE(c.seen.published_bytes == c.seen.published * kSize);
                    });
  CHECK(steps > 5);
}

TEST_CASE("latency: at any point of a record or of a snapshot, no more are negative than there are") {
  struct Stopped {
    static Tick now() noexcept { return 1000; }
  };
  struct Recorded {
    void record() { (void)latency.record(std::uint32_t{1001}); }
    Latency<Stopped> latency;
    LatencySnapshot seen;
  };
  const auto made = [] {
    auto recorded = std::make_unique<Recorded>();
    recorded->record();
    return recorded;
  };
  const auto look = [](Recorded& r) { r.seen = r.latency.snapshot(); };
  const auto check = [](const Recorded& r, std::int64_t) {
    REQUIRE(r.seen.negative <= r.seen.ticks.count());
    const LatencySnapshot since = r.latency.snapshot().since(r.seen);
    REQUIRE(since.negative <= since.ticks.count());
  };
  CHECK(at_every_step(
            made, [](Recorded& r) { r.record(); }, look, check) > 3);
  CHECK(at_every_step(
            made, look, [](Recorded& r) { r.record(); }, check) > 3);
}

TEST_CASE("a channel is made where another stood: from the first access on nobody finds either, until it is whole") {
  struct Memory {
    alignas(128) std::byte bytes[8192];
    std::optional<Seq> found;  ///< the start of the channel that was found meanwhile
  };
  constexpr auto builder = ChannelBuilder<2, 4, 64>{}.with_flow_control();
  const std::int64_t steps = at_every_step(
      [&] {
        auto memory = std::make_unique<Memory>();
        (void)builder.starting_at(5).build_in(memory->bytes);
        return memory;
      },
      [&](Memory& memory) { (void)builder.starting_at(77).build_in(memory.bytes); },
      [&](Memory& memory) {
        if (const auto found = builder.attach(memory.bytes)) {
          memory.found = (*found)->start();
        }
      },
      [&](Memory& memory, std::int64_t at) {
        CAPTURE(at);
        CHECK((at == 0 || !memory.found));
        const auto found = builder.attach(memory.bytes);
        REQUIRE(found);
        CHECK((*found)->start() == 77);
      });
  CHECK(steps >= 4);
}

namespace {

/// Two words that are stored one after the other, by something whose destructor would store again.
struct Doomed {
  struct Endpoint {
    explicit Endpoint(Doomed& in) : state{in} {}
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;
    ~Endpoint() { state.left.store(1, tango::detail::memory_order_relaxed); }
    void act() {
      const std::vector<int> allocated(100);
      const Endpoint local{state};
      state.first.store(1, tango::detail::memory_order_relaxed);
      state.second.store(allocated.size(), tango::detail::memory_order_relaxed);
    }
    Doomed& state;
  };
  Doomed() { endpoint.emplace(*this); }

  static std::uint64_t value_of(const tango::detail::SharedWord& word) {
    return word.load(tango::detail::memory_order_relaxed);
  }

  tango::detail::SharedWord first;
  tango::detail::SharedWord second;
  tango::detail::SharedWord left;
  NoDestructor<Endpoint> endpoint;
};

/// A scene whose producer may vanish. What it publishes is made beforehand.
template <class Wire>
struct Vanishing : Scene<Wire> {
  Vanishing(Seq start, Seq before) : Scene<Wire>{start} {
    victim.emplace(this->wire.producer());
    this->join(start);
    for (Seq i = 0; i < before; ++i) {
      publish();
    }
  }
  void publish() {
    const Seq seq = victim->next_seq();
    payload = payload_of(seq, size_of(seq));
    publish_payload();
  }
  void publish_payload() {
    const Seq seq = victim->next_seq();
    this->accepted += victim->publish(payload, {.sig = seq}).ok() ? 1u : 0u;
  }

  NoDestructor<typename Scene<Wire>::P> victim;
  std::vector<std::byte> payload;
};

}  // namespace

TEST_CASE("who is abandoned does nothing more, destructors included") {
  std::int64_t calls = 0;
  const auto check = [&calls](const Doomed& s, std::int64_t step) {
    CAPTURE(step);
    CHECK(step == calls++);
    CHECK(Doomed::value_of(s.first) == (step > 0 ? 1u : 0u));
    CHECK(Doomed::value_of(s.second) == (step > 1 ? 100u : 0u));
    CHECK(Doomed::value_of(s.left) == (step > 2 ? 1u : 0u));
  };
  const auto make = [] { return std::make_unique<Doomed>(); };
  CHECK(abandon_at_every_step(
            make, [](Doomed& s) { s.endpoint->act(); }, check) == 3);
  CHECK(calls == 4);
}

TEST_CASE("a destructor is abandoned, and does not run again") {
  const auto make = [] { return std::make_unique<Doomed>(); };
  const auto check = [](const Doomed& s, std::int64_t step) {
    CHECK(!s.endpoint);
    CHECK(Doomed::value_of(s.left) == static_cast<std::uint64_t>(step));
  };
  CHECK(abandon_at_every_step(
            make, [](Doomed& s) { s.endpoint.destroy(); }, check) == 1);
}

TEST_CASE("what is thrown on the stack that may be abandoned arrives") {
  Doomed s;
  CHECK_THROWS_AS(abandon_at(1,
                             [&s] {
                               s.first.store(1, tango::detail::memory_order_relaxed);
                               throw 7;
                             }),
                  int);
  CHECK(steps_left < 0);
  CHECK(Doomed::value_of(s.first) == 1);
  CHECK(abandon_at(0, [&s] { s.second.store(1, tango::detail::memory_order_relaxed); }));
  CHECK(Doomed::value_of(s.second) == 0);
}

TEMPLATE_TEST_CASE("a producer vanishes at any point of a publish: what was published stays, and nothing is half", "",
                   LossyKind, ReliableKind, ObservedKind) {
  using Wire = Wiring<TestType::kKind, 4, 8>;
  for (const Seq start : {Seq{0}, Seq{1}, ~Seq{0} - 1}) {
    for (Seq before = 0; before <= 3; ++before) {
      CAPTURE(start, before);
      bool none = false;
      bool one = false;
      const auto steps = abandon_at_every_step(
          [&] {
            auto made = std::make_unique<Vanishing<Wire>>(start, before);
            const Seq seq = made->victim->next_seq();
            made->payload = payload_of(seq, size_of(seq));
            return made;
          },
          [](auto& s) { s.publish_payload(); },
          [&](auto& s, std::int64_t step) {
            CAPTURE(step);
            s.poll_all();
            CHECK(s.wrong == 0);
            CHECK((s.right == before || s.right == before + 1));
            CHECK((s.accepted == before || s.right == before + 1));
            none = none || s.right == before;
            one = one || s.right == before + 1;
          });
      CHECK(steps > 4);
      CHECK(none);
      CHECK(one);
    }
  }
}
