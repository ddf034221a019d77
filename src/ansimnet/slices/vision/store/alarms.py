"""SQL of alarms, reports, verdicts and misses."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.types.json import Jsonb

from ansimnet.facts.vision import Behaviour, Verdict, Why
from ansimnet.kernel.ids import AccountId, AlarmId, CameraId, GroundId
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.slices.vision.model import Alarm, Report, Said, Sample, foot_of

_ALARM: LiteralString = """alarm_id, code, camera_id, behaviour, began_at, last_at, raised_at, score, probability,
    model, shadow, simulated, held, held_why, priority, tracks, box, lat, lon, exact_place, evidence, reason_ko,
    reason_en, reports, ground_id, opened_at, verdict, why, judged_at, judged_by"""


def _alarm(r: Row) -> Alarm:
    return Alarm(
        alarm_id=AlarmId(r[0]), code=r[1], camera_id=CameraId(r[2]), behaviour=Behaviour(r[3]), began_at=r[4],
        last_at=r[5], raised_at=r[6], score=r[7], probability=r[8], model=r[9], shadow=r[10], simulated=r[11],
        held_why=r[13], priority=r[14], tracks=tuple(r[15]), box=tuple(r[16]), lat=r[17], lon=r[18], exact_place=r[19],
        evidence=r[20], reason=Said(r[21], r[22]), reports=r[23], ground_id=None if r[24] is None else GroundId(r[24]),
        opened_at=r[25], verdict=None if r[26] is None else Verdict(r[26]), why=None if r[27] is None else Why(r[27]),
        judged_at=r[28], judged_by=None if r[29] is None else AccountId(r[29]),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------- taking in


async def lock_camera(tx: Tx, camera_id: CameraId) -> None:
    """Let one transaction at a time decide whether a camera's report joins an alarm."""
    await tx.execute("select pg_advisory_xact_lock(hashtextextended('vision/' || %s, 0))", (str(camera_id),))


