// SPDX-License-Identifier: Apache-2.0
// Tcache against a plain model, over tags that collide in every way; TagFilter against its own formula.
#include <algorithm>
#include <bit>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <tango/tcache.hpp>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

#include "support/channel.hpp"

using namespace tango;
using tango::test::Random;

namespace {

constexpr std::uint64_t kLargest = ~std::uint64_t{0};

/// What may stand in any memory: no vtable, no pointer to follow, nothing to run at the end.
template <class T>
constexpr bool plain =
    std::is_standard_layout_v<T>&& std::is_trivially_copyable_v<T>&& std::is_trivially_destructible_v<T> &&
    alignof(T) == 8;
static_assert(plain<Tcache<1>> && plain<Tcache<65>> && plain<TagFilter<1>> && plain<TagFilter<64>>);

// The bytes that the header promises: from 16 for each tag, where N is a power of two, to 24, just above one.
static_assert(sizeof(Tcache<1>) == 32 && sizeof(Tcache<64>) == 1040 && sizeof(Tcache<65>) == 1560);
static_assert(sizeof(Tcache<1024>) == 16 * 1024 + 16 && sizeof(Tcache<1025>) <= 24 * 1025 + 16);
static_assert(sizeof(TagFilter<1>) == 16 && sizeof(TagFilter<64>) == 520);

// ------------------------------------------------------------------------------------------------- model and tags

/// The N most recent distinct tags, as one would write it down.
class Model {
 public:
  explicit Model(std::size_t most) : most_{most} {}
  bool check_and_insert(std::uint64_t tag) {
    if (!known_.insert(tag).second) {
      return false;
    }
    order_.push_back(tag);
    if (order_.size() > most_) {
      known_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }
  bool contains(std::uint64_t tag) const { return known_.count(tag) != 0; }
  std::size_t size() const { return order_.size(); }
  void clear() {
    order_.clear();
    known_.clear();
  }

 private:
  std::size_t most_;
  std::deque<std::uint64_t> order_;
  std::unordered_set<std::uint64_t> known_;
};

/// Entries of the map of a Tcache<N>; its size shows that it has so many.
template <std::size_t N>
constexpr std::size_t kEntries = std::bit_ceil(2 * N);

/// The first `count` tags from `from` on that are at home in one of `homes` entries from `first` on, of the map of a
/// Tcache<N>. These may go round its end.
template <std::size_t N>
std::vector<std::uint64_t> tags_at(std::size_t first, std::size_t homes, std::size_t count, std::uint64_t from = 0) {
  static_assert(sizeof(Tcache<N>) == N * 8 + (kEntries<N> * 4 + 7) / 8 * 8 + 16);
  std::vector<std::uint64_t> tags;
  for (std::uint64_t tag = from; tags.size() < count; ++tag) {
    if ((detail::mix(tag) - first) % kEntries<N> < homes) {
      tags.push_back(tag);
    }
  }
  return tags;
}

template <class F>
std::vector<std::uint64_t> tags_by(std::size_t count, F tag) {
  std::vector<std::uint64_t> tags;
  for (std::uint64_t i = 0; i < count; ++i) {
    tags.push_back(tag(i));
  }
  return tags;
}

/// Ten thousand steps and more, with tags drawn from `pool`: cache and model answer alike.
template <std::size_t N>
void check_against_model(const std::string& what, const std::vector<std::uint64_t>& pool) {
  INFO("N = " << N << ", " << what);
  const auto cache = std::make_unique<Tcache<N>>();
  Model model{N};
  Random random{N + pool.size()};
  const std::size_t steps = 10'000 + 6 * N;
  for (std::size_t step = 0; step < steps; ++step) {
    const std::uint64_t tag = pool[random.below(pool.size())];
    bool alike = cache->contains(tag) == model.contains(tag);
    alike = cache->check_and_insert(tag) == model.check_and_insert(tag) && alike;
    alike = alike && cache->contains(tag) && cache->size() == model.size();
    if (step % (steps / 40) == 0) {
      alike = alike &&
              std::all_of(pool.begin(), pool.end(), [&](auto t) { return cache->contains(t) == model.contains(t); });
    }
    if (!alike) {
      FAIL_CHECK("step " << step << ", tag " << tag);
      return;
    }
    if (random.below(steps) < 3) {
      cache->clear();
      model.clear();
    }
  }
  CHECK(cache->size() == model.size());
}

template <std::size_t N>
void check_every_pool() {
  Random random{N};
  const auto any = [&](std::uint64_t) { return random(); };
  check_against_model<N>("one tag more than it remembers", tags_by(N + 1, [](auto i) { return i; }));
  check_against_model<N>("a small range", tags_by(2 * N + 2, [](auto i) { return i; }));
  check_against_model<N>("a range around the wrap", tags_by(2 * N + 2, [](auto i) { return i - N - 1; }));
  check_against_model<N>("high bits only", tags_by(4 * N + 2, [](auto i) { return i << 44; }));
  check_against_model<N>("any tags, some again", tags_by(3 * N + 2, any));
  check_against_model<N>("any tags, hardly one again", tags_by(40 * N + 2, any));
  std::vector<std::uint64_t> edges = tags_by(N + 1, any);
  edges.insert(edges.end(), {0, 1, kLargest, kLargest - 1, std::uint64_t{1} << 63});
  check_against_model<N>("0 and 2^64 - 1 among others", edges);
  // One home for all, then neighbours, in the middle of the map and round its end.
  for (const std::size_t first : {std::size_t{0}, kEntries<N> / 2, kEntries<N> - 1}) {
    check_against_model<N>("one home: " + std::to_string(first),
                           tags_at<N>(first, 1, std::min<std::size_t>(2 * N + 2, 300)));
  }
  check_against_model<N>("two homes, round the end", tags_at<N>(kEntries<N> - 1, 2, 2 * N + 2, 1u << 30));
  const std::size_t few = std::min<std::size_t>(kEntries<N>, 4);
  check_against_model<N>("four homes, round the end", tags_at<N>(kEntries<N> - few / 2, few, 2 * N + 2));
}

/// Every way in which six tags can lie in a map of eight entries: by the homes of each, one after the other.
template <std::size_t N>
class Exhaustive {
 public:
  static_assert(kEntries<N> == 8);
  static constexpr std::size_t kTags = 6;

