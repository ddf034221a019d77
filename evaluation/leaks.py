"""Does anybody get what is not his? Every door of the server, every role, every state; then with checks removed.

The requests are made from the server's own contract and judged by a second writing of who may see what. Played at the
application's own interface (ASGI) against a real PostgreSQL, in several processes, each on its own copy of one world;
sockets and pictures over real connections. Then the same with one check removed at a time: each must be found.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random
import re
import threading
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import structlog
from evaluation import _leaks_mutants as mutants
from evaluation._installation import fresh_settings, workplace
from evaluation._leaks_build import Builder
from evaluation._leaks_hunt import PROBES, Caught, Ground, begin, everybody, hunt, in_child, place, result
from evaluation._leaks_paper import device, streets
from evaluation._leaks_play import Findings, Pair, Player
from evaluation._leaks_requests import Contract, contract
from evaluation._leaks_world import LIVE, World, cheap_passwords, later, staged
from tests.slices.footage.camera import TestCamera

from ansimnet.app.contract import offline
from ansimnet.app.demo.stage import free_port
from ansimnet.app.measure import Options
from ansimnet.app.serve import build
from ansimnet.kernel.clock import monotonic_s, now
from ansimnet.platform import migrations, roles
from ansimnet.platform.engines.postgres import SUPERUSER, Postgres

REQUESTS = {"small": 1_500, "full": 100_000}
MUTANTS = {"small": 8, "full": 50}
EXAMPLES = {"small": 1, "full": 12}
"""Values that Schemathesis draws for each operation and mode."""
WRITES_SHARE = 0.2
"""Requests that may change something and are played last, on a copy that is thrown away."""
ENDS = re.compile(
    "^DELETE|^PUT .*/(facilities|onvif)$|accounts/[^/]*/(move|password)$"
    "|/(end|end-others|disable|revoke|withdraw|suspend|remove|terminate|close)$"
)
"""Writes after which somebody or something is there no more."""
MADE_TIMES = 2
"""How often everybody makes what may be made, before anybody ends it."""
SHUT_WEIGHT = 6
"""How much likelier it is, by chance, to try once more what has opened to nobody yet."""
LATER_SHARE = 0.25
"""Requests that are played when what was given has ended."""
LATER = {"when the hour of footage is over": timedelta(minutes=70), "two days after": timedelta(days=2)}
"""Times after the world was made; `LATER_SHARE` is theirs in equal parts."""
SURFACES = (
    *(
        "routes",
        "sockets",
        "streams",
        "tables",
        "stores",
        "tickets",
        "grounds",
        "codes",
        "devices",
        "browsers",
        "link",
        "jobs",
    ),
    *("exports: looks", "exports: ledger", "exports: review"),
    *("notifications: web_push", "notifications: sms", "notifications: voice", "notifications: agency"),
)
"""Where somebody who may must have been answered, with something in it: a refusal of everything proves nothing."""


def run(options: Options, planted: Sequence[str] = ()) -> dict[str, Any]:
    """Build the world, play it, remove checks one by one, and count.

    Args:
        planted: the mutants to plant, by name; none: as many by chance as the options say.
    """
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    wanted = options.requests or REQUESTS[options.size]
    count = options.mutants if options.mutants is not None else MUTANTS[options.size]
    began = monotonic_s()
    with workplace("leaks") as folder:
        server = Postgres(
            folder / "postgres",
            fsync=False,
            tuning={"shared_buffers": "64MB", "full_page_writes": "off", "wal_compression": "off"},
        )
        server.start()
        try:
            port = free_port()
            ground = _prepare(server, folder, options, port)
            options.progress(0.1, 1.0, f"{len(ground.contract.operations)} operations")
            built_s = monotonic_s() - began
            # first: a guard that is gone must not be told at the end
            chosen = mutants.named(ground, planted) if planted else mutants.choose(ground, count)
            with _camera(port, ground.world):
                found = _play(ground, wanted, options)
                played_s = monotonic_s() - began - built_s
                ground.known = frozenset(place(k) for k in (*found.leaks, *found.faults))
                caught = hunt(ground, chosen, options)
        finally:
            server.stop()
    return _figures(ground, found, caught, built_s=built_s, played_s=played_s)


def _prepare(server: Postgres, folder: Path, options: Options, camera_port: int) -> Ground:
    """Build the world in this process while another draws what to ask."""
    settings = fresh_settings(folder).model_copy(update={"neighbour_notices": True})
    document = build(offline(folder / "contract")).openapi()
    drawing = begin(contract, document, options.seed, EXAMPLES[options.size])
    with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as conn:
        roles.create_database(conn, "world")
    migrations.migrate(server.urls("world").owner)
    cheap_passwords()

    async def make() -> World:
        async with staged(server.urls("world"), settings, now()) as stage:
            return await Builder(stage, contract(document, options.seed, 0), camera_port, free_port()).build()

    world = asyncio.run(make())
    streets(settings.data_dir)  # not before: over one street no unit arrives anywhere else
    drawn: Contract = result(drawing)
    return Ground(server, settings, world, drawn, options.seed)


@contextmanager
def _camera(port: int, world: World) -> Iterator[None]:
    """Let the camera that sees the live situation send pictures and turn, for all processes, until the block ends."""
    camera = world.ids["camera_id"][f"given{LIVE}"]
    code = next(w for w, i in world.ids["camera_id"].items() if i == camera and w.startswith("QCAM")).split()[0]
    loop, up, over = asyncio.new_event_loop(), threading.Event(), asyncio.Event()

    async def send() -> None:
        sender = TestCamera(password=world.cameras[code])
        sender.port = port
        head = device()
        await head.start(port=world.device_port)
        async with sender:
            up.set()
            await over.wait()
        await head.stop()

    thread = threading.Thread(target=lambda: loop.run_until_complete(send()), daemon=True)
    thread.start()
    up.wait()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


# ------------------------------------------------------------------------------------------------- playing


@dataclass(frozen=True, slots=True)
class Share:
    """What one process plays: so many requests now, the doors beside HTTP if it is the first, or requests later."""

    number: int
    requests: int
    first: bool = False
    late: bool = False


def _shares(wanted: int, processes: int) -> list[Share]:
    """Divide exactly so many requests among processes and times."""
    late = round(wanted * LATER_SHARE)
    parts = [(wanted - late) // processes + (n < (wanted - late) % processes) for n in range(processes)]
    now_ = [Share(n, part, first=n == 0) for n, part in enumerate(parts)]
    return [*now_, Share(processes, late, late=True)]


def _play(ground: Ground, wanted: int, options: Options) -> Findings:
    """Play all requests in as many processes at once as there are processors, each on its own copy."""
    processes = max(1, min(4, os.cpu_count() or 1))
    found = Findings()
    with ThreadPoolExecutor(processes) as pool:
        for part in pool.map(partial(in_child, _played, ground), _shares(wanted, processes)):
            found.add(part)
            options.progress(0.1 + 0.6 * found.requests / wanted, 1.0, f"{found.requests:,} requests")
    return found


def _pairs(ground: Ground, share: Share, allowed: Set[str]) -> Iterator[Pair]:
    """Yield for ever what is asked by whom: first everything by everybody in any order, then by chance."""
    rng = random.Random(ground.seed + share.number)
    whole = everybody(ground)
    rng.shuffle(whole)
    yield from whole
    yield from _by_chance(whole, rng, allowed)


def _writes(ground: Ground, share: Share, allowed: Set[str]) -> Iterator[Pair]:
    """Yield for ever what is written by whom: what makes something a few times, then what ends it, then by chance."""
    rng = random.Random(ground.seed + share.number)
    whole = [p for p in everybody(ground) if p[0].writes and p[1].live]
    rng.shuffle(whole)
    yield from [p for p in whole if not ENDS.search(p[0].name)] * MADE_TIMES
    yield from [p for p in whole if ENDS.search(p[0].name)]
    yield from _by_chance(whole, rng, allowed)


def _by_chance(whole: list[Pair], rng: random.Random, allowed: Set[str]) -> Iterator[Pair]:
    """Yield for ever by chance, oftener with right ids, and oftener at what has not yet opened to anybody who may."""
    while True:
        weights = [(3 if p[2] else 1) * (1 if p[0].name in allowed else SHUT_WEIGHT) for p in whole]
        yield from rng.choices(whole, weights, k=1000)


def _played(ground: Ground, share: Share) -> Findings:
    """Play one share in this process."""
    name = f"play_{share.number}"
    ground.copy(name)
    try:
        return asyncio.run(_session(ground, name, share))
    finally:
        ground.drop(name)


async def _session(ground: Ground, name: str, share: Share) -> Findings:
    async with staged(ground.server.urls(name), ground.settings, ground.world.at) as stage:
        url = ground.server.url(SUPERUSER, name)
        player = Player(stage, ground.world, ground.contract, ground.seed + share.number, url)
        found = player.found

        def until(limit: int) -> Any:
            return lambda: found.requests >= limit

        if share.late:
            for n, (said, after) in enumerate(LATER.items(), 1):
                await later(stage, ground.world, ground.world.at + after)
                found.times.add(said)
                await player.reads(_pairs(ground, share, found.allowed), until(share.requests * n // len(LATER)))
        else:
            found.times.add("while it happens")
            if share.first:
                await beyond(player)
            await player.reads(
                _pairs(ground, share, found.allowed), until(share.requests - round(share.requests * WRITES_SHARE))
            )
            await player.writes(_writes(ground, share, found.allowed), until(share.requests))
        player.read_questions()
        return found


async def beyond(player: Player) -> None:
    """Try every door that is no ordinary request; a probe that breaks is told, and proves nothing."""
    for name, probe in PROBES.items():
        try:
            await probe(player)
        except Exception as error:
            player.found.broken[f"{name}: {type(error).__name__}: {str(error)[:200]}"] += 1


# ------------------------------------------------------------------------------------------------- figures


def _figures(ground: Ground, found: Findings, caught: Caught, *, built_s: float, played_s: float) -> dict[str, Any]:
    roles_played = {f"{a.role}@{a.centre}" for a in ground.world.actors}
    names = {p[0].name for p in everybody(ground)}
    missing = [
        f"{name} by {role} with {'right' if valid else 'wild'} ids"
        for name in sorted(names)
        for role in sorted(roles_played)
        for valid in (True, False)
        if (name, role, valid) not in found.covered and (valid or "{" in name)
    ]
    unseen = [s for s in SURFACES if not found.seen[s]]
    extras = found.extras
    return {
        "passed": not (found.leaks or found.faults or found.broken or found.unjudged or unseen or caught.missed),
        "leaks": sum(found.leaks.values()),
        "unexplained_5xx": sum(found.faults.values()),
        "requests": found.requests,
        "succeeded": found.succeeded,
        "mutants": {
            "planted": caught.planted,
            "found": caught.found,
            "found_by_fault": caught.by_fault,
            "missed": caught.missed,
            "by_kind": dict(Counter(caught.kinds)),
            "found_by": caught.exposed,
        },
        "routes": len(names),
        "routes_without_expectation": sorted(found.unjudged),
        "routes_never_allowed": sorted(names - found.allowed),
        **{surface: extras[surface] for surface in ("sockets", "notifications", "exports", "jobs", "tables", "stores")},
        "streams": extras["relay"] + extras["relay: pictures"],
        "allowed_seen": dict(sorted(found.seen.items())),
        "allowed_never_seen": unseen,
        "broken_probes": sum(found.broken.values()),
        "broken_by_place": dict(found.broken.most_common(40)),
        "roles": len(roles_played),
        "people": len(ground.world.actors),
        "resources": len(found.resources),
        "acts": len({act for _, act, _, _ in found.asked}),
        "purposes": sorted({purpose for _, _, purpose, _ in found.asked}),
        "times": sorted(found.times),
        "canaries": len(ground.world.canaries),
        "route_role_pairs_not_played": len(missing),
        "beyond_requests": dict(sorted(extras.items())),
        "statuses": {str(s): n for s, n in sorted(found.statuses.items())},
        "leaks_by_place": dict(found.leaks.most_common(40)),
        "faults_by_place": dict(found.faults.most_common(40)),
        "seconds": {"world": round(built_s, 1), "requests": round(played_s, 1), "mutants": round(caught.seconds, 1)},
        "how": "ASGI in-process on real PostgreSQL; sockets and relay over real connections",
    }
