// SPDX-License-Identifier: Apache-2.0
// A sequence of operations against a model that keeps every message for ever: the properties of properties.test.cpp,
// whoever decides what comes next.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "channel.hpp"
#include "endpoints.hpp"

namespace tango::test {

/// The channel did not do what the model says.
struct Contradiction : std::logic_error {
  using std::logic_error::logic_error;
};

/// From here on, messages, consumers' places and so on are counted from 0: `start + index` is the number.
using Index = std::uint64_t;

struct Expected {
  std::vector<std::byte> bytes;
  MessageInfo info;
  bool intact = true;  ///< its slot answers to its number
};

/// The bytes of the `index`-th message: no two are alike, from eight bytes on.
inline std::vector<std::byte> bytes_for(Index index, std::size_t size) {
  Random random{index + 1};
  std::vector<std::byte> bytes(size);
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i) {
    if (i % 8 == 0) {
      word = random();
    }
    bytes[i] = static_cast<std::byte>(word >> (i % 8 * 8));
  }
  return bytes;
}

/// A filter: sigs are 0 … 7, and a bit says whether one passes.
struct Mask {
  std::uint8_t passes = 0xFF;
  bool operator()(std::uint64_t sig) const { return (passes >> sig & 1) != 0; }
};

/// The chunks as the DCache's documentation says: a ring, first in, first out, the tail skipped if a run does not fit.
template <std::size_t N>
struct ChunkModel {
  struct Run {
    Index owner;
    std::uint64_t begin;
  };
  std::uint64_t head = 0;
  std::deque<Run> runs;

  std::uint64_t place(std::size_t chunks) const { return N - head % N >= chunks ? head : head + N - head % N; }
  void forget_before(Index live) {
    while (!runs.empty() && runs.front().owner < live) {
      runs.pop_front();
    }
  }
  bool fits(std::size_t chunks, Index live) const {
    const auto first = std::find_if(runs.begin(), runs.end(), [live](const Run& run) { return run.owner >= live; });
    return place(chunks) + chunks - (first == runs.end() ? head : first->begin) <= N;
  }
  void take(std::size_t reserved, std::size_t used, Index owner) {
    runs.push_back({owner, place(reserved)});
    head = place(reserved) + used;
  }
};

/// A consumer beside what it should be.
template <class C>
struct Reader {
  Reader(C&& made, Seq start)
      : consumer{std::move(made)}, first{consumer.first() - start}, next{first}, released{first} {}

  C consumer;
  Index first;
  Index next;
  Index released;  ///< reliable: given back up to here
  std::uint64_t filtered = 0;
  std::uint64_t lost = 0;
  std::uint32_t setbacks = 0;  ///< lossy: overruns, and looks of which something was found gone
  bool kept_up = false;
  bool behind = false;
  bool missed = false;
  std::vector<Index> out;  ///< what is held; of a lossy consumer, as long as it has not been found gone

  std::optional<Poll<typename C::Fragment>> fragment;
  std::array<typename C::Item, 8> storage;
  std::optional<Batch<typename C::Item>> batch;
};

/// `Wire` is a `Wiring` or a `BuiltWiring`. `Choices` is what decides: `Random`, or a fuzzer's `Bytes`.
template <class Wire, class Choices = Random>
class Trial {
  static constexpr bool kFlow = Wire::kFlow;
  static constexpr bool kWords = Wire::kKind != Kind::Reliable;
  static constexpr bool kTyped = Wire::kTyped;
  static constexpr std::size_t kDepth = Wire::kDepth;
  static constexpr bool kChunked = Wire::kChunks != 0;
  using P = decltype(std::declval<Wire&>().producer());
  static constexpr std::size_t kMost = P::max_payload();
  using Own = decltype(std::declval<Wire&>().consumer(0));
  using Observer = Reader<typename Wire::Observer>;

 public:
  Trial(Seq start, std::uint64_t credits, Choices choices)
      : start_{start}, credits_{credits}, random_{choices}, c_{start, credits} {
    producer_.emplace(c_.producer());
    expect(producer_->status().ok(), "a producer");
  }

  /// At most `steps`, fewer if the choices run out; the channel is not stopped before so many of them.
  void run(int steps, int before_stop) {
    before_stop_ = before_stop;
    for (step_ = 0; step_ < steps && !random_.empty(); ++step_) {
      one_step();
      look_at_everything();
    }
    drain();
  }

