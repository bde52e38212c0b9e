// SPDX-License-Identifier: Apache-2.0
/// \file
/// What can go wrong: one enumerator per cause, each with a text, and `Status`, which adds the values that explain it.
/// Nothing here allocates or throws. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>

#include "detail/text.hpp"

namespace tango {

/// The cause of a refusal. `None` means success.
enum class Error : std::uint8_t {
  None,
  // Publishing: nothing was published, and no sequence number or credit was spent.
  PayloadTooLarge,
  NoCredits,
  Stopped,
  ReservationOpen,
  ReservationClosed,
  CommitTooLarge,
  // Reading.
  Overrun,
  BufferTooSmall,
  TypeMismatch,
  // Putting messages of several fragments together: one message was dropped.
  FragmentLost,
  MissingSom,
  MissingEom,
  MessageBroken,
  UnknownOrigin,
  // Wiring: the endpoint was refused, and answers every call with this.
  StartMismatch,
  CreditsOutOfRange,
  SecondProducer,
  ComponentMismatch,
  FlowControlMissing,
  TooManyConsumers,
  TooManyMetricsBlocks,
  TooManyChannels,
  Moved,
  // A channel in memory that was handed over: nothing was made or changed there.
  MemoryTooSmall,
  MemoryMisaligned,
  NoChannel,
  LayoutMismatch,
  DepthMismatch,
  ChunksMismatch,
  ChunkSizeMismatch,
  KindMismatch,
  AlignmentMismatch,
  TypeIdMismatch,
  // Command and control: nothing changed.
  IllegalTransition,
  RequestPending,
  // Calibration: nothing was measured.
  ClockStuck,
  ClockBackwards,
};

namespace detail {

struct ErrorEntry {
  Error error;
  std::string_view name;
  std::string_view text;
  std::string_view between;  ///< what stands between the two values of a Status; none where it has no values
};

/// In the order of the enumerators.
inline constexpr ErrorEntry kErrors[] = {
    {Error::None, "None", "no error", {}},
    {Error::PayloadTooLarge, "PayloadTooLarge", "payload larger than this channel carries", " bytes, at most "},
    {Error::NoCredits, "NoCredits", "the slowest reliable consumer still holds the slots or chunks that this needs",
     {}},
    {Error::Stopped, "Stopped", "the channel is closed", {}},
    {Error::ReservationOpen, "ReservationOpen", "a reservation is open: commit or drop it first", {}},
    {Error::ReservationClosed, "ReservationClosed", "this reservation was refused, committed or dropped before", {}},
    {Error::CommitTooLarge, "CommitTooLarge", "commit of more than was reserved", " bytes, reserved "},
    {Error::Overrun, "Overrun", "overwritten by the producer before it was read", {}},
    {Error::BufferTooSmall, "BufferTooSmall", "payload larger than the buffer given for it", " bytes into "},
    {Error::TypeMismatch, "TypeMismatch", "a message of another type", " bytes, expected "},
    {Error::FragmentLost, "FragmentLost", "fragments of a message were lost", {}},
    {Error::MissingSom, "MissingSom", "fragment of a message that has no start", {}},
    {Error::MissingEom, "MissingEom", "a message began before the one in progress had ended", {}},
    {Error::MessageBroken, "MessageBroken", "its sender marked the message as broken", {}},
    {Error::UnknownOrigin, "UnknownOrigin", "nobody puts messages of this origin together", " where there are "},
    {Error::StartMismatch, "StartMismatch", "sequence number disagrees with the channel's",
     " where the channel is at "},
    {Error::CreditsOutOfRange, "CreditsOutOfRange", "credits must lie between 1 and the depth of the ring",
     " with a depth of "},
    {Error::SecondProducer, "SecondProducer", "another producer holds one of these components", {}},
    {Error::ComponentMismatch, "ComponentMismatch", "these components belong to different channels", {}},
    {Error::FlowControlMissing, "FlowControlMissing", "consumer with credits on a channel whose producer has none", {}},
    {Error::TooManyConsumers, "TooManyConsumers", "all places for reliable consumers are taken", " where there are "},
    {Error::TooManyMetricsBlocks, "TooManyMetricsBlocks", "all metrics blocks of this side are taken",
     " where there are "},
    {Error::TooManyChannels, "TooManyChannels", "all places for channels are taken", " where there are "},
    {Error::Moved, "Moved", "this endpoint was moved from", {}},
    {Error::MemoryTooSmall, "MemoryTooSmall", "memory too small for this channel", " bytes of "},
    {Error::MemoryMisaligned, "MemoryMisaligned", "memory not aligned for this channel", " bytes past a multiple of "},
    {Error::NoChannel, "NoChannel", "there is no channel in this memory", {}},
    {Error::LayoutMismatch, "LayoutMismatch", "the channel was made with another version of the layout",
     ", expected "},
    {Error::DepthMismatch, "DepthMismatch", "the channel has another depth", " slots, expected "},
    {Error::ChunksMismatch, "ChunksMismatch", "the channel has another number of chunks", ", expected "},
    {Error::ChunkSizeMismatch, "ChunkSizeMismatch", "the channel has chunks of another size", " bytes, expected "},
    {Error::KindMismatch, "KindMismatch",
     "the channel is of another kind (1 lossy, 2 reliable, 3 observed; 4 more: metrics)", ", expected "},
    {Error::AlignmentMismatch, "AlignmentMismatch", "the channel's messages have another alignment",
     " bytes, expected "},
    {Error::TypeIdMismatch, "TypeIdMismatch", "the channel's messages have another type id", ", expected "},
    {Error::IllegalTransition, "IllegalTransition", "the state machine has no such transition", " to "},
    {Error::RequestPending, "RequestPending", "the previous request has not been acknowledged", " while waiting for "},
    {Error::ClockStuck, "ClockStuck", "a clock stands still, or advances too little to be measured", " ticks in "},
    {Error::ClockBackwards, "ClockBackwards", "a clock went backwards", " after "},
};

/// For values that are no enumerator. A constant, so that its lengths are: a freestanding library need not have strlen.
inline constexpr ErrorEntry kUnknown{{}, "Unknown", "unknown error", {}};

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

/// One sentence on the cause, for people. Never empty; static storage.
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

