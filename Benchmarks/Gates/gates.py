"""Checks counts that repeat against those that are checked in: Scripts/gates, which installs what this needs, says how."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from counting import ROWS, Counters

HERE = pathlib.Path(__file__).resolve().parent
#: What was measured at the commit that the file names. Nothing here writes it: what a change costs adds up against it.
BASELINE = HERE.parent / "baseline.json"
#: What was measured when a change was last accepted with --update.
MEASURED = HERE.parent / "measured.json"
#: Instructions: other versions of the C library count a little differently.
INSTRUCTIONS = 1.02
#: Allocations and system calls: less than one in twenty operations more is the noise of a whole run.
NOISE = 0.05
#: How often a body of 1 MiB is read depends on how much of it the kernel has at that moment: under strace it is up to four turns more, of
#: two calls each, and under callgrind two, of some 1,700 instructions each. What the row is there for, reads of 16 KiB, a second copy or
#: an allocation a read, costs many times as much.
NOISE_OF = {("fetch, 1 MiB", "system calls"): 8, ("fetch, 1 MiB", "instructions"): 3_400}
#: git bisect run: this commit can't be tested.
CANNOT_TELL = 125


def options():
    parser = argparse.ArgumentParser(prog="Scripts/gates")
    parser.add_argument("--row", action="append", choices=ROWS, help="only this one")
    parser.add_argument("--update", action="store_true", help="write what is measured; the baseline stays")
    parser.add_argument(
        "--bisect", nargs=3, metavar=("GOOD", "BAD", "ROW"), help="which commit between the two made a row dearer"
    )
    parser.add_argument("--source", type=pathlib.Path, default=HERE.parent.parent, help=argparse.SUPPRESS)
    parser.add_argument("--limits", type=json.loads, help=argparse.SUPPRESS)
    return parser.parse_args()


def build(source, rows):
    """Builds the operations against a checkout. None when that checkout does not build with them.

    Only the programs of these rows: an old commit lacks what the others use."""
    scratch = os.environ.get("SWIRL_SCRATCH")
    scratch = f"{scratch}/gates" if scratch else HERE / ".build"
    command = ["swift", "build", "-c", "release", "--package-path", HERE, "--scratch-path", scratch]
    # git sets variables of its own for what it runs, and would have the package manager's git look in the wrong place.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment["SWIRL_SOURCE"] = str(source.resolve())
    for program in sorted({"Peer"} | {ROWS[row][0][0] for row in rows}):
        words = [*map(str, command), "--product", program]
        built = subprocess.run(words, env=environment, capture_output=True, text=True)
        if built.returncode != 0:
            print(built.stdout[-3000:] + built.stderr[-3000:], file=sys.stderr)
            return None
    shown = subprocess.run([*map(str, command), "--show-bin-path"], env=environment, capture_output=True, text=True)
    return shown.stdout.strip()


def measure(source, rows):
    programs = build(source, rows)
    if programs is None:
        return None
    with tempfile.TemporaryDirectory(prefix="swirl-gates-") as folder:
        counters = Counters(programs, folder)
        return {row: counters.measure(row) for row in rows}


def written(value):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.2f}"


def limit(row, name, count):
    """The most that may be measured where `count` was."""
    noise = NOISE_OF.get((row, name), 0 if name == "instructions" else NOISE)
    return round(count * INSTRUCTIONS) + noise if name == "instructions" else count + noise


class Limits:
    """What each count of a row may be: no more than at the baseline, nor than when a change was last accepted.

    `allowed` in the baseline's file lifts a count over the baseline, with the reason; it is written by hand, for all to see in the change."""

    def __init__(self, baseline, measured):
        self._baseline = baseline["rows"]
        self._allowed = {(each["row"], each["count"]): each for each in baseline["allowed"]}
        self._measured = measured

    def of(self, row, name):
        allowed = self._allowed.get((row, name), {}).get("value")
        base = self._baseline.get(row, {}).get(name) if allowed is None else allowed
        known = [count for count in (base, self._measured.get(row, {}).get(name)) if count is not None]
        return min(limit(row, name, count) for count in known) if known else None

    def baseline(self, row, name):
        return self._baseline.get(row, {}).get(name)

    def reason(self, row, name):
        return self._allowed.get((row, name), {}).get("reason", "")


class Given:
    """The limits of a bisection."""

    def __init__(self, limits):
        self._limits = limits

    def of(self, row, name):
        return self._limits.get(row, {}).get(name)

    def baseline(self, row, name):
        return None

    def reason(self, row, name):
        return ""


def check(measured, limits):
    """Prints measured beside the baseline and the limit; gives whether all hold."""
    holds = True
    print(f"{'per operation':50}{'baseline':>10}{'measured':>10}{'limit':>10}")
    for row, counts in measured.items():
        for name, count in counts.items():
            most, base = limits.of(row, name), limits.baseline(row, name)
            broken = most is not None and count > most
            holds = holds and not broken
            line = f"{row + ': ' + name:50}" + "".join(f"{'' if n is None else written(n):>10}" for n in (base, count, most))
            print(f"{line}{'  BROKEN' if broken else ''}{'  ' + limits.reason(row, name) if limits.reason(row, name) else ''}".rstrip())
    return holds


def main():
    arguments = options()
    if arguments.bisect:
        import bisection

        sys.exit(bisection.find(*arguments.bisect, measure, HERE / "gates.py"))
    known = json.loads(MEASURED.read_text()) if MEASURED.exists() else {}
    limits = Given(arguments.limits) if arguments.limits else Limits(json.loads(BASELINE.read_text()), known)
    measured = measure(arguments.source, arguments.row or list(ROWS))
    if measured is None:
        sys.exit(CANNOT_TELL)
    holds = check(measured, limits)
    if arguments.update:
        for row, counts in measured.items():
            known[row] = {name: round(count, None if name == "instructions" else 2) for name, count in counts.items()}
        MEASURED.write_text(json.dumps(known, indent=2) + "\n")
        print(f"written to {MEASURED.name}")
        holds = check_baseline(measured, Limits(json.loads(BASELINE.read_text()), {}))
    if not holds:
        print("\nDearer than it may be. Scripts/gates --bisect GOOD BAD ROW tells since when.", file=sys.stderr)
        sys.exit(1)


def check_baseline(measured, limits):
    """Whether all hold against the baseline alone."""
    return all(
        limits.of(row, name) is None or count <= limits.of(row, name)
        for row, counts in measured.items() for name, count in counts.items()
    )


if __name__ == "__main__":
    main()
