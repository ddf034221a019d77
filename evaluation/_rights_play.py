"""Attempts: what they are, how each is made, and how the permit's own row judges it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.sharedctypes import Synchronized
from typing import Any

from evaluation._rights_doors import DOORS, Door, Visit, visiting
from evaluation._rights_exits import Sent
from evaluation._rights_plants import instead
from evaluation._rights_stage import SHOWING, Stage

from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.ids import CameraId, PermitId
from ansimnet.kernel.permits import Masking, Permit

AT_ONCE = 32
"""Attempts at a time in each process: most of one is waiting."""
PATIENCE_S = 20.0
"""How long a picture is waited for where a check is switched off and one must come."""
LEASE_S = 1.0
SLACK_S = 0.05
"""Between the question whether a picture may pass and the note that it did, on a machine that does other things."""
FIRST_S = 30.0
"""How long a first picture may take: a masking process begins, and every lane wants a turn of one loop."""
WATCHED_S = 2.0
EXPIRES_S = 2.5
"""How long a right that runs out still lasts when its ticket is used."""
REFUSED_S = 1.0
"""A socket that owes nobody anything is watched so long where it does not close by itself."""
MOMENTS = {
    "forged": 300, "no-ticket": 40, "stale": 120, "reused": 40, "revoked-before": 100, "expired-before": 100,
    "no-ground": 60, "other-camera": 70, "clearer": 60, "dead-mark": 30, "wrong-door": 40,
    "fresh": 15, "revoked-during": 10, "expires-during": 10, "unheard-during": 5, "mark-revoked-during": 3,
}  # fmt: skip
"""How often each is drawn. Most attempts are refusals, as attempts are; the rest watch for seconds."""
OWN = frozenset(
    {"revoked-before", "expired-before", "revoked-during", "expires-during", "unheard-during", "mark-revoked-during"}
)
"""Moments that end a permit, and so need one of their own; the others share theirs."""
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
    by_door: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    cut_ms: list[float] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Take another score in."""
        self.attempts += other.attempts
        self.without += other.without
        self.allowed += other.allowed
        for mine, more in ((self.by_moment, other.by_moment), (self.by_door, other.by_door)):
            mine.update(more)
        self.broken.update(other.broken)
        self.wrong.update(other.wrong)
        self.cut_ms += other.cut_ms


@dataclass(frozen=True, slots=True)
class Right:
    """What a socket stands on, and when that was taken back (POSIX seconds, after the commit)."""

    permit_id: PermitId
    revoked_s: float | None = None


_done: Synchronized[int] | None = None


def begin(done: Synchronized[int]) -> None:
    """Count attempts there, for whoever watches the processes."""
    global _done
    _done = done


def at_each(stage: Stage, doors: tuple[Door, ...], moment: str, first: int) -> list[Attempt]:
    """Return attempts of one moment at each of these doors, by somebody who may."""
    return [Attempt(first + n, _may(d)[0], _of(stage, d, n), d, moment) for n, d in enumerate(doors)]


def _may(door: Door) -> tuple[str, ...]:
    """Return who may pass a door, where there is a ground."""
    if door.kind == "sender":
        return ("victim",)
    return ("controller",) if door.at == "phones" else ("controller", "controller", "operator")


def _of(stage: Stage, door: Door, n: int) -> CameraId:
    return stage.phones[n % SHOWING] if door.at == "phones" else stage.cameras[n % (len(stage.cameras) - 1)]


def _fits(door: Door, moment: str) -> bool:
    if moment == "wrong-door":
        return door.at == "phones" and door.path != "/whep"
    if moment == "clearer":
        return door.masking is not Masking.MASKED and door.at != "phones"
    return door.masking is Masking.MARKED if moment in ("dead-mark", "mark-revoked-during") else True


def drawn(stage: Stage, rng: random.Random, number: int) -> Attempt:
    """Draw an attempt."""
    moment = rng.choices(list(MOMENTS), weights=list(MOMENTS.values()))[0]
    doors = [d for d in DOORS if _fits(d, moment)]
    dear = moment in OWN or moment in ("fresh", "reused")  # a handshake, a rendition or a file costs a hundred refusals
    door = rng.choices(doors, weights=[d.weight if dear else 1 for d in doors])[0]
    who, camera = rng.choice(_may(door)), _of(stage, door, rng.randrange(6))
    if moment == "no-ground":
        strangers = ("officer", "administrator") if door.at != "phones" else ("officer",)
        who = rng.choice(strangers)
        if door.at != "phones" and rng.random() < 0.7:
            who, camera = rng.choice(("controller", "operator")), stage.cameras[-1]
    return Attempt(number, who, camera, door, moment)


