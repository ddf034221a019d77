"""The city centre's half: answer requests, choose cameras, hand out tickets, end at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ansimnet.facts.footage import (
    GuestPermitsEnded,
    ProvisionCamerasChanged,
    ProvisionEnded,
    ProvisionExtended,
    ProvisionGiven,
    ProvisionRefused,
    ProvisionRequested,
    SubjectMoved,
    TrackMarked,
)
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Conflict, NotFound
from ansimnet.kernel.geo import Point
from ansimnet.kernel.ids import (
    CameraId,
    CentreId,
    FactId,
    GroundId,
    PermitId,
    ProvisionId,
    new_id,
)
from ansimnet.kernel.permits import Act, GroundKind, Masking, Purpose, Role
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage import rules, store
from ansimnet.slices.footage.model import Chosen, Mark, Provision, State, Subject
from ansimnet.slices.footage.queries import Ticket, hand
from ansimnet.slices.footage.service import asking
from ansimnet.slices.policy import queries as policy

ACTOR = "system:footage"
SCREEN = "live-video"
MOST_PER_PLACE = 16
"""Cameras asked for at each place: more than are listed, so that silent ones do not crowd out those that live."""


class Giver:
    """The giving centre. Handlers of facts run in the caller's transaction."""

    def __init__(self, db: Db, registry: cameras.Registry, clock: Clock) -> None:
        self.db = db
        self.registry = registry
        self.clock = clock

    # --- facts of the asking centre

    async def hear_request(self, tx: Tx, fact: ProvisionRequested, there: CentreId) -> None:
        """Give or refuse, by the four triggers and their clause alone (EM-14, EM-15)."""
        now = self.clock.now()
        allowed, reason = await policy.answer_provision(
            tx,
            provision_id=fact.provision_id,
            from_centre=there,
            trigger=fact.trigger,
            statute=fact.statute,
            now=now,
        )
        if fact.from_centre != there or fact.to_centre != tx.centre_id:
            allowed, reason = False, "not-for-us"
        elif fact.lat is None:
            allowed, reason = False, "no-place"
        if not allowed:
            await self._refuse(tx, fact, there, reason, now)
        else:
            await self._give(tx, fact, there, now)

    async def _refuse(self, tx: Tx, fact: ProvisionRequested, there: CentreId, reason: str, now: datetime) -> None:
        p = _provision(fact, there, State.REFUSED, reason=reason, ground_id=None, not_after=None, now=now)
        await store.add_provision(tx, p)
        refused = ProvisionRefused(
            fact_id=FactId(new_id()),
            happened_at=now,
            provision_id=fact.provision_id,
            from_centre=there,
            to_centre=tx.centre_id,
            reason=reason,
        )
        await append(tx, refused, actor=ACTOR)

    async def _give(self, tx: Tx, fact: ProvisionRequested, there: CentreId, now: datetime) -> None:
        subject = _subject(fact)
        chosen = await self.choose(subject)
        not_after = now + policy.TRIGGER_LASTS
        ground_id = await policy.grant_ground(
            tx,
            GroundKind.TRIGGER,
            fact.statute,
            trigger=fact.trigger,
            resources={fact.provision_id, *(c.camera_id for c in chosen)},
            about={fact.alarm_id, fact.provision_id},
            until_at=not_after,
            now=now,
            for_centre=there,
            actor=ACTOR,
        )
        p = _provision(fact, there, State.GIVEN, reason=None, ground_id=ground_id, not_after=not_after, now=now)
        await store.add_provision(tx, p)
        await store.list_cameras(tx, p.provision_id, chosen, now)
        given = ProvisionGiven(
            fact_id=FactId(new_id()),
            happened_at=now,
            provision_id=p.provision_id,
            from_centre=there,
            to_centre=tx.centre_id,
            cameras=tuple(c.camera_id for c in chosen),
            not_after=not_after,
        )
        await append(tx, given, actor=ACTOR)

    async def hear_moved(self, tx: Tx, fact: SubjectMoved, there: CentreId) -> None:
        """Choose again; each camera that is added goes on the ledger."""
        p = await self._of(tx, fact.provision_id, there)
        if p is None or p.state is not State.GIVEN or p.ground_id is None or fact.lat is None:
            return
        now, subject = self.clock.now(), _subject(fact)
        if not await store.move_subject(tx, p.provision_id, subject):
            return
        chosen = await self.choose(subject)
        known = await store.cameras_of(tx, p.provision_id)
        before = [c.camera_id for c in known if c.rank is not None]
        after = [c.camera_id for c in chosen]
        await store.list_cameras(tx, p.provision_id, chosen, now)
        opened = {c.camera_id for c in known}
        if new := [c for c in after if c not in opened]:
            await policy.widen_ground(tx, p.ground_id, new, now, actor=ACTOR)
        if rules.worth_telling(before, after):
            changed = ProvisionCamerasChanged(
                fact_id=FactId(new_id()),
                happened_at=now,
                provision_id=p.provision_id,
                cameras=tuple(after),
                added=tuple(new),
            )
            await append(tx, changed, actor=ACTOR)

    async def hear_ended(self, tx: Tx, fact: ProvisionEnded, there: CentreId) -> None:
        """End every permit under the provision in this transaction: relays cut when it commits."""
        p = await self._of(tx, fact.provision_id, there)
        now = self.clock.now()
        if p is not None and await store.finish(tx, p.provision_id, State.ENDED, fact.reason, now):
            await policy.end_about(tx, p.provision_id, reason=fact.reason, now=now, actor=ACTOR)

    async def end(self, account: policy.Account, provision_id: UUID) -> None:
        """End a provision by hand: relays cut every look under it as this commits, and the asking centre hears of it.

        Raises:
            NotFound, Conflict: see `opened`.
            Forbidden: this account takes no permit back.
        """
        now = self.clock.now()
        await policy.permit(
            self.db,
            account,
            Act.REVOKE_PERMIT,
            resource=provision_id,
            purpose=Purpose.RESPOND,
            screen="provision",
            now=now,
        )
        async with self.db.transaction() as tx:
            p = await self.opened(tx, account, provision_id)
            await asking.end(tx, p.provision_id, "revoked", now, actor=f"account:{account.account_id}")

    async def hear_withdrawn(self, tx: Tx, fact: GuestPermitsEnded, there: CentreId) -> None:
        """End the permits of the asking centre's accounts that it took back itself."""
        p = await self._of(tx, fact.provision_id, there)
        if p is None:
            return
        about = {held.permit.permit_id: held.permit for held in await policy.permits_about(tx, p.provision_id)}
        for permit_id in fact.permit_ids:
            permit = about.get(permit_id)
            if permit is not None and permit.centre_id == there and permit.revoked_at is None:
                await policy.revoke(tx, permit_id, "withdrawn", self.clock.now(), by=permit.account_id)

    async def choose(self, subject: Subject) -> list[Chosen]:
        """Return the cameras that see where the subject is and can be soon."""
        probes = rules.probes(subject)
        found = await self.registry.sees_each([p.point for p in probes], limit=MOST_PER_PLACE)
        return rules.choose(
            (probe, [rules.Sight(s.camera.camera_id, s.cost, s.camera.live) for s in seeing])
            for probe, seeing in zip(probes, found, strict=True)
        )

    async def _of(self, tx: Tx, provision_id: UUID, there: CentreId) -> Provision | None:
        p = await store.load_provision(tx, provision_id, lock=True)
        return p if p is not None and p.from_centre == there else None

    # --- questions of viewers, our own and the asking centre's

    async def opened(self, tx: Tx, account: policy.Account, provision_id: UUID) -> Provision:
        """Return a provision that this account's centre takes part in.

        Raises:
            NotFound: there is none for that centre.
            Conflict: it gives nothing now.
        """
        p = await store.load_provision(tx, provision_id)
        if p is None or account.centre_id not in (p.from_centre, p.to_centre):
            raise NotFound("there is no such provision")
        if p.state is not State.GIVEN or p.over(self.clock.now()):
            raise Conflict("this provision gives nothing now", todo="a confirmed trigger opens a new one")
        return p

    async def _showing(self, tx: Tx, account: policy.Account, provision_id: UUID, camera_id: CameraId) -> Provision:
        """Return a provision in force that this camera belongs to: no look stands under another's name.

        Raises:
            NotFound, Conflict: see `opened`; or it never showed this camera.
        """
        p = await self.opened(tx, account, provision_id)
        if all(c.camera_id != camera_id for c in await store.cameras_of(tx, p.provision_id)):
            raise NotFound("this provision shows no such camera")
        return p

    async def ticket(
        self, tx: Tx, account: policy.Account, provision_id: UUID, camera_id: CameraId, masking: Masking
    ) -> Ticket:
        """Return a one-use ticket for one camera of a provision.

        Raises:
            NotFound, Conflict: no such provision or camera in it, or it gives nothing now.
            Forbidden: no ground opens this camera to this account, or not so clearly.
        """
        now = self.clock.now()
        p = await self._showing(tx, account, provision_id, camera_id)
        mark = None
        if masking is Masking.MARKED:
            mark = await store.mark_of(tx, provision_id, camera_id, account.account_id)
            masking = Masking.MARKED if mark is not None else Masking.MASKED
        permit = await policy.permit(
            self.db,
            account,
            Act.VIEW_STREAM,
            resource=camera_id,
            purpose=Purpose.INVESTIGATE if masking is Masking.ORIGINAL else Purpose.RESPOND,
            screen=SCREEN,
            now=now,
            masking=masking,
        )
        marked = {} if mark is None else {"track": mark.track, "mark_permit_id": str(mark.permit_id)}
        return await hand(tx, account, permit, camera_id, masking, now, provision_id=str(p.provision_id), **marked)

    async def ticket_of_own(self, tx: Tx, account: policy.Account, camera_id: CameraId) -> Ticket:
        """Return a one-use ticket for a camera of this city by a ground of one's own: a broken glass, an order.

        Everybody in the picture is masked, and no track is marked: there is no subject. The camera must be named by
        the ground, so that no wider look hides behind it.

        Raises:
            Forbidden: no ground of this account opens this camera; to another centre none ever does.
        """
        now = self.clock.now()
        purpose = Purpose.INVESTIGATE if account.role is Role.INVESTIGATOR else Purpose.RESPOND
        permit = await policy.permit(
            self.db, account, Act.VIEW_STREAM, resource=camera_id, purpose=purpose, screen=SCREEN, now=now
        )
        return await hand(tx, account, permit, camera_id, Masking.MASKED, now)

    async def mark(
        self, tx: Tx, account: policy.Account, provision_id: UUID, camera_id: CameraId, track: str
    ) -> tuple[PermitId, datetime]:
        """Mark one track as clear for this viewer on this camera; return the permit for it and its end.

        Raises:
            NotFound, Conflict, Forbidden: see `ticket`.
        """
        now = self.clock.now()
        p = await self._showing(tx, account, provision_id, camera_id)
        permit = await policy.permit(
            self.db,
            account,
            Act.UNMASK_TRACK,
            resource=camera_id,
            purpose=Purpose.RESPOND,
            screen=SCREEN,
            now=now,
            masking=Masking.MARKED,
        )
        await policy.mark_track(tx, permit, camera_id, track, now)
        await store.set_mark(tx, p.provision_id, camera_id, account.account_id, Mark(permit.permit_id, track), now)
        fact = TrackMarked(
            fact_id=FactId(new_id()),
            happened_at=now,
            permit_id=permit.permit_id,
            camera_id=camera_id,
            provision_id=p.provision_id,
            track=track,
        )
        await append(tx, fact, actor=f"account:{account.account_id}")
        return permit.permit_id, permit.not_after

    async def extend(self, tx: Tx, account: policy.Account, provision_id: UUID, reason: str) -> datetime:
        """Give a provision 60 more minutes, once, for a stated reason; return the new end.

        Raises:
            NotFound, Conflict, Forbidden: see `ticket`.
            NoReason, SecondExtension, PermitOver: see policy.
        """
        now = self.clock.now()
        p = await self.opened(tx, account, provision_id)
        await policy.permit(
            self.db,
            account,
            Act.EXTEND_PERMIT,
            resource=p.provision_id,
            purpose=Purpose.RESPOND,
            screen="provision",
            now=now,
        )
        until = await policy.extend_about(
            tx, p.provision_id, by=account.account_id, reason=reason, now=now, role=account.role
        )
        await store.set_end(tx, p.provision_id, until)
        fact = ProvisionExtended(
            fact_id=FactId(new_id()),
            happened_at=now,
            provision_id=p.provision_id,
            not_after=until,
            by=account.account_id,
        )
        await append(tx, fact, actor=f"account:{account.account_id}")
        return until

    async def listing(self, tx: Tx, p: Provision) -> list[dict[str, Any]]:
        """Return the listed cameras of a provision as screens show them, best first."""
        listed = [c for c in await store.cameras_of(tx, p.provision_id) if c.rank is not None]
        known = await cameras.by_ids(tx, [c.camera_id for c in listed])
        return [
            {
                "camera_id": c.camera_id,
                "code": known[c.camera_id].code,
                "name": known[c.camera_id].address,
                "lat": known[c.camera_id].lat,
                "lon": known[c.camera_id].lon,
                "azimuth_deg": known[c.camera_id].azimuth_deg,
                "fov_deg": known[c.camera_id].fov_deg,
                "range_m": known[c.camera_id].range_m,
                "live": known[c.camera_id].live,
                "rank": c.rank,
                "sees": c.sees,
                "arrives_in_s": c.arrives_in_s,
            }
            for c in listed
            if c.camera_id in known
        ]


def _subject(fact: ProvisionRequested | SubjectMoved) -> Subject:
    return Subject(Point(fact.lat, fact.lon), fact.error_m, fact.speed_mps, fact.course_deg, fact.seen_at)


def _provision(
    fact: ProvisionRequested,
    there: CentreId,
    state: State,
    *,
    reason: str | None,
    ground_id: GroundId | None,
    not_after: datetime | None,
    now: datetime,
) -> Provision:
    return Provision(
        provision_id=ProvisionId(fact.provision_id),
        from_centre=there,
        to_centre=fact.to_centre,
        alarm_id=fact.alarm_id,
        subject_id=fact.subject_id,
        wearer_id=None,
        trigger=fact.trigger,
        statute=fact.statute,
        state=state,
        reason=reason,
        ground_id=ground_id,
        requested_at=fact.happened_at,
        answered_at=now,
        not_after=not_after,
        ended_at=now if state is State.REFUSED else None,
        subject=_subject(fact) if state is State.GIVEN else None,
    )
