"""The part of Scripts/interop that is HTTP/2's."""
import sys

import checks
from certificates import Authority

from . import use_packages


def http2(probe, fetch, folder):
    """All of it; `--large` sends 1 GiB each way, where it is 64 MiB otherwise."""
    conformance(probe, fetch, folder)
    floods(probe, fetch, folder)
    programs(probe, fetch, folder)


def conformance(probe, fetch, folder):
    """The cases, against ours and others."""
    use_packages()
    from . import client, conformance, peers
    pages = peers.Pages(folder / "conformance", Authority(folder, "root-conformance"))
    conformance.cases_can_fail()
    client.cases_can_fail()
    with peers.nghttpd(pages) as targets:
        conformance.compare(targets[0])
    with peers.nginx(pages) as targets:
        conformance.compare(targets[0])
    for kind in ("serve", "streams"):
        with peers.swirl(probe, pages, kind) as targets:
            for target in targets:
                conformance.conforms(target)
    client.compare("curl", ["curl", "-sS", "--http2-prior-knowledge"])
    client.compare("nghttp", ["nghttp", "--no-dep"])
    client.conforms("Swirl", [probe, "http2"])


def programs(probe, fetch, folder):
    """Peers of others, on both ends."""
    use_packages()
    from . import against_client, against_server, peers
    size = 1 << 30 if "--large" in sys.argv else 64 << 20
    pages = peers.Pages(folder / "programs", Authority(folder, "root-programs"), large=size)
    against_server.all_against(probe, pages, size)
    against_client.all_against(probe, pages, size)


def floods(probe, fetch, folder):
    """What peers do to a server that costs more than it brings."""
    use_packages()
    from . import floods, peers
    floods.all_floods(probe, peers.Pages(folder / "floods", Authority(folder, "root-floods")))