  /// Sequences after which an answer was wrong.
  std::size_t wrong() {
    for (std::size_t home = 0; home < 8; ++home) {
      tags_[home] = tags_at<N>(home, 1, kTags);
    }
    descend(Tcache<N>{}, 0);
    return wrong_;
  }
  std::size_t sequences() const { return sequences_; }

 private:
  void descend(const Tcache<N>& before, std::size_t depth) {
    if (depth == kTags) {
      ++sequences_;
      return;
    }
    for (std::size_t home = 0; home < 8; ++home) {
      Tcache<N> cache = before;
      path_[depth] = tags_[home][depth];
      bool good = cache.check_and_insert(path_[depth]);
      for (std::size_t i = 0; i <= depth; ++i) {
        good = good && cache.contains(path_[i]) == (depth - i < N);  // the last N of them, and only they
      }
      if (good) {
        descend(cache, depth + 1);
      } else {
        ++wrong_;  // and no further: a map that is broken may be searched for ever
      }
    }
  }

  std::vector<std::uint64_t> tags_[8];
  std::uint64_t path_[kTags] = {};
  std::size_t wrong_ = 0;
  std::size_t sequences_ = 0;
};

}  // namespace

// ------------------------------------------------------------------------------------------------- Tcache

TEST_CASE("the mix is MurmurHash3's finaliser") {
  CHECK(detail::mix(0) == 0);
  CHECK(detail::mix(1) == 0xb456bcfc34c2cb2cu);
  CHECK(detail::mix(2) == 0x3abf2a20650683e7u);
  CHECK(detail::mix(kLargest) == 0x64b5720b4b825f21u);
}

TEST_CASE("a new cache is empty") {
  Tcache<8> cache;
  CHECK(cache.empty());
  CHECK(cache.size() == 0);
  CHECK(cache.capacity() == 8);
  CHECK(Tcache<1000>::capacity() == 1000);
  CHECK(!cache.contains(0));  // 0 is a tag like any other, not a mark for a free entry
  CHECK(!cache.contains(1));
  CHECK(!cache.contains(kLargest));
}

TEST_CASE("0 and 2^64 - 1 are tags like any other") {
  for (const std::uint64_t tag : {std::uint64_t{0}, kLargest}) {
    Tcache<2> cache;
    CHECK(cache.check_and_insert(tag));
    CHECK(!cache.check_and_insert(tag));
    CHECK(cache.contains(tag));
    CHECK(!cache.contains(~tag));
    CHECK(cache.size() == 1);
    CHECK(cache.check_and_insert(5));
    CHECK(cache.check_and_insert(6));
    CHECK(!cache.contains(tag));
    CHECK(cache.check_and_insert(tag));
  }
}

TEST_CASE("the oldest goes first, one for each new tag") {
  Tcache<3> cache;
  for (std::uint64_t tag = 0; tag < 100; ++tag) {
    REQUIRE(cache.check_and_insert(tag));
    REQUIRE(cache.size() == std::min<std::size_t>(tag + 1, 3));
    REQUIRE(!cache.empty());
    for (std::uint64_t old = 0; old <= tag; ++old) {
      REQUIRE(cache.contains(old) == (tag - old < 3));
    }
    REQUIRE(!cache.contains(tag + 1));
  }
}

TEST_CASE("a tag that is seen again does not become more recent") {
  Tcache<3> cache;
  for (const std::uint64_t tag : {10u, 11u, 12u}) {
    REQUIRE(cache.check_and_insert(tag));
  }
  for (int i = 0; i < 5; ++i) {
    CHECK(!cache.check_and_insert(10));
    CHECK(cache.contains(10));
  }
  CHECK(cache.size() == 3);
  CHECK(cache.check_and_insert(13));  // in place of 10, seen last as it was
  CHECK(!cache.contains(10));
  CHECK(cache.contains(11));
  CHECK(cache.check_and_insert(10));  // in place of 11
  CHECK(!cache.contains(11));
  CHECK(cache.contains(12));
  CHECK(cache.contains(13));
}

TEST_CASE("asking is not remembering") {
  Tcache<2> cache;
  REQUIRE(cache.check_and_insert(1));
  REQUIRE(cache.check_and_insert(2));
  for (int i = 0; i < 5; ++i) {
    CHECK(!cache.contains(3));
    CHECK(cache.contains(1));
  }
  CHECK(cache.size() == 2);
  CHECK(cache.check_and_insert(3));
  CHECK(!cache.contains(1));
}

TEST_CASE("a cache of one remembers the last tag") {
  Tcache<1> cache;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    REQUIRE(cache.check_and_insert(i % 2));
    REQUIRE(!cache.check_and_insert(i % 2));
    REQUIRE(!cache.contains(1 - i % 2));
    REQUIRE(cache.size() == 1);
  }
}

