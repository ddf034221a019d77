"""Facts that are brought to somebody, and the job that brings them."""

from __future__ import annotations

from uuid import UUID

from ansimnet.facts.dispatch import PoliceAsked, PoliceTold
from ansimnet.facts.protection import Level, WarningEscalated, WarningIssued
from ansimnet.facts.tracing import SubjectHandedOver
from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE, DeliveryId
from ansimnet.platform.db import Tx
from ansimnet.platform.jobs import JobRun, job
from ansimnet.platform.ledger import Entry, Reader
from ansimnet.slices.notifications import service
from ansimnet.slices.notifications.model import Channel

LOUD = {Level.PROBABLE, Level.CERTAIN, Level.HOME, Level.MEDICAL, Level.CANNOT_VOUCH}
"""Levels that go by text message too: a push may sleep in a pocket."""


async def on_warning(tx: Tx, entry: Entry) -> None:
    """Push every warning; text the loud ones at once. The live socket needs no help: it follows the ledger itself."""
    fact = entry.fact
    assert isinstance(fact, WarningIssued)
    channels = [Channel.WEB_PUSH, *([Channel.SMS] if fact.level in LOUD else [])]
    for channel in channels:
        await service.open_delivery(
            tx, about=fact.warning_id, to=fact.protected_person_id, channel=channel, content=None, now=entry.recorded_at
        )


async def on_escalated(tx: Tx, entry: Entry) -> None:
    """Call by voice when that is the next channel."""
    fact = entry.fact
    assert isinstance(fact, WarningEscalated)
    if fact.channel == Channel.VOICE:
        await service.open_delivery(
            tx, about=fact.warning_id, to=fact.protected_person_id, channel=Channel.VOICE, content=None,
            now=entry.recorded_at,
        )  # fmt: skip


async def on_police_asked(tx: Tx, entry: Entry) -> None:
    """Bring a request to 112, and what it must know after."""
    fact = entry.fact
    assert isinstance(fact, PoliceAsked | PoliceTold)
    await service.open_delivery(
        tx, about=fact.incident_id, to=fact.incident_id, channel=Channel.AGENCY, content=fact.message,
        now=entry.recorded_at,
    )  # fmt: skip


async def on_handed_over(tx: Tx, entry: Entry) -> None:
    """Bring to 112 where whom a search looks for was last seen."""
    fact = entry.fact
    assert isinstance(fact, SubjectHandedOver)
    await service.open_delivery(
        tx, about=fact.search_id, to=fact.request_id, channel=Channel.AGENCY, content=fact.message,
        now=entry.recorded_at,
    )  # fmt: skip


@job(service.DELIVER, why="carries what a fact already decided; reads an address, never a reason")
async def deliver(run: JobRun, *, delivery_id: str) -> None:
    """Carry out one delivery."""
    await service.deliver(run.db, DeliveryId(UUID(delivery_id)), run.context.settings, attempt=run.attempt, now=now())


READERS = [
    Reader(name="notifications.warning", kinds=frozenset({WarningIssued}), centre=TRACKING_CENTRE, handle=on_warning),
    Reader(
        name="notifications.escalation",
        kinds=frozenset({WarningEscalated}),
        centre=TRACKING_CENTRE,
        handle=on_escalated,
    ),
    Reader(
        name="notifications.police",
        kinds=frozenset({PoliceAsked, PoliceTold}),
        centre=TRACKING_CENTRE,
        handle=on_police_asked,
    ),
    Reader(
        name="notifications.search", kinds=frozenset({SubjectHandedOver}), centre=CITY_CENTRE, handle=on_handed_over
    ),
]
