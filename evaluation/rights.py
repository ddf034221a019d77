"""Does a picture ever leave without a valid permit? Random attempts at every door, judged by the database's own rows.

Viewers × cameras × doors × moments against the real relay, the real policy and a real PostgreSQL. Each attempt knows
which permit, if any, its socket stands on; a second reading of that permit's row and the true time of each picture
decide. Valid: for this camera, no clearer than it says, not over, and not revoked for longer than the lease (1 s).
Then checks are switched off, one at a time: each must be found.

Keys: attempts frames_without_permit allowed_seen planted found by_moment late_ms_max
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import structlog
from evaluation._rights_doors import DOORS, Door, Seen, at_the_door, watch
from evaluation._rights_stage import Stage, staged

from ansimnet.app.measure import Options
from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import CameraId, PermitId
from ansimnet.kernel.permits import Masking, Permit
from ansimnet.platform.db import Tx
from ansimnet.slices.footage.relay.rights import Rights
from ansimnet.slices.policy import store as policy_store

ATTEMPTS = {"small": 400, "full": 100_000}
AT_ONCE = 16
PLANT_ATTEMPTS = 12
LEASE_S = 1.0
CUT_S = 0.1
"""How long after its end a right may still be served: what a timer and a turn of the loop take."""
LATE_S = 0.5
"""How long a picture may lie with a viewer who shares two cores with everything else."""
WATCHED_S = 2.5
REFUSED_S = 1.0
"""A socket that owes nobody anything is watched so long where it does not close by itself."""
MOMENTS = {
    "forged": 14, "no-ticket": 8, "reused": 14, "stale": 14, "revoked-before": 14, "expired-before": 14,
    "no-ground": 10, "fresh": 4, "revoked-during": 3, "expires-during": 3, "unheard-during": 2,
}  # fmt: skip
"""How often each is drawn. Most attempts are refusals, as attempts are; the rest watch for seconds."""
WHO = ("controller", "controller", "operator", "officer", "administrator")
RANK = {Masking.MASKED: 0, Masking.MARKED: 1, Masking.ORIGINAL: 2}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: who, at which camera, through which door, when."""

    number: int
    who: str
    camera: CameraId
    door: Door
    moment: str


@dataclass(slots=True)
class Score:
    """What the attempts gave."""

    attempts: int = 0
    without: int = 0
    allowed: int = 0
    by_moment: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    late_ms: float = 0.0


def run(options: Options) -> dict[str, Any]:
    """Evaluate and return the figures."""
    with _quiet():
        return asyncio.run(_run(options))


async def _run(options: Options) -> dict[str, Any]:
    count = options.attempts or ATTEMPTS[options.size]
    rng = random.Random(options.seed)
    async with staged() as stage:
        score = Score()
        await _play(stage, [_drawn(stage, rng, n) for n in range(count)], score, options.progress)
        found = {}
        for name, (moment, plant) in PLANTS.items():
            options.progress(count, count, f"switched off: {name}")
            planted = Score()
            tries = [
                Attempt(n, "controller", stage.cameras[n % 3], DOORS[0], moment)
                for n in range(count, count + PLANT_ATTEMPTS)
            ]
            with plant():
                await _play(stage, tries, planted, lambda *_: None)
            found[name] = planted.without
    return {
        "attempts": score.attempts,
        "frames_without_permit": score.without,
        "allowed_seen": score.allowed,
        "planted": len(PLANTS),
        "found": sum(n > 0 for n in found.values()),
        "found_frames": found,
        "doors": [d.name for d in DOORS],
        "by_moment": dict(sorted(score.by_moment.items())),
        "broken": dict(score.broken),
        "late_ms_max": score.late_ms,
        "lease_s": LEASE_S,
    }


def _drawn(stage: Stage, rng: random.Random, number: int) -> Attempt:
    moment = rng.choices(list(MOMENTS), weights=list(MOMENTS.values()))[0]
    door = rng.choices(DOORS, weights=[8] + [1] * (len(DOORS) - 1))[0]  # a rendition costs a hundred times as much
    if moment == "no-ground":
        who, camera = rng.choice([(w, stage.cameras[-1]) for w in WHO] + [(w, stage.cameras[0]) for w in WHO[3:]])
    else:
        who, camera = rng.choice(WHO[:3]), rng.choice(stage.cameras[:-1])
    return Attempt(number, who, camera, door, moment)


async def _play(
    stage: Stage, attempts: list[Attempt], score: Score, progress: Callable[[float, float, str], None]
) -> None:
    waiting = iter(attempts)

    async def lane() -> None:
        for attempt in waiting:
            try:
                async with asyncio.timeout(120):
                    await _try(stage, attempt, score)
            except Exception as error:  # an attempt that breaks proves nothing: it is counted as such
                score.broken[f"{attempt.moment}: {type(error).__name__}"] += 1
            score.attempts += 1
            progress(score.attempts, len(attempts), f"{score.without} without a permit")

    await asyncio.gather(*(lane() for _ in range(AT_ONCE)))


async def _try(stage: Stage, a: Attempt, score: Score) -> None:
    """Make one attempt and judge every picture it gave."""
    permit, ticket = None, secrets.token_urlsafe(32) if a.moment != "no-ticket" else None
    if a.moment not in ("forged", "no-ticket"):
        try:
            permit = await stage.permit(a.who, a.camera, a.door, _screen(a))
        except Refusal:
            score.by_moment[f"{a.moment}: refused by policy"] += 1
        else:
            if a.moment == "no-ground":
                raise AssertionError("policy opened what no ground opens")
            at = now() - timedelta(seconds=61) if a.moment == "stale" else now()
            ticket = await stage.ticket(a.who, permit, a.camera, a.door, at)
    seen = Seen()
    stands_on = await _at(stage, a, permit, ticket, seen)
    wrong = await _judge(stage, a, stands_on, seen, score)
    score.without += wrong
    score.allowed += bool(seen.pictures) and not wrong
    score.by_moment[f"{a.moment}: {'pictures' if seen.pictures else 'nothing'}"] += 1