  std::uint64_t published() const { return messages_.size(); }
  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t lost() const { return lost_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t restored() const { return restored_; }

 private:
  void expect(bool holds, const char* what) const {
    if (!holds) {
      throw Contradiction{"step " + std::to_string(step_) + ": " + what};
    }
  }

  Seq seq(Index index) const { return start_ + index; }
  Index next() const { return messages_.size(); }

  // ------------------------------------------------------------------------------------------------------- the model

  /// Everything before this has been consumed.
  Index consumed() const {
    if (readers_.empty()) {
      return kept_ ? *kept_ : abandoned_ ? next() : 0;
    }
    Index least = next();
    for (const auto& reader : readers_) {
      least = std::min(least, reader->released);
    }
    return least;
  }

  std::uint64_t available() const {
    if (!kFlow) {
      return kDepth;
    }
    return consumed() + credits_ > next() ? consumed() + credits_ - next() : 0;
  }

  /// What a publish or reserve of `size` bytes, `chunks` chunks must return; applies a None to the model.
  Error admit(std::size_t size, std::size_t chunks) {
    if (size > kMost) {
      return closed_ ? Error::Stopped : Error::PayloadTooLarge;
    }
    if (closed_) {
      return Error::Stopped;
    }
    if (room_) {
      return Error::ReservationOpen;
    }
    if (stop_asked_) {
      closed_ = true;
      return Error::Stopped;
    }
    if (kFlow && (available() == 0 || (chunks != 0 && !chunks_.fits(chunks, consumed())))) {
      return Error::NoCredits;
    }
    if (kWords && chunks != 0) {
      chunks_.forget_before(next() >= kDepth ? next() - kDepth + 1 : 0);
      while (!chunks_.fits(chunks, 0)) {
        const Index victim = chunks_.runs.front().owner;
        messages_[victim].intact = false;
        oldest_ = victim + 1;
        chunks_.runs.pop_front();
      }
    } else if (chunks != 0) {
      // Not what is before consumed(): a consumer may yet join further back, as long as the producer has not looked.
      chunks_.forget_before(next() > kDepth ? next() - kDepth : 0);
    }
    return Error::None;
  }

  void slot_is_reused() {
    if (next() >= kDepth) {
      messages_[next() - kDepth].intact = false;
    }
  }

  void publish_in_model(std::vector<std::byte> bytes, const MessageInfo& info) {
    slot_is_reused();
    messages_.push_back({std::move(bytes), info});
  }

  struct Look {
    PollStatus status;
    Index found;
  };

  /// What a look must find. Does to the model what it does to the consumer, but for giving back.
  template <class R>
  Look look(R& reader, Mask mask, Resume resume, std::size_t& most) {
    constexpr bool kLossy = std::is_same_v<R, Observer>;
    for (; most != 0; --most) {
      const Index at = reader.next;
      if (at == next()) {
        return {closed_ ? PollStatus::Stopped : PollStatus::Empty, 0};
      }
      if (kLossy && !messages_[at].intact) {
        return overrun(reader, resume);
      }
      reader.kept_up = true;
      ++reader.next;
      if (!mask(messages_[at].info.sig)) {
        ++reader.filtered;
        continue;
      }
      --most;
      return {PollStatus::Fragment, at};
    }
    return {PollStatus::Empty, 0};
  }

  template <class R>
  Look overrun(R& reader, Resume resume) {
    const Index at = reader.next;
    const Index oldest = std::max(oldest_, next() > kDepth ? next() - kDepth : 0);
    const bool latest = resume == Resume::Latest || reader.setbacks >= 4;
    const Index target = latest ? std::max(oldest, next() - 1) : oldest + (next() - oldest) / 8;
    reader.next = std::min(next(), std::max(at + 1, target));
    reader.lost += reader.next - at;
    ++reader.setbacks;
    reader.kept_up = reader.behind = false;
    return {PollStatus::Overrun, reader.next - at};
  }

  /// Before a poll looks: whether it must go on at the latest.
  template <class R>
  bool settle(R& reader) {
    if (std::exchange(reader.missed, false)) {
      reader.kept_up = false;
      reader.behind = ++reader.setbacks >= 4;
    } else if (reader.kept_up) {
      reader.setbacks = 0;
      reader.behind = false;
    }
    return reader.behind && reader.next + 1 < next();
  }

  // -------------------------------------------------------------------------------------------------------- the steps

  void one_step() {
    switch (random_.below(kFlow ? 20 : 16)) {
      case 0:
      case 1:
      case 2:
      case 3:
        publish();
        break;
      case 4:
        if constexpr (!kTyped) {
          publish_batch();
        }
        break;
      case 5:
      case 6:
        if constexpr (!kTyped) {
          reserve();
        }
        break;
      case 7:
      case 8:
        if constexpr (!kTyped) {
          finish_reservation();
        }
        break;
      case 9:
        random_.below(4) == 0 ? change_producer() : join_or_leave();
        break;
      case 10:
        if (step_ > before_stop_ && random_.below(20) == 0) {
          stop();
        }
        break;
      default:
        if (!readers_.empty() && (observers_.empty() || random_.below(2) == 0)) {
          use(*readers_[random_.below(readers_.size())]);
        } else if (!observers_.empty()) {
          use(*observers_[random_.below(observers_.size())]);
        }
    }
  }

  std::size_t any_size() {
    if constexpr (kTyped) {
      return sizeof(typename Wire::Message);
    }
    switch (random_.below(8)) {
      case 0:
        return kMost + random_.below(2);
      case 1:
        return random_.below(kMost + 1);
      case 2:
        return 0;
      case 3:
      case 4:
        return random_.below(33);
      default:
        return std::min(random_.below(130), kMost);
    }
  }

  MessageInfo any_info() {
    return {random_.below(8), static_cast<std::uint16_t>(random_()), static_cast<std::uint32_t>(random_())};
  }

  Status submit(const std::vector<std::byte>& bytes, const MessageInfo& info, bool blocking) {
    if constexpr (kTyped) {
      typename Wire::Message value;
      std::memcpy(&value, bytes.data(), sizeof value);
      return blocking ? producer_->publish_blocking(value, info, Bounded{2}) : producer_->publish(value, info);
    } else {
      return blocking ? producer_->publish_blocking(bytes, info, Bounded{2}) : producer_->publish(bytes, info);
    }
  }

  static std::size_t chunks_for([[maybe_unused]] std::size_t size) {
    if constexpr (kChunked) {
      return Wire::Cache::Store::chunks_for(size);
    } else {
      return 0;
    }
  }
  static std::size_t chunks_to_publish(std::size_t size) { return size <= Wire::kInline ? 0 : chunks_for(size); }
  /// Written in place, a message goes into its slot only if slots and chunks consist of the same.
  static std::size_t chunks_to_reserve(std::size_t size) {
    constexpr bool kSame = std::remove_cvref_t<decltype(std::declval<Wire&>().mcache)>::Layout::kWords == kWords;
    return kSame && size <= Wire::kInline ? 0 : chunks_for(size);
  }

  void publish() {
    if (!producer_) {
      return;
    }
    const std::size_t size = any_size();
    const MessageInfo info = any_info();
    const Index index = next();
    auto bytes = bytes_for(index, size);
    const Error must = admit(size, chunks_to_publish(size));
    const Status status = submit(bytes, info, random_.below(4) == 0);
    expect(status.error() == must, "publish answers what it must");
    if (must == Error::None) {
      if (const std::size_t chunks = chunks_to_publish(size); chunks != 0) {
        chunks_.take(chunks, chunks, index);
      }
      publish_in_model(std::move(bytes), info);
    } else {
      refused(must);
    }
  }

  void refused(Error error) {
    ++refused_;
    short_of_room_ += error == Error::NoCredits ? 1 : 0;
  }

  void publish_batch() {
    if (!producer_) {
      return;
    }
    std::vector<std::vector<std::byte>> bytes;
    std::vector<Message> messages;
    const std::size_t count = random_.below(5);
    if (count == 0) {
      publish_packed();
      return;
    }
    for (std::size_t i = 0; i < count; ++i) {
      bytes.push_back(bytes_for(next() + i, any_size()));
    }
    for (const auto& payload : bytes) {
      messages.push_back({payload, any_info()});
    }
    std::size_t accepted = 0;
    Error must = Error::None;
    for (; accepted < count; ++accepted) {
      const std::size_t size = bytes[accepted].size();
      const std::size_t chunks = chunks_to_publish(size);
      must = admit(size, chunks);
      if (must != Error::None) {
        refused(must);
        break;
      }
      if (chunks != 0) {
        chunks_.take(chunks, chunks, next());
      }
      publish_in_model(bytes[accepted], messages[accepted].info);
    }
    const BatchStatus batch = producer_->publish_batch(messages);
    expect(batch.count == accepted, "a batch goes as far as it must");
    expect(batch.status.error() == must, "and says why no further");
  }

  /// Records of one type, as many as there is room for; the last ones may not fit into a message.
  void publish_packed() {
    constexpr std::size_t kFit = kMost / 8;
    const std::size_t all = 1 + random_.below(kFit + 1);
    const std::size_t fitting = std::min(all, kFit);
    const auto bytes = bytes_for(next(), all * 8);
    std::vector<std::uint64_t> records(all);
    std::memcpy(records.data(), bytes.data(), bytes.size());
    const MessageInfo info = any_info();
    const auto admit_records = [&](std::size_t count) { return admit(count * 8, chunks_to_publish(count * 8)); };
    Error must = admit_records(fitting);
    const BatchStatus batch = producer_->publish_packed(records, info);
    if (must != Error::None) {
      refused(must);
      expect(batch.status.error() == must, "packed records are refused for the reason that there is");
      expect(batch.count == 0 || (must == Error::NoCredits && batch.count < fitting), "and no more of them accepted");
      // Not the few that a slot takes for itself.
      constexpr std::size_t kSliver = Wire::kInline / 8;
      expect(batch.count == 0 || batch.count > kSliver, "no message of a few where more are wanted");
      expect(must != Error::NoCredits || !kChunked ||
                 admit_records(std::max(batch.count, kSliver) + 1) == Error::NoCredits,
             "nor fewer");
      if (batch.count == 0) {
        return;
      }
      expect(admit_records(batch.count) == Error::None, "than there is room for");
    } else {
      expect(batch.count == fitting, "all records that fit into a message are packed");
      must = fitting == all ? Error::None : Error::PayloadTooLarge;
      expect(batch.status.error() == must, "and the others named");
    }
    const std::size_t size = batch.count * 8;
    if (const std::size_t chunks = chunks_to_publish(size); chunks != 0) {
      chunks_.take(chunks, chunks, next());
    }
    publish_in_model({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)}, info);
  }

