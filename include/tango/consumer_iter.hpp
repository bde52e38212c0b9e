// SPDX-License-Identifier: Apache-2.0
/// \file
/// A consumer's fragments as a range:
///
///     for (auto& fragment : consumer.fragments()) {
///       if (fragment.lost_before() != 0) resync();
///       use(fragment.payload());
///     }
///
/// An element is a fragment together with the number of fragments lost right before it. It is given back when the
/// iterator advances. The range ends when the channel is stopped and drained, when the wait strategy gives up, or at
/// once if the consumer was refused. Fragments with corrupt metadata are skipped; `Consumer::rejected` counts them.
///
/// Thread: the consumer's. A consumer has at most one range at a time, which must be destroyed before the consumer is
/// moved or destroyed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "config.hpp"
#include "memory/inside.hpp"
#include "poll.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// An element of a range of fragments. `F` is `Fragment` or `SpeculativeFragment`.
template <class F>
class RangeElement : public F {
 public:
  RangeElement() noexcept = default;
  /// For the library itself.
  RangeElement(detail::Passkey, F&& fragment, std::uint64_t lost_before) noexcept
      : F{std::move(fragment)}, lost_before_{lost_before} {}

  /// The number of fragments lost to overruns between the previous element and this one.
  [[nodiscard]] std::uint64_t lost_before() const noexcept { return lost_before_; }

 private:
  std::uint64_t lost_before_ = 0;
};

/// An input iterator, which cannot go back.
template <class Range>
class ConsumerIter {
 public:
  using value_type = typename Range::Element;  ///< a fragment, with the number of fragments lost before it
  using difference_type = std::ptrdiff_t;      ///< signed

  /// For the library itself.
  ConsumerIter(detail::Passkey, Range& range) noexcept : range_{&range} {}

  /// The current element.
  ///
  /// \pre The range has not ended.
  [[nodiscard]] value_type& operator*() const noexcept { return range_->element_; }
  [[nodiscard]] value_type* operator->() const noexcept { return &range_->element_; }  ///< the same

  /// Gives the element back and waits for the next one.
  ConsumerIter& operator++() noexcept {
    range_->advance();
    return *this;
  }
  void operator++(int) noexcept { ++*this; }  ///< the same

  /// Whether the range has ended.
  friend bool operator==(const ConsumerIter& it, typename Range::End) noexcept { return it.range_->ended(); }

 private:
  Range* range_;
};

/// What `Consumer::fragments` returns: see the file's head.
template <class Consumer, WaitStrategy Strategy>
class FragmentRange {
 public:
  /// A fragment, with the number of fragments lost before it.
  using Element = RangeElement<typename Consumer::Fragment>;
  /// Past the last element.
  struct End {};

  /// For the library itself.
  FragmentRange(detail::Passkey, Consumer& consumer, Strategy strategy) noexcept
      : consumer_{&consumer}, strategy_{strategy} {}
  FragmentRange(const FragmentRange&) = delete;
  FragmentRange& operator=(const FragmentRange&) = delete;

  /// Waits for the first element. After the range has ended, `begin` may be called again: the range continues where it
  /// ended.
  [[nodiscard]] ConsumerIter<FragmentRange> begin() noexcept {
    advance();
    return ConsumerIter<FragmentRange>{detail::Passkey{}, *this};
  }
  /// Whether the range has ended.
  [[nodiscard]] bool ended() const noexcept { return status_ != PollStatus::Fragment; }

  /// The number of fragments lost since the last element: those that no `lost_before()` reports once the range has
  /// ended.
  [[nodiscard]] std::uint64_t lost() const noexcept { return lost_; }

  /// Why the range ended: `Stopped`, `Empty` (the wait strategy gave up) or `Refused`; `Fragment` before that.
  [[nodiscard]] PollStatus status() const noexcept { return status_; }
  [[nodiscard]] End end() const noexcept { return {}; }  ///< past the last element

 private:
  friend ConsumerIter<FragmentRange>;

  void advance() noexcept {
    element_ = {};  // gives it back before waiting for the next one
    status_ = PollStatus::Fragment;
    while (true) {
      auto outcome = consumer_->wait(detail::StrategyRef<Strategy>{&strategy_});
      switch (outcome.status()) {
        case PollStatus::Fragment:
          element_ = Element{detail::Passkey{}, std::move(*outcome), std::exchange(lost_, 0)};
          return;
        case PollStatus::Overrun:
          lost_ += outcome.lost();
          break;
        case PollStatus::Rejected:
          break;
        case PollStatus::Empty:
        case PollStatus::Stopped:
        case PollStatus::Refused:
          status_ = outcome.status();
          return;
      }
    }
  }

  Consumer* consumer_;
  [[no_unique_address]] Strategy strategy_;
  PollStatus status_ = PollStatus::Fragment;
  std::uint64_t lost_ = 0;
  Element element_;
};

}  // namespace tango::inline TANGO_ABI
