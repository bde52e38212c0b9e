// SPDX-License-Identifier: Apache-2.0
#include "graph.hpp"

namespace tango::model {

void Graph::clear(std::size_t threads) {
  events_.clear();
  touched_.clear();
  fences_.clear();
  std::fill_n(views_.begin(), threads, ThreadView{});
  ++run_;
}

History& Graph::touch(Location location, std::uint64_t initial) {
  History& history = histories_[location];
  if (history.run != run_) {
    history.run = run_;
    history.order.assign(1, static_cast<EventId>(events_.size()));
    history.reads.clear();
    touched_.push_back(location);
    Event& event = events_.emplace_back();
    event.location = location;
    event.value = initial;
  }
  return history;
}

/// The place of the newest store that `thread` knows: of those that happen before now, and those that loads which
/// happen before now have read.
std::uint32_t Graph::oldest_place(ThreadId thread, const History& history, Rule stores, Rule loads) const {
  const Clock& now = views_[thread].clock;
  std::uint32_t place = 0;
  if (holds(stores)) {
    for (std::size_t i = history.order.size(); i-- != 0;) {
      const Event& store = events_[history.order[i]];
      if (now.covers(store.thread, store.tick)) {
        place = store.place;
        break;
      }
    }
  }
  if (holds(loads)) {
    for (const EventId id : history.reads) {
      const Event& load = events_[id];
      if (now.covers(load.thread, load.tick)) {
        place = std::max(place, events_[load.from].place);
      }
    }
  }
  return place;
}

void Graph::readable(ThreadId thread, Location location, EventId since, std::vector<EventId>& out) const {
  const History& history = histories_[location];
  const std::uint32_t oldest = oldest_place(thread, history, Rule::CoWR, Rule::CoRR);
  out.clear();
  for (std::size_t i = history.order.size(); i-- != oldest;) {
    if (since == kNoEvent || history.order[i] > since) {
      out.push_back(history.order[i]);
    }
  }
}

void Graph::placeable(ThreadId thread, Location location, std::vector<std::uint32_t>& out) const {
  const History& history = histories_[location];
  const std::uint32_t oldest = oldest_place(thread, history, Rule::CoWW, Rule::CoRW);
  out.assign(1, static_cast<std::uint32_t>(history.order.size()));
  if (!holds(Rule::Insertion)) {
    return;
  }
  for (auto place = static_cast<std::uint32_t>(history.order.size()); --place > oldest;) {
    if (events_[history.order[place]].kind != Kind::Update || !holds(Rule::Atomicity)) {
      out.push_back(place);
    }
  }
}

bool Graph::updatable(EventId store) const {
  const Event& event = events_[store];
  const std::vector<EventId>& order = histories_[event.location].order;
  return !holds(Rule::Atomicity) || event.place + 1 == order.size() ||
         events_[order[event.place + 1]].kind != Kind::Update;
}

Event& Graph::add(Kind kind, ThreadId thread, const Site* site) {
  Event& event = events_.emplace_back();
  event.kind = kind;
  event.thread = thread;
  event.site = site;
  event.tick = views_[thread].clock.advance(thread);
  return event;
}

void Graph::read(ThreadId thread, const Event& store, std::memory_order order) {
  ThreadView& view = views_[thread];
  view.read.join(store.message);
  if (acquires(order) && holds(Rule::AcquireLoads)) {
    view.clock.join(store.message);
  }
}

Clock Graph::message(ThreadId thread, std::memory_order order) const {
  const ThreadView& view = views_[thread];
  return releases(order) && holds(Rule::ReleaseStores) ? view.clock : view.released;
}

void Graph::insert(EventId id, std::uint32_t place) {
  std::vector<EventId>& order = histories_[events_[id].location].order;
  order.insert(order.begin() + place, id);
  for (std::size_t i = place; i != order.size(); ++i) {
    events_[order[i]].place = static_cast<std::uint32_t>(i);
  }
}

EventId Graph::add_load(ThreadId thread, EventId from, std::memory_order order, const Site* site) {
  const auto id = static_cast<EventId>(events_.size());
  Event& event = add(Kind::Load, thread, site);
  const Event& store = events_[from];
  event.order = order;
  event.location = store.location;
  event.from = from;
  event.value = store.value;
  read(thread, store, order);
  event.clock = views_[thread].clock;
  histories_[store.location].reads.push_back(id);
  return id;
}

EventId Graph::add_store(ThreadId thread, Location location, std::uint32_t place, std::uint64_t value,
                         std::memory_order order, const Site* site) {
  const auto id = static_cast<EventId>(events_.size());
  Event& event = add(Kind::Store, thread, site);
  event.order = order;
  event.location = location;
  event.value = value;
  event.clock = views_[thread].clock;
  event.message = message(thread, order);
  insert(id, place);
  return id;
}

EventId Graph::add_update(ThreadId thread, EventId from, std::uint64_t value, std::memory_order order,
                          const Site* site) {
  const auto id = static_cast<EventId>(events_.size());
  Event& event = add(Kind::Update, thread, site);
  const Event& store = events_[from];
  event.order = order;
  event.location = store.location;
  event.from = from;
  event.value = value;
  read(thread, store, order);
  event.clock = views_[thread].clock;
  event.message = message(thread, order);
  if (holds(Rule::ReleaseSequences)) {
    event.message.join(store.message);
  }
  const std::uint32_t place = store.place + 1;
  histories_[event.location].reads.push_back(id);
  insert(id, place);
  return id;
}

EventId Graph::add_fence(ThreadId thread, std::memory_order order, const Site* site) {
  const auto id = static_cast<EventId>(events_.size());
  Event& event = add(Kind::Fence, thread, site);
  ThreadView& view = views_[thread];
  event.order = order;
  if (acquires(order) && holds(Rule::AcquireFences)) {
    view.clock.join(view.read);
  }
  if (releases(order) && holds(Rule::ReleaseFences)) {
    view.released = view.clock;
  }
  if (order == std::memory_order_seq_cst) {
    fences_.push_back(id);
  }
  event.clock = view.clock;
  return id;
}

EventId Graph::add_plain(ThreadId thread, Kind kind, Location location, std::uint32_t bytes, const Site* site) {
  const auto id = static_cast<EventId>(events_.size());
  Event& event = add(kind, thread, site);
  event.location = location;
  event.place = bytes;
  event.clock = views_[thread].clock;
  return id;
}

EventId Graph::add_vanish(ThreadId thread) {
  const auto id = static_cast<EventId>(events_.size());
  Event& event = add(Kind::Vanish, thread, nullptr);
  event.clock = views_[thread].clock;
  return id;
}

EventId Graph::add_await(ThreadId thread, ThreadId ended, bool vanished) {
  const auto id = static_cast<EventId>(events_.size());
  Event& event = add(Kind::Await, thread, nullptr);
  event.place = ended;
  event.value = vanished ? 1 : 0;
  if (holds(Rule::Endings)) {
    views_[thread].clock.join(views_[ended].clock);
  }
  event.clock = views_[thread].clock;
  return id;
}

bool Graph::fences_agree() const {
  const std::size_t count = fences_.size();
  if (count < 2 || count > 64 || !holds(Rule::Fences)) {
    return true;
  }
  const auto before = [this](EventId a, EventId b) {
    return a != b && events_[b].clock.covers(events_[a].thread, events_[a].tick);
  };
  std::array<std::uint64_t, 64> edges{};  // edges[i], bit j: fence i comes before fence j
  for (std::size_t i = 0; i != count; ++i) {
    for (std::size_t j = 0; j != count; ++j) {
      edges[i] |= std::uint64_t{before(fences_[i], fences_[j])} << j;
    }
  }
  // eco of RC11 on one location is the order of these ranks: stores by their place, loads right behind what they read.
  const auto rank = [this](const Event& e) {
    return e.kind == Kind::Load ? 2 * events_[e.from].place + 1 : 2 * e.place;
  };
  for (const Location location : touched_) {
    const History& history = histories_[location];
    std::array<std::uint32_t, 64> after;     // the least rank behind a fence
    std::array<std::uint32_t, 64> in_front;  // the greatest in front of it
    after.fill(~std::uint32_t{0});
    in_front.fill(0);
    const auto look = [&](EventId id) {
      const Event& event = events_[id];
      for (std::size_t i = 0; i != count && event.thread != kSetUp; ++i) {
        if (before(fences_[i], id)) {
          after[i] = std::min(after[i], rank(event));
        } else if (before(id, fences_[i])) {
          in_front[i] = std::max(in_front[i], rank(event));
        }
      }
    };
    std::for_each(history.order.begin(), history.order.end(), look);
    std::for_each(history.reads.begin(), history.reads.end(), look);
    for (std::size_t i = 0; i != count; ++i) {
      for (std::size_t j = 0; j != count; ++j) {
        edges[i] |= std::uint64_t{after[i] < in_front[j]} << j;
      }
    }
  }
  for (std::size_t via = 0; via != count; ++via) {
    for (std::size_t i = 0; i != count; ++i) {
      edges[i] |= (edges[i] >> via & 1) != 0 ? edges[via] : 0;
    }
  }
  for (std::size_t i = 0; i != count; ++i) {
    if ((edges[i] >> i & 1) != 0) {
      return false;
    }
  }
  return true;
}

}  // namespace tango::model