  void reserve() {
    if (!producer_) {
      return;
    }
    const std::size_t size = any_size();
    const Error must = admit(size, chunks_to_reserve(size));
    auto room = producer_->reserve(size);
    expect(room.status().error() == must, "reserve answers what it must");
    if (must != Error::None) {
      refused(must);
      return;
    }
    if (kWords) {
      slot_is_reused();
    }
    fill(room, std::vector<std::byte>(size, std::byte{0xEE}));
    room_.emplace(std::move(room));
  }

  void finish_reservation() {
    if (!room_) {
      return;
    }
    const std::size_t reserved = room_->size();
    const std::size_t used = random_.below(2) == 0 ? reserved : random_.below(reserved + 1);
    if (random_.below(3) == 0) {
      room_.reset();
      return;
    }
    const auto bytes = bytes_for(next(), used);
    const MessageInfo info = any_info();
    fill(*room_, bytes);
    expect(room_->commit_prefix(reserved + 1, info).error() == Error::CommitTooLarge, "no more than was reserved");
    expect((used == reserved ? room_->commit(info) : room_->commit_prefix(used, info)).ok(),
           "a commit is never refused");
    room_.reset();
    if (const std::size_t chunks = chunks_to_reserve(reserved); used != 0 && chunks != 0) {
      chunks_.take(chunks, chunks_for(used), next());
    }
    publish_in_model(bytes, info);
  }

