"""All that bears on some fixes, locked, loaded and written back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from ansimnet.facts.supervision import (
    Trigger,
)
from ansimnet.kernel.clock import monotonic_s
from ansimnet.kernel.ids import (
    AlarmId,
    ConditionId,
)
from ansimnet.platform.db import Tx
from ansimnet.slices.supervision.model import (
    Approach,
    Condition,
    Curfew,
    Device,
    Estimate,
    Exclusion,
    Followed,
    MedicalNotice,
    PersonId,
    Scene,
    Span,
    Watch,
    Wholeness,
    Window,
    whole_id,
)
from ansimnet.slices.supervision.store import beliefs, places

_watch = msgspec.json.Decoder(Watch)
_encode = msgspec.json.Encoder().encode


Read = Callable[[PersonId, bytes], Estimate]
"""Reads what is kept of a person: the numbers are the rules' own (`rules.kept`)."""


async def lock_people(tx: Tx, people: Iterable[PersonId]) -> dict[PersonId, bytes]:
    """Lock some people, and whoever they must be kept apart from, in the order of their ids; return what is believed.

    Every judging begins with it, so two batches that touch the same person or pair run one after the other.
    """
    ids = list(people)
    rows = await tx.all(
        """
        with someone as (
            select unnest(%(ids)s::uuid[]) as id
            union select c.protected_person_id from supervision_condition c
                where c.wearer_id = any(%(ids)s) and c.trigger = 'approach' and c.ended_at is null
            union select c.wearer_id from supervision_condition c
                where c.protected_person_id = any(%(ids)s) and c.trigger = 'approach' and c.ended_at is null
        )
        select p.person_id, p.estimate from supervision_person p
        where p.person_id in (select id from someone) order by p.person_id for update
        """,
        {"ids": ids},
    )
    return {PersonId(r[0]): r[1] for r in rows if r[1] is not None}


_CONDITION = """
    select c.condition_id, c.wearer_id, c.trigger, c.label, c.ring, c.centre_lat, c.centre_lon, c.radius_m,
           c.since_local, c.until_local, c.protected_person_id, c.warn_m, c.alarm_m, p.place_lat, p.place_lon,
           c.zone_sealed, p.place_sealed,
           (select array_agg(e.from_at order by e.from_at, e.until_at) from supervision_exception e
             where e.condition_id = c.condition_id),
           (select array_agg(e.until_at order by e.from_at, e.until_at) from supervision_exception e
             where e.condition_id = c.condition_id)
    from supervision_condition c left join supervision_protected p using (protected_person_id)
"""


OPEN_FOR_S = 60.0
"""How long an opened condition is kept in memory: an erased wearer's zone is judged so much longer at most (ours)."""
MOST_OPEN = 200_000
"""Conditions kept opened, a kilobyte each at the most."""
_opened: dict[UUID, tuple[tuple[Any, ...], Condition, float]] = {}


def _condition(tx: Tx, r: tuple[Any, ...]) -> Condition | None:
    """Return a condition of a row, opened lately or now; a row that changed in anything is opened again."""
    known = _opened.get(r[0])
    if known is not None and known[0] == r and monotonic_s() < known[2]:
        return known[1]
    found = _open(tx, r)
    if found is None:
        _opened.pop(r[0], None)
        return None
    if len(_opened) >= MOST_OPEN:
        _opened.clear()
    _opened[r[0]] = (r, found, monotonic_s() + OPEN_FOR_S)
    return found


def _open(tx: Tx, r: tuple[Any, ...]) -> Condition | None:
    """Return a condition of a row, or None where its zone cannot be opened any more: the wearer was erased."""
    label = places.open_label(tx, r[1], r[3])
    match Trigger(r[2]):
        case Trigger.EXCLUSION_ZONE:
            zone = places.zone_of(tx, r[1], r[0], sealed=r[15], ring=r[4], circle=r[5:8])
            hours = Window(r[8], r[9]) if r[8] is not None and r[9] is not None else None
            return Exclusion(r[0], r[1], label, zone, r[10], hours) if zone is not None else None
        case Trigger.CURFEW:
            zone = places.zone_of(tx, r[1], r[0], sealed=r[15], ring=r[4], circle=r[5:8])
            spans = tuple(Span(a, b) for a, b in zip(r[17] or (), r[18] or (), strict=True))
            return Curfew(r[0], r[1], label, Window(r[8], r[9]), zone, spans, r[10]) if zone is not None else None
        case Trigger.APPROACH:
            place = places.place_of(tx, r[10], sealed=r[16], lat=r[13], lon=r[14])
            return Approach(r[0], r[1], label, r[10], r[11], r[12], place)
        case Trigger.TAMPER:
            raise AssertionError("tamper is implied, never stored")


async def conditions_of(tx: Tx, people: Iterable[PersonId]) -> list[Condition]:
    """Return the conditions in force that bear on these wearers and protected persons, tamper not among them."""
    ids = list(people)
    rows = await tx.all(
        _CONDITION + "where c.ended_at is null and (c.wearer_id = any(%s) or c.protected_person_id = any(%s))",
        [ids, ids],
    )
    return [c for r in rows if (c := _condition(tx, r)) is not None]


async def condition_by_id(tx: Tx, condition_id: UUID) -> Condition | None:
    """Return a condition, in force or ended; tamper is not found here."""
    row = await tx.one(_CONDITION + "where c.condition_id = %s", [condition_id])
    return _condition(tx, row) if row is not None else None


