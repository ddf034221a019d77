"""Taking in what workers report: each once, joined to its event, told to the room at once.

A batch is one transaction a camera; what is acknowledged is committed. A resent report changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from ansimnet.facts.vision import AlarmRaised, AlarmReleased, Behaviour
from ansimnet.kernel.clock import KST
from ansimnet.kernel.geo import Point, distance_m
from ansimnet.kernel.ids import AlarmId, CameraId, FactId, named_id, new_id
from ansimnet.kernel.permits import Act, GroundKind
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.cameras.queries import Camera
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.vision.model import Alarm, Platt, Refused, Report, Sender, Setup, foot_of
from ansimnet.slices.vision.rules import budget, calibration, joining, reasons, reports, tuning
from ansimnet.slices.vision.rules.words import PRIORITY, SOUNDS
from ansimnet.slices.vision.service import config
from ansimnet.slices.vision.store import alarms as store
from ansimnet.slices.vision.store import setups, workers

log = structlog.get_logger(__name__)

ACTOR = "system:vision"
STATUTE = "PIPA 25"
"""The purpose for which a public camera stands there: crime prevention. Its operator looks at what it alarmed of."""
LOOKED_AT = timedelta(hours=24)
"""How long an alarm opens its clip and its camera to the operators; a false one ends at its verdict. Ours: a shift and
the two around it."""
SIMULATED = "simulated-"
"""How the models of a rehearsal are called; their alarms say so on every screen."""
LOCAL = named_id("vision-worker", "local")
"""The processes that this server starts itself: no key, their reports come through a pipe."""
FURTHEST_M = 1000.0
"""No camera sees further; a place beyond is a point near the horizon, not where somebody stands. Ours."""
MOST = 200
"""Reports in one batch."""


@dataclass(slots=True)
class Receipt:
    """What became of a batch: taken now, known before, refused with the reason."""

    taken: list[UUID] = field(default_factory=list)
    known: list[UUID] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)


async def take(db: Db, sender: Sender, said: Sequence[object], now: datetime) -> Receipt:
    """Take a batch of reports as they came; return only once what was taken is committed."""
    receipt, good = Receipt(), []
    for index, one in enumerate(said[:MOST]):
        read = reports.read(index, one, now)
        if isinstance(read, Refused):
            receipt.refused.append(read)
        else:
            good.append((index, read))
    receipt.refused += [Refused(i, "too-many", f"a batch is of {MOST} reports") for i in range(MOST, len(said))]
    good.sort(key=lambda item: (item[1].camera_id, item[1].at))
    for camera_id, group in groupby(good, key=lambda item: item[1].camera_id):
        async with db.transaction() as tx:
            await _take_camera(tx, camera_id, list(group), sender, receipt, now)
    receipt.refused.sort(key=lambda r: r.index)
    for refused in receipt.refused:
        log.warning("vision.report_refused", worker=sender.name, name=refused.name, detail=refused.detail)
    return receipt


async def _take_camera(
    tx: Tx, camera_id: CameraId, group: Iterable[tuple[int, Report]], sender: Sender, receipt: Receipt, now: datetime
) -> None:
    camera = (await cameras.by_ids(tx, [camera_id])).get(camera_id)
    await store.lock_camera(tx, camera_id)
    setup = (await config.setup_of(tx, camera_id)).setup
    models = await workers.names_of_models(tx)
    heard = camera_id in await cameras.listened(tx, now)
    known = await store.known_reports(tx, [r.report_id for _, r in group])
    for index, report in group:
        wrong = _unfit(report, camera, heard)
        if camera is None or wrong is not None:
            receipt.refused.append(Refused(index, *(wrong or ("no-camera", "no such camera is in service"))))
        elif report.report_id in known:
            receipt.known.append(report.report_id)
        else:
            known.add(report.report_id)
            tried = report.shadow or report.behaviour in setup.shadow or models.get(report.model, False)
            await _take_one(tx, replace(report, shadow=tried), camera, setup, sender, now)
            receipt.taken.append(report.report_id)


def _unfit(report: Report, camera: Camera | None, heard: bool) -> tuple[str, str] | None:
    """Return why a camera cannot have said this: what it has no sensor for, it never reports (VA-02)."""
    if camera is None:
        return "no-camera", "no such camera is in service"
    senses = {s.value for s in camera.senses}
    if report.behaviour in SOUNDS and "sound" not in senses:
        return "not-sensed", "this camera has no microphone"
    if report.behaviour in SOUNDS and not heard:
        return "not-sensed", "this site has no ground of its own for sound"
    if any(name.startswith("heat_") for name in report.evidence) and "heat" not in senses:
        return "not-sensed", "this camera has no heat sensor"
    return None


async def _take_one(tx: Tx, report: Report, camera: Camera, setup: Setup, sender: Sender, now: datetime) -> None:
    weighed = await _weigh(tx, report, now)
    report = replace(report, probability=weighed.probability)
    near = await store.near(tx, report, report.since - joining.SAME_TRACK)
    alarm = next((a for a in near if joining.joins(a, report)), None)
    if alarm is None:
        alarm = await _raise(tx, report, weighed, camera, setup, now)
    else:
        await _grow(tx, alarm, report, weighed, camera, setup, now)
    await store.add_report(tx, report, alarm.alarm_id, sender.name, now)


class Weighed(NamedTuple):
    """What this camera's verdicts make of a report."""

    probability: float | None
    improbable: bool


