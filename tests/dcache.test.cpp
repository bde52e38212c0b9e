// SPDX-License-Identifier: Apache-2.0
// DCache: which chunks exist, which payload they hold, and who gets them: the fifo against a simple model.
#include <algorithm>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <deque>
#include <optional>
#include <type_traits>
#include <vector>

#include "support/channel.hpp"
#include "support/endpoints.hpp"

using namespace tango;
using namespace tango::test;

namespace {

/// The model: every chunk by itself, free or held by a number.
template <std::size_t N>
class ModelFifo {
 public:
  /// Where a run would start, in the ring.
  std::size_t start_of(std::size_t chunks) const { return head_ + chunks <= N ? head_ : 0; }

  /// Whether a run is free once everything before `live` is given back.
  bool fits(std::size_t chunks, Seq live) const {
    for (const Run& run : held_) {
      if (seq_lt(run.seq, live)) {
        continue;
      }
      for (std::size_t i = 0; i < chunks; ++i) {
        const std::size_t chunk = start_of(chunks) + i;
        if (chunk >= run.start && chunk < run.start + run.chunks) {
          return false;
        }
      }
    }
    return true;
  }

  void take(std::size_t chunks, std::size_t used, Seq seq) {
    const std::size_t start = start_of(chunks);
    held_.push_back({seq, start, used});
    head_ = (start + used) % N;
  }

  void take_back(Seq live) {
    while (!held_.empty() && seq_lt(held_.front().seq, live)) {
      held_.pop_front();
    }
  }

  bool holds_any() const { return !held_.empty(); }
  Seq oldest() const { return held_.front().seq; }

 private:
  struct Run {
    Seq seq;
    std::size_t start, chunks;
  };
  std::deque<Run> held_;
  std::size_t head_ = 0;
};

struct FifoRun {
  std::uint64_t wrong = 0;
  std::uint64_t taken = 0;
  std::uint64_t refused = 0;
  std::uint64_t tails_skipped = 0;
  std::uint64_t looks = 0;  ///< at numbers
  std::uint64_t take_backs = 0;
};

/// Random fragments of 0 (inline) to N / 2 chunks, some of them committed short, given back in random strides.
template <std::size_t N>
FifoRun run_fifo(Seq start, std::uint64_t seed, Seq count) {
  FifoRun result;
  Random random{seed};
  detail::ChunkAccount account;
  detail::ChunkRing<N> fifo{account};
  fifo.start(start);
  ModelFifo<N> model;
  std::vector<std::uint32_t> chunk_of(count);
  Seq live = start;
  Seq next = start;
  const auto expect = [&result](bool right) { result.wrong += !right; };
  bool counted = false;
  const auto holder = [&](Seq s) {
    expect(s - live < next - live);  // only what is live and was served
    result.looks += counted;
    return chunk_of[s - start];
  };
  while (next != start + count) {
    const std::size_t chunks = random.below(4) == 0 ? 0 : random.below(N / 2) + 1;
    if (chunks != 0) {
      // What would be free, were more given back; without touching anything.
      const Seq further = live + random.below(next - live + 1);
      const Seq kept = live;
      live = further;
      expect(fifo.would_fit(chunks, further, next, holder) == model.fits(chunks, further));
      live = kept;
      // The fifo may count the tail that was skipped before the oldest run as held until it is asked to look.
      expect(!fifo.fits(chunks, next) || model.fits(chunks, live));
      if (!fifo.fits(chunks, next) || random.below(2) == 0) {  // as the producer does: not before it has to
        counted = true;
        fifo.take_back(live, next, holder);
        ++result.take_backs;
        counted = false;
        expect(fifo.holds_any(next) == model.holds_any());
        expect(!fifo.holds_any(next) || fifo.oldest() == model.oldest());
        expect(fifo.fits(chunks, next) == model.fits(chunks, live));
      }
      if (!fifo.fits(chunks, next)) {
        ++result.refused;
        if (live == next) {
          expect(false);  // nothing is held, and it does not fit
          return result;
        }
        live += random.below(next - live) + 1;
        model.take_back(live);
        continue;
      }
      const std::uint64_t position = fifo.next_run(chunks, next);
      expect(fifo.chunk_at(position) == model.start_of(chunks));
      const std::size_t used = random.below(3) == 0 ? random.below(chunks) + 1 : chunks;
      result.tails_skipped += position != fifo.head(next);
      chunk_of[next - start] = fifo.chunk_at(position);
      fifo.take(position, used, next);
      expect(fifo.head(next + 1) == position + used);
      model.take(chunks, used, next);
      ++result.taken;
    } else {
      chunk_of[next - start] = kInlineChunk;
      fifo.take(fifo.head(next), 0, next);
    }
    ++next;
  }
  return result;
}

template <std::size_t N>
void check_fifo() {
  for (const Seq start : kStarts) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      constexpr Seq kCount = 4000;
      const FifoRun run = run_fifo<N>(start - (seed % 2) * kCount / 2, seed, kCount);
      REQUIRE(run.wrong == 0);
      CHECK(run.taken > kCount / 2);
      CHECK(run.refused > kCount / 20);
      CHECK((N == 2 || run.tails_skipped > kCount / 100));  // runs of one chunk leave no tail
      CHECK(run.looks <= kCount + run.take_backs);          // each number once, but for the one it stops at
    }
  }
}

