"""Planted faults for `durability`: a copy of the data is harmed in every way the checker claims to notice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
from evaluation._compare import Compared, compare
from psycopg import sql

from ansimnet.app.ledgers import CENTRES, folder_of, verify_at
from ansimnet.platform.engines.postgres import SUPERUSER, Postgres
from ansimnet.platform.ledger import Report, export_jsonl
from ansimnet.platform.roles import DATABASE
from ansimnet.platform.settings import Settings

Connection = psycopg.Connection[tuple[Any, ...]]

NEVER_SENT = "W-2001-1 2001-01-01T00:00:00+00:00"


@dataclass(frozen=True, slots=True)
class Seen:
    """What the checkers say of the harmed copy, less what they said of the original."""

    findings: set[str]
    ledger: Report
    independent: list[str]

    def has(self, *words: str) -> bool:
        """Whether one finding holds all these words."""
        return any(all(w in f for w in words) for f in self.findings)

    def ledger_has(self, what: str, seq: int) -> bool:
        """Whether both verifiers name this entry."""
        ours = any(f.what == what and f.seq == seq for c in self.ledger.centres for f in c.findings)
        return ours and any(f.endswith(f" at {seq}") for f in self.independent)


def plant(
    settings: Settings,
    folder: Path,
    server: Postgres,
    acknowledged: list[str],
    expected: dict[str, int],
    before: Compared,
) -> dict[str, bool]:
    """Harm a copy, look, and return for each fault whether it was found by name."""
    with _copy(server) as name:
        url, checks = server.url(SUPERUSER, name), dict[str, Callable[[Seen], bool]]()
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("set session_replication_role = replica")  # the tables' own guards would refuse all of it
            for fault, harm in FAULTS.items():
                checks[fault] = harm(conn)
        checks["an id acknowledged that was never stored"] = lambda seen: seen.has(f"fix {NEVER_SENT}")
        after = compare(url, [*acknowledged, NEVER_SENT], expected)
        sealer = server.urls(name).sealer
        ledger = asyncio.run(verify_at(sealer, settings))
        (folder / "planted").mkdir()
        independent = asyncio.run(_export(settings, sealer, folder / "planted"))
        seen = Seen(after.findings - before.findings, ledger, independent)
        return {fault: check(seen) for fault, check in checks.items()}


@contextmanager
def _copy(server: Postgres) -> Iterator[str]:
    name = "planted"
    with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as conn:
        conn.execute(sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(DATABASE)))
    try:
        yield name
    finally:
        with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as conn:
            conn.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


async def _export(settings: Settings, sealer_url: str, folder: Path) -> list[str]:
    from evaluation.durability import independent_findings

    async with await psycopg.AsyncConnection.connect(sealer_url, autocommit=True) as conn:
        for name, centre_id in CENTRES.items():
            await export_jsonl(conn, centre_id, folder_of(settings), folder / f"{name}.jsonl")
            for beside in folder_of(settings).glob(f"{centre_id}.*"):
                (folder / f"{name}{beside.suffix}").write_bytes(beside.read_bytes())
    return await asyncio.to_thread(independent_findings, folder)


def _one(conn: Connection, query: Any, *params: Any) -> tuple[Any, ...]:
    row = conn.execute(query, params).fetchone()
    assert row is not None, query
    return row


def _lost_fix(conn: Connection) -> Callable[[Seen], bool]:
    name, seen_at = _one(
        conn,
        "delete from supervision_fix where fix_id = (select fix_id from supervision_fix order by fix_id limit 1)"
        " returning (select name from supervision_device d where d.device_id = supervision_fix.device_id),"
        " seen_at at time zone 'UTC'",
    )
    return lambda seen: seen.has(f"fix {name} {seen_at.isoformat()}")


def _copied_row(conn: Connection, table: str, key: str, where: str = "true") -> UUID:
    """Copy one row of a table under a new key, and return the key of the original."""
    columns = [
        r[0] for r in conn.execute("select column_name from information_schema.columns where table_name = %s", [table])
    ]
    others = sql.SQL(", ").join(sql.Identifier(c) for c in columns if c != key)
    k, t = sql.Identifier(key), sql.Identifier(table)
    pick = sql.SQL("select {k} from {t} where " + where + " order by {k} desc limit 1").format(k=k, t=t)
    (original,) = _one(conn, pick)
    conn.execute(
        sql.SQL("insert into {t} ({k}, {o}) select %s, {o} from {t} where {k} = %s").format(t=t, k=k, o=others),
        [uuid4(), original],
    )
    return UUID(str(original))


def _fix_twice(conn: Connection) -> Callable[[Seen], bool]:
    original = _copied_row(conn, "supervision_fix", "fix_id")
    (which,) = _one(
        conn,
        "select d.name || ' ' || f.seen_at::text from supervision_fix f join supervision_device d using (device_id)"
        " where fix_id = %s",
        original,
    )
    return lambda seen: f"fix {which}" in seen.findings


def _alarm_twice(conn: Connection) -> Callable[[Seen], bool]:
    whole = "device_id not in (select device_id from supervision_alarm where confirmed_at is null)"
    original = _copied_row(conn, "supervision_alarm", "alarm_id", whole)
    (name,) = _one(
        conn,
        "select d.name from supervision_alarm a join supervision_device d using (device_id) where alarm_id = %s",
        original,
    )
    return lambda seen: seen.has(f"alarm {name}:", "episodes")


def _alarm_lost(conn: Connection) -> Callable[[Seen], bool]:
    """Take back the taking back of one alarm: it is no longer a whole episode."""
    device_id, _ = _one(
        conn,
        "update supervision_alarm set confirmed_at = null where alarm_id = (select alarm_id from supervision_alarm"
        " where confirmed_at is not null order by alarm_id limit 1) returning device_id, alarm_id",
    )
    (name,) = _one(conn, "select name from supervision_device where device_id = %s", device_id)
    return lambda seen: seen.has(f"alarm {name}:", "confirmed and taken back")


def _incident_twice(conn: Connection) -> Callable[[Seen], bool]:
    kind = "kind = 'dispatch.incident.opened.v1'"
    original = _copied_row(conn, "ledger_entry", "entry_id", kind)
    (alarm_id,) = _one(
        conn, "select convert_from(body, 'utf8')::jsonb->>'alarm_id' from ledger_entry where entry_id = %s", original
    )
    return lambda seen: seen.has("incident-of-alarm", str(alarm_id)) and seen.has("never-sealed")


def _taken_twice(conn: Connection) -> Callable[[Seen], bool]:
    centre_id, seq = _one(
        conn,
        "insert into evaluation_taken (centre_id, seq, fact_id) select centre_id, seq, fact_id from evaluation_taken"
        " order by seq desc limit 1 returning centre_id, seq",
    )
    return lambda seen: seen.has(f"taken-by-reader {centre_id} {seq}")


def _never_taken(conn: Connection) -> Callable[[Seen], bool]:
    centre_id, seq = _one(
        conn, "delete from evaluation_taken where seq = 1 and centre_id = %s returning centre_id, seq", CENTRES["city"]
    )
    return lambda seen: seen.has(f"never-taken-by-reader {centre_id} {seq}")


def _edited(conn: Connection) -> Callable[[Seen], bool]:
    """Change one word of one record in the middle of the tracking centre's chain."""
    (seq,) = _one(
        conn,
        "update ledger_entry e set body ="
        " convert_to(replace(convert_from(body, 'utf8'), '\"happened_at\"', '\"happened_At\"'), 'utf8')"
        " from ledger_seal s where s.entry_id = e.entry_id and s.centre_id = %s and s.seq ="
        " (select max(seq) / 2 from ledger_seal where centre_id = %s) returning s.seq",
        CENTRES["tracking"], CENTRES["tracking"],
    )  # fmt: skip
    return lambda seen: (
        any(f.seq == seq and f.what.startswith("edited") for c in seen.ledger.centres for f in c.findings)
        and any(f == f"tracking: edited at {seq}" for f in seen.independent)
    )


