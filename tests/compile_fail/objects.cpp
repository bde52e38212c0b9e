// SPDX-License-Identifier: Apache-2.0
// Shapes that no object has.
#include <tango/dcache.hpp>
#include <tango/mcache.hpp>

tango::MCache<2> mcache;
tango::DCache<2, 1> words;
tango::DCache<2, 1, tango::Plain> plain;

#ifdef DEPTH_ZERO  // expect: the depth of an MCache must be a power of two and at least 2
tango::MCache<0> wrong;
#endif

#ifdef DEPTH_ONE  // expect: the depth of an MCache must be a power of two and at least 2
tango::MCache<1> wrong;
#endif

#ifdef DEPTH_THREE  // expect: the depth of an MCache must be a power of two and at least 2
tango::MCache<3> wrong;
#endif

#ifdef DEPTH_SIX  // expect: the depth of an MCache must be a power of two and at least 2
tango::MCache<6> wrong;
#endif

#ifdef CHUNKS_ZERO  // expect: the number of chunks of a DCache must be a power of two and at least 2
tango::DCache<0, 64> wrong;
#endif

#ifdef CHUNKS_ONE  // expect: the number of chunks of a DCache must be a power of two and at least 2
tango::DCache<1, 64> wrong;
#endif

#ifdef CHUNKS_TWELVE  // expect: the number of chunks of a DCache must be a power of two and at least 2
tango::DCache<12, 64> wrong;
#endif

#ifdef CHUNK_EMPTY  // expect: a chunk of a DCache has at least one byte
tango::DCache<2, 0> wrong;
#endif

#ifdef PAYLOAD_TAG  // expect: the payload of a DCache is tango::Words or tango::Plain
tango::DCache<2, 64, char> wrong;
#endif

#ifdef MCACHE_COPY  // expect: (use of deleted function|call to deleted constructor)
tango::MCache<2> wrong{mcache};
#endif

#ifdef DCACHE_COPY  // expect: (use of deleted function|call to deleted constructor)
tango::DCache<2, 1> wrong{words};
#endif
