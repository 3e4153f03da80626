"""httpx on python's h2, a strict peer: `httpx_client.py URL [CA]` prints a line for each, `NAME: RESULT`."""
import asyncio
import sys

import httpx


async def main(url, ca=True):
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(http1=url.startswith("https"), http2=True, verify=ca, limits=limits, timeout=60, trust_env=False) as client:
        answer = await client.get(f"{url}/hello")
        print(f"GET: {answer.http_version} {answer.text.strip()}")
        print(f"GET 1 MiB: {len((await client.get(f'{url}/big')).content)}")
        content = b"abc" * 300_000
        print(f"POST 900 kB: {(await client.post(f'{url}/echo', content=content)).content == content}")
        print(f"HEAD: {(await client.head(f'{url}/hello')).status_code}")
        answers = await asyncio.gather(*(client.get(f"{url}/hello") for _ in range(500)))
        print(f"500 at once: {sum(answer.text == 'hello' + chr(10) for answer in answers)}")
        answers = await asyncio.gather(*(client.post(f"{url}/echo", content=content[:90_000]) for _ in range(100)))
        print(f"100 uploads at once: {sum(answer.content == content[:90_000] for answer in answers)}")


asyncio.run(main(*sys.argv[1:]))
