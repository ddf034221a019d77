"""What lies on desks and in files before anybody plays: whoever may ask is answered, and whoever may not could be.

A route that answers nobody proves nothing by its refusals. Orders, agencies, machines, exports under review, repairs, a
camera that turns, a published month: each is made by whoever makes it in the product, and its id is known to all.
"""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import Any
from uuid import UUID

from evaluation._leaks_forms import FORMS, TURNS
from evaluation._leaks_oracle import may_do
from evaluation._leaks_requests import Contract, Shooter
from evaluation._leaks_world import CENTRES, GLASS, LIVE, LON, NOBODY, QUIET, Actor, Stage, World, band, sign_in

from ansimnet.kernel.ids import AccountId, CameraId, new_id
from ansimnet.platform.mapdata import MapData
from ansimnet.slices.footage.model import Defect, Ticket
from ansimnet.slices.footage.store import exports, inspections
from ansimnet.slices.policy import queries as policy
from ansimnet.slices.policy.model import Relation
from ansimnet.slices.policy.queries import relations
from ansimnet_sim.onvif_device import OnvifDevice, Profile

ON_FILE = frozenset(f"/api/v1/{p}" for p in ("requests", "orders", "holds", "agencies", "downloads", "reviews"))
"""Where something is put on file that has an id of its own."""

PATIENCE = 10
"""A device has four seconds for an answer; on a machine that does other things too it is asked again."""


def device() -> OnvifDevice:
    """Return the head of the camera that turns, before it listens."""
    return OnvifDevice([Profile("main", "rtsp://127.0.0.1/main"), Profile("sub", "rtsp://127.0.0.1/sub")])


