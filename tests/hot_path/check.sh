#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# check.sh <compiler> <include directory>
# Disassembles the hot operations of every legal combination of policies (operations.cpp) as the compiler makes them at -O2.
#
#   x86-64    no lock prefix, no fence instruction, no exchange with memory, no `rep movs` (see copy_bytes in platform.hpp)
#   AArch64   no exclusive load or store; one `dmb ish` where payload is published as words, none where as plain bytes;
#             one `dmb ishld` for each validated read, none for a reliable consumer: the most on any path
#   both      a builder's channel makes the same instructions as components that are wired by hand;
#             no call or jump out but to memcpy and to the cold functions named below; without metrics, nothing of them;
#             with flow control, a payload of several lines asks for later ones; without it, nothing of that; a path to
#             the end that calls no cold function; a message of 1 KiB is copied once and not by way of the stack; no more instructions than the file `most` says, where it knows the
#             compiler (a tenth more than there were when it was written)
#
# Prints how many instructions each operation has (all of its hot part, whichever of them a call executes). Exits with 77 where
# the compiler is not installed or compiles for another machine.
set -euo pipefail

compiler=$1
include=$2
source=$(dirname "$0")/operations.cpp

# Off the hot path, out of line: violated preconditions, refill, room, overrun, refusal, join, stop.
cold='tango::Producer::(too_large|refused|why_not|await_room)
tango::detail::CreditLimit::refill
tango::detail::Admission::free_chunks
tango::detail::PackedCounterWriter::mark
tango::detail::precondition_failed
tango::detail::ConsumerAttachment::get_ready
tango::detail::ReadCursor::(overrun|reject|take_setbacks)
tango::detail::ReadLedger::miss'

# Names without the inline namespace that holds the version (TANGO_ABI in config.hpp).
unversioned() { sed -E 's/v[0-9]+_[0-9]+_[0-9]+_layout[0-9]+_[a-z]+:://g'; }

skip() {
  echo "skipped: $*"
  exit 77
}
command -v "$compiler" >/dev/null || skip "$compiler is not installed"
machine=$("$compiler" -dumpmachine)
machine=${machine%%-*}
flags=(-std=c++20 "-I$include")
case $machine in
  x86_64) ;;
  aarch64) flags+=(-mno-outline-atomics) ;;  # else read-modify-writes hide in library calls
  *) skip "nothing is known about $machine" ;;
esac
objdump=$("$compiler" -print-prog-name=objdump)
nm=$("$compiler" -print-prog-name=nm)
cxxfilt=$("$compiler" -print-prog-name=c++filt)
command -v "$objdump" >/dev/null || skip "$objdump is not installed"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# no_frame_of <bytes> <file.su>: no function in the compiler's list puts as much on the stack.
no_frame_of() {
  if ! awk -F'\t' -v most="$1" '$2 + 0 >= most { print "FAILED: on the stack: " $0; found = 1 } END { exit found || !NR }' "$2"; then
    exit 1
  fi
}

# Without optimisation every function that is used has a symbol; none may belong to the metrics. And no large message is
# put on the stack, with any size of frames.
"$compiler" "${flags[@]}" -O0 -DBODY_BYTES=65536 -fstack-usage -c "$source" -o "$work/plain.o"
no_frame_of 65536 "$work/plain.su"
if "$nm" -C "$work/plain.o" | unversioned | grep -E 'tango::(Metrics|detail::(Counter|PackedCounter|PackedCounterWriter|ProducerRecorder|ConsumerRecorder|take_block))::'; then
  echo "FAILED: endpoints without metrics use these"
  exit 1
fi

# And where nothing but lossy endpoints is used, none to flow control.
"$compiler" "${flags[@]}" -DONLY_LOSSY -O0 -c "$source" -o "$work/lossy.o"
if "$nm" -C "$work/lossy.o" | unversioned | grep -E 'tango::detail::(CreditPlaces|CreditMembers|CreditPlace|CreditLimit)'; then
  echo "FAILED: lossy endpoints use these"
  exit 1
fi

# disassembled [<definition>...]: the operations at -O2
disassembled() {
  "$compiler" "${flags[@]}" "$@" -O2 -DNDEBUG -ffunction-sections -fstack-usage -c "$source" -o "$work/hot.o"
  no_frame_of 1024 "$work/hot.su" >&2
  "$objdump" -dr --no-show-raw-insn "$work/hot.o"
}
# A builder's channel makes the instructions of components wired by hand. Without what g++ does between functions: it
# allots registers by what a cold function happens to leave alone.
compared=()
if ! "$compiler" --version | grep -q clang; then
  compared=(-fno-ipa-ra -fno-ipa-sra)
