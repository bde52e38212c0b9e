// SPDX-License-Identifier: Apache-2.0
/// \file
/// ChannelView: a read-only view of any channel in memory, for a program that was not compiled for it: a monitor, a
/// tool that prints messages, or a debugger for what a crashed program left behind.
///
///     if (auto view = tango::view_channel(memory)) {
///       std::byte buffer[4096];
///       auto range = view->readable();
///       view->for_each(range->first, buffer, [](const tango::MessageCopy& message) { print(message); });
///     }
///
/// The channel's properties (its kind, depth, chunks, message type) are read from the superblock in front of it.
///
/// - A view stores nothing, so the memory may be mapped read-only. The producer neither knows of a view nor waits for
///   it. Messages may therefore be overwritten before they are read.
/// - A message that is returned is intact: its metadata and payload were validated after they were copied. How this
///   works, and where it is not portable C++ on reliable channels, is described in memory/ring_reader.hpp.
/// - Whatever the memory contains, nothing outside it is accessed and every call terminates. Everything in the
///   superblock is checked before it is used. Sizes and chunks of messages are checked each time.
///
/// Do not use it to receive messages in a program that knows the channel's type. A Consumer is faster, the producer can
/// wait for it, and it counts what it loses.
///
/// Which messages can be read: on lossy and observed channels, those that are in the ring. On reliable channels, those
/// from the announced limit minus the credits on: what consumers had not given back when the producer last read their
/// positions, and everything published since.
///
/// Thread: any. A view is a value, and any number of threads may use copies of it. The memory must outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>

#include "config.hpp"
#include "endpoint/descriptor_check.hpp"
#include "error.hpp"
#include "memory/claim.hpp"
#include "memory/credit_places.hpp"
#include "memory/membership.hpp"
#include "memory/metrics_blocks.hpp"
#include "memory/platform.hpp"
#include "memory/ring_control.hpp"
#include "memory/ring_reader.hpp"
#include "memory/slot.hpp"
#include "memory/superblock.hpp"
#include "metadata.hpp"
#include "record.hpp"
#include "result.hpp"
#include "seq.hpp"
#include "version.hpp"

namespace tango::inline TANGO_ABI {

/// The holder of a channel's ring.
enum class ProducerState : std::uint8_t {
  None,      ///< no producer has joined yet, or the last one has left
  Producer,  ///< a producer; it may have vanished without leaving
  Closer,    ///< briefly: a thread that closes a channel without a producer
};
static_assert(static_cast<int>(ProducerState::Producer) == static_cast<int>(detail::RingHolder::Producer) &&
              static_cast<int>(ProducerState::Closer) == static_cast<int>(detail::RingHolder::Closer));

/// The state's name; `Unknown` for a value that is not an enumerator.
/// @{
[[nodiscard]] constexpr std::string_view name(ProducerState state) noexcept {
  constexpr std::string_view kNames[] = {"None", "Producer", "Closer"};
  return detail::name_of(state, kNames);
}
[[nodiscard]] constexpr std::string_view name(PlaceState state) noexcept {
  constexpr std::string_view kNames[] = {"Free",      "Joining",  "Active",   "Kept",
                                         "Rejoining", "Orphaned", "Adopting", "Entering"};
  return detail::name_of(state, kNames);
}
/// @}

/// The state of a channel. Each member was read once, one after the other. On a running channel they may belong to
/// different moments.
struct ChannelState {
  Seq start = 0;                     ///< the channel's first number
  Seq position = 0;                  ///< the next number that will be published: see MCache::position
  Seq oldest = 0;                    ///< lossy and observed: every earlier message that was in chunks is overwritten
  Seq limit = 0;                     ///< with flow control, what the producer has announced; initially the start
  bool closed = false;               ///< whether the channel is closed: nothing more will be published
  bool stop_requested = false;       ///< whether a stop was requested
  ProducerState producer = {};       ///< whether there is a producer
  std::uint64_t producer_epoch = 0;  ///< how often the ring was held
};

/// One reliable consumer's place.
struct PlaceSnapshot {
  PlaceState state = {};    ///< whether there is a consumer, and how the last one left
  std::uint64_t epoch = 0;  ///< how often the place was taken
  Seq position = 0;         ///< everything before it has been given back; meaningless if the place is Free
};

/// Sequence numbers from `first` up to, but not including, `next`.
struct SeqRange {
  Seq first = 0;  ///< the first number
  Seq next = 0;   ///< the number after the last one
  [[nodiscard]] constexpr std::uint64_t size() const noexcept { return next - first; }  ///< how many numbers there are
};

/// A message that was copied out of a channel and validated.
struct MessageCopy {
  FragmentMetadata metadata;           ///< all of its metadata
  std::span<const std::byte> payload;  ///< at the front of the caller's buffer
};

/// What `ChannelView::for_each` did.
struct ReadRun {
  std::uint64_t count = 0;  ///< messages passed to the callback
  std::uint64_t lost = 0;   ///< messages that were overwritten before they were read
  Seq next = 0;             ///< where to continue; with `Corrupt` and `BufferTooSmall`, the message that was not read
  Status status;            ///< why it ended: `None` after `depth()` numbers, or the first error other than `Overrun`
};

template <>
inline constexpr bool kProcessLocal<MessageCopy> = true;  ///< not a Record
template <>
inline constexpr bool kProcessLocal<ReadRun> = true;  ///< not a Record

/// A read-only view of a channel: see the file's head. `view_channel` creates it.
class ChannelView {
  using Descriptor = detail::ChannelDescriptor;

