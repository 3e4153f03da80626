"""picows on uvloop: a listener that sends each frame back from the buffer it came in, or a broadcast to all. It keeps no messages together."""

import asyncio
import sys

import uvloop
from picows import WSListener, WSMsgType, ws_create_server

ALL = set()


class Echo(WSListener):
    def on_ws_frame(self, transport, frame):
        if frame.msg_type == WSMsgType.BINARY:
            transport.send(frame.msg_type, frame.get_payload_as_memoryview())
        elif frame.msg_type == WSMsgType.CLOSE:
            transport.disconnect()


class Broadcast(WSListener):
    def on_ws_connected(self, transport):
        ALL.add(transport)

    def on_ws_disconnected(self, transport):
        ALL.discard(transport)

    def on_ws_frame(self, transport, frame):
        payload = frame.get_payload_as_bytes()
        for each in ALL:
            each.send(WSMsgType.BINARY, payload)


async def main():
    listener = Broadcast if "--broadcast" in sys.argv else Echo
    server = await ws_create_server(lambda request: listener(), "127.0.0.1", 0, backlog=4096, websocket_handshake_timeout=60)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


uvloop.run(main())
