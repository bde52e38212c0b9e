// SPDX-License-Identifier: Apache-2.0
/// \file
/// Slot: one slot of the ring, and the steps of the protocol on it. It is a sequence lock with one writer and any
/// number of readers. Its version is the sequence number that it holds.
///
///     writer of s                                    reader that expects s
///     1  seq <- s - 1              release (mark)    1  seq == s ?                 acquire
///     2  fence                     release           2  metadata words             relaxed, each once
///     3  payload, metadata words   relaxed           3  payload words              relaxed
///     4  seq <- s                  release           4  fence                      acquire
///                                                    5  seq == s, or discard       relaxed
///
/// If step 2 or 3 of the reader saw a store of a later writer, that writer's release fence synchronises with the
/// reader's acquire fence. The writer's mark then happens before step 5, which must therefore see it. An acquire *load*
/// in step 5 would not order the reads before it. A release *store* in write-step 1 would not order the stores after
/// it.
///
/// Sources: Boehm, "Can seqlocks get along with programming language memory models?" (MSPC 2012); Firedancer
/// `src/tango/mcache/fd_mcache.h`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../config.hpp"
#include "../metadata.hpp"
#include "../seq.hpp"
#include "../slot_layout.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// The metadata of a slot as three words: the form in which it is written, read, and kept by fragments. (A whole word
/// that is loaded right after its fields were stored one by one cannot be forwarded from those stores and waits for
/// them.)
struct SlotWords {
  std::uint64_t sig = 0;
  std::uint64_t extent = 0;  ///< chunk in the low half, size in the high half
  std::uint64_t stamp = 0;   ///< ctl, reserved, ts: 16, 16 and 32 bits from the low end

  [[nodiscard]] static constexpr SlotWords of(const FragmentMetadata& m) noexcept {
    return {m.sig, std::uint64_t{m.chunk} | std::uint64_t{m.size} << 32,
            std::uint64_t{m.ctl} | std::uint64_t{m.reserved} << 16 | std::uint64_t{m.ts} << 32};
  }
  [[nodiscard]] static constexpr SlotWords of(std::uint32_t chunk, std::uint32_t size,
                                              const MessageInfo& info) noexcept {
    return {info.sig, std::uint64_t{chunk} | std::uint64_t{size} << 32,
            std::uint64_t{info.ctl} | std::uint64_t{info.ts} << 32};
  }

  [[nodiscard]] constexpr std::uint32_t chunk() const noexcept { return static_cast<std::uint32_t>(extent); }
  [[nodiscard]] constexpr std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(extent >> 32); }
  [[nodiscard]] constexpr std::uint32_t ts() const noexcept { return static_cast<std::uint32_t>(stamp >> 32); }

  /// The metadata of the fragment `seq`.
  [[nodiscard]] constexpr FragmentMetadata metadata(Seq seq) const noexcept {
    return {.seq = seq,
            .sig = sig,
            .chunk = chunk(),
            .size = size(),
            .ctl = static_cast<std::uint16_t>(stamp),
            .reserved = static_cast<std::uint16_t>(stamp >> 16),
            .ts = ts()};
  }
};

/// The sequence number of a slot: the version of the sequence lock.
struct SlotSeq {
  SharedWord word;

  /// Write-step 1: the slot no longer holds its old sequence number, and a reader that waits for `s` sees "not ready".
  /// The release fence that the writer passes before its first payload store (write-step 2) orders what comes after the
  /// mark. Release, for what came before it: pairs with `observe` in Ring::position. A thread that finds a slot
  /// overwritten must find a position past the number that it held, even if a previous producer thread stored that
  /// position.
  void mark(Seq s) noexcept { word.store(s - 1, memory_order_release); }

  /// The mark that the slot's next owner would set: a reader of `s` sees "overrun", and a reader of `s + depth` sees
  /// "not ready". Fence and order as for `mark`.
  void evict(Seq s, std::uint64_t depth) noexcept { word.store(s - 1 + depth, memory_order_release); }

  /// Write-step 4. Release: pairs with `observe`; a reader that sees `s` sees its metadata and payload.
  void publish(Seq s) noexcept { word.store(s, memory_order_release); }

  /// Read-step 1. Acquire: pairs with `publish`.
  [[nodiscard]] Seq observe() const noexcept { return word.load(memory_order_acquire); }

