"""Downloader at a terminal."""
import os
import re
import subprocess
import tempfile
import time

import checks
from screen import Screen, expect
from server import Server


def amount(text):
    """The bytes of a text such as 1.5MiB."""
    number, unit = re.fullmatch(r"([\d.]+)(B|KiB|MiB)", text).groups()
    return float(number) * {"B": 1, "KiB": 1024, "MiB": 1024**2}[unit]


def a_line_a_file(downloader, url, folder):
    """A line for each file and one for all, as wide as the terminal; the checksums stand above"""
    for columns in (80, 40, 20):
        urls = [f"{url}/drip/{count}/0.1/{name}" for name, count in (("a", 8), ("long" * 20, 30), ("b", 30))]
        with Screen([downloader, "-o", f"{folder}/{columns}", *urls], columns=columns) as screen:
            screen.wait_for(r"1 of 3")
            screen.wait_for(r"long.*%")
            with screen.lock:
                live = [line.rstrip() for line in screen.screen.display if line.strip()]
            live = live[next(number for number, line in enumerate(live) if "%" in line) :]
            expect(len(live) == 3 and live[2].startswith("1 of 3"), f"{columns}: {live}")
            expect(all(len(line) < columns for line in live), f"{columns}: {live}")
            expect(screen.cursor[0] == 0, f"{columns}: {screen.cursor}")
            expect(columns < 40 or re.search(r"\d+%.* \d+(\.\d+)?[KM]iB/s +\d+s", live[0]), f"{columns}: {live}")
            expect(screen.end() == 0, "exit")
            expect(screen.lines[-1].startswith("3 of 3 files") and "%" not in screen.text, f"{columns}: {screen.lines}")
            expect(screen.cursor[0] == 0, f"{screen.cursor}")


def a_steady_rate(downloader, url, folder):
    """The rate is that of the last seconds from the first one on, and the time that is left follows from it"""
    with Screen([downloader, "-o", folder, f"{url}/drip/40/0.1/steady"]) as screen:
        seen, start = [], time.monotonic()
        while screen.process.poll() is None:
            for line in screen.lines:
                if re.search(r"%.* [1-9].*B/s", line) and (not seen or seen[-1][1] != line):
                    seen.append((time.monotonic() - start, line))
            screen.wait_for_more(50)
    shown = "\n".join(f"{moment:.1f} s: {line}" for moment, line in seen)
    expect(len(seen) > 8, shown)
    for moment, line in seen[3:]:
        received, total = (amount(text) for text in re.search(r"(\S+)/(\S+) ", line).groups())
        rate = amount(re.search(r"(\S+)/s", line)[1])
        expect(0.5 * received / moment < rate < 2 * received / moment, f"{line!r} after {moment:.1f} s, of\n{shown}")
        left = int(re.search(r" (\d+)s$", line)[1])
        expect(abs(left - (total - received) / rate) < 2, f"{line!r}, of\n{shown}")


def follows_the_window(downloader, url, folder):
    """A window of another size, and lower than there are files, shows whole lines and leaves no others"""
    urls = [f"{url}/drip/300/0.1/{name}" for name in "abcdefgh"]
    with Screen([downloader, "-P", "8", "-o", folder, *urls], columns=80, rows=24) as screen:
        screen.wait_for("h .*%")
        for columns, rows, shown in ((30, 24, 8), (80, 6, 3), (20, 10, 7), (120, 24, 8)):
            screen.resize(columns, rows)
            screen.wait_for_more(1500)
            # A narrower model of a screen cuts what was there, a lower one scrolls it.
            with screen.lock:
                lines = [line.rstrip() for line in screen.screen.display if line.strip()]
            files = [line for line in lines if re.match(r"[a-h] .*%", line)]
            expect(all(len(line) < columns for line in lines), f"{columns}: {lines}")
            expect(len(files) == shown and lines[-1].startswith("0 of 8 files"), f"{columns}x{rows}: {lines}")
            expect(shown == 8 or f"{8 - shown} more" in lines, f"{columns}x{rows}: {lines}")
        screen.press(b"\x03")
        expect(screen.end() == 130, "exit")


