// SPDX-License-Identifier: Apache-2.0
// Where a consumer resumes after an overrun: the rule by itself. Its effect on a consumer is in consumer.test.cpp.
#include <catch2/catch_test_macros.hpp>
#include <tango/resume.hpp>

#include "support/channel.hpp"

using namespace tango;
using namespace tango::test;
using detail::ResumePolicy;

namespace {

/// `count` overruns of `Resume::Oldest`.
ResumePolicy after(std::uint32_t count) {
  ResumePolicy setbacks;
  for (std::uint32_t i = 0; i < count; ++i) {
    (void)setbacks.overrun(Resume::Oldest, 0, 1, 2);
  }
  return setbacks;
}

}  // namespace

TEST_CASE("the oldest with an eighth of what is intact as headroom, later than the number that is gone") {
  for (const Seq start : kStarts) {
    CHECK(ResumePolicy{}.overrun(Resume::Oldest, start, start + 100, start + 164) == start + 108);
    CHECK(ResumePolicy{}.overrun(Resume::Oldest, start, start + 100, start + 107) == start + 100);
    CHECK(ResumePolicy{}.overrun(Resume::Oldest, start + 120, start + 100, start + 164) == start + 121);
    CHECK(ResumePolicy{}.overrun(Resume::Oldest, start, start + 100, start + 100) == start + 100);  // nothing is intact
  }
}

TEST_CASE("the latest, unless it is gone as well") {
  for (const Seq start : kStarts) {
    CHECK(ResumePolicy{}.overrun(Resume::Latest, start, start + 100, start + 164) == start + 163);
    CHECK(ResumePolicy{}.overrun(Resume::Latest, start + 163, start + 100, start + 164) == start + 164);
    CHECK(ResumePolicy{}.overrun(Resume::Latest, start, start + 164, start + 164) == start + 164);
  }
}

TEST_CASE("after a few overruns in a row, at the latest; once it has kept up, with headroom again") {
  for (std::uint32_t count = 0; count < 10; ++count) {
    ResumePolicy setbacks = after(count);
    CHECK(setbacks.any() == (count != 0));
    CHECK(!setbacks.behind());  // the overrun itself moved it
    const Seq resumed = setbacks.overrun(Resume::Oldest, 1, 100, 164);
    CHECK(resumed == (count < ResumePolicy::kMost ? 108 : 163));
    setbacks.end_if_kept_up(resumed);  // nothing was still there
    CHECK(setbacks.any());
    setbacks.end_if_kept_up(resumed + 1);
    CHECK(!setbacks.any());
    CHECK(setbacks.overrun(Resume::Oldest, 1, 100, 164) == 108);
  }
}

TEST_CASE("what is overwritten while it is read counts, too, and in the end moves a consumer that sees no overrun") {
  ResumePolicy setbacks;
  for (std::uint32_t i = 1; i <= ResumePolicy::kMost; ++i) {
    CHECK(!setbacks.behind());
    setbacks.missed(i);
    CHECK(setbacks.behind() == (i == ResumePolicy::kMost));
  }
  setbacks.end_if_kept_up(ResumePolicy::kMost);  // nothing since
  CHECK(setbacks.behind());
  CHECK(setbacks.overrun(Resume::Oldest, 1, 100, 164) == 163);
  CHECK(!setbacks.behind());
  setbacks.missed(164);
  CHECK(setbacks.behind());  // still in a row
  setbacks.end_if_kept_up(165);
  CHECK(!setbacks.behind());
  CHECK(!setbacks.any());
}
