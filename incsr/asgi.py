"""The ASGI application for any server: `uvicorn incsr.asgi:app`. `incsr serve` needs no such server.

One process is enough, and more would each have a pool, a cache and a budget of their own. Options come from
the environment. The server has to speak the lifespan protocol, in which the pool is started and ended.
"""

from incsr.config import settings_from
from incsr.front import Front
from incsr.log import Log
from incsr.workers.executors import PoolExecutor
from incsr.workers.pool import Pool


class Application:
    """The front with its pool, started and ended by the server's lifespan events."""

    def __init__(self):
        self.settings = settings_from()
        self.log = Log(self.settings.log)
        self.pool = Pool(self.settings, self.log)
        self.front = Front(self.settings, self.pool, self.log, self.make_pages)

    def make_pages(self):
        from incsr.app import create_app

        return create_app(self.settings, PoolExecutor(self.settings, self.log, self.pool))

    async def __call__(self, scope, receive, send):
        if scope["type"] != "lifespan":
            await self.front(scope, receive, send)
            return
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.pool.start()
                except Exception as error:
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.pool.close(self.settings.grace_s)
                self.front.pages.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


app = Application()
