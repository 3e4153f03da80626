"""One large file: from a server to disk, and from disk to a server."""

import pathlib

from processes import Failed, run

MIB = 1024


def _outside(bench, command, kib=None):
    """By what the kernel says of the whole program when it has ended."""
    ended = run(command, [bench.client_core], 120)
    figures = bench.per_operation({"operations": MIB, "user": ended.user, "system": ended.system, "wall": ended.wall})
    return ended, figures


def _measure(bench, direction, url, file, command):
    """Swirl where there is no command."""
    if command is None:
        ended, figures = _outside(bench, bench.command(["Transfers", direction, url, file]))
        report = bench.reports(ended)[0]
        # The growth from before the transfer to the peak.
        figures["kib"] = report["rss_peak"] - report["rss_before"]
        return {"": figures}
    ended, figures = _outside(bench, [*command, url])
    if ended.output.strip() != "200":
        raise Failed(f"{command[0]}: {ended.output}")
    return {"": figures}


def downloading():
    """nginx sends a file of 1 GiB; it is written to one."""

    def contender(measure_one):
        def measure(bench):
            file = bench.folder / "downloaded"
            figures = measure_one(bench, bench.page("1g"), file)
            if file.stat().st_size != MIB << 20:
                raise Failed(f"{file} has {file.stat().st_size} bytes")
            file.unlink()
            return figures

        return measure

    def of(command):
        return lambda bench, url, file: _measure(bench, "download", url, file, command and [*command, "-o", file])

    def floor(bench, url, file):
        """In C, with the same system calls; it prints the status as curl does."""
        return _measure(bench, "download", url, file, bench.command(["DownloadFloor", "-o", file]))

    measured = {name: of(command) for name, command in _CONTENDERS.items()} | {"C, epoll": floor}
    return {name: contender(measure_one) for name, measure_one in measured.items()}


def uploading():
    """A file of 1 GiB is sent to a server that drops what it reads."""

    def contender(command):
        def measure(bench):
            bench.nginx()
            file = pathlib.Path(bench.folder) / "1g"
            with bench.server(["sink.py"]) as sink:
                url = f"http://127.0.0.1:{sink.port}/"
                return _measure(bench, "upload", url, file, command and [*command, "-o", "/dev/null", "-T", file])

        return measure

    return {name: contender(command) for name, command in _CONTENDERS.items()}


_CONTENDERS = {"Swirl": None, "curl": ["curl", "-s", "-w", "%{http_code}\n"]}
