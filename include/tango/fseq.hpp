// SPDX-License-Identifier: Apache-2.0
/// \file
/// Fseq: one published sequence number on its own pair of cache lines. Its owner stores it, and any thread may read it.
///
/// A producer stores its position, the next sequence number that it will publish, in the Fseq that it is given. A
/// monitor or another process can follow the producer there without touching the ring. Do not use it to decide whether
/// a payload can be read: a position shows what was published, and only the slot shows what is still intact.
///
/// Source: Firedancer `src/tango/fseq/fd_fseq.h`.
#pragma once

#include <cstddef>

#include "config.hpp"
#include "memory/inside.hpp"
#include "memory/membership.hpp"
#include "memory/platform.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

namespace detail {

/// The implementation of an Fseq.
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
  /// Starts at `start`. A producer refuses an Fseq whose number differs from its MCache's position (`StartMismatch`).
  explicit Fseq(Seq start = 1) noexcept : inside_{start, 0} {}
  Fseq(const Fseq&) = delete;
  Fseq& operator=(const Fseq&) = delete;

  /// The number last stored. Acquire: pairs with `store`, so what its owner did before that store is visible.
  ///
  /// Thread: any.
  [[nodiscard]] Seq load() const noexcept { return inside_.value.load(detail::memory_order_acquire); }

  /// Stores `seq`.
  ///
  /// Thread: the owner. The Fseq of a producer belongs to that producer.
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
