"""The tracking centre's half: ask on a confirmed trigger, follow the answer, tell where the subject is, end it.

Nothing leaves this centre before a trigger is confirmed, and nothing names the wearer: the city knows the alarm's id.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ansimnet.facts.dispatch import AlarmMerged, IncidentClosed, IncidentOpened, IncidentResolved
from ansimnet.facts.footage import (
    GuestPermitsEnded,
    ProvisionCamerasChanged,
    ProvisionEnded,
    ProvisionExtended,
    ProvisionGiven,
    ProvisionRefused,
    ProvisionRequested,
    SubjectMoved,
)
from ansimnet.facts.policy import PermitsRevoked
from ansimnet.facts.supervision import AlarmCleared, Medical, PositionFollowed, TriggerConfirmed
from ansimnet.kernel.ids import (
    CITY_CENTRE,
    CameraId,
    CentreId,
    FactId,
    IncidentId,
    ProvisionId,
    SubjectId,
    named_id,
    new_id,
)
from ansimnet.kernel.permits import GroundKind
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.footage import store
from ansimnet.slices.footage.model import Chosen, Provision, State
from ansimnet.slices.policy import queries as policy

ACTOR = "system:footage"


def subject_of(alarm_id: UUID) -> SubjectId:
    """Return the name under which the city hears of a person: good for one alarm, so that alarms cannot be joined.

    It is also the key of his places in both ledgers, apart from the wearer's own.
    """
    return SubjectId(named_id("footage-subject", str(alarm_id)))


async def ask(tx: Tx, fact: TriggerConfirmed, now: datetime) -> ProvisionId | None:
    """Ask the city for pictures on a confirmed trigger (EM-14, EM-15); None where none are needed.

    A wearer whose provision is in force is not asked for twice, and an entry told in advance for a medical emergency
    is recorded without looking (EM-08).
    """
    if fact.medical is Medical.ADVANCE:
        return None
    standing = await store.open_of_wearer(tx, fact.wearer_id)
    if standing is not None:
        await store.tie_alarm(tx, fact.alarm_id, standing.provision_id)
        await policy.relate(tx, standing.provision_id, fact.alarm_id, now, actor=ACTOR)
        return standing.provision_id
    provision_id, statute = ProvisionId(new_id()), policy.statute_for(fact.trigger)
    incident_id = await store.incident_of(tx, fact.alarm_id)
    about = {fact.alarm_id, provision_id} | ({incident_id} if incident_id else set())
    ground_id = await policy.grant_ground(
        tx,
        GroundKind.TRIGGER,
        statute,
        trigger=fact.trigger,
        resources={provision_id},
        about=about,
        until_at=now + policy.TRIGGER_LASTS,
        now=now,
        actor=ACTOR,
    )
    provision = Provision(
        provision_id=provision_id,
        from_centre=tx.centre_id,
        to_centre=CITY_CENTRE,
        alarm_id=fact.alarm_id,
        subject_id=subject_of(fact.alarm_id),
        wearer_id=fact.wearer_id,
        trigger=fact.trigger,
        statute=statute,
        state=State.REQUESTED,
        reason=None,
        ground_id=ground_id,
        requested_at=now,
        answered_at=None,
        not_after=None,
        ended_at=None,
        subject=None,  # supervision keeps the place; a second copy helps nobody
    )
    await store.add_provision(tx, provision)
    await store.tie_alarm(tx, fact.alarm_id, provision_id)
    await append(tx, _request(provision, fact, now), actor=ACTOR)
    return provision_id


def _request(p: Provision, fact: TriggerConfirmed, now: datetime) -> ProvisionRequested:
    return ProvisionRequested(
        fact_id=FactId(new_id()),
        happened_at=now,
        provision_id=p.provision_id,
        from_centre=p.from_centre,
        to_centre=p.to_centre,
        alarm_id=fact.alarm_id,
        subject_id=p.subject_id,
        trigger=fact.trigger,
        statute=p.statute,
        lat=fact.lat,
        lon=fact.lon,
        error_m=fact.error_m,
        speed_mps=fact.speed_mps,
        course_deg=fact.course_deg,
        seen_at=fact.seen_at,
    )


async def follow(tx: Tx, fact: PositionFollowed, now: datetime) -> None:
    """Tell the city where the subject is, while it gives pictures."""
    p = await store.of_alarm(tx, fact.alarm_id)
    if p is None or p.state is not State.GIVEN or fact.lat is None:  # no place: its key is destroyed
        return
    moved = SubjectMoved(
        fact_id=FactId(new_id()),
        happened_at=now,
        provision_id=p.provision_id,
        subject_id=p.subject_id,
        lat=fact.lat,
        lon=fact.lon,
        error_m=fact.error_m,
        speed_mps=fact.speed_mps,
        course_deg=fact.course_deg,
        seen_at=fact.seen_at,
    )
    await append(tx, moved, actor=ACTOR)


async def tie(tx: Tx, fact: IncidentOpened | AlarmMerged, now: datetime) -> None:
    """Note which incident an alarm belongs to, so that its permits show there and end with it."""
    provision_id = await store.tie_incident(tx, fact.alarm_id, fact.incident_id)
    if provision_id is not None:
        await policy.relate(tx, provision_id, fact.incident_id, now, actor=ACTOR)


async def clear(tx: Tx, fact: AlarmCleared, now: datetime) -> None:
    """End the provision of an alarm that was taken back, unless another alarm carries it."""
    provision_id = await store.clear_alarm(tx, fact.alarm_id)
    if provision_id is not None:
        await end(tx, provision_id, "cleared", now)


async def close(tx: Tx, fact: IncidentClosed, now: datetime) -> None:
    """End the provisions of a closed incident at once."""
    for provision_id in await store.provisions_of_alarms(tx, fact.alarm_ids, fact.incident_id):
        await end(tx, provision_id, "closed", now)


async def cap(tx: Tx, fact: IncidentResolved, now: datetime) -> None:
    """Let the provisions of a resolved incident live ten minutes at most; the timer ends them."""
    for provision_id in await store.provisions_of_alarms(tx, (), IncidentId(fact.incident_id)):
        p = await store.load_provision(tx, provision_id, lock=True)
        until = now + policy.RESOLVED_LASTS
        if p is not None and p.not_after is not None and p.not_after > until:
            await store.set_end(tx, provision_id, until)
            await policy.cap_about(tx, provision_id, now=now)


async def end(tx: Tx, provision_id: ProvisionId, reason: str, now: datetime, *, actor: str = ACTOR) -> bool:
    """End a provision and every permit under it in this transaction, and tell the other centre. Safe to run twice."""
    if not await store.finish(tx, provision_id, State.ENDED, reason, now):
        return False
    await policy.end_about(tx, provision_id, reason=reason, now=now, actor=actor)
    fact = ProvisionEnded(fact_id=FactId(new_id()), happened_at=now, provision_id=provision_id, reason=reason)
    await append(tx, fact, actor=actor)
    return True


SETTLED = frozenset({"closed", "cleared", "expired", "refused"})
"""Endings of a whole situation: the provision's own end tells the city of these."""