  /// Read-steps 4 and 5: whether everything read since `observe` belongs to `s`.
  [[nodiscard]] bool still_holds(Seq s) const noexcept {
    fence(memory_order_acquire);  // pairs with the release fence of write-step 2
    return word.load(memory_order_relaxed) == s;
  }
};

/// The metadata of a slot.
struct SlotMetadata {
  SharedWord sig;
  SharedWord extent;
  SharedWord stamp;

  /// Write-step 3, metadata. Relaxed: published by write-step 4.
  void write(const SlotWords& words) noexcept {
    sig.store(words.sig, memory_order_relaxed);
    extent.store(words.extent, memory_order_relaxed);
    stamp.store(words.stamp, memory_order_relaxed);
  }

  /// Read-step 2. Relaxed: `observe` ordered the loads after the publish of `s`, and `still_holds` detects later
  /// stores.
  [[nodiscard]] SlotWords read() const noexcept {
    const std::uint64_t sig_word = sig.load(memory_order_relaxed);
    const std::uint64_t extent_word = extent.load(memory_order_relaxed);
    const std::uint64_t stamp_word = stamp.load(memory_order_relaxed);
    return {sig_word, extent_word, stamp_word};
  }

  /// The extent word that the writer itself published earlier. Relaxed: same thread, or ordered by the claim.
  [[nodiscard]] std::uint64_t own_extent() const noexcept { return extent.load(memory_order_relaxed); }
};

/// The payload of a slot: `Bytes` bytes of `Unit`s.
template <class Unit, std::size_t Bytes>
struct SlotPayload {
  alignas(SharedWord) Unit units[Bytes / sizeof(Unit)] = {};

  [[nodiscard]] Unit* data() noexcept { return units; }
  [[nodiscard]] const Unit* data() const noexcept { return units; }
};

/// The parts that a slot may lack.
/// @{
template <class Unit>
struct SlotPayload<Unit, 0> {
  [[nodiscard]] static constexpr Unit* data() noexcept { return nullptr; }
};
struct NoSlotMetadata {};
/// @}

/// The largest power of two that divides the size of a slot, at most a cache line. A slot of a whole number of cache
/// lines starts at the start of one.
[[nodiscard]] constexpr std::size_t slot_alignment(std::size_t bytes) noexcept {
  const std::size_t power = bytes & (0 - bytes);
  return power < kLineSize ? power : kLineSize;
}

/// A slot, in the order in which it is written: ascending addresses were faster than a sequence number in front
/// (bench/README.md). `Layout` is a SlotLayout.
template <class Layout>
struct alignas(slot_alignment(Layout::kSlotBytes)) Slot {
  using Unit = std::conditional_t<Layout::kWords, SharedWord, std::byte>;  ///< what payloads consist of

  [[no_unique_address]] SlotPayload<Unit, Layout::kPayloadBytes> payload;
  [[no_unique_address]] std::conditional_t<Layout::kMetadata, SlotMetadata, NoSlotMetadata> metadata;
  SlotSeq seq;
};

static_assert(sizeof(SlotSeq) == 8 && sizeof(SlotMetadata) == 24);
static_assert(offsetof(SlotMetadata, sig) == 0 && offsetof(SlotMetadata, extent) == 8 &&
              offsetof(SlotMetadata, stamp) == 16);
static_assert(sizeof(Slot<SlotLayout<>>) == 64 && alignof(Slot<SlotLayout<>>) == 64);
static_assert(offsetof(Slot<SlotLayout<>>, payload) == 0 && offsetof(Slot<SlotLayout<>>, metadata) == 32 &&
              offsetof(Slot<SlotLayout<>>, seq) == 56);
static_assert(sizeof(Slot<SlotLayout<0>>) == 32 && alignof(Slot<SlotLayout<0>>) == 32);
static_assert(offsetof(Slot<SlotLayout<0>>, metadata) == 0 && offsetof(Slot<SlotLayout<0>>, seq) == 24);
static_assert(sizeof(Slot<SlotLayout<64, Plain>>) == 96 && alignof(Slot<SlotLayout<64, Plain>>) == 32);
using WordSlot = Slot<SlotLayout<8, Words, NoMetadata>>;
static_assert(sizeof(WordSlot) == 16 && alignof(WordSlot) == 16);
static_assert(offsetof(WordSlot, payload) == 0 && offsetof(WordSlot, seq) == 8);

}  // namespace tango::inline TANGO_ABI::detail
