"""Is the ledger whole? Every link, hash, root, signature and witness line is computed again from the rows.

Reads only. The same questions are answered from an exported file, without our code, by `tools/verify_ledger.py`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Fault
from ansimnet.kernel.ids import CentreId
from ansimnet.platform.ledger import merkle
from ansimnet.platform.ledger.canonical import canonical, entry_hash
from ansimnet.platform.ledger.checkpoints import Checkpoint, Witness, from_line, stored_checkpoints
from ansimnet.platform.ledger.keychain import ChainBroken, KeyChain, lines_of
from ansimnet.platform.ledger.keys import KeyBroken, read_public
from ansimnet.platform.ledger.quick import quick_walk
from ansimnet.platform.ledger.rows import SealedRow, exported, sealed_rows

GENESIS = bytes(32)
"""What stands as `prev` of the first entry."""
OVERDUE = timedelta(minutes=1)
"""A committed entry that has waited longer for its seal says that no sealer runs. Ours: seals take milliseconds."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. `what` is a stable name; `seq` is the entry or the checkpoint's size."""

    what: str
    seq: int | None
    detail: str


@dataclass(slots=True)
class CentreReport:
    """What was found in one centre's ledger."""

    centre_id: CentreId
    entries: int = 0
    head: bytes = GENESIS
    checkpoints: int = 0
    signed_entries: int = 0
    """How many entries the newest checkpoint covers; the rest is chained but not yet signed."""
    pending: int = 0
    findings: list[Finding] = field(default_factory=list)

    def found(self, what: str, seq: int | None, detail: str) -> None:
        """Note one thing that is wrong."""
        self.findings.append(Finding(what, seq, detail))


@dataclass(slots=True)
class Report:
    """The answer for all centres."""

    centres: list[CentreReport]

    @property
    def verified(self) -> bool:
        """Whether nothing is wrong anywhere."""
        return not any(c.findings for c in self.centres)

    def as_json(self) -> dict[str, Any]:
        """Return the object `ansimnet ledger verify --json` prints."""
        return {
            "ledger_verified": self.verified,
            "entries": sum(c.entries for c in self.centres),
            "centres": [
                {
                    "centre_id": str(c.centre_id),
                    "entries": c.entries,
                    "head": c.head.hex(),
                    "checkpoints": c.checkpoints,
                    "signed_entries": c.signed_entries,
                    "pending": c.pending,
                    "findings": [{"what": f.what, "seq": f.seq, "detail": f.detail} for f in c.findings],
                }
                for c in self.centres
            ],
        }


class ChainWalk:
    """Walks one centre's rows in order and remembers the Merkle root at every size somebody signed."""

    def __init__(self, report: CentreReport, sizes: Iterable[int]) -> None:
        self.report = report
        self.roots: dict[int, tuple[bytes, bytes]] = {0: (merkle.EMPTY_ROOT, GENESIS)}
        self._sizes = frozenset(sizes)
        self._tree = merkle.Tree()
        self._seq = 0
        self._known: set[UUID] = set()

    def take(self, row: SealedRow) -> None:
        """Judge one row against the one before it."""
        report = self.report
        if row.seq != self._seq + 1:
            report.found("gap", row.seq, f"after {self._seq} comes {row.seq}")
        if row.prev_hash != report.head:
            report.found("broken-link", row.seq, "does not name the hash before it")
        if row.entry_id in self._known:
            report.found("repeated", row.seq, "its entry has a number already")
        self._known.add(row.entry_id)
        if row.kind is None:
            report.found("missing-entry", row.seq, "sealed, but its entry is gone")
        elif row.entry_centre != row.centre_id:
            report.found("wrong-centre", row.seq, "the entry belongs to another centre")
        elif entry_hash(row.header()) != row.hash:
            report.found("edited", row.seq, "its content does not give its hash")
        held = hashlib.sha256(row.payload).digest() if row.payload is not None else None
        if row.kind is not None and held != row.payload_sha256:
            report.found("edited-payload", row.seq, "its payload does not give its hash")
        self._seq = row.seq
        report.head = row.hash
        report.entries += 1
        self._tree.add(row.hash)
        if self._tree.size in self._sizes:
            self.roots[self._tree.size] = (self._tree.root(), row.hash)

    def found_whole(self, roots: dict[int, tuple[bytes, bytes]], entries: int, head: bytes) -> None:
        """Take the answer of the quick walk, which found nothing wrong."""
        self.roots, self.report.entries, self.report.head = roots, entries, head


