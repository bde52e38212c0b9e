// SPDX-License-Identifier: Apache-2.0
// Views: readers that no producer waits for, and that know the channel's geometry only at run time. What they report as
// intact is intact, also on reliable channels, whose producer marks nothing.
#include "support.hpp"

namespace tango::model {

namespace {

/// Whether the first message was read. Notes the outcome.
bool is_read(detail::RingReadStatus status) {
  switch (status) {
    case detail::RingReadStatus::Ok:
      reached("read");
      return true;
    case detail::RingReadStatus::NotReady:
      reached("not ready");
      return false;
    case detail::RingReadStatus::Overrun:
      reached("given back or overwritten");
      return false;
    default:
      fail("metadata that no thread has stored");
      return false;
  }
}

/// A reliable channel, and a reader that knows its geometry. All words are atomic: the payloads are in their slots,
/// which consist of words.
struct ViewedSlots : Parts<2, 2, Plain> {
  static constexpr const char* kName = "a view of a reliable channel";
  static constexpr const char* kBound =
      "depth 2, 2 credits, 3 messages of 12 bytes in their slots, 1 read of the first";
  static constexpr const char* kMustReach[] = {"read", "not ready", "given back or overwritten", "had to wait"};
  static constexpr int kMessages = 3;
  using Slot = typename decltype(mcache)::Layout;

  ViewedSlots() : Parts{kStart, 2, false} {}

  FlowProducer producer{mcache, dcache, fseq, fctl};
  Reliable consumer{mcache, dcache, fctl, kStart};
  detail::RingReader reader{detail::inside(mcache).control,
                            {.depth = 2, .slot_bytes = Slot::kSlotBytes, .inline_bytes = Slot::kPayloadBytes},
                            detail::inside(mcache).slots[0].payload.data(),
                            nullptr,
                            detail::Validation::AnnouncedLimit,
                            2};

  void produce() { publish_all<12>(producer, kMessages); }
  void take() { consume(consumer, kMessages); }
  void look() {
    std::byte buffer[kInlineBytes];
    detail::SlotWords words;
    if (is_read(reader.read(kStart, buffer, words))) {
      const Payload<12> expected{kStart};
      check(words.sig == word_of(kStart) && words.size() == 12, "wrong metadata");
      check(__builtin_memcmp(buffer, expected.bytes().data(), 12) == 0, "a torn payload");
    }
  }
  /// What is at rest is reported as it is.
  void after() {
    const Seq position = reader.position();
    check(position == kStart + kMessages, "a wrong position");
    const Seq limit = detail::inside(mcache).control.limit.load(detail::memory_order_relaxed);
    check(reader.oldest(kStart, position) == limit - 2, "a wrong range");
  }
  TANGO_MODEL_THREADS(ViewedSlots, {"producer", &ViewedSlots::produce}, {"consumer", &ViewedSlots::take},
                      {"view", &ViewedSlots::look})
};

/// One chunk under all messages. The chunk consists of atomic words, because of plain bytes the memory model says
/// nothing while they change (ring_reader.hpp). So the producer's steps are written down here; limit and credits are
/// the library's.
struct ViewedChunk {
  static constexpr const char* kName = "a view of a reliable channel, chunks used again";
  static constexpr const char* kBound = "depth 2, 1 credit, 1 chunk of 2 words, 2 messages, 1 read of the first";
  static constexpr const char* kMustReach[] = {"read", "not ready", "given back or overwritten", "had to wait"};
  static constexpr std::uint64_t kCredits = 1;
  static constexpr std::size_t kWords = 2;

  detail::RingControl control{kStart, 1, detail::ChannelKind::Reliable};
  using Slot = detail::Slot<SlotLayout<0>>;

  Slot slots[2];
  detail::SharedWord chunk[kWords];
  detail::CreditMembers members;
  detail::CreditPlace places[1];
  detail::CreditLimit limit{members, places, kCredits};
  detail::RingReader reader{
      control,
      {.depth = 2, .slot_bytes = sizeof(Slot), .inline_bytes = 0, .chunks = 2, .chunk_size = kWords * 8},
      &slots[0].metadata.sig,
      chunk,
      detail::Validation::AnnouncedLimit,
      kCredits};

  ViewedChunk() {
    declare_name(control.limit, "limit");
    declare_name(slots[0], "slot0");
    declare_name(slots[1], "slot1");
    declare_name(chunk, "chunk");
    declare_name(places[0].position, "place0.position");
    for (Seq s = kStart; s != kStart + 2; ++s) {
      slot(s).seq.mark(s);
    }
    limit.start(kStart);
    detail::CreditPlacesView view{members, places};
    check(view.activate(view.take({kStart}), {kStart}, control.limit, kCredits) == kStart, "no place");
  }

  Slot& slot(Seq s) { return slots[s & 1]; }

