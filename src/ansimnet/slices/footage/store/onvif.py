"""All SQL of cameras asked over ONVIF: how, what they said, what they may be turned to, and who holds them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import NamedTuple
from uuid import UUID

from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.platform.sealing import SealedColumn, keys_of, register
from ansimnet.slices.footage.model import Hold

KEY_YEAR = 0
"""Logins of devices are under one key per centre that does not turn over with the year, as stream addresses are."""

TURNING, COLD = "footage_ptz", "footage_cold"
"""Channels: a camera is about to turn; a stream waits for a key frame."""

register(SealedColumn("footage_onvif", "camera_id", "login_sealed", "centre_id", bound="camera_id"))

Zone = tuple[tuple[float, float], ...]
"""Corners of a polygon: azimuth and tilt in degrees."""


class Login(NamedTuple):
    """Who we are to a device."""

    user: str
    password: str


class ProfileRow(NamedTuple):
    """A stream as the device lists it."""

    token: str
    name: str
    codec: str
    width: int
    height: int
    fps: float
    turns: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OnvifRow:
    """How a camera is asked, and what it said. `login` None: that of its stream serves."""

    camera_id: CameraId
    port: int
    login: Login | None = field(default=None, repr=False)
    set_at: datetime
    checked_at: datetime | None = None
    state: str = "unchecked"
    maker: str = ""
    model: str = ""
    firmware: str = ""
    clock_off_s: float | None = None
    clock_at: datetime | None = None
    profiles: tuple[ProfileRow, ...] = ()


class PtzRow(NamedTuple):
    """Calibration and sector of a camera that turns, in the table's order. Degrees."""

    north_deg: float
    pan_from_deg: float
    pan_until_deg: float
    tilt_from_deg: float
    tilt_until_deg: float
    fov_wide_deg: float
    fov_tele_deg: float
    height_m: float
    endless: bool
    sector_from_deg: float
    sector_until_deg: float
    sector_low_deg: float
    sector_high_deg: float
    zoom_most: float


class PresetRow(NamedTuple):
    """A named pose."""

    preset_id: UUID
    name: str
    home: bool
    azimuth_deg: float
    tilt_deg: float
    zoom: float


_ONVIF = """camera_id, port, login_sealed, set_at, checked_at, state, maker, model, firmware, clock_off_s, clock_at"""
_PTZ = ", ".join(PtzRow._fields)
_HOLD = "camera_id, account_id, holder, permit_id, provision_id, priority, taken_at, until_at, asked_by"


async def save_onvif(
    tx: Tx, camera_id: CameraId, port: int, login: Login | None, *, keep_login: bool, by: str, now: datetime
) -> None:
    """Keep how a camera is asked; `keep_login` leaves the login as it was."""
    sealed = None
    if login is not None:
        words = json.dumps(login).encode()
        sealed = keys_of(tx).encrypt(tx.centre_id, KEY_YEAR, words, bound_to=camera_id.bytes)
    await tx.execute(
        """insert into footage_onvif (camera_id, port, login_sealed, set_by, set_at) values (%s, %s, %s, %s, %s)
           on conflict (camera_id) do update set port = excluded.port, set_by = excluded.set_by,
               login_sealed = case when %s then footage_onvif.login_sealed else excluded.login_sealed end,
               set_at = excluded.set_at""",
        (camera_id, port, sealed, by, now, keep_login),
    )


async def drop_onvif(tx: Tx, camera_id: CameraId) -> bool:
    """Forget a camera's set-up; False where there is none."""
    done = await tx.execute("delete from footage_onvif where camera_id = %s", (camera_id,))
    return done.rowcount == 1


async def load_onvif(tx: Tx, camera_id: CameraId) -> OnvifRow | None:
    """Return how one camera is asked."""
    row = await tx.one(f"select {_ONVIF} from footage_onvif where camera_id = %s", (camera_id,))
    if row is None:
        return None
    return _onvif(tx, row, await _profiles(tx, [camera_id]))


async def all_onvif(tx: Tx) -> list[OnvifRow]:
    """Return every set-up, by camera."""
    rows = await tx.all(f"select {_ONVIF} from footage_onvif order by camera_id")
    profiles = await _profiles(tx, [r[0] for r in rows])
    return [_onvif(tx, r, profiles) for r in rows]


