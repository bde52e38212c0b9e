// SPDX-License-Identifier: Apache-2.0
#include "machine.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "../support/cores.hpp"

namespace bench {

namespace {

std::string cpu_name() {
  std::ifstream info{"/proc/cpuinfo"};
  for (std::string line; std::getline(info, line);) {
    if (line.starts_with("model name") && line.find(':') != std::string::npos) {
      return line.substr(line.find(':') + 2);
    }
  }
  return "unknown CPU";
}

std::string kernel_name() {
  utsname name;
  return uname(&name) == 0 ? std::string{name.sysname} + ' ' + name.release : "unknown kernel";
}

/// Ticks that each core has been idle and has run in all, by its number.
struct Ticks {
  double idle = 0;
  double all = 0;
};
std::map<int, Ticks> core_ticks() {
  std::map<int, Ticks> ticks;
  std::ifstream stat{"/proc/stat"};
  for (std::string line; std::getline(stat, line);) {
    if (!line.starts_with("cpu") || line.starts_with("cpu ")) {
      continue;
    }
    std::istringstream fields{line.substr(3)};
    int core = 0;
    fields >> core;
    double value = 0;
    // user nice system idle iowait irq softirq steal
    for (int field = 0; field < 8 && fields >> value; ++field) {
      ticks[core].all += value;
      ticks[core].idle += field == 3 || field == 4 ? value : 0;
    }
  }
  return ticks;
}

/// The share of the next moment that each core is idle; none where that cannot be seen.
std::map<int, double> idle_shares() {
  std::map<int, Ticks> before = core_ticks();
  std::this_thread::sleep_for(std::chrono::milliseconds{200});
  std::map<int, double> shares;
  for (const auto& [core, after] : core_ticks()) {
    const double all = after.all - before[core].all;
    shares[core] = all > 0 ? (after.idle - before[core].idle) / all : 1;
  }
  return shares;
}

/// Whether another of `earlier` is the same physical core.
bool is_sibling(int core, const std::vector<int>& earlier) {
  const auto siblings = [](int of) {
    std::ifstream file{"/sys/devices/system/cpu/cpu" + std::to_string(of) + "/topology/thread_siblings_list"};
    std::string list;
    std::getline(file, list);
    return list;
  };
  const std::string mine = siblings(core);
  return !mine.empty() &&
         std::any_of(earlier.begin(), earlier.end(), [&](int other) { return siblings(other) == mine; });
}

}  // namespace

Machine look_at_machine() {
  Machine machine{.cpu = cpu_name(),
                  .cores = {},
                  .free_cores = 0,
                  .compiler = __VERSION__,
                  .flags = TANGO_BENCH_FLAGS,
                  .kernel = kernel_name(),
                  .commit = TANGO_BENCH_COMMIT};
#if defined(__clang__)
  machine.compiler = "clang " + machine.compiler;
#else
  machine.compiler = "g++ " + machine.compiler;
#endif
  std::map<int, double> idle = idle_shares();
  constexpr double kFree = 0.8;
  std::vector<int> busy;
  std::vector<int> siblings;
  for (const int core : allowed_cores()) {
    const bool is_free = !idle.contains(core) || idle[core] >= kFree;
    machine.free_cores += is_free ? 1 : 0;
    (!is_free ? busy : is_sibling(core, machine.cores) ? siblings : machine.cores).push_back(core);
  }
  machine.cores.insert(machine.cores.end(), siblings.begin(), siblings.end());
  machine.cores.insert(machine.cores.end(), busy.begin(), busy.end());
  return machine;
}

}  // namespace bench
