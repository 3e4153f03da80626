"""Measures the curves of growth.py, and writes them with their pictures and a page."""

import json
import re
import statistics
import sys
import tempfile

import curves
import machine
import noise
from bench import Bench
from growth import CURVES, FLAT, LONG
from processes import Failed

ROUNDS = 3

HEAD = """# Growth

What an operation takes, and what each of the others holds meanwhile, over how many there are; medians of `Scripts/bench --growth`, which writes
this page and the pictures. The last number is how many times the least the largest size takes; above {flat:g} it needs a reason, which stands in
`runner/growth.py`. Measured on {cpu}, {date}.
"""


def chosen(pattern):
    return [curve for curve in CURVES if re.search(pattern, curve.name, re.IGNORECASE)]


def _samples(bench, curve, size, rounds):
    """(series, figure): the samples of each metric."""
    found = {}
    for _ in range(1 if size >= LONG else rounds):
        for series, measure in curve.series.items():
            try:
                figures = measure(bench, size)
            except (Failed, OSError) as problem:
                print(f"{curve.name}, {size:,}: {series}: {problem}", file=sys.stderr, flush=True)
                continue
            for figure, metrics in figures.items():
                for metric in curves.METRICS.keys() & metrics.keys():
                    found.setdefault((series, figure), {}).setdefault(metric, []).append(metrics[metric])
    return found


def _quiet_samples(bench, curve, size, rounds, quiet, is_loaded):
    """Measured anew, if other work came between."""
    for _ in range(1 + noise.ANEW):
        found = _samples(bench, curve, size, rounds)
        slower = quiet.read() if is_loaded else quiet.settled()
        if is_loaded or slower <= noise.LOOP_LIMIT:
            return found
        print(f"{curve.name}, {size:,}: a fixed loop takes {slower:.0%} longer after it: once more", file=sys.stderr, flush=True)
    raise noise.Loaded(f"{curve.name}, {size:,}: the machine was not quiet in {1 + noise.ANEW} measurements: measure again when it is")


def measure(curve, bench, rounds, quiet, is_loaded):
    """The curve as it is written."""
    lines = {}
    for size in curve.sizes:
        if bench.quick and size > 10 * curve.sizes[1]:
            break
        for (series, figure), samples in _quiet_samples(bench, curve, size, rounds, quiet, is_loaded).items():
            name = series if len(curve.series) > 1 else figure
            line = lines.setdefault((series, figure), {"series": series, "figure": figure, "name": name, "points": []})
            line["points"].append((size, {metric: float(f"{statistics.median(values):.4g}") for metric, values in samples.items()}))
    about = {"name": curve.name, "of": curve.of, "operation": curve.operation, "held": curve.held}
    return about | {"lines": list(lines.values())}


def steep(found, curve):
    """The figures of Swirl's that grow without a reason, or beyond it."""
    for line in found["lines"]:
        for metric in curves.METRICS:
            points = {size: point[metric] for size, point in line["points"] if point.get(metric, 0) > 0}
            if not line["series"].startswith("Swirl") or not points:
                continue
            limit, _ = curve.reasons.get((line["figure"], metric), (FLAT, ""))
            if curves.growth(points) > limit:
                yield f"{curve.name}: {line['name']} ({metric}) grows to {curves.growth(points):.1f} of its least"


def run(arguments, cores, path, settings):
    """Returns what grows without a reason, or beyond it."""
    quiet = noise.Noise(cores)
    problem = quiet.before()
    is_loaded = arguments.quick or arguments.loaded
    if problem and not is_loaded:
        sys.exit(f"The machine is not quiet: {problem}. With --loaded it measures all the same, and writes no results.")
    rounds = arguments.rounds or (1 if arguments.quick else ROUNDS)
    seconds = arguments.seconds or (1 if arguments.quick else 2)
    found, problems, pages = [], [], []
    with tempfile.TemporaryDirectory(prefix="swirl-bench-") as folder, Bench(
        arguments.programs, sys.executable, cores, seconds, arguments.quick, folder
    ) as bench:
        for curve in chosen(arguments.only):
            found.append(measure(curve, bench, rounds, quiet, is_loaded))
            problems += steep(found[-1], curve)
            lines = [line for metric in curves.METRICS for line in curves.table(found[-1], metric, FLAT, curve.reasons)]
            pages += [f"## {curve.name}, over {curve.of}", "", *lines]
            print("\n".join(pages[-len(lines) - 2 :]), flush=True)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        content = {"machine": machine.describe(), "settings": settings | {"noise": quiet.summary(), "rounds": rounds, "seconds": seconds}, "curves": found}
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
        curves.draw(path, path.parent)
        head = HEAD.format(flat=FLAT, cpu=machine.cpu_model(), date=settings["date"])
        (path.parent / "GROWTH.md").write_text("\n".join([head, *pages]))
        print(f"written to {path}")
    return problems
