"""Programs that measure themselves: chains, hops, timers, threads; and the start of the smallest ones."""

import time

from processes import Pinned, run

CHAINS = {
    "Swirl": ["Chains", "swirl"],
    # The same nodes in C, which know no failures and no cancelling.
    "C": ["ChainFloor"],
    "SwiftNIO": ["Chains", "nio"],
    "Twisted": ["chains_twisted.py"],
    "asyncio": ["chains_asyncio.py"],
}
TIMERS = {
    "Swirl": ["Timers", "swirl"],
    "SwiftNIO": ["Timers", "nio"],
    "Twisted": ["timers_twisted.py"],
    "asyncio": ["timers_asyncio.py"],
}
THREADS = {
    "Swirl": ["Threads", "swirl"],
    "SwiftNIO": ["Threads", "nio"],
    "Twisted": ["threads.py", "twisted"],
    "asyncio + uvloop": ["threads.py", "--uvloop"],
    "asyncio": ["threads.py"],
}
HOPS = {
    "Swirl, callback": ["Hops", "swirl-callback"],
    "Swirl, main actor": ["Hops", "swirl-main"],
    "Swirl, Deferred { }": ["Hops", "swirl-deferred"],
    "Swirl": ["Hops", "swirl-actor"],
    "SwiftNIO": ["Hops", "nio"],
    "asyncio + uvloop": ["hops.py", "--uvloop"],
    "asyncio": ["hops.py"],
}
HELLO = {
    "Swirl": ["HelloSwirl"],
    "Swirl, SwirlCore": ["HelloCore"],
    # Linked with the same shared libraries, of which they call none.
    "C, Swirl's libraries": ["HelloFloor"],
    "C, SwirlCore's libraries": ["HelloCoreFloor"],
    "SwiftNIO": ["HelloNIO"],
    "Twisted": ["hello_twisted.py"],
    "asyncio": ["hello_asyncio.py"],
}


def measuring_themselves(table):
    """They report as many figures as they like, and each becomes a row."""

    def program(words):
        def measure(bench):
            options = ["--quick"] if bench.quick else []
            return bench.figures([*words, *options], bench.cores, 300)

        return measure

    return {name: program(words) for name, words in table.items()}


def starting(table):
    """From the start of a program to its first line; the processor time of its whole life; what it holds while it waits."""

    def program(words):
        def measure(bench):
            command = bench.command(words)
            times, cpu = [], 0
            for _ in range(5 if bench.quick else 20):
                ended = run(command, [bench.client_core], 60)
                times.append(ended.first_line)
                cpu += ended.user + ended.system
            with Pinned([*command, "--stay"], [bench.client_core]) as waiting:
                waiting.first_line()
                time.sleep(0.2)
                resident = waiting.resident_kib()
            times.sort()
            return {
                "": {
                    "operations": len(times),
                    "ms": times[len(times) // 2] * 1e3,
                    "cpu": cpu / len(times) * 1e6,
                    "kib": resident,
                }
            }

        return measure

    return {name: program(words) for name, words in table.items()}
