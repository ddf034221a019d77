"""The relay's door in the city's database: tickets, leases, endings, marks, and the record of every look."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from ansimnet.facts.footage import RecordingOpened, RecordingSeen, ViewClosed, ViewOpened
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import NotFound
from ansimnet.kernel.ids import AccountId, CameraId, CentreId, FactId, PermitId, ProvisionId, new_id
from ansimnet.kernel.permits import Masking, NoPermit, Role
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage import store
from ansimnet.slices.footage.model import OpenView
from ansimnet.slices.footage.relay.gate import Camera, End, Held, Lease, Portrait, Recorded, Span
from ansimnet.slices.footage.relay.onvif import Box
from ansimnet.slices.footage.service.giving import Giver
from ansimnet.slices.footage.service.onvif import turned_of
from ansimnet.slices.footage.store import onvif, recordings
from ansimnet.slices.footage.store import zones as privacy_zones
from ansimnet.slices.policy import queries as policy

ACTOR = "system:footage"
MARKERS = frozenset({Role.TRACKING_CONTROLLER, Role.CENTRE_OPERATOR})
"""Roles whose page offers marking. A hint for the page: policy decides when they do."""


class Looks:
    """The lease on permits and the record of every look, in one centre's database. `relay` names it across restarts."""

    def __init__(self, db: Db, clock: Clock, *, relay: str) -> None:
        self.db = db
        self.clock = clock
        self.relay = relay

    async def renew(self, permits: frozenset[PermitId]) -> Lease:
        found = await policy.hold_all(self.db, permits)
        return Lease({i: p.not_after for i, p in found.items() if p.revoked_at is None})

    async def endings(self) -> AsyncIterator[frozenset[PermitId]]:
        async for ended in policy.ended(self.db):
            if ended is not None:  # None: the connection was new; the lease re-reads everything anyway
                yield ended

    async def _opened(self, tx: Tx, held: Held, now: datetime) -> None:
        view = OpenView(
            view_id=held.view_id,
            permit_id=held.permit_id,
            camera_id=held.camera.camera_id,
            viewer=held.viewer,
            masking=held.masking,
            opened_at=now,
        )
        await store.add_view(tx, view, held.provision_id, self.relay)
        fact = ViewOpened(
            fact_id=FactId(new_id()),
            happened_at=now,
            view_id=held.view_id,
            permit_id=held.permit_id,
            camera_id=held.camera.camera_id,
            provision_id=held.provision_id,
            viewer=held.viewer,
            masking=held.masking,
        )
        await append(tx, fact, actor=ACTOR)

    async def _close(
        self,
        view_id: UUID,
        permit_id: PermitId,
        camera_id: CameraId,
        provision_id: ProvisionId | None,
        reason: str,
        *,
        frames: int = 0,
        size: int = 0,
        shed: int = 0,
    ) -> None:
        now = self.clock.now()
        async with self.db.transaction() as tx:
            if not await store.end_view(tx, view_id, reason, now, frames=frames, size=size, shed=shed):
                return
            fact = ViewClosed(
                fact_id=FactId(new_id()),
                happened_at=now,
                view_id=view_id,
                permit_id=permit_id,
                camera_id=camera_id,
                provision_id=provision_id,
                reason=reason,
                frames=frames,
                bytes=size,
            )
            await append(tx, fact, actor=ACTOR)

    async def _looks_back(self, tx: Tx, held: Held, recorded: Recorded, reason: str, now: datetime) -> None:
        """Write that somebody is going to look at the past, before the first byte of it."""
        cameras_ = tuple(c.camera_id for c in recorded.cameras)
        await recordings.add_look(tx, held.view_id, cameras_, recorded.from_at, recorded.until, reason)
        fact = RecordingOpened(
            fact_id=FactId(new_id()),
            happened_at=now,
            view_id=held.view_id,
            permit_id=held.permit_id,
            camera_ids=cameras_,
            provision_id=held.provision_id,
            viewer=held.viewer,
            masking=held.masking,
            from_at=recorded.from_at,
            until_at=recorded.until,
        )
        await append(tx, fact, actor=ACTOR)

    async def _saw(self, held: Held, recorded: Recorded, seen: Sequence[Span]) -> None:
        """Write what of the past was shown."""
        fact = RecordingSeen(
            fact_id=FactId(new_id()),
            happened_at=self.clock.now(),
            view_id=held.view_id,
            permit_id=held.permit_id,
            camera_ids=tuple(c.camera_id for c in recorded.cameras),
            from_at=tuple(a for a, _ in seen),
            until_at=tuple(b for _, b in seen),
        )
        async with self.db.transaction() as tx:
            await append(tx, fact, actor=ACTOR)

    async def close_leftovers(self) -> int:
        """Record the end of views that this relay had open when it died; their counts are lost, said as 0."""
        async with self.db.transaction() as tx:
            left = await store.views_of_relay(tx, self.relay)
        for view, provision_id in left:
            await self._close(view.view_id, view.permit_id, view.camera_id, provision_id, "relay-lost")
        return len(left)


