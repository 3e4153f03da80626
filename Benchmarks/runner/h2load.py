"""h2load: the yardstick for clients of HTTP/2, and the load for its servers."""

import re

from processes import Failed, run


def load(url, cores, streams=100, connections=1, seconds=2, http1=False):
    """Of HTTP/2, or over TLS of HTTP/1.1: gives how many requests were answered in which time, and what the program used."""
    command = ["h2load", "-t1", f"-c{connections}", f"-m{streams}", f"-D{max(1, round(seconds))}", "-T10"]
    if http1:
        command.append("--h1")
    ended = run([*command, url], cores, timeout=seconds + 60)
    time = re.search(r"finished in ([\d.]+)(ms|s)", ended.output)
    requests = re.search(r"(\d+) done, (\d+) succeeded, (\d+) failed", ended.output)
    if not time or not requests or requests[3] != "0" or requests[1] != requests[2]:
        raise Failed(f"h2load {url}:\n{ended.output}")
    return int(requests[2]), float(time[1]) * {"ms": 0.001, "s": 1}[time[2]], ended
