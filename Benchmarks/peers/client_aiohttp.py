"""aiohttp's client: one session, as many connections as requests, no cookies, no decompression, a coroutine for each request under way."""

import asyncio

import aiohttp

import load

arguments = load.options()
work = load.Load(arguments)


async def one(session):
    again = True
    while again:
        async with session.get(work.url, headers=work.headers) as response:
            body = await response.read()
        again = work.complete(response.status, len(body))


async def main():
    connector = aiohttp.TCPConnector(limit=work.in_flight, limit_per_host=work.in_flight)
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    ) as session:
        await asyncio.gather(*(one(session) for _ in range(work.in_flight)))


if arguments.uvloop:
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
