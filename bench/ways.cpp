// SPDX-License-Identifier: Apache-2.0
// What each way to write a message costs, and each way to read one: on one thread, so without the transport of cache
// lines between cores, which is the same for all of them (headline.cpp measures it).
//
//     write/<channel>/<size>/<way>    one message written, polled and given back
//     read/<channel>/<size>/<way>     one message, which is held, read again
//
// The message that was written last, and the one that was read last, are compared.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <tango/heap.hpp>
#include <tango/tango.hpp>
#include <type_traits>

namespace {

bool g_failed = false;

template <std::size_t Bytes>
struct Body {
  std::uint64_t words[Bytes / 8];
};

template <std::size_t Bytes>
bool same(const Body<Bytes>& a, const Body<Bytes>& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

template <std::size_t Bytes>
Body<Bytes> made() {
  Body<Bytes> body;
  std::uint64_t word = 0x9E37'79B9'7F4A'7C15u;
  for (std::uint64_t& next : body.words) {
    next = word *= 0xD134'2543'DE82'EF95u;
  }
  return body;
}

constexpr auto kReliable = tango::ChannelBuilder<64, 4096, 64>{}.with_flow_control();
constexpr auto kLossy = tango::ChannelBuilder<64, 4096, 64>{};

void judge(benchmark::State& state, bool right) {
  if (!right) {
    g_failed = true;
    state.SkipWithError("a wrong byte arrived");
  }
  state.SetItemsProcessed(state.iterations());
}

/// `way(producer, body)` writes one message.
template <std::size_t Bytes, class Builder, class Way>
void measure_write(benchmark::State& state, const Builder& builder, Way way) {
  const auto channel = tango::make_unique(builder);
  auto producer = channel->producer();
  auto consumer = channel->consumer();
  const Body<Bytes> body = made<Bytes>();
  bool right = true;
  for (auto _ : state) {
    benchmark::DoNotOptimize(&body);
    right &= way(producer, body);
    auto fragment = consumer.poll();
    right &= bool{fragment} && fragment->size() == Bytes;
  }
  right &= way(producer, body);
  auto fragment = consumer.poll();
  Body<Bytes> read{};
  judge(state, right && fragment && fragment->copy_to(read).ok() && same(read, body));
}

/// Room for what a way reads: a `T`, or a Result of one.
template <class T>
struct alignas(64) Room {
  std::byte bytes[sizeof(tango::Result<T>)];

  T& object() { return *reinterpret_cast<T*>(bytes); }
};

/// `way(fragment, room)` reads the message, and returns where it is then, or null.
template <std::size_t Bytes, class Builder, class Way>
void measure_read(benchmark::State& state, const Builder& builder, Way way) {
  using T = Body<Bytes>;
  const auto channel = tango::make_unique(builder);
  auto producer = channel->producer();
  auto consumer = channel->consumer();
  const T body = made<Bytes>();
  const bool sent = producer.publish(body).ok();
  auto fragment = consumer.poll();
  Room<T> room{};
  const T* read = nullptr;
  for (auto _ : state) {
    const T* const where = way(*fragment, room);
    benchmark::DoNotOptimize(where);  // a constant: g++ 12 miscompiles the overload for variables of Benchmark 1.7
    benchmark::ClobberMemory();
    read = where;
  }
  judge(state, sent && read != nullptr && same(*read, body));
}

template <std::size_t Bytes>
void add_ways(const std::string& size) {
  using T = Body<Bytes>;
  const auto add = [&](const std::string& name, auto run) { benchmark::RegisterBenchmark(name.c_str(), run); };

  const auto write = [&](const std::string& way, auto written) {
    add("write/reliable/" + size + "/" + way,
        [=](benchmark::State& state) { measure_write<Bytes>(state, kReliable, written); });
    add("write/lossy/" + size + "/" + way,
        [=](benchmark::State& state) { measure_write<Bytes>(state, kLossy, written); });
  };
  write("publish bytes", [](auto& producer, const T& body) {
    return producer.publish(std::as_bytes(std::span<const T, 1>{&body, 1})).ok();
  });
  write("publish value", [](auto& producer, const T& body) { return producer.publish(body).ok(); });
  write("emplace", [](auto& producer, const T& body) { return producer.template emplace<T>({}, body).ok(); });
  write("reserve, write, commit", [](auto& producer, const T& body) {
    auto room = producer.reserve(Bytes);
    if constexpr (std::remove_reference_t<decltype(producer)>::kWords) {
      room.writer().store(0, body);
    } else {
      std::memcpy(room.span().data(), &body, Bytes);
    }
    return room.commit().ok();
  });
  write("publish_batch of 1", [](auto& producer, const T& body) {
    const tango::Message message{std::as_bytes(std::span<const T, 1>{&body, 1}), {}};
    return producer.publish_batch({&message, 1}).count == 1;
  });
  write("publish_packed, 1 record", [](auto& producer, const T& body) {
    return producer.publish_packed(std::span<const T, 1>{&body, 1}).count == 1;
  });

  const auto read_by = [&](const std::string& channel, const auto& builder, const std::string& way, auto taken) {
    add("read/" + channel + "/" + size + "/" + way,
        [=](benchmark::State& state) { measure_read<Bytes>(state, builder, taken); });
  };
  const auto read = [&](const std::string& way, auto taken) {
    read_by("reliable", kReliable, way, taken);
    read_by("lossy", kLossy, way, taken);
  };
  read("copy_to bytes", [](auto& fragment, Room<T>& room) {
    return fragment.copy_to(std::span{room.bytes}.template first<Bytes>()).ok() ? &room.object() : nullptr;
  });
  read("copy_to value",
       [](auto& fragment, Room<T>& room) { return fragment.copy_to(room.object()).ok() ? &room.object() : nullptr; });
  read("as", [](auto& fragment, Room<T>& room) {
    const auto* result = ::new (&room) tango::Result<T>{fragment.template as<T>()};
    return *result ? &**result : nullptr;
  });
  const auto in_place = [&](const std::string& way, auto taken) { read_by("reliable", kReliable, way, taken); };
  in_place("payload", [](auto& fragment, Room<T>&) { return reinterpret_cast<const T*>(fragment.payload().data()); });
  in_place("view_as", [](auto& fragment, Room<T>&) {
    const auto view = fragment.template view_as<T>();
    return view ? &*view : nullptr;
  });
  in_place("PackedArray",
           [](auto& fragment, Room<T>& room) { return ::new (&room) T(tango::PackedArray<T>{fragment.payload()}[0]); });
  const auto checked = [&](const std::string& way, auto taken) { read_by("lossy", kLossy, way, taken); };
  checked("read",
          [](auto& fragment, Room<T>& room) { return fragment.read(0, room.object()) ? &room.object() : nullptr; });
  checked("load, validate", [](auto& fragment, Room<T>& room) {
    T* const value = ::new (&room) T(fragment.template load<T>(0));
    return fragment.validate() ? value : nullptr;
  });
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) {
    return 2;
  }
  add_ways<64>("64 B");
  add_ways<1024>("1 KiB");
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return g_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