fi
# instructions [<definition>...]: of each operation, operations in an order of their own
instructions() {
  disassembled "${compared[@]}" "$@" | awk '
    /^[0-9a-f]+ </ { operation = $2 ~ /^<(lossy|reliable|observed)_/ ? $2 : "" }
    operation != "" && /^ +[0-9a-f]+:\t/ && $2 !~ /^R_/ { print operation, ++n[operation], $2 }' | sort -k1,1 -k2,2n
}
for metrics in '' -DMETRICS; do
  instructions $metrics >"$work/by_hand"
  instructions $metrics -DBUILT >"$work/built"
  if [[ ! -s $work/built ]] || ! cmp "$work/by_hand" "$work/built" >&2; then
    echo "FAILED: a builder's channel makes other instructions ($metrics)" >&2
    exit 1
  fi
  disassembled $metrics
done | sed -E 's/[.]text[.](unlikely[.])?_Z/_Z/' | "$cxxfilt" | unversioned >"$work/listing"  # a local function goes by its section's name

version=$("$compiler" -dumpversion)
maker=g++
if "$compiler" --version | grep -q clang; then
  maker=clang++
fi
awk -v machine="$machine" -v cold="$cold" -v known="$machine $maker-${version%%.*}" -v table="$(dirname "$0")/most" '
  BEGIN {
    while ((getline line < table) > 0) {
      split(line, field, " ")
      if (field[1] " " field[2] == known) {
        most_instructions[field[3]] = field[4]
        tabled++
      }
    }
    gsub(/\n/, "|", cold)
    cold = "^(" cold ")$"
  }

  function fail(what) {
    printf "FAILED: %s: %s\n", operation, what
    failed = 1
  }

  # A demangled name without template arguments, parameters, return type and suffixes.
  function bare(name) {
    while (gsub(/<[^<>]*>/, "", name)) {
    }
    sub(/\(.*/, "", name)
    sub(/[-+]0x[0-9a-f]+$/, "", name)
    sub(/ *\[clone .*/, "", name)
    sub(/.* /, "", name)
    return name
  }

  # Where an operation calls or jumps to, out of itself.
  function leaves(target,   name) {
    name = bare(target)
    sub(/@.*/, "", name)
    if (name == "memcpy") {
      memcpy_calls[operation]++
    } else if (name == "memset" && operation ~ /_emplace$/) {
      return  # what the new message starts as
    } else if (part == "hot" && name ~ cold) {
      calls_cold[operation, at]
      ended = ended || (mnemonic ~ /^(callq?|bl)$/ && name ~ /::precondition_failed$/)  # which does not return
    } else if (name != "" && name !~ cold && name !~ ("^[.]text[.](unlikely|split)[.]" operation "$") &&
               name != operation ".cold" && name != ".text." operation) {
      fail("goes to " name)
    }
  }

  # The most barriers of a kind on any path through an operation: compilers copy code, so their number in the text says
  # nothing. One in a loop counts as 9.
  function most(kind,   reached, i, best, changed) {
    reached[1] = (operation, 1, kind) in barrier
    do {
      changed = 0
      for (i = 1; i <= instructions[operation]; ++i) {
        if (i in reached) {
          best = best > reached[i] ? best : reached[i]
          changed += arrive(reached, next_one[operation, i], reached[i], kind)
          changed += arrive(reached, line_at[operation, jump[operation, i]], reached[i], kind)
        }
      }
    } while (changed && best < 9)
    return best + 0
  }
  function arrive(reached, i, so_far, kind) {
    so_far += (operation, i, kind) in barrier
    if (i == "" || (i in reached && reached[i] >= so_far)) {
      return 0
    }
    reached[i] = so_far
    return 1
  }

  # Whether an operation can end without a call of a cold function, in its hot part alone.
  function has_straight_path(   reached, i, changed) {
    reached[1]
    do {
      changed = 0
      for (i = 1; i <= instructions[operation]; ++i) {
        if (i in reached && !((operation, i) in calls_cold)) {
          if ((operation, i) in returns) {
            return 1
          }
          changed += reach(reached, next_one[operation, i])
          changed += reach(reached, line_at[operation, jump[operation, i]])
        }
      }
    } while (changed)
    return 0
  }
  function reach(reached, i) {
    if (i == "" || i in reached) {
      return 0
    }
    reached[i]
    return 1
  }

  # `0000000000000000 <name>:` starts a function.
  /^[0-9a-f]+ <.*>:$/ {
    name = $0
    sub(/^[0-9a-f]+ </, "", name)
    sub(/>:$/, "", name)
    part = name ~ /[.]cold|clone .cold/ ? "cold" : "hot"
    sub(/[.]cold.*| *\[clone .*/, "", name)
    operation = name ~ /^(lossy|reliable|observed)_[a-z0-9_]+$/ ? name : ""
    if (operation != "" && part == "hot") {
      order[++operations] = operation
    }
    next
  }
  operation == "" { next }

  # A relocation: the target of the instruction before, if that one was a call or a jump.
  / R_(X86_64|AARCH64)_/ {
    if (branch) {
      target = $0
      sub(/.*R_(X86_64|AARCH64)_[A-Z0-9_]+[ \t]+/, "", target)
      leaves(target)
      branch = 0
      if (part == "hot") {
        delete jump[operation, at]
      }
    }
    next
  }

  # An instruction.
  /^ +[0-9a-f]+:\t/ {
    text = $0
    sub(/^ +[0-9a-f]+:\t/, "", text)
    sub(/[ \t]*(\/\/|#[ \t]).*/, "", text)  # comments
    split(text, word, /[ \t]+/)
    mnemonic = word[1]
    if (part == "hot") {
      line_at[operation, substr($1, 1, length($1) - 1)] = instructions[operation] + 1
      if (mnemonic ~ /^(nop[wl]?|data16|cs|int3|udf)$/ || text ~ /^xchg +%ax,%ax/) {  # fills gaps
        next
      }
      at = ++instructions[operation]
      if (at > 1 && !ended) {
        next_one[operation, at - 1] = at
      }
      ended = mnemonic ~ /^(b|br|ret|jmpq?|retq?|ud2|brk)$/
      if (mnemonic ~ /^retq?$/) {
        returns[operation, at]
      }
      if (text ~ / <.*>$/ && mnemonic != "adrp") {  # the target is before its name: `b.ne 1c <name+0x1c>`
        target = text
        sub(/ <.*/, "", target)
        sub(/.*[ \t,]/, "", target)
        jump[operation, at] = target
      }
      prefetches[operation] += mnemonic ~ /^(prefetch|prfm)/
      if (mnemonic == "dmb") {
        barrier[operation, at, word[2]]
      }
    }
    if (machine == "x86_64") {
      branch = mnemonic ~ /^(call|j)/
      if (text ~ /^(call|jmp)q? +\*/ && text !~ /^jmpq? +\*%[a-z0-9]+$/) fail(text)
      if (text ~ /(^|[ \t])lock([ \t]|$)/) fail(text)
      if (mnemonic ~ /^([mls]fence|cpuid|serialize)$/) fail(text)
      if (mnemonic ~ /^xchg/ && text ~ /\(/) fail(text)
      if (text ~ /^rep[a-z]*[ \t]+movs/) fail(text)
    } else {
      branch = mnemonic ~ /^(b|bl|b[.].*|cbn?z|tbn?z)$/
      if (mnemonic ~ /^blr/) fail(text)
      if (mnemonic ~ /^(ld|st)a?l?xp?r?[bh]?$/ && mnemonic ~ /x[pr]/) fail(text)
      if (mnemonic ~ /^(cas|swp|ld(add|clr|eor|set|smax|smin|umax|umin))/) fail(text)
      if (mnemonic == "dmb" && word[2] !~ /^(ish|ishld)$/) fail(text)
      if (mnemonic ~ /^(dsb|isb)$/) fail(text)
    }
  }

  END {
    if (operations != 98) {
      printf "FAILED: %d operations found, not 98\n", operations
      failed = 1
    }
    printf "%-40s %12s %7s%s\n", "operation", "instructions", "memcpy", machine == "aarch64" ? "  dmb ish  dmb ishld" : ""
    for (i = 1; i <= operations; ++i) {
      operation = order[i]
      printf "%-40s %12d %7d", operation, instructions[operation], memcpy_calls[operation]
      full = most("ish")
      loads = most("ishld")
      if (machine == "aarch64") {
        printf "  %7d  %9d", full, loads
      }
      printf "\n"
      if (tabled && instructions[operation] > most_instructions[operation] + 0) {
        fail(instructions[operation] " instructions, more than " most_instructions[operation] + 0)
      }
      looks_ahead = prefetches[operation] >= 3
      if (operation ~ /_publish_1024$/ && looks_ahead == (operation ~ /^lossy/)) {
        fail(prefetches[operation] " prefetches")
      }
      if (operation ~ /_1k_/ && memcpy_calls[operation] > (operation !~ /^lossy|^observed.*(publish|commit)/)) {
        fail("copies more than once")
      }
      if (!has_straight_path()) fail("no path without a cold function")
      if (machine == "aarch64") {
        words = operation ~ /^(lossy|observed)_/
        publishes = operation ~ /_(publish|publish_64|publish_1024|publish_blocking_64|publish_value|publish_value_blocking|emplace_value|reserve_commit|reserve_blocking_commit)$/
        if (full != (words && publishes)) fail(full " dmb ish on a path")
        validates = operation ~ /^lossy_.*poll_copy$/ ? 2 : operation ~ /^lossy_.*(poll|copy|1k_value|1k_copy_to|1k_read)$/ ? 1 : 0
        if (loads != validates) fail(loads " dmb ishld on a path")
      }
    }
    exit failed
  }' "$work/listing"
