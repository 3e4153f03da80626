"""Names from dnsmasq, unbound and servers that lie, looked up by the sample Lookup, and compared with dig."""
import contextlib
import os
import re
import socket
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import checks
from certificates import Authority
from checks import program, report, run

DNSMASQ = ["--host-record=a.test,192.0.2.1,2001:db8::1", "--cname=www.test,a.test", "--mx-host=test,a.test,10",
           "--srv-host=_x._tcp.test,a.test,5060,1,2", "--ptr-record=1.2.0.192.in-addr.arpa,a.test", "--txt-record=t.test,hello,world",
           "--local=/test/", "--caa-record=test,0,issue,ca.test", "--dns-rr=o.test,65280,0a00ff",
           *[f"--txt-record=big.test,{'x' * 200}{number}" for number in range(40)]]
DNSMASQ_CASES = [("a.test", "A"), ("a.test", "AAAA"), ("www.test", "CNAME"), ("www.test", "A"), ("test", "MX"), ("_x._tcp.test", "SRV"),
                 ("1.2.0.192.in-addr.arpa", "PTR"), ("t.test", "TXT"), ("test", "CAA"), ("o.test", "TYPE65280"), ("big.test", "TXT"),
                 ("no.test", "A")]
UNBOUND = """server:
 interface: 127.0.0.1@{0}
 port: {0}
 do-daemonize: no
 chroot: ""
 username: ""
 pidfile: ""
 use-syslog: no
 local-zone: "test." static
 local-data: "test. 60 IN SOA ns.test. m.test. 1 2 3 4 5"
 local-data: "test. 60 IN MX 10 a.test."
 local-data: "a.test. 60 IN A 192.0.2.1"
 local-data: 'h.test. 60 IN HTTPS 1 . alpn="h2,h3" port=8443 ipv4hint=192.0.2.9'
remote-control:
 control-enable: no
"""
#: HTTPS records that lead to another address and port, straight, by an alias, by a hint, and past what a client must leave out.
UNBOUND_HTTPS = """server:
 local-data: "cdn.test. 60 IN A 127.0.0.5"
 local-data: 'w.test. 60 IN HTTPS 1 cdn.test. alpn="http/1.1" no-default-alpn port={0}'
 local-data: 'alias.test. 60 IN HTTPS 0 w.test.'
 local-data: 'hint.test. 60 IN HTTPS 1 nowhere.test. port={0} ipv4hint=127.0.0.5'
 local-data: 'later.test. 60 IN HTTPS 1 cdn.test. alpn="h3" no-default-alpn port=1'
 local-data: 'later.test. 60 IN HTTPS 2 cdn.test. mandatory="key667" key667="x" port=1'
 local-data: 'later.test. 60 IN HTTPS 3 cdn.test. port={0}'
"""
UNBOUND_CASES = [("a.test", "A"), ("h.test", "HTTPS"), ("test", "SOA"), ("test", "MX"), ("no.test", "A")]

#: A name server of dnslib up to a question; what it answers follows.
SERVER = """
import socket, sys
from dnslib import A, DNSQuestion, DNSRecord, QTYPE, RR
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    data, peer = server.recvfrom(4096)
    query = DNSRecord.parse(data)
"""

#: Each name is a lie before the true answer.
LIAR = SERVER + """    lie = str(query.q.qname).split(".")[0]
    def answer(address):
        reply = query.reply()
        reply.add_answer(RR(query.q.qname, QTYPE.A, rdata=A(address), ttl=60))
        return reply
    false = answer("198.51.100.66")
    if lie == "id": false.header.id ^= 1
    if lie == "question": false.questions = [DNSQuestion("other.test")]
    if lie == "query": false.header.qr = 0
    packed = false.pack()
    if lie == "cut": packed = packed[:-3]
    if lie == "pointer": packed = packed[:-16] + packed[-16:].replace(b"\\xc0\\x0c", b"\\xc0\\xff", 1)
    if lie == "elsewhere":
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other: other.sendto(packed, peer)
    else:
        server.sendto(packed, peer)
    server.sendto(answer("192.0.2.1").pack(), peer)
"""
LIES = ["id", "question", "query", "cut", "pointer", "elsewhere"]


#: The origin's own address is true; of its HTTPS records the first label says what becomes.
BROKEN = SERVER + """    reply = query.reply()
    trouble = str(query.q.qname).split(".")[-3]
    if query.q.qtype == QTYPE.A: reply.add_answer(RR(query.q.qname, QTYPE.A, rdata=A("127.0.0.5"), ttl=60))
    if query.q.qtype == QTYPE.HTTPS:
        if trouble == "silent": continue
        if trouble == "servfail": reply.header.rcode = 2
        if trouble == "refused": reply.header.rcode = 5
    packed = reply.pack()
    if query.q.qtype == QTYPE.HTTPS and trouble == "cut": packed = packed[:-7]
    server.sendto(packed, peer)
"""
TROUBLES = ["silent", "servfail", "refused", "cut"]


