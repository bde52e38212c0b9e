// SPDX-License-Identifier: Apache-2.0
/// \file
/// Poller: one thread that consumes many channels, each in its own order. This is how many threads send to one: every
/// producer gets its own channel, and no two producers ever write to the same cache line.
///
///     tango::Poller poller{alice, bob};                          // consumers of one type
///     tango::Poller<Consumer, 16> poller{std::span{consumers}};  // the number is known at run time, at most 16
///     while (!poller.empty()) {
///       auto fragment = poller.wait();
///       if (fragment) use(fragment.channel(), fragment->payload());   // 0, 1, … in the order of the consumers
///     }
///
/// The channels take turns (round robin): a channel that had something moves to the end of the queue. A channel that
/// has a fragment is therefore served before any other is served twice, however full the others are. A poll reads each
/// channel at most once.
///
/// Every outcome is reported with its channel, losses and rejected fragments included. A channel that is stopped and
/// drained, and a consumer that was refused, is reported once and then removed. When no channel is left, polls return
/// `Stopped`.
///
/// For consumers of different types, use a poller for each type and poll these in turn. A poller has no priorities: to
/// prefer one channel, poll its consumer first, and the poller when that one is empty.
///
/// Thread: every function belongs to one thread, that of all its consumers. The consumers must outlive the poller and
/// must not be moved. They may also be polled directly.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "config.hpp"
#include "consumer.hpp"
#include "error.hpp"
#include "filter.hpp"
#include "memory/inside.hpp"
#include "poll.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// The number of no channel.
inline constexpr std::size_t kNoChannel = ~std::size_t{0};

/// What a poller's `poll` and `wait` return: a consumer's `Poll`, and its channel.
template <class F>
class [[nodiscard]] ChannelPoll {
 public:
  /// There is no channel.
  ChannelPoll(detail::Passkey key, PollStatus status) noexcept : poll_{key, status}, channel_{kNoChannel} {}
  /// Polls, and constructs the outcome in place.
  template <class Consumer, class Filter>
  ChannelPoll(detail::Passkey, std::size_t channel, Consumer& consumer, Filter& filter) noexcept
      : poll_(consumer.poll(filter)), channel_{channel} {}

  /// The channel's number; `kNoChannel` with `Empty`, and with `Stopped` when no channel was left.
  [[nodiscard]] std::size_t channel() const noexcept { return status() == PollStatus::Empty ? kNoChannel : channel_; }

  /// As in `Poll`.
  /// @{
  [[nodiscard]] PollStatus status() const noexcept { return poll_.status(); }
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(poll_); }
  [[nodiscard]] F& operator*() & noexcept { return *poll_; }
  [[nodiscard]] const F& operator*() const& noexcept { return *poll_; }
  [[nodiscard]] F operator*() && noexcept { return *std::move(poll_); }
  [[nodiscard]] F* operator->() & noexcept { return &*poll_; }
  [[nodiscard]] const F* operator->() const& noexcept { return &*poll_; }
  void operator->() const&& = delete;  // of a temporary: the fragment would be given back at the end of the expression
  [[nodiscard]] std::uint64_t lost() const noexcept { return poll_.lost(); }
  /// @}

 private:
  Poll<F> poll_;
  std::size_t channel_;
};

/// What a poller's `poll_batch` returns: a consumer's `BatchResult`, and its channel; `kNoChannel` as for
/// `ChannelPoll`.
struct [[nodiscard]] ChannelBatch : BatchResult {
  std::size_t channel = kNoChannel;  ///< the channel of the batch
};

/// `Most` is the largest number of channels at a time.
template <class Consumer, std::size_t Most>
class Poller {
  static_assert(Most >= 1, "tango: a poller has at least one place");
  static_assert(
      Most != std::dynamic_extent,
      "tango: the number of consumers is known only at run time: give the number of places, Poller<C, 16>{span}");

 public:
  /// What a poll delivers: the fragment type of the consumers.
  using Fragment = typename Consumer::Fragment;
  /// What a batch holds: the item type of the consumers.
  using Item = typename Consumer::Item;

  /// A poller without channels.
  Poller() noexcept = default;