class DbGate(Looks):
    """`relay.gate.Gate` on the city's database."""

    def __init__(self, db: Db, giver: Giver, clock: Clock, *, relay: str) -> None:
        super().__init__(db, clock, relay=relay)
        self.giver = giver
        self._cameras: dict[CameraId, Camera] = {}
        self._accounts: dict[UUID, policy.Account] = {}

    async def cameras(self) -> list[Camera]:
        """Return every camera that has a stream."""
        async with self.db.transaction() as tx:
            zones = await privacy_zones.every(tx)
            listened = await cameras.listened(tx, self.clock.now())
            turning = {i: turned_of(*kept) for i, kept in (await onvif.all_ptz(tx)).items()}
            found = [
                Camera(
                    s.camera.camera_id,
                    s.camera.code,
                    s.camera.address,
                    s.url,
                    zones=zones.get(s.camera.camera_id, ()),
                    main_url=s.main_url,
                    turned=turning.get(s.camera.camera_id),
                    listened_until=listened.get(s.camera.camera_id),
                    heat_url=s.heat_url,
                )
                for s in await cameras.sources(tx)
            ]
        self._cameras = {c.camera_id: c for c in found}
        return found

    async def redeem(self, ticket: str) -> Held:
        now = self.clock.now()
        async with self.db.transaction() as tx:
            redeemed = await policy.redeem_ticket(tx, ticket, now)
            camera_id = CameraId(redeemed.resource)
            if camera_id not in self._cameras:
                await self.cameras()
            camera = self._cameras.get(camera_id)
            if camera is None:
                raise NotFound("this camera has no stream")
            extras: Mapping[str, Any] = redeemed.extras
            account, masking = account_of(extras["account"]), Masking(extras["masking"])
            mark = PermitId(UUID(extras["mark_permit_id"])) if "mark_permit_id" in extras else None
            await policy.check_masking(
                tx, redeemed.permit, masking, camera_id, now, mark=mark, track=extras.get("track")
            )
            held = Held(
                view_id=new_id(),
                permit_id=redeemed.permit.permit_id,
                mark_permit_id=mark,
                provision_id=ProvisionId(UUID(extras["provision_id"])) if extras.get("provision_id") else None,
                camera=camera,
                viewer=str(extras["viewer"]),
                masking=masking,
                may_mark=account.role in MARKERS and bool(extras.get("provision_id")),
                not_after=redeemed.permit.not_after,
                marked=extras.get("track"),
                recorded=self._recorded(redeemed, now),
            )
            await self._opened(tx, held, now)
            if held.recorded is not None:
                await self._looks_back(tx, held, held.recorded, extras["recorded"]["reason"], now)
        self._accounts[held.view_id] = account
        return held

    def _recorded(self, redeemed: policy.Redeemed, now: datetime) -> Recorded | None:
        """Return what of the past a ticket reaches; its permit must cover each camera.

        Raises:
            NoPermit: it does not.
            NotFound: one of the cameras has no stream.
        """
        said: Any = redeemed.extras.get("recorded")
        if said is None:
            return None
        ids = [CameraId(UUID(c)) for c in said["cameras"]]
        for camera_id in ids:
            redeemed.permit.check(policy.viewing(redeemed.permit), camera_id, now=now)
            if camera_id not in self._cameras:
                raise NotFound("this camera has no stream")
        from_at, until = datetime.fromisoformat(said["from"]), datetime.fromisoformat(said["until"])
        alone = said.get("portrait")
        portrait = None if alone is None else Portrait(datetime.fromisoformat(alone["at"]), Box(*alone["box"]))
        return Recorded(tuple(self._cameras[c] for c in ids), from_at, until, portrait)

    async def mark(self, held: Held, track: str) -> Held:
        account = self._accounts.get(held.view_id)
        if account is None or held.provision_id is None:
            raise NoPermit("this view rests on no provision")
        async with self.db.transaction() as tx:
            permit_id, not_after = await self.giver.mark(tx, account, held.provision_id, held.camera.camera_id, track)
        return replace(
            held,
            masking=Masking.MARKED,
            marked=track,
            mark_permit_id=permit_id,
            not_after=min(held.not_after, not_after),
        )

    async def closed(
        self, held: Held, end: End, *, frames: int, size: int, shed: int = 0, seen: Sequence[Span] = ()
    ) -> None:
        await self._close(
            held.view_id,
            held.permit_id,
            held.camera.camera_id,
            held.provision_id,
            end,
            frames=frames,
            size=size,
            shed=shed,
        )
        if seen and held.recorded is not None:
            await self._saw(held, held.recorded, seen)
        self._accounts.pop(held.view_id, None)


def account_of(said: Mapping[str, Any]) -> policy.Account:
    """Return the account in a message or a ticket.

    Raises:
        NotFound: it is none.
    """
    try:
        return policy.Account(
            account_id=AccountId(UUID(said["account_id"])),
            centre_id=CentreId(UUID(said["centre_id"])),
            login=str(said["login"])[:64],
            role=Role(said["role"]),
            display=str(said["login"])[:64],
            subject_id=UUID(said["subject_id"]) if said.get("subject_id") else None,
        )
    except (KeyError, ValueError, TypeError) as error:
        raise NotFound("no such account") from error
