"""Does a search stop the instant it may go no further? Steps are tried after lapse, refusal, withdrawal and revocation.

Real searches on a real PostgreSQL end in every way there is; then the one door that every hop goes through is tried on
them again and again with the permit that was in hand, a sample by the whole route, and by several tasks at once while
the end itself commits. A hop is a row, and a line of the ledger. Then checks of that door are switched off, and each
time a hop must come through.

Keys: attempts hops hops_by_end routes races hops_after_races planted found.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from evaluation._installation import workplace

from ansimnet.app.measure import Options
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, CameraId, new_id
from ansimnet.kernel.permits import GroundKind, Purpose, Role
from ansimnet.platform import migrations, roles
from ansimnet.platform.db import Db, Dbs, Tx
from ansimnet.platform.engines.postgres import SUPERUSER, Postgres
from ansimnet.platform.ledger import keks
from ansimnet.platform.ledger.keys import KeyStore
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries.approvals import SEARCH
from ansimnet.slices.tracing.model import Search
from ansimnet.slices.tracing.service import following, law, looking, pictures
from ansimnet.slices.tracing.service.law import Standing
from ansimnet.slices.tracing.service.nets import Nets
from ansimnet.slices.tracing.store import searches
from ansimnet.slices.tracing.store.keys import HourKeys

ATTEMPTS = {"small": 3_000, "full": 1_000_000}
RACES = {"small": 6, "full": 200}
ROUTES = 21
"""Attempts by the whole route, of each way to end."""
ENDS = ("refused", "withdrawn", "lapsed", "closed", "revoked", "ground-ended")
TASKS = 8
BATCH = 100
"""Attempts in one transaction: a refused one writes nothing, so the next is as good as in one of its own."""
NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
LASTS = timedelta(hours=3)
HOPS = "select count(*) from tracing_hop"
TOLD = "select count(*) from ledger_entry where kind in ('tracing.hop.made.v1', 'tracing.keys.released.v1')"


@dataclass(slots=True)
class Stage:
    """The city's database, who asks, who approves, and the keys of sightings."""

    db: Db
    keys: HourKeys
    nets: Nets
    asker: policy.Account
    lead: policy.Account

    async def began(self, *, urgent: bool = False) -> Standing:
        """Return a search that stands: approved, or begun as urgent and still waiting."""
        asking = policy.Asking(
            kind=SEARCH,
            resources=frozenset({new_id()}),
            purpose=Purpose.INVESTIGATE,
            ground_kind=GroundKind.STATUTE,
            statute="PIPA 18(2)7",
            reason="수사",
            until_at=NOW + LASTS,
            urgent=urgent,
            case_no="2026-형-1",
            description=policy.Description(clothes="검정 바지"),
            area=policy.Area(lat=37.5, lon=127.0, radius_m=500),
            window=(NOW - timedelta(hours=1), NOW + timedelta(hours=1)),
        )
        search = await law.ask(self.db, self.asker, asking, {"attributes": []}, NOW)
        if not urgent:
            async with self.db.transaction() as tx:
                await policy.approve_request(tx, self.lead, search.request_id, "확인", NOW)
        return await law.stand(self.db, self.asker, search.search_id, NOW)

    async def end(self, stood: Standing, how: str) -> datetime:
        """End a search in one of the ways and return the instant from which on it is tried."""
        request_id, at = stood.search.request_id, NOW + timedelta(minutes=1)
        if how == "lapsed":
            return NOW + LASTS
        if how == "closed":
            await law.close(self.db, self.asker, stood.search.search_id, "끝", at)
            return at
        async with self.db.transaction() as tx:
            if how == "refused":
                await policy.refuse_request(tx, self.lead, request_id, "근거 없음", at)
            elif how == "withdrawn":
                await policy.withdraw_request(tx, self.asker, request_id, "끝", at)
            elif how == "revoked":
                await policy.revoke(tx, stood.permit.permit_id, "잘못", at, by=self.lead.account_id)
            else:
                await policy.end_ground(tx, stood.permit.ground_id, "closed", at, actor="system:evaluation")
        return at

    async def count(self, sql: str) -> int:
        """Return a number."""
        async with self.db.transaction() as tx:
            row = await tx.one(sql)
        return 0 if row is None else int(row[0])


# ------------------------------------------------------------------------------------------------- attempts


async def steps(stage: Stage, stood: Standing, at: datetime, count: int) -> None:
    """Try so many steps at the door itself."""
    for first in range(0, count, BATCH):
        async with stage.db.transaction() as tx:
            for n in range(first, min(count, first + BATCH)):
                with suppress(Refusal):
                    await law.step(tx, stood, ("look", "him", "not_him", "picture")[n % 4], {}, at)


async def by_route(stage: Stage, stood: Standing, at: datetime) -> None:
    """Try the whole way that each route goes, one after the other."""
    search_id, camera_id = stood.search.search_id, CameraId(new_id())
    db, nets, asker = stage.db, stage.nets, stage.asker
    ways: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: looking.look(db, stage.keys, nets, asker, search_id, at),
        lambda: looking.judge(db, nets, asker, search_id, new_id(), "him", at),
        lambda: looking.found_of(db, nets, asker, search_id, at),
        lambda: following.believed(db, nets, asker, search_id, at),
        lambda: pictures.portrait(db, asker, search_id, new_id(), at),
        lambda: pictures.clip(db, asker, search_id, new_id(), at),
        lambda: pictures.live(db, asker, search_id, camera_id, at),
    )
    for n in range(ROUTES):
        with suppress(Refusal):
            await ways[n % len(ways)]()


