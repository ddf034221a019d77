"""What ends in other hands: the last place, told to 112; the route he took, as a masked copy that proves itself.

112 sends its units; the city has none. What it is told lies under the search's own key until it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from ansimnet.facts.tracing import SubjectHandedOver
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import CameraId, FactId, new_id
from ansimnet.kernel.permits import Act, Purpose
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage import queries as footage
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.tracing.model import Found
from ansimnet.slices.tracing.service import law
from ansimnet.slices.tracing.service.following import NobodyConfirmed, route_of
from ansimnet.slices.tracing.service.law import Standing
from ansimnet.slices.tracing.store import searches

AROUND = timedelta(seconds=5)
"""So much goes along before and behind each confirmed sighting: two recorded groups. Ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A confirmed route as an export takes it: which cameras when, the step that asked, and its hops in words."""

    step: int
    spans: tuple[footage.Span, ...]
    words: str


async def hand_over(db: Db, account: policy.Account, search_id: UUID, words: str, now: datetime) -> Found:
    """Tell 112 where he was last confirmed, and return that candidate.

    Raises:
        NobodyConfirmed: no candidate was confirmed yet; and as `law.stand`.
    """
    stood = await law.stand(db, account, search_id, now)
    async with db.transaction() as tx:
        await law.still(tx, stood, now)
        route = route_of(await searches.candidates(tx, stood.search))
        if not route:
            raise NobodyConfirmed
        last = route[-1]
        said = await searches.subject(tx, stood.search) or {}
        camera = (await cameras.by_ids(tx, [last.camera_id])).get(last.camera_id)
        place = None if camera is None else Point(camera.lat, camera.lon)
        message = {
            "kind": "missing-person" if stood.search.missing else "search",
            "search": f"T-{stood.search.search_id.hex[-6:].upper()}",
            "description": str(said.get("text", "")),
            "seen_at": last.until_at.isoformat(),
            "camera": "" if camera is None else f"{camera.code} {camera.address}".strip(),
            "lat": last.lat if last.lat is not None else place and place.lat,
            "lon": last.lon if last.lon is not None else place and place.lon,
            "heading_deg": last.heading_deg,
            "words": words,
        }
        await law.step(tx, stood, "handed-over", {"candidate_id": last.candidate_id}, now)
        fact = SubjectHandedOver(
            fact_id=FactId(new_id()),
            happened_at=now,
            request_id=stood.search.request_id,
            search_id=search_id,
            by=account.account_id,
            message=json.dumps(message, ensure_ascii=False),
        )
        await append(tx, fact, actor=f"account:{account.account_id}")
    return last


async def may_export(tx: Tx, account: policy.Account, stood: Standing, now: datetime) -> bool:
    """Return whether this search lets this account take copies of its route out: a page shows the way only then."""
    return await policy.would_open(tx, account, Act.EXPORT_DATA, stood.search.search_id, Purpose.INVESTIGATE, now)


def spans_of(route: Sequence[Found]) -> tuple[footage.Span, ...]:
    """Return what copies of a route take, in the order of time: each sighting with `AROUND`, and no time between them.

    Where two sightings by one camera come so near that their spans meet, they are one.
    """
    spans: dict[CameraId, list[footage.Span]] = {}
    for seen in sorted(route, key=lambda f: f.from_at):
        own = spans.setdefault(seen.camera_id, [])
        span = footage.Span(seen.camera_id, seen.from_at - AROUND, seen.until_at + AROUND)
        if own and span.from_at <= own[-1].until_at:
            before = own.pop()
            span = replace(before, until_at=max(before.until_at, span.until_at))
        own.append(span)
    return tuple(sorted((s for own in spans.values() for s in own), key=lambda s: (s.from_at, s.camera_id)))


async def copies(db: Db, account: policy.Account, search_id: UUID, now: datetime) -> Route:
    """Let copies of the confirmed route be asked for, and return what to ask the exports for.

    A step on the ledger, in the transaction that lets the route's cameras join the search's ground. Whether the copies
    may leave is decided where exports are asked for, and refusals are on the ledger too.

    Raises:
        NobodyConfirmed: no candidate was confirmed yet; and as `law.stand`.
    """
    stood = await law.stand(db, account, search_id, now)
    async with db.transaction() as tx:
        await law.still(tx, stood, now)
        route = route_of(await searches.candidates(tx, stood.search))
        if not route:
            raise NobodyConfirmed
        ids = {f.camera_id for f in route}
        step = await law.step(tx, stood, "copies", {"candidates": [f.candidate_id for f in route]}, now)
        await footage.offer_route(tx, search_id, step, account.account_id, now)
        ground_id = stood.permit.ground_id
        assert ground_id is not None  # no search without a ground
        if await may_export(tx, account, stood, now):
            await policy.widen_ground(tx, ground_id, ids, now, actor=f"account:{account.account_id}")
        known = await cameras.by_ids(tx, ids)
    return Route(
        step=step,
        spans=spans_of(route),
        words=_worded(stood, route, known),
    )


def _worded(stood: Standing, route: Sequence[Found], known: dict[CameraId, cameras.Camera]) -> str:
    """Return the route in words, hop by hop: what people read in the signed manifest beside the reason."""
    hops = [
        f"{n} {known[f.camera_id].code if f.camera_id in known else f.camera_id} {f.from_at:%H:%M:%S}Z"
        for n, f in enumerate(route, start=1)
    ]
    return f"T-{stood.search.search_id.hex[-6:].upper()}: {', '.join(hops)}"