 public:
  // ------------------------------------------------------------------------------------------------- what it is
  // As the channel's creator stored it; constant.

  /// The channel's generation, a number that no other channel has.
  [[nodiscard]] std::uint64_t generation() const noexcept { return descriptor_.generation; }
  /// `lossy`, `typed reliable with metrics`, …
  [[nodiscard]] std::string_view kind() const noexcept {
    return detail::kKindNames[static_cast<std::size_t>(descriptor_.kind)];
  }
  /// Whether the producer waits for reliable consumers.
  [[nodiscard]] bool has_flow_control() const noexcept { return descriptor_.places != 0; }
  /// Whether consumers may be overrun: on lossy and observed channels.
  [[nodiscard]] bool has_observers() const noexcept {
    return detail::ring_kind(descriptor_) != detail::ChannelKind::Reliable;
  }
  /// Whether its endpoints keep metrics.
  [[nodiscard]] bool has_metrics() const noexcept { return detail::has_metrics(descriptor_); }
  /// Whether messages have metadata (sig, ctl, ts). If not, it reads as that of a message that was published with none.
  [[nodiscard]] bool has_metadata() const noexcept { return ring_.geometry().has_metadata(); }
  /// Whether all messages are of one type.
  [[nodiscard]] bool is_typed() const noexcept { return detail::is_typed(descriptor_); }
  /// The size of the whole channel, in bytes.
  [[nodiscard]] std::uint64_t bytes() const noexcept { return descriptor_.bytes; }
  [[nodiscard]] std::uint64_t depth() const noexcept { return descriptor_.depth; }  ///< the number of slots
  /// Bytes from one slot to the next.
  [[nodiscard]] std::uint64_t slot_bytes() const noexcept { return descriptor_.slot_bytes; }
  /// The size in bytes of the largest payload that is stored in a slot.
  [[nodiscard]] std::uint64_t inline_bytes() const noexcept { return descriptor_.inline_bytes; }
  [[nodiscard]] std::uint64_t chunks() const noexcept { return descriptor_.chunks; }  ///< the number of chunks
  /// The size of a chunk, in bytes.
  [[nodiscard]] std::uint64_t chunk_size() const noexcept { return descriptor_.chunk_size; }
  /// The size of the largest payload, in bytes: a buffer of this size holds every message.
  [[nodiscard]] std::uint64_t max_payload() const noexcept { return ring_.geometry().max_payload(); }
  /// The number of messages that may be in flight; 0 without flow control.
  [[nodiscard]] std::uint64_t credits() const noexcept { return descriptor_.credits; }
  /// The number of places for reliable consumers; 0 without flow control.
  [[nodiscard]] std::size_t places() const noexcept { return static_cast<std::size_t>(descriptor_.places); }
  /// The size of a message in bytes; 0 on a channel of bytes.
  [[nodiscard]] std::uint64_t type_size() const noexcept { return descriptor_.type_size; }
  /// The alignment of a message in bytes; 0 on a channel of bytes.
  [[nodiscard]] std::uint64_t type_align() const noexcept { return descriptor_.type_align; }
  /// The id of the message type (`of<T>(id)`); 0 on a channel of bytes.
  [[nodiscard]] std::uint64_t type_id() const noexcept { return descriptor_.type_id; }

