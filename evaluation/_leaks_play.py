"""Plays requests at one copy of the world and judges every answer."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import psycopg
from evaluation._leaks_oracle import Scanner, judged, may_do
from evaluation._leaks_requests import Contract, Operation, Shooter, Shot
from evaluation._leaks_wire import Answer, call
from evaluation._leaks_world import Actor, Stage, World

from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE

Pair = tuple[Operation, Actor, bool]
"""What is asked, by whom, and whether with ids that exist."""
AT_ONCE = 4
"""Requests in flight: the database works while Python does."""
CHECK_EVERY = 400
"""Refused requests between two looks at the whole state."""
QUIET_TABLES = frozenset({
    *("ledger_entry", "ledger_seal", "ledger_pending", "ledger_checkpoint", "policy_question", "policy_permit"),
    *("policy_session", "policy_attempt", "link_seen", "reader_position", "footage_pair", "footage_permit_pair"),
    *("policy_challenge", "vision_seat"),
})  # fmt: skip
"""Tables that every question changes, allowed or not: the records of the asking itself. A passkey's challenge is made
and burnt by whoever tries to sign in; a seat says that an operator reads the list of alarms.
"""
PROBLEM = "urn:ansimnet:problem:"
QUIET_COLUMNS = ["told_at", "opened_at"]
"""Written by a lawful read: when a privacy officer's screen was first handed a break-glass, an operator's an alarm."""


@dataclass(slots=True)
class Findings:
    """What was found, and what was covered."""

    leaks: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)  # unexplained 5xx
    unjudged: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)  # probes that could not run: they prove nothing
    seen: Counter[str] = field(default_factory=Counter)  # allowed answers with something in them, by surface
    requests: int = 0
    succeeded: int = 0
    covered: set[tuple[str, str, bool]] = field(default_factory=set)  # operation, role@centre, valid ids
    allowed: set[str] = field(default_factory=set)  # operations that answered somebody who may
    asked: set[tuple[str, str, str, bool]] = field(default_factory=set)  # role, act, purpose, what policy said
    resources: set[tuple[str, str]] = field(default_factory=set)  # parameter, whose
    times: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    extras: Counter[str] = field(default_factory=Counter)  # checks beyond HTTP, by surface

    def leak(self, where: str, what: str) -> None:
        """Note a leak, by where it was and what it gave away."""
        self.leaks[f"{where}: {what}"] += 1

    def saw(self, where: str, count: int = 1) -> None:
        """Note that somebody who may was answered, with something in it."""
        self.seen[where] += count

    def add(self, other: Findings) -> None:
        """Take in what another process found."""
        for mine, theirs in (
            (self.leaks, other.leaks),
            (self.faults, other.faults),
            (self.unjudged, other.unjudged),
            (self.extras, other.extras),
            (self.broken, other.broken),
            (self.seen, other.seen),
        ):
            mine.update(theirs)
        self.statuses.update(other.statuses)
        self.requests += other.requests
        self.succeeded += other.succeeded
        self.covered |= other.covered
        self.allowed |= other.allowed
        self.asked |= other.asked
        self.resources |= other.resources
        self.times |= other.times


class Player:
    """One process's share of the requests."""

    def __init__(self, stage: Stage, world: World, contract: Contract, seed: int, superuser: str) -> None:
        self.stage = stage
        self.world = world
        self.operations = contract.operations
        self.rng = random.Random(seed)
        self.shooter = Shooter(contract.document, world, self.rng)
        self.scanner = Scanner(world)
        self.superuser = superuser
        self.found = Findings()

    async def reads(self, pairs: Iterator[Pair], enough: Callable[[], bool]) -> None:
        """Play requests that may change nothing: every read, and every write of somebody who may not write."""
        before = state_of(self.superuser)
        while not enough() and (batch := list(islice(pairs, CHECK_EVERY))):
            queue = iter(batch)

            async def work(queue: Any = queue) -> None:
                for operation, actor, valid in queue:
                    if enough():
                        return
                    shot = self.shooter.shot(operation, valid=valid, own=actor.subject or actor.name)
                    if operation.writes and self._permitted(actor, shot):
                        continue  # its turn comes in `writes`
                    await self.play(actor, shot)

            await asyncio.gather(*(work() for _ in range(AT_ONCE)))
            after = state_of(self.superuser)
            for table in sorted({t for t, _ in before.keys() ^ after.keys()} | _differ(before, after)):
                self.found.leak("state", f"refused requests changed `{table}`")
            before = after

    async def writes(self, pairs: Iterator[Pair], enough: Callable[[], bool]) -> None:
        """Play writes of people who may write: nothing foreign comes back, nothing breaks. The copy is thrown away."""
        for operation, actor, valid in pairs:
            if enough():
                return
            shot = self.shooter.shot(operation, valid=valid, own=actor.subject or actor.name)
            if self._permitted(actor, shot):
                await self.play(actor, shot)

    def _permitted(self, actor: Actor, shot: Shot) -> bool:
        return (
            actor.live and may_do(actor, shot, lapsed=self.world.lapsed) and not shot.operation.path.endswith("/enrol")
        )

    async def play(self, actor: Actor, shot: Shot) -> Answer:
        """Send one request and judge the answer."""
        self.found.requests += 1  # before the first wait: so many are sent, and not one more
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
        found.statuses[answer.status] += 1
        found.covered.add((name, f"{actor.role}@{actor.centre}", shot.valid))
        found.resources.update((n, whose) for n, whose in shot.used.items() if whose)
        if answer.status >= 500 and not _explained(answer):
            found.faults[f"{answer.status} {name}: {answer.body[:120]!r} to {shot.words[:300]}"] += 1
        if not judged(name):
            found.unjudged[name] += 1
        elif answer.status < 300:
            found.succeeded += 1
            if may_do(actor, shot, lapsed=self.world.lapsed):
                found.allowed.add(name)
                found.seen["routes"] += 1
            else:
                ids = " ".join(sorted(shot.used.values()))
                found.leak(name, f"answered {answer.status} to {actor.name} ({ids})")
        for needle, canary in self.scanner.leaks(actor, answer.text, shot.words):
            found.leak(name, f"{canary.owner}{canary.situation}'s {canary.what} `{needle}` to {actor.name}")

    def read_questions(self) -> None:
        """Learn from the server's own record who asked policy what, for which purpose, and what it said."""
        with psycopg.connect(self.superuser, autocommit=True) as conn:
            rows = conn.execute("select distinct role, act, purpose, allowed from policy_question").fetchall()
        self.found.asked.update((r[0], r[1], r[2], r[3]) for r in rows)


def _explained(answer: Answer) -> bool:
    """Return whether a 503 says as a typed problem what is not there; anything else above 500 is a fault."""
    if answer.status != 503:
        return False
    kind = json.loads(answer.body or b"{}").get("type", "")
    return bool(kind.startswith(PROBLEM)) and kind != f"{PROBLEM}fault"


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
                rows = conn.execute(
                    f'select (to_jsonb(t) - %s::text[])::text from "{table}" t {where} order by 1', [QUIET_COLUMNS]
                ).fetchall()
                text = "\n".join(r[0] for r in rows).encode()
                found[table, str(centre)] = hashlib.sha256(text).hexdigest()
    return found
