"""The server of websockets on uvloop: its asyncio implementation, with the compression that it offers by default; `broadcast` is its own."""

import asyncio
import sys

import uvloop
from websockets.asyncio.server import broadcast, serve

ALL = set()


async def echo(socket):
    async for message in socket:
        await socket.send(message)


async def to_all(socket):
    ALL.add(socket)
    try:
        async for message in socket:
            broadcast(ALL, message)
    finally:
        ALL.discard(socket)


async def main():
    handler = to_all if "--broadcast" in sys.argv else echo
    async with serve(handler, "127.0.0.1", 0, backlog=4096, ping_timeout=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()


uvloop.run(main())
