"""Forms with files, as curl, aiohttp and httpx send them, before Swirl's server: what it reads, and how much memory a large file takes."""
import filecmp
import pathlib
import re
import subprocess
import sys

from checks import CACHE, report, run, server

HTTPX = """
import sys, httpx
print(httpx.post(sys.argv[1], data={"title": "\u00e9 \\"x\\""}, files={"photo": ("a;b.bin", open(sys.argv[2], "rb"), "x/y")}).text, end="")
"""
AIOHTTP = """
import asyncio, sys, aiohttp
async def main():
    form = aiohttp.FormData()
    form.add_field("title", "\u00e9")
    form.add_field("photo", open(sys.argv[2], "rb"), filename="a.bin", content_type="x/y")
    async with aiohttp.ClientSession() as session, session.post(sys.argv[1], data=form) as response:
        print(await response.text(), end="")
asyncio.run(main())
"""


def peak(process):
    """The most memory that it has had, in KiB."""
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text())[1])


def server_of_forms(probe, fetch, folder):
    """All of it."""
    large = 1 << 30 if "--large" in sys.argv else 1 << 26
    sent, saved = folder / "sent", folder / "saved"
    with sent.open("wb") as file:
        file.truncate(large)
        # Beginnings of delimiters, in the middle of nothing.
        for place in range(0, large, large // 64):
            file.seek(place)
            file.write(b"\r\n--\r\n--------" * 64)
    small = folder / "small"
    small.write_bytes(b"\r\n--" * 1000)
    with server(probe, "streams", f"save={saved}", stdout=subprocess.PIPE, text=True) as process:
        url = f"http://127.0.0.1:{int(process.stdout.readline().rpartition(':')[2])}/form"

        def told(name, said, want, file):
            """A line for what was said, and for what was saved."""
            same = saved.exists() and filecmp.cmp(file, saved, shallow=False)
            report(name, None if said == want and same else f"{said!r}, not {want!r}; the file is {'the same' if same else 'another'}")
            saved.unlink(missing_ok=True)

        curl = run("curl", "-sS", "-F", "title=a=b", "-F", f"photo=@{small};type=x/y;filename=..\\\"z", url).stdout.decode()
        told("curl -F, server: fields and a file", curl, 'title=a=b; photo ..\\"z x/y 4000\n', small)
        chunked = run("curl", "-sS", "-H", "Transfer-Encoding: chunked", "-F", f"photo=@{small}", url).stdout.decode()
        told("curl -F, chunked, server", chunked, "photo small application/octet-stream 4000\n", small)
        python = CACHE / "bin" / "python3"
        said = run(python, "-c", HTTPX, url, small).stdout.decode()
        told("httpx, server: fields and a file", said, 'title=\u00e9 "x"; photo a;b.bin x/y 4000\n', small)
        said = run(python, "-c", AIOHTTP, url, small).stdout.decode()
        told("aiohttp, server: fields and a file", said, "title=\u00e9; photo a.bin x/y 4000\n", small)
        for kind, status in [("multipart/form-data", "415"), ("text/plain", "415"), ("multipart/form-data; boundary=b", "400")]:
            said = run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Content-Type: {kind}", "--data-binary", "x", url).stdout.decode()
            report(f"curl, server: {kind} without a form is {status}", None if said == status else said)
        before = peak(process)
        said = run("curl", "-sS", "-F", f"photo=@{sent}", url).stdout.decode()
        grown = peak(process) - before
        told(f"curl -F, server: {large >> 20} MiB to disk", said, f"photo sent application/octet-stream {large}\n", sent)
        report(f"server: they take {grown} KiB of memory", None if grown < 16 << 10 else "16 MiB are allowed")
