"""Does anybody get what is not his? Every door of the server, every role, every state; then with checks removed.

The requests are made from the server's own contract and judged by a second writing of who may see what. Played at the
application's own interface (ASGI) against a real PostgreSQL, in several processes, each on its own copy of one world;
sockets and pictures over real connections. Then the same with one check removed at a time: each must be found.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import structlog
from evaluation import _leaks_machines as machines
from evaluation import _leaks_mutants as mutants
from evaluation import _leaks_sockets as sockets
from evaluation._installation import fresh_settings, workplace
from evaluation._leaks_build import Builder
from evaluation._leaks_play import Findings, Player
from evaluation._leaks_requests import Operation, operations
from evaluation._leaks_stores import stores
from evaluation._leaks_world import Actor, World, cheap_passwords, staged

from ansimnet.app.measure import Options
from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.platform import migrations, roles
from ansimnet.platform.engines.postgres import SUPERUSER, Postgres
from ansimnet.platform.settings import Settings

REQUESTS = {"small": 1_500, "full": 100_000}
MUTANTS = {"small": 8, "full": 50}
EXAMPLES = {"small": 1, "full": 12}
"""Values that Schemathesis draws for each operation and mode."""
WRITES_SHARE = 0.1
"""Requests that may change something and are played last, on a copy that is thrown away."""
_FORK = multiprocessing.get_context("fork")


@dataclass(slots=True)
class Ground:
    """What every process needs: the server, the world's template, and what was learnt of the contract."""

    server: Postgres
    settings: Settings
    world: World
    operations: list[Operation]
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


def run(options: Options) -> dict[str, Any]:
    """Build the world, play it, remove checks one by one, and count."""
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    wanted = options.requests or REQUESTS[options.size]
    planted = options.mutants if options.mutants is not None else MUTANTS[options.size]
    began = monotonic_s()
    with workplace("leaks") as folder:
        server = Postgres(
            folder / "postgres",
            fsync=False,
            tuning={"shared_buffers": "64MB", "full_page_writes": "off", "wal_compression": "off"},
        )
        server.start()
        try:
            ground = _prepare(server, folder, options)
            options.progress(0.1, 1.0, f"{len(ground.operations)} operations, {len(ground.world.actors)} people")
            built_s = monotonic_s() - began
            found = _play(ground, wanted, options)
            played_s = monotonic_s() - began - built_s
            ground.known = frozenset(place(k) for k in (*found.leaks, *found.faults))
            caught = mutants.hunt(ground, planted, lambda g, m: _in_child(_hunted, g, m), options)
        finally:
            server.stop()
    return _figures(ground, found, caught, built_s=built_s, played_s=played_s)


def _prepare(server: Postgres, folder: Path, options: Options) -> Ground:
    settings = fresh_settings(folder)
    with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as conn:
        roles.create_database(conn, "world")
    migrations.migrate(server.urls("world").owner)
    cheap_passwords()
    examples = EXAMPLES[options.size]

    async def build() -> tuple[World, list[Operation]]:
        async with staged(server.urls("world"), settings, now()) as stage:
            return await Builder(stage).build(), operations(stage.app.openapi(), options.seed, examples)

    world, found = asyncio.run(build())
    return Ground(server, settings, world, found, options.seed)


# ------------------------------------------------------------------------------------------------- playing


def _play(ground: Ground, wanted: int, options: Options) -> Findings:
    """Play all requests in as many processes as there are processors, each on its own copy."""
    share = max(1, min(4, os.cpu_count() or 1))
    pairs = _pairs(ground, wanted)
    tasks = [(n, pairs[n::share], round(wanted * WRITES_SHARE / share)) for n in range(share)]
    found = Findings()
    waiting = [_begin(_played, ground, n, mine, writes, n == 0) for n, mine, writes in tasks]
    for i, one in enumerate(waiting):
        found.add(_result(one))
        options.progress(0.1 + 0.6 * (i + 1) / share, 1.0, f"{found.requests:,} requests")
    return found


def _pairs(ground: Ground, wanted: int) -> list[tuple[Operation, Actor, bool]]:
    """Return what is asked by whom: first every operation by everybody with right and with wild ids, then by chance."""
    rng = random.Random(ground.seed)
    whole = [(o, a, valid) for o in ground.operations for a in ground.world.actors for valid in (True, False)]
    whole = [p for p in whole if not _ends_session(p[0])]
    rng.shuffle(whole)
    reads = round(wanted * (1 - WRITES_SHARE))
    if len(whole) < reads:
        whole += rng.choices(whole, weights=[3 if v else 1 for _, _, v in whole], k=reads - len(whole))
    return whole[:reads]


