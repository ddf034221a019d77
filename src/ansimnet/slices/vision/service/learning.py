"""From verdicts to thresholds: small changes by themselves, large ones by a person."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ansimnet.facts.vision import Behaviour, TuningChanged
from ansimnet.kernel.errors import Conflict, NotFound
from ansimnet.kernel.ids import AccountId, CameraId, FactId, new_id
from ansimnet.platform.db import Tx
from ansimnet.platform.jobs import defer
from ansimnet.platform.ledger import append
from ansimnet.slices.vision.model import Platt, Tuning
from ansimnet.slices.vision.rules import tuning as rules
from ansimnet.slices.vision.rules.tuning import BASE, PRIOR, Learnt
from ansimnet.slices.vision.store import alarms
from ansimnet.slices.vision.store import setups as store

LEARN = "vision.learn-one"
"""The job's name: deferred with each verdict, in its transaction."""
NOTICEABLE = 0.05
"""Nats, or logs of a slope: below it a tuning is what it was. Ours."""


async def learn_later(tx: Tx, camera_id: CameraId, behaviour: Behaviour) -> None:
    """Let this camera's verdicts be learnt from, soon after this transaction."""
    once = f"vision/{camera_id}/{behaviour}"
    await defer(tx, LEARN, once=once, camera_id=camera_id, behaviour=behaviour.value)


async def learn(tx: Tx, camera_id: CameraId, behaviour: Behaviour, now: datetime) -> Tuning | None:
    """Learn from a camera's verdicts; return what changed, put in force or proposed. Safe to run twice."""
    standing = await store.tuning(tx, camera_id, behaviour, "in_force")
    base = BASE[behaviour]
    current = base if standing is None else standing.threshold
    misses = [at for c, b, at in await alarms.misses(tx, now - rules.HORIZON) if (c, b) == (camera_id, behaviour)]
    samples = await alarms.samples(tx, camera_id, behaviour, now - rules.HORIZON)
    learnt = rules.learn(behaviour, samples, misses, base=base, prior=PRIOR[behaviour], current=current, now=now)
    if learnt is None or not _differs(learnt, standing, base, PRIOR[behaviour]):
        return None
    state = "proposed" if learnt.needs_person else "in_force"
    proposed = await store.tuning(tx, camera_id, behaviour, "proposed")
    if proposed is not None and state == "proposed" and not _differs(learnt, proposed, base, PRIOR[behaviour]):
        return None
    version = await store.next_version(tx, camera_id, behaviour)
    await store.retire(tx, camera_id, behaviour, "proposed", now)
    if state == "in_force":
        await store.retire(tx, camera_id, behaviour, "in_force", now)
    made = _tuning(camera_id, behaviour, version, learnt, state, now)
    await store.add_tuning(tx, made)
    await _tell(tx, made, state, None, now)
    return made


def _tuning(
    camera_id: CameraId, behaviour: Behaviour, version: int, learnt: Learnt, state: str, now: datetime
) -> Tuning:
    return Tuning(
        camera_id=camera_id, behaviour=behaviour, version=version, threshold=learnt.threshold, platt=learnt.platt,
        state=state, trues=learnt.trues, falses=learnt.falses, brier=learnt.brier, brier_before=learnt.brier_before,
        kept_share=learnt.kept_share, made_at=now,
    )  # fmt: skip


def _differs(learnt: Learnt, standing: Tuning | None, base: float, prior: Platt) -> bool:
    threshold, platt = (base, prior) if standing is None else (standing.threshold, standing.platt)
    apart = (
        abs(learnt.threshold - threshold),
        abs(learnt.platt.offset - platt.offset),
        abs(learnt.platt.slope / platt.slope - 1),
    )
    return max(apart) > NOTICEABLE


async def decide(
    tx: Tx, camera_id: UUID, behaviour: Behaviour, put_in_force: bool, by: AccountId, now: datetime
) -> Tuning:
    """Put a proposed tuning in force, or refuse it.

    Raises:
        NotFound: nothing is proposed.
        Conflict: a newer tuning came in force meanwhile.
    """
    proposed = await store.tuning(tx, CameraId(camera_id), behaviour, "proposed")
    if proposed is None:
        raise NotFound("nothing is proposed for this camera and behaviour")
    standing = await store.tuning(tx, CameraId(camera_id), behaviour, "in_force")
    if put_in_force and standing is not None and standing.version > proposed.version:
        raise Conflict("newer verdicts changed it meanwhile")
    state = "in_force" if put_in_force else "refused"
    if put_in_force:
        await store.retire(tx, proposed.camera_id, behaviour, "in_force", now)
    await store.decide(tx, proposed, state, by, now)
    await _tell(tx, proposed, state, by, now)
    return proposed


async def _tell(tx: Tx, t: Tuning, state: str, by: AccountId | None, now: datetime) -> None:
    fact = TuningChanged(
        fact_id=FactId(new_id()), happened_at=now, camera_id=t.camera_id, behaviour=t.behaviour, version=t.version,
        threshold=t.threshold, slope=t.platt.slope, offset=t.platt.offset, state=state, by=by,
    )  # fmt: skip
    await append(tx, fact, actor="system:vision" if by is None else f"account:{by}")