def _onvif(tx: Tx, row: Row, profiles: dict[UUID, list[ProfileRow]]) -> OnvifRow:
    camera_id, port, sealed, set_at, checked_at, state, maker, model, firmware, clock_off_s, clock_at = row
    plain = None
    if sealed is not None:
        plain = keys_of(tx).decrypt(tx.centre_id, KEY_YEAR, sealed, bound_to=camera_id.bytes)
    return OnvifRow(
        camera_id=camera_id,
        port=port,
        login=None if plain is None else Login(*json.loads(plain)),
        set_at=set_at,
        checked_at=checked_at,
        state=state,
        maker=maker,
        model=model,
        firmware=firmware,
        clock_off_s=clock_off_s,
        clock_at=clock_at,
        profiles=tuple(profiles.get(camera_id, ())),
    )


async def _profiles(tx: Tx, cameras: Collection[UUID]) -> dict[UUID, list[ProfileRow]]:
    found: dict[UUID, list[ProfileRow]] = defaultdict(list)
    for camera_id, *columns in await tx.all(
        """select camera_id, token, name, codec, width, height, fps, turns from footage_onvif_profile
           where camera_id = any(%s) order by camera_id, number""",
        (list(cameras),),
    ):
        found[camera_id].append(ProfileRow(*columns))
    return found


async def note_check(
    tx: Tx,
    camera_id: CameraId,
    state: str,
    now: datetime,
    *,
    identity: tuple[str, str, str] | None = None,
    profiles: Sequence[ProfileRow] | None = None,
    clock_off_s: float | None = None,
) -> None:
    """Keep what a device said; what it did not say stays as it was."""
    await tx.execute(
        """update footage_onvif set state = %s, checked_at = %s, clock_off_s = coalesce(%s, clock_off_s),
               clock_at = case when %s::float8 is null then clock_at else %s end where camera_id = %s""",
        (state, now, clock_off_s, clock_off_s, now, camera_id),
    )
    if identity is not None:
        await tx.execute(
            "update footage_onvif set maker = %s, model = %s, firmware = %s where camera_id = %s",
            (*identity, camera_id),
        )
    if profiles is not None:
        await tx.execute("delete from footage_onvif_profile where camera_id = %s", (camera_id,))
        await tx.many(
            """insert into footage_onvif_profile (camera_id, number, token, name, codec, width, height, fps, turns)
               values (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
            [(camera_id, n, *p) for n, p in enumerate(profiles)],
        )


async def clocks(tx: Tx, since: datetime) -> dict[CameraId, float]:
    """Return how far the clocks of devices are off that were asked since then, in seconds."""
    rows = await tx.all("select camera_id, clock_off_s from footage_onvif where clock_at >= %s", (since,))
    return {CameraId(r[0]): r[1] for r in rows}


# --- turning


async def save_ptz(tx: Tx, camera_id: CameraId, ptz: PtzRow, zones: Collection[Zone]) -> None:
    """Keep what a camera may be turned to, and its zones."""
    marks = ", ".join(["%s"] * (1 + len(ptz)))
    kept = ", ".join(f"{name} = excluded.{name}" for name in PtzRow._fields)
    await tx.execute(
        f"""insert into footage_ptz (camera_id, {_PTZ}) values ({marks})
            on conflict (camera_id) do update set {kept}""",
        (camera_id, *ptz),
    )
    await tx.execute("delete from footage_ptz_zone where camera_id = %s", (camera_id,))
    await tx.many(
        "insert into footage_ptz_zone (zone_id, camera_id, corners) values (%s, %s, %s)",
        [(new_id(), camera_id, list(chain.from_iterable(zone))) for zone in zones],
    )


async def drop_ptz(tx: Tx, camera_id: CameraId) -> None:
    """Let a camera be a fixed one."""
    await tx.execute("delete from footage_ptz where camera_id = %s", (camera_id,))


async def load_ptz(tx: Tx, camera_id: CameraId, *, lock: bool = False) -> PtzRow | None:
    """Return what a camera may be turned to; None: it is fixed. A lock keeps others from taking it meanwhile."""
    row = await tx.one(
        f"select {_PTZ} from footage_ptz where camera_id = %s {'for update' if lock else ''}", (camera_id,)
    )
    return None if row is None else PtzRow(*row)


async def all_ptz(tx: Tx) -> dict[CameraId, tuple[PtzRow, tuple[Zone, ...]]]:
    """Return every camera that turns, with its zones."""
    zones: dict[UUID, list[Zone]] = defaultdict(list)
    for camera_id, corners in await tx.all("select camera_id, corners from footage_ptz_zone order by zone_id"):
        zones[camera_id].append(tuple(zip(corners[::2], corners[1::2], strict=True)))
    rows = await tx.all(f"select camera_id, {_PTZ} from footage_ptz")
    return {CameraId(r[0]): (PtzRow(*r[1:]), tuple(zones.get(r[0], ()))) for r in rows}


async def zones_of(tx: Tx, camera_id: CameraId) -> tuple[Zone, ...]:
    """Return the zones of one camera that turns."""
    rows = await tx.all("select corners from footage_ptz_zone where camera_id = %s order by zone_id", (camera_id,))
    return tuple(tuple(zip(c[::2], c[1::2], strict=True)) for (c,) in rows)


async def presets_of(tx: Tx, camera_id: CameraId) -> list[PresetRow]:
    """Return the presets of a camera: home first, then by name."""
    rows = await tx.all(
        """select preset_id, name, home, azimuth_deg, tilt_deg, zoom from footage_ptz_preset where camera_id = %s
           order by home desc, name, preset_id""",
        (camera_id,),
    )
    return [PresetRow(*r) for r in rows]


async def save_preset(tx: Tx, camera_id: CameraId, preset: PresetRow, by: str, now: datetime) -> None:
    """Keep a preset. A new home takes the place of the old one."""
    if preset.home:
        await tx.execute("update footage_ptz_preset set home = false where camera_id = %s and home", (camera_id,))
    await tx.execute(
        """insert into footage_ptz_preset (camera_id, preset_id, name, home, azimuth_deg, tilt_deg, zoom, kept_by,
               kept_at) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (camera_id, *preset, by, now),
    )