  // ------------------------------------------------------------------------------------------------------ its state

  /// Whether the channel is still the one that this view was created for. Every function below checks this as well.
  ///
  /// \retval Replaced Another channel was created in this memory, or is being created (the generation there, which
  ///         during the creation may be either, this view's generation).
  /// \return Otherwise success.
  ///
  /// Thread: any.
  /// Complexity: O(1).
  [[nodiscard]] Status status() const noexcept {
    constexpr std::size_t kGeneration = offsetof(Descriptor, generation);
    if (!superblock().still_says(kGeneration, descriptor_.generation)) {
      return {Error::Replaced, superblock().word(kGeneration), descriptor_.generation};
    }
    return {};
  }

  /// The state of the channel.
  ///
  /// \return The state, or `Replaced`.
  ///
  /// Thread: any.
  /// Complexity: O(1).
  [[nodiscard]] Result<ChannelState> state() const noexcept {
    const detail::RingControl& control = ring_.control();
    const auto holder = control.claim.holder();
    const bool closed = control.closed();  // before the position: then the position is final
    return checked(ChannelState{.start = start_,
                                .position = ring_.position(),
                                .oldest = control.oldest.load(detail::memory_order_relaxed),
                                .limit = control.limit.load(detail::memory_order_relaxed),
                                .closed = closed,
                                .stop_requested = control.stop_requested(),
                                .producer = static_cast<ProducerState>(holder.state),
                                .producer_epoch = holder.epoch});
  }

  /// One of the `places()` places of reliable consumers. Consumers write this memory, so a corrupt consumer may have
  /// stored any value.
  ///
  /// \pre (checked) `index < places()`.
  /// \return The place, or `Replaced`.
  ///
  /// Thread: any.
  /// Complexity: O(1).
  [[nodiscard]] Result<PlaceSnapshot> place(std::size_t index) const noexcept {
    TANGO_PRECONDITION(index < places(), "ChannelView::place: the channel has a place with this index");
    const auto& place = at<detail::CreditPlace>(descriptor_.fctl_offset + detail::kPlacesOffset)[index];
    const auto holder = place.claim.holder();
    return checked(PlaceSnapshot{.state = static_cast<PlaceState>(holder.state),
                                 .epoch = holder.epoch,
                                 .position = place.position.load(detail::memory_order_relaxed)});
  }

  // --------------------------------------------------------------------------------------------------------- messages

  /// The sequence numbers of the messages that can be read, at most `depth()` of them. This is a snapshot: on a running
  /// channel, the first ones may be overwritten before they are read, and more may be published.
  ///
  /// \return The range, which may be empty, or `Replaced`.
  ///
  /// Thread: any.
  /// Complexity: O(1).
  [[nodiscard]] Result<SeqRange> readable() const noexcept {
    const Seq next = ring_.position();
    return checked(SeqRange{ring_.oldest(start_, next), next});
  }