TEST_CASE("clear forgets everything, wherever the ring stands") {
  for (std::uint64_t before = 0; before < 12; ++before) {
    Tcache<4> cache;
    for (std::uint64_t tag = 0; tag < before; ++tag) {
      REQUIRE(cache.check_and_insert(tag));
    }
    cache.clear();
    CHECK(cache.empty());
    CHECK(cache.size() == 0);
    for (std::uint64_t tag = 0; tag < 12; ++tag) {
      REQUIRE(!cache.contains(tag));
    }
    for (std::uint64_t tag = 0; tag < 12; ++tag) {  // and goes on as a new one would
      REQUIRE(cache.check_and_insert(tag));
      REQUIRE(cache.size() == std::min<std::size_t>(tag + 1, 4));
      for (std::uint64_t old = 0; old <= tag; ++old) {
        REQUIRE(cache.contains(old) == (tag - old < 4));
      }
    }
  }
}

TEST_CASE("whatever tags are drawn, a cache answers as the model") {
  check_every_pool<1>();
  check_every_pool<2>();
  check_every_pool<3>();
  check_every_pool<8>();
  check_every_pool<1000>();
}

TEST_CASE("removal moves back what would not be found any more, and nothing else") {
  // Round the end of a map of 16: the first six lie in 15, 0, 1, 2, 3, 4; the last, which is at home in 3, in 5.
  constexpr std::size_t kHomes[] = {15, 15, 0, 15, 1, 0, 8, 3};
  std::vector<std::uint64_t> tags;
  for (const std::size_t home : kHomes) {
    tags.push_back(tags_at<8>(home, 1, 1, tags.empty() ? 0 : tags.back() + 1).front());
  }
  Tcache<8> cache;
  for (const std::uint64_t tag : tags) {
    REQUIRE(cache.check_and_insert(tag));
  }
  for (std::size_t gone = 0; gone < tags.size(); ++gone) {
    const std::uint64_t far = tags_at<8>(10, 1, 1, std::uint64_t{1} << (40 + gone)).front();
    REQUIRE(cache.check_and_insert(far));
    for (std::size_t i = 0; i < tags.size(); ++i) {
      CAPTURE(gone, i);
      CHECK(cache.contains(tags[i]) == (i > gone));
    }
    CHECK(cache.size() == 8);
  }
}

