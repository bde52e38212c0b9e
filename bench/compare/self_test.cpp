// SPDX-License-Identifier: Apache-2.0
// tango_compare_self_test FAULT [OPTION]...: tango_compare with a peer that has one fault, to show that the fault is
// found:
//
//     none | wrong_byte | swapped | twice | lap | silent | stuck
//     wrong_byte_in_a_row | swapped_in_a_row | lap_in_a_row      its messages are received as rows
//     stalled                                  it is sound, but its sender does nothing for 5 ms (paced_100k)
//
// Exits as tango_compare does: with 1 for each of them but `none` and `stalled`.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "compare.hpp"
#include "enter.hpp"
#include "queues/tango.hpp"

namespace {

using bench::Message;

enum class Fault : std::uint8_t { None, WrongByte, Swapped, Twice, Lap, Silent, Stuck, Stalled };

/// Our own queue, whose sender does something wrong at its message number 5000. `kInARow`: its messages are received as
/// rows.
template <Fault kFault, bool kInARow>
struct Faulty {
  template <std::size_t Bytes, std::size_t Capacity>
  class Queue : public bench::TangoPoll<Bytes, Capacity> {
    using Right = bench::TangoPoll<Bytes, Capacity>;

   public:
    static constexpr const char* kQueue = "the faulty queue";

    template <class Wait>
    class Sender : Right::template Sender<Wait> {
      using Base = typename Right::template Sender<Wait>;

     public:
      using Base::Base;
      bool send(const Message<Bytes>& message) {
        ++sent_;
        if (kFault == Fault::Silent && sent_ > 5000) {
          return true;
        }
        if (sent_ != 5000 || kFault == Fault::None || kFault == Fault::Silent) {
          return Base::send(message);
        }
        if (kFault == Fault::Stuck) {
          const volatile bool never = false;  // volatile: a loop that does nothing may be taken for one that ends
          while (!never) {                    // as calls do that wait by themselves
          }
        }
        if (kFault == Fault::Stalled) {
          for (const auto until = bench::Clock::now() + std::chrono::milliseconds{5}; bench::Clock::now() < until;) {
          }
          return Base::send(message);
        }
        const std::size_t here = static_cast<std::size_t>(&message - bench::kMessages<Bytes>.table().data());
        Message<Bytes> other = message;
        switch (kFault) {
          case Fault::WrongByte:
            other.words.back() ^= std::uint64_t{1} << 63;
            break;
          case Fault::Swapped:
            other = bench::kMessages<Bytes>[here + 1];
            break;
          case Fault::Twice:
            return Base::send(message) && Base::send(message);
          case Fault::Lap:  // the ring came round before its reader had read this one
            other = bench::kMessages<Bytes>[here + Capacity];
            break;
          case Fault::None:
          case Fault::Silent:
          case Fault::Stuck:
          case Fault::Stalled:
            return true;
        }
        return Base::send(other);
      }

     private:
      std::uint64_t sent_ = 0;
    };

    template <class Wait>
    class Receiver : Right::template Receiver<Wait> {
      using Base = typename Right::template Receiver<Wait>;

     public:
      using Base::Base;
      template <class Use>
      std::uint64_t receive(std::uint64_t most, Use use) {
        return Base::receive(most, [&use](const std::byte* bytes) {
          if constexpr (kInARow) {
            use.row(bytes, 1);
          } else {
            use(bytes);
          }
        });
      }
    };
  };
};

template <std::size_t Bytes, std::size_t Capacity>
using Sound = bench::TangoPoll<Bytes, Capacity>;

template <Fault kFault, bool kInARow = false>
bench::Field field_with() {
  bench::Field field;
  if constexpr (kFault == Fault::Stalled) {
    bench::detail::enter_at<bench::Kind::Paced, 64, Sound, 1024>(field);
    bench::detail::enter_at<bench::Kind::Paced, 64, Faulty<kFault, kInARow>::template Queue, 1024>(field);
  }
  bench::enter<bench::Kind::Throughput, Sound, 64>(field);
  bench::enter<bench::Kind::Throughput, Faulty<kFault, kInARow>::template Queue, 64>(field);
  return field;
}

bench::Field field_with(std::string_view fault) {
  return fault == "wrong_byte"            ? field_with<Fault::WrongByte>()
         : fault == "swapped"             ? field_with<Fault::Swapped>()
         : fault == "twice"               ? field_with<Fault::Twice>()
         : fault == "lap"                 ? field_with<Fault::Lap>()
         : fault == "silent"              ? field_with<Fault::Silent>()
         : fault == "stuck"               ? field_with<Fault::Stuck>()
         : fault == "stalled"             ? field_with<Fault::Stalled>()
         : fault == "wrong_byte_in_a_row" ? field_with<Fault::WrongByte, true>()
         : fault == "swapped_in_a_row"    ? field_with<Fault::Swapped, true>()
         : fault == "lap_in_a_row"        ? field_with<Fault::Lap, true>()
                                          : field_with<Fault::None>();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: tango_compare_self_test FAULT [OPTION]...\n");
    return 2;
  }
  // Faults that are found by waiting; both limits are far from what a sound queue needs here, on a busy machine, too.
  if (std::string_view{argv[1]} == "stuck") {
    bench::g_patience_s = 10;
    bench::g_yields_before_hopeless = ~std::uint64_t{0} / 2;  // the other side would give up first, or not
  } else if (std::string_view{argv[1]} == "silent") {
    bench::g_yields_before_hopeless = 200'000;
  }
  return bench::compare(argc - 1, argv + 1, field_with(argv[1]));
}
