// SPDX-License-Identifier: Apache-2.0
// operator<<: the same text as print, whole, for everything that the core prints.
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <span>
#include <sstream>
#include <string>
#include <tango/ostream.hpp>

using namespace tango;

namespace {

constexpr std::uint64_t kLargest = ~std::uint64_t{0};

template <class T>
std::string streamed(const T& value) {
  std::ostringstream out;
  out << std::hex << std::showbase << value;  // flags for numbers do not matter: the core made the text
  CHECK(&(out << value) == &out);
  const std::string twice = out.str();
  CHECK(twice.size() % 2 == 0);
  CHECK(twice.substr(0, twice.size() / 2) == twice.substr(twice.size() / 2));
  return twice.substr(0, twice.size() / 2);
}

/// As printed into a buffer that cannot be too small.
template <class T>
std::string printed(const T& value) {
  char buffer[4096];
  return std::string{print(value, std::span<char>{buffer})};
}

/// The text is whole, fits what its `print` promises, and with it into the stream's buffer.
template <class T>
void check_whole(const T& value, std::size_t promised) {
  const std::string whole = printed(value);
  CAPTURE(whole);
  CHECK(streamed(value) == whole);
  CHECK(whole.size() <= promised);
  CHECK(promised <= detail::kLongestText);
}

constexpr MetricsSnapshot kLargestSnapshot = {kLargest, kLargest, kLargest, kLargest, kLargest,
                                              kLargest, kLargest, kLargest, kLargest, kLargest};

}  // namespace

TEST_CASE("an Error streams as its name") {
  CHECK(streamed(Error::None) == "None");
  CHECK(streamed(Error::PayloadTooLarge) == "PayloadTooLarge");
  CHECK(streamed(Error::RequestPending) == "RequestPending");
  CHECK(streamed(static_cast<Error>(255)) == "Unknown");
  for (int value = 0; value < 256; ++value) {
    CHECK(streamed(static_cast<Error>(value)) == name(static_cast<Error>(value)));
  }
}

TEST_CASE("a Status streams as it prints, with the largest values too") {
  CHECK(streamed(Status{}) == "None: no error");
  CHECK(streamed(Status{Error::PayloadTooLarge, 9000, 8192}) ==
        "PayloadTooLarge: payload larger than this channel carries: 9000 bytes, at most 8192");
  for (int value = 0; value < 256; ++value) {
    check_whole(Status{static_cast<Error>(value), kLargest, kLargest}, 160);
  }
}

TEST_CASE("metadata streams as it prints, with the largest values too") {
  CHECK(streamed(FragmentMetadata{.seq = 7, .sig = 42, .chunk = 3, .size = 100, .ctl = 3, .ts = 9}) ==
        "seq 7 sig 42 chunk 3 size 100 ctl 3 ts 9");
  for (const std::uint32_t chunk : {kInlineChunk, kInlineChunk - 1}) {
    check_whole(FragmentMetadata{.seq = kLargest,
                                 .sig = kLargest,
                                 .chunk = chunk,
                                 .size = 0xFFFF'FFFFu,
                                 .ctl = 0xFFFF,
                                 .reserved = 0xFFFF,
                                 .ts = 0xFFFF'FFFFu},
                128);
  }
}

TEST_CASE("a MetricsSnapshot streams as it prints, with the largest values too") {
  CHECK(streamed(MetricsSnapshot{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) ==
        "published 1 (2 bytes) backpressure 3 consumed 4 (5 bytes) filtered 6 overruns 7 lost 8 rejected 9 lag 10");
  check_whole(kLargestSnapshot, 320);
}

TEST_CASE("a HistogramSnapshot streams as it prints, with the largest values too") {
  Histogram histogram;
  CHECK(streamed(histogram.snapshot()) == "count 0");
  histogram.record(7);
  CHECK(streamed(histogram.snapshot()) == "count 1 min 7 p50 7 p90 7 p99 7 p99.9 7 p99.99 7 max 7");
  Histogram largest;
  largest.record(kLargest);
  HistogramSnapshot many = largest.snapshot();
  for (int i = 0; i < 63; ++i) {
    many += many;
  }
  check_whole(many, 224);
}

TEST_CASE("a CncState streams as its name") {
  CHECK(streamed(CncState::Boot) == "Boot");
  CHECK(streamed(CncState::Run) == "Run");
  CHECK(streamed(CncState::Halt) == "Halt");
  CHECK(streamed(CncState::Fail) == "Fail");
  CHECK(streamed(static_cast<CncState>(4)) == "Unknown");
}

TEST_CASE("a Cnc streams as it prints, with the largest values too") {
  Cnc cnc;
  CHECK(streamed(cnc) == "state Boot heartbeat 0 request none");
  cnc.heartbeat(kLargest);
  check_whole(cnc, 96);
  REQUIRE(cnc.request(65535));
  CHECK(streamed(cnc) == "state Boot heartbeat 18446744073709551615 request 65535 pending");
  check_whole(cnc, 96);
  REQUIRE(cnc.transition(CncState::Fail));
  CHECK(streamed(cnc) == "state Fail heartbeat 18446744073709551615 request 65535 pending");
}

TEST_CASE("a text is one field: width and fill apply to the whole") {
  std::ostringstream out;
  out << std::setfill('.') << std::setw(8) << Error::Moved << '|' << std::left << std::setw(16) << Status{} << '|';
  CHECK(out.str() == "...Moved|None: no error..|");
}

TEST_CASE("what became of a large message is printed as its name") {
  CHECK(streamed(ReassemblyStatus::Incomplete) == "Incomplete");
  CHECK(streamed(ReassemblyStatus::Complete) == "Complete");
  CHECK(streamed(ReassemblyStatus::Dropped) == "Dropped");
  CHECK(streamed(ReassemblyStatus::Skipped) == "Skipped");
  CHECK(streamed(static_cast<ReassemblyStatus>(4)) == "Unknown");
}

TEST_CASE("a poll's outcome is printed as its name") {
  CHECK(streamed(PollStatus::Fragment) == "Fragment");
  CHECK(streamed(PollStatus::Empty) == "Empty");
  CHECK(streamed(PollStatus::Overrun) == "Overrun");
  CHECK(streamed(PollStatus::Stopped) == "Stopped");
  CHECK(streamed(PollStatus::Rejected) == "Rejected");
  CHECK(streamed(PollStatus::Refused) == "Refused");
  CHECK(name(static_cast<PollStatus>(6)) == "Unknown");
}