TEST_CASE("removal is right for every way in which six tags can lie in a map of eight") {
  Exhaustive<3> three;  // three removals
  CHECK(three.wrong() == 0);
  CHECK(three.sequences() == 262'144);
  Exhaustive<4> four;  // half full
  CHECK(four.wrong() == 0);
  CHECK(four.sequences() == 262'144);
}

// ------------------------------------------------------------------------------------------------- TagFilter

namespace {

template <std::size_t WORDS>
void check_no_false_negatives(std::uint64_t seed) {
  const auto filter = std::make_unique<TagFilter<WORDS>>();
  CHECK(filter->capacity() == 64 * WORDS);
  CHECK(filter->empty());
  CHECK(filter->size() == 0);
  Random random{seed};
  std::vector<std::uint64_t> inserted;
  std::vector<bool> bits(64 * WORDS);  // which bits must be set
  std::size_t set = 0;
  for (std::size_t i = 0; i < 128 * WORDS; ++i) {
    const std::uint64_t tag = i == 3 ? 0 : i == 5 ? kLargest : i % 3 == 0 ? i : random();
    auto bit = bits[detail::mix(tag) % bits.size()];
    const bool expected = !bit;
    REQUIRE(filter->contains(tag) == !expected);
    REQUIRE(filter->check_and_insert(tag) == expected);
    REQUIRE(filter->contains(tag));
    REQUIRE(!filter->check_and_insert(tag));
    bit = true;
    set += expected;
    REQUIRE(filter->size() == set);
    REQUIRE(!filter->empty());
    inserted.push_back(tag);
  }
  const auto known = [&](std::uint64_t tag) { return filter->contains(tag); };
  CHECK(std::all_of(inserted.begin(), inserted.end(), known));
  filter->clear();
  CHECK(filter->empty());
  CHECK(filter->size() == 0);
  CHECK(std::none_of(inserted.begin(), inserted.end(), known));
  CHECK(filter->check_and_insert(inserted.back()));
  CHECK(filter->size() == 1);
}

/// Inserts `n` distinct tags and asks for others: bits and false positives are as many as the formula says. `tag` is a
/// sequence of distinct tags.
template <std::size_t WORDS, class F>
void check_rate(const char* what, std::size_t n, F tag) {
  constexpr double kBits = 64.0 * WORDS;
  constexpr std::size_t kAsked = 200'000;
  constexpr double kDeviations = 4;
  const auto filter = std::make_unique<TagFilter<WORDS>>();
  std::uint64_t next = 0;
  for (; next < n; ++next) {
    (void)filter->check_and_insert(tag(next));
  }
  std::size_t false_positives = 0;
  for (std::size_t i = 0; i < kAsked; ++i) {
    false_positives += filter->contains(tag(next++));
  }

  // A bit stays 0 with probability `zero`, any two bits do with probability `two_zero`: this gives the number of bits
  // set its mean and its variance, which is below the binomial one, as the bits share the tags.
  const double zero = std::pow(1 - 1 / kBits, static_cast<double>(n));
  const double two_zero = std::pow(1 - 2 / kBits, static_cast<double>(n));
  const double rate = 1 - zero;
  const double set_deviation = std::sqrt(kBits * (kBits - 1) * two_zero + kBits * zero - kBits * kBits * zero * zero);
  const auto set = static_cast<double>(filter->size());
  CAPTURE(what, WORDS, n, rate, set, set_deviation, false_positives);
  CHECK(std::abs(set - kBits * rate) <= kDeviations * set_deviation + 1);  // 1: it is a whole number

  // Given the bits, the false positives are binomial.
  const double given = set / kBits;
  const double asked_deviation = std::sqrt(kAsked * given * (1 - given));
  const auto measured = static_cast<double>(false_positives);
  CHECK(std::abs(measured - kAsked * given) <= kDeviations * asked_deviation);
  CHECK(std::abs(measured / kAsked - rate) <=
        kDeviations * std::sqrt(rate * (1 - rate) / kAsked + set_deviation * set_deviation / (kBits * kBits)));
}

template <std::size_t WORDS>
void check_rates() {
  for (const std::size_t n : {64 * WORDS / 100, 64 * WORDS / 10, 32 * WORDS, 64 * WORDS, 192 * WORDS}) {
    Random random{n};
    check_rate<WORDS>("counters", n, [](std::uint64_t i) { return i; });
    check_rate<WORDS>("high bits", n, [](std::uint64_t i) { return i << 40; });
    check_rate<WORDS>("random", n, [&](std::uint64_t) { return random(); });
  }
}

}  // namespace

TEST_CASE("a filter never takes a known tag for a new one, and counts the bits it set") {
  check_no_false_negatives<1>(1);
  check_no_false_negatives<2>(2);
  check_no_false_negatives<64>(3);
  check_no_false_negatives<256>(4);
}

TEST_CASE("a filter that is full knows everything") {
  TagFilter<1> filter;
  std::size_t taken = 0;
  for (std::uint64_t tag = 0; tag < 10'000; ++tag) {
    taken += filter.check_and_insert(tag);
  }
  CHECK(taken == 64);
  CHECK(filter.size() == 64);
  CHECK(filter.contains(kLargest));
  CHECK(!filter.check_and_insert(kLargest));
}

TEST_CASE("a filter takes a new tag for a known one as often as its formula says") {
  check_rates<16>();
  check_rates<64>();
  check_rates<1024>();
}
