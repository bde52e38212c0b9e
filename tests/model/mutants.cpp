// SPDX-License-Identifier: Apache-2.0
// Every memory order is load-bearing: each one in the headers is weakened in turn, each fence dropped, and some model
// must fail. A site that no model reaches is a failure, and so is a mutant that survives, unless it stands in the
// list of equivalent ones with its reason.
#include <cstdio>
#include <iostream>

#include "drivers.hpp"
#include "models.hpp"

int main(int count, char** arguments) {
  using namespace tango::model;
  if (count < 2) {
    std::fprintf(stderr, "usage: %s <include> [<source>...]\n", arguments[0]);
    return 2;
  }
  Scan text = scan_headers(arguments[1]);
  for (int i = 2; i != count; ++i) {
    text.append(scan_file(arguments[i]));
  }
  return !try_mutants(text, all_models(), kEquivalent, std::cout).good();
}
