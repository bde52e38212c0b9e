// SPDX-License-Identifier: Apache-2.0
#include "oracle.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace tango::model {

namespace {

constexpr std::size_t kMost = 24;  // events
constexpr std::size_t kWhole = ~std::size_t{0};

/// A relation on events: bit b of row a says that a is related to b.
struct Relation {
  std::array<std::uint32_t, kMost> rows{};

  void set(std::size_t a, std::size_t b) { rows[a] |= 1u << b; }
  [[nodiscard]] bool has(std::size_t a, std::size_t b) const { return (rows[a] >> b & 1) != 0; }

  friend Relation operator|(Relation a, const Relation& b) {
    for (std::size_t i = 0; i != kMost; ++i) {
      a.rows[i] |= b.rows[i];
    }
    return a;
  }
  /// a ; b
  friend Relation operator*(const Relation& a, const Relation& b) {
    Relation out;
    for (std::size_t i = 0; i != kMost; ++i) {
      for (std::size_t j = 0; j != kMost; ++j) {
        out.rows[i] |= a.has(i, j) ? b.rows[j] : 0;
      }
    }
    return out;
  }
  [[nodiscard]] Relation plus() const {
    Relation out = *this;
    for (std::size_t via = 0; via != kMost; ++via) {
      for (std::size_t i = 0; i != kMost; ++i) {
        out.rows[i] |= out.has(i, via) ? out.rows[via] : 0;
      }
    }
    return out;
  }
  [[nodiscard]] Relation maybe() const {
    Relation out = *this;
    for (std::size_t i = 0; i != kMost; ++i) {
      out.set(i, i);
    }
    return out;
  }
  [[nodiscard]] bool irreflexive() const {
    for (std::size_t i = 0; i != kMost; ++i) {
      if (has(i, i)) {
        return false;
      }
    }
    return true;
  }
  [[nodiscard]] bool acyclic() const { return plus().irreflexive(); }
};

struct OracleEvent {
  std::size_t thread = 0;
  bool reads = false;
  bool writes = false;
  bool fence = false;
  bool awaits = false;  ///< the end of another thread
  std::uint8_t location = 0;
  std::uint8_t written = 0;
  std::uint8_t read = 0;
  std::memory_order order = std::memory_order_relaxed;
  const TinyStep* step = nullptr;
  bool skipped = false;  ///< its guard was 0: it does nothing
  bool cut = false;      ///< its thread vanished before it
  bool last = false;     ///< its thread vanished right after it: nobody knows what it read
};

class Oracle {
 public:
  /// `lengths[t]` is after how many steps thread t vanishes; kWhole if it does not.
  Oracle(const TinyProgram& program, const std::array<std::size_t, kTinyThreads>& lengths)
      : program_{program}, lengths_{lengths} {
    for (std::size_t i = 0; i != program.locations; ++i) {  // what the locations hold in the beginning
      OracleEvent& event = events_.emplace_back();
      event.thread = kMost;  // nobody's
      event.writes = true;
      event.location = static_cast<std::uint8_t>(i);
    }
    for (std::size_t t = 0; t != program.threads.size(); ++t) {
      for (const TinyStep& step : program.threads[t]) {
        OracleEvent& event = events_.emplace_back();
        const auto index = static_cast<std::size_t>(&step - program.threads[t].data());
        event.cut = index >= lengths[t];
        event.last = index + 1 == lengths[t];
        event.thread = t;
        event.step = &step;
        event.order = step.order;
        event.location = step.location;
        event.written = step.value;
        event.fence = !event.cut && step.op == TinyStep::Op::Fence;
        event.reads = !event.cut && (step.op == TinyStep::Op::Load || step.op == TinyStep::Op::CompareExchange);
        event.writes = !event.cut && step.op == TinyStep::Op::Store;
        event.awaits = !event.cut && step.op == TinyStep::Op::Await;
        event.read = event.awaits && lengths[step.thread] != kWhole ? 1 : 0;
      }
    }
    const std::size_t initial = program.locations;
    for (std::size_t a = 0; a != events_.size(); ++a) {
      for (std::size_t b = a + 1; b != events_.size(); ++b) {
        if (b >= initial && (a < initial || events_[a].thread == events_[b].thread)) {
          sb_.set(a, b);
        }
      }
    }
    from_.resize(events_.size());
  }

  OracleResult run() {
    decide(0);
    return result_;
  }