/// Every byte of every chunk belongs to it alone.
template <class Cache>
void check_places() {
  Cache cache;
  auto& store = detail::inside(cache);
  const auto* base = reinterpret_cast<const std::byte*>(store.data(0));
  CHECK(reinterpret_cast<std::uintptr_t>(base) % kSeparation == 0);
  CHECK(base - reinterpret_cast<const std::byte*>(&cache) == 128);
  for (std::uint32_t i = 0; i < Cache::chunks(); ++i) {
    CHECK(reinterpret_cast<const std::byte*>(store.data(i)) == base + i * Cache::chunk_size());
    CHECK(std::as_const(store).data(i) == store.data(i));
  }
  CHECK(sizeof(Cache) >= 128 + Cache::chunks() * Cache::chunk_size());
  CHECK(sizeof(Cache) < 128 + Cache::chunks() * Cache::chunk_size() + kSeparation);
}

/// With everything given back, the largest payload fits wherever the head stands.
template <std::size_t CHUNKS, class Payload>
void check_largest_fits() {
  for (const Seq start : kStarts) {
    Components<4, CHUNKS, 64, Payload> c{start};
    Producer producer{c.mcache, c.dcache, c.fseq, c.fctl};
    Consumer consumer{c.mcache, c.dcache, c.fctl, start};
    const std::size_t largest = producer.max_payload();
    for (std::size_t i = 0; i < 3 * CHUNKS; ++i) {
      for (const std::size_t size : {std::size_t{33}, largest}) {  // one chunk further every time
        const Seq seq = producer.next_seq();
        REQUIRE(producer.publish(payload_of(seq, size)));
        auto fragment = consumer.poll();
        REQUIRE(fragment);
        REQUIRE(fragment->size() == size);
        REQUIRE(is_payload_of(seq, fragment->payload()));
      }
    }
  }
}

}  // namespace

TEST_CASE("the fifo hands out what a model of single chunks hands out") {
  check_fifo<2>();
  check_fifo<4>();
  check_fifo<8>();
  check_fifo<64>();
}

TEST_CASE("a fresh fifo holds nothing and starts at chunk 0") {
  for (const Seq start : kStarts) {
    detail::ChunkAccount account{7, 8, 9};
    detail::ChunkRing<8> fifo{account};
    fifo.start(start);
    CHECK(!fifo.holds_any(start));
    CHECK(fifo.head(start) == 0);
    for (std::size_t chunks = 0; chunks <= 4; ++chunks) {
      CHECK(fifo.fits(chunks, start));
      CHECK(fifo.next_run(chunks, start) == 0);
    }
  }
}

