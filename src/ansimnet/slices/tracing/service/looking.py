"""Looking: an approved search releases the keys of its cameras and hours, and ranks what passed there.

What was opened lives in this process's memory until the answer is given. Nothing of anybody else is kept: candidates
above a threshold go into the search's own rows, sealed; all other tracks are forgotten.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import numpy as np

from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import CameraId, named_id
from ansimnet.platform.db import Db
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.tracing.model import DIMENSIONS, Block, Found, Looked, OutOfScope, Scope, hour_of
from ansimnet.slices.tracing.rules import matching, sealing, tracks
from ansimnet.slices.tracing.rules.matching import Wanted
from ansimnet.slices.tracing.rules.segments import Segment, search
from ansimnet.slices.tracing.rules.tracks import Track
from ansimnet.slices.tracing.service import following, law
from ansimnet.slices.tracing.service.intake import bound_to
from ansimnet.slices.tracing.service.nets import Nets
from ansimnet.slices.tracing.store import searches, sightings
from ansimnet.slices.tracing.store.keys import HourKeys

MOST_FOUND = 50
"""Candidates of one look: more than anybody judges. Ours."""
MOST_WEIGHED = 500
"""Tracks whose every reason is weighed, the most alike first: ten times what is shown. Ours."""
LEAST = 1e-4
"""Less likely than so, a passer-by is not even a candidate, and nothing of him is kept. Ours."""


async def look(
    db: Db,
    keys: HourKeys,
    nets: Nets,
    account: policy.Account,
    search_id: UUID,
    now: datetime,
    *,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
    only: Sequence[CameraId] | None = None,
) -> list[Found]:
    """Look within an approved search's area and time, or a part of them, and return all its candidates.

    Raises:
        OutOfScope: another place or time than was approved.
        SearchOver, PermitOver, Forbidden, NotFound: see `law.stand`.
    """
    stood = await law.stand(db, account, search_id, now)
    scope = _narrowed(stood.scope, from_at, until_at)
    async with db.transaction() as tx:
        area = [c.camera_id for c in await cameras.within(tx, Point(scope.lat, scope.lon), scope.radius_m)]
    chosen = area if only is None else list(only)
    if not set(chosen) <= set(area):
        raise OutOfScope("a camera lies outside the approved area", detail_ko="승인된 구역 밖의 카메라입니다")
    hours = scope.hours(now)
    async with db.transaction() as tx:
        await law.step(tx, stood, "look", {"from_at": scope.from_at, "until_at": scope.until_at}, now)
        if chosen and hours:
            await law.release(tx, stood, chosen, hours, now)
        wanted, _ = await following.sought(tx, stood.search)
        blocks = await sightings.of_hours(tx, hours, chosen)
    found = await asyncio.to_thread(_rank, keys, blocks, wanted, scope, search_id)
    span = Looked(scope.from_at, min(scope.until_at, now), tuple(sorted({b.camera_id for b in blocks})))
    async with db.transaction() as tx:
        await law.still(tx, stood, now)
        await searches.add_candidates(tx, stood.search, found, now)
        await searches.add_look(tx, stood.search, span)
        kept = await searches.candidates(tx, stood.search)
    return await following.ranked(db, nets, stood, kept)


def _narrowed(scope: Scope, from_at: datetime | None, until_at: datetime | None) -> Scope:
    first, last = from_at or scope.from_at, until_at or scope.until_at
    if not scope.from_at <= first < last <= scope.until_at:
        raise OutOfScope("the search was approved for another time", detail_ko="승인된 시간대 밖입니다")
    return Scope(lat=scope.lat, lon=scope.lon, radius_m=scope.radius_m, from_at=first, until_at=last)


def _rank(keys: HourKeys, blocks: list[Block], wanted: Wanted, scope: Scope, search_id: UUID) -> list[Found]:
    """Open blocks with the keys that were released, and return the likeliest tracks."""
    from_s, until_s, kinds = scope.from_at.timestamp(), scope.until_at.timestamp(), wanted.kinds()
    seen: list[Track] = []
    for hour_at in sorted({b.hour_at for b in blocks}):
        own = [b for b in blocks if b.hour_at == hour_at]
        private = keys.private(hour_of(hour_at), {b.camera_id for b in own})
        for block in own:
            tracks_of = _opened(block, private.get(block.camera_id))
            seen += [t for t in tracks_of if t.kind in kinds and t.from_s < until_s and t.until_s >= from_s]
    found = [_found(track, wanted, search_id) for track in _alike(seen, wanted)]
    return matching.shortlist((f for f in found if f.score >= LEAST), MOST_FOUND)


def _alike(seen: list[Track], wanted: Wanted) -> list[Track]:
    """Return the tracks that look most like the picture, where there is one and many to compare with it.

    A track without an appearance, or whose plate was read where one is looked for, is never left out by its looks.
    """
    if wanted.picture is None or len(seen) <= MOST_WEIGHED:
        return seen
    pictured = [t for t in seen if t.appearance and not (wanted.plate and t.plate)]
    others = [t for t in seen if not t.appearance or (wanted.plate and t.plate)]
    vectors = np.frombuffer(b"".join(t.vector() for t in pictured), np.int8).reshape(-1, DIMENSIONS)
    at_s = np.array([t.from_s for t in pictured])
    segment, order = Segment.sorted_by_time(at_s, np.zeros(len(pictured), np.int32), vectors)
    rows, _ = search(segment, wanted.picture, -np.inf, np.inf, None, MOST_WEIGHED)
    return [pictured[order[row]] for row in rows] + others


def _opened(block: Block, private: bytes | None) -> list[Track]:
    """Return a block's tracks; none where its key is gone."""
    if private is None:
        return []
    plain = sealing.open_sealed(private, block.sealed, bound_to(block.camera_id, hour_of(block.hour_at)))
    return [] if plain is None else tracks.unpack(plain, block.camera_id, hour_of(block.hour_at))


