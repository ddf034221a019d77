"""The doors of workers: `/ingest/vision` takes reports and gives configurations, by a key of the machine's own.

Answered only after the commit: what is acknowledged is kept. Processes that the server starts itself use no door.
"""

from __future__ import annotations

import hmac
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Db
from ansimnet.platform.machines import WrongKey, key_of, route
from ansimnet.slices.vision.model import Sender
from ansimnet.slices.vision.service import config, intake
from ansimnet.slices.vision.store import workers


class Unreadable(Refusal):
    """The body is no JSON of the expected form."""

    name = "unreadable"


def routes(db: Db, clock: Clock) -> list[Route]:
    """Return the routes of workers."""

    async def reports(request: Request) -> Response:
        """Take `{"reports": [...]}`; answer which were taken, known before, refused and why."""
        sender = await sender_of(db, key_of(request))
        said = _body(await request.body()).get("reports")
        if not isinstance(said, list):
            raise Unreadable("`reports` is a list")
        return _answer(await intake.take(db, sender, said, clock.now()))

    async def state(request: Request) -> Response:
        """Take what a worker says of itself; answer with the configuration of every camera."""
        sender = await sender_of(db, key_of(request))
        await intake.tell_state(db, sender, _body(await request.body()), clock.now())
        async with db.transaction() as tx:
            return _answer({"cameras": await config.for_workers(tx, clock.now())})

    return [
        route("/ingest/vision/reports", reports, Act.REPORT_VISION),
        route("/ingest/vision/state", state, Act.REPORT_VISION),
    ]


def _body(raw: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Unreadable(str(error)) from None


def _answer(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


async def sender_of(db: Db, key: str) -> Sender:
    """Return whose key it is, compared in constant time.

    Raises:
        WrongKey: nobody's.
    """
    key_sha256 = workers.hash_of(key)
    async with db.transaction() as tx:
        found = await workers.of_key(tx, key_sha256)
    if found is None or not hmac.compare_digest(found[1], key_sha256):
        raise WrongKey
    return found[0]
