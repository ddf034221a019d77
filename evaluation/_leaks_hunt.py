"""The hunt: one check is removed in a forked process, and the doors it guards are tried first."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import psycopg
from evaluation import _leaks_machines as machines
from evaluation import _leaks_mutants as mutants
from evaluation import _leaks_sockets as sockets
from evaluation._leaks_codes import codes
from evaluation._leaks_outgoing import deliveries, exports
from evaluation._leaks_permits import grounds, marks, tickets
from evaluation._leaks_play import Pair, Player
from evaluation._leaks_requests import Contract
from evaluation._leaks_stores import stores
from evaluation._leaks_world import World, staged

from ansimnet.app.measure import Options
from ansimnet.kernel.clock import monotonic_s
from ansimnet.platform import roles
from ansimnet.platform.engines.postgres import SUPERUSER, Postgres
from ansimnet.platform.settings import Settings

FORK = multiprocessing.get_context("fork")
MOST_READS = 8_000
"""Requests about after which a mutant counts as missed: a third of every operation by everybody."""

PROBES: dict[str, Callable[[Player], Awaitable[None]]] = {
    "tables": machines.tenants,
    "stores": stores,
    "tickets": tickets,
    "marks": marks,
    "grounds": grounds,
    "codes": codes,
    "browsers": machines.browsers,
    "devices": machines.devices,
    "sockets": lambda p: sockets.live_sockets(p, p.world.actors),
    "pictures": sockets.pictures,
    "link": machines.link,
    "notifications": deliveries,
    "jobs": machines.jobs,
    "exports": exports,
}
"""Every door that is no ordinary request. The link ends what it was given, so pictures come first; jobs write, so
files are read after them."""

FIRST = {
    "wall": "tables",
    "check": "stores",
    "audience": "sockets",
    "question": "reads",
    "kernel.permits": "stores",
    "platform.live": "sockets",
    "platform.link": "link",
    "policy.store": "tickets",
    "policy.store.accounts": "codes",
    "policy.rules": "grounds",
    "policy.api": "browsers",
    "supervision": "devices",
    "dispatch": "reads",
    "protection": "reads",
    "footage.service.asked": "link",
    "footage.relay": "pictures",
    "footage": "reads",
    "app": "browsers",
}
"""A kind of mutant, or the place of one -> what is tried first; the longest name counts."""


@dataclass(slots=True)
class Ground:
    """What every process needs: the server, the world's template, and what was learnt of the contract."""

    server: Postgres
    settings: Settings
    world: World
    contract: Contract
    seed: int
    known: frozenset[str] = frozenset()
    """What was found with every check in place: no mutant is found by it."""

    def copy(self, name: str) -> None:
        """Make a copy of the world's database."""
        with psycopg.connect(self.server.url(SUPERUSER, "postgres"), autocommit=True) as conn:
            roles.create_database(conn, name, template="world")

    def drop(self, name: str) -> None:
        """Throw a copy away."""
        with psycopg.connect(self.server.url(SUPERUSER, "postgres"), autocommit=True) as conn:
            conn.execute(f'drop database if exists "{name}" with (force)')


@dataclass(slots=True)
class Caught:
    """What the hunt came to."""

    planted: int = 0
    found: int = 0
    missed: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    exposed: dict[str, str] = field(default_factory=dict)  # mutant -> what gave it away
    by_fault: int = 0  # of those found: nothing leaked, but the server broke
    seconds: float = 0.0


def hunt(ground: Ground, chosen: Sequence[mutants.Mutant], options: Options) -> Caught:
    """Plant these absences of checks, and let each be looked for."""
    began, caught = monotonic_s(), Caught()

    def one(mutant: mutants.Mutant) -> tuple[mutants.Mutant, list[str]]:
        return mutant, in_child(_hunted, ground, mutant)

    with ThreadPoolExecutor(2) as pool:
        for mutant, findings in pool.map(one, chosen):
            caught.planted += 1
            caught.kinds.append(mutant.kind)
            if findings:
                caught.found += 1
                caught.by_fault += findings[0].startswith("5")
                caught.exposed[f"{mutant.kind}: {mutant.where}"] = findings[0][:160]
            else:
                caught.missed.append(f"{mutant.kind}: {mutant.where}")
            options.progress(0.7 + 0.3 * caught.planted / max(1, len(chosen)), 1.0, f"{caught.found} mutants found")
    caught.seconds = monotonic_s() - began
    return caught


