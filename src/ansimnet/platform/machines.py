"""The doors of machines, beside those of people: a key in a header, answered after the commit, no session.

What passes is a hash away from a row of the slice that issued the key; who looks it up there says whose it is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

import psycopg
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ansimnet.kernel.errors import Kind, Refusal
from ansimnet.kernel.permits import Act
from ansimnet.platform.pool import DatabaseAway

Endpoint = Callable[[Request], Awaitable[Response]]


class NoKey(Refusal):
    """A machine shows the key it was issued with: `Authorization: Bearer`."""

    kind = Kind.UNAUTHENTICATED
    name = "no-key"


class WrongKey(Refusal):
    """No machine has this key, or it was ended."""

    kind = Kind.UNAUTHENTICATED
    name = "wrong-key"


class StoreAway(Refusal):
    """The store does not answer: nothing was taken, send it again."""

    kind = Kind.UNAVAILABLE
    name = "store-away"


def key_of(request: Request) -> str:
    """Return the key that a request shows.

    Raises:
        NoKey: none.
    """
    for name, value in request.scope["headers"]:
        if name == b"authorization":
            kind, _, key = value.decode("latin-1").partition(" ")
            if kind.lower() == "bearer" and key.strip():
                return str(key.strip())
            break
    raise NoKey


def route(path: str, endpoint: Endpoint, act: Act, methods: Collection[str] = ("POST",)) -> Route:
    """Return a route of machines; it names its act, as a door would, for the test that walks every route.

    Where the store is away nothing is known to be committed: the machine keeps what it has and sends it again.
    """

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except (psycopg.OperationalError, DatabaseAway):
            raise StoreAway from None

    guarded.act = act  # type: ignore[attr-defined]
    return Route(path, guarded, methods=list(methods), include_in_schema=False)
