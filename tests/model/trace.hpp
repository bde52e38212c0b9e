// SPDX-License-Identifier: Apache-2.0
// An execution for people: one line per event, in an order in which nothing is read before it is written.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "graph.hpp"

namespace tango::model {

struct Program;

/// What the objects in the shared memory are called.
class Names {
 public:
  void clear() noexcept { objects_.clear(); }
  void add(std::size_t offset, std::size_t bytes, const char* name) { objects_.push_back({offset, bytes, name}); }

  /// `mcache+256`, of the smallest object there that has a name.
  [[nodiscard]] std::string at(std::size_t offset) const;

 private:
  struct Object {
    std::size_t offset;
    std::size_t bytes;
    const char* name;
  };
  std::vector<Object> objects_;
};

[[nodiscard]] std::string trace(const Graph& graph, const Program& program, const Names& names);

}  // namespace tango::model
