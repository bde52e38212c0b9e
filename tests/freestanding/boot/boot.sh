#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# boot.sh <include directory>
# Builds the program for a bare RISC-V 64 machine and runs it on two harts of qemu's `virt`. What it shows is that the core
# needs nothing of an operating system; qemu is no witness of memory ordering. Exits with 77 where a tool is not installed.
set -euo pipefail

include=$1
here=$(dirname "$0")
for tool in riscv64-linux-gnu-g++ qemu-system-riscv64 timeout; do
  if ! command -v "$tool" >/dev/null; then
    echo "$tool is not installed"
    exit 77
  fi
done
program=$(mktemp)
trap 'rm -f "$program" "$program".log' EXIT

riscv64-linux-gnu-g++ -std=c++20 -O2 -ffreestanding -fno-exceptions -fno-rtti -fno-pic -fno-threadsafe-statics \
  -fno-asynchronous-unwind-tables -march=rv64gc -mabi=lp64d -mcmodel=medany \
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror "-I$include" \
  -nostdlib -static -no-pie -Wl,--build-id=none,--no-warn-rwx-segments -T "$here/virt.ld" "$here/start.S" "$here/main.cpp" -o "$program"

# The machine ends itself, with its verdict as the exit status.
timeout 120 qemu-system-riscv64 -machine virt -smp 2 -m 64M -bios none -kernel "$program" -nographic -monitor none \
  </dev/null | tee "$program".log
grep -qx passed < <(tr -d '\r' <"$program".log)
