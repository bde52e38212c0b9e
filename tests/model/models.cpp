// SPDX-License-Identifier: Apache-2.0
// Runs every model, or those whose name holds the argument: how many executions it has, and how long they took. Fails
// if one finds something, or shows too little.
#include "models.hpp"

#include <chrono>
#include <cstdio>
#include <string_view>

int main(int count, char** arguments) {
  using namespace tango::model;
  const std::string_view wanted = count > 1 ? arguments[1] : "";
  std::size_t run = 0;
  std::size_t bad = 0;
  std::uint64_t executions = 0;
  std::printf("%-52s %11s %11s %8s\n", "model", "executions", "given up", "seconds");
  for (const Program& program : all_models()) {
    if (program.name.find(wanted) == std::string::npos) {
      continue;
    }
    const auto begin = std::chrono::steady_clock::now();
    const Result result = explore(program);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    std::printf("%-52s %11lu %11lu %8.2f\n    %s\n   ", program.name.c_str(),
                static_cast<unsigned long>(result.executions), static_cast<unsigned long>(result.redundant),
                took.count(), program.bound.c_str());
    for (const auto& [outcome, times] : result.outcomes) {
      std::printf(" %s: %lu;", outcome.c_str(), static_cast<unsigned long>(times));
    }
    std::printf("\n");
    if (const std::string wrong = complaint(program, result); !wrong.empty()) {
      std::printf("FAILED %s\n", wrong.c_str());
      ++bad;
    }
    std::fflush(stdout);
    executions += result.executions;
    ++run;
  }
  std::printf("%zu models, %lu executions, %zu failed\n", run, static_cast<unsigned long>(executions), bad);
  return run == 0 || bad != 0;
}
