"""Run a city against a server: cameras, devices, phones, units and the others, through its documented doors only.

The pieces can be used one by one: `Night.open` (cameras and the others listen, files are written), `register`
(orders, devices, people and units are entered through the API), `play` (time runs), `close`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import httpx

from ansimnet.kernel.clock import now
from ansimnet.kernel.geo import Point
from ansimnet_sim.city_files import heat_codes, write_files
from ansimnet_sim.clients.api import Api, Json
from ansimnet_sim.clients.phone import Phone
from ansimnet_sim.clients.unit import UnitPhone
from ansimnet_sim.devices import Device
from ansimnet_sim.endpoints import Others
from ansimnet_sim.onvif_device import OnvifDevice, Profile
from ansimnet_sim.people import Actor, Pose
from ansimnet_sim.rtsp_server import CameraServer
from ansimnet_sim.scenarios import Trigger
from ansimnet_sim.story import Story, Wearer
from ansimnet_sim.streets import Xy
from ansimnet_sim.world import TruthLog, World

NEAR_MISS_M = 40.0
"""Truth nearer than this to breaking a condition without breaking it counts as a near miss."""
TOLD_AHEAD = timedelta(seconds=10)
"""A medical stay is told before it begins, or it does not count as told in advance."""
FLEE_MPS = 1.9
"""She walks fast."""


@dataclass(slots=True)
class Registered:
    """What the server answered when the night was entered."""

    wearer_ids: dict[str, str] = field(default_factory=dict)
    condition_ids: dict[str, list[str]] = field(default_factory=dict)
    protected_person_id: str = ""
    phone_code: str = ""
    unit_codes: dict[str, str] = field(default_factory=dict)
    unit_ids: dict[str, str] = field(default_factory=dict)
    device_keys: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Device name → (device id, key)."""


