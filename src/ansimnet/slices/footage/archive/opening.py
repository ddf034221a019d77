"""Opens the archive that the settings name, and sweeps it in whichever process is first."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psycopg
import structlog

from ansimnet.kernel.clock import Clock
from ansimnet.kernel.errors import Fault
from ansimnet.kernel.ids import new_id
from ansimnet.platform.db import Db
from ansimnet.platform.ledger import keks
from ansimnet.platform.pool import DatabaseAway
from ansimnet.platform.settings import Settings
from ansimnet.platform.telemetry import FAULTS
from ansimnet.slices.footage.archive import rules
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.clock import Clocks, Guard, MachineClocks
from ansimnet.slices.footage.archive.disk import Disk, LocalDisk
from ansimnet.slices.footage.archive.disks import Disks, known_disks
from ansimnet.slices.footage.archive.keys import KeyStore
from ansimnet.slices.footage.archive.sweep import Sweeper
from ansimnet.slices.footage.archive.tables import Tables

log = structlog.get_logger(__name__)

FLUSH_S = 5.0
"""A power cut loses this much at most; one flush of the device each (ours)."""
NAME = "archive.id"


class KeysAway(Fault):
    """The folder of keys is not the one of this archive: everything would look destroyed, and its bytes be removed."""


def footage_dir(settings: Settings) -> Path:
    """Return where segments lie."""
    return settings.footage_dir or settings.data_dir / "footage"


def keys_dir(settings: Settings) -> Path:
    """Return where their keys lie: in no backup and no export."""
    return settings.footage_keys_dir or settings.data_dir / "footage-keys"


def of_phones(settings: Settings) -> Settings:
    """Return the settings of the tracking centre's own archive: of what phones show; beside the city's, never in it."""
    return settings.model_copy(
        update={
            "footage_dir": footage_dir(settings) / "phones",
            "footage_more_dirs": [folder / "phones" for folder in settings.footage_more_dirs],
            "footage_keys_dir": keys_dir(settings) / "phones",
        }
    )


def key_store(settings: Settings, centre: str = "city") -> KeyStore:
    """Return the keys of footage, under a ring of their own: who exports the centre's keys exports none of these."""
    folder = keys_dir(settings)
    if settings.kek_command:
        source: keks.Source = keks.Command(settings.kek_command, centre)
    else:
        ring = "footage" if centre == "city" else f"footage-{centre}"
        source = keks.Folder(settings.kek_dir / ring if settings.kek_dir else folder, used=folder)
    return KeyStore(LocalDisk(folder), keks.Ring(source))


def paired(disk: Disk, keys: Disk) -> None:
    """Make sure that keys and segments belong together; name both where both are new.

    Raises:
        KeysAway: they do not. A volume that is not mounted looks like destroyed keys.
    """
    name = _name(disk)
    if name is None:
        name = str(new_id()).encode()
        known = _name(keys)
        if known is not None and disk.names("reels"):
            raise KeysAway
        disk.create(NAME, keys.create(NAME, name))
    elif _name(keys) != name:
        raise KeysAway(f"`{NAME}` of the keys is missing or another one")


def joined_disks(home: Disk, more: Sequence[Path], most_bytes: int | None = None) -> Disk:
    """Return the home with the other folders of an archive as one disk; the home alone where there are none."""
    known = known_disks(home)
    if not more and not known:
        return home
    folders = {str(f): LocalDisk(f, most_bytes) for f in more if f.is_dir() or str(f) not in known}
    return Disks(home, folders, (_name(home) or b"").decode())


def _name(disk: Disk) -> bytes | None:
    try:
        return disk.read(NAME)
    except FileNotFoundError:
        return None


def open_archive(
    settings: Settings, db: Db, clock: Clock, clocks: Clocks | None = None, *, centre: str = "city"
) -> Archive:
    """Return this machine's archive of a centre.

    Raises:
        KeysAway: its keys are not here.
    """
    quota = settings.footage_quota_gb
    most = None if quota is None else int(quota * 1e9)
    home = LocalDisk(footage_dir(settings), most)
    keys = key_store(settings, centre)
    paired(home, keys.disk)
    disk = joined_disks(home, settings.footage_more_dirs, most)
    terms = keys.terms()
    guard = Guard(disk, clocks or MachineClocks(), terms[-1] if terms else None)
    index = Tables(db, clock, f"{settings.relay_host}:{settings.relay_port}")
    return Archive(disk, keys, guard, index)


@asynccontextmanager
async def kept(archive: Archive, folder: Path) -> AsyncIterator[None]:
    """Flush and sweep an archive until the block ends. Of several processes one sweeps, the others follow it."""
    tasks = [asyncio.create_task(_flush(archive)), asyncio.create_task(_sweep(archive, folder))]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(psycopg.OperationalError, DatabaseAway):
            await archive.flush()


async def _flush(archive: Archive) -> None:
    while True:
        await asyncio.sleep(FLUSH_S)
        try:
            await archive.flush()
        except (psycopg.OperationalError, DatabaseAway) as error:
            log.warning("archive.index_away", error=type(error).__name__)
        except Exception:
            FAULTS.labels("archive").inc()
            log.exception("archive.flush_failed")


async def _sweep(archive: Archive, folder: Path) -> None:
    handle = os.open(folder / ".sweeper", os.O_RDWR | os.O_CREAT, 0o600)
    sweeper, alone = Sweeper(archive), False
    try:
        while True:
            if not alone:
                with suppress(BlockingIOError):
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    alone = True
            try:
                if alone:
                    await sweeper.turn()
                else:
                    archive.guard.follow()
                    await sweeper.refresh()
            except (psycopg.OperationalError, DatabaseAway) as error:
                log.warning("archive.sweep_waits", error=type(error).__name__)
            except Exception:
                FAULTS.labels("archive").inc()
                log.exception("archive.sweep_failed")
            await asyncio.sleep(rules.SWEEP_S)
    finally:
        os.close(handle)
