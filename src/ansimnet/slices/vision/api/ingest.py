"""The doors of workers: `/ingest/vision` takes reports and gives configurations, by a key of the machine's own.

Answered only after the commit: what is acknowledged is kept. Processes that the server starts itself use no door.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Db
from ansimnet.slices.vision.model import Sender
from ansimnet.slices.vision.service import config, intake
from ansimnet.slices.vision.store import workers


class NoKey(Refusal):
    """A worker shows its key: `Authorization: Bearer`."""

    kind = Kind.UNAUTHENTICATED
    name = "no-key"


class WrongKey(Refusal):
    """No worker has this key, or it was ended."""

    kind = Kind.UNAUTHENTICATED
    name = "wrong-key"


class StoreAway(Refusal):
    """The store does not answer: nothing was taken, send it again."""

    kind = Kind.UNAVAILABLE
    name = "store-away"


class Unreadable(Refusal):
    """The body is no JSON of the expected form."""

    name = "unreadable"


def routes(db: Db, clock: Clock) -> list[Route]:
    """Return the routes of workers."""

    async def reports(request: Request) -> Response:
        """Take `{"reports": [...]}`; answer which were taken, known before, refused and why."""
        sender = await sender_of(db, request.headers.get("authorization"))
        said = _body(await request.body()).get("reports")
        if not isinstance(said, list):
            raise Unreadable("`reports` is a list")
        return _answer(await intake.take(db, sender, said, clock.now()))

    async def state(request: Request) -> Response:
        """Take what a worker says of itself; answer with the configuration of every camera."""
        sender = await sender_of(db, request.headers.get("authorization"))
        await intake.tell_state(db, sender, _body(await request.body()), clock.now())
        async with db.transaction() as tx:
            return _answer({"cameras": await config.for_workers(tx, clock.now())})

    return [
        Route("/ingest/vision/reports", _named(reports), methods=["POST"], include_in_schema=False),
        Route("/ingest/vision/state", _named(state), methods=["POST"], include_in_schema=False),
    ]


def _named(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Name the act of a route that has no door, and say where the store is away."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (psycopg.OperationalError, PoolTimeout):
            raise StoreAway from None

    guarded.act = Act.REPORT_VISION  # type: ignore[attr-defined]
    return guarded


def _body(raw: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Unreadable(str(error)) from None


def _answer(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


async def sender_of(db: Db, header: str | None) -> Sender:
    """Return whose key a request carries, compared in constant time.

    Raises:
        NoKey: none shown.
        WrongKey: nobody's.
    """
    kind, _, key = (header or "").partition(" ")
    if kind.lower() != "bearer" or not key.strip():
        raise NoKey
    key_sha256 = workers.hash_of(key.strip())
    async with db.transaction() as tx:
        found = await workers.of_key(tx, key_sha256)
    if found is None or not hmac.compare_digest(found[1], key_sha256):
        raise WrongKey
    return found[0]
