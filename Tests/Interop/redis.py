"""The client of requests against redis-server, which is killed, started again, paused, and kills connections."""
import contextlib
import re
import signal
import subprocess
import time

from checks import free_port, program, report


class Redis:
    """redis-server, without a file of its own."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [program("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)],
            stdout=subprocess.PIPE, text=True)
        while "eady to accept connections" not in (line := self.process.stdout.readline()):
            if not line:
                raise OSError("redis-server did not start")

    def kill(self):
        """With requests under way: a stopped server answers none of those that come."""
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(0.05)
        self.process.kill()
        self.process.communicate()

    def command(self, *words):
        return subprocess.run(
            [program("redis-cli"), "-p", str(self.port), *words], capture_output=True, text=True, timeout=30).stdout.strip()


@contextlib.contextmanager
def talking(probe, redis, *arguments):
    process = subprocess.Popen(
        [probe, "redis", f"port={redis.port}", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def ended(process):
    """The counts of `echo`."""
    process.send_signal(signal.SIGTERM)
    lines = process.communicate(timeout=30)[0].splitlines()
    return {name: int(value) for name, value in re.findall(r"(\w+)=(\d+)", lines[-1])} if lines else {}


def problem(counts, **least):
    """What is wrong with the counts, of which each must be at least the given one."""
    if not counts or counts["wrong"]:
        return f"{counts}"
    whole = sum(counts[name] for name in ("right", "wrong", "late", "sent", "unsent", "cancelled"))
    if whole != counts["made"] or any(counts[name] < count for name, count in least.items()):
        return f"{counts}"
    return None


def echo(probe, redis, disturb, *arguments, **least):
    with talking(probe, redis, "echo=16", *arguments) as process:
        process.stdout.readline()
        disturb()
        time.sleep(0.3)
        return problem(ended(process), **least)


def short(*arguments):
    """The same with few connections."""
    requests(*arguments, connections=500)


def requests(probe, _, folder, connections=10_000):
    """Each check sends numbers, and no reply may be that of another request."""
    redis = Redis(folder)
    try:
        run = subprocess.run(
            [probe, "redis", f"port={redis.port}", "pipeline=100000", "timeout=60000"], capture_output=True, text=True, timeout=120)
        report("redis: 100,000 commands in a row", None if run.stdout.startswith("100000 right") else f"{run.stdout}{run.stderr[-300:]}")

        def restart():
            for _ in range(3):
                time.sleep(0.2)
                redis.kill()
                time.sleep(0.1)
                redis.start()
            time.sleep(0.3)
        report("redis: killed and started three times", echo(probe, redis, restart, right=100, sent=1, connections=4))

        def kill():
            for _ in range(20):
                time.sleep(0.03)
                redis.command("CLIENT", "KILL", "TYPE", "normal")
        report("redis: CLIENT KILL twenty times", echo(probe, redis, kill, right=100, connections=10))

        def pause():
            for _ in range(2):
                redis.command("CLIENT", "PAUSE", "500")
                time.sleep(0.8)
        report("redis: late replies are dropped", echo(probe, redis, pause, "timeout=100", "silent=stays", right=100, late=10, connections=1))
        report("redis: a silent connection is made anew", echo(probe, redis, pause, "timeout=100", right=100, late=2, connections=2))

        with talking(probe, redis, "listen=news") as process:
            lines = [process.stdout.readline().strip()]
            redis.command("PUBLISH", "news", "one")
            lines.append(process.stdout.readline().strip())
            redis.command("CLIENT", "KILL", "TYPE", "pubsub")
            lines.append(process.stdout.readline().strip())
            redis.command("PUBLISH", "news", "two")
            lines.append(process.stdout.readline().strip())
            wanted = ["subscribe news 1", "message news one", "subscribe news 1", "message news two"]
            report("redis: messages of a channel, over two connections", None if lines == wanted else f"{lines}")

        run = subprocess.run(
            [probe, "redis", f"port={redis.port}", f"reconnect={connections}"], capture_output=True, text=True, timeout=300)
        found = re.match(rf"(\d+) (\d+) after {connections} ", run.stdout)
        report(f"redis: {connections} connections leave no descriptor",
               None if found and int(found[2]) <= int(found[1]) + 1 else f"{run.stdout}{run.stderr[-300:]}")
    finally:
        redis.kill()
