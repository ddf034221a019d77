"""The whole of supervision as lines of text, the same from any installation, and the way back into empty tables.

Sealed columns are opened on the way out and sealed anew, under keys of the installation that takes them, on the way in;
one whose key was destroyed goes on as the dead bytes that it is.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from psycopg import sql

from ansimnet.kernel.facts import Fact
from ansimnet.platform.db import Tx
from ansimnet.platform.ledger import fact_class, stored_facts
from ansimnet.platform.ledger.canonical import fact_json, fact_of_json
from ansimnet.platform.sealing import REGISTRY, SealedColumn, open_text, register, seal, seal_text, unseal

TABLES = (
    "supervision_wearer", "supervision_protected", "supervision_person", "supervision_device", "supervision_gateway",
    "supervision_condition", "supervision_exception", "supervision_medical", "supervision_fix", "supervision_watch",
    "supervision_alarm", "supervision_alarm_fix", "supervision_notice", "supervision_ticked",
    "supervision_report", "supervision_contest", "supervision_petition", "supervision_petition_alarm",
    "supervision_decision", "supervision_obligation", "supervision_assignment", "supervision_check",
    "supervision_offence",
)  # fmt: skip
"""Every table of the slice in an order in which rows may be inserted; the moved facts are handed on as `FACTS`."""
FACTS = "facts"
OURS = ("centre_id", "bound_by")
"""Columns that belong to an installation and never move."""
AT_ONCE = 1000
"""Rows per statement."""
_STAYS = "supervision.history."
"""Facts about moving itself belong to the installation that tells them."""

register(
    SealedColumn("supervision_moved_fact", "fact_id", "fact_sealed", "subject_id", bound="fact_id"),
)

_json = msgspec.json.Decoder(dict[str, Any])
_line = msgspec.json.Encoder(order="deterministic").encode


def _sealed_of(table: str) -> list[SealedColumn]:
    return [c for c in REGISTRY.values() if c.table == table]


async def _keys(tx: Tx, table: str) -> list[str]:
    rows = await tx.all(
        "select a.attname from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any(i.indkey) "
        "where i.indrelid = %s::regclass and i.indisprimary order by array_position(i.indkey::int2[], a.attnum)",
        [table],
    )
    return [r[0] for r in rows]


async def _columns(tx: Tx, table: str) -> list[str]:
    rows = await tx.all(
        "select column_name from information_schema.columns where table_name = %s and table_schema = 'public' "
        "and column_name <> all(%s) order by ordinal_position",
        [table, list(OURS)],
    )
    return [r[0] for r in rows]


async def lines_out(tx: Tx, table: str) -> AsyncIterator[bytes]:
    """Yield the rows of a table as JSON, in the order of their key."""
    if table == FACTS:
        async for line in _facts_out(tx):
            yield line
        return
    columns = _sealed_of(table)
    # a centre's own id, where it is a key, is set anew by whoever takes the row
    order = [k for k in await _keys(tx, table) if k != "centre_id"]
    subjects = sql.SQL(", ").join(sql.SQL(c.subject) for c in columns)
    query = sql.SQL("select (to_jsonb(t) - {}::text[])::text{} from {} t{}").format(
        sql.Literal(list(OURS)),
        sql.SQL(", ") + subjects if columns else sql.SQL(""),
        sql.Identifier(table),
        sql.SQL(" order by ") + sql.SQL(", ").join(map(sql.Identifier, order)) if order else sql.SQL(""),
    )
    async with tx.conn.cursor(f"out_{table}") as cursor:
        cursor.itersize = AT_ONCE
        await cursor.execute(query)
        async for text, *about in cursor:
            yield _open_row(tx, columns, text, about) if columns else text.encode()


def _open_row(tx: Tx, columns: Sequence[SealedColumn], text: str, about: Sequence[Any]) -> bytes:
    row = _json.decode(text)
    for column, subject in zip(columns, about, strict=True):
        stored = row[column.column]
        if stored is None:
            continue
        if column.is_text:
            opened = open_text(tx, subject, stored, of=column.name)
            row[column.column] = {"text": opened} if opened is not None else {"dead": stored}
        else:
            assert column.bound is not None
            plain = unseal(tx, subject, bytes.fromhex(stored[2:]), bound_to=UUID(row[column.bound]).bytes)
            row[column.column] = {"b64": base64.b64encode(plain).decode()} if plain is not None else {"dead": stored}
        row[column.column]["about"] = str(subject)
    return _line(row)


def _seal_row(tx: Tx, columns: Sequence[SealedColumn], row: dict[str, Any]) -> dict[str, Any]:
    for column in columns:
        held = row[column.column]
        if not isinstance(held, dict):
            continue
        about = UUID(held["about"])
        if "dead" in held:
            row[column.column] = held["dead"]
        elif "text" in held:
            text = held["text"]
            row[column.column] = seal_text(tx, about, text, of=column.name) if text else ""
        else:
            assert column.bound is not None
            sealed = seal(tx, about, base64.b64decode(held["b64"]), bound_to=UUID(row[column.bound]).bytes)
            row[column.column] = "\\x" + sealed.hex()
    return row


async def lines_in(tx: Tx, table: str, lines: Sequence[bytes]) -> None:
    """Insert rows that `lines_out` yielded elsewhere."""
    if table == FACTS:
        await _facts_in(tx, lines)
        return
    columns = _sealed_of(table)
    rows = b",".join(_line(_seal_row(tx, columns, _json.decode(line))) if columns else line for line in lines)
    names = sql.SQL(", ").join(map(sql.Identifier, await _columns(tx, table)))
    await tx.execute(
        sql.SQL("insert into {t} ({names}) select {names} from jsonb_populate_recordset(null::{t}, %s::jsonb)").format(
            t=sql.Identifier(table), names=names
        ),
        [(b"[" + rows + b"]").decode()],
    )


async def rows_there(tx: Tx) -> bool:
    """Tell whether any table of a history holds a row."""
    for table in TABLES:
        if await tx.one(sql.SQL("select 1 from {} limit 1").format(sql.Identifier(table))) is not None:
            return True
    return False


# ------------------------------------------------------------------------------------------------------------ facts


async def _facts_out(tx: Tx) -> AsyncIterator[bytes]:
    """Yield every fact of supervision that this installation told or took over, in the order of their ids."""
    rows = await tx.all(
        "select entry_id from ledger_entry where kind like 'supervision.%%' and kind not like %s "
        "and actor not like 'link:%%' union select fact_id from supervision_moved_fact order by 1",
        [_STAYS + "%"],
    )
    for ids in _parts([r[0] for r in rows]):
        known: dict[UUID, dict[str, Any]] = {
            fact.fact_id: _told(tx, fact, actor) for fact, actor in await stored_facts(tx, ids)
        }
        moved = await tx.all(
            "select fact_id, kind, happened_at, actor, subject_id, fact_sealed from supervision_moved_fact "
            "where fact_id = any(%s)",
            [ids],
        )
        for fact_id, kind, at, actor, about, sealed in moved:
            plain = unseal(tx, about, bytes(sealed), bound_to=fact_id.bytes)
            head = {"fact_id": fact_id, "kind": kind, "at": at, "actor": actor, "about": about}
            dead = base64.b64encode(bytes(sealed)).decode()
            known[fact_id] = head | ({"fact": _json.decode(plain)} if plain is not None else {"dead": dead})
        for fact_id in ids:
            yield _line(known[fact_id])


def _told(tx: Tx, fact: Fact, actor: str) -> dict[str, Any]:
    cls = type(fact)
    about = (getattr(fact, cls.subject) if cls.subject is not None else None) or tx.centre_id
    head = {"fact_id": fact.fact_id, "kind": fact.kind, "at": fact.happened_at, "actor": actor, "about": about}
    return head | {"fact": fact_json(fact)}


def _parts(ids: Sequence[UUID]) -> Iterator[list[UUID]]:
    for first in range(0, len(ids), AT_ONCE):
        yield list(ids[first : first + AT_ONCE])


async def _facts_in(tx: Tx, lines: Sequence[bytes]) -> None:
    rows = []
    for row in map(_json.decode, lines):
        fact_id, about = UUID(row["fact_id"]), UUID(row["about"])
        dead = base64.b64decode(row["dead"]) if "dead" in row else None
        sealed = dead or seal(tx, about, _line(row["fact"]), bound_to=fact_id.bytes)
        rows.append((fact_id, row["kind"], row["at"], row["actor"], about, sealed))
    await tx.many(
        "insert into supervision_moved_fact (fact_id, kind, happened_at, actor, subject_id, fact_sealed) "
        "values (%s, %s, %s, %s, %s, %s)",
        rows,
    )


async def moved_fact(tx: Tx, fact_id: UUID) -> Fact | None:
    """Return a fact that a former installation told; None where there is none or who it is about was erased."""
    row = await tx.one("select kind, subject_id, fact_sealed from supervision_moved_fact where fact_id = %s", [fact_id])
    cls = fact_class(row[0]) if row is not None else None
    plain = unseal(tx, row[1], bytes(row[2]), bound_to=fact_id.bytes) if row is not None else None
    if cls is None or plain is None:
        return None
    try:
        return fact_of_json(cls, _json.decode(plain))
    except msgspec.ValidationError:  # erased before it moved: its personal fields are null
        return None


async def places_of_wearers(tx: Tx) -> list[tuple[UUID, str]]:
    """Return every wearer and the office that is competent for him."""
    return [(r[0], r[1]) for r in await tx.all("select wearer_id, office from supervision_wearer order by wearer_id")]


async def note_move(tx: Tx, move_id: UUID, at: datetime, sha256: str, rows: int) -> None:
    """Remember that a history was taken over."""
    await tx.execute(
        "insert into supervision_move (move_id, moved_at, sha256, rows) values (%s, %s, %s, %s)",
        [move_id, at, sha256, rows],
    )
