"""Whoever else keeps our signed heads: a file elsewhere, another centre, a line on paper.

A head once seen cannot be taken back: who rewrites the ledger, even with the signing key in hand, must show a history
that goes on from every head that somebody kept, and cannot.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ansimnet.kernel.errors import Fault, Kind, Refusal
from ansimnet.kernel.ids import CentreId
from ansimnet.platform.ledger import merkle
from ansimnet.platform.ledger.canonical import canonical, instant
from ansimnet.platform.ledger.checkpoints import Checkpoint, from_line, stored_checkpoint
from ansimnet.platform.ledger.keychain import ChainBroken, KeyChain
from ansimnet.platform.ledger.keys import Signer
from ansimnet.platform.ledger.proofs import consistency

if TYPE_CHECKING:
    from ansimnet.platform.db import Db, Tx

COUNTERSIGN = b"ansimnet ledger countersign v1\x00"
CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that paper takes for another."""
CODE_LENGTH = 16
"""80 bits, ours: nobody finds a second head with the same code, and a person can still copy it."""


class Forked(Refusal):
    """This head does not go on from one that was signed before: the ledger was rewritten."""

    kind = Kind.CONFLICT
    name = "ledger-forked"


class NotTheirs(Refusal):
    """This head is not signed by the centre it names, or its keys are not the known ones."""

    name = "not-their-head"


def short_code(checkpoint: Checkpoint) -> str:
    """Return the code of a head for paper: sixteen signs in fours."""
    number = int.from_bytes(checkpoint.hash()[:10], "big")
    signs = [CODE_LETTERS[number >> 5 * k & 31] for k in range(CODE_LENGTH)][::-1]
    return "-".join("".join(signs[k : k + 4]) for k in range(0, CODE_LENGTH, 4))


def paper_line(name: str, checkpoint: Checkpoint) -> str:
    """Return the line to print and file."""
    return (
        f"{name} {instant(checkpoint.signed_at)} size {checkpoint.size} root {checkpoint.root.hex()[:16]}… "
        f"code {short_code(checkpoint)}"
    )


def plain_code(text: str) -> str:
    """Return a code as a person typed it, in its one form."""
    letters = text.upper().replace("O", "0").replace("I", "1").replace("L", "1")
    return "".join(c for c in letters if c in CODE_LETTERS)


async def keep_in_file(db: Db, tx: Tx, path: Path) -> Checkpoint:
    """Add the newest head to a file that lies elsewhere, after the check that it goes on from the last one there.

    Raises:
        Forked: it does not, or what was kept is no longer in the ledger.
        Fault: nothing is signed yet, or the file is no file of heads.
    """
    newest = await stored_checkpoint(tx, None)
    if newest is None:
        raise Fault("nothing is signed yet")
    lines = await asyncio.to_thread(_lines, path)
    try:
        kept = [from_line(line) for line in lines]
    except ValueError as e:
        raise Fault("a line of this file is no signed head") from e
    if kept and kept[-1].line() == newest.line():
        return newest
    if kept:
        await _goes_on(db, tx, kept[-1], newest)
    await asyncio.to_thread(_add_line, path, newest.line())
    return newest


def _lines(path: Path) -> list[bytes]:
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []


