// SPDX-License-Identifier: Apache-2.0
/// \file
/// Packs records into messages: as many as fit, copied into the channel once. The layouts are described in packed.hpp.
///
/// Thread: the producer's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "../config.hpp"
#include "../error.hpp"
#include "../memory/platform.hpp"
#include "../memory/slot.hpp"
#include "../message.hpp"
#include "../metadata.hpp"
#include "../packed.hpp"
#include "../record.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Publishes a packed message at once or not at all.
struct TryPublish {
  template <class Producer>
  [[nodiscard]] Status publish(Producer& producer, std::span<const std::byte> bytes, const MessageInfo& info) const {
    return producer.publish(bytes, info);
  }
  template <class Producer>
  [[nodiscard]] auto reserve(Producer& producer, std::size_t size) const {
    return producer.reserve(size);
  }
};

/// The same, but waits for room until the strategy gives up.
template <class Strategy>
struct BlockingPublish {
  Strategy strategy;

  template <class Producer>
  [[nodiscard]] Status publish(Producer& producer, std::span<const std::byte> bytes, const MessageInfo& info) const {
    return producer.publish_blocking(bytes, info, strategy);
  }
  template <class Producer>
  [[nodiscard]] auto reserve(Producer& producer, std::size_t size) const {
    return producer.reserve_blocking(size, strategy);
  }
};

/// The records of one type that `publish_packed` packs.
template <Record T>
class ArrayToPack {
 public:
  explicit ArrayToPack(std::span<const T> records) noexcept : records_{records} {}

  /// The number of records.
  [[nodiscard]] std::size_t count() const noexcept { return records_.size(); }

  /// How many records, from the first on, fit into `bytes`.
  [[nodiscard]] std::size_t fitting(std::size_t bytes) const noexcept {
    const std::size_t most = bytes / sizeof(T);
    return records_.size() < most ? records_.size() : most;
  }

  /// The packed size of the first `count` records, in bytes.
  [[nodiscard]] std::size_t packed_size(std::size_t count) const noexcept { return count * sizeof(T); }

  /// Publishes the first `count` records in one message.
  template <class Producer, class Way>
  [[nodiscard]] Status publish(Producer& producer, std::size_t count, const MessageInfo& info,
                               const Way& way) const noexcept {
    return way.publish(producer, bytes_at(records_.data(), packed_size(count)), info);
  }

  /// Removes the first `count` records.
  void drop(std::size_t count) noexcept { records_ = records_.subspan(count); }

 private:
  std::span<const T> records_;
};

/// The same for records of varying size. `Bytes` converts to a span of bytes or to a string view.
template <class Bytes>
class RecordsToPack {
 public:
  explicit RecordsToPack(std::span<const Bytes> records) noexcept : records_{records} {}

  [[nodiscard]] std::size_t count() const noexcept { return records_.size(); }

  [[nodiscard]] std::size_t fitting(std::size_t bytes) const noexcept {
    std::size_t count = 0;
    while (count != records_.size()) {
      const std::size_t size = raw(records_[count]).size();
      if (size > bytes || PackedRecords::packed_size(size) > bytes) {  // also the size itself: the padded size may wrap
        break;
      }
      bytes -= PackedRecords::packed_size(size);
      ++count;
    }
    return count;
  }

  [[nodiscard]] std::size_t packed_size(std::size_t count) const noexcept {
    std::size_t bytes = 0;
    for (const Bytes& record : records_.first(count)) {
      bytes += PackedRecords::packed_size(raw(record).size());
    }
    return bytes;
  }

  void drop(std::size_t count) noexcept { records_ = records_.subspan(count); }

  template <class Producer, class Way>
  [[nodiscard]] Status publish(Producer& producer, std::size_t count, const MessageInfo& info,
                               const Way& way) const noexcept {
    const std::size_t size = packed_size(count);
    if constexpr (Producer::kMaxInSlot < Producer::kInlineBytes) {
      if (size <= Producer::kInlineBytes) {  // a copy fits into the slot, but cannot be written there in place
        std::byte packed[Producer::kInlineBytes];
        pack(count, [&packed](std::size_t at, std::span<const std::byte> bytes) {
          copy_bytes(packed + at, bytes.data(), bytes.size());
        });
        return way.publish(producer, bytes_at(packed, size), info);
      }
    }
    auto room = way.reserve(producer, size);
    if (!room) {
      return room.status();
    }
    if constexpr (Producer::kWords) {
      pack(count, [writer = room.writer()](std::size_t at, std::span<const std::byte> bytes) mutable {
        writer.write(at, bytes);
      });
    } else {
      pack(count, [to = room.span().data()](std::size_t at, std::span<const std::byte> bytes) {
        copy_bytes(to + at, bytes.data(), bytes.size());
      });
    }
    return room.commit(info);
  }