def _screen(a: Attempt) -> str:
    """Refused attempts share permits; those that end one have their own."""
    own = a.moment in ("revoked-before", "expired-before", "revoked-during", "expires-during", "unheard-during")
    return f"rights-{a.number}" if own else "rights"


async def _at(stage: Stage, a: Attempt, permit: Permit | None, ticket: str | None, seen: Seen) -> PermitId | None:
    """Go through the moment; return the permit that the watched socket stands on, None where it has none."""
    before = Seen()
    if permit is not None and a.moment == "reused":
        async with at_the_door(stage.at(a.door.path), ticket, a.door.asks()) as first:
            await watch(first, before, 20.0, most=1)  # until it is used for certain
    if permit is not None and a.moment == "revoked-before":
        await stage.revoke(permit.permit_id)
    if permit is not None and a.moment == "expired-before":
        await stage.end_at(permit.permit_id, now() - timedelta(seconds=1))
    if permit is not None and a.moment == "expires-during":
        await stage.end_at(permit.permit_id, now() + timedelta(seconds=0.8))
    async with at_the_door(stage.at(a.door.path), ticket, a.door.asks()) as socket:
        if a.moment == "fresh":
            await watch(socket, seen, 20.0, most=20)
        elif a.moment in ("revoked-during", "unheard-during") and permit is not None:
            await watch(socket, seen, 20.0, most=5)
            end = stage.revoke if a.moment == "revoked-during" else stage.revoke_unheard
            await end(permit.permit_id)
            await watch(socket, seen, WATCHED_S)
        else:
            await watch(socket, seen, WATCHED_S if a.moment == "expires-during" else REFUSED_S)
    if a.moment == "reused" and not before.pictures and permit is not None:
        return permit.permit_id  # the first look was not served, so the second may have been the first
    return None if permit is None or a.moment in ("reused", "stale", "no-ground") else permit.permit_id


async def _judge(stage: Stage, a: Attempt, stands_on: PermitId | None, seen: Seen, score: Score) -> int:
    """Return how many pictures were given without a valid permit, by the permit's row as it is now."""
    if not seen.pictures or stands_on is None:
        return len(seen.pictures)
    async with stage.dbs.city.transaction() as tx:
        row = await tx.one(
            "select resources, masking, not_after, revoked_at from policy_permit where permit_id = %s", (stands_on,)
        )
    if row is None or (row[0] is not None and a.camera not in row[0]) or RANK[Masking(row[1])] < RANK[a.door.masking]:
        return len(seen.pictures)
    end = row[2].timestamp() + CUT_S
    if row[3] is not None:
        end = min(end, row[3].timestamp() + LEASE_S)
    if a.door.past:  # nobody knows when a recorded picture was sent, only when it came
        end += LATE_S
    came = {} if a.door.past else stage.witnesses[a.camera].came
    wrong = 0
    for pts, received in seen.pictures:
        at = came.get(pts, received)
        score.late_ms = max(score.late_ms, 1e3 * (at - end + (LEASE_S if row[3] is not None else CUT_S)))
        wrong += at > end
    return wrong


# ------------------------------------------------------------------------------------------------- checks switched off


@contextmanager
def _instead(owner: Any, name: str, other: Any) -> Iterator[None]:
    before = getattr(owner, name)
    setattr(owner, name, other)
    try:
        yield
    finally:
        setattr(owner, name, before)


@contextmanager
def _no_end_of_time() -> Iterator[None]:
    """No timer cuts at the end of a right."""
    with _instead(Rights, "arm", lambda self, view: None):
        yield


@contextmanager
def _deaf() -> Iterator[None]:
    """Neither a notice nor the lease ends a revoked right."""
    with _instead(Rights, "end", lambda *_: None), _instead(Rights, "_apply", lambda *_: None):
        yield


@contextmanager
def _no_lease() -> Iterator[None]:
    """The lease reads, and does nothing about it."""
    with _instead(Rights, "_apply", lambda *_: None):
        yield


@contextmanager
def _tickets_for_ever() -> Iterator[None]:
    """A ticket opens as often as it is shown, however old."""

    async def use_ticket(tx: Tx, sha256: bytes, at: object) -> tuple[PermitId, Any, dict[str, Any]] | None:
        row = await tx.one("select permit_id, resource, extras from policy_ticket where ticket_sha256 = %s", (sha256,))
        return None if row is None else (PermitId(row[0]), row[1], row[2])

    with _instead(policy_store, "use_ticket", use_ticket):
        yield


PLANTS: dict[str, tuple[str, Callable[[], contextlib.AbstractContextManager[None]]]] = {
    "the timer at the end of a right": ("expires-during", _no_end_of_time),
    "hearing that a right was revoked": ("revoked-during", _deaf),
    "the lease": ("unheard-during", _no_lease),
    "the one use of a ticket": ("reused", _tickets_for_ever),
    "the age of a ticket": ("stale", _tickets_for_ever),
}


@contextmanager
def _quiet() -> Iterator[None]:
    """Refusals by the thousand are the point here, not news."""
    logging.disable(logging.CRITICAL)
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)
        logging.disable(logging.NOTSET)
