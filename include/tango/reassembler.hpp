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
/// A message is whole if every number from its SOM to its EOM was seen. A number that was not seen may have been a
/// fragment of any origin, so every message that is in progress there is dropped: numbers say that something was lost,
/// and nothing says whose it was. That is why a reassembler must see all fragments of a channel in their order: a
/// consumer's filter would look like loss. It takes a filter itself, which picks whole messages by the sig of their
/// first fragment.
///
/// Messages of one fragment pass through all the same, in place where the consumer is reliable.
///
/// Source: Firedancer `src/tango/fd_tango_base.h`, "Tango messaging concepts".
///
/// Thread: a reassembler and its consumer, one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "config.hpp"
#include "error.hpp"
#include "filter.hpp"
#include "fragment.hpp"
#include "memory/platform.hpp"
#include "metadata.hpp"
#include "record.hpp"
#include "seq.hpp"
#include "speculative_fragment.hpp"

namespace tango::inline TANGO_ABI {

/// What became of the message that a fragment belongs to.
enum class ReassemblyStatus : std::uint8_t {
  Incomplete,  ///< its end has not come yet
  Complete,    ///< here it is
  Dropped,     ///< it cannot be completed: `error()`. Told once; its other fragments are skipped
  Skipped,     ///< it is settled: dropped before, not wanted by the filter, or begun before the reassembler was there
};

/// The status's name.
[[nodiscard]] constexpr std::string_view name(ReassemblyStatus status) noexcept {
  constexpr std::string_view kNames[] = {"Incomplete", "Complete", "Dropped", "Skipped"};
  return detail::name_of(status, kNames);
}

/// What `Reassembler::accept` answers: the message if this fragment completed it, and what was dropped.
class [[nodiscard]] Reassembly {
 public:
  /// What became of it.
  [[nodiscard]] ReassemblyStatus status() const noexcept { return status_; }

  /// Whether there is a message.
  [[nodiscard]] explicit operator bool() const noexcept { return status_ == ReassemblyStatus::Complete; }

  /// The message, as if it had come in one fragment: with the number, sig and ts of its first fragment, its whole size,
  /// and chunk `kInlineChunk` unless it did come in one. Good until the next fragment of its origin is accepted; if it
  /// came in one fragment from a reliable consumer, its payload is that fragment's, and good as long. Precondition
  /// (checked): there is one.
  [[nodiscard]] const FragmentView& operator*() const noexcept {
    TANGO_PRECONDITION(*this, "Reassembly: there is a message");
    return message_;
  }
  [[nodiscard]] const FragmentView* operator->() const noexcept { return &**this; }  ///< the same

  /// Why the fragment's message was dropped, with `Dropped`; else success. `MissingSom`; `MessageBroken` (ERR);
  /// `Overrun` (overwritten while it was copied); `FragmentLost` (its start was); `BufferTooSmall` (its bytes up to
  /// here, the capacity); `UnknownOrigin` (the origin, how many there are).
  [[nodiscard]] const Status& error() const noexcept { return error_; }

  /// Messages that were in progress before this fragment came, and were dropped because it shows that they have no end.
  [[nodiscard]] std::uint64_t dropped_before() const noexcept { return dropped_before_; }

  /// Why these: `FragmentLost` where fragments are `missing()`, `MissingEom` where the fragment begins a message while
  /// its origin's last one was in progress. Success if there are none.
  [[nodiscard]] Status error_before() const noexcept {
    return dropped_before_ == 0 ? Error::None : missing_ != 0 ? Error::FragmentLost : Error::MissingEom;
  }

  /// Numbers between the fragment before and this one: lost, or corrupt, or kept from the reassembler.
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

/// Puts messages together from all fragments of one channel, in memory of its caller's. `Origins`: they are numbered 0
/// … `Origins - 1`.
///
/// Every message that is complete is delivered, once, in its origin's order, and no other. What is dropped is told
/// once, as one: each message whose start was seen; and of those whose start was not, each that shows a fragment,
/// unless it may be the rest of one that was told of or that began before the reassembler was there. (A message of
/// which nothing was seen at all is known only as `missing()` numbers.)
template <std::size_t Origins = 1>
class Reassembler {
  static_assert(Origins >= 1 && Origins <= kMaxOrigins, "tango: a channel has 1 ... 8192 origins");

 public:
  /// Each origin gets an equal part of `memory`, which outlives the reassembler. The first fragment may have any
  /// number.
  explicit Reassembler(std::span<std::byte> memory) noexcept : memory_{memory} {}
  Reassembler(const Reassembler&) = delete;
  Reassembler& operator=(const Reassembler&) = delete;

