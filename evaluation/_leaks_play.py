"""Plays requests at one copy of the world and judges every answer."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from evaluation._leaks_oracle import Scanner, judged, may_do
from evaluation._leaks_requests import Operation, Shooter, Shot
from evaluation._leaks_wire import Answer, call
from evaluation._leaks_world import Actor, Stage, World

from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE

AT_ONCE = 4
"""Requests in flight: the database works while Python does."""
CHECK_EVERY = 400
"""Refused requests between two looks at the whole state."""
QUIET_TABLES = frozenset({
    *("ledger_entry", "ledger_seal", "ledger_pending", "ledger_checkpoint", "policy_question", "policy_permit"),
    *("policy_session", "policy_attempt", "link_seen", "reader_position", "footage_pair", "footage_permit_pair"),
})  # fmt: skip
"""Tables that every question changes, allowed or not: the records of the asking itself."""


@dataclass(slots=True)
class Findings:
    """What was found, and what was covered."""

    leaks: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)  # unexplained 5xx
    unjudged: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    succeeded: int = 0
    covered: set[tuple[str, str, bool]] = field(default_factory=set)  # operation, role@centre, valid ids
    statuses: Counter[int] = field(default_factory=Counter)
    extras: Counter[str] = field(default_factory=Counter)  # checks beyond HTTP, by surface

    def leak(self, where: str, what: str) -> None:
        """Note a leak, by where it was and what it gave away."""
        self.leaks[f"{where}: {what}"] += 1

    def add(self, other: Findings) -> None:
        """Take in what another process found."""
        for mine, theirs in (
            (self.leaks, other.leaks),
            (self.faults, other.faults),
            (self.unjudged, other.unjudged),
            (self.extras, other.extras),
        ):
            mine.update(theirs)
        self.statuses.update(other.statuses)
        self.requests += other.requests
        self.succeeded += other.succeeded
        self.covered |= other.covered


class Player:
    """One process's share of the requests."""

    def __init__(self, stage: Stage, world: World, operations: list[Operation], seed: int, superuser: str) -> None:
        self.stage = stage
        self.world = world
        self.operations = operations
        self.rng = random.Random(seed)
        self.shooter = Shooter(stage.app.openapi(), world, self.rng)
        self.scanner = Scanner(world)
        self.superuser = superuser
        self.found = Findings()
        self.enough = 1 << 60  # requests after which `writes` ends

    async def reads(self, pairs: list[tuple[Operation, Actor, bool]], enough: Callable[[], bool]) -> None:
        """Play requests that may change nothing: every read, and every write of somebody who may not write."""
        before = state_of(self.superuser)
        pending = list(reversed(pairs))
        while pending and not enough():
            batch = [pending.pop() for _ in range(min(CHECK_EVERY, len(pending)))]
            queue = iter(batch)

            async def work(queue: Any = queue) -> None:
                for operation, actor, valid in queue:
                    if enough():
                        return
                    shot = self.shooter.shot(operation, valid=valid, own=actor.subject)
                    if operation.writes and self._permitted(actor, shot):
                        continue  # its turn comes in `writes`
                    await self.play(actor, shot)

            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
            after = state_of(self.superuser)
            for table in sorted({t for t, _ in before.keys() ^ after.keys()} | _differ(before, after)):
                self.found.leak("state", f"refused requests changed `{table}`")
            before = after

    async def writes(self, operations: list[Operation], actors: list[Actor], count: int) -> None:
        """Play writes of people who may write: nothing foreign comes back, nothing breaks. The copy is thrown away."""
        pairs = [(o, a, valid) for o in operations for a in actors if a.live for valid in (True, False)]
        self.rng.shuffle(pairs)
        pairs += self.rng.choices(pairs, k=count * 20)
        for operation, actor, valid in pairs:
            if self.found.requests >= self.enough:
                return
            shot = self.shooter.shot(operation, valid=valid, own=actor.subject)
            if self._permitted(actor, shot):
                await self.play(actor, shot)

    def _permitted(self, actor: Actor, shot: Shot) -> bool:
        return actor.live and may_do(actor, shot) and not shot.operation.path.endswith("/enrol")

    async def play(self, actor: Actor, shot: Shot) -> Answer:
        """Send one request and judge the answer."""
        headers = actor.headers()
        if shot.content_type:
            headers.append(("content-type", shot.content_type))
        answer = await call(
            self.stage.app, shot.operation.method, shot.path, headers=headers, body=shot.body, raw=shot.raw
        )
        self.judge(actor, shot, answer)
        return answer

    def judge(self, actor: Actor, shot: Shot, answer: Answer) -> None:
        """Compare an answer with what this person may have."""
        found, name = self.found, shot.operation.name
        found.requests += 1
        found.statuses[answer.status] += 1
        found.covered.add((name, f"{actor.role}@{actor.centre}", shot.valid))
        if answer.status >= 500:
            found.faults[f"{answer.status} {name}: {answer.body[:120]!r} to {shot.words[:300]}"] += 1
        if not judged(name):
            found.unjudged[name] += 1
        elif answer.status < 300:
            found.succeeded += 1
            if not may_do(actor, shot):
                ids = " ".join(sorted(shot.used.values()))
                found.leak(name, f"answered {answer.status} to {actor.name} ({ids})")
        for needle, canary in self.scanner.leaks(actor, answer.text, shot.words):
            found.leak(name, f"{canary.owner}{canary.situation}'s {canary.what} `{needle}` to {actor.name}")


def _differ(before: dict[tuple[str, str], str], after: dict[tuple[str, str], str]) -> set[str]:
    return {t for (t, c), digest in after.items() if before.get((t, c), digest) != digest}


def state_of(superuser: str) -> dict[tuple[str, str], str]:
    """Return a digest of every table by centre, but for the records of asking itself."""
    found = {}
    with psycopg.connect(superuser, autocommit=True) as conn:
        tables = conn.execute(
            "select table_name, bool_or(column_name = 'centre_id') from information_schema.columns"
            " where table_schema = 'public' and table_name in (select relname from pg_class where relkind = 'r')"
            " group by 1"
        ).fetchall()
        for table, owned in tables:
            if table in QUIET_TABLES or table.startswith(("ledger_", "reader_")):
                continue
            for centre in (TRACKING_CENTRE, CITY_CENTRE) if owned else (None,):
                where = f"where centre_id = '{centre}'" if owned else ""
                rows = conn.execute(f'select t::text from "{table}" t {where} order by 1').fetchall()
                text = "\n".join(r[0] for r in rows).encode()
                found[table, str(centre)] = hashlib.sha256(text).hexdigest()
    return found
