"""What a server does on the port of HTTP/1 and with ALPN, and how it stops."""
import os
import signal
import socket
import ssl
import subprocess

from checks import report

from .connection import Failed
from .frames import END_HEADERS, END_STREAM, NO_ERROR, PREFACE, data, headers, settings

HTTP1 = b"GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"
LAST = (1 << 31) - 1


def talk(target, pieces, protocols=None):
    """What comes after each piece; with protocols for ALPN, over TLS."""
    stream = socket.create_connection((target.host, target.port), 5)
    if protocols is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if protocols:
            context.set_alpn_protocols(protocols)
        stream = context.wrap_socket(stream)
    answers = []
    with stream:
        for piece in pieces:
            try:
                stream.sendall(piece)
                answers.append(stream.recv(65536))
            except OSError:
                answers.append(b"")
    return answers


def is_http1(answer, status):
    return answer.startswith(b"HTTP/1.1 %d " % status)


def one_port(plain, secured):
    """HTTP/2 only by its preface or by ALPN, never in the middle of something else."""
    preface = PREFACE + settings()
    for name, target, pieces, protocols, good in [
            ("the preface behind a request of HTTP/1", plain, [HTTP1, preface], None, lambda one, two: is_http1(one, 200) and is_http1(two, 505)),
            ("half of the preface, and something else", plain, [PREFACE[:16] + b"\r\nXX"], None, lambda one: is_http1(one, 505)),
            ("PRI as a request of HTTP/1.1", plain, [b"PRI * HTTP/1.1\r\nHost: localhost\r\n\r\n"], None, lambda one: is_http1(one, 400)),
            ("ALPN http/1.1, and the preface", secured, [preface], ["http/1.1"], lambda one: is_http1(one, 505)),
            ("no ALPN, and the preface", secured, [preface], [], lambda one: is_http1(one, 505)),
            ("no ALPN, and HTTP/1", secured, [HTTP1], [], lambda one: is_http1(one, 200)),
            ("ALPN h2, and HTTP/1", secured, [HTTP1, HTTP1], ["h2"], lambda one, two: not one.startswith(b"HTTP") and not two.startswith(b"HTTP")),
            ("ALPN h2 behind an unknown protocol", secured, [preface], ["unknown", "h2"], lambda one: one[3:4] == b"\4")]:
        answers = talk(target, pieces, protocols)
        report(f"{target.name}: {name}", None if good(*answers) else f"{answers}")


def stops(target):
    """Gracefully: GOAWAY twice, and what has begun is answered (RFC 9113, 6.8)."""
    idle, busy = target.connect(5), target.connect(5)
    busy.send(headers(1, target.request("POST"), END_HEADERS))
    busy.pong()
    # Its PING asks whether the client knows: unanswered, the server gives it a second.
    busy.acknowledges = False
    os.kill(target.pid, signal.SIGTERM)
    try:
        first = busy.wait("GOAWAY")
        # In flight when the server said so.
        busy.send(headers(3, target.request()))
        busy.answer(3)
        second = busy.wait("GOAWAY")
        busy.send(headers(5, target.request()))
        busy.send(data(1, b"test", END_STREAM))
        busy.answer(1)
        busy.wait("close")
        idle.wait("close")
        code = target.process.wait(5)
        good = (first.stream, second.stream, first.code, second.code, code) == (LAST, 3, NO_ERROR, NO_ERROR, 0) and not busy.heads[5]
        report(f"{target.name}: stops gracefully", None if good else f"{first}, {second}, exit code {code}, {busy.heads[5]}")
    except (Failed, subprocess.TimeoutExpired) as error:
        report(f"{target.name}: stops gracefully", str(error))
