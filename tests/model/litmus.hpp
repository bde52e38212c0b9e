// SPDX-License-Identifier: Apache-2.0
// Litmus tests: small programs whose outcomes are known, from the papers and from the oracle. Each lists every
// outcome that RC11 allows; all others are forbidden. The one that the test is about is named.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tango::model {

struct Litmus {
  std::string_view name;
  std::string_view program;  ///< see tiny.hpp
  std::string_view about;    ///< the outcome that the test is about
  bool allowed;              ///< whether that one is
  unsigned outcomes;         ///< that are allowed
  unsigned executions;
};

inline constexpr Litmus kLitmus[] = {
    // Message passing.
    {"MP", "x=1 rlx; y=1 rlx | r y rlx; r x rlx", "10|11", true, 4, 4},
    {"MP+rel+acq", "x=1 rlx; y=1 rel | r y acq; r x rlx", "10|11", false, 3, 3},
    {"MP+rel+rlx", "x=1 rlx; y=1 rel | r y rlx; r x rlx", "10|11", true, 4, 4},
    {"MP+rlx+acq", "x=1 rlx; y=1 rlx | r y acq; r x rlx", "10|11", true, 4, 4},
    {"MP+fences", "x=1 rlx; f rel; y=1 rlx | r y rlx; f acq; r x rlx", "10|11", false, 3, 3},
    {"MP+rel+fence", "x=1 rlx; y=1 rel | r y rlx; f acq; r x rlx", "10|11", false, 3, 3},
    {"MP+fence+acq", "x=1 rlx; f rel; y=1 rlx | r y acq; r x rlx", "10|11", false, 3, 3},
    {"MP+fence+rlx", "x=1 rlx; f rel; y=1 rlx | r y rlx; r x rlx", "10|11", true, 4, 4},
    {"MP+late-fence", "x=1 rlx; y=1 rel | r y rlx; r x rlx; f acq", "10|11", true, 4, 4},
    {"MP+early-fence", "f rel; x=1 rlx; y=1 rlx | r y acq; r x rlx", "10|11", true, 4, 4},
    // The seqlock's two fences: a later write is seen, so is the mark before it.
    {"seqlock+fences", "x=1 rlx; f rel; y=1 rlx | r y rlx; f acq; r x rlx", "10|11", false, 3, 3},
    {"seqlock+acquire-load", "x=1 rlx; f rel; y=1 rlx | r y rlx; r x acq", "10|11", true, 4, 4},
    {"seqlock+release-mark", "x=1 rel; y=1 rlx | r y rlx; f acq; r x rlx", "10|11", true, 4, 4},
    // Release sequences: read-modify-writes go on with them, other stores do not (C++20).
    {"MP+sequence", "x=1 rlx; y=1 rel | cas y 1 2 rlx rlx | r y acq; r x rlx", "120|12", false, 7, 7},
    {"MP+broken-sequence", "x=1 rlx; y=1 rel; y=2 rlx | r y acq; r x rlx", "20|12", true, 5, 5},
    {"MP+foreign-store", "x=1 rlx; y=1 rel | y=2 rlx | r y acq; r x rlx", "20|12", true, 10, 10},
    // Store buffering.
    {"SB", "x=1 rlx; r y rlx | y=1 rlx; r x rlx", "00|11", true, 4, 4},
    {"SB+rel+acq", "x=1 rel; r y acq | y=1 rel; r x acq", "00|11", true, 4, 4},
    {"SB+fences", "x=1 rlx; f sc; r y rlx | y=1 rlx; f sc; r x rlx", "00|11", false, 3, 3},
    {"SB+fence", "x=1 rlx; f sc; r y rlx | y=1 rlx; r x rlx", "00|11", true, 4, 4},
    {"SB+acq_rel-fences", "x=1 rlx; f acq_rel; r y rlx | y=1 rlx; f acq_rel; r x rlx", "00|11", true, 4, 4},
    // Load buffering. Not explored: RC11 has no sb ∪ rf cycles, though a compiler or a core may.
    {"LB", "r x rlx; y=1 rlx | r y rlx; x=1 rlx", "11|11", false, 3, 3},
    // Coherence.
    {"CoRR", "x=1 rlx; x=2 rlx | r x rlx; r x rlx", "21|2", false, 6, 6},
    {"CoRR2", "x=1 rlx | x=2 rlx | r x rlx; r x rlx", "12|1", false, 12, 12},
    {"CoRW", "r x rlx; x=1 rlx | x=2 rlx", "2|2", false, 3, 3},
    {"CoWR", "x=1 rlx; r x rlx | x=2 rlx", "2|1", false, 3, 3},
    {"CoWW", "x=1 rlx; x=2 rlx", "|1", false, 1, 1},
    {"CoWW+rel+acq", "x=1 rlx; y=1 rel | r y acq; x=2 rlx", "1|11", false, 3, 3},
    {"atomicity", "cas x 0 1 rlx rlx | cas x 0 2 rlx rlx", "00|1", false, 2, 2},
    {"atomicity2", "cas x 0 1 rlx rlx | x=2 rlx", "0|1", false, 2, 2},
    {"CAS+acquire", "x=1 rlx; y=1 rel | cas y 1 2 acq rlx; r x rlx", "10|12", false, 3, 3},
    {"CAS+relaxed", "x=1 rlx; y=1 rel | cas y 1 2 rlx rlx; r x rlx", "10|12", true, 4, 4},
    {"CAS+failing-acquire", "x=1 rlx; y=1 rel | cas y 0 2 rlx acq; r x rlx", "10|11", false, 3, 3},
    // Two locations that are written by both.
    {"2+2W", "x=1 rlx; y=2 rlx | y=1 rlx; x=2 rlx", "|11", true, 4, 4},
    {"2+2W+rel", "x=1 rlx; y=2 rel | y=1 rlx; x=2 rel", "|11", true, 4, 4},
    {"2+2W+fences", "x=1 rlx; f sc; y=2 rlx | y=1 rlx; f sc; x=2 rlx", "|11", false, 3, 3},
    {"S", "x=2 rlx; y=1 rlx | r y rlx; x=1 rlx", "1|21", true, 4, 4},
    {"S+rel+acq", "x=2 rlx; y=1 rel | r y acq; x=1 rlx", "1|21", false, 3, 3},
    {"R", "x=1 rlx; y=1 rlx | y=2 rlx; r x rlx", "0|12", true, 4, 4},
    {"R+fences", "x=1 rlx; f sc; y=1 rlx | y=2 rlx; f sc; r x rlx", "0|12", false, 3, 3},
    // Three and four threads.
    {"WRC+rel+acq", "x=1 rlx | r x rlx; y=1 rel | r y acq; r x rlx", "110|11", false, 7, 7},
    {"WRC", "x=1 rlx | r x rlx; y=1 rlx | r y rlx; r x rlx", "110|11", true, 8, 8},
    {"ISA2+rel+acq", "x=1 rlx; y=1 rel | r y acq; z=1 rel | r z acq; r x rlx", "110|111", false, 7, 7},
    {"ISA2+rlx", "x=1 rlx; y=1 rel | r y acq; z=1 rlx | r z acq; r x rlx", "110|111", true, 8, 8},
    {"RWC", "x=1 rlx | r x acq; r y rlx | y=1 rlx; r x rlx", "100|11", true, 8, 8},
    {"RWC+fences", "x=1 rlx | r x rlx; f sc; r y rlx | y=1 rlx; f sc; r x rlx", "100|11", false, 7, 7},
    {"W+RWC+fences", "x=1 rlx; y=1 rel | r y acq; f sc; r z rlx | z=1 rlx; f sc; r x rlx", "100|111", false, 7, 7},
    {"W+RWC+fence", "x=1 rlx; y=1 rel | r y acq; r z rlx | z=1 rlx; f sc; r x rlx", "100|111", true, 8, 8},
    {"Z6", "x=1 rlx; y=1 rel | y=2 rlx; z=1 rel | r z acq; r x rlx", "10|121", true, 8, 8},
    {"Z6+fences", "x=1 rlx; f sc; y=1 rlx | y=2 rlx; f sc; z=1 rlx | r z rlx; f sc; r x rlx", "10|121", false, 7, 7},
    {"IRIW", "x=1 rlx | y=1 rlx | r x acq; r y acq | r y acq; r x acq", "1010|11", true, 16, 16},
    {"IRIW+fences", "x=1 rlx | y=1 rlx | r x rlx; f sc; r y rlx | r y rlx; f sc; r x rlx", "1010|11", false, 15, 15},
    // Ends that are awaited: all that the thread did happens before.
    {"end", "x=1 rlx | await A; r x rlx", "00|1", false, 1, 1},
    {"end+cycle", "r x rlx | await A; x=1 rlx", "10|1", false, 1, 1},
    {"end+SB", "x=1 rlx; r y rlx | y=1 rlx; await A; r x rlx", "000|11", false, 2, 2},
    // A thread of n events vanishes in n + 1 places, or not at all. The first four were counted by hand, too. In
    // vanish+MP B can read one pair of values if A vanished before its first store, two if it vanished before its
    // second, three if it vanished after that, and the same three if A ended: 1 + 2 + 3 + 3.
    {"vanish", "mortal: x=1 rlx", "|0", true, 2, 3},
    {"vanish+await", "mortal: x=1 rlx | await A; r x rlx", "10|1", false, 3, 3},
    {"vanish+MP", "mortal: x=1 rlx; y=1 rel | r y acq; r x rlx", "01|10", true, 6, 9},
    {"vanish+MP+await", "mortal: x=1 rlx; y=1 rlx | await A; r y rlx; r x rlx", "101|10", true, 4, 4},
    {"vanish+MP+stale", "mortal: x=1 rlx; y=1 rlx | await A; r y rlx; r x rlx", "110|11", false, 4, 4},
    {"vanish+too-late", "mortal: x=1 rlx; y=1 rlx | r y rlx; await A; r x rlx", "110|11", false, 6, 6},
    {"vanish+CoWW", "mortal: x=1 rlx | await A; x=2 rlx", "1|1", false, 2, 3},
    {"vanish+release", "mortal: x=1 rlx | await A; y=1 rel | r y acq; r x rlx", "110|11", false, 8, 8},
    {"vanish+relaxed", "mortal: x=1 rlx | await A; y=1 rlx | r y acq; r x rlx", "110|11", true, 10, 10},
    {"vanish+acquired", "y=1 rlx; x=1 rel | mortal: r x acq; z=1 rlx | await B; r y rlx", "110|111", false, 8, 11},
    {"vanish+not-acquired", "y=1 rlx; x=1 rel | mortal: r x rlx; z=1 rlx | await B; r y rlx", "110|111", true, 10, 14},
    {"vanish+late-fence", "y=1 rlx; x=1 rel | mortal: r x rlx; z=1 rlx; f acq | await B; r y rlx", "110|111", true, 9,
     16},
    {"vanish+SB+fences", "mortal: x=1 rlx; f sc; r y rlx | y=1 rlx; f sc; r x rlx", "00|11", false, 6, 11},
    {"vanish+claim", "mortal: cas x 0 1 acq rlx; x=0 rel | cas x 0 2 acq rlx", "-1|1", true, 5, 9},
    {"vanish+takeover", "mortal: x=1 rlx; y=1 rlx | await A; r y rlx; ? z=1 rel | r z acq; r x rlx", "1110|111", false,
     9, 9},
    {"vanish+both", "mortal: x=1 rlx; y=1 rlx | mortal: y=2 rlx; x=2 rlx", "|11", true, 7, 32},
    {"vanish+again", "mortal: x=1 rlx | mortal: await A; x=2 rlx | await B; r x rlx", "-11|1", true, 7, 14},
    {"vanish+again+stale", "mortal: x=1 rlx | mortal: await A; x=2 rlx | await B; r x rlx", "101|2", false, 7, 14},
};

/// What the checker gets wrong: an empty text if nothing.
[[nodiscard]] std::string wrong(const Litmus& litmus);

/// The same for what tiny programs cannot say: races, waiting, failed checks, outcomes that must be reached.
struct Finding {
  std::string_view name;
  std::string_view expected;  ///< how the failure begins; empty for none
  std::string (*run)();       ///< the failure
};
[[nodiscard]] const std::vector<Finding>& findings();

/// The first thing that is wrong of all these; empty if nothing.
[[nodiscard]] std::string anything_wrong();

}  // namespace tango::model
