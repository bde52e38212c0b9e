// SPDX-License-Identifier: Apache-2.0
// A wait strategy that does not fit the concept is refused where it is given, by the concept's name.
#include <tango/wait.hpp>

struct NoAnswer {
  void idle(std::uint64_t) noexcept {}
};
struct MayThrow {
  bool idle(std::uint64_t) { return true; }
};

template <tango::WaitStrategy S>
bool look(S strategy) {
  return strategy.idle(0);
}

bool fits = look(tango::Busy{});

#ifdef NO_ANSWER  // expect: (same_as<void, bool>|std::same_as<bool>|return-type-requirement)
bool wrong = look(NoAnswer{});
#endif

#ifdef MAY_THROW  // expect: (noexcept|may throw)
bool wrong = look(MayThrow{});
#endif
