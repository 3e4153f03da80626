"""Calls to a loop from another thread: asyncio's call_soon_threadsafe, or Twisted's callFromThread. See Sources/Threads."""

import asyncio
import sys
import threading
import time

import load

quick = "--quick" in sys.argv
CALLS = 20_000 if quick else 200_000
ROUND_TRIPS = 1_000 if quick else 10_000


def call_from_outside(call):
    done = threading.Semaphore(0)
    left = CALLS

    def called():
        nonlocal left
        left -= 1
        if left == 0:
            done.release()

    start = load.usage()
    for _ in range(CALLS):
        call(called)
    done.acquire()
    load.report("calls in a row", CALLS, start)

    start = load.usage()
    times = []
    for _ in range(ROUND_TRIPS):
        begin = time.monotonic()
        call(done.release)
        done.acquire()
        times.append((time.monotonic() - begin) * 1e6)
    times.sort()
    load.report(
        "there and back", ROUND_TRIPS, start,
        latency=times[len(times) // 2], latency_99=times[len(times) * 99 // 100],
    )


async def with_asyncio():
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(call_from_outside, loop.call_soon_threadsafe)


def with_twisted():
    from twisted.internet import epollreactor

    epollreactor.install()
    from twisted.internet import reactor

    def work():
        call_from_outside(reactor.callFromThread)
        reactor.callFromThread(reactor.stop)

    reactor.callWhenRunning(threading.Thread(target=work).start)
    reactor.run()


if "twisted" in sys.argv:
    with_twisted()
elif "--uvloop" in sys.argv:
    import uvloop

    uvloop.run(with_asyncio())
else:
    asyncio.run(with_asyncio())
