"""The city centre's half of looking back: tickets to recorded pictures, timelines, coverage, bookmarks.

Two rights open a recording. Whoever takes part in a provision may see again what he could have seen live: since the
moment it was asked for, and ten seconds before. All else needs a right to recorded footage: the city's own operator on
the same trigger, further back; an investigator by an order, or by an approved case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from ansimnet.facts.footage import BookmarkPlaced, BookmarkRemoved
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import NotFound, Refusal
from ansimnet.kernel.ids import CameraId, FactId, new_id
from ansimnet.kernel.permits import Act, Masking, Purpose
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage import store
from ansimnet.slices.footage.archive.gaps import missing
from ansimnet.slices.footage.archive.index import Index, held_until
from ansimnet.slices.footage.archive.model import LAWFUL_DAYS, Gap
from ansimnet.slices.footage.model import Provision, Track
from ansimnet.slices.footage.queries import Ticket, hand
from ansimnet.slices.footage.recording.timeline import Stretch, stretches
from ansimnet.slices.footage.service.giving import Giver
from ansimnet.slices.footage.store import recordings as rows
from ansimnet.slices.footage.store.recordings import Bookmark
from ansimnet.slices.policy import queries as policy

SCREEN = "recording"
PRE_ROLL = timedelta(seconds=10)
"""The seconds before the moment belong to it (VP-06: about 20 s of video, half of them before)."""
LOOK_BACK = timedelta(minutes=30)
"""How far before the moment a city's operator may look for where somebody came from (ours: a walk across it)."""
LONGEST_LOOK = timedelta(hours=24)
"""The longest span of one ticket: a day of one place is what orders name. Ours."""
LONGEST_TIMELINE = timedelta(days=LAWFUL_DAYS)
MOST_CAMERAS = 9


class OutOfSpan(Refusal):
    """The right does not reach these hours."""

    name = "out-of-span"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to see again, and why. The first camera is played; several are merged side by side."""

    cameras: tuple[CameraId, ...]
    from_at: datetime
    until_at: datetime
    masking: Masking
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something on a timeline. `words`: a bookmark's, else empty."""

    kind: str  # provision-requested | provision-given | provision-ended | bookmark
    at: datetime
    id: UUID
    words: str = ""
    own: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A camera's recording in a span. `kept_until`: when what begins it is destroyed, holds apart."""

    camera_id: CameraId
    from_at: datetime
    until_at: datetime
    kept_until: datetime
    stretches: tuple[Stretch, ...]
    events: tuple[Event, ...]


