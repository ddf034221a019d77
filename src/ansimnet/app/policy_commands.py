"""`ansimnet policy …`: the table of who may do what, for those who read and edit it. Words of the terminal, no more."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ansimnet.kernel.errors import Refusal

policy = typer.Typer(no_args_is_help=True, help="Who may do what: read the table, check an edited one, hand it on.")
out = Console()
err = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]
Folder = Annotated[
    Path,
    typer.Argument(exists=True, file_okay=False, help="A version's folder: version.toml, rows.csv and the others."),
]


@policy.command()
def show(
    role: Annotated[str | None, typer.Option(help="Only rows of this role, such as `fire_119`.")] = None,
    as_json: Json = False,
) -> None:
    """Show every row of the table in force: who, what, why, on which ground, under which clause."""
    from ansimnet.slices.policy.wiring import show_table

    try:
        label, rows = show_table(role)
    except Refusal as refusal:
        err.print(refusal.message)
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps({"version": label, "rows": [asdict(r) for r in rows]}, ensure_ascii=False))
        return
    shown = Table(title=label, show_lines=True)
    for title in ("누가", "무엇을", "목적", "근거", "조건", "조문"):
        shown.add_column(title, overflow="fold")
    for r in rows:
        shown.add_row(r.who, r.may, r.why, r.ground, r.conditions, r.clauses)
    out.print(shown)


@policy.command()
def check(folder: Folder, as_json: Json = False) -> None:
    """Check an edited version: unknown words, missing clauses, overlaps, contradictions, and who reviewed it."""
    from ansimnet.slices.policy.wiring import check_table

    found = check_table(folder)
    if as_json:
        problems = [{"file": p.file, "line": p.line, "what": p.what} for p in found.problems]
        print(json.dumps({**asdict(found), "problems": problems}, ensure_ascii=False))
    else:
        for problem in found.problems:
            err.print(str(problem), markup=False, highlight=False)
        out.print(f"{found.name or folder.name}: {found.rows} rows, {len(found.problems)} problems")
        out.print(f"reviewers sign: {found.checksum}", markup=False)
    if found.problems:
        raise typer.Exit(1)


@policy.command()
def cedar() -> None:
    """Write the table as Cedar policies, for a reader that is not ours."""
    from ansimnet.slices.policy.wiring import table_as_cedar

    print(table_as_cedar())
