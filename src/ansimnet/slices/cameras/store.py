"""All SQL of the cameras slice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from ansimnet.kernel.errors import Fault
from ansimnet.kernel.ids import AccountId, CameraId, named_id
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.platform.sealing import SealedColumn, register
from ansimnet.slices.cameras.model import Camera, CameraRow, Restriction, Sense, SoundGround, Source

KEY_YEAR = 0
"""Stream addresses are under one key per centre that does not turn over with the year."""

register(SealedColumn("camera_source", "camera_id", "url_sealed", "centre_id", bound="camera_id"))
register(SealedColumn("camera_source", "camera_id", "main_url_sealed", "centre_id", bound="camera_id"))
register(SealedColumn("camera_source", "camera_id", "heat_url_sealed", "centre_id", bound="camera_id"))

_COLUMNS = """c.camera_id, c.code, c.address, c.purpose, c.lat, c.lon, c.azimuth_deg, c.fov_deg, c.range_m,
    coalesce(h.live, false), c.senses"""


def _camera(row: Row) -> Camera:
    camera_id, code, address, purpose, lat, lon, azimuth, fov, reach, live, senses = row
    known = tuple(Sense(s) for s in senses)
    return Camera(camera_id, code, address, purpose, lat, lon, azimuth, fov, reach, live, known)


def camera_id_of(centre: UUID, row: CameraRow, twin: int) -> CameraId:
    """Return the id a register's row always gets, so that a second import of the same file changes nothing."""
    place = row.code or f"{row.address}|{row.lat:.7f}|{row.lon:.7f}|{row.purpose}|{twin}"
    return CameraId(named_id("camera", str(centre), place))


async def begin_import(
    tx: Tx, import_id: UUID, file_name: str, sha256: bytes, encoding: str, accepted: int, refused: int, now: datetime
) -> None:
    """Record an import."""
    await tx.execute(
        """insert into camera_import (import_id, file_name, sha256, encoding, accepted, refused, imported_at)
        values (%s, %s, %s, %s, %s, %s, %s)""",
        (import_id, file_name, sha256, encoding, accepted, refused, now),
    )


async def save_cameras(tx: Tx, import_id: UUID, rows: Sequence[tuple[CameraId, CameraRow]]) -> None:
    """Insert or replace cameras by their id, through a COPY and one statement."""
    await tx.execute("""create temporary table incoming (camera_id uuid, code text, agency text, address text,
        purpose text, count int, lat double precision, lon double precision, azimuth_deg real, fov_deg real,
        range_m real, retention_days int, installed text, senses text[]) on commit drop""")
    async with tx.conn.cursor() as cursor, cursor.copy("copy incoming from stdin") as copy:
        for camera_id, r in rows:
            await copy.write_row((
                camera_id, r.code or f"{r.lat:.5f},{r.lon:.5f}", r.agency, r.address, r.purpose, r.count, r.lat, r.lon,
                r.azimuth_deg, r.fov_deg, r.range_m, r.retention_days, r.installed, list(r.senses),
            ))  # fmt: skip
    await tx.execute(
        """insert into camera (camera_id, code, agency, address, purpose, count, lat, lon, azimuth_deg, fov_deg,
            range_m, retention_days, installed, senses, import_id)
        select camera_id, code, agency, address, purpose, count, lat, lon, azimuth_deg, fov_deg, range_m,
            retention_days, installed, senses, %s from incoming
        on conflict (camera_id) do update set code = excluded.code, agency = excluded.agency,
            address = excluded.address, purpose = excluded.purpose, count = excluded.count, lat = excluded.lat,
            lon = excluded.lon, azimuth_deg = excluded.azimuth_deg, fov_deg = excluded.fov_deg,
            range_m = excluded.range_m, retention_days = excluded.retention_days, installed = excluded.installed,
            senses = excluded.senses, import_id = excluded.import_id, removed_at = null""",
        (import_id,),
    )
    await tx.many(
        """insert into camera_source
            (camera_id, url_sealed, main_url_sealed, heat_url_sealed, heat_low_c, heat_high_c)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (camera_id) do update
        set url_sealed = excluded.url_sealed, main_url_sealed = excluded.main_url_sealed,
            heat_url_sealed = excluded.heat_url_sealed, heat_low_c = excluded.heat_low_c,
            heat_high_c = excluded.heat_high_c""",
        [
            (
                i,
                _seal(tx, i, r.rtsp_url),
                _seal(tx, i, r.main_url) if r.main_url else None,
                _seal(tx, i, r.heat_url) if r.heat_url else None,
                *(r.heat_c or (None, None)),
            )
            for i, r in rows
            if r.rtsp_url
        ],
    )
    await tx.execute("select pg_notify('cameras_changed', %s)", (str(tx.centre_id),))


