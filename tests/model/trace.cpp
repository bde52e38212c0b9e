// SPDX-License-Identifier: Apache-2.0
#include "trace.hpp"

#include <iomanip>
#include <sstream>

#include "engine.hpp"
#include "sites.hpp"

namespace tango::model {

std::string Names::at(std::size_t offset) const {
  const Object* best = nullptr;
  for (const Object& object : objects_) {
    if (offset - object.offset < object.bytes && (best == nullptr || object.bytes < best->bytes)) {
      best = &object;
    }
  }
  if (best == nullptr) {
    return "shared+" + std::to_string(offset);
  }
  return offset == best->offset ? best->name : best->name + ("+" + std::to_string(offset - best->offset));
}

namespace {

constexpr std::string_view kNames[] = {"initial",    "load",        "store",    "update",    "fence",
                                       "plain read", "plain write", "vanishes", "awaits end"};

/// Numbers near 2^64 are sequence numbers before the wrap.
std::string number(std::uint64_t value) {
  return value >> 63 != 0 ? "-" + std::to_string(~value + 1) : std::to_string(value);
}

}  // namespace

std::string trace(const Graph& graph, const Program& program, const Names& names) {
  std::ostringstream out;
  out << std::left << "  " << std::setw(5) << "event" << std::setw(12) << " thread" << std::setw(12) << "access"
      << std::setw(9) << "order" << std::setw(20) << "where" << std::setw(22) << "value" << std::setw(10) << "reads"
      << "source\n";
  constexpr EventId kMost = 200;  // an execution without end says it all in its last events
  for (EventId id = graph.size() < kMost ? 0 : static_cast<EventId>(graph.size() - kMost); id != graph.size(); ++id) {
    const Event& event = graph[id];
    if (event.kind == Kind::Initial) {
      continue;
    }
    const bool plain = event.kind == Kind::PlainRead || event.kind == Kind::PlainWrite;
    const bool access = event.kind != Kind::Fence && event.kind != Kind::Vanish && event.kind != Kind::Await;
    std::string where;
    std::string value;
    if (plain) {
      value = std::to_string(event.place) + " bytes";
    } else if (access) {
      value = number(event.value);
    } else if (event.kind == Kind::Await) {
      value = event.value != 0 ? "vanished" : "ended";
      where = program.threads[event.place].name;
    }
    if (access) {
      where = names.at(std::size_t{event.location} * 8);
    }
    std::string reads;
    if (event.from != kNoEvent) {
      reads = graph[event.from].kind == Kind::Initial ? "initial" : std::to_string(event.from);
    }
    out << "  " << std::right << std::setw(5) << id << ' ' << std::left << std::setw(11)
        << program.threads[event.thread].name << std::setw(12) << kNames[static_cast<std::size_t>(event.kind)]
        << std::setw(9) << (plain || event.site == nullptr ? std::string_view{} : name(event.order)) << std::setw(20)
        << where << std::setw(22) << value << std::setw(10) << reads;
    if (event.site != nullptr) {
      out << event.site->file << ':' << event.site->line;
    }
    out << '\n';
  }
  return out.str();
}

}  // namespace tango::model
