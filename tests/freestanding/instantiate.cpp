// SPDX-License-Identifier: Apache-2.0
// The core's templates, instantiated for a machine without an operating system. Compiled and inspected, never run.
#include <tango/error.hpp>
#include <tango/seq.hpp>
#include <tango/version.hpp>
#include <tango/wait.hpp>

bool wait(std::uint64_t round) { return tango::Bounded{8}.idle(round) && tango::Pause{}.idle(round); }

std::string_view report(std::span<char> buffer) {
  return tango::print(tango::Status{tango::Error::PayloadTooLarge, 5000, 2048}, buffer);
}
