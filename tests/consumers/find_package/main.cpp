// SPDX-License-Identifier: Apache-2.0
#include <tango/tango.hpp>

int main() {
  tango::MCache<4> mcache;
  tango::DCache<4, 64> dcache;
  tango::Fseq fseq;
  tango::Producer producer{mcache, dcache, fseq};
  tango::Consumer consumer{mcache, dcache, mcache.start()};
  return producer.publish("installed") && consumer.poll() ? 0 : 1;
}
