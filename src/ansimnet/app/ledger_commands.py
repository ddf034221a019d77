"""`ansimnet ledger prove|witness|rotate-key|erase-old`: the words of the terminal, nothing else."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from ansimnet.kernel.clock import now
from ansimnet.platform.settings import settings

out = Console()
err = Console(stderr=True)

Centre = Annotated[str, typer.Option(help="tracking or city")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


def say(sentence: str) -> None:
    """Tell the person at the terminal, on standard error."""
    err.print(f"[dim]{sentence}[/]")


def add_to(ledger: typer.Typer) -> None:
    """Put the commands beside `ansimnet ledger verify`."""
    ledger.command("prove")(prove)
    ledger.command("witness")(witness)
    ledger.command("rotate-key")(rotate_key)
    ledger.command("erase-old")(erase_old)


def prove(
    entry: Annotated[str, typer.Argument(help="Number or id of an entry; empty with --older.")] = "",
    centre: Centre = "tracking",
    older: Annotated[int | None, typer.Option(help="Prove instead that a head goes on from this older one.")] = None,
    size: Annotated[int | None, typer.Option(help="Under the head of this size; else the newest.")] = None,
) -> None:
    """Print a proof as one JSON line; `python tools/verify_ledger.py PROOF.json --key CENTRE.pub` checks it offline."""
    from ansimnet.app import ledgers

    if bool(entry) == (older is not None) or centre not in ledgers.CENTRES:
        raise typer.BadParameter("say one entry, or --older; and a centre: tracking or city")
    which = None if not entry else int(entry) if entry.isdigit() else UUID(entry)
    proof = ledgers.prove(settings(), centre, entry=which, older=older, size=size, say=say)
    print(json.dumps(proof, sort_keys=True, ensure_ascii=False, separators=(",", ":")))


def witness(
    folder: Annotated[Path | None, typer.Argument(help="A folder elsewhere: another machine's share, a stick.")] = None,
    check: Annotated[str | None, typer.Option(help="A code from paper: is its head still in a ledger here?")] = None,
) -> None:
    """Keep each centre's newest signed head in a file elsewhere, and print a line with a code to file on paper."""
    from ansimnet.app import ledgers

    if check is not None:
        line = ledgers.find_code(settings(), check, say=say)
        if line is None:
            err.print(f"[red]No head here has the code {check}:[/] the ledger was rewritten, or the code is misread")
            raise typer.Exit(1)
        out.print(line, highlight=False)
        return
    if folder is None:
        raise typer.BadParameter("say a folder, or --check CODE")
    for line in ledgers.keep_heads(settings(), folder, say=say):
        out.print(line, highlight=False)


def rotate_key() -> None:
    """Let a new key sign the checkpoints; the old one says so, and auditors keep the public key they have."""
    from ansimnet.app import ledgers

    for name in ledgers.rotate_signing(settings(), say=say):
        out.print(f"signing with {name}", highlight=False)


def erase_old(
    dry: Annotated[bool, typer.Option(help="Count only.")] = False,
    today: Annotated[str | None, typer.Option(help="As if it were this day, YYYY-MM-DD, for --dry.")] = None,
    as_json: Json = False,
) -> None:
    """Destroy payload keys of years that ended more than two years ago; held persons stay, every proof stays valid."""
    from ansimnet.app import ledgers

    if today is not None and not dry:
        raise typer.BadParameter("another day is for --dry alone")
    counts = ledgers.erase_old(settings(), date.fromisoformat(today) if today else now().date(), dry=dry, say=say)
    if as_json:
        print(json.dumps(asdict(counts)))
    else:
        out.print(f"{counts.keys:,} keys of {counts.persons:,} persons; {counts.held:,} are on hold")