  /// Copies the message `seq` to the front of `buffer` and validates it. After an error, the contents of `buffer` are
  /// worthless.
  ///
  /// \retval NotReady It was not published yet.
  /// \retval Overrun It was overwritten. On a reliable channel also: all consumers have given it back, so it may be
  ///         overwritten at any time.
  /// \retval BufferTooSmall The buffer is smaller than the payload (bytes of the payload, bytes of the buffer). Nothing
  ///         was copied.
  /// \retval Corrupt Its metadata refers to bytes that the channel does not have: the memory was damaged (bytes,
  ///         chunk).
  /// \retval Replaced As for `status`.
  /// \return Otherwise the message.
  ///
  /// Thread: any.
  /// Complexity: wait-free, O(size).
  [[nodiscard]] Result<MessageCopy> read(Seq seq, std::span<std::byte> buffer) const noexcept {
    detail::SlotWords words;
    const Status status = status_of(ring_.read(seq, buffer, words), words, buffer.size());
    if (const Status same = this->status(); !same) {
      return same;
    }
    if (!status) {
      return status;
    }
    return MessageCopy{words.metadata(seq), buffer.first(words.size())};
  }

  /// The metadata of the message `seq`, validated.
  ///
  /// \return The metadata, or an error as for `read` except `BufferTooSmall`.
  ///
  /// Thread: any.
  /// Complexity: wait-free, O(1).
  [[nodiscard]] Result<FragmentMetadata> metadata(Seq seq) const noexcept {
    detail::SlotWords words;
    const Status status = status_of(ring_.read(seq, {}, words), words, 0);
    if (const Status same = this->status(); !same) {
      return same;
    }
    if (!status && status.error() != Error::BufferTooSmall) {
      return status;
    }
    return words.metadata(seq);
  }

  /// Calls `callback(const MessageCopy&)` for the messages from `first` on that can be read now, in order. Messages
  /// that were overwritten are skipped and counted. Ends at the first message that is not published yet, cannot be
  /// copied or is damaged, and after `depth()` numbers at the latest. To follow a channel, call it again with `next`.
  ///
  /// \return What was read, where to continue, and why it ended: see ReadRun.
  ///
  /// Thread: any.
  /// Complexity: O(bytes of `depth()` messages).
  template <class Callback>
  ReadRun for_each(Seq first, std::span<std::byte> buffer, Callback&& callback) const {
    ReadRun run;
    run.next = first;
    for (std::uint64_t rounds = 0; rounds != depth(); ++rounds) {
      const auto message = read(run.next, buffer);
      if (message) {
        ++run.count;
        ++run.next;
        callback(*message);
        continue;
      }
      if (message.status() != Error::Overrun) {
        run.status = message.status();
        break;
      }
      // The range may not show the overrun yet, for instance if the message was evicted. Then only this one is skipped.
      const auto range = readable();
      const Seq next = range ? seq_max(run.next + 1, range->first) : run.next;
      run.lost += next - run.next;
      run.next = next;
    }
    return run;
  }

 private:
  friend Result<ChannelView> view_channel(std::span<const std::byte> memory) noexcept;

  ChannelView(const std::byte* memory, const Descriptor& descriptor) noexcept
      : memory_{memory},
        descriptor_{descriptor},
        start_{at<detail::RingControl>(descriptor.control_offset)->start},
        ring_{*at<detail::RingControl>(descriptor.control_offset),
              detail::geometry_of(descriptor),
              at<detail::SharedWord>(descriptor.slots_offset),
              descriptor.chunks != 0 ? at<detail::SharedWord>(descriptor.chunks_offset) : nullptr,
              detail::ring_kind(descriptor) == detail::ChannelKind::Reliable ? detail::Validation::AnnouncedLimit
                                                                             : detail::Validation::SlotNumber,
              descriptor.credits} {}

  /// The object at an offset that was checked.
  template <class T>
  [[nodiscard]] const T* at(std::uint64_t offset) const noexcept {
    return std::launder(reinterpret_cast<const T*>(memory_ + offset));
  }
  [[nodiscard]] const detail::Superblock& superblock() const noexcept { return *at<detail::Superblock>(0); }

