// SPDX-License-Identifier: Apache-2.0
/// \file
/// Fseq: one published sequence number on a line of its own. Its one owner stores it, anyone may read it.
///
/// A producer mirrors its position (the next number that it will publish) in the Fseq that it is given: a monitor, or
/// another process, can follow it there without touching the ring. Not meant for reading payloads: a position says what
/// was published, the slot alone says what is still there.
///
/// As Firedancer's `src/tango/fseq/fd_fseq.h`.
#pragma once

#include "config.hpp"
#include "memory/claim.hpp"
#include "memory/platform.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

/// A published sequence number: see the file's head.
class alignas(kSeparation) Fseq {
 public:
  /// Starts at `start`. A producer refuses an Fseq that disagrees with its MCache (`StartMismatch`).
  explicit Fseq(Seq start = 1) noexcept : value_{start} {}
  Fseq(const Fseq&) = delete;
  Fseq& operator=(const Fseq&) = delete;

  /// The number last published. Acquire: what its owner did before publishing it is visible. Any thread.
  [[nodiscard]] Seq load() const noexcept { return value_.load(detail::memory_order_acquire); }

  /// Publishes `seq`. Release: pairs with `load`. Thread: the owner; a producer's Fseq belongs to that producer.
  void store(Seq seq) noexcept { value_.store(seq, detail::memory_order_release); }

  /// For endpoints: who holds it.
  [[nodiscard]] detail::Ownership& ownership() noexcept { return ownership_; }

 private:
  detail::SharedWord value_;
  detail::Ownership ownership_;
};

static_assert(sizeof(Fseq) == 128 && alignof(Fseq) == 128);

}  // namespace tango::inline TANGO_ABI
