from __future__ import annotations

from ansimnet.platform.db import Dbs


async def test_smoke(dbs: Dbs) -> None:
    async with dbs.tracking.transaction() as tx:
        assert await tx.one("select my_centre()") == (dbs.tracking.centre_id,)


async def test_smoke2(dbs: Dbs) -> None:
    async with dbs.sealer.transaction() as tx:
        assert await tx.one("select my_centre()") == (None,)
