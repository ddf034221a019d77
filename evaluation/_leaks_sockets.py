"""The live socket and the relay, over real connections: who hears what, and which tickets open a picture."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import psycopg
import uvicorn
from evaluation._leaks_oracle import holds
from evaluation._leaks_play import Player
from evaluation._leaks_world import CLOSED, EXPIRED, GLASS, LIVE, Actor, World
from psycopg.types.json import Jsonb
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Origin

from ansimnet.app.demo.stage import free_port
from ansimnet.slices.footage.wiring import serving_relay

HEARS = {
    "tracking_controller shift_lead": ("supervision.", "dispatch.", "protection.", "footage.", "policy.", "duties."),
    "probation_officer office_director police_112": ("supervision.", "dispatch.", "protection.", "policy.", "duties."),
    "court_clerk court_clerk@city": ("policy.hold.", "policy.order."),
    "court_clerk": ("supervision.petition.", "supervision.court."),
    "wearer": (
        *("supervision.condition.", "supervision.violation.confirmed", "supervision.contest.decided"),
        *("supervision.court.", "supervision.decision."),
    ),
    "investigator investigator@city": ("policy.hold.", "policy.order.", "policy.request."),
    "field_unit": ("dispatch.order.", "dispatch.incident."),
    "victim": ("protection.warning.", "dispatch.incident.closed"),
    "centre_operator@city shift_lead@city": (
        *("footage.", "cameras.", "policy.", "duties.", "vision.", "dispatch.city-incident."),
    ),
    "administrator@city": ("cameras.",),
    "police_112@city": ("policy.request.",),
    "privacy_officer privacy_officer@city": ("policy.", "duties."),
    "fire_119 fire_119@city disaster_room disaster_room@city": ("dispatch.incident.", "dispatch.step.", "policy."),
}
"""Whose socket may carry which kinds of fact. All else stays silent."""

HEAR_S = 60.0
"""The server beats every second; all listen at once, on a machine that does other things too."""
PICTURE_S = 15.0
"""The relay itself gives a camera ten seconds."""
REFUSED_S = 1.5
"""A ticket that is no good closes its socket at once; one that is taken leaves it open."""


@asynccontextmanager
async def served(player: Player) -> AsyncIterator[str]:
    """Serve the application on a real port for its sockets; yields its host and port."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            player.stage.app, host="127.0.0.1", port=port, log_config=None, lifespan="off", ws="websockets-sansio"
        )
    )
    task = asyncio.create_task(server.serve())
    while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        await task


# ------------------------------------------------------------------------------------------------- the live socket


async def live_sockets(player: Player, actors: list[Actor]) -> None:
    """Let everybody listen from the first fact on; nobody hears what is not for his role, nor whom it is not about."""
    async with served(player) as host:
        await asyncio.gather(*(_listen(player, host, a) for a in actors))
        for origin in ("https://evil.example", "null", f"http://{host.split(':')[0]}"):
            said = await _hear(player, host, player.world.actor("tracking_controller@tracking"), origin)
            player.found.extras["sockets"] += 1
            if said:
                player.found.leak("live socket", f"took a page of `{origin}`")


async def _listen(player: Player, host: str, actor: Actor) -> None:
    said = await _hear(player, host, actor, None)
    player.found.extras["sockets"] += 1
    player.found.covered.add(("SOCKET /api/v1/live", f"{actor.role}@{actor.centre}", True))
    if said and not actor.live:
        player.found.leak("live socket", f"open to {actor.name}")
    for message in said:
        kind = message.get("kind")
        if kind is None:
            continue
        if any(kind.startswith(p) for who, kinds in HEARS.items() if holds(actor, who) for p in kinds):
            player.found.saw("sockets")
        else:
            player.found.leak("live socket", f"`{kind}` to {actor.name}")
        text = json.dumps(message["data"], ensure_ascii=False)
        for needle, canary in player.scanner.leaks(actor, text, ""):
            player.found.leak("live socket", f"{canary.owner}{canary.situation}'s `{needle}` to {actor.name}")
        for other in _others(player.world, actor):
            if other in text:
                player.found.leak("live socket", f"`{kind}` about somebody else to {actor.name}")


def _others(world: World, actor: Actor) -> list[str]:
    """Return ids that a phone must never hear: those of other people, other units, other orders."""
    names = {"victim": ("protected_person_id", "warning_id"), "field_unit": ("order_id", "unit_id")}
    pools = [world.ids.get(n, {}) for n in names.get(actor.role, ())]
    return [value for pool in pools for whose, value in pool.items() if whose != actor.subject]


async def _hear(player: Player, host: str, actor: Actor, origin: str | None) -> list[dict[str, Any]]:
    """Return what a socket says until its first beat after the past was told; nothing where it is refused."""
    said: list[dict[str, Any]] = []
    headers = {"Cookie": f"ansimnet_session={actor.cookie}", "User-Agent": actor.agent}
    try:
        async with (
            asyncio.timeout(HEAR_S),
            connect(
                f"ws://{host}/api/v1/live",
                origin=None if origin is None else Origin(origin),
                additional_headers=headers,
                user_agent_header=None,
                open_timeout=HEAR_S,
            ) as ear,
        ):
            await ear.send('{"after": 0}')
            beats = 0
            while beats < 2:
                said.append(json.loads(await ear.recv()))
                beats += said[-1].get("type") == "beat"
    except (ConnectionClosed, InvalidHandshake):
        pass  # refused
    except (TimeoutError, OSError) as error:  # neither heard nor refused
        player.found.broken[f"socket of {actor.role}@{actor.centre}: {type(error).__name__}"] += 1
    return said


