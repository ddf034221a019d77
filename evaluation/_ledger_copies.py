"""Copies of a sealed ledger that an attacker may do with as he likes, and both verifiers run on them in memory."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ansimnet.kernel.ids import CentreId
from ansimnet.platform.ledger.canonical import canonical
from ansimnet.platform.ledger.checkpoints import Checkpoint
from ansimnet.platform.ledger.columns import Joined, encoded, judge, segment_of
from ansimnet.platform.ledger.keychain import KeyChain
from ansimnet.platform.ledger.rows import SealedRow, exported
from ansimnet.platform.ledger.verify import CentreReport, ChainWalk, judge_checkpoints, judge_kept

TOOL = Path(__file__).parents[1] / "tools" / "verify_ledger.py"
FIELDS = tuple(SealedRow.__slots__)


def tool() -> ModuleType:
    """Return the independent verifier, loaded from its one file."""
    spec = importlib.util.spec_from_file_location("verify_ledger", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(slots=True)
class Copy:
    """What lies in the attacker's hands: rows, checkpoints, lines of keys; and an export he may damage by itself."""

    rows: list[SealedRow]
    points: list[Checkpoint]
    export: bytes | None = None
    """Bytes given to the independent verifier; None writes them from the rows."""
    witness: list[Checkpoint] | None = None
    """The witness file beside the database, where he rewrote that too; None leaves it as it was."""

    def twin(self) -> Copy:
        """Return a copy whose lists are its own."""
        return Copy(list(self.rows), list(self.points))


@dataclass(frozen=True, slots=True)
class Outside:
    """What the attacker cannot reach: the first public key, the witness file, heads kept by another centre."""

    centre_id: CentreId
    root: Ed25519PublicKey
    key_lines: list[bytes]
    witness: list[Checkpoint]
    kept: list[Checkpoint] = field(default_factory=list)


def export_of(copy: Copy, outside: Outside) -> bytes:
    """Return the export of a copy, as `export_jsonl` writes it."""
    points = {c.size: c for c in copy.points}
    lines = [canonical({"type": "ledger", "v": 1, "centre_id": outside.centre_id}), *outside.key_lines]
    head = bytes(32)
    for row in copy.rows:
        lines.append(canonical(exported(row)))
        head = row.hash
        point = points.pop(row.seq, None)
        if point is not None:
            lines.append(point.line())
    lines += [point.line() for point in points.values()]
    lines.append(
        canonical({"type": "end", "entries": len(copy.rows), "checkpoints": len(copy.points), "head": head.hex()})
    )
    return b"".join(line + b"\n" for line in lines)


def ours(copy: Copy, outside: Outside) -> set[str]:
    """Return what `ansimnet ledger verify` finds, by the same code that judges the database's columns and rows."""
    report = CentreReport(outside.centre_id)
    witness = outside.witness if copy.witness is None else copy.witness
    sizes = [c.size for c in (*copy.points, *witness)]
    walk = ChainWalk(report, sizes)
    whole = _quick(copy.rows, outside.centre_id, sizes)
    if whole is not None:
        walk.found_whole(whole.roots, whole.entries, whole.head)
    else:
        for row in copy.rows:
            walk.take(row)
    chain = KeyChain.of(outside.root, outside.centre_id, outside.key_lines)
    judge_checkpoints(report, walk, copy.points, witness, chain)
    judge_kept(report, copy.points, outside.kept, chain)
    return {f.what for f in report.findings}


def _quick(rows: list[SealedRow], centre_id: CentreId, sizes: list[int]) -> Joined | None:
    if not rows:
        return Joined()
    stretch = judge(encoded([{f: getattr(r, f) for f in FIELDS} for r in rows]), str(centre_id), 0)
    segment = None if stretch is None else segment_of([stretch], frozenset(sizes))
    whole = Joined()
    return whole if segment is not None and whole.take(segment) else None


def theirs(copy: Copy, outside: Outside, module: ModuleType) -> set[str]:
    """Return what `tools/verify_ledger.py` finds in the export."""
    content = copy.export if copy.export is not None else export_of(copy, outside)
    witness = outside.witness if copy.witness is None else copy.witness
    verifier = module.Verifier(outside.root)
    for number, raw in enumerate(content.splitlines(keepends=True), start=1):
        if not raw.endswith(b"\n"):
            verifier.found("truncated", None, "cut")
        verifier.take(raw.removesuffix(b"\n"), number)
    if not verifier.ended:
        verifier.found("truncated", None, "no end")
    verifier.witness(b"".join(c.line() + b"\n" for c in witness))
    module.judge_kept(verifier, b"".join(c.line() + b"\n" for c in outside.kept))
    return {str(f["what"]) for f in verifier.findings}


@dataclass(frozen=True, slots=True)
class Blind:
    """A verifier with one check off: what it finds of that sort it does not say."""

    name: str
    deaf_to: frozenset[str]
    heads: bool = True
    """Whether it looks at heads kept elsewhere at all."""

    def outside(self, outside: Outside) -> Outside:
        """Return what this verifier is given."""
        return outside if self.heads else replace(outside, kept=[], witness=[])


BLIND = (
    Blind("blind to payloads", frozenset({"edited-payload"})),
    Blind("blind to content", frozenset({"edited"})),
    Blind("blind to what witnesses kept", frozenset({"unwitnessed", "checkpoint-dropped"}), heads=False),
)
