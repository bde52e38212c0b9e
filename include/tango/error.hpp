// SPDX-License-Identifier: Apache-2.0
/// \file
/// Errors: one enumerator per cause, each with a text, and `Status`, which adds the values that explain it. Nothing
/// here allocates or throws.
///
/// Thread: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "config.hpp"
#include "record.hpp"
#include "text/text_writer.hpp"

namespace tango::inline TANGO_ABI {

/// The cause of a refusal. `None` means success.
enum class Error : std::uint8_t {
  None,
  // Publishing: nothing was published, and no sequence number or credit was used.
  PayloadTooLarge,
  NoCredits,
  Stopped,
  ReservationOpen,
  ReservationClosed,
  CommitTooLarge,
  // Reading.
  Overrun,
  NotReady,
  Corrupt,
  BufferTooSmall,
  TypeMismatch,
  PackedTruncated,
  // Putting messages of several fragments together: one message was dropped.
  FragmentLost,
  MissingSom,
  MissingEom,
  MessageBroken,
  UnknownOrigin,
  // Joining: the endpoint was refused, and returns this from every call.
  StartMismatch,
  CreditsOutOfRange,
  SecondProducer,
  ComponentMismatch,
  FlowControlMissing,
  TooManyConsumers,
  TooManyMetricsBlocks,
  TooManyChannels,
  Moved,
  NotConstructed,
  Replaced,
  // A channel in the caller's memory: nothing was constructed or changed there.
  MemoryTooSmall,
  MemoryMisaligned,
  NoChannel,
  LayoutMismatch,
  DepthMismatch,
  SlotSizeMismatch,
  ChunksMismatch,
  ChunkSizeMismatch,
  KindMismatch,
  PlacesMismatch,
  AlignmentMismatch,
  TypeIdMismatch,
  OffsetMismatch,
  DescriptorInvalid,
  // Command and control: nothing changed.
  IllegalTransition,
  RequestPending,
  // Calibration: nothing was measured.
  ClockStuck,
  ClockBackwards,
};

namespace detail {

using namespace std::string_view_literals;  // so that the compiler need not count the letters

/// The names of a channel's kind, `ChannelDescriptor::kind`.
inline constexpr std::string_view kKindNames[] = {
    {},
    "lossy"sv,
    "reliable"sv,
    "observed"sv,
    {},
    "lossy with metrics"sv,
    "reliable with metrics"sv,
    "observed with metrics"sv,
    {},
    "typed lossy"sv,
    "typed reliable"sv,
    "typed observed"sv,
    {},
    "typed lossy with metrics"sv,
    "typed reliable with metrics"sv,
    "typed observed with metrics"sv,
};
/// The names of a `CncState`.
inline constexpr std::string_view kCncStateNames[] = {"Boot"sv, "Run"sv, "Halt"sv, "Fail"sv};

struct ErrorEntry {
  Error error;
  std::string_view name;
  std::string_view text;
  std::string_view between;  ///< printed between the two values of a Status; empty if it has no values
  std::span<const std::string_view> values = {};  ///< the names of its values, from 0 on, if they have names

