// SPDX-License-Identifier: Apache-2.0
/// \file
/// How components become a channel: a producer claims all that it was given and marks them as one channel's
/// (claim.hpp); a consumer checks that those that it was given are.
///
/// Thread: the endpoint's.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../error.hpp"
#include "../fctl.hpp"
#include "../fseq.hpp"
#include "../memory/claim.hpp"
#include "../memory/platform.hpp"
#include "../memory/ring_control.hpp"
#include "../seq.hpp"

namespace tango::inline TANGO_ABI::detail {

/// `CreditsOutOfRange` (the credits, the depth), or success; also where there is no Fctl.
[[nodiscard]] inline Status check_credits(const Fctl* fctl, std::uint64_t depth) noexcept {
  if (fctl != nullptr && (fctl->credits() < 1 || fctl->credits() > depth)) {
    return {Error::CreditsOutOfRange, fctl->credits(), depth};
  }
  return {};
}

/// The components that a producer was given.
class ProducerParts {
 public:
  /// `fctl` is null where there is none.
  ProducerParts(ChannelKind kind, RingControl& header, Ownership& dcache, Fseq& fseq, Fctl* fctl) noexcept
      : kind_{kind}, header_{header}, fseq_{fseq}, fctl_{fctl} {
    if (fctl != nullptr) {
      owned_[count_++] = &fctl->ownership();
    }
    owned_[count_++] = &dcache;
    owned_[count_++] = &fseq.ownership();
    owned_[count_++] = &header.ownership;
  }

  /// Claims all of them, or none if they do not make a channel of this kind, on a ring of `depth` slots: the causes of
  /// `Producer::status`.
  [[nodiscard]] TANGO_COLD Status take(std::uint64_t depth) noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      if (!owned_[i]->take(Claim::Producer)) {
        const Status why = header_.stop_requested() ? Error::Stopped : Error::SecondProducer;
        give_back(i);
        return why;
      }
    }
    const Status status = inspect(depth);
    if (!status.ok()) {
      give_back();
    }
    return status;
  }

  /// Gives back all claims. Answers a pending stop.
  TANGO_COLD void give_back() noexcept { give_back(count_); }

  /// Whether no producer ever made a channel of them. Precondition: they are claimed.
  [[nodiscard]] bool fresh() const noexcept { return header_.ownership.belongs_to(0); }

  /// Marks all of them as one channel's, the MCache last. Precondition: they are claimed.
  TANGO_COLD void join() noexcept {
    std::uint64_t identity = header_.ownership.identity();
    if (identity == 0) {
      IdentityHash hash;
      for (std::size_t i = 0; i < count_; ++i) {
        hash.add(owned_[i]);
      }
      identity = hash.identity(kind_);
    }
    for (std::size_t i = 0; i < count_; ++i) {
      owned_[i]->join(identity);
    }
  }

 private:
  [[nodiscard]] Status inspect(std::uint64_t depth) const noexcept {
    if (header_.closed() || header_.stop_requested()) {
      return Error::Stopped;
    }
    // A channel's first producer brings components that belong to none, a successor those of the first, or a new Fseq.
    const std::uint64_t identity = header_.ownership.identity();
    for (std::size_t i = 0; i < count_; ++i) {
      if (!owned_[i]->belongs_to(identity) && !(owned_[i] == &fseq_.ownership() && owned_[i]->belongs_to(0))) {
        return Error::ComponentMismatch;
      }
    }
    if (identity != 0 && kind_of(identity) != kind_) {
      return Error::ComponentMismatch;
    }
    if (const Status credits = check_credits(fctl_, depth); !credits.ok()) {
      return credits;
    }
    const Seq position = header_.position.load(memory_order_relaxed);  // ordered by the claim
    if (const Seq mirrored = fseq_.load(); mirrored != position) {
      return {Error::StartMismatch, mirrored, position};
    }
    return {};
  }

  /// The first `count` of them.
  void give_back(std::size_t count) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
      if (owned_[i] == &header_.ownership) {
        header_.leave();
      } else {
        owned_[i]->release();
      }
    }
  }

  ChannelKind kind_;
  RingControl& header_;
  Fseq& fseq_;
  Fctl* fctl_;
  Ownership* owned_[4] = {};
  std::size_t count_ = 0;
};

/// The components that a consumer was given.
class ConsumerParts {
 public:
  /// `fctl` is null where the consumer may be overrun.
  ConsumerParts(const RingControl& header, const Ownership& dcache, const Fctl* fctl) noexcept
      : header_{header}, dcache_{dcache}, fctl_{fctl} {}

  /// What is known of them: an error, that they fit, or neither because no producer has come yet.
  struct Fit {
    Status status;
    bool known = false;
  };

  /// Whether they belong to one channel, of a kind that has such a consumer: `FlowControlMissing`, `ComponentMismatch`.
  [[nodiscard]] TANGO_COLD Fit look() const noexcept {
    const Ownership& ring = header_.ownership;
    std::uint64_t identity = ring.identity();
    if (identity == 0) {
      // Nobody was there yet, or is just joining, which writes the ring's last; else the rest is of another channel.
      if (!others_belong_somewhere() || ring.held_by_producer()) {
        return {};
      }
      identity = ring.identity();  // once more: it may have come and gone
      if (identity == 0) {
        return {Error::ComponentMismatch};
      }
    }
    if (fctl_ != nullptr && kind_of(identity) == ChannelKind::Lossy) {
      return {Error::FlowControlMissing};
    }
    if (dcache_.identity() != identity || (fctl_ != nullptr && fctl_->ownership().identity() != identity)) {
      return {Error::ComponentMismatch};
    }
    return {{}, true};
  }

 private:
  /// Whether the DCache or the Fctl have been part of a channel.
  [[nodiscard]] bool others_belong_somewhere() const noexcept {
    return dcache_.identity() != 0 || (fctl_ != nullptr && fctl_->ownership().identity() != 0);
  }

  const RingControl& header_;
  const Ownership& dcache_;
  const Fctl* fctl_;
};

}  // namespace tango::inline TANGO_ABI::detail