def judge_checkpoints(
    report: CentreReport, walk: ChainWalk, stored: list[Checkpoint], witnessed: list[Checkpoint], chain: KeyChain
) -> None:
    """Judge the signatures, roots and order of the checkpoints in the database and in the witness file."""
    signed: dict[bytes, bool] = {}  # most lines stand in both places; their signature is judged once
    for where, points in (("database", stored), ("witness", witnessed)):
        prev: bytes | None = None
        size = 0
        for c in points:
            line = c.line()
            if line not in signed:
                signed[line] = c.signed_by(chain.at(c.size))
            if not signed[line]:
                report.found("bad-signature", c.size, f"{where}: not signed by this centre's key of that time")
            if c.prev_checkpoint_hash != prev:
                report.found("checkpoint-order", c.size, f"{where}: does not name the checkpoint before it")
            if c.size <= size:
                report.found("checkpoint-order", c.size, f"{where}: sizes must grow")
            if c.size > report.entries:
                report.found("truncated", c.size, f"{where}: signed {c.size} entries, {report.entries} are left")
            elif walk.roots.get(c.size) != (c.root, c.head_hash):
                report.found("fork", c.size, f"{where}: the entries are not those that were signed")
            prev, size = hashlib.sha256(line).digest(), c.size
            report.signed_entries = max(report.signed_entries, c.size)
    kept, seen = {c.line() for c in stored}, {c.line() for c in witnessed}
    for c in witnessed:
        if c.line() not in kept:
            report.found("checkpoint-dropped", c.size, "witnessed, but not in the database")
    # The newest may be missing for the moment between the commit and the witness's sync.
    for c in stored[:-1]:
        if c.line() not in seen:
            report.found("unwitnessed", c.size, "in the database, but not in the witness file")


def judge_kept(report: CentreReport, stored: list[Checkpoint], kept: Iterable[Checkpoint], chain: KeyChain) -> None:
    """Compare heads that somebody kept elsewhere, a few of many, with the checkpoints in the database."""
    known = {c.line() for c in stored}
    for c in kept:
        if not c.signed_by(chain.at(c.size)):
            report.found("bad-signature", c.size, "kept: not signed by this centre's key of that time")
        if c.line() not in known:
            what = "truncated" if c.size > report.entries else "fork"
            report.found(what, c.size, "kept by a witness, but not in the database")


def _witnessed(report: CentreReport, witness: Witness) -> list[Checkpoint]:
    found: list[Checkpoint] = []
    for n, line in enumerate(witness.lines(), start=1):
        try:
            found.append(from_line(line))
        except ValueError as e:
            report.found("witness-broken", None, f"line {n} is {e}")
    return found


async def _written(conn: AsyncConnection[Any], centre_id: CentreId) -> int:
    """Return how many entries a centre has, sealed or not."""
    row = await (await conn.execute("select count(*) from ledger_entry where centre_id = %s", (centre_id,))).fetchone()
    assert row is not None
    return int(row[0])


async def _unsealed(conn: AsyncConnection[Any], report: CentreReport, at: datetime) -> None:
    """Count what waits for a seal, and find what neither waits nor has one."""
    row = await (
        await conn.execute(
            "select count(*) filter (where p.entry_id is not null),"
            " count(*) filter (where p.entry_id is not null and e.recorded_at < %s),"
            " count(*) filter (where p.entry_id is null)"
            " from ledger_entry e left join ledger_seal s using (entry_id) left join ledger_pending p using (entry_id)"
            " where e.centre_id = %s and s.entry_id is null",
            (at - OVERDUE, report.centre_id),
        )
    ).fetchone()
    assert row is not None
    report.pending = row[0]
    if row[1]:
        report.found("overdue", None, f"{row[1]} committed entries wait for a seal since more than {OVERDUE}")
    if row[2]:
        report.found("unsealed", None, f"{row[2]} entries have no seal and wait for none")


