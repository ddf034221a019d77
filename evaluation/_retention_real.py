"""Where the same histories are played once more: real files, a real PostgreSQL, and the backup that people make.

A backup is what `ansimnet backup` and `ansimnet keys export` write, and beside them a copy of the data folder as a
program that copies folders makes it: all but folders that say by `CACHEDIR.TAG` that they are not for copies. All three
are put back. Files of this machine cannot forget what was not synced: a power cut is a kill here, at any write.
"""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from evaluation._installation import workplace
from evaluation._retention_law import Score
from evaluation._retention_play import ROOM, TIGHT, Clocks, History
from pydantic import SecretStr

from ansimnet.app.backup import back_up, restore
from ansimnet.app.keyring import export_keys, import_keys
from ansimnet.kernel.ids import CameraId, new_id
from ansimnet.kernel.permits import Role
from ansimnet.platform import migrations, roles
from ansimnet.platform.database import key_stores
from ansimnet.platform.db import Db, Dbs
from ansimnet.platform.engines.postgres import SUPERUSER, Postgres
from ansimnet.platform.settings import Settings
from ansimnet.slices.footage.archive.disk import COUNT_S, LocalDisk
from ansimnet.slices.footage.archive.index import Covered, Destroying, Hold
from ansimnet.slices.footage.archive.memory import Power
from ansimnet.slices.footage.archive.opening import footage_dir, keys_dir
from ansimnet.slices.footage.archive.tables import Tables
from ansimnet.slices.policy import queries as policy

TEMPLATE = "ansimnet_template"
TAG, SIGNATURE = "CACHEDIR.TAG", b"Signature: 8a477f597d28d172789f06886806bc55"
"""What programs that copy folders look for (bford.info/cachedir)."""
PASSPHRASE = "a passphrase of an evaluation"


class CutDisk(LocalDisk):
    """A folder whose owner can be killed behind any write. `other` bytes belong to somebody else."""

    def __init__(self, root: Path, most_bytes: int | None, power: Power) -> None:
        super().__init__(root, most_bytes)
        self.power = power
        self.other = 0

    def append(self, path: str, content: bytes) -> int:
        begins = super().append(path, content)
        self.power.step()
        return begins

    def overwrite(self, path: str, offset: int, content: bytes) -> None:
        super().overwrite(path, offset, content)
        self.power.step()

    def replace(self, path: str, content: bytes) -> None:
        self.power.step()
        super().replace(path, content)
        self.power.step()

    def sync(self, paths: Collection[str]) -> None:
        self.power.step()
        super().sync(paths)
        self.power.step()

    def remove(self, path: str) -> None:
        super().remove(path)
        self.power.step()

    def _room(self, most: int) -> int:
        self._counted_s = -COUNT_S  # hours pass here in less than the count lives
        return max(0, super()._room(most) - self.other)


class CutTables(Tables):
    """The index in PostgreSQL, whose owner can be killed before it commits."""

    def __init__(self, db: Db, place: Real) -> None:
        super().__init__(db, place, "evaluation")
        self._power = place.power

    async def note(self, covered: Sequence[Covered]) -> None:
        self._power.step()
        await super().note(covered)

    @asynccontextmanager
    async def destroying(self, cameras: Collection[CameraId]) -> AsyncIterator[Destroying]:  # type: ignore[override]
        async with super().destroying(cameras) as tx:
            yield tx
            self._power.step()


@dataclass(frozen=True, slots=True)
class Backup:
    """One night's copies."""

    database: Path
    keys: Path
    files: Path


def copy_folders(data: Path, to: Path) -> None:
    """Copy a data folder as a program does that makes backups: folders tagged as caches stay away."""

    def tagged(folder: str, names: list[str]) -> list[str]:
        tag = Path(folder) / TAG
        return names if tag.is_file() and tag.read_bytes().startswith(SIGNATURE) else [".lock"]

    shutil.copytree(data, to, ignore=tagged)


