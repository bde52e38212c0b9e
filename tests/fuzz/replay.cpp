// SPDX-License-Identifier: Apache-2.0
// replay <directory> <count>
// A fuzzer without libFuzzer, for every compiler and machine: runs it over each file of the directory, then over so
// many random inputs. What it was given last stands in the file `last`, should it not come back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "support/channel.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void run(const std::vector<std::uint8_t>& input) {
  std::ofstream{"last", std::ios::binary}.write(reinterpret_cast<const char*>(input.data()),
                                                static_cast<std::streamsize>(input.size()));
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s DIRECTORY COUNT\n", argv[0]);
    return 2;
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator{argv[1]}) {
    std::ifstream file{entry.path(), std::ios::binary};
    run({std::istreambuf_iterator<char>{file}, {}});
    ++files;
  }
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    tango::test::Random random{seed};
    std::vector<std::uint8_t> input(random.below(600));
    std::generate(input.begin(), input.end(), [&] { return static_cast<std::uint8_t>(random() >> 32); });
    run(input);
  }
  std::printf("%zu files, %llu random inputs\n", files, static_cast<unsigned long long>(count));
  return files != 0 ? 0 : 1;
}
