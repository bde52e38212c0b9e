// SPDX-License-Identifier: Apache-2.0
#include "rounds.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "wait.hpp"

namespace bench {

namespace {

constexpr std::uint64_t kBareRoundTrips = 10'000;

std::vector<Scored*> all_of(std::vector<Scored>& players) {
  std::vector<Scored*> all;
  for (Scored& player : players) {
    all.push_back(&player);
  }
  return all;
}

/// One round: everyone in turn, each round in the reverse order of the one before, so that nobody always follows the
/// same.
void play_round(const std::vector<Scored*>& players, const Workload& workload, const Placement& placement,
                const Load& load, bool backwards) {
  std::map<const Scored*, std::vector<Run>> runs;
  for (std::size_t turn = 0; turn < workload.runs_per_round; ++turn, backwards = !backwards) {
    for (std::size_t i = 0; i < players.size(); ++i) {
      const Scored* player = players[backwards ? players.size() - 1 - i : i];
      g_running = player->contender->queue.c_str();
      runs[player].push_back(player->contender->run(placement, load));
    }
  }
  const auto median = [](const std::vector<Run>& of, auto figure) {
    Samples samples;
    std::transform(of.begin(), of.end(), std::back_inserter(samples), figure);
    return spread_of(std::move(samples)).median;
  };
  for (Scored* player : players) {
    const std::vector<Run>& of = runs[player];
    player->samples.push_back(median(of, [](const Run& run) { return run.nanoseconds; }));
    player->also.resize(of.front().also.size());
    for (std::size_t i = 0; i < player->also.size(); ++i) {
      player->also[i].first = of.front().also[i].first;
      player->also[i].second.push_back(median(of, [i](const Run& run) { return run.also[i].second; }));
    }
    for (const Run& run : of) {
      if (workload.runs_per_round > 1) {
        player->runs.push_back(run.nanoseconds);
      }
    }
  }
}

bool same_queue(const Scored& one, const Scored& other) { return one.contender->queue == other.contender->queue; }

}  // namespace

bool clearly_loses(const Scored& pilot, const std::vector<Scored>& pilots) {
  constexpr double kClearly = 1.5;
  for (std::size_t round = 0; round < pilot.samples.size(); ++round) {
    double best = pilot.samples[round];
    for (const Scored& other : pilots) {
      best = same_queue(other, pilot) ? std::min(best, other.samples[round]) : best;
    }
    if (pilot.samples[round] <= kClearly * best) {
      return false;
    }
  }
  return !pilot.samples.empty();
}

Samples reference_of(const std::vector<Scored>& pilots) {
  std::size_t rounds = 0;
  for (const Scored& pilot : pilots) {
    rounds = std::max(rounds, pilot.samples.size());
  }
  Samples reference;
  for (std::size_t round = 0; round < rounds; ++round) {
    Samples all;
    for (const Scored& pilot : pilots) {
      if (pilot.samples.size() == rounds) {
        all.push_back(pilot.samples[round]);
      }
    }
    reference.push_back(spread_of(std::move(all)).median);
  }
  return reference;
}

std::optional<double> relative(const Scored& pilot, const Samples& reference) {
  if (reference.empty() || pilot.samples.size() < reference.size()) {
    return std::nullopt;
  }
  return spread_of(ratios(pilot.samples, reference)).median;
}

std::vector<Scored> choose(const std::vector<Scored>& pilots, const Samples& reference) {
  std::vector<Scored> chosen;
  std::vector<std::optional<double>> best;
  for (const Scored& pilot : pilots) {
    const std::optional<double> figure = relative(pilot, reference);
    const auto same =
        std::find_if(chosen.begin(), chosen.end(), [&](const Scored& other) { return same_queue(other, pilot); });
    if (same == chosen.end()) {
      chosen.push_back({pilot.contender});
      best.push_back(figure);
    } else if (std::optional<double>& so_far = best[static_cast<std::size_t>(same - chosen.begin())];
               figure && (!so_far || *figure < *so_far)) {
      so_far = figure;
      same->contender = pilot.contender;
    }
  }
  return chosen;
}

Result measure(const Workload& workload, const Field& field, const Placement& placement, const Plan& plan) {
  const Clock::time_point began = Clock::now();
  const auto in_time = [&](std::chrono::nanoseconds budget) { return Clock::now() - began < budget; };
  const Load load{std::max<std::uint64_t>(workload.load.count / plan.share, 1), workload.load.period};
  Result result{workload};
  for (const Contender* contender : entrants(workload, field)) {
    result.pilots.push_back({contender});
  }
  // Where no queue has a choice, there is nothing to find out.
  if (choose(result.pilots, {}).size() != result.pilots.size()) {
    std::vector<Scored*> playing = all_of(result.pilots);
    for (std::uint64_t i = 0; i < plan.pilots && (i == 0 || in_time(plan.budget / 2)); ++i) {
      if (i == kTrialRounds) {
        std::erase_if(playing, [&](const Scored* pilot) { return clearly_loses(*pilot, result.pilots); });
      }
      play_round(playing, workload, placement, load, i % 2 != 0);
    }
    result.pilot_reference = reference_of(result.pilots);
  }
  result.queues = choose(result.pilots, result.pilot_reference);
  for (std::uint64_t i = 0; i < plan.rounds && (i == 0 || in_time(plan.budget)); ++i) {
    result.bare.push_back(bare_ping_pong(placement, kBareRoundTrips / plan.share));
    play_round(all_of(result.queues), workload, placement, load, i % 2 != 0);
  }
  return result;
}

}  // namespace bench
