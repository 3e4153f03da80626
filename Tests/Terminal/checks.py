"""The results of the checks."""

counts = {"ok": 0, "failed": 0}


def report(name, problem):
    """A line for a check that failed; those that passed are counted."""
    counts["failed" if problem else "ok"] += 1
    if problem:
        print(f"FAILED {name}: {problem}", flush=True)
