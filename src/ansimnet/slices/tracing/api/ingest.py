"""The door of workers: `/ingest/tracing/sightings`, by their machine's key. Answered after the commit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Refusal
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Db
from ansimnet.platform.machines import WrongKey, key_of, route
from ansimnet.slices.tracing.service import intake
from ansimnet.slices.tracing.store.keys import HourKeys
from ansimnet.slices.vision import queries as vision


class Unreadable(Refusal):
    """The body is no JSON of the expected form."""

    name = "unreadable"


class Batch(msgspec.Struct):
    """Tracks of a worker; `batch_id` is its own, so that what is sent again changes nothing."""

    batch_id: UUID
    tracks: list[Any]


def routes(db: Db, clock: Clock, keys: HourKeys) -> list[Route]:
    """Return the route of workers."""

    async def sightings(request: Request) -> Response:
        """Take `{"batch_id": …, "tracks": […]}`; answer how many were taken, and which were refused and why."""
        key = key_of(request)
        async with db.transaction() as tx:
            if await vision.worker_of(tx, key) is None:
                raise WrongKey
        try:
            batch = msgspec.json.decode(await request.body(), type=Batch)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise Unreadable(str(error)) from None
        receipt = await intake.take(db, keys, batch.batch_id, batch.tracks, clock.now())
        return Response(msgspec.json.encode(receipt), media_type="application/json")

    return [route("/ingest/tracing/sightings", sightings, Act.REPORT_VISION)]
