"""nginx with Swirl's client; curl, ab and wrk with its server."""
import os
import re
import subprocess

from checks import free_port, program, report, run, server


def fetched(probe, method, url, body=None):
    """Status and body as Swirl's client gets them."""
    result = run(probe, "fetch", method, url, *([body] if body is not None else []))
    if result.returncode:
        return None, result.stderr.decode().strip()
    status, _, content = result.stdout.partition(b" ")
    return int(status), content


def curled(method, url, body=None):
    """Status and body as curl gets them."""
    command = ["curl", "-s", "-L", "-o", "-", "-w", "%{stderr}%{http_code}", "-X", method, url]
    if method == "HEAD":
        command = ["curl", "-s", "-L", "-I", "-o", "/dev/null", "-w", "%{stderr}%{http_code}", url]
    if body is not None:
        command += ["--data-binary", body]
    result = run(*command)
    return int(result.stderr or 0), b"" if method == "HEAD" else result.stdout


def client_against_nginx(probe, _, folder):
    """Bodies of all sizes, known length and until close."""
    port = free_port()
    www = folder / "www"
    www.mkdir()
    for name, size in {"empty": 0, "one": 1, "small": 100, "4k": 4096, "1m": 1 << 20, "10m": 10 << 20}.items():
        (www / name).write_bytes(os.urandom(size))
    for path in (folder, www, *www.iterdir()):
        path.chmod(0o755)
    temp = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; events {{}}"
        f"http {{ access_log off; {temp} server {{ listen 127.0.0.1:{port}; root {www}; location = /gone {{ return 410 gone; }} }} }}")
    with server(program("nginx"), "-c", str(folder / "nginx.conf"), port=port):
        for method, path in [*(("GET", f.name) for f in sorted(www.iterdir())), ("HEAD", "1m"), ("GET", "none"), ("GET", "gone")]:
            url = f"http://127.0.0.1:{port}/{path}"
            ours, theirs = fetched(probe, method, url), curled(method, url)
            report(f"fetch {method} nginx/{path}", None if ours == theirs else f"ours {ours[0]} {ours[1][:80]!r}, curl {theirs[0]}")


def programs_against_server(probe, _, folder):
    """curl, ab and wrk against Swirl's server."""
    with server(probe, "serve", stdout=subprocess.PIPE, text=True) as process:
        base = f"http://{process.stdout.readline().strip()}"
        for path, want in {"/hello": b"hello\n", "/stream": b"line 1\nline 2\nline 3\n", "/big": b"x" * (1 << 20)}.items():
            report(f"curl {path}", None if curled("GET", base + path) == (200, want) else "other answer")
            http10 = run("curl", "-s", "-0", base + path).stdout
            report(f"curl --http1.0 {path}", None if http10 == want else "other answer")
        report("curl a page that is not there", None if curled("GET", base + "/x")[0] == 404 else "other status")
        report("curl -I", None if b"200 OK" in run("curl", "-sI", base + "/hello").stdout else "no 200")
        upload = folder / "upload"
        upload.write_bytes(os.urandom(900_000))
        for options in ([], ["-H", "Expect: 100-continue"], ["-H", "Transfer-Encoding: chunked"]):
            echoed = run("curl", "-s", *options, "--data-binary", f"@{upload}", base + "/echo").stdout
            report(f"curl uploads 900 kB {' '.join(options)}", None if echoed == upload.read_bytes() else f"{len(echoed)} bytes came back")
        two = run("curl", "-s", "-w", "%{num_connects} ", base + "/hello", base + "/hello").stdout
        report("curl keeps the connection", None if two == b"hello\n1 hello\n0 " else repr(two))
        for options in (["-k"], []):
            text = run("ab", "-q", *options, "-n", "5000", "-c", "50", base + "/hello").stdout.decode()
            good = re.search(r"Complete requests:\s+5000\n", text) and re.search(r"Failed requests:\s+0\n", text) and "Non-2xx" not in text
            report(f"ab {' '.join(options)} 5000 requests", None if good else text[-300:])
        text = run("wrk", "-t1", "-c100", "-d3s", base + "/hello").stdout.decode()
        good = re.search(r"\d+ requests in", text) and "Socket errors" not in text and "Non-2xx" not in text
        report(f"wrk 100 connections, 3 s ({re.search(r'Requests/sec: *(.*)', text).group(1)} requests/s)", None if good else text)
