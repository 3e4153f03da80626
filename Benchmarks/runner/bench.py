"""What all measurements of a run share: where the programs are, the cores, the time, and nginx when it is needed."""

import json
import pathlib
import subprocess

import h2load
import nginx
import wrk
from processes import Failed, Server, run

HERE = pathlib.Path(__file__).resolve().parent.parent


class Bench:
    def __init__(self, programs, python, cores, seconds, quick, folder):
        self._programs = pathlib.Path(programs)
        self._python = python
        self.server_core, self.client_core = cores
        self.seconds = seconds
        self.quick = quick
        self.folder = pathlib.Path(folder)
        self._nginx = None
        self._samples = {}

    @property
    def cores(self):
        """One or two, for programs that have no server beside them."""
        return [self.server_core, self.client_core]

    def command(self, words):
        """`Clients swirl-callback` is a program of the package, `client_aiohttp.py` one of the Python peers."""
        first, *rest = words
        if first.endswith(".py"):
            return [self._python, HERE / "peers" / first, *rest]
        return [self._programs / first, *rest]

    def sample(self, name):
        """A program of the project's samples, built when it is first asked for."""
        options = ["-c", "release", "--package-path", HERE.parent, "--scratch-path", self._programs / "samples"]
        if name not in self._samples:
            subprocess.run(["swift", "build", *options, "--product", name, "--quiet"], check=True)
            shown = subprocess.run(["swift", "build", *options, "--show-bin-path"], check=True, capture_output=True, text=True)
            self._samples[name] = pathlib.Path(shown.stdout.strip()) / name
        return self._samples[name]

    @property
    def checks(self):
        """The project's scripts, some of which start what is measured here."""
        return HERE.parent / "Scripts"

    def nginx(self):
        if self._nginx is None:
            self._nginx = nginx.start(self.folder, [self.server_core])
        return self._nginx

    def page(self, path, tls=False, http2=False):
        server = self.nginx()
        if tls:
            return f"https://127.0.0.1:{server.http2_tls_port if http2 else server.tls_port}/{path}"
        return f"http://127.0.0.1:{server.http2_port if http2 else server.port}/{path}"

    @property
    def roots(self):
        """The certificate that nginx has."""
        return self.folder / "certificate.pem"

    @property
    def key(self):
        """The key of that certificate."""
        return self.folder / "key.pem"

    def server(self, words):
        return Server(self.command(words), [self.server_core])

    def server_on_all_cores(self, words):
        """On the client's core, too: of a server that computes the load takes next to nothing."""
        return Server(self.command(words), self.cores)

    def figures(self, words, cores, timeout):
        """Runs a program to its end and gives what it reported: by figure, microseconds and counts."""
        reports = self.reports(run(self.command(words), cores, timeout))
        if not reports:
            raise Failed(f"{words} reported nothing")
        return {report.pop("figure"): self.per_operation(report) for report in reports}

    @staticmethod
    def reports(ended):
        """What a program reported, a line a figure."""
        return [json.loads(line) for line in ended.output.splitlines()]

    @staticmethod
    def per_operation(sums):
        """From sums in seconds to what one operation took: `cpu`, `user`, `system` in microseconds; `rate` in operations a second."""
        operations = sums["operations"]
        each = {name: sums[name] / operations * 1e6 for name in ("user", "system")}
        return sums | each | {"cpu": each["user"] + each["system"], "rate": operations / sums["wall"]}

    def wrk(self, url, seconds=None, **options):
        return wrk.load(url, [self.client_core], seconds=seconds or self.seconds, **options)

    def h2load(self, url, seconds=None, **options):
        return h2load.load(url, [self.client_core], seconds=seconds or self.seconds, **options)

    def close(self):
        if self._nginx is not None:
            self._nginx.stop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
