"""From samples to medians and ratios, as JSON and as a table for the terminal."""

import json
import math
import statistics

#: What a metric is, and how its number is written.
#: How far apart the middle half of a contender's figures may lie, as a share of its median.
SPREAD = 0.05
UNITS = {"cpu": "CPU µs", "kib": "KiB", "ms": "ms", "latency": "µs", "rate": "/s", "wall": "s", "late": "µs late (p99)"}


def spread(values):
    """How far apart the middle half of the values lies, as a share of their median."""
    if len(values) < 2:
        return 0.0
    first, middle, third = statistics.quantiles(values, n=4, method="inclusive")
    return (third - first) / middle if middle else 0.0


class Results:
    """Samples by row and arrangement, then contender, then metric."""

    def __init__(self):
        self._samples = {}

    def add(self, row, arrangement, contender, figures):
        for figure, metrics in figures.items():
            name = f"{row.name}: {figure}" if figure else row.name
            place = self._samples.setdefault((name, arrangement), {"row": row, "contenders": {}})
            samples = place["contenders"].setdefault(contender, {})
            for metric, value in metrics.items():
                samples.setdefault(metric, []).append(value)

    def _of(self, row, arrangement):
        return [key for key, place in self._samples.items() if place["row"] is row and key[1] == arrangement]

    def spread(self, row, arrangement):
        """The largest of a row: of the contenders that count, Swirl's and the yardstick."""
        found = 0.0
        for key in self._of(row, arrangement):
            contenders = self._samples[key]["contenders"]
            metric = _metric(row, contenders)
            for name, samples in contenders.items():
                if name == row.yardstick or name.startswith("Swirl"):
                    found = max(found, spread(samples[metric]))
        return found

    def forget(self, row, arrangement):
        for key in self._of(row, arrangement):
            del self._samples[key]

    def table(self):
        """A list of rows with medians and the ratio to the yardstick of the same run."""
        return [self._row(*key, **place) for key, place in self._samples.items()]

    def _row(self, name, arrangement, row, contenders):
        metric = _metric(row, contenders)
        medians = {
            contender: {each: statistics.median(values) for each, values in samples.items()}
            for contender, samples in contenders.items()
        }
        standard = medians.get(row.yardstick, {}).get(metric)
        limit = row.aim or (row.aim_ratio * standard if standard else 0)
        ours = [found[metric] for contender, found in medians.items() if contender.startswith("Swirl")]
        return {
            "name": name,
            "arrangement": arrangement,
            "operation": row.operation,
            "metric": metric,
            "yardstick": row.yardstick if standard else None,
            "aim": {"at_most": limit, "is_met": max(ours) <= limit} if limit and ours else None,
            "contenders": {
                contender: {
                    "median": found[metric],
                    "ratio": found[metric] / standard if standard else None,
                    "lowest": min(contenders[contender][metric]),
                    "highest": max(contenders[contender][metric]),
                    "spread": spread(contenders[contender][metric]),
                    "medians": found,
                    "samples": contenders[contender][metric],
                }
                for contender, found in medians.items()
            },
        }


def _metric(row, contenders):
    return "latency" if all("latency" in samples for samples in contenders.values()) else row.metric


def number(value):
    """Three digits that say something."""
    if value == 0:
        return "0"
    return f"{value:,.{min(5, max(0, 2 - math.floor(math.log10(abs(value)))))}f}"


def write(path, machine, versions, settings, table, missing):
    content = {
        "machine": machine,
        "versions": versions,
        "settings": settings,
        "rows": [_rounded(row) for row in table],
        "not_yet": missing,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def _rounded(value):
    if isinstance(value, float):
        return float(f"{value:.5g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return value


def lines(row):
    """One row of the table for the terminal, the best first."""
    yield f"{row['name']} ({row['arrangement']}; {UNITS[row['metric']]} per {row['operation']})"
    for contender, found in sorted(row["contenders"].items(), key=lambda item: item[1]["median"]):
        more = ", ".join(
            f"{number(found['medians'][metric])} {UNITS[metric]}"
            for metric in ("cpu", "rate", "kib", "wall", "late")
            if metric in found["medians"] and metric != row["metric"]
        )
        ratio = "" if found["ratio"] is None else number(found["ratio"])
        yield f"  {contender:26}{number(found['median']):>9}  {ratio:>7}   {more}"
    if row["aim"]:
        yield f"  {'the aim of Swirl':26}{number(row['aim']['at_most']):>9}  {'met' if row['aim']['is_met'] else 'missed':>7}"
