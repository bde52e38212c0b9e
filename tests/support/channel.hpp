// SPDX-License-Identifier: Apache-2.0
// What the tests of the objects share: a channel's components side by side, starts near the wrap, payloads that name
// their fragment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tango/tango.hpp>
#include <type_traits>
#include <vector>

namespace tango::test {

/// Every property holds from these: the ends of the range, the usual one, and where a naive initial mark is wrong.
inline constexpr Seq kStarts[] = {0, 1, ~Seq{0} - 1, ~Seq{0}};

/// A DCache, or nothing.
template <std::size_t CHUNKS, std::size_t CHUNK, class Payload>
struct DcacheOf {
  using Type = DCache<CHUNKS, CHUNK, Payload>;
};
template <std::size_t CHUNK, class Payload>
struct DcacheOf<0, CHUNK, Payload> {
  struct Type {};
};

/// The components of one channel. Which of them its endpoints are given makes it lossy, reliable or observed. Without
/// chunks (0), slots consist of what payloads are; else of words.
template <std::size_t DEPTH, std::size_t CHUNKS, std::size_t CHUNK = 64, class Payload = Words,
          std::size_t INLINE = kInlineBytes>
struct Components {
  explicit Components(Seq start = 1, std::uint64_t credits = DEPTH) : mcache{start}, fseq{start}, fctl{credits} {}

  MCache<DEPTH, INLINE, std::conditional_t<CHUNKS == 0, Payload, Words>> mcache;
  typename DcacheOf<CHUNKS, CHUNK, Payload>::Type dcache;
  Fseq fseq;
  Fctl fctl;
  Metrics metrics;
};

/// What a slot says of a number, on any kind of channel. For a thread that cannot be overtaken: nothing is validated.
template <std::size_t DEPTH, std::size_t INLINE, class Payload>
ReadResult in_slot(const MCache<DEPTH, INLINE, Payload>& mcache, Seq seq) {
  const auto& slot = detail::inside(mcache).slot(seq);
  const std::int64_t ahead = seq_diff(slot.seq.observe(), seq);
  return {ahead < 0   ? ReadStatus::NotReady
          : ahead > 0 ? ReadStatus::Overrun
                      : ReadStatus::Ok,
          slot.metadata.read().metadata(seq)};
}

/// The place of a reliable consumer that joined, and the first number that it gets.
struct Joined {
  std::size_t place = 0;
  Seq first = 0;
};

/// A reliable consumer joins: at a number, or where the last one left (else at `start`). None if all places are taken.
inline std::optional<Joined> join(detail::CreditPlacesView view, std::optional<Seq> wanted, Seq start,
                                  const detail::SharedWord& limit, std::uint64_t credits) {
  const detail::WantedStart from{wanted.value_or(start), !wanted};
  const std::size_t place = view.take(from);
  if (place == view.places.size()) {
    return std::nullopt;
  }
  return Joined{place, view.activate(place, from, limit, credits)};
}

/// A payload of `size` bytes that no other fragment of a test has.
inline std::vector<std::byte> payload_of(Seq seq, std::size_t size) {
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) {
    bytes[i] = static_cast<std::byte>((seq * 131 + i * 7 + size) & 0xFF);
  }
  return bytes;
}

/// Whether `bytes` is `payload_of(seq, bytes.size())`.
inline bool is_payload_of(Seq seq, std::span<const std::byte> bytes) {
  const std::vector<std::byte> expected = payload_of(seq, bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != expected[i]) {
      return false;
    }
  }
  return true;
}

/// A strategy that does something to the channel at the round `at`, and gives up after `most` rounds, whatever it is
/// told of them: waiting in one thread, bounded.
template <class F>
struct AtRound {
  std::uint64_t at;
  std::uint64_t most;
  F act;
  std::uint64_t calls = 0;
  bool idle(std::uint64_t round) noexcept {
    if (round == at) {
      act();
    }
    return calls++ < most;
  }
};
template <class F>
AtRound(std::uint64_t, std::uint64_t, F) -> AtRound<F>;

/// The number of the next fragment, which is given back at once; none if there is none.
template <class C, class... Filter>
std::optional<Seq> next_number(C& consumer, Filter&&... filter) {
  const auto outcome = consumer.poll(filter...);
  return outcome ? std::optional{outcome->seq()} : std::nullopt;
}

/// xorshift64: small, seeded, the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_{seed * 0x9E37'79B9'7F4A'7C15u + 1} {}
  std::uint64_t operator()() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  /// It never runs out of choices.
  [[nodiscard]] static constexpr bool empty() { return false; }
  /// 0 … `bound` - 1.
  std::uint64_t below(std::uint64_t bound) { return (*this)() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace tango::test
