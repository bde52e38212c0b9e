#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""plot.py RUN.json: draws what a full run of tango_compare measured, beside the file: throughput.svg and latency.svg, and
prints the README's table. Needs gnuplot (Debian: gnuplot-nox)."""

import json
import pathlib
import statistics
import subprocess
import sys

PAYLOADS = (8, 64, 256, 1024, 4096, 65536)
PACES = (("paced_100k", "100 000 messages/s"), ("paced_1m", "1 000 000 messages/s"))
PERCENTILES = ("p50", "p99", "p99.9", "p99.99")
# One colour and one mark per queue in all plots; ours is drawn heavier.
COLOURS = ("#d62728", "#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#17becf")


def fail(text):
    sys.exit(f"plot.py: {text}")


def quartiles(values):
    """Lower quartile, median, upper quartile."""
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3


def within_rounds(ours, theirs):
    """Quartiles of theirs / ours, taken within each round."""
    return quartiles([b / a for a, b in zip(ours["samples_ns"], theirs["samples_ns"])])


class Run:
    def __init__(self, path):
        try:
            self.json = json.loads(path.read_text())
            self.workloads = {w["name"]: w for w in self.json["workloads"]}
        except (OSError, ValueError, KeyError, TypeError) as error:
            fail(f"{path} is no result of tango_compare --json: {error}")
        needed = [f"throughput_{b}" for b in PAYLOADS] + ["round_trip_8", "round_trip_64"] + [name for name, _ in PACES]
        if missing := [name for name in needed if name not in self.workloads]:
            fail(f"{path} lacks the workloads {', '.join(missing)}: run tango_compare without --workload")

    def queues(self, workload):
        """By name, in the order of the run: ours first."""
        return {q["queue"]: q for q in self.workloads[workload]["queues"]}

    def names(self):
        return list(self.queues("throughput_64"))

    def footer(self):
        bare = statistics.median(x for w in self.workloads.values() for x in w["bare_ping_pong_ns"])
        j = self.json
        return (f"{j['cpu']}, {j['cores']} cores, {'pinned' if j['pinned'] else 'not pinned'}; {j['compiler']}; "
                f"medians of {j['rounds']} interleaved rounds; bare ping-pong {bare:.0f} ns")


class Plot:
    """What gnuplot is told: commands, and a data block for each curve."""

    def __init__(self, run, path, width, height):
        self.run, self.path = run, path
        self.blocks, self.commands = [], [
            f"set terminal svg size {width},{height} font 'sans-serif,13' background '#ffffff'",
            f"set output {self.quoted(path)}", "set grid ytics lc '#dddddd'", "set border 3 lc '#666666'",
            "set tics nomirror"]

    @staticmethod
    def quoted(text):
        return "'" + str(text).replace("'", "''") + "'"

    def block(self, rows):
        name = f"$d{len(self.blocks)}"
        self.blocks.append(f"{name} << EOD\n" + "\n".join(" ".join(map(str, row)) for row in rows) + "\nEOD")
        return name

    def style(self, queue):
        i = self.run.names().index(queue)
        return f"lc rgb '{COLOURS[i % len(COLOURS)]}' pt {4 + i} lw {3 if i == 0 else 1.2}"

    def draw(self):
        try:
            subprocess.run(["gnuplot"], input="\n".join(self.blocks + self.commands) + "\n", text=True, check=True)
        except FileNotFoundError:
            fail("gnuplot is not installed (Debian: apt-get install gnuplot-nox)")
        except subprocess.CalledProcessError:
            fail(f"gnuplot could not draw {self.path}")


def size_text(size):
    return f"{size} B" if size < 1024 else f"{size // 1024} KiB"


def throughput(run, path):
    plot = Plot(run, path, 900, 520)
    curves = []
    for queue in run.names():
        rows = []
        for x, payload in enumerate(PAYLOADS):
            if (found := run.queues(f"throughput_{payload}").get(queue)) is not None:
                low, middle, high = quartiles([1e3 / ns for ns in found["samples_ns"]])
                rows.append((x, middle, low, high))
        curves.append(f"{plot.block(rows)} using 1:2:3:4 with yerrorlines {plot.style(queue)} "
                      f"title {plot.quoted(queue)}")
    tics = ", ".join(f"'{size_text(p)}' {x}" for x, p in enumerate(PAYLOADS))
    plot.commands += [
        f"set title {plot.quoted('One producer, one consumer, nothing lost, capacity 1024')}",
        "set logscale y", "set ylabel 'million messages per second (higher is better)'", f"set xtics ({tics})",
        f"set xlabel {plot.quoted(run.footer())}", "set xrange [-0.2:5.2]",
        "set key outside right top", "plot " + ", ".join(curves)]
    plot.draw()


