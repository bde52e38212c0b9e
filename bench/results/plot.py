#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""plot.py RUN.json...: draws what full runs of tango_compare measured, beside the first file: throughput.svg and latency.svg,
and prints the README's table. The rounds of all runs count together; those in which the bare ping-pong was fast (the cores
stood near each other) and slow (far) are told apart where throughput is shown. Needs gnuplot (Debian: gnuplot-nox)."""

import json
import pathlib
import statistics
import subprocess
import sys

PAYLOADS = (8, 64, 256, 1024, 4096, 65536)
PACES = (("paced_100k", "100 000 messages/s"), ("paced_1m", "1 000 000 messages/s"))
PERCENTILES = ("p50", "p99", "p99.9", "p99.99")
NEAR_NS = 250  # a bare ping-pong up to here: the cores are near each other
STATES = (("near", lambda bare: bare < NEAR_NS), ("far", lambda bare: bare >= NEAR_NS))
FEWEST = 5  # rounds that make a figure
SHORTEST = 3  # payloads that make a curve
COLOURS = ("#d62728", "#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#17becf", "#bcbd22")


def fail(text):
    sys.exit(f"plot.py: {text}")


def quartiles(values):
    """Lower quartile, median, upper quartile."""
    return statistics.quantiles(values, n=4, method="inclusive")


class Round:
    """One round of a workload: the bare ping-pong, and each queue's figure, in nanoseconds."""

    def __init__(self, workload, number):
        self.bare = workload["bare_ping_pong_ns"][number]
        self.ns = {q["queue"]: q["samples_ns"][number] for q in workload["queues"]}
        self.also = {q["queue"]: {name: samples[number] for name, samples in q.get("also", {}).items()}
                     for q in workload["queues"]}


def percentiles(runs, workload, queue):
    """Of a paced workload: of all messages of all rounds; in files that do not have those, the rounds' median."""
    counts = {}
    for run in runs.files:
        for q in (q for w in run["workloads"] if w["name"] == workload for q in w["queues"] if q["queue"] == queue):
            for upper, count in q.get("all", {}).get("histogram", []):
                counts[upper] = counts.get(upper, 0) + count
    if not counts:
        return [statistics.median(r.also[queue][p] for r in runs.rounds[workload] if queue in r.ns) for p in PERCENTILES]
    result = []
    for p in PERCENTILES:
        left = sum(counts.values()) * float(p[1:]) / 100
        for upper in sorted(counts):
            left -= counts[upper]
            if left <= 1e-6:
                result.append(upper)
                break
    return result


