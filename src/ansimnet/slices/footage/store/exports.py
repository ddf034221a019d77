"""All SQL of exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from ansimnet.kernel.ids import AccountId, CameraId, GroundId, PermitId
from ansimnet.platform import sealing
from ansimnet.platform.db import Tx
from ansimnet.platform.pool import Row
from ansimnet.platform.sealing import SealedColumn
from ansimnet.slices.footage.model import Span, Track

_COLUMNS: LiteralString = """export_id, asked_by, asked_role, asked_at, permit_id, ground_id, cameras, from_at,
    until_at, track, original, most_downloads, download_until, state, doubts, patches, reviewed_by, reviewed_at,
    sealed_at, size, manifest_sha256, downloads, ended_at, end_reason, search_id, search_step"""

sealing.register(SealedColumn("footage_export", "export_id", "words", "export_id", bound="export_id"))


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody typed to ask: sealed under the export's own key, and written into the export's manifest."""

    reason: str
    case_no: str
    recipient: str


@dataclass(frozen=True, slots=True)
class ExportRow:
    """An export as the table keeps it. `doubts` and `patches` are JSON values with instants and boxes.

    `spans`: what is taken of which camera, in the order of time; a doubt names its span by the place in it.
    `search_id`: the search whose route it is of, None for any other export; `search_step` of it asked for the export.
    """

    export_id: UUID
    asked_by: AccountId
    asked_role: str
    asked_at: datetime
    permit_id: PermitId
    ground_id: GroundId
    spans: tuple[Span, ...]
    track: Track
    original: bool
    most_downloads: int
    download_until: datetime
    state: str
    doubts: list[dict[str, Any]]
    patches: list[dict[str, Any]]
    reviewed_by: AccountId | None
    reviewed_at: datetime | None
    sealed_at: datetime | None
    size: int | None
    manifest_sha256: bytes | None
    downloads: int
    ended_at: datetime | None
    end_reason: str | None
    search_id: UUID | None = None
    search_step: int | None = None

    @property
    def cameras(self) -> tuple[CameraId, ...]:
        """Return whose pictures it takes, each camera once."""
        return tuple(sorted({s.camera_id for s in self.spans}))

    @property
    def from_at(self) -> datetime:
        """Return when its first span begins."""
        return min(s.from_at for s in self.spans)

    @property
    def until_at(self) -> datetime:
        """Return when its last span ends."""
        return max(s.until_at for s in self.spans)

    def takes(self, now: datetime) -> bool:
        """Return whether it can be downloaded now."""
        return self.state == "sealed" and self.downloads < self.most_downloads and now < self.download_until


def _row(row: Row) -> ExportRow:
    values = dict(zip((c.strip() for c in _COLUMNS.split(",")), row, strict=True))
    told = zip(*(values.pop(k) for k in ("cameras", "from_at", "until_at")), strict=True)
    spans = tuple(Span(CameraId(c), begins, ends) for c, begins, ends in told)
    return ExportRow(**{**values, "spans": spans, "track": Track(values["track"])})


async def add(tx: Tx, row: ExportRow, words: Words) -> None:
    """Write a new export."""
    sealed = sealing.seal(tx, row.export_id, msgspec.json.encode(words), bound_to=row.export_id.bytes)
    await tx.execute(
        """insert into footage_export (export_id, asked_by, asked_role, asked_at, permit_id, ground_id, cameras,
                                       from_at, until_at, track, original, words, most_downloads, download_until,
                                       search_id, search_step, state)
           values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'asked')""",
        (row.export_id, row.asked_by, row.asked_role, row.asked_at, row.permit_id, row.ground_id,
         [s.camera_id for s in row.spans], [s.from_at for s in row.spans], [s.until_at for s in row.spans], row.track,
         row.original, sealed, row.most_downloads, row.download_until, row.search_id, row.search_step),
    )  # fmt: skip


async def offer_route(tx: Tx, search_id: UUID, step: int, by: AccountId, now: datetime) -> None:
    """Let an account ask for copies of its search's route: `step` of the search, on the ledger, said so.

    The caller's transaction holds the search, and vouches that it is the account's own.
    """
    await tx.execute(
        "insert into footage_route (search_id, step, offered_to, offered_at) values (%s, %s, %s, %s)",
        (search_id, step, by, now),
    )


