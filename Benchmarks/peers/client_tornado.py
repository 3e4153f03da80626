"""Tornado's simple client, the one that comes with it. It has no keep-alive: each request makes a connection, in every row."""

import asyncio

from tornado.httpclient import AsyncHTTPClient, HTTPRequest

import load

work = load.Load(load.options())


async def one(client):
    again = True
    while again:
        request = HTTPRequest(work.url, headers=work.headers, decompress_response=False, request_timeout=60)
        response = await client.fetch(request)
        again = work.complete(response.code, len(response.body))


async def main():
    AsyncHTTPClient.configure(None, max_clients=work.in_flight)
    client = AsyncHTTPClient()
    await asyncio.gather(*(one(client) for _ in range(work.in_flight)))


asyncio.run(main())