async def timed(tx: Tx) -> list[Curfew | Exclusion]:
    """Return every curfew and every zone of some hours in force."""
    rows = await tx.all(_CONDITION + "where c.ended_at is null and c.since_local is not null")
    return [c for r in rows if isinstance(c := _condition(tx, r), Curfew | Exclusion)]


async def load_scene(
    tx: Tx, people: Iterable[PersonId], devices: Iterable[Device], now: datetime, *, followed_for: timedelta, read: Read
) -> Scene:
    """Lock and load all that bears on some people's fixes.

    A confirmed alarm that was taken back is still followed for `followed_for`.
    """
    ids = list(people)
    estimates = {p: read(p, stored) for p, stored in (await lock_people(tx, ids)).items()}
    found = await conditions_of(tx, ids)
    found += [Wholeness(whole_id(d.device_id), d.wearer_id, d.device_id) for d in devices if d.wearer_id is not None]
    conditions = {c.condition_id: c for c in found}
    scene = Scene(conditions, estimates=estimates)
    rows = await tx.all("select watch from supervision_watch where condition_id = any(%s)", [list(conditions)])
    for row in rows:
        w = _watch.decode(bytes(row[0]))
        scene.watches[w.condition_id] = w
    rows = await tx.all(
        "select condition_id, told_at, enters_at, leaves_at from supervision_medical "
        "where condition_id = any(%s) and leaves_at > %s - interval '1 day' order by told_at",
        [list(conditions), now],
    )
    for row in rows:
        scene.medical.setdefault(row[0], []).append(MedicalNotice(*row))
    rows = await tx.all(
        """
        select alarm_id, wearer_id, protected_person_id, confirmed_at is not null from supervision_alarm
        where closed_at is null and (wearer_id = any(%s) or protected_person_id = any(%s))
          and (cleared_at is null or (confirmed_at is not null and cleared_at > %s))
        """,
        [ids, ids, now - followed_for],
    )
    scene.followed = {AlarmId(r[0]): Followed(AlarmId(r[0]), *r[1:]) for r in rows}
    return scene


async def save_scene(
    tx: Tx,
    scene: Scene,
    before: dict[PersonId, Estimate],
    watched: dict[ConditionId, Watch],
    write: Callable[[Estimate], bytes],
) -> None:
    """Write back what changed in a scene since it was loaded; `write` gives a belief as it is kept."""
    changed = {p: write(e) for p, e in scene.estimates.items() if before.get(p) is not e}
    await beliefs.save(tx, changed)
    await save_watches(tx, [w for c, w in sorted(scene.watches.items()) if worth_saving(watched.get(c), w)])


async def save_watches(tx: Tx, watches: Sequence[Watch]) -> None:
    """Write what the rules remember; what is quiet is not remembered."""
    resting, kept = [w for w in watches if quiet(w)], [w for w in watches if not quiet(w)]
    if resting:
        await tx.execute(
            "delete from supervision_watch where condition_id = any(%s)", [[w.condition_id for w in resting]]
        )
    if kept:
        await tx.execute(
            """
            insert into supervision_watch (condition_id, wearer_id, state, probability, alarm_id, watch, rests_since)
            select * from unnest(
                %s::uuid[], %s::uuid[], %s::text[], %s::float8[], %s::uuid[], %s::bytea[], %s::timestamptz[])
            on conflict (condition_id) do update set state = excluded.state, probability = excluded.probability,
                alarm_id = excluded.alarm_id, watch = excluded.watch, rests_since = excluded.rests_since
            """,
            [
                [w.condition_id for w in kept],
                [w.wearer_id for w in kept],
                [w.state.value for w in kept],
                [w.probability for w in kept],
                [w.alarm_id for w in kept],
                [_encode(w) for w in kept],
                [rests_since(w) for w in kept],
            ],
        )


def quiet(w: Watch) -> bool:
    """Tell whether a watch carries no memory.

    But for the instant it was judged at, which only curfews use; a curfew is judged again from the estimate's own
    instant where it is older.
    """
    return w == Watch(w.condition_id, w.wearer_id, judged_at=w.judged_at, probability=w.probability)


def rests_since(w: Watch) -> datetime | None:
    """Return when an alarm was taken back, or judged, if that is all a watch remembers; None if it is not at rest.

    Whoever is quiet beside it is judged as if it were not there: it only asks for more than a quiet fix ever says.
    """
    known = [at for at in (w.taken_back_at, w.taught_at) if at is not None]
    return max(known) if known and quiet(replace(w, taken_back_at=None, taken_back=0, taught_at=None)) else None


async def forget_taken_back(tx: Tx, before: datetime) -> None:
    """Delete the watches at rest that remember only an alarm taken back at an instant or before it."""
    await tx.execute("delete from supervision_watch where rests_since <= %s", [before])


def worth_saving(old: Watch | None, new: Watch) -> bool:
    """Tell whether a watch says other than what is stored."""
    return not (old is None and quiet(new)) and old != new


async def watch_of(tx: Tx, condition_id: UUID) -> Watch | None:
    """Return what the rules remember of a condition."""
    row = await tx.one("select watch from supervision_watch where condition_id = %s", [condition_id])
    return _watch.decode(bytes(row[0])) if row is not None else None


async def kept_of(tx: Tx, person_id: UUID) -> bytes | None:
    """Return where a person is believed to be, as it is kept."""
    row = await tx.one("select estimate from supervision_person where person_id = %s", [person_id])
    return row[0] if row is not None else None
