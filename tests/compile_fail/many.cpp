// SPDX-License-Identifier: Apache-2.0
// Large messages and pollers: what types can refuse.
#include <tango/tango.hpp>

tango::MCache<4> mcache;
tango::DCache<4, 64> words;
tango::Fctl fctl{4};

tango::Consumer one{mcache, words, 1};
tango::Consumer two{mcache, words, 1};
tango::Consumer reliable{mcache, words, fctl, 1};

std::byte memory[1024];
tango::Reassembler<2> reassembler{memory};

void use() {
  tango::Poller poller{one, two};
  (void)poller.poll();
  tango::LargeMessage message{"hello"};
}

#ifdef POLLER_OF_TWO_TYPES  // expect: a poller's consumers are of one type: make a poller for each type
void wrong() { tango::Poller poller{one, reliable}; }
#endif

#ifdef TOO_MANY_CONSUMERS  // expect: more consumers than the poller has places
void wrong() { tango::Poller<decltype(one), 1> poller{one, two}; }
#endif

#ifdef TOO_MANY_IN_AN_ARRAY  // expect: more consumers than the poller has places
void wrong(decltype(one) (&three)[3]) { tango::Poller<decltype(one), 2> poller{three}; }
#endif

#ifdef TOO_MANY_IN_A_SPAN  // expect: more consumers than the poller has places
void wrong(std::span<decltype(one), 3> three) { tango::Poller<decltype(one), 2> poller{three}; }
#endif

#ifdef POLLER_OF_A_TEMPORARY  // expect: (cannot bind non-const lvalue|no matching constructor|no viable constructor|no matching function)
void wrong() { tango::Poller poller{tango::Consumer{mcache, words, 1}}; }
#endif

#ifdef NO_PLACES  // expect: a poller has at least one place
tango::Poller<decltype(one), 0> wrong;
#endif

#ifdef ARROW_ON_A_TEMPORARY  // expect: (use of deleted function|selected deleted operator)
std::size_t wrong(tango::Poller<decltype(one), 2>& poller) { return poller.poll()->size(); }
#endif

#ifdef LARGE_MESSAGE_OF_NULL  // expect: (use of deleted function|call to deleted constructor)
tango::LargeMessage wrong{nullptr};
#endif

#ifdef REASSEMBLED_TEMPORARY  // expect: (use of deleted function|call to deleted member)
void wrong() { (void)reassembler.accept(*reliable.poll()); }
#endif

#ifdef NO_ORIGIN  // expect: a channel has 1 ... 8192 origins
tango::Reassembler<0> wrong{memory};
#endif

#ifdef TOO_MANY_ORIGINS  // expect: a channel has 1 ... 8192 origins
tango::Reassembler<8193> wrong{memory};
#endif

#ifdef REASSEMBLER_COPY  // expect: (use of deleted function|call to deleted constructor)
tango::Reassembler<2> wrong{reassembler};
#endif

#ifdef POLLER_COPY  // expect: (use of deleted function|call to deleted constructor)
void wrong(tango::Poller<decltype(one), 2>& poller) { auto copy = poller; }
#endif