 private:
  [[nodiscard]] static std::span<const std::byte> raw(const Bytes& record) noexcept {
    if constexpr (std::is_convertible_v<const Bytes&, std::span<const std::byte>>) {
      return record;
    } else {
      return text_bytes(record);
    }
  }

  /// Calls `write(offset, bytes)` for everything that the first `count` records become, with zeros as padding.
  template <class Write>
  void pack(std::size_t count, Write write) const noexcept {
    constexpr std::byte kPadding[4] = {};
    std::size_t at = 0;
    for (const Bytes& record : records_.first(count)) {
      const std::span<const std::byte> bytes = raw(record);
      const auto size = static_cast<std::uint32_t>(bytes.size());
      const std::size_t next = at + PackedRecords::packed_size(bytes.size());
      write(at, bytes_at(&size, sizeof size));
      at += sizeof size;
      if (!bytes.empty()) {
        write(at, bytes);
        at += bytes.size();
      }
      write(at, bytes_at(kPadding, next - at));
      at = next;
    }
  }

  std::span<const Bytes> records_;
};

template <PackableRange Records>
[[nodiscard]] auto packing_of(const Records& records) noexcept {
  const std::span all{records};
  using T = std::remove_cv_t<typename decltype(all)::element_type>;
  static_assert(!std::is_array_v<Records> || !std::is_same_v<T, char>,
                "tango: a string literal would be packed with its terminator: use a std::string_view");
  static_assert(!std::is_array_v<T>,
                "tango: the length of the text in a character array is not known: pack std::string_views");
  if constexpr (Record<T>) {
    return ArrayToPack<T>{all};
  } else {
    static_assert(!std::is_pointer_v<T> && (std::is_convertible_v<const T&, std::span<const std::byte>> ||
                                            std::is_convertible_v<const T&, std::string_view>),
                  "tango: a packed record is a trivially copyable value (no pointer, array, fragment or status), a "
                  "range of bytes or a string view");
    return RecordsToPack<T>{all};
  }
}

/// Why the first record was not sent, if no record fits into a payload.
template <class Producer, class Packing>
[[nodiscard]] Status none_fits(const Producer& producer, const Packing& packing) noexcept {
  if (packing.count() == 0 || !producer.status().ok()) {
    return producer.status();
  }
  return {Error::PayloadTooLarge, packing.packed_size(1), Producer::max_payload()};
}

/// `Producer::publish_packed`.
template <class Producer, class Packing>
[[nodiscard]] BatchStatus publish_packed(Producer& producer, const Packing& packing, const MessageInfo& info) noexcept {
  std::size_t count = packing.fitting(Producer::max_payload());
  if (count == 0) {
    return {0, none_fits(producer, packing)};
  }
  BatchStatus batch;
  Status status = packing.publish(producer, count, info, TryPublish{});
  if (status == Error::NoCredits) {
    batch.status = status;
    // Publish what fits into the free chunks. If only a slot is free, publish nothing: there are slots but no chunks,
    // and messages that fit into a slot would carry little and use up the slots as well.
    const std::size_t bytes = producer.available_payload();
    count = bytes <= Producer::kInlineBytes ? 0 : packing.fitting(bytes);
    if (count != 0) {
      status = packing.publish(producer, count, info, TryPublish{});
    }
  } else if (status.ok() && count != packing.count()) {
    batch.status = {Error::PayloadTooLarge, packing.packed_size(packing.count()), Producer::max_payload()};
  }
  if (status.ok()) {
    batch.count = count;
  } else {
    batch.status = status;
  }
  return batch;
}

/// `Producer::publish_packed_blocking`.
template <class Producer, class Packing, class Strategy>
[[nodiscard]] BatchStatus publish_packed_blocking(Producer& producer, Packing packing, const MessageInfo& info,
                                                  Strategy strategy) noexcept {
  BatchStatus batch;
  do {
    const std::size_t count = packing.fitting(Producer::max_payload());
    batch.status = count == 0 ? none_fits(producer, packing)
                              : packing.publish(producer, count, info, BlockingPublish<Strategy>{strategy});
    if (batch.status.ok()) {
      batch.count += count;
      packing.drop(count);
    }
  } while (batch.status.ok() && packing.count() != 0);
  return batch;
}

}  // namespace tango::inline TANGO_ABI::detail
