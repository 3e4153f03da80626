"""The talk of WebSocketTalk.swift for servers and clients of Python. `Socket` is what each library is wrapped in:

    subprotocol, extensions         what was agreed; the second as Sec-WebSocket-Extensions of the answer has it
    send(message), receive()        str or bytes; None at the end
    fragments(parts)                one message in so many frames; None where the library has no way to
    ping()                          returns after the pong
    close(code, reason), end        the second is a pair, when the connection has ended
"""
import asyncio
import ssl
import sys

LETTERS = "0123456789abcdef"
MEBIBYTE = [LETTERS * 4096] * 16
#: How the last talk of a server ended.
last = ""


async def answer(socket):
    """The server's end, up to the close of either."""
    global last
    while (message := await socket.receive()) is not None:
        match message:
            case "extensions":
                await socket.send(socket.extensions)
            case "fragments":
                await socket.fragments(MEBIBYTE)
            case "ping":
                await socket.ping()
                await socket.send("pong")
            case "close":
                await socket.close(4001, "bye, €")
            case "last":
                await socket.send(last)
            case _:
                await socket.send(message)
    code, reason = socket.end
    last = f"{code} {reason}"


def check(name, found, wanted):
    print(f"ok {name}" if found == wanted else f"failed {name}: {str(found)[:200]}, not {str(wanted)[:200]}", flush=True)


async def talk(connect, status, named):
    """The client's end: `connect` opens a Socket, `status` gives the status that refuses."""
    url, compression = named["url"], named.get("compression", "deflate")

    async def asked(socket, text):
        await socket.send(text)
        return await socket.receive()

    socket = await connect(url + "/talk")
    check("the subprotocol", socket.subprotocol, "chat")
    check("whether compression was agreed", "permessage-deflate" in socket.extensions, compression != "off")
    if compression != "off":
        check("context of the compression", "no_context_takeover" not in socket.extensions, compression != "without-context")
    sent = ["", "ünïcödé, €, 😀", b"", bytes(range(256)), "".join(MEBIBYTE[:1]), "".join(MEBIBYTE[:1]), "".join(MEBIBYTE).encode()]
    check("messages of each size", [await asked(socket, message) == message for message in sent], [True] * len(sent))
    if socket.fragments:
        await socket.fragments(MEBIBYTE)
        check("1 MiB in fragments", await socket.receive() == "".join(MEBIBYTE), True)
    check("a ping", await socket.ping(), None)
    check("a ping of the server", await asked(socket, "ping"), "pong")
    check("the server closes", (await asked(socket, "close"), *socket.end), (None, 4001, "bye, €"))
    socket = await connect(url + "/talk")
    await socket.close(4002, "done, €")
    socket = await connect(url + "/talk")
    check("the client closes, as the server saw it", await asked(socket, "last"), "4002 done, € clean")
    await socket.close(1000, "")
    for code in (401, 403):
        check(f"refused with {code}", await status(f"{url}/refused/{code}"), code)


def settings():
    return dict(argument.split("=", 1) for argument in sys.argv[2:])


def server_context(named):
    if "cert" not in named:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(named["cert"], named["key"])
    return context


def client_context(named):
    return ssl.create_default_context(cafile=named["roots"]) if "roots" in named else None


def main(serve, converse):
    """`PROGRAM serve|talk NAME=VALUE…`: a server prints its port first."""
    asyncio.run((serve if sys.argv[1] == "serve" else converse)(settings()))
