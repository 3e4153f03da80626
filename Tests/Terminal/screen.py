"""A program at a pseudo-terminal, and what its screen shows."""
import fcntl
import os
import pathlib
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import threading
import time

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "swirl-terminal"


def import_pyte():
    """The model of a terminal, from PyPI, in an environment of its own."""
    if not (CACHE / "bin" / "pip").exists():
        subprocess.run([sys.executable, "-m", "venv", CACHE], check=True)
    if not list(CACHE.glob("lib/python*/site-packages/pyte")):
        print("Installing pyte with pip", flush=True)
        subprocess.run([CACHE / "bin" / "pip", "install", "-q", "pyte"], check=True, capture_output=True)
    sys.path += [str(path) for path in CACHE.glob("lib/python*/site-packages")]
    import pyte

    return pyte


pyte = import_pyte()


class Screen:
    """Runs a program whose standard error, and standard output unless `output` is given, is a terminal."""

    def __init__(self, words, columns=80, rows=24, output=None, **variables):
        self.screen = pyte.HistoryScreen(columns, rows, history=1000)
        self.stream = pyte.ByteStream(self.screen)
        self.lock = threading.Lock()
        #: All that came, to look for what a screen does not show.
        self.bytes = b""
        self.master, slave = pty.openpty()
        self.resize(columns, rows)
        environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy") and key != "NO_COLOR"}
        self.process = subprocess.Popen(
            words, stdin=slave, stdout=output or slave, stderr=slave, start_new_session=True,
            env=environment | {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8"} | variables,
            preexec_fn=self.take_terminal)
        os.close(slave)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    @staticmethod
    def take_terminal():
        """In the child: as a shell in the foreground starts it. A check in the background of a script ignores SIGINT, and its children too."""
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def read(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            if not data:
                return
            with self.lock:
                self.bytes += data
                self.stream.feed(data)

    def resize(self, columns, rows=24):
        """As a user who changes the window's size: the kernel sends SIGWINCH."""
        with self.lock:
            self.screen.resize(rows, columns)
            fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys):
        os.write(self.master, keys)

    @property
    def lines(self):
        """The lines with text on them, those that were scrolled away first."""
        with self.lock:
            past = ["".join(line[x].data for x in sorted(line)).rstrip() for line in self.screen.history.top]
            return [line for line in past + [line.rstrip() for line in self.screen.display] if line]

    @property
    def text(self):
        return "\n".join(self.lines)

    @property
    def cursor(self):
        with self.lock:
            return self.screen.cursor.x, self.screen.cursor.y

    def color(self, text):
        """The colour of the first character of a text on the screen."""
        with self.lock:
            for y, line in enumerate(self.screen.display):
                if text in line:
                    return self.screen.buffer[y][line.index(text)].fg
        return None

    def wait_for(self, pattern, seconds=20):
        """Waits until the screen shows a text."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if re.search(pattern, self.text):
                return
            time.sleep(0.01)
        raise AssertionError(f"the screen does not show {pattern!r} but\n{self.text}")

    def wait_for_more(self, count, seconds=10):
        """Waits for so many further bytes, or for the end."""
        wanted, end = len(self.bytes) + count, time.monotonic() + seconds
        while len(self.bytes) < wanted and self.process.poll() is None and time.monotonic() < end:
            time.sleep(0.01)

    def wait_for_echo(self, wanted, seconds=10):
        """Waits until the terminal shows what is typed, or until it does not."""
        end = time.monotonic() + seconds
        while bool(termios.tcgetattr(self.master)[3] & termios.ECHO) != wanted:
            if time.monotonic() > end:
                raise AssertionError(f"the terminal does {'not ' * wanted}show what is typed")
            time.sleep(0.01)

    def end(self, seconds=30):
        """Waits for the end of the program; gives its exit code."""
        try:
            code = self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"it does not end; the screen shows\n{self.text}")
        self.reader.join(timeout=5)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join(timeout=5)
        os.close(self.master)


def expect(is_so, words):
    if not is_so:
        raise AssertionError(words)
