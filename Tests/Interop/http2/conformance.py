"""All cases against servers, side by side, and against two that are wrong on purpose."""
from checks import report

from .cases import run_all
from .connection import Target
from .scores import Scores
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


scores = Scores(CASES, "", lambda target: run_all(CASES, target))
