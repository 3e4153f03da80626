"""aiohttp's server: an application with two routes, no access log."""

import asyncio
import sys

from aiohttp import web

LARGE = b"x" * (1 << 20)


async def hello(request):
    return web.Response(text="hello")


async def large(request):
    return web.Response(body=LARGE)


async def main():
    application = web.Application()
    application.add_routes([web.get("/hello", hello), web.get("/1m", large)])
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
