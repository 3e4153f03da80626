"""Bars as SVG, drawn from a file of results: `python3 bars.py RESULTS.json FOLDER`."""

import json
import pathlib
import re
import sys
from xml.sax.saxutils import escape

import curves
from results import UNITS, number

WIDTH, LABEL, BAR, TOP, LINE = 720, 190, 400, 52, 26
OURS, YARDSTICK, OTHERS = "#2f7de1", "#8a94a6", "#c3cad6"


def svg(row):
    """One row: a bar for each contender, the shortest first, with its number and its ratio to the yardstick."""
    found = sorted(row["contenders"].items(), key=lambda item: item[1]["median"])
    most = found[-1][1]["median"] or 1
    height = TOP + LINE * len(found) + 12
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="system-ui, sans-serif" font-size="13">',
        # Both of a page's backgrounds are met by one that is its own.
        f'<rect width="{WIDTH}" height="{height}" rx="6" fill="#ffffff"/>',
        f'<text x="16" y="22" font-size="15" font-weight="600" fill="#1d2430">{escape(row["name"])}</text>',
        f'<text x="16" y="40" fill="#5b6575">{escape(subtitle(row))}</text>',
    ]
    for index, (name, one) in enumerate(found):
        y = TOP + index * LINE
        colour = OURS if name.startswith("Swirl") else YARDSTICK if name == row["yardstick"] else OTHERS
        length = max(1, BAR * one["median"] / most)
        label = number(one["median"]) + (f"  ({number(one['ratio'])}×)" if one["ratio"] else "")
        out += [
            f'<text x="{LABEL - 8}" y="{y + 15}" text-anchor="end" fill="#1d2430">{escape(name)}</text>',
            f'<rect x="{LABEL}" y="{y + 2}" width="{length:.1f}" height="18" rx="2" fill="{colour}"/>',
            f'<text x="{LABEL + length + 6:.1f}" y="{y + 15}" fill="#1d2430">{escape(label)}</text>',
        ]
    return "\n".join([*out, "</svg>", ""])


def subtitle(row):
    text = f"{UNITS[row['metric']]} per {row['operation']}, {row['arrangement']}; less is better"
    return text + (f"; × is the ratio to {row['yardstick']}" if row["yardstick"] else "")


def file_name(row):
    words = re.sub(r"[^a-z0-9]+", "-", row["name"].lower()).strip("-")
    return words + ("" if row["arrangement"] == "one core" else "-two-cores") + ".svg"


#: Of how many requests one takes longer than a percentile.
ONE_IN = {"p50": 2, "p90": 10, "p99": 100, "p999": 1_000, "p9999": 10_000}


def percentiles(row):
    """The percentiles of a row that has them, as curves; None of another."""
    lines = []
    for name, found in row["contenders"].items():
        points = [(one_in, found["medians"][key]) for key, one_in in ONE_IN.items() if found["medians"].get(key, 0) > 0]
        lines.append((name, name.startswith("Swirl"), points))
    if not all(points for _, _, points in lines):
        return None
    title = row["name"].rpartition(":")[0]
    return curves.svg(title, f"µs per {row['operation']}: one request in so many takes longer; both axes logarithmic, less is better", lines)


def draw(results, folder):
    for row in json.loads(pathlib.Path(results).read_text())["rows"]:
        (pathlib.Path(folder) / file_name(row)).write_text(svg(row))
        picture = percentiles(row) if row["name"].endswith(": p99") else None
        if picture:
            (pathlib.Path(folder) / file_name(row).replace("p99", "percentiles")).write_text(picture)


if __name__ == "__main__":
    draw(*sys.argv[1:])
