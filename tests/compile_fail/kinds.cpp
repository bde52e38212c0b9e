// SPDX-License-Identifier: Apache-2.0
// What is wrong for the kind of channel, and copies of what there is one of.
#include <tango/tango.hpp>

tango::MCache<4> mcache;
tango::DCache<4, 64> words;
tango::DCache<4, 64, tango::Plain> plain;
tango::Fseq fseq;
tango::Fctl fctl{4};

tango::Producer lossy{mcache, words, fseq};
tango::Producer reliable{mcache, plain, fseq, fctl};
tango::Consumer overrunnable{mcache, words, 1};
tango::Consumer safe{mcache, plain, fctl, 1};

struct Owner {
  Owner(const Owner&);
  ~Owner();
};

void use() {
  lossy.reserve(8).writer().store(0, 42);
  (void)reliable.reserve(8).span();
  auto speculative = overrunnable.poll();
  (void)speculative->load<int>(0);
  auto fragment = safe.poll();
  (void)fragment->payload();
  const int records[] = {1, 2};
  (void)reliable.publish_packed(records);
}

#ifdef PLAIN_PRODUCER_WITHOUT_FCTL  // expect: a DCache of plain bytes needs flow control: give the producer an Fctl
tango::Producer wrong{mcache, plain, fseq};
#endif

#ifdef PLAIN_CONSUMER_WITHOUT_FCTL  // expect: a consumer of plain bytes must be reliable: give it the channel's Fctl
tango::Consumer wrong{mcache, plain, 1};
#endif

#ifdef SPAN_ON_WORDS  // expect: consumers of this channel may be overrun, so its payload is not handed out as a span
void wrong() { (void)lossy.reserve(8).span(); }
#endif

#ifdef WRITER_ON_PLAIN  // expect: the payload of this channel is plain bytes: use span
void wrong() { (void)reliable.reserve(8).writer(); }
#endif

#ifdef SPAN_OF_SPECULATIVE_FRAGMENT  // expect: may be overwritten while you read: copy_to, as, read, or load and validate
void wrong(const tango::SpeculativeFragment& fragment) { (void)fragment.payload(); }
#endif

#ifdef TEXT_OF_SPECULATIVE_FRAGMENT  // expect: may be overwritten while you read: copy_to, as, read, or load and validate
void wrong(const tango::SpeculativeFragment& fragment) { (void)fragment.text(); }
#endif

#ifdef LOAD_OF_OWNER  // expect: only a trivially copyable type can be sent as its bytes
void wrong(const tango::SpeculativeFragment& fragment) { (void)fragment.load<Owner>(0); }
#endif

#ifdef LOAD_OF_POINTER  // expect: only a trivially copyable type can be sent as its bytes, and no pointer
void wrong(const tango::SpeculativeFragment& fragment) { (void)fragment.load<const char*>(0); }
#endif

#ifdef READ_OF_POINTER  // expect: only a trivially copyable type can be sent as its bytes, and no pointer
void wrong(tango::SpeculativeFragment& fragment, const char* out) { (void)fragment.read(0, out); }
#endif

#ifdef STORE_OF_OWNER  // expect: only a trivially copyable type can be sent as its bytes
void wrong(const Owner& owner) { lossy.reserve(8).writer().store(0, owner); }
#endif

#ifdef STORE_OF_TEXT  // expect: only a trivially copyable type can be sent as its bytes, and no pointer, array, range or string
void wrong() { lossy.reserve(8).writer().store(0, "hello"); }
#endif

#ifdef STORE_OF_STRING_VIEW  // expect: only a trivially copyable type can be sent as its bytes, and no pointer, array, range or string
void wrong() { lossy.reserve(16).writer().store(0, std::string_view{"hello"}); }
#endif

#ifdef WRITE_OF_NULL  // expect: (use of deleted function|call to deleted member function)
void wrong() { lossy.reserve(8).writer().write(0, nullptr); }
#endif

#ifdef PRODUCER_COPY  // expect: (use of deleted function|call to implicitly-deleted copy constructor)
tango::Producer wrong{lossy};
#endif

#ifdef PRODUCER_COPY_ASSIGNED  // expect: (use of deleted function|cannot be assigned because its copy assignment operator is implicitly deleted)
void wrong(tango::Producer<4, decltype(words), tango::NoFlowControl, tango::NoMetrics>& other) { other = lossy; }
#endif

