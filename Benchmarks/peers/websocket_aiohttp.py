"""aiohttp's WebSocketResponse, with its C reader; no access log."""

import asyncio
import sys

from aiohttp import web

ALL = set()


async def echo(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_bytes(message.data)
    return socket


async def to_all(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    ALL.add(socket)
    try:
        async for message in socket:
            for each in ALL:
                await each.send_bytes(message.data)
    finally:
        ALL.discard(socket)
    return socket


async def main():
    application = web.Application()
    application.add_routes([web.get("/", to_all if "--broadcast" in sys.argv else echo)])
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
    await site.start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if "--uvloop" in sys.argv:
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
