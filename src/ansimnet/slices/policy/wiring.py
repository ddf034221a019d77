"""What policy brings to the process: the sign-in resolver, its routes, and ears for permits that end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI

from ansimnet.platform.db import Db
from ansimnet.platform.parts import Context, Parts
from ansimnet.slices.policy import jobs, queries
from ansimnet.slices.policy.api import routes as api
from ansimnet.slices.policy.api import sessions as api_sessions
from ansimnet.slices.policy.queries import create_account
from ansimnet.slices.policy.service import Desk

__all__ = ["Desk", "create_account", "jobs", "parts"]


def parts(ctx: Context) -> Parts:
    """Return routes and the resolver of `app.state.sign_in`; the timer registers with `platform.jobs` by import."""
    desk = Desk(ctx.dbs, ctx.clock)

    def install(app: FastAPI) -> None:
        api_sessions.install(app, desk)

    return Parts(
        routers=[api_sessions.router, api.router],
        on_serve=[install],
        background=[_forget(ctx.dbs.tracking), _forget(ctx.dbs.city)],
    )


def _forget(db: Db) -> Callable[[], Awaitable[None]]:
    """Return the endless task that forgets ended permits of a centre in the instant they end."""

    async def listen() -> None:
        async for _ in queries.ended(db):
            pass

    return listen