  void change_producer() {
    if (room_) {
      return;
    }
    if (producer_) {
      producer_.reset();
      if (stop_asked_) {
        closed_ = true;
      }
    } else {
      if (random_.below(2) == 0) {
        restore_chunks();
      }
      P made = c_.producer();
      expect(made.status().error() == (closed_ ? Error::Stopped : Error::None), "a successor, unless closed");
      if (made) {
        producer_.emplace(std::move(made));
      }
    }
  }

  /// The account of the chunks is lost, and made anew from the slots: no later step may notice.
  void restore_chunks() {
    if constexpr (kChunked) {
      restore_account();
    }
  }
  void restore_account() {
    Index first = next() > kDepth ? next() - kDepth : 0;
    Index live = first;
    if constexpr (kFlow && !kWords) {
      // A consumer may yet join at what is still protected. (And observers may read whatever is in the ring.)
      const Seq limit = detail::inside(c_.mcache).control.limit.load(std::memory_order_relaxed);
      const std::int64_t protected_from = seq_diff(limit - credits_, start_);
      live = std::max(first, protected_from < 0 ? 0 : static_cast<Index>(protected_from));
      if (random_.below(2) == 0) {
        first = live;
      }
    }
    using Chunks = detail::ChunkRing<Wire::kChunks>;
    bool any = false;
    const auto run = [&](Seq s) -> typename Chunks::Run {
      expect(s - seq(first) < next() - first, "the account asks for no other fragment");
      const auto [status, metadata] = in_slot(c_.mcache, s);
      if (status != ReadStatus::Ok || metadata.chunk == kInlineChunk) {
        return {};
      }
      any = any || s - seq(live) < next() - live;
      return {metadata.chunk, chunks_for(metadata.size)};
    };
    detail::ChunkAccount& account = detail::inside(c_.dcache).account;
    account = {random_(), random_(), random_()};
    Chunks{account}.restore(seq(first), seq(next()), run);
    expect(any || first != live || !Chunks{account}.holds_any(seq(next())), "nothing is held where nothing is needed");
    if (any) {
      const std::uint64_t apart = Chunks{account}.head(seq(next())) - chunks_.head;
      expect(apart % Wire::kChunks == 0, "the newest run ends where it ended");
    } else {
      chunks_ = {};  // nothing is needed, so it may start anywhere
      chunks_.head = Chunks{account}.head(seq(next()));
    }
    if (!producer_ && !closed_) {
      ++restored_;
    }
  }

