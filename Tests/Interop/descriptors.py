"""Swirl's standard input and output, terminals, serial ports and passed descriptors against sh, script, stty, socat and plain sockets of Python."""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import time

from checks import program, report, run


def typed(probe, rows, columns, command, lines, pause=0.3):
    """What a command on Swirl's terminal prints, with lines that are typed one by one."""
    with subprocess.Popen([probe, "terminal", str(rows), str(columns), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for line in lines:
            time.sleep(pause)
            process.stdin.write(line.encode() + b"\n")
            process.stdin.flush()
        return process.communicate(timeout=30)[0].decode()


def standard_io(probe, folder):
    """Pipes, files, the null device and a terminal that a shell shares."""
    text, wanted = b"one\ntwo\n", b"ONE\r\nTWO\r\n"
    got = {run(probe, "standard-io", input=text).stdout.replace(b"\r", b"") for _ in range(3)}
    report("standard input and output are pipes", None if got == {b"ONE\nTWO\n"} else repr(got))
    (folder / "in").write_bytes(text)
    with open(folder / "in", "rb") as source, open(folder / "out", "wb") as target:
        subprocess.run([probe, "standard-io"], stdin=source, stdout=target, timeout=30, check=True)
    written = (folder / "out").read_bytes().replace(b"\r", b"")
    report("standard input and output are files", None if written == wanted.replace(b"\r", b"") else repr(written))
    ended = subprocess.run([probe, "standard-io"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=30)
    report("standard input is the null device", None if ended.returncode == 0 else f"exit {ended.returncode}")
    # The shell reads and writes the same terminal behind the program, which was ended by a signal, too.
    flags = "python3 -c 'import fcntl; print(\"flags\", [fcntl.fcntl(n, fcntl.F_GETFL) & 2048 for n in (0, 1, 2)])'"
    shell = f"timeout -s KILL 0.3 {probe} standard-io; {flags}; head -c 300000 /dev/zero | tr '\\0' x; echo; echo whole"
    shown = run("script", "-qec", shell, "/dev/null", stdin=subprocess.DEVNULL).stdout.decode()
    good = "flags [0, 0, 0]" in shown and shown.count("x") >= 300_000 and "whole" in shown
    report("a terminal is left blocking to the shell, after SIGKILL as well", None if good else repr(shown[:200]))


def terminals(probe):
    """stty, bash's job control and Ctrl-C on a terminal of Swirl's; `script` on one, which makes another."""
    shown = typed(probe, 31, 97, ["stty", "size"], [])
    report("stty sees the size", None if shown.startswith("31 97\r\n") else repr(shown))
    shown = typed(probe, 24, 80, ["sh", "-c", "trap 'stty size; exit' WINCH; while :; do sleep 0.1; done"], ["SIZE 50 132"])
    report("stty sees another size, after SIGWINCH", None if "50 132\r\n" in shown else repr(shown))
    shown = typed(probe, 24, 80, ["cat"], ["words", "\x03"])
    report("echo, and Ctrl-C ends cat", None if shown.startswith("words\r\nwords\r\n") and "[signal 2]" in shown else repr(shown))
    shown = typed(probe, 24, 80, ["bash", "--norc", "-i"], ["sleep 1000", "\x1a", "jobs", "kill %1", "exit"], pause=0.5)
    report("job control of bash: Ctrl-Z, jobs", None if "Stopped" in shown and "no job control" not in shown else repr(shown))
    shown = typed(probe, 31, 97, ["script", "-qec", "stty size", "/dev/null"], [])
    report("script makes a terminal of the same size in it", None if "31 97\r\n" in shown else repr(shown))
    shown = run("script", "-qec", f"stty rows 20 cols 70; {probe} terminal 33 44 stty size", "/dev/null").stdout.decode()
    report("a terminal within script's has its own size", None if "33 44" in shown else repr(shown))


def serial_ports(probe, folder):
    """A pair of pseudo-terminals that socat joins."""
    ours, theirs = folder / "ours", folder / "theirs"
    command = [program("socat"), f"PTY,link={ours},raw,echo=0", f"PTY,link={theirs},raw,echo=0"]
    with subprocess.Popen(command) as joined:
        try:
            deadline = time.monotonic() + 10
            while not (ours.exists() and theirs.exists()) and time.monotonic() < deadline:
                time.sleep(0.02)
            with subprocess.Popen([probe, "serial", ours, "115200"], stdout=subprocess.PIPE, text=True) as port:
                port.stdout.readline()
                speed = run("stty", "-F", str(ours), "speed").stdout.strip()
                report("a serial port has its speed, by stty", None if speed == b"115200" else repr(speed))
                sent, got = os.urandom(50_000), b""
                other = os.open(theirs, os.O_RDWR | os.O_NOCTTY)
                for start in range(0, len(sent), 1000):
                    os.write(other, sent[start:start + 1000])
                    while len(got) < start + 1000:
                        got += os.read(other, 4096)
                os.close(other)
                report("50,000 random bytes through socat's serial ports come back", None if got == sent else f"{len(got)} bytes")
                joined.send_signal(signal.SIGTERM)
                said = port.communicate(timeout=20)[0].strip()
                report("a port that is unplugged ends", None if said == "closed" else repr(said))
        finally:
            with contextlib.suppress(ProcessLookupError):
                joined.terminate()


def passed(probe, folder):
    """SCM_RIGHTS with Python's send_fds and recv_fds."""
    path = str(folder / "socket")
    with subprocess.Popen([probe, "passing", path], stdout=subprocess.PIPE, text=True) as peer:
        peer.stdout.readline()
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(path)
            ends = [os.pipe() for _ in range(2)]
            socket.send_fds(client, [b"hello"], [write for _, write in ends])
            for _, write in ends:
                os.close(write)
            text, descriptors, flags, _ = socket.recv_fds(client, 100, 4)
            read = [os.read(end, 100) for end, _ in ends] + [os.read(end, 100) for end, _ in ends]
            report("Python's send_fds: each descriptor got the bytes, and was closed", None if read == [b"hello", b"hello", b"", b""] else repr(read))
            back = os.read(descriptors[0], 100) if descriptors else b""
            report("Python's recv_fds gets a pipe", None if (text, back, flags & socket.MSG_CTRUNC) == (b"back", b"through a pipe", 0) else repr((text, back)))
            source, target = os.pipe()
            socket.send_fds(client, [b"too many"], [target] * 5)
            os.close(target)
            report("more than the limit are closed", None if os.read(source, 10) == b"" else "one is open")
            report("and the connection ends with an error", None if "more than 4 descriptors" in (said := peer.stdout.readline()) else repr(said))
        peer.send_signal(signal.SIGTERM)


def descriptors(probe, _, folder):
    """All of it."""
    folder = pathlib.Path(folder)
    standard_io(probe, folder)
    terminals(probe)
    serial_ports(probe, folder)
    passed(probe, folder)
