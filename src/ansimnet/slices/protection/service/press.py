"""What she presses, and what happens when she does not. The server owns every timer; no press leads to more help."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from ansimnet.facts.protection import HelpAsked, Level, WarningAcknowledged, WarningEscalated
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.ids import AccountId, FactId, ProtectedPersonId, new_id
from ansimnet.platform import jobs
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.protection import store
from ansimnet.slices.protection.rules import alert
from ansimnet.slices.protection.service import homes
from ansimnet.slices.protection.service.warn import ESCALATE, OURS, tell
from ansimnet.slices.protection.store import homes as homes_store

NOT_FOR_112 = frozenset({"no"})
"""What she can answer before a home alert without calling for help; every other press brings it to 112."""
NOT_REACHED = "not_reached"
"""The last channel: 112 is told that nobody has reached her."""


async def acknowledge(tx: Tx, person_id: ProtectedPersonId, warning_id: UUID, account_id: UUID, now: datetime) -> None:
    """Note her "I see it": the timer ends in nothing, and *over* ends with it. Safe to run twice.

    Raises:
        NotFound: no such warning of hers.
    """
    await store.load_person(tx, person_id, lock=True)
    w = await store.load_warning(tx, warning_id)
    if w is None or w.protected_person_id != person_id:
        raise NotFound
    if w.acknowledged_at is not None:
        return
    after = replace(w, acknowledged_at=now, ended_at=now if w.level is Level.OVER else w.ended_at)
    await store.save_warning(tx, after)
    fact = WarningAcknowledged(
        fact_id=FactId(new_id()), happened_at=now, warning_id=w.warning_id, protected_person_id=person_id,
        alarm_id=w.alarm_id,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{account_id}")
    if after.ended_at is None:
        await tell(tx, after, fresh=False)  # her other screens stop ringing


async def ask_help(tx: Tx, person_id: ProtectedPersonId, answer: str, account_id: UUID | None, now: datetime) -> None:
    """Take what she answered or that she called, by her phone or her watch (no account); it concerns the loudest of
    her warnings."""
    shown = alert.loudest(await store.warnings_of(tx, person_id), now)
    if shown is not None and shown.content.home is not None and answer not in NOT_FOR_112:
        at_home = await homes_store.load_alert(tx, shown.content.home.alert_id, lock=True)
        if at_home is not None:
            await homes.report(
                tx, at_home, AccountId(account_id) if account_id else None, now
            )  # before what follows from it
            shown = await store.load_warning(tx, shown.warning_id)
    fact = HelpAsked(
        fact_id=FactId(new_id()), happened_at=now, protected_person_id=person_id,
        alarm_id=shown.alarm_id if shown else None, answer=answer, asked_at=now,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{account_id}" if account_id else f"device:{person_id}")


async def escalate(tx: Tx, warning_id: UUID, step: str, now: datetime) -> None:
    """Go to the next channel if she has not pressed: a voice call after 10 s, 112 told after 20 more.

    Safe to run twice: each step happens once.
    """
    person_id = await store.due_warning(tx, warning_id)
    if person_id is None:
        return
    await store.load_person(tx, person_id, lock=True)
    w = await store.load_warning(tx, warning_id)
    if w is None or w.ended_at is not None or w.acknowledged_at is not None or w.fall_at is None:
        return
    if step == "voice" and w.escalated_at is None:
        after = replace(w, escalated_at=now)
        await jobs.defer(tx, ESCALATE, schedule_at=now + alert.NOT_REACHED, warning_id=warning_id, step=NOT_REACHED)
    elif step == NOT_REACHED and w.not_reached_at is None:
        after = replace(w, not_reached_at=now)
    else:
        return
    await store.save_warning(tx, after)
    fact = WarningEscalated(
        fact_id=FactId(new_id()), happened_at=now, warning_id=w.warning_id,
        protected_person_id=w.protected_person_id, alarm_id=w.alarm_id, channel=step,
    )  # fmt: skip
    await append(tx, fact, actor=OURS)
