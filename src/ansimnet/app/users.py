"""Accounts of staff, from the command line and for the demo."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import AccountId
from ansimnet.kernel.permits import Role
from ansimnet.platform.database import database
from ansimnet.platform.db import Db
from ansimnet.platform.settings import Settings
from ansimnet.slices.policy.wiring import Desk, create_account, people_of

STAFF = frozenset(Role) - {Role.VICTIM, Role.FIELD_UNIT}
"""Roles that sign in with a password. Victims and units enrol their phones with a code."""


async def add_to(db: Db, *, login: str, role: str, display: str, password: str) -> AccountId:
    """Create one account in a centre and return its id.

    Raises:
        Refusal: an unknown role, or one whose accounts are made by registering a person or a unit.
    """
    if role not in STAFF:
        raise Refusal(f"`{role}` is no role of staff", todo=f"one of: {', '.join(sorted(STAFF))}")
    async with db.transaction() as tx:
        made = await create_account(
            tx, login=login, role=Role(role), display=display, password=password, now=now(), actor="system:setup"
        )
    return made.account_id


def add(
    settings: Settings, *, login: str, role: str, centre: str, display: str, password: str, say: Callable[[str], None]
) -> None:
    """Create an account on this installation.

    Raises:
        Refusal: an unknown centre or role.
    """
    if centre not in {"tracking", "city"}:
        raise Refusal(f"`{centre}` is no centre", todo="say tracking or city")

    async def run() -> None:
        with database(settings, say=say) as db:
            async with db.dbs(settings, app="user") as dbs:
                here = dbs.tracking if centre == "tracking" else dbs.city
                await add_to(here, login=login, role=role, display=display, password=password)

    asyncio.run(run())


def invite(settings: Settings, *, login: str, centre: str, say: Callable[[str], None]) -> str:
    """Return a one-time code for somebody who cannot sign in; what proved the account before works no more.

    Raises:
        Refusal: an unknown centre or login.
    """
    if centre not in {"tracking", "city"}:
        raise Refusal(f"`{centre}` is no centre", todo="say tracking or city")

    async def run() -> str:
        with database(settings, say=say) as db:
            async with db.dbs(settings, app="user") as dbs:
                here = dbs.tracking if centre == "tracking" else dbs.city
                return await Desk(dbs, SystemClock(), people_of(settings)).staff.invite_by_hand(here, login)

    return asyncio.run(run())
