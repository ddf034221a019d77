"""`ansimnet footage …`: how the archive stands, and the word of a person on its clock."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console

from ansimnet.kernel.errors import Refusal
from ansimnet.platform.settings import settings

footage = typer.Typer(no_args_is_help=True, help="Recorded footage: what is kept, until when, and under which holds.")

out = Console()

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


@footage.command()
def status(as_json: Json = False) -> None:
    """Say how the disk stands, what is the oldest, what dies next and what is held."""
    from ansimnet.slices.footage.wiring import archive_report

    r = archive_report(settings())
    if as_json:
        print(json.dumps(asdict(r), default=str))
        return
    out.print(f"{r.folder}: {r.free / 1e9:,.1f} of {r.total / 1e9:,.1f} GB free; keys in {r.keys_folder}")
    out.print(f"{r.hours:,} hours of {r.cameras:,} cameras, the oldest of {r.oldest_at or '–'}", highlight=False)
    out.print(f"next destruction: {r.next_at or '–'}", highlight=False)
    for hold in r.holds:
        out.print(f"hold {hold.hold_id}: {len(hold.cameras)} cameras until {hold.ends_at}", highlight=False)
    if r.doubt is not None:
        out.print(f"[red]the clock is in doubt[/] ({r.doubt}): set it right, then `ansimnet footage clock --is-right`")


@footage.command()
def clock(
    is_right: Annotated[bool, typer.Option("--is-right", help="You looked at a clock you trust, and this one agrees.")],
) -> None:
    """Settle a doubt about this machine's clock. Until then nothing disputed is destroyed, and nothing old is shown."""
    from ansimnet.slices.footage.wiring import confirm_clock

    if not is_right:
        raise Refusal("nobody said that the clock is right", todo="set it, compare it, then say --is-right")
    confirm_clock(settings())
    out.print("→ the archive takes it within 20 s: `ansimnet footage status`")
