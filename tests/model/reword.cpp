// SPDX-License-Identifier: Apache-2.0
// Copies the headers with other comments and another layout.
#include <cstdio>

#include "planting.hpp"
#include "rewording.hpp"

int main(int count, char** arguments) {
  if (count != 3) {
    std::fprintf(stderr, "usage: %s <include> <copy>\n", arguments[0]);
    return 2;
  }
  tango::model::Headers headers = tango::model::read_headers(arguments[1]);
  for (auto& [name, text] : headers) {
    text = tango::model::reworded(text);
  }
  tango::model::write_headers(headers, arguments[2]);
  return 0;
}
