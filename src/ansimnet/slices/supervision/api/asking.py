"""How every route of supervision asks policy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import UUID

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.permits import Act, Permit, Purpose
from ansimnet.platform.db import Db
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.queries import Account

Ask = Callable[[Account, Act, Purpose, str, UUID | None], Awaitable[Permit]]


def asker(db: Db, clock: Clock) -> Ask:
    """Return what asks: who, does what, for which purpose, on which screen, about whom."""

    async def ask(account: Account, act: Act, purpose: Purpose, screen: str, about: UUID | None) -> Permit:
        return await policy.permit(db, account, act, resource=about, purpose=purpose, screen=screen, now=clock.now())

    return ask