  /// Bytes of the largest message that can be put together, less than 4 GiB. One that comes in a single fragment from a
  /// reliable consumer may be larger: it is not copied.
  [[nodiscard]] std::size_t capacity() const noexcept {
    constexpr std::size_t kMost = 0xFFFF'FFFFu;
    const std::size_t part = memory_.size() / Origins;
    return part < kMost ? part : kMost;
  }

  /// The channel's next fragment. `filter` sees the sig of a message's first fragment; if it says no, the message is
  /// skipped. Payloads of what is skipped or dropped are not touched.
  ///
  /// The fragments come from one channel and in their order. Any number but the one that follows counts as a loss, an
  /// earlier one as a loss of nearly all numbers that there are: so it looks when positions were forged, or when
  /// fragments of another channel came without a `reset` between. O(size); after a loss O(Origins).
  template <SigFilter Filter = AcceptAll>
  Reassembly accept(const FragmentView& fragment, Filter&& filter = {}) noexcept {
    return take(fragment, filter);
  }
  /// The same. Precondition (checked): it is held.
  template <SigFilter Filter = AcceptAll>
  Reassembly accept(const Fragment& fragment, Filter&& filter = {}) noexcept {
    return take(fragment, filter);
  }
  template <SigFilter Filter = AcceptAll>
  Reassembly accept(const Fragment&&,
                    Filter&& = {}) = delete;  // a temporary gives it back at the end of the expression
  /// The same where the consumer may be overrun: what is copied is validated, and what was overwritten is dropped.
  template <SigFilter Filter = AcceptAll>
  Reassembly accept(SpeculativeFragment& fragment, Filter&& filter = {}) noexcept {
    return take(fragment, filter);
  }

  /// Drops what is in progress, and starts afresh: the next fragment may have any number. Returns how many messages
  /// that were. For the end of a channel, and before another one.
  std::uint64_t reset() noexcept {
    const std::uint64_t given_up = in_progress();
    dropped_ += given_up;
    for (Assembly& assembly : assemblies_) {
      assembly.state = State::Settled;
    }
    begun_ = false;
    return given_up;
  }

  /// Messages whose start was seen and whose end is still to come. O(Origins).
  [[nodiscard]] std::uint64_t in_progress() const noexcept {
    std::uint64_t count = 0;
    for (const Assembly& assembly : assemblies_) {
      count += assembly.state == State::InProgress ? 1 : 0;
    }
    return count;
  }

  /// Messages delivered.
  [[nodiscard]] std::uint64_t completed() const noexcept { return completed_; }
  /// Messages dropped, for whatever reason.
  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_; }
  /// Messages that the filter did not want.
  [[nodiscard]] std::uint64_t filtered() const noexcept { return filtered_; }

 private:
  /// What is known of an origin's next fragment.
  enum class State : std::uint8_t {
    Settled,     ///< nothing, if it is no SOM: it may belong to a message that is settled already
    Between,     ///< it must be a SOM
    Doubtful,    ///< the same, but fragments were lost since: else it is the rest of a message that is not told of yet
    InProgress,  ///< it goes on with the message
  };

  struct Assembly {
    FragmentMetadata first;  ///< the first fragment's, with the size so far
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

  /// After a loss: what is in progress may have lost a piece, and what comes next may be the rest of something.
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

  /// Whether the fragment begins a message or goes on with one: `Incomplete`, and its payload is still to be taken.
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

  /// Adds the payload to the message in progress.
  template <class Fragment>
  void append(Assembly& assembly, std::span<std::byte> buffer, Fragment& fragment, const FragmentMetadata& metadata,
              Reassembly& outcome) noexcept {
    constexpr bool kInPlace = requires { fragment.payload(); };
    if constexpr (kInPlace) {
      if ((metadata.ctl & (kSom | kEom)) == (kSom | kEom)) {
        deliver(assembly, {metadata.seq, detail::SlotWords::of(metadata), fragment.payload().data()}, outcome);
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
      deliver(assembly, {assembly.first.seq, detail::SlotWords::of(assembly.first), buffer.data()}, outcome);
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
  Seq next_ = 0;        ///< the number that follows the last fragment's
  bool begun_ = false;  ///< there was one
  std::uint64_t completed_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t filtered_ = 0;
  Assembly assemblies_[Origins];
};

}  // namespace tango::inline TANGO_ABI