async def play(stage: Stage, attempts: list[Attempt], score: Score, *, patient: bool = False) -> None:
    """Make attempts, many at a time."""
    waiting = iter(attempts)

    async def lane(number: int) -> None:
        for attempt in waiting:
            try:
                async with asyncio.timeout(180):
                    await _try(stage, attempt, score, lane=number, patient=patient)
            except Exception as error:  # an attempt that breaks proves nothing: it is counted as such
                score.broken[f"{attempt.moment}: {attempt.door.name}: {type(error).__name__}: {error}"[:160]] += 1
            score.attempts += 1
            if _done is not None:
                _done.value += 1

    await asyncio.gather(*(lane(n) for n in range(AT_ONCE)))


async def _try(stage: Stage, a: Attempt, score: Score, *, lane: int, patient: bool) -> None:
    """Make one attempt and judge every picture it gave; `patient`: one is expected to come that must not."""
    camera = stage.phones[SHOWING + lane] if a.door.kind == "sender" else a.camera
    ticket, right = secrets.token_urlsafe(32) if a.moment == "forged" else None, None
    if a.moment not in ("forged", "no-ticket"):
        try:
            ticket, right, camera = await _ticket(stage, a, camera)
        except Refusal:
            score.by_moment[f"{a.moment}: refused by policy"] += 1
            if a.moment != "no-ground":
                raise
        else:
            if a.moment == "no-ground":
                raise AssertionError("policy opened what no ground opens")
    async with visiting(stage.url(a.door), a.door, camera, ticket, stage.exits) as visit:
        right = await _watched(stage, a, visit, right, patient=patient)
        sent = visit.passed
    await _judge(stage, a, camera, right, visit, sent, score)


async def _ticket(stage: Stage, a: Attempt, camera: CameraId) -> tuple[str, Right | None, CameraId]:
    """Return the ticket of a moment, what a socket with it stands on, and the camera it is about."""
    door, own = a.door, f"rights-{a.number}" if a.moment in OWN else "rights"
    asked = next(d for d in DOORS if d.at == "phones" and d.act is not door.act) if a.moment == "wrong-door" else door
    who = _may(asked)[0] if a.moment == "wrong-door" else a.who
    masking = Masking.MASKED if a.moment == "clearer" or asked.kind == "sender" else door.masking
    permit = await stage.permit(who, camera, asked, own, masking)
    mark: Permit | None = None
    if door.masking is Masking.MARKED and a.moment != "clearer":
        mark = await stage.mark(who, camera, own if a.moment != "dead-mark" else f"rights-{a.number}")
    at = now() - timedelta(seconds=61) if a.moment == "stale" else now()
    more = {} if mark is None else {"track": "17", "mark_permit_id": str(mark.permit_id)}
    ticket = await stage.ticket(who, permit, camera, asked, at, **more)
    if a.moment == "other-camera":
        camera = await _elsewhere(stage, a, ticket, camera)
    if a.moment == "dead-mark" and mark is not None:
        await stage.revoke_unheard(mark.permit_id, door)
    if a.moment == "revoked-before":
        await stage.revoke(permit.permit_id, door)
    if a.moment == "expired-before":
        await stage.end_at(permit.permit_id, door, now() - timedelta(seconds=1))
    if a.moment == "expires-during":
        await stage.end_at(permit.permit_id, door, now() + timedelta(seconds=EXPIRES_S))
    right = Right(permit.permit_id)
    if a.moment == "mark-revoked-during" and mark is not None:
        right = Right(mark.permit_id)
    if a.moment == "reused":
        async with visiting(stage.url(door), door, camera, ticket, stage.exits) as first:
            await first.watch(FIRST_S, most=1)  # until it is used for certain
        return ticket, None if first.got else right, camera
    none = a.moment in ("stale", "other-camera", "clearer", "dead-mark", "wrong-door")
    return ticket, None if none else right, camera


async def _elsewhere(stage: Stage, a: Attempt, ticket: str, camera: CameraId) -> CameraId:
    """Turn a ticket to another camera than its permit's; return that camera."""
    every = stage.phones[:SHOWING] if a.door.at == "phones" else stage.cameras
    other = stage.phones[-1] if a.door.kind == "sender" else every[(every.index(camera) + 1) % len(every)]
    if a.door.past:
        said = a.door.extras(camera)["recorded"]
        await stage.forge(ticket, a.door, recorded={**said, "cameras": [str(other), str(camera)]})
    await stage.forge(ticket, a.door, resource=other)
    return other


