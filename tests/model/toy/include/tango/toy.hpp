// SPDX-License-Identifier: Apache-2.0
// A library of one class, as the drivers' own tests want it: with an order that is needed, one that is not, and one
// that nothing executes.
#pragma once

#include <atomic>
#include <cstdint>
#include <tango/memory/platform.hpp>

namespace tango::toy {

/// A value that is handed over once.
class Box {
 public:
  void put(std::uint64_t value) noexcept {
    detail::copy_bytes(&value_, &value, sizeof value);
    full_.store(1, detail::memory_order_release);
    puts_.store(1, detail::memory_order_release);  // more than it needs: nobody looks
  }
  [[nodiscard]] bool take(std::uint64_t& value) noexcept {
    if (full_.load(detail::memory_order_acquire) == 0) {
      return false;
    }
    detail::copy_bytes(&value, &value_, sizeof value);
    return true;
  }
  void reset() noexcept { full_.store(0, detail::memory_order_release); }

 private:
  detail::SharedWord full_;
  detail::SharedWord puts_;
  std::uint64_t value_ = 0;
};

}  // namespace tango::toy
