"""Checks of the product that `durability` switches off, one at a time, in real processes: each must show.

    python -m evaluation._durability_holes HOLE api
    python -m evaluation._durability_holes HOLE reader DATABASE_URLS.json

Nothing else differs from the product's own process. Where a hole is open for microseconds alone it is held open for
some milliseconds, as a slow disk would, since only so many kills are aimed at it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import uvloop
from evaluation import _witness
from evaluation._compare import Compared

from ansimnet.app.serve import serve
from ansimnet.app.supervise import PARTS, Running, environment
from ansimnet.kernel.ids import FixId, new_id
from ansimnet.platform.database import Database, database
from ansimnet.platform.engines.postgres import SUPERUSER
from ansimnet.platform.ledger import readers
from ansimnet.platform.ledger.feed import Row
from ansimnet.platform.roles import DATABASE, Urls
from ansimnet.platform.settings import settings
from ansimnet.slices.supervision.model import Device, Fix
from ansimnet.slices.supervision.service import intake, receive
from ansimnet.slices.supervision.service.receive import Message, Receipt, Report

HELD_OPEN_S = 0.2
AGAIN_S = 0.2
WAL_WRITER_MS = 10_000
"""The longest PostgreSQL lets a commit lie in memory that nobody waits for."""


@dataclass(frozen=True, slots=True)
class Hole:
    """One check switched off: in which process, whom to kill so that it matters, and how it must show."""

    shows: Callable[[Compared], bool]
    victim: str
    patch: Callable[[], None] | None = None
    prepare: Callable[[Database], None] | None = None
    kills: int = 4
    drains: bool = False
    """Whether it shows only once every reader has read everything."""

    @property
    def name(self) -> str:
        """Its name in `HOLES`."""
        return next(name for name, hole in HOLES.items() if hole is self)

    @property
    def witness(self) -> tuple[str, ...]:
        """What the killer keeps alive as readers of the ledger."""
        return (__name__, self.name, "reader") if self.victim == "reader" else ("evaluation._witness",)

    def installation(self) -> dict[str, Any]:
        """Return what `installed` is told."""
        if self.prepare is not None:
            return {"prepare": self.prepare}
        if self.victim == "reader":
            return {}
        parts = tuple(p for p in PARTS if p != self.victim)
        return {"parts": parts, "beside": lambda running: _instead(running, self.victim, self.name)}


@asynccontextmanager
async def _instead(running: Running, part: str, hole: str) -> AsyncIterator[None]:
    """Keep a part alive that has a hole, as the supervisor keeps the others."""

    async def keep() -> None:
        while True:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", __name__, hole, part, cwd=Path(__file__).parents[1],
                env=environment(running.settings),
                stdin=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            running.pids[part] = process.pid
            try:
                await process.wait()
            except asyncio.CancelledError:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
                raise
            running.pids.pop(part, None)
            await asyncio.sleep(AGAIN_S)

    keeper = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


def _answer_early() -> None:
    real, under_way = intake.Intake.take, set[asyncio.Task[Receipt]]()

    async def take(self: intake.Intake, message: Message) -> Receipt:
        async def later() -> Receipt:
            await asyncio.sleep(HELD_OPEN_S)
            return await real(self, message)

        task = asyncio.create_task(later())
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        return Receipt(accepted=len(message.reports))

    intake.Intake.take = take  # type: ignore[method-assign]


def _forget_what_was_said() -> None:
    real = receive._fix

    def fix(r: Report, device: Device, heard_at: datetime) -> Fix:
        return msgspec.structs.replace(real(r, device, heard_at), fix_id=FixId(new_id()))

    receive._fix = fix


def _move_apart() -> None:
    async def attempt(self: readers._Run, row: Row) -> None:
        async with self.slots, self.db.transaction() as tx:
            if not await readers.claim(tx, self.reader.name, row.seq):
                return
        await asyncio.sleep(HELD_OPEN_S)
        async with self.db.transaction() as tx:
            await self.reader.handle(tx, row.open(self.db.keys))

    readers._Run._attempt = attempt  # type: ignore[method-assign]


def _do_not_wait_for_the_disk(db: Database) -> None:
    assert db.server is not None
    with psycopg.connect(db.server.url(SUPERUSER), autocommit=True) as conn:
        conn.execute(f"alter database {DATABASE} set synchronous_commit = off")
        conn.execute(f"alter system set wal_writer_delay = {WAL_WRITER_MS}")
        conn.execute("select pg_reload_conf()")


HOLES: dict[str, Hole] = {
    "a sender answered before the commit": Hole(
        lambda c: any(f.startswith("fix ") for f in c.lost), "api", patch=_answer_early
    ),
    "a commit that waits for no disk": Hole(
        lambda c: any(f.startswith("fix ") for f in c.lost), "postgres", prepare=_do_not_wait_for_the_disk
    ),
    "a fix said twice not known again": Hole(
        lambda c: any(f.startswith("fix ") for f in c.duplicated), "api", patch=_forget_what_was_said
    ),
    "a reader's place moved apart from its work": Hole(
        lambda c: any(f.startswith("never-taken-by-reader") for f in c.lost), "reader", patch=_move_apart
    ),
}


def main(hole: str, part: str, *rest: str) -> None:
    """Be the product's own process, less one check."""
    patch = HOLES[hole].patch
    assert patch is not None
    patch()
    if part == "reader":
        asyncio.run(_witness.main(Urls(**json.loads(Path(rest[0]).read_text(encoding="utf-8")))))
        return
    with database(settings(), migrate=False) as db:
        uvloop.run(serve(settings(), db))


if __name__ == "__main__":
    main(*sys.argv[1:])
