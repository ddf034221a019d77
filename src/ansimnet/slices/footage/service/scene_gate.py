"""The door of the relay that takes phones' pictures, in the tracking centre's database: who sends, who looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import Act, Masking, NoPermit
from ansimnet.slices.footage.relay.gate import Camera, End, Held, Recorded, Span
from ansimnet.slices.footage.service.holding import Looks
from ansimnet.slices.footage.store import uplinks
from ansimnet.slices.policy import queries as policy

NAME = "안심영상"


class SceneGate(Looks):
    """`relay.gate.Gate` for phones that show a scene. One ticket sends, another looks; neither opens the other door."""

    async def redeem(self, ticket: str) -> Held:
        now = self.clock.now()
        async with self.db.transaction() as tx:
            redeemed = await policy.redeem_ticket(tx, ticket, now)
            extras: Any = redeemed.extras
            masking, sends = Masking(extras["masking"]), Act.SHOW_SCENE in redeemed.permit.acts
            if not sends:
                await policy.check_masking(tx, redeemed.permit, masking, redeemed.resource, now)
            camera = Camera(CameraId(redeemed.resource), str(extras["code"]), NAME, "")
            held = Held(
                view_id=new_id(),
                permit_id=redeemed.permit.permit_id,
                provision_id=None,
                camera=camera,
                viewer=str(extras["viewer"]),
                masking=masking,
                may_mark=False,
                not_after=redeemed.permit.not_after,
                sends=sends,
                recorded=_recorded(camera, extras.get("recorded")),
            )
            if not held.sends:
                await self._opened(tx, held, now)
            if held.recorded is not None:
                await self._looks_back(tx, held, held.recorded, extras["recorded"]["reason"], now)
        return held

    async def mark(self, held: Held, track: str) -> Held:
        raise NoPermit("nobody is named in a scene: there is no track to mark")

    async def closed(
        self, held: Held, end: End, *, frames: int, size: int, shed: int = 0, seen: Sequence[Span] = ()
    ) -> None:
        if held.sends:
            async with self.db.transaction() as tx:
                await uplinks.count(tx, held.camera.camera_id, frames, size)
            return
        await self._close(
            held.view_id, held.permit_id, held.camera.camera_id, None, end, frames=frames, size=size, shed=shed
        )
        if seen and held.recorded is not None:
            await self._saw(held, held.recorded, seen)


def _recorded(camera: Camera, said: Mapping[str, Any] | None) -> Recorded | None:
    """Return what of the past a ticket reaches: of this phone alone."""
    if said is None:
        return None
    return Recorded((camera,), datetime.fromisoformat(said["from"]), datetime.fromisoformat(said["until"]))
