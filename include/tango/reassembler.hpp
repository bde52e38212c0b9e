// SPDX-License-Identifier: Apache-2.0
/// \file
/// Messages larger than a payload, on the receiving side: put together from the fragments of a `LargeMessage`.
///
///     tango::Reassembler<> reassembler{memory};                    // as large as the largest message
///     for (auto& fragment : consumer.fragments()) {
///       auto message = reassembler.accept(fragment);
///       if (message) use(message->sig(), message->payload());
///       else if (message.status() == tango::ReassemblyStatus::Dropped) report(message.error());
///     }
///
/// A message is complete if every sequence number from its SOM to its EOM was seen. A missing number may have belonged
/// to any origin, so every message that is in progress at that point is dropped: sequence numbers show that a fragment
/// was lost, but not whose it was. A reassembler must therefore see all fragments of a channel in order. A consumer's
/// filter would look like loss. Give the filter to `accept` instead: it selects whole messages by the sig of their
/// first fragment.
///
/// Messages of one fragment are passed through. If the consumer is reliable, they are not copied.
///
/// Source: Firedancer `src/tango/fd_tango_base.h`, "Tango messaging concepts".
///
/// Thread: that of the consumer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "config.hpp"
#include "error.hpp"
#include "filter.hpp"
#include "fragment.hpp"
#include "memory/inside.hpp"
#include "memory/platform.hpp"
#include "metadata.hpp"
#include "record.hpp"
#include "seq.hpp"
#include "speculative_fragment.hpp"

namespace tango::inline TANGO_ABI {

/// What happened to the message that a fragment belongs to.
enum class ReassemblyStatus : std::uint8_t {
  Incomplete,  ///< its end is still missing
  Complete,    ///< it is complete and returned
  Dropped,     ///< it cannot be completed: `error()`. Reported once; its other fragments are skipped
  Skipped,     ///< it was dropped before, rejected by the filter, or started before the reassembler did
};

/// The status's name.
[[nodiscard]] constexpr std::string_view name(ReassemblyStatus status) noexcept {
  constexpr std::string_view kNames[] = {"Incomplete", "Complete", "Dropped", "Skipped"};
  return detail::name_of(status, kNames);
}

/// What `Reassembler::accept` returns: the message if this fragment completed it, and what was dropped.
class [[nodiscard]] Reassembly {
 public:
  /// What happened to the message.
  [[nodiscard]] ReassemblyStatus status() const noexcept { return status_; }

  /// Whether there is a message.
  [[nodiscard]] explicit operator bool() const noexcept { return status_ == ReassemblyStatus::Complete; }

  /// The message, as if it had been sent in one fragment: with the sequence number, sig and ts of its first fragment
  /// and its whole size. Its chunk is `kInlineChunk` unless it was one fragment. Valid until the next fragment of its
  /// origin is accepted. If it was one fragment from a reliable consumer, its payload is that fragment's and valid as
  /// long as the fragment.
  ///
  /// \pre (checked) There is a message.
  [[nodiscard]] const FragmentView& operator*() const noexcept {
    TANGO_PRECONDITION(*this, "Reassembly: there is a message");
    return message_;
  }
  [[nodiscard]] const FragmentView* operator->() const noexcept { return &**this; }  ///< the same

  /// Why the fragment's message was dropped, with `Dropped`; otherwise success.
  ///
  /// \retval MissingSom Its start was never seen.
  /// \retval FragmentLost Its start was lost.
  /// \retval MessageBroken Its sender aborted it (ERR).
  /// \retval Overrun A fragment was overwritten while it was copied.
  /// \retval BufferTooSmall It exceeds the capacity (its bytes so far, the capacity).
  /// \retval UnknownOrigin Its origin is not below `Origins` (the origin, `Origins`).
  [[nodiscard]] const Status& error() const noexcept { return error_; }

  /// The number of messages that were in progress before this fragment and were dropped because it shows that they
  /// cannot be completed.
  [[nodiscard]] std::uint64_t dropped_before() const noexcept { return dropped_before_; }

  /// Why those were dropped; success if there were none.
  ///
  /// \retval FragmentLost Fragments are `missing()`.
  /// \retval MissingEom This fragment starts a message while the previous one of its origin was in progress.
  [[nodiscard]] Status error_before() const noexcept {
    return dropped_before_ == 0 ? Error::None : missing_ != 0 ? Error::FragmentLost : Error::MissingEom;
  }

  /// The number of sequence numbers missing before this fragment: lost, corrupt, or not given to the reassembler.
  [[nodiscard]] std::uint64_t missing() const noexcept { return missing_; }

 private:
  template <std::size_t Origins>
  friend class Reassembler;

