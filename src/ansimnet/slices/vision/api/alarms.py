"""Routes of alarms: the list, one alarm, its pictures, the verdict in one call, missed events."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from ansimnet.facts.vision import Behaviour, Why
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.db import Tx
from ansimnet.platform.http import door
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.vision.api.desk import WEEK, Desk, shown
from ansimnet.slices.vision.api.forms import (
    AlarmShown,
    AlarmsShown,
    BudgetShown,
    MissForm,
    MissShown,
    PictureShown,
    VerdictForm,
    WordShown,
    WordsShown,
)
from ansimnet.slices.vision.rules import budget, coverage
from ansimnet.slices.vision.rules.words import NEEDS_METRES, NEEDS_ZONE, PRIORITY, SOUNDS, WHYS, WORDS
from ansimnet.slices.vision.service import intake, judging, learning
from ansimnet.slices.vision.store import alarms as store
from ansimnet.slices.vision.store import setups

Reads = Annotated[policy.Account, Depends(door(Act.READ_ALARM))]
Judges = Annotated[policy.Account, Depends(door(Act.ACKNOWLEDGE_ALARM))]
SCREEN = "vision-alarms"
_STATES: dict[str, tuple[bool | None, bool, bool | None]] = {
    "open": (False, False, False),
    "held": (False, False, True),
    "judged": (True, False, None),
    "shadow": (None, True, None),
}
"""Judged, on trial, held: None is either."""


def routes(desk: Desk) -> APIRouter:
    """Return the routes."""
    api = APIRouter(prefix="/vision")
    db, clock = desk.city, desk.clock

    @api.get("/alarms")
    async def list_alarms(
        account: Reads,
        state: Literal["open", "held", "judged", "shadow"] = "open",
        camera_id: UUID | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> AlarmsShown:
        """Alarms to judge, the gravest first; what the budget held back; what was judged; what is on trial."""
        await desk.may(account, Act.READ_ALARM, purpose=Purpose.RESPOND, screen=SCREEN)
        judged, shadow, held = _STATES[state]
        async with db.transaction() as tx:
            await store.sit(tx, account.account_id, clock.now())
            found = await store.listed(tx, judged=judged, shadow=shadow, held=held, camera_id=camera_id, limit=limit)
            waiting, kept = await store.count_open(tx)
            return AlarmsShown(
                alarms=await shown(tx, found),
                open=waiting,
                held=kept,
                budget=await budget_shown(tx, desk),
                handling_median_s=await store.handling_median(tx, clock.now() - WEEK),
                now=clock.now(),
            )

    @api.get("/alarms/{alarm_id}")
    async def read_alarm(alarm_id: UUID, account: Reads) -> AlarmShown:
        """One alarm. Reading it starts the clock of its handling."""
        await desk.may(account, Act.READ_ALARM, purpose=Purpose.RESPOND, screen=SCREEN)
        async with db.transaction() as tx:
            found = await judging.alarm(tx, alarm_id)
            await store.open_first(tx, found.alarm_id, clock.now())
            return (await shown(tx, [await judging.alarm(tx, alarm_id)]))[0]

    @api.post("/alarms/{alarm_id}/verdict")
    async def judge_alarm(alarm_id: UUID, form: VerdictForm, account: Judges) -> AlarmShown:
        """Say whether it was true, and if not why. `true` opens an incident; the latest verdict stands."""
        await desk.may(account, Act.ACKNOWLEDGE_ALARM, purpose=Purpose.RESPOND, screen=SCREEN)
        async with db.transaction() as tx:
            found = await judging.judge(tx, alarm_id, form.verdict, form.why, account, clock.now())
            await learning.learn_later(tx, found.camera_id, found.behaviour)
            return (await shown(tx, [found]))[0]

    @api.post("/alarms/{alarm_id}/clip")
    async def alarm_clip(alarm_id: UUID, account: Reads) -> PictureShown:
        """A one-use ticket to the recorded seconds around the event, everybody masked, by a permit of its own."""
        await desk.may(account, Act.READ_ALARM, purpose=Purpose.RESPOND, screen=SCREEN)
        got = await judging.clip(db, account, alarm_id, clock.now())
        return desk.picture(got.ticket, (got.from_at, got.until_at))

    @api.post("/alarms/{alarm_id}/live")
    async def alarm_live(alarm_id: UUID, account: Reads) -> PictureShown:
        """A one-use ticket to the camera's live picture, everybody masked, by a permit of its own."""
        await desk.may(account, Act.READ_ALARM, purpose=Purpose.RESPOND, screen=SCREEN)
        return desk.picture(await judging.live(db, account, alarm_id, clock.now()))

    @api.post("/misses", status_code=201)
    async def report_miss(form: MissForm, account: Judges) -> MissShown:
        """Say that a camera saw something and told nobody."""
        await desk.may(account, Act.ACKNOWLEDGE_ALARM, purpose=Purpose.RESPOND, screen=SCREEN)
        camera_id = CameraId(form.camera_id)
        async with db.transaction() as tx:
            miss_id = await judging.report_miss(tx, camera_id, form.behaviour, form.missed_at, account, clock.now())
            await learning.learn_later(tx, camera_id, form.behaviour)
        return MissShown(miss_id=miss_id)

    @api.get("/words")
    async def read_words(account: Annotated[policy.Account, Depends(door(Act.READ_STATUS))]) -> WordsShown:
        """What behaviours are called, why an alarm can be false, why something is not covered."""
        await desk.may(account, Act.READ_STATUS, purpose=Purpose.OPERATE, screen="vision-words")
        return _words()

    return api


async def budget_shown(tx: Tx, desk: Desk) -> BudgetShown:
    """Return the budget and what is left of it."""
    chosen, now = await setups.budget(tx) or budget.DEFAULT, desk.clock.now()
    return BudgetShown(
        per_shift=chosen.per_shift,
        shift_hours=chosen.shift_hours,
        operators=await store.seats(tx, now - budget.SEAT_LASTS),
        left=round(await intake.room(tx, now), 1),
    )


def _words() -> WordsShown:
    return WordsShown(
        behaviours=[
            WordShown(
                name=b,
                ko=WORDS[b].ko,
                en=WORDS[b].en,
                priority=PRIORITY[b],
                sound=b in SOUNDS,
                needs_calibration=b in NEEDS_METRES,
                needs_zone=b in NEEDS_ZONE,
            )
            for b in Behaviour
        ],
        whys=[WordShown(name=w, ko=WHYS[w].ko, en=WHYS[w].en) for w in Why],
        coverage=[WordShown(name=n, ko=s.ko, en=s.en) for n, s in coverage.REASONS.items()],
    )
