// SPDX-License-Identifier: Apache-2.0
// A clock that a test sets.
#pragma once

#include <tango/clock.hpp>

namespace tango::test {

struct FakeClock {
  static inline Tick time = 0;
  static Tick now() noexcept { return time; }
};

}  // namespace tango::test
