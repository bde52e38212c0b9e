// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>
#include <tango/version.hpp>

#include "report.hpp"

namespace bench {

namespace {

using Json = nlohmann::ordered_json;

Json scored_json(const Scored& scored) {
  const Contender& c = *scored.contender;
  Json json{{"queue", c.queue},   {"ours", c.ours},         {"way", c.way},
            {"policy", c.policy}, {"capacity", c.capacity}, {"samples_ns", scored.samples}};
  for (const auto& [name, samples] : scored.also) {
    json["also"][name] = samples;
  }
  if (!scored.runs.empty()) {
    json["runs_ns"] = scored.runs;
  }
  return json;
}

/// With what it was chosen or left by.
Json pilot_json(const Scored& pilot, const Samples& reference) {
  Json json = scored_json(pilot);
  if (const std::optional<double> ratio = relative(pilot, reference)) {
    json["relative"] = *ratio;
  } else {
    json["given_up"] = !reference.empty();
  }
  return json;
}

Json result_json(const Result& result, const Plan& plan) {
  const Workload& workload = result.workload;
  Json json{{"name", workload.name},
            {"what", workload.what},
            {"bytes", workload.bytes},
            {"count", workload.load.count / plan.share},
            {"runs_per_round", workload.runs_per_round},
            {"rounds", result.bare.size()},
            {"bare_ping_pong_ns", result.bare},
            {"pilot_reference_ns", result.pilot_reference},
            {"pilots", Json::array()},
            {"queues", Json::array()}};
  for (const Scored& pilot : result.pilots) {
    json["pilots"].push_back(pilot_json(pilot, result.pilot_reference));
  }
  for (const Scored& queue : result.queues) {
    json["queues"].push_back(scored_json(queue));
  }
  return json;
}

}  // namespace

void write_json(std::ostream& out, const Setting& setting, const Field& field, const std::vector<Result>& results,
                const std::vector<Target>& targets) {
  Json json{{"program", "tango_compare"},
            {"version", TANGO_VERSION_STRING},
            {"commit", setting.machine.commit},
            {"date", setting.date},
            {"cpu", setting.machine.cpu},
            {"kernel", setting.machine.kernel},
            {"cores", setting.machine.cores.size()},
            {"free_cores", setting.machine.free_cores},
            {"compiler", setting.machine.compiler},
            {"flags", setting.machine.flags},
            {"pinned", setting.pinned()},
            {"pinned_to", setting.placement},
            {"pin_failures", g_pin_failures.load()},
            {"rounds", setting.plan.rounds},
            {"pilots", setting.plan.pilots},
            {"quick", setting.options.quick},
            {"peers", Json::object()},
            {"missing", field.missing},
            {"workloads", Json::array()},
            {"targets", Json::array()},
            {"not_judged", Json::array()}};
  for (const auto& [peer, version] : field.versions) {
    json["peers"][peer] = version;
  }
  for (const Result& result : results) {
    json["workloads"].push_back(result_json(result, setting.plan));
  }
  for (const Target& target : targets) {
    if (target.value) {
      json["targets"].push_back({{"id", target.id},
                                 {"what", target.what},
                                 {"value", *target.value},
                                 {"target", target.target},
                                 {"at_least", target.at_least},
                                 {"met", target.met},
                                 {"note", target.note}});
    } else {
      json["not_judged"].push_back({{"id", target.id}, {"what", target.what}, {"why", target.note}});
    }
  }
  out << json.dump(1) << '\n' << std::flush;
}

}  // namespace bench
