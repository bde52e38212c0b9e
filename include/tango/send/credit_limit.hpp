// SPDX-License-Identifier: Apache-2.0
/// \file
/// CreditLimit: the producer's private copy of what its credits allow. The shared words and the steps are in
/// memory/credit_places.hpp; they are read again only when the copy is used up.
///
/// Thread: the producer's. `next` is the next number to publish.
#pragma once

#include <cstdint>
#include <span>

#include "../config.hpp"
#include "../memory/credit_places.hpp"
#include "../memory/ring_control.hpp"
#include "../seq.hpp"

namespace tango::inline TANGO_ABI::detail {

class CreditLimit {
 public:
  CreditLimit() noexcept = default;
  /// `credits` is copied here once: consumers can write the memory that it comes from.
  CreditLimit(CreditMembers& members, std::span<CreditPlace> places, std::uint64_t credits) noexcept
      : members_{&members}, places_{places}, credits_{credits} {}

  /// Before the first message of this producer: `first` is the channel's start.
  void start(Seq first) noexcept { set(first); }

  /// Everything before this number is known to be given back.
  [[nodiscard]] Seq given_back() const noexcept { return given_back_; }

  /// Messages that may be published from `next` on, as far as is known; negative in a successor that has not refilled.
  [[nodiscard]] std::int64_t left(Seq next) const noexcept { return seq_diff(limit_, next); }

  /// Whether messages were waiting for the slowest consumer at the last refill. If not, the other side probably waits
  /// for each message. A sample: there is one refill each time the credits are used up.
  [[nodiscard]] bool streams() const noexcept { return streams_; }

  /// Reads how far the slowest consumer is. O(places in use).
  TANGO_COLD void refill(RingControl& control, Seq next) noexcept {
    set(CreditPlacesView{*members_, places_}.refill(given_back_, control.start, next, control.limit, credits_));
    streams_ = next - given_back_ > 1;  // a consumer that answered the last message may not have given it back yet
  }

 private:
  void set(Seq given_back) noexcept {
    given_back_ = given_back;
    limit_ = given_back + credits_;
  }

  CreditMembers* members_ = nullptr;
  std::span<CreditPlace> places_;
  std::uint64_t credits_ = 0;
  Seq given_back_ = 0;
  Seq limit_ = 0;  ///< the first number that may not be published
  bool streams_ = false;
};

/// The absence of credits: a lossy channel.
struct NoCreditLimit {
  static constexpr void start(Seq) noexcept {}
};

}  // namespace tango::inline TANGO_ABI::detail
