"""Programs under test: started on the cores they are to use, measured from outside, and stopped one by one by their own id."""

import os
import signal
import subprocess
import tempfile
import threading
import time


class Failed(Exception):
    """A program did not do what was asked of it."""


class Pinned:
    """A program on certain cores, until the end of the block at the latest."""

    def __init__(self, command, cores):
        self._command = " ".join(map(str, command))
        pinned = ["taskset", "-c", ",".join(map(str, sorted(set(cores)))), *map(str, command)]
        # A file and not a pipe: a program that complains much would wait for somebody to read it.
        self._errors = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen(
            pinned, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors, text=True
        )
        # taskset becomes the program: the id stays.
        self.pid = self._process.pid

    def first_line(self):
        line = self._process.stdout.readline()
        if not line:
            raise Failed(f"{self._command} said nothing\n{self._complaints()}")
        return line

    def cpu_seconds(self):
        """Processor time of all its threads so far: the clock that clock_getcpuclockid(3) gives for another process."""
        return time.clock_gettime((~self.pid << 3) | 2)

    def resident_kib(self):
        with open(f"/proc/{self.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

    def wait(self):
        """To its end: the rest of its output, and what exactly this program used, from wait4."""
        output = self._process.stdout.read()
        _, status, usage = os.wait4(self.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)
        if self._process.returncode != 0:
            raise Failed(f"{self._command}: exit {self._process.returncode}\n{output[-1000:]}{self._complaints()}")
        return output, usage

    def kill(self):
        self._process.kill()

    def stop(self):
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _complaints(self):
        self._errors.seek(0)
        return self._errors.read()[-2000:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self._process.stdout.close()
        self._errors.close()


class Ended:
    """What a program that has ended wrote and used; times in seconds."""

    def __init__(self, output, usage, first_line, wall):
        self.output = output
        self.wall = wall
        self.user, self.system = usage.ru_utime, usage.ru_stime
        self.first_line = first_line


def run(command, cores, timeout):
    """Runs a program to its end."""
    start = time.monotonic()
    with Pinned(command, cores) as program:
        killer = threading.Timer(timeout, program.kill)
        killer.start()
        try:
            line = program.first_line()
            first_line = time.monotonic() - start
            output, usage = program.wait()
        finally:
            killer.cancel()
    return Ended(line + output, usage, first_line, time.monotonic() - start)


class Server(Pinned):
    """A program that stays. Its first line is its port, unless that was given."""

    def __init__(self, command, cores, port=None):
        super().__init__(command, cores)
        try:
            self.port = port or int(self.first_line())
        except BaseException:
            self.__exit__()
            raise
