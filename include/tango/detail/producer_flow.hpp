// SPDX-License-Identifier: Apache-2.0
/// \file
/// Flow control as a producer keeps it: what it knows of the slowest reliable consumer, and what follows for its credits.
///
/// Thread: the producer's.
#pragma once

#include <cstdint>

#include "../config.hpp"
#include "../fctl.hpp"
#include "../seq.hpp"
#include "channel_header.hpp"

namespace tango::detail {

/// Flow control as a producer keeps it.
class ProducerFlow {
 public:
  explicit ProducerFlow(Fctl* fctl) noexcept : fctl_{fctl} {}

  [[nodiscard]] Fctl* fctl() const noexcept { return fctl_; }

  /// Everything before this number is known to be consumed.
  [[nodiscard]] Seq consumed() const noexcept { return consumed_; }

  void start(Seq first) noexcept { set(first); }

  /// Messages that may be published from `next` on, as far as is known; negative in a successor that has not looked.
  [[nodiscard]] std::int64_t credits_left(Seq next) const noexcept { return seq_diff(limit_, next); }

  /// Looks how far the slowest consumer is.
  TANGO_COLD void refill(ChannelHeader& header, Seq next) noexcept {
    set(fctl_->refill(consumed_, header.start, next, header.limit));
  }

 private:
  void set(Seq consumed) noexcept {
    consumed_ = consumed;
    limit_ = consumed + fctl_->credits();
  }

  Fctl* fctl_;
  Seq consumed_ = 0;
  Seq limit_ = 0;  ///< the first number that may not be published
};

/// The absence of it.
struct NoProducerFlow {
  explicit NoProducerFlow(Fctl*) noexcept {}
};

}  // namespace tango::detail
