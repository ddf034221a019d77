"""Cameras asked over ONVIF: set up by a person, checked by asking, discovered and never added by themselves."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from uuid import UUID

import structlog

from ansimnet.facts.footage import OnvifDropped, OnvifSetUp, PtzReleased
from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Conflict, NotFound, Refusal
from ansimnet.kernel.ids import AccountId, CameraId, FactId, new_id
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.cameras import queries as cameras
from ansimnet.slices.footage.model import Hold
from ansimnet.slices.footage.onvif import discovery
from ansimnet.slices.footage.onvif.sector import Sector, checked
from ansimnet.slices.footage.relay.optics import Optics
from ansimnet.slices.footage.relay.turning import Turned
from ansimnet.slices.footage.store import onvif as store
from ansimnet.slices.footage.store.onvif import Login, OnvifRow, ProfileRow, PtzRow, Zone

if TYPE_CHECKING:
    from ansimnet.slices.footage.onvif.device import Device

log = structlog.get_logger(__name__)

MOST_ZONES = 16
"""As of a fixed camera (`service/zones.py`)."""
LARGEST_ZONE_DEG = 120.0
"""A zone is covered by the hull of its corners, which means nothing for half the sky; draw two."""
CLOCK_OFF_S = 2.0
"""A clock farther off is told in the state: a device says whole seconds, and inspection's own limit is as small."""
AT_ONCE = 8
"""Devices asked at the same time: each has its own network link, none a fast processor (ours)."""

STATES: dict[str, tuple[str, str]] = {
    "unchecked": ("아직 확인하지 않음", "not checked yet"),
    "ok": ("정상", "answers"),
    "clock": ("장치 시각이 맞지 않음", "its clock is wrong"),
    "h265": (
        "H.265 스트림이 있음 — 브라우저로 보려면 H.264로 설정",
        "lists an H.265 stream: browsers here cannot show it — set it to H.264",
    ),
    "onvif-silent": ("ONVIF로 응답하지 않음", "does not answer over ONVIF"),
    "onvif-login": ("ONVIF 로그인을 받지 않음", "does not accept the registered ONVIF login"),
    "onvif-refused": ("ONVIF 요청을 거절함", "refuses what it is asked"),
    "not-turning": ("회전 기능이 없는 장치", "cannot turn, though a sector is registered"),
}
"""What a check found, in Korean and English."""


class BadZone(Refusal):
    """A zone has three corners or more within 120°, a camera sixteen zones at most."""

    name = "bad-privacy-zone"


@dataclass(frozen=True, slots=True)
class Turns:
    """What is registered of a camera that turns."""

    optics: Optics
    sector: Sector
    zones: tuple[Zone, ...]


@dataclass(frozen=True, slots=True)
class SetUp:
    """A camera's set-up as its keepers see it; never a password."""

    row: OnvifRow
    host: str
    user: str
    turns: Turns | None