def _add_line(path: Path, line: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as f:
        f.write(line + b"\n")
        f.flush()
        os.fsync(f.fileno())


async def _goes_on(db: Db, tx: Tx, older: Checkpoint, newer: Checkpoint) -> None:
    if older.centre_id != newer.centre_id or older.size > newer.size:
        raise Forked(f"a head over {older.size} entries was kept; the newest now covers {newer.size}")
    path = await consistency(db, tx, older.size, newer.size)
    if not merkle.consistent(older.size, older.root, newer.size, newer.root, path):
        raise Forked(f"the head kept over {older.size} entries is not of this history")


# ------------------------------------------------------------------------------------------- between centres


@dataclass(frozen=True, slots=True)
class Countersigned:
    """What a witness says it has seen."""

    witness_centre: CentreId
    size: int
    key_id: str
    signature: bytes
    signed_at: datetime

    @classmethod
    def by(cls, signer: Signer, witness_centre: CentreId, seen: Checkpoint, at: datetime) -> Countersigned:
        """Return a witness's signature over a head it has checked."""
        said = _statement(witness_centre, seen, signer.key_id, at)
        return cls(witness_centre, seen.size, signer.key_id, signer.sign(COUNTERSIGN + said), at)

    def good(self, key: Ed25519PublicKey, seen: Checkpoint) -> bool:
        """Return whether it is that key's, over that head."""
        try:
            key.verify(self.signature, COUNTERSIGN + _statement(self.witness_centre, seen, self.key_id, self.signed_at))
        except InvalidSignature:
            return False
        return self.size == seen.size


def _statement(witness_centre: CentreId, seen: Checkpoint, key: str, at: datetime) -> bytes:
    return canonical(
        {
            "type": "countersign",
            "v": 1,
            "witness_centre": witness_centre,
            "head_sha256": seen.hash(),
            "key_id": key,
            "signed_at": at,
        }
    )


async def last_seen(tx: Tx, of_centre: CentreId) -> tuple[Checkpoint, bytes] | None:
    """Return the newest head this centre has kept of another, and that centre's first signing key."""
    row = await tx.one(
        "select line, root_key from ledger_witness where centre_id = %s and of_centre = %s order by size desc limit 1",
        (tx.centre_id, of_centre),
    )
    return None if row is None else (from_line(bytes(row[0])), bytes(row[1]))


async def tell(db: Db, tx: Tx, last_size: int, root_key: bytes, keys: list[bytes]) -> dict[str, Any]:
    """Return what another centre needs to witness our newest head, given the size it saw last.

    Raises:
        Fault: nothing is signed yet.
    """
    newest = await stored_checkpoint(tx, None)
    if newest is None:
        raise Fault("nothing is signed yet")
    path = await consistency(db, tx, last_size, newest.size)
    return {
        "line": newest.line().decode(),
        "root_key": root_key.hex(),
        "keys": [line.decode() for line in keys],
        "path": [h.hex() for h in path],
    }


async def take(tx: Tx, told: dict[str, Any], from_centre: CentreId, signer: Signer, at: datetime) -> Countersigned:
    """Check another centre's head against the last one kept, keep it, and countersign it.

    The first key a centre shows is the one it must go on from for ever.

    Raises:
        NotTheirs: not signed by that centre's keys, or the keys are others than those known.
        Forked: it does not go on from the head kept; nothing is stored, and what was kept stays as evidence.
    """
    try:
        seen = from_line(told["line"].encode())
        root = bytes.fromhex(told["root_key"])
        chain = KeyChain.of(
            Ed25519PublicKey.from_public_bytes(root), from_centre, [line.encode() for line in told["keys"]]
        )
        path = [bytes.fromhex(h) for h in told["path"]]
    except (KeyError, TypeError, ValueError, AttributeError, ChainBroken) as e:
        raise NotTheirs from e
    if seen.centre_id != from_centre or not seen.signed_by(chain.at(seen.size)):
        raise NotTheirs
    before = await last_seen(tx, from_centre)
    if before is not None:
        kept, known_root = before
        if root != known_root:
            raise NotTheirs("the first signing key is another than the known one")
        if kept.size > seen.size or not merkle.consistent(kept.size, kept.root, seen.size, seen.root, path):
            raise Forked(f"a head over {kept.size} entries is kept here, and this one does not go on from it")
    await tx.execute(
        "insert into ledger_witness (centre_id, of_centre, size, line, root_key, seen_at)"
        " values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
        (tx.centre_id, from_centre, seen.size, seen.line(), root, at),
    )
    return Countersigned.by(signer, tx.centre_id, seen, at)


async def countersigned(tx: Tx, sizes: list[int]) -> dict[int, list[dict[str, Any]]]:
    """Return who said to have seen these heads of ours, by size."""
    found: dict[int, list[dict[str, Any]]] = {}
    for centre, size, key, signature, at in await tx.all(
        "select witness_centre, size, key_id, signature, signed_at from ledger_countersign"
        " where centre_id = %s and size = any(%s) order by signed_at",
        (tx.centre_id, sizes),
    ):
        said = {"centre_id": str(centre), "key_id": key, "signature": bytes(signature).hex(), "signed_at": instant(at)}
        found.setdefault(size, []).append(said)
    return found


@dataclass(frozen=True, slots=True)
class Witnessed:
    """The newest head of ours that another centre has said to have seen."""

    by: CentreId
    size: int
    signed_at: datetime


async def witnessed(tx: Tx) -> list[Witnessed]:
    """Return each witness of ours with the newest head it countersigned."""
    rows = await tx.all(
        "select distinct on (witness_centre) witness_centre, size, signed_at from ledger_countersign"
        " where centre_id = %s order by witness_centre, size desc",
        (tx.centre_id,),
    )
    return [Witnessed(CentreId(by), size, at) for by, size, at in rows]


async def keep_countersign(tx: Tx, said: Countersigned) -> None:
    """Store what a witness said of our head. Safe to run twice."""
    await tx.execute(
        "insert into ledger_countersign (centre_id, witness_centre, size, key_id, signature, signed_at)"
        " values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
        (tx.centre_id, said.witness_centre, said.size, said.key_id, said.signature, said.signed_at),
    )
