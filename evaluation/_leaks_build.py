"""Makes the world of the leak evaluation through the product's own doors: people, situations, seats, endings."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from evaluation._leaks_paper import Paper
from evaluation._leaks_procedure import Procedure
from evaluation._leaks_requests import Contract
from evaluation._leaks_sights import Sights
from evaluation._leaks_wire import call
from evaluation._leaks_world import (
    CENTRES,
    CLOSED,
    EXPIRED,
    GLASS,
    HOST,
    LIVE,
    LON,
    ORDERED,
    PHONE_AGENT,
    QUIET,
    STEP_DEG,
    WAITING,
    Actor,
    Stage,
    World,
    add_account,
    band,
    enrol,
    sign_in,
)

from ansimnet.kernel.clock import now
from ansimnet.kernel.ids import new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform.ledger import checkpoints
from ansimnet.slices.cameras import store as camera_store
from ansimnet.slices.cameras.rules.register import CameraRow


class Builder:
    """Makes the world step by step through the product's own doors."""

    def __init__(self, stage: Stage, contract: Contract, camera_port: int, device_port: int) -> None:
        self.stage = stage
        self.contract = contract
        self.camera_port = camera_port
        self.world = World(stage.clock.now(), device_port=device_port)

    async def build(self) -> World:
        """Make everything. The clock ends 70 minutes after it began."""
        w, stage = self.world, self.stage
        await self._seats(("administrator", "probation_officer", "tracking_controller", "police_112"), "tracking")
        await self._city()
        for k in (LIVE, CLOSED, EXPIRED, QUIET):
            await self._people(k)
        gateway = await stage.do(w.actor("probation_officer@tracking"), "POST", "/api/v1/gateways", {"name": "gw"})
        w.mark(gateway["gateway_key"], "secret", 0, "gateway key")
        w.devices["gateway"] = gateway["gateway_key"]
        await self._incident(EXPIRED)
        await self._end(EXPIRED)
        await self._advance(70)
        await self._incident(CLOSED)
        await self._end(CLOSED)
        await self._close(CLOSED)
        await self._incident(LIVE)
        await self._called()
        await self._everybody()
        w.at = stage.clock.now()
        return w

    async def _advance(self, minutes: int) -> None:
        """Let time pass; desks sign in again, as a new shift does."""
        self.stage.clock.advance(timedelta(minutes=minutes))
        for actor in self.world.actors:
            if actor.login:
                await sign_in(self.stage, actor, actor.login)

    async def _seats(self, roles: tuple[str, ...], centre: str) -> None:
        db = self.stage.dbs.of(CENTRES[centre])
        for role in roles:
            name = f"{role}@{centre}"
            login = name.replace("@", "-").replace("_", "-")
            account_id = await add_account(db, login, Role(role), self.stage.clock.now(), None)
            self.world.mark(f"QSEAT-{login}", centre, 0, "account")
            self.world.know("account_id", name, account_id)
            self.world.actors.append(await sign_in(self.stage, Actor(name, role, centre), login))

    async def _city(self) -> None:
        await self._seats(("administrator", "centre_operator"), "city")
        w = self.world
        async with self.stage.dbs.city.transaction() as tx:
            import_id = new_id()
            await camera_store.begin_import(tx, import_id, "leaks.csv", b"", "utf-8", 8, 0, now())
            rows: list[CameraRow] = []
            for k in (LIVE, CLOSED, EXPIRED, QUIET):
                for i in range(2):
                    password = w.mark(f"QRTSP{k}{i}", "secret", 0, "camera password")
                    address = f"rtsp://ward:{password}@127.0.0.1:{self.camera_port}/QCAM-{k}{i}"
                    w.cameras[f"QCAM-{k}{i}"] = password
                    rows.append(_camera(f"QCAM-{k}{i}", band(k, 2.0), LON + 0.0028 - 0.0005 * i, address, len(rows)))
                    w.mark(f"QCAM-{k}{i}", "city", k, "camera")
            ids = [camera_store.camera_id_of(tx.centre_id, r, 0) for r in rows]
            await camera_store.save_cameras(tx, import_id, list(zip(ids, rows, strict=True)))
        for row, camera_id in zip(rows, ids, strict=True):
            w.know(
                "camera_id", GLASS if row.code == f"QCAM-{QUIET}0" else f"{row.code} of {str(row.code)[5]}", camera_id
            )

    async def _people(self, k: int) -> None:
        w, do = self.world, self.stage.do
        officer = w.actor("probation_officer@tracking")
        at = self.stage.clock.now()
        person = await do(
            officer,
            "POST",
            "/api/v1/protected-persons",
            {
                "code": w.mark(f"P-QVC{k}", "victim", k, "code"),
                "grade": "high",
                "home": [band(k, 2.5), LON],
                "phone": w.mark(f"0109977{k:04}", "victim", k, "phone"),
            },
        )
        w.mark(f"37.5{2 * k}25", "victim", k, "home")
        w.mark(f"37.5{2 * k}35", "victim", k, "place")
        w.know("protected_person_id", f"victim{k}", person["protected_person_id"])
        w.spent[f"phone-code{k}"] = person["phone_code"]
        phone = Actor(f"victim{k}", "victim", "tracking", f"victim{k}", agent=PHONE_AGENT)
        w.actors.append(await enrol(self.stage, phone, "phone", person["phone_code"]))
        watch = await do(
            officer,
            "POST",
            f"/api/v1/protected-persons/{person['protected_person_id']}/devices",
            {"name": w.mark(f"QWATCH{k}", "victim", k, "device")},
        )
        w.devices[f"victim{k}"] = w.mark(watch["device_key"], "secret", 0, "device key")
        order = {
            "number": w.mark(f"2026-QORD{k}", "wearer", k, "order"),
            "from_at": str(at - timedelta(days=ORDERED[0])),
            "until_at": str(at + timedelta(days=ORDERED[1])),
        }
        him = await do(
            officer,
            "POST",
            "/api/v1/wearers",
            {
                "code": w.mark(f"W-QWC{k}", "wearer", k, "code"),
                "offence": "sexual_violence",
                "office": w.mark(f"QOFFICE{k}", "wearer", k, "office"),
                "order": order,
            },
        )
        await self._wearer(k, him["wearer_id"], person["protected_person_id"])
        await self._unit(k)

    async def _wearer(self, k: int, wearer_id: str, person_id: str) -> None:
        w, do = self.world, self.stage.do
        officer = w.actor("probation_officer@tracking")
        w.know("wearer_id", f"wearer{k}", wearer_id)
        w.mark(f"37.5{2 * k}1", "wearer", k, "place")
        w.mark(f"37.5{2 * k}05", "wearer", k, "zone")
        device = await do(
            officer,
            "POST",
            f"/api/v1/wearers/{wearer_id}/devices",
            {"name": w.mark(f"QANKLET{k}", "wearer", k, "device")},
        )
        w.devices[f"wearer{k}"] = w.mark(device["device_key"], "secret", 0, "device key")
        w.know("device_id", f"wearer{k}", device["device_id"])
        zone = await do(
            officer,
            "POST",
            f"/api/v1/wearers/{wearer_id}/conditions",
            {
                "trigger": "exclusion_zone",
                "label": w.mark(f"QLABEL{k}", "wearer", k, "condition"),
                "centre": [band(k, 0.55), LON],
                "radius_m": 300,
                "protected_person_id": person_id,
            },
        )
        w.know("condition_id", f"wearer{k}", zone["condition_id"])
        night = {"trigger": "curfew", "label": w.mark(f"QCURFEW{k}", "wearer", k, "condition"), "radius_m": 50}
        hour = (self.stage.clock.now() + timedelta(hours=6)).hour  # not while the world is made
        night |= {"home": [band(k, 0.55), LON], "from": f"{hour:02}:00", "until": f"{hour:02}:01"}
        curfew = await do(officer, "POST", f"/api/v1/wearers/{wearer_id}/conditions", night)
        w.know("condition_id", f"curfew{k}", curfew["condition_id"])

    async def _unit(self, k: int) -> None:
        w = self.world
        made = await self.stage.do(
            w.actor("administrator@tracking"),
            "POST",
            "/api/v1/units",
            {
                "name": w.mark(f"QUNIT{k}", "unit", k, "name"),
                "agency": "probation",
                "office": "해담",
                "lat": band(k, 5.5),
                "lon": LON,
            },
        )
        w.mark(f"37.5{2 * k}5", "unit", k, "place")
        w.know("unit_id", f"unit{k}", made["unit_id"])
        phone = Actor(f"unit{k}", "field_unit", "tracking", f"unit{k}", agent=PHONE_AGENT)
        w.actors.append(await enrol(self.stage, phone, "unit", made["phone_code"]))

    async def _fixes(self, k: int) -> None:
        """Walk into the zone, a fix every five seconds; she is at home meanwhile."""
        at = self.stage.clock.now() - timedelta(minutes=5)
        for i in range(40):
            positions = [
                {
                    "device_id": f"QANKLET{k}",
                    "seen_at": str(at + timedelta(seconds=5 * i)),
                    "lat": band(k, 1.6),
                    "lon": LON + 0.0040 - STEP_DEG * min(i, 12),
                    "accuracy": 8.0,
                },
                {
                    "device_id": f"QWATCH{k}",
                    "seen_at": str(at + timedelta(seconds=5 * i)),
                    "lat": band(k, 3.55),
                    "lon": LON,
                    "accuracy": 8.0,
                },
            ]
            headers = [("host", HOST), ("authorization", f"Bearer {self.world.devices['gateway']}")]
            answer = await call(
                self.stage.app, "POST", "/ingest/positions", headers=headers, body={"positions": positions}
            )
            assert answer.status == 200, answer.body
        await self.stage.settle()

    async def _incident(self, k: int) -> None:
        """Let the wearer walk in; the room acknowledges, notes, sends its unit."""
        w, do = self.world, self.stage.do
        controller = w.actor("tracking_controller@tracking")
        await do(w.actor(f"unit{k}"), "POST", "/api/v1/unit/position", {"lat": band(k, 5.5), "lon": LON})
        await self._fixes(k)
        found = (await do(controller, "GET", "/api/v1/incidents"))["incidents"]
        mine = next(i for i in found if i["wearer_code"] == f"W-QWC{k}")
        here = f"/api/v1/incidents/{mine['incident_id']}"
        w.know("incident_id", f"incident{k}", mine["incident_id"])
        alarms = (await do(controller, "GET", "/api/v1/alarms?state=all"))["alarms"]
        alarm = next(a for a in alarms if a["wearer_code"] == f"W-QWC{k}")
        w.know("alarm_id", f"wearer{k}", alarm["alarm_id"])
        await do(controller, "POST", f"{here}/acknowledge")
        await do(controller, "POST", f"{here}/notes", {"text": w.mark(f"QNOTE{k}", "incident", k, "note")})
        shown = await do(controller, "GET", here)
        w.mark(shown["code"], "incident", k, "number")
        order = next(o for o in shown["orders"] if o["unit_id"] == w.ids["unit_id"][f"unit{k}"])
        w.know("order_id", f"unit{k}", order["order_id"])
        text = w.mark(f"QORDER{k}", "incident", k, "order text")
        await do(controller, "POST", f"{here}/orders/{order['order_id']}/send", {"text": text})
        await self.stage.settle()
        shown = await do(controller, "GET", here)
        assert shown["provision"]["state"] == "given", shown["provision"]
        w.know("provision_id", f"provision{k}", shown["provision"]["provision_id"])
        me = await do(w.actor(f"victim{k}"), "GET", "/api/v1/me")
        if me["alert"] is not None and "warning_id" in me["alert"]:
            w.know("warning_id", f"victim{k}", me["alert"]["warning_id"])
        await self._look(k)

    async def _look(self, k: int) -> None:
        """Let the controller take a ticket, so that a permit stands; keep the ticket as one that was not used."""
        w, do = self.world, self.stage.do
        controller = w.actor("tracking_controller@tracking")
        incident = w.ids["incident_id"][f"incident{k}"]
        listed = (await do(controller, "GET", f"/api/v1/incidents/{incident}/cameras"))["cameras"]
        assert listed, "no camera saw him"
        got = await do(
            controller,
            "POST",
            f"/api/v1/provisions/{w.ids['provision_id'][f'provision{k}']}/tickets",
            {"camera_id": listed[0]["camera_id"]},
        )
        w.spent[f"ticket{k}"] = got["ticket"]
        w.know("permit_id", f"controller{k}", got["permit_id"])
        w.know("camera_id", f"given{k}", listed[0]["camera_id"])

    async def _called(self) -> None:
        """Call a second unit to what is live: its order waits to be sent."""
        do, here = self.stage.do, f"/api/v1/incidents/{self.world.ids['incident_id'][f'incident{LIVE}']}"
        unit = {"name": "second", "agency": "112", "office": "해담", "lat": band(LIVE, 5.6), "lon": LON}
        made = await do(self.world.actor("administrator@tracking"), "POST", "/api/v1/units", unit)
        controller = self.world.actor("tracking_controller@tracking")
        await do(controller, "POST", f"{here}/units/{made['unit_id']}/add")
        for order in (await do(controller, "GET", here))["orders"]:
            if order["unit_id"] == made["unit_id"]:
                self.world.know("order_id", WAITING, order["order_id"])

    async def _end(self, k: int) -> None:
        """Let the unit come and go, 112 concur and the room tick its list: what is left is to close."""
        w, do = self.world, self.stage.do
        controller, police = w.actor("tracking_controller@tracking"), w.actor("police_112@tracking")
        here = f"/api/v1/incidents/{w.ids['incident_id'][f'incident{k}']}"
        order = w.ids["order_id"][f"unit{k}"]
        for state in ("received", "on_scene", "over"):
            await do(w.actor(f"unit{k}"), "POST", f"/api/v1/unit/orders/{order}/{state}")
        await self.stage.settle()
        await do(police, "POST", f"{here}/concur")
        for item in (await do(controller, "GET", here))["checklist"]:
            if item["done_at"] is None:
                await do(controller, "POST", f"{here}/checklist/{item['item']}", {"done": True})

    async def _close(self, k: int) -> None:
        """Close the incident."""
        here = f"/api/v1/incidents/{self.world.ids['incident_id'][f'incident{k}']}"
        controller = self.world.actor("tracking_controller@tracking")
        await self.stage.do(controller, "POST", f"{here}/close", {"outcome": "separated"})
        await self.stage.settle()

    async def _everybody(self) -> None:
        """Fill every seat of every role in both centres, and add those whose right to come in has ended."""
        w, stage = self.world, self.stage
        have = {a.name for a in w.actors}
        for centre in CENTRES:
            for role in Role:
                if f"{role.value}@{centre}" not in have:
                    await self._seats((role.value,), centre)
        for k in (LIVE, CLOSED, QUIET):
            subject = UUID(w.ids["wearer_id"][f"wearer{k}"])
            login = f"own-wearer-{k}"
            await add_account(stage.dbs.tracking, login, Role.WEARER, stage.clock.now(), subject)
            w.actors.append(await sign_in(stage, Actor(f"wearer{k}", "wearer", "tracking", f"wearer{k}"), login))
        await self._ended()
        await Paper(stage, w, self.contract).file()
        await Sights(stage, w).tell()
        await Procedure(stage, w).take()
        await stage.settle(signed=True)
        for name, centre_id in CENTRES.items():
            async with stage.dbs.of(centre_id).transaction() as tx:
                for head in await checkpoints.heads(tx, limit=3):
                    for size in ("older", "newer", "size"):
                        w.know(size, f"{name} at {head.size}.", head.size)

    async def _ended(self) -> None:
        """Add sessions that were signed out, seats that were disabled, tokens that never were."""
        w, stage = self.world, self.stage
        for role in ("tracking_controller", "administrator"):
            login = f"gone-{role.replace('_', '-')}"
            await add_account(stage.dbs.tracking, login, Role(role), stage.clock.now(), None)
            left = await sign_in(stage, Actor(f"signed-out {role}", "nobody", "tracking", live=False), login)
            await stage.do(left, "DELETE", "/api/v1/session")
            login = f"disabled-{role.replace('_', '-')}"
            account_id = await add_account(stage.dbs.tracking, login, Role(role), stage.clock.now(), None)
            off = await sign_in(stage, Actor(f"disabled {role}", "nobody", "tracking", live=False), login)
            admin = w.actor("administrator@tracking")
            await stage.do(admin, "POST", f"/api/v1/accounts/{account_id}/disable")
            w.actors += [left, off]
        controller = w.actor("tracking_controller@tracking")
        foreign = "c" + controller.cookie[1:]  # another tenant's letter on a real token
        w.actors += [
            Actor("nobody", "nobody", "tracking", live=False),
            Actor("made-up token", "nobody", "tracking", cookie="t." + secrets.token_urlsafe(32), live=False),
            Actor("token at the other centre", "nobody", "city", cookie=foreign, csrf=controller.csrf, live=False),
        ]


def _camera(code: str, lat: float, lon: float, address: str, line: int) -> CameraRow:
    return CameraRow(
        line=line + 1,
        lat=lat,
        lon=lon,
        code=code,
        agency="해담구",
        address=f"새빛로 {line}",
        purpose="방범",
        count=1,
        azimuth_deg=None,
        fov_deg=360.0,
        range_m=60.0,
        retention_days=30,
        installed=None,
        rtsp_url=address,
    )
