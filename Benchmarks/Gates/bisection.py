"""Which commit made a row dearer: git bisect over a temporary worktree, with the operations of this checkout."""

import json
import pathlib
import subprocess
import sys
import tempfile

#: Less than this is no worsening.
NOTICEABLE = 1.01


def find(good, bad, row, measure, gates):
    """Gives the exit status. The limit lies midway between what is measured at the two ends, whatever the thresholds say."""
    root = gates.parent.parent.parent
    with tempfile.TemporaryDirectory(prefix="swirl-bisect-") as folder:
        tree = pathlib.Path(folder) / "swirl"
        # As they are named here: HEAD is another commit in the temporary worktree.
        good, bad = (commit(root, name) for name in (good, bad))
        git(root, "worktree", "add", "--quiet", "--detach", tree, bad)
        try:
            return search(tree, good, bad, row, measure, gates)
        finally:
            git(root, "worktree", "remove", "--force", tree)


def search(tree, good, bad, row, measure, gates):
    at_bad = measure(tree, [row])
    git(tree, "checkout", "--quiet", "--detach", good)
    at_good = measure(tree, [row])
    if at_good is None or at_bad is None:
        print("the operations don't build at both ends", file=sys.stderr)
        return 1
    limits = {
        name: (count + at_bad[row][name]) / 2
        for name, count in at_good[row].items()
        if at_bad[row][name] > count * NOTICEABLE + 0.01
    }
    for name, limit in limits.items():
        print(f"{row}: {name}: {at_good[row][name]:.2f} at {good}, {at_bad[row][name]:.2f} at {bad}", flush=True)
    if not limits:
        print(f"{row}: no dearer at {bad} than at {good}")
        return 1
    git(tree, "bisect", "start", bad, good)
    command = [sys.executable, gates, "--row", row, "--source", tree, "--limits", json.dumps({row: limits})]
    return subprocess.run(["git", "-C", str(tree), "bisect", "run", *map(str, command)]).returncode


def commit(root, name):
    named = ["git", "-C", str(root), "rev-parse", "--short", "--verify", f"{name}^{{commit}}"]
    return subprocess.run(named, check=True, capture_output=True, text=True).stdout.strip()


def git(folder, *words):
    subprocess.run(["git", "-C", str(folder), *map(str, words)], check=True)
