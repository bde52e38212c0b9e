# SPDX-License-Identifier: Apache-2.0
# Where both harts begin, in machine mode: each takes a stack of its own and calls main with its number. Memory that the linker
# script leaves uninitialised is 0 when the machine starts, so nothing has to be cleared; the address of the device tree, which
# the firmware hands over in a1, is of no use here.
  .section .text.start
  .globl _start
_start:
  csrr a0, mhartid
  la sp, stacks
  addi t0, a0, 1
  li t1, 0x10000          # bytes of a stack
  mul t0, t0, t1
  add sp, sp, t0
  call run_hart
1:
  wfi
  j 1b

  .section .bss
  .balign 16
stacks:
  .skip 2 * 0x10000
