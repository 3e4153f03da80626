"""What it was measured on."""

import os
import platform
import re
import subprocess
from importlib import metadata


def cores():
    """The core for the server, and the one for the client when they are apart."""
    usable = sorted(os.sched_getaffinity(0))
    return usable[0], usable[-1]


def cpu_model():
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith(("model name", "Model")):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def slug():
    """A short name of the machine for file names, which tells nothing about its owner."""
    words = re.sub(r"\(.*?\)|@.*|Processor|CPU|\d+-Core", " ", cpu_model())
    words = re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
    return f"{words}-{os.cpu_count()}cpu"


def describe():
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
        "load_before": os.getloadavg()[0],
    }


def _first_line(*command):
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except OSError:
        return "not found"
    lines = (ended.stdout + ended.stderr).splitlines()
    return lines[0].strip() if lines else ""


def versions(manifest):
    """Of everything that was measured; those of the Swift packages as the manifest pins them."""
    found = {
        "swift": _first_line("swift", "--version"),
        "python": platform.python_version(),
        "nginx": _first_line("nginx", "-v").removeprefix("nginx version: "),
        "wrk": _first_line("wrk", "-v").split("[")[0].strip(),
        "libcurl": _first_line("curl-config", "--version"),
    }
    for name in ("aiohttp", "tornado", "twisted", "uvloop", "picows", "websockets"):
        found[name] = metadata.version(name)
    pinned = re.findall(r'/([\w-]+)", exact: "([^"]+)"', manifest.read_text())
    return found | dict(pinned)