class LookingBack:
    """The use cases. `index`: what the archives of this city told of what they hold."""

    def __init__(self, giver: Giver, index: Index, clock: Clock) -> None:
        self.giver = giver
        self.db: Db = giver.db
        self.index = index
        self.clock = clock

    # --- tickets

    async def ticket(self, tx: Tx, account: policy.Account, provision_id: UUID, wanted: Wanted) -> Ticket:
        """Return a one-use ticket to recorded pictures of a provision's cameras.

        Raises:
            NotFound, Conflict: no such provision, or it gives nothing now.
            OutOfSpan: the hours reach beyond what the provision opens.
            Forbidden: no ground opens these pictures to this account, or not so clearly.
        """
        p = await self.giver.opened(tx, account, provision_id)
        now = self.clock.now()
        _in_span(wanted, p.requested_at - LOOK_BACK, now)
        opened = {c.camera_id for c in await store.cameras_of(tx, provision_id)}
        if not opened.issuperset(wanted.cameras):
            raise NotFound("this provision opened no such camera")
        again = wanted.from_at >= p.requested_at - PRE_ROLL
        mark = None
        if wanted.masking is Masking.MARKED:
            mark = await store.mark_of(tx, provision_id, wanted.cameras[0], account.account_id)
        masking = Masking.MASKED if wanted.masking is Masking.MARKED and mark is None else wanted.masking
        permit = await policy.permit(
            self.db,
            account,
            Act.VIEW_STREAM if again else Act.READ_FOOTAGE,
            resources=wanted.cameras,
            purpose=Purpose.INVESTIGATE if masking is Masking.ORIGINAL else Purpose.RESPOND,
            screen=SCREEN,
            now=now,
            masking=masking,
        )
        more = {"provision_id": str(p.provision_id), "recorded": _recorded(wanted)}
        if mark is not None:
            more |= {"track": mark.track, "mark_permit_id": str(mark.permit_id)}
        return await hand(tx, account, permit, wanted.cameras[0], masking, now, **more)

    async def ticket_of_own(self, tx: Tx, account: policy.Account, wanted: Wanted) -> Ticket:
        """Return a one-use ticket to recorded pictures by a ground of one's own: an order, or an approved case.

        Raises:
            OutOfSpan: longer than a day, or not of the past thirty and in no hold.
            Forbidden: no ground of this account opens these pictures.
        """
        now = self.clock.now()
        held = held_until(await self.index.holds(), wanted.cameras, wanted.from_at, wanted.until_at, now)
        _in_span(wanted, now - timedelta(days=LAWFUL_DAYS) if held is None else wanted.from_at, now)
        permit = await policy.permit(
            self.db,
            account,
            Act.READ_FOOTAGE,
            resources=wanted.cameras,
            purpose=Purpose.INVESTIGATE,
            screen=SCREEN,
            now=now,
            masking=wanted.masking,
        )
        return await hand(tx, account, permit, wanted.cameras[0], wanted.masking, now, recorded=_recorded(wanted))

    # --- what there is

    async def timeline_of_own(
        self, tx: Tx, account: policy.Account, camera_id: CameraId, from_at: datetime, until_at: datetime
    ) -> Timeline:
        """Return a camera's timeline by a ground of one's own. Raises as `ticket_of_own`."""
        now = self.clock.now()
        await policy.permit(
            self.db,
            account,
            Act.READ_FOOTAGE,
            resource=camera_id,
            purpose=Purpose.INVESTIGATE,
            screen=SCREEN,
            now=now,
        )
        return await self._timeline(tx, account, camera_id, from_at, until_at, None)

    async def timeline(
        self,
        tx: Tx,
        account: policy.Account,
        provision_id: UUID,
        camera_id: CameraId,
        from_at: datetime,
        until_at: datetime,
    ) -> Timeline:
        """Return the timeline of a provision's camera, as far back as the provision reaches. It holds no picture.

        Raises:
            NotFound, Conflict: no such provision, camera of it, or it gives nothing now.
        """
        p = await self.giver.opened(tx, account, provision_id)
        if camera_id not in {c.camera_id for c in await store.cameras_of(tx, provision_id)}:
            raise NotFound("this provision opened no such camera")
        first = max(from_at, p.requested_at - LOOK_BACK)
        return await self._timeline(tx, account, camera_id, first, until_at, p)

    async def _timeline(
        self,
        tx: Tx,
        account: policy.Account,
        camera_id: CameraId,
        from_at: datetime,
        until_at: datetime,
        p: Provision | None,
    ) -> Timeline:
        now = self.clock.now()
        if not from_at < until_at or until_at - from_at > LONGEST_TIMELINE:
            raise OutOfSpan("a timeline is of thirty days at most")
        days = (await cameras.kept_shorter(tx, LAWFUL_DAYS)).get(camera_id, LAWFUL_DAYS)
        gaps = await self._missing(camera_id, from_at, min(until_at, now), now - timedelta(days=days))
        marks = await rows.bookmarks(tx, camera_id, from_at, until_at)
        events = [
            Event(kind="bookmark", at=b.at, id=b.bookmark_id, words=b.words, own=b.account_id == account.account_id)
            for b in marks
        ]
        if p is not None:
            told = (("requested", p.requested_at), ("given", p.answered_at), ("ended", p.ended_at))
            events += [Event(kind=f"provision-{k}", at=at, id=p.provision_id) for k, at in told if at is not None]
        return Timeline(
            camera_id=camera_id,
            from_at=from_at,
            until_at=until_at,
            kept_until=from_at + timedelta(days=days),
            stretches=tuple(stretches(gaps, from_at, until_at, now)),
            events=tuple(sorted((e for e in events if from_at <= e.at < until_at), key=lambda e: e.at)),
        )

    async def _missing(
        self, camera_id: CameraId, from_at: datetime, until_at: datetime, kept_from: datetime
    ) -> list[Gap]:
        if from_at >= until_at:
            return []
        return await missing(self.index, camera_id, Track.SUB, from_at, until_at, kept_from)

    async def coverage(
        self, tx: Tx, account: policy.Account, provision_id: UUID, from_at: datetime | None, until_at: datetime | None
    ) -> list[dict[str, Any]]:
        """Return the cameras a provision ever opened with how much of a span is recorded, the listed ones first.

        Raises:
            NotFound, Conflict: no such provision, or it gives nothing now.
        """
        p = await self.giver.opened(tx, account, provision_id)
        now = self.clock.now()
        first = max(from_at or p.requested_at - PRE_ROLL, p.requested_at - LOOK_BACK)
        last = min(until_at or now, now)
        listed = await store.cameras_of(tx, provision_id)
        known = await cameras.by_ids(tx, [c.camera_id for c in listed])
        found = []
        for c in listed:
            if c.camera_id in known and first < last:
                gaps = await self._missing(c.camera_id, first, last, now - timedelta(days=LAWFUL_DAYS))
                parts = stretches(gaps, first, last, now)
                found.append(
                    {
                        "camera_id": str(c.camera_id),
                        "code": known[c.camera_id].code,
                        "name": known[c.camera_id].address,
                        "listed": c.rank is not None,
                        "from_at": first.isoformat(),
                        "until_at": last.isoformat(),
                        "recorded_s": _seconds(s for s in parts if s.cause is None),
                        "missing_s": _seconds(s for s in parts if s.cause is not None),
                        "causes": sorted({str(s.cause) for s in parts if s.cause is not None}),
                    }
                )
        return found

    # --- bookmarks

    async def bookmark(
        self, tx: Tx, account: policy.Account, provision_id: UUID, camera_id: CameraId, at: datetime, words: str
    ) -> Bookmark:
        """Mark an instant on the timeline of a provision's camera, for whoever looks at it under a right of his own.

        Raises:
            NotFound, Conflict: see `timeline`.
        """
        await self.timeline(tx, account, provision_id, camera_id, at, at + timedelta(seconds=1))
        now = self.clock.now()
        mark = Bookmark(
            bookmark_id=new_id(),
            camera_id=camera_id,
            at=at,
            provision_id=provision_id,
            account_id=account.account_id,
            words=words.strip(),
            placed_at=now,
        )
        await rows.add_bookmark(tx, mark)
        fact = BookmarkPlaced(
            fact_id=FactId(new_id()),
            happened_at=now,
            bookmark_id=mark.bookmark_id,
            camera_id=camera_id,
            at=at,
            by=account.account_id,
        )
        await append(tx, fact, actor=f"account:{account.account_id}")
        return mark

    async def remove_bookmark(self, tx: Tx, account: policy.Account, bookmark_id: UUID) -> None:
        """Remove one's own bookmark.

        Raises:
            NotFound: one has no such.
        """
        camera_id = await rows.remove_bookmark(tx, bookmark_id, account.account_id)
        if camera_id is None:
            raise NotFound("you have no such bookmark")
        fact = BookmarkRemoved(
            fact_id=FactId(new_id()),
            happened_at=self.clock.now(),
            bookmark_id=bookmark_id,
            camera_id=camera_id,
            by=account.account_id,
        )
        await append(tx, fact, actor=f"account:{account.account_id}")