class Real:
    """`_retention_play.Place` on this machine's files and database. Be its clock too."""

    def __init__(self, server: Postgres, folder: Path, capacity: int, name: str) -> None:
        self.server, self.folder, self.name = server, folder, name
        self.clocks: Clocks | None = None
        self.power = Power()
        self.restored = 0
        self.settings = self._settings(name)
        self.disk = CutDisk(footage_dir(self.settings), capacity, self.power)
        self.keys = CutDisk(keys_dir(self.settings), None, self.power)
        self._dbs: Dbs | None = None

    def now(self) -> datetime:
        assert self.clocks is not None
        return self.clocks.wall()

    def _settings(self, name: str) -> Settings:
        urls = self.server.urls(name)
        return Settings(
            data_dir=self.folder / "data", database_url=SecretStr(urls.owner),
            database_tracking_url=SecretStr(urls.tracking), database_city_url=SecretStr(urls.city),
            database_sealer_url=SecretStr(urls.sealer),
        )  # fmt: skip

    async def open(self) -> None:
        """Open the database, and let somebody be there who holds."""
        _admin(self.server, lambda conn: roles.create_database(conn, self.name, template=TEMPLATE))
        await self._connect()
        async with self.db.transaction() as tx:
            self.clerk = await policy.create_account(
                tx, login="clerk", role=Role.COURT_CLERK, display="기록", now=self.now()
            )
            self.officer = await policy.create_account(
                tx, login="officer", role=Role.PRIVACY_OFFICER, display="보호책임자", now=self.now()
            )
            self.import_id = new_id()
            await tx.execute(
                "insert into camera_import (import_id, file_name, sha256, encoding, accepted, refused, imported_at) "
                "values (%s, '', '', 'utf-8', 1, 0, %s)",
                (self.import_id, self.now()),
            )

    async def _connect(self) -> None:
        self._dbs = Dbs.at(self.server.urls(self.name), keys=key_stores(self.settings), app="evaluation", max_size=2)
        await self._dbs.city.open()
        self.index = CutTables(self.db, self)

    @property
    def db(self) -> Db:
        """Return the city's database."""
        assert self._dbs is not None
        return self._dbs.city

    async def close(self) -> None:
        """Throw the database away."""
        await self.db.close()
        _admin(self.server, lambda conn: conn.execute(f"drop database {self.name} with (force)"))

    async def set_days(self, camera_id: CameraId, days: int | None) -> None:
        async with self.db.transaction() as tx:
            await tx.execute("delete from camera where camera_id = %s", (camera_id,))
            if days is not None:
                await tx.execute(
                    """insert into camera (camera_id, code, agency, address, purpose, count, lat, lon, fov_deg, range_m,
                           retention_days, import_id) values (%s, %s, '', '', '', 1, 37, 127, 60, 30, %s, %s)""",
                    (camera_id, f"A-{camera_id.int}", days, self.import_id),
                )

    async def hold(self, hold: Hold) -> UUID:
        assert hold.from_at is not None
        assert hold.until_at is not None
        async with self.db.transaction() as tx:
            row = await policy.place_hold(
                tx, self.clerk, resources=hold.cameras, statute="CRIM-PROC 184", case_no="2026-고합-77",
                reason="증거 보전", until_at=hold.ends_at, now=self.now(), covers=(hold.from_at, hold.until_at),
            )  # fmt: skip
        return row.hold_id

    async def release(self, hold_id: UUID) -> None:
        async with self.db.transaction() as tx:
            await policy.ask_release(tx, self.clerk, hold_id, "확정", self.now())
            await policy.confirm_hold(tx, self.officer, hold_id, self.now())

    async def standing(self) -> Mapping[UUID, Hold]:
        return {h.hold_id: h for h in await self.index.holds() if not h.over}

    async def back_up(self) -> Backup:
        at = self.folder / f"night-{new_id().hex}"
        at.mkdir()
        backup = Backup(at / "database", at / "keys", at / "files")
        await asyncio.to_thread(
            back_up, self.settings, backup.database, admin_url=self.server.url(SUPERUSER, self.name), say=_quiet
        )
        await asyncio.to_thread(export_keys, self.settings, backup.keys, passphrase=PASSPHRASE)
        copy_folders(self.settings.data_dir, backup.files)
        return backup

    async def restore(self, backup: object, *, files: bool) -> None:
        """Put the database back into an empty one, the keys into a folder that lost them, and the copied files."""
        assert isinstance(backup, Backup)
        await self.close()
        self.restored += 1
        self.name = f"{self.name.partition('_again')[0]}_again{self.restored}"
        self.settings = self._settings(self.name)
        _admin(self.server, lambda conn: roles.create_database(conn, self.name))
        shutil.rmtree(self.settings.keys_dir)
        await asyncio.to_thread(import_keys, self.settings, backup.keys, passphrase=PASSPHRASE)
        admin = self.server.url(SUPERUSER, self.name)
        await asyncio.to_thread(restore, self.settings, backup.database, admin_url=admin, say=_quiet)
        await self._connect()
        if files:
            self._put_back(backup.files)

    def _put_back(self, copied: Path) -> None:
        """Copy back what is missing of the segments, and whatever there is of their keys."""
        reels, keys = copied / "footage" / "reels", copied / "footage-keys"
        for path in (p for p in sorted(reels.rglob("*")) if p.is_file()):
            there = self.disk.root / "reels" / path.relative_to(reels)
            if not there.exists() and path.stat().st_size < self.disk.free():
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, there)
        for path in keys.glob("*.key"):
            shutil.copyfile(path, self.keys.root / path.name)

    async def evictions(self) -> set[tuple[CameraId, str]]:
        async with self.db.transaction() as tx:
            rows = await tx.all(
                """select d.camera_id, d.hour_at, d.epoch, d.days from footage_destroyed d
                   join footage_certificate c using (certificate_id) where c.why = 'disk-full'"""
            )
        return {(CameraId(r[0]), f"{r[1]:%Y%m%d%H}.e{r[2]}.d{r[3]}") for r in rows}

    async def warned_at(self) -> datetime | None:
        async with self.db.transaction() as tx:
            row = await tx.one("select min(happened_at) from ledger_entry where kind = 'footage.disk.filling.v1'")
        return None if row is None else row[0]

    def lose_power(self, rng: random.Random) -> None:
        """Files outlast the process: a power cut is a kill here."""

    def fill(self, free: int | None) -> None:
        self.disk.other = 0
        if free is not None:
            self.disk.other = max(0, self.disk.free() - free)

    def key_files(self) -> list[bytes]:
        return [p.read_bytes() for p in self.keys.root.glob("*.key")]


