// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <getopt.h>

#include <charconv>
#include <cstdio>
#include <string_view>
#include <system_error>

namespace bench {

std::optional<Options> parse_options(int argc, char** argv) {
  constexpr std::uint64_t kMostRounds = 100'000;
  enum { kHelp = 256, kList, kWorkload, kRounds, kQuick, kJson, kNoPin };
  static const option kOptions[] = {
      {"help", no_argument, nullptr, kHelp},
      {"list", no_argument, nullptr, kList},
      {"workload", required_argument, nullptr, kWorkload},
      {"rounds", required_argument, nullptr, kRounds},
      {"quick", no_argument, nullptr, kQuick},
      {"json", required_argument, nullptr, kJson},
      {"no-pin", no_argument, nullptr, kNoPin},
      {nullptr, 0, nullptr, 0},
  };
  Options options;
  optind = 1;
  for (int found = 0; (found = getopt_long(argc, argv, "", kOptions, nullptr)) != -1;) {
    switch (found) {
      case kHelp:
        options.help = true;
        break;
      case kList:
        options.list = true;
        break;
      case kWorkload:
        options.workloads.emplace_back(optarg);
        break;
      case kRounds: {
        const std::string_view number = optarg;
        std::uint64_t rounds = 0;
        const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), rounds);
        if (error != std::errc{} || end != number.data() + number.size() || rounds < 1 || rounds > kMostRounds) {
          std::fprintf(stderr, "tango_compare: --rounds %s: must be a number from 1 to 100000\n", optarg);
          return std::nullopt;
        }
        options.rounds = rounds;
        break;
      }
      case kQuick:
        options.quick = true;
        break;
      case kJson:
        options.json = optarg;
        if (options.json.empty()) {
          std::fprintf(stderr, "tango_compare: --json: the path is empty\n");
          return std::nullopt;
        }
        break;
      case kNoPin:
        options.pin = false;
        break;
      default:  // getopt_long has said what it is
        std::fputs(kUsage, stderr);
        return std::nullopt;
    }
  }
  if (optind < argc) {
    std::fprintf(stderr, "tango_compare: %s: not an option\n%s", argv[optind], kUsage);
    return std::nullopt;
  }
  return options;
}

}  // namespace bench
