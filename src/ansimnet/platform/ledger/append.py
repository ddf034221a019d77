"""Write a fact in the transaction that makes it true, and read a stored one back."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID, uuid5

import msgspec

from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Fault
from ansimnet.kernel.facts import Fact
from ansimnet.kernel.ids import CentreId, FactId
from ansimnet.platform.arrays import BYTEA, INT4, TEXT, TIMESTAMPTZ, UUIDS, array, microseconds
from ansimnet.platform.ledger.canonical import (
    UnknownKind,
    fact_class,
    fact_json,
    join,
    personal_fields,
    split,
)
from ansimnet.platform.ledger.keys import KeyStore

if TYPE_CHECKING:
    from ansimnet.platform.db import Tx

ACTORS = ("account:", "system:", "device:", "link:")
"""Who can make a fact true; what follows is an id, or a slice's name after `system:`."""

_INSERT = """
    insert into ledger_entry (entry_id, centre_id, kind, happened_at, recorded_at, actor, subject_id, key_year, body,
                              payload, payload_sha256)
    values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
"""
_INSERT_MANY = """
    insert into ledger_entry (entry_id, centre_id, kind, happened_at, recorded_at, actor, subject_id, key_year, body,
                              payload, payload_sha256)
    select entry_id, %(centre)s, kind, happened_at, recorded_at, %(actor)s, subject_id, key_year, body, payload,
           sha256(payload)
    from unnest(%(ids)s::uuid[], %(kinds)s::text[], %(happened)s::timestamptz[], %(recorded)s::timestamptz[],
                %(subjects)s::uuid[], %(years)s::int[], %(bodies)s::bytea[], %(payloads)s::bytea[])
         as t (entry_id, kind, happened_at, recorded_at, subject_id, key_year, body, payload)
"""
MOST_AT_ONCE = 1000
"""Facts per statement: a megabyte or so on the wire."""


class WithoutKeys(Fault):
    """A fact with personal fields was appended through a connection that has no key store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One sealed fact. Personal fields of `fact` are None where the key was destroyed."""

    centre_id: CentreId
    seq: int
    fact: Fact
    actor: str
    recorded_at: datetime
    sealed_at: datetime
    entry_hash: bytes


class _Stamp:
    """Hands out strictly growing instants, so that facts of one transaction keep their order."""

    def __init__(self) -> None:
        self._last: datetime | None = None
        self._lock = threading.Lock()

    def next(self) -> datetime:
        with self._lock:
            at = now()
            if self._last is not None and at <= self._last:
                at = self._last + timedelta(microseconds=1)
            self._last = at
            return at


_stamp = _Stamp()


def received_id(centre_id: CentreId, fact_id: FactId) -> UUID:
    """Return the id of the entry under which a centre keeps a fact that another centre told it."""
    return uuid5(centre_id, str(fact_id))


def bound(entry_id: UUID, kind: str) -> bytes:
    """Return what a payload's ciphertext is bound to: it opens in its own entry alone."""
    return f"{entry_id}|{kind}".encode()


async def append(tx: Tx, fact: Fact, *, actor: str) -> None:
    """Write a fact into the ledger inside the caller's transaction.

    It is sealed, numbered and told to readers some milliseconds after that transaction commits, and never if it does
    not. A fact with the actor `link:<centre>` came from there and gets an entry id of its own.

    Raises:
        Fault: an actor of no known form, or personal fields without subject or key store.
    """
    _known_actor(actor)
    tx.appended = True
    e = _written(tx, fact, linked=actor.startswith("link:"))
    await tx.execute(
        _INSERT,
        (
            e.entry_id,
            tx.centre_id,
            fact.kind,
            fact.happened_at,
            e.recorded_at,
            actor,
            e.subject_id,
            e.key_year,
            e.body,
            e.payload,
            hashlib.sha256(e.payload).digest() if e.payload is not None else None,
        ),
    )


