// SPDX-License-Identifier: Apache-2.0
// What is no clock, what is no stamp, and copies of what has one writer.
#include <tango/tango.hpp>

struct Good {
  static tango::Tick now() noexcept { return 0; }
};
struct MayThrow {
  static tango::Tick now() { return 0; }
};
struct Seconds {
  static double now() noexcept { return 0; }
};

tango::Latency<Good> latency;
tango::Histogram histogram;
std::uint32_t stamp = tango::stamp<Good>();
std::uint64_t recorded = latency.record(stamp);
auto calibration = tango::calibrate<Good, Good>(1000);

#ifdef CLOCK_MAY_THROW  // expect: (noexcept|may throw)
tango::Latency<MayThrow> wrong;
#endif

#ifdef CLOCK_OF_SECONDS  // expect: (does not satisfy return-type-requirement|std::same_as<double, tango::Tick>)
std::uint32_t wrong = tango::stamp<Seconds>();
#endif

#ifdef REFERENCE_IS_NO_CLOCK  // expect: Clock
auto wrong = tango::calibrate<Good, int>(1000);
#endif

#ifdef TICK_AS_STAMP  // expect: (use of deleted function|call to deleted member function)
std::uint64_t wrong = latency.record(Good::now());
#endif

#ifdef LATENCY_COPY  // expect: (use of deleted function|call to deleted constructor)
tango::Latency<Good> wrong{latency};
#endif

#ifdef HISTOGRAM_COPY  // expect: (use of deleted function|call to deleted constructor)
tango::Histogram wrong{histogram};
#endif

#ifdef CALIBRATION_IGNORED  // expect: ignoring return
#pragma GCC diagnostic error "-Wunused-result"
void wrong() { tango::calibrate<Good, Good>(1000); }
#endif