async def _weigh(tx: Tx, report: Report, now: datetime) -> Weighed:
    """Return the probability by what verdicts taught of this camera and of this place in its picture.

    Where nobody tuned it, a worker that has a probability of its own is believed, less what the place says; else none
    is claimed.
    """
    judged = await store.samples(tx, report.camera_id, report.behaviour, now - tuning.HORIZON)
    bias = tuning.place_bias(judged, *foot_of(report.box), now)
    learnt = await setups.tuning(tx, report.camera_id, report.behaviour, "in_force")
    threshold = tuning.BASE[report.behaviour] if learnt is None else learnt.threshold
    likely: float | None = None
    if learnt is not None:
        likely = calibration.probability(Platt(*learnt.platt), report.score + bias)
    elif report.probability is not None:
        likely = calibration.probability(Platt(1.0, 0.0), calibration.logit(report.probability) + bias)
    return Weighed(likely, report.score + bias < threshold)


async def _held_why(tx: Tx, report: Report, weighed: Weighed, now: datetime) -> str | None:
    """Return why an alarm is not shown: improbable here, or over the budget."""
    if report.shadow:
        return None
    if weighed.improbable:
        return "improbable"
    return "budget" if budget.held(report.behaviour, await room(tx, now)) else None


async def _raise(tx: Tx, report: Report, weighed: Weighed, camera: Camera, setup: Setup, now: datetime) -> Alarm:
    alarm_id, held_why = AlarmId(new_id()), await _held_why(tx, report, weighed, now)
    place, exact = _place(report, camera, setup)
    alarm = Alarm(
        alarm_id=alarm_id, code=f"V-{now.astimezone(KST):%y%m}-{await store.next_number(tx):05d}",
        camera_id=report.camera_id, behaviour=report.behaviour, began_at=report.since, last_at=report.at,
        raised_at=now, score=report.score, probability=report.probability, model=report.model, shadow=report.shadow,
        simulated=report.model.startswith(SIMULATED), held_why=held_why, priority=PRIORITY[report.behaviour],
        tracks=report.tracks, box=report.box, lat=place.lat, lon=place.lon, exact_place=exact,
        evidence=report.evidence, reason=reasons.reason(report.behaviour, report.evidence, report.probability),
        reports=1, ground_id=await _open_to_operators(tx, report.camera_id, alarm_id, now), opened_at=None,
        verdict=None, why=None, judged_at=None, judged_by=None,
    )  # fmt: skip
    await store.add(tx, alarm)
    if not report.shadow:
        await append(tx, _raised(alarm, now), actor=ACTOR)
    return alarm


def _raised(a: Alarm, now: datetime) -> AlarmRaised:
    return AlarmRaised(
        fact_id=FactId(new_id()), happened_at=now, alarm_id=a.alarm_id, camera_id=a.camera_id, behaviour=a.behaviour,
        since_at=a.began_at, probability=a.probability, model=a.model, priority=a.priority, held=a.held,
        simulated=a.simulated,
    )  # fmt: skip


