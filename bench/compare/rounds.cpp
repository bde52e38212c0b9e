// SPDX-License-Identifier: Apache-2.0
#include "rounds.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

namespace bench {

namespace {

constexpr std::uint64_t kBareRoundTrips = 10'000;

/// One round: everyone in turn, each round in the reverse order of the one before, so that nobody always follows the
/// same.
void play_round(std::vector<Scored>& players, const Workload& workload, const Placement& placement, const Load& load,
                bool backwards) {
  std::map<const Scored*, std::vector<Run>> runs;
  for (std::size_t turn = 0; turn < workload.runs_per_round; ++turn, backwards = !backwards) {
    for (std::size_t i = 0; i < players.size(); ++i) {
      Scored& player = players[backwards ? players.size() - 1 - i : i];
      runs[&player].push_back(player.contender->run(placement, load));
    }
  }
  const auto median = [](const std::vector<Run>& of, auto figure) {
    Samples samples;
    std::transform(of.begin(), of.end(), std::back_inserter(samples), figure);
    return spread_of(std::move(samples)).median;
  };
  for (Scored& player : players) {
    const std::vector<Run>& of = runs[&player];
    player.samples.push_back(median(of, [](const Run& run) { return run.nanoseconds; }));
    player.also.resize(of.front().also.size());
    for (std::size_t i = 0; i < player.also.size(); ++i) {
      player.also[i].first = of.front().also[i].first;
      player.also[i].second.push_back(median(of, [i](const Run& run) { return run.also[i].second; }));
    }
  }
}

/// Each queue in the setting that was best in the pilot rounds.
std::vector<Scored> choose(const std::vector<Scored>& pilots) {
  std::vector<Scored> chosen;
  std::vector<double> best;
  for (const Scored& pilot : pilots) {
    const double figure = spread_of(pilot.samples).median;
    const auto same = std::find_if(chosen.begin(), chosen.end(), [&](const Scored& other) {
      return other.contender->queue == pilot.contender->queue;
    });
    if (same == chosen.end()) {
      chosen.push_back({pilot.contender});
      best.push_back(figure);
    } else if (double& so_far = best[static_cast<std::size_t>(same - chosen.begin())]; figure < so_far) {
      so_far = figure;
      same->contender = pilot.contender;
    }
  }
  return chosen;
}

}  // namespace

Result measure(const Workload& workload, const Field& field, const Placement& placement, const Plan& plan) {
  const Clock::time_point began = Clock::now();
  const auto in_time = [&](std::chrono::nanoseconds budget) { return Clock::now() - began < budget; };
  const Load load{std::max<std::uint64_t>(workload.load.count / plan.share, 1), workload.load.period};
  Result result{workload};
  for (const Contender* contender : entrants(workload, field)) {
    result.pilots.push_back({contender});
  }
  for (std::uint64_t i = 0; i < plan.pilots && (i == 0 || in_time(plan.budget / 2)); ++i) {
    play_round(result.pilots, workload, placement, load, i % 2 != 0);
  }
  result.queues = choose(result.pilots);
  for (std::uint64_t i = 0; i < plan.rounds && (i == 0 || in_time(plan.budget)); ++i) {
    result.bare.push_back(bare_ping_pong(placement, kBareRoundTrips / plan.share));
    play_round(result.queues, workload, placement, load, i % 2 != 0);
  }
  return result;
}

}  // namespace bench
