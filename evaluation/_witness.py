"""A reader of the ledger for `durability`: a process that writes down each fact it takes in, and can be killed.

    python -m evaluation._witness DATABASE_URLS.json

Two of them run side by side under the same reader's name, beside the product's own readers, through the same code. The
table has no unique key: what is taken twice stands there twice.
"""

from __future__ import annotations

import asyncio
import json
import pkgutil
import sys
from importlib import import_module
from pathlib import Path

from ansimnet import facts
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE
from ansimnet.platform.db import Dbs, Tx
from ansimnet.platform.ledger import Entry, Reader, run_readers
from ansimnet.platform.roles import Urls

NAME = "evaluation.witness"

TABLE = """
create table if not exists evaluation_taken (centre_id uuid not null, seq bigint not null, fact_id uuid not null);
call tenant_table('evaluation_taken');
"""


async def take(tx: Tx, entry: Entry) -> None:
    """Write down one fact in the transaction in which the reader's place moves."""
    await tx.execute(
        "insert into evaluation_taken (centre_id, seq, fact_id) values (%s, %s, %s)",
        (tx.centre_id, entry.seq, entry.fact.fact_id),
    )


def kinds() -> frozenset[type[Fact]]:
    """Return every kind of fact there is."""
    found: set[type[Fact]] = set()
    for here in pkgutil.iter_modules(facts.__path__):
        module = import_module(f"ansimnet.facts.{here.name}")
        found |= {c for c in vars(module).values() if isinstance(c, type) and issubclass(c, Fact) and c is not Fact}
    return frozenset(found)


async def main(urls: Urls) -> None:
    """Follow both centres until killed."""
    async with Dbs.at(urls, app="witness", max_size=4) as dbs:
        centres = (TRACKING_CENTRE, CITY_CENTRE)
        await run_readers(dbs, [Reader(name=NAME, kinds=kinds(), centre=c, handle=take) for c in centres])


if __name__ == "__main__":
    asyncio.run(main(Urls(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))
