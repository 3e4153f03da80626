"""Checks counts that repeat against the thresholds that are checked in: Scripts/gates, which installs what this needs, says how."""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

from counting import ROWS, Counters

HERE = pathlib.Path(__file__).resolve().parent
THRESHOLDS = HERE.parent / "thresholds.json"
#: Above what was measured when the thresholds were written: other versions of the C library count a little differently.
SLACK = 1.07
#: git bisect run: this commit can't be tested.
CANNOT_TELL = 125


def options():
    parser = argparse.ArgumentParser(prog="Scripts/gates")
    parser.add_argument("--row", action="append", choices=ROWS, help="only this one")
    parser.add_argument("--update", action="store_true", help="write what is measured, and 7 %%, as the thresholds")
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


def check(measured, limits):
    """Prints measured against threshold; gives whether all hold."""
    holds = True
    print(f"{'per operation':44}{'measured':>12}{'threshold':>12}")
    for row, counts in measured.items():
        for name, count in counts.items():
            limit = limits.get(row, {}).get(name)
            verdict = "" if limit is None or count <= limit else "  BROKEN"
            holds = holds and not verdict
            print(f"{row + ': ' + name:44}{written(count):>12}{'' if limit is None else written(limit):>12}{verdict}")
    return holds


def with_slack(name, count):
    """Whole instructions; a hundredth of the others, and never nothing, or one call more in a whole run would break it."""
    return round(count * SLACK) if name == "instructions" else round(count * SLACK + 0.02, 2)


def main():
    arguments = options()
    if arguments.bisect:
        import bisection

        sys.exit(bisection.find(*arguments.bisect, measure, HERE / "gates.py"))
    known = json.loads(THRESHOLDS.read_text()) if THRESHOLDS.exists() else {}
    measured = measure(arguments.source, arguments.row or list(ROWS))
    if measured is None:
        sys.exit(CANNOT_TELL)
    holds = check(measured, arguments.limits or known)
    if arguments.update:
        for row, counts in measured.items():
            known[row] = {name: with_slack(name, count) for name, count in counts.items()}
        THRESHOLDS.write_text(json.dumps(known, indent=2) + "\n")
        print(f"written to {THRESHOLDS.name}")
    elif not holds:
        print("\nDearer than it may be. Scripts/gates --bisect GOOD BAD ROW tells since when.", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
