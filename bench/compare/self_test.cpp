// SPDX-License-Identifier: Apache-2.0
// tango_compare_self_test FAULT [OPTION]...: tango_compare with a peer that has one fault, to show that the fault is
// found:
//
//     none | wrong_byte | swapped | twice | lap | silent
//     wrong_byte_in_a_row | swapped_in_a_row | lap_in_a_row      its messages are received as rows
//
// Exits as tango_compare does: with 1 for each of them but `none`.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "compare.hpp"
#include "enter.hpp"
#include "queues/tango.hpp"

namespace {

using bench::Message;

enum class Fault : std::uint8_t { None, WrongByte, Swapped, Twice, Lap, Silent };

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
  return bench::compare(argc - 1, argv + 1, field_with(argv[1]));
}
