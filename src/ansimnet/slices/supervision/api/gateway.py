"""The doors of devices: `/ingest/osmand` and `/ingest/positions`, answered only after the commit.

Plain Starlette routes with msgspec: a device is known by its own key, never by a session. What one device sends can
harm no other: it speaks for itself alone, its body is capped, and a wrong position is refused by its place in it.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import datetime
from functools import partial
from urllib.parse import parse_qsl

import msgspec
from prometheus_client import Histogram
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ansimnet.kernel.clock import Clock, monotonic_s
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Db
from ansimnet.platform.http import TooLarge, problem
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


def routes(door: Door) -> list[Route]:
    """Return the routes of devices. Who it is comes before what it says: a stranger's body is never read."""

    async def osmand(request: Request) -> Response:
        sender = await door.senders.of_key(key_of(request), _address(request))
        asked = request.scope["query_string"].decode("latin-1")
        words = dict(parse_qsl(asked, keep_blank_values=False, max_num_fields=64))
        if request.method == "POST":
            words |= _form(await _body(request))
        return _answer(await take(door, sender, lambda at: [wire.read_osmand(words, at)], door.clock.now()))

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


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=False, max_num_fields=64))
    except (UnicodeDecodeError, ValueError):
        raise wire.Unreadable("the form is not readable") from None
