// SPDX-License-Identifier: Apache-2.0
/// \file
/// Recovery of a producer: repairs a channel whose producer vanished at an arbitrary instruction, because its thread
/// was abandoned or its process was killed.
///
/// A producer may have died between any two of its stores. What it left behind, and what is done:
///
/// | it died after | what is wrong | what is done |
/// | --- | --- | --- |
/// | taking the claim | the next producer is refused | the claim is given back, last of all |
/// | a slot was marked, a payload half written | nothing: that number was not published | slot(next) is never read |
/// | an eviction, before `oldest` was stored | a consumer resumes too early, once | `oldest` is computed anew |
/// | the chunk account changed, before the publish | it may list chunks of no message | it is rebuilt from the slots |
/// | the publish, before position, Fseq, counters | they lag | next = the first number in no slot; the rest follows |
/// | a stop was requested, before it closed | consumers never see the end | it is closed at next |
///
/// The ring is repaired from its slots alone, with `position` and `oldest` as lower bounds, and no slot is written.
/// Recovery may therefore itself be interrupted anywhere and run again. Everything that was published stays published,
/// under its sequence number.
///
/// The precondition of both functions here cannot be checked: the producer is dead, no other thread recovers or
/// produces at the same time, and everything that the dead producer did happens before the call. Between processes, a
/// lock that the kernel releases establishes this.
///
/// Thread: the one that recovers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../config.hpp"
#include "../memory/chunk_store.hpp"
#include "../memory/metrics_blocks.hpp"
#include "../memory/ring.hpp"
#include "../send/chunk_ring.hpp"
#include "../seq.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Restores the chunk account and the lower bound `oldest` from the slots. `next` is the next number to publish.
template <class Ring, class Store>
TANGO_COLD void restore_chunks(Ring& ring, Store& store, Seq next) noexcept {
  // Excludes slot(next), which the dead producer may have been writing, and therefore next - depth, which shares it.
  const Seq in_ring = next - ring.control.start < Ring::kDepth ? ring.control.start : next - Ring::kDepth + 1;
  Seq oldest = ring.control.oldest.load(memory_order_relaxed);
  for (Seq s = in_ring; s != next; ++s) {
    if (ring.slot(s).seq.observe() != s && seq_lt(oldest, s + 1)) {
      oldest = s + 1;  // evicted
    }
  }
  ring.control.oldest.store(seq_min(oldest, next), memory_order_relaxed);  // as in Admission::evict
  using Chunks = ChunkRing<Store::kChunks>;
  Chunks{store.account}.restore(in_ring, next, [&ring](Seq s) noexcept -> typename Chunks::Run {
    if (ring.slot(s).seq.observe() != s) {
      return {};
    }
    const SlotWords words = ring.slot(s).metadata.read();
    if (words.chunk() == kInlineChunk || !Store::holds(words.chunk(), words.size())) {
      return {};
    }
    return {words.chunk(), Store::chunks_for(words.size())};
  });
}

/// Restores the producer's counters. Of the messages before `next`, only the last one can be uncounted. It has
/// `last` bytes.
TANGO_COLD inline void restore_counters(ProducerBlock& block, std::uint64_t last, Seq next) noexcept {
  const Claim<BlockState>::Holder found = block.claim.holder();
  if (found.state != BlockState::Joining && found.state != BlockState::Active) {
    return;
  }
  PackedCounterWriter counter{block.published};
  if (found.state == BlockState::Joining) {
    block.origin.write(next - counter.start().count);  // it had not started to count
  }
  const Seq counted = block.origin.read() + counter.start().count;
  if (counted + 1 == next && counter.add(last)) {
    counter.mark();
  }
  block.claim.reset(found, BlockState::Left);
}

}  // namespace tango::inline TANGO_ABI::detail