def wide_characters(downloader, url, folder):
    """Names in wide characters are cut by columns, not by characters"""
    name = "".join(f"%{byte:02X}" for byte in ("漢字" * 20).encode())
    with Screen([downloader, "-o", folder, f"{url}/drip/8/0.1/{name}"], columns=40) as screen:
        screen.wait_for("漢.*%")
        with screen.lock:
            row = next(line for line in screen.screen.display if "%" in line)
        expect(len([line for line in screen.lines if "%" in line]) == 1 and "漢字" in row.replace(" ", ""), screen.text)
        expect(screen.end() == 0, "exit")


def interrupted(downloader, url, folder):
    """Ctrl-C leaves a clean line, says how to resume, and the part is there"""
    with Screen([downloader, "-o", folder, f"{url}/drip/9/0/whole", f"{url}/drip/100/0.1/part"]) as screen:
        # The file is written a quarter of a mebibyte at a time.
        screen.wait_for("1 of 2 files")
        screen.wait_for("part +([6-9]|[1-9][0-9])%")
        screen.press(b"\x03")
        expect(screen.end() == 130, f"exit {screen.process.returncode}")
        expect("%" not in screen.text and screen.cursor[0] == 0, f"{screen.lines}")
        said = screen.text.replace("\n", " ")
        expect("stopped: 1 of 2 files are complete; run the same again to resume" in said, said)
        expect("part.download.part" in os.listdir(folder), f"{os.listdir(folder)}")


def errors_stand_above(downloader, url, folder):
    """A failure has a line of its own above the progress"""
    with Screen([downloader, "-o", folder, f"{url}/status/404", f"{url}/drip/8/0.1/a"]) as screen:
        expect(screen.end() == 4, "exit")
        lines = screen.lines
        expect(lines[0].startswith("downloader: GET") and lines[-1].startswith("2 of 2 files"), f"{lines}")


def piped(downloader, url, folder):
    """Without a terminal: plain lines, from time to time, and none with -q"""
    words = [downloader, "--interval", "0.2", "-o", folder]
    done = subprocess.run([*words, f"{url}/drip/9/0.1/a"], capture_output=True, text=True, timeout=30)
    lines = done.stderr.splitlines()
    expect(done.returncode == 0 and len(lines) >= 2, f"{done}")
    expect(all(re.fullmatch(r"0 of 1 files, \S+B, \S+B/s, ETA \S+", line) for line in lines), f"{lines}")
    expect("\x1b" not in done.stderr and "\r" not in done.stderr, done.stderr)
    done = subprocess.run([*words, "-q", f"{url}/drip/9/0.1/b"], capture_output=True, text=True, timeout=30)
    expect(done.stderr == "", done.stderr)
    shell = f"'{downloader}' -o '{folder}' {url}/text/1 {url}/drip/9/0.1/c | head -n 1 >/dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=30)
    expect(done.stdout in ("5\n", "0\n") and done.stderr == "", f"{done}")


def standard_output_elsewhere(downloader, url, folder):
    """With standard output in a pipe the terminal has the progress alone"""
    with Screen([downloader, "-o", folder, f"{url}/drip/9/0.1/a"], output=subprocess.PIPE) as screen:
        screen.wait_for("%")
        expect(re.fullmatch(rb"[0-9a-f]{64}  a\n", screen.process.stdout.read()) and screen.end() == 0, "checksums")
        expect(len(screen.lines) == 1, screen.text)


def names_of_parts(downloader, url, folder):
    """A file that has the name of another one's part is an error, before anything is downloaded"""
    for names in (("a.download", "a"), ("a", "a.download"), ("a", "a.download.part"), ("a.download.origin.part", "a"), ("a", "b", "a")):
        done = subprocess.run([downloader, "-q", "-o", folder, *(f"{url}/text/{name}" for name in names)], capture_output=True, text=True, timeout=30)
        expect(done.returncode == 2 and not os.listdir(folder), f"{names}: {done} {os.listdir(folder)}")
    done = subprocess.run([downloader, "-q", "-o", folder, f"{url}/text/a", f"{url}/text/a.part"], capture_output=True, timeout=30)
    expect(done.returncode == 0 and sorted(os.listdir(folder)) == ["a", "a.part"], f"{done} {os.listdir(folder)}")


def at_terminal(bin_folder):
    parts = [a_line_a_file, a_steady_rate, follows_the_window, wide_characters, interrupted, errors_stand_above, names_of_parts, piped, standard_output_elsewhere]
    with Server() as server:
        for part in parts:
            with tempfile.TemporaryDirectory() as folder:
                checks.run([part], bin_folder / "Downloader", server.url, folder)
