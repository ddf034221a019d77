"""What leaves the system by itself or as a file: pushes, text messages, calls, requests to 112, and downloads."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from evaluation._leaks_play import Player
from evaluation._leaks_requests import Operation, Shot
from evaluation._leaks_world import CLOSED, EXPIRED, LIVE, QUIET, Actor

from ansimnet.platform.db import Db
from ansimnet.platform.jobs import REGISTRY, JobRun
from ansimnet.slices.notifications import service, store
from ansimnet.slices.notifications.model import Channel, Subscription
from ansimnet_sim.endpoints import Call, Others

CHANNELS = ("web_push", "sms", "voice", "agency")
DESK_112 = Actor("112's desk", "police_112", "tracking")
"""Who reads what 112 is sent."""
NOBODY = Actor("a gateway", "nobody", "tracking", live=False)
"""Who carries texts and calls: it may know the number it calls, and nothing else."""


async def deliveries(player: Player) -> None:
    """Let every delivery that waits go out, to a 112, a push service and gateways of ours, and read what came."""
    async with _listening() as others:
        context = player.stage.host.context
        chosen = {
            "police_112_url": others.police_url,
            "sms_url": others.text_url,
            "voice_url": others.voice_url,
            "push_ca_file": others.ca_file,
        }
        context = replace(context, settings=context.settings.model_copy(update=chosen))
        subscribed = {k: await _subscribe(player, others, k) for k in (LIVE, CLOSED, EXPIRED, QUIET)}
        waiting = await _waiting(player)
        tracking, city = player.stage.dbs.tracking, player.stage.dbs.city
        await _deliver(player, city, context, waiting)
        if others.police or others.texts or others.voices or any(s.received for s in subscribed.values()):
            player.found.leak("notifications", "the city sent what the tracking centre has to say")
        await _deliver(player, tracking, context, waiting)
        _judge(player, others, subscribed)


@asynccontextmanager
async def _listening() -> AsyncIterator[Others]:
    others = Others()
    with tempfile.TemporaryDirectory() as folder:
        await others.start(Path(folder))
        try:
            yield others
        finally:
            await others.stop()


async def _subscribe(player: Player, others: Others, k: int) -> Any:
    """Give a protected person's phone a subscription at our push service."""
    theirs = others.subscribe()
    keys: Any = theirs.body()["keys"]
    to = Subscription(theirs.endpoint, keys["p256dh"], keys["auth"])
    async with player.stage.dbs.tracking.transaction() as tx:
        person = UUID(player.world.ids["protected_person_id"][f"victim{k}"])
        await store.save_subscription(tx, person, to, player.stage.clock.now())
    return theirs


async def _waiting(player: Player) -> list[str]:
    """Return the deliveries that wait, and one call by voice to the person who is warned."""
    person = UUID(player.world.ids["protected_person_id"][f"victim{LIVE}"])
    async with player.stage.dbs.tracking.transaction() as tx:
        await service.open_delivery(
            tx, about=person, to=person, channel=Channel.VOICE, content=None, now=player.stage.clock.now()
        )
    with psycopg.connect(player.superuser, autocommit=True) as conn:
        rows = conn.execute("select delivery_id from notifications_delivery where state = 'waiting'").fetchall()
    return [str(r[0]) for r in rows]


async def _deliver(player: Player, db: Db, context: Any, waiting: list[str]) -> None:
    handler = REGISTRY.jobs[service.DELIVER].handler
    for delivery_id in waiting:
        player.found.extras["notifications"] += 1
        await handler(JobRun(db, context, attempt=service.GIVE_UP_ATTEMPTS), delivery_id=delivery_id)


def _judge(player: Player, others: Others, subscribed: dict[int, Any]) -> None:
    """Pushes say nothing, texts and calls nothing but whom they are for, 112 what 112 may know."""
    found = player.found
    for k, theirs in subscribed.items():
        for push in theirs.received:
            found.saw("notifications: web_push")
            if push.payload:
                found.leak("notifications", f"a push to victim{k} carries {len(push.payload)} bytes")
    for refused in others.push_refused:
        found.broken[f"push: {refused}"] += 1
    for channel, calls in (("sms", others.texts), ("voice", others.voices)):
        for call in calls:
            found.saw(f"notifications: {channel}")
            body: Any = call.json()
            _scan(player, NOBODY, call, said=str(body["to"]))
            if set(body) != {"to", "text", "id"}:
                found.leak("notifications", f"{channel} carries {sorted(body)}")
    for call in others.police:
        found.saw("notifications: agency")
        _scan(player, DESK_112, call, said="")
    for channel in CHANNELS:
        if not found.seen[f"notifications: {channel}"]:
            found.broken[f"notifications: nothing came by {channel}"] += 1


def _scan(player: Player, reader: Actor, call: Call, said: str) -> None:
    text = f"{call.path}\n{call.headers}\n{call.body.decode('utf-8', 'replace')}"
    for needle, canary in player.scanner.leaks(reader, text, said):
        player.found.leak(
            "notifications", f"{canary.owner}{canary.situation}'s {canary.what} `{needle}` to {reader.name}"
        )


# ------------------------------------------------------------------------------------------------- downloads


async def exports(player: Player) -> None:
    """Let every role download each kind of file: about everybody, and about one person at a time."""
    operation = next(o for o in player.operations if o.name == "POST /api/v1/downloads")
    last = (player.stage.clock.now().replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
    by_role = {(a.role, a.centre): a for a in player.world.actors if a.live}
    subjects = [None, player.world.ids["protected_person_id"][f"victim{LIVE}"]]
    for actor in by_role.values():
        for what, subject in (*(("looks", s) for s in subjects), ("ledger", None), ("review", None)):
            await _export(player, actor, operation, {"what": what, "subject": subject, "month": last})


async def _export(player: Player, actor: Actor, operation: Operation, chosen: dict[str, Any]) -> None:
    body = {**chosen, "reason_kind": "audit", "reason": "정기 점검: what a file gives away"}
    answer = await player.play(actor, Shot(operation, operation.path, {}, body))
    player.found.extras["exports"] += 1
    if answer.status < 300 and answer.body.count(b"\n") + answer.body.count(b"{") > 1:  # more than its head
        player.found.saw(f"exports: {chosen['what']}")
