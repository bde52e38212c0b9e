// SPDX-License-Identifier: Apache-2.0
#include "compare.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "machine.hpp"
#include "options.hpp"
#include "report.hpp"
#include "rounds.hpp"
#include "targets.hpp"
#include "wait.hpp"
#include "workload.hpp"

namespace bench {

namespace {

constexpr int kBadInput = 2;

void print_list(const Field& field) {
  for (const Workload& workload : all_workloads()) {
    std::printf("%-18s %s%s\n", workload.name.c_str(), workload.what.c_str(), workload.quick ? " (quick)" : "");
  }
  for (const std::string& missing : field.missing) {
    std::printf("missing: %s\n", missing.c_str());
  }
}

/// The workloads that were asked for, each once; none if there is no such one, which has been said.
std::optional<std::vector<Workload>> choose_workloads(const Options& options) {
  const std::vector<Workload> all = all_workloads();
  for (const std::string& name : options.workloads) {
    if (std::none_of(all.begin(), all.end(), [&](const Workload& workload) { return workload.name == name; })) {
      std::fprintf(stderr, "tango_compare: --workload %s: there is no such workload; --list names them\n",
                   name.c_str());
      return std::nullopt;
    }
  }
  std::vector<Workload> chosen;
  std::copy_if(all.begin(), all.end(), std::back_inserter(chosen), [&](const Workload& workload) {
    return options.workloads.empty() ? !options.quick || workload.quick
                                     : std::find(options.workloads.begin(), options.workloads.end(), workload.name) !=
                                           options.workloads.end();
  });
  return chosen;
}

Plan make_plan(const Options& options, std::size_t workloads) {
  Plan plan;
  if (options.quick) {
    plan.rounds = 9;
    plan.pilots = 1;
    plan.share = 2;
    plan.budget = std::chrono::nanoseconds{std::chrono::seconds{30}} / static_cast<std::int64_t>(workloads);
  }
  plan.rounds = options.rounds.value_or(plan.rounds);
  return plan;
}

std::string date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

}  // namespace

int compare(int argc, char** argv, const Field& field) {
  const std::optional<Options> options = parse_options(argc, argv);
  if (!options) {
    return kBadInput;
  }
  if (options->help) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (const std::string_view unusable = TANGO_BENCH_UNUSABLE_PEERS; !unusable.empty()) {
    std::fputs(unusable.data(), stderr);
    return kBadInput;
  }
  const std::optional<std::vector<Workload>> workloads = choose_workloads(*options);
  if (!workloads) {
    return kBadInput;
  }
  if (options->list) {
    print_list(field);
    return 0;
  }
  // Before anything is measured; and what an earlier run left there must not be taken for this one's if it is void.
  std::ofstream json;
  if (!options->json.empty()) {
    json.open(options->json, std::ios::trunc);
    if (!json) {
      std::fprintf(stderr, "tango_compare: --json %s: cannot be written: %s\n", options->json.c_str(),
                   std::strerror(errno));
      return kBadInput;
    }
  }

  Setting setting{look_at_machine(), {}, make_plan(*options, workloads->size()), *options, date()};
  if (setting.machine.cores.size() < 2) {
    g_looks_before_yield = 0;
  } else if (options->pin) {
    setting.placement = setting.machine.cores;
  }
  print_setting(setting, field);
  std::vector<Result> results;
  for (const Workload& workload : *workloads) {
    if (!entrants(workload, field).empty()) {
      results.push_back(measure(workload, field, setting.placement, setting.plan));
      print_result(results.back());
    }
  }
  const std::vector<Target> targets = judge(results);
  print_targets(targets);
  print_warnings(setting);
  if (json.is_open()) {
    write_json(json, setting, field, results, targets);
    if (!json) {
      std::fprintf(stderr, "tango_compare: --json %s: writing failed\n", options->json.c_str());
      return kBadInput;
    }
  }
  return 0;
}

}  // namespace bench
