"""Swirl's client and curl through squid, tinyproxy and dante, to httpbin with and without TLS, by a name that only the proxies know."""
import contextlib
import glob
import hashlib
import os
import re

from certificates import Authority
from checks import verdict, free_port, gunicorn, program, report, run, server

NAME = "only-there.test"
USER, PASSWORD = "swirl", "secret"

PROXY_NAME = "localhost"

SQUID = """
{listen} 127.0.0.1:{port} {files}
pid_filename {folder}/squid.pid
cache_log {folder}/squid.log
access_log none
cache deny all
coredump_dir {folder}
netdb_filename none
pinger_enable off
max_filedescriptors 1024
shutdown_lifetime 0 seconds
visible_hostname proxy.test
hosts_file {folder}/hosts
dns_nameservers 127.0.0.1
dns_timeout 1 second
acl denied port 9
http_access deny denied
{access}
http_access deny all
"""
SQUID_ACCESS = """
auth_param basic program {helper} {folder}/passwords
acl known proxy_auth REQUIRED
http_access allow known
"""
SQUID_DIGEST = """
auth_param digest program {helper} {folder}/passwords
auth_param digest realm {realm}
acl known proxy_auth REQUIRED
http_access allow known
"""
REALM = "squid"
TINYPROXY = """
Port {port}
Listen 127.0.0.1
Timeout 60
MaxClients 50
Allow 127.0.0.1
LogFile "{folder}/tinyproxy.log"
{access}
"""
DANTE = """
logoutput: {folder}/dante.log
internal: 127.0.0.1 port = {port}
external: 127.0.0.1
clientmethod: none
socksmethod: {access}
user.privileged: {user}
user.unprivileged: {user}
client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
socks block {{ from: 0.0.0.0/0 to: 0.0.0.0/0 port = 9 }}
socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 command: connect }}
"""


def wrapped(folder):
    """An environment in which there is one more host and one more user."""
    library = glob.glob("/usr/lib/*/libnss_wrapper.so")[0]
    me = run("id", "-un").stdout.decode().strip()
    (folder / "hosts").write_text(f"127.0.0.1 localhost\n127.0.0.1 {NAME}\n")
    hashed = run("openssl", "passwd", "-6", PASSWORD).stdout.decode().strip()
    users = [line for line in open("/etc/passwd") if line.startswith((f"{me}:", "nobody:"))]
    (folder / "passwd").write_text("".join(users) + f"{USER}:x:4321:4321::/:/bin/false\n")
    (folder / "group").write_text("root:x:0:\nnogroup:x:65534:\n")
    (folder / "shadow").write_text(f"{USER}:{hashed}:19000:0:99999:7:::\n")
    return os.environ | {"LD_PRELOAD": library, "NSS_WRAPPER_HOSTS": f"{folder}/hosts", "NSS_WRAPPER_PASSWD": f"{folder}/passwd",
                         "NSS_WRAPPER_GROUP": f"{folder}/group", "NSS_WRAPPER_SHADOW": f"{folder}/shadow"}


@contextlib.contextmanager
def proxy(kind, with_password, folder, identity):
    """One of the three, while the block runs; gives its port."""
    port = free_port()
    configuration = folder / f"{kind.replace(' ', '-')}.conf"
    environment = wrapped(folder)
    if kind.startswith("squid"):
        access, listen, files = "http_access allow all", "http_port", ""
        if with_password and kind == "squid with digest":
            hashed = hashlib.md5(f"{USER}:{REALM}:{PASSWORD}".encode()).hexdigest()
            (folder / "passwords").write_text(f"{USER}:{REALM}:{hashed}\n")
            helper = f"{glob.glob('/usr/lib/squid/digest_file_auth')[0]} -c"
            access = SQUID_DIGEST.format(helper=helper, folder=folder, realm=REALM)
        elif with_password:
            (folder / "passwords").write_text(f"{USER}:" + run("openssl", "passwd", "-apr1", PASSWORD).stdout.decode())
            access = SQUID_ACCESS.format(helper=glob.glob("/usr/lib/squid/basic_ncsa_auth")[0], folder=folder)
        if kind == "squid over TLS":
            listen, files = "https_port", "tls-cert={} tls-key={}".format(*identity)
        configuration.write_text(SQUID.format(port=port, folder=folder, access=access, listen=listen, files=files))
        # It writes its log as a user of its own.
        folder.chmod(0o777)
        command, environment = [program("squid"), "-N", "-f", configuration], os.environ
    elif kind == "tinyproxy":
        configuration.write_text(TINYPROXY.format(
            port=port, folder=folder, access=f"BasicAuth {USER} {PASSWORD}" if with_password else ""))
        command = [program("tinyproxy"), "-d", "-c", configuration]
    else:
        user = run("id", "-un").stdout.decode().strip()
        configuration.write_text(DANTE.format(port=port, folder=folder, access="username" if with_password else "none", user=user))
        command = [program("danted"), "-f", configuration]
    with server(*map(str, command), port=port, env=environment):
        yield port


class Clients:
    """Fetch and curl with the same flags."""

    def __init__(self, fetch, root, *of_curl):
        same = ["-s", "--cacert", root, "--proxy-cacert", root]
        self.commands = [fetch, *same], ["curl", *of_curl, *same]

    def __call__(self, *flags, env=None):
        """Exit codes, and what came; of ours what it says as well."""
        same = ["-H", "User-Agent: table", "-H", "Accept: */*", "-m", "20"]
        ours, theirs = (run(*command, *same, *flags, env=env or {}) for command in self.commands)
        said = run(self.commands[0][0], *self.commands[0][2:], *same, *flags, env=env or {}).stderr.decode().strip() if ours.returncode else ""
        return ours, theirs, said


