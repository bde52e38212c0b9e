// SPDX-License-Identifier: Apache-2.0
// Where atomic accesses and fences stand in the source, and the order that each one has now. A mutant is a site with a
// weaker order: nothing is compiled anew.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace tango::model {

enum class Operation : std::uint8_t { Load, Store, CompareExchange, Fence, Copy };

[[nodiscard]] constexpr std::string_view name(Operation operation) noexcept {
  constexpr std::string_view kNames[] = {"load", "store", "compare_exchange", "fence", "copy"};
  return kNames[static_cast<std::size_t>(operation)];
}
[[nodiscard]] constexpr std::string_view name(std::memory_order order) noexcept {
  switch (order) {
    case std::memory_order_relaxed:
      return "relaxed";
    case std::memory_order_consume:
      return "consume";
    case std::memory_order_acquire:
      return "acquire";
    case std::memory_order_release:
      return "release";
    case std::memory_order_acq_rel:
      return "acq_rel";
    case std::memory_order_seq_cst:
      return "seq_cst";
  }
  return "?";
}

struct Site {
  std::string file;  ///< from `tango/` on in the library's headers
  unsigned line;
  Operation operation;
  std::memory_order written;          ///< the order in the source
  std::memory_order written_failure;  ///< and that of a compare-exchange which fails
  std::memory_order order;            ///< what is executed
  std::memory_order failure;
  bool dropped = false;  ///< a fence that is not executed
  bool reached = false;  ///< by a thread of a program, since the last `Sites::forget_reached`

  void restore() noexcept {
    order = written;
    failure = written_failure;
    dropped = false;
  }
};

/// `tango/memory/slot.hpp` of a library's header wherever it lies, the bare name of any other file.
[[nodiscard]] std::string name_in_sites(std::string_view path);

/// All sites that were met so far.
class Sites {
 public:
  /// The site of a call. `file` is a literal: it is compared by address first.
  Site& at(const char* file, unsigned line, Operation operation, std::memory_order order,
           std::memory_order failure = std::memory_order_relaxed);

  [[nodiscard]] std::deque<Site>& all() noexcept { return sites_; }

  void forget_reached() noexcept {
    for (Site& site : sites_) {
      site.reached = false;
    }
  }

 private:
  std::deque<Site> sites_;
  std::unordered_map<std::uint64_t, Site*> by_address_;
};

[[nodiscard]] inline Sites& sites() {
  static Sites all;
  return all;
}

}  // namespace tango::model