  /// Polls these consumers as channels 0, 1, … in this order.
  ///
  /// \pre (checked) No consumer is given twice.
  template <class... Consumers>
  requires(sizeof...(Consumers) >= 1 && !(std::is_convertible_v<Consumers&, std::span<Consumer>> ||
                                          ...)) explicit Poller(Consumers&... consumers) noexcept {
    static_assert((std::is_same_v<Consumers, Consumer> && ...),
                  "tango: a poller's consumers are of one type: make a poller for each type, and poll them in turn");
    static_assert(sizeof...(Consumers) <= Most, "tango: more consumers than the poller has places");
    (place(consumers, count_), ...);
  }

  /// The same for an array, a std::array or a span. If the number of consumers is part of the type and exceeds `Most`,
  /// this does not compile.
  ///
  /// \pre (checked) There are at most `Most` consumers, and none is given twice.
  template <class Consumers>
  requires requires(Consumers&& consumers) {
    {
      std::span { std::forward<Consumers>(consumers) }
      } -> std::convertible_to<std::span<Consumer>>;
  }
  explicit Poller(Consumers&& consumers) noexcept {
    constexpr std::size_t kExtent = decltype(std::span{std::forward<Consumers>(consumers)})::extent;
    static_assert(kExtent == std::dynamic_extent || kExtent <= Most,
                  "tango: more consumers than the poller has places");
    place_all(std::span{std::forward<Consumers>(consumers)});
  }
  /// The same for anything that converts to a span.
  explicit Poller(std::span<Consumer> consumers) noexcept { place_all(consumers); }

  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Adds a channel under a number of the caller's choice. Its turn comes last.
  ///
  /// \pre (checked) Neither the consumer nor the number was added before, and the number is not `kNoChannel`.
  /// \retval TooManyChannels All places are taken (how many channels there would be, the places). Nothing has changed.
  /// \return Otherwise success.
  ///
  /// Complexity: O(size()).
  Status add(Consumer& consumer, std::size_t channel) noexcept {
    if (count_ == Most) {
      return {Error::TooManyChannels, Most + 1, Most};
    }
    // The queue starts at next_, so its end is right before that.
    place(consumer, channel);
    for (std::size_t i = count_ - 1; i > next_; --i) {
      std::swap(entries_[i], entries_[i - 1]);
    }
    next_ = next_ + 1 < count_ ? next_ + 1 : 0;
    return {};
  }

