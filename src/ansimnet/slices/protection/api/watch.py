"""The press of a watch issued to a protected person: `/ingest/press`, by the device's own key (VP-07)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.permits import Act
from ansimnet.platform.db import Db
from ansimnet.platform.machines import WrongKey, key_of, route
from ansimnet.slices.protection.service import press
from ansimnet.slices.supervision import queries as supervision


def routes(db: Db, clock: Clock) -> list[Route]:
    """Return the route of a watch's one button; answered after the commit."""

    async def pressed(request: Request) -> Response:
        key = key_of(request)
        async with db.transaction() as tx:
            person_id = await supervision.bearer_of_key(tx, key)
            if person_id is None:
                raise WrongKey
            await press.ask_help(tx, person_id, "watch", None, clock.now())
        return Response(status_code=204)

    return [route("/ingest/press", pressed, Act.REPORT_FIX)]
