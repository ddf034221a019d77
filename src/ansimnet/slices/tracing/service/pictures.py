"""Pictures of an approved search: a candidate large and alone, a camera live, some seconds of its past.

They come from the relay, for a ticket that is good once and for a minute. Each is a step of the search on the ledger,
under a permit of the ground that its approval put on file: with the search every picture ends.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import CameraId
from ansimnet.kernel.permits import Act, Masking
from ansimnet.platform.db import Db
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage import queries as footage
from ansimnet.slices.footage.queries import Ticket
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.tracing.model import Found, OutOfScope
from ansimnet.slices.tracing.service import law
from ansimnet.slices.tracing.service.law import Standing
from ansimnet.slices.tracing.store import searches

AROUND = timedelta(seconds=10)
"""What is shown before and after a candidate passed: as for an alarm (VP-06)."""

MASKED = {Act.VIEW_STREAM: Masking.MASKED}
PORTRAIT = {Act.VIEW_STREAM: Masking.MARKED, Act.UNMASK_TRACK: Masking.MARKED}


class NoPicture(NotFound):
    """The worker that saw this candidate did not say where in its picture he is."""

    name = "no-picture"


async def portrait(db: Db, account: policy.Account, search_id: UUID, candidate_id: UUID, now: datetime) -> Ticket:
    """Return a ticket to a candidate's best picture: he is clear, everybody else hidden.

    Raises:
        NotFound, NoPicture: the search has no such candidate, or he has no picture; and as `law.stand`.
    """
    stood = await law.stand(db, account, search_id, now)
    found = await _candidate(db, stood, candidate_id, now)
    if found.shot is None:
        raise NoPicture
    about = {"candidate_id": candidate_id, "camera_id": found.camera_id}
    seen, lifted = await law.camera(db, account, stood, "picture", about, now, PORTRAIT)
    at_s, *corners = found.shot
    at, box = datetime.fromtimestamp(at_s, UTC), (corners[0], corners[1], corners[2], corners[3])
    async with db.transaction() as tx:
        await law.still(tx, stood, now)
        return await footage.hand_portrait(
            tx, account, seen, lifted, found.camera_id, at, box, str(candidate_id), _reason(stood), now
        )


async def clip(db: Db, account: policy.Account, search_id: UUID, candidate_id: UUID, now: datetime) -> Ticket:
    """Return a ticket to the seconds around a candidate, everybody hidden.

    Raises as `portrait`.
    """
    stood = await law.stand(db, account, search_id, now)
    found = await _candidate(db, stood, candidate_id, now)
    about = {"candidate_id": candidate_id, "camera_id": found.camera_id}
    [permit] = await law.camera(db, account, stood, "clip", about, now, MASKED)
    from_at = max(stood.scope.from_at, found.from_at - AROUND)
    until_at = min(stood.scope.until_at, found.until_at + AROUND)
    async with db.transaction() as tx:
        await law.still(tx, stood, now)
        return await footage.hand_recorded(tx, account, permit, found.camera_id, from_at, until_at, _reason(stood), now)


async def live(db: Db, account: policy.Account, search_id: UUID, camera_id: CameraId, now: datetime) -> Ticket:
    """Return a ticket to the live picture of a camera in the approved area, everybody hidden.

    Raises:
        OutOfScope: it stands elsewhere, or the search is not of now; and as `law.stand`.
    """
    stood = await law.stand(db, account, search_id, now)
    scope = stood.scope
    async with db.transaction() as tx:
        area = {c.camera_id for c in await cameras.within(tx, Point(scope.lat, scope.lon), scope.radius_m)}
    if camera_id not in area or not scope.from_at <= now < scope.until_at:
        raise OutOfScope("the search was approved for another place or time", detail_ko="승인된 구역과 시간 밖입니다")
    [permit] = await law.camera(db, account, stood, "live", {"camera_id": camera_id}, now, MASKED)
    async with db.transaction() as tx:
        await law.still(tx, stood, now)
        return await footage.hand_live(tx, account, permit, camera_id, now)


async def _candidate(db: Db, stood: Standing, candidate_id: UUID, now: datetime) -> Found:
    async with db.transaction() as tx:
        await law.still(tx, stood, now)
        found = await searches.candidates(tx, stood.search)
    known = next((f for f in found if f.candidate_id == candidate_id), None)
    if known is None:
        raise NotFound("the search has no such candidate")
    return known


def _reason(stood: Standing) -> str:
    return f"search {stood.search.search_id}"
