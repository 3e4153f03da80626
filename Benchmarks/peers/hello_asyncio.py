import asyncio
import sys


async def main():
    print("hello", flush=True)
    if "--stay" in sys.argv:
        await asyncio.Event().wait()


asyncio.run(main())
