# SPDX-License-Identifier: Apache-2.0
# cmake -DPROGRAM=... -DWORK=... -DCASE=... -P check.cmake
# One way to use tango_compare (for the case `fault`, PROGRAM is its self-test), and what must come of it.

# expect(<exit code> <pattern> <argument>...): runs the program; what it prints must match the pattern.
function(expect code pattern)
  execute_process(COMMAND ${PROGRAM} ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT result STREQUAL code)
    message(FATAL_ERROR "${ARGN}: exit code ${result} instead of ${code}\n${output}${errors}")
  elseif(NOT "${output}${errors}" MATCHES "${pattern}")
    message(FATAL_ERROR "${ARGN}: nothing matches '${pattern}'\n${output}${errors}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

# get(<variable> <key>...): a value of the JSON file, which must be there.
function(get variable)
  string(JSON value ERROR_VARIABLE error GET "${json}" ${ARGN})
  if(error)
    message(FATAL_ERROR "${WORK}/quick.json: ${ARGN}: ${error}")
  endif()
  set(${variable} "${value}" PARENT_SCOPE)
endfunction()

if(CASE STREQUAL "quick")
  expect(0 "targets" --quick --json ${WORK}/quick.json)
  file(READ ${WORK}/quick.json json)
  foreach(key IN ITEMS cpu compiler flags pinned pinned_to missing rounds)
    get(value ${key})
  endforeach()

  # Every sample of every round is there.
  get(name workloads 0 name)
  get(rounds workloads 0 rounds)
  string(JSON workloads LENGTH "${json}" workloads)
  string(JSON queues LENGTH "${json}" workloads 0 queues)
  string(JSON bare LENGTH "${json}" workloads 0 bare_ping_pong_ns)
  if(NOT name STREQUAL "throughput_1024" OR NOT workloads EQUAL 3 OR NOT bare EQUAL rounds)
    message(FATAL_ERROR "${name}: ${workloads} workloads, ${bare} bare ping-pongs in ${rounds} rounds")
  endif()
  math(EXPR last "${queues} - 1")
  set(peers 0)
  foreach(i RANGE ${last})
    string(JSON samples LENGTH "${json}" workloads 0 queues ${i} samples_ns)
    get(ours workloads 0 queues ${i} ours)
    if(NOT samples EQUAL rounds)
      message(FATAL_ERROR "queue ${i}: ${samples} samples in ${rounds} rounds")
    elseif(NOT ours)
      math(EXPR peers "${peers} + 1")
    endif()
  endforeach()

  # The targets that these workloads judge; how far they are met is no test's business.
  string(JSON targets LENGTH "${json}" targets)
  math(EXPR last "${targets} - 1")
  set(ids)
  foreach(i RANGE ${last})
    get(id targets ${i} id)
    foreach(key IN ITEMS value target met)
      get(value targets ${i} ${key})
    endforeach()
    list(APPEND ids ${id})
  endforeach()
  set(expected P3 P7)
  if(peers GREATER 0)
    set(expected P2 P3 P3.peers P7)
  endif()
  if(NOT ids STREQUAL expected)
    message(FATAL_ERROR "targets ${ids} instead of ${expected}")
  endif()

elseif(CASE STREQUAL "list")
  expect(0 "round_trip_8" --list)
  foreach(name IN ITEMS throughput_8 throughput_65536 best_64 capacity_4096 lossy_64 bulk_8 round_trip_64 paced_100k
      metrics_64 fanout_64)
    if(NOT output MATCHES "(^|\n)${name} ")
      message(FATAL_ERROR "--list does not name ${name}")
    endif()
  endforeach()
  expect(0 "usage: " --help)

elseif(CASE STREQUAL "bad_input")
  expect(2 "--workload nonsense: there is no such workload" --workload nonsense)
  expect(2 "--workload nonsense: there is no such workload" --workload metrics_64 --workload nonsense)
  expect(2 "unrecognized option '--nonsense'" --nonsense)
  expect(2 "nonsense: not an option" nonsense)
  expect(2 "'--rounds' requires an argument" --rounds)
  foreach(rounds IN ITEMS 0 -1 x 1x 100001 99999999999999999999)
    expect(2 "--rounds ${rounds}: must be a number from 1 to 100000" --rounds ${rounds})
  endforeach()
  # Found before anything is measured.
  expect(2 "^tango_compare: --json [^ ]*/no/such/folder.json: cannot be written" --json ${WORK}/no/such/folder.json)
  expect(2 "^tango_compare: --json [^ ]*: cannot be written" --json ${WORK})

elseif(CASE STREQUAL "workloads")
  # What --quick leaves out, each once.
  foreach(workload IN ITEMS throughput_65536 best_64 lossy_8 lossy_65536 bulk_8 round_trip_64 paced_1m fanout_64)
    expect(0 "\n${workload}: .*1 rounds" --quick --rounds 1 --workload ${workload})
  endforeach()
  expect(0 "not pinned.*\nmetrics_64: " --quick --rounds 1 --workload metrics_64 --no-pin)

elseif(CASE STREQUAL "fault")
  set(work --quick --rounds 1 --workload throughput_64)
  expect(0 "the faulty queue" none ${work})
  foreach(fault IN ITEMS wrong_byte swapped twice lap wrong_byte_in_a_row swapped_in_a_row lap_in_a_row)
    expect(1 "the faulty queue: it delivered a wrong message.*void" ${fault} ${work})
  endforeach()
  expect(1 "the faulty queue: a message never arrived" silent ${work})  # takes seconds, because it could still come
  # A void run leaves no figures behind, not even an earlier run's.
  file(WRITE ${WORK}/void.json "{}")
  expect(1 "void" wrong_byte ${work} --json ${WORK}/void.json)
  file(SIZE ${WORK}/void.json size)
  if(NOT size EQUAL 0)
    message(FATAL_ERROR "void.json holds ${size} bytes")
  endif()

elseif(CASE STREQUAL "peer_path")
  # PROGRAM is CMake.
  expect(1 "TANGO_PEER_RIGTORP: there is no[ \n]+[^ ]*/rigtorp/SPSCQueue.h" -S ${SOURCE} -B ${WORK}/peer_path
    -DCMAKE_CXX_COMPILER=${COMPILER} -DTANGO_BUILD_TESTS=OFF -DTANGO_BUILD_EXAMPLES=OFF -DTANGO_PEER_RIGTORP=${WORK})

else()
  message(FATAL_ERROR "there is no case '${CASE}'")
endif()
