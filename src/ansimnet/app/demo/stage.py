"""Setting the stage: a world, settings that point at it, the map and the cameras imported, the seats filled."""

from __future__ import annotations

import csv
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from ansimnet.app.host import map_folder
from ansimnet.app.users import add_to
from ansimnet.kernel.clock import SystemClock, now
from ansimnet.kernel.errors import Fault, Refusal
from ansimnet.kernel.geo import Point, distance_m
from ansimnet.kernel.ids import AccountId
from ansimnet.platform.database import Database
from ansimnet.platform.db import Db
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.settings import Settings
from ansimnet.slices.cameras.wiring import import_cameras, with_stream
from ansimnet.slices.footage.wiring import Optics, Sector, set_up_turning
from ansimnet.slices.policy.wiring import assign_facilities
from ansimnet_sim.onvif_device import OnvifDevice
from ansimnet_sim.run import Night
from ansimnet_sim.searching import SEARCHES
from ansimnet_sim.turning_camera import REACH
from ansimnet_sim.world import RealStage, World

SEATS = (
    ("tracking", "controller", "tracking_controller", "관제07"),
    ("tracking", "officer", "probation_officer", "보호관찰 당직"),
    ("tracking", "police", "police_112", "112 상황실"),
    ("tracking", "auditor", "auditor", "감사"),
    ("tracking", "admin", "administrator", "운영"),
    ("city", "operator", "centre_operator", "관제03"),
    ("city", "city-auditor", "auditor", "개인정보 보호책임자"),
    ("city", "city-admin", "administrator", "시설 운영"),
    ("tracking", "lead", "shift_lead", "관제책임자"),
    ("tracking", "director", "office_director", "보호관찰소장"),
    ("tracking", "fire", "fire_119", "119 상황실"),
    ("tracking", "privacy", "privacy_officer", "개인정보 보호책임자"),
    ("city", "city-lead", "shift_lead", "관제책임자"),
    ("city", "city-privacy", "privacy_officer", "개인정보 보호책임자"),
    ("city", "investigator", "investigator", "수사관"),
    ("city", "city-police", "police_112", "112 상황실"),
    ("city", "facility", "facility_manager", "시설 관리"),
)
"""Centre, login, role and how screens name the seat."""

FOOTAGE_GB = 8.0
"""What a demo may record onto a laptop: 64 cameras of half a Mbit/s for half an hour, and then the oldest hour goes."""
MOST_STREAMED = 64
"""The edge of a demo on real streets: more cameras than this are registered and ranked, but have no picture."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A demo ready to be started."""

    world: World
    night: Night
    settings: Settings
    password: str

    @property
    def story_ends_s(self) -> float:
        """Return when the scripted part is told, in seconds of the story."""
        return self.world.story.ends_s


def free_port() -> int:
    """Return a port nobody listens on, below the range from which the system takes ports for outgoing connections.

    Raises:
        Fault: 200 tries found none.
    """
    for _ in range(200):
        port = 18_000 + secrets.randbelow(14_000)
        with socket.socket() as s, suppress(OSError):
            s.bind(("127.0.0.1", port))
            return port
    raise Fault("no free port between 18000 and 32000")


def world_of(scenario: str, seed: int, data: Path | None, world: Path | None, *, headless: bool) -> World:
    """Return the world to play.

    Raises:
        BadWorld: a world file that is none, or an unknown scenario.
        Refusal: a data folder without the files of a district.
    """
    if world is not None:
        return World.load(world)
    chosen = World(seed=seed, scenario=scenario)
    if headless:
        # Two shared cores render, encode, relay and decode at once: what is measured is the system, not the simulator.
        chosen.fps, chosen.streamed, chosen.lead_s, chosen.people, chosen.cars = 8, 16, 20.0, 24, 5
        chosen.drive_mps = 25.0  # nothing measured here waits for a car
    if scenario in SEARCHES:
        # every camera of his way shows him for seconds, and all are worked at the same time
        chosen.fps, chosen.streamed, chosen.people, chosen.cars = 5, 14, 16, 4
    if data is not None:
        chosen.real = real_stage(data)
        chosen.streamed = min(MOST_STREAMED, 24 if headless else 48)
        chosen.fps = 5
    return chosen


def real_stage(data: Path) -> RealStage:
    """Return the real district in a data folder: Gangnam's streets, its 1,880 cameras, police boxes and safe houses.

    Raises:
        Refusal: a file is missing; the message names it.
    """
    files = {
        "nodes": data / "roads" / "gangnam_road_nodes.csv",
        "edges": data / "roads" / "gangnam_road_edges.csv.gz",
        "cameras": data / "geo" / "gangnam_cctv_20190312.csv",
    }
    places = (data / "geo" / "seoul_police_offices.csv", data / "geo" / "seoul_women_safehouse_jikimi.csv")
    for file in (*files.values(), *places):
        if not file.exists():
            raise Refusal(f"`{file}` is missing", todo="name the folder that holds geo/ and roads/")
    return RealStage(
        nodes=str(files["nodes"]),
        edges=str(files["edges"]),
        cameras=str(files["cameras"]),
        places=tuple(map(str, places)),
    )


