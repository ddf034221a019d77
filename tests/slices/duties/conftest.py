"""A clock, and what the tests of the deadline engine share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from ansimnet.facts.duties import DutyMet, DutyOpened
from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import FactId, new_id
from ansimnet.platform import ledger
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.ledger import Sealer
from ansimnet.slices.duties import jobs

NOW = datetime(2026, 11, 21, 17, 14, tzinfo=UTC)
"""02:14 in Seoul, on the 22nd."""

Tell = Callable[[Db, Fact], Awaitable[None]]
Follow = Callable[[], Awaitable[None]]


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOW)


@pytest.fixture
def tell() -> Tell:
    """Append a fact as another slice would: `await tell(db, opened(…))`."""

    async def append(db: Db, fact: Fact) -> None:
        async with db.transaction() as tx:
            await ledger.append(tx, fact, actor="system:policy")

    return append


@pytest.fixture
def follow(dbs: Dbs, tmp_path: Path) -> Follow:
    """Seal what was told and let the engine take it in."""

    async def seal_and_take() -> None:
        stores = {db.centre_id: db.keys for db in (dbs.tracking, dbs.city) if db.keys is not None}
        await Sealer(dbs.sealer, stores, tmp_path / "ledger").once()
        await ledger.catch_up(dbs, jobs.readers())

    return seal_and_take


def opened(rule: str, about: UUID, at: datetime, until: datetime | None = None) -> DutyOpened:
    """Return what a slice tells when a clock begins."""
    return DutyOpened(fact_id=FactId(new_id()), happened_at=at, duty_id=new_id(), rule=rule, about=about, due_at=until)


def done(rule: str, about: UUID, at: datetime) -> DutyMet:
    """Return what a slice tells when it is done."""
    return DutyMet(fact_id=FactId(new_id()), happened_at=at, rule=rule, about=about)
