"""What identifies a person rests sealed: under the key of the person it is about, which may be renewed or destroyed.

A slice says once which of its columns are sealed (`register`); renewing keys, looking for what lies open, and the proof
that a dump of the database says nothing follow from that list. What steers an alarm second by second (fixes, estimates)
rests open, for as long as it is kept: docs/design/secrets.md says what and why.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from uuid import UUID

from ansimnet.kernel.errors import Fault
from ansimnet.platform.ledger.keys import STATE

if TYPE_CHECKING:
    from ansimnet.platform.db import Tx
    from ansimnet.platform.ledger.keys import KeyStore

HEAD = "sealed:"
"""What sealed text begins with in a text column. A person's own words that begin so are sealed like any others."""
MACHINE_WORD = re.compile(r"[a-z][a-z_-]{0,30}")
"""A reason the program gives (`closed`, `expired`): nobody's words, and it may be looked for."""


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column that holds sealed values. `bound` names the column they are bound to; text is bound to its own name."""

    table: str
    key: str  # the column, a uuid, by which a row is found again
    column: str
    subject: str  # the column with the subject's id, or an expression on the row `t`
    bound: str | None = None
    words: bool = False  # machine words may stand open among people's own
    before: tuple[str, ...] = ()  # open columns that hold the same in rows from before

    @property
    def is_text(self) -> bool:
        """Whether it is a text column, in which older rows may still lie open."""
        return self.bound is None

    @property
    def name(self) -> str:
        """Return `table.column`."""
        return f"{self.table}.{self.column}"


REGISTRY: dict[str, SealedColumn] = {}
Mender: TypeAlias = Callable[["Tx"], Awaitable[int]]
MENDERS: list[Mender] = []
"""What slices do for rows from before that no list of columns describes; each returns how many rows it changed."""


def register(*columns: SealedColumn) -> None:
    """Say that these columns are sealed. Safe to run twice."""
    for column in columns:
        REGISTRY[column.name] = column


def mends(mender: Mender) -> Mender:
    """Register what seals a slice's rows from before. It is run until it returns 0."""
    if mender not in MENDERS:
        MENDERS.append(mender)
    return mender


def keys_of(tx: Tx) -> KeyStore:
    """Return the key store of a transaction.

    Raises:
        Fault: it has none, so nothing personal can be kept through it.
    """
    if tx.keys is None:
        raise Fault("no key store: nothing personal can be kept")
    return tx.keys


def seal(tx: Tx, subject_id: UUID, plain: bytes, *, bound_to: bytes) -> bytes:
    """Return bytes sealed under a subject's newest key for tables."""
    return keys_of(tx).encrypt(subject_id, STATE, plain, bound_to=bound_to)


def unseal(tx: Tx, subject_id: UUID, sealed: bytes, *, bound_to: bytes) -> bytes | None:
    """Return what was sealed, or None where the key was destroyed or this transaction has no keys."""
    return tx.keys.decrypt(subject_id, STATE, sealed, bound_to=bound_to) if tx.keys is not None else None


def seal_text(tx: Tx, subject_id: UUID, text: str, *, of: str, year: int = STATE) -> str:
    """Return what a text column (`of`: `table.column`) keeps of a person's words.

    Rows that nobody may change name the year they are from: their key ends with it, and the column is not registered.
    """
    return as_text(keys_of(tx).encrypt(subject_id, year, text.encode(), bound_to=text_bound(of, subject_id)))


def seal_reason(tx: Tx, subject_id: UUID, text: str, *, of: str) -> str:
    """Return the same for a reason that may also be one of the program's own words, which stay as they are."""
    return text if MACHINE_WORD.fullmatch(text) else seal_text(tx, subject_id, text, of=of)


def open_text(tx: Tx, subject_id: UUID, stored: str | None, *, of: str, year: int = STATE) -> str | None:
    """Return a person's words; None where there are none or their key was destroyed. An older row may lie open."""
    if stored is None or not stored.startswith(HEAD):
        return stored
    if tx.keys is None:
        return None
    plain = tx.keys.decrypt(subject_id, year, text_bytes(stored), bound_to=text_bound(of, subject_id))
    return plain.decode() if plain is not None else None


def text_bytes(stored: str) -> bytes:
    """Return the sealed bytes in a text column's value."""
    return base64.urlsafe_b64decode(stored.removeprefix(HEAD))


def text_bound(of: str, subject_id: UUID) -> bytes:
    """Return what text of a column is bound to: it opens for its own subject and column alone."""
    return f"{of}|{subject_id}".encode()


def as_text(sealed: bytes) -> str:
    """Return sealed bytes as a text column keeps them."""
    return HEAD + base64.urlsafe_b64encode(sealed).decode()
