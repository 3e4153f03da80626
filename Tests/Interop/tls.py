"""nginx with TLS, and openssl's server with certificates that are good and such as must be refused; curl beside Swirl's client; and what
secured.py has."""
import os

from certificates import Authority
from checks import verdict, free_port, program, report, run, server
from secured import secured

NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4;
  scgi_temp_path {folder}/t5;
  ssl_certificate {chain}; ssl_certificate_key {key}; ssl_client_certificate {root}; ssl_verify_depth 3;
  {servers}
}}
"""
SERVER = """
server {{
  listen 127.0.0.1:{port} ssl; ssl_protocols {protocols}; {more}
  root {folder}/www;
  location /told {{
    add_header Connection close;
    return 200 "$ssl_protocol alpn=$ssl_alpn_protocol reused=$ssl_session_reused client=$ssl_client_verify/$ssl_client_s_dn name=$ssl_server_name\\n";
  }}
}}
"""


def compare(name, ours, theirs, want=None):
    """Both must have come to the same, and if told to, to that."""
    if ours.returncode:
        return report(name, ours.stderr.decode().strip())
    if theirs.returncode:
        return report(name, f"curl has exit code {theirs.returncode}")
    if ours.stdout != theirs.stdout:
        return report(name, f"ours {ours.stdout[:200]!r}, curl {theirs.stdout[:200]!r}")
    told = ours.stdout.decode("latin-1")
    return report(name, None if want is None or want in told else f"{told!r} instead of {want!r}")


def with_nginx(probe, folder, root, between):
    """Versions, application protocol, sessions that are gone on with, and certificates of clients."""
    certificate, key = between.sign("localhost", hosts="DNS:localhost,IP:127.0.0.1")
    client, client_key = between.sign("client")
    client_chain = between.chained(client)
    kinds = {
        "TLS 1.2": ("TLSv1.2", "ssl_session_cache shared:a:1m; ssl_session_tickets off;"),
        "TLS 1.2 with tickets": ("TLSv1.2", "ssl_session_cache shared:c:1m;"),
        "TLS 1.3": ("TLSv1.3", "ssl_session_cache shared:b:1m; ssl_session_tickets off;"),
        "TLS 1.3 with tickets": ("TLSv1.3", ""),
        "client's certificate": ("TLSv1.2 TLSv1.3", "ssl_verify_client on;"),
    }
    ports = {kind: free_port() for kind in kinds}
    servers = "".join(SERVER.format(port=ports[kind], protocols=protocols, more=more, folder=folder)
                      for kind, (protocols, more) in kinds.items())
    (folder / "www").mkdir()
    (folder / "www" / "1m").write_bytes(os.urandom(1 << 20))
    key.chmod(0o644)
    (folder / "nginx.conf").write_text(NGINX.format(
        folder=folder, chain=between.chained(certificate), key=key, root=root.certificate, servers=servers))
    with server(program("nginx"), "-c", str(folder / "nginx.conf"), port=ports["client's certificate"]):
        curl = ["curl", "-s", "-S", "--fail", "--cacert", str(root.certificate), "--http1.1"]
        ours = [probe, "tls", f"roots={root.certificate}"]
        for kind in list(kinds)[:4]:
            told, version = f"https://localhost:{ports[kind]}/told", kind[:7].replace(" ", "v")
            twice = run(*ours, told, told, told), run(*curl, told, told, told)
            compare(f"nginx {kind}: spoken, with ALPN and the server's name", *twice, f"{version} alpn=http/1.1 reused=. client=NONE/ name=localhost")
            lines = twice[0].stdout.decode().splitlines()
            report(f"nginx {kind}: the second and third connection go on with the session",
                   None if ["reused=r" in line for line in lines] == [False, True, True] else f"{lines}")
            url = f"https://127.0.0.1:{ports[kind]}/1m"
            compare(f"nginx {kind}: 1 MiB, by its address", run(*ours, url), run(*curl, url))
        url = f"https://localhost:{ports['TLS 1.3']}/told"
        refused = run(*ours, "max=1.2", url)
        theirs = run(*curl, "--tls-max", "1.2", url)
        report("nginx TLS 1.3 only, client TLS 1.2 only: refused by both",
               None if refused.returncode and theirs.returncode == 35 and b"version" in refused.stderr else f"{refused.stderr}, {theirs}")
        url = f"https://localhost:{ports[kind := list(kinds)[4]]}/told"
        for version in ("1.2", "1.3"):
            limits = [f"min={version}", f"max={version}"]
            their_limits = [f"--tlsv{version}", "--tls-max", version]
            compare(f"nginx {kind}, TLS {version}", run(*ours, *limits, f"cert={client_chain}", f"key={client_key}", url),
                    run(*curl, *their_limits, "--cert", client_chain, "--key", client_key, url), "client=SUCCESS/CN=client")
            without = run(*ours, *limits, url).stdout, run(*curl[:3], *curl[4:], *their_limits, url).stdout
            report(f"nginx {kind}, TLS {version}: 400 without", None if all(b"400 No required" in page for page in without) else f"{without}")


def with_openssl(fetch, folder, root, between):
    """Certificates that must be refused, each with its reason."""
    other = Authority(folder, "other")
    here = "DNS:localhost,IP:127.0.0.1"
    certificate, key = between.sign("here", hosts=here)
    revoked, revoked_key = between.sign("revoked", hosts=here)
    expired = between.sign("expired", hosts=here, dates=["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"])
    future = between.sign("future", hosts=here, dates=["-startdate", "20480101000000Z", "-enddate", "20490101000000Z"])
    elsewhere = between.sign("elsewhere", hosts="DNS:example.org")
    good_status, revoked_status = between.status(certificate, False), between.status(revoked, True)

    def identity(pair, authority=between):
        return ["-cert", pair[0], "-cert_chain", authority.certificate, "-key", pair[1]]

    good = identity((certificate, key))

    # What the server is told, curl's exit code with its options, ours, and words of our reason.
    cases = {
        "a good one": (good, 0, [], 0, ""),
        "TLS 1.2 only": ([*good, "-tls1_2"], 0, [], 0, ""),
        "TLS 1.3 only": ([*good, "-tls1_3"], 0, [], 0, ""),
        "a good one, and its status": ([*good, "-status_file", good_status], 0, ["--cert-status"], 0, ""),
        "revoked, as its status says": ([*identity((revoked, revoked_key)), "-status_file", revoked_status],
                                        91, ["--cert-status"], 60, "was revoked"),
        "expired": (identity(expired), 60, [], 60, "has expired"),
        "not valid yet": (identity(future), 60, [], 60, "not valid yet"),
        "for another host": (identity(elsewhere), 60, [], 60, "for another host"),
        "self-signed": (["-cert", other.certificate, "-key", other.key], 60, [], 60, "self-signed"),
        "unknown root": (identity(other.sign("stray", hosts=here), other), 60, [], 60, "no authority that is trusted"),
        "the certificate between is missing": (["-cert", certificate, "-key", key], 60, [], 60, "certificates between"),
        "TLS 1.1 only": ([*good, "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], 35, [], 35, "no version of TLS that is allowed"),
        "another application protocol": ([*good, "-alpn", "imap"], 35, ["--http1.1"], 35, "no application protocol in common"),
    }
    (folder / "page").write_text("a page\n")
    for name, (options, their_code, their_options, our_code, words) in cases.items():
        port = free_port()
        with server("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-WWW", *map(str, options), port=port, cwd=folder):
            url = f"https://localhost:{port}/page"
            theirs = run("curl", "-sS", "--cacert", root.certificate, *their_options, url)
            ours = run(fetch, "--cacert", root.certificate, url)
            told = ours.stderr.decode().strip()
            problem = verdict(ours, theirs, our_code, their_code, told, words)
            report(f"openssl s_server: {name:36} curl {theirs.returncode:2}, ours {ours.returncode:2} {told.rpartition(f'{port}: ')[2]}".rstrip(), problem)
            if their_code == 60:
                both = run("curl", "-s", "-k", url).stdout, run(fetch, "-k", url).stdout
                report(f"openssl s_server: {name}, with -k", None if both == (b"a page\n",) * 2 else f"{both}")


def client_against_tls(probe, fetch, folder):
    """Both servers, with certificates of one authority."""
    root = Authority(folder, "root")
    between = Authority(folder, "between", root)
    with_nginx(probe, folder, root, between)
    with_openssl(fetch, folder, root, between)
    secured(probe, folder, root, between, Authority(folder, "stranger"))
