"""What is wrong with this installation, in the order in which it would hurt."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import psycopg

from ansimnet.app.host import map_folder
from ansimnet.app.ledgers import verify_at
from ansimnet.app.serve import web_dist
from ansimnet.kernel.clock import now
from ansimnet.kernel.errors import Fault
from ansimnet.platform.database import Database, database
from ansimnet.platform.mapdata import MapData
from ansimnet.platform.settings import Settings

LEAST_FREE_BYTES = 2 << 30
"""A night's ledger and logs of one district; recordings need their own reckoning."""

ANSWERS_S = 3
"""A server on this machine answers in milliseconds, one across a country in less than a second."""

MOST_SKEW_S = 2.0
"""Beyond this, ages on screens mislead; NTP keeps a machine within some milliseconds."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    state: Literal["good", "odd", "bad"]
    what: str
    found: str
    todo: str = ""


def good(what: str, found: str) -> Finding:
    """Return that something is as it should be."""
    return Finding("good", what, found)


def bad(what: str, found: str, todo: str) -> Finding:
    """Return that something must be mended."""
    return Finding("bad", what, found, todo)


def odd(what: str, found: str, todo: str) -> Finding:
    """Return that something should be looked at."""
    return Finding("odd", what, found, todo)


async def examine(settings: Settings, *, say: Callable[[str], None]) -> list[Finding]:
    """Return every finding; nothing is changed except that the embedded database may be started for the look."""
    findings = [_folder(settings), _space(settings), _pages(settings), _map(settings)]
    try:
        with database(settings, migrate=False, say=say) as db:
            if not await _answers(db):
                todo = "is it running, and do `ansimnet settings` name it?"
                return [*findings, Finding("bad", "database", "it does not answer", todo)]
            findings += await _database(settings, db)
    except Fault as fault:
        findings.append(Finding("bad", "database", str(fault), "see the log beside the data folder"))
    return findings


async def _answers(db: Database) -> bool:
    """Return whether the server takes a connection now; a pool would wait for it to come back."""
    try:
        async with await psycopg.AsyncConnection.connect(db.urls.tracking, connect_timeout=ANSWERS_S):
            return True
    except psycopg.Error:
        return False


def _folder(settings: Settings) -> Finding:
    if not settings.data_dir.exists():
        return Finding("odd", "data folder", f"{settings.data_dir} does not exist yet", "`ansimnet serve` makes it")
    keys = settings.keys_dir
    if keys.exists() and keys.stat().st_mode & 0o077:
        return Finding("bad", "keys", f"others may enter {keys}", f"chmod 700 {keys}")
    return Finding("good", "data folder", str(settings.data_dir))


def _space(settings: Settings) -> Finding:
    place = settings.data_dir
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    state: Literal["good", "bad"] = "good" if free > LEAST_FREE_BYTES else "bad"
    return Finding(state, "disk", f"{free / 2**30:.1f} GiB free", "" if state == "good" else "make room")


def _pages(settings: Settings) -> Finding:
    dist = web_dist(settings)
    return Finding("good", "pages", str(dist)) if dist else Finding("bad", "pages", "not built", "make setup")


def _map(settings: Settings) -> Finding:
    map_data = MapData(map_folder(settings))
    if map_data.streets is None:
        return Finding("odd", "map", "no streets: no way out and no arrival times", "ansimnet import streets FILE")
    if not any(p.staffed for p in map_data.places):
        return Finding("odd", "map", "no staffed place: a way out has no end", "ansimnet import places FILE")
    return Finding("good", "map", f"{len(map_data.streets.u):,} streets, {len(map_data.places):,} places")


async def _database(settings: Settings, db: Database) -> list[Finding]:
    findings = []
    async with db.dbs(settings, app="doctor") as dbs:
        async with dbs.tracking.transaction() as tx:
            row = await tx.one(
                "select current_setting('server_version'), clock_timestamp(), to_regclass('ledger_seal')"
            )
            assert row is not None
            skew_s = abs((row[1] - now()).total_seconds())
            if row[2] is None:
                return [Finding("odd", "database", f"PostgreSQL {row[0]}, empty", "`ansimnet serve` fills it")]
            parked = await tx.one("select count(*) from reader_parked")
            waiting = await tx.one("select count(*) from ledger_pending")
        findings.append(Finding("good", "database", f"PostgreSQL {row[0]}"))
        findings.append(
            Finding("good" if skew_s < MOST_SKEW_S else "bad", "clock", f"{skew_s * 1000:.0f} ms from the database's")
        )
        if parked and parked[0]:
            findings.append(
                Finding("bad", "readers", f"{parked[0]} facts set aside", "see reader_parked, mend, replay")
            )
        if waiting and waiting[0] > 100:
            findings.append(Finding("odd", "sealer", f"{waiting[0]} facts not yet sealed", "is the worker running?"))
    report = await verify_at(db.urls.sealer, settings)
    entries = sum(c.entries for c in report.centres)
    findings.append(
        Finding("good", "ledger", f"{entries:,} entries, whole")
        if report.verified
        else Finding("bad", "ledger", "the chain is broken", "`ansimnet ledger verify` says where; tell the auditor")
    )
    if os.geteuid() == 0:
        findings.append(Finding("odd", "account", "running as root", "a user of its own is safer"))
    return findings
