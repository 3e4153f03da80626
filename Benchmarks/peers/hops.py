"""asyncio: a future of the next turn awaited on the loop's thread, and coroutines that another thread has it run. See Sources/Hops."""

import asyncio
import sys
import time

import load

scale = 0.1 if "--quick" in sys.argv else 1
ON_THE_THREAD = int(100_000 * scale)
FROM_A_THREAD = int(10_000 * scale)


def soon():
    """It has its result in the next turn."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()
    loop.call_soon(future.set_result, 1)
    return future


async def on_the_thread():
    for _ in range(ON_THE_THREAD // 10):
        await soon()
    start = load.usage()
    for _ in range(ON_THE_THREAD):
        await soon()
    load.report("on the loop's thread", ON_THE_THREAD, start)


async def at_once():
    return 1


async def in_the_next_turn():
    return await soon()


def from_a_thread(figure, coroutine, loop):
    start = load.usage()
    times = []
    for _ in range(FROM_A_THREAD):
        begin = time.monotonic()
        asyncio.run_coroutine_threadsafe(coroutine(), loop).result()
        times.append((time.monotonic() - begin) * 1e6)
    times.sort()
    load.report(
        figure, FROM_A_THREAD, start,
        latency=times[len(times) // 2], latency_99=times[len(times) * 99 // 100],
    )


async def main():
    loop = asyncio.get_running_loop()
    await on_the_thread()
    await asyncio.to_thread(from_a_thread, "there and back", at_once, loop)
    await asyncio.to_thread(from_a_thread, "a result of the next turn", in_the_next_turn, loop)


if "--uvloop" in sys.argv:
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