  FragmentView message_;
  Status error_;
  std::uint64_t dropped_before_ = 0;
  std::uint64_t missing_ = 0;
  ReassemblyStatus status_ = ReassemblyStatus::Skipped;
};

template <>
inline constexpr bool kProcessLocal<Reassembly> = true;  ///< not a Record

/// Puts messages together from all fragments of one channel, in memory of the caller. Origins are numbered from 0 to
/// `Origins - 1`.
///
/// Every complete message is delivered exactly once, in the order of its origin, and nothing else is delivered. A
/// message whose start was seen and that cannot be completed is dropped whole and reported once. A message whose start
/// was not seen is dropped and reported once as well, when one of its fragments is seen. The exception is a fragment
/// that may belong to a message already reported, or to one that started before the reassembler did. (A message of
/// which no fragment was seen shows only in `missing()`.)
template <std::size_t Origins = 1>
class Reassembler {
  static_assert(Origins >= 1 && Origins <= kMaxOrigins, "tango: a channel has 1 ... 8192 origins");

 public:
  /// Each origin gets an equal part of `memory`, which must outlive the reassembler. The first fragment may have any
  /// sequence number.
  explicit Reassembler(std::span<std::byte> memory) noexcept : memory_{memory} {}
  Reassembler(const Reassembler&) = delete;
  Reassembler& operator=(const Reassembler&) = delete;

  /// The size in bytes of the largest message that can be put together, less than 4 GiB. A message of one fragment from
  /// a reliable consumer may be larger, because it is not copied.
  [[nodiscard]] std::size_t capacity() const noexcept {
    constexpr std::size_t kMost = 0xFFFF'FFFFu;
    const std::size_t part = memory_.size() / Origins;
    return part < kMost ? part : kMost;
  }

  /// Accepts the channel's next fragment. `filter` is called with the sig of a message's first fragment. If it returns
  /// false, the message is skipped. The payloads of skipped and dropped messages are not read.
  ///
  /// The fragments must come from one channel and in order. Any sequence number but the next one counts as a loss, and
  /// an earlier one as a loss of nearly all numbers that exist. That happens if positions were forged, or if fragments
  /// of another channel follow without a `reset`.
  ///
  /// \return The message if it is complete, and what was dropped: see Reassembly.
  ///
  /// Complexity: O(size); after a loss O(Origins).
  template <SigFilter Filter = AcceptAll>
  Reassembly accept(const FragmentView& fragment, Filter&& filter = {}) noexcept {
    return take(fragment, filter);
  }
  /// The same.
  ///
  /// \pre (checked) The fragment is held.
  template <SigFilter Filter = AcceptAll>
  Reassembly accept(const Fragment& fragment, Filter&& filter = {}) noexcept {
    return take(fragment, filter);
  }
  template <SigFilter Filter = AcceptAll>
  Reassembly accept(const Fragment&&,
                    Filter&& = {}) = delete;  // a temporary gives it back at the end of the expression
  /// The same for a consumer that may be overrun. What is copied is validated, and a message that was overwritten is
  /// dropped.
  template <SigFilter Filter = AcceptAll>
  Reassembly accept(SpeculativeFragment& fragment, Filter&& filter = {}) noexcept {
    return take(fragment, filter);
  }

  /// Drops all messages in progress and starts afresh: the next fragment may have any sequence number. Call it at the
  /// end of a channel and before another one.
  ///
  /// \return How many messages were dropped.
  std::uint64_t reset() noexcept {
    const std::uint64_t given_up = in_progress();
    dropped_ += given_up;
    for (Assembly& assembly : assemblies_) {
      assembly.state = State::Settled;
    }
    begun_ = false;
    return given_up;
  }

  /// The number of messages whose start was seen and whose end is still missing.
  ///
  /// Complexity: O(Origins).
  [[nodiscard]] std::uint64_t in_progress() const noexcept {
    std::uint64_t count = 0;
    for (const Assembly& assembly : assemblies_) {
      count += assembly.state == State::InProgress ? 1 : 0;
    }
    return count;
  }

  /// The number of messages delivered.
  [[nodiscard]] std::uint64_t completed() const noexcept { return completed_; }
  /// The number of messages dropped, for any reason.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
  /// The number of messages that the filter rejected.
  [[nodiscard]] std::uint64_t filtered() const noexcept { return filtered_; }

 private:
  /// What is known about an origin's next fragment.
  enum class State : std::uint8_t {
    Settled,     ///< unless it is a SOM, it may belong to a message that was already reported or skipped
    Between,     ///< it must be a SOM
    Doubtful,    ///< it must be a SOM, or the rest of a message that lost fragments and was not reported yet
    InProgress,  ///< it continues the message
  };

  struct Assembly {
    FragmentMetadata first;  ///< the first fragment's metadata, with the size so far
    State state = State::Settled;
  };

