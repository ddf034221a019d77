"""What changes supervision's state: reports received, the clock, registrations, findings, closing.

One batch is one transaction: fixes, what the rules remember, alarms and facts commit together, and only then is the
sender answered. No truth is kept in memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from prometheus_client import Counter

from ansimnet.kernel.facts import Fact
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import FixId, WearerId, named_id
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.supervision.model import Device, Fix, PersonId, Scene, Sign
from ansimnet.slices.supervision.rules import limits
from ansimnet.slices.supervision.rules.judge import judge
from ansimnet.slices.supervision.rules.replay import split_late
from ansimnet.slices.supervision.rules.rerun import rerun
from ansimnet.slices.supervision.rules.vouching import (
    notices_of_fixes,
    notices_of_her_fixes,
    vouches,
)
from ansimnet.slices.supervision.store import alarms, devices, notices
from ansimnet.slices.supervision.store import fixes as fix_store
from ansimnet.slices.supervision.store import scene as scenes

OURS = "system:supervision"

FIXES = Counter("ansimnet_supervision_fixes", "Position reports by what became of them", ["outcome"])
ALARMS = Counter("ansimnet_supervision_alarms", "Alarm facts by kind", ["kind"])


@dataclass(frozen=True, slots=True)
class Report:
    """One position report as a gateway read it: in our units, not yet believed. `index` is its place in the batch."""

    index: int
    device: str
    seen_at: datetime
    lat: float | None
    lon: float | None
    error_m: float | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    battery: float | None = None
    signs: frozenset[Sign] = frozenset()


@dataclass(frozen=True, slots=True)
class Refused:
    """A report that was not taken, and why."""

    index: int
    name: str
    detail: str


@dataclass(slots=True)
class Receipt:
    """What became of a batch, told only after its commit. Every report is counted once; `late` are among `accepted`."""

    accepted: int = 0
    duplicate: int = 0
    late: int = 0
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: one device, or a gateway that may send for all of its centre."""

    device: Device | None
    gateway_id: UUID | None = None

    @property
    def sender_id(self) -> UUID:
        """The id of the device or of the gateway."""
        found = self.device.device_id if self.device is not None else self.gateway_id
        assert found is not None
        return found


async def receive(db: Db, sender: Sender, reports: Sequence[Report], heard_at: datetime) -> Receipt:
    """Take one batch: check each report, store, judge and tell, in one transaction; return after its commit.

    Safe to run twice: a report sent again changes nothing. A report that is refused never keeps the others from being
    taken.
    """
    receipt = Receipt()
    if not reports:
        return receipt
    async with db.transaction() as tx:
        known = await devices.devices_called(tx, sorted({r.device for r in reports}))
        fixes: dict[FixId, Fix] = {}
        for r in reports:
            checked = check(r, known.get(r.device), sender, heard_at)
            if isinstance(checked, Refused):
                receipt.refused.append(checked)
            elif checked.fix_id in fixes:
                receipt.duplicate += 1
            else:
                fixes[checked.fix_id] = checked
        await _take(tx, list(fixes.values()), list(known.values()), receipt, heard_at)
    FIXES.labels("accepted").inc(receipt.accepted)
    FIXES.labels("duplicate").inc(receipt.duplicate)
    FIXES.labels("refused").inc(len(receipt.refused))
    return receipt


async def _take(tx: Tx, fixes: list[Fix], known: Sequence[Device], receipt: Receipt, heard_at: datetime) -> None:
    people = {f.person_id for f in fixes}
    if not people:
        return
    scene = await scenes.load_scene(tx, people, known, heard_at, followed_for=limits.FOLLOW_AFTER)
    new = await fix_store.add_fixes(tx, fixes)
    fresh = [f for f in fixes if f.fix_id in new]
    receipt.duplicate += len(fixes) - len(fresh)
    receipt.accepted += len(fresh)
    if not fresh:
        return
    before, watched = dict(scene.estimates), dict(scene.watches)
    receipt.late += sum(1 for f in fresh if (e := before.get(f.person_id)) is not None and f.seen_at < e.at)
    in_order, late = split_late(scene, fresh)
    facts = judge(scene, in_order)
    for person_id, since in late.items():
        facts += await _again(tx, scene, person_id, since, heard_at)
    hers = {PersonId(d.protected_person_id) for d in known if d.protected_person_id is not None}
    his_fixes, her_fixes = [f for f in fresh if f.person_id not in hers], [f for f in fresh if f.person_id in hers]
    open_notices = await notices.open_notices(tx, {f.person_id for f in his_fixes}, {f.device_id for f in her_fixes})
    facts += notices_of_fixes(scene, his_fixes, open_notices) + notices_of_her_fixes(her_fixes, open_notices)
    await devices.note_heard(tx, fresh, {f.device_id for f in fresh if vouches(f)})
    await scenes.save_scene(tx, scene, before, watched)
    await tell(tx, facts, _actor(fresh), scene)