  /// Prints the value's name if it has one, otherwise the number.
  constexpr void show(std::uint64_t value, TextWriter& out) const noexcept {
    if (value < values.size() && !values[static_cast<std::size_t>(value)].empty()) {
      out << values[static_cast<std::size_t>(value)];
    } else {
      out << value;
    }
  }
};

/// In the order of the enumerators.
inline constexpr ErrorEntry kErrors[] = {
    {Error::None, "None"sv, "no error"sv, {}},
    {Error::PayloadTooLarge, "PayloadTooLarge"sv, "payload larger than this channel carries"sv, " bytes, at most "sv},
    {Error::NoCredits,
     "NoCredits"sv,
     "there is no room: messages that reliable consumers have not given back hold the slots or chunks"sv,
     {}},
    {Error::Stopped, "Stopped"sv, "the channel is closed"sv, {}},
    {Error::ReservationOpen, "ReservationOpen"sv, "a reservation is open: commit or drop it first"sv, {}},
    {Error::ReservationClosed,
     "ReservationClosed"sv,
     "this reservation was refused, committed or dropped before"sv,
     {}},
    {Error::CommitTooLarge, "CommitTooLarge"sv, "commit of more than was reserved"sv, " bytes, reserved "sv},
    {Error::Overrun, "Overrun"sv, "overwritten by the producer before it was read"sv, {}},
    {Error::NotReady, "NotReady"sv, "not published yet"sv, {}},
    {Error::Corrupt, "Corrupt"sv, "metadata names bytes that the channel does not have"sv, " bytes from chunk "sv},
    {Error::BufferTooSmall, "BufferTooSmall"sv, "payload larger than the buffer given for it"sv, " bytes into "sv},
    {Error::TypeMismatch, "TypeMismatch"sv, "a message of another type"sv, " bytes, expected "sv},
    {Error::PackedTruncated, "PackedTruncated"sv, "the last record of a packed message is cut off"sv,
     " bytes, expected "sv},
    {Error::FragmentLost, "FragmentLost"sv, "fragments of a message were lost"sv, {}},
    {Error::MissingSom, "MissingSom"sv, "fragment of a message that has no start"sv, {}},
    {Error::MissingEom, "MissingEom"sv, "a message began before the one in progress had ended"sv, {}},
    {Error::MessageBroken, "MessageBroken"sv, "its sender marked the message as broken"sv, {}},
    {Error::UnknownOrigin, "UnknownOrigin"sv, "nobody puts messages of this origin together"sv, " where there are "sv},
    {Error::StartMismatch, "StartMismatch"sv, "sequence number disagrees with the channel's"sv,
     " where the channel is at "sv},
    {Error::CreditsOutOfRange, "CreditsOutOfRange"sv, "credits must lie between 1 and the depth of the ring"sv,
     " with a depth of "sv},
    {Error::SecondProducer, "SecondProducer"sv, "another producer holds the channel"sv, {}},
    {Error::ComponentMismatch, "ComponentMismatch"sv, "these components belong to different channels"sv, {}},
    {Error::FlowControlMissing,
     "FlowControlMissing"sv,
     "consumer with credits on a channel whose producer has none"sv,
     {}},
    {Error::TooManyConsumers, "TooManyConsumers"sv, "all places for reliable consumers are taken"sv,
     " where there are "sv},
    {Error::TooManyMetricsBlocks, "TooManyMetricsBlocks"sv, "all metrics blocks of this side are taken"sv,
     " where there are "sv},
    {Error::TooManyChannels, "TooManyChannels"sv, "all places for channels are taken"sv, " where there are "sv},
    {Error::Moved, "Moved"sv, "this endpoint was moved from"sv, {}},
    {Error::NotConstructed,
     "NotConstructed"sv,
     "the channel's constructor has not run yet: make the channel before its endpoints"sv,
     {}},
    {Error::Replaced, "Replaced"sv, "another channel was made at this channel's address"sv, " in place of "sv},
    {Error::MemoryTooSmall, "MemoryTooSmall"sv, "memory too small for this channel"sv, " bytes of "sv},
    {Error::MemoryMisaligned, "MemoryMisaligned"sv, "memory not aligned for this channel"sv,
     " bytes past a multiple of "sv},
    {Error::NoChannel, "NoChannel"sv, "there is no channel in this memory"sv, {}},
    {Error::LayoutMismatch, "LayoutMismatch"sv, "the channel was made with another version of the layout"sv,
     ", expected "sv},
    {Error::DepthMismatch, "DepthMismatch"sv, "the channel has another depth"sv, " slots, expected "sv},
    {Error::SlotSizeMismatch, "SlotSizeMismatch"sv, "the channel has slots of another size"sv, " bytes, expected "sv},
    {Error::ChunksMismatch, "ChunksMismatch"sv, "the channel has another number of chunks"sv, ", expected "sv},
    {Error::ChunkSizeMismatch, "ChunkSizeMismatch"sv, "the channel has chunks of another size"sv,
     " bytes, expected "sv},
    {Error::KindMismatch, "KindMismatch"sv, "the channel is of another kind"sv, ", expected "sv, kKindNames},
    {Error::PlacesMismatch, "PlacesMismatch"sv, "the channel has another number of places for reliable consumers"sv,
     ", expected "sv},
    {Error::AlignmentMismatch, "AlignmentMismatch"sv, "the channel's messages have another alignment"sv,
     " bytes, expected "sv},
    {Error::TypeIdMismatch, "TypeIdMismatch"sv, "the channel's messages have another type id"sv, ", expected "sv},
    {Error::OffsetMismatch, "OffsetMismatch"sv, "the channel's parts are at other offsets"sv, " bytes, expected "sv},
    {Error::DescriptorInvalid, "DescriptorInvalid"sv, "the channel's descriptor contradicts itself"sv,
     " in the word at byte "sv},
    {Error::IllegalTransition, "IllegalTransition"sv, "the state machine has no such transition"sv, " to "sv,
     kCncStateNames},
    {Error::RequestPending, "RequestPending"sv, "the previous request has not been acknowledged"sv,
     " while waiting for "sv},
    {Error::ClockStuck, "ClockStuck"sv, "a clock stands still, or advances too little to be measured"sv,
     " ticks in "sv},
    {Error::ClockBackwards, "ClockBackwards"sv, "a clock went backwards"sv, " after "sv},
};

/// For values that are not enumerators. A constant, so that its lengths are constants: a freestanding library need not
/// have strlen.
inline constexpr ErrorEntry kUnknown{{}, "Unknown"sv, "unknown error"sv, {}};

/// The name of an enumerator, given the names in the order of the values.
template <class Enum, std::size_t N>
[[nodiscard]] constexpr std::string_view name_of(Enum value, const std::string_view (&names)[N]) noexcept {
  return static_cast<std::size_t>(value) < N ? names[static_cast<std::size_t>(value)] : kUnknown.name;
}

constexpr bool errors_are_in_order() noexcept {
  std::size_t index = 0;
  for (const ErrorEntry& entry : kErrors) {
    if (static_cast<std::size_t>(entry.error) != index++) {
      return false;
    }
  }
  return index == static_cast<std::size_t>(Error::ClockBackwards) + 1;
}
static_assert(errors_are_in_order(), "kErrors lists every enumerator of Error once, in its order");

}  // namespace detail

/// The cause in one sentence. Never empty; static storage.
[[nodiscard]] constexpr std::string_view text(Error error) noexcept {
  const auto index = static_cast<std::size_t>(error);
  return index < std::size(detail::kErrors) ? detail::kErrors[index].text : detail::kUnknown.text;
}

/// The enumerator's name, for logs and tests.
[[nodiscard]] constexpr std::string_view name(Error error) noexcept {
  const auto index = static_cast<std::size_t>(error);
  return index < std::size(detail::kErrors) ? detail::kErrors[index].name : detail::kUnknown.name;
}

/// Success, or a cause with the two values that explain it.
///
///     if (auto status = producer.publish(bytes); !status) log(status.error());
class [[nodiscard]] Status {
 public:
  /// Success.
  constexpr Status() noexcept = default;