 private:
  /// Which guarded steps are skipped and which compare-exchanges succeed, first: only then is it known what writes.
  void decide(std::size_t at) {
    while (at != events_.size() && (events_[at].cut || (!is_cas(at) && !is_guarded(at)))) {
      ++at;
    }
    if (at == events_.size()) {
      choose_source(0);
      return;
    }
    OracleEvent& event = events_[at];
    using Op = TinyStep::Op;
    for (const bool skipped : {false, true}) {
      for (const bool succeeds : {false, true}) {
        if ((skipped && !is_guarded(at)) || (succeeds && (skipped || !is_cas(at)))) {
          continue;
        }
        event.skipped = skipped;
        event.reads = !skipped && (event.step->op == Op::Load || is_cas(at));
        event.writes = !skipped && (event.step->op == Op::Store || succeeds);
        event.fence = !skipped && event.step->op == Op::Fence;
        event.awaits = !skipped && event.step->op == Op::Await;
        event.order = is_cas(at) && !succeeds ? event.step->failure : event.step->order;
        decide(at + 1);
      }
    }
  }

  /// Whether what was skipped is what had to be. No thread vanishes right after a skipped step: that would be the same
  /// execution as right after the step before.
  [[nodiscard]] bool guards_hold() const {
    std::array<std::uint8_t, kTinyThreads> last{};
    std::array<bool, kTinyThreads> skipped{};
    for (const OracleEvent& event : events_) {
      if (event.step == nullptr || event.cut) {
        continue;
      }
      if (event.step->guarded && event.skipped != (last[event.thread] == 0)) {
        return false;
      }
      if (event.reads || event.awaits) {
        last[event.thread] = event.read;
      }
      skipped[event.thread] = event.skipped;
    }
    for (std::size_t t = 0; t != kTinyThreads; ++t) {
      if (lengths_[t] != kWhole && skipped[t]) {
        return false;
      }
    }
    return true;
  }

  void choose_source(std::size_t at) {
    while (at != events_.size() && !events_[at].reads) {
      ++at;
    }
    if (at == events_.size()) {
      if (!guards_hold()) {
        return;
      }
      std::array<std::vector<std::size_t>, kTinyLocations> orders;
      for (std::size_t e = 0; e != events_.size(); ++e) {
        if (events_[e].writes) {
          orders[events_[e].location].push_back(e);
        }
      }
      choose_order(0, orders);
      return;
    }
    OracleEvent& event = events_[at];
    for (std::size_t source = 0; source != events_.size(); ++source) {
      const OracleEvent& store = events_[source];
      if (source == at || !store.writes || store.location != event.location ||
          (is_cas(at) && (store.written == event.step->expected) != event.writes)) {
        continue;
      }
      event.read = store.written;
      from_[at] = source;
      choose_source(at + 1);
    }
  }

  void choose_order(std::size_t location, std::array<std::vector<std::size_t>, kTinyLocations>& orders) {
    if (location == program_.locations) {
      if (consistent(orders)) {
        count(orders);
      }
      return;
    }
    std::vector<std::size_t>& order = orders[location];
    do {
      choose_order(location + 1, orders);
    } while (std::next_permutation(order.begin() + 1, order.end()));  // which ends as it began: sorted
  }

  [[nodiscard]] bool is_guarded(std::size_t at) const {
    return events_[at].step != nullptr && events_[at].step->guarded;
  }
  [[nodiscard]] bool is_cas(std::size_t at) const {
    return events_[at].step != nullptr && !events_[at].cut && events_[at].step->op == TinyStep::Op::CompareExchange;
  }
  [[nodiscard]] bool acquires(std::size_t e) const {
    const std::memory_order o = events_[e].order;
    return o == std::memory_order_acquire || o == std::memory_order_acq_rel || o == std::memory_order_seq_cst;
  }
  [[nodiscard]] bool releases(std::size_t e) const {
    const std::memory_order o = events_[e].order;
    return o == std::memory_order_release || o == std::memory_order_acq_rel || o == std::memory_order_seq_cst;
  }