def key_chain(folder: Path, centre_id: CentreId) -> KeyChain:
    """Return the signing keys of a centre as they lie beside its witness file.

    Raises:
        FileNotFoundError: no sealer has run yet.
        KeyBroken, ChainBroken: the files are damaged.
    """
    root = read_public(Witness(folder, centre_id).public_path.read_bytes())
    return KeyChain.of(root, centre_id, lines_of(folder, centre_id))


async def verify_centre(
    conn: AsyncConnection[Any], centre_id: CentreId, folder: Path, kept: Iterable[Checkpoint] = ()
) -> CentreReport:
    """Return what is found in one centre's ledger. `conn` is inside a repeatable-read transaction."""
    report = CentreReport(centre_id)
    witness = Witness(folder, centre_id)
    witnessed = _witnessed(report, witness)  # read first: the database is always at least as new
    stored = await stored_checkpoints(conn, centre_id)
    report.checkpoints = len(stored)
    sizes = [c.size for c in (*stored, *witnessed)]
    walk = ChainWalk(report, sizes)
    whole, written = await asyncio.gather(quick_walk(conn, centre_id, sizes), _written(conn, centre_id))
    if whole is not None:
        walk.found_whole(whole.roots, whole.entries, whole.head)
    else:
        async for row in sealed_rows(conn, centre_id):
            walk.take(row)
    if stored or witnessed or kept or witness.public_path.exists():
        try:
            chain = key_chain(folder, centre_id)
        except (FileNotFoundError, KeyBroken, ChainBroken) as e:
            report.found("no-key", None, f"the centre's public key is missing or broken: {e}")
        else:
            judge_checkpoints(report, walk, stored, witnessed, chain)
            judge_kept(report, stored, kept, chain)
    if whole is None or written != report.entries:  # each sealed one has an entry of its own: equal, and none is left
        await _unsealed(conn, report, now())
    return report


async def verify(
    conn: AsyncConnection[Any], centres: Iterable[CentreId], folder: Path, kept: Iterable[Checkpoint] = ()
) -> Report:
    """Return the report over all centres, read in one snapshot.

    `conn` is one of the sealer role, which alone sees every centre, and outside a transaction; `folder` holds the
    public keys and witness files; `kept` are heads that somebody has kept elsewhere.
    """
    reports: list[CentreReport] = []
    elsewhere = list(kept)
    for centre_id in centres:
        async with conn.transaction():
            await conn.execute("set transaction isolation level repeatable read, read only")
            reports.append(
                await verify_centre(conn, centre_id, folder, [c for c in elsewhere if c.centre_id == centre_id])
            )
    return Report(reports)


class NothingToExport(Fault):
    """The centre has no public key yet: no sealer has run."""


async def export_jsonl(conn: AsyncConnection[Any], centre_id: CentreId, folder: Path, path: Path) -> int:
    """Write one centre's sealed ledger as canonical JSON lines and return how many entries it has.

    First line `ledger`, then the later signing keys, then an `entry` each with a `checkpoint` behind the entry it
    covers last, then `end`. Payloads stay encrypted. Written beside `path` and moved there when whole.
    """
    witness = Witness(folder, centre_id)
    if not witness.public_path.exists():
        raise NothingToExport(f"no public key of centre `{centre_id}`")
    draft = path.with_name(path.name + ".part")
    count, head = 0, GENESIS
    with draft.open("wb") as out:
        async with conn.transaction():
            await conn.execute("set transaction isolation level repeatable read, read only")
            points = {c.size: c for c in await stored_checkpoints(conn, centre_id)}
            total = len(points)
            out.write(canonical({"type": "ledger", "v": 1, "centre_id": centre_id}) + b"\n")
            for line in lines_of(folder, centre_id):
                out.write(line + b"\n")
            async for row in sealed_rows(conn, centre_id):
                out.write(canonical(exported(row)) + b"\n")
                count, head = count + 1, row.hash
                if (point := points.pop(row.seq, None)) is not None:
                    out.write(point.line() + b"\n")
            for point in points.values():  # beyond the last entry: the reader must see that too
                out.write(point.line() + b"\n")
        out.write(canonical({"type": "end", "entries": count, "checkpoints": total, "head": head}) + b"\n")
    draft.replace(path)
    return count
