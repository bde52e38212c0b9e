// SPDX-License-Identifier: Apache-2.0
#include <tango/seq.hpp>
#include <tango/version.hpp>

int main() { return tango::seq_lt(~tango::Seq{0}, 0) && TANGO_VERSION_MAJOR == 0 ? 0 : 1; }
