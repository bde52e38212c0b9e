// SPDX-License-Identifier: Apache-2.0
// Copies the headers and plants the wrong steps of steps.hpp in the copy, each behind a switch.
#include <cstdio>

#include "planting.hpp"
#include "steps.hpp"

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: %s <include> <copy>\n", arguments[0]);
    return 2;
  }
  const tango::model::Planting planting =
      tango::model::plant(tango::model::read_headers(arguments[1]), tango::model::kEdits);
  for (const std::string& error : planting.errors) {
    std::fprintf(stderr, "%s\n", error.c_str());
  }
  if (!planting.errors.empty()) {
    return 1;
  }
  tango::model::write_headers(planting.headers, arguments[2]);
  return 0;
}
