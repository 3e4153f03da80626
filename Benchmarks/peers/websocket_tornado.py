"""Tornado's WebSocketHandler, with its C masking; no access log, and no compression, which keeps its context always."""

import asyncio
import logging
import sys

import tornado.httpserver
import tornado.web
import tornado.websocket
from tornado.netutil import bind_sockets

ALL = set()


class Echo(tornado.websocket.WebSocketHandler):
    async def on_message(self, message):
        await self.write_message(message, binary=True)


class Broadcast(tornado.websocket.WebSocketHandler):
    def open(self):
        ALL.add(self)

    def on_close(self):
        ALL.discard(self)

    def on_message(self, message):
        for each in ALL:
            each.write_message(message, binary=True)


async def main():
    logging.getLogger("tornado.access").disabled = True
    handler = Broadcast if "--broadcast" in sys.argv else Echo
    application = tornado.web.Application([("/", handler)], log_function=lambda handler: None)
    sockets = bind_sockets(0, "127.0.0.1", backlog=4096)
    tornado.httpserver.HTTPServer(application).add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
