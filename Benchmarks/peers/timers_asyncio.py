"""asyncio's call_later."""

import asyncio
import itertools
import sys

import timers


async def one_round(pending, phases):
    loop = asyncio.get_running_loop()
    # Made beforehand: their making is no part of the loop's work.
    long = [60 + value % 60_000 / 1000 for value in itertools.islice(timers.delays(), pending)]
    short = [value % 10 / 1000 for value in itertools.islice(timers.delays(), pending)]

    phases.begin()
    calls = [loop.call_later(delay, timers.too_early) for delay in long]
    await asyncio.sleep(0)
    phases.end("add")

    phases.begin()
    for delay in long:
        loop.call_later(delay, timers.too_early).cancel()
    await asyncio.sleep(0)
    phases.end("add and cancel with others pending")

    phases.begin()
    for call in calls:
        call.cancel()
    await asyncio.sleep(0)
    phases.end("cancel")

    done = loop.create_future()
    left = pending

    def called():
        nonlocal left
        left -= 1
        if left == 0:
            phases.end("call")
            done.set_result(None)

    for delay in short:
        loop.call_later(delay, called)
    phases.begin()
    await done


async def main():
    for name, pending, rounds in timers.SIZES:
        phases = timers.Phases()
        for _ in range(rounds):
            await one_round(pending, phases)
        phases.report(name, pending * rounds)


if "--uvloop" in sys.argv:
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
