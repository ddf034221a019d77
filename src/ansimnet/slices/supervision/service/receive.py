"""What changes supervision's state: reports received, the clock, registrations, findings, closing.

One batch is one transaction: fixes, what the rules remember, alarms and facts commit together, and only then is the
sender answered. No truth is kept in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
from prometheus_client import Counter
from psycopg import Rollback
from psycopg.errors import DeadlockDetected

from ansimnet.kernel.errors import Fault
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import FixId, WearerId, named_under
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.supervision.model import Device, Fix, Person, PersonId, Scene, Sign
from ansimnet.slices.supervision.rules import kept, limits, motion
from ansimnet.slices.supervision.rules.judge import judge
from ansimnet.slices.supervision.rules.replay import split_late
from ansimnet.slices.supervision.rules.rerun import rerun
from ansimnet.slices.supervision.rules.sift import Bound, loud_by_themselves, sift
from ansimnet.slices.supervision.rules.vouching import (
    notices_of_fixes,
    notices_of_her_fixes,
    placed_of,
)
from ansimnet.slices.supervision.service.bindings import Bindings
from ansimnet.slices.supervision.store import alarms, beliefs, devices, notices
from ansimnet.slices.supervision.store import fixes as fix_store
from ansimnet.slices.supervision.store import scene as scenes

OURS = "system:supervision"
TRIES = 5
"""How often a batch is begun again because what binds its people changed while it was read, or stood in its way."""

FIXES = Counter("ansimnet_supervision_fixes", "Position reports by what became of them", ["outcome"])
ALARMS = Counter("ansimnet_supervision_alarms", "Alarm facts by kind", ["kind"])


class Report(msgspec.Struct, frozen=True, gc=False):
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


@dataclass(frozen=True, slots=True)
class Message:
    """What one sender said at once, and when it was heard."""

    sender: Sender
    reports: Sequence[Report]
    heard_at: datetime


class Unsettled(Fault):
    """What binds the people of a batch changed each time it was to be judged."""


async def receive(db: Db, sender: Sender, reports: Sequence[Report], heard_at: datetime) -> Receipt:
    """Take one batch: check each report, store, judge and tell, in one transaction; return after its commit.

    Safe to run twice: a report sent again changes nothing. A report that is refused never keeps the others from being
    taken.
    """
    (receipt,) = await receive_together(db, Bindings(), [Message(sender, reports, heard_at)])
    return receipt


async def receive_together(db: Db, bindings: Bindings, messages: Sequence[Message]) -> list[Receipt]:
    """Take several messages in one transaction, as `receive` takes one; return the receipt of each.

    Raises:
        Unsettled: see there.
    """
    names = {r.device for m in messages for r in m.reports}
    for _ in range(TRIES):
        bounds = await bindings.of_devices(db, names)
        try:
            receipts = await _take(db, bindings, bounds, messages)
        except DeadlockDetected:  # somebody binds several of these people in another order: the other one goes first
            continue
        if receipts is not None:
            FIXES.labels("accepted").inc(sum(r.accepted for r in receipts))
            FIXES.labels("duplicate").inc(sum(r.duplicate for r in receipts))
            FIXES.labels("refused").inc(sum(len(r.refused) for r in receipts))
            return receipts
    raise Unsettled("what binds these people changes without end")


async def _take(
    db: Db, bindings: Bindings, bounds: Mapping[str, Bound], messages: Sequence[Message]
) -> list[Receipt] | None:
    """Take messages; return None, and take nothing, where what is remembered of the people has changed."""
    receipts = [Receipt() for _ in messages]
    taken, speak = _checked(messages, bounds, receipts)
    if not taken:
        return receipts
    fixes = [f for f, _ in taken]
    everybody = set(speak).union(*(b.others() for b in speak.values() if b.pairs))
    async with db.transaction(pipelined=True) as tx:
        asked = await beliefs.ask(tx, everybody)
        adding = await fix_store.add_fixes(tx, fixes)
        of_whom = await notices.ask_of_whom(tx, everybody)
        locked = await beliefs.locked(asked, everybody)
        if bindings.stale(speak.values(), locked):
            raise Rollback
        new = await fix_store.added(adding, len(fixes))
        told_of = {r[0] for r in await of_whom.fetchall()}
        if new is not None:
            for f, receipt in taken:
                receipt.duplicate += f.fix_id not in new
            taken = [(f, receipt) for f, receipt in taken if f.fix_id in new]
        if taken:
            await _judge(tx, speak, locked, taken, told_of)
        return receipts
    return None


def _checked(
    messages: Sequence[Message], bounds: Mapping[str, Bound], receipts: Sequence[Receipt]
) -> tuple[list[tuple[Fix, Receipt]], dict[PersonId, Bound]]:
    """Return the fixes that may be taken, each once, and what binds those who speak.

    What is refused or said twice is noted in the receipts.
    """
    fixes: list[tuple[Fix, Receipt]] = []
    known: set[int] = set()
    speak: dict[Bound, None] = {}
    for message, receipt in zip(messages, receipts, strict=True):
        sender, heard_at = message.sender, message.heard_at
        for r in message.reports:
            bound = bounds.get(r.device)
            device = bound.devices.get(r.device) if bound is not None else None
            checked = check(r, device, sender, heard_at)
            if type(checked) is Refused:
                receipt.refused.append(checked)
            elif type(checked) is Fix and bound is not None:
                fix_id = checked.fix_id.int
                if fix_id in known:
                    receipt.duplicate += 1
                else:
                    known.add(fix_id)
                    fixes.append((checked, receipt))
                    speak[bound] = None
    return fixes, {b.person_id: b for b in speak}


async def _judge(
    tx: Tx,
    speak: Mapping[PersonId, Bound],
    locked: Mapping[PersonId, Person],
    fresh: Sequence[tuple[Fix, Receipt]],
    told_of: AbstractSet[UUID],
) -> None:
    """Judge new fixes of locked people: the quiet ones by numbers alone, the others with all that is known of them."""
    fixes = [f for f, _ in fresh]
    rows = kept.rows_of(locked)
    believed_at = {p.int: float(row[motion.AT]) for p, row in rows.items() if row is not None}
    for f, receipt in fresh:
        receipt.accepted += 1
        if f.seen_at.timestamp() < believed_at.get(f.person_id.int, 0.0):
            receipt.late += 1
    loud = loud_by_themselves(fixes)
    if told_of:
        loud |= {f.person_id for f in fixes if f.person_id in told_of}
        loud |= {p for p, b in speak.items() if any(o in told_of for o in b.others())}
    quiet, loud = sift(speak, rows, fixes, loud)
    await beliefs.save(tx, kept.of_quiet(quiet, locked))
    await devices.note_heard(tx, fixes, placed_of(fixes))
    if theirs := [f for f in fixes if f.person_id in loud]:  # who said nothing new may be among the loud
        await _judge_loud(tx, theirs, [d for p in loud if p in speak for d in speak[p].devices.values()])


async def _judge_loud(tx: Tx, fixes: list[Fix], known: Sequence[Device]) -> None:
    """Judge fixes of people of whom something is remembered, or must be told."""
    heard_at = max(f.heard_at for f in fixes)
    people = {f.person_id for f in fixes}
    scene = await scenes.load_scene(tx, people, known, heard_at, followed_for=limits.FOLLOW_AFTER, read=kept.unpack)
    before, watched = dict(scene.estimates), dict(scene.watches)
    in_order, late = split_late(scene, fixes)
    facts = judge(scene, in_order)
    for person_id, since in late.items():
        facts += await _again(tx, scene, person_id, since, heard_at)
    hers = {PersonId(d.protected_person_id) for d in known if d.protected_person_id is not None}
    his_fixes, her_fixes = [f for f in fixes if f.person_id not in hers], [f for f in fixes if f.person_id in hers]
    open_notices = await notices.open_notices(tx, {f.person_id for f in his_fixes}, {f.person_id for f in her_fixes})
    facts += notices_of_fixes(scene, his_fixes, open_notices) + notices_of_her_fixes(her_fixes, open_notices)
    await scenes.save_scene(tx, scene, before, watched, kept.pack)
    await tell(tx, facts, _actor(fixes), scene)


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
    told = list(facts)
    await alarms.record(tx, told, scene)
    for fact in told:
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
    if _plausible(r) and -limits.BEHIND <= r.seen_at - heard_at <= limits.AHEAD:
        return None
    if r.seen_at - heard_at > limits.AHEAD:
        return Refused(r.index, "seen-ahead", "the fix was seen more than 30 s ahead of us: set the device's clock")
    if heard_at - r.seen_at > limits.BEHIND:
        return Refused(r.index, "seen-long-ago", "the fix was seen more than 30 days ago: set the device's clock")
    if (r.lat is None) != (r.lon is None) or (r.lat is None and not r.signs and r.battery is None):
        return Refused(r.index, "no-place", "a report needs `lat` and `lon`, or says something of the device itself")
    for number in (r.lat, r.lon, r.error_m, r.speed_mps, r.course_deg, r.battery):
        if number is not None and not math.isfinite(number):
            return Refused(r.index, "not-a-number", "a number is not finite")
    if r.lat is not None and r.lon is not None and not (-90 <= r.lat <= 90 and -180 <= r.lon <= 180):
        return Refused(r.index, "no-such-place", "`lat` lies within 90 and `lon` within 180 degrees")
    if r.lat == 0 and r.lon == 0:
        return Refused(r.index, "no-such-place", "0, 0 is what devices say that know no place")
    for name, value, top in (("accuracy", r.error_m, 1e6), ("speed", r.speed_mps, 1e4), ("battery", r.battery, 100.0)):
        if value is not None and not 0 <= value <= top:
            return Refused(r.index, "out-of-range", f"`{name}` lies between 0 and {top:g}")
    return None


def _plausible(r: Report) -> bool:
    """Tell at once of most reports that nothing in them is wrong. A number that is none compares with nothing."""
    return (
        r.lat is not None
        and r.lon is not None
        and -90 <= r.lat <= 90
        and -180 <= r.lon <= 180
        and (r.lat != 0 or r.lon != 0)
        and (r.error_m is None or 0 <= r.error_m <= 1e6)
        and (r.speed_mps is None or 0 <= r.speed_mps <= 1e4)
        and (r.course_deg is None or -math.inf < r.course_deg < math.inf)
        and (r.battery is None or 0 <= r.battery <= 100.0)
    )


MOST_NAMED = 200_000
"""Devices whose part of a fix's name is kept hashed, half a kilobyte each."""
_named: dict[int, Callable[[bytes], UUID]] = {}