  void stop() {
    if (random_.below(2) == 0 && producer_ && !room_) {
      producer_->stop();
      closed_ = true;
    } else {
      c_.mcache.stop();
      closed_ = closed_ || !producer_;
    }
    stop_asked_ = true;
  }

  void join_or_leave() {
    const Index back = random_.below(2) == 0 ? random_.below(kDepth + 2) : random_.below(next() + 1);
    Index wanted = next() - std::min(back, next());
    From from{seq(wanted)};
    const std::uint64_t point = random_.below(6);
    if (point < 3) {
      from = std::array{From::Oldest, From::Start, From::Next}[point];
    }
    if (point == 1) {
      wanted = 0;
    } else if (point == 2) {
      wanted = next();
    }
    if (random_.below(2) == 0) {
      if constexpr (kFlow) {
        if (readers_.size() < 3) {
          if (point == 0) {
            wanted = kept_.value_or(0);
          }
          const Index safe = consumed();
          readers_.push_back(std::make_unique<Reader<Own>>(c_.consumer(from), start_));
          const auto& reader = *readers_.back();
          expect(reader.consumer.status().ok(), "a consumer joins");
          expect(reader.first >= wanted, "no earlier than it wants");
          expect(reader.first <= std::max(wanted, safe), "no later than it must");
          if (point == 0 || kept_ == wanted) {
            kept_.reset();  // its place was taken
          }
        }
      }
    } else if constexpr (kWords) {
      if (observers_.size() < 3) {
        if (point == 0) {
          wanted = std::min(next(), std::max(oldest_, next() > kDepth ? next() - kDepth : 0));
        }
        observers_.push_back(std::make_unique<Observer>(c_.observer(from), start_));
        expect(observers_.back()->first == wanted, "an observer gets what it wants");
      }
    }
    if (random_.below(2) == 0) {
      if (kFlow && random_.below(2) == 0) {
        if (!readers_.empty()) {
          leave(random_.below(readers_.size()));
        }
      } else if (!observers_.empty()) {
        retire(observers_, random_.below(observers_.size()));
      }
    }
  }

  /// A reliable consumer leaves, in good order or giving up its position.
  void leave(std::size_t which) {
    if constexpr (kFlow) {
      auto& reader = *readers_[which];
      kept_ = reader.next;
      if (random_.below(3) == 0) {
        reader.fragment.reset();
        reader.batch.reset();
        reader.storage = {};
        reader.consumer.resign();
        expect(reader.consumer.poll().status() == PollStatus::Refused, "one that has resigned polls no more");
        kept_.reset();
        abandoned_ = true;
      }
      retire(readers_, which);
    }
  }

