"""Checking and writing out the ledgers of this installation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import psycopg

from ansimnet.app.host import FACTS
from ansimnet.kernel.ids import CITY_CENTRE, TRACKING_CENTRE
from ansimnet.platform.database import database
from ansimnet.platform.ledger import Report, export_jsonl, verify
from ansimnet.platform.settings import Settings

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