def _id_of(r: Report, device: Device) -> FixId:
    """Return the id of a report of a device, by all that it says: the same report has the same id however often."""
    known = _named.get(device.device_id.int)
    if known is None:
        if len(_named) >= MOST_NAMED:
            _named.clear()
        known = _named[device.device_id.int] = named_under("fix", str(device.device_id))
    return FixId(known(said_of(r)))


_encode = msgspec.json.Encoder().encode


def said_of(r: Report) -> bytes:
    """Return all that a report says as one word: its instant and numbers as Python writes them, then its signs.

    JSON writes the same digits four times faster, but for tiny and huge numbers.
    """
    if r.seen_at.tzinfo is UTC and not r.signs:
        told = _encode((r.seen_at, r.lat, r.lon, r.error_m, r.speed_mps, r.course_deg, r.battery))
        if b"e" not in told and b"0.0000" not in told:
            return told[2:-1].replace(b'Z",', b"+00:00/").replace(b",", b"/").replace(b"null", b"None")
    said = f"{r.seen_at.isoformat()}/{r.lat}/{r.lon}/{r.error_m}/{r.speed_mps}/{r.course_deg}/{r.battery}"
    return "/".join((said, *sorted(r.signs))).encode()


def _fix(r: Report, device: Device, heard_at: datetime) -> Fix:
    return Fix(
        _id_of(r, device),
        device.device_id,
        device.person_id,
        r.seen_at,
        heard_at,
        Point(r.lat, r.lon) if r.lat is not None and r.lon is not None else None,
        r.error_m if r.error_m else limits.ERROR_UNKNOWN_M,  # 0 is what devices say that do not know
        r.speed_mps,
        r.course_deg % 360 if r.course_deg is not None else None,
        r.battery,
        r.signs,
    )
