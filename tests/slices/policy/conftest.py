"""Accounts, a clock and a few ids that the policy tests share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from uuid import UUID

import pytest

from ansimnet.kernel.clock import SimulatedClock
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Db, Dbs
from ansimnet.slices.policy import queries
from ansimnet.slices.policy.model import PERSONAL, Account

NOW = datetime(2026, 11, 21, 17, 14, tzinfo=UTC)
"""02:14 in Seoul, the hour of the story."""

Make = Callable[..., Awaitable[Account]]


@pytest.fixture
def clock() -> SimulatedClock:
    return SimulatedClock(NOW)


@pytest.fixture
def make() -> Make:
    """Make an account: `await make(dbs.tracking, Role.AUDITOR)`."""

    async def make_account(db: Db, role: Role, subject_id: UUID | None = None, password: str | None = None) -> Account:
        if subject_id is None and role in PERSONAL:
            subject_id = new_id()
        login = f"{role.value.replace('_', '-')}-{new_id().hex[-6:]}"
        async with db.transaction() as tx:
            return await queries.create_account(
                tx, login=login, role=role, display="관제07", now=NOW, subject_id=subject_id, password=password
            )

    return make_account


@pytest.fixture
async def two(dbs: Dbs, make: Make) -> tuple[Account, Account]:
    return await make(dbs.city, Role.CENTRE_OPERATOR), await make(dbs.city, Role.SHIFT_LEAD)