async def _watched(stage: Stage, a: Attempt, visit: Visit, right: Right | None, *, patient: bool) -> Right | None:
    """Watch through the moment; return the right as it is then."""
    rest_s = PATIENCE_S if patient else WATCHED_S
    if a.moment == "fresh":
        await visit.watch(FIRST_S, most=20 if a.door.asks() is None else 1)
    elif a.moment in ("revoked-during", "unheard-during", "mark-revoked-during") and right is not None:
        await visit.watch(FIRST_S, most=1)
        end = stage.revoke_unheard if a.moment == "unheard-during" else stage.revoke
        await end(right.permit_id, a.door)
        over_s = now().timestamp()
        right = Right(right.permit_id, over_s)
        await visit.watch(rest_s, after_s=over_s + LEASE_S + SLACK_S)
    elif a.moment == "expires-during":
        await visit.watch(EXPIRES_S + rest_s, after_s=now().timestamp() + EXPIRES_S + SLACK_S)
    else:
        await visit.watch(PATIENCE_S if patient else REFUSED_S, most=1)
    return right


async def _judge(
    stage: Stage, a: Attempt, camera: CameraId, right: Right | None, visit: Visit, sent: list[Sent], score: Score
) -> None:
    """Count what passed without a valid permit, by the permit's row as it is now."""
    wrong = await _wrong(stage, a, camera, right, sent)
    if a.door.kind != "peer" and visit.got and not sent:
        raise AssertionError("pictures came that nobody saw leave")
    passed = sum(s.pictures for s in sent)
    score.without += wrong
    score.allowed += passed > 0 and not wrong
    score.wrong.update({f"{a.moment}: {a.door.name}": wrong} if wrong else {})
    score.by_moment[f"{a.moment}: {'pictures' if passed else 'nothing'}"] += 1
    score.by_door[f"{a.door.name}: {'pictures' if passed else 'nothing'}"] += 1
    if right is not None and right.revoked_s is not None and sent and a.moment != "unheard-during":
        score.cut_ms.append(1e3 * max(0.0, sent[-1].at_s - right.revoked_s))


async def _wrong(stage: Stage, a: Attempt, camera: CameraId, right: Right | None, sent: list[Sent]) -> int:
    every = sum(s.pictures for s in sent)
    if not sent or right is None:
        return every
    async with stage.db(a.door).transaction() as tx:
        row = await tx.one(
            "select resources, masking, not_after, revoked_at from policy_permit where permit_id = %s",
            (right.permit_id,),
        )
    clear = Masking.MASKED if a.door.kind == "sender" else a.door.masking
    if row is None or (row[0] is not None and camera not in row[0]) or RANK[Masking(row[1])] < RANK[clear]:
        return every
    end_s: float = row[2].timestamp()
    if row[3] is not None:
        end_s = min(end_s, (right.revoked_s or row[3].timestamp()) + LEASE_S)
    late = sum(s.pictures for s in sent if s.at_s > end_s + SLACK_S)
    whose = stage.phones[0] if a.door.at == "phones" else camera
    return late + stage.originals.wrong(sent, whose, a.door.masking)


async def no_answer(stage: Stage, doors: tuple[Door, ...], score: Score, *, patient: bool = False) -> None:
    """Open every door, then let nobody answer about rights for three seconds: within a second all is dark."""
    attempts = at_each(stage, doors, "no-answer", 10**9)
    over = asyncio.Event()
    began_s = 0.0
    open_ = asyncio.Semaphore(0)

    async def stay(lane: int, a: Attempt) -> None:
        camera = stage.phones[SHOWING + lane] if a.door.kind == "sender" else a.camera
        ticket, _, camera = await _ticket(stage, a, camera)
        async with visiting(stage.url(a.door), a.door, camera, ticket, stage.exits) as visit:
            await visit.watch(FIRST_S, most=1)
            open_.release()
            await over.wait()
            await visit.watch(PATIENCE_S if patient else 0.0, after_s=began_s + LEASE_S + SLACK_S)
            sent = visit.passed
        wrong = sum(s.pictures for s in sent if s.at_s > began_s + LEASE_S + SLACK_S)
        score.attempts += 1
        score.without += wrong
        score.allowed += bool(sent) and not wrong
        score.wrong.update({f"no-answer: {a.door.name}": wrong} if wrong else {})
        score.by_moment[f"no-answer: {'pictures' if sent else 'nothing'}"] += 1

    async def silent(*_: Any) -> Any:
        raise ConnectionError("nobody answers")

    tasks = [asyncio.create_task(stay(n, a)) for n, a in enumerate(attempts)]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2 * PATIENCE_S):
            for _ in attempts:
                await open_.acquire()
    with contextlib.ExitStack() as stack:
        began_s = now().timestamp()
        for gate in stage.gates:
            stack.enter_context(instead(gate, "renew", silent))
        await asyncio.sleep(3.0)
        over.set()
        for failed in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(failed, BaseException):
                score.broken[f"no-answer: {type(failed).__name__}: {failed}"[:160]] += 1
    async with asyncio.timeout(30):
        while not all(r.rights.leased for r in stage.relays.values()):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.05)