async def race(stage: Stage) -> tuple[int, int]:
    """Let tasks step while a search is withdrawn; return hops at the withdrawal's return and at the end of all."""
    stood, at = await stage.began(), NOW + timedelta(minutes=1)

    async def one() -> None:
        for _ in range(12):
            with suppress(Refusal):
                async with stage.db.transaction() as tx:
                    await law.step(tx, stood, "look", {}, at)

    async def withdraw() -> int:
        await asyncio.sleep(0.01)
        async with stage.db.transaction() as tx:
            await policy.withdraw_request(tx, stage.asker, stood.search.request_id, "끝", at)
        return await stage.count(HOPS)

    *_, seen = await asyncio.gather(*(one() for _ in range(TASKS)), withdraw())
    return int(seen or 0), await stage.count(HOPS)


# ------------------------------------------------------------------------------------------------- plants


async def _never_refused(*_: Any, **__: Any) -> None:
    return None


async def _always_stands(tx: Tx, search_id: UUID) -> Search | None:
    found = await searches.load(tx, search_id)
    return None if found is None else replace(found, ended_at=None, until_at=NOW + 100 * LASTS)


PLANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "the permit is not read again": ("revoked", {"permitted": _never_refused}),
    "the row alone is asked": ("withdrawn", {"permitted": _never_refused, "register_output": _never_refused}),
    "nothing is asked": (
        "lapsed",
        {"permitted": _never_refused, "register_output": _never_refused, "lock": _always_stands},
    ),
}
"""Which checks are switched off, and the end that must show it. Checks overlap: one alone rarely lets a hop through."""


@contextmanager
def planted(off: dict[str, Callable[..., Any]]) -> Iterator[None]:
    """Switch checks of the door off for the block."""
    homes = {"permitted": law, "register_output": law.policy, "lock": law.searches}  # type: ignore[attr-defined]
    kept = {name: getattr(homes[name], name) for name in off}
    for name, fake in off.items():
        setattr(homes[name], name, fake)
    try:
        yield
    finally:
        for name, real in kept.items():
            setattr(homes[name], name, real)


async def _found(stage: Stage, how: str, off: dict[str, Callable[..., Any]]) -> bool:
    stood = await stage.began()
    at = await stage.end(stood, how)
    before = await stage.count(HOPS)
    with planted(off):
        await steps(stage, stood, at, 4)
    return await stage.count(HOPS) > before


# ------------------------------------------------------------------------------------------------- all of it


async def _play(stage: Stage, options: Options) -> dict[str, Any]:
    attempts = options.attempts or ATTEMPTS[options.size]
    each = -(-attempts // len(ENDS))
    by_end, routes = {}, 0
    for n, how in enumerate(ENDS):
        options.progress(n, len(ENDS), how)
        stood = await stage.began(urgent=how == "refused")
        at = await stage.end(stood, how)
        before = await stage.count(HOPS) + await stage.count(TOLD)
        share = -(-each // TASKS)
        await asyncio.gather(*(steps(stage, stood, at, share) for _ in range(TASKS)))
        await by_route(stage, stood, at)
        routes += ROUTES
        by_end[how] = await stage.count(HOPS) + await stage.count(TOLD) - before
    late = [await race(stage) for _ in range(RACES[options.size])]
    found = [name for name, (how, off) in PLANTS.items() if await _found(stage, how, off)]
    return {
        "attempts": -(-each // TASKS) * TASKS * len(ENDS) + routes,
        "hops": sum(by_end.values()),
        "hops_by_end": by_end,
        "routes": routes,
        "races": len(late),
        "hops_after_races": sum(after - seen for seen, after in late),
        "planted": len(PLANTS),
        "found": len(found),
        "not_found": sorted(set(PLANTS) - set(found)),
    }


async def _run(server: Postgres, folder: Path, options: Options) -> dict[str, Any]:
    keys = {TRACKING_CENTRE: KeyStore(folder / "keys-tracking"), CITY_CENTRE: KeyStore(folder / "keys-city")}
    async with Dbs.at(server.urls("lapse"), keys=keys, app="evaluation", max_size=TASKS + 2) as dbs:
        async with dbs.city.transaction() as tx:
            asker, lead = [
                await policy.create_account(tx, login=role.value, role=role, display="자리", now=NOW)
                for role in (Role.INVESTIGATOR, Role.SHIFT_LEAD)
            ]
        own = HourKeys(folder / "tracing-keys", keks.Ring(keks.Folder(folder / "kek")))
        return await _play(Stage(dbs.city, own, Nets(MapData(folder / "map")), asker, lead), options)


def run(options: Options) -> dict[str, Any]:
    """Try steps of searches that ended, on a PostgreSQL of its own."""
    with workplace("lapse") as folder:
        server = Postgres(folder / "postgres", fsync=False, tuning={"shared_buffers": "64MB"})
        try:
            server.start()
            with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as conn:
                roles.create_database(conn, "lapse")
            migrations.migrate(server.urls("lapse").owner)
            return asyncio.run(_run(server, folder, options))
        finally:
            server.stop()
