"""Crawler at a terminal."""
import re
import subprocess
import tempfile

import checks
from screen import Screen, expect
from server import Server

FIELDS = r"\d+ pages,\s+[\d.]+/s,?\s+\d+ under way,?\s+queue \d+,?\s+\d+ errors,?\s+1 hosts,?\s+\d+s"


def a_live_state(crawler, url, store):
    """Pages, rate, queue, errors and hosts, as wide as the terminal; nothing of it is left at the end"""
    for columns in (80, 40, 20):
        with Screen([crawler, "-c", "1", "--store", f"{store}{columns}", f"{url}/crawl/0"], columns=columns) as screen:
            screen.wait_for(FIELDS)
            lines = screen.lines
            expect(all(len(line) < columns for line in lines), f"{columns}: {lines}")
            expect(lines[-1].startswith("http://") and screen.cursor[0] == 0, f"{columns}: {lines} {screen.cursor}")
            expect(screen.end() == 0, "exit")
            text = "".join(screen.lines)
            expect(re.match("81 pages stored:", text) and "under way" not in text, f"{columns}: {screen.text}")


def follows_the_window(crawler, url, store):
    """A window of another size shows whole lines"""
    with Screen([crawler, "-c", "1", "--store", store, f"{url}/crawl/0"]) as screen:
        screen.wait_for(FIELDS)
        for columns in (24, 100):
            screen.resize(columns)
            screen.wait_for_more(300)
            expect(all(len(line) < columns for line in screen.lines), f"{columns}: {screen.lines}")
        expect(screen.end() == 0, "exit")


def interrupted(crawler, url, store):
    """Ctrl-C leaves a clean line, says how to resume, and a second run does the rest"""
    with Screen([crawler, "-c", "1", "--store", store, f"{url}/crawl/0"]) as screen:
        screen.wait_for("pages, ")
        screen.press(b"\x03")
        expect(screen.end() == 130, f"exit {screen.process.returncode}")
        said = screen.text.replace("\n", "")
        expect("stopped: run it again with the same --store" in said and "under way" not in said, screen.text)
        expect(screen.cursor[0] == 0, f"{screen.cursor}")
        first = int(re.search(r"(\d+) pages stored", said)[1])
    done = subprocess.run([crawler, "--store", store], capture_output=True, text=True, timeout=60)
    expect(first + int(re.match(r"(\d+) pages stored", done.stdout)[1]) == 81, f"{first}, then {done}")


def piped(crawler, url, store):
    """Without a terminal: plain lines, from time to time, and none with -q"""
    words = [crawler, "-c", "1", "--interval", "0.2"]
    done = subprocess.run([*words, "--store", store, f"{url}/crawl/0"], capture_output=True, text=True, timeout=60)
    lines = done.stderr.splitlines()
    expect(len(lines) >= 2 and all(re.fullmatch(FIELDS, line) for line in lines), f"{done}")
    expect("\x1b" not in done.stderr and done.stdout.startswith("81 pages stored"), f"{done}")
    done = subprocess.run([*words, "-q", "--store", f"{store}2", f"{url}/crawl/0"], capture_output=True, text=True, timeout=60)
    expect(done.stderr == "", done.stderr)


def at_terminal(bin_folder):
    with Server() as server:
        for part in [a_live_state, follows_the_window, interrupted, piped]:
            with tempfile.TemporaryDirectory() as folder:
                checks.run([part], bin_folder / "Crawler", server.url, f"{folder}/store")
