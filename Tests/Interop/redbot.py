"""REDbot before Swirl's server: it asks for parts, conditions and codings by itself, and says what is wrong with the answers."""
import json

from checks import CACHE, report, run

#: A redirect and a page of names have no validator, and the sample asks for one each time. Of so short a page REDbot asks for all as a part.
EXPECTED = {"/sub": "FRESHNESS_NO_CACHE_NO_VALIDATOR", "/": "FRESHNESS_NO_CACHE_NO_VALIDATOR", "/sub/": "RANGE_CL_FULL"}


def redbot(url, *paths):
    """No warning, and at least one word, for each path."""
    for path in paths:
        told = run(CACHE / "bin" / "redbot", "-o", "har", f"{url}{path}")
        notes = [note for entry in json.loads(told.stdout or '{"log": {"entries": []}}')["log"]["entries"] for note in entry["_red_messages"]]
        wrong = [note["summary"] for note in notes if note["level"] in ("WARN", "BAD") and note["note_id"] != EXPECTED.get(path)]
        report(f"redbot {path}", "; ".join(wrong) or None if notes else f"it says nothing: {told.stderr.decode()[-300:]}")