async def _open_to_operators(tx: Tx, camera_id: CameraId, alarm_id: AlarmId, now: datetime) -> Any:
    """Put on file why the operators may look: the clip and the live picture of this one camera, masked."""
    return await policy.grant_ground(
        tx,
        GroundKind.STATUTE,
        STATUTE,
        resources={camera_id},
        about={alarm_id},
        acts={Act.READ_FOOTAGE, Act.VIEW_STREAM},
        until_at=now + LOOKED_AT,
        now=now,
        actor=ACTOR,
    )


async def _grow(
    tx: Tx, alarm: Alarm, report: Report, weighed: Weighed, camera: Camera, setup: Setup, now: datetime
) -> None:
    """Let an event grow: its time, its tracks; the surest report gives reason, place and probability."""
    surer = report.score > alarm.score
    place, exact = _place(report, camera, setup)
    grown = replace(
        alarm,
        began_at=min(alarm.began_at, report.since),
        last_at=max(alarm.last_at, report.at),
        tracks=tuple(sorted({*alarm.tracks, *report.tracks}))[:64],
        reports=alarm.reports + 1,
    )
    if surer:
        reason = reasons.reason(report.behaviour, report.evidence, report.probability)
        grown = replace(
            grown, score=report.score, probability=report.probability, box=report.box, lat=place.lat, lon=place.lon,
            exact_place=exact, evidence=report.evidence, reason=reason,
        )  # fmt: skip
    if alarm.held and alarm.verdict is None and surer and await _held_why(tx, report, weighed, now) is None:
        grown = replace(grown, held_why=None)
        told = AlarmReleased(
            fact_id=FactId(new_id()), happened_at=now, alarm_id=alarm.alarm_id, camera_id=alarm.camera_id,
            behaviour=alarm.behaviour, priority=alarm.priority,
        )  # fmt: skip
        await append(tx, told, actor=ACTOR)
    await store.grow(tx, grown)


def _place(report: Report, camera: Camera, setup: Setup) -> tuple[Point, bool]:
    """Return where it is: as the worker says, by the calibration, or where the camera stands (False)."""
    stands = Point(camera.lat, camera.lon)
    if report.place is not None:
        place = Point(report.place[1], report.place[0])
        if distance_m(place, stands) <= FURTHEST_M:
            return place, True
    ground = config.ground(setup)
    found = None if ground is None else ground.place(*foot_of(report.box))
    if found is not None and report.behaviour not in SOUNDS and report.behaviour is not Behaviour.TAMPERED:
        return found, True
    return stands, False


async def room(tx: Tx, now: datetime) -> float:
    """Return how many more alarms the operators at their desks may be shown now."""
    chosen = await setups.budget(tx) or budget.DEFAULT
    shown = await store.shown_since(tx, now - timedelta(hours=chosen.shift_hours))
    return budget.room(shown, await store.seats(tx, now - budget.SEAT_LASTS), chosen, now)


# ------------------------------------------------------------------------------------------------- workers


async def tell_state(db: Db, sender: Sender, state: Mapping[str, Any], now: datetime) -> None:
    """Keep what a worker says of itself: its cameras, behaviours, load and models with their cards.

    A model for the task of another one in use begins in the shadow: a person lets it count.
    """
    cards = [c for c in state.get("models", ()) if isinstance(c, dict)]
    async with db.transaction() as tx:
        if sender.worker_id == LOCAL:
            await workers.add(tx, LOCAL, sender.name, None, now)
        await workers.tell(tx, sender.worker_id, {k: v for k, v in state.items() if k != "models"}, now)
        models = await workers.models(tx)
        counting = {m.card.get("task") for m in models if not m.shadow}
        kept = {(m.name, m.sha256) for m in models}
        for card in cards:
            name, sha256 = str(card["name"])[:64], str(card["sha256"])[:64]
            does = [str(b) for b in card.get("behaviours", ())]
            tried = (name, sha256) not in kept and card.get("task") in counting
            await workers.note_model(tx, name, sha256, does, card, tried, now)


def local() -> Sender:
    """Return who reports from this machine's own processes."""
    return Sender(LOCAL, "local")
