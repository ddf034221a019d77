"""What cameras would have told by now: alarms judged and not, an incident of the city, somebody at a guarded door.

Made as the workers' reports make them, so that the routes behind have something to give away.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from evaluation._leaks_permits import account_of
from evaluation._leaks_world import LIVE, Stage, World

from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import GroundKind, Purpose
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.rules.second import RequestKind
from ansimnet.slices.protection.service import homes
from ansimnet.slices.protection.service.homes import Made
from ansimnet.slices.protection.store import homes as home_store
from ansimnet.slices.vision.service import intake

SEEN = "seen"
"""Whose the alarms of cameras and the city's incident are: the city's."""
SETUP = {
    "guard": [[[0.2, 0.5], [0.9, 0.5], [0.9, 1.0]]],
    "household": [[[0.0, 0.0], [0.1, 0.0], [0.1, 1.0]]],
    "no_neighbour": True,
}
TEMPLATE = bytes(512)
"""A face's template as long as the real ones (128 f32); nobody's."""


class Sights:
    """Lets cameras tell."""

    def __init__(self, stage: Stage, world: World) -> None:
        self.stage = stage
        self.world = world

    async def tell(self) -> None:
        """Tell everything."""
        await self._alarms()
        await self._door()

    async def _alarms(self) -> None:
        """Let the given camera alarm of three things; one is judged true, and the city has an incident."""
        w, do, db = self.world, self.stage.do, self.stage.dbs.city
        camera = w.ids["camera_id"][f"given{LIVE}"]
        lead, operator = w.actor("shift_lead@city"), w.actor("centre_operator@city")
        here = f"/api/v1/vision/cameras/{camera}"
        behaviours = ["intrusion", "violence", "collapse"]
        before = (await do(lead, "GET", here))["version"]
        await do(lead, "PUT", f"{here}/setup", {"after": before, "behaviours": behaviours, "shadow": []})
        at = self.stage.clock.now()
        await intake.take(db, intake.local(), [_report(camera, b, at.timestamp()) for b in behaviours], at)
        await self.stage.settle()
        told = (await do(operator, "GET", "/api/v1/vision/alarms?state=open"))["alarms"]
        for alarm in told:
            w.know("alarm_id", f"{SEEN} {alarm['behaviour']}", alarm["alarm_id"])
        judged = next(a for a in told if a["behaviour"] == "violence")["alarm_id"]
        await do(operator, "POST", f"/api/v1/vision/alarms/{judged}/verdict", {"verdict": "true", "why": None})
        await self.stage.settle()
        incident = (await do(operator, "GET", "/api/v1/city-incidents"))["incidents"][0]
        w.know("incident_id", SEEN, incident["incident_id"])

    async def _door(self) -> None:
        """Let a camera at her door see him, with everything on file, and the room call 112 for her."""
        w, do, db = self.world, self.stage.do, self.stage.dbs.tracking
        police, whose, now = w.actor("police_112@tracking"), f"victim{LIVE}", self.stage.clock.now()
        asker, order, request = await self._listed()
        made = {"protected_person_id": w.ids["protected_person_id"][whose], "name": "door", "setup": SETUP}
        home = await do(police, "POST", "/api/v1/home-guards", made | {"source": "rtsp://127.0.0.1:9/x"})
        w.know("home_id", whose, home["home_id"])
        here = f"/api/v1/home-guards/{home['home_id']}"
        filed = {"order_id": str(order), "statute": "PIPA 23", "assessment_no": "PIA-7"}
        await do(
            police, "PUT", f"{here}/grounds", filed | {"assessed_on": (now - timedelta(days=3)).date().isoformat()}
        )
        await do(police, "POST", f"{here}/on")
        alert = uuid4()
        async with db.transaction() as tx:
            face = await homes.may_enrol(tx, UUID(home["home_id"]), request, asker, now)
            await homes.enrol(tx, face, Made(TEMPLATE, 5, "dlib-face"), now)
        at = now.timestamp()
        said = {
            "alert_id": str(alert), "kind": "match", "template_id": str(face.template_id), "at": at, "since": at - 3,
            "decided_at": at, "ratio": 14.0, "faces": 5, "unable": None,
        }  # fmt: skip
        film = b"\x00\x00\x00\x18ftypisom" + w.mark(f"QFILM{LIVE}", "victim", LIVE, "film").encode()
        async with db.transaction() as tx:
            guarded = await home_store.load_home(tx, UUID(home["home_id"]))
            assert guarded is not None
            await homes.take_alert(tx, guarded, said, now)
            await homes.take_part(tx, {"alert_id": str(alert), "seconds": 20.0, "complete": True}, 0, film, now)
        w.know("alert_id", whose, alert)
        await self.stage.settle()
        await do(w.actor("tracking_controller@tracking"), "POST", f"/api/v1/home-alerts/{alert}/report")
        await self.stage.settle()

    async def _listed(self) -> tuple[policy.Account, UUID, UUID]:
        """Return an investigator, an order in force that names somebody, and a request that was approved."""
        db, now = self.stage.dbs.tracking, self.stage.clock.now()
        asker, clerk, second = [
            await account_of(db, f"{r}-tracking") for r in ("investigator", "court-clerk", "privacy-officer")
        ]
        him = new_id()
        async with db.transaction() as tx:
            order = await policy.register_order(
                tx, asker, issuer="court", number="2026-7", statute="CRIM-PROC 215", opens=["watch_list"],
                resources=[him], from_at=now, until_at=now + timedelta(days=30), reason="door", now=now,
            )  # fmt: skip
            await policy.confirm_order(tx, clerk, order.order_id, now)
        asking = policy.Asking(
            kind=RequestKind.WATCH_LIST, resources=frozenset({him}), purpose=Purpose.INVESTIGATE,
            ground_kind=GroundKind.ORDER, statute="CRIM-PROC 215", reason="door", order_id=order.order_id,
            until_at=now + timedelta(days=20), case_no="2026-7",
        )  # fmt: skip
        async with db.transaction() as tx:
            request = await policy.request_approval(tx, asker, asking, now)
            await policy.approve_request(tx, second, request.request_id, "yes", now)
        return asker, order.order_id, request.request_id


def _report(camera: str, behaviour: str, at: float) -> dict[str, Any]:
    """Return what a worker sends of one event."""
    return {
        "id": str(uuid4()), "camera_id": camera, "behaviour": behaviour, "at": at, "since": at - 2, "probability": 0.9,
        "box": [0.4, 0.4, 0.5, 0.8], "tracks": [7], "place": None, "evidence": {"score": 7.5, "dwell_s": 3.2},
        "model": "pose-rules@0123abcd", "shadow": False,
    }  # fmt: skip
