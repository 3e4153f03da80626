"""wrk: the yardstick for clients, and the load for servers."""

import re

from processes import Failed, run


def load(url, cores, in_flight=100, seconds=2, close=False):
    """Gives how many requests were answered, and what the program used."""
    command = ["wrk", "-t1", f"-c{in_flight}", f"-d{max(1, round(seconds))}s", "--timeout", "10s"]
    if close:
        command += ["-H", "Connection: close"]
    ended = run([*command, url], cores, timeout=seconds + 60)
    requests = re.search(r"(\d+) requests in ([\d.]+)(ms|s|m)", ended.output)
    if not requests or "Non-2xx" in ended.output:
        raise Failed(f"wrk {url}:\n{ended.output}")
    count, time, unit = requests.groups()
    return int(count), float(time) * {"ms": 0.001, "s": 1, "m": 60}[unit], ended
