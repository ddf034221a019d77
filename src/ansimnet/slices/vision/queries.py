"""What other slices may ask of vision: one alarm's place and words, for the incident that it opened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from ansimnet.facts.vision import Behaviour, Verdict
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import AlarmId, CameraId
from ansimnet.platform.db import Tx
from ansimnet.slices.vision.model import Alarm, Said, Sample
from ansimnet.slices.vision.rules import calibration, quality
from ansimnet.slices.vision.store import alarms as store
from ansimnet.slices.vision.store import workers

__all__ = ["Line", "Quality", "Seen", "alarm", "quality_of", "worker_of"]

RECENT = timedelta(days=7)
"""What a drift compares with the time before. Ours: a week has every weekday once."""


class Seen(NamedTuple):
    """An alarm as an incident needs it."""

    alarm_id: AlarmId
    code: str
    camera_id: CameraId
    behaviour: Behaviour
    began_at: datetime
    priority: int
    place: Point
    reason: Said
    simulated: bool


async def alarm(tx: Tx, alarm_id: UUID) -> Seen | None:
    """Return an alarm; None where there is none, or its term is over."""
    a = await store.load(tx, alarm_id)
    return None if a is None else _seen(a)


def _seen(a: Alarm) -> Seen:
    place = Point(a.lat, a.lon)
    return Seen(a.alarm_id, a.code, a.camera_id, a.behaviour, a.began_at, a.priority, place, a.reason, a.simulated)


class Line(NamedTuple):
    """How well one camera's alarms of a behaviour are to be believed, on trial or not."""

    camera_id: CameraId
    behaviour: Behaviour
    shadow: bool
    alarms: int
    held: int
    judged: int
    trues: int
    precision: quality.Interval | None
    missed: int
    handling_s: float | None
    brier: float | None
    drift: quality.Drift | None


class Quality(NamedTuple):
    """Each camera and behaviour, and all of the centre together."""

    lines: list[Line]
    trues: int
    judged: int
    precision: quality.Interval | None
    handling_s: float | None
    brier: float | None
    missed: int


async def quality_of(tx: Tx, since: datetime, now: datetime) -> Quality:
    """Return the quality of every camera and behaviour since an instant, by the operators' verdicts."""
    judged: dict[tuple[CameraId, Behaviour, bool], list[Sample]] = {}
    for camera_id, behaviour, _, shadow, sample in await store.all_samples(tx, since):
        judged.setdefault((camera_id, behaviour, shadow), []).append(sample)
    missed: dict[tuple[CameraId, Behaviour], int] = {}
    for camera_id, behaviour, _ in await store.misses(tx, since):
        missed[camera_id, behaviour] = missed.get((camera_id, behaviour), 0) + 1
    before, recent = await _scores(tx, since, now)
    raised = {(c, b, s): (n, held) for c, b, s, n, held in await store.counts(tx, since)}
    keys = {*judged, *raised, *((c, b, False) for c, b in missed)}
    lines = []
    for camera_id, behaviour, shadow in sorted(keys):
        key = (camera_id, behaviour)
        n, held = raised.get((camera_id, behaviour, shadow), (0, 0))
        found = None if shadow else quality.drift(before.get(key, []), recent.get(key, []))
        line = (n, held, missed.get(key, 0) if not shadow else 0, found)
        lines.append(_line(camera_id, behaviour, shadow, judged.get((camera_id, behaviour, shadow), []), *line))
    counted = [s for (_, _, shadow), group in judged.items() if not shadow for s in group]
    whole = _line(CameraId(UUID(int=0)), Behaviour.VIOLENCE, False, counted, 0, 0, 0, None)
    return Quality(
        lines, whole.trues, whole.judged, whole.precision, whole.handling_s, whole.brier, sum(missed.values())
    )


def _line(
    camera_id: CameraId,
    behaviour: Behaviour,
    shadow: bool,
    samples: list[Sample],
    alarms: int,
    held: int,
    missed: int,
    drift: quality.Drift | None,
) -> Line:
    trues = sum(s.verdict is Verdict.TRUE for s in samples)
    said = [(s.probability, s.verdict is Verdict.TRUE) for s in samples if s.probability is not None]
    return Line(
        camera_id=camera_id,
        behaviour=behaviour,
        shadow=shadow,
        alarms=max(alarms, len(samples)),
        held=held,
        judged=len(samples),
        trues=trues,
        precision=quality.wilson(trues, len(samples)),
        missed=missed,
        handling_s=quality.median_s([s.handling_s for s in samples]),
        brier=calibration.brier(said),
        drift=drift,
    )


_Scores = dict[tuple[CameraId, Behaviour], list[float]]


async def _scores(tx: Tx, since: datetime, now: datetime) -> tuple[_Scores, _Scores]:
    before: _Scores = {}
    recent: _Scores = {}
    for camera_id, behaviour, score, at in await store.scores(tx, since):
        side = recent if now - at <= RECENT else before
        side.setdefault((camera_id, behaviour), []).append(score)
    return before, recent


async def worker_of(tx: Tx, key: str) -> str | None:
    """Return the name of the worker whose key this is, None where it is nobody's."""
    found = await workers.of_key(tx, workers.hash_of(key))
    return None if found is None else found[0].name