async def _again(tx: Tx, scene: Scene, person_id: PersonId, since: datetime, heard_at: datetime) -> list[Fact]:
    """Judge a person's window again because of a late fix."""
    people: set[PersonId] = {person_id}
    wearers: set[WearerId] = set()
    for c in scene.concerning(person_id):
        wearers.add(c.wearer_id)
        people.add(PersonId(c.wearer_id))
        if c.protected_person_id is not None:
            people.add(PersonId(c.protected_person_id))
    start = since - limits.WARM_UP
    fixes = await fix_store.fixes_between(tx, people, start, heard_at + limits.AHEAD + timedelta(seconds=1))
    told = await alarms.told_alarms(tx, wearers, start)
    return rerun(scene, person_id, fixes, told, since=since, heard_at=heard_at)


def _actor(fixes: Sequence[Fix]) -> str:
    """Return who made the facts of a batch true: its device, or supervision where there are several."""
    ids = {f.device_id for f in fixes}
    return f"device:{next(iter(ids))}" if len(ids) == 1 else OURS


async def tell(tx: Tx, facts: Iterable[Fact], actor: str, scene: Scene | None = None) -> None:
    """Record facts in our tables and append them to the ledger, in the caller's transaction."""
    kept = list(facts)
    await alarms.record(tx, kept, scene)
    for fact in kept:
        await append(tx, fact, actor=actor)
        ALARMS.labels(fact.kind).inc()


def check(r: Report, device: Device | None, sender: Sender, heard_at: datetime) -> Fix | Refused:
    """Return the fix behind a report, or why it is refused. Nothing is corrected in silence."""
    if device is None:
        return _not_yours(r)
    return _barred(r, device, sender, heard_at) or _wrong(r, heard_at) or _fix(r, device, heard_at)


def _not_yours(r: Report) -> Refused:
    return Refused(r.index, "unknown-device", f"no device `{r.device[:64]}` is yours to speak for")


def _barred(r: Report, device: Device, sender: Sender, heard_at: datetime) -> Refused | None:
    """Return why this sender may not tell this of this device, if he may not."""
    if sender.device is not None and sender.device.device_id != device.device_id:
        return _not_yours(r)
    if device.order_until_at is not None and heard_at >= device.order_until_at:
        return Refused(r.index, "no-order", "no order in force binds this device: its positions may not be kept")
    if device.order_from_at is not None and r.seen_at < device.order_from_at:
        return Refused(r.index, "no-order", "the fix was seen before the order began: it may not be kept")
    return None


def _wrong(r: Report, heard_at: datetime) -> Refused | None:
    """Return what no device that works would say, if it is said."""
    if r.seen_at - heard_at > limits.AHEAD:
        return Refused(r.index, "seen-ahead", "the fix was seen more than 30 s ahead of us: set the device's clock")
    if heard_at - r.seen_at > limits.BEHIND:
        return Refused(r.index, "seen-long-ago", "the fix was seen more than 30 days ago: set the device's clock")
    if (r.lat is None) != (r.lon is None) or (r.lat is None and not r.signs and r.battery is None):
        return Refused(r.index, "no-place", "a report needs `lat` and `lon`, or says something of the device itself")
    numbers = (r.lat, r.lon, r.error_m, r.speed_mps, r.course_deg, r.battery)
    if not all(n is None or math.isfinite(n) for n in numbers):
        return Refused(r.index, "not-a-number", "a number is not finite")
    if r.lat is not None and r.lon is not None and not (-90 <= r.lat <= 90 and -180 <= r.lon <= 180):
        return Refused(r.index, "no-such-place", "`lat` lies within 90 and `lon` within 180 degrees")
    if r.lat == 0 and r.lon == 0:
        return Refused(r.index, "no-such-place", "0, 0 is what devices say that know no place")
    for name, value, top in (("accuracy", r.error_m, 1e6), ("speed", r.speed_mps, 1e4), ("battery", r.battery, 100.0)):
        if value is not None and not 0 <= value <= top:
            return Refused(r.index, "out-of-range", f"`{name}` lies between 0 and {top:g}")
    return None


def _fix(r: Report, device: Device, heard_at: datetime) -> Fix:
    words = (r.lat, r.lon, r.error_m, r.speed_mps, r.course_deg, r.battery, *sorted(r.signs))
    fix_id = named_id("fix", str(device.device_id), r.seen_at.isoformat(), *(str(w) for w in words))
    return Fix(
        fix_id=FixId(fix_id),
        device_id=device.device_id,
        person_id=device.person_id,
        seen_at=r.seen_at,
        heard_at=heard_at,
        point=Point(r.lat, r.lon) if r.lat is not None and r.lon is not None else None,
        error_m=r.error_m if r.error_m else limits.ERROR_UNKNOWN_M,  # 0 is what devices say that do not know
        speed_mps=r.speed_mps,
        course_deg=r.course_deg % 360 if r.course_deg is not None else None,
        battery=r.battery,
        signs=r.signs,
    )
