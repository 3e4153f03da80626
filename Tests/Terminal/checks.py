"""The results of the checks."""
import traceback

counts = {"ok": 0, "failed": 0}


def report(name, problem=None):
    """A line for a check that failed; those that passed are counted."""
    counts["failed" if problem else "ok"] += 1
    if problem:
        print(f"FAILED {name}: {problem}", flush=True)


def run(checks, *arguments):
    """Runs functions, each a check, whose first line of documentation is its name."""
    for check in checks:
        try:
            check(*arguments)
        except Exception as problem:
            report(check.__doc__.splitlines()[0], problem if isinstance(problem, AssertionError) else traceback.format_exc())
        else:
            report(check.__doc__)
