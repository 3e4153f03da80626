"""The peer of the operation over TLS: prints its port and answers every read with 100 bytes, over TLS 1.3."""

import pathlib
import socket
import ssl
import subprocess
import tempfile

ANSWER = (
    b"HTTP/1.1 200 OK\r\nServer: peer\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\nContent-Type: text/plain\r\n"
    b"Content-Length: 100\r\nConnection: keep-alive\r\n\r\n" + b"x" * 100
)


def context():
    """With a certificate of its own making."""
    with tempfile.TemporaryDirectory(prefix="swirl-gates-") as folder:
        key, certificate = pathlib.Path(folder) / "key.pem", pathlib.Path(folder) / "certificate.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
            + ["-subj", "/CN=127.0.0.1", "-keyout", key, "-out", certificate],
            check=True,
            capture_output=True,
        )
        secured = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secured.minimum_version = ssl.TLSVersion.TLSv1_3
        secured.load_cert_chain(certificate, key)
        return secured


def main():
    secured = context()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            plain, _ = listener.accept()
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with secured.wrap_socket(plain, server_side=True) as connection:
                while connection.recv(65536):
                    connection.sendall(ANSWER)


main()
