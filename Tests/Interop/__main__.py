"""Runs Swirl's client and server against programs of others; prints a line a check.

`Scripts/interop PART…` runs some parts; `Scripts/interop --short` those that take minutes, with one proxy; `--large` behind `http2-programs`, `forms` or `reverse-proxy` sends 1 GiB
each way, where it is 64 MiB otherwise. Installs what a part needs and is missing: Debian's packages with apt-get, gunicorn, httpbin, httplint, redbot, httpx, h2, dnslib,
websockets, aiohttp, tornado and, where Python 2.7 is, autobahntestsuite with pip in environments of their own. All traffic stays on 127.0.0.1; what it starts, it stops.
"""
import pathlib
import signal
import sys
import tempfile
import time

import behind
import checks
import connections
import datagrams
import descriptors
import files
import forms
import heads
import http2.part
import httpbin
import names
import notes
import postgres
import programs
import proxies
import redis
import restart
import reverse.part
import slow
import tls
import websocket.browser
import websocket.part


def in_browser(*arguments):
    """Three samples."""
    websocket.browser.chat_rooms(*arguments)
    notes.notes(*arguments)
    notes.files(*arguments)


#: Each part with the programs that it needs.
PARTS = {
    "nginx": (programs.client_against_nginx, ["nginx", "curl"]),
    "heads": (heads.client_against_heads, ["curl"]),
    "programs": (programs.programs_against_server, ["curl", "wrk", "ab"]),
    "files": (files.files_for_programs, ["nginx", "curl", "wrk", "httplint", "redbot"]),
    "connections": (connections.client_against_liar, ["curl", "openssl"]),
    "httpbin": (httpbin.client_against_httpbin, ["curl", "gunicorn"]),
    "tls": (tls.client_against_tls, ["nginx", "curl", "openssl"]),
    "forms": (forms.server_of_forms, ["curl", "httpx", "aiohttp"]),
    "behind": (behind.server_behind_proxies, ["nginx", "haproxy", "curl", "openssl"]),
    "reverse-proxy": (reverse.part.proxy_before_servers, ["nginx", "curl", "gunicorn", "httpx", "websockets", "wrk", "openssl"]),
    "proxies": (proxies.client_through_proxies, ["curl", "openssl", "gunicorn", "squid", "tinyproxy", "danted"]),
    "http2": (http2.part.conformance, ["curl", "nginx", "nghttp", "nghttpd", "httpx", "openssl"]),
    "http2-floods": (http2.part.floods, ["nginx", "nghttpd", "httpx", "openssl"]),
    "http2-programs": (http2.part.programs, ["curl", "nginx", "nghttp", "nghttpd", "h2load", "haproxy", "node", "httpx", "openssl"]),
    "websocket": (websocket.part.short, ["unshare", "ip", "websockets"]),
    "websocket-all": (websocket.part.whole, ["unshare", "ip", "websockets"]),
    "websocket-programs": (websocket.part.programs, ["websockets", "aiohttp", "tornado", "node", "ws", "openssl"]),
    "browser": (in_browser, ["chromium", "websockets"]),
    "datagrams": (datagrams.datagrams, ["socat", "node"]),
    "descriptors": (descriptors.descriptors, ["socat", "script", "bash"]),
    "redis": (redis.short, ["redis-server", "redis-cli"]),
    "redis-all": (redis.requests, ["redis-server", "redis-cli"]),
    "names": (names.names, ["dnsmasq", "unbound", "dig", "dnslib", "openssl"]),
    "restart": (restart.server_restarts, ["wrk"]),
    "reload": (restart.certificates_change, ["wrk", "openssl"]),
    "slow": (slow.server_of_slow_clients, ["slowhttptest"]),
    "postgres": (postgres.crawler_on_postgres, ["postgres"]),
    "proxy": (proxies.client_through_one_proxy, ["curl", "openssl", "gunicorn", "tinyproxy"]),
}
#: One proxy instead of three, without httpbin's table of routes, and not all of Autobahn's cases.
SHORT = [part for part in PARTS if part not in ("proxies", "httpbin", "websocket-all", "redis-all")]
#: "proxies", "websocket-all" and "redis-all" have these.
LONG = [part for part in PARTS if part not in ("proxy", "websocket", "redis")]

#: How long a part may take, in seconds, before it ends with the place where it waits.
LIMIT = 1800


def limit(part):
    """From here on the part has `LIMIT` seconds."""
    def end(*_):
        raise TimeoutError(f"{part} did not end within {LIMIT} s: look for what the last line above waits for; Scripts/interop {part} runs it alone")
    signal.signal(signal.SIGALRM, end)
    signal.alarm(LIMIT)


def main():
    chosen = SHORT if sys.argv[1:] == ["--short"] else [part for part in sys.argv[1:] if part != "--large"] or LONG
    if unknown := [part for part in chosen if part not in PARTS]:
        raise SystemExit(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}, and --short")
    checks.install({program for part in chosen for program in PARTS[part][1]})
    probe, fetch = checks.build()
    for part in chosen:
        with tempfile.TemporaryDirectory() as folder:
            # nginx and the proxies run their workers as other users.
            pathlib.Path(folder).chmod(0o755)
            start = time.monotonic()
            limit(part)
            PARTS[part][0](probe, fetch, pathlib.Path(folder))
            signal.alarm(0)
            print(f"      {part}: {time.monotonic() - start:.0f} s", flush=True)
    print(f"{checks.counts['failed']} of {sum(checks.counts.values())} failed" if checks.counts["failed"]
          else f"all {checks.counts['ok']} passed")
    sys.exit(1 if checks.counts["failed"] else 0)


if __name__ == "__main__":
    main()
