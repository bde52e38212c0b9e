// SPDX-License-Identifier: Apache-2.0
// tango_models [--page FILE] [NAME]
// Runs every model, or those whose name holds NAME: how many executions it has, and how long they took. Fails if one
// finds something, or shows too little; or if FILE, a page with a table of the models, lacks its row.
#include "models.hpp"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

int main(int count, char** arguments) {
  using namespace tango::model;
  const bool has_page = count > 2 && std::string_view{arguments[1]} == "--page";
  std::string page;
  if (has_page) {
    std::ifstream file{arguments[2]};
    page.assign(std::istreambuf_iterator<char>{file}, {});
  }
  const int name_at = has_page ? 3 : 1;
  const std::string_view wanted = count > name_at ? arguments[name_at] : "";
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
    const std::string row =
        "| " + program.name + " | " + program.bound + " | " + std::to_string(result.executions) + " |\n";
    if (has_page && page.find(row) == std::string::npos) {
      std::printf("FAILED %s lacks: %s", arguments[2], row.c_str());
      ++bad;
    }
    std::fflush(stdout);
    executions += result.executions;
    ++run;
  }
  std::printf("%zu models, %lu executions, %zu failed\n", run, static_cast<unsigned long>(executions), bad);
  return run == 0 || bad != 0;
}
