"""Runs the benchmarks: Scripts/bench, which installs and builds what this needs, says how."""

import argparse
import datetime
import pathlib
import re
import sys
import tempfile
import time

import bars
import growing
import history
import machine
import noise
import results
from bench import Bench
from processes import Failed
from rows import ONE, ROWS, TWO

HERE = pathlib.Path(__file__).resolve().parent.parent
#: How often a contender is measured at most, while its figures lie further apart than results.SPREAD.
MOST_ROUNDS = 9


def options():
    parser = argparse.ArgumentParser(prog="Scripts/bench")
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="few rows, one round, a second each; writes no results")
    parser.add_argument("--only", default="", metavar="PATTERN", help="rows whose name the regular expression matches")
    parser.add_argument("--contender", default="", metavar="PATTERN", help="contenders likewise; the yardstick comes along")
    parser.add_argument(
        "--rounds", type=int, help="how often each contender is measured, in turn (3, and up to --most until it holds within 5 %%)"
    )
    parser.add_argument("--most", type=int, help=f"how often at most, where the figures do not hold ({MOST_ROUNDS})")
    parser.add_argument("--seconds", type=float, help="how long each measurement under load takes (2)")
    parser.add_argument("--cores", choices=["1", "2", "both"], default="both", help="arrangements (both)")
    parser.add_argument("--output", type=pathlib.Path, help="where the JSON goes")
    parser.add_argument("--loaded", action="store_true", help="measures on a machine that does other work, too; writes no results")
    parser.add_argument("--growth", action="store_true", help="the curves over how many there are, in place of the rows: some ten minutes")
    parser.add_argument("--latency", action="store_true", help="the rows of latency alone, with results of their own: some five minutes")
    parser.add_argument("--list", action="store_true", help="names the rows")
    return parser.parse_args()


def chosen(arguments):
    for row in ROWS:
        if arguments.only:
            if re.search(arguments.only, row.name, re.IGNORECASE):
                yield row
        elif row.quick or not arguments.quick:
            yield row


def contenders_of(row, pattern):
    found = list(row.contenders.items())
    return [item for item in found if item[0] == row.yardstick or re.search(pattern, item[0], re.IGNORECASE)]


def measure_once(row, arrangement, bench, number, contenders, into):
    """All contenders in turn, each round beginning with another one."""
    first = number % len(contenders)
    for name, contender in contenders[first:] + contenders[:first]:
        try:
            into.add(row, arrangement, name, contender(bench))
        except (Failed, OSError) as problem:
            print(f"{row.name}: {name}: {problem}", file=sys.stderr, flush=True)


def measure(row, arrangement, bench, rounds, asked, pattern, quiet, into):
    """Rounds until the figures hold; all of them again, if other work came between. Returns whether there was a quiet measurement."""
    contenders = contenders_of(row, pattern)
    for _ in range(1 + noise.ANEW):
        most = rounds if bench.quick else max(rounds, min(asked or MOST_ROUNDS, row.most_rounds or MOST_ROUNDS))
        for number in range(most):
            measure_once(row, arrangement, bench, number, contenders, into)
            if number + 1 >= rounds and into.spread(row, arrangement) <= results.SPREAD:
                break
        slower = quiet.read() if bench.quick else quiet.settled()
        if bench.quick or slower <= noise.LOOP_LIMIT:
            return True
        print(f"{row.name}: a fixed loop takes {slower:.0%} longer after it: once more", file=sys.stderr, flush=True)
        into.forget(row, arrangement)
    print(f"{row.name}: the machine was not quiet in {1 + noise.ANEW} measurements of it: it is left out", file=sys.stderr, flush=True)
    return False


def place(arguments, folder=""):
    """Where the results go: None for a run that writes none."""
    if arguments.loaded or (arguments.quick and not arguments.output):
        return None
    name = f"{datetime.date.today().isoformat()}-{machine.slug()}.json"
    return arguments.output or HERE / "results" / folder / name


def grow(arguments):
    if arguments.list:
        print("\n".join(f"{curve.name}, over {curve.of}" for curve in growing.chosen(arguments.only)))
        return
    settings = {"date": datetime.date.today().isoformat()}
    problems = growing.run(arguments, machine.cores(), place(arguments, "growth"), settings)
    if problems:
        sys.exit("\n".join(problems))


def main():
    arguments = options()
    if arguments.growth:
        return grow(arguments)
    if arguments.latency:
        arguments.only = "^latency"
    rows = list(chosen(arguments))
    if arguments.list:
        for row in rows:
            print(row.name + (f" (not yet: {row.not_yet})" if row.not_yet else ""))
        return
    rounds = arguments.rounds or (1 if arguments.quick else 3)
    seconds = arguments.seconds or (1 if arguments.quick else 2)
    about = machine.describe()
    found = results.Results()
    started = time.monotonic()
    shown = 0
    disturbed, since_quiet = [], 0
    server_core, other_core = machine.cores()
    quiet = noise.Noise([server_core, other_core])
    problem = quiet.before()
    if problem and not (arguments.quick or arguments.loaded):
        sys.exit(f"The machine is not quiet: {problem}. With --loaded it measures all the same, and writes no results.")
    arrangements = {ONE: (server_core, server_core), TWO: (server_core, other_core)}
    for name, cores in arrangements.items():
        if arguments.cores not in ("both", "1" if name == ONE else "2"):
            continue
        with tempfile.TemporaryDirectory(prefix="swirl-bench-") as folder, Bench(
            arguments.programs, sys.executable, cores, seconds, arguments.quick or arguments.loaded, folder
        ) as bench:
            for row in rows:
                # Where there is but one arrangement, a choice of cores does not drop the row.
                wanted = row.arrangements if arguments.cores == "both" or len(row.arrangements) > 1 else (name,)
                if row.not_yet or name not in wanted:
                    continue
                if measure(row, name, bench, rounds, arguments.most, arguments.contender, quiet, found):
                    since_quiet = 0
                else:
                    disturbed.append(f"{row.name}, {name}")
                    since_quiet += 1
                if since_quiet == noise.GIVE_UP:
                    raise noise.Loaded(f"{noise.GIVE_UP} rows in a row were disturbed: run it when the machine is quiet")
                table = found.table()
                for each in table[shown:]:
                    print("\n".join(results.lines(each)), flush=True)
                shown = len(table)

    path = place(arguments, "latency" if arguments.latency else "")
    if not path:
        return
    settings = {
        "date": datetime.date.today().isoformat(),
        "rounds": rounds,
        "seconds": seconds,
        "minutes": round((time.monotonic() - started) / 60, 1),
        "arguments": " ".join(f"--{key} {value}" for key, value in vars(arguments).items() if key in ("only", "contender") and value),
    }
    missing = {row.name: row.not_yet for row in rows if row.not_yet}
    results.write(path, about, machine.versions(HERE / "Package.swift"), settings | {"noise": quiet.summary(), "disturbed": disturbed}, found.table(), missing)
    print(f"written to {path}")
    bars.draw(path, path.parent)
    if not arguments.output and not arguments.latency:
        history.write()
    if disturbed:
        sys.exit(f"without these rows, which were disturbed: {'; '.join(disturbed)}")


if __name__ == "__main__":
    try:
        main()
    except noise.Loaded as reason:
        sys.exit(str(reason))
