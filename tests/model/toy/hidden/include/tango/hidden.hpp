// SPDX-License-Identifier: Apache-2.0
// What the scanner does not see as a call with an order, and what stands in no text at all.
#pragma once

#include <atomic>
#include <tango/memory/platform.hpp>

namespace tango::toy {

/// An order that is handed on.
template <auto ORDER>
void put(detail::SharedWord& word) noexcept {
  word.store(1, ORDER);
}

}  // namespace tango::toy
