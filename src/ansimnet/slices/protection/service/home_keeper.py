"""Keeps a process at every door that may be watched, hands it what is in force, and takes what it says.

One keeper at a time, whichever process of the server holds the lock. What a process said is kept in memory until it is
committed, so a database or a network that is away for a while delays an alert and never loses or doubles it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import structlog

from ansimnet.kernel.clock import Clock
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.pool import DatabaseAway
from ansimnet.slices.protection.model import Home
from ansimnet.slices.protection.rules import homes as rules
from ansimnet.slices.protection.service import home_process as process
from ansimnet.slices.protection.service import homes as service
from ansimnet.slices.protection.service.home_process import DoorProcess, Event
from ansimnet.slices.protection.store import homes as store

log = structlog.get_logger(__name__)

EVERY_S = 1.0
"""How soon an order that ended, a switch or a new face reaches a door."""
AGAIN_S = 0.5
"""Between two tries to commit what a process said."""
RESTART_S = 3.0
"""A process that died is begun again after this: no door unwatched for longer than 5 s."""
HELD = timedelta(seconds=6)
"""A keeper not heard for so long has died; another takes over."""


@dataclass(slots=True)
class _Door:
    home: Home
    process: DoorProcess
    reading: asyncio.Task[None]
    setup: dict[str, Any]
    parts: Counter[str] = field(default_factory=Counter)


class Keeper:
    """The doors of one centre."""

    def __init__(self, db: Db, models: Path, clock: Clock, name: UUID) -> None:
        self._db = db
        self._models = models
        self._clock = clock
        self._name = name
        self._doors: dict[UUID, _Door] = {}
        self._died: dict[UUID, datetime] = {}

    async def run(self) -> None:
        """Keep the doors until cancelled."""
        try:
            while True:
                try:
                    await self.step()
                except (psycopg.OperationalError, DatabaseAway):
                    log.warning("home-guard.store-away")
                except Exception:
                    log.exception("home-guard.failed")
                await asyncio.sleep(EVERY_S)
        finally:
            await asyncio.gather(*(self._end(home_id) for home_id in list(self._doors)))

    async def step(self) -> None:
        """Bring processes and rows into line once."""
        now = self._clock.now()
        async with self._db.transaction() as tx:
            if not await self._mine(tx, now):
                homes, ended = [], []
            else:
                ended = await service.end_over(tx, now)
                await store.drop_pictures(tx, now)
                homes = [h for h in await store.homes(tx) if h.on_at is not None]
        await self._destroy(ended)
        wanted = {h.home_id: h for h in homes}
        for home_id in [h for h in self._doors if h not in wanted]:
            await self._end(home_id)
        for home in homes:
            await self._keep(home, now)

    async def _destroy(self, ended: list[UUID]) -> None:
        if ended:
            async with self._db.transaction() as tx:
                await service.destroy_keys(tx, ended)

    async def _mine(self, tx: Tx, now: datetime) -> bool:
        row = await tx.one(
            """insert into protection_home_keeper (keeper_id, beat_at) values (%(me)s, %(now)s)
               on conflict (centre_id) do update set keeper_id = %(me)s, beat_at = %(now)s
               where protection_home_keeper.keeper_id = %(me)s or protection_home_keeper.beat_at < %(late)s
               returning 1""",
            {"me": self._name, "now": now, "late": now - HELD},
        )
        return row is not None

    async def _keep(self, home: Home, now: datetime) -> None:
        door = self._doors.get(home.home_id)
        if door is not None and (not door.process.alive or door.reading.done()):
            await self._end(home.home_id)
            self._died[home.home_id] = now
            door = None
        async with self._db.transaction() as tx:
            source = await store.source_of(tx, home)
            faces = await service.standing(tx, home.home_id, now)
            templates = {f.template_id: await store.template_of(tx, f) for f in faces}
        if source is None:
            return
        setup = rules.worker_setup(home, source)
        if door is not None and door.setup != setup:
            await self._end(home.home_id)
            door = None
        if door is None:
            if now - self._died.get(home.home_id, now - timedelta(days=1)) < timedelta(seconds=RESTART_S):
                return
            door = await self._begin(home, setup)
        for template_id in door.process.enrolled - set(templates):
            await door.process.forget(template_id)
        for template_id, template in templates.items():
            if template is not None and template_id not in door.process.enrolled:
                await door.process.enrol(template_id, template)
        if home.look_until is not None and home.look_until > now:
            await door.process.look()

    async def _begin(self, home: Home, setup: dict[str, Any]) -> _Door:
        started = await DoorProcess.begin(self._models, setup)
        door = _Door(home, started, asyncio.create_task(asyncio.sleep(0)), setup)
        door.reading = asyncio.create_task(self._read(door))
        self._doors[home.home_id] = door
        await self._surely(lambda tx, now: store.note_state(tx, home.home_id, "starting", now))
        return door

    async def _end(self, home_id: UUID) -> None:
        door = self._doors.pop(home_id, None)
        if door is None:
            return
        await door.process.end()
        door.reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await door.reading

    async def _read(self, door: _Door) -> None:
        async for event in door.process.events():
            await self._take(door, event)
        await self._surely(lambda tx, now: store.note_state(tx, door.home.home_id, "lost", now))

    async def _take(self, door: _Door, event: Event) -> None:
        home = door.home
        if event.kind == process.CLIP:
            alert_id = str(event.words["alert_id"])
            part = door.parts[alert_id]
            door.parts[alert_id] += 1
            await self._surely(lambda tx, now: service.take_part(tx, event.words, part, event.data, now))
        elif event.kind == process.PICTURE:
            await self._surely(lambda tx, now: store.keep_picture(tx, home, event.data, now))
        elif event.words["event"] == "alert":
            await self._surely(lambda tx, now: service.take_alert(tx, home, event.words, now))
        else:
            await self._state(home, event.words)

    async def _state(self, home: Home, words: dict[str, Any]) -> None:
        state = {"ready": "starting", "alive": "ready", "lost": "lost", "uncovered": "uncovered"}[words["event"]]
        enrolled, unfit = words.get("enrolled"), words.get("unfit")
        await self._surely(lambda tx, now: store.note_state(tx, home.home_id, state, now, enrolled, unfit))

    async def _surely(self, do: Any) -> None:
        """Commit, however often it takes: nothing that a door said is dropped because the store was away."""
        while True:
            try:
                async with self._db.transaction() as tx:
                    await do(tx, self._clock.now())
                return
            except (psycopg.OperationalError, DatabaseAway):
                await asyncio.sleep(AGAIN_S)