  /// One of them leaves, and what it counted is kept.
  template <class R>
  void retire(std::vector<std::unique_ptr<R>>& readers, std::size_t which) {
    const R& reader = *readers[which];
    delivered_ += reader.consumer.delivered();
    filtered_ += reader.filtered;
    lost_ += reader.lost;
    readers.erase(readers.begin() + static_cast<std::ptrdiff_t>(which));
  }

  // ------------------------------------------------------------------------------------------------------ the readers

  template <class R>
  void use(R& reader) {
    Mask mask;
    if (random_.below(3) == 0) {
      mask.passes = static_cast<std::uint8_t>(random_());
    }
    switch (random_.below(6)) {
      case 0:
      case 1:
        poll(reader, mask);
        break;
      case 2:
        batch(reader, mask);
        break;
      case 3:
        batch_by_callback(reader, mask);
        break;
      case 4:
        range(reader);
        break;
      default:
        release(reader);
    }
  }

  template <class R>
  static constexpr bool kIsLossy = std::is_same_v<R, Observer>;

  template <class R>
  void poll(R& reader, Mask mask) {
    reader.out.clear();
    reader.released = reader.next;
    const Resume resume = random_.below(4) == 0 ? Resume::Latest : Resume::Oldest;
    reader.consumer.set_resume(resume);
    std::size_t most = kDepth;
    const Look must = settle(reader) ? overrun(reader, resume) : look(reader, mask, resume, most);
    auto outcome = mask.passes == 0xFF && random_.below(2) == 0 ? reader.consumer.poll() : reader.consumer.poll(mask);
    expect(outcome.status() == must.status, "poll answers what it must");
    expect(outcome.lost() == (must.status == PollStatus::Overrun ? must.found : 0), "and says how many were lost");
    if (must.status == PollStatus::Fragment) {
      reader.released = must.found;
      reader.out = {must.found};
    } else {
      reader.released = reader.next;
    }
    reader.batch.reset();  // later than the poll that supersedes it
    reader.storage = {};
    reader.fragment.emplace(std::move(outcome));
  }

  template <class R>
  void batch(R& reader, Mask mask) {
    reader.out.clear();
    reader.fragment.reset();
    reader.storage = {};
    const std::size_t max = random_.below(reader.storage.size() + 1);
    const Index from = reader.next;
    reader.released = from;
    const BatchResult must = look_for_batch(reader, mask, max);
    reader.consumer.set_resume(Resume::Oldest);
    auto batch = reader.consumer.poll_batch(std::span{reader.storage}.first(max), mask);
    expect(batch.size() == must.count, "a batch has what it must");
    expect(batch.status() == must.status, "and says what follows");
    expect(batch.lost() == must.lost, "and how many were lost");
    if (must.count == 0) {
      reader.released = reader.next;
    }
    reader.batch.emplace(std::move(batch));
  }

  template <class R>
  void batch_by_callback(R& reader, Mask mask) {
    reader.out.clear();
    reader.fragment.reset();
    reader.batch.reset();
    reader.storage = {};
    const std::size_t max = random_.below(12);
    const BatchResult must = look_for_batch(reader, mask, max);
    reader.consumer.set_resume(Resume::Oldest);
    std::size_t calls = 0;
    const BatchResult got = reader.consumer.poll_batch(
        max,
        [&](auto& item) {
          expect(calls < reader.out.size() && right(item, reader.out[calls]), "each is called with what it must");
          ++calls;
        },
        mask);
    expect(got.count == must.count && calls == must.count && got.status == must.status && got.lost == must.lost,
           "a batch by callback answers what it must");
    settle(reader);
    reader.out.clear();
    reader.released = reader.next;
  }

  /// A few elements of the range, which goes on behind what was lost.
  template <class R>
  void range(R& reader) {
    reader.out.clear();
    reader.fragment.reset();
    reader.batch.reset();
    reader.storage = {};
    reader.consumer.set_resume(Resume::Oldest);
    std::size_t elements = 1 + random_.below(3);
    auto fragments = reader.consumer.fragments(Bounded{1});
    for (auto at = fragments.begin();; ++at) {
      std::uint64_t lost = 0;
      Look must{};
      do {
        std::size_t most = kDepth;
        must = settle(reader) ? overrun(reader, Resume::Oldest) : look(reader, Mask{}, Resume::Oldest, most);
        lost += must.status == PollStatus::Overrun ? must.found : 0;
      } while (must.status == PollStatus::Overrun);
      expect((at == fragments.end()) == (must.status != PollStatus::Fragment), "a range ends where it must");
      if (must.status != PollStatus::Fragment) {
        expect(fragments.status() == must.status && fragments.lost() == lost, "and says why, and what was lost");
        break;
      }
      expect(right(*at, must.found) && at->lost_before() == lost, "an element is what it must be");
      if (--elements == 0) {
        break;
      }
    }
    reader.released = reader.next;
  }

