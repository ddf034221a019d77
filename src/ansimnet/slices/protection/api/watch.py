"""The press of a watch issued to a protected person: `/ingest/press`, by the device's own key (VP-07)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import psycopg
from psycopg_pool import PoolTimeout
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Db
from ansimnet.slices.protection.service import press
from ansimnet.slices.supervision import queries as supervision


class NotHers(Refusal):
    """A watch shows the key it was issued with: `Authorization: Bearer`."""

    kind = Kind.UNAUTHENTICATED
    name = "not-an-issued-device"


class StoreAway(Refusal):
    """The store does not answer: press again, or call 112."""

    kind = Kind.UNAVAILABLE
    name = "store-away"


def routes(db: Db, clock: Clock) -> list[Route]:
    """Return the route of a watch's one button; answered after the commit."""

    async def pressed(request: Request) -> Response:
        kind, _, key = (request.headers.get("authorization") or "").partition(" ")
        if kind.lower() != "bearer" or not key.strip():
            raise NotHers
        try:
            async with db.transaction() as tx:
                person_id = await supervision.bearer_of_key(tx, key.strip())
                if person_id is None:
                    raise NotHers
                await press.ask_help(tx, person_id, "watch", None, clock.now())
        except (psycopg.OperationalError, PoolTimeout):
            raise StoreAway from None
        return Response(status_code=204)

    return [Route("/ingest/press", _named(pressed), methods=["POST"], include_in_schema=False)]


def _named(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """Name the act of a route that has no door: the test that walks every route reads it."""
    endpoint.act = Act.REPORT_FIX  # type: ignore[attr-defined]
    return endpoint