  void produce() {
    for (Seq s = kStart; s != kStart + 2; ++s) {
      until_room([&] {
        if (limit.left(s) <= 0) {
          limit.refill(control, s);
        }
        return limit.left(s) > 0;
      });
      for (std::size_t i = 0; i != kWords; ++i) {
        chunk[i].store(word_of(s, i), detail::memory_order_relaxed);
      }
      slot(s).metadata.write(detail::SlotWords::of(0, kWords * 8, {.sig = word_of(s)}));
      slot(s).seq.publish(s);
    }
  }
  void take() {
    until([this] { return slot(kStart).seq.observe() == kStart; });
    for (std::size_t i = 0; i != kWords; ++i) {
      check(chunk[i].load(detail::memory_order_relaxed) == word_of(kStart, i), "overwritten while it was held");
    }
    places[0].give_back(kStart + 1);
  }
  void look() {
    std::uint64_t copy[kWords];
    detail::SlotWords words;
    if (is_read(reader.read(kStart, std::as_writable_bytes(std::span{copy}), words))) {
      check(words.sig == word_of(kStart), "a wrong sig");
      for (std::size_t i = 0; i != kWords; ++i) {
        check(copy[i] == word_of(kStart, i), "a torn payload");
      }
    }
  }
  TANGO_MODEL_THREADS(ViewedChunk, {"producer", &ViewedChunk::produce}, {"consumer", &ViewedChunk::take},
                      {"view", &ViewedChunk::look})
};

/// What a view says of a channel's state, of a lossy one and of one with places.
template <bool Flow>
struct ViewedState {
  static constexpr auto builder() {
    constexpr auto kLossy = ChannelBuilder<2, 2, 64>{}.starting_at(kStart);
    if constexpr (Flow) {
      return kLossy.template with_flow_control<1>(1);
    } else {
      return kLossy;
    }
  }
  using Channel = typename decltype(builder())::Channel;
  static constexpr const char* kName = Flow ? "the state of a reliable channel" : "the state of a lossy channel";
  static constexpr const char* kBound = "depth 2, 1 message of 8 bytes, a stop, 1 look at everything";
  static constexpr const char* kMustReach[] = {"closed", "open", "published", "not published"};

  ViewedState() {
    detail::RingControl& control = detail::inside(channel->mcache()).control;
    declare_name(control, "control");
    declare_name(control.position, "position");
    declare_name(control.closed_at, "closed_at");
    declare_name(detail::inside(channel->mcache()).slot(kStart).seq, "slot0.seq");
    declare_name(nothing, "nothing");
  }

  alignas(kSeparation) std::byte memory[sizeof(Channel)];
  alignas(kSeparation) std::byte nothing[sizeof(detail::Superblock)] = {};
  Channel* channel = *builder().build_in(memory);
  ChannelView view = *view_channel(memory);
  typename Channel::Producer producer = channel->producer();

  void produce() {
    check(publish<8>(producer).ok(), "refused");
    producer.stop();
  }
  void look() {
    check(view_channel(nothing).status() == Error::NoChannel, "a channel where there is none");
    const auto state = view.state();
    check(static_cast<bool>(state), "replaced");
    check(state->position == kStart || state->position == kStart + 1, "a position that never was");
    check(!state->closed || state->position == kStart + 1, "closed at a number that is not the last");
    reached(state->closed ? "closed" : "open");
    reached(state->position == kStart ? "not published" : "published");
    const auto range = view.readable();
    check(range && range->first == kStart && seq_le(state->position, range->next), "a range that never was");
    if constexpr (Flow) {
      const auto place = view.place(0);
      check(place && place->state == PlaceState::Free, "nobody is there");
    }
  }
  TANGO_MODEL_THREADS(ViewedState, {"producer", &ViewedState::produce}, {"view", &ViewedState::look})
};

/// What is read while another channel is being made in the same memory is not taken for the one that was there.
struct ReplacedUnderView {
  struct Descriptor {
    std::uint64_t generation;
  };
  static constexpr const char* kName = "a channel is replaced under a view";
  static constexpr const char* kBound = "1 word of the channel, 1 look";
  static constexpr const char* kMustReach[] = {"still there", "replaced"};

  detail::BasicSuperblock<Descriptor> label{Descriptor{1}};
  detail::SharedWord word{1};

  ReplacedUnderView() {
    declare_name(label, "label");
    declare_name(label.magic, "magic");
    declare_name(word, "word");
    label.show();
  }

  void make() {
    ::new (static_cast<void*>(&label)) detail::BasicSuperblock<Descriptor>{Descriptor{2}};
    word.store(2, detail::memory_order_relaxed);
    label.show();
  }
  void look() {
    const std::uint64_t read = word.load(detail::memory_order_relaxed);
    if (label.still_says(offsetof(Descriptor, generation), 1)) {
      check(read == 1, "a word of another channel");
      reached("still there");
    } else {
      reached("replaced");
    }
  }
  TANGO_MODEL_THREADS(ReplacedUnderView, {"maker", &ReplacedUnderView::make}, {"view", &ReplacedUnderView::look})
};

}  // namespace

void add_view_models(std::vector<Program>& to) {
  to.push_back(program_of<ViewedSlots>());
  to.push_back(program_of<ViewedChunk>());
  to.push_back(program_of<ViewedState<true>>());
  to.push_back(program_of<ViewedState<false>>());
  to.push_back(program_of<ReplacedUnderView>());
}

}  // namespace tango::model