def _cut_off(conn: Connection) -> Callable[[Seen], bool]:
    """Cut the newest entries off the city's chain, checkpoints too."""
    (seq,) = _one(conn, "select max(size) - 1 from ledger_checkpoint where centre_id = %s", CENTRES["city"])
    conn.execute("delete from ledger_seal where centre_id = %s and seq > %s", [CENTRES["city"], seq])
    conn.execute("delete from ledger_checkpoint where centre_id = %s and size > %s", [CENTRES["city"], seq])
    return lambda seen: (
        any(f.what == "truncated" for c in seen.ledger.centres if c.centre_id == CENTRES["city"] for f in c.findings)
        and any(f.startswith("city: truncated") for f in seen.independent)
    )


FAULTS: dict[str, Callable[[Connection], Callable[[Seen], bool]]] = {
    "an acknowledged fix deleted": _lost_fix,
    "a fix stored twice": _fix_twice,
    "an alarm that never became certain": _alarm_lost,
    "an alarm raised twice": _alarm_twice,
    "an incident opened twice for one alarm": _incident_twice,
    "a fact taken in twice by a reader": _taken_twice,
    "a fact never taken in by a reader": _never_taken,
    "a ledger record edited": _edited,
    "a ledger cut off": _cut_off,
}
"""What is done to the copy, in this order; each returns how it must show."""
