"""The doors of devices: `/ingest/osmand` and `/ingest/positions`, answered only after the commit.

Plain routes with msgspec: a device is known by its own key, never by a session. What one device sends can harm no
other: it speaks for itself alone, its body is capped, and a wrong position is refused by its place in it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

import msgspec
from fastapi import FastAPI
from prometheus_client import Histogram
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ansimnet.kernel.clock import Clock, monotonic_s
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Db
from ansimnet.platform.http import TooLarge, problem, refuse, refuse_http
from ansimnet.platform.machines import WrongKey, key_of, route
from ansimnet.slices.supervision.api import wire
from ansimnet.slices.supervision.service.conduct import Guard
from ansimnet.slices.supervision.service.intake import Intake
from ansimnet.slices.supervision.service.receive import Message, Receipt, Refused, Report, Sender
from ansimnet.slices.supervision.service.senders import Senders
from ansimnet.slices.supervision.store import devices

MAX_BYTES = 1 << 20
"""The largest body of a batch."""

SECONDS = Histogram(
    "ansimnet_supervision_ingest_seconds",
    "From the first byte of a batch to its commit",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)


Read = Callable[[datetime], list[Report | Refused]]
"""What reads a message that was heard at an instant."""


class Door:
    """What every way in of one process shares: whose key it is, how each behaves, and where its messages go."""

    def __init__(self, db: Db, clock: Clock) -> None:
        self.clock, self.guard, self.intake = clock, Guard(db), Intake(db)
        self.senders = Senders(partial(sender_of, db), clock)


async def take(door: Door, sender: Sender, read: Read, heard_at: datetime) -> Receipt:
    """Take one message of a known sender; return what became of it after its commit.

    Raises:
        Isolated: the sender misbehaved.
        Unreadable, TooMany: nothing in it can be read.
    """
    began = monotonic_s()
    door.guard.check(sender, heard_at)
    try:
        reports = read(heard_at)
    except (wire.Unreadable, wire.TooMany):
        await door.guard.note(sender, heard_at, None)
        raise
    receipt = await door.intake.take(Message(sender, [r for r in reports if isinstance(r, Report)], heard_at))
    receipt.refused += [r for r in reports if isinstance(r, Refused)]
    receipt.refused.sort(key=lambda r: r.index)
    await door.guard.note(sender, heard_at, receipt)
    SECONDS.observe(monotonic_s() - began)
    return receipt


def install(app: FastAPI, door: Door) -> None:
    """Open the doors of devices in an application, on a short way in."""
    ours = routes(door)
    app.router.routes.extend(ours)
    app.user_middleware.append(Middleware(Straight, ours={r.path: r for r in ours}))  # behind caps and headers


class Straight:
    """Takes a device's request past the list of all routes and what only pages need, to the very route it names.

    That way is two thirds of what a request alone costs. Whoever asks for another address or in another manner, and
    every fault, goes the ordinary way.
    """

    def __init__(self, app: ASGIApp, ours: Mapping[str, Route]) -> None:
        self.app, self.ours = app, ours

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self.ours.get(scope["path"]) if scope["type"] == "http" else None
        if route is None or route.methods is None or scope["method"] not in route.methods:
            await self.app(scope, receive, send)
            return
        try:
            answer: Response = await route.endpoint(Request(scope, receive, send))
        except Refusal as refusal:
            answer = refuse(refusal)
        except HTTPException as error:
            answer = refuse_http(error)
        if type(answer) is Response:
            await send({"type": "http.response.start", "status": answer.status_code, "headers": answer.raw_headers})
            await send({"type": "http.response.body", "body": answer.body})
        else:
            await answer(scope, receive, send)


def routes(door: Door) -> list[Route]:
    """Return the routes of devices. Who it is comes before what it says: a stranger's body is never read."""

    async def osmand(request: Request) -> Response:
        sender = await door.senders.of_key(key_of(request), _address(request))
        asked = request.scope["query_string"].decode("latin-1")
        body = await _body(request) if request.method == "POST" else b""

        def read(heard_at: datetime) -> list[Report | Refused]:
            return [wire.read_osmand(wire.words_of(asked) | (wire.form_of(body) if body else {}), heard_at)]

        return _answer(await take(door, sender, read, door.clock.now()))

    async def positions(request: Request) -> Response:
        sender = await door.senders.of_key(key_of(request), _address(request))
        try:
            body = await _body(request)
        except TooLarge as error:
            await door.guard.note(sender, door.clock.now(), None)
            return problem(413, error.name, error.message, todo=error.todo)
        return _answer(await take(door, sender, lambda at: wire.read_json(body, at), door.clock.now()))

    return [
        route("/ingest/osmand", osmand, Act.REPORT_FIX, ("GET", "POST")),
        route("/ingest/positions", positions, Act.REPORT_FIX),
    ]


def _address(request: Request) -> str:
    return request.client.host if request.client is not None else ""


def _answer(receipt: Receipt) -> Response:
    return Response(msgspec.json.encode(receipt), media_type="application/json")


async def sender_of(db: Db, key: str) -> Sender:
    """Return whose key it is. Keys are found by their hash and compared in constant time.

    Raises:
        WrongKey: nobody's.
    """
    key_sha256 = devices.hash_of(key)
    async with db.transaction() as tx:
        device = await devices.device_of_key(tx, key_sha256)
        if device is not None and hmac.compare_digest(device[1], key_sha256):
            return Sender(device[0])
        gateway = await devices.gateway_of_key(tx, key_sha256)
        if gateway is not None and hmac.compare_digest(gateway[1], key_sha256):
            return Sender(None, gateway[0])
    raise WrongKey


async def _body(request: Request) -> bytes:
    """Return a body no larger than `MAX_BYTES`, read no further than that.

    Raises:
        TooLarge: it is larger.
    """
    parts: list[bytes] = []
    taken = 0
    try:
        async for part in request.stream():
            taken += len(part)
            if taken > MAX_BYTES:
                raise TooLarge(f"a batch is at most {MAX_BYTES} bytes", todo="send smaller batches")
            parts.append(part)
    except ClientDisconnect:
        raise wire.Unreadable("the sender left before the end of its message") from None
    return b"".join(parts)
