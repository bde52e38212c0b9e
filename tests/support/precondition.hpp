// SPDX-License-Identifier: Apache-2.0
// Checked preconditions under test. To be included before any header of tango: a violated precondition then ends the
// process with a status of its own, and `violates` looks for that in a forked child.
#pragma once

#ifdef TANGO_PRECONDITION_FAILED
#error "support/precondition.hpp comes before the headers of tango"
#endif

#include <sys/wait.h>
#include <unistd.h>

namespace tango::test {

inline constexpr int kViolated = 77;
[[noreturn]] inline void violated(const char*) noexcept { ::_exit(kViolated); }

/// Whether `act` violates a precondition. Runs it in a child, so nothing that it does is seen here.
template <class F>
bool violates(F act) {
  const pid_t child = ::fork();
  if (child == 0) {
    act();
    ::_exit(0);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == kViolated;
}

}  // namespace tango::test

#define TANGO_PRECONDITION_FAILED(text) ::tango::test::violated(text)
