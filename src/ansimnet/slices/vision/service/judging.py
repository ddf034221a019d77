"""Verdicts, missed events, and the pictures behind an alarm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from ansimnet.facts.vision import AlarmJudged, Behaviour, MissReported, PictureOpened, Verdict, Why
from ansimnet.kernel.errors import Forbidden, NotFound, Refusal
from ansimnet.kernel.ids import CameraId, FactId, new_id
from ansimnet.kernel.permits import Act, GroundKind, Purpose
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage import queries as footage
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.vision.model import Alarm
from ansimnet.slices.vision.service.intake import STATUTE
from ansimnet.slices.vision.store import alarms as store

SCREEN = "vision-alarm"
BEFORE = AFTER = timedelta(seconds=10)
"""The clip of an alarm: ten seconds before it began and after its last sign (VP-06 and the national test's window)."""
LONGEST_CLIP = timedelta(minutes=2)
"""Of an event that goes on: its beginning. The rest is in the live picture."""
DRAWING = timedelta(minutes=10)
"""How long somebody who draws zones sees the picture for one request."""
OLDEST_MISS = timedelta(days=30)


class NoAlarm(NotFound):
    """There is no such alarm."""

    name = "no-alarm"


class NoWhy(Refusal):
    """A false alarm has a reason."""

    name = "no-why"


@dataclass(frozen=True, slots=True)
class Clip:
    """A ticket to an alarm's pictures, and the span it opens."""

    ticket: footage.Ticket
    from_at: datetime
    until_at: datetime


async def alarm(tx: Tx, alarm_id: UUID, *, lock: bool = False) -> Alarm:
    """Return an alarm.

    Raises:
        NoAlarm: none with this id, or its term is over.
    """
    found = await store.load(tx, alarm_id, lock=lock)
    if found is None:
        raise NoAlarm
    return found


async def judge(
    tx: Tx, alarm_id: UUID, verdict: Verdict, why: Why | None, account: policy.Account, now: datetime
) -> Alarm:
    """Keep an operator's verdict. `true` opens an incident; `false` ends everybody's look at it at once.

    Raises:
        NoAlarm: no such alarm.
        NoWhy: false without a reason.
    """
    if verdict is Verdict.FALSE and why is None:
        raise NoWhy(todo="say why, by its key")
    found = await alarm(tx, alarm_id, lock=True)
    why = why if verdict is Verdict.FALSE else None
    if (found.verdict, found.why) == (verdict, why):
        return found
    await store.judge(tx, found.alarm_id, verdict, why, account.account_id, now)
    if not found.simulated:
        handling_s = max(0.0, (now - (found.opened_at or found.raised_at)).total_seconds())
        await store.keep_verdict(tx, found, verdict, why, handling_s, now)
    fact = AlarmJudged(
        fact_id=FactId(new_id()), happened_at=now, alarm_id=found.alarm_id, camera_id=found.camera_id,
        behaviour=found.behaviour, verdict=verdict, why=why, by=account.account_id,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{account.account_id}")
    if verdict is Verdict.FALSE:
        await policy.end_about(tx, found.alarm_id, reason="false-alarm", now=now)
    return await alarm(tx, alarm_id)


async def report_miss(
    tx: Tx, camera_id: CameraId, behaviour: Behaviour, missed_at: datetime, account: policy.Account, now: datetime
) -> UUID:
    """Keep that a camera saw something and told nobody.

    Raises:
        NotFound: no such camera.
        Refusal: it has not happened yet, or too long ago.
    """
    if camera_id not in await cameras.by_ids(tx, [camera_id]):
        raise NotFound("there is no such camera")
    if not now - OLDEST_MISS <= missed_at <= now:
        raise Refusal("say when it happened, within the past thirty days")
    miss_id = new_id()
    await store.add_miss(tx, miss_id, camera_id, behaviour, missed_at, account.account_id, now)
    fact = MissReported(
        fact_id=FactId(new_id()), happened_at=now, miss_id=miss_id, camera_id=camera_id, behaviour=behaviour,
        missed_at=missed_at, by=account.account_id,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{account.account_id}")
    return miss_id


# ------------------------------------------------------------------------------------------------- pictures


def span_of(found: Alarm) -> tuple[datetime, datetime]:
    """Return the seconds of an alarm's clip."""
    from_at = found.began_at - BEFORE
    return from_at, min(found.last_at + AFTER, from_at + LONGEST_CLIP)


async def clip(db: Db, account: policy.Account, alarm_id: UUID, now: datetime) -> Clip:
    """Return a one-use ticket to an alarm's recorded seconds, masked, under a permit of their own.

    Raises:
        NoAlarm: no such alarm.
        Forbidden: no ground opens it (any more).
    """
    async with db.transaction() as tx:
        found = await alarm(tx, alarm_id)
    permit = await policy.permit(
        db, account, Act.READ_FOOTAGE, resource=found.camera_id, purpose=Purpose.RESPOND, screen=SCREEN, now=now
    )
    from_at, until_at = span_of(found)
    async with db.transaction() as tx:
        ticket = await footage.hand_recorded(
            tx, account, permit, found.camera_id, from_at, until_at, f"alarm {found.code}", now
        )
    return Clip(ticket, from_at, until_at)


async def live(db: Db, account: policy.Account, alarm_id: UUID, now: datetime) -> footage.Ticket:
    """Return a one-use ticket to the live picture of an alarm's camera, masked.

    Raises:
        NoAlarm: no such alarm.
        Forbidden: no ground opens it (any more).
    """
    async with db.transaction() as tx:
        found = await alarm(tx, alarm_id)
    permit = await policy.permit(
        db, account, Act.VIEW_STREAM, resource=found.camera_id, purpose=Purpose.RESPOND, screen=SCREEN, now=now
    )
    async with db.transaction() as tx:
        return await footage.hand_live(tx, account, permit, found.camera_id, now)


async def picture(db: Db, account: policy.Account, camera_id: CameraId, now: datetime) -> footage.Ticket:
    """Return a one-use ticket to a camera's masked live picture, to draw zones on it; on the ledger, for minutes.

    Raises:
        NotFound: no such camera.
        Forbidden: this account may not.
    """
    if not policy.may_ever(account, Act.VIEW_STREAM):  # before a ground is put on file for whoever may not look at all
        raise Forbidden("this role looks at no live picture")
    until = now + DRAWING
    async with db.transaction() as tx:
        if camera_id not in await cameras.by_ids(tx, [camera_id]):
            raise NotFound("there is no such camera")
        await policy.grant_ground(
            tx,
            GroundKind.STATUTE,
            STATUTE,
            resources={camera_id},
            acts={Act.VIEW_STREAM},
            account_id=account.account_id,
            until_at=until,
            now=now,
            reason="vision set-up",
            actor=f"account:{account.account_id}",
        )
        fact = PictureOpened(
            fact_id=FactId(new_id()), happened_at=now, camera_id=camera_id, by=account.account_id, until_at=until
        )
        await append(tx, fact, actor=f"account:{account.account_id}")
    permit = await policy.permit(
        db, account, Act.VIEW_STREAM, resource=camera_id, purpose=Purpose.OPERATE, screen="vision-setup", now=now
    )
    async with db.transaction() as tx:
        return await footage.hand_live(tx, account, permit, camera_id, now)