async def set_stage(world: World, folder: Path, *, port: int, say: Callable[[str], None]) -> Stage:
    """Open the night (cameras and the others listen) and return settings that point at it."""
    rtsp_password = secrets.token_urlsafe(12)
    say(f"building the district and {len(world.streamed_codes())} cameras that show it …")
    night = await Night.open(
        world, folder / "district", rtsp_password=rtsp_password, truth_file=folder / "truth.jsonl",
        cache=Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ansimnet",
    )  # fmt: skip
    http, relay = port or free_port(), free_port()
    settings = Settings(
        data_dir=folder / "data",
        http_port=http,
        relay_port=relay,
        relay_public_url=f"ws://127.0.0.1:{relay}",
        police_112_url=night.others.police_url,
        sms_url=night.others.text_url,
        voice_url=night.others.voice_url,
        push_hosts=night.others.push_url,
        push_ca_file=night.others.ca_file,
        footage_quota_gb=FOOTAGE_GB,
        log_format="json",
        database_url=None,
    )
    return Stage(world, night, settings, secrets.token_urlsafe(9))


def without_edge(register: Path, edge: Path) -> Path:
    """Return a copy of a real register without the rows the simulated edge stands for: one each, the nearest.

    The edge's own file carries those cameras with the address of their picture, so that the two together hold as many
    as the real register.
    """
    with register.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    left = dict(enumerate(rows))
    with edge.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            here = Point(float(row["WGS84위도"]), float(row["WGS84경도"]))
            near = min(left, key=lambda i: distance_m(here, Point(float(left[i]["위도"]), float(left[i]["경도"]))))
            left.pop(near)
    out = edge.with_name("register-without-edge.csv")
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(left.values())
    return out


async def prepare(stage: Stage, db: Database, *, say: Callable[[str], None]) -> None:
    """Import the map and the cameras, and fill the seats.

    Raises:
        Fault: the simulator wrote a file the importer does not take.
    """
    files = stage.night.files
    maps = MapData(map_folder(stage.settings))
    real = stage.world.real
    if real is None:
        maps.import_streets(files["nodes"], files["edges"])
        maps.import_places(files["places"])
    else:  # the whole district, not only what lies around the story
        maps.import_streets(Path(real.nodes), Path(real.edges))
        for file, kind in zip(real.places, ("police_box", "safe_house"), strict=True):
            maps.import_places(Path(file), kind=kind, add=True)
    for name in ("buildings", "boundaries"):
        if name in files and b"Polygon" in files[name].read_bytes():  # a real district comes without outlines
            maps.import_geojson(files[name], name)
    async with db.dbs(stage.settings, app="demo") as dbs:
        registers = [files["cameras"]] if real is None else [without_edge(Path(real.cameras), files["cameras"])]
        registers += [] if real is None else [files["cameras"]]
        taken = 0
        for register in registers:
            report = await import_cameras(dbs.city, register, actor="system:demo", now=now())
            if report.why_not is not None:
                raise Fault(f"the district's cameras were not taken: {report.why_not} {report.refusals[:3]}")
            taken += report.accepted
        edge = len(stage.world.streamed_codes())
        say(f"{taken:,} cameras registered and ranked, {edge} of them with a picture; {len(maps.places):,} places")
        seats = {}
        for centre, login, role, display in SEATS:
            here = dbs.tracking if centre == "tracking" else dbs.city
            account_id = await add_to(here, login=login, role=role, display=display, password=stage.password)
            seats[login] = account_id
            if role == "facility_manager":  # of the cameras that can be measured
                async with here.transaction() as tx:
                    until = now() + timedelta(days=365)
                    streamed = await with_stream(tx)
                    await assign_facilities(tx, account_id, streamed, until, now=now(), by=None)
        for code, device in stage.night.onvif.items():
            state = await _let_turn(dbs.city, code, device, seats["facility"], stage)
            say(f"{code} turns within its registered sector" if state == "ok" else f"{code} does not turn: {state}")


async def _let_turn(city: Db, code: str, device: OnvifDevice, by: AccountId, stage: Stage) -> str:
    """Register three quarters of a turn around where a camera looked; return what its device says of itself."""
    camera = next(c for c in stage.world.city.cameras if c.code == code)
    optics = Optics(
        north_deg=camera.azimuth_deg,
        pan_from_deg=-REACH.pan_deg,
        pan_until_deg=REACH.pan_deg,
        tilt_from_deg=REACH.tilt_from_deg,
        tilt_until_deg=REACH.tilt_until_deg,
        fov_wide_deg=camera.fov_deg,
        fov_tele_deg=REACH.fov_tele_deg,
        height_m=camera.height_m,
    )
    sector = Sector((camera.azimuth_deg - 135) % 360, (camera.azimuth_deg + 135) % 360, -75.0, 20.0)
    return await set_up_turning(city, code, port=device.port, optics=optics, sector=sector, by=by, clock=SystemClock())
