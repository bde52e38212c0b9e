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
    {"mark behind the fence", "slot.mark(next); detail::fence(detail::memory_order_release);",
     "detail::fence(detail::memory_order_release); slot.mark(next);"},
    {"a release store in place of the release fence", "slot.mark(next); detail::fence(detail::memory_order_release);",
     "slot.seq.store(next - 1, detail::memory_order_release);"},
    {"no mark", "slot.mark(next);", ""},
    {"mark after writing", "slot.mark(next);", ""},
    {"mark after writing", "slot.publish(metadata.seq);", "slot.mark(metadata.seq); slot.publish(metadata.seq);"},
    {"no mark in the ring of metadata", "target.mark(s);", ""},
    {"an acquire load in place of the acquire fence",
     "fence(memory_order_acquire); return word.load(memory_order_relaxed) == s;",
     "return word.load(memory_order_acquire) == s;"},
    {"the acquire fence behind the second look",
     "fence(memory_order_acquire); return word.load(memory_order_relaxed) == s;",
     "const Seq now = word.load(memory_order_relaxed); fence(memory_order_acquire); return now == s;"},
    {"published before the metadata", "slot.write(detail::SlotWords::of(metadata));",
     "slot.publish(metadata.seq); slot.write(detail::SlotWords::of(metadata));"},
    {"position before the slot", "slot.publish(metadata.seq);",
     "detail::inside(room_.mcache()).control.advance(metadata.seq + 1); slot.publish(metadata.seq);"},
    {"Fseq before the ring's position", "slot.publish(metadata.seq);",
     "fseq_->store(metadata.seq + 1); slot.publish(metadata.seq);"},
    {"fresh slots marked for index - depth", "slot(start + i).mark(start + i);",
     "slots_[i].seq.store(i - N, detail::memory_order_relaxed);"},
    {"metadata not validated", "!slot.still_holds(next_)", "false", true},
    {"the ring's metadata not validated", "!source.still_holds(seq)", "false", true},
    {"a copy not validated", "return validate() ? Status{} : Status{Error::Overrun};", "return {};"},
    {"a field not validated", "!validate()", "false", true, "gather(image, offset); if ("},
    {"a value not validated", "!validate()", "false", true, "payload_, sizeof(T)); if ("},
    // Eviction.
    {"no eviction", "mcache_->slot(victim).evict(victim, Depth);", ""},
    {"evicted slots marked as not ready", "mcache_->slot(victim).evict(victim, Depth);",
     "mcache_->slot(victim).mark(victim);"},
    {"position not stored before an eviction", "mcache_->header().advance(next);", ""},
    {"position not looked at again where a slot has gone on",
     "return seq_max(next, header_.position.load(detail::memory_order_acquire));", "return next;"},
    {"the next slot's neighbour gives its chunks back unmarked", "next - Depth + 1", "next - Depth + 2", true},
    {"one chunk too many is free", "return run_start(chunks, next) + chunks - tail <= N;",
     "return run_start(chunks, next) + chunks - tail <= N + 1;"},
    {"runs do not skip the end of the region", "return chunks <= before_wrap ? head(next) : head(next) + before_wrap;",
     "return before_wrap != 0 ? head(next) : head(next);"},
    // Overruns.
    {"resumed at the lost one's successor, counted as none", "last_lost_ = resumed - next_;",
     "last_lost_ = resumed - next_ - 1;"},
    {"resumed past the position", "next_ = resumed;", "next_ = position + 1;"},
    // Reliable delivery.
    {"credit returned inside poll", "cursor_.account().give_back(seq);",
     "cursor_.account().give_back(cursor_.next());"},
    {"no flush before an empty batch", "cursor_.give_back();", "", false, "if (result.count == 0) {"},
    {"credit returned inside poll_batch", "result.count == 0", "true", true},
    {"credit before use: one more than there are", "limit_ = consumed + fctl_->credits();",
     "limit_ = consumed + fctl_->credits() + 1;"},
    {"chunks taken back up to the next number", "fifo().take_back(consumed(next), next, holder());",
     "fifo().take_back(next, next, holder());"},
    {"no flush before empty", "cursor_.give_back();", "", false, "if (status != PollStatus::Fragment) [[unlikely]] {"},
    {"only the first consumer counts", "any_active = true;", "any_active = true; break;"},
    {"who has left is taken for one who has never come", "return any_active || any_left ? least : start;",
     "return any_active ? least : start;"},
    // Joining and leaving.
    {"limit announced after the scan",
     "if (seq_lt(limit.load(detail::memory_order_relaxed), seen + credits_)) {"
     "  limit.store(seen + credits_, detail::memory_order_relaxed);"
     "}"
     "detail::fence(detail::memory_order_seq_cst);"
     "return seq_max(known, seq_min(seen, minimum(start, next)));",
     "const Seq again = minimum(start, next); detail::fence(detail::memory_order_seq_cst);"
     "limit.store(seen + credits_, detail::memory_order_relaxed); return seq_max(known, seq_min(seen, again));"},
    {"no second scan", "return seq_max(known, seq_min(seen, minimum(start, next)));", "return seen;"},
    {"who follows lowers the limit", "seq_lt(limit.load(detail::memory_order_relaxed), seen + credits_)", "true", true},
    {"who follows takes everything for consumed", "flow_.start(mcache_->header().start);", "flow_.start(next);"},
    {"limit not announced", "limit.store(seen + credits_, detail::memory_order_relaxed);", ""},
    {"what was consumed since the announcement is used", "return seq_max(known, seq_min(seen, minimum(start, next)));",
     "return seq_max(known, minimum(start, next));"},
    {"a joiner does not move up", "wanted = first_protected;", ""},
    {"a joiner's fence before its position", "place.position.store(wanted, detail::memory_order_release);",
     "detail::fence(detail::memory_order_seq_cst); place.position.store(wanted, detail::memory_order_release);"},
    {"a joiner's fence before its position", "detail::fence(detail::memory_order_seq_cst);", "", false,
     "place.state.store(kActive, detail::memory_order_release);"},
    {"who was never part leaves a vacant place", "joined.was_vacant ? kVacant : kUnused", "kVacant", true},
    {"who was never part forgets who was there before", "joined.was_vacant ? kVacant : kUnused", "kUnused", true},
    {"who leaves keeps its place", "fctl_->leave(place_.place);", ""},
    {"who leaves does not store its position", "detail::inside(room_.mcache()).control.advance(next_seq());", ""},
    // Stopping.
    {"stopped once the flag is set and the slot is empty",
     "return mcache_->header().drained(next_) ? PollStatus::Stopped : PollStatus::Empty;",
     "return mcache_->header().stop_requested() ? PollStatus::Stopped : PollStatus::Empty;"},
    {"who leaves does not look whether to stop", "stop_requested()", "false", true, "if ("},
    {"who asks does not look whether there is a producer", "fence(memory_order_seq_cst); close_if_unclaimed();",
     "fence(memory_order_seq_cst);"},
    {"closed at once by who asks", "fence(memory_order_seq_cst); close_if_unclaimed();",
     "close(position.load(memory_order_relaxed));"},
    // Ownership.
    {"the ring's identity first", "owned_[i]->join(identity);", "owned_[count_ - 1 - i]->join(identity);"},
    {"an identity looked at once", "identity = ring.identity();", "", false, "return {}; }"},
    // What is found in memory.
    {"a label that is not looked at again", "again != kMagic", "false", true},
    {"traits without their sum", "read_sum != image.sum()", "false", true},
    {"a label that stays while its traits change", "magic.store(0, memory_order_relaxed);", ""},
    // Views.
    {"a view's message not validated", "!is_intact(slot, s)", "false", true},
    {"a view looks at the slot's number alone", "validation_ == Validation::SlotNumber", "true", true},
    {"a view's look at the limit before the fence",
     "fence(memory_order_acquire); return seq_le(control_->limit.load(memory_order_relaxed) - credits_, s);",
     "const Seq limit = control_->limit.load(memory_order_relaxed); fence(memory_order_acquire);"
     "return seq_le(limit - credits_, s);"},
    {"a view trusts one message too many", "control_->limit.load(memory_order_relaxed) - credits_, s",
     "control_->limit.load(memory_order_relaxed) - credits_ - 1, s"},
    {"a view does not look for the magic number", "magic.load(memory_order_acquire) == kMagic && word(offset) == value",
     "word(offset) == value"},
    {"a view does not look for the generation", "magic.load(memory_order_acquire) == kMagic && word(offset) == value",
     "magic.load(memory_order_acquire) == kMagic"},
    // Metrics.
    {"marks are not looked at again", "count.load(memory_order_relaxed) == marked_count", "true", true},
    // Cnc.
    {"acknowledged before it was done", "return {is_new, is_new ? code_of(seen_) : std::uint16_t{0}};",
     "if (is_new) { acknowledge(); } return {is_new, is_new ? code_of(seen_) : std::uint16_t{0}};"},
};

}  // namespace tango::model