async def route_offered(tx: Tx, search_id: UUID, step: int, by: AccountId) -> bool:
    """Return whether a step of this account's search let copies of its route be asked for."""
    row = await tx.one(
        "select 1 from footage_route where search_id = %s and step = %s and offered_to = %s", (search_id, step, by)
    )
    return row is not None


async def load(tx: Tx, export_id: UUID, *, lock: bool = False) -> ExportRow | None:
    """Return an export; with `lock` nobody else changes it while the transaction lives."""
    found = await tx.one(
        f"select {_COLUMNS} from footage_export where export_id = %s {'for update' if lock else ''}", (export_id,)
    )
    return None if found is None else _row(found)


async def words_of(tx: Tx, export_id: UUID) -> Words | None:
    """Return what was typed; None once its key is destroyed."""
    found = await tx.one("select words from footage_export where export_id = %s", (export_id,))
    plain = None if found is None else sealing.unseal(tx, export_id, bytes(found[0]), bound_to=export_id.bytes)
    return None if plain is None else msgspec.json.decode(plain, type=Words)


async def listed(tx: Tx, asked_by: AccountId | None, limit: int = 100) -> list[ExportRow]:
    """Return exports, the newest first; those of one account, or all."""
    rows = await tx.all(
        f"""select {_COLUMNS} from footage_export where %s::uuid is null or asked_by = %s
            order by asked_at desc limit %s""",
        (asked_by, asked_by, limit),
    )
    return [_row(r) for r in rows]


async def in_state(tx: Tx, state: str) -> list[ExportRow]:
    """Return exports in a state, the oldest first."""
    return [_row(r) for r in await tx.all(
        f"select {_COLUMNS} from footage_export where state = %s order by asked_at", (state,)
    )]  # fmt: skip


async def set_doubts(tx: Tx, export_id: UUID, doubts: Sequence[dict[str, Any]]) -> None:
    """Put an export before its reviewer."""
    await tx.execute(
        "update footage_export set state = 'review', doubts = %s where export_id = %s and state = 'asked'",
        (Jsonb(list(doubts)), export_id),
    )


async def set_reviewed(
    tx: Tx, export_id: UUID, by: AccountId, patches: Sequence[dict[str, Any]], now: datetime
) -> None:
    """Note who reviewed, and what he hid besides."""
    await tx.execute(
        """update footage_export set state = 'reviewed', reviewed_by = %s, reviewed_at = %s, patches = %s
           where export_id = %s and state = 'review'""",
        (by, now, Jsonb(list(patches)), export_id),
    )


async def set_sealed(tx: Tx, export_id: UUID, size: int, manifest_sha256: bytes, now: datetime) -> bool:
    """Note that an export is finished; False where it was ended meanwhile."""
    done = await tx.execute(
        """update footage_export set state = 'sealed', sealed_at = %s, size = %s, manifest_sha256 = %s
           where export_id = %s and state = 'reviewed'""",
        (now, size, manifest_sha256, export_id),
    )
    return done.rowcount == 1


async def count_download(tx: Tx, export_id: UUID) -> int:
    """Count a download; return which one it is."""
    row = await tx.one(
        "update footage_export set downloads = downloads + 1 where export_id = %s returning downloads", (export_id,)
    )
    assert row is not None
    return int(row[0])


async def set_ended(tx: Tx, export_id: UUID, reason: str, now: datetime) -> bool:
    """End an export; False where it was ended before."""
    done = await tx.execute(
        "update footage_export set state = 'ended', ended_at = %s, end_reason = %s where export_id = %s"
        " and state <> 'ended'",
        (now, reason, export_id),
    )
    return done.rowcount == 1


async def over(tx: Tx, now: datetime) -> list[tuple[UUID, str]]:
    """Return exports whose time is up or whose downloads are used up, with the reason."""
    rows = await tx.all(
        """select export_id, case when download_until <= %s then 'expired' else 'used-up' end from footage_export
           where state <> 'ended' and (download_until <= %s or (state = 'sealed' and downloads >= most_downloads))""",
        (now, now),
    )
    return [(r[0], r[1]) for r in rows]
