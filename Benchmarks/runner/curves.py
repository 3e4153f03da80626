"""Curves as SVG: `python3 curves.py RESULTS.json FOLDER` draws those of a file of growth, a picture for each metric."""

import json
import math
import pathlib
import re
import sys
from xml.sax.saxutils import escape

from results import number

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 840, 340, 64, 310, 52, 40
COLOURS = ("#2f7de1", "#e0772f", "#2fa36b", "#9b59c9", "#c9443b", "#7a6a2f")
GREY = ("#8a94a6", "#b9a58a", "#a9b9a0")
METRICS = {"cpu": "CPU µs for each {operation}", "kib": "KiB for each {held}"}


def _steps(least, most):
    """Powers of ten around both, at the least one step."""
    low, high = math.floor(math.log10(least)), math.ceil(math.log10(most))
    return low, max(high, low + 1)


def svg(title, subtitle, lines):
    """`lines` are (name, is ours, [(x, y)]); both axes are logarithmic, so that what is flat is flat and what is linear rises by half a
    right angle."""
    xs = [x for _, _, points in lines for x, _ in points]
    ys = [y for _, _, points in lines for _, y in points]
    x_low, x_high = _steps(min(xs), max(xs))
    y_low, y_high = _steps(min(ys), max(ys))

    def place(x, y):
        across = (math.log10(x) - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)
        up = (math.log10(y) - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)
        return LEFT + across, HEIGHT - BOTTOM - up

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="system-ui, sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#ffffff"/>',
        f'<text x="16" y="22" font-size="15" font-weight="600" fill="#1d2430">{escape(title)}</text>',
        f'<text x="16" y="40" fill="#5b6575">{escape(subtitle)}</text>',
    ]
    for power in range(y_low, y_high + 1):
        x, y = place(10**x_low, 10**power)
        out.append(f'<path d="M{x:.1f} {y:.1f}H{WIDTH - RIGHT}" stroke="#e3e7ee"/>')
        out.append(f'<text x="{x - 6:.1f}" y="{y + 4:.1f}" text-anchor="end" fill="#5b6575">{10.0**power:,g}</text>')
    for power in range(x_low, x_high + 1):
        x, y = place(10**power, 10**y_low)
        out.append(f'<text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle" fill="#5b6575">{10**power:,}</text>')
    ours, others, taken = iter(COLOURS * 2), iter(GREY * 4), []
    for name, is_ours, points in sorted(lines, key=lambda line: -line[2][-1][1]):
        colour = next(ours if is_ours else others)
        path = "L".join("{:.1f} {:.1f}".format(*place(*point)) for point in points)
        out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for point in points:
            out.append('<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="{}"/>'.format(*place(*point), colour))
        # The highest first; names do not lie on each other.
        y = max([place(*points[-1])[1], *(each + 15 for each in taken)])
        taken = [y]
        out.append(f'<text x="{WIDTH - RIGHT + 10}" y="{y + 4:.1f}" font-size="12" fill="{colour}">{escape(name)}</text>')
    return "\n".join([*out, "</svg>", ""])


def pictures(curve):
    """(file name, SVG) of each metric of a curve."""
    for metric, words in METRICS.items():
        lines = []
        for line in curve["lines"]:
            points = [(size, found[metric]) for size, found in line["points"] if found.get(metric, 0) > 0]
            if len(points) > 1:
                lines.append((line["name"], line["series"].startswith("Swirl"), points))
        if lines:
            name = re.sub(r"[^a-z0-9]+", "-", curve["name"].lower()).strip("-")
            subtitle = f"{words.format(**curve)}, over {curve['of']}; both axes logarithmic, less is better"
            yield f"{name}-{metric}.svg", svg(curve["name"], subtitle, lines)


def draw(results, folder):
    for curve in json.loads(pathlib.Path(results).read_text())["curves"]:
        for name, content in pictures(curve):
            (pathlib.Path(folder) / name).write_text(content)


def table(curve, metric, flat, reasons):
    """Lines of Markdown: a row for each figure, a column for each size, and how many times the least the last is."""
    rows, sizes = [], sorted({size for line in curve["lines"] for size, _ in line["points"]})
    for line in curve["lines"]:
        found = {size: point[metric] for size, point in line["points"] if point.get(metric, 0) > 0}
        if not found:
            continue
        cells = " | ".join(number(found[size]) if size in found else "" for size in sizes)
        times = growth(found)
        limit, reason = reasons.get((line["figure"], metric), (flat, ""))
        if not line["series"].startswith("Swirl") or times <= flat:
            reason = ""
        elif times > limit:
            reason = f"**not flat**: {limit:g} at most. {reason}"
        rows.append(f"| {line['name']} | {cells} | {times:.1f} | {reason} |")
    if not rows:
        return []
    head = f"| {METRICS[metric].format(**curve)} | {' | '.join(f'{size:,}' for size in sizes)} | × | why |"
    return [head, "|---|" + "---:|" * (len(sizes) + 1) + "---|", *rows, ""]


def growth(found):
    """How many times the least of all sizes the last one is; `found` is by size."""
    return found[max(found)] / min(found.values())


if __name__ == "__main__":
    draw(*sys.argv[1:])
