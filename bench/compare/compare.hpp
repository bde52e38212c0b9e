// SPDX-License-Identifier: Apache-2.0
/// \file
/// The program but for who takes part.
#pragma once

#include "contender.hpp"

namespace bench {

/// Does what the command line says with this field. The program's exit code: 0, or 2 if the command line was wrong, the
/// path that CMake was given for a peer does not hold it, or the JSON file could not be written. A queue that
/// delivers something wrong ends the program with 1.
int compare(int argc, char** argv, const Field& field);

}  // namespace bench
