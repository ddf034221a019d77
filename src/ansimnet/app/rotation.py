"""Renewing keys while the system runs: readers and writers go on, and what was killed half way is finished."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from uuid import UUID

from psycopg import sql

from ansimnet.app.host import SLICES
from ansimnet.kernel.clock import now
from ansimnet.platform import sealing
from ansimnet.platform.db import Db, Tx
from ansimnet.platform.ledger.keys import STATE, KeyStore, version_of
from ansimnet.platform.sealing import HEAD, MACHINE_WORD, SealedColumn

PAGE = 500
"""Rows of one transaction: its locks are held for milliseconds (ours)."""
GRACE_S = 3600.0
"""How long an older version of a key stays: transactions that could seal with it end after 300 s, the rest is ours."""


@dataclass(slots=True)
class Done:
    """What one run changed."""

    renewed: int = 0
    sealed_again: int = 0
    destroyed: int = 0

    def __add__(self, other: Done) -> Done:
        return Done(
            self.renewed + other.renewed,
            self.sealed_again + other.sealed_again,
            self.destroyed + other.destroyed,
        )


def sealed_columns() -> list[SealedColumn]:
    """Return every sealed column of every slice."""
    for name in SLICES:
        import_module(f"ansimnet.slices.{name}.wiring")
    return sorted(sealing.REGISTRY.values(), key=lambda c: c.name)


@dataclass(frozen=True, slots=True)
class _Row:
    key: Any
    subject_id: UUID
    stored: bytes | str
    bound_to: bytes

    @property
    def sealed(self) -> bytes | None:
        """The sealed bytes, or None where the row lies open."""
        if isinstance(self.stored, str):
            return sealing.text_bytes(self.stored) if self.stored.startswith(HEAD) else None
        return self.stored


def _bytes(value: Any) -> bytes:
    return value.bytes if isinstance(value, UUID) else bytes(value)


async def _pages(db: Db, column: SealedColumn) -> AsyncIterator[list[_Row]]:
    """Yield the rows of a column in the order of their keys."""
    query = sql.SQL(
        "select t.{key}, {subject}, t.{column}, {bound} from {table} t "
        "where t.{column} is not null and (%s::uuid is null or t.{key} > %s) order by t.{key} limit %s"
    ).format(
        key=sql.Identifier(column.key), column=sql.Identifier(column.column), table=sql.Identifier(column.table),
        subject=sql.SQL(column.subject if "(" in column.subject else f"t.{column.subject}"),
        bound=sql.SQL("null") if column.bound is None else sql.SQL("t.") + sql.Identifier(column.bound),
    )  # fmt: skip
    last: UUID | None = None
    while True:
        async with db.transaction() as tx:
            rows = await tx.all(query, (last, last, PAGE))
        if not rows:
            return
        last = rows[-1][0]
        yield [
            _Row(
                r[0],
                r[1],
                r[2] if isinstance(r[2], str) else bytes(r[2]),
                sealing.text_bound(column.name, r[1]) if column.bound is None else _bytes(r[3]),
            )
            for r in rows
        ]


async def seal_again(db: Db) -> Done:
    """Seal what lies open, and what lies under an older version, under the newest. Killed, it goes on where it was."""
    done = Done()
    columns = sealed_columns()
    for mend in sealing.MENDERS:
        async with db.transaction() as tx:
            while count := await mend(tx):
                done.sealed_again += count
    for column in columns:
        async for page in _pages(db, column):
            async with db.transaction() as tx:
                for row in page:
                    done.sealed_again += await _again(tx, column, row)
    return done


async def _again(tx: Tx, column: SealedColumn, row: _Row) -> int:
    keys = sealing.keys_of(tx)
    sealed = row.sealed
    if sealed is None:
        if row.stored == "" or (column.words and MACHINE_WORD.fullmatch(str(row.stored))):
            return 0
        plain: bytes | None = str(row.stored).encode()
    elif version_of(sealed) == keys.newest_version(row.subject_id):
        return 0
    else:
        plain = keys.decrypt(row.subject_id, STATE, sealed, bound_to=row.bound_to)
    if plain is None:  # its key was destroyed: it stays closed
        return 0
    again = keys.encrypt(row.subject_id, STATE, plain, bound_to=row.bound_to)
    fresh = sealing.as_text(again) if column.is_text else again
    statement = sql.SQL("update {} set {column} = %s where {} = %s and {column} = %s").format(
        sql.Identifier(column.table), sql.Identifier(column.key), column=sql.Identifier(column.column)
    )
    return (await tx.execute(statement, (fresh, row.key, row.stored))).rowcount  # 0 where somebody wrote meanwhile


def renew_data_keys(store: KeyStore) -> Done:
    """Draw a new version of every subject's key for tables; what is written from now on is under it."""
    done = Done()
    for subject_id in store.subjects():
        if store.versions(subject_id):
            store.renew(subject_id)
            done.renewed += 1
    return done


async def open_rows(db: Db) -> dict[str, int]:
    """Return how many rows lie open in columns that should be sealed, by column; empty where none does."""
    found = {}
    async with db.transaction() as tx:
        for column in sealed_columns():
            tests = [sql.SQL("{} is not null").format(sql.Identifier(c)) for c in column.before]
            if column.is_text:
                lies = sql.SQL("({c} <> '' and not starts_with({c}, {head}) and not ({machine} and {c} ~ {word}))")
                tests.append(
                    lies.format(
                        c=sql.Identifier(column.column), head=sql.Literal(HEAD), machine=sql.Literal(column.words),
                        word=sql.Literal(f"^{MACHINE_WORD.pattern}$"),
                    )
                )  # fmt: skip
            if not tests:
                continue
            query = sql.SQL("select count(*) from {} where {}").format(
                sql.Identifier(column.table), sql.SQL(" or ").join(tests)
            )
            row = await tx.one(query)
            if row is not None and row[0]:
                found[column.name] = int(row[0])
    return found


async def unknown_columns(db: Db) -> list[str]:
    """Return sealed columns of the database that no slice has named and that no key of a year or an hour covers."""
    known = {c.name for c in sealed_columns()}
    async with db.transaction() as tx:
        rows = await tx.all(
            """select c.table_name || '.' || c.column_name from information_schema.columns c
            where c.table_schema = 'public' and c.data_type = 'bytea' and c.column_name like '%%sealed'
              and not exists (select 1 from information_schema.columns y where y.table_schema = 'public'
                              and y.table_name = c.table_name
                              and y.column_name in ('key_year', 'sealed_year', 'hour_at'))""",
            (),
        )
    return sorted(r[0] for r in rows if r[0] not in known)


async def retire_versions(db: Db, store: KeyStore, *, grace_s: float = GRACE_S) -> Done:
    """Destroy versions under which nothing rests and nobody can be sealing any more."""
    done = Done()
    if await unknown_columns(db):
        return done
    old: dict[UUID, list[int]] = {}
    for subject_id in store.subjects():
        made = store.versions(subject_id)
        newest = store.newest_version(subject_id)
        if newest and newest in made and now().timestamp() - made[newest] >= grace_s:
            old[subject_id] = [v for v in made if v < newest]
    old = {s: versions for s, versions in old.items() if versions}
    if not old:
        return done
    used: set[tuple[UUID, int]] = set()
    for column in sealed_columns():
        async for page in _pages(db, column):
            used |= {(r.subject_id, version_of(r.sealed)) for r in page if r.sealed is not None}
    for subject_id, versions in old.items():
        done.destroyed += sum(store.retire(subject_id, v) for v in versions if (subject_id, v) not in used)
    return done