def _ends_session(operation: Operation) -> bool:
    return operation.name == "DELETE /api/v1/session"


def _played(ground: Ground, number: int, pairs: Any, writes: int, special: bool) -> Findings:
    """Play one share in this process."""
    name = f"play_{number}"
    ground.copy(name)
    try:
        return asyncio.run(_session(ground, name, number, pairs, writes, special))
    finally:
        ground.drop(name)


async def _session(ground: Ground, name: str, number: int, pairs: Any, writes: int, special: bool) -> Findings:
    async with staged(ground.server.urls(name), ground.settings, ground.world.at) as stage:
        url = ground.server.url(SUPERUSER, name)
        player = Player(stage, ground.world, ground.operations, ground.seed + number, url)
        if special:
            await beyond(player)
        await player.reads(pairs, lambda: False)
        player.enough = player.found.requests + writes
        await player.writes([o for o in ground.operations if o.writes], ground.world.actors, writes)
        return player.found


async def beyond(player: Player) -> None:
    """Try every door that is no ordinary request."""
    await machines.tenants(player)
    await stores(player)
    await sockets.live_sockets(player, player.world.actors)
    await machines.devices(player)
    await sockets.pictures(player)
    await machines.link(player)
    await machines.jobs(player)


# ------------------------------------------------------------------------------------------------- with a check removed


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
        player = Player(stage, ground.world, ground.operations, ground.seed + mutant.number, url)

        def fresh() -> list[str]:
            return sorted(k for k in (*player.found.leaks, *player.found.faults) if place(k) not in ground.known)

        def enough() -> bool:
            return bool(fresh())

        steps: list[Any] = [
            lambda: machines.tenants(player),
            lambda: stores(player),
            lambda: machines.browsers(player),
            lambda: machines.devices(player),
            lambda: sockets.pictures(player),
            lambda: sockets.live_sockets(player, ground.world.actors),
            lambda: player.reads(_pairs(ground, 8000), enough),
            lambda: machines.link(player),
            lambda: machines.jobs(player),
        ]
        for step in steps:
            await step()
            if enough():
                break
        return fresh()[:2]


def place(finding: str) -> str:
    """Return a finding without whom it was shown to: what the whole code does to one it does to another."""
    return finding.partition(" to ")[0]


def _in_child(function: Any, *arguments: Any) -> Any:
    return _result(_begin(function, *arguments))


def _begin(function: Any, *arguments: Any) -> Any:
    """Run a function in a forked process: what it changes of the product dies with it."""
    here, there = _FORK.Pipe(duplex=False)

    def work() -> None:
        there.send(function(*arguments))
        there.close()

    process = _FORK.Process(target=work)
    process.start()
    there.close()
    return here, process


def _result(begun: Any) -> Any:
    here, process = begun
    try:
        return here.recv()
    finally:
        process.join()


# ------------------------------------------------------------------------------------------------- figures


def _figures(
    ground: Ground, found: Findings, caught: mutants.Caught, *, built_s: float, played_s: float
) -> dict[str, Any]:
    roles_played = {f"{a.role}@{a.centre}" for a in ground.world.actors}
    names = {o.name for o in ground.operations if not _ends_session(o)}
    missing = [
        f"{name} by {role} with {'right' if valid else 'wild'} ids"
        for name in sorted(names)
        for role in sorted(roles_played)
        for valid in (True, False)
        if (name, role, valid) not in found.covered and (valid or "{" in name)
    ]
    return {
        "leaks": sum(found.leaks.values()),
        "unexplained_5xx": sum(found.faults.values()),
        "requests": found.requests,
        "succeeded": found.succeeded,
        "mutants": caught.planted,
        "found": caught.found,
        "missed": caught.missed,
        "routes": len(names),
        "routes_without_expectation": sorted(found.unjudged),
        "roles": len(roles_played),
        "people": len(ground.world.actors),
        "canaries": len(ground.world.canaries),
        "route_role_pairs_not_played": len(missing),
        "beyond_requests": dict(sorted(found.extras.items())),
        "statuses": {str(s): n for s, n in sorted(found.statuses.items())},
        "leaks_by_place": dict(found.leaks.most_common(40)),
        "faults_by_place": dict(found.faults.most_common(40)),
        "mutants_by_kind": dict(Counter(caught.kinds)),
        "mutants_found_by": caught.exposed,
        "seconds": {"world": round(built_s, 1), "requests": round(played_s, 1), "mutants": round(caught.seconds, 1)},
        "how": "ASGI in-process on real PostgreSQL; sockets and relay over real connections",
    }
