// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <string>

#include "report.hpp"

namespace bench {

namespace {

/// Median, quartiles and what belongs to a queue's row.
void print_row(const std::string& name, const std::string& setting, const Spread& spread, const std::string& rest) {
  std::printf("  %-28s %-38s %9.2f  (%9.2f ... %9.2f) %s\n", name.c_str(), setting.c_str(), spread.median, spread.lower,
              spread.upper, rest.c_str());
}

std::string ratio_text(const Samples& of, const Samples& to) {
  char text[32];
  std::snprintf(text, sizeof text, " %9.3f", spread_of(ratios(of, to)).median);
  return text;
}

/// Million messages per second.
Samples rates(const Samples& nanoseconds) { return ratios(Samples(nanoseconds.size(), 1e3), nanoseconds); }

}  // namespace

void print_setting(const Setting& setting, const Field& field) {
  const Machine& machine = setting.machine;
  std::printf("%s, %zu cores, %zu of them free, %s\n%s, %s\n", machine.cpu.c_str(), machine.cores.size(),
              machine.free_cores, setting.placement.empty() ? "not pinned" : "pinned", machine.compiler.c_str(),
              machine.flags.c_str());
  if (machine.free_cores < 2) {
    std::printf("warning: fewer than two free cores: these figures mean little\n");
  }
  for (const auto& [peer, version] : field.versions) {
    std::printf("peer: %s %s\n", peer.c_str(), version.c_str());
  }
  for (const std::string& missing : field.missing) {
    std::printf("missing: %s\n", missing.c_str());
  }
}

void print_result(const Result& result) {
  const Workload& workload = result.workload;
  std::printf("\n%s: %s; %zu rounds\n", workload.name.c_str(), workload.what.c_str(), result.bare.size());
  std::printf("  %-28s %-38s %9s  (%9s ... %9s)  %9s%s\n", "", "", workload.is_rate() ? "M msg/s" : "ns", "quartile",
              "quartile", "time/1st", workload.kind == Kind::RoundTrip ? " time/bare" : "");
  for (const Scored& queue : result.queues) {
    std::string rest = ratio_text(queue.samples, result.reference().samples);
    if (workload.kind == Kind::RoundTrip) {
      rest += ratio_text(queue.samples, result.bare);
    }
    const auto append = [&rest](const std::string& name, double value) {
      char text[64];
      std::snprintf(text, sizeof text, "  %s %.5g", name.c_str(), value);
      rest += text;
    };
    for (const auto& [name, samples] : queue.also) {
      append(name, spread_of(samples).median);
    }
    print_row(queue.contender->queue, queue.contender->setting(),
              spread_of(workload.is_rate() ? rates(queue.samples) : queue.samples), rest);
  }
  print_row("bare ping-pong", "ns", spread_of(result.bare), "");
  std::fflush(stdout);
}

void print_warnings(const Setting& setting) {
  if (!setting.placement.empty() && !setting.pinned()) {
    std::printf("warning: %llu times a thread could not be tied to its core\n",
                static_cast<unsigned long long>(g_pin_failures.load()));
  }
}

void print_targets(const std::vector<Target>& targets) {
  std::printf("\ntargets: median ratios within the rounds\n");
  for (const Target& target : targets) {
    if (target.value) {
      std::printf("  %-8s %-52s %7.3f  %s %.2f  %-7s  %s\n", target.id.c_str(), target.what.c_str(), *target.value,
                  target.at_least ? ">=" : "<=", target.target, target.met ? "met" : "not met", target.note.c_str());
    } else {
      std::printf("  %-8s %-52s not judged: %s\n", target.id.c_str(), target.what.c_str(), target.note.c_str());
    }
  }
}

}  // namespace bench
