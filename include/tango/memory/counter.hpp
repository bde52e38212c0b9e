// SPDX-License-Identifier: Apache-2.0
/// \file
/// Counter: a number that one thread writes, with plain loads and stores, and that any thread reads.
#pragma once

#include <cstdint>

#include "../config.hpp"
#include "platform.hpp"

namespace tango::inline TANGO_ABI::detail {

/// Relaxed throughout: counters order nothing.
struct Counter {
  SharedWord value{0};

  [[nodiscard]] std::uint64_t read() const noexcept { return value.load(memory_order_relaxed); }
  void write(std::uint64_t to) noexcept { value.store(to, memory_order_relaxed); }
  void add(std::uint64_t n) noexcept { write(read() + n); }
};

}  // namespace tango::inline TANGO_ABI::detail