# ------------------------------------------------------------------------------------------------- pictures


async def pictures(player: Player) -> None:
    """Show the relay every ticket that must not open anything, and one that must: it alone gives a picture."""
    w, stage, found = player.world, player.stage, player.found
    port = free_port()
    settings = stage.settings.model_copy(update={"relay_port": port, "relay_public_url": f"ws://127.0.0.1:{port}"})
    controller = w.actor("tracking_controller@tracking")
    path = f"/api/v1/provisions/{w.ids['provision_id'][f'provision{LIVE}']}/tickets"
    camera = {"camera_id": w.ids["camera_id"][f"given{LIVE}"]}
    async with serving_relay(settings, stage.dbs.city, stage.clock):
        url = f"ws://127.0.0.1:{port}/stream"
        made = [json.loads((await stage.send(controller, "POST", path, camera)).body).get("ticket") for _ in range(5)]
        if made[0] is None:
            found.broken["relay: no ticket for whoever may look"] += 1
            return
        used = await _shown(player, url, made[:3])
        if used:
            found.saw("streams")
            found.extras["relay: pictures"] += 1
        else:
            found.broken["relay: no picture for the right ticket"] += 1
        bad = {f"the ticket of situation {k}": w.spent[f"ticket{k}"] for k in (CLOSED, EXPIRED)}
        bad |= {"no ticket": "", "a made-up ticket": "x" * 43, "a session's token": controller.cookie}
        bad |= {"a used ticket": used or made[0]}
        await asyncio.gather(*(_must_not_open(player, url, name, ticket) for name, ticket in bad.items()))
        await _must_not_open(player, url, "a foreign page", made[3], "https://evil.example")
        stage.clock.advance(timedelta(seconds=61))
        await _must_not_open(player, url, "a ticket older than a minute", made[4])
        stage.clock.advance(timedelta(seconds=-61))
        await _revoked(player, url, path, camera)
        await _beyond(player, url, path, camera)


async def _shown(player: Player, url: str, tickets: list[str]) -> str:
    """Return the ticket that gave a picture; nothing where none did. A camera slow to come is asked for again."""
    for ticket in tickets:
        if await _watch(player, url, ticket, None, PICTURE_S) == SHOWN:
            return ticket
    return ""


async def _revoked(player: Player, url: str, path: str, camera: dict[str, str]) -> None:
    """Take a ticket, let the city take its permit back, and show the ticket."""
    operator = player.world.actor("centre_operator@city")
    got = json.loads((await player.stage.send(operator, "POST", path, camera)).body)
    if "ticket" not in got:
        player.found.broken["relay: no ticket for the city's own operator"] += 1
        return
    await player.stage.do(operator, "POST", f"/api/v1/permits/{got['permit_id']}/revoke", {"reason": "leaks"})
    await _must_not_open(player, url, "a ticket whose permit was revoked", got["ticket"])


async def _beyond(player: Player, url: str, path: str, camera: dict[str, str]) -> None:
    """Write another camera's recording into a ticket, as a fault of ours could, and show it."""
    w, now = player.world, player.stage.clock.now()
    got = json.loads((await player.stage.send(w.actor("centre_operator@city"), "POST", path, camera)).body)
    look = {"cameras": [camera["camera_id"], w.ids["camera_id"][GLASS]], "reason": "leaks"}
    look |= {"from": str(now - timedelta(minutes=2)), "until": str(now)}
    with psycopg.connect(player.superuser, autocommit=True) as conn:
        more = Jsonb({"recorded": look})
        conn.execute("update policy_ticket set extras = extras || %s where permit_id = %s", (more, got["permit_id"]))
    await _must_not_open(player, url, "a ticket with a recording beyond its permit", got["ticket"])


async def _must_not_open(player: Player, url: str, name: str, ticket: str, origin: str | None = None) -> None:
    player.found.extras["relay"] += 1
    if await _watch(player, url, ticket, origin, REFUSED_S) > REFUSED:
        player.found.leak("relay", f"{name} opened a picture")


REFUSED, TAKEN, SHOWN = range(3)
"""What a ticket came to: nothing, a socket that waits for its camera, a picture."""


async def _watch(player: Player, url: str, ticket: str, origin: str | None, patience_s: float) -> int:
    """Return what the relay did with a ticket within so many seconds."""
    try:
        seen_from = None if origin is None else Origin(origin)
        async with connect(url, origin=seen_from, max_size=None, compression=None) as eye:
            await eye.send(json.dumps({"ticket": ticket}))
            try:
                async with asyncio.timeout(patience_s):
                    while True:
                        said = await eye.recv()
                        if isinstance(said, bytes) and b"moof" in said:  # a fragment of pictures (ISO/IEC 14496-12)
                            return SHOWN
            except TimeoutError:
                return TAKEN
    except (ConnectionClosed, InvalidHandshake):
        return REFUSED
    except OSError as error:
        player.found.broken[f"relay: {type(error).__name__}"] += 1
        return REFUSED
