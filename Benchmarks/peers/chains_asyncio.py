"""asyncio: a future with three (four) coroutines around it, asyncio.gather, and a cancelled future with a callback.

Each runs in a task, as asyncio's do, and a result passes through the loop."""

import asyncio
import sys

import load

scale = 0.1 if "--quick" in sys.argv else 1


async def measure(figure, operations, body):
    count = max(1, int(operations * scale))
    for index in range(max(1, count // 10)):
        await body(index)
    start = load.usage()
    for index in range(count):
        await body(index)
    load.report(figure, count, start)


async def add(inner):
    return await inner + 1


async def use(inner):
    await inner


async def fired_first(index):
    future = asyncio.get_running_loop().create_future()
    future.set_result(index)
    await asyncio.create_task(use(add(add(future))))


async def fired_last(index):
    future = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(use(add(add(add(future)))))
    future.set_result(index)
    await task


def gather(count):
    async def run(index):
        loop = asyncio.get_running_loop()
        members = [loop.create_future() for _ in range(count)]
        everything = asyncio.gather(*members)
        for member in members:
            member.set_result(index)
        await everything

    return run


async def cancel(index):
    future = asyncio.get_running_loop().create_future()
    future.add_done_callback(lambda _: 0)
    future.cancel()
    await asyncio.sleep(0)


async def main():
    await measure("three callbacks, fired first", 100_000, fired_first)
    await measure("four callbacks, fired last", 100_000, fired_last)
    await measure("gather of ten", 20_000, gather(10))
    await measure("gather of 100,000", 2, gather(100_000))
    await measure("cancel", 50_000, cancel)


asyncio.run(main())
