"""Lookups of 100,000 names, a hundred at a time, at a server that takes less than its clients: NameAnswers."""

CLIENTS = {"Swirl": "swirl", "c-ares": "c-ares"}
NAMES = 100_000


def resolving():
    """Each name is asked for once, so that no cache counts; each address is checked."""

    def client(name):
        def measure(bench):
            with bench.server(["NameAnswers"]) as server:
                command = ["Names", name, server.port, "--count", NAMES // 10 if bench.quick else NAMES, "--in-flight", 100]
                return bench.figures(command, [bench.client_core], 60)

        return measure

    return {name: client(word) for name, word in CLIENTS.items()}