def _seal(tx: Tx, camera_id: CameraId, url: str) -> bytes:
    if tx.keys is None:
        raise Fault("no key store: stream addresses cannot be kept")
    return tx.keys.encrypt(tx.centre_id, KEY_YEAR, url.encode(), bound_to=camera_id.bytes)


async def load_sources(tx: Tx, only: CameraId | None = None) -> list[Source]:
    """Return every camera that has a stream, or one, with its addresses. For the edge that asks it, nobody else."""
    rows = await tx.all(
        f"""select {_COLUMNS}, s.heat_low_c, s.heat_high_c, s.url_sealed, s.main_url_sealed, s.heat_url_sealed
        from camera c join camera_source s using (camera_id) left join camera_health h using (camera_id)
        where c.removed_at is null and (%s::uuid is null or c.camera_id = %s) order by c.code""",
        (only, only),
    )
    out = []
    for *columns, low_c, high_c, sealed, main_sealed, heat_sealed in rows:
        url, main, heat = (_open(tx, columns[0], address) for address in (sealed, main_sealed, heat_sealed))
        if url is not None:
            out.append(Source(_camera(tuple(columns)), url, main, heat, None if heat is None else (low_c, high_c)))
    return out


def _open(tx: Tx, camera_id: CameraId, sealed: bytes | None) -> str | None:
    if tx.keys is None or sealed is None:
        return None
    plain = tx.keys.decrypt(tx.centre_id, KEY_YEAR, sealed, bound_to=camera_id.bytes)
    return None if plain is None else plain.decode()


async def load_heat(tx: Tx) -> dict[CameraId, tuple[float, float]]:
    """Return degrees Celsius of the darkest and the brightest grey of each heat sensor in service that sends."""
    rows = await tx.all(
        """select camera_id, heat_low_c, heat_high_c from camera_source join camera c using (camera_id)
        where heat_url_sealed is not null and %s = any(c.senses) and c.removed_at is null""",
        (Sense.HEAT,),
    )
    return {CameraId(camera_id): (low_c, high_c) for camera_id, low_c, high_c in rows}


async def load_columns(tx: Tx) -> tuple[list[CameraId], NDArray[np.float64]]:
    """Return ids and (N, 5) lat, lon, azimuth or NaN, fov, range of every camera in service."""
    rows = await tx.all(
        """select camera_id, lat, lon, coalesce(azimuth_deg, 'NaN'), fov_deg, range_m from camera
        where removed_at is null order by camera_id"""
    )
    return [CameraId(r[0]) for r in rows], np.array([r[1:] for r in rows], np.float64).reshape(-1, 5)


async def load_cameras(tx: Tx, ids: Iterable[CameraId]) -> dict[CameraId, Camera]:
    """Return the named cameras that are in service."""
    rows = await tx.all(
        f"""select {_COLUMNS} from camera c left join camera_health h using (camera_id)
        where c.camera_id = any(%s) and c.removed_at is null""",
        (list(ids),),
    )
    return {CameraId(r[0]): _camera(r) for r in rows}


async def load_box(tx: Tx, south: float, west: float, north: float, east: float) -> list[Camera]:
    """Return the cameras in service within a box of WGS 84 degrees."""
    rows = await tx.all(
        f"""select {_COLUMNS} from camera c left join camera_health h using (camera_id)
        where c.lat between %s and %s and c.lon between %s and %s and c.removed_at is null""",
        (south, north, west, east),
    )
    return [_camera(r) for r in rows]


async def find_named(tx: Tx, words: str, limit: int) -> list[Camera]:
    """Return cameras in service whose code or address holds these words: whose code begins so, and the live, first."""
    like = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    rows = await tx.all(
        f"""select {_COLUMNS} from camera c left join camera_health h using (camera_id)
        where (c.code ilike %s or c.address ilike %s) and c.removed_at is null
        order by c.code ilike %s desc, coalesce(h.live, false) desc, c.code limit %s""",
        (f"%{like}%", f"%{like}%", f"{like}%", limit),
    )
    return [_camera(r) for r in rows]


async def find_by_code(tx: Tx, code: str) -> Camera | None:
    """Return the camera with this code."""
    row = await tx.one(
        f"""select {_COLUMNS} from camera c left join camera_health h using (camera_id)
        where c.code = %s and c.removed_at is null""",
        (code,),
    )
    return _camera(row) if row else None


