"""Names from dnsmasq, unbound and servers that lie, looked up by the sample Lookup, and compared with dig."""
import contextlib
import os
import re
import socket
import subprocess
import time

import checks
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
UNBOUND_CASES = [("a.test", "A"), ("h.test", "HTTPS"), ("test", "SOA"), ("test", "MX"), ("no.test", "A")]

#: Each name is a lie before the true answer.
LIAR = """
import socket, sys
from dnslib import A, DNSQuestion, DNSRecord, QTYPE, RR
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True:
    data, peer = server.recvfrom(4096)
    query = DNSRecord.parse(data)
    lie = str(query.q.qname).split(".")[0]
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


def names(_probe, _fetch, folder):
    lookup = checks.build_product("Lookup")
    port = free_port()
    command = [program("dnsmasq"), "-k", "-C", "/dev/null", "-R", "-h", "-z", "--listen-address=127.0.0.1", "-p", port]
    if os.geteuid() == 0:
        command += ["-u", "root"]
    with started(port, *command, *DNSMASQ):
        compare("dnsmasq", lookup, port, DNSMASQ_CASES)
        said = run(lookup, f"@127.0.0.1#{port}", "www.test").stdout.decode()
        report("dnsmasq: addresses of an alias", None if "2001:db8::1" in said and "192.0.2.1" in said else said)
    port = free_port()
    (folder / "unbound.conf").write_text(UNBOUND.format(port))
    with started(port, program("unbound"), "-d", "-c", folder / "unbound.conf"):
        compare("unbound", lookup, port, UNBOUND_CASES)
    with subprocess.Popen([checks.CACHE / "bin" / "python3", "-c", LIAR], stdout=subprocess.PIPE, text=True) as liar:
        port = int(liar.stdout.readline())
        for lie in LIES:
            said = run(lookup, f"@127.0.0.1#{port}", f"{lie}.test", "A").stdout.decode()
            right = "192.0.2.1" in said and "198.51.100.66" not in said
            report(f"dnslib: a lie ({lie}) is dropped", None if right else said)
        liar.terminate()
