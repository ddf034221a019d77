"""What an alarm was decided from, sealed under the wearer's key, and the fact that was told of it."""

from __future__ import annotations

from datetime import datetime, time
from uuid import UUID

import msgspec

from ansimnet.facts.supervision import AlarmRaised, Trigger, TriggerConfirmed
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import ConditionId, DeviceId, ProtectedPersonId, WearerId, named_id
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import stored_facts
from ansimnet.platform.sealing import SealedColumn, register, seal, unseal
from ansimnet.slices.supervision.model import (
    Approach,
    Basis,
    Circle,
    Condition,
    Curfew,
    Exclusion,
    MedicalNotice,
    Polygon,
    Scene,
    Span,
    Wholeness,
    Window,
    Zone,
    whole_id,
)
from ansimnet.slices.supervision.model.proofs import Proof
from ansimnet.slices.supervision.store import fixes as fix_store
from ansimnet.slices.supervision.store import history

COLUMNS = {AlarmRaised: "raised_proof", TriggerConfirmed: "sure_proof"}

register(
    *(
        SealedColumn("supervision_alarm", "alarm_id", column, "wearer_id", bound="alarm_id")
        for column in COLUMNS.values()
    )
)


class _Condition(msgspec.Struct, omit_defaults=True):
    """A condition of any kind, flat."""

    trigger: str
    condition_id: ConditionId
    wearer_id: WearerId
    label: str = ""
    device_id: DeviceId | None = None
    ring: list[Point] | None = None
    centre: Point | None = None
    radius_m: float | None = None
    since: time | None = None
    until: time | None = None
    exceptions: list[tuple[datetime, datetime]] = []
    protected_person_id: ProtectedPersonId | None = None
    warn_m: float = 0.0
    alarm_m: float = 0.0
    place: Point | None = None


class _Kept(msgspec.Struct):
    """What a column holds."""

    condition: _Condition
    basis: Basis
    medical: list[MedicalNotice]


_kept = msgspec.json.Decoder(_Kept)
_encode = msgspec.json.Encoder().encode


def _flat(c: Condition) -> _Condition:
    flat = _Condition(c.trigger.value, c.condition_id, c.wearer_id, c.label, protected_person_id=c.protected_person_id)
    match c:
        case Exclusion():
            _put_zone(flat, c.zone)
            if c.window is not None:
                flat.since, flat.until = c.window.since, c.window.until
        case Curfew():
            _put_zone(flat, c.home)
            flat.since, flat.until = c.window.since, c.window.until
            flat.exceptions = [(s.from_at, s.until_at) for s in c.exceptions]
        case Approach():
            flat.warn_m, flat.alarm_m, flat.place = c.warn_m, c.alarm_m, c.place
        case Wholeness():
            flat.device_id = c.device_id
    return flat


def _put_zone(flat: _Condition, zone: Zone) -> None:
    if isinstance(zone, Circle):
        flat.centre, flat.radius_m = zone.centre, zone.radius_m
    else:
        flat.ring = list(zone.ring)


def _zone(flat: _Condition) -> Zone:
    if flat.ring is not None:
        return Polygon(tuple(flat.ring))
    assert flat.centre is not None
    assert flat.radius_m is not None
    return Circle(flat.centre, flat.radius_m)


def _condition(flat: _Condition) -> Condition:
    condition_id, wearer_id, hers = flat.condition_id, flat.wearer_id, flat.protected_person_id
    match Trigger(flat.trigger):
        case Trigger.EXCLUSION_ZONE:
            hours = Window(flat.since, flat.until) if flat.since is not None and flat.until is not None else None
            return Exclusion(condition_id, wearer_id, flat.label, _zone(flat), hers, hours)
        case Trigger.CURFEW:
            spans = tuple(Span(a, b) for a, b in flat.exceptions)
            window = Window(flat.since or time(0), flat.until or time(6))
            return Curfew(condition_id, wearer_id, flat.label, window, _zone(flat), spans, hers)
        case Trigger.APPROACH:
            assert hers is not None
            return Approach(condition_id, wearer_id, flat.label, hers, flat.warn_m, flat.alarm_m, flat.place)
        case Trigger.TAMPER:
            assert flat.device_id is not None
            return Wholeness(condition_id, wearer_id, flat.device_id)


async def keep(tx: Tx, fact: AlarmRaised | TriggerConfirmed, scene: Scene) -> None:
    """Keep what a fact was decided from."""
    basis = (scene.bases if isinstance(fact, AlarmRaised) else scene.sure).get(fact.alarm_id)
    condition = scene.conditions.get(fact.condition_id or whole_id(fact.device_id))
    if basis is None or condition is None:
        return
    kept = _Kept(_flat(condition), basis, scene.medical.get(condition.condition_id, []))
    sealed = seal(tx, fact.wearer_id, _encode(kept), bound_to=fact.alarm_id.bytes)
    if isinstance(fact, AlarmRaised):
        await tx.execute("update supervision_alarm set raised_proof = %s where alarm_id = %s", [sealed, fact.alarm_id])
    else:
        await tx.execute("update supervision_alarm set sure_proof = %s where alarm_id = %s", [sealed, fact.alarm_id])


async def proof_of(tx: Tx, alarm_id: UUID, kind: type[AlarmRaised] | type[TriggerConfirmed]) -> Proof | None:
    """Return what an alarm, or its confirmation, was decided from; None where it is not kept or its key is gone."""
    row = await tx.one(
        "select wearer_id, raised_proof, sure_proof from supervision_alarm where alarm_id = %s", [alarm_id]
    )
    sealed = row[1 if kind is AlarmRaised else 2] if row is not None else None
    if row is None or sealed is None:
        return None
    plain = unseal(tx, row[0], bytes(sealed), bound_to=alarm_id.bytes)
    if plain is None:
        return None
    kept = _kept.decode(plain)
    fix_id = kept.basis.fix_id
    found = await fix_store.fixes_by_id(tx, [fix_id]) if fix_id is not None else []
    if fix_id is not None and not found:
        return None
    return Proof(_condition(kept.condition), kept.basis, tuple(kept.medical), found[0] if found else None)


async def told(
    tx: Tx, alarm_id: UUID, kind: type[AlarmRaised] | type[TriggerConfirmed]
) -> AlarmRaised | TriggerConfirmed | None:
    """Return the fact as the ledger has it, ours or a former installation's; None where there is none."""
    fact_id = named_id(kind.kind, str(alarm_id))
    own = await stored_facts(tx, [fact_id])
    fact = own[0][0] if own else await history.moved_fact(tx, fact_id)
    return fact if isinstance(fact, AlarmRaised | TriggerConfirmed) else None
