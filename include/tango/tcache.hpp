// SPDX-License-Identifier: Apache-2.0
/// \file
/// Caches of recently seen 64-bit tags, with which a consumer drops duplicates. There are two kinds:
///
/// | | `Tcache<N>` | `TagFilter<WORDS>` |
/// | --- | --- | --- |
/// | remembers | the `N` most recent distinct tags, exactly | every tag since the last `clear`, as a bit |
/// | reports a new tag as known | never | at a rate that grows with the number of tags |
/// | reports a known tag as new | after `N` newer distinct tags | never |
/// | bytes | 16 to 24 for each tag, and 16 | 8 for each word of 64 bits, and 8 |
///
/// In both, `check_and_insert` returns true for a new tag. Every tag is valid, 0 included.
///
/// Thread: one, the consumer that owns it. It is plain memory: do not share it while it is in use.
///
/// Sources: Firedancer `src/tango/tcache/fd_tcache.h` (the exact cache); rust-tango's `Tcache` (the filter).
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "config.hpp"

namespace tango::inline TANGO_ABI {

namespace detail {

/// Spreads tags that differ in a few bits, such as counters, over all 64 bits (the finaliser of MurmurHash3; a
/// bijection).
[[nodiscard]] constexpr std::uint64_t mix(std::uint64_t tag) noexcept {
  tag ^= tag >> 33;
  tag *= 0xff51afd7ed558ccdULL;
  tag ^= tag >> 33;
  tag *= 0xc4ceb9fe1a85ec53ULL;
  tag ^= tag >> 33;
  return tag;
}

}  // namespace detail

/// The `N` most recent distinct tags; `N` is 1 to 2^31. A tag that is seen again does not become more recent.
///
/// It consists of a ring of the tags in order, and a map from tag to ring by open addressing with linear probing, at
/// most half full. Removal shifts the following entries back, so there are no tombstones and the map is never rebuilt.
///
/// Complexity: O(1) expected; O(N) in the worst case, for tags chosen to collide.
template <std::size_t N>
class Tcache {
  static_assert(N >= 1 && N <= std::size_t{1} << 31, "tango: a Tcache remembers between 1 and 2^31 tags");

 public:
  Tcache() noexcept = default;

  /// Remembers `tag`. If the cache is full, a new tag replaces the oldest.
  ///
  /// \return Whether the tag is new.
  bool check_and_insert(std::uint64_t tag) noexcept {
    if (entry_of(tag) != kFree) {
      return false;
    }
    if (size_ == N) {
      forget(ring_[oldest_]);
    } else {
      ++size_;
    }
    ring_[oldest_] = tag;
    map_[find(tag)] = static_cast<std::uint32_t>(oldest_ + 1);
    oldest_ = oldest_ + 1 == N ? 0 : oldest_ + 1;
    return true;
  }

  /// Whether `tag` is remembered.
  [[nodiscard]] bool contains(std::uint64_t tag) const noexcept { return entry_of(tag) != kFree; }

  /// The number of tags remembered.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }  ///< whether there are none

  /// The largest number of tags that it can remember.
  [[nodiscard]] static constexpr std::size_t capacity() noexcept { return N; }

  /// Forgets everything.
  ///
  /// Complexity: O(N).
  void clear() noexcept {
    for (std::uint32_t& entry : map_) {
      entry = kFree;
    }
    oldest_ = 0;
    size_ = 0;
  }

 private:
  static constexpr std::size_t kEntries = std::bit_ceil(2 * N);
  static constexpr std::size_t kMask = kEntries - 1;
  static constexpr std::uint32_t kFree = 0;  // an entry is an index into the ring plus 1

  [[nodiscard]] static constexpr std::size_t home(std::uint64_t tag) noexcept { return detail::mix(tag) & kMask; }

  /// Where `tag` is in the map, or where it would be inserted.
  [[nodiscard]] std::size_t find(std::uint64_t tag) const noexcept {
    std::size_t at = home(tag);
    while (map_[at] != kFree && ring_[map_[at] - 1] != tag) {
      at = (at + 1) & kMask;
    }
    return at;
  }

  [[nodiscard]] std::uint32_t entry_of(std::uint64_t tag) const noexcept { return map_[find(tag)]; }

  /// Removes a tag from the map (Knuth, TAOCP 6.4, algorithm R). Its place in the ring keeps it.
  void forget(std::uint64_t tag) noexcept {
    std::size_t hole = find(tag);
    for (std::size_t at = (hole + 1) & kMask; map_[at] != kFree; at = (at + 1) & kMask) {
      const std::size_t probes = (at - home(ring_[map_[at] - 1])) & kMask;
      if (probes >= ((at - hole) & kMask)) {  // its home is not after the hole: it could no longer be found
        map_[hole] = map_[at];
        hole = at;
      }
    }
    map_[hole] = kFree;
  }

  std::uint64_t ring_[N] = {};
  std::uint32_t map_[kEntries] = {};
  std::size_t oldest_ = 0;  ///< the oldest tag once the ring is full; before that, the next place to fill
  std::size_t size_ = 0;
};

/// A bit for each tag, at a position given by its hash, in `WORDS` words; `WORDS` is a power of two. It never forgets a
/// single tag and therefore fills up: call `clear` in time.
///
/// With `m = 64 * WORDS` bits, a new tag is reported as known with probability `bits set / m`. After `n` distinct tags
/// that is `1 - (1 - 1/m)^n`, about `1 - exp(-n / m)`: below 1 % as long as `n < m / 100`. It uses one hash function,
/// as rust-tango does.
///
/// Complexity: O(1).
template <std::size_t WORDS>
class TagFilter {
  static_assert(WORDS >= 1 && (WORDS & (WORDS - 1)) == 0,
                "tango: the number of words of a TagFilter must be a power of two and at least 1");

 public:
  TagFilter() noexcept = default;

  /// Sets the bit of `tag`.
  ///
  /// \return Whether the bit was clear: the tag is new. False may also be returned for a new tag.
  bool check_and_insert(std::uint64_t tag) noexcept {
    const std::size_t bit = bit_of(tag);
    const std::uint64_t mask = std::uint64_t{1} << bit % 64;
    std::uint64_t& word = words_[bit / 64];
    if ((word & mask) != 0) {
      return false;
    }
    word |= mask;
    ++size_;
    return true;
  }

  /// Whether the bit of `tag` is set. False means that the tag was certainly not inserted.
  [[nodiscard]] bool contains(std::uint64_t tag) const noexcept {
    const std::size_t bit = bit_of(tag);
    return (words_[bit / 64] >> bit % 64 & 1) != 0;
  }

  /// The number of bits set: the tags that were reported as new.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }  ///< whether none is set

  /// The number of bits.
  [[nodiscard]] static constexpr std::size_t capacity() noexcept { return 64 * WORDS; }

  /// Forgets everything.
  ///
  /// Complexity: O(WORDS).
  void clear() noexcept {
    for (std::uint64_t& word : words_) {
      word = 0;
    }
    size_ = 0;
  }

 private:
  [[nodiscard]] static constexpr std::size_t bit_of(std::uint64_t tag) noexcept {
    return detail::mix(tag) & (64 * WORDS - 1);
  }

  std::uint64_t words_[WORDS] = {};
  std::size_t size_ = 0;
};

static_assert(sizeof(Tcache<64>) == 64 * 8 + 128 * 4 + 16);
static_assert(sizeof(TagFilter<64>) == 64 * 8 + 8);

}  // namespace tango::inline TANGO_ABI
