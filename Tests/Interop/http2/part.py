"""The parts of Scripts/interop for HTTP/2."""
import concurrent.futures
import sys

from certificates import Authority

from . import use_packages


def conformance(probe, fetch, folder):
    """The cases, against ours and others."""
    use_packages()
    from . import client, conformance, peers, server_port
    pages = peers.Pages(folder / "conformance", Authority(folder, "root-conformance"))
    for kind in ("serve", "streams"):
        with peers.swirl(probe, pages, kind) as targets:
            for target in targets:
                conformance.scores.conforms(target)
            server_port.one_port(*targets)
            server_port.stops(targets[kind == "streams"])
    client.scores.conforms(client.swirl(probe))
    # The others at the same time: they mostly wait for what does not come.
    with peers.nghttpd(pages) as theirs, peers.nginx(pages) as others, concurrent.futures.ThreadPoolExecutor() as pool:
        jobs = [pool.submit(conformance.scores.compare, target) for target in (theirs[0], others[0])]
        jobs += [pool.submit(client.scores.compare, command) for command in (client.CURL, client.NGHTTP)]
        for job in jobs:
            job.result()
    conformance.cases_can_fail()
    client.cases_can_fail()


def programs(probe, fetch, folder):
    """Peers of others, on both ends."""
    use_packages()
    from . import against_client, against_server, peers, unreliable
    size = 1 << 30 if "--large" in sys.argv else 64 << 20
    pages = peers.Pages(folder / "programs", Authority(folder, "root-programs"), large=size)
    against_server.all_against(probe, pages, size)
    against_client.all_against(probe, pages, size)
    for method in ("GET", "POST"):
        unreliable.survives(probe, method)


def floods(probe, fetch, folder):
    """What peers do to a server that costs more than it brings."""
    use_packages()
    from . import floods, peers
    floods.all_floods(probe, peers.Pages(folder / "floods", Authority(folder, "root-floods")))