  template <class R>
  BatchResult look_for_batch(R& reader, Mask mask, std::size_t max) {
    BatchResult result;
    std::size_t most = kDepth;
    if (settle(reader)) {
      result.status = PollStatus::Overrun;
      result.lost = overrun(reader, Resume::Oldest).found;
      most = 0;
    }
    while (result.count < max && most != 0) {
      const Look found = look(reader, mask, Resume::Oldest, most);
      result.status = found.status;
      if (found.status != PollStatus::Fragment) {
        result.lost = found.status == PollStatus::Overrun ? found.found : 0;
        break;
      }
      reader.out.push_back(found.found);
      ++result.count;
    }
    if (result.status == PollStatus::Empty && most == 0 && result.count != 0) {
      result.status = PollStatus::Fragment;  // it did not come to the end
    }
    return result;
  }

  template <class R>
  void release(R& reader) {
    if constexpr (kIsLossy<R>) {
      check_held_by_lossy(reader);
      reader.consumer.release();
      settle(reader);
    } else {
      reader.out.clear();
      switch (random_.below(3)) {
        case 0:
          reader.consumer.release();
          break;
        case 1:
          if (reader.fragment && *reader.fragment) {
            (*reader.fragment)->release();
          } else if (reader.batch) {
            reader.batch->release();
          }
          break;
        default:
          reader.fragment.reset();
          reader.batch.reset();
      }
      reader.released = reader.next;
    }
  }

  template <class Item>
  bool right(Item& item, Index index) const {
    const Expected& expected = messages_[index];
    const FragmentMetadata& m = item.metadata();
    if (m.seq != seq(index) || m.sig != expected.info.sig || m.ctl != expected.info.ctl || m.ts != expected.info.ts ||
        m.reserved != 0 || m.size != expected.bytes.size()) {
      return false;
    }
    const auto bytes = bytes_of(item);
    return bytes && *bytes == expected.bytes;
  }

  template <class R, class F>
  void each_held(R& reader, F what) {
    for (std::size_t i = 0; i < reader.out.size(); ++i) {
      if (reader.fragment) {
        what(**reader.fragment, reader.out[i]);
      } else {
        what(reader.storage[i], reader.out[i]);
      }
    }
  }

  /// What validates is right, and what is intact validates.
  void check_held_by_lossy(Observer& reader) {
    std::vector<Index> still;
    each_held(reader, [&](auto& item, Index index) {
      if (messages_[index].intact) {
        expect(right(item, index), "what is intact validates and is right");
        still.push_back(index);
      } else {
        expect(!bytes_of(item), "what is gone does not validate");
        expect(!item.validate(), "and stays invalid");
        ++reader.lost;
        reader.missed = true;
      }
    });
    if (still.size() != reader.out.size()) {
      reader.out.clear();
      reader.fragment.reset();
      reader.batch.reset();
      reader.storage = {};
    }
  }

  // ------------------------------------------------------------------------------------------- after each of the steps

  template <class R>
  void check_accounts(const R& reader) const {
    const auto& consumer = reader.consumer;
    expect(consumer.first() == seq(reader.first), "first stays");
    expect(consumer.next_seq() == seq(reader.next), "next is where it must be");
    expect(consumer.filtered() == reader.filtered, "filtered are counted");
    expect(consumer.lost() == reader.lost, "lost are counted");
    expect(consumer.rejected() == 0, "nothing is rejected");
    expect(accounts_add_up(consumer), "the accounts add up");
  }

