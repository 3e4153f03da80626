"""Swirl's server with TLS before curl and openssl's client; its client before openssl's server with unusual names, roots and handshakes."""
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import time

from checks import free_port, report, run, server, verdict


def s_client(port, *options):
    """What openssl's client says of a connection."""
    return run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "localhost", *map(str, options), input=b"").stdout.decode("latin-1")


def serial(port):
    """The serial number of the certificate that a new connection gets."""
    shown = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=s_client(port, "-showcerts"), capture_output=True, text=True)
    return shown.stdout.strip()


def plain(port, request):
    """What is answered to bytes without TLS, until the end."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode("latin-1")


def server_against_clients(probe, folder, root, between, other):
    """The server's certificates, those of its clients, and what it says to those that do not speak TLS."""
    certificate, key = between.sign("server", hosts="DNS:localhost,IP:127.0.0.1")
    chain = between.chained(certificate)
    client, client_key = between.sign("alice")
    strange, strange_key = other.sign("alice")
    command = [probe, "serve", f"cert={chain}", f"key={key}", f"roots={root.certificate}"]
    with server(*command, stdout=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline().rpartition(":")[2])
        url = f"https://localhost:{port}"
        curl = ["curl", "-sS", "--http1.1", "--cacert", root.certificate]

        for offered, chosen in [("h2,http/1.1", "h2"), ("http/1.1,h2", "h2"), ("imap,http/1.1", "http/1.1")]:
            said = s_client(port, "-alpn", offered, "-CAfile", root.certificate)
            right = f"ALPN protocol: {chosen}" in said and "Verify return code: 0" in said
            report(f"s_client, server: {chosen} is chosen of {offered}", None if right else said)
        for name, options, want in [("nobody", [], "nobody"), ("alice", ["--cert", between.chained(client), "--key", client_key], "CN=alice")]:
            told = run(*curl, *options, f"{url}/who")
            report(f"curl, server: a client is known as {name}", None if told.stdout.decode().strip() == want else f"{told}")
        refused = run(*curl, "--cert", strange, "--key", strange_key, f"{url}/who")
        report("curl, server: a strange certificate is refused", None if refused.returncode and not refused.stdout else f"{refused}")

        for method in ("GET", "OPTIONS"):
            said = plain(port, f"{method} / HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            report(f"plain {method}, server with TLS: 400", None if said.startswith("HTTP/1.1 400 ") and "https" in said else said)
        said = run("curl", "-sS", "-o", "-", "-w", "%{http_code}", f"http://127.0.0.1:{port}/").stdout.decode()
        report("curl with http, server with TLS: 400", None if said.endswith("400") else said)

        said = run(*curl, "-i", f"{url}/reset").stdout.decode()
        report("curl, server: 205 has no content", None if said.startswith("HTTP/1.1 205 ") and said.endswith("\r\n\r\n") else said)
        said = run(*curl, "-v", f"{url}/closing").stderr.decode()
        report("curl, server: Connection is a list", None if "Closing connection" in said and "left intact" not in said else said)
        said = run("curl", "-sS", "-v", "-k", "--proxy-insecure", "--proxytunnel", "--proxy", url, "http://a.test/").stderr.decode()
        report("curl, server: CONNECT is 405 with Allow", None if "HTTP/1.1 405 " in said and "Allow: GET" in said else said)

        before = serial(port)
        renewed, renewed_key = between.sign("renewed", hosts="DNS:localhost,IP:127.0.0.1")
        shutil.copy(between.chained(renewed), chain)
        shutil.copy(renewed_key, key)
        unread = serial(port)
        process.send_signal(signal.SIGHUP)
        process.stdout.readline()
        after = serial(port)
        report("s_client, server: a renewed certificate is used after reload()", None if before == unread != after and after else f"{before} {unread} {after}")


def server_of_names(probe, folder, between):
    """Two identities on one port, and sessions that outlive their certificates."""
    first, first_key = between.sign("first", hosts="DNS:first.test")
    other, other_key = between.sign("other", hosts="DNS:other.test,DNS:*.wild.test")
    command = [probe, "serve", f"cert={first}", f"key={first_key}", f"host-cert={other}", f"host-key={other_key}"]
    with server(*command, stdout=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline().rpartition(":")[2])

        def asked(*options):
            return run("openssl", "s_client", "-connect", f"127.0.0.1:{port}", *map(str, options), input=b"").stdout.decode("latin-1")

        for name, common in [("first.test", "first"), ("other.test", "other"), ("OTHER.test", "other"), ("a.wild.test", "other"),
                             ("a.b.wild.test", "first"), ("unknown.test", "first"), (None, "first")]:
            said = asked(*(["-servername", name] if name else ["-noservername"]))
            report(f"s_client, server: {name} meets {common}", None if f"subject=CN = {common}\n" in said else said)
        for version in ("-tls1_2", "-tls1_3"):
            session = folder / f"session{version}"
            # A session of TLS 1.3 comes behind the handshake: the request waits for it.
            with subprocess.Popen(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", "other.test", version, "-sess_out", session,
                                   "-ign_eof"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as client:
                client.communicate(b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", timeout=30)
            renewed, renewed_key = between.sign(f"renewed{version}", hosts="DNS:other.test,DNS:*.wild.test")
            shutil.copy(renewed, other)
            shutil.copy(renewed_key, other_key)
            process.send_signal(signal.SIGHUP)
            process.stdout.readline()
            said = asked("-servername", "other.test", version, "-sess_in", session)
            report(f"s_client, server: a session of before reload() is resumed, {version}", None if "Reused, " in said else said)
            fresh = asked("-servername", "other.test", version)
            report(f"s_client, server: a host's certificate is renewed, {version}", None if f"CN = renewed{version}\n" in fresh else fresh)


def server_after_plain_text(probe, root, between):
    """A server that begins TLS when it is asked, before openssl's client and Python's."""
    certificate, key = between.sign("mail", hosts="DNS:localhost,IP:127.0.0.1")
    with server(probe, "starttls", f"cert={between.chained(certificate)}", f"key={key}", stdout=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline().rpartition(":")[2])
        said = run("openssl", "s_client", "-starttls", "smtp", "-connect", f"127.0.0.1:{port}", "-CAfile", root.certificate, "-quiet",
                   input=b"NOOP\r\nQUIT\r\n").stdout.decode()
        report("s_client -starttls smtp, server", None if "250 secured" in said else said)
        with smtplib.SMTP("localhost", port, timeout=30) as mail:
            before = mail.docmd("NOOP")
            mail.starttls(context=ssl.create_default_context(cafile=root.certificate))
            after = mail.docmd("NOOP")
        report("smtplib, server: plain, then secured", None if (before, after) == ((250, b"plain"), (250, b"secured")) else f"{before} {after}")
        with socket.create_connection(("127.0.0.1", port), 10) as connection:
            connection.sendall(b"EHLO x\r\nSTARTTLS\r\nNOOP\r\n")
            said = b""
            try:
                while piece := connection.recv(65536):
                    said += piece
            except ConnectionResetError:
                pass
        report("plain text behind STARTTLS is not taken over", None if said.endswith(b"220 go ahead\r\n") else f"{said}")


def client_against_names(probe, folder, root, between):
    """A wildcard for a name with an underscore, and an intermediate as the only root."""
    wild, wild_key = between.sign("wild", hosts="DNS:*.swirl.test")
    here, here_key = between.sign("anchored", hosts="DNS:localhost,IP:127.0.0.1")
    for host, code in [("a_b.swirl.test", 0), ("a-b.swirl.test", 0), ("a_b.c.swirl.test", 60)]:
        port = free_port()
        with server("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-WWW", "-cert", wild, "-cert_chain", between.certificate,
                    "-key", wild_key, port=port, cwd=folder):
            url = f"https://{host}:{port}/page"
            theirs = run("curl", "-sS", "--cacert", root.certificate, "--resolve", f"{host}:{port}:127.0.0.1", url)
            ours = run(probe, "tls", f"roots={root.certificate}", url)
            good = theirs.returncode == code and bool(ours.returncode) == bool(code) and (code or ours.stdout == theirs.stdout)
            report(f"openssl s_server: *.swirl.test for {host}, curl {theirs.returncode}, ours {ours.returncode}", None if good else f"{ours.stderr}, {theirs}")
    for name, chain in [("with the chain", ["-cert_chain", between.certificate]), ("without", [])]:
        port = free_port()
        with server("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-WWW", "-cert", here, "-key", here_key, *chain, port=port, cwd=folder):
            url = f"https://localhost:{port}/page"
            theirs = run("curl", "-sS", "--cacert", between.certificate, url)
            ours = run(probe, "tls", f"roots={between.certificate}", url)
            report(f"openssl s_server: an intermediate as the only root, {name}", verdict(ours, theirs, 0, 0, ours.stderr.decode(), ""))


def client_against_renegotiation(probe, folder, root, between):
    """A server of TLS 1.2 that asks for another handshake while it is asked."""
    here, key = between.sign("again", hosts="DNS:localhost,IP:127.0.0.1")
    for setting, want in [("declined", "allowsRenegotiation"), ("allowed", "it answered")]:
        port = free_port()
        with server("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-tls1_2", "-cert", here, "-cert_chain", between.certificate,
                    "-key", key, port=port, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            ours = subprocess.Popen([probe, "tls", f"roots={root.certificate}", f"renegotiation={setting}", f"https://localhost:{port}/"],
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            # The request is printed: from then on the handshake is over, and what is typed is sent, "r" on a line begins anew.
            while b"GET / " not in process.stdout.readline():
                pass
            process.stdin.write(b"r\n")
            process.stdin.flush()
            time.sleep(0.5)
            if setting == "allowed":
                process.stdin.write(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nit answered\n")
                process.stdin.flush()
            out, err = ours.communicate(timeout=30)
            report(f"openssl s_server: renegotiation, {setting}", None if want in (out + err).decode() else f"{out} {err}")


def secured(probe, folder, root, between, other):
    """All of it."""
    server_against_clients(probe, folder, root, between, other)
    server_of_names(probe, folder, between)
    server_after_plain_text(probe, root, between)
    client_against_names(probe, folder, root, between)
    client_against_renegotiation(probe, folder, root, between)
