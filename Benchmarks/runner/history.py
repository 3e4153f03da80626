"""The ratio of each row over all results that are checked in: `python3 history.py` writes the page, with `--check` it compares it."""

import json
import pathlib
import sys

from results import number

RESULTS = pathlib.Path(__file__).resolve().parent.parent / "results"
PAGE = RESULTS / "HISTORY.md"

HEAD = """# History

The ratio of each row over the results in this folder: Swirl's median by the yardstick's of the same run, both named. Below 1 Swirl took less.
`Scripts/bench` writes this page at the end of a full run.
"""


def _ours(row):
    """Swirl's contenders with their ratios."""
    return {name: found["ratio"] for name, found in row["contenders"].items() if name.startswith("Swirl") and found["ratio"]}


def page():
    runs = [(path, json.loads(path.read_text())) for path in sorted(RESULTS.glob("*.json"))]
    ratios = {}
    for column, (_, content) in enumerate(runs):
        for row in content["rows"]:
            for contender, ratio in _ours(row).items():
                key = (row["name"], row["arrangement"], contender, row["yardstick"])
                ratios.setdefault(key, [""] * len(runs))[column] = number(ratio)
    titles = [path.name.removesuffix(".json") for path, _ in runs]
    lines = [HEAD, f"| row | Swirl's | by | {' | '.join(titles)} |", "|---|---|---|" + "---:|" * len(runs)]
    for (name, arrangement, contender, yardstick), cells in ratios.items():
        lines.append(f"| {name} ({arrangement}) | {contender} | {yardstick} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write():
    PAGE.write_text(page())


if __name__ == "__main__":
    if "--check" in sys.argv:
        if not PAGE.exists() or PAGE.read_text() != page():
            sys.exit(f"{PAGE.name} does not show the results: python3 Benchmarks/runner/history.py writes it")
    else:
        write()