@dataclass(slots=True)
class Report:
    """What the run itself knows; the rest is for a scorer to compare with the server."""

    fixes: int = 0
    near_misses: int = 0
    worst_error_m: float = 0.0
    crossed_at: datetime | None = None
    refused: int = 0
    failures: int = 0
    phone_states: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Night:
    """One run of one world."""

    world: World
    folder: Path
    cameras: CameraServer
    onvif: dict[str, OnvifDevice]
    """The devices of cameras that turn, by camera."""
    others: Others
    log: TruthLog
    started_at: datetime
    """Story time 0; moved by `play`."""
    files: dict[str, Path] = field(default_factory=dict)
    registered: Registered = field(default_factory=Registered)
    devices: list[Device] = field(default_factory=list)
    phone: Phone | None = None
    units: list[UnitPhone] = field(default_factory=list)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @classmethod
    async def open(
        cls, world: World, folder: Path, *, rtsp_password: str = "", truth_file: Path | None = None,
        cache: Path | None = None, tell: Callable[[int, int], None] | None = None, warm: bool = True,
    ) -> Night:  # fmt: skip
        """Listen as cameras and as the others, and write the files a server imports."""
        story, others = world.story, Others()
        await others.start(folder)
        started = now() + timedelta(days=365)  # until `play`, story time is before its beginning
        night = cls(world, folder, None, {}, others, TruthLog(truth_file), started)  # type: ignore[arg-type]
        night.cameras = CameraServer(
            world.city, night.people, codes=world.streamed_codes(), user=world.rtsp_user, password=rtsp_password,
            pair=world.pair, fps=world.fps, seed=world.seed, cache=cache, turning=world.turning_codes(),
            heat=heat_codes(world.city),
        )  # fmt: skip
        await night.cameras.start(port=world.rtsp_port)
        await night._answer_onvif()
        night.files = write_files(world.city, folder, rtsp=_address(world, rtsp_password, night.cameras.port))
        world.save(folder / "world.json")
        if warm:
            near = night.cameras.mounts.keys()
            await night.cameras.warm(list(near), tell)
        night.log.write("story", now(), scenario=story.scenario.name, seed=world.seed, pair=world.pair,
                        ending=story.scenario.ending.trigger)  # fmt: skip
        return night

    async def _answer_onvif(self) -> None:
        """Listen as the devices of the cameras that turn."""
        for code, mount in self.cameras.mounts.items():
            if mount.head is not None:
                device = OnvifDevice(
                    [Profile("sub", self.cameras.url(code, secret=False), width=640, height=360, fps=self.world.fps)],
                    user=self.cameras.user,
                    password=self.cameras.password,
                    name=f"Dome {code}",
                    head=mount.head,
                )
                await device.start()
                self.onvif[code] = device

    @property
    def story(self) -> Story:
        return self.world.story

    def t(self, at: datetime | None = None) -> float:
        """Return story time in seconds; before `play`, 0: the city stands at its beginning."""
        return max(0.0, ((at or now()) - self.started_at).total_seconds())

    def people(self, at: datetime) -> list[tuple[Actor, Pose]]:
        """Return who is where at an instant."""
        return self.story.everybody(self.t(at))

    async def register(self, officer: Api, units: Api | None = None) -> Registered:
        """Enter orders, conditions, devices, the protected person and the units through the API; a search has none."""
        story, city, r = self.story, self.world.city, self.registered
        if not story.wearers:
            return r
        home = city.point(city.victim_home)
        starts = now()
        person = await officer.post("/api/v1/protected-persons", {
            "code": story.victim_code, "grade": "very_high", "home": [round(home.lat, 7), round(home.lon, 7)],
        })  # fmt: skip
        r.protected_person_id, r.phone_code = str(person["protected_person_id"]), str(person["phone_code"])
        path = f"/api/v1/protected-persons/{r.protected_person_id}/devices"
        made = await officer.post(path, {"name": "P-207-1"})
        r.device_keys["P-207-1"] = (str(made["device_id"]), str(made["device_key"]))
        for w in story.wearers:
            await self._register_wearer(officer, w, starts)
        for u in city.units:
            at = city.point((u.x, u.y))
            made = await (units or officer).post("/api/v1/units", {
                "name": u.name, "agency": u.agency, "office": u.office, "lat": at.lat, "lon": at.lon,
            })  # fmt: skip
            r.unit_ids[u.name], r.unit_codes[u.name] = str(made["unit_id"]), str(made["phone_code"])
        return r

    async def _register_wearer(self, officer: Api, w: Wearer, starts: datetime) -> None:
        r, city = self.registered, self.world.city
        order = {"number": f"2026전자{hash_of(w.code) % 1000:03d}",
                 "from_at": (starts - timedelta(days=30)).isoformat(),
                 "until_at": (starts + timedelta(days=365)).isoformat()}  # fmt: skip
        made = await officer.post("/api/v1/wearers", {
            "code": w.code, "offence": w.offence, "office": "해담보호관찰소", "order": order,
        })  # fmt: skip
        wearer_id = str(made["wearer_id"])
        r.wearer_ids[w.code] = wearer_id
        name = f"{w.code}-1"
        device = await officer.post(f"/api/v1/wearers/{wearer_id}/devices", {"name": name})
        r.device_keys[name] = (str(device["device_id"]), str(device["device_key"]))
        r.condition_ids[w.code] = []
        for c in w.conditions:
            body: Json = c.body(city, r.protected_person_id, starts)
            answer = await officer.post(f"/api/v1/wearers/{wearer_id}/conditions", body)
            r.condition_ids[w.code].append(str(answer["condition_id"]))
        if self.story.medical is not None and w is self.story.subject:
            await officer.post(f"/api/v1/wearers/{wearer_id}/medical-notices", {
                **self.story.medical, "condition_id": r.condition_ids[w.code][0],
                "enters_at": (starts + TOLD_AHEAD).isoformat(), "leaves_at": (starts + timedelta(hours=2)).isoformat(),
            })  # fmt: skip

    async def enrol(self, base_url: str) -> None:
        """Enrol the victim's phone (with push) and the units' phones."""
        self.phone = Phone(base_url, self.registered.phone_code)
        self.phone.walk = self._flee
        await self.phone.enrol(self.others.subscribe())
        for actor in self.story.patrols:
            code = self.registered.unit_codes.get(actor.name)
            if code:
                unit = UnitPhone(
                    base_url, code, self.world.city, actor, self.started_at, drive_mps=self.world.drive_mps
                )
                await unit.enrol()
                self.units.append(unit)

    def _flee(self, line: Sequence[tuple[float, float]]) -> None:
        plane = self.world.city.plane
        way: list[Xy] = [plane.to_xy(Point(lat, lon)) for lat, lon in line]
        self.story.victim.divert(self.t(), way, FLEE_MPS)

    async def play(self, base_url: str, *, until_s: float | None = None, stop: asyncio.Event | None = None) -> Report:
        """Let time run from story time 0 until `until_s` (default: the story's end) or until `stop`."""
        self.started_at = now()
        end = self.story.ends_s if until_s is None else until_s
        for unit in self.units:
            unit.started_at = self.started_at
        self.devices = self._devices(base_url)
        crossed = self.story.crossed_at_s()
        at = self.started_at + timedelta(seconds=crossed) if crossed is not None else None
        self.log.write("begins", self.started_at, crosses_at=at.isoformat() if at else None)
        async with httpx.AsyncClient(timeout=10.0) as client:
            if self.world.history_s > 0:
                await asyncio.gather(*(d.backlog(client, self.world.history_s, 10.0) for d in self.devices))
            self._tasks = [asyncio.create_task(d.run(client, end)) for d in self.devices]
            self._tasks += [asyncio.create_task(u.run()) for u in self.units]
            if self.phone:
                self._tasks.append(asyncio.create_task(self.phone.run()))
            try:
                await asyncio.wait_for((stop or asyncio.Event()).wait(), max(0.1, end - self.t()))
            except TimeoutError:
                pass  # the story is told
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)
        return self.report(at)

    def _devices(self, base_url: str) -> list[Device]:
        out = []
        for w in self.story.wearers:
            name = f"{w.code}-1"
            out.append(Device(
                name, self.registered.device_keys[name][1], self.world.city, w.actor.at, base_url, self.world.seed,
                self.world.fix_interval_s, self.started_at, near=self._near(w), indoors=w.plan.indoors,
                tamper_at_s=w.plan.tamper_at_s, silent_from_s=w.plan.silent_from_s,
                form="osmand-get" if w.plan.indoors else "json", log=self.log,
            ))  # fmt: skip
        if not self.story.wearers:
            return out
        victim = "P-207-1"
        key = self.registered.device_keys[victim][1]
        out.append(Device(victim, key, self.world.city, self.story.victim.at, base_url,
                          self.world.seed, 2.0 * self.world.fix_interval_s, self.started_at, log=self.log))  # fmt: skip
        return out

    def _near(self, w: Wearer) -> Callable[[float], bool]:
        """Return when a device reports often: within 150 m of any limit, as devices with a stored zone do."""
        return lambda t: any(self.story.depth_m(w, c, t) > -150.0 or c.trigger is Trigger.CURFEW for c in w.conditions)

    def report(self, crossed_at: datetime | None) -> Report:
        """Sum up what the devices did."""
        out = Report(crossed_at=crossed_at)
        for d in self.devices:
            out.fixes += d.fixes
            out.worst_error_m = max(out.worst_error_m, d.worst_error_m)
            out.refused += d.refused
            out.failures += d.failures
        for w in self.story.wearers:
            for c in w.conditions:
                depths = [self.story.depth_m(w, c, float(t)) for t in range(int(self.t()))]
                out.near_misses += sum(-NEAR_MISS_M < d <= 0 for d in depths)
        out.phone_states = [s for _, s in self.phone.states] if self.phone else []
        self.log.write("ends", now(), fixes=out.fixes, near_misses=out.near_misses, worst_error_m=out.worst_error_m)
        return out

    async def close(self) -> None:
        """Hang up everywhere."""
        for task in self._tasks:
            task.cancel()
        for device in self.onvif.values():
            await device.stop()
        await self.cameras.stop()
        await self.others.stop()
        self.log.close()


def _address(world: World, password: str, port: int) -> str:
    """Return where the cameras are, with the account a real register keeps apart: the importer seals it at once."""
    login = f"{world.rtsp_user}:{password}@" if password else ""
    return f"rtsp://{login}127.0.0.1:{port}"


def hash_of(text: str) -> int:
    """Return a number that is the same in every process."""
    return sum((i + 1) * ord(c) for i, c in enumerate(text))
