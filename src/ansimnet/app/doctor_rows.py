"""What is wrong inside the database: who may do what, what lies open, which passwords everybody knows."""

from __future__ import annotations

import asyncio
import re

import psycopg

from ansimnet.app.doctor import MOST_SKEW_S, Finding, bad, good, odd
from ansimnet.app.rotation import open_rows, unknown_columns
from ansimnet.kernel.clock import now
from ansimnet.platform.database import Database
from ansimnet.platform.db import Db
from ansimnet.platform.engines.postgres import Postgres
from ansimnet.platform.roles import CITY, OWNER, SEALER, TRACKING
from ansimnet.platform.settings import Settings

KNOWN_PASSWORDS = ("ansimnet-demo", "ansimnet123", "password123", "1234567890", "qwertyuiop", "changeme123")
"""Passwords of ten letters and more that everybody tries first."""
MOST_GUESSES = 20
"""Accounts whose passwords are tried: each guess takes a tenth of a second."""
DEMO_SEATS = 4
"""So many logins of the demo beside each other are the demo's, or somebody's copy of it (ours)."""
LEDGER = ("ledger_entry", "ledger_seal", "ledger_checkpoint", "policy_question")
"""Tables whose rows no working role may change or delete."""


async def examine_database(settings: Settings, db: Database) -> list[Finding]:
    """Return what is wrong with rights, rows and seats; nothing is changed."""
    findings = []
    findings += _authentication(db.server)
    async with db.dbs(settings, app="doctor") as dbs:
        async with dbs.tracking.transaction() as tx:
            row = await tx.one("select to_regclass('ledger_seal'), clock_timestamp()")
        assert row is not None
        if row[0] is None:
            return [*findings, odd("database", "empty", "`ansimnet serve` fills it")]
        skew_s = abs((row[1] - now()).total_seconds())
        findings.append(
            good("clock", f"{skew_s * 1000:.0f} ms from the database's") if skew_s < MOST_SKEW_S
            else bad("clock", f"{skew_s:.1f} s from the database's: ends of permits and orders are wrong", "NTP")
        )  # fmt: skip
        findings += await _unsealed(dbs.tracking, dbs.city)
    findings += await asyncio.to_thread(_rights, db)
    findings += await asyncio.to_thread(_seats, db)
    return findings


def _authentication(server: Postgres | None) -> list[Finding]:
    if server is None:
        return [
            odd(
                "authentication",
                "your own PostgreSQL: we cannot read its pg_hba.conf",
                "no `trust` and no `password` in it",
            )
        ]
    rules = [
        line for line in (server.data / "pg_hba.conf").read_text().splitlines() if line and not line.startswith("#")
    ]
    weak = [r for r in rules if re.search(r"\b(trust|password|ident|md5)\b", r)]
    if weak:
        return [
            bad("authentication", f"pg_hba.conf lets in without a password: {weak[0]}", "scram-sha-256 in every line")
        ]
    return [good("authentication", "every connection needs a password (SCRAM)")]


async def _unsealed(*dbs: Db) -> list[Finding]:
    lying: dict[str, int] = {}
    unknown: set[str] = set()
    for db in dbs:
        for name, count in (await open_rows(db)).items():
            lying[name] = lying.get(name, 0) + count
        unknown |= set(await unknown_columns(db))
    findings = []
    if lying:
        some = ", ".join(f"{name} ({count})" for name, count in sorted(lying.items())[:5])
        findings.append(bad("unsealed rows", some, "ansimnet keys rotate data"))
    else:
        findings.append(good("unsealed rows", "none"))
    if unknown:
        findings.append(
            odd("sealed columns", f"no slice names {sorted(unknown)}", "`register` them: their keys are not renewed")
        )
    return findings


def _rights(db: Database) -> list[Finding]:
    """Look at what the working roles may do to what must not change, and at what they are."""
    findings = []
    with psycopg.connect(db.urls.owner) as conn:
        may = conn.execute(
            """select r.rolname, t.relname, p
            from pg_roles r, pg_class t, unnest(array['UPDATE', 'DELETE', 'TRUNCATE']) p
            where r.rolname = any(%s) and t.relname = any(%s) and t.relnamespace = 'public'::regnamespace
              and has_table_privilege(r.oid, t.oid, p)""",
            ([TRACKING, CITY, SEALER], list(LEDGER)),
        ).fetchall()
        mighty = conn.execute(
            "select rolname from pg_roles where rolname = any(%s) and (rolsuper or rolbypassrls or rolcreaterole)",
            ([OWNER, TRACKING, CITY, SEALER],),
        ).fetchall()
        bare = conn.execute(
            """select t.relname from pg_class t join pg_attribute a on a.attrelid = t.oid and a.attname = 'centre_id'
            where t.relkind = 'r' and t.relnamespace = 'public'::regnamespace and t.relname <> 'centre'
              and not (t.relrowsecurity and t.relforcerowsecurity)"""
        ).fetchall()
    if may:
        role, table, right = may[0]
        findings.append(
            bad("ledger rights", f"{role} may {right} {table}", f"revoke {right.lower()} on {table} from {role}")
        )
    else:
        findings.append(good("ledger rights", "no working role may change or delete what was written"))
    if mighty:
        findings.append(bad("roles", f"{mighty[0][0]} stands above the rules of rows", "nosuperuser nobypassrls"))
    else:
        findings.append(good("roles", "none is a superuser or sees past its centre"))
    if bare:
        names = ", ".join(sorted(r[0] for r in bare)[:5])
        findings.append(bad("tenancy", f"no rule of rows on {names}", "call tenant_table(…) in a migration"))
    return findings


def _seats(db: Database) -> list[Finding]:
    """Look for passwords that everybody knows: those of the demo, and a login as its own password."""
    from argon2 import PasswordHasher
    from argon2.exceptions import InvalidHashError, VerificationError

    from ansimnet.app.demo.stage import SEATS

    demo = {login for _, login, _, _ in SEATS}
    found: list[str] = []
    logins: set[str] = set()
    asked = 0
    for url in (db.urls.tracking, db.urls.city):
        with psycopg.connect(url) as conn:
            rows = conn.execute(
                "select login, password_hash from policy_account "
                "where password_hash is not null and disabled_at is null"
            ).fetchall()
        for login, stored in rows:
            logins.add(login)
            asked += 1
            if asked > MOST_GUESSES:
                continue
            for guess in (*KNOWN_PASSWORDS, login):
                try:
                    PasswordHasher().verify(stored, guess)
                    found.append(login)
                    break
                except (VerificationError, InvalidHashError):
                    continue
    seats = demo & logins
    copied = [
        odd("demo seats", f"{len(seats)} logins of the demo: {', '.join(sorted(seats)[:4])}", "disable those unused")
    ] if len(seats) >= DEMO_SEATS else []  # fmt: skip
    if found:
        return [
            *copied,
            bad(
                "passwords",
                f"known to everybody: {', '.join(sorted(set(found))[:8])}",
                "change or disable those accounts",
            ),
        ]
    return [*copied, good("passwords", "none of the demo's, no login as its own")]
