"""`python3 -m http2 PORT`, in Tests/Interop: the cases for a server against any on this machine; `tls` behind it for TLS; `wrong` for servers
and clients that are wrong on purpose; `curl`, `nghttp`, or `swirl PROBE` for the cases for a client."""
import sys

from . import use_packages

use_packages()

from . import client, conformance
from .connection import Target

match sys.argv[1:]:
    case ["wrong"]:
        conformance.cases_can_fail()
        client.cases_can_fail()
    case ["curl"]:
        client.scores.compare(client.CURL, details=True)
    case ["nghttp"]:
        client.scores.compare(client.NGHTTP, details=True)
    case ["swirl", probe]:
        client.scores.compare(client.swirl(probe), details=True)
    case [port, *words]:
        conformance.scores.compare(Target(int(port), f"port {port}", tls="tls" in words), details=True)
    case _:
        raise SystemExit(__doc__)