@contextlib.contextmanager
def secured_server(folder, hosts):
    """A server of HTTP with TLS at 127.0.0.5: its port, and the root of its certificate. It says the name that the client has asked for."""
    authority = Authority(folder, "names")
    certificate, key = authority.sign("w.test", hosts=",".join(f"DNS:{host}" for host in hosts))
    asked = {}

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            text = f"{asked.get(threading.get_ident())} {self.connection.selected_alpn_protocol()}".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_):
            pass

        def setup(self):
            self.request.do_handshake()
            super().setup()

    def context_of(protocols):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.set_alpn_protocols(protocols)
        return context

    def choose(connection, name, _):
        asked[threading.get_ident()] = name
        # It would speak HTTP/2 with who offers that: by their record clients must not.
        if name in ("w.test", "alias.test"):
            connection.context = both

    context, both = context_of(["http/1.1"]), context_of(["h2", "http/1.1"])
    context.sni_callback = choose
    with ThreadingHTTPServer(("127.0.0.5", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, authority.certificate
        server.shutdown()


def fetched(probe, name_server, roots, url):
    """The answer, and how long the fetch took."""
    ended = run(probe, "names", f"server={name_server}", f"roots={roots}", f"url={url}")
    text = ended.stdout.decode().strip()
    return text.rsplit(" ", 1) if " " in text else (text + ended.stderr.decode(), "0")


def https_records(probe, name_server, roots, who, cases):
    for host in cases:
        said, _ = fetched(probe, name_server, roots, f"https://{host}/")
        want = f"{host} http/1.1"
        report(f"{who}: a fetch connects by the HTTPS records of {host}", None if said == want else f"{said!r} instead of {want!r}")


def broken_records(probe, port, roots, origin_port):
    for trouble in TROUBLES:
        said, milliseconds = fetched(probe, port, roots, f"https://{trouble}.test:{origin_port}/")
        right = said == f"{trouble}.test http/1.1" and int(milliseconds) < 1000
        report(f"dnslib: broken HTTPS records ({trouble}) are as none", None if right else f"{said!r} after {milliseconds} ms")


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def started(port, *command):
    """A server, once it answers."""
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                if run(program("dig"), "@127.0.0.1", "-p", str(port), "+time=1", "+tries=1", "a.test").returncode == 0:
                    break
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(timeout=20)


def records(text):
    """The records of an answer, without regard to the order, blanks, and the case of digits."""
    lines = [re.sub(r"\s+", " ", line).lower() for line in text.splitlines() if line and not line.startswith(";")]
    return sorted(lines)


def compare(server, lookup, port, cases):
    for name, kind in cases:
        ours = run(lookup, f"@127.0.0.1#{port}", name, kind).stdout.decode()
        theirs = run(program("dig"), "@127.0.0.1", "-p", str(port), "+noall", "+answer", name, kind).stdout.decode()
        same = records(ours) == records(theirs) and ours.startswith(";; ")
        report(f"{server}: {kind} of {name} is as dig says", None if same else f"ours {ours[:300]!r}, dig {theirs[:300]!r}")


def names(probe, _fetch, folder):
    hosts = ["w.test", "plain.test", "alias.test", "hint.test", "later.test", *(f"{trouble}.test" for trouble in TROUBLES)]
    with secured_server(folder, hosts) as (secured, roots):
        all_names(probe, folder, secured, roots)


def all_names(probe, folder, secured, roots):
    lookup = checks.build_product("Lookup")
    port = free_port()
    command = [program("dnsmasq"), "-k", "-C", "/dev/null", "-R", "-h", "-z", "--listen-address=127.0.0.1", "-p", port]
    if os.geteuid() == 0:
        command += ["-u", "root"]
    # 1 cdn.test. port=SECURED, as dnsmasq has no words for it.
    content = "0001" + "0363646e047465737400" + "00030002" + f"{secured:04x}"
    https = ["--host-record=cdn.test,127.0.0.5", f"--dns-rr=plain.test,65,{content}"]
    with started(port, *command, *DNSMASQ, *https):
        https_records(probe, port, roots, "dnsmasq", ["plain.test"])
        compare("dnsmasq", lookup, port, DNSMASQ_CASES)
        said = run(lookup, f"@127.0.0.1#{port}", "www.test").stdout.decode()
        report("dnsmasq: addresses of an alias", None if "2001:db8::1" in said and "192.0.2.1" in said else said)
    port = free_port()
    (folder / "unbound.conf").write_text(UNBOUND.format(port) + UNBOUND_HTTPS.format(secured))
    with started(port, program("unbound"), "-d", "-c", folder / "unbound.conf"):
        compare("unbound", lookup, port, UNBOUND_CASES)
        https_records(probe, port, roots, "unbound", ["w.test", "alias.test", "hint.test", "later.test"])
    with subprocess.Popen([checks.CACHE / "bin" / "python3", "-c", BROKEN], stdout=subprocess.PIPE, text=True) as broken:
        broken_records(probe, int(broken.stdout.readline()), roots, secured)
        broken.terminate()
    with subprocess.Popen([checks.CACHE / "bin" / "python3", "-c", LIAR], stdout=subprocess.PIPE, text=True) as liar:
        port = int(liar.stdout.readline())
        for lie in LIES:
            said = run(lookup, f"@127.0.0.1#{port}", f"{lie}.test", "A").stdout.decode()
            right = "192.0.2.1" in said and "198.51.100.66" not in said
            report(f"dnslib: a lie ({lie}) is dropped", None if right else said)
        liar.terminate()