class Onvif:
    """The city's devices, kept connected. One of these a process."""

    def __init__(self, db: Db, clock: Clock, group: tuple[str, int] = discovery.GROUP) -> None:
        self.db = db
        self.clock = clock
        self._group = group
        self._devices: dict[CameraId, Device] = {}

    async def close(self) -> None:
        """Let go of every device."""
        for device in self._devices.values():
            await device.close()
        self._devices.clear()

    # --- set-up

    async def set_up(
        self,
        camera_id: CameraId,
        *,
        port: int,
        login: Login | None,
        keep_login: bool,
        turns: Turns | None,
        by: AccountId,
    ) -> None:
        """Say how a camera is asked, and what it may be turned to. Safe to run twice.

        Raises:
            NotFound: no such camera, or it has no stream, whose host it would be asked at.
            BadSector, BadZone: the numbers make no sense.
        """
        if turns is not None:
            checked(turns.sector, turns.optics)
            _check_zones(turns.zones)
        now = self.clock.now()
        async with self.db.transaction() as tx:
            await _host(tx, camera_id)
            await store.save_onvif(tx, camera_id, port, login, keep_login=keep_login, by=f"account:{by}", now=now)
            if turns is None:
                await _end_hold(tx, camera_id, now)
                await store.drop_ptz(tx, camera_id)
            else:
                await store.save_ptz(tx, camera_id, _row(turns), turns.zones)
            await append(tx, _fact(camera_id, turns, by, now), actor=f"account:{by}")

    async def drop(self, camera_id: CameraId, by: AccountId) -> None:
        """Forget a camera's set-up.

        Raises:
            NotFound: it has none.
        """
        now = self.clock.now()
        async with self.db.transaction() as tx:
            await _end_hold(tx, camera_id, now)
            if not await store.drop_onvif(tx, camera_id):
                raise NotFound("this camera is not set up for ONVIF")
            fact = OnvifDropped(fact_id=FactId(new_id()), happened_at=now, camera_id=camera_id, by=by)
            await append(tx, fact, actor=f"account:{by}")

    async def read(self, camera_id: CameraId) -> SetUp | None:
        """Return a camera's set-up."""
        async with self.db.transaction() as tx:
            row = await store.load_onvif(tx, camera_id)
            if row is None:
                return None
            ptz = await store.load_ptz(tx, camera_id)
            turns = None if ptz is None else turns_of(ptz, await store.zones_of(tx, camera_id))
            return _set_up_of(row, await cameras.source_of(tx, camera_id), turns)

    async def read_all(self) -> list[SetUp]:
        """Return every set-up."""
        async with self.db.transaction() as tx:
            rows, turning = await store.all_onvif(tx), await store.all_ptz(tx)
            sources = {s.camera.camera_id: s for s in await cameras.sources(tx)}
        turns = {i: turns_of(*kept) for i, kept in turning.items()}
        return [_set_up_of(r, sources.get(r.camera_id), turns.get(r.camera_id)) for r in rows]

    # --- devices

    async def device(self, tx: Tx, camera_id: CameraId) -> tuple[Device, OnvifRow]:
        """Return the device of a camera, at the host of its registered stream, and what it said of itself.

        Raises:
            NotFound: it is not set up, or has no stream any more.
        """
        row = await store.load_onvif(tx, camera_id)
        if row is None:
            raise NotFound("this camera is not set up for ONVIF", todo="an administrator sets it up")
        stream = await _host(tx, camera_id)
        login = row.login or Login(stream.user, stream.password)
        # The SOAP library takes most of a second to import; most processes never ask a device.
        soap = await asyncio.to_thread(import_module, "ansimnet.slices.footage.onvif.device")
        address = soap.Address(stream.host, row.port, login.user, login.password)
        device = self._devices.get(camera_id)
        if device is None or device.address != address:
            if device is not None:
                await device.close()
            device = self._devices[camera_id] = soap.Device(address)
        return device, row

    async def check(self, camera_id: CameraId) -> str:
        """Ask a device for its clock, what it is and its streams; keep the answers and return its state.

        Raises:
            NotFound: it is not set up.
        """
        async with self.db.transaction() as tx:
            device, _ = await self.device(tx, camera_id)
            turns = await store.load_ptz(tx, camera_id) is not None
        off_s = identity = profiles = None
        try:
            off_s = await device.clock_off_s()
            identity = await device.identity()
            profiles = [ProfileRow(*p) for p in await device.profiles()]
            state = _state(off_s, profiles, turns)
        except Refusal as refusal:
            state = refusal.name
        async with self.db.transaction() as tx:
            now = self.clock.now()
            await store.note_check(tx, camera_id, state, now, identity=identity, profiles=profiles, clock_off_s=off_s)
        return state

    async def check_all(self) -> None:
        """Check every device that is set up, some at a time. Safe to run twice."""
        async with self.db.transaction() as tx:
            ids = [row.camera_id for row in await store.all_onvif(tx)]
        free = asyncio.Semaphore(AT_ONCE)

        async def one(camera_id: CameraId) -> None:
            async with free:
                try:
                    await self.check(camera_id)
                except NotFound:
                    log.info("onvif.camera_gone", camera=str(camera_id))

        await asyncio.gather(*(one(c) for c in ids))

    async def answer_cold(self) -> None:
        """Ask for a key frame wherever a relay says that a stream began in the middle of a group. Runs for ever."""
        free, asking = asyncio.Semaphore(AT_ONCE), set[asyncio.Task[None]]()

        async def one(camera_id: CameraId, main: bool) -> None:
            async with free:
                await self.ask_key_frame(camera_id, main=main)

        async for told in self.db.listen(store.COLD):
            camera_id, _, stream = told.partition(" ")
            if camera_id:
                task = asyncio.create_task(one(CameraId(UUID(camera_id)), stream == "main"))
                asking.add(task)
                task.add_done_callback(asking.discard)

    async def ask_key_frame(self, camera_id: CameraId, *, main: bool) -> None:
        """Have a camera's main or sub-stream begin a group now. Where it cannot, the next one comes by itself."""
        try:
            async with self.db.transaction() as tx:
                device, row = await self.device(tx, camera_id)
            ranked = sorted(row.profiles, key=lambda p: p.width * p.height)
            if ranked:
                await device.ask_key_frame(ranked[-1 if main else 0].token)
        except Refusal as refusal:
            log.info("onvif.no_key_frame", camera=str(camera_id), reason=refusal.name)

    # --- discovery

    async def discover(self) -> list[tuple[discovery.Answer, CameraId | None]]:
        """Return who answers on the camera network, and which registered camera streams from there, if one does."""
        answers = await discovery.discover(self._group)
        async with self.db.transaction() as tx:
            known = {stream_host(s.url).host: s.camera.camera_id for s in await cameras.sources(tx)}
        return [(a, known.get(a.host)) for a in answers]


