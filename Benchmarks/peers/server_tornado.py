"""Tornado's server: an application with two handlers, no access log."""

import asyncio
import logging

import tornado.httpserver
import tornado.web
from tornado.netutil import bind_sockets

LARGE = b"x" * (1 << 20)


class Hello(tornado.web.RequestHandler):
    def get(self):
        self.write("hello")


class Large(tornado.web.RequestHandler):
    def get(self):
        self.write(LARGE)

    def compute_etag(self):
        # Hashing a MiB for each response is no part of the others' work.
        return None


async def main():
    logging.getLogger("tornado.access").disabled = True
    application = tornado.web.Application([("/hello", Hello), ("/1m", Large)], log_function=lambda handler: None)
    sockets = bind_sockets(0, "127.0.0.1", backlog=4096)
    tornado.httpserver.HTTPServer(application).add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