class Runs:
    def __init__(self, paths):
        self.files = [self.load(path) for path in paths]
        self.rounds = {}
        for run in self.files:
            for workload in run["workloads"]:
                rounds = [Round(workload, n) for n in range(len(workload["bare_ping_pong_ns"]))]
                self.rounds.setdefault(workload["name"], []).extend(rounds)
        self.queues = list(self.rounds["throughput_64"][0].ns)  # ours first
        self.ours = self.queues[0]

    @staticmethod
    def load(path):
        try:
            run = json.loads(path.read_text())
            there = {workload["name"] for workload in run["workloads"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            fail(f"{path} is no result of tango_compare --json: {error!r}")
        needed = [f"throughput_{p}" for p in PAYLOADS] + ["round_trip_8", "round_trip_64"] + [name for name, _ in PACES]
        if missing := [name for name in needed if name not in there]:
            fail(f"{path} lacks the workloads {', '.join(missing)}: run tango_compare without --workload")
        return run

    def select(self, workload, state, queue):
        """The rounds of a workload in that state in which the queue took part."""
        return [r for r in self.rounds[workload] if state(r.bare) and queue in r.ns]

    def ways(self, workload, queue):
        """Which of its calls a queue used, in each run."""
        return [q["way"] for f in self.files for w in f["workloads"] if w["name"] == workload for q in w["queues"]
                if q["queue"] == queue]

    def footer(self):
        run = self.files[0]
        busy = sum(f.get("free_cores", 0) < 2 for f in self.files)
        warning = f"\nwarning: {busy} of {len(self.files)} runs had fewer than two free cores" if busy else ""
        return (f"{run['cpu']}, {run['cores']} cores, {'pinned' if run['pinned'] else 'not pinned'}; {run['compiler']}; "
                f"{' + '.join(str(f['rounds']) for f in self.files)} interleaved rounds{warning}")


def quoted(text):
    return "'" + str(text).replace("'", "''") + "'"


def double_quoted(text):
    """For gnuplot, where only these hold line breaks."""
    return '"' + str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def size_text(size):
    return f"{size} B" if size < 1024 else f"{size // 1024} KiB"


class Plot:
    """What gnuplot is told: commands, and a data block for each curve."""

    def __init__(self, runs, path, width, height, panels):
        self.runs, self.path, self.blocks = runs, path, []
        self.commands = [
            f"set terminal svg size {width},{height} noenhanced font 'sans-serif,13' background '#ffffff'",
            f"set output {quoted(path)}", "set grid ytics lc '#dddddd'", "set border 3 lc '#666666'", "set tics nomirror",
            f"set multiplot layout 1,{panels} title {double_quoted(runs.footer())}"]

    def block(self, rows):
        name = f"$d{len(self.blocks)}"
        self.blocks.append(f"{name} << EOD\n" + "\n".join(" ".join(map(str, row)) for row in rows) + "\nEOD")
        return name

    def style(self, queue):
        """One colour and one mark per queue in all plots; ours is drawn heavier."""
        i = self.runs.queues.index(queue)
        return f"lc rgb '{COLOURS[i % len(COLOURS)]}' pt {4 + i} lw {3 if i == 0 else 1.2}"

    def key(self):
        """A panel with nothing but the names."""
        lines = ", ".join(f"NaN with linespoints {self.style(q)} title {quoted(q)}" for q in self.runs.queues)
        self.commands += ["unset border", "unset tics", "unset title", "unset ylabel", "unset xlabel", "unset logscale",
                          "set xrange [0:1]", "set yrange [0:1]", "set key center left vertical Left reverse", "plot " + lines]

    def draw(self):
        self.commands.append("unset multiplot")
        try:
            subprocess.run(["gnuplot"], input="\n".join(self.blocks + self.commands) + "\n", text=True, check=True)
        except FileNotFoundError:
            fail("gnuplot is not installed (Debian: apt-get install gnuplot-nox)")
        except subprocess.CalledProcessError:
            fail(f"gnuplot could not draw {self.path}")


def throughput(runs, path):
    """A panel for each state that the cores were in for long enough."""
    panels = {}
    for name, state in STATES:
        for queue in runs.queues:
            rows = []
            for x, payload in enumerate(PAYLOADS):
                rounds = runs.select(f"throughput_{payload}", state, queue)
                if len(rounds) >= FEWEST:
                    low, middle, high = quartiles([1e3 / r.ns[queue] for r in rounds])
                    rows.append((x, middle, low, high))
            if len(rows) >= SHORTEST:
                panels.setdefault(name, []).append((queue, rows))
    plot = Plot(runs, path, 1100, 480, len(panels) + 1)
    tics = ", ".join(f"'{size_text(p)}' {x}" for x, p in enumerate(PAYLOADS))
    plot.commands += ["unset key", f"set xtics ({tics})", "set xrange [-0.2:5.2]", "set logscale y",
                      "set ylabel 'million messages per second (higher is better)'",
                      r'set xlabel "payload; nothing lost, at most 1024 under way\n(tango: 8 MiB of chunks if faster)"']
    for name, curves in panels.items():
        compared = "<" if name == "near" else ">="
        plot.commands.append(f"set title {quoted(f'Cores {name} (bare ping-pong {compared} {NEAR_NS} ns)')}")
        plot.commands.append("plot " + ", ".join(
            f"{plot.block(rows)} using 1:2:3:4 with yerrorlines {plot.style(queue)}" for queue, rows in curves))
    plot.key()
    plot.draw()


def latency(runs, path):
    plot = Plot(runs, path, 1400, 480, 4)
    bars = []
    for i, queue in enumerate(runs.queues):
        for shift, workload in ((-0.17, "round_trip_8"), (0.17, "round_trip_64")):
            if ratios := [r.ns[queue] / r.bare for r in runs.rounds[workload] if queue in r.ns]:
                low, middle, high = quartiles(ratios)
                bars.append((i + shift, middle, low, high, int(COLOURS[i % len(COLOURS)][1:], 16)))
    data = plot.block(bars)
    plot.commands += [
        "set title 'There and back: 8 B left, 64 B right'", "set ylabel 'relative to the bare ping-pong (lower is better)'",
        "set yrange [0:*]", "unset xtics", f"set xrange [-0.6:{len(runs.queues) - 0.4}]", "set boxwidth 0.3",
        "set style fill solid 0.75 noborder", "unset key",
        f"plot {data} using 1:2:5 with boxes lc rgb variable, {data} using 1:2:3:4 with yerrorbars pt 0 lc '#333333', "
        "1 lc '#333333' dt 2"]
    tics = ", ".join(f"'{p}' {x}" for x, p in enumerate(PERCENTILES))
    for workload, pace in PACES:
        curves = []
        for queue in runs.queues:
            if any(queue in r.ns for r in runs.rounds[workload]):
                rows = list(enumerate(percentiles(runs, workload, queue)))
                curves.append(f"{plot.block(rows)} using 1:2 with linespoints {plot.style(queue)}")
        plot.commands += [
            f"set title {quoted(f'One way, 64 B, {pace}')}", "set ylabel 'nanoseconds (lower is better)'",
            "set logscale y", "set yrange [*:*]", f"set xtics ({tics})", "set xrange [-0.2:3.2]", "plot " + ", ".join(curves)]
    plot.key()
    plot.draw()


def table(runs):
    """The seed's three headline rows, in Markdown. Speeds relative to the peers' are taken within each round."""
    print("| | cores | tango | fastest peer | tango's speed relative to it | and to rigtorp/SPSCQueue |")
    print("| --- | --- | --- | --- | --- | --- |")
    for workload, what, unit in (("throughput_64", "64 B, messages/s", 1e3), ("round_trip_8", "8 B, there and back", None),
                                 ("throughput_1024", "1 KiB, messages/s", 1e3)):
        if any("MiB of chunks" in way for way in runs.ways(workload, runs.ours)):
            what += "; tango with 8 MiB of chunks"
        for name, state in STATES:
            rounds = runs.select(workload, state, runs.ours)
            if len(rounds) < FEWEST:
                continue

            def figure(queue):
                ns = statistics.median(r.ns[queue] for r in rounds if queue in r.ns)
                return f"{unit / ns:.3g} M" if unit else f"{ns:.0f} ns"

            def relative(queue):
                return quartiles([r.ns[queue] / r.ns[runs.ours] for r in rounds if queue in r.ns])

            def ratio(queue):
                low, middle, high = relative(queue)
                return f"{middle:.2f} ({low:.2f} ... {high:.2f})"

            peers = [q for q in runs.queues[1:] if sum(q in r.ns for r in rounds) >= FEWEST]
            best = min(peers, key=lambda queue: relative(queue)[1])
            rigtorp = ratio("rigtorp/SPSCQueue") if "rigtorp/SPSCQueue" in peers else "-"
            print(f"| {what} | {name} | {figure(runs.ours)} | {figure(best)} ({best}) | {ratio(best)} | {rigtorp} |")


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        fail("usage: plot.py RUN.json...")
    paths = [pathlib.Path(argument) for argument in sys.argv[1:]]
    runs = Runs(paths)
    throughput(runs, paths[0].parent / "throughput.svg")
    latency(runs, paths[0].parent / "latency.svg")
    table(runs)


if __name__ == "__main__":
    main()
