// SPDX-License-Identifier: Apache-2.0
/// \file
/// CreditLimit: the producer's private copy of the limit that its credits allow. It reads the shared words again only
/// when the copy is used up. These words and the steps are described in memory/credit_places.hpp.
///
/// Thread: the producer's. `next` is the next sequence number to publish.
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
  /// `credits` is copied once, because consumers can write the memory that it comes from.
  CreditLimit(CreditMembers& members, std::span<CreditPlace> places, std::uint64_t credits) noexcept
      : members_{&members}, places_{places}, credits_{credits} {}

  /// Called before the first message of this producer. `first` is the channel's start.
  void start(Seq first) noexcept {
    CreditPlacesView{*members_, places_}.start();
    set(first);
  }

  /// Everything before this number is known to have been given back.
  [[nodiscard]] Seq given_back() const noexcept { return given_back_; }

  /// The number of messages that are known to be allowed from `next` on; negative in a new producer that has not
  /// refilled.
  [[nodiscard]] std::int64_t left(Seq next) const noexcept { return seq_diff(limit_, next); }

  /// Whether messages were waiting for the slowest consumer at the last refill. If not, the other side probably waits
  /// for each message. This is a sample: there is one refill each time the credits are used up.
  [[nodiscard]] bool streams() const noexcept { return streams_; }

  /// Reads the position of the slowest consumer.
  ///
  /// Complexity: O(places in use).
  TANGO_COLD void refill(RingControl& control, Seq next) noexcept {
    set(CreditPlacesView{*members_, places_}.refill(given_back_, control.start, next, control.limit, credits_));
    streams_ = next - given_back_ > 1;  // a consumer that replied to the last message may not have given it back yet
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

/// A channel without credits: a lossy one.
struct NoCreditLimit {
  static constexpr void start(Seq) noexcept {}
};

}  // namespace tango::inline TANGO_ABI::detail
