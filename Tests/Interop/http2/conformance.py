"""All cases against servers, side by side, and against two that are wrong on purpose."""
import time

from checks import report

from .cases import run_all
from .connection import Target
from .server import CASES
from .wrong_server import WrongServer


def cases_can_fail():
    """Each case fails against the wrong server that it names."""
    results = {}
    for kind in ("deaf", "touchy"):
        with WrongServer(kind) as wrong:
            results[kind] = run_all(CASES, Target(wrong.port, kind), limit=0.6, at_once=32)
    passed = [case.title for number, case in enumerate(CASES) if results[case.wrong][number][0]]
    report(f"each of the {len(CASES)} cases for a server fails against one that is wrong", ", ".join(passed) or None)


def score(target):
    """The results of one server."""
    start = time.monotonic()
    results = run_all(CASES, target)
    failed = [(case, text) for case, (good, text) in zip(CASES, results) if not good]
    print(f"      {target.name}: {len(CASES) - len(failed)} of {len(CASES)} cases, {time.monotonic() - start:.1f} s", flush=True)
    return failed


def conforms(target):
    """Ours: a line a case that fails, and one for the score."""
    failed = score(target)
    for case, text in failed:
        report(f"{target.name}: {case.title}", text)
    if not failed:
        report(f"{target.name}: {len(CASES)} cases of RFC 9113 and RFC 7541")


def compare(target, details=False):
    """Another's: of interest, and no failure of ours."""
    for case, text in score(target):
        if details:
            print(f"        {case.title}: {text}")