  /// Returns the value that was read, or `Replaced` if the channel was replaced meanwhile.
  template <class T>
  [[nodiscard]] Result<T> checked(const T& value) const noexcept {
    if (const Status same = status(); !same) {
      return same;
    }
    return value;
  }

  [[nodiscard]] static Status status_of(detail::RingReadStatus read, const detail::SlotWords& words,
                                        std::size_t buffer) noexcept {
    switch (read) {
      case detail::RingReadStatus::Ok:
        return {};
      case detail::RingReadStatus::NotReady:
        return {Error::NotReady};
      case detail::RingReadStatus::Overrun:
        return {Error::Overrun};
      case detail::RingReadStatus::Corrupt:
        return {Error::Corrupt, words.size(), words.chunk()};
      case detail::RingReadStatus::BufferTooSmall:
        break;
    }
    return {Error::BufferTooSmall, words.size(), buffer};
  }

  const std::byte* memory_;
  Descriptor descriptor_;
  Seq start_;
  detail::RingReader ring_;
};

template <>
inline constexpr bool kProcessLocal<ChannelView> = true;  ///< not a Record

/// Creates a read-only view of the channel at the front of `memory`, whatever its type. Stores nothing.
///
/// \retval MemoryTooSmall The memory is smaller than a superblock or than the channel (bytes, bytes needed).
/// \retval MemoryMisaligned The memory is not aligned (bytes past the alignment, the alignment).
/// \retval NoChannel There is no channel, or one is being created.
/// \retval LayoutMismatch The channel has another layout version (its version, this library's).
/// \retval DescriptorInvalid The superblock contradicts itself: a part lies outside the channel, the depth is not a
///         power of two, the kind is unknown, … (the value of a word, the word's offset in the memory).
/// \return Otherwise the view.
///
/// Thread: any.
/// Complexity: O(1).
[[nodiscard]] inline Result<ChannelView> view_channel(std::span<const std::byte> memory) noexcept {
  using detail::ChannelDescriptor;
  using detail::Superblock;
  if (const std::uint64_t past = reinterpret_cast<std::uintptr_t>(memory.data()) % alignof(Superblock); past != 0) {
    return Status{Error::MemoryMisaligned, past, alignof(Superblock)};
  }
  if (memory.size() < sizeof(Superblock)) {
    return Status{Error::MemoryTooSmall, memory.size(), sizeof(Superblock)};
  }
  const auto& superblock = *std::launder(reinterpret_cast<const Superblock*>(memory.data()));
  ChannelDescriptor descriptor;
  if (!superblock.read(descriptor)) {
    // The superblock of another layout version may have its sum elsewhere.
    const std::uint64_t layout = superblock.word(offsetof(ChannelDescriptor, layout));
    if (superblock.magic.load(detail::memory_order_relaxed) == Superblock::kMagic && layout != TANGO_LAYOUT_VERSION) {
      return Status{Error::LayoutMismatch, layout, TANGO_LAYOUT_VERSION};
    }
    return Status{Error::NoChannel};
  }
  if (descriptor.layout != TANGO_LAYOUT_VERSION) {
    return Status{Error::LayoutMismatch, descriptor.layout, TANGO_LAYOUT_VERSION};
  }
  if (descriptor.bytes > memory.size()) {
    return Status{Error::MemoryTooSmall, memory.size(), descriptor.bytes};
  }
  if (const Status valid = detail::check_descriptor(descriptor); !valid) {
    return valid;
  }
  const ChannelView view{memory.data(), descriptor};
  if (!view.status()) {
    return Status{Error::NoChannel};  // it was replaced while it was read
  }
  if (const std::uint64_t name = view.ring_.control().name(); name != descriptor.generation) {
    return detail::invalid_descriptor(descriptor, offsetof(ChannelDescriptor, generation));
  }
  return view;
}

}  // namespace tango::inline TANGO_ABI