async def drop_preset(tx: Tx, camera_id: CameraId, preset_id: UUID) -> bool:
    """Remove a preset; False where there is none."""
    done = await tx.execute(
        "delete from footage_ptz_preset where camera_id = %s and preset_id = %s", (camera_id, preset_id)
    )
    return done.rowcount == 1


# --- holds


def _hold(row: Row) -> Hold:
    camera_id, account_id, holder, permit_id, provision_id, priority, taken_at, until_at, asked_by = row
    return Hold(
        camera_id=camera_id,
        account_id=account_id,
        holder=holder,
        permit_id=permit_id,
        provision_id=provision_id,
        priority=priority,
        taken_at=taken_at,
        until_at=until_at,
        asked_by=asked_by,
    )


async def load_hold(tx: Tx, camera_id: CameraId) -> Hold | None:
    """Return who holds a camera, whether that is over or not."""
    row = await tx.one(f"select {_HOLD} from footage_ptz_hold where camera_id = %s", (camera_id,))
    return None if row is None else _hold(row)


async def all_holds(tx: Tx) -> list[Hold]:
    """Return every hold that nobody has ended."""
    return [_hold(r) for r in await tx.all(f"select {_HOLD} from footage_ptz_hold order by taken_at")]


async def save_hold(tx: Tx, h: Hold) -> None:
    """Put a camera into somebody's hand."""
    await tx.execute(
        f"""insert into footage_ptz_hold ({_HOLD}) values (%s, %s, %s, %s, %s, %s, %s, %s, %s)
            on conflict (camera_id) do update set account_id = excluded.account_id, holder = excluded.holder,
                permit_id = excluded.permit_id, provision_id = excluded.provision_id, priority = excluded.priority,
                taken_at = excluded.taken_at, until_at = excluded.until_at, asked_by = excluded.asked_by""",
        (
            *(h.camera_id, h.account_id, h.holder, h.permit_id, h.provision_id, h.priority),
            *(h.taken_at, h.until_at, h.asked_by),
        ),
    )


async def drop_hold(tx: Tx, camera_id: CameraId) -> bool:
    """Let a camera go; False where nobody held it."""
    done = await tx.execute("delete from footage_ptz_hold where camera_id = %s", (camera_id,))
    return done.rowcount == 1


async def tell_turning(tx: Tx, camera_id: CameraId) -> None:
    """Tell relays, at this commit, that a camera is about to turn."""
    await tx.execute("select pg_notify(%s, %s)", (TURNING, str(camera_id)))


async def tell_cold(tx: Tx, camera_id: CameraId, *, main: bool) -> None:
    """Tell whoever asks devices, at this commit, that a stream waits for a key frame."""
    await tx.execute("select pg_notify(%s, %s)", (COLD, f"{camera_id} {'main' if main else 'sub'}"))