namespace {

/// What the slots alone say of a number: the run of a fragment that still answers to it.
template <std::size_t CHUNKS, class Wire>
typename detail::ChunkRing<CHUNKS>::Run run_in_slot(Wire& wire, Seq seq) {
  const auto [status, metadata] = in_slot(wire.mcache, seq);
  if (status != ReadStatus::Ok || metadata.chunk == kInlineChunk) {
    return {};
  }
  return {metadata.chunk, Wire::Cache::Store::chunks_for(metadata.size)};
}

struct Restored {
  std::uint64_t restored = 0;
  std::uint64_t holding = 0;    ///< of these, with a run that is still needed
  std::uint64_t over_wrap = 0;  ///< of these, with runs on both sides of the wrap
  std::uint64_t more_held = 0;  ///< of these, where the account held more than is needed
  std::uint64_t delivered = 0;
};

/// Random messages on a real channel: inline, of one chunk and of several, reserved long and committed short or empty,
/// reservations that are dropped; read or not. After each of them the account is restored from the slots and compared
/// with the one that was kept, and now and then it takes that one's place.
template <Kind KIND, std::size_t DEPTH, std::size_t CHUNKS>
void check_restored(Seq start, std::uint64_t seed, Restored& counts) {
  using Wire = Wiring<KIND, DEPTH, CHUNKS>;
  using Ring = detail::ChunkRing<CHUNKS>;
  constexpr std::size_t kMost = Wire::Cache::max_payload();
  CAPTURE(DEPTH, CHUNKS, start, seed);
  Wire wire{start};
  Random random{seed};
  auto producer = wire.producer();
  auto consumer = wire.consumer(start);
  detail::ChunkAccount& account = detail::inside(wire.dcache).account;
  Seq given_back = start;
  const auto size = [&]() -> std::size_t {
    switch (random.below(4)) {
      case 0:
        return random.below(33);
      case 1:
        return random.below(65);
      case 2:
        return kMost - random.below(2);
      default:
        return random.below(kMost + 1);
    }
  };
  for (int step = 0; step < 600; ++step) {
    CAPTURE(step);
    const Seq seq = producer.next_seq();
    if (random.below(3) == 0) {
      if (auto room = producer.reserve(size())) {
        const std::size_t used = random.below(room.size() + 1);
        fill(room, payload_of(seq, used));
        if (random.below(4) != 0) {
          REQUIRE(room.commit_prefix(used));
        }
      }
    } else {
      (void)producer.publish(payload_of(seq, size()));
    }
    if (random.below(2) == 0) {
      if (auto fragment = consumer.poll()) {
        REQUIRE(holds(*fragment, fragment->seq(), fragment->size()));
        ++counts.delivered;
      }
      consumer.release();
      if (Wire::kFlow) {
        given_back = consumer.next_seq();
      }
    }

    const Seq next = producer.next_seq();
    const Seq in_ring = next - start < DEPTH ? start : next - DEPTH;
    const Seq live = Wire::kFlow ? seq_max(in_ring, given_back) : in_ring;
    // Where there may be observers they can still read what was given back.
    const Seq first = KIND != Kind::Reliable || random.below(2) == 0 ? in_ring : live;
    const auto run = [&](Seq s) {
      REQUIRE(s - first < next - first);  // no number before `first`, and none that is not published
      return run_in_slot<CHUNKS>(wire, s);
    };
    detail::ChunkAccount made{random(), random(), random()};  // whatever the producer that vanished left
    Ring restored{made};
    restored.restore(first, next, run);
    ++counts.restored;

    // Idempotent.
    detail::ChunkAccount again = made;
    Ring{again}.restore(first, next, run);
    REQUIRE((again.lead == made.lead && again.tail == made.tail && again.oldest == made.oldest));

    // The head is where it was, as far as anything is needed. (Else it may have been elsewhere since.)
    Ring original{account};
    bool any = false;
    bool any_needed = false;
    for (Seq s = first; s != next; ++s) {
      const bool held = run_in_slot<CHUNKS>(wire, s).chunks != 0;
      any = any || held;
      any_needed = any_needed || (held && seq_le(live, s));
    }
    REQUIRE(restored.holds_any(next) == any);
    if (any_needed) {
      REQUIRE((restored.head(next) - original.head(next)) % CHUNKS == 0);
    }
    if (any) {
      REQUIRE(restored.head(next) - made.tail <= CHUNKS);
      REQUIRE(run_in_slot<CHUNKS>(wire, restored.oldest()).chunks != 0);
    }

    // It frees no run of a fragment that still answers and was not given back.
    bool before_head = false;
    bool behind_head = false;
    for (Seq s = live; s != next; ++s) {
      const auto held = run_in_slot<CHUNKS>(wire, s);
      if (held.chunks == 0) {
        continue;
      }
      (held.chunk < Ring::chunk_at(restored.head(next)) ? before_head : behind_head) = true;
      for (std::size_t chunks = 1; chunks <= CHUNKS / 2; ++chunks) {
        if (restored.fits(chunks, next)) {
          const std::uint32_t from = Ring::chunk_at(restored.next_run(chunks, next));
          REQUIRE((from + chunks <= held.chunk || held.chunk + held.chunks <= from));
        }
      }
    }
    counts.holding += before_head || behind_head ? 1u : 0u;
    counts.over_wrap += before_head && behind_head ? 1u : 0u;

    // Once all is given back that may be, it has room for whatever the other one has room for.
    const auto holder = [&](Seq s) {
      return static_cast<std::uint32_t>(detail::inside(wire.mcache).slot(s).metadata.own_extent());
    };
    detail::ChunkAccount kept = account;
    Ring{kept}.take_back(live, next, holder);
    detail::ChunkAccount freed = made;
    counts.more_held += restored.holds_any(next) && made.oldest != kept.oldest ? 1u : 0u;
    Ring{freed}.take_back(live, next, holder);
    for (std::size_t chunks = 1; chunks <= CHUNKS / 2; ++chunks) {
      REQUIRE((!Ring{kept}.fits(chunks, next) || Ring{freed}.fits(chunks, next)));
      REQUIRE((!original.fits(chunks, next) || restored.would_fit(chunks, live, next, holder)));
    }
    REQUIRE((!Ring{freed}.holds_any(next) || Ring{kept}.holds_any(next)));

    if (random.below(4) == 0) {
      account = made;  // the channel goes on with it
    }
  }
  if (Wire::kFlow) {
    REQUIRE(consumer.lost() == 0);
  }
}

template <Kind KIND>
void check_restored_in_every_shape() {
  Restored counts;
  for (const Seq start : kStarts) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      const Seq from = start - (seed % 2) * 300;  // the numbers wrap in the middle
      check_restored<KIND, 2, 2>(from, seed, counts);
      check_restored<KIND, 4, 8>(from, seed, counts);
      check_restored<KIND, 8, 4>(from, seed, counts);
      check_restored<KIND, 16, 16>(from, seed, counts);
      check_restored<KIND, 64, 4>(from, seed, counts);  // many given back whose chunks are long another one's
      check_restored<KIND, 4, 64>(from, seed, counts);
    }
  }
  CHECK(counts.restored > 10'000);
  CHECK(counts.holding > counts.restored / 4);
  CHECK(counts.over_wrap > counts.restored / 50);
  CHECK((KIND == Kind::Lossy || counts.more_held > counts.restored / 50));
  CHECK(counts.delivered > counts.restored / 20);
}

}  // namespace

