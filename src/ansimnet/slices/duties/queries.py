"""What other slices may ask: what is owed about a thing. They open and meet duties by facts, never here."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from ansimnet.kernel.errors import Fault
from ansimnet.platform.db import Tx
from ansimnet.slices.duties import store
from ansimnet.slices.duties.model import Duty, State
from ansimnet.slices.duties.rules import due_at, in_force

__all__ = ["Duty", "State", "due", "duties_about", "limit_of"]


async def duties_about(tx: Tx, about: UUID, now: datetime) -> list[Duty]:
    """Return every duty about a thing, what is owed first, at most 500."""
    return await store.read_duties(tx, now, owed=False, overdue=False, role=None, about=about, limit=500)


async def due(tx: Tx, rule: str, about: Collection[UUID]) -> dict[UUID, datetime]:
    """Return until when these things are owed under a rule; a thing that owes nothing is left out."""
    return await store.due(tx, rule, about)


async def limit_of(tx: Tx, rule: str, now: datetime) -> timedelta:
    """Return how long a limit of this centre is, counted from an instant.

    Raises:
        Fault: no table has the rule.
    """
    found = in_force(rule, now, await store.changes(tx, rule))
    if found is None:
        raise Fault(f"no rule is called `{rule}`")
    return due_at(found.limit, now) - now
