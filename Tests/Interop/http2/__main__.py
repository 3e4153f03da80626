"""`python3 -m http2 PORT`, in Tests/Interop: the cases for a server against any on this machine; `tls` behind it for TLS, `wrong` for servers
that are wrong on purpose; `client COMMAND…`: those for a client, to which the URL is added."""
import sys

from . import use_packages

use_packages()

from . import conformance
from .connection import Target

match sys.argv[1:]:
    case ["wrong"]:
        from . import client
        conformance.cases_can_fail()
        client.cases_can_fail()
    case ["client", *command]:
        from . import client
        client.compare("client", command, details=True)
    case [port, *words]:
        conformance.compare(Target(int(port), f"port {port}", tls="tls" in words), details=True)
    case _:
        raise SystemExit(__doc__)
