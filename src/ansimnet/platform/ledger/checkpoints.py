"""Signed tree heads, and the witness file outside the database that keeps them.

A checkpoint says: the first `size` entries of this centre have this Merkle root. Its signature cannot be made without
the centre's key, and the witness line cannot be taken back by whoever rewrites the database.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from psycopg import AsyncConnection

from ansimnet.kernel.errors import Fault
from ansimnet.kernel.ids import CentreId
from ansimnet.platform.ledger.canonical import FORMAT, canonical, instant
from ansimnet.platform.ledger.keys import Signer, create_once, key_id

if TYPE_CHECKING:
    from ansimnet.platform.db import Tx

CONTEXT = b"ansimnet ledger checkpoint v1\x00"
"""What a signature begins with, so that it can never be taken for one over something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One signed tree head. Hashes are 32 bytes; the first checkpoint has no predecessor."""

    centre_id: CentreId
    size: int
    root: bytes
    head_hash: bytes
    prev_checkpoint_hash: bytes | None
    key_id: str
    signed_at: datetime
    signature: bytes = b""

    def statement(self) -> dict[str, Any]:
        """Return what is signed."""
        return {
            "type": "checkpoint",
            "v": FORMAT,
            "centre_id": str(self.centre_id),
            "size": self.size,
            "root": self.root.hex(),
            "head_hash": self.head_hash.hex(),
            "prev_checkpoint_hash": self.prev_checkpoint_hash.hex() if self.prev_checkpoint_hash is not None else None,
            "key_id": self.key_id,
            "signed_at": instant(self.signed_at),
        }

    @classmethod
    def of(cls, row: Sequence[Any]) -> Checkpoint:
        """Return the checkpoint of a row with the columns of `STORED`."""
        return cls(**dict(zip(cls.__slots__, row, strict=True)))

    def object(self) -> dict[str, Any]:
        """Return it as JSON values, the signature too."""
        return {**self.statement(), "signature": self.signature.hex()}

    def line(self) -> bytes:
        """Return the canonical line of the witness file and of an export, without a line end."""
        return canonical(self.object())

    def hash(self) -> bytes:
        """Return what the next checkpoint names as its predecessor."""
        return hashlib.sha256(self.line()).digest()

    def signed_by(self, key: Ed25519PublicKey) -> bool:
        """Return whether the signature is that key's."""
        try:
            key.verify(self.signature, CONTEXT + canonical(self.statement()))
        except InvalidSignature:
            return False
        return self.key_id == key_id(key.public_bytes_raw())


STORED = """
    select centre_id, size, root, head_hash, prev_checkpoint_hash, key_id, signed_at, signature
    from ledger_checkpoint where centre_id = %s
"""


async def stored_checkpoints(conn: AsyncConnection[Any], centre_id: CentreId) -> list[Checkpoint]:
    """Return a centre's checkpoints, smallest first."""
    return [Checkpoint.of(r) for r in await (await conn.execute(STORED + "order by size", (centre_id,))).fetchall()]


async def stored_checkpoint(tx: Tx, size: int | None) -> Checkpoint | None:
    """Return the newest checkpoint of the tenant, or the one of this size; None where there is none."""
    row = await tx.one(
        STORED + "and (%s::bigint is null or size = %s) order by size desc limit 1", (tx.centre_id, size, size)
    )
    return None if row is None else Checkpoint.of(row)


async def heads(tx: Tx, *, limit: int = 100, before: int | None = None) -> list[Checkpoint]:
    """Return the tenant's checkpoints, newest first: signed roots, safe for anybody to see."""
    rows = await tx.all(
        STORED + "and (%s::bigint is null or size < %s) order by size desc limit %s",
        (tx.centre_id, before, before, limit),
    )
    return [Checkpoint.of(r) for r in rows]


def sign(
    signer: Signer, centre_id: CentreId, size: int, root: bytes, head: bytes, prev: bytes | None, at: datetime
) -> Checkpoint:
    """Return a signed checkpoint."""
    draft = Checkpoint(
        centre_id=centre_id,
        size=size,
        root=root,
        head_hash=head,
        prev_checkpoint_hash=prev,
        key_id=signer.key_id,
        signed_at=at,
    )
    signature = signer.sign(CONTEXT + canonical(draft.statement()))
    return replace(draft, signature=signature)


def from_line(line: bytes) -> Checkpoint:
    """Return the checkpoint a line holds.

    Raises:
        ValueError: the line is not one, or not in canonical form.
    """
    try:
        d = json.loads(line)
        found = Checkpoint(
            centre_id=CentreId(UUID(d["centre_id"])),
            size=d["size"],
            root=bytes.fromhex(d["root"]),
            head_hash=bytes.fromhex(d["head_hash"]),
            prev_checkpoint_hash=bytes.fromhex(d["prev_checkpoint_hash"]) if d["prev_checkpoint_hash"] else None,
            key_id=d["key_id"],
            signed_at=datetime.fromisoformat(d["signed_at"]),
            signature=bytes.fromhex(d["signature"]),
        )
        same = found.line() == line
    except (KeyError, TypeError, AttributeError, ValueError, Fault) as e:
        raise ValueError("not a checkpoint") from e
    if not same:
        raise ValueError("not in canonical form")
    return found


class Witness:
    """The files beside the database: `<centre>.pub` and `<centre>.checkpoints`, one line each checkpoint."""

    def __init__(self, folder: Path, centre_id: CentreId) -> None:
        self.folder = folder
        self.public_path = folder / f"{centre_id}.pub"
        self.path = folder / f"{centre_id}.checkpoints"

    def publish(self, pem: bytes) -> bytes:
        """Write the public key unless one is there; return the one that is."""
        return create_once(self.public_path, pem, mode=0o644)

    def mend(self) -> None:
        """Cut off a half-written last line, the trace of a crash; whole lines are never touched."""
        if not self.path.exists():
            return
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            with self.path.open("r+b") as f:
                f.truncate(whole)
                f.flush()
                os.fsync(f.fileno())

    def append(self, checkpoint: Checkpoint) -> None:
        """Add one line and sync it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as f:
            f.write(checkpoint.line() + b"\n")
            f.flush()
            os.fsync(f.fileno())

    def lines(self) -> list[bytes]:
        """Return every whole line; an empty list where there is no file."""
        if not self.path.exists():
            return []
        return self.path.read_bytes().split(b"\n")[:-1]
