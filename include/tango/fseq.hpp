// SPDX-License-Identifier: Apache-2.0
/// \file
/// Fseq: one published sequence number on a cache line of its own. Its one owner stores it, any thread may read it.
///
/// A producer mirrors its position (the next number that it will publish) in the Fseq that it is given: a monitor, or
/// another process, can follow it there without touching the ring. Not meant for reading payloads: a position says what
/// was published, the slot alone says what is still there.
///
/// As Firedancer's `src/tango/fseq/fd_fseq.h`.
#pragma once

#include <cstddef>

#include "config.hpp"
#include "memory/inside.hpp"
#include "memory/membership.hpp"
#include "memory/platform.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

namespace detail {

/// What lies inside an Fseq.
struct PublishedSeq {
  PublishedSeq(Seq start, Generation generation) noexcept : value{start}, membership{generation} {}

  SharedWord value;
  Membership membership;

  /// Release: pairs with `Fseq::load`. Thread: the owner.
  TANGO_HOT void store(Seq seq) noexcept { value.store(seq, memory_order_release); }
};

}  // namespace detail

/// A published sequence number: see the file's head.
class alignas(kSeparation) Fseq {
 public:
  /// Starts at `start`. A producer refuses an Fseq that disagrees with its MCache (`StartMismatch`).
  explicit Fseq(Seq start = 1) noexcept : inside_{start, 0} {}
  Fseq(const Fseq&) = delete;
  Fseq& operator=(const Fseq&) = delete;

  /// The number last published. Acquire: pairs with `store`; what its owner did before publishing it is visible. Any
  /// thread.
  [[nodiscard]] Seq load() const noexcept { return inside_.value.load(detail::memory_order_acquire); }

  /// Publishes `seq`. Thread: the owner; a producer's Fseq belongs to that producer.
  void store(Seq seq) noexcept { inside_.store(seq); }

 private:
  friend struct detail::Inside;
  template <std::size_t, std::size_t, std::size_t, class>
  friend class Channel;
  Fseq(Seq start, detail::Generation generation) noexcept : inside_{start, generation} {}

  detail::PublishedSeq inside_;
};

static_assert(sizeof(Fseq) == 128 && alignof(Fseq) == 128);

}  // namespace tango::inline TANGO_ABI
