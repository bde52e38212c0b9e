// SPDX-License-Identifier: Apache-2.0
/// \file
/// ReadLedger: a consumer's accounts. They record what it has passed, in four classes that add up to its
/// progress, and what it has given back.
///
///     next == first + delivered + filtered + lost + rejected
///
/// | account | a sequence number is counted there when |
/// | --- | --- |
/// | delivered | a poll returned its fragment; it moves to lost if the fragment turns out to be overwritten |
/// | filtered | its `sig` did not pass the filter |
/// | lost | it was overwritten before it was read, or skipped after an overrun |
/// | rejected | its metadata was out of range |
///
/// Fragments and batches report overwritten payloads, and what they give back, through a Hold, which also counts how
/// many of them are held.
///
/// Thread: the consumer's.
#pragma once

#include <cstdint>
#include <utility>

#include "../config.hpp"
#include "../memory/credit_places.hpp"
#include "../seq.hpp"

namespace tango::inline TANGO_ABI::detail {

struct ReadLedger {
  ReadLedger() noexcept = default;
  explicit ReadLedger(Seq start) noexcept : first{start}, next{start} {}

  Seq first = 0;  ///< the first sequence number that the consumer reads
  Seq next = 0;   ///< the next sequence number to read
  std::uint64_t filtered = 0;
  std::uint64_t lost = 0;
  std::uint64_t rejected = 0;

  std::uint64_t missed = 0;        ///< lost fragments that were delivered first; not yet in the metrics
  std::uint64_t missed_bytes = 0;  ///< their payload bytes
  std::uint32_t live = 0;          ///< fragments and batches that are held
  bool setback = false;            ///< whether there was an overrun or a miss since the consumer last kept up

  CreditPlace* place = nullptr;  ///< a reliable consumer's place; null if it may be overrun
  Seq released = 0;              ///< everything before this number was given back

  /// The number of delivered fragments, computed from the sum.
  [[nodiscard]] std::uint64_t delivered() const noexcept { return next - first - filtered - lost - rejected; }

  /// Starts at `start`, in the place that was taken.
  void join(Seq start, CreditPlace& where) noexcept {
    first = next = released = start;
    place = &where;
  }

  /// Gives back everything before `before` (G1 in credit_places.hpp).
  ///
  /// \pre The consumer has a place.
  void give_back(Seq before) noexcept {
    if (seq_lt(released, before)) {
      released = before;
      place->give_back(before);
    }
  }

  /// Called when a delivered fragment turns out to be overwritten.
  TANGO_COLD void miss(std::uint64_t bytes) noexcept {
    ++lost;
    ++missed;
    missed_bytes += bytes;
    setback = true;
  }
};

/// A move-only handle to a ledger. Counts as one fragment or batch that is held.
class Hold {
 public:
  Hold() noexcept = default;
  explicit Hold(ReadLedger& ledger) noexcept : ledger_{&ledger} { ++ledger.live; }
  Hold(Hold&& other) noexcept : ledger_{std::exchange(other.ledger_, nullptr)} {}
  Hold& operator=(Hold&& other) noexcept {
    if (this != &other) {
      drop();
      ledger_ = std::exchange(other.ledger_, nullptr);
    }
    return *this;
  }
  ~Hold() { drop(); }

  [[nodiscard]] ReadLedger* operator->() const noexcept { return ledger_; }
  [[nodiscard]] explicit operator bool() const noexcept { return ledger_ != nullptr; }

  void drop() noexcept {
    if (ledger_ != nullptr) {
      --ledger_->live;
      ledger_ = nullptr;
    }
  }

 private:
  ReadLedger* ledger_ = nullptr;
};

}  // namespace tango::inline TANGO_ABI::detail