  /// A refusal. `actual` is what the caller gave, `allowed` what was possible or expected, in the cause's own unit;
  /// both 0 where the cause needs no values.
  constexpr Status(Error error, std::uint64_t actual = 0, std::uint64_t allowed = 0) noexcept
      : actual_{actual}, allowed_{allowed}, error_{error} {}

  [[nodiscard]] constexpr bool ok() const noexcept { return error_ == Error::None; }  ///< whether it is success
  [[nodiscard]] constexpr explicit operator bool() const noexcept { return ok(); }  ///< the same
  [[nodiscard]] constexpr Error error() const noexcept { return error_; }  ///< the cause, or `None`
  [[nodiscard]] constexpr std::uint64_t actual() const noexcept { return actual_; }  ///< what the caller gave
  /// What was possible or expected.
  [[nodiscard]] constexpr std::uint64_t allowed() const noexcept { return allowed_; }

  /// Whether the cause is `b`, whatever the values.
  friend constexpr bool operator==(const Status& a, Error b) noexcept { return a.error_ == b; }

 private:
  std::uint64_t actual_ = 0;
  std::uint64_t allowed_ = 0;
  Error error_ = Error::None;
};

/// Prints `PayloadTooLarge: payload larger than this channel carries: 9000 bytes, at most 8192` into `buffer`, cut off
/// where it ends; 160 bytes hold every one. No terminator. Returns what was written.
constexpr std::string_view print(const Status& status, std::span<char> buffer) noexcept {
  detail::TextWriter out{buffer};
  out << name(status.error()) << ": " << text(status.error());
  const auto index = static_cast<std::size_t>(status.error());
  if (index < std::size(detail::kErrors) && !detail::kErrors[index].between.empty()) {
    out << ": " << status.actual() << detail::kErrors[index].between << status.allowed();
  }
  return out.view();
}

}  // namespace tango