@dataclass(frozen=True, slots=True)
class StreamHost:
    """Where a stream comes from."""

    host: str
    user: str
    password: str


def stream_host(url: str) -> StreamHost:
    """Return host and login of a stream's address.

    >>> stream_host("rtsp://ward:pw@10.0.0.7:554/1").host
    '10.0.0.7'
    """
    parts = urlsplit(url)
    return StreamHost(parts.hostname or "", unquote(parts.username or ""), unquote(parts.password or ""))


def _set_up_of(row: OnvifRow, source: cameras.Source | None, turns: Turns | None) -> SetUp:
    stream = stream_host(source.url) if source is not None else StreamHost("", "", "")
    return SetUp(row, stream.host, row.login.user if row.login is not None else stream.user, turns)


async def let_go(tx: Tx, hold: Hold, reason: str, now: datetime) -> None:
    """End somebody's hold of a camera that turns, and say why."""
    await store.drop_hold(tx, hold.camera_id)
    fact = PtzReleased(
        fact_id=FactId(new_id()),
        happened_at=now,
        camera_id=hold.camera_id,
        permit_id=hold.permit_id,
        holder=hold.holder,
        reason=reason,
    )
    await append(tx, fact, actor="system:footage")


async def _end_hold(tx: Tx, camera_id: CameraId, now: datetime) -> None:
    """End whoever's hold of a camera that turns no longer: its row would go without a word."""
    if await store.load_ptz(tx, camera_id, lock=True) is None:
        return
    hold = await store.load_hold(tx, camera_id)
    if hold is not None:
        await let_go(tx, hold, "fixed", now)


async def _host(tx: Tx, camera_id: CameraId) -> StreamHost:
    source = await cameras.source_of(tx, camera_id)
    if source is None:
        raise NotFound("there is no such camera with a stream", todo="import its stream's address first")
    found = stream_host(source.url)
    if not found.host or never_asked(found.host):
        raise Conflict("the camera's stream has no address that may be asked")
    return found


def never_asked(host: str) -> bool:
    """Return whether a host is no camera's: multicast, unspecified, or the link-local place of cloud credentials."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_multicast or address.is_unspecified or address.is_link_local


def _state(off_s: float, profiles: Collection[ProfileRow], turns: bool) -> str:
    if turns and not any(p.turns for p in profiles):
        return "not-turning"
    if any(p.codec == "h265" for p in profiles):
        return "h265"
    return "clock" if abs(off_s) > CLOCK_OFF_S else "ok"


def _check_zones(zones: Collection[Zone]) -> None:
    """Refuse zones that could not be covered.

    Raises:
        BadZone: see its name.
    """
    for zone in zones:
        spread = max((abs((c[0] - zone[0][0] + 180) % 360 - 180) for c in zone), default=0.0)
        if not 3 <= len(zone) <= 64 or spread > LARGEST_ZONE_DEG or any(not -90 <= t <= 90 for _, t in zone):
            raise BadZone
    if len(zones) > MOST_ZONES:
        raise BadZone


def turns_of(ptz: PtzRow, zones: tuple[Zone, ...]) -> Turns:
    """Return what is registered of a camera that turns."""
    return Turns(Optics(*ptz[:9]), Sector(*ptz[9:]), zones)


def turned_of(ptz: PtzRow, zones: tuple[Zone, ...]) -> Turned:
    """Return what the relay needs of it."""
    return Turned(Optics(*ptz[:9]), zones)


def _row(turns: Turns) -> PtzRow:
    o, s = turns.optics, turns.sector
    return PtzRow(
        *(o.north_deg, o.pan_from_deg, o.pan_until_deg, o.tilt_from_deg, o.tilt_until_deg),
        *(o.fov_wide_deg, o.fov_tele_deg, o.height_m, o.endless),
        *(s.from_deg, s.until_deg, s.low_deg, s.high_deg, s.zoom_most),
    )


def _fact(camera_id: CameraId, turns: Turns | None, by: AccountId, now: datetime) -> OnvifSetUp:
    sector = None if turns is None else turns.sector
    return OnvifSetUp(
        fact_id=FactId(new_id()),
        happened_at=now,
        camera_id=camera_id,
        by=by,
        turns=turns is not None,
        from_deg=None if sector is None else sector.from_deg,
        until_deg=None if sector is None else sector.until_deg,
        low_deg=None if sector is None else sector.low_deg,
        high_deg=None if sector is None else sector.high_deg,
        zoom_most=None if sector is None else sector.zoom_most,
        zones=0 if turns is None else len(turns.zones),
    )