def _in_span(wanted: Wanted, first: datetime, now: datetime) -> None:
    if not 0 < len(set(wanted.cameras)) <= MOST_CAMERAS:
        raise OutOfSpan("one to nine cameras")
    if not wanted.from_at < wanted.until_at or wanted.until_at - wanted.from_at > LONGEST_LOOK:
        raise OutOfSpan("a day at a time")
    if wanted.from_at < first or wanted.from_at >= now:
        raise OutOfSpan("this right does not reach so far back", first=first.isoformat())


def _recorded(wanted: Wanted) -> dict[str, Any]:
    """Return what the relay must know of a right to recorded pictures."""
    return {
        "cameras": [str(c) for c in wanted.cameras],
        "from": wanted.from_at.isoformat(),
        "until": wanted.until_at.isoformat(),
        "reason": wanted.reason.strip(),
    }


def _seconds(parts: Iterable[Stretch]) -> float:
    return round(sum((s.end - s.start).total_seconds() for s in parts), 1)


def as_json(t: Timeline) -> dict[str, Any]:
    """Return a timeline as it crosses the link and reaches pages."""
    return {
        "camera_id": str(t.camera_id),
        "from_at": t.from_at.isoformat(),
        "until_at": t.until_at.isoformat(),
        "kept_until": t.kept_until.isoformat(),
        "stretches": [
            {"start": s.start.isoformat(), "end": s.end.isoformat(), "cause": s.cause, "detail": s.detail}
            for s in t.stretches
        ],
        "events": [
            {"kind": e.kind, "at": e.at.isoformat(), "id": str(e.id), "words": e.words, "own": e.own} for e in t.events
        ],
    }


def wanted_to_json(wanted: Wanted) -> dict[str, Any]:
    """Return what is wanted as it crosses the link."""
    return {**_recorded(wanted), "masking": wanted.masking.value}


def wanted_of(said: dict[str, Any]) -> Wanted:
    """Return what is wanted, out of a message.

    Raises:
        KeyError, ValueError: it is none.
    """
    return Wanted(
        cameras=tuple(CameraId(UUID(c)) for c in said["cameras"]),
        from_at=datetime.fromisoformat(said["from"]),
        until_at=datetime.fromisoformat(said["until"]),
        masking=Masking(said["masking"]),
        reason=str(said["reason"])[:500],
    )
