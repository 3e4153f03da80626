"""What the cases say of one server or client."""
import time

from checks import report


class Scores:
    """`run` gives for a peer whether each of `cases` is good, and what happened."""

    def __init__(self, cases, kind, run):
        self.cases, self.kind, self.run = cases, kind, run

    def of(self, peer):
        """The cases that fail, each with what happened."""
        start = time.monotonic()
        results = self.run(peer)
        failed = [(case, text) for case, (good, text) in zip(self.cases, results) if not good]
        count = len(self.cases)
        print(f"      {peer.name}: {count - len(failed)} of {count} cases{self.kind}, {time.monotonic() - start:.1f} s", flush=True)
        return failed

    def conforms(self, peer):
        """Ours: a line a case that fails, and one for the score."""
        failed = self.of(peer)
        for case, text in failed:
            report(f"{peer.name}: {case.title}", text)
        if not failed:
            report(f"{peer.name}: {len(self.cases)} cases of RFC 9113 and RFC 7541{self.kind}")

    def compare(self, peer, details=False):
        """Another's: of interest, and no failure of ours."""
        for case, text in self.of(peer):
            if details:
                print(f"        {case.title}: {text}")
