// SPDX-License-Identifier: Apache-2.0
/// \file
/// Recorders: how an endpoint counts in its block of a Metrics. The empty recorders belong to endpoints without metrics
/// and generate no code.
///
/// Thread: the endpoint's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "../config.hpp"
#include "../consumer_id.hpp"
#include "../memory/inside.hpp"
#include "../memory/metrics_blocks.hpp"
#include "../metrics.hpp"
#include "../seq.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Takes a block if no endpoint holds it. Returns whether it was taken.
[[nodiscard]] inline bool take_block(Claim<BlockState>& claim, std::uint8_t tag) noexcept {
  Claim<BlockState>::Holder found = claim.holder();
  while (found.state == BlockState::Free || found.state == BlockState::Left) {
    if (claim.take(found, BlockState::Joining, tag)) {
      return true;
    }
  }
  return false;
}

class ProducerRecorder {
 public:
  ProducerRecorder() noexcept = default;
  explicit ProducerRecorder(Metrics& metrics) noexcept
      : block_{&inside(metrics).producer}, published_{block_->published} {}

  [[nodiscard]] TANGO_COLD bool take() noexcept { return take_block(block_->claim, 0); }
  void join(Seq position) noexcept {
    block_->origin.write(position - published_.start().count);
    block_->claim.set(BlockState::Active);  // release: pairs with Metrics::snapshot
  }
  void leave() noexcept { block_->claim.set(BlockState::Left); }

  TANGO_HOT void published(std::uint64_t bytes) noexcept {
    if (published_.add(bytes)) [[unlikely]] {
      published_.mark();
    }
  }
  void refused() noexcept { block_->backpressure.add(1); }

 private:
  ProducerBlock* block_ = nullptr;
  PackedCounterWriter published_;
};

class ConsumerRecorder {
 public:
  ConsumerRecorder() noexcept = default;
  explicit ConsumerRecorder(Metrics& metrics) noexcept : blocks_{&inside(metrics)} {}

  /// Takes a block for the consumer in `place`.
  [[nodiscard]] TANGO_COLD bool take(std::size_t place) noexcept {
    for (ConsumerBlock& block : blocks_->consumers) {
      if (take_block(block.claim, static_cast<std::uint8_t>(place))) {
        block_ = &block;
        return true;
      }
    }
    return false;
  }
  void join(Seq next) noexcept {
    block_->origin.write(next - block_->passed());
    block_->claim.set(BlockState::Active);  // release: pairs with Metrics::snapshot
  }
  void leave() noexcept { block_->claim.set(BlockState::Free); }

  /// The consumer as the holder of its block.
  [[nodiscard]] ConsumerId id() const noexcept {
    return {static_cast<std::size_t>(block_ - blocks_->consumers), block_->claim.holder().epoch};
  }

  void delivered(std::uint64_t bytes) noexcept {
    block_->consumed.add(1);
    block_->consumed_bytes.add(bytes);
  }
  void filtered() noexcept { block_->filtered.add(1); }
  void overrun(std::uint64_t lost) noexcept {
    block_->overruns.add(1);
    block_->lost.add(lost);
  }
  void rejected() noexcept { block_->rejected.add(1); }

  /// Accounts for what fragments reported: `lost` of the delivered fragments, of `bytes` bytes together, turned out to
  /// be overwritten.
  void missed(std::uint64_t lost, std::uint64_t bytes) noexcept {
    block_->overruns.add(lost);
    block_->lost.add(lost);
    block_->consumed.write(block_->consumed.read() - lost);
    block_->consumed_bytes.write(block_->consumed_bytes.read() - bytes);
  }

 private:
  MetricsBlocks* blocks_ = nullptr;
  ConsumerBlock* block_ = nullptr;
};

/// The recorder of a producer without metrics.
struct NoProducerRecorder {
  static constexpr bool take() noexcept { return true; }
  static constexpr void join(Seq) noexcept {}
  static constexpr void leave() noexcept {}
  static constexpr void published(std::uint64_t) noexcept {}
  static constexpr void refused() noexcept {}
};

/// The recorder of a consumer without metrics.
struct NoConsumerRecorder {
  static constexpr bool take(std::size_t) noexcept { return true; }
  static constexpr void join(Seq) noexcept {}
  static constexpr void leave() noexcept {}
  static constexpr void delivered(std::uint64_t) noexcept {}
  static constexpr void filtered() noexcept {}
  static constexpr void overrun(std::uint64_t) noexcept {}
  static constexpr void rejected() noexcept {}
  static constexpr void missed(std::uint64_t, std::uint64_t) noexcept {}
};

}  // namespace tango::inline TANGO_ABI::detail