TEMPLATE_TEST_CASE("an account that is restored from the slots holds what is needed, and no more once it is given back",
                   "", LossyKind, ReliableKind, ObservedKind) {
  check_restored_in_every_shape<TestType::kKind>();
}

TEST_CASE("chunks that were taken for a message that never came are free after the account is restored") {
  for (const Seq start : kStarts) {
    Wiring<Kind::Reliable, 4, 8> wire{start};
    auto producer = wire.producer();
    auto consumer = wire.consumer(start);
    for (Seq i = 0; i < 2; ++i) {
      REQUIRE(producer.publish(payload_of(start + i, 2 * 64)));  // chunks 0 to 3
    }
    detail::ChunkAccount& account = detail::inside(wire.dcache).account;
    using Ring = detail::ChunkRing<8>;
    const Seq next = start + 2;
    Ring{account}.take(Ring{account}.next_run(4, next), 4, next);  // chunks 4 to 7, and then its producer vanished
    const auto run = [&](Seq s) { return run_in_slot<8>(wire, s); };
    Ring{account}.restore(start, next, run);
    CHECK(Ring::chunk_at(Ring{account}.head(next)) == 4);
    CHECK(Ring{account}.fits(4, next));
    CHECK(Ring{account}.oldest() == start);
    REQUIRE(producer.publish(payload_of(next, 4 * 64)));
    CHECK(in_slot(wire.mcache, next).metadata.chunk == 4);
    CHECK(producer.publish(payload_of(next + 1, 64)).error() == Error::NoCredits);
    for (Seq s = start; s != next + 1; ++s) {
      auto fragment = consumer.poll();
      REQUIRE(fragment);
      CHECK(holds(*fragment, s, s == next ? 4 * 64 : 2 * 64));
    }
  }
}

