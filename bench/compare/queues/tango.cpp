// SPDX-License-Identifier: Apache-2.0
// This library's reliable channel, used in each of its ways.
#include "tango.hpp"

#include "../enter.hpp"
#include "queues.hpp"

namespace bench {
namespace {

template <std::size_t Bytes, std::size_t Capacity>
using Poll = TangoPoll<Bytes, Capacity>;

template <std::size_t Bytes, std::size_t Capacity>
using AllThere = TangoBatch<Bytes, Capacity>;
template <std::size_t Bytes, std::size_t Capacity>
using AFew = TangoBatch<Bytes, Capacity, kBulk>;

template <std::size_t Bytes, std::size_t Capacity>
using AFewWithPlenty = TangoBatch<Bytes, Capacity, kBulk, kPlenty / Bytes>;

template <std::size_t Bytes, std::size_t Capacity>
using BatchesOf32 = TangoBulk<Bytes, Capacity, kBulk>;
template <std::size_t Bytes, std::size_t Capacity>
using BatchesOf128 = TangoBulk<Bytes, Capacity, kLargeBulk>;
template <std::size_t Bytes, std::size_t Capacity>
using PacksOf32 = TangoPacked<Bytes, Capacity, kBulk>;
template <std::size_t Bytes, std::size_t Capacity>
using PacksOf128 = TangoPacked<Bytes, Capacity, kLargeBulk>;

template <std::size_t Bytes, std::size_t Capacity>
using InSlots = TangoSlots<Bytes, Capacity, true>;
template <std::size_t Bytes, std::size_t Capacity>
using Bare = TangoSlots<Bytes, Capacity, false>;
template <std::size_t Bytes, std::size_t Capacity>
using InSlotsBatch = TangoSlotBatch<Bytes, Capacity, true, kBulk>;
template <std::size_t Bytes, std::size_t Capacity>
using BareBatch = TangoSlotBatch<Bytes, Capacity, false, kBulk>;

/// Through a chunk, however the message could travel: for the round trips.
template <std::size_t Bytes, std::size_t Capacity>
class InChunks : public TangoPoll<Bytes, Capacity> {
 public:
  static constexpr const char* kQueue = "tango, in chunks";
};

template <std::size_t Bytes, std::size_t Capacity>
class MetricsOff : public TangoPoll<Bytes, Capacity> {
 public:
  static constexpr const char* kQueue = "tango, metrics off";
};

template <std::size_t Bytes, std::size_t Capacity>
class MetricsOn : public TangoPoll<Bytes, Capacity, tango::Metrics> {
 public:
  static constexpr const char* kQueue = "tango, metrics on";
};

}  // namespace

void enter_tango(Field& field) {
  enter_all<Poll>(field);
  enter_thorough<Kind::Throughput, TangoPlenty, 64>(field);
  enter<Kind::Throughput, TangoPlenty, 256, 1024, 4096>(field);
  enter_thorough<Kind::Throughput, AFewWithPlenty, 64>(field);
  enter<Kind::Throughput, AFewWithPlenty, 256, 1024, 4096>(field);
  enter_thorough<Kind::Throughput, AllThere, 64>(field);
  enter_thorough<Kind::Throughput, AFew, 64>(field);
  enter<Kind::Throughput, AllThere, 8, 256, 1024, 4096, 65536>(field);
  enter<Kind::Throughput, AFew, 8, 256, 1024, 4096, 65536>(field);
  enter<Kind::Throughput, TangoReserve, 256, 1024, 4096, 65536>(field);
  enter<Kind::RoundTrip, InChunks, 64>(field);
  enter_small<InSlots>(field);
  enter_small<Bare>(field);
  enter_thorough<Kind::Throughput, InSlotsBatch, 64>(field);
  enter_thorough<Kind::Throughput, BareBatch, 64>(field);
  enter<Kind::Throughput, InSlotsBatch, 8>(field);
  enter<Kind::Throughput, BareBatch, 8>(field);
  enter<Kind::Throughput, InSlots, 256, 1024>(field);
  enter<Kind::Throughput, Bare, 256, 1024>(field);
  enter_thorough<Kind::Bulk, AFew, 8>(field);
  enter_thorough<Kind::Bulk, BatchesOf32, 8>(field);
  enter_thorough<Kind::Bulk, BatchesOf128, 8>(field);
  enter_thorough<Kind::Bulk, PacksOf32, 8>(field);
  enter_thorough<Kind::Bulk, PacksOf128, 8>(field);
  // One setting for both, so that nothing but the metrics differs.
  detail::enter_one<Kind::Metrics, 64, MetricsOff<64, 1024>, SpinWait>(field);
  detail::enter_one<Kind::Metrics, 64, MetricsOn<64, 1024>, SpinWait>(field);
}

}  // namespace bench
