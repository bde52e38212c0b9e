#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""plot.py RUN.json...: draws speed.svg beside the first file, from what full runs of tango_compare measured: for each
workload, how fast this library is relative to the best peer. Prints the same as a table for the README. The rounds of
all runs count together, but for those in which the two cores were near each other (a fast bare ping-pong) and those in
which they were far apart. Needs gnuplot (Debian: gnuplot-nox)."""

import json
import pathlib
import statistics
import subprocess
import sys

# A workload, what it is called, and the figure of each round: its samples, or one of its percentiles.
ROWS = (
    ("throughput_8", "8 B, one by one", None), ("throughput_64", "64 B", None), ("throughput_256", "256 B", None),
    ("throughput_1024", "1 KiB", None), ("throughput_4096", "4 KiB", None), ("throughput_65536", "64 KiB", None),
    ("bulk_8", "8 B, in bulk", None), ("round_trip_8", "8 B, there and back", None),
    ("round_trip_64", "64 B, there and back", None), ("round_trip_1024", "1 KiB, there and back", None),
    ("paced_100k", "64 B, 100 000/s, p99", "p99"), ("paced_1m", "64 B, 1 000 000/s, p99", "p99"))
OURS = (("tango", "with sig, ctl and ts", "#d62728", 7), ("tango, without metadata", "without metadata", "#1f77b4", 5))
NEAR_NS = 250  # a bare ping-pong up to here: the cores are near each other
STATES = (("near", lambda bare: bare < NEAR_NS), ("far", lambda bare: bare >= NEAR_NS))
FEWEST = 5  # rounds that make a figure


def fail(text):
    sys.exit(f"plot.py: {text}")


def load(path):
    try:
        run = json.loads(path.read_text())
        there = {workload["name"] for workload in run["workloads"]}
    except (OSError, ValueError, KeyError, TypeError) as error:
        fail(f"{path} is no result of tango_compare --json: {error!r}")
    if there.isdisjoint(name for name, _, _ in ROWS):
        fail(f"{path} has none of the workloads that are drawn: run tango_compare without --workload")
    return run


def rounds_of(runs, workload, percentile):
    """All rounds of a workload: the bare ping-pong, and the nanoseconds of each queue."""
    result = []
    for run in runs:
        for found in (w for w in run["workloads"] if w["name"] == workload):
            for n, bare in enumerate(found["bare_ping_pong_ns"]):
                result.append((bare, {q["queue"]: (q["also"][percentile] if percentile else q["samples_ns"])[n]
                                      for q in found["queues"]}))
    return result


def quartiles(values):
    """Lower quartile, median, upper quartile."""
    return statistics.quantiles(values, n=4, method="inclusive")


class Figure:
    """A queue of ours at a workload: its speed relative to the peer that is the best there."""

    def __init__(self, rounds, ours, peers):
        rounds = [ns for ns in rounds if ours in ns]
        self.known = len(rounds) >= FEWEST
        if not self.known:
            return
        self.ns = statistics.median(ns[ours] for ns in rounds)

        def relative(peer):
            return quartiles([ns[peer] / ns[ours] for ns in rounds if peer in ns])

        there = [peer for peer in peers if sum(peer in ns for ns in rounds) >= FEWEST]
        if not there:
            fail("a run without peers compares nothing")
        self.peer = min(there, key=lambda peer: relative(peer)[1])
        self.peer_ns = statistics.median(ns[self.peer] for ns in rounds if self.peer in ns)
        self.low, self.middle, self.high = relative(self.peer)

    def ratio(self):
        return f"{self.middle:.2f} ({self.low:.2f} ... {self.high:.2f})" if self.known else "-"


def figures_of(runs):
    """By workload, state of the cores and queue of ours."""
    peers = list(dict.fromkeys(q["queue"] for run in runs for w in run["workloads"] for q in w["queues"] if not q["ours"]))
    figures = {}
    for workload, _, percentile in ROWS:
        rounds = rounds_of(runs, workload, percentile)
        for state, holds in STATES:
            for queue, *_ in OURS:
                figures[workload, state, queue] = Figure([ns for bare, ns in rounds if holds(bare)], queue, peers)
    return figures


def footer(runs):
    first = runs[0]
    busy = sum(run.get("free_cores", 0) < 2 for run in runs)
    warning = f"; warning: {busy} of {len(runs)} runs had fewer than two free cores" if busy else ""
    return (f"{first['cpu']}, {first['cores']} cores, {'pinned' if first['pinned'] else 'not pinned'}; {first['compiler']}; "
            f"{' + '.join(str(run['rounds']) for run in runs)} interleaved rounds{warning}")


def quoted(text):
    return "'" + str(text).replace("'", "''") + "'"


def draw(runs, figures, path):
    """A panel for each state that the cores were in; a row for each workload; the best peer is the line at 1."""
    states = [state for state, _ in STATES if any(f.known for (_, at, _), f in figures.items() if at == state)]
    rows_drawn = [row for row in ROWS if any(figures[row[0], state, queue].known for state in states for queue, *_ in OURS)]
    blocks, panels = [], []
    for state in states:
        curves = []
        for shift, (queue, title, colour, mark) in zip((-0.16, 0.16), OURS):
            rows = [(f.middle, y + shift, f.low, f.high, f"{f.middle:.2f}") for y, (workload, _, _) in enumerate(rows_drawn)
                    if (f := figures[workload, state, queue]).known]
            if not rows:
                continue
            name = f"$d{len(blocks)}"
            blocks.append(f"{name} << EOD\n" + "\n".join(" ".join(map(str, row)) for row in rows) + "\nEOD")
            style = f"lc rgb '{colour}' pt {mark} ps 0.9 lw 1.5"
            curves += [f"{name} using 1:2:3:4 with xerrorbars {style} title {quoted(title)}",
                       f"{name} using 4:2:5 with labels left offset 0.7,0 font ',10' tc rgb '{colour}' notitle"]
        compared = "<" if state == "near" else ">="
        panels.append((f"Cores {state} (bare ping-pong {compared} {NEAR_NS} ns)", curves))
    tics = ", ".join(f"{quoted(what)} {y}" for y, (_, what, _) in enumerate(rows_drawn))
    commands = [f"set terminal svg size {620 * len(panels)},600 noenhanced font 'sans-serif,13' background '#ffffff'",
                f"set output {quoted(path)}", "set border 3 lc '#666666'", "set tics nomirror",
                "set grid xtics lc '#dddddd'", "set logscale x 2", "set xrange [0.125:8]", f"set ytics ({tics})",
                f"set yrange [{len(rows_drawn) - 0.5}:-0.5]", "set key below horizontal samplen 1",
                "set xtics ('1/8' 0.125, '1/4' 0.25, '1/2' 0.5, '1' 1, '2' 2, '4' 4, '8' 8)",
                "set xlabel 'speed relative to the best peer'",
                f"set arrow from 1,{len(rows_drawn) - 0.5} to 1,-0.5 nohead lc '#333333' lw 1.5",
                f"set multiplot layout 1,{len(panels)} title {quoted(footer(runs))} font ',11'"]
    for title, curves in panels:
        commands += [f"set title {quoted(title)}", "plot " + ", ".join(curves)]
    commands.append("unset multiplot")
    try:
        subprocess.run(["gnuplot"], input="\n".join(blocks + commands) + "\n", text=True, check=True)
    except FileNotFoundError:
        fail("gnuplot is not installed (Debian: apt-get install gnuplot-nox)")
    except subprocess.CalledProcessError:
        fail(f"gnuplot could not draw {path}")


def table(figures):
    print("| work | cores | tango, with sig, ctl and ts | tango, without metadata | best peer |")
    print("| --- | --- | --- | --- | --- |")
    for workload, what, _ in ROWS:
        for state, _ in STATES:
            described, bare = (figures[workload, state, queue] for queue, *_ in OURS)
            if described.known:
                print(f"| {what} | {state} | {described.ratio()} | {bare.ratio()} | "
                      f"{described.peer}, {described.peer_ns:.3g} ns |")


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        fail("usage: plot.py RUN.json...")
    paths = [pathlib.Path(argument) for argument in sys.argv[1:]]
    runs = [load(path) for path in paths]
    figures = figures_of(runs)
    draw(runs, figures, paths[0].parent / "speed.svg")
    table(figures)


if __name__ == "__main__":
    main()