TEST_CASE("without any run in the slots nothing is held after the account is restored") {
  for (const Seq start : kStarts) {
    detail::ChunkAccount account{7, 8, 9};
    detail::ChunkRing<8> ring{account};
    std::uint64_t asked = 0;
    ring.restore(start - 4, start, [&](Seq) {
      ++asked;
      return detail::ChunkRing<8>::Run{};
    });
    CHECK(asked == 4);
    CHECK(!ring.holds_any(start));
    for (std::size_t chunks = 1; chunks <= 4; ++chunks) {
      CHECK(ring.fits(chunks, start));
    }
    ring.restore(start, start, [&](Seq) {
      ++asked;
      return detail::ChunkRing<8>::Run{0, 1};
    });
    CHECK(asked == 4);
    CHECK(!ring.holds_any(start));
  }
}

TEST_CASE("the tail that a run skips comes back with the run before it") {
  // 8 chunks: runs of 3 stand at 0 and 3; the third skips 6 and 7 and stands at 0.
  Components<8, 8> c;
  Producer producer{c.mcache, c.dcache, c.fseq};
  const auto chunk_of = [&](Seq s) { return c.mcache.try_read(s).metadata.chunk; };
  const auto status_of = [&](Seq s) { return c.mcache.try_read(s).status; };
  for (Seq s = 1; s <= 2; ++s) {
    REQUIRE(producer.publish(payload_of(s, 192)));
  }
  CHECK(chunk_of(1) == 0);
  CHECK(chunk_of(2) == 3);
  REQUIRE(producer.publish(payload_of(3, 192)));
  CHECK(chunk_of(3) == 0);
  CHECK(status_of(1) == ReadStatus::Overrun);  // whose chunks these were
  CHECK(status_of(2) == ReadStatus::Ok);
  REQUIRE(producer.publish(payload_of(4, 128)));  // 3 and 4: the second's
  CHECK(chunk_of(4) == 3);
  CHECK(status_of(2) == ReadStatus::Overrun);
  CHECK(status_of(3) == ReadStatus::Ok);
  REQUIRE(producer.publish(payload_of(5, 192)));  // 5, 6 and 7: nobody's any more
  CHECK(chunk_of(5) == 5);
  CHECK(status_of(3) == ReadStatus::Ok);
  CHECK(status_of(4) == ReadStatus::Ok);
  REQUIRE(producer.publish("inline"));
  CHECK(chunk_of(6) == kInlineChunk);
  CHECK(status_of(3) == ReadStatus::Ok);
}