  /// Removes a channel, so that its consumer may be destroyed. What it has not read yet stays unread.
  ///
  /// \return Whether the channel was there.
  bool remove(std::size_t channel) noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      if (entries_[i].channel == channel) {
        erase(i);
        return true;
      }
    }
    return false;
  }

  /// The number of channels that are polled: those that are neither stopped, refused nor removed.
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }  ///< whether no channel is left

  /// Polls the channels in turn until one has an outcome other than `Empty`: see `Consumer::poll`. A fragment is valid
  /// until it is released or until the poller's next poll, which may poll its channel again.
  ///
  /// \return The outcome and its channel. `Empty` if no channel has anything; `Stopped` with `kNoChannel` if no channel
  ///         is left.
  ///
  /// Complexity: wait-free, O(size()) calls of `Consumer::poll`.
  template <SigFilter Filter = AcceptAll>
  [[nodiscard]] ChannelPoll<Fragment> poll(Filter&& filter = {}) noexcept {
    // Constructed where it is returned, also when a further channel is polled: moving it would copy what was just
    // written, and wait for that store. It is in the outermost block because only there does g++ elide the move.
    ChannelPoll<Fragment> outcome = look(filter);
    for (std::size_t looks = 1; !pass_on(outcome.status()) && looks < count_; ++looks) {
      outcome.~ChannelPoll();
      ::new (static_cast<void*>(&outcome)) ChannelPoll<Fragment>(look(filter));
    }
    return outcome;
  }

  /// Polls until the outcome is not `Empty` or `strategy` gives up.
  ///
  /// \return As `poll`; `Empty` if the strategy gave up.
  template <WaitStrategy Strategy = typename Consumer::DefaultStrategy, SigFilter Filter = AcceptAll>
  [[nodiscard]] ChannelPoll<Fragment> wait(Strategy strategy = {}, Filter&& filter = {}) noexcept {
    ChannelPoll<Fragment> outcome = poll(filter);
    for (std::uint64_t round = 0; outcome.status() == PollStatus::Empty && strategy.idle(round); ++round) {
      outcome.~ChannelPoll();
      ::new (static_cast<void*>(&outcome)) ChannelPoll<Fragment>(poll(filter));
    }
    return outcome;
  }

  /// Calls `each(fragment, channel)` with what the next channel in turn has, at most `max` fragments of it: see
  /// `Consumer::poll_batch`. All are given back after the last call has returned. `each` must not use the poller or its
  /// consumers.
  ///
  /// \return The number of fragments, the channel, and the outcome on that channel after them.
  template <std::invocable<Item&, std::size_t> Each, SigFilter Filter = AcceptAll>
  ChannelBatch poll_batch(std::size_t max, Each&& each, Filter&& filter = {}) noexcept {
    for (std::size_t looks = 1; count_ != 0; ++looks) {
      const Entry entry = entries_[next_];
      const BatchResult result = entry.consumer->poll_batch(
          max, [&](Item& item) { each(item, entry.channel); }, filter);
      if (pass_on(result.status) || result.count != 0) {
        return {result, entry.channel};
      }
      if (looks >= count_) {
        return {result, kNoChannel};
      }
    }
    return {{0, PollStatus::Stopped, 0}, kNoChannel};
  }

 private:
  struct Entry {
    Consumer* consumer;
    std::size_t channel;
  };

  void place_all(std::span<Consumer> consumers) noexcept {
    TANGO_PRECONDITION(consumers.size() <= Most, "Poller: no more consumers than places");
    for (Consumer& consumer : consumers) {
      place(consumer, count_);
    }
  }

  TANGO_COLD void place(Consumer& consumer, std::size_t channel) noexcept {
    bool fresh = channel != kNoChannel;
    for (std::size_t i = 0; i < count_; ++i) {
      fresh = fresh && entries_[i].consumer != &consumer && entries_[i].channel != channel;
    }
    TANGO_PRECONDITION(
        fresh, "Poller: neither the consumer nor its number was added before, and the number is not kNoChannel");
    entries_[count_++] = {&consumer, channel};
  }

  TANGO_COLD void erase(std::size_t at) noexcept {
    for (std::size_t i = at; i < Most - 1; ++i) {
      entries_[i] = entries_[i + 1];
    }
    --count_;
    next_ = at < next_ ? next_ - 1 : next_ < count_ ? next_ : 0;
  }

  /// Polls the next channel in turn.
  template <class Filter>
  [[nodiscard]] TANGO_HOT ChannelPoll<Fragment> look(Filter& filter) noexcept {
    if (count_ == 0) [[unlikely]] {
      return ChannelPoll<Fragment>{detail::Passkey{}, PollStatus::Stopped};
    }
    return ChannelPoll<Fragment>{detail::Passkey{}, entries_[next_].channel, *entries_[next_].consumer, filter};
  }

  /// Called after a poll: moves on to the next channel and removes a channel that has ended. Returns whether there is
  /// something to report.
  TANGO_HOT bool pass_on(PollStatus status) noexcept {
    if (status == PollStatus::Stopped || status == PollStatus::Refused) [[unlikely]] {
      if (count_ != 0) {
        erase(next_);
      }
    } else {
      next_ = next_ + 1 < count_ ? next_ + 1 : 0;
    }
    return status != PollStatus::Empty;
  }

  Entry entries_[Most != std::dynamic_extent ? Most : 1] = {};
  std::size_t count_ = 0;
  std::size_t next_ = 0;  ///< the next channel in turn; 0 if there is none
};

/// Consumers one by one.
template <class Consumer, class... Consumers>
requires(!requires(Consumer & consumer) { std::span{consumer}; }) Poller(Consumer&, Consumers&...)
->Poller<Consumer, 1 + sizeof...(Consumers)>;
/// An array, a std::array, or a span of either.
template <class Consumers>
requires requires(Consumers& consumers) { std::span{consumers}; }
Poller(Consumers&&)
    ->Poller<typename decltype(std::span{std::declval<Consumers&>()})::element_type,
             decltype(std::span{std::declval<Consumers&>()})::extent>;

}  // namespace tango::inline TANGO_ABI