async def known_reports(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    """Return those reports that were taken before."""
    rows = await tx.all("select report_id from vision_report where report_id = any(%s)", (list(ids),))
    return {r[0] for r in rows}


async def near(tx: Tx, report: Report, since: datetime) -> list[Alarm]:
    """Return a camera's alarms of a behaviour that still went on at an instant, the latest first."""
    rows = await tx.all(
        f"""select {_ALARM} from vision_alarm
            where camera_id = %s and behaviour = %s and shadow = %s and last_at >= %s
            order by last_at desc limit 200""",
        (report.camera_id, report.behaviour, report.shadow, since),
    )
    return [_alarm(r) for r in rows]


async def next_number(tx: Tx) -> int:
    """Return the next running number of an alarm."""
    row = await tx.one("select nextval('vision_alarm_number')")
    assert row is not None
    return int(row[0])


async def add(tx: Tx, a: Alarm) -> None:
    """Keep a new alarm."""
    await tx.execute(
        f"insert into vision_alarm ({_ALARM}) values ({', '.join(['%s'] * 30)})",
        (
            a.alarm_id, a.code, a.camera_id, a.behaviour, a.began_at, a.last_at, a.raised_at, a.score, a.probability,
            a.model, a.shadow, a.simulated, a.held, a.held_why, a.priority, list(a.tracks), list(a.box), a.lat, a.lon,
            a.exact_place, Jsonb(dict(a.evidence)), a.reason.ko, a.reason.en, a.reports, a.ground_id, a.opened_at,
            a.verdict, a.why, a.judged_at, a.judged_by,
        ),
    )  # fmt: skip


async def grow(tx: Tx, a: Alarm) -> None:
    """Write what one more report changed of an alarm."""
    await tx.execute(
        """update vision_alarm set began_at = %s, last_at = %s, score = %s, probability = %s, tracks = %s, box = %s,
               lat = %s, lon = %s, exact_place = %s, evidence = %s, reason_ko = %s, reason_en = %s, reports = %s,
               held = %s, held_why = %s where alarm_id = %s""",
        (
            a.began_at, a.last_at, a.score, a.probability, list(a.tracks), list(a.box), a.lat, a.lon, a.exact_place,
            Jsonb(dict(a.evidence)), a.reason.ko, a.reason.en, a.reports, a.held, a.held_why, a.alarm_id,
        ),
    )  # fmt: skip


async def add_report(tx: Tx, report: Report, alarm_id: AlarmId, worker: str, received_at: datetime) -> None:
    """Remember a report and the alarm it belongs to."""
    await tx.execute(
        """insert into vision_report (report_id, alarm_id, at, since, received_at, score, probability, worker)
           values (%s, %s, %s, %s, %s, %s, %s, %s)""",
        (report.report_id, alarm_id, report.at, report.since, received_at, report.score, report.probability, worker),
    )


async def shown_since(tx: Tx, since: datetime) -> list[datetime]:
    """Return when alarms were shown since an instant, oldest first: what the budget has spent."""
    rows = await tx.all(
        """select raised_at from vision_alarm where raised_at > %s and not shadow and not held and not simulated
           order by raised_at limit 20000""",
        (since,),
    )
    return [r[0] for r in rows]


# ------------------------------------------------------------------------------------------------- reading


async def load(tx: Tx, alarm_id: UUID, *, lock: bool = False) -> Alarm | None:
    """Return one alarm."""
    row = await tx.one(
        f"select {_ALARM} from vision_alarm where alarm_id = %s {'for update' if lock else ''}", (alarm_id,)
    )
    return None if row is None else _alarm(row)


async def listed(
    tx: Tx, *, judged: bool | None, shadow: bool, held: bool | None, camera_id: UUID | None, limit: int
) -> list[Alarm]:
    """Return alarms: unjudged ones by priority and then the newest, judged ones the latest verdict first."""
    rows = await tx.all(
        f"""select {_ALARM} from vision_alarm
            where shadow = %s and (%s::boolean is null or (verdict is not null) = %s)
              and (%s::boolean is null or held = %s) and (%s::uuid is null or camera_id = %s)
            order by judged_at desc nulls first, priority, raised_at desc, alarm_id limit %s""",
        (shadow, judged, judged, held, held, camera_id, camera_id, limit),
    )
    return [_alarm(r) for r in rows]


async def count_open(tx: Tx) -> tuple[int, int]:
    """Return how many alarms wait for a verdict, and how many more were held back."""
    row = await tx.one(
        """select count(*) filter (where not held), count(*) filter (where held)
           from vision_alarm where verdict is null and not shadow"""
    )
    assert row is not None
    return int(row[0]), int(row[1])


async def counts(tx: Tx, since: datetime) -> list[tuple[CameraId, Behaviour, bool, int, int]]:
    """Return how many alarms each camera and behaviour raised since an instant, in the shadow or not, and held."""
    rows = await tx.all(
        """select camera_id, behaviour, shadow, count(*), count(*) filter (where held) from vision_alarm
           where raised_at > %s and not simulated group by 1, 2, 3 order by 1, 2, 3""",
        (since,),
    )
    return [(CameraId(r[0]), Behaviour(r[1]), r[2], int(r[3]), int(r[4])) for r in rows]


async def counts_of_models(tx: Tx, since: datetime) -> list[tuple[str, bool, int]]:
    """Return how many alarms each model raised since an instant, in the shadow or not."""
    rows = await tx.all(
        """select model, shadow, count(*) from vision_alarm where raised_at > %s and not simulated
           group by 1, 2 order by 1, 2""",
        (since,),
    )
    return [(r[0], r[1], int(r[2])) for r in rows]


# ------------------------------------------------------------------------------------------------- verdicts


async def open_first(tx: Tx, alarm_id: AlarmId, at: datetime) -> None:
    """Note when somebody first had an alarm before him."""
    await tx.execute("update vision_alarm set opened_at = coalesce(opened_at, %s) where alarm_id = %s", (at, alarm_id))


async def judge(tx: Tx, alarm_id: AlarmId, verdict: Verdict, why: Why | None, by: AccountId, at: datetime) -> None:
    """Write a verdict; the latest stands."""
    await tx.execute(
        """update vision_alarm set verdict = %s, why = %s, judged_by = %s, judged_at = %s,
               opened_at = coalesce(opened_at, %s) where alarm_id = %s""",
        (verdict, why, by, at, at, alarm_id),
    )


async def keep_verdict(tx: Tx, a: Alarm, verdict: Verdict, why: Why | None, handling_s: float, at: datetime) -> None:
    """Keep what tuning may learn: numbers that outlive the alarm. A second verdict replaces the first."""
    await tx.execute(
        """insert into vision_verdict (alarm_id, camera_id, behaviour, model, shadow, score, probability, verdict, why,
               raised_at, handling_s, judged_at, x, y)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
           on conflict (alarm_id) do update set verdict = excluded.verdict, why = excluded.why,
               judged_at = excluded.judged_at""",
        (
            a.alarm_id, a.camera_id, a.behaviour, a.model, a.shadow, a.score, a.probability, verdict, why, a.raised_at,
            handling_s, at, *foot_of(a.box),
        ),
    )  # fmt: skip


_SAMPLE: LiteralString = "score, probability, verdict, why, raised_at, judged_at, handling_s, x, y"


def _sample(r: Row) -> Sample:
    why = None if r[3] is None else Why(r[3])
    return Sample(r[0], r[1], Verdict(r[2]), why, r[4], r[5], r[6], r[7], r[8])


async def samples(tx: Tx, camera_id: CameraId, behaviour: Behaviour, since: datetime) -> list[Sample]:
    """Return the verdicts on a camera's behaviour, tried ones too, oldest first."""
    rows = await tx.all(
        f"""select {_SAMPLE} from vision_verdict where camera_id = %s and behaviour = %s and judged_at > %s
            order by judged_at""",
        (camera_id, behaviour, since),
    )
    return [_sample(r) for r in rows]


async def all_samples(tx: Tx, since: datetime) -> list[tuple[CameraId, Behaviour, str, bool, Sample]]:
    """Return every verdict since an instant with its camera, behaviour, model and whether it was on trial."""
    rows = await tx.all(
        f"""select {_SAMPLE}, camera_id, behaviour, model, shadow from vision_verdict where judged_at > %s
            order by judged_at""",
        (since,),
    )
    return [(CameraId(r[9]), Behaviour(r[10]), r[11], r[12], _sample(r)) for r in rows]


async def handling_median(tx: Tx, since: datetime) -> float | None:
    """Return the median seconds from an alarm on a screen to its verdict, since an instant; None of nothing."""
    row = await tx.one(
        """select percentile_cont(0.5) within group (order by handling_s) from vision_verdict
           where judged_at > %s and not shadow""",
        (since,),
    )
    return None if row is None else row[0]


async def scores(tx: Tx, since: datetime) -> list[tuple[CameraId, Behaviour, float, datetime]]:
    """Return the score of every alarm since an instant: what a drift is seen in."""
    rows = await tx.all(
        """select camera_id, behaviour, score, raised_at from vision_alarm
           where raised_at > %s and not simulated and not shadow order by raised_at""",
        (since,),
    )
    return [(CameraId(r[0]), Behaviour(r[1]), r[2], r[3]) for r in rows]


# ------------------------------------------------------------------------------------------------- misses, seats


async def add_miss(
    tx: Tx, miss_id: UUID, camera_id: CameraId, behaviour: Behaviour, missed_at: datetime, by: AccountId, now: datetime
) -> None:
    """Keep that nothing told of an event."""
    await tx.execute(
        """insert into vision_miss (miss_id, camera_id, behaviour, missed_at, reported_at, reported_by)
           values (%s, %s, %s, %s, %s, %s)""",
        (miss_id, camera_id, behaviour, missed_at, now, by),
    )


async def misses(tx: Tx, since: datetime) -> list[tuple[CameraId, Behaviour, datetime]]:
    """Return missed events since an instant."""
    rows = await tx.all(
        "select camera_id, behaviour, missed_at from vision_miss where missed_at > %s order by missed_at", (since,)
    )
    return [(CameraId(r[0]), Behaviour(r[1]), r[2]) for r in rows]


async def sit(tx: Tx, account_id: AccountId, now: datetime) -> None:
    """Note that an operator looks at the alarms."""
    await tx.execute(
        """insert into vision_seat (account_id, seen_at) values (%s, %s)
           on conflict (account_id) do update set seen_at = excluded.seen_at""",
        (account_id, now),
    )


async def seats(tx: Tx, since: datetime) -> int:
    """Return how many operators looked at the alarms since an instant."""
    row = await tx.one("select count(*) from vision_seat where seen_at > %s", (since,))
    return 0 if row is None else int(row[0])


# ------------------------------------------------------------------------------------------------- forgetting


async def forget(tx: Tx, before: datetime) -> tuple[int, int]:
    """Destroy alarms raised before an instant with their reports; return how many of each."""
    row = await tx.one(
        "select count(*) from vision_report r join vision_alarm a using (alarm_id) where a.raised_at < %s", (before,)
    )
    gone = await tx.execute("delete from vision_alarm where raised_at < %s", (before,))
    await tx.execute("delete from vision_seat where seen_at < %s", (before,))
    return gone.rowcount, 0 if row is None else int(row[0])


async def forget_verdicts(tx: Tx, before: datetime) -> None:
    """Destroy verdicts and misses that nothing learns from any more."""
    await tx.execute("delete from vision_verdict where judged_at < %s", (before,))
    await tx.execute("delete from vision_miss where missed_at < %s", (before,))
