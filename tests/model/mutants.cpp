// SPDX-License-Identifier: Apache-2.0
// Every memory order is load-bearing: each one in the headers is weakened in turn, each fence dropped, and some model
// must fail. A site that no model reaches is a failure, and so is a mutant that survives, unless it stands in the
// list of equivalent ones with its reason.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "equivalent.hpp"
#include "models.hpp"
#include "scan.hpp"
#include "sites.hpp"

namespace tango::model {

namespace {

/// A model, what it reaches, and what is known of it from its first run.
struct Subject {
  Program program;
  std::shared_ptr<Stores> known;
  std::uint64_t executions = 0;
  std::set<const Site*> reached;
};

/// A weaker order of one site.
struct Weaker {
  std::memory_order order;
  std::memory_order failure;
  bool dropped;
  std::string text;
};

std::vector<Weaker> weaker_than(const TextSite& site) {
  std::vector<Weaker> all;
  const auto add = [&](std::memory_order order) {
    all.push_back({order, site.failure, false, std::string{name(site.order)} + " -> " + std::string{name(order)}});
  };
  if (site.operation == Operation::Fence) {
    if (site.order == std::memory_order_seq_cst) {
      add(std::memory_order_acq_rel);
    }
    if (site.order == std::memory_order_seq_cst || site.order == std::memory_order_acq_rel) {
      add(std::memory_order_acquire);
      add(std::memory_order_release);
    }
    all.push_back({site.order, site.failure, true, std::string{name(site.order)} + " -> no fence"});
    return all;
  }
  if (site.order == std::memory_order_acq_rel) {
    add(std::memory_order_acquire);
    add(std::memory_order_release);
  }
  if (site.order != std::memory_order_relaxed) {
    add(std::memory_order_relaxed);
  }
  if (site.failure != std::memory_order_relaxed) {
    all.push_back(
        {site.order, std::memory_order_relaxed, false, "failing " + std::string{name(site.failure)} + " -> relaxed"});
  }
  return all;
}

int run(const std::string& include, const std::vector<std::string>& more) {
  std::vector<TextSite> text_sites = scan_headers(include);
  for (const std::string& file : more) {
    const std::vector<TextSite> some = scan_file(file);
    text_sites.insert(text_sites.end(), some.begin(), some.end());
  }
  std::size_t bad = 0;
  for (std::size_t i = 0; i != text_sites.size(); ++i) {
    for (std::size_t j = i + 1; j != text_sites.size(); ++j) {
      const TextSite& a = text_sites[i];
      const TextSite& b = text_sites[j];
      if (a.file == b.file && a.first_line <= b.last_line && b.first_line <= a.last_line &&
          a.operation == b.operation && a.order == b.order && a.failure == b.failure) {
        std::printf("FAILED %s:%u has two sites that look the same: give each a line\n", a.file.c_str(), a.first_line);
        ++bad;
      }
    }
  }

  std::vector<Subject> subjects;
  for (Program& program : all_models()) {
    Subject& subject = subjects.emplace_back(Subject{std::move(program), {}, 0, {}});
    sites().forget_reached();
    const Result result = explore(subject.program, {}, &subject.known);
    if (const std::string wrong = complaint(subject.program, result); !wrong.empty()) {
      std::printf("FAILED %s: %s\n", subject.program.name.c_str(), wrong.c_str());
      return 1;
    }
    subject.executions = result.executions + result.redundant;
    for (const Site& site : sites().all()) {
      if (site.reached) {
        subject.reached.insert(&site);
      }
    }
  }
  std::stable_sort(subjects.begin(), subjects.end(),
                   [](const Subject& a, const Subject& b) { return a.executions < b.executions; });

  std::size_t caught = 0;
  std::size_t equivalent = 0;
  std::size_t survived = 0;
  std::size_t unreached = 0;
  std::set<const Equivalent*> used;
  for (const TextSite& text_site : text_sites) {
    std::vector<Site*> here;
    for (Site& site : sites().all()) {
      if (text_site.is(site) && std::any_of(subjects.begin(), subjects.end(),
                                            [&](const Subject& s) { return s.reached.count(&site) != 0; })) {
        here.push_back(&site);
      }
    }
    const std::string where = text_site.file + ":" + std::to_string(text_site.first_line);
    if (here.empty() && text_site.file.rfind("tango/", 0) != 0) {
      continue;  // a model's own check
    }
    if (here.empty()) {
      std::printf("%-36s %-28s NOT REACHED  %s\n", where.c_str(), std::string{name(text_site.operation)}.c_str(),
                  text_site.text.c_str());
      ++unreached;
      continue;
    }
    for (const Weaker& weaker : weaker_than(text_site)) {
      for (Site* const site : here) {
        site->order = weaker.order;
        site->failure = weaker.failure;
        site->dropped = weaker.dropped;
      }
      const char* by = nullptr;
      std::string why;
      for (Subject& subject : subjects) {
        if (std::none_of(here.begin(), here.end(), [&](Site* site) { return subject.reached.count(site) != 0; })) {
          continue;
        }
        std::shared_ptr<Stores> known = copy_of(subject.known);
        const Result result = explore(subject.program, {}, &known);
        if (!result.failure.empty() && result.failure.rfind("gave up", 0) != 0) {
          by = subject.program.name.c_str();
          why = result.failure.substr(0, result.failure.find('\n'));
          break;
        }
      }
      for (Site* const site : here) {
        site->restore();
      }
      const std::string mutant = std::string{name(text_site.operation)} + " " + weaker.text;
      if (by != nullptr) {
        ++caught;
        std::printf("%-36s %-36s caught      %s: %s\n", where.c_str(), mutant.c_str(), by, why.c_str());
      } else if (const Equivalent* const listed = find_equivalent(text_site.file, text_site.text, weaker.text)) {
        ++equivalent;
        used.insert(listed);
        std::printf("%-36s %-36s equivalent  %s\n", where.c_str(), mutant.c_str(), std::string{listed->reason}.c_str());
      } else {
        ++survived;
        std::printf("%-36s %-36s SURVIVED    %s\n", where.c_str(), mutant.c_str(), text_site.text.c_str());
      }
      std::fflush(stdout);
    }
  }
  for (const Equivalent& listed : kEquivalent) {
    if (used.count(&listed) == 0) {
      std::printf("FAILED listed as equivalent, but caught or gone: %s %s %s\n", std::string{listed.file}.c_str(),
                  std::string{listed.text}.c_str(), std::string{listed.mutation}.c_str());
      ++bad;
    }
  }
  std::printf("%zu sites, %zu not reached; %zu mutants: %zu caught, %zu equivalent, %zu SURVIVED\n", text_sites.size(),
              unreached, caught + equivalent + survived, caught, equivalent, survived);
  return bad + survived + unreached != 0;
}

}  // namespace

}  // namespace tango::model

int main(int count, char** arguments) {
  if (count < 2) {
    std::fprintf(stderr, "usage: %s <include> [<source>...]\n", arguments[0]);
    return 2;
  }
  return tango::model::run(arguments[1], {arguments + 2, arguments + count});
}
