"""What the dispatch slice brings to the process."""

from __future__ import annotations

from typing import Any

from ansimnet.facts import dispatch as facts
from ansimnet.kernel.permits import Role
from ansimnet.platform.db import Tx
from ansimnet.platform.http import SignedIn
from ansimnet.platform.ledger import Entry, public_body
from ansimnet.platform.live import LiveView
from ansimnet.platform.parts import Context, Parts
from ansimnet.slices.dispatch import api, jobs, store

CITY = frozenset({Role.CENTRE_OPERATOR, Role.SHIFT_LEAD})
TO_CITY = (facts.CityIncidentOpened, facts.CityAlarmJoined, facts.CityAgencyCalled, facts.CityIncidentClosed)

ROOM = frozenset({Role.TRACKING_CONTROLLER, Role.POLICE_112, Role.PROBATION_OFFICER})

TOLD = (
    facts.IncidentOpened, facts.AlarmMerged, facts.StepReached, facts.PoliceAsked, facts.PoliceAcknowledged,
    facts.OrderDrafted, facts.OrderSent, facts.OrderProgressed, facts.UnitMoved, facts.ChecklistTicked, facts.NoteAdded,
    facts.IncidentHandedOver, facts.IncidentResolved, facts.ClosingConcurred, facts.IncidentClosed,
)  # fmt: skip

TO_UNITS = (facts.OrderSent, facts.OrderProgressed, facts.IncidentResolved, facts.IncidentClosed)


async def to_unit(tx: Tx, entry: Entry, account: SignedIn) -> dict[str, object] | None:
    """Tell a unit what concerns its own orders, nothing else."""
    unit_id = getattr(entry.fact, "unit_id", None)
    if unit_id is not None:
        return public_body(entry.fact) if unit_id == account.subject_id else None
    bound = await store.load_etas(tx, getattr(entry.fact, "incident_id"))  # noqa: B009 - every fact of TO_UNITS has one
    return public_body(entry.fact) if account.subject_id in bound else None


def parts(ctx: Context) -> Parts:
    """Return routes, readers and what live screens may hear."""

    async def status() -> dict[str, Any]:
        async with ctx.dbs.tracking.transaction() as tx:
            last = await store.last_test_alarm(tx)
        if last is None:
            return {"last_test_alarm": None}
        raised_at, answered_at = last
        return {"last_test_alarm": {"at": raised_at, "ms": round((answered_at - raised_at).total_seconds() * 1000, 1)}}

    return Parts(
        link_out=jobs.LINK_OUT,
        link_in=jobs.LINK_IN,
        status=[status],
        routers=[api.routes(ctx)],
        readers=jobs.readers(ctx.map),
        live=[LiveView(f, ROOM) for f in TOLD]
        + [LiveView(f, frozenset({Role.FIELD_UNIT}), to_unit) for f in TO_UNITS]
        + [LiveView(f, CITY) for f in TO_CITY],
    )