  /// A refusal. `actual` is what the caller gave, and `allowed` is what was possible or expected, in the unit of the
  /// cause. Both are 0 if the cause has no values.
  constexpr Status(Error error, std::uint64_t actual = 0, std::uint64_t allowed = 0) noexcept
      : actual_{actual}, allowed_{allowed}, error_{error} {}

  [[nodiscard]] constexpr bool ok() const noexcept { return error_ == Error::None; }  ///< whether it is success
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return ok(); }    ///< the same
  [[nodiscard]] constexpr Error error() const noexcept { return error_; }             ///< the cause, or `None`
  [[nodiscard]] constexpr std::uint64_t actual() const noexcept { return actual_; }   ///< what the caller gave
  /// What was possible or expected.
  [[nodiscard]] constexpr std::uint64_t allowed() const noexcept { return allowed_; }

  /// Whether the cause is `b`, regardless of the values.
  friend constexpr bool operator==(const Status& a, Error b) noexcept { return a.error_ == b; }

 private:
  std::uint64_t actual_ = 0;
  std::uint64_t allowed_ = 0;
  Error error_ = Error::None;
};

template <>
inline constexpr bool kProcessLocal<Status> = true;  ///< not a Record

/// Prints `PayloadTooLarge: payload larger than this channel carries: 9000 bytes, at most 8192` into `buffer`,
/// truncated to its size and without a terminator. 160 bytes are always enough.
///
/// \return What was written.
constexpr std::string_view print(const Status& status, std::span<char> buffer) noexcept {
  detail::TextWriter out{buffer};
  out << name(status.error()) << ": " << text(status.error());
  const auto index = static_cast<std::size_t>(status.error());
  if (index < std::size(detail::kErrors) && !detail::kErrors[index].between.empty()) {
    const detail::ErrorEntry& entry = detail::kErrors[index];
    out << ": ";
    entry.show(status.actual(), out);
    out << entry.between;
    entry.show(status.allowed(), out);
  }
  return out.view();
}

}  // namespace tango::inline TANGO_ABI
