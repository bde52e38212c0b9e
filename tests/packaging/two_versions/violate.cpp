// SPDX-License-Identifier: Apache-2.0
// Compiled once as each part of a program, with -DPART=first and -DPART=second: violates a precondition of the library.
#include <tango/tango.hpp>

void PART(std::uint64_t zero) { static_cast<void>(tango::TickRate{zero, zero}); }
