"""`ansimnet supervision …`: prove an alarm, and move a whole history. Words of the terminal, nothing else."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer
from rich.console import Console

from ansimnet.kernel.clock import now
from ansimnet.platform.settings import settings

if TYPE_CHECKING:
    from ansimnet.platform.db import Db
    from ansimnet.slices.supervision.wiring import Moved

supervision = typer.Typer(no_args_is_help=True, help="Prove an alarm again; move the whole history of supervision.")
out = Console()
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
PassphraseFile = Annotated[
    Path | None, typer.Option(exists=True, dir_okay=False, help="File whose first line is the passphrase.")
]
T = TypeVar("T")


def _at_the_centre(work: Callable[[Db], Awaitable[T]]) -> T:
    from ansimnet.app.ledgers import _facts
    from ansimnet.platform.database import database

    _facts()
    with database(settings(), say=lambda sentence: err.print(f"[dim]{sentence}[/]")) as db:

        async def run() -> T:
            async with db.dbs(settings(), app="supervision") as dbs:
                return await work(dbs.tracking)

        return asyncio.run(run())


@supervision.command()
def replay(alarm: Annotated[UUID, typer.Argument(help="The alarm's id.")], as_json: Json = False) -> None:
    """Judge a stored alarm again from its fixes and compare it, bit for bit, with what was told."""
    from ansimnet.slices.supervision.wiring import replay_alarm

    steps = _at_the_centre(lambda db: replay_alarm(db, alarm))
    same = all(step.same for step in steps)
    if as_json:
        print(json.dumps({"alarm": str(alarm), "same": same, "steps": [asdict(s) for s in steps]}))
    else:
        for s in steps:
            word = "the same, bit for bit" if s.same else "[red]NOT the same[/]"
            out.print(f"{s.fact}  {s.rule_version}  {s.fixes} fixes  p={s.probability}: {word}", highlight=False)
            out.print(f"  sha256 {s.told_sha256}", highlight=False)
    if not same:
        raise typer.Exit(1)


@supervision.command("export")
def export(
    file: Annotated[Path, typer.Argument(help="Where to write it.")],
    passphrase_file: PassphraseFile = None,
    as_json: Json = False,
) -> None:
    """Write the full history, sealed under a passphrase, and print its hash."""
    from ansimnet.slices.supervision.wiring import export_history

    passphrase = _passphrase(passphrase_file, confirm=True)

    def opened(path: str, flags: int) -> int:
        return os.open(path, flags, 0o600)

    with open(file, "xb", opener=opened) as f:
        moved = _at_the_centre(lambda db: export_history(db, f, passphrase, now()))
    _say(moved, as_json, f"`ansimnet supervision import {file}` at the other installation must print the same")


@supervision.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False)],
    passphrase_file: PassphraseFile = None,
    as_json: Json = False,
) -> None:
    """Take a full history into an empty installation; nothing is kept unless it reads back with the same hash."""
    from ansimnet.slices.supervision.wiring import import_history

    passphrase = _passphrase(passphrase_file, confirm=False)
    f: IO[bytes]
    with file.open("rb") as f:
        moved = _at_the_centre(lambda db: import_history(db, f, passphrase, now()))
    _say(moved, as_json, "`ansimnet supervision replay ALARM` proves any of its alarms here")


def _say(moved: Moved, as_json: bool, then: str) -> None:
    if as_json:
        print(json.dumps({"rows": moved.rows, "tables": moved.tables, "sha256": moved.sha256}))
        return
    out.print(f"{moved.rows:,} rows of {len(moved.tables)} tables\nsha256 {moved.sha256}\n→ {then}", highlight=False)


def _passphrase(file: Path | None, *, confirm: bool) -> str:
    if file is not None:
        return file.read_text(encoding="utf-8").splitlines()[0].strip()
    return str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=confirm))
