"""The four database roles and their passwords: who may do what is in the migrations, who may log in is here."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

import psycopg
from psycopg import sql

Row: TypeAlias = tuple[Any, ...]

OWNER = "ansimnet_owner"
TRACKING = "ansimnet_tracking"
CITY = "ansimnet_city"
SEALER = "ansimnet_sealer"
DATABASE = "ansimnet"


@dataclass(frozen=True, slots=True)
class Urls:
    """Where each role finds the database, passwords included: never log one."""

    owner: str
    tracking: str
    city: str
    sealer: str


@dataclass(frozen=True, slots=True)
class Passwords:
    """One random password per role, and the superuser's of an embedded server."""

    superuser: str
    owner: str
    tracking: str
    city: str
    sealer: str

    def of(self, role: str) -> str:
        """Return the password of a database role."""
        known = {OWNER: self.owner, TRACKING: self.tracking, CITY: self.city, SEALER: self.sealer}
        return known.get(role, self.superuser)


def read_passwords(file: Path) -> Passwords:
    """Return the passwords kept in `file`; draw and write them (0600) the first time. Safe to run twice."""
    if not file.exists():
        drawn = Passwords(*(secrets.token_urlsafe(24) for _ in range(5)))
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            json.dump(asdict(drawn), out)
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(draft, file)  # the first process wins; the others read what it wrote
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    if file.stat().st_mode & 0o077:
        file.chmod(0o600)
    return Passwords(**json.loads(file.read_text(encoding="utf-8")))


def url(role: str, password: str, *, host: str, port: int, database: str = DATABASE) -> str:
    """Return the libpq address of one role."""
    return f"postgresql://{role}:{quote(password, safe='')}@{host}:{port}/{database}"


def provision(admin_url: str, passwords: Passwords, *, database: str = DATABASE) -> None:
    """Create the four roles and the database as a superuser, or set their passwords anew. Safe to run twice."""
    with psycopg.connect(admin_url, autocommit=True, application_name="ansimnet provision") as conn:
        for role in (OWNER, TRACKING, CITY, SEALER):
            exists = conn.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
            conn.execute(
                sql.SQL("{} role {} login nosuperuser nocreatedb nocreaterole nobypassrls password {}").format(
                    sql.SQL("alter" if exists else "create"), sql.Identifier(role), sql.Literal(passwords.of(role))
                )
            )
        create_database(conn, database)


def create_database(conn: psycopg.Connection[Row], database: str, *, template: str | None = None) -> None:
    """Create a database that belongs to the owner role, unless it is there; nobody else may connect unasked."""
    if conn.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
        return
    name = sql.Identifier(database)
    copied: sql.Composable = sql.SQL("")
    if template:  # file by file: 13 ms in memory where the default way through the log takes 200
        copied = sql.SQL(" template {} strategy file_copy").format(sql.Identifier(template))
    conn.execute(sql.SQL("create database {} owner {}").format(name, sql.Identifier(OWNER)) + copied)
    conn.execute(sql.SQL("revoke all on database {} from public").format(name))
    roles = sql.SQL(", ").join(sql.Identifier(role) for role in (TRACKING, CITY, SEALER))
    conn.execute(sql.SQL("grant connect, temporary on database {} to {}").format(name, roles))
