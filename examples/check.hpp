// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the examples share: each one checks what it shows, and fails if that does not hold.
#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the program with exit code 1, and says where, if `condition` does not hold.
#define CHECK(condition)                                                                  \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::exit(1);                                                                       \
    }                                                                                     \
  } while (false)
