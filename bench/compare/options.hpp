// SPDX-License-Identifier: Apache-2.0
/// \file
/// What the program is asked to do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bench {

struct Options {
  bool help = false;
  bool list = false;
  bool quick = false;
  bool pin = true;
  std::optional<std::uint64_t> rounds{};
  std::vector<std::string> workloads{};  ///< none: all, or with `quick` those that belong to it
  std::string json{};                    ///< a path; empty: none
};

inline constexpr const char* kUsage =
    "tango_compare: this library against other queues, in interleaved rounds. Each queue is tried in each of its "
    "ways,\n"
    "capacities and wait policies (spin; pause: the core's hint between two looks; slip: 100 of them, where the rate\n"
    "counts) in pilot rounds, and scored in the best of them in fresh ones.\n"
    "usage: tango_compare [--list] [--workload NAME]... [--rounds N] [--quick] [--json FILE] [--no-pin]\n"
    "  --list           name the workloads, and the peers that are missing\n"
    "  --workload NAME  run this one; may be repeated (default: all)\n"
    "  --rounds N       scored rounds, at least 1 (default: 21)\n"
    "  --quick          a few small rounds of the workloads of targets P2, P3 and P7: under a minute\n"
    "  --json FILE      write every sample and the targets there\n"
    "  --no-pin         leave the threads where the system puts them\n";

/// None if something was wrong, which has been said on stderr.
std::optional<Options> parse_options(int argc, char** argv);

}  // namespace bench