async def save_health(tx: Tx, camera_id: CameraId, live: bool, reason: str, now: datetime) -> bool:
    """Note whether a camera speaks; return whether that is news."""
    row = await tx.one(
        """insert into camera_health (camera_id, live, reason, since_at) values (%s, %s, %s, %s)
        on conflict (camera_id) do update
        set live = excluded.live, reason = excluded.reason, since_at = excluded.since_at
        where camera_health.live <> excluded.live returning true""",
        (camera_id, live, reason, now),
    )
    return row is not None


async def counts(tx: Tx) -> tuple[int, int]:
    """Return how many cameras are live, and how many have a stream."""
    row = await tx.one(
        """select count(*) filter (where h.live), count(*) from camera_source s left join camera_health h
        using (camera_id)"""
    )
    return (row[0], row[1]) if row else (0, 0)


async def load_kept_shorter(tx: Tx, than_days: int) -> dict[CameraId, int]:
    """Return the cameras, in service or not, with fewer days of retention."""
    rows = await tx.all("select camera_id, retention_days from camera where retention_days < %s", (than_days,))
    return {CameraId(row[0]): row[1] for row in rows}


async def load_with_stream(tx: Tx) -> list[CameraId]:
    """Return the cameras in service that have a stream, by their code."""
    rows = await tx.all(
        """select camera_id from camera_source join camera c using (camera_id) where c.removed_at is null
        order by c.code"""
    )
    return [CameraId(row[0]) for row in rows]


async def load_views(tx: Tx, sense: Sense) -> tuple[list[CameraId], NDArray[np.float64], int]:
    """Return ids and (N, 5) columns of the cameras in service with a sense, and how many are without it."""
    rows = await tx.all(
        """select camera_id, lat, lon, coalesce(azimuth_deg, 'NaN'), fov_deg, range_m, %s = any(senses) from camera
        where removed_at is null order by camera_id""",
        (sense,),
    )
    have = [r for r in rows if r[6]]
    return (
        [CameraId(r[0]) for r in have],
        np.array([r[1:6] for r in have], np.float64).reshape(-1, 5),
        len(rows) - len(have),
    )


_RESTRICTION = "restriction_id, name, clause, lat, lon, radius_m, owner, close_by"


async def load_restrictions(tx: Tx) -> list[Restriction]:
    """Return the restrictions in force, by name."""
    rows = await tx.all(f"select {_RESTRICTION} from camera_restriction where ended_at is null order by name")
    return [Restriction(*r) for r in rows]


async def add_restriction(tx: Tx, r: Restriction, by: AccountId, now: datetime) -> None:
    """Keep a restriction."""
    await tx.execute(
        f"""insert into camera_restriction ({_RESTRICTION}, noted_by, noted_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (*(r.restriction_id, r.name, r.clause, r.lat, r.lon, r.radius_m, r.owner, r.close_by), by, now),
    )


_GROUND = "ground_id, camera_id, clause, decision, assessed_on, sign_on, from_at, until_at"


async def load_sound_grounds(tx: Tx, now: datetime, only: CameraId | None = None) -> list[SoundGround]:
    """Return the grounds to listen that are in force, the one that lasts longest first."""
    rows = await tx.all(
        f"""select {_GROUND} from camera_sound_ground
        where ended_at is null and from_at <= %s and until_at > %s and (%s::uuid is null or camera_id = %s)
        order by until_at desc""",
        (now, now, only, only),
    )
    return [SoundGround(*r) for r in rows]


async def add_sound_ground(tx: Tx, g: SoundGround, by: AccountId, now: datetime) -> None:
    """Keep a ground to listen."""
    await tx.execute(
        f"""insert into camera_sound_ground ({_GROUND}, noted_by, noted_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)""",
        (g.ground_id, g.camera_id, g.clause, g.decision, g.assessed_on, g.sign_on, g.from_at, g.until_at, by, now),
    )
    await tx.execute("select pg_notify('cameras_changed', %s)", (str(tx.centre_id),))


async def end_sound_grounds(tx: Tx, camera_id: CameraId, by: AccountId, now: datetime) -> list[UUID]:
    """End every ground to listen at a camera; return which there were."""
    rows = await tx.all(
        """update camera_sound_ground set ended_at = %s, ended_by = %s
        where camera_id = %s and ended_at is null and until_at > %s returning ground_id""",
        (now, by, camera_id, now),
    )
    await tx.execute("select pg_notify('cameras_changed', %s)", (str(tx.centre_id),))
    return [row[0] for row in rows]
