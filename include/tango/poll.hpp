// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a consumer returns: a fragment or why there is none (Poll), or several fragments at once (Batch).
///
/// Thread: the consumer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "config.hpp"
#include "memory/inside.hpp"
#include "poll_status.hpp"
#include "receive/read_ledger.hpp"
#include "record.hpp"
#include "seq.hpp"

namespace tango::inline TANGO_ABI {

/// What `poll` and `wait` return. `F` is `Fragment` or `SpeculativeFragment`.
///
///     if (auto fragment = consumer.poll()) use(fragment->payload());
template <class F>
class [[nodiscard]] Poll {
 public:
  /// An outcome without a fragment.
  Poll(detail::Passkey, PollStatus status, std::uint64_t lost = 0) noexcept : lost_{lost}, status_{status} {}
  /// Constructs the fragment in place, so that nothing is copied right after it was written.
  template <class... Args>
  Poll(detail::Passkey key, std::in_place_t, Args&&... args) noexcept : fragment_{key, static_cast<Args&&>(args)...} {}

  /// The outcome.
  [[nodiscard]] PollStatus status() const noexcept { return status_; }

  /// Whether there is a fragment.
  [[nodiscard]] explicit operator bool() const noexcept { return status_ == PollStatus::Fragment; }

  /// The fragment. `->` is deleted for a temporary: the fragment would be given back at the end of the expression,
  /// while a span of its payload might still be in use.
  ///
  /// \pre (checked) There is a fragment.
  [[nodiscard]] F& operator*() & noexcept {
    TANGO_PRECONDITION(*this, "Poll: there is a fragment");
    return fragment_;
  }
  /// The same.
  [[nodiscard]] const F& operator*() const& noexcept {
    TANGO_PRECONDITION(*this, "Poll: there is a fragment");
    return fragment_;
  }
  [[nodiscard]] F* operator->() & noexcept { return &**this; }             ///< the same
  [[nodiscard]] const F* operator->() const& noexcept { return &**this; }  ///< the same
  [[nodiscard]] F operator*() && noexcept { return std::move(**this); }    ///< the same, by value
  void operator->() const&& = delete;  // of a temporary: the fragment would be given back at the end of the expression

  /// The number of fragments lost if the outcome is `Overrun`, otherwise 0.
  [[nodiscard]] std::uint64_t lost() const noexcept { return *this ? 0 : lost_; }

 private:
  F fragment_;
  std::uint64_t lost_;  ///< not initialised if there is a fragment: that is the hot path
  PollStatus status_ = PollStatus::Fragment;
};

/// How a batch ended. `status` is the outcome after its `count` fragments: `Fragment` if more may be ready, otherwise
/// what the next poll would have returned. An `Overrun` or `Rejected` has already been handled and is not reported
/// again.
struct [[nodiscard]] BatchResult {
  std::size_t count = 0;                     ///< fragments delivered
  PollStatus status = PollStatus::Fragment;  ///< the outcome after them
  std::uint64_t lost = 0;                    ///< fragments lost there, if that was an overrun
};

template <class R>
requires(std::is_base_of_v<BatchResult, R>) inline constexpr bool kProcessLocal<R> = true;  ///< not a Record

/// What `poll_batch` stored in its caller's storage. A reliable consumer's batch holds `FragmentView`s, which are given
/// back together when the batch is released, destroyed, or superseded by the next poll. Any other consumer's batch
/// holds `SpeculativeFragment`s.
template <class Item>
class [[nodiscard]] Batch {
 public:
  /// For the library itself.
  Batch(detail::Passkey, std::span<Item> items, const BatchResult& result, Seq end, detail::ReadLedger& ledger) noexcept
      : items_{items}, result_{result}, end_{end}, hold_{items.empty() ? detail::Hold{} : detail::Hold{ledger}} {}
  /// Afterwards `other` is empty.
  Batch(Batch&& other) noexcept
      : items_{std::exchange(other.items_, {})},
        result_{other.result_},
        end_{other.end_},
        hold_{std::move(other.hold_)} {}
  /// Gives back the items that this one held. Afterwards `other` is empty.
  Batch& operator=(Batch&& other) noexcept {
    if (this != &other) {
      give_back();
      items_ = std::exchange(other.items_, {});
      result_ = other.result_;
      end_ = other.end_;
      hold_ = std::move(other.hold_);
    }
    return *this;
  }
  ~Batch() { give_back(); }

  [[nodiscard]] Item* begin() const noexcept { return items_.data(); }                ///< the first item
  [[nodiscard]] Item* end() const noexcept { return items_.data() + items_.size(); }  ///< past the last item
  [[nodiscard]] std::size_t size() const noexcept { return items_.size(); }           ///< the number of items
  [[nodiscard]] bool empty() const noexcept { return items_.empty(); }                ///< whether there are none
  [[nodiscard]] Item& operator[](std::size_t i) const noexcept { return items_[i]; }  ///< the `i`-th item

  /// The outcome after the last item: see `BatchResult`.
  [[nodiscard]] PollStatus status() const noexcept { return result_.status; }
  [[nodiscard]] std::uint64_t lost() const noexcept { return result_.lost; }  ///< fragments lost after the last item

  /// Gives all items back. Their payloads must not be read afterwards. Idempotent. This also releases each
  /// `SpeculativeFragment`. Destroying or assigning a batch does not, because the storage may already hold the items of
  /// the next batch.
  void release() noexcept {
    if constexpr (requires(Item & item) { item.release(); }) {
      for (Item& item : std::exchange(items_, {})) {
        item.release();
      }
    }
    give_back();
  }

 private:
  void give_back() noexcept {
    if (hold_) {
      if (hold_->place != nullptr) {
        hold_->give_back(end_);
      }
      hold_.drop();
    }
  }

  std::span<Item> items_;
  BatchResult result_;
  Seq end_;
  detail::Hold hold_;
};

}  // namespace tango::inline TANGO_ABI
