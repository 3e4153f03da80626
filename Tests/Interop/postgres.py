"""The sample crawler on a PostgreSQL server of its own, which is killed and paused: no page is lost, and none is stored twice."""
import importlib.machinery
import importlib.util

import checks


def crawler_on_postgres(_, fetch, folder):
    """The checks of Scripts/check-crawler that have a server."""
    loader = importlib.machinery.SourceFileLoader("check_crawler", str(checks.ROOT / "Scripts" / "check-crawler"))
    crawler = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_crawler", loader))
    loader.exec_module(crawler)
    for product in ("Crawler", "Site"):
        checks.build_product(product)
    server = crawler.Postgres(folder)
    try:
        for check in crawler.POSTGRES_CHECKS:
            problem = None
            try:
                check(fetch.parent, server)
            except AssertionError as failure:
                problem = str(failure)
            checks.report(f"crawler and PostgreSQL: {check.__name__.replace('_', ' ')}", problem)
    finally:
        server.stop()
