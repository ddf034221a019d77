"""Signing keys that follow one another: each new one is signed by the one before it, from a stated size on.

`<centre>.pub` is the first key and stays what auditors hold; `<centre>.keys` beside it has a line for each later one.
A key signs checkpoints larger than its line's `from_size` and not larger than the next line's: one that was retired
and stolen later signs nothing new.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ansimnet.kernel.errors import Fault
from ansimnet.kernel.ids import CentreId
from ansimnet.platform.files import replace_file, sync_folder
from ansimnet.platform.ledger import keks
from ansimnet.platform.ledger.canonical import FORMAT, canonical, instant
from ansimnet.platform.ledger.keys import KeyStore, Signer, key_id

CONTEXT = b"ansimnet ledger key v1\x00"
CURRENT, NEXT = "ledger-signing", "ledger-signing.next"
"""Names of the key that signs and of the one that is to follow it."""


class ChainBroken(Fault):
    """The lines of signing keys do not follow from the first key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyLine:
    """One key, said to be good by the key before it."""

    centre_id: CentreId
    from_size: int
    public: bytes
    prev_key_id: str
    signed_at: datetime
    signature: bytes = b""

    @property
    def key_id(self) -> str:
        """Return the short name of the key."""
        return key_id(self.public)

    def statement(self) -> dict[str, Any]:
        """Return what the key before it signs."""
        return {
            "type": "key",
            "v": FORMAT,
            "centre_id": str(self.centre_id),
            "from_size": self.from_size,
            "key_id": self.key_id,
            "public": self.public.hex(),
            "prev_key_id": self.prev_key_id,
            "signed_at": instant(self.signed_at),
        }

    def object(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {**self.statement(), "signature": self.signature.hex()}


def _line(raw: bytes) -> KeyLine:
    try:
        d = json.loads(raw)
        found = KeyLine(
            centre_id=CentreId(UUID(d["centre_id"])),
            from_size=d["from_size"],
            public=bytes.fromhex(d["public"]),
            prev_key_id=d["prev_key_id"],
            signed_at=datetime.fromisoformat(d["signed_at"]),
            signature=bytes.fromhex(d["signature"]),
        )
        same = canonical(found.object()) == raw
    except (KeyError, TypeError, AttributeError, ValueError, Fault) as e:
        raise ChainBroken("not a line of a key") from e
    if not same:
        raise ChainBroken("a line of a key is not in canonical form")
    return found


@dataclass(frozen=True, slots=True)
class KeyChain:
    """The keys of one centre: the first and the lines after it, checked."""

    root: Ed25519PublicKey
    lines: tuple[KeyLine, ...]

    @classmethod
    def of(cls, root: Ed25519PublicKey, centre_id: CentreId, raw: Sequence[bytes]) -> KeyChain:
        """Return the chain.

        Raises:
            ChainBroken: a line is not signed by the key before it, or begins before it.
        """
        signer, size, lines = root, 0, list[KeyLine]()
        for one in raw:
            line = _line(one)
            try:
                signer.verify(line.signature, CONTEXT + canonical(line.statement()))
                named = line.prev_key_id == key_id(signer.public_bytes_raw())
            except InvalidSignature:
                named = False
            if not named or line.centre_id != centre_id or line.from_size < size:
                raise ChainBroken("a key is not signed by the one before it")
            signer, size = Ed25519PublicKey.from_public_bytes(line.public), line.from_size
            lines.append(line)
        return cls(root, tuple(lines))

    def at(self, size: int) -> Ed25519PublicKey:
        """Return the key that signs a checkpoint of this size."""
        found = self.root
        for line in self.lines:
            if size > line.from_size:
                found = Ed25519PublicKey.from_public_bytes(line.public)
        return found

    @property
    def newest(self) -> str:
        """Return the short name of the newest key."""
        return self.lines[-1].key_id if self.lines else key_id(self.root.public_bytes_raw())


def path_of(folder: Path, centre_id: CentreId) -> Path:
    """Return where a centre's later keys stand."""
    return folder / f"{centre_id}.keys"


def lines_of(folder: Path, centre_id: CentreId) -> list[bytes]:
    """Return the lines of a centre's later keys; a half-written last one, the trace of a crash, is none."""
    path = path_of(folder, centre_id)
    return path.read_bytes().split(b"\n")[:-1] if path.exists() else []


def ask_rotation(keys: KeyStore) -> str:
    """Draw the next signing key and return its name; the sealer takes it up within a second or two.

    Nothing stops meanwhile: checkpoints go on being signed, by the old key until its successor is on file.
    """
    return keys.signer(NEXT).key_id


def waiting(keys: KeyStore) -> bool:
    """Return whether a next key waits to be taken up."""
    return (keys.folder / f"{NEXT}.key").exists()


def rotate(keys: KeyStore, chain: KeyChain, signer: Signer, folder: Path, centre_id: CentreId, **at: Any) -> KeyLine:
    """Let the next key follow: its line first, synced, then the key's file; the old private key is gone after it.

    Only the sealer calls this. Killed in between, `take_up` ends it at the next start. `at` holds `from_size` and
    `signed_at`.
    """
    follower = keys.signer(NEXT)
    draft = KeyLine(centre_id=centre_id, public=follower.public, prev_key_id=signer.key_id, **at)
    line = replace(draft, signature=signer.sign(CONTEXT + canonical(draft.statement())))
    whole = b"".join(canonical(known.object()) + b"\n" for known in (*chain.lines, line))
    replace_file(path_of(folder, centre_id), whole, mode=0o644)
    take_up(keys)
    return line


def take_up(keys: KeyStore) -> None:
    """Put the next key in the place of the current one, and write over what is left of that."""
    current, follower = keys.folder / f"{CURRENT}.key", keys.folder / f"{NEXT}.key"
    with keks.held(keys.folder, alone=True), current.open("r+b") as old:
        follower.replace(current)
        sync_folder(keys.folder)
        old.write(os.urandom(os.fstat(old.fileno()).st_size))
        old.flush()
        os.fsync(old.fileno())