TEST_CASE("a chunk is whole lines") {
  CHECK(DCache<2, 1>::chunk_size() == 64);
  CHECK(DCache<2, 63>::chunk_size() == 64);
  CHECK(DCache<2, 64>::chunk_size() == 64);
  CHECK(DCache<2, 65>::chunk_size() == 128);
  CHECK(DCache<2, 100, Plain>::chunk_size() == 128);
  CHECK(DCache<2, 4096>::chunk_size() == 4096);
  check_places<DCache<2, 1>>();
  check_places<DCache<8, 65>>();
  check_places<DCache<16, 64, Plain>>();
  check_places<DCache<2, 192, Plain>>();
}

TEST_CASE("the largest payload is at least a quarter of the cache") {
  CHECK(DCache<2, 1>::max_payload() == 64);
  CHECK(DCache<4, 64>::max_payload() == 128);
  CHECK(DCache<64, 256>::max_payload() == 32 * 256);
  CHECK(DCache<64, 250, Plain>::max_payload() == 32 * 256);
  const auto quarter = []<class Cache>(std::type_identity<Cache>) {
    CHECK(Cache::max_payload() * 4 >= Cache::chunks() * Cache::chunk_size());
  };
  quarter(std::type_identity<DCache<2, 64>>{});
  quarter(std::type_identity<DCache<4, 1>>{});
  quarter(std::type_identity<DCache<1024, 1000>>{});
  quarter(std::type_identity<DCache<8, 8000, Plain>>{});
}

TEST_CASE("the largest payload fits wherever the free chunks start") {
  check_largest_fits<2, Plain>();
  check_largest_fits<4, Plain>();
  check_largest_fits<8, Plain>();
  check_largest_fits<8, Words>();
  check_largest_fits<32, Words>();
}

TEST_CASE("metadata that names what is not there is not held") {
  using Cache = DCache<8, 100>;  // chunks of 128, at most 512 bytes
  struct Row {
    std::uint32_t chunk;
    std::uint32_t size;
    bool held;
  };
  const Row rows[] = {
      {0, 0, true},
      {0, 1, true},
      {0, 512, true},
      {0, 513, false},
      {4, 512, true},
      {5, 512, false},
      {5, 384, true},
      {5, 385, false},
      {7, 0, true},
      {7, 128, true},
      {7, 129, false},
      {8, 0, false},
      {8, 1, false},
      {0, 0x8000'0000u, false},
      {0, 0xFFFF'FFFFu, false},
      {7, 0xFFFF'FFFFu, false},
      {0x8000'0000u, 1, false},
      {0xFFFF'FFFEu, 0, false},
      {0xFFFF'FFFEu, 0xFFFF'FFFFu, false},
      {kInlineChunk, 0, true},
      {kInlineChunk, 32, true},
      {kInlineChunk, 33, false},
      {kInlineChunk, 0xFFFF'FFFFu, false},
  };
  for (const Row& row : rows) {
    CAPTURE(row.chunk, row.size);
    CHECK(detail::holds<detail::Ring<4, SlotLayout<>>, Cache::Store>(row.chunk, row.size) == row.held);
  }
}

TEST_CASE("a payload takes as many chunks as it needs") {
  using Cache = DCache<8, 100>;
  CHECK(Cache::Store::chunks_for(0) == 0);
  CHECK(Cache::Store::chunks_for(1) == 1);
  CHECK(Cache::Store::chunks_for(128) == 1);
  CHECK(Cache::Store::chunks_for(129) == 2);
  CHECK(Cache::Store::chunks_for(512) == 4);
}

TEST_CASE("a fresh cache is zero, as words and as bytes") {
  const DCache<4, 64> words;
  const DCache<4, 64, Plain> plain;
  std::uint64_t set = 0;
  for (std::size_t i = 0; i < 4 * 64 / 8; ++i) {
    set += detail::inside(words).data(0)[i].load() != 0;
  }
  for (std::size_t i = 0; i < std::size_t{4} * 64; ++i) {
    set += detail::inside(plain).data(0)[i] != std::byte{0};
  }
  CHECK(set == 0);
  CHECK(DCache<4, 64>::kWords);
  CHECK(!DCache<4, 64, Plain>::kWords);
}
