"""Autobahn's suite (PyPI: autobahntestsuite), which needs Python 2.7. It listens on all addresses: here in a network of its own."""
import concurrent.futures
import contextlib
import functools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from checks import CACHE, report

HERE = pathlib.Path(__file__).parent
PLACE = CACHE / "autobahn"
#: The last of each for Python 2.7; without wsaccel, whose C does not compile there any more, and ujson.
PACKAGES = ["twisted==20.3.0", "jinja2<3", "markupsafe<2", "Werkzeug<1", "klein==17.10.0", "unittest2", "cryptography<3.4", "pyopenssl==19.1.0",
            "service-identity==18.1.0", "six", "numpy==1.16.6"]
SUITE = ["autobahntestsuite==0.8.2", "autobahn==0.10.9", "txaio==2.1.0"]
#: All 517, and those that take a minute: without 9.* (megabytes in small pieces), and of compression one of each kind. Lists of runs, as many at a
#: time as there are cores: the suite needs nearly all of the time.
SMALL = [f"{number}.*" for number in (1, 2, 3, 4, 5, 6, 7, 10)]
ALL = [[f"13.{group}.*"] for group in range(1, 8)] + [[f"12.{group}.*"] for group in range(1, 6)] + [["9.*"], SMALL]
SHORT = [SMALL, [f"{group}.{kind}" for group in ("12.1", "13.1", "13.4", "13.7") for kind in (1, 11)]]
#: NON-STRICT: a fault that is found before the answer to what came before it, in the same read, is as good; INFORMATIONAL: what an end does
#: where the RFC leaves it free.
GOOD = {"OK", "NON-STRICT", "INFORMATIONAL"}


@functools.cache
def python2():
    """A Python 2.7, or None."""
    # pyenv has a python2.7 that works where this variable says so.
    for environment in ({}, {"PYENV_VERSION": "2.7.18"}):
        with contextlib.suppress(OSError):
            words = ["python2.7", "-c", "import sys; print(sys.executable)"]
            shown = subprocess.run(words, capture_output=True, text=True, env=os.environ | environment)
            if shown.returncode == 0:
                return shown.stdout.strip()
    return None


def wstest():
    """The suite's program, installed if it is missing."""
    program = PLACE / "bin" / "wstest"
    if not any(PLACE.glob("lib/python*/site-packages/numpy")):
        print("Installing", *SUITE, "with pip", flush=True)
        # The last virtualenv that makes environments for Python 2.7.
        pip = [CACHE / "bin" / "pip", "install", "-q", "virtualenv<20.22"]
        if not pip[0].exists():
            subprocess.run([sys.executable, "-m", "venv", CACHE], check=True)
        subprocess.run(pip, check=True, capture_output=True)
        subprocess.run([CACHE / "bin" / "virtualenv", "-q", "-p", python2(), PLACE], check=True, capture_output=True)
        install = [PLACE / "bin" / "pip", "install", "-q"]
        subprocess.run([*install, *PACKAGES], check=True, capture_output=True)
        subprocess.run([*install, "--no-deps", *SUITE], check=True, capture_output=True)
        for folder in (PLACE / "lib").glob("python*/site-packages"):
            shutil.copytree(HERE / "wsaccel", folder / "wsaccel", dirs_exist_ok=True)
    return program


#: In a network of its own; both ends, the second until it ends.
SCRIPT = """
ip link set lo up
"$1" $2 > "$5/first" 2>&1 & first=$!
for try in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  ss -Htln "sport = :$6" | grep -q . && break
  sleep 0.5
done
"$3" $4 > "$5/second" 2>&1
status=$?
kill $first
exit $status
"""


def run(first, second, folder, port, limit):
    unshare = ["unshare", "-n"] if os.geteuid() == 0 else ["unshare", "-rn"]
    words = ["sh", "-c", SCRIPT, "sh", first[0], first[1], second[0], second[1], folder, str(port)]
    return subprocess.run([*unshare, *map(str, words)], timeout=limit, capture_output=True).returncode


def cases(probe, folder, role, runs, limit):
    """Runs the cases against ours in this role; a line for each that is not good, and one for all."""
    name = f"Autobahn's suite against our {role}"
    wstest()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as threads:
        ended = list(threads.map(lambda number: run_cases(probe, folder / f"autobahn-{role}-{number}", role, runs[number], limit), range(len(runs))))
    results = {}
    for found, problem in ended:
        results |= found
        if problem:
            report(name, problem)
    counts = {}
    for case, result in sorted(results.items(), key=lambda item: [int(number) for number in re.findall(r"\d+", item[0])]):
        for kind in ("behavior", "behaviorClose"):
            if result[kind] not in GOOD:
                report(f"{name}: {case}", f"{kind} is {result[kind]}")
        counts[result["behavior"]] = counts.get(result["behavior"], 0) + 1
    words = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    report(f"{name}: {len(results)} cases, {words}", None if results else "no cases")


def run_cases(probe, folder, role, cases, limit):
    """One run of the suite: the results by case, and what is wrong with the run."""
    folder.mkdir()
    (folder / "reports").mkdir()
    settings = folder / "settings.json"
    common = {"outdir": str(folder / "reports"), "cases": cases, "exclude-cases": [], "exclude-agent-cases": {}}
    try:
        if role == "server":
            settings.write_text(json.dumps(common | {"servers": [{"agent": "Swirl", "url": "ws://127.0.0.1:9001"}]}))
            code = run((probe, "websocket-serve port=9001"), (wstest(), f"-m fuzzingclient -s {settings}"), folder, 9001, limit)
        else:
            settings.write_text(json.dumps(common | {"url": "ws://127.0.0.1:9001"}))
            code = run((wstest(), f"-m fuzzingserver -s {settings}"), (probe, "websocket-cases port=9001"), folder, 9001, limit)
    except subprocess.TimeoutExpired:
        return {}, f"{', '.join(cases)}: not ended after {limit} s"
    try:
        return json.loads((folder / "reports" / "index.json").read_text())["Swirl"], None
    except OSError:
        said = "".join((folder / end).read_text()[-300:] for end in ("first", "second"))
        return {}, f"{', '.join(cases)}: no reports, exit code {code}: {said}"
