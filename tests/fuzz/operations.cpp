// SPDX-License-Identifier: Apache-2.0
// Sequences of operations on every legal combination of kind, metrics and message type, in several shapes, against the
// model of support/trial.hpp. The first bytes choose the channel, the rest what is done to it.
#include <cstddef>
#include <cstdint>
#include <tango/tango.hpp>

#include "bytes.hpp"
#include "support/combinations.hpp"
#include "support/trial.hpp"

using namespace tango;
using namespace tango::test;

namespace {

template <class Wire>
void run(Bytes& bytes) {
  const std::uint64_t credits = 1 + bytes.below(Wire::kDepth);
  const Seq start = bytes.below(2) == 0 ? kStarts[bytes.below(std::size(kStarts))] : bytes();
  Trial<Wire, Bytes>{start, credits, bytes}.run(400, 0);
}

using Run = void (*)(Bytes&);

template <bool COUNTED, class MESSAGE, std::size_t DEPTH, std::size_t CHUNKS, std::size_t CHUNK = 64,
          std::size_t INLINE = kInlineBytes>
constexpr Run kEveryKind[] = {run<BuiltWiring<Kind::Lossy, COUNTED, MESSAGE, DEPTH, CHUNKS, CHUNK, INLINE>>,
                              run<BuiltWiring<Kind::Reliable, COUNTED, MESSAGE, DEPTH, CHUNKS, CHUNK, INLINE>>,
                              run<BuiltWiring<Kind::Observed, COUNTED, MESSAGE, DEPTH, CHUNKS, CHUNK, INLINE>>};

/// A message of two chunks.
struct Wide {
  std::uint64_t words[12];
};

// Every combination, and shapes that are hard in their own way: as many chunks as slots hold, few, the smallest of all,
// messages of two chunks, chunks of two lines; no chunks, one type in slots, and slots without payload.
constexpr const Run* kRuns[] = {
    kEveryKind<false, AnyMessage, 8, 16>,    kEveryKind<true, AnyMessage, 16, 2>,
    kEveryKind<false, Quote, 2, 2>,          kEveryKind<true, Wide, 8, 4>,
    kEveryKind<false, AnyMessage, 4, 8, 65>, kEveryKind<true, AnyMessage, 4, 0, 0, 64>,
    kEveryKind<false, Wide, 8, 0, 0, 96>,    kEveryKind<false, AnyMessage, 8, 4, 64, 0>,
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes{{data, size}};
  const Run* const kinds = kRuns[bytes.below(std::size(kRuns))];
  kinds[bytes.below(3)](bytes);
  return 0;
}