def compare(name, answers, code=0, their_code=None, words="", status=None):
    """The exit codes as told, the same body, and words of our reason."""
    ours, theirs, said = answers
    their_code = code if their_code is None else their_code
    problem = verdict(ours, theirs, code, their_code, said, words)
    if not problem and status and status not in ours.stdout:
        problem = f"{ours.stdout[:300]!r}"
    report(f"{name:60} curl {theirs.returncode:2}, ours {ours.returncode:2} {re.sub('.*use the proxy [^ ]*: |.*[0-9]/[a-z]*: ', '', said)}".rstrip(), problem)


def through(kind, with_password, port, clients, plain, secured):
    """All that is asked of one proxy."""
    scheme = {"dante": "socks5h", "squid over TLS": "https"}.get(kind, "http")
    host = PROXY_NAME if scheme == "https" else "127.0.0.1"
    is_socks = kind == "dante"
    title = f"{kind} with a password" if with_password else kind
    right = f"{scheme}://{USER}:{PASSWORD}@{host}:{port}" if with_password else f"{scheme}://{host}:{port}"
    http, https = f"http://{NAME}:{plain}", f"https://{NAME}:{secured}"
    compare(f"{title}: http", clients("-x", right, f"{http}/get?a=b"), status=b'"a": "b"')
    compare(f"{title}: http, content is sent", clients("-x", right, "-d", "what=this", f"{http}/post"), status=b'"what": "this"')
    compare(f"{title}: https", clients("-x", right, f"{https}/get?a=b"), status=b'"a": "b"')
    compare(f"{title}: https, content is sent", clients("-x", right, "-d", "what=this", f"{https}/post"), status=b'"what": "this"')
    compare(f"{title}: https, 100 KiB", clients("-x", right, f"{https}/bytes/102400?seed=1"))
    compare(f"{title}: redirects", clients("-x", right, "-L", f"{http}/redirect/3"), status=b'"url"')
    compare(f"{title}: digest authentication behind it",
            clients("-x", right, "--digest", "-u", "me:secret", f"{http}/digest-auth/auth/me/secret"),
            status=b'"authenticated": true')
    environment = {f"{name}_proxy": right for name in ("http", "https")}
    compare(f"{title}: from the environment", clients(f"{https}/get", env=environment), status=b'"url"')
    compare(f"{title}: not for what no_proxy has", clients(f"{http}/get", env=environment | {"no_proxy": "x.org,.test"}), code=6)
    compare(f"{title}: no_proxy with an address", clients(
        f"http://127.0.0.1:{plain}/headers", env={"http_proxy": "http://127.0.0.1:9", "no_proxy": "127.0.0.1"}), status=b'"Host"')
    closed = free_port()
    compare(f"{title}: nothing listens behind it", clients("-x", right, f"https://{NAME}:{closed}/"),
            97, 97 if is_socks else 56, "connection refused" if is_socks else "it cannot make the connection (50")
    compare(f"{title}: a name that it does not know", clients("-x", right, f"https://no-such-name.test:{secured}/"),
            97, 97 if is_socks else 56, "no such name" if is_socks else "it cannot make the connection (50")
    if kind != "tinyproxy":
        compare(f"{title}: what its rules forbid", clients("-x", right, f"https://{NAME}:9/"),
                97, 97 if is_socks else 56, "rules do not allow" if is_socks else "does not allow the connection (403)")
    if not with_password:
        return
    without, wrong = f"{scheme}://{host}:{port}", f"{scheme}://{USER}:wrong@{host}:{port}"
    for name, url in ("without it", without), ("with a wrong one", wrong):
        words = "it wants a name and password" if is_socks and url == without else \
            "refused the name and password" if is_socks else \
            "did not take the name and password (401)" if kind == "tinyproxy" and url == wrong else \
            "it wants a name and password (407)"
        compare(f"{title}: https {name}", clients("-x", url, f"{https}/get"), 97, 97 if is_socks else 56, words)
        if is_socks:
            compare(f"{title}: http {name}", clients("-x", url, f"{http}/get"), 97, 97, words)
        else:
            ours, theirs, said = clients("-x", url, "-i", f"{http}/get")
            both = ours.stdout[:12], theirs.stdout[:12]
            # tinyproxy answers 401 to a wrong one.
            refused = all(head[-3:] in (b"407", b"401" if kind == "tinyproxy" else b"407") for head in both)
            report(f"{title}: http {name}", None if refused and both[0][-3:] == both[1][-3:] else f"{both}, {said}")


def client_through_one_proxy(probe, fetch, folder):
    """tinyproxy, without a password and with one."""
    client_through_proxies(probe, fetch, folder, ["tinyproxy"])


def client_through_proxies(_, fetch, folder, kinds=("squid", "squid over TLS", "squid with digest", "tinyproxy", "dante")):
    """Three proxies, one of them over TLS and with Digest too, each without a password and with one."""
    root = Authority(folder, "root")
    certificate, key = root.sign(NAME, hosts=f"DNS:{NAME}")
    identity = root.sign(PROXY_NAME, hosts=f"DNS:{PROXY_NAME}")
    plain, secured = free_port(), free_port()
    with gunicorn(plain), gunicorn(secured, "--certfile", certificate, "--keyfile", key):
        for kind in kinds:
            # curl needs a flag for Digest; ours answers what the proxy asks for.
            clients = Clients(fetch, root.certificate, *(["--proxy-digest"] if kind == "squid with digest" else []))
            for with_password in (True,) if kind == "squid with digest" else (False, True):
                with proxy(kind, with_password, folder, identity) as port:
                    through(kind, with_password, port, clients, plain, secured)