def streets(folder: Any) -> None:
    """Import one street, so that there is a map to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    nodes, edges = folder / "nodes.csv", folder / "edges.csv"
    nodes.write_text(f"id,lat,lon\n1,{band(NOBODY, 1.0)},{LON}\n2,{band(NOBODY, 4.0)},{LON}\n", encoding="utf-8")
    edges.write_text("u,v,length_m\n1,2,333\n", encoding="utf-8")
    MapData(folder / "map").import_streets(nodes, edges)


class Paper:
    """Files what people would have filed by now."""

    def __init__(self, stage: Stage, world: World, contract: Contract) -> None:
        self.stage = stage
        self.world = world
        self.contract = contract

    async def file(self) -> None:
        """File everything."""
        await self._glass()
        await self._orders()
        await self._assigned()
        await self._posted()
        await self._agency()
        await self._camera()
        await self._exports()
        await self._own()
        await self._month()

    def _know(self, whose: str, answer: dict[str, Any]) -> None:
        for name, value in answer.items():
            if name.endswith("_id") and isinstance(value, str):
                self.world.know(name, whose, value)

    async def _glass(self) -> None:
        """Break the glass of one camera twice: the first was justified, and waits for its judgement."""
        w, do = self.world, self.stage.do
        operator = w.actor("centre_operator@city")
        reason = w.mark("QBREAK", "city", 0, "break-glass reason")
        for whose in ("judged", "operator"):
            body = {"reason": reason, "resources": [w.ids["camera_id"][GLASS]]}
            ground = await do(operator, "POST", "/api/v1/grounds", body)
            w.know("ground_id", whose, ground["ground_id"])
        justified = f"/api/v1/grounds/{w.ids['ground_id']['judged']}/justify"
        await do(operator, "POST", justified, {"justification": reason})

    async def _orders(self) -> None:
        """Let an order open something to an investigator, and nothing else of the same."""
        him, camera = self.world.ids["wearer_id"][f"wearer{QUIET}"], self.world.ids["camera_id"][f"given{LIVE}"]
        for centre, resource, opens in (
            ("tracking", him, ["read_track"]),
            ("city", camera, ["read_footage", "view_stream", "export_data"]),
        ):
            form = FORMS["POST /api/v1/orders"](self.world, random.Random(2))
            form |= {"issuer": "prosecution", "opens": opens, "resources": [resource]}
            made = await self.stage.do(self.world.actor(f"investigator@{centre}"), "POST", "/api/v1/orders", form)
            clerk = self.world.actor(f"court_clerk@{centre}")
            await self.stage.do(clerk, "POST", f"/api/v1/orders/{made['order_id']}/confirm")

    async def _assigned(self) -> None:
        """Give the city's facility manager the facilities to look after."""
        w, stage, at = self.world, self.stage, self.stage.clock.now()
        manager = AccountId(UUID(w.ids["account_id"]["facility_manager@city"]))
        async with stage.dbs.city.transaction() as tx:
            cameras, until = {UUID(i) for i in w.ids["camera_id"].values()}, at + timedelta(days=9)
            await relations.assign(tx, manager, Relation.OWN_FACILITY, cameras, from_at=at, until_at=until)

    async def _posted(self) -> None:
        """Let those who may put requests, orders, holds and agencies on file."""
        shooter = Shooter(self.contract.document, self.world, random.Random(1))
        for operation in self.contract.operations:
            if operation.method != "POST" or operation.path not in ON_FILE:
                continue
            for actor in [a for a in self.world.actors if a.live] * 3:
                shot = shooter.shot(operation, valid=True)
                if not may_do(actor, shot):
                    continue
                answer = await self.stage.send(actor, "POST", shot.path, shot.body)
                if answer.status < 300 and answer.body.startswith(b"{"):
                    self._know(f"made by {actor.name}", json.loads(answer.body))

    async def _agency(self) -> None:
        """Register an agency with its agreement, and a machine with its key."""
        w, do = self.world, self.stage.do
        keeper, rng = w.actor("privacy_officer@city"), random.Random(3)
        body = {"kind": "district_centre", "name": "해담 관제센터", "name_en": "Haedam control room"}
        agency = await do(keeper, "POST", "/api/v1/agencies", body)
        self._know("machine@city", agency)
        here = f"/api/v1/agencies/{agency['agency_id']}"
        agreement = FORMS["POST /api/v1/agencies/{agency_id}/agreements"](w, rng) | {"purposes": ["respond"]}
        machine = FORMS["POST /api/v1/agencies/{agency_id}/machines"](w, rng)
        for path, form in ((f"{here}/agreements", agreement), (f"{here}/machines", machine)):
            self._know("machine@city", await do(keeper, "POST", path, form))

    async def _camera(self) -> None:
        """Set a camera up that turns, keep a pose, open a repair, and lay the cameras out on walls."""
        w, do, at = self.world, self.stage.do, self.stage.clock.now()
        camera = w.ids["camera_id"][f"given{LIVE}"]
        head = device()
        await head.start(port=w.device_port)
        setup = {"port": w.device_port, "user": head.user, "password": head.password, "turning": TURNS}
        admin, operator = w.actor("administrator@city"), w.actor("centre_operator@city")
        await do(admin, "PUT", f"/api/v1/cameras/{camera}/onvif", setup)
        for _ in range(PATIENCE):
            if (await do(admin, "POST", f"/api/v1/cameras/{camera}/onvif/check"))["profiles"]:
                break
        joystick = f"/api/v1/cameras/{camera}/ptz"
        await do(operator, "POST", f"{joystick}/take", {})
        for _ in range(PATIENCE):
            kept = await self.stage.send(operator, "POST", f"{joystick}/presets", {"name": "gate"})
            if kept.status < 300:
                self._know(f"given{LIVE}", json.loads(kept.body))
                break
        await head.stop()
        async with self.stage.dbs.city.transaction() as tx:
            for defect in (Defect.DARK, Defect.BLURRED):
                ticket = Ticket(new_id(), CameraId(UUID(camera)), defect, at, at, 0.2, 0.5)
                await inspections.open_ticket(tx, ticket)
                w.know("ticket_id", defect.value, ticket.ticket_id)
        for name in ("centre_operator@city", "shift_lead@city", "tracking_controller@tracking"):
            wall, size = str(new_id()), 4
            await do(
                w.actor(name), "PUT", f"/api/v1/footage/walls/{wall}", {"name": "w", "size": size, "tiles": ["map"]}
            )
            w.know("wall_id", name, wall)
        mark = {"camera_id": camera, "at": str(at - timedelta(minutes=1)), "words": "here"}
        given = f"/api/v1/provisions/{w.ids['provision_id'][f'provision{LIVE}']}/recordings"
        self._know(f"given{LIVE}", await do(operator, "POST", f"{given}/bookmarks", mark))

    async def _exports(self) -> None:
        """Ask for two exports; one of them is masked and waits for its reviewer."""
        w, rng = self.world, random.Random(4)
        camera = w.ids["camera_id"][f"given{LIVE}"]
        for whose in ("asked", "review"):
            form = FORMS["POST /api/v1/exports"](w, rng)
            [span] = form["spans"]
            span["camera_id"] = camera
            made = await self.stage.do(w.actor("investigator@city"), "POST", "/api/v1/exports", form)
            w.know("export_id", whose, made["export_id"])
            if whose == "review":
                doubt = {
                    "camera_id": camera,
                    "span": 0,
                    "box": [0.1, 0.1, 0.3, 0.4],
                    "why": ["two-see-it-otherwise"],
                    "doubt": 0.4,
                }
                doubt |= dict.fromkeys(("at", "from_at", "until_at"), span["from_at"])
                async with self.stage.dbs.city.transaction() as tx:
                    await exports.set_doubts(tx, UUID(made["export_id"]), [doubt])
                w.know("number", "review", 0)

    async def _own(self) -> None:
        """Let her ask about one of the looks at her, and somebody leave a second session open."""
        w, do = self.world, self.stage.do
        her = w.actor(f"victim{LIVE}")
        looks = (await do(her, "GET", "/api/v1/me/access"))["looks"]
        asked = await do(her, "POST", f"/api/v1/me/access/{looks[0]['handle']}/ask", {"words": "Why?"})
        self._know("asked about", asked)
        for look in looks[1:3]:
            w.know("handle", f"victim{LIVE}", look["handle"])
        him = w.actor(f"wearer{LIVE}")
        await sign_in(self.stage, Actor("elsewhere", him.role, him.centre), him.login)
        for session in (await do(him, "GET", "/api/v1/me/sessions"))["sessions"]:
            if not session["here"]:
                w.know("session_id", f"wearer{LIVE}", session["session_id"])

    async def _month(self) -> None:
        """Let the month that is over be drafted and published, as its timer does."""
        at = self.stage.clock.now()
        for centre_id in CENTRES.values():
            async with self.stage.dbs.of(centre_id).transaction() as tx:
                await policy.draft_due(tx, at)
        self.world.know("month", "now", f"{at:%Y-%m}")
        self.world.know("month", "last", f"{at.replace(day=1) - timedelta(days=1):%Y-%m}")