def latency(run, path):
    plot = Plot(run, path, 1200, 560)
    plot.commands.append(f"set multiplot layout 1,3 title {plot.quoted(run.footer())}")
    # Round trips relative to the bare ping-pong of their round.
    bars = []
    for i, queue in enumerate(run.names()):
        for shift, workload in ((-0.17, "round_trip_8"), (0.17, "round_trip_64")):
            if (found := run.queues(workload).get(queue)) is not None:
                bare = {"samples_ns": run.workloads[workload]["bare_ping_pong_ns"]}
                low, middle, high = within_rounds(bare, found)
                bars.append((i + shift, middle, low, high, int(COLOURS[i % len(COLOURS)][1:], 16)))
    tics = ", ".join(f"{plot.quoted(q)} {i}" for i, q in enumerate(run.names()))
    data = plot.block(bars)
    plot.commands += [
        "set title 'There and back: 8 B (left), 64 B (right)'",
        "set ylabel 'relative to the bare ping-pong (lower is better)'", "set yrange [0:*]",
        f"set xtics rotate by -40 ({tics})", f"set xrange [-0.6:{len(run.names()) - 0.4}]", "set boxwidth 0.3",
        "set style fill solid 0.75 noborder", "set bmargin 11",
        f"plot {data} using 1:2:5 with boxes lc rgb variable notitle, {data} using 1:2:3:4 with yerrorbars "
        "pt 0 lc '#333333' notitle, 1 lc '#333333' dt 2 notitle"]
    for number, (workload, pace) in enumerate(PACES):
        curves = []
        for queue in run.names():
            if (found := run.queues(workload).get(queue)) is not None:
                rows = [(x, statistics.median(found["also"][p])) for x, p in enumerate(PERCENTILES)]
                title = f"title {plot.quoted(queue)}" if number == len(PACES) - 1 else "notitle"
                curves.append(f"{plot.block(rows)} using 1:2 with linespoints {plot.style(queue)} {title}")
        tics = ", ".join(f"'{p}' {x}" for x, p in enumerate(PERCENTILES))
        plot.commands += [
            f"set title {plot.quoted(f'One way, 64 B, {pace}')}", "set ylabel 'nanoseconds (lower is better)'",
            "set logscale y", "set yrange [*:*]", f"set xtics norotate ({tics})", "set xrange [-0.2:3.2]",
            "set key top left font ',10'", "plot " + ", ".join(curves)]
    plot.commands.append("unset multiplot")
    plot.draw()


def table(run):
    """The seed's three headline rows, in Markdown."""
    print("| | tango | best peer | rigtorp/SPSCQueue | tango / best peer |")
    print("| --- | --- | --- | --- | --- |")
    for workload, what, unit in (("throughput_64", "64 B, messages/s", 1e3), ("round_trip_8", "8 B, there and back", None),
                                 ("throughput_1024", "1 KiB, messages/s", 1e3)):
        queues = run.queues(workload)
        names = list(queues)
        ours = queues[names[0]]
        # How much faster ours is, within rounds.
        ratios = {name: within_rounds(ours, queues[name]) for name in names[1:]}
        best = min(ratios, key=lambda name: ratios[name][1])

        def figure(name):
            if name not in queues:
                return "-"
            ns = statistics.median(queues[name]["samples_ns"])
            return f"{unit / ns:.3g} M" if unit else f"{ns:.0f} ns"

        low, middle, high = ratios[best]
        print(f"| {what} | {figure(names[0])} | {figure(best)} ({best}) | {figure('rigtorp/SPSCQueue')} | "
              f"{middle:.2f} x as fast ({low:.2f} ... {high:.2f}) |")


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        fail("usage: plot.py RUN.json")
    path = pathlib.Path(sys.argv[1])
    run = Run(path)
    throughput(run, path.parent / "throughput.svg")
    latency(run, path.parent / "latency.svg")
    table(run)


if __name__ == "__main__":
    main()