def _found(track: Track, wanted: Wanted, search_id: UUID) -> Found:
    said = sorted(matching.terms(wanted, track).items(), key=lambda t: -abs(t[1]))
    return Found(
        candidate_id=named_id("tracing-candidate", str(search_id), str(track.id)),
        camera_id=CameraId(track.camera_id),
        from_at=datetime.fromtimestamp(track.from_s, UTC),
        until_at=datetime.fromtimestamp(track.until_s, UTC),
        score=matching.probability(dict(said)),
        why=tuple((k, round(v, 3)) for k, v in said if v > 0),
        why_not=tuple((k, round(v, 3)) for k, v in said if v < 0),
        kind=track.kind,
        lat=None if track.place is None else track.place[1],
        lon=None if track.place is None else track.place[0],
        heading_deg=track.heading_deg,
        shot=track.shot,
        looks=track.appearance,
        plate=track.plate,
        plate_p=track.plate_p,
    )


# ------------------------------------------------------------------------------------------------- judging


async def judge(
    db: Db, nets: Nets, account: policy.Account, search_id: UUID, candidate_id: UUID, verdict: str | None, now: datetime
) -> list[Found]:
    """Say that a candidate is him or not; every step is on the ledger. Return the candidates as they stand.

    Raises:
        NotFound: the search has no such candidate; and as `law.stand`.
    """
    stood = await law.stand(db, account, search_id, now)
    async with db.transaction() as tx:
        await law.step(tx, stood, verdict or "taken-back", {"candidate_id": candidate_id}, now)
        if not await searches.judge(tx, search_id, candidate_id, verdict, now):
            raise NotFound("the search has no such candidate")
        found = await searches.candidates(tx, stood.search)
    return await following.ranked(db, nets, stood, found)


async def found_of(db: Db, nets: Nets, account: policy.Account, search_id: UUID, now: datetime) -> list[Found]:
    """Return the candidates of a search that stands; once it ended they lie sealed.

    Raises as `law.stand`.
    """
    stood = await law.stand(db, account, search_id, now)
    async with db.transaction() as tx:
        await law.still(tx, stood, now)
        found = await searches.candidates(tx, stood.search)
    return await following.ranked(db, nets, stood, found)