#ifdef CONSUMER_COPY  // expect: (use of deleted function|call to implicitly-deleted copy constructor)
tango::Consumer wrong{safe};
#endif

#ifdef FRAGMENT_COPY  // expect: (use of deleted function|call to implicitly-deleted copy constructor)
void wrong(const tango::Fragment& fragment) { tango::Fragment copy{fragment}; }
#endif

#ifdef SPECULATIVE_FRAGMENT_COPY  // expect: (use of deleted function|call to implicitly-deleted copy constructor)
void wrong(const tango::SpeculativeFragment& fragment) { tango::SpeculativeFragment copy{fragment}; }
#endif

#ifdef RESERVATION_COPY  // expect: (use of deleted function|call to implicitly-deleted copy constructor)
void wrong() {
  auto room = lossy.reserve(8);
  auto copy = room;
}
#endif

#ifdef PAYLOAD_OF_A_TEMPORARY  // expect: (use of deleted function|attempt to use a deleted function|overload resolution selected deleted operator)
auto wrong() { return safe.poll()->payload(); }
#endif

#ifdef PAYLOAD_OF_A_TEMPORARY_BY_STAR  // expect: a temporary gives it back at the end of the expression
auto wrong() { return (*safe.poll()).payload(); }
#endif

#ifdef TEXT_OF_A_TEMPORARY_BY_STAR  // expect: a temporary gives it back at the end of the expression
auto wrong() { return (*safe.poll()).text(); }
#endif

#ifdef TEXT_OF_A_POLLERS_TEMPORARY  // expect: a temporary gives it back at the end of the expression
auto wrong(tango::Poller<decltype(safe), 2>& poller) { return (*poller.poll()).text(); }
#endif

#ifdef FRAGMENTS_OF_A_TEMPORARY  // expect: (use of deleted function|call to deleted member function)
void wrong() {
  for (auto& fragment : tango::Consumer{mcache, words, 1}.fragments()) (void)fragment;
}
#endif

#ifdef CONSUMER_OF_A_TEMPORARY_RING  // expect: (use of deleted function|call to deleted constructor)
tango::Consumer wrong{tango::MCache<4>{}, words, 1};
#endif

#ifdef CONSUMER_OF_TEMPORARY_PAYLOADS  // expect: (use of deleted function|call to deleted constructor)
tango::Consumer wrong{mcache, tango::DCache<4, 64, tango::Plain>{}, fctl, 1};
#endif

#ifdef READER_OF_TEMPORARY_METRICS  // expect: (use of deleted function|call to deleted constructor)
tango::MetricsReader wrong{tango::Metrics{}};
#endif

#ifdef POLLER_OF_UNKNOWN_SIZE  // expect: give the number of places, Poller<C, 16>
void wrong(std::span<decltype(safe)> consumers) { tango::Poller poller{consumers}; }
#endif

#ifdef LOAD_BOOL  // expect: a bool that was overwritten while it was read may be neither true nor false: use read
bool wrong(const tango::SpeculativeFragment& fragment) { return fragment.load<bool>(0); }
#endif

#ifdef WAIT_WITHOUT_IDLE  // expect: WaitStrategy
struct NoIdle {};
void wrong() { (void)safe.wait(NoIdle{}); }
#endif

#ifdef MCACHE_WAIT_WITHOUT_IDLE  // expect: WaitStrategy
struct NoIdleEither {};
void wrong() { (void)mcache.wait(1, NoIdleEither{}); }
#endif

#ifdef FILTER_OF_NOTHING  // expect: (SigFilter|predicate)
void wrong() {
  (void)safe.poll([](const char*) { return true; });
}
#endif

#ifdef PACKED_POINTERS  // expect: a packed record is a trivially copyable value
void wrong() {
  int* const pointers[] = {nullptr};
  (void)reliable.publish_packed(pointers);
}
#endif

#ifdef PACKED_C_STRINGS  // expect: a packed record is a trivially copyable value
void wrong() {
  const char* const texts[] = {"a"};
  (void)reliable.publish_packed(texts);
}
#endif

#ifdef PACKED_OWNERS  // expect: a packed record is a trivially copyable value
void wrong(const Owner (&owners)[2]) { (void)reliable.publish_packed(owners); }
#endif

#ifdef PACKED_LITERAL  // expect: a string literal would be packed with its terminator
void wrong() { (void)reliable.publish_packed("hello"); }
#endif
