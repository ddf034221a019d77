"""Yesterday's backup, put back today, yields not one picture of what has died; nor does it forget a hold."""

from __future__ import annotations

import asyncio
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.slices.footage.archives import CAMERA, OTHER, START, Clocks, D, M, record

from ansimnet.app.backup import back_up, restore
from ansimnet.app.keyring import export_keys
from ansimnet.kernel.permits import Role
from ansimnet.platform.database import database
from ansimnet.platform.settings import Settings
from ansimnet.slices.footage.archive.archive import Archive
from ansimnet.slices.footage.archive.model import Destroyed, Segment
from ansimnet.slices.footage.archive.opening import KeysAway, footage_dir, keys_dir, open_archive
from ansimnet.slices.footage.archive.sweep import Sweeper
from ansimnet.slices.footage.model import Track
from ansimnet.slices.policy import queries as policy

SUB = Track.SUB


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that the database's own user can walk through."""
    folder = Path(tempfile.mkdtemp(prefix="ansimnet-backup-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def quiet(_: str) -> None:
    """Say nothing."""


def readable(archive: Archive, segment: Segment) -> bool:
    try:
        archive.read(segment)
    except Destroyed:
        return False
    return True


@pytest.mark.requirement("CC-04")
@pytest.mark.timeout(240)
async def test_a_restore_of_yesterday_yields_no_frame_and_keeps_what_is_held(place: Path) -> None:
    settings, clocks = Settings(data_dir=place / "data"), Clocks()
    with database(settings, say=quiet) as server:
        async with server.dbs(settings, app="test") as dbs:
            archive = open_archive(settings, dbs.city, clocks, clocks)
            sweeper = Sweeper(archive)
            dies, held = record(archive, clocks), record(archive, clocks, OTHER, b"held")
            await archive.flush()
            clocks.true = START + 29 * D
            young = record(archive, clocks)
            await archive.flush()
            await sweeper.turn()
            back_up(settings, place / "yesterday", say=quiet)
            shutil.copytree(footage_dir(settings), place / "copied-bytes")
            async with dbs.city.transaction() as tx:
                clerk = await policy.create_account(
                    tx, login="clerk", role=Role.COURT_CLERK, display="기록", now=clocks.true
                )
                hold = await policy.place_hold(
                    tx, clerk, resources=[OTHER], statute="CRIM-PROC 184", case_no="2026-고합-77", reason="증거 보전",
                    until_at=clocks.true + 60 * D, now=clocks.true,
                )  # fmt: skip
            await sweeper.turn()
            clocks.true = START + 30 * D
            assert (await sweeper.turn()).destroyed == 2
    shutil.rmtree(settings.data_dir / "ledger", ignore_errors=True)
    for path in settings.data_dir.iterdir():  # a new database on the same machine: keys and footage stay
        if path.name not in {"keys", "link", "footage", "footage-keys"}:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    shutil.copytree(place / "copied-bytes" / "reels", footage_dir(settings) / "reels", dirs_exist_ok=True)
    await asyncio.to_thread(restore, settings, place / "yesterday", say=quiet)

    with database(settings, say=quiet) as server:
        async with server.dbs(settings, app="test") as dbs:
            again = open_archive(settings, dbs.city, clocks, clocks)
            found = again.segments(CAMERA, SUB, START, START + M) + again.segments(OTHER, SUB, START, START + M)
            assert not any(readable(again, s) for s in (dies, held, *found))
            await (sweeper := Sweeper(again)).turn()
            assert not any(readable(again, s) for s in (dies, held))
            assert (footage_dir(settings) / "reels" / str(OTHER)).exists() is False, "the bytes put back are removed"
            assert readable(again, young)
            assert await again.index.covered(CAMERA, SUB, START, START + M) == []
            [copy] = again.segments(OTHER, SUB, START, START + M, hold_id=hold.hold_id)
            assert again.read(copy).fragments == b"held", "the database has forgotten the hold, the disk has not"
            clocks.true += 61 * D
            assert (await sweeper.turn()).released == 1
            assert not readable(again, copy)


@pytest.mark.requirement("CC-04")
async def test_no_backup_and_no_export_holds_a_key_of_footage(place: Path) -> None:
    settings, clocks = Settings(data_dir=place / "data"), Clocks()
    with database(settings, say=quiet) as server:
        async with server.dbs(settings, app="test") as dbs:
            archive = open_archive(settings, dbs.city, clocks, clocks)
            segment = record(archive, clocks)
            await archive.flush()
            await Sweeper(archive).turn()
            key = archive.keys.key(segment.camera_id, segment.term)
            [wrapped] = [s.wrapped for s in archive.keys.slots(segment.term)]
            back_up(settings, place / "backup", say=quiet)
    export_keys(settings, place / "export", passphrase="여섯 낱말로 된 아주 긴 문장")
    with tarfile.open(place / "backup") as tar:
        content = b"".join(f.read() for m in tar.getmembers() if (f := tar.extractfile(m)) is not None)
    assert wrapped is not None
    for secret in (key, wrapped, (keys_dir(settings) / "kek").read_bytes()):
        assert secret not in content
        assert secret.hex().encode() not in content
    assert "footage" not in [p.name for p in settings.keys_dir.rglob("*")], "what an export walks through"
    assert (keys_dir(settings) / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")


async def test_footage_without_its_keys_is_not_taken_for_destroyed(place: Path) -> None:
    settings, clocks = Settings(data_dir=place / "data"), Clocks()
    with database(settings, say=quiet) as server:
        async with server.dbs(settings, app="test") as dbs:
            record(open_archive(settings, dbs.city, clocks, clocks), clocks)
            keys_dir(settings).rename(place / "not-mounted")
            with pytest.raises(KeysAway):
                open_archive(settings, dbs.city, clocks, clocks)
