"""Importing camera registers, all of a file or nothing; and the gaps of places where no camera may be put."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import IO, cast

from ansimnet.facts.cameras import CamerasImported, PlaceRestricted, SoundForbidden, SoundPermitted
from ansimnet.facts.duties import DutyMet, DutyOpened
from ansimnet.kernel.clock import KST
from ansimnet.kernel.errors import NotFound, Refusal
from ansimnet.kernel.ids import AccountId, CameraId, FactId, new_id
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger import append
from ansimnet.slices.cameras import store
from ansimnet.slices.cameras.model import CameraRow, ImportReport, Restriction, Sense, SoundGround
from ansimnet.slices.cameras.queries import Registry
from ansimnet.slices.cameras.rules.register import (
    NotARegister,
    Remark,
    RowRefused,
    encoding_of,
    read,
)
from ansimnet.slices.duties import queries as duties

ACTOR = "system:cameras"
LONGEST_LISTENING = timedelta(days=366)
"""Ours: whether a street must be listened to is asked again every year."""
GAP = "camera-gap"
"""The duty that a gap of a restricted place is."""

MAX_BYTES = 512 << 20
"""Unpacked. The register of the whole country (950,000 cameras, 250 bytes a row) is half of this."""

CHUNK = 1 << 20

MOST_REFUSED = 0.5
"""A file more than half of whose rows are refused is the wrong file or a damaged one; nothing of it is taken."""

Progress = Callable[[int, int], None]
"""Told bytes read and bytes in all."""


@dataclass(slots=True)
class _Taken:
    rows: list[CameraRow] = field(default_factory=list)
    refused: list[RowRefused] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)


async def import_cameras(
    db: Db, path: Path, *, actor: str, now: datetime, progress: Progress = lambda _a, _b: None, dry: bool = False
) -> ImportReport:
    """Read a register and take its cameras in one transaction, or say why not. Safe to repeat: ids come from the rows.

    Nothing is written unless the whole file was read; `dry` reads and reports only.
    """
    try:
        encoding, taken, digest = await asyncio.to_thread(_read, path, progress)
    except NotARegister as error:
        return ImportReport(None, path.name, None, 0, 0, [], [], error.message, error.todo)
    why_not, todo = _verdict(taken)
    import_id = None
    if why_not is None and not dry:
        import_id = new_id()
        twins: dict[CameraId, CameraRow] = {}
        for row in taken.rows:
            twin = 0
            while (camera_id := store.camera_id_of(db.centre_id, row, twin)) in twins:
                twin += 1
            twins[camera_id] = row
        async with db.transaction() as tx:
            counts = len(twins), len(taken.refused)
            await store.begin_import(tx, import_id, path.name, digest, encoding, *counts, now)
            await store.save_cameras(tx, import_id, list(twins.items()))
            fact = CamerasImported(
                fact_id=FactId(new_id()), happened_at=now, import_id=import_id, accepted=counts[0], refused=counts[1],
                sha256=digest.hex(),
            )  # fmt: skip
            await append(tx, fact, actor=actor)
    return ImportReport(
        import_id, path.name, encoding, len(taken.rows) if why_not is None else 0, len(taken.refused),
        [(r.line, r.reason) for r in taken.refused], [(r.line, r.what) for r in taken.remarks], why_not, todo,
    )  # fmt: skip


def _verdict(taken: _Taken) -> tuple[str | None, str]:
    every = len(taken.rows) + len(taken.refused)
    if not taken.rows:
        return "no row of this file is a camera with a position", "see the reasons by line"
    if len(taken.refused) > MOST_REFUSED * every:
        return f"{len(taken.refused)} of {every} rows were refused: this looks damaged, so nothing was taken", (
            "mend the file by the reasons, then import it again"
        )
    return None, ""


def _read(path: Path, progress: Progress) -> tuple[str, _Taken, bytes]:
    """Read twice: once for encoding and digest, once for rows. A gigabyte of zeros ends at its first block."""
    size = path.stat().st_size
    digest = hashlib.sha256()

    def first_pass() -> Iterator[bytes]:
        for chunk in _chunks(path):
            digest.update(chunk)
            yield chunk

    encoding = encoding_of(first_pass())
    taken = _Taken()
    with _opened(path) as raw, io.TextIOWrapper(raw, encoding=encoding, newline="") as text:
        for number, result in enumerate(read(text)):
            if isinstance(result, CameraRow):
                taken.rows.append(result)
            elif isinstance(result, RowRefused):
                taken.refused.append(result)
            else:
                taken.remarks.append(result)
            if number % 5_000 == 0:
                progress(min(size, number * 200), size)  # about 200 bytes a row
    progress(size, size)
    return encoding, taken, digest.digest()


def _chunks(path: Path) -> Iterator[bytes]:
    unpacked = 0
    try:
        with _opened(path) as raw:
            while chunk := raw.read(CHUNK):
                unpacked += len(chunk)
                if len(chunk) == CHUNK and not any(end in chunk for end in (b"\n", b"\r", b"\0")):
                    raise NotARegister(f"a line is longer than {CHUNK >> 20} MiB: this is no table")
                if unpacked > MAX_BYTES:
                    raise NotARegister(f"larger than {MAX_BYTES >> 20} MiB", todo="split the file by district")
                yield chunk
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise NotARegister("the archive is damaged", todo="fetch the file again") from error
    except OSError as error:
        raise NotARegister(f"the file cannot be read: {error.strerror}") from error
    if not unpacked:
        raise NotARegister("the file is empty")


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path)) if packed else path.open("rb")


async def restrict(tx: Tx, restriction: Restriction, by: AccountId, now: datetime) -> None:
    """Note a place where no camera may be put."""
    await store.add_restriction(tx, restriction, by, now)
    fact = PlaceRestricted(
        fact_id=FactId(new_id()), happened_at=now, restriction_id=restriction.restriction_id,
        clause=restriction.clause, by=by,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{by}")


async def permit_sound(tx: Tx, ground: SoundGround, by: AccountId, now: datetime) -> None:
    """Put a site's own ground to listen in force; within seconds the relay sets the camera's sound up.

    Raises:
        NotFound: no such camera is in service.
        Refusal: it has no microphone, the sign or the assessment is of the future, or it lasts too long.
    """
    camera = (await store.load_cameras(tx, [ground.camera_id])).get(ground.camera_id)
    if camera is None:
        raise NotFound("there is no such camera in service")
    if Sense.SOUND not in camera.senses:
        raise Refusal("this camera has no microphone", todo="the register says what a camera senses (감지기능)")
    if max(ground.assessed_on, ground.sign_on) > now.astimezone(KST).date():
        raise Refusal("assessment and sign come before listening", todo="note it once both are there")
    if not timedelta() < ground.until_at - ground.from_at <= LONGEST_LISTENING:
        raise Refusal(f"a ground to listen lasts {LONGEST_LISTENING.days} days at most", todo="set its end")
    await store.add_sound_ground(tx, ground, by, now)
    fact = SoundPermitted(
        fact_id=FactId(new_id()), happened_at=now, ground_id=ground.ground_id, camera_id=ground.camera_id,
        clause=ground.clause, decision=ground.decision, until_at=ground.until_at, by=by,
    )  # fmt: skip
    await append(tx, fact, actor=f"account:{by}")


async def forbid_sound(tx: Tx, camera_id: CameraId, by: AccountId, now: datetime) -> int:
    """End every ground to listen at a camera; return how many there were."""
    ended = await store.end_sound_grounds(tx, camera_id, by, now)
    for ground_id in ended:
        fact = SoundForbidden(
            fact_id=FactId(new_id()), happened_at=now, ground_id=ground_id, camera_id=camera_id, by=by
        )
        await append(tx, fact, actor=f"account:{by}")
    return len(ended)


async def answer_gaps(registry: Registry, now: datetime) -> None:
    """Owe every gap of a restricted place until its date, and meet what is owed where somebody looks in by now.

    Safe to run twice: a duty that is open already is not opened again.
    """
    gaps = (await registry.blind_map(Sense.DAY)).gaps
    async with registry.db.transaction() as tx:
        for gap in gaps:
            about = gap.restriction.restriction_id
            owed = any(d.met_at is None and d.lapsed_at is None for d in await duties.duties_about(tx, about, now))
            if gap.open and not owed:
                until = datetime.combine(gap.restriction.close_by, time(), KST) + timedelta(days=1)
                opened = DutyOpened(
                    fact_id=FactId(new_id()), happened_at=now, duty_id=new_id(), rule=GAP, about=about, due_at=until
                )
                await append(tx, opened, actor=ACTOR)
            elif owed and not gap.open:
                met = DutyMet(fact_id=FactId(new_id()), happened_at=now, rule=GAP, about=about)
                await append(tx, met, actor=ACTOR)
