"""Words that people typed, sealed: JSON under a key of the thing they belong to, never in a log or on the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec

from ansimnet.kernel.errors import Fault
from ansimnet.platform.db import Tx


def seal(tx: Tx, about: UUID, year: int, words: Mapping[str, object], what: str) -> bytes:
    """Return words under the key of (about, year), bound to the column they are for.

    Raises:
        Fault: this connection has no key store.
    """
    if tx.keys is None:
        raise Fault("no key store: what was typed cannot be kept")
    return tx.keys.encrypt(about, year, msgspec.json.encode(words), bound_to=f"{about}|{what}".encode())


def unseal(tx: Tx, about: UUID, year: int, sealed: bytes | None, what: str) -> dict[str, object] | None:
    """Return the words, or None where there are none, or their key was destroyed."""
    if sealed is None or tx.keys is None:
        return None
    plain = tx.keys.decrypt(about, year, bytes(sealed), bound_to=f"{about}|{what}".encode())
    return None if plain is None else msgspec.json.decode(plain, type=dict[str, object])
