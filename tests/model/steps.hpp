// SPDX-License-Identifier: Apache-2.0
// Steps of the protocol, moved or left out. They are planted in a copy of the headers in the build tree (planting.hpp),
// all in one copy: each can be switched on while the models run, and none is on at first.
//
// A piece (`was`, `behind`) is code without comments. Only its tokens are compared, so a header's comments and layout
// can change without a change here. Whoever changes the code of a step changes the piece: the build says which piece
// is no longer found, where most of it still is, and which token differs there.
#pragma once

#include "planting.hpp"

namespace tango::model {

inline constexpr Edit kEdits[] = {
    // The slot.
    {"mark behind the fence", "slot.mark(next); fence(memory_order_release);",
     "fence(memory_order_release); slot.mark(next);"},
    {"a release store in place of the release fence", "slot.mark(next); fence(memory_order_release);",
     "slot.seq.store(next - 1, memory_order_release);"},
    {"no mark", "slot.mark(next);", ""},
    {"mark after writing", "slot.mark(next);", ""},
    {"mark after writing", "slot.publish(seq);", "slot.mark(seq); slot.publish(seq);"},
    {"no mark in the ring of metadata", "target.mark(s);", ""},
    {"an acquire load in place of the acquire fence",
     "fence(memory_order_acquire); return word.load(memory_order_relaxed) == s;",
     "return word.load(memory_order_acquire) == s;"},
    {"the acquire fence behind the second look",
     "fence(memory_order_acquire); return word.load(memory_order_relaxed) == s;",
     "const Seq now = word.load(memory_order_relaxed); fence(memory_order_acquire); return now == s;"},
    {"published before the metadata", "slot.write(SlotWords::of(chunk, static_cast<std::uint32_t>(size), info));",
     "slot.publish(seq); slot.write(SlotWords::of(chunk, static_cast<std::uint32_t>(size), info));"},
    {"position before the slot", "slot.publish(seq);", "ring().control.advance(seq + 1); slot.publish(seq);"},
    {"Fseq before the ring's position", "slot.publish(seq);", "mirror.store(seq + 1); slot.publish(seq);"},
    {"fresh slots marked for index - depth", "slot(start + i).mark(start + i);",
     "slots[i].seq.store(i - Depth, memory_order_relaxed);"},
    {"metadata not validated", "!slot.still_holds(ledger_.next)", "false", true},
    {"the ring's metadata not validated", "!source.still_holds(seq)", "false", true},
    {"a copy not validated", "return validate() ? Status{} : Status{Error::Overrun};", "return {};"},
    {"a field not validated", "!validate()", "false", true, "gather(image, offset); if ("},
    {"a value not validated", "!validate()", "false", true, "payload_, sizeof(T)); if ("},
    // Eviction.
    {"no eviction", "ring_->slot(victim).evict(victim, Depth);", ""},
    {"evicted slots marked as not ready", "ring_->slot(victim).evict(victim, Depth);",
     "ring_->slot(victim).mark(victim);"},
    {"position not stored before an eviction", "ring_->control.advance(next);", ""},
    {"position not looked at again where a slot has gone on",
     "return seq_max(next, control.position.load(memory_order_acquire));", "return next;"},
    {"the next slot's neighbour gives its chunks back unmarked", "next - Depth + 1", "next - Depth + 2", true,
     "chunks().take_back("},
    {"one chunk too many is free", "return next_run(chunks, next) + chunks - tail <= Chunks;",
     "return next_run(chunks, next) + chunks - tail <= Chunks + 1;"},
    {"runs do not skip the end of the region", "return chunks <= before_wrap ? head(next) : head(next) + before_wrap;",
     "return before_wrap != 0 ? head(next) : head(next);"},
    // Overruns.
    {"resumed at the lost one's successor, counted as none", "last_lost_ = resumed - ledger_.next;",
     "last_lost_ = resumed - ledger_.next - 1;"},
    {"resumed past the position", "ledger_.next = resumed;", "ledger_.next = position + 1;"},
    // Reliable delivery.
    {"credit returned inside poll", "cursor_.ledger().give_back(seq);",
     "cursor_.ledger().give_back(cursor_.ledger().next);"},
    {"no flush before an empty batch", "cursor_.give_back();", "", false, "if (result.count == 0) {"},
    {"credit returned inside poll_batch", "result.count == 0", "true", true},
    {"credit before use: one more than there are", "limit_ = given_back + credits_;",
     "limit_ = given_back + credits_ + 1;"},
    {"chunks taken back up to the next number", "chunks().take_back(given_back(next), next, first_chunk_of());",
     "chunks().take_back(next, next, first_chunk_of());"},
    {"no flush before empty", "cursor_.give_back();", "", false, "if (status != PollStatus::Fragment) [[unlikely]] {"},
    {"only the first consumer counts", "left >>= 1", "left = 0", true},
    // Joining and leaving.
    {"limit announced after the scan",
     "if (seq_lt(limit.load(memory_order_relaxed), seen + credits)) {"
     "  limit.store(seen + credits, memory_order_relaxed);"
     "}"
     "fence(memory_order_seq_cst);"
     "return seq_max(known, seq_min(seen, minimum(start, next)));",
     "const Seq again = minimum(start, next); fence(memory_order_seq_cst);"
     "limit.store(seen + credits, memory_order_relaxed); return seq_max(known, seq_min(seen, again));"},
    {"no second scan", "return seq_max(known, seq_min(seen, minimum(start, next)));", "return seen;"},
    {"a successor lowers the limit", "seq_lt(limit.load(memory_order_relaxed), seen + credits)", "true", true},
    {"a successor takes everything for consumed", "limit_.start(ring_->control.start);", "limit_.start(next);"},
    {"limit not announced", "limit.store(seen + credits, memory_order_relaxed);", ""},
    {"what was consumed since the announcement is used", "return seq_max(known, seq_min(seen, minimum(start, next)));",
     "return seq_max(known, minimum(start, next));"},
    {"a joiner does not move up", "first = first_protected;", ""},
    {"a joiner's fence before its position", "place.position.store(first, memory_order_release);",
     "fence(memory_order_seq_cst); place.position.store(first, memory_order_release);"},
    {"a joiner's fence before its position", "fence(memory_order_seq_cst);", "", false,
     "place.claim.set(PlaceState::Entering);"},
    {"a joiner that the refill does not visit", "members.add(taken);", ""},
    {"a consumer that leaves stays active", "flow_->view().leave(place_);", ""},
    {"a consumer that leaves is forgotten", "places[place].claim.set(PlaceState::Kept);",
     "members.abandoned.store(1, memory_order_relaxed); places[place].claim.set(PlaceState::Free);"},
    {"a sweep that does not look whether the place was taken", "places[place].claim.holder().state != PlaceState::Free",
     "false", true},
    {"a sweep that looks too early",
     "members.remove(place); if (places[place].claim.holder().state != PlaceState::Free) { members.add(place); }",
     "if (places[place].claim.holder().state == PlaceState::Free) { members.remove(place); }"},
    {"a successor does not look for places that were swept", "places[i].claim.holder().state != PlaceState::Free",
     "false", true},
    {"a consumer that resigns is kept", "flow_->view().resign(place_);", "flow_->view().leave(place_);"},
    {"a resigned channel is taken for one that waits for its first consumer",
     "members.abandoned.load(memory_order_relaxed) != 0", "false", true},
    {"a consumer that leaves frees the active places of others", "found.state == PlaceState::Kept",
     "found.state == PlaceState::Active", true, "Claim<PlaceState>::Holder found = place.claim.holder(); if ("},
    {"an earlier consumer's place is kept for ever", "forget_kept([](Seq) noexcept { return true; });", "", false,
     "void leave(std::size_t place) noexcept {"},
    {"kept places do not count", "least_kept", "next", true, "if (any_kept) { return"},
    {"a place that is being taken over does not count", "state != PlaceState::Joining",
     "(state != PlaceState::Joining && state != PlaceState::Rejoining)", true, "} else if ("},
    {"a successor starts over", "wanted.where_left ? kept : seq_max(kept, wanted.seq)", "wanted.seq", true},
    {"a successor moves up to the limit, which may have been announced for more",
     "wanted.where_left ? kept : seq_max(kept, wanted.seq)",
     "seq_max(kept, limit.load(memory_order_relaxed) - credits)", true},
    {"a kept place is dropped although the other one has left", "!counts(places[active].claim.holder().state)", "false",
     true},
    {"a kept place is passed but not freed", "seq_lt(least_kept, least) ? drop_kept(active, least) : least", "least",
     true},
    {"a component of another channel is accepted", "!flow_->membership.reserve(generation_)", "false", true},
    {"a producer that leaves does not store its position", "control().advance(next_seq());", ""},
    // Recovery.
    {"a recovery that trusts the chunk account", "detail::restore_chunks(ring, detail::inside(dcache), next);", ""},
    {"a recovery that trusts the position", "ring.position()",
     "ring.control.position.load(detail::memory_order_relaxed)", true, "const Seq next ="},
    {"a recovery that gives the channel back first", "detail::restore_chunks(ring, detail::inside(dcache), next);",
     "ring.control.leave(); detail::restore_chunks(ring, detail::inside(dcache), next);"},
    {"a recovery that does not mirror the position", "detail::inside(fseq).store(next);", ""},
    {"a recovery that does not store the position", "ring.control.advance(next);", ""},
    {"a recovery that leaves a stop to others", "ring.control.answer_stop();", ""},
    {"a dead consumer's place is freed", "PlaceState::Orphaned", "PlaceState::Free", true,
     "found.state == PlaceState::Active ?"},
    {"a dead consumer is forgotten where another one is active", "PlaceState::Orphaned", "PlaceState::Kept", true,
     "found.state == PlaceState::Active ?"},
    {"a place that is being adopted does not count", "state != PlaceState::Joining",
     "(state != PlaceState::Joining && state != PlaceState::Adopting)", true, "} else if ("},
    // Stopping.
    {"stopped once the flag is set and the slot is empty",
     "return ring_->control.drained(ledger_.next) ? PollStatus::Stopped : PollStatus::Empty;",
     "return ring_->control.stop_requested() ? PollStatus::Stopped : PollStatus::Empty;"},
    {"a producer that leaves does not look whether to stop", "stop_requested()", "false", true,
     "void answer_stop() noexcept { fence(memory_order_seq_cst); if ("},
    {"a request does not look whether there is a producer", "fence(memory_order_seq_cst); close_if_unclaimed();",
     "fence(memory_order_seq_cst);"},
    {"closed at once by the request", "fence(memory_order_seq_cst); close_if_unclaimed();",
     "close(position.load(memory_order_relaxed));"},
    {"a closer is taken for a producer", "found.state == RingHolder::Closer", "false", true},
    // Joining a channel.
    {"the kind before the components have joined", "parts[i] != nullptr && !parts[i]->join(name, before[i])",
     "(control.set_kind(kind), parts[i] != nullptr && !parts[i]->join(name, before[i]))", true},
    // What is found in memory.
    {"a superblock that is not looked at again", "again != kMagic", "false", true},
    {"a descriptor without its sum", "read_sum == image.sum()", "true", true},
    {"a superblock that stays while its words change", "magic.store(0, memory_order_relaxed);", ""},
    // Views.
    {"a view's message not validated", "!is_intact(slot, s)", "false", true},
    {"a view looks at the slot's number alone", "validation_ == Validation::SlotNumber", "true", true},
    {"a view's look at the limit before the fence",
     "fence(memory_order_acquire); return seq_le(control_->limit.load(memory_order_relaxed) - credits_, s);",
     "const Seq limit = control_->limit.load(memory_order_relaxed); fence(memory_order_acquire);"
     "return seq_le(limit - credits_, s);"},
    {"a view trusts one message too many", "seq_le(control_->limit.load(memory_order_relaxed) - credits_, s)",
     "seq_le(control_->limit.load(memory_order_relaxed) - credits_ - 1, s)", true},
    {"a view does not look for the magic number", "magic.load(memory_order_acquire) == kMagic && word(offset) == value",
     "word(offset) == value", true},
    {"a view does not look for the generation", "magic.load(memory_order_acquire) == kMagic && word(offset) == value",
     "magic.load(memory_order_acquire) == kMagic", true},
    // Metrics.
    {"marks are not looked at again", "count.load(memory_order_relaxed) == marked_count", "true", true},
    // Cnc.
    {"acknowledged before it was done", "return {is_new, is_new ? code_of(seen_) : std::uint16_t{0}};",
     "if (is_new) { acknowledge(); } return {is_new, is_new ? code_of(seen_) : std::uint16_t{0}};"},
};

}  // namespace tango::model
