// SPDX-License-Identifier: Apache-2.0
// Calls one of its two parts: the second one if it is given an argument.
#include <cstdint>

void first(std::uint64_t zero);
void second(std::uint64_t zero);

int main(int count, char**) {
  if (count > 1) {
    second(0);
  } else {
    first(0);
  }
}
