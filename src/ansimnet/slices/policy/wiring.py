"""What policy brings to the process: the sign-in resolver, its routes, and ears for permits that end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from fastapi import FastAPI

from ansimnet.facts.policy import NoticeEnded, NoticeGiven
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE
from ansimnet.platform.db import Db
from ansimnet.platform.parts import Context, Parts
from ansimnet.platform.settings import Settings
from ansimnet.slices.policy import jobs, queries
from ansimnet.slices.policy.api import (
    accounts,
    agencies,
    approvals,
    audit,
    centres,
    facilities,
    glass,
    holds,
    machine_keys,
    machines,
    openness,
    orders,
    proofs,
    rights,
    security,
    signing,
    telling,
    transparency,
)
from ansimnet.slices.policy.api import review as api_review
from ansimnet.slices.policy.api import routes as api
from ansimnet.slices.policy.api import sessions as api_sessions
from ansimnet.slices.policy.queries import create_account, held
from ansimnet.slices.policy.queries.facilities import assign_facilities
from ansimnet.slices.policy.queries.notices import hear_ended, hear_given, to_city
from ansimnet.slices.policy.queries.relations import switch_notices
from ansimnet.slices.policy.queries.tables import check_table, show_table, table_as_cedar
from ansimnet.slices.policy.rules.table import require_order
from ansimnet.slices.policy.service import Desk, People, SingleSignOn
from ansimnet.slices.policy.service.machines import Machines

PEOPLE = (
    *(api_sessions.router, signing.router, security.router),
    *(accounts.router, facilities.router, api.router),
)
"""Signing in, keys and sessions, and what everybody's permits are."""

SECOND_PERSON = (approvals.router, orders.router, glass.router, holds.router)
"""What needs two people: requests, orders, break-glass, holds."""

OPENNESS = (audit.router, proofs.router, openness.router, api_review.router, transparency.router)
"""Who watches the lookers: the person looked at, the privacy officer, the auditor, everybody."""

AGENCIES = (agencies.router, machine_keys.router, centres.router, rights.router)
"""Whom a centre works with, and who of its people may view footage."""

__all__ = [
    "Desk",
    "assign_facilities",
    "check_table",
    "create_account",
    "held",
    "jobs",
    "parts",
    "people_of",
    "show_table",
    "table_as_cedar",
]


def parts(ctx: Context) -> Parts:
    """Return routes and the resolver of `app.state.sign_in`; the timer registers with `platform.jobs` by import."""
    require_order()
    switch_notices(ctx.settings.neighbour_notices)
    desk = Desk(ctx.dbs, ctx.clock, people_of(ctx.settings))

    def install(app: FastAPI) -> None:
        api_sessions.install(app, desk)
        machines.install(app, Machines(ctx.dbs, ctx.clock), ctx.settings)
        app.state.ledger_folder = ctx.settings.data_dir / "ledger"

    return Parts(
        routers=[
            *PEOPLE,
            *SECOND_PERSON,
            *OPENNESS,
            *AGENCIES,
        ],
        readers=list(jobs.READERS),
        live=telling.views(ctx.clock),
        link_out={NoticeGiven: to_city, NoticeEnded: to_city},
        link_in={NoticeGiven: hear_given, NoticeEnded: hear_ended},
        on_serve=[install],
        background=[_forget(ctx.dbs.tracking), _forget(ctx.dbs.city)],
    )


def people_of(settings: Settings) -> People:
    """Return what the settings say about signing in."""
    sso = None
    if settings.sso_issuer is not None and settings.sso_client_id is not None:
        secret = settings.sso_client_secret
        sso = SingleSignOn(
            issuer=settings.sso_issuer,
            client_id=settings.sso_client_id,
            client_secret=None if secret is None else secret.get_secret_value(),
            label=settings.sso_label,
            centre_id=TRACKING_CENTRE if settings.sso_centre == "tracking" else CITY_CENTRE,
        )
    return People(
        public_url=settings.public_url,
        desk_lasts=timedelta(hours=settings.session_hours),
        factor_required=settings.second_factor_required,
        secure_cookies=settings.secure_cookies,
        sso=sso,
    )


def _forget(db: Db) -> Callable[[], Awaitable[None]]:
    """Return the endless task that forgets ended permits of a centre in the instant they end."""

    async def listen() -> None:
        async for _ in queries.ended(db):
            pass

    return listen
