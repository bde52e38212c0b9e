// SPDX-License-Identifier: Apache-2.0
#include "drivers.hpp"

#include <algorithm>
#include <iomanip>
#include <memory>
#include <ostream>
#include <set>
#include <string>
#include <utility>

#include "models.hpp"
#include "sites.hpp"

namespace tango::model {

namespace {

/// A model, what it reaches, and what is known of it from its first run.
struct Subject {
  Program program;
  std::shared_ptr<Stores> known;
  std::uint64_t paths = 0;
  std::set<const Site*> reached;
};

/// All models that are good as they are, the smallest first; fewer if one is not.
std::vector<Subject> subjects_of(std::vector<Program> models, Count& count, std::ostream& out) {
  std::vector<Subject> subjects;
  for (Program& program : models) {
    Subject& subject = subjects.emplace_back(Subject{std::move(program), {}, 0, {}});
    sites().forget_reached();
    const Result result = explore(subject.program, {}, &subject.known);
    if (const std::string wrong = complaint(subject.program, result); !wrong.empty()) {
      out << "FAILED with nothing made wrong: " << subject.program.name << ": " << wrong << '\n';
      ++count.bad;
    }
    subject.paths = result.executions + result.redundant;
    for (const Site& site : sites().all()) {
      if (site.reached) {
        subject.reached.insert(&site);
      }
    }
  }
  std::stable_sort(subjects.begin(), subjects.end(),
                   [](const Subject& a, const Subject& b) { return a.paths < b.paths; });
  return subjects;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

/// Which model notices, and what: see the file's head.
struct Catch {
  std::string fault;  ///< empty if there is none
  std::string lost;   ///< an outcome
  std::string limit;  ///< where the checker could not tell
};

/// Whether the search ends with the first model that lacks an outcome, or goes on for one that shows a fault.
enum class Search { Quick, ForFault };

template <class Concerned>
Catch catch_it(const std::vector<Subject>& subjects, bool learn_anew, Search search, Concerned concerned) {
  Catch found;
  for (const Subject& subject : subjects) {
    if (!concerned(subject)) {
      continue;
    }
    std::shared_ptr<Stores> known = learn_anew ? nullptr : copy_of(subject.known);
    const Result result = explore(subject.program, {}, &known);
    const std::string by = subject.program.name + ": ";
    if (result.limit) {
      found.limit = found.limit.empty() ? by + result.failure : found.limit;
    } else if (!result.failure.empty()) {
      found.fault = by + result.failure;
      return found;
    } else if (const std::string missing = result.missing(subject.program); !missing.empty() && found.lost.empty()) {
      found.lost = by + "never reached: " + missing;
      if (search == Search::Quick) {
        return found;
      }
    }
  }
  return found;
}

std::string survived(const Catch& found) {
  const std::string limit = found.limit.empty() ? "" : "(beyond the checker: " + first_line(found.limit) + ") ";
  return "SURVIVED    " + limit;
}

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

bool in_library(std::string_view file) { return file.rfind("tango/", 0) == 0; }

/// What stands in the text and is not understood, and what was executed and does not stand there.
/// Two sites that look the same may share a line only if there is nothing to weaken in them.
void check_sites(const Scan& text, const std::vector<Subject>& subjects, Count& count, std::ostream& out) {
  for (const std::string& stray : text.strays) {
    out << "FAILED " << stray << " belongs to no call that is understood\n";
    ++count.bad;
  }
  for (std::size_t i = 0; i != text.sites.size(); ++i) {
    for (std::size_t j = i + 1; j != text.sites.size(); ++j) {
      const TextSite& a = text.sites[i];
      const TextSite& b = text.sites[j];
      if (a.file == b.file && a.first_line <= b.last_line && b.first_line <= a.last_line &&
          a.operation == b.operation && a.order == b.order && a.failure == b.failure && !weaker_than(a).empty()) {
        out << "FAILED " << a.file << ':' << a.first_line << " has two sites that look the same: give each a line\n";
        ++count.bad;
      }
    }
  }
  std::set<const Site*> reached;
  for (const Subject& subject : subjects) {
    reached.insert(subject.reached.begin(), subject.reached.end());
  }
  for (const Site& site : sites().all()) {
    if (reached.count(&site) != 0 && in_library(site.file) && site.operation != Operation::Copy &&
        std::none_of(text.sites.begin(), text.sites.end(), [&](const TextSite& known) { return known.is(site); })) {
      out << "FAILED " << site.file << ':' << site.line << " executes a " << name(site.operation) << ' '
          << name(site.written) << " that its text does not show\n";
      ++count.bad;
    }
  }
}

}  // namespace

Count try_mutants(const Scan& text, std::vector<Program> models, std::span<const Equivalent> listed,
                  std::ostream& out) {
  Count count;
  count.sites = text.sites.size();
  const std::vector<Subject> subjects = subjects_of(std::move(models), count, out);
  check_sites(text, subjects, count, out);
  if (count.bad != 0) {
    return count;
  }
  std::set<const Equivalent*> used;
  for (const TextSite& text_site : text.sites) {
    std::vector<Site*> here;
    for (Site& site : sites().all()) {
      if (text_site.is(site) && std::any_of(subjects.begin(), subjects.end(),
                                            [&](const Subject& s) { return s.reached.count(&site) != 0; })) {
        here.push_back(&site);
      }
    }
    const std::string where = text_site.file + ":" + std::to_string(text_site.first_line);
    if (here.empty() && !in_library(text_site.file)) {
      continue;  // a model's own check
    }
    if (here.empty()) {
      out << std::left << std::setw(36) << where << ' ' << std::setw(36) << name(text_site.operation) << " NOT REACHED "
          << text_site.text << '\n';
      ++count.unreached;
      continue;
    }
    for (const Weaker& weaker : weaker_than(text_site)) {
      for (Site* const site : here) {
        site->order = weaker.order;
        site->failure = weaker.failure;
        site->dropped = weaker.dropped;
      }
      const Catch found = catch_it(subjects, false, Search::ForFault, [&](const Subject& subject) {
        return std::any_of(here.begin(), here.end(), [&](Site* site) { return subject.reached.count(site) != 0; });
      });
      for (Site* const site : here) {
        site->restore();
      }
      ++count.tried;
      out << std::left << std::setw(36) << where << ' ' << std::setw(36)
          << std::string{name(text_site.operation)} + " " + weaker.text << ' ';
      if (!found.lost.empty()) {
        ++count.bad;
        out << "FAILED      a weaker order allows less: " << found.lost << '\n';
      } else if (!found.fault.empty()) {
        ++count.caught;
        out << "caught      " << first_line(found.fault) << '\n';
      } else if (const Equivalent* const known = find_equivalent(listed, text_site.file, text_site.text, weaker.text)) {
        ++count.equivalent;
        used.insert(known);
        out << "equivalent  " << known->reason << '\n';
      } else {
        ++count.survived;
        out << survived(found) << text_site.text << '\n';
      }
      out.flush();
    }
  }
  for (const Equivalent& known : listed) {
    if (used.count(&known) == 0) {
      out << "FAILED listed as equivalent, but caught or gone: " << known.file << ' ' << known.text << ' '
          << known.mutation << '\n';
      ++count.bad;
    }
  }
  out << count.sites << " sites, " << count.unreached << " not reached; " << count.tried << " mutants: " << count.caught
      << " caught, " << count.equivalent << " equivalent, " << count.survived << " SURVIVED\n";
  return count;
}

Count try_steps(std::span<const std::string_view> steps, const std::function<void(std::string_view)>& plant,
                std::vector<Program> models, bool whole, std::ostream& out) {
  Count count;
  const std::vector<Subject> subjects = subjects_of(std::move(models), count, out);
  if (count.bad != 0) {
    return count;
  }
  for (const std::string_view step : steps) {
    plant(step);
    const Catch found =
        catch_it(subjects, true, whole ? Search::ForFault : Search::Quick, [](const Subject&) { return true; });
    const std::string by = found.fault.empty() ? found.lost : found.fault;
    ++count.tried;
    ++(by.empty() ? count.survived : count.caught);
    out << std::left << std::setw(58) << step << ' '
        << (by.empty() ? survived(found) : "caught      " + (whole ? by : first_line(by))) << '\n';
    out.flush();
  }
  plant({});
  out << count.tried << " steps: " << count.caught << " caught, " << count.survived << " SURVIVED\n";
  return count;
}

}  // namespace tango::model
