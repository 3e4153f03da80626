"""A crawler by aiohttp's book: a task for each page, a semaphore of ten, lxml for the links, SQLite for the pages, as Samples/Crawler has
them: `crawler_aiohttp.py URL FILE [--uvloop]`. Prints how many pages it stored."""

import asyncio
import sqlite3
import sys
import urllib.parse

import aiohttp
import lxml.html

TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE urls (id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE);
CREATE TABLE pages (url TEXT PRIMARY KEY, status INTEGER, type TEXT, title TEXT, size INTEGER, problem TEXT);
"""


class Crawl:
    def __init__(self, start, session, database):
        self.origin = "/".join(start.split("/")[:3]) + "/"
        self.session, self.database = session, database
        self.semaphore = asyncio.Semaphore(10)
        self.known, self.tasks = set(), set()
        self.stored = 0
        self.put(start)

    def put(self, url):
        url = urllib.parse.urldefrag(url)[0]
        # What robots.txt of the sample site asks for.
        if not url.startswith(self.origin) or url.startswith(self.origin + "private/") or url in self.known:
            return
        self.known.add(url)
        task = asyncio.create_task(self.crawl(url))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def crawl(self, url):
        status = kind = title = problem = None
        size, links = 0, []
        try:
            async with self.semaphore, self.session.get(url, allow_redirects=False) as response:
                status, kind = response.status, response.headers.get("content-type", "")
                body = await response.read()
                size = len(body)
            if 300 <= status < 400:
                links = [urllib.parse.urljoin(url, response.headers["location"])]
            elif status < 400 and kind.startswith("text/html"):
                title, links = self.read(url, body)
        except aiohttp.ClientError as error:
            problem = str(error)
        with self.database as database:
            database.execute("INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?)", (url, status, kind, title, size, problem))
            database.executemany("INSERT INTO urls (url) VALUES (?) ON CONFLICT DO NOTHING", [(link,) for link in links])
        self.stored += 1
        for link in links:
            self.put(link)

    @staticmethod
    def read(url, body):
        page = lxml.html.fromstring(body)
        links = []
        for reference in page.xpath("//a/@href"):
            try:
                links.append(urllib.parse.urljoin(url, reference))
            except ValueError:
                pass
        return page.findtext(".//title"), links


async def main(start, file):
    database = sqlite3.connect(file)
    database.executescript(TABLES)
    async with aiohttp.ClientSession() as session:
        crawl = Crawl(start, session, database)
        while crawl.tasks:
            await asyncio.wait(set(crawl.tasks), return_when=asyncio.FIRST_COMPLETED)
    print(crawl.stored, "pages")


if "--uvloop" in sys.argv:
    import uvloop

    uvloop.run(main(*sys.argv[1:3]))
else:
    asyncio.run(main(*sys.argv[1:3]))
