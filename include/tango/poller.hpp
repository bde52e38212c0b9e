// SPDX-License-Identifier: Apache-2.0
/// \file
/// Poller: one thread that consumes many channels, each in its own order. The way to send from many threads to one:
/// every producer gets a channel of its own, and no two of them ever touch the same line.
///
///     tango::Poller poller{alice, bob};                          // consumers of one type
///     tango::Poller<Consumer, 16> poller{std::span{consumers}};  // as many as there are at run time, at most 16
///     while (!poller.empty()) {
///       auto fragment = poller.wait();
///       if (fragment) use(fragment.channel(), fragment->payload());   // 0, 1, … in the order of the consumers
///     }
///
/// The channels take turns: whichever had something goes to the end of the line. So a channel that has a fragment is
/// served before any other is served twice, however full the others are. A poll looks at each channel once at most.
///
/// Every outcome is told with its channel: what was lost and what was rejected there, too. A channel that is stopped
/// and drained, and a consumer that was refused, is told once and then left out; when none is left, the answer is
/// `Stopped`.
///
/// Consumers of different types: a poller for each type, polled in turn. Not for channels of which one goes before the
/// others: poll that one's consumer first, and the poller when it is empty.
///
/// Thread: one, that of all its consumers. They outlive the poller and stay where they are. Polled outside of it
/// meanwhile, they answer as always.
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
#include "poll.hpp"
#include "wait.hpp"

namespace tango::inline TANGO_ABI {

/// No channel's number.
inline constexpr std::size_t kNoChannel = ~std::size_t{0};

/// What a poller's `poll` and `wait` return: a consumer's `Poll`, and which channel it is of.
template <class F>
class [[nodiscard]] ChannelPoll {
 public:
  /// There is no channel.
  explicit ChannelPoll(PollStatus status) noexcept : poll_{status}, channel_{kNoChannel} {}
  /// Polls, in place.
  template <class Consumer, class Filter>
  ChannelPoll(std::size_t channel, Consumer& consumer, Filter& filter) noexcept
      : poll_(consumer.poll(filter)), channel_{channel} {}

  /// The channel's number; `kNoChannel` with `Empty`, and with `Stopped` when no channel was left.
  [[nodiscard]] std::size_t channel() const noexcept { return status() == PollStatus::Empty ? kNoChannel : channel_; }

  /// As of `Poll`.
  /// @{
  [[nodiscard]] PollStatus status() const noexcept { return poll_.status(); }
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(poll_); }
  [[nodiscard]] F& operator*() & noexcept { return *poll_; }
  [[nodiscard]] const F& operator*() const& noexcept { return *poll_; }
  [[nodiscard]] F operator*() && noexcept { return *std::move(poll_); }
  [[nodiscard]] F* operator->() & noexcept { return &*poll_; }
  [[nodiscard]] const F* operator->() const& noexcept { return &*poll_; }
  void operator->() const&& = delete;  // of a temporary: what it shows would be given back at the end of the line
  [[nodiscard]] std::uint64_t lost() const noexcept { return poll_.lost(); }
  /// @}

 private:
  Poll<F> poll_;
  std::size_t channel_;
};

/// What a poller's `poll_batch` returns: a consumer's `BatchResult`, and which channel it is of; `kNoChannel` as with
/// `ChannelPoll`.
struct [[nodiscard]] ChannelBatch : BatchResult {
  std::size_t channel = kNoChannel;  ///< whose batch it is
};

/// `Most` is how many channels there can be at a time.
template <class Consumer, std::size_t Most>
class Poller {
  static_assert(Most >= 1, "tango: a poller has at least one place");
  static_assert(
      Most != std::dynamic_extent,
      "tango: the number of consumers is known only at run time: give the number of places, Poller<C, 16>{span}");

 public:
  /// What a poll delivers: as its consumers'.
  using Fragment = typename Consumer::Fragment;
  /// What a batch holds: as its consumers'.
  using Item = typename Consumer::Item;

  /// No channel yet.
  Poller() noexcept = default;