  template <class Fragment, class Filter>
  Reassembly take(Fragment& fragment, Filter& filter) noexcept {
    const FragmentMetadata metadata = fragment.metadata();
    Reassembly outcome;
    outcome.missing_ = begun_ ? metadata.seq - next_ : 0;
    begun_ = true;
    next_ = metadata.seq + 1;
    if (outcome.missing_ != 0) [[unlikely]] {
      outcome.dropped_before_ = drop_all();
    }
    const std::size_t origin = origin_of(metadata.ctl);
    if (origin < Origins) [[likely]] {
      resume(assemblies_[origin], metadata, filter, outcome);
      if (outcome.status_ == ReassemblyStatus::Incomplete) {
        append(assemblies_[origin], memory_.subspan(origin * capacity(), capacity()), fragment, metadata, outcome);
      }
    } else if ((metadata.ctl & kSom) != 0) {
      outcome.status_ = ReassemblyStatus::Dropped;
      outcome.error_ = {Error::UnknownOrigin, origin, Origins};
    }
    dropped_ += outcome.dropped_before_ + (outcome.status_ == ReassemblyStatus::Dropped ? 1 : 0);
    completed_ += outcome ? 1 : 0;
    return outcome;
  }

  /// After a loss: every message in progress may have lost a fragment, and the next fragment may be the rest of another
  /// message.
  TANGO_COLD std::uint64_t drop_all() noexcept {
    std::uint64_t count = 0;
    for (Assembly& assembly : assemblies_) {
      if (assembly.state == State::InProgress) {
        assembly.state = State::Settled;
        ++count;
      } else if (assembly.state == State::Between) {
        assembly.state = State::Doubtful;
      }
    }
    return count;
  }

  /// Starts a message or continues one. If the status is `Incomplete` afterwards, the payload is still to be appended.
  template <class Filter>
  void resume(Assembly& assembly, const FragmentMetadata& metadata, Filter& filter, Reassembly& outcome) noexcept {
    const State rest = (metadata.ctl & kEom) != 0 ? State::Between : State::Settled;
    if ((metadata.ctl & kSom) != 0) {
      outcome.dropped_before_ += assembly.state == State::InProgress ? 1 : 0;
      if (!filter(metadata.sig)) {
        ++filtered_;
        assembly.state = rest;
        return;
      }
      assembly.first = metadata;
      assembly.first.chunk = kInlineChunk;
      assembly.first.size = 0;
      assembly.first.ctl |= kEom;
    } else if (assembly.state == State::Settled) {
      assembly.state = rest;
      return;
    } else if (assembly.state != State::InProgress) {
      drop(assembly, metadata, assembly.state == State::Between ? Error::MissingSom : Error::FragmentLost, outcome);
      return;
    }
    if ((metadata.ctl & kErr) != 0) {
      drop(assembly, metadata, Error::MessageBroken, outcome);
      return;
    }
    assembly.state = State::InProgress;
    outcome.status_ = ReassemblyStatus::Incomplete;
  }

  /// Appends the payload to the message in progress.
  template <class Fragment>
  void append(Assembly& assembly, std::span<std::byte> buffer, Fragment& fragment, const FragmentMetadata& metadata,
              Reassembly& outcome) noexcept {
    constexpr bool kInPlace = requires { fragment.payload(); };
    if constexpr (kInPlace) {
      if ((metadata.ctl & (kSom | kEom)) == (kSom | kEom)) {
        deliver(assembly, {detail::Passkey{}, metadata.seq, detail::SlotWords::of(metadata), fragment.payload().data()},
                outcome);
        return;
      }
    }
    const std::size_t size = assembly.first.size;
    if (metadata.size > buffer.size() - size) [[unlikely]] {
      drop(assembly, metadata, {Error::BufferTooSmall, std::uint64_t{size} + metadata.size, buffer.size()}, outcome);
      return;
    }
    if constexpr (kInPlace) {
      if (metadata.size != 0) {
        detail::copy_bytes(buffer.data() + size, fragment.payload().data(), metadata.size);
      }
    } else if (const Status status = fragment.copy_to(buffer.subspan(size)); !status.ok()) [[unlikely]] {
      drop(assembly, metadata, status, outcome);
      return;
    }
    assembly.first.size += metadata.size;
    if ((metadata.ctl & kEom) != 0) {
      deliver(assembly, {detail::Passkey{}, assembly.first.seq, detail::SlotWords::of(assembly.first), buffer.data()},
              outcome);
    }
  }

  void deliver(Assembly& assembly, const FragmentView& message, Reassembly& outcome) noexcept {
    assembly.state = State::Between;
    outcome.message_ = message;
    outcome.status_ = ReassemblyStatus::Complete;
  }

  void drop(Assembly& assembly, const FragmentMetadata& metadata, const Status& why, Reassembly& outcome) noexcept {
    assembly.state = (metadata.ctl & kEom) != 0 ? State::Between : State::Settled;
    outcome.error_ = why;
    outcome.status_ = ReassemblyStatus::Dropped;
  }

  std::span<std::byte> memory_;
  Seq next_ = 0;        ///< the sequence number after the last fragment's
  bool begun_ = false;  ///< whether there was a fragment
  std::uint64_t completed_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t filtered_ = 0;
  Assembly assemblies_[Origins];
};

}  // namespace tango::inline TANGO_ABI