async def withdraw(tx: Tx, fact: PermitsRevoked, now: datetime) -> None:
    """Tell the city when one of our own permits was taken back by hand, so that the picture stops there too."""
    if fact.reason in SETTLED:
        return
    for provision_id, theirs in (await store.paired_permits(tx, fact.permit_ids)).items():
        ended = GuestPermitsEnded(
            fact_id=FactId(new_id()), happened_at=now, provision_id=provision_id, permit_ids=tuple(sorted(theirs))
        )
        await append(tx, ended, actor=ACTOR)


# ------------------------------------------------------------------------------------------------- the city's answers


async def _answered(tx: Tx, provision_id: ProvisionId, there: CentreId) -> Provision | None:
    """Return the provision that a fact from the other centre is about, if it may speak of it."""
    p = await store.load_provision(tx, provision_id, lock=True)
    return p if p is not None and p.to_centre == there and p.open else None


async def hear_given(tx: Tx, fact: ProvisionGiven, there: CentreId, now: datetime) -> None:
    """Note the cameras the city opened."""
    p = await _answered(tx, fact.provision_id, there)
    if p is None or p.ground_id is None:
        return
    await store.set_given(tx, p.provision_id, not_after=fact.not_after, ground_id=None, now=now)
    await _list(tx, p, fact.cameras, fact.cameras, now)


async def hear_refused(tx: Tx, fact: ProvisionRefused, there: CentreId, now: datetime) -> None:
    """Note that the city refused, and why."""
    p = await _answered(tx, fact.provision_id, there)
    if p is not None and await store.finish(tx, p.provision_id, State.REFUSED, fact.reason, now):
        await policy.end_about(tx, p.provision_id, reason="refused", now=now, actor=ACTOR)


async def hear_changed(tx: Tx, fact: ProvisionCamerasChanged, there: CentreId, now: datetime) -> None:
    """Note the cameras the city added."""
    p = await _answered(tx, fact.provision_id, there)
    if p is not None:
        await _list(tx, p, fact.cameras, fact.added, now)


async def _list(
    tx: Tx, p: Provision, cameras: tuple[CameraId, ...], added: tuple[CameraId, ...], now: datetime
) -> None:
    await store.list_cameras(tx, p.provision_id, [Chosen(c, False, 0.0) for c in cameras], now)
    if added and p.ground_id is not None:
        await policy.widen_ground(tx, p.ground_id, added, now, actor=ACTOR)


async def hear_extended(tx: Tx, fact: ProvisionExtended, there: CentreId, now: datetime) -> None:
    """Note the new end."""
    p = await _answered(tx, fact.provision_id, there)
    if p is not None:
        await store.set_end(tx, p.provision_id, fact.not_after)


async def hear_ended(tx: Tx, fact: ProvisionEnded, there: CentreId, now: datetime) -> None:
    """Note that the city ended it."""
    p = await _answered(tx, fact.provision_id, there)
    if p is not None and await store.finish(tx, p.provision_id, State.ENDED, fact.reason, now):
        await policy.end_about(tx, p.provision_id, reason=fact.reason, now=now, actor=ACTOR)