  /// Channels 0, 1, … in this order. Precondition (checked): none of them twice.
  template <class... Consumers>
  requires(sizeof...(Consumers) >= 1 && !(std::is_convertible_v<Consumers&, std::span<Consumer>> ||
                                          ...)) explicit Poller(Consumers&... consumers) noexcept {
    static_assert((std::is_same_v<Consumers, Consumer> && ...),
                  "tango: a poller's consumers are of one type: make a poller for each type, and poll them in turn");
    static_assert(sizeof...(Consumers) <= Most, "tango: more consumers than the poller has places");
    (place(consumers, count_), ...);
  }

  /// The same: an array, a std::array, or a span. Precondition (checked; where their number is part of the type, more
  /// do not compile): there are no more than `Most`, and none of them twice.
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
  /// The same, of what converts to a span.
  explicit Poller(std::span<Consumer> consumers) noexcept { place_all(consumers); }

  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Takes in a further channel under a number of the caller's choice; its turn comes last. `TooManyChannels` (how many
  /// it would be, the places): nothing has changed. Precondition (checked): neither the consumer nor the number is
  /// there already, and the number is not `kNoChannel`. O(size()).
  Status add(Consumer& consumer, std::size_t channel) noexcept {
    if (count_ == Most) {
      return {Error::TooManyChannels, Most + 1, Most};
    }
    // The line begins at next_, so its end is right before that.
    place(consumer, channel);
    for (std::size_t i = count_ - 1; i > next_; --i) {
      std::swap(entries_[i], entries_[i - 1]);
    }
    next_ = next_ + 1 < count_ ? next_ + 1 : 0;
    return {};
  }

  /// Leaves a channel out, so that its consumer may go: whether it was there. What it has not read yet stays unread.
  bool remove(std::size_t channel) noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      if (entries_[i].channel == channel) {
        erase(i);
        return true;
      }
    }
    return false;
  }

  /// Channels that are polled: those that are neither stopped, refused nor removed.
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }  ///< whether no channel is left

  /// The next fragment of the channel whose turn it is, or what else there is to tell of it: see `Consumer::poll`. A
  /// fragment is good until it is released or the poller's next poll, which may come to its channel again. Wait-free;
  /// O(size()) channels, each as by `Consumer::poll`.
  template <SigFilter Filter = AcceptAll>
  [[nodiscard]] ChannelPoll<Fragment> poll(Filter&& filter = {}) noexcept {
    // Made where it is returned, also after others were: moving it would copy what was just written, and wait for that.
    // In the outermost block, because g++ sees only there that it need not be moved.
    ChannelPoll<Fragment> outcome = look(filter);
    for (std::size_t looks = 1; !pass_on(outcome.status()) && looks < count_; ++looks) {
      outcome.~ChannelPoll();
      ::new (static_cast<void*>(&outcome)) ChannelPoll<Fragment>(look(filter));
    }
    return outcome;
  }

  /// Polls until the outcome is not `Empty`, or `strategy` gives up, which then answers `Empty`.
  template <WaitStrategy Strategy = typename Consumer::DefaultStrategy, SigFilter Filter = AcceptAll>
  [[nodiscard]] ChannelPoll<Fragment> wait(Strategy strategy = {}, Filter&& filter = {}) noexcept {
    ChannelPoll<Fragment> outcome = poll(filter);
    for (std::uint64_t round = 0; outcome.status() == PollStatus::Empty && strategy.idle(round); ++round) {
      outcome.~ChannelPoll();
      ::new (static_cast<void*>(&outcome)) ChannelPoll<Fragment>(poll(filter));
    }
    return outcome;
  }

  /// Calls `each(fragment, channel)` with what the channel whose turn it is has, at most `max` fragments of it: see
  /// `Consumer::poll_batch`. All are given back when the last call has returned. The result's status tells of that
  /// channel what comes after them. `each` does not touch the poller or its consumers.
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

  /// Polls the channel whose turn it is.
  template <class Filter>
  [[nodiscard]] TANGO_HOT ChannelPoll<Fragment> look(Filter& filter) noexcept {
    if (count_ == 0) [[unlikely]] {
      return ChannelPoll<Fragment>{PollStatus::Stopped};
    }
    return ChannelPoll<Fragment>{entries_[next_].channel, *entries_[next_].consumer, filter};
  }

  /// After the look: the turn goes to the next channel; one that has ended is left out. Whether there is something to
  /// tell.
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
  std::size_t next_ = 0;  ///< whose turn it is; 0 if there is none
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