async def append_many(tx: Tx, facts: Sequence[Fact], *, actor: str) -> None:
    """Write many facts of one actor, in this order, in one statement per thousand; else as `append`.

    Raises:
        Fault: as `append`; then none of them is written if the caller lets its transaction end.
    """
    _known_actor(actor)
    tx.appended = True
    linked = actor.startswith("link:")
    for first in range(0, len(facts), MOST_AT_ONCE):
        some = facts[first : first + MOST_AT_ONCE]
        written = [_written(tx, fact, linked=linked) for fact in some]
        await tx.execute(
            _INSERT_MANY,
            {
                "centre": tx.centre_id,
                "actor": actor,
                "ids": array(UUIDS, [e.entry_id.bytes for e in written]),
                "kinds": array(TEXT, [fact.kind.encode() for fact in some]),
                "happened": array(TIMESTAMPTZ, [microseconds(fact.happened_at) for fact in some]),
                "recorded": array(TIMESTAMPTZ, [microseconds(e.recorded_at) for e in written]),
                "subjects": array(UUIDS, [None if e.subject_id is None else e.subject_id.bytes for e in written]),
                "years": array(INT4, [None if e.key_year is None else e.key_year.to_bytes(4) for e in written]),
                "bodies": array(BYTEA, [e.body for e in written]),
                "payloads": array(BYTEA, [e.payload for e in written]),
            },
        )


def _known_actor(actor: str) -> None:
    if not actor.startswith(ACTORS):
        raise Fault(f"no such actor: `{actor}`")


class _Written(NamedTuple):
    """What a fact becomes in the table."""

    entry_id: UUID
    recorded_at: datetime
    body: bytes
    payload: bytes | None
    subject_id: UUID | None
    key_year: int | None


def _written(tx: Tx, fact: Fact, *, linked: bool) -> _Written:
    entry_id = received_id(tx.centre_id, fact.fact_id) if linked else fact.fact_id
    recorded_at = _stamp.next()
    body, personal, subject_id = split(fact)
    if personal is None:
        return _Written(entry_id, recorded_at, body, None, subject_id, None)
    if tx.keys is None:
        raise WithoutKeys(f"`{fact.kind}` has personal fields, and this connection has no keys")
    assert subject_id is not None
    year = recorded_at.year
    payload = tx.keys.encrypt(subject_id, year, personal, bound_to=bound(entry_id, fact.kind))
    return _Written(entry_id, recorded_at, body, payload, subject_id, year)


def opened(
    kind: str,
    entry_id: UUID,
    subject_id: UUID | None,
    key_year: int | None,
    body: bytes,
    payload: bytes | None,
    keys: KeyStore | None,
) -> Fact:
    """Return the fact of a stored entry; personal fields are None without keys, or where the key was destroyed.

    Raises:
        UnknownKind: no imported class has this kind.
        msgspec.ValidationError: the bytes are not such a fact.
    """
    cls = fact_class(kind)
    if cls is None:
        raise UnknownKind(kind)
    plain: bytes | None = None
    if payload is not None and keys is not None and subject_id is not None and key_year is not None:
        plain = keys.decrypt(subject_id, key_year, payload, bound_to=bound(entry_id, kind))
    return join(cls, body, plain)


async def stored_facts(tx: Tx, fact_ids: Sequence[UUID]) -> list[tuple[Fact, str]]:
    """Return some of this centre's own facts as they were written, sealed or not yet, each with its author."""
    rows = await tx.all(
        "select kind, entry_id, subject_id, key_year, body, payload, actor from ledger_entry where entry_id = any(%s)",
        (list(fact_ids),),
    )
    return [
        (opened(r[0], r[1], r[2], r[3], bytes(r[4]), bytes(r[5]) if r[5] is not None else None, tx.keys), r[6])
        for r in rows
    ]


def public_body(fact: Fact) -> dict[str, Any]:
    """Return the fields of a fact that may be shown to every role that hears of it, as JSON values."""
    hidden = personal_fields(type(fact))
    return {k: v for k, v in fact_json(fact).items() if k not in hidden}


def body_of(body: bytes) -> dict[str, Any]:
    """Return a stored public body as JSON values."""
    return msgspec.json.decode(body, type=dict[str, Any])
