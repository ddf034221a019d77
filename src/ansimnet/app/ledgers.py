"""Checking and writing out the ledgers of this installation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg

from ansimnet.app import erasing
from ansimnet.app.host import FACTS
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE
from ansimnet.platform.database import Database, database, key_stores
from ansimnet.platform.db import NO_CENTRE, Db
from ansimnet.platform.ledger import (
    Report,
    Sealer,
    checkpoints,
    export_jsonl,
    keychain,
    proofs,
    verify,
    witness,
)
from ansimnet.platform.settings import Settings

PATIENCE_S = 20.0
"""How long a running sealer may take to notice a new key (ours: it looks once a second)."""

CENTRES = {"tracking": TRACKING_CENTRE, "city": CITY_CENTRE}


def folder_of(settings: Settings) -> Path:
    """Return where public keys and witness lines lie."""
    return settings.data_dir / "ledger"


async def verify_at(sealer_url: str, settings: Settings) -> Report:
    """Check every centre's chain through the sealer's role."""
    _facts()
    async with await psycopg.AsyncConnection.connect(sealer_url, autocommit=True) as conn:
        return await verify(conn, CENTRES.values(), folder_of(settings))


def verify_all(settings: Settings, *, say: Callable[[str], None]) -> Report:
    """Check the ledgers of this installation, starting its database if it is not running."""
    with database(settings, say=say) as db:
        return asyncio.run(verify_at(db.urls.sealer, settings))


def rotate_signing(settings: Settings, *, say: Callable[[str], None]) -> list[str]:
    """Let a new signing key follow in every centre and return their names. Seals and checkpoints go on meanwhile.

    A running sealer takes the key up within seconds; where none runs, this process does it.
    """
    stores = key_stores(settings)
    names = [keychain.ask_rotation(keys) for keys in stores.values()]

    async def until_taken_up(url: str) -> None:
        sealing = asyncio.create_task(Sealer(Db(url, NO_CENTRE), stores, folder_of(settings)).once(checkpoint=True))
        async with asyncio.timeout(PATIENCE_S):
            while any(keychain.waiting(keys) for keys in stores.values()):
                await asyncio.wait({sealing}, timeout=0.1)
        sealing.cancel()
        await asyncio.gather(sealing, return_exceptions=True)

    with database(settings, say=say) as db:
        asyncio.run(until_taken_up(db.urls.sealer))
    return names


def erase_old(settings: Settings, today: date, *, dry: bool, say: Callable[[str], None]) -> erasing.Counts:
    """Destroy every centre's payload keys whose term is over now, as the timer does; return what that came to."""
    _facts()

    async def run(found: Database) -> erasing.Counts:
        async with found.dbs(settings, app="erase") as dbs:
            done = [await erasing.erase_old(dbs.of(centre_id), today, dry=dry) for centre_id in CENTRES.values()]
        return sum(done, erasing.Counts())

    with database(settings, say=say) as found:
        return asyncio.run(run(found))


def prove(
    settings: Settings, centre: str, *, entry: int | UUID | None, older: int | None, size: int | None,
    say: Callable[[str], None],
) -> dict[str, Any]:  # fmt: skip
    """Return the proof that an entry is under a head, or that a head goes on from an older one."""
    _facts()

    async def run(found: Database) -> dict[str, Any]:
        async with found.dbs(settings, app="prove") as dbs:
            db = dbs.of(CENTRES[centre])
            async with db.transaction() as tx:
                if entry is not None:
                    return await proofs.prove_entry(db, tx, entry, size=size)
                return await proofs.prove_consistency(db, tx, older=older or 1, newer=size)

    with database(settings, say=say) as found:
        return asyncio.run(run(found))


def keep_heads(settings: Settings, folder: Path, *, say: Callable[[str], None]) -> list[str]:
    """Add each centre's newest signed head to a file in a folder elsewhere; return the lines for paper.

    Raises:
        Forked: a head kept there is not of this history.
    """
    _facts()
    lines = []

    async def run(found: Database) -> None:
        async with found.dbs(settings, app="witness") as dbs:
            for name, centre_id in CENTRES.items():
                db = dbs.of(centre_id)
                async with db.transaction() as tx:
                    if (await checkpoints.heads(tx, limit=1)) == []:
                        continue
                    kept = await witness.keep_in_file(db, tx, folder / f"{name}.heads")
                lines.append(witness.paper_line(name, kept))

    with database(settings, say=say) as found:
        asyncio.run(run(found))
    return lines


def find_code(settings: Settings, code: str, *, say: Callable[[str], None]) -> str | None:
    """Return the paper line of the head that has this code; None says that no history with it is here."""
    _facts()
    wanted = witness.plain_code(code)

    async def run(url: str) -> str | None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
            for name, centre_id in CENTRES.items():
                for point in await checkpoints.stored_checkpoints(conn, centre_id):
                    if witness.plain_code(witness.short_code(point)) == wanted:
                        return witness.paper_line(name, point)
        return None

    with database(settings, say=say) as found:
        return asyncio.run(run(found.urls.sealer))


def export_all(settings: Settings, folder: Path, *, say: Callable[[str], None]) -> list[str]:
    """Write one file per centre with its public key and witness lines; return a line about each."""
    _facts()
    folder.mkdir(parents=True, exist_ok=True)
    lines = []

    async def run(url: str) -> None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as conn:
            for name, centre_id in CENTRES.items():
                file = folder / f"{name}.jsonl"
                count = await export_jsonl(conn, centre_id, folder_of(settings), file)
                for beside in folder_of(settings).glob(f"{centre_id}.*"):
                    (folder / f"{name}{beside.suffix}").write_bytes(beside.read_bytes())
                lines.append(f"{file}: {count:,} entries")

    with database(settings, say=say) as db:
        asyncio.run(run(db.urls.sealer))
    return lines


def _facts() -> None:
    from importlib import import_module

    for name in FACTS:
        import_module(f"ansimnet.facts.{name}")