  [[nodiscard]] bool consistent(const std::array<std::vector<std::size_t>, kTinyLocations>& orders) const {
    const std::size_t n = events_.size();
    Relation rf;
    Relation mo;
    for (std::size_t a = 0; a != n; ++a) {
      if (events_[a].reads) {
        rf.set(from_[a], a);
      }
    }
    for (const std::vector<std::size_t>& order : orders) {
      for (std::size_t i = 0; i != order.size(); ++i) {
        for (std::size_t j = i + 1; j != order.size(); ++j) {
          mo.set(order[i], order[j]);
        }
      }
    }
    // fr = rf^-1 ; mo, without what is a read-modify-write's own store
    Relation fr;
    for (std::size_t a = 0; a != n; ++a) {
      for (std::size_t b = 0; b != n; ++b) {
        if (events_[a].reads && a != b && mo.has(from_[a], b)) {
          fr.set(a, b);
        }
      }
    }
    // rs = [W] ; (rf ; rmw)*   a read-modify-write is one event here
    Relation rmw_chain;
    for (std::size_t a = 0; a != n; ++a) {
      if (events_[a].reads && events_[a].writes) {
        rmw_chain.set(from_[a], a);
      }
    }
    const Relation rs = rmw_chain.plus().maybe();
    // sw = [E rel] ; ([F] ; sb)? ; [W] ; rs ; rf ; [R] ; (sb ; [F])? ; [E acq]
    Relation heads;
    Relation tails;
    for (std::size_t a = 0; a != n; ++a) {
      for (std::size_t b = 0; b != n; ++b) {
        if (releases(a) && events_[b].writes && (a == b || (events_[a].fence && sb_.has(a, b)))) {
          heads.set(a, b);
        }
        if (acquires(b) && events_[a].reads && (a == b || (events_[b].fence && sb_.has(a, b)))) {
          tails.set(a, b);
        }
      }
    }
    const Relation sw = heads * rs * rf * tails;
    // An end that is awaited comes after all that its thread did, and before what the other does then.
    Relation ends;
    for (std::size_t a = 0; a != n; ++a) {
      for (std::size_t b = 0; b != n; ++b) {
        if (events_[b].awaits && events_[a].thread == events_[b].step->thread) {
          ends.set(a, b);
        }
      }
    }
    const Relation hb = (sb_ | sw | ends).plus();
    const Relation eco = (rf | mo | fr).plus();
    // COHERENCE, ATOMICITY, no sb ∪ rf cycle
    if (!hb.irreflexive() || !(hb * eco).irreflexive() || !eco.irreflexive() || !(sb_ | rf | ends).acyclic()) {
      return false;
    }
    for (std::size_t a = 0; a != n; ++a) {
      for (std::size_t b = 0; b != n && events_[a].reads && events_[a].writes; ++b) {
        if (fr.has(a, b) && mo.has(b, a)) {
          return false;
        }
      }
    }
    // SC: psc of the fences is acyclic
    const Relation way = hb | hb * eco * hb;
    Relation psc;
    for (std::size_t a = 0; a != n; ++a) {
      for (std::size_t b = 0; b != n; ++b) {
        if (is_sc_fence(a) && is_sc_fence(b) && way.has(a, b)) {
          psc.set(a, b);
        }
      }
    }
    return psc.acyclic();
  }
  [[nodiscard]] bool is_sc_fence(std::size_t e) const {
    return events_[e].fence && events_[e].order == std::memory_order_seq_cst;
  }

  void count(const std::array<std::vector<std::size_t>, kTinyLocations>& orders) {
    std::string outcome;
    for (const OracleEvent& event : events_) {
      if (event.step != nullptr && reads(*event.step)) {
        outcome += event.skipped || event.cut || event.last ? '-' : static_cast<char>('0' + event.read);
      }
    }
    outcome += '|';
    for (std::size_t i = 0; i != program_.locations; ++i) {
      outcome += static_cast<char>('0' + events_[orders[i].back()].written);
    }
    ++result_.executions;
    ++result_.outcomes[outcome];
  }

  const TinyProgram& program_;
  std::array<std::size_t, kTinyThreads> lengths_;
  std::vector<OracleEvent> events_;
  std::vector<std::size_t> from_;
  Relation sb_;
  OracleResult result_;
};

/// Adds what there is if the threads from `thread` on vanish after each number of steps, or not at all.
void vanish(const TinyProgram& program, std::size_t thread, std::array<std::size_t, kTinyThreads>& lengths,
            OracleResult& sum) {
  if (thread == program.threads.size()) {
    const OracleResult result = Oracle{program, lengths}.run();
    sum.executions += result.executions;
    for (const auto& [outcome, count] : result.outcomes) {
      sum.outcomes[outcome] += count;
    }
    return;
  }
  lengths[thread] = kWhole;
  vanish(program, thread + 1, lengths, sum);
  for (std::size_t steps = 0; program.mortal[thread] && steps <= program.threads[thread].size(); ++steps) {
    lengths[thread] = steps;
    vanish(program, thread + 1, lengths, sum);
  }
}

}  // namespace

OracleResult ask_oracle(const TinyProgram& program) {
  std::array<std::size_t, kTinyThreads> lengths{};
  OracleResult sum;
  vanish(program, 0, lengths, sum);
  return sum;
}

}  // namespace tango::model
