"""Runs Swirl's client and server against programs of others; prints a line a check.

Installs what is missing: nginx, curl, openssl, wrk, apache2-utils, squid, tinyproxy and dante with apt-get, gunicorn and httpbin with
pip in an environment of their own. All traffic stays on 127.0.0.1; what it starts, it stops.
"""
import pathlib
import sys
import tempfile

import checks
import httpbin
import programs
import proxies
import tls

PARTS = {
    "nginx": programs.client_against_nginx,
    "programs": programs.programs_against_server,
    "httpbin": httpbin.client_against_httpbin,
    "tls": tls.client_against_tls,
    "proxies": proxies.client_through_proxies,
}


def main():
    chosen = sys.argv[1:] or list(PARTS)
    if unknown := [part for part in chosen if part not in PARTS]:
        raise SystemExit(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    checks.install()
    probe, fetch = checks.build()
    for part in chosen:
        with tempfile.TemporaryDirectory() as folder:
            # nginx and the proxies run their workers as somebody else.
            pathlib.Path(folder).chmod(0o755)
            PARTS[part](probe, fetch, pathlib.Path(folder))
    print(f"{checks.counts['failed']} of {sum(checks.counts.values())} failed" if checks.counts["failed"]
          else f"all {checks.counts['ok']} passed")
    sys.exit(1 if checks.counts["failed"] else 0)


if __name__ == "__main__":
    main()