def _hunted(ground: Ground, mutant: mutants.Mutant) -> list[str]:
    """Remove one check in this process, play until something is found, and return what it was."""
    name = f"mutant_{mutant.number}"
    ground.copy(name)
    try:
        mutant.apply(ground.server.url(SUPERUSER, name))
        return asyncio.run(_hunt(ground, name, mutant))
    finally:
        ground.drop(name)


async def _hunt(ground: Ground, name: str, mutant: mutants.Mutant) -> list[str]:
    async with staged(ground.server.urls(name), ground.settings, ground.world.at) as stage:
        url = ground.server.url(SUPERUSER, name)
        player = Player(stage, ground.world, ground.contract, ground.seed + mutant.number, url)

        def fresh() -> list[str]:
            return [k for k in (*player.found.leaks, *player.found.faults) if place(k) not in ground.known]

        for step in order(mutant):
            try:
                if step == "reads":
                    await player.reads(guarded(ground, mutant), lambda: bool(fresh()))
                else:
                    await PROBES[step](player)
            except Exception:  # what breaks without the check proves nothing; the probe ran well with every check
                continue
            if fresh():
                break
        return fresh()[:2]


def order(mutant: mutants.Mutant) -> list[str]:
    """Return what is tried, the door that the check guards first."""
    names = [n for n in FIRST if mutant.where.startswith(n)]
    first = FIRST[max(names, key=len)] if mutant.kind == "guard" and names else FIRST.get(mutant.kind)
    first = first or (FIRST[max(names, key=len)] if names else "reads")
    return [first, *(s for s in (*PROBES, "reads") if s != first)]


def guarded(ground: Ground, mutant: mutants.Mutant) -> Iterator[Pair]:
    """Yield requests at the routes of the mutant's own module, then about people and things, then at all others."""
    rng = random.Random(ground.seed + mutant.number)
    whole = everybody(ground)
    rng.shuffle(whole)
    own = [p for p in whole if p[0].function in mutant.functions]
    named = [p for p in whole if p[2] and "{" in p[0].path and p[0].function not in mutant.functions]
    yield from (own * max(4, MOST_READS // 4 // max(1, len(own))))[: MOST_READS // 2]
    yield from (named * 4)[: MOST_READS // 2]
    yield from whole[: MOST_READS // 4]


def everybody(ground: Ground) -> list[Pair]:
    """Return every operation by everybody, with right and with wild ids; the one that ends the session is none."""
    return [
        (o, a, valid)
        for o in ground.contract.operations
        if o.name != "DELETE /api/v1/session"
        for a in ground.world.actors
        for valid in (True, False)
    ]


def place(finding: str) -> str:
    """Return a finding without whom it was shown to: what the whole code does to one it does to another."""
    return finding.partition(" to ")[0]


# ------------------------------------------------------------------------------------------------- processes


def in_child(function: Any, *arguments: Any) -> Any:
    """Run a function in a forked process and return what it returned: what it changes of the product dies with it."""
    return result(begin(function, *arguments))


def begin(function: Any, *arguments: Any) -> Any:
    """Begin a function in a forked process."""
    here, there = FORK.Pipe(duplex=False)

    def work() -> None:
        there.send(function(*arguments))
        there.close()

    process = FORK.Process(target=work)
    process.start()
    there.close()
    return here, process


def result(begun: Any) -> Any:
    """Return what a begun function returned.

    Raises:
        EOFError: it broke; its traceback stands on standard error.
    """
    here, process = begun
    try:
        return here.recv()
    finally:
        process.join()