def _quiet(_: str) -> None:
    return


def _admin(server: Postgres, act: Callable[[psycopg.Connection[Any]], object]) -> None:
    with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as conn:
        act(conn)


def _postgres(folder: Path) -> Postgres:
    return Postgres(folder / "postgres", fsync=False, tuning={"shared_buffers": "64MB"})


@contextmanager
def server() -> Iterator[Path]:
    """Start a PostgreSQL with a migrated template, for as long as the block runs; what is written is thrown away.

    Yields the folder of it all; other processes join it by that.
    """
    with workplace("retention") as folder:
        started = _postgres(folder)
        try:
            started.start()
            _admin(started, lambda conn: roles.create_database(conn, TEMPLATE))
            migrations.migrate(started.urls(TEMPLATE).owner)
            yield folder
        finally:
            started.stop()


def history(folder: Path, seed: int, number: int, *, steady: bool) -> Score:
    """Play one history on files and tables of its own, below the folder of a server that runs."""
    score, joined = Score(), _postgres(folder)
    joined.start()
    mine = folder / f"h{new_id().hex}"
    mine.mkdir()

    async def play() -> None:
        place = Real(joined, mine, TIGHT if steady else ROOM, mine.name)
        played = History(random.Random(f"{seed}/{number}"), place, score, steady=steady)
        place.clocks = played.clocks
        await place.open()
        try:
            await played.play()
        finally:
            await place.close()

    try:
        asyncio.run(play())
    finally:
        shutil.rmtree(mine, ignore_errors=True)
    score.examples += [number] if score.wrong() else []
    return score