  void look_at_everything() {
    expect(c_.mcache.position() == seq(next()) && c_.fseq.load() == seq(next()), "the positions are the next number");
    expect(c_.mcache.closed() == closed_, "closed when it must be");
    if (producer_) {
      expect(producer_->next_seq() == seq(next()), "the producer's next number");
      if (random_.below(4) == 0) {  // not always: asking refreshes what the producer knows
        expect(producer_->available() == (closed_ || stop_asked_ ? 0 : available()), "credits are conserved");
      }
    }
    for (const auto& reader : readers_) {
      check_accounts(*reader);
      expect(reader->lost == 0, "nothing is lost under flow control");
      each_held(*reader, [&](auto& item, Index index) { expect(right(item, index), "what is held stays as it is"); });
    }
    for (const auto& observer : observers_) {
      check_accounts(*observer);
    }
    const Index safe = kWords ? 0 : consumed();
    for (Index i = next() > 2 * kDepth ? next() - 2 * kDepth : 0; i < next(); ++i) {
      const auto [status, metadata] = in_slot(c_.mcache, seq(i));
      expect((status == ReadStatus::Ok) == messages_[i].intact, "a slot answers exactly as long as it must");
      if (status != ReadStatus::Ok) {
        expect(status == ReadStatus::Overrun, "and is overrun afterwards");
      } else if (i >= safe) {
        expect(payload(metadata) == messages_[i].bytes, "a slot that answers has its payload intact");
      }
    }
    expect(in_slot(c_.mcache, seq(next())).status == ReadStatus::NotReady, "the next number is not there yet");
  }

  std::vector<std::byte> payload(const FragmentMetadata& metadata) {
    std::vector<std::byte> bytes(metadata.size);
    if (metadata.chunk == kInlineChunk) {
      const auto* const in_slot = detail::inside(c_.mcache).slot(metadata.seq).payload.data();
      if constexpr (Wire::kInline == 0) {
        expect(bytes.empty(), "a slot without room for payload holds none");
      } else if constexpr (std::is_same_v<decltype(in_slot), const std::byte* const>) {
        std::copy_n(in_slot, bytes.size(), bytes.begin());
      } else {
        detail::load_words(bytes.data(), in_slot, bytes.size());
      }
    } else if constexpr (!kChunked) {
      expect(false, "without chunks every message is in its slot");
    } else if constexpr (kWords) {
      detail::load_words(bytes.data(), detail::inside(c_.dcache).data(metadata.chunk), bytes.size());
    } else {
      std::copy_n(detail::inside(c_.dcache).data(metadata.chunk), bytes.size(), bytes.begin());
    }
    return bytes;
  }

  void drain() {
    room_.reset();
    c_.mcache.stop();
    producer_.reset();
    closed_ = stop_asked_ = true;
    const auto to_the_end = [&](auto& reader) {
      for (int i = 0; i < 1000 && reader.next != next(); ++i) {
        poll(reader, {});
        look_at_everything();
      }
      expect(reader.consumer.poll().status() == PollStatus::Stopped, "Stopped, when all is drained");
      reader.out.clear();  // superseded
      reader.released = reader.next;
      expect(reader.first + reader.consumer.delivered() + reader.filtered + reader.lost == next(),
             "count in = count out");
    };
    for (auto& reader : readers_) {
      to_the_end(*reader);
    }
    for (auto& observer : observers_) {
      to_the_end(*observer);
    }
    while (!readers_.empty()) {
      retire(readers_, 0);
    }
    while (!observers_.empty()) {
      retire(observers_, 0);
    }
    if constexpr (Wire::kCounted) {
      const MetricsSnapshot counted = c_.metrics.snapshot();
      expect(counted.published == next() && counted.consumed == delivered_ && counted.filtered == filtered_ &&
                 counted.lost == lost_ && counted.rejected == 0 && counted.backpressure == short_of_room_,
             "the metrics count what happened");
    }
  }

  Seq start_;
  std::uint64_t credits_;
  Choices random_;
  int step_ = 0;
  int before_stop_ = 0;
  Wire c_;
  std::deque<Expected> messages_;
  ChunkModel<kChunked ? Wire::kChunks : 1> chunks_;
  Index oldest_ = 0;           ///< evicted up to here
  std::optional<Index> kept_;  ///< where the last reliable consumer left
  bool abandoned_ = false;     ///< one has resigned
  std::uint64_t restored_ = 0;
  bool stop_asked_ = false;
  bool closed_ = false;
  std::uint64_t delivered_ = 0;
  std::uint64_t filtered_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t short_of_room_ = 0;  ///< of these
  std::optional<P> producer_;
  std::optional<RoomOf<P>> room_;
  std::vector<std::unique_ptr<Reader<Own>>> readers_;  // empty on a lossy channel
  std::vector<std::unique_ptr<Observer>> observers_;   // empty on a reliable one
};

}  // namespace tango::test
