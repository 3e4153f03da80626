"""What all parts share: how programs are run, and a line a check."""
import contextlib
import glob
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "swirl-interop"
PATH = os.environ["PATH"] + ":/usr/sbin"
counts = {"ok": 0, "failed": 0}


def report(name, problem=None):
    """One line a check."""
    counts["failed" if problem else "ok"] += 1
    print(f"{'FAIL' if problem else 'ok  '}  {name}{': ' + problem if problem else ''}", flush=True)


def run(*command, **options):
    """Runs a command to its end, quietly. Proxies are for those who ask for one."""
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    environment |= options.pop("env", {})
    return subprocess.run(command, capture_output=True, timeout=120, env=environment, **options)


def verdict(ours, theirs, code, their_code, said, words):
    """What is wrong with two runs: each has the exit code as told, ours says `words`, and where it went well both have the same body."""
    if theirs.returncode != their_code:
        return f"curl has exit code {theirs.returncode}, not {their_code}: {theirs.stderr.decode()}"
    if ours.returncode != code or words not in said:
        return f"exit code {ours.returncode}, not {code}: {said}"
    if code == 0 and ours.stdout != theirs.stdout:
        return f"ours {ours.stdout[:300]!r}, curl {theirs.stdout[:300]!r}"
    return None


def program(name):
    """Where a program is, those for administrators as well. Debian has PostgreSQL's in a folder for each version."""
    return shutil.which(name, path=":".join([PATH, *sorted(glob.glob("/usr/lib/postgresql/*/bin"))]))


PACKAGES = {"nginx": "nginx-light", "curl": "curl", "openssl": "openssl", "wrk": "wrk", "ab": "apache2-utils", "squid": "squid",
            "tinyproxy": "tinyproxy-bin", "danted": "dante-server", "postgres": "postgresql", "nghttp": "nghttp2-client",
            "slowhttptest": "slowhttptest", "h2load": "nghttp2-client", "nghttpd": "nghttp2-server", "haproxy": "haproxy",
            "socat": "socat", "node": "nodejs", "script": "bsdutils", "bash": "bash",
            "redis-server": "redis-server", "redis-cli": "redis-tools",
            "dnsmasq": "dnsmasq-base", "unbound": "unbound", "dig": "bind9-dnsutils",
            "unshare": "util-linux", "ip": "iproute2", "chromium": "chromium"}
#: What Debian has as modules of Node.
NODE = {"ws": (pathlib.Path("/usr/share/nodejs/ws"), "node-ws")}
#: Programs and modules of Python, in an environment of their own: what shows that it is there, and what pip installs.
PYTHON = {"gunicorn": ("bin/gunicorn", ["gunicorn", "httpbin"]),
          "httpx": ("lib/python*/site-packages/httpx", ["hyperframe", "hpack", "h2", "httpx[http2]"]),
          "httplint": ("bin/httplint", ["httplint"]),
          "dnslib": ("lib/python*/site-packages/dnslib", ["dnslib"]),
          "redbot": ("bin/redbot", ["redbot"]),
          "aiohttp": ("lib/python*/site-packages/aiohttp", ["aiohttp"]),
          "tornado": ("lib/python*/site-packages/tornado", ["tornado"]),
          "websockets": ("lib/python*/site-packages/websockets", ["websockets"])}


def install(programs):
    """Installs those of the programs that are missing."""
    missing = sorted({PACKAGES[name] for name in programs - PYTHON.keys() - NODE.keys() if not program(name)})
    missing += [package for name, (shown, package) in NODE.items() if name in programs and not shown.exists()]
    # It gives a proxy a host and a user that only the proxy has.
    if programs & {"squid", "tinyproxy", "danted"} and not glob.glob("/usr/lib/*/libnss_wrapper.so"):
        missing.append("libnss-wrapper")
    if missing:
        sudo = [] if os.geteuid() == 0 else ["sudo"]
        print("Installing", *missing, "with apt-get", flush=True)
        subprocess.run([*sudo, "apt-get", "update"], check=True, capture_output=True)
        # A package that starts a service of its own would not stop it again.
        policy = pathlib.Path("/usr/sbin/policy-rc.d")
        held = os.geteuid() == 0 and not policy.exists()
        if held:
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
        try:
            environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
            subprocess.run([*sudo, "apt-get", "install", "-y", *missing], check=True, capture_output=True, env=environment)
        finally:
            if held:
                policy.unlink()
    for name in sorted(programs & PYTHON.keys()):
        shown, packages = PYTHON[name]
        if any(CACHE.glob(shown)):
            continue
        print("Installing", *packages, "with pip", flush=True)
        if not (CACHE / "bin" / "pip").exists():
            subprocess.run([sys.executable, "-m", "venv", CACHE], check=True)
        subprocess.run([CACHE / "bin" / "pip", "install", "-q", *packages], check=True, capture_output=True)


def free_port():
    """A port that was free a moment ago, for servers that cannot be asked for any."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port):
    """Waits until something listens."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


@contextlib.contextmanager
def server(*command, port=None, **options):
    """A program that runs while the block does; with a port, from when it listens there."""
    if port:
        options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | options
    process = subprocess.Popen(command, stdin=options.pop("stdin", subprocess.DEVNULL), **options)
    try:
        if port:
            wait_for(port)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def gunicorn(port, *options):
    """httpbin."""
    return server(CACHE / "bin" / "gunicorn", "-b", f"127.0.0.1:{port}", "-k", "gthread", "--threads", "4", *options, "httpbin:app",
                  port=port)


def build():
    """The client and server that are tested: InteropProbe, and Fetch, which has curl's flags."""
    subprocess.run([ROOT / "Scripts" / "bootstrap"], check=True)
    return build_product("InteropProbe"), build_product("Fetch")


def build_product(name):
    """A program of the project; gives where it is."""
    # SWIRL_SCRATCH: where it is built, if not in .build.
    scratch = ["--scratch-path", os.environ["SWIRL_SCRATCH"]] if "SWIRL_SCRATCH" in os.environ else []
    swift = ["swift", "build", "-c", "release", *scratch]
    subprocess.run([*swift, "--product", name, "--quiet"], cwd=ROOT, check=True)
    shown = subprocess.run([*swift, "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True)
    return pathlib.Path(shown.stdout.strip()) / name
